/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, sending side: the queue, and segments built from it.
 *
 * The queue is a list of chunks, references to the user's memory or copies. A
 * segment is written straight into the card's transmit buffer, header and
 * payload, with one copy from the queue; a retransmission is built anew from
 * the queue, so nobody waits for the card to give a buffer back. Where the card
 * cuts segments itself (NIC_TSO4), one frame carries all that the windows allow.
 *
 * Nothing leaves from tcp_send(): output runs once a turn, after the cards were
 * polled, so header and payload queued together share a segment, and data
 * carries the acknowledgement. When the card has no buffer left, the next turn
 * goes on. There is no Nagle delay: whoever queues small pieces means them.
 */
#include "bios/heap.h"
#include "lib/error.h"
#include "netstack/tcp_internal.h"

#define CHUNK_ROOM 256u /* least size of a copied chunk: small sends that follow join it */

#define OPT_NOP	       1
#define OPT_MSS	       2
#define OPT_SHIFT      3
#define OPT_SACK_PERM  4
#define OPT_SACK       5
#define OPT_TIMESTAMPS 8

#define TS_OPTION_LEN 12 /* two NOPs in front, so that the values are aligned */

/* ---- The queue ---- */

static struct tcp_chunk *append_chunk(struct tcp_conn *conn, uint32_t room)
{
	struct tcp_chunk *chunk = heap_alloc(sizeof(*chunk) + room);

	if (!chunk)
		return NULL;
	chunk->data = chunk->bytes;
	chunk->seq = conn->snd_end;
	chunk->len = 0;
	chunk->room = room;
	list_append(&conn->queue, &chunk->link);
	return chunk;
}

static bool append_copy(struct tcp_conn *conn, const void *data, uint32_t len)
{
	struct tcp_chunk *chunk = list_entry(conn->queue.prev, struct tcp_chunk, link);

	/* A reference has no room. */
	if (list_empty(&conn->queue) || chunk->room < chunk->len + len)
		chunk = append_chunk(conn, max(len, CHUNK_ROOM));
	if (!chunk)
		return false;
	memcpy(chunk->bytes + chunk->len, data, len);
	chunk->len += len;
	return true;
}

static bool append_reference(struct tcp_conn *conn, const void *data, uint32_t len)
{
	struct tcp_chunk *chunk = append_chunk(conn, 0);

	if (!chunk)
		return false;
	chunk->data = data;
	chunk->len = len;
	return true;
}

int tcp_send(struct tcp_conn *conn, const void *data, size_t len, bool copy)
{
	if (conn->error)
		return conn->error;
	if (conn->state != TCP_SYN_SENT && conn->state != TCP_ESTABLISHED &&
	    conn->state != TCP_CLOSE_WAIT)
		return E_TCP_RESET;
	if (!len)
		return 0;
	if (len > TCP_UNSENT_MAX - tcp_unsent(conn))
		return E_NO_MEMORY;
	if (!(copy ? append_copy : append_reference)(conn, data, (uint32_t)len))
		return E_NO_MEMORY;
	if (!tcp_outstanding(conn))
		conn->progress = tcp_now;
	conn->snd_end += (uint32_t)len;
	conn->output = true;
	return 0;
}

size_t tcp_unsent(const struct tcp_conn *conn)
{
	/* While the SYN is unacknowledged snd_una is its number. */
	if (conn->state == TCP_SYN_SENT)
		return conn->snd_end - conn->snd_una - 1;
	return seq_lt(conn->snd_una, conn->snd_end) ? conn->snd_end - conn->snd_una : 0;
}

static void chunk_free(struct tcp_conn *conn, struct tcp_chunk *chunk)
{
	if (conn->cursor == chunk)
		conn->cursor = NULL;
	list_remove(&chunk->link);
	heap_free(chunk);
}

