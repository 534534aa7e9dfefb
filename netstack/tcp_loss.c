/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, sending side: how much may be in the network, and what must go again.
 *
 * Congestion control is NewReno with an initial window of ten segments (RFC 5681,
 * 6928). Losses are found with the scoreboard of RFC 6675: `sacked` holds what the
 * peer reported, everything below the "lost edge" that it does not hold is
 * presumed lost, and the pipe counts what is still travelling. A peer without
 * SACK is handled by the same code: its duplicate ACKs are counted, and in fast
 * recovery exactly the first unacknowledged segment is presumed lost (RFC 6582).
 * After a timeout everything sent before it is presumed lost and the scoreboard is
 * cleared, because the peer may have thrown away what it reported (RFC 2018
 * section 8).
 *
 * Round-trip times come from timestamps; without them one segment at a time is
 * measured, and none while something is being sent again (Karn).
 */
#include "lib/log.h"
#include "netstack/tcp_internal.h"

void tcp_loss_init(struct tcp_conn *conn, bool syn_lost)
{
	uint32_t mss = conn->mss;

	/* RFC 6928; RFC 5681 section 3.1 after a lost SYN. */
	conn->cwnd = syn_lost ? mss : min(10 * mss, max(2 * mss, 14600u));
	conn->ssthresh = TCP_UNSENT_MAX;
	conn->congestion = TCP_OPEN;
	conn->backoff = 0;
	if (syn_lost && !conn->srtt)
		conn->rto = TCP_RTO_SYN_LOST;
}

/* ---- Round-trip time (RFC 6298) ---- */

void tcp_rtt_sample(struct tcp_conn *conn, uint32_t ms)
{
	ms = min(max(ms, 1u), (uint32_t)TCP_RTO_MAX);
	if (!conn->srtt) {
		conn->srtt = ms * 8;
		conn->rttvar = ms * 2;
	} else {
		int32_t delta = (int32_t)(ms - conn->srtt / 8);

		conn->rttvar += (uint32_t)(delta < 0 ? -delta : delta) - conn->rttvar / 4;
		conn->srtt += (uint32_t)delta;
	}
	conn->rto = conn->srtt / 8 + max(conn->rttvar, 1u);
	conn->rto = min(max(conn->rto, (uint32_t)TCP_RTO_MIN), (uint32_t)TCP_RTO_MAX);
}

/* Backed off to no more than a third of the user's patience: whoever gives up after 30 seconds
 * wants to have asked in the last ten, when the cable is back. */
uint32_t tcp_rto(const struct tcp_conn *conn)
{
	uint64_t rto = (uint64_t)conn->rto << min(conn->backoff, 16u);
	uint32_t most = TCP_RTO_MAX;

	if (conn->state != TCP_SYN_SENT)
		most = min(most, max(conn->timeout_ms / 3, conn->rto));
	return (uint32_t)min(rto, (uint64_t)most);
}

static void measure(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	if (conn->ts_ok) {
		uint32_t ms = (uint32_t)tcp_now + conn->ts_offset - seg->tsecr;

		if (seg->has_ts && seg->tsecr && ms <= TCP_RTO_MAX)
			tcp_rtt_sample(conn, ms);
	} else if (conn->rtt_timing && seq_lt(conn->rtt_seq, seg->ack)) {
		conn->rtt_timing = false;
		tcp_rtt_sample(conn, (uint32_t)(tcp_now - conn->rtt_sent));
	}
}

/* ---- The scoreboard ---- */

uint32_t tcp_loss_sack(struct tcp_conn *conn, const struct tcp_segment *seg)
{
	uint32_t before = tcp_ranges_missing(&conn->sacked, conn->snd_una, conn->snd_nxt);

	for (unsigned i = 0; i < seg->sack_count; i++) {
		uint32_t start = seg->sack[i].start, end = seg->sack[i].end;

		/* Blocks below snd_una report duplicates (RFC 2883); others are nonsense. */
		if (seq_lt(start, conn->snd_una) || seq_lt(conn->snd_nxt, end))
			continue;
		tcp_ranges_add(&conn->sacked, start, end);
	}
	return before - tcp_ranges_missing(&conn->sacked, conn->snd_una, conn->snd_nxt);
}

