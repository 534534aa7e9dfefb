/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of TCP share; the design stands at the head of tcp.c. */
#ifndef NETSTACK_TCP_INTERNAL_H
#define NETSTACK_TCP_INTERNAL_H

#include "lib/base.h"
#include "lib/list.h"
#include "netstack/net.h"
#include "netstack/tcp.h"

#define TCP_HEADER	 20
#define TCP_OPTIONS_MAX	 40
#define TCP_DEFAULT_MSS	 536	      /* RFC 9293 section 3.7.1: a peer that names none */
#define TCP_MIN_MSS	 64	      /* a peer may not make us send headers only */
#define TCP_WINDOW_SHIFT 8	      /* 65535 << 8 covers TCP_WINDOW_MAX */
#define TCP_WINDOW_MAX	 (8u << 20)   /* ceiling of the auto-tuned window */
#define TCP_WINDOW_START (1u << 20)   /* the window before anything was measured */
#define TCP_REASSEMBLY	 (256u << 10) /* default reassembly buffer */
#define TCP_UNSENT_MAX	 (1u << 30)   /* sequence arithmetic needs less than 2^31 */
#define TCP_RANGES	 128

/* Times in ms of tcp_now. */
#define TCP_RTO_MIN	  200
#define TCP_RTO_MAX	  60000
#define TCP_RTO_START	  1000 /* RFC 6298 section 2.1 */
#define TCP_RTO_SYN_LOST  3000 /* RFC 6298 section 5.7 */
#define TCP_TIME_WAIT_MS  60000
#define TCP_ORPHAN_MS	  30000 /* patience for the peer's FIN when nobody waits for it */
#define TCP_CONNECT_MS	  15000
#define TCP_TIMEOUT_MS	  30000
#define TCP_ACK_HOLD_MS	  1
#define TCP_ACK_REPLY	  16384 /* so much of a reply may wait for our next words to acknowledge it */
#define TCP_DRS_MS	  10	/* shortest interval to measure a rate over */
#define TCP_TIME_WAITS	  32
#define TCP_GAP_MS	  500 /* a longer silence between two turns was ours */
#define TCP_CHALLENGES	  10  /* answers a second to segments that prove nothing */
#define TCP_DUPACK_THRESH 3

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? b : a;
}
static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

/* ---- Sets of sequence numbers (tcp_ranges.c) ---- */

struct tcp_range {
	uint32_t start, end;
	uint32_t touched; /* larger: changed more recently */
};

/** Disjoint, not touching, ascending. */
struct tcp_ranges {
	unsigned count;
	uint32_t touches;
	struct tcp_range range[TCP_RANGES];
};

/** Add [@start, @end); false when it would need one range too many. */
bool tcp_ranges_add(struct tcp_ranges *set, uint32_t start, uint32_t end);
/** Forget everything below @seq. */
void tcp_ranges_below(struct tcp_ranges *set, uint32_t seq);
/** Forget everything from @seq on. */
void tcp_ranges_above(struct tcp_ranges *set, uint32_t seq);
/** Sequence numbers of [@start, @end) that the set does not hold. */
uint32_t tcp_ranges_missing(const struct tcp_ranges *set, uint32_t start, uint32_t end);
/** First sequence number from @seq on that the set does not hold, and in @end the beginning of
 * the next range, or @limit. */
uint32_t tcp_ranges_hole(const struct tcp_ranges *set, uint32_t seq, uint32_t limit, uint32_t *end);

/* ---- A connection ---- */

enum tcp_state {
	TCP_SYN_SENT,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_DEAD,
};

enum tcp_congestion {
	TCP_OPEN,
	TCP_FAST_RECOVERY, /* duplicate ACKs or SACK blocks told of a loss */
	TCP_RTO_RECOVERY,  /* the retransmission timer did */
};

enum tcp_ack_need {
	TCP_ACK_NONE,
	TCP_ACK_SOON, /* with the next data, or after TCP_ACK_HOLD_MS */
	TCP_ACK_NOW,  /* at the end of this turn */
};

/** A piece of the send queue: a reference, or a copy that begins at bytes[]. */
struct tcp_chunk {
	struct list link;
	const uint8_t *data;
	uint32_t seq, len;
	uint32_t room; /* of bytes[]; 0: a reference */
	uint8_t bytes[];
};

struct tcp_conn {
	struct list link;
	enum tcp_state state;
	bool owned; /* the user has not let go of it */
	bool told;  /* closed() was called */
	int error;  /* why it died */
	const struct tcp_handlers *handlers;
	void *ctx;
	struct netif *netif;
	uint32_t next_hop;
	uint32_t local, remote;
	uint16_t local_port, remote_port;