void tcp_queue_acked(struct tcp_conn *conn, uint32_t ack)
{
	struct tcp_chunk *chunk;

	while ((chunk = list_first(&conn->queue, struct tcp_chunk, link)) &&
	       seq_le(chunk->seq + chunk->len, ack))
		chunk_free(conn, chunk);
}

void tcp_queue_free(struct tcp_conn *conn)
{
	struct tcp_chunk *chunk;

	while ((chunk = list_first(&conn->queue, struct tcp_chunk, link)))
		chunk_free(conn, chunk);
	conn->snd_end = conn->snd_una;
}

bool tcp_queue_own(struct tcp_conn *conn)
{
	struct tcp_chunk *chunk, *next;

	list_for_each_safe(chunk, next, &conn->queue, link) {
		struct tcp_chunk *copy;

		if (chunk->room)
			continue;
		copy = heap_alloc(sizeof(*copy) + chunk->len);
		if (!copy)
			return false;
		memcpy(copy->bytes, chunk->data, chunk->len);
		copy->data = copy->bytes;
		copy->seq = chunk->seq;
		copy->len = copy->room = chunk->len;
		list_insert_after(&chunk->link, &copy->link);
		chunk_free(conn, chunk);
	}
	return true;
}

/* Copy [@seq, @seq + @len) of the queue to @to. */
static void queue_read(struct tcp_conn *conn, uint32_t seq, uint32_t len, uint8_t *to)
{
	struct tcp_chunk *chunk = conn->cursor;

	if (!chunk || seq_lt(seq, chunk->seq))
		chunk = list_first(&conn->queue, struct tcp_chunk, link);
	while (seq_le(chunk->seq + chunk->len, seq))
		chunk = list_entry(chunk->link.next, struct tcp_chunk, link);
	conn->cursor = chunk;
	while (len) {
		uint32_t offset = seq - chunk->seq;
		uint32_t n = min(len, chunk->len - offset);

		memcpy(to, chunk->data + offset, n);
		to += n;
		seq += n;
		len -= n;
		chunk = list_entry(chunk->link.next, struct tcp_chunk, link);
	}
}

/* ---- Segments ---- */

/** A segment under construction. */
struct outgoing {
	struct netif *netif;
	uint32_t local, remote, next_hop;
	uint16_t local_port, remote_port;
	uint32_t seq, ack, window;
	uint8_t flags;
	unsigned options_len;
	uint8_t options[TCP_OPTIONS_MAX];
};

static struct outgoing outgoing(const struct tcp_conn *conn, uint8_t flags, uint32_t seq)
{
	return (struct outgoing){
		.netif = conn->netif,
		.local = conn->local,
		.remote = conn->remote,
		.next_hop = conn->next_hop,
		.local_port = conn->local_port,
		.remote_port = conn->remote_port,
		.flags = flags,
		.seq = seq,
		.ack = flags & TCP_ACK ? conn->rcv_nxt : 0,
	};
}

static uint8_t *option(struct outgoing *out, unsigned len)
{
	uint8_t *p = out->options + out->options_len;

	out->options_len += len;
	return p;
}

static void add_timestamps(struct outgoing *out, const struct tcp_conn *conn)
{
	uint8_t *p = option(out, TS_OPTION_LEN);

	p[0] = p[1] = OPT_NOP;
	p[2] = OPT_TIMESTAMPS;
	p[3] = 10;
	put_be32(p + 4, (uint32_t)tcp_now + conn->ts_offset);
	put_be32(p + 8, conn->ts_recent);
}

static void add_sack(struct outgoing *out, const struct tcp_conn *conn)
{
	struct tcp_range blocks[4];
	unsigned room = (TCP_OPTIONS_MAX - out->options_len - 4) / 8;
	unsigned n = tcp_rx_sack(conn, blocks, min(room, 4u));
	uint8_t *p = option(out, 4 + 8 * n);

	p[0] = p[1] = OPT_NOP;
	p[2] = OPT_SACK;
	p[3] = (uint8_t)(2 + 8 * n);
	for (unsigned i = 0; i < n; i++) {
		put_be32(p + 4 + 8 * i, blocks[i].start);
		put_be32(p + 8 + 8 * i, blocks[i].end);
	}
}

