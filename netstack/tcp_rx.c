/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, receiving side: where payload goes, how much of it we invite, and the
 * blocks that tell the peer what arrived out of order (RFC 2018).
 *
 * Placement. Sequence numbers from rcv_nxt on map to memory in two pieces:
 *
 *	rcv_nxt          rcv_nxt + direct_left            ... + ring_size
 *	|---- direct window ----|------- reassembly ring -------|
 *
 * The direct window is the user's own memory. The ring holds the byte with
 * sequence number s at ring[s & (ring_size - 1)]; because its size is a power of
 * two that stays true across the wrap of sequence numbers and needs no other
 * bookkeeping. A segment that is in order is copied into the direct window, or
 * handed to the user in place when there is none. A segment that is not is copied
 * to its final place at once, and `held` remembers the range. Bytes in the ring
 * move once more when the hole before them is filled; they are few.
 *
 * Window. It is the smallest of the room that these two pieces offer, the
 * auto-tuned size, and TCP_WINDOW_MAX; and it is never taken back. Data in order
 * is consumed at once, so the window does not close.
 *
 * Auto-tuning follows dynamic right-sizing: a sender limited by our window
 * delivers one window a round trip, so twice what a round trip brings lets it
 * double its rate. The smallest round-trip time seen counts, not the present one:
 * otherwise a queue somewhere on the path would feed the window that feeds it. The
 * start is generous, because after a loss the window must also hold what follows the
 * hole until it is filled: with 256 KB a path of 1 ms that loses 1 % runs at a third
 * of what 1 MB gives.
 */
#include "bios/heap.h"
#include "netstack/tcp_internal.h"

/* ---- Payload of a packet, part by part ---- */

struct payload {
	const struct ip_packet *packet;
	unsigned part;
	uint32_t at;  /* in that part */
	uint32_t len; /* left */
};

static struct payload payload_of(const struct tcp_segment *seg)
{
	struct payload p = {.packet = seg->packet, .at = seg->skip, .len = seg->len};

	while (p.len && p.at >= p.packet->part[p.part].len)
		p.at -= p.packet->part[p.part++].len;
	return p;
}

/* The next run of bytes that lie together, at most @max; they are consumed. */
static const uint8_t *payload_run(struct payload *p, uint32_t max, uint32_t *len)
{
	const uint8_t *data = p->packet->part[p->part].data + p->at;
	uint32_t n = min(max, p->packet->part[p->part].len - p->at);

	n = min(n, p->len);
	p->len -= n;
	p->at += n;
	while (p->len && p->at == p->packet->part[p->part].len) {
		p->part++;
		p->at = 0;
	}
	*len = n;
	return data;
}

static void payload_copy(struct payload *p, uint8_t *to, uint32_t len)
{
	while (len) {
		uint32_t n;
		const uint8_t *data = payload_run(p, len, &n);

		memcpy(to, data, n);
		to += n;
		len -= n;
	}
}

/* ---- Life ---- */

void tcp_rx_init(struct tcp_conn *conn, size_t reassembly)
{
	size_t size = 16384;

	while (size < reassembly && size < TCP_WINDOW_MAX)
		size *= 2;
	conn->ring_size = (uint32_t)size;
	conn->rcv_auto = max(TCP_WINDOW_START, conn->ring_size);
	conn->rcv_shift = TCP_WINDOW_SHIFT;
}

void tcp_rx_drop(struct tcp_conn *conn)
{
	conn->direct = NULL;
	conn->direct_left = 0;
	conn->held.count = 0;
}

void tcp_rx_free(struct tcp_conn *conn)
{
	tcp_rx_drop(conn);
	heap_free(conn->ring);
	conn->ring = NULL;
}

static bool ring_ready(struct tcp_conn *conn)
{
	if (!conn->ring)
		conn->ring = heap_alloc(conn->ring_size);
	return conn->ring;
}

/* ---- Window ---- */

static uint32_t window_size(const struct tcp_conn *conn)
{
	uint64_t room = conn->direct_left + conn->ring_size;
	uint32_t burst = conn->netif->nic->rx_burst;

	/* A sender with more than that under way only makes the card lose frames. */
	if (burst)
		room = min(room, (uint64_t)burst * conn->rcv_mss);
	return (uint32_t)min(room, (uint64_t)conn->rcv_auto);
}

/* RFC 9293 section 3.8.6.2.2: the right edge moves by a segment or not at all. */
static uint32_t window_edge(const struct tcp_conn *conn)
{
	uint32_t size = window_size(conn);
	uint32_t edge = conn->rcv_nxt + size;

	if (seq_lt(edge, conn->rcv_adv + min((uint32_t)conn->rcv_mss, size / 2)))
		return seq_max(conn->rcv_nxt, conn->rcv_adv);
	return edge;
}

