/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP client (RFC 9293, 7323, 2018, 6675, 5681, 6298, 6528).
 *
 * The design, and why, stands at the head of tcp.c. For users:
 *
 * - Data is pushed: receive() is called from net_poll() with bytes in order.
 * - When the user knows where the next bytes of the stream belong, it says so
 *   with tcp_direct(): payload, in order or not, is then written straight to
 *   that place, and receive() is called with pointers into it.
 * - Bytes outside the direct window that come out of order wait in the
 *   connection's own reassembly buffer. The advertised window never exceeds
 *   direct window + reassembly buffer.
 * - A connection belongs to the user until tcp_close() or tcp_abort(), also after
 *   closed() was called and after tcp_wait_connected() failed.
 */
#ifndef NETSTACK_TCP_H
#define NETSTACK_TCP_H

#include "lib/base.h"
#include "netstack/net.h"

struct tcp_conn;

struct tcp_handlers {
	/** @len in-order bytes. They must be used before returning. May call tcp_direct(),
	 * tcp_send(), tcp_close(), tcp_abort(). */
	void (*receive)(struct tcp_conn *conn, const uint8_t *data, size_t len);
	/** The peer closed its side (@rc 0) or the connection died (@rc an error whose sentence
	 * was recorded: refused, reset, timed out). Called once. */
	void (*closed)(struct tcp_conn *conn, int rc);
};

struct tcp_options {
	size_t window;	     /* reassembly buffer, bytes; 0: the default of 256 KB */
	unsigned connect_ms; /* patience for the handshake; 0: 15 s */
	unsigned timeout_ms; /* unacknowledged data or dead peer: give up after; 0: 30 s */
	bool keepalive;	     /* probe an idle peer */
};

/** Begin to connect; NULL after fail() when there is no route or memory. */
struct tcp_conn *tcp_connect(uint32_t address, uint16_t port, const struct tcp_handlers *handlers,
			     void *ctx, const struct tcp_options *options);
/** Wait until connected: 0, or an error after fail() ("connection refused by …"). */
int tcp_wait_connected(struct tcp_conn *conn);
bool tcp_is_connected(const struct tcp_conn *conn);
/** Has the peer closed, or the connection died? */
bool tcp_is_closed(const struct tcp_conn *conn);
/** The error of a connection that died, or 0. */
int tcp_error(const struct tcp_conn *conn);
void *tcp_ctx(const struct tcp_conn *conn);
/** Would a new connection leave by the same card and address? Not when the card was closed since,
 * has another lease, or another card is nearer. */
bool tcp_has_route(const struct tcp_conn *conn);

/**
 * Queue @len bytes for sending. @copy: they are copied; otherwise they are sent from where they
 * lie and must stay until tcp_unsent() says that they were acknowledged. Returns 0, or
 * E_NO_MEMORY. Output happens in the next net_poll(), so header and payload queued together
 * leave in one segment.
 */
int tcp_send(struct tcp_conn *conn, const void *data, size_t len, bool copy);
/** Bytes queued and not yet acknowledged. */
size_t tcp_unsent(const struct tcp_conn *conn);

/**
 * The next @len bytes after those already delivered belong at @buf; @len 0 ends it. Bytes behind
 * those delivered may be written there at any time in net_poll(). Before that memory moves or
 * goes, end the window: what came out of order is then saved in the reassembly buffer.
 */
void tcp_direct(struct tcp_conn *conn, void *buf, uint64_t len);

/** Close our side in the background (FIN, then TIME-WAIT by itself); @conn is gone for the
 * caller and no handler is called again. */
void tcp_close(struct tcp_conn *conn);
/** Reset and forget. No handler is called again. */
void tcp_abort(struct tcp_conn *conn);
/** Reset every connection and ring the cards' doorbells: a way out. Handlers are not called. */
void tcp_abort_all(void);

/** Are there connections that tcp_close() left to end by themselves, TIME-WAIT excepted? */
bool tcp_closing(void);

/** Is there a connection of ours with these ends? */
bool tcp_is_ours(uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port);

/** From ICMP: @dest:@port is unreachable from local @local_port, with @code of type 3. */
void tcp_unreachable(uint32_t dest, uint16_t port, uint16_t local_port, int code);

/** `Counters` for ifstat/report and tests. */
struct tcp_stats {
	uint64_t rx_segments, rx_out_of_order, rx_duplicate, rx_bad, tx_segments, retransmits,
		acks_sent, rx_dropped_window;
};
extern struct tcp_stats tcp_stats;

#endif