static unsigned header_len(const struct outgoing *out)
{
	return TCP_HEADER + out->options_len;
}

static struct tx_frame *frame_for(const struct outgoing *out, uint32_t payload)
{
	return nic_tx_get(out->netif->nic, ETH_HEADER + IPV4_HEADER + header_len(out) + payload);
}

static void finish_checksum(const struct outgoing *out, struct tx_frame *frame, uint32_t len)
{
	uint8_t *tcp = IP_PAYLOAD(frame);
	uint32_t sum = checksum_pseudo(out->local, out->remote, IP_TCP, len);

	if (out->netif->nic->features & NIC_TX_CSUM) {
		frame->csum_start = ETH_HEADER + IPV4_HEADER;
		frame->csum_offset = 16;
		put_le16(tcp + 16, (uint16_t)~checksum_fold(sum));
		return;
	}
	put_le16(tcp + 16, 0);
	put_le16(tcp + 16, checksum_fold(checksum_add(sum, tcp, len)));
}

/* Complete and send @frame, which holds @payload bytes behind the room for the header; the card
 * cuts it into segments of @gso_size when that is not 0. */
static void send_frame(const struct outgoing *out, struct tx_frame *frame, uint32_t payload,
		       uint16_t gso_size)
{
	uint8_t *tcp = IP_PAYLOAD(frame);
	unsigned header = header_len(out);

	put_be16(tcp, out->local_port);
	put_be16(tcp + 2, out->remote_port);
	put_be32(tcp + 4, out->seq);
	put_be32(tcp + 8, out->ack);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = out->flags;
	put_be16(tcp + 14, (uint16_t)min(out->window, 65535u));
	put_be16(tcp + 18, 0);
	memcpy(tcp + TCP_HEADER, out->options, out->options_len);
	if (gso_size) {
		frame->gso_size = gso_size;
		frame->header_len = (uint16_t)(ETH_HEADER + IPV4_HEADER + header);
	}
	finish_checksum(out, frame, header + payload);
	tcp_stats.tx_segments++;
	ipv4_send(out->netif, out->local, out->remote, out->next_hop, IP_TCP, frame,
		  header + payload);
}

static bool send_empty(const struct outgoing *out)
{
	struct tx_frame *frame = frame_for(out, 0);

	if (!frame)
		return false;
	send_frame(out, frame, 0, 0);
	return true;
}

static void acknowledged(struct tcp_conn *conn, const struct outgoing *out)
{
	conn->ack = TCP_ACK_NONE;
	conn->last_ack = conn->rcv_nxt;
	tcp_rx_told(conn, out->window);
}

/* The fields of every segment of a synchronized connection. */
static struct outgoing outgoing_ack(struct tcp_conn *conn, uint8_t flags, uint32_t seq)
{
	struct outgoing out;

	tcp_rx_tune(conn);
	out = outgoing(conn, flags | TCP_ACK, seq);
	out.window = tcp_rx_window(conn);
	if (conn->ts_ok)
		add_timestamps(&out, conn);
	return out;
}

bool tcp_send_syn(struct tcp_conn *conn)
{
	struct outgoing out = outgoing(conn, TCP_SYN, conn->iss);
	uint8_t *p = option(&out, 8);

	out.window = min(TCP_WINDOW_START, 65535u);
	p[0] = OPT_MSS;
	p[1] = 4;
	put_be16(p + 2, conn->rcv_mss);
	p[4] = OPT_NOP;
	p[5] = OPT_SHIFT;
	p[6] = 3;
	p[7] = conn->rcv_shift;
	add_timestamps(&out, conn);
	/* In place of the two NOPs. */
	out.options[8] = OPT_SACK_PERM;
	out.options[9] = 2;
	return send_empty(&out);
}