/* RFC 6675 IsLost() for everything at once: what the peer does not hold below this edge is lost,
 * because three segments above it arrived. */
static uint32_t sack_lost_edge(const struct tcp_conn *conn)
{
	uint32_t bytes = 0;

	for (unsigned i = conn->sacked.count, n = 1; i-- > 0; n++) {
		const struct tcp_range *r = &conn->sacked.range[i];

		bytes += r->end - r->start;
		if (n >= TCP_DUPACK_THRESH || bytes > (TCP_DUPACK_THRESH - 1) * (uint32_t)conn->mss)
			return r->start;
	}
	return conn->snd_una;
}

static uint32_t lost_edge(const struct tcp_conn *conn)
{
	if (conn->congestion == TCP_RTO_RECOVERY)
		return seq_max(conn->snd_una, conn->recover);
	if (conn->sack_ok)
		return seq_max(conn->snd_una, sack_lost_edge(conn));
	if (conn->congestion == TCP_FAST_RECOVERY)
		return conn->snd_una + min((uint32_t)conn->mss, tcp_flight(conn));
	return conn->snd_una;
}

uint32_t tcp_pipe(const struct tcp_conn *conn)
{
	uint32_t again = seq_max(conn->snd_una, conn->high_rxt), pipe;

	pipe = tcp_ranges_missing(&conn->sacked, lost_edge(conn), conn->snd_nxt);
	if (conn->congestion != TCP_OPEN)
		pipe += tcp_ranges_missing(&conn->sacked, conn->snd_una, again);
	if (!conn->sack_ok)
		pipe -= min(pipe, conn->dupacks * conn->mss);
	return pipe;
}

bool tcp_loss_next(const struct tcp_conn *conn, bool rescue, uint32_t *seq, uint32_t *len)
{
	uint32_t from = seq_max(conn->snd_una, conn->high_rxt);
	uint32_t limit = lost_edge(conn), end;

	if (conn->congestion == TCP_OPEN)
		return false;
	if (conn->retransmit_first) {
		from = conn->snd_una;
		limit = seq_max(limit, from + min((uint32_t)conn->mss, tcp_flight(conn)));
	}
	/* RFC 6675 NextSeg() rule 3: not surely lost, but below something that arrived. */
	if (rescue && conn->sacked.count)
		limit = seq_max(limit, conn->sacked.range[conn->sacked.count - 1].start);
	*seq = tcp_ranges_hole(&conn->sacked, from, limit, &end);
	if (!seq_lt(*seq, end))
		return false;
	*len = min(end - *seq, (uint32_t)conn->mss);
	return true;
}

/* ---- Congestion window ---- */

static void fast_retransmit(struct tcp_conn *conn)
{
	conn->ssthresh = max(tcp_flight(conn) / 2, 2u * conn->mss);
	conn->cwnd = conn->ssthresh;
	conn->cwnd_acked = 0;
	conn->congestion = TCP_FAST_RECOVERY;
	conn->recover = conn->snd_nxt;
	conn->high_rxt = conn->snd_una;
	conn->retransmit_first = true;
	conn->rtt_timing = false;
	conn->output = true;
	log_debug("tcp", 2, "port %u: fast retransmit at %u, window %u", conn->local_port,
		  conn->snd_una - conn->iss, conn->cwnd);
}

void tcp_loss_duplicate(struct tcp_conn *conn)
{
	if (!tcp_flight(conn))
		return;
	conn->dupacks++;
	conn->output = true;
	if (conn->congestion == TCP_OPEN &&
	    (conn->dupacks >= TCP_DUPACK_THRESH ||
	     (conn->sack_ok && sack_lost_edge(conn) != conn->snd_una)))
		fast_retransmit(conn);
}