	/* What both sides agreed on. */
	bool sack_ok, ts_ok;
	uint8_t snd_shift, rcv_shift;
	uint32_t ts_offset; /* our timestamp is tcp_now + ts_offset */
	uint32_t ts_recent;
	uint16_t mss;	  /* payload of a segment that we send, options subtracted */
	uint16_t rcv_mss; /* what we announced */

	/* Sending: snd_una <= snd_nxt <= snd_end + FIN. snd_nxt never goes back; what is sent
	 * again is decided by the scoreboard. */
	uint32_t iss, snd_una, snd_nxt, snd_end;
	uint32_t snd_wnd, snd_wnd_max, snd_wl1, snd_wl2;
	bool fin_queued;
	bool output; /* something may be sendable */
	bool cwnd_limited;
	struct list queue;
	struct tcp_chunk *cursor; /* where the last segment began */

	/* Congestion and loss (tcp_loss.c). */
	enum tcp_congestion congestion;
	uint32_t cwnd, ssthresh, cwnd_acked;
	uint32_t recover;  /* recovery ends when this is acknowledged */
	uint32_t high_rxt; /* retransmitted up to here */
	uint32_t dupacks;
	uint32_t dup_ack_of;   /* the acknowledgement received last */
	bool retransmit_first; /* RFC 6675 step 4.3: once, whatever the window says */
	struct tcp_ranges sacked;
	uint32_t srtt, rttvar, rto; /* srtt in 1/8 ms, rttvar in 1/4 ms */
	unsigned backoff;
	bool rtt_timing; /* without timestamps: one segment is timed */
	uint32_t rtt_seq;
	uint64_t rtt_sent;
	uint64_t too_big_at; /* mss was lowered last */

	/* Receiving (tcp_rx.c). */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_adv;	/* right edge of the window that the peer was told */
	uint32_t last_ack;	/* the acknowledgement sent last */
	uint8_t *direct;	/* where rcv_nxt belongs … */
	uint64_t direct_left;	/* … and so many bytes more */
	uint8_t *ring;		/* seq lies at ring[seq & (ring_size - 1)] */
	uint32_t ring_size;	/* a power of two; allocated when first needed */
	struct tcp_ranges held; /* out of order, at their place in direct or ring */
	bool fin_seen;
	uint32_t fin_seq;
	enum tcp_ack_need ack;
	uint64_t ack_since;
	uint32_t ack_bytes;
	bool ack_pushed;   /* the last of them had PSH */
	uint32_t rcv_auto; /* auto-tuned window */
	uint32_t rtt_min;  /* ms, as the receiver sees it; 0: unknown */
	uint64_t drs_start;
	uint32_t drs_bytes;

	/* Timers, in ms of tcp_now; 0: not running. */
	uint64_t sent;	   /* data went last */
	uint64_t rtx_due;  /* retransmission, persist, SYN */
	uint64_t deadline; /* connect, orphan, TIME-WAIT */
	uint64_t progress; /* since then the peer acknowledged nothing */
	uint64_t heard;	   /* last segment from the peer */
	uint64_t probed;   /* last keepalive probe */
	uint32_t connect_ms, timeout_ms;
	bool keepalive;
	bool unreachable; /* an ICMP message says so, which may pass */
	unsigned challenges;
	uint64_t challenges_since;
};

/** A segment as received; payload bytes begin @skip bytes into the packet. */
struct tcp_segment {
	const struct ip_packet *packet;
	uint32_t seq, ack;
	uint16_t source_port, dest_port, window;
	uint8_t flags;
	uint32_t skip, len;
	/* options */
	bool has_ts, has_shift, sack_permitted;
	uint8_t shift;
	uint16_t mss; /* 0: not given */
	uint32_t tsval, tsecr;
	unsigned sack_count;
	struct {
		uint32_t start, end;
	} sack[4];
};

/** Length in sequence space. */
static inline uint32_t segment_span(const struct tcp_segment *seg)
{
	return seg->len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
}

/** Time in ms. It stands still while nobody polls (a guest runs, a script waits for the disk), so
 * that our own absence is never taken for the peer's silence. */
extern uint64_t tcp_now;

/* tcp.c: life */
extern struct list tcp_conns;
struct tcp_conn *tcp_find(uint32_t local, uint16_t local_port, uint32_t remote,
			  uint16_t remote_port);