uint32_t tcp_rx_window(const struct tcp_conn *conn)
{
	uint32_t window = (window_edge(conn) - conn->rcv_nxt) >> conn->rcv_shift;

	return min(window, 65535u);
}

void tcp_rx_told(struct tcp_conn *conn, uint32_t window)
{
	conn->rcv_adv = seq_max(conn->rcv_adv, conn->rcv_nxt + (window << conn->rcv_shift));
}

void tcp_rx_rtt(struct tcp_conn *conn, uint32_t ms)
{
	ms = max(ms, 1u);
	if (!conn->rtt_min || ms < conn->rtt_min)
		conn->rtt_min = ms;
}

void tcp_rx_tune(struct tcp_conn *conn)
{
	uint64_t elapsed = tcp_now - conn->drs_start;
	uint64_t want;

	if (elapsed < max(conn->rtt_min, (uint32_t)TCP_DRS_MS))
		return;
	if (conn->rtt_min) {
		want = (uint64_t)conn->drs_bytes * 2 * conn->rtt_min /
		       (uint32_t)min(elapsed, 60000u);
		conn->rcv_auto = max(conn->rcv_auto, (uint32_t)min(want, (uint64_t)TCP_WINDOW_MAX));
	}
	conn->drs_start = tcp_now;
	conn->drs_bytes = 0;
}

/* ---- Acknowledging ---- */

void tcp_ack_soon(struct tcp_conn *conn, uint32_t bytes, bool now)
{
	if (conn->ack == TCP_ACK_NONE) {
		conn->ack = TCP_ACK_SOON;
		conn->ack_since = tcp_now;
		conn->ack_bytes = 0;
	}
	conn->ack_bytes += bytes;
	if (now)
		conn->ack = TCP_ACK_NOW;
}

/*
 * RFC 5681 section 4.2 wants a duplicate ACK for each segment out of order. A
 * peer that understands SACK learns the same from one for each hole, and a turn that
 * brings 64 segments should not send 64 answers: a @fresh hole is reported at once,
 * which also reports the final extent of the ranges before it (no ACK carries more
 * than the last three or four), and the rest by the ACK that ends the turn. A
 * peer without SACK counts duplicates, and gets them all.
 */
static void ack_hole(struct tcp_conn *conn, bool fresh)
{
	tcp_ack_soon(conn, 0, true);
	if (fresh || !conn->sack_ok)
		tcp_send_ack(conn);
}

unsigned tcp_rx_sack(const struct tcp_conn *conn, struct tcp_range *blocks, unsigned max_blocks)
{
	uint32_t before = UINT32_MAX;
	unsigned n;

	for (n = 0; n < max_blocks; n++) {
		const struct tcp_range *best = NULL;

		for (unsigned i = 0; i < conn->held.count; i++) {
			const struct tcp_range *r = &conn->held.range[i];

			if (r->touched < before && (!best || r->touched > best->touched))
				best = r;
		}
		if (!best)
			break;
		blocks[n] = *best;
		before = best->touched;
	}
	return n;
}

/* ---- Delivery ---- */

/* Hand over @len bytes in order; false when the user went away meanwhile. */
static bool deliver(struct tcp_conn *conn, const uint8_t *data, uint32_t len)
{
	conn->rcv_nxt += len;
	conn->drs_bytes += len;
	conn->handlers->receive(conn, data, len);
	return tcp_alive(conn);
}

static uint8_t *direct_take(struct tcp_conn *conn, uint32_t len)
{
	uint8_t *at = conn->direct;

	conn->direct += len;
	conn->direct_left -= len;
	return at;
}

/* @p begins at rcv_nxt. The user may move the direct window in each call. */
static bool deliver_payload(struct tcp_conn *conn, struct payload p)
{
	while (p.len) {
		const uint8_t *data;
		uint32_t n;

		if (conn->direct_left) {
			n = (uint32_t)min((uint64_t)p.len, conn->direct_left);
			payload_copy(&p, conn->direct, n);
			data = direct_take(conn, n);
		} else {
			data = payload_run(&p, p.len, &n);
		}
		if (!deliver(conn, data, n))
			return false;
	}
	return true;
}

/* What was held and is in order now. */
static bool deliver_held(struct tcp_conn *conn)
{
	for (;;) {
		const uint8_t *data;
		uint32_t n, at;

		tcp_ranges_below(&conn->held, conn->rcv_nxt);
		if (!conn->held.count || conn->held.range[0].start != conn->rcv_nxt)
			return true;
		n = conn->held.range[0].end - conn->rcv_nxt;
		if (conn->direct_left) {
			n = (uint32_t)min((uint64_t)n, conn->direct_left);
			data = direct_take(conn, n);
		} else {
			at = conn->rcv_nxt & (conn->ring_size - 1);
			n = min(n, conn->ring_size - at);
			data = conn->ring + at;
		}
		if (!deliver(conn, data, n))
			return false;
	}
}

/* ---- Out of order ---- */