/* Everything in flight is to be sent again. */
static void send_again(struct tcp_conn *conn)
{
	conn->congestion = TCP_RTO_RECOVERY;
	conn->recover = conn->snd_nxt;
	conn->high_rxt = conn->snd_una;
	conn->retransmit_first = true;
	conn->dupacks = 0;
	conn->sacked.count = 0;
	conn->rtt_timing = false;
	conn->output = true;
}

void tcp_loss_reopened(struct tcp_conn *conn)
{
	conn->backoff = 0;
	if (tcp_flight(conn))
		send_again(conn);
	else
		conn->rtx_due = 0;
}

/* RFC 1191 section 7.1's table, thinned and with today's tunnels: what the message says about the
 * size is not needed, and can not be used to make us send crumbs. One step a round trip, since each
 * packet in flight brings a message. */
void tcp_loss_too_big(struct tcp_conn *conn)
{
	static const uint16_t plateaus[] = {8166, 4352, 2002, 1492, 1400, 1280, 1006, 576};
	uint32_t overhead = IPV4_HEADER + TCP_HEADER + (conn->ts_ok ? 12 : 0);

	if (conn->too_big_at && tcp_now - conn->too_big_at < max(conn->srtt / 4, 100u))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(plateaus); i++) {
		if (plateaus[i] >= conn->mss + overhead)
			continue;
		conn->mss = (uint16_t)(plateaus[i] - overhead);
		conn->too_big_at = tcp_now;
		if (tcp_flight(conn))
			send_again(conn);
		log_debug("tcp", 1, "port %u: packets too big for the path, mss now %u",
			  conn->local_port, conn->mss);
		return;
	}
}

void tcp_loss_timeout(struct tcp_conn *conn)
{
	/* RFC 5681 section 3.1: a segment lost twice does not halve twice. */
	if (conn->congestion != TCP_RTO_RECOVERY || !conn->backoff)
		conn->ssthresh = max(tcp_flight(conn) / 2, 2u * conn->mss);
	conn->cwnd = conn->mss;
	conn->cwnd_acked = 0;
	send_again(conn);
	conn->backoff++;
	log_debug("tcp", 1, "port %u: no answer for %u ms, sending again from %u", conn->local_port,
		  tcp_rto(conn) / 2, conn->snd_una - conn->iss);
}

static void grow(struct tcp_conn *conn, uint32_t acked)
{
	if (conn->cwnd >= TCP_UNSENT_MAX / 2)
		return;
	if (conn->cwnd < conn->ssthresh) {
		conn->cwnd += min(acked, conn->cwnd);
		return;
	}
	conn->cwnd_acked += acked;
	if (conn->cwnd_acked >= conn->cwnd) {
		conn->cwnd_acked -= conn->cwnd;
		conn->cwnd += conn->mss;
	}
}

/* One duplicate ACK stood for each segment behind the hole, RFC 6582's deflation. */
static void deflate(struct tcp_conn *conn, uint32_t acked)
{
	uint32_t segments = (acked + conn->mss - 1) / conn->mss;

	conn->dupacks -= min(conn->dupacks, segments ? segments - 1 : 0);
	conn->high_rxt = conn->snd_una;
	conn->retransmit_first = true;
}

void tcp_loss_acked(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t acked)
{
	bool limited = conn->cwnd_limited;

	measure(conn, seg);
	tcp_ranges_below(&conn->sacked, conn->snd_una);
	conn->backoff = 0;
	conn->output = true;
	conn->retransmit_first = false;
	if (conn->congestion == TCP_OPEN) {
		conn->dupacks = 0;
		if (limited)
			grow(conn, acked);
		return;
	}
	if (!seq_lt(conn->snd_una, conn->recover)) {
		if (conn->congestion == TCP_FAST_RECOVERY)
			conn->cwnd = min(conn->ssthresh,
					 max(tcp_flight(conn), (uint32_t)conn->mss) + conn->mss);
		else
			grow(conn, acked);
		conn->congestion = TCP_OPEN;
		conn->dupacks = 0;
		return;
	}
	if (conn->congestion == TCP_RTO_RECOVERY)
		grow(conn, acked);
	else if (!conn->sack_ok)
		deflate(conn, acked);
}