/** Between these two, connections that die are kept until the turn ends. */
void tcp_enter(void);
void tcp_leave(void);
/** The connection ends with @error (0: in good order). Tells the user, frees the queue. */
void tcp_die(struct tcp_conn *conn, int error);
/** Call closed(@rc), once. */
void tcp_tell_closed(struct tcp_conn *conn, int rc);
void tcp_time_wait(struct tcp_conn *conn);
/** Is a handler to be called for what arrives? */
static inline bool tcp_alive(const struct tcp_conn *conn)
{
	return conn->owned && conn->state != TCP_DEAD;
}
static inline bool tcp_synchronized(const struct tcp_conn *conn)
{
	return conn->state != TCP_SYN_SENT && conn->state != TCP_DEAD;
}

/* tcp_rx.c: placement, window, selective acknowledgements */
void tcp_rx_init(struct tcp_conn *conn, size_t reassembly);
void tcp_rx_free(struct tcp_conn *conn);
/** Take the payload of an acceptable segment. */
void tcp_rx_data(struct tcp_conn *conn, const struct tcp_segment *seg);
/** The window to tell the peer now, in units of the agreed scale … */
uint32_t tcp_rx_window(const struct tcp_conn *conn);
/** … and that it was told. */
void tcp_rx_told(struct tcp_conn *conn, uint32_t window);
/** The user is gone: forget direct window and what is held. */
void tcp_rx_drop(struct tcp_conn *conn);
/** SACK blocks for the next ACK, the most recent first. */
unsigned tcp_rx_sack(const struct tcp_conn *conn, struct tcp_range *blocks, unsigned max);
/** Learn the round-trip time as the data's receiver sees it. */
void tcp_rx_rtt(struct tcp_conn *conn, uint32_t ms);
/** Grow the window where one round trip brought enough. */
void tcp_rx_tune(struct tcp_conn *conn);
void tcp_ack_soon(struct tcp_conn *conn, uint32_t bytes, bool now);

/* tcp_output.c: segments out */
void tcp_output(struct tcp_conn *conn);
bool tcp_send_syn(struct tcp_conn *conn);
bool tcp_send_ack(struct tcp_conn *conn);
/** An empty segment with an old sequence number: the peer must answer. */
void tcp_send_probe(struct tcp_conn *conn);
void tcp_send_reset(struct tcp_conn *conn);
/** RST for a segment that belongs to nobody. */
void tcp_reset_stray(const struct tcp_segment *seg);
/** One segment from the send queue, [@seq, @seq + @len) with FIN counted; false without a frame. */
bool tcp_send_range(struct tcp_conn *conn, uint32_t seq, uint32_t len);
/** Forget what was acknowledged, or all of the queue. */
void tcp_queue_acked(struct tcp_conn *conn, uint32_t ack);
void tcp_queue_free(struct tcp_conn *conn);
/** Copy what is only referenced, because its owner goes away; false without memory. */
bool tcp_queue_own(struct tcp_conn *conn);

/* tcp_loss.c: congestion control, round-trip time, what to send again */
void tcp_loss_init(struct tcp_conn *conn, bool syn_lost);
/** @acked bytes were acknowledged by @seg. */
void tcp_loss_acked(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t acked);
/** Enter the blocks of @seg; how many bytes are news. */
uint32_t tcp_loss_sack(struct tcp_conn *conn, const struct tcp_segment *seg);
/** A duplicate ACK: time for a fast retransmit? */
void tcp_loss_duplicate(struct tcp_conn *conn);
/** The peer's window opens again: what was sent against it closed was probably thrown away. */
void tcp_loss_reopened(struct tcp_conn *conn);
/** A router says that our packets are too large for its next link. */
void tcp_loss_too_big(struct tcp_conn *conn);
/** The retransmission timer fired. */
void tcp_loss_timeout(struct tcp_conn *conn);
void tcp_rtt_sample(struct tcp_conn *conn, uint32_t ms);
/** The retransmission timeout with backoff, ms. */
uint32_t tcp_rto(const struct tcp_conn *conn);
/** Bytes that are in the network, RFC 6675 "pipe". */
uint32_t tcp_pipe(const struct tcp_conn *conn);
/** What is to be sent again next: true, and [@seq, @seq + @len). */
bool tcp_loss_next(const struct tcp_conn *conn, bool rescue, uint32_t *seq, uint32_t *len);

static inline uint32_t tcp_flight(const struct tcp_conn *conn)
{
	return conn->snd_nxt - conn->snd_una;
}
/** Queued and not acknowledged, FIN included. */
static inline uint32_t tcp_outstanding(const struct tcp_conn *conn)
{
	return conn->snd_end + conn->fin_queued - conn->snd_una;
}

#endif
