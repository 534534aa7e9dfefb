/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: segments in (RFC 9293 section 3.10.7, with RFC 5961's protection against
 * blind resets and injection, and RFC 7323's against old duplicates).
 *
 * A connection is always opened by us, so there is no LISTEN and no
 * SYN-RECEIVED: a SYN that crosses ours is ignored, and the peer's answer to our
 * own SYN decides.
 */
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/frame_queue.h"
#include "netstack/tcp_internal.h"

#define OPT_END	       0
#define OPT_NOP	       1
#define OPT_MSS	       2
#define OPT_SHIFT      3
#define OPT_SACK_PERM  4
#define OPT_SACK       5
#define OPT_TIMESTAMPS 8

#define SHIFT_MAX 14 /* RFC 7323 section 2.3 */

/* ---- Reading a segment ---- */

static void parse_sack(struct tcp_segment *seg, struct cursor *c)
{
	while (cursor_left(c) >= 8 && seg->sack_count < ARRAY_SIZE(seg->sack)) {
		seg->sack[seg->sack_count].start = cursor_be32(c);
		seg->sack[seg->sack_count++].end = cursor_be32(c);
	}
}

static void parse_option(struct tcp_segment *seg, uint8_t kind, struct cursor *c)
{
	switch (kind) {
	case OPT_MSS:
		seg->mss = cursor_be16(c);
		break;
	case OPT_SHIFT:
		seg->shift = min(cursor_u8(c), (uint8_t)SHIFT_MAX);
		seg->has_shift = !c->bad;
		break;
	case OPT_SACK_PERM:
		seg->sack_permitted = true;
		break;
	case OPT_SACK:
		parse_sack(seg, c);
		break;
	case OPT_TIMESTAMPS:
		seg->tsval = cursor_be32(c);
		seg->tsecr = cursor_be32(c);
		seg->has_ts = !c->bad;
		break;
	}
}

static bool parse_options(struct tcp_segment *seg, struct cursor c)
{
	while (cursor_left(&c)) {
		uint8_t kind = cursor_u8(&c), len;
		struct cursor value;

		if (kind == OPT_END)
			break;
		if (kind == OPT_NOP)
			continue;
		len = cursor_u8(&c);
		if (c.bad || len < 2)
			return false;
		value = cursor_sub(&c, len - 2u);
		if (c.bad)
			return false;
		parse_option(seg, kind, &value);
	}
	return true;
}

static bool parse(const struct ip_packet *packet, struct tcp_segment *seg)
{
	struct cursor c = cursor(packet->part[0].data, packet->part[0].len);
	uint32_t header;

	*seg = (struct tcp_segment){.packet = packet};
	seg->source_port = cursor_be16(&c);
	seg->dest_port = cursor_be16(&c);
	seg->seq = cursor_be32(&c);
	seg->ack = cursor_be32(&c);
	header = (cursor_u8(&c) >> 4) * 4u;
	seg->flags = cursor_u8(&c) & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
	seg->window = cursor_be16(&c);
	cursor_skip(&c, 4); /* checksum; urgent pointer, which nobody needs */
	if (c.bad || header < TCP_HEADER || header > packet->part[0].len || header > packet->len)
		return false;
	seg->skip = header;
	seg->len = packet->len - header;
	return parse_options(seg, cursor_sub(&c, header - TCP_HEADER));
}

/* ---- Answers to what proves nothing ---- */

/* An ACK now, at most TCP_CHALLENGES a second: a flood of forged segments is not amplified, and two
 * confused ends do not answer each other for ever (RFC 5961 section 7). */
static void challenge(struct tcp_conn *conn)
{
	if (tcp_now - conn->challenges_since >= 1000) {
		conn->challenges_since = tcp_now;
		conn->challenges = 0;
	}
	if (conn->challenges++ < TCP_CHALLENGES)
		tcp_ack_soon(conn, 0, true);
}

/* ---- The handshake ---- */

static uint32_t since_echo(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
	return (uint32_t)tcp_now + conn->ts_offset - seg->tsecr;
}

static void agree_options(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t peer_mss = max(seg->mss ? seg->mss : TCP_DEFAULT_MSS, TCP_MIN_MSS);

	conn->ts_ok = seg->has_ts;
	conn->ts_recent = seg->tsval;
	conn->sack_ok = seg->sack_permitted;
	conn->snd_shift = seg->shift;
	if (!seg->has_shift)
		conn->rcv_shift = 0;
	/* RFC 6691: options come out of the segment, not out of the option's value. */
	conn->mss = (uint16_t)(min(peer_mss, (uint32_t)conn->rcv_mss) - (conn->ts_ok ? 12 : 0));
}

static void measure_handshake(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t ms;

	if (conn->ts_ok)
		ms = since_echo(conn, seg);
	else if (conn->backoff == 1)
		ms = (uint32_t)(tcp_now - conn->sent);
	else
		return;
	if (ms > TCP_RTO_MAX)
		return;
	tcp_rtt_sample(conn, ms);
	tcp_rx_rtt(conn, ms);
}

static void establish(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	agree_options(conn, seg);
	conn->irs = seg->seq;
	conn->rcv_nxt = conn->last_ack = seg->seq + 1;
	conn->rcv_adv = conn->rcv_nxt + 65535; /* as our SYN said, unscaled */
	conn->snd_una = seg->ack;
	conn->snd_wnd = conn->snd_wnd_max = seg->window;
	conn->snd_wl1 = seg->seq;
	conn->snd_wl2 = seg->ack;
	measure_handshake(conn, seg);
	tcp_loss_init(conn, conn->backoff > 1);
	conn->state = TCP_ESTABLISHED;
	conn->rtx_due = conn->deadline = 0;
	conn->sent = conn->heard = conn->progress = conn->drs_start = tcp_now;
	conn->output = true;
	tcp_ack_soon(conn, 0, true);
	log_debug("tcp", 1, "port %u: connected, mss %u, shift %u/%u%s%s", conn->local_port,
		  conn->mss, conn->snd_shift, conn->rcv_shift, conn->sack_ok ? ", sack" : "",
		  conn->ts_ok ? ", timestamps" : "");
}

static void take_data(struct tcp_conn *conn, const struct tcp_segment *seg);

static void handshake(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	bool ours = seg->flags & TCP_ACK && seg->ack == conn->iss + 1;
	struct tcp_segment rest;

	if (seg->flags & TCP_ACK && !ours) {
		tcp_reset_stray(seg);
		return;
	}
	if (seg->flags & TCP_RST) {
		if (ours)
			tcp_die(conn, E_TCP_REFUSED);
		return;
	}
	if (!ours || !(seg->flags & TCP_SYN))
		return;
	establish(conn, seg);
	rest = *seg;
	rest.seq++;
	rest.flags &= (uint8_t)~TCP_SYN;
	take_data(conn, &rest);
}

/* ---- Acknowledgements ---- */

static void take_window(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t window = (uint32_t)seg->window << conn->snd_shift;
	bool was_closed = !conn->snd_wnd;

	if (seq_lt(seg->seq, conn->snd_wl1) ||
	    (seg->seq == conn->snd_wl1 && seq_lt(seg->ack, conn->snd_wl2)))
		return;
	if (window > conn->snd_wnd)
		conn->output = true;
	conn->snd_wnd = window;
	conn->snd_wnd_max = max(conn->snd_wnd_max, window);
	conn->snd_wl1 = seg->seq;
	conn->snd_wl2 = seg->ack;
	if (!window)
		conn->progress = tcp_now; /* it lives, it only has no room */
	else if (was_closed)
		tcp_loss_reopened(conn);
}

static void our_fin_acknowledged(struct tcp_conn *conn)
{
	switch (conn->state) {
	case TCP_FIN_WAIT_1:
		conn->state = TCP_FIN_WAIT_2;
		conn->deadline = tcp_now + TCP_ORPHAN_MS;
		break;
	case TCP_CLOSING:
		tcp_time_wait(conn);
		break;
	case TCP_LAST_ACK:
		tcp_die(conn, 0);
		break;
	default:
		break;
	}
}

static void take_new_ack(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t acked = seg->ack - conn->snd_una;

	conn->snd_una = seg->ack;
	tcp_queue_acked(conn, seg->ack);
	tcp_loss_acked(conn, seg, acked);
	conn->progress = tcp_now;
	conn->rtx_due = tcp_flight(conn) ? tcp_now + tcp_rto(conn) : 0;
	if (conn->fin_queued && !tcp_outstanding(conn))
		our_fin_acknowledged(conn);
}

/* False when the acknowledgement is impossible and the segment must go (RFC 5961 section 5). */
static bool take_ack(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t window_before = conn->snd_wnd;
	bool news;

	if (seq_lt(conn->snd_nxt, seg->ack) ||
	    seq_lt(seg->ack, conn->snd_una - conn->snd_wnd_max)) {
		challenge(conn);
		return false;
	}
	if (seq_lt(conn->snd_una, seg->ack))
		take_new_ack(conn, seg);
	if (conn->state == TCP_DEAD)
		return false;
	take_window(conn, seg);
	if (conn->sack_ok)
		news = tcp_loss_sack(conn, seg);
	else
		news = seg->ack == conn->snd_una && !segment_span(seg) &&
		       conn->snd_wnd == window_before && seg->ack == conn->dup_ack_of;
	conn->dup_ack_of = seg->ack;
	if (news)
		tcp_loss_duplicate(conn);
	return true;
}

/* ---- Data and FIN ---- */

static void take_fin(struct tcp_conn *conn)
{
	conn->rcv_nxt++;
	tcp_ack_soon(conn, 0, true);
	switch (conn->state) {
	case TCP_ESTABLISHED:
		conn->state = TCP_CLOSE_WAIT;
		tcp_tell_closed(conn, 0);
		break;
	case TCP_FIN_WAIT_1:
		conn->state = TCP_CLOSING;
		break;
	case TCP_FIN_WAIT_2:
		tcp_time_wait(conn);
		break;
	default:
		break;
	}
}

static bool may_receive(const struct tcp_conn *conn)
{
	return conn->state == TCP_ESTABLISHED || conn->state == TCP_FIN_WAIT_1 ||
	       conn->state == TCP_FIN_WAIT_2;
}

static void take_data(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	struct tcp_segment data = *seg;
	uint32_t end = seg->seq + seg->len;

	if (!may_receive(conn)) {
		if (segment_span(seg))
			tcp_ack_soon(conn, 0, true);
		return;
	}
	if (!conn->owned && seg->len && seq_lt(conn->rcv_nxt, end)) {
		/* RFC 9293 section 3.10.4: data that nobody will read. */
		tcp_send_reset(conn);
		tcp_die(conn, 0);
		return;
	}
	if (seg->flags & TCP_FIN && !conn->fin_seen && seq_le(end, conn->rcv_adv)) {
		conn->fin_seen = true;
		conn->fin_seq = end;
	}
	if (conn->fin_seen && seq_lt(conn->fin_seq, end))
		data.len = seq_lt(seg->seq, conn->fin_seq) ? conn->fin_seq - seg->seq : 0;
	if (data.len)
		tcp_rx_data(conn, &data);
	if (conn->state == TCP_DEAD)
		return;
	if (conn->fin_seen && conn->rcv_nxt == conn->fin_seq)
		take_fin(conn);
	else if (!data.len)
		tcp_ack_soon(conn, 0, true);
}

/* ---- A segment of a synchronized connection ---- */

/* RFC 7323 section 5.3. Segments without the option are let through, as other stacks do: some peers
 * leave it out of keepalives. */
static bool too_old(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
	return conn->ts_ok && seg->has_ts && seq_lt(seg->tsval, conn->ts_recent);
}

/* RFC 9293 section 3.10.7.4, first step; a segment at the very edge of the window may still bring
 * an acknowledgement. */
static bool acceptable(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t span = segment_span(seg);

	if (!span)
		return seq_le(conn->rcv_nxt, seg->seq) && seq_le(seg->seq, conn->rcv_adv);
	return seq_lt(conn->rcv_nxt, seg->seq + span) &&
	       (seq_lt(seg->seq, conn->rcv_adv) || seg->seq == conn->rcv_nxt);
}

static void take_reset(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	if (seg->seq == conn->rcv_nxt)
		tcp_die(conn, conn->owned ? E_TCP_RESET : 0);
	else if (acceptable(conn, seg))
		challenge(conn);
}

static void take_timestamp(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t ms;

	if (!conn->ts_ok || !seg->has_ts)
		return;
	if (seq_le(seg->seq, conn->last_ack))
		conn->ts_recent = seg->tsval;
	ms = since_echo(conn, seg);
	if (seg->len && seg->tsecr && ms <= TCP_RTO_MAX)
		tcp_rx_rtt(conn, ms);
}

static void refuse(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	if (!segment_span(seg)) {
		challenge(conn);
		return;
	}
	if (seq_le(seg->seq + segment_span(seg), conn->rcv_nxt))
		tcp_stats.rx_duplicate++;
	else
		tcp_stats.rx_dropped_window++;
	tcp_ack_soon(conn, 0, true);
}

static void synchronized(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	if (seg->flags & TCP_RST) {
		take_reset(conn, seg);
		return;
	}
	if (too_old(conn, seg) || !acceptable(conn, seg)) {
		refuse(conn, seg);
		return;
	}
	if (seg->flags & TCP_SYN) {
		challenge(conn);
		return;
	}
	if (!(seg->flags & TCP_ACK))
		return;
	conn->heard = tcp_now;
	take_timestamp(conn, seg);
	if (take_ack(conn, seg) && segment_span(seg))
		take_data(conn, seg);
}

/* RFC 9293 section 3.10.7.4; resets are ignored here (RFC 1337). */
static void time_wait(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	if (seg->flags & TCP_RST || !segment_span(seg))
		return;
	conn->deadline = tcp_now + TCP_TIME_WAIT_MS;
	challenge(conn);
}

/* The common case of bulk data: in order, nothing else in it. */
static bool predicted(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
	return conn->state == TCP_ESTABLISHED && (seg->flags & ~TCP_PSH) == TCP_ACK && seg->len &&
	       seg->seq == conn->rcv_nxt && seg->ack == conn->snd_una && !conn->held.count &&
	       !conn->fin_seen && !seg->sack_count && seg->len <= conn->rcv_adv - conn->rcv_nxt &&
	       (uint32_t)seg->window << conn->snd_shift == conn->snd_wnd && !too_old(conn, seg);
}

static void tcp_receive(const struct ip_packet *packet)
{
	struct tcp_segment seg;
	struct tcp_conn *conn;

	tcp_stats.rx_segments++;
	if (!parse(packet, &seg) || !ip_checksum_ok(packet)) {
		tcp_stats.rx_bad++;
		return;
	}
	conn = tcp_find(packet->dest, seg.dest_port, packet->source, seg.source_port);
	if (!conn) {
		if (!frame_queue_has(packet->nic))
			tcp_reset_stray(&seg);
		return;
	}
	tcp_enter();
	if (predicted(conn, &seg)) {
		conn->heard = tcp_now;
		take_timestamp(conn, &seg);
		tcp_rx_data(conn, &seg);
	} else if (conn->state == TCP_SYN_SENT) {
		handshake(conn, &seg);
	} else if (conn->state == TCP_TIME_WAIT) {
		time_wait(conn, &seg);
	} else {
		synchronized(conn, &seg);
	}
	tcp_leave();
}

TABLE_ENTRY(ip_protocol, tcp_protocol) = {.protocol = IP_TCP, .receive = tcp_receive};