/* Where the byte @seq lies under a direct window of @left bytes at @direct, and in @run how many
 * follow it there. */
static uint8_t *place(const struct tcp_conn *conn, uint8_t *direct, uint64_t left, uint32_t seq,
		      uint32_t *run)
{
	uint32_t offset = seq - conn->rcv_nxt;
	uint32_t at = seq & (conn->ring_size - 1);

	if (offset < left) {
		*run = (uint32_t)min(left - offset, (uint64_t)UINT32_MAX);
		return direct + offset;
	}
	*run = conn->ring_size - at;
	return conn->ring + at;
}

/* End of the places that exist, allocating the ring when @offset needs it. */
static uint64_t room_for(struct tcp_conn *conn, uint64_t left, uint32_t offset)
{
	if (offset <= left || ring_ready(conn))
		return left + conn->ring_size;
	return left;
}

/* Copy payload that begins behind rcv_nxt to its place. */
static void hold(struct tcp_conn *conn, uint32_t seq, struct payload p)
{
	uint32_t offset = seq - conn->rcv_nxt;
	uint64_t room = room_for(conn, conn->direct_left, offset + p.len);

	tcp_stats.rx_out_of_order++;
	if (offset >= room ||
	    !tcp_ranges_add(&conn->held, seq,
			    seq + (uint32_t)min((uint64_t)p.len, room - offset))) {
		tcp_stats.rx_dropped_window++;
		return;
	}
	p.len = (uint32_t)min((uint64_t)p.len, room - offset);
	while (p.len) {
		uint32_t run;
		uint8_t *to = place(conn, conn->direct, conn->direct_left, seq, &run);

		run = min(run, p.len);
		payload_copy(&p, to, run);
		seq += run;
	}
}

/*
 * Held bytes move from the places of the old direct window to those of the new
 * one. They can not get in each other's way: bytes move either from the ring into
 * a window that reaches further than the old, or into the ring from a window that
 * reached further, never both in one call.
 */
static void relocate(struct tcp_conn *conn, uint8_t *direct, uint64_t left)
{
	uint32_t top = conn->held.range[conn->held.count - 1].end - conn->rcv_nxt;
	uint64_t room = room_for(conn, left, top);

	if (room < top)
		tcp_ranges_above(&conn->held, conn->rcv_nxt + (uint32_t)room);
	for (unsigned i = 0; i < conn->held.count; i++) {
		uint32_t seq = conn->held.range[i].start, n;

		for (; seq != conn->held.range[i].end; seq += n) {
			uint32_t from_run, to_run;
			uint8_t *from =
				place(conn, conn->direct, conn->direct_left, seq, &from_run);
			uint8_t *to = place(conn, direct, left, seq, &to_run);

			n = min(from_run, to_run);
			n = min(n, conn->held.range[i].end - seq);
			if (to != from)
				memmove(to, from, n);
		}
	}
}

void tcp_direct(struct tcp_conn *conn, void *buf, uint64_t len)
{
	if (!tcp_alive(conn))
		return;
	tcp_ranges_below(&conn->held, conn->rcv_nxt);
	if (conn->held.count)
		relocate(conn, buf, len);
	conn->direct = buf;
	conn->direct_left = len;
	/* A peer that stands at the old edge should learn of a much larger one. */
	if (tcp_synchronized(conn) &&
	    window_edge(conn) - conn->rcv_adv >= max(2u * conn->rcv_mss, window_size(conn) / 2))
		tcp_ack_soon(conn, 0, true);
}

/* ---- A segment ---- */

void tcp_rx_data(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	struct payload p;
	struct tcp_segment trimmed = *seg;
	uint32_t seq = seg->seq, end = seg->seq + seg->len;

	if (seq_lt(seq, conn->rcv_nxt)) {
		uint32_t old = conn->rcv_nxt - seq;

		if (old >= seg->len) {
			tcp_stats.rx_duplicate++;
			tcp_ack_soon(conn, 0, true);
			return;
		}
		trimmed.skip += old;
		trimmed.len -= old;
		seq = conn->rcv_nxt;
	}
	if (seq_lt(conn->rcv_adv, end)) {
		tcp_stats.rx_dropped_window++;
		if (!seq_lt(seq, conn->rcv_adv)) {
			tcp_ack_soon(conn, 0, true);
			return;
		}
		trimmed.len -= end - conn->rcv_adv;
	}
	p = payload_of(&trimmed);
	if (seq != conn->rcv_nxt) {
		unsigned holes = conn->held.count;

		hold(conn, seq, p);
		ack_hole(conn, conn->held.count > holes);
		return;
	}
	/* RFC 5681 section 4.2: a filled hole is acknowledged at once. */
	conn->ack_pushed = seg->flags & TCP_PSH;
	tcp_ack_soon(conn, trimmed.len, conn->held.count);
	if (deliver_payload(conn, p) && conn->held.count)
		deliver_held(conn);
}