bool tcp_send_ack(struct tcp_conn *conn)
{
	struct outgoing out = outgoing_ack(conn, 0, conn->snd_nxt);

	if (conn->sack_ok && conn->held.count)
		add_sack(&out, conn);
	if (!send_empty(&out))
		return false;
	tcp_stats.acks_sent++;
	acknowledged(conn, &out);
	return true;
}

void tcp_send_probe(struct tcp_conn *conn)
{
	struct outgoing out = outgoing_ack(conn, 0, conn->snd_una - 1);

	send_empty(&out);
}

void tcp_send_reset(struct tcp_conn *conn)
{
	struct outgoing out = outgoing(conn, TCP_RST | TCP_ACK, conn->snd_nxt);

	send_empty(&out);
}

/* RFC 9293 section 3.10.7.1 */
void tcp_reset_stray(const struct tcp_segment *seg)
{
	const struct ip_packet *packet = seg->packet;
	struct outgoing out = {
		.local = packet->dest,
		.remote = packet->source,
		.local_port = seg->dest_port,
		.remote_port = seg->source_port,
		.flags = TCP_RST,
	};

	if (seg->flags & TCP_RST)
		return;
	out.netif = netif_route(packet->source, &out.next_hop);
	if (!out.netif || out.netif->address != packet->dest)
		return;
	if (seg->flags & TCP_ACK) {
		out.seq = seg->ack;
	} else {
		out.flags |= TCP_ACK;
		out.ack = seg->seq + segment_span(seg);
	}
	send_empty(&out);
}

/* ---- What to send ---- */

bool tcp_send_range(struct tcp_conn *conn, uint32_t seq, uint32_t len)
{
	struct outgoing out = outgoing_ack(conn, 0, seq);
	uint32_t payload = seq_lt(seq, conn->snd_end) ? min(len, conn->snd_end - seq) : 0;
	struct tx_frame *frame = frame_for(&out, payload);

	if (!frame)
		return false;
	if (payload && seq + payload == conn->snd_end)
		out.flags |= TCP_PSH;
	if (len > payload)
		out.flags |= TCP_FIN;
	if (payload)
		queue_read(conn, seq, payload, IP_PAYLOAD(frame) + header_len(&out));
	send_frame(&out, frame, payload, payload > conn->mss ? conn->mss : 0);
	/* SACK blocks do not fit here: with a hole the ACK goes on its own, too. */
	if (!conn->held.count)
		acknowledged(conn, &out);
	if (seq_lt(seq, conn->snd_nxt)) {
		tcp_stats.retransmits++;
		conn->rtt_timing = false;
	} else if (!conn->ts_ok && !conn->rtt_timing && conn->congestion == TCP_OPEN) {
		conn->rtt_timing = true;
		conn->rtt_seq = seq;
		conn->rtt_sent = tcp_now;
	}
	if (!conn->rtx_due || !tcp_flight(conn))
		conn->rtx_due = tcp_now + tcp_rto(conn);
	conn->snd_nxt = seq_max(conn->snd_nxt, seq + len);
	conn->sent = tcp_now;
	return true;
}

/* Cut @len to what one frame carries; the rest of the queue is @avail. */
static uint32_t frame_payload(const struct tcp_conn *conn, uint32_t len, uint32_t avail)
{
	uint32_t most = NIC_TSO_MAX - IPV4_HEADER - TCP_HEADER - TCP_OPTIONS_MAX;

	if (len <= conn->mss)
		return len;
	if (!(conn->netif->nic->features & NIC_TSO4))
		return conn->mss;
	len = min(len, most);
	len = min(len, conn->snd_end - conn->snd_nxt); /* a FIN goes on its own */
	return len < avail ? max(len - len % conn->mss, (uint32_t)conn->mss) : len;
}

/* How much new data may go now, in one frame, with @room left in the congestion window. */
static uint32_t new_data(struct tcp_conn *conn, uint32_t room)
{
	uint32_t avail = conn->snd_end + conn->fin_queued - conn->snd_nxt;
	uint32_t edge = conn->snd_una + conn->snd_wnd;
	uint32_t window = seq_lt(conn->snd_nxt, edge) ? edge - conn->snd_nxt : 0;
	uint32_t n = min(avail, window);

	conn->cwnd_limited = n > room;
	if (!avail)
		return 0;
	if (conn->cwnd_limited) {
		n = room;
		if (n < conn->mss && tcp_flight(conn))
			return 0;
	} else if (n < avail && n < conn->mss && (!n || n < conn->snd_wnd_max / 2)) {
		/* Sender's silly window avoidance (RFC 9293 section 3.8.6.2.1). */
		if (!tcp_flight(conn) && !conn->rtx_due)
			conn->rtx_due = tcp_now + tcp_rto(conn);
		return 0;
	}
	return n ? frame_payload(conn, n, avail) : 0;
}

/* A frame of @len bytes, or, when there is no large buffer, of one segment. */
static uint32_t send_new(struct tcp_conn *conn, uint32_t len)
{
	if (tcp_send_range(conn, conn->snd_nxt, len))
		return len;
	if (len > conn->mss && tcp_send_range(conn, conn->snd_nxt, conn->mss))
		return conn->mss;
	return 0;
}

static bool retransmit(struct tcp_conn *conn, uint32_t seq, uint32_t len)
{
	if (!tcp_send_range(conn, seq, len))
		return false;
	conn->high_rxt = seq_max(conn->high_rxt, seq + len);
	conn->retransmit_first = false;
	conn->rtx_due = tcp_now + tcp_rto(conn);
	return true;
}

/* RFC 5681 section 4.1: after a pause the window says nothing about the network. */
static void restart_idle(struct tcp_conn *conn)
{
	if (!tcp_flight(conn) && tcp_now - conn->sent > tcp_rto(conn))
		conn->cwnd = min(conn->cwnd, 10u * conn->mss);
}

static void transmit(struct tcp_conn *conn)
{
	restart_idle(conn);
	for (;;) {
		uint32_t pipe = tcp_pipe(conn), seq, len;
		uint32_t room = conn->cwnd > pipe ? conn->cwnd - pipe : 0;
		bool may = room >= conn->mss || !pipe;

		if ((may || conn->retransmit_first) && tcp_loss_next(conn, false, &seq, &len)) {
			if (!retransmit(conn, seq, len))
				return;
			continue;
		}
		len = new_data(conn, room);
		if (len) {
			if (!send_new(conn, len))
				return;
			continue;
		}
		if (!may || !tcp_loss_next(conn, true, &seq, &len))
			break;
		if (!retransmit(conn, seq, len))
			return;
	}
	conn->output = false;
}

/*
 * RFC 5681 section 4.2 wants an ACK for every second full segment. A short reply
 * whose last segment has PSH is all that the peer had to say: it waits for us,
 * and not for the ACK, which then costs a frame of its own, a doorbell, and the host's
 * time at the moment when our next request comes.
 */
static bool ack_due(const struct tcp_conn *conn)
{
	uint32_t enough = conn->ack_pushed ? TCP_ACK_REPLY : 2u * conn->mss;

	if (conn->ack != TCP_ACK_SOON)
		return conn->ack == TCP_ACK_NOW;
	return conn->ack_bytes >= enough || tcp_now - conn->ack_since >= TCP_ACK_HOLD_MS;
}

void tcp_output(struct tcp_conn *conn)
{
	if (!tcp_synchronized(conn))
		return;
	if (conn->output && conn->state != TCP_TIME_WAIT)
		transmit(conn);
	if (ack_due(conn))
		tcp_send_ack(conn);
}
