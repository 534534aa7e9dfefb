/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, client side (RFC 9293). The design of all its files stands here.
 *
 * What it is for: pulling large images and disk blocks into memory as fast as the
 * wire goes, on one CPU, polled, inside a firmware that must not stop moving.
 *
 *	tcp.c		life of a connection, the user's calls, timers
 *	tcp_input.c	a segment arrives: parsing, states, resets, acknowledgements
 *	tcp_rx.c	where payload goes, the window, SACK blocks that we send
 *	tcp_output.c	the send queue, building segments
 *	tcp_loss.c	congestion window, scoreboard, round-trip time
 *	tcp_ranges.c	sets of sequence numbers, used by both directions
 *
 * One turn. net_poll() lets the cards deliver what arrived: tcp_input.c runs for each
 * frame, places payload, calls receive(), and notes what is owed: an ACK, some
 * output. Then tcp_poll() below runs once: timers, new data, and one ACK for all
 * that this turn brought. A turn's frames (or one frame of 64 KB that the card
 * joined) so cost one ACK; a hole is reported at once.
 *
 * Payload is copied once. In order it is handed to the user where it lies in the
 * receive buffer, or copied to the direct window that the user named. Out of order
 * it is copied to its final place at once, and only the range is remembered.
 * Receive buffers are never kept: a stack that queues out-of-order frames pins
 * them, and as soon as the window is larger than the ring, one lost segment makes
 * the frames behind it eat all buffers, so that its retransmission finds none and
 * the connection stops for ever. Here the ring is free again when receive
 * returns, whatever was lost, and the window promises only room that exists
 * (tcp_rx.c). The price is that a user must take what it is given.
 *
 * Straight-line users. A user sends, then waits with wait_until(); what arrives
 * meanwhile comes through receive() and closed(), always from inside net_poll().
 * Both may call anything here but tcp_wait_connected(). A connection that ends
 * inside a turn is taken off the list at its end (tcp_enter, tcp_leave), so nobody
 * on the way out of a handler touches freed memory.
 *
 * Time. While a guest runs, or a disk is read, nobody polls, and the peer's segments
 * wait in the ring. tcp_now advances at most TCP_GAP_MS per turn, so that our
 * absence never looks like the peer's: no timer fires because of it, and round-trip
 * times do not contain it.
 */
#include <bearssl.h>
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "netstack/tcp_internal.h"

#define PORT_FIRST 49152u /* RFC 6335: dynamic ports */
#define PORT_COUNT 16384u

struct list tcp_conns = LIST_INIT(tcp_conns);
struct tcp_stats tcp_stats;
uint64_t tcp_now = 1;

static uint64_t clock_seen;
static unsigned depth;
static bool dead_waiting;

static void clock_turn(void)
{
	uint64_t now = clock_ms();

	tcp_now += min(now - clock_seen, (uint64_t)TCP_GAP_MS);
	clock_seen = now;
}

/* ---- The list ---- */

struct tcp_conn *tcp_find(uint32_t local, uint16_t local_port, uint32_t remote,
			  uint16_t remote_port)
{
	struct tcp_conn *conn;

	list_for_each(conn, &tcp_conns, link) {
		if (conn->local_port == local_port && conn->remote_port == remote_port &&
		    conn->remote == remote && conn->local == local && conn->state != TCP_DEAD)
			return conn;
	}
	return NULL;
}

bool tcp_is_ours(uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
	return tcp_find(local, local_port, remote, remote_port) != NULL;
}

static void conn_free(struct tcp_conn *conn)
{
	list_remove(&conn->link);
	tcp_queue_free(conn);
	tcp_rx_free(conn);
	heap_free(conn);
}

void tcp_enter(void)
{
	depth++;
}

void tcp_leave(void)
{
	struct tcp_conn *conn, *next;

	if (--depth || !dead_waiting)
		return;
	dead_waiting = false;
	list_for_each_safe(conn, next, &tcp_conns, link) {
		if (conn->state == TCP_DEAD && !conn->owned)
			conn_free(conn);
	}
}

/* ---- Ends ---- */

/* Record why @conn died, for the user that reads error_text() later. */
static int sentence(const struct tcp_conn *conn)
{
	uint32_t a = conn->remote;
	unsigned port = conn->remote_port;

	switch (conn->error) {
	case 0:
		return 0;
	case E_TCP_REFUSED:
		return fail(conn->error,
			    "connecting to " IPV4_FMT ":%u: connection refused; is the "
			    "service running there?",
			    IPV4_ARG(a), port);
	case E_TCP_UNREACHABLE:
		return fail(conn->error,
			    "connecting to " IPV4_FMT ":%u: the network says that it is "
			    "unreachable; check address and routes",
			    IPV4_ARG(a), port);
	case E_TCP_TIMEOUT:
		return fail(conn->error,
			    "connecting to " IPV4_FMT ":%u: no answer within %u seconds; "
			    "check address, cable and firewall",
			    IPV4_ARG(a), port, conn->connect_ms / 1000);
	case E_TCP_RESET:
		return fail(conn->error,
			    "connection with " IPV4_FMT ":%u was reset by the other side; "
			    "its log may say why",
			    IPV4_ARG(a), port);
	default:
		return fail(conn->error,
			    "connection with " IPV4_FMT ":%u: no answer for %u seconds; "
			    "check cable and server",
			    IPV4_ARG(a), port, conn->timeout_ms / 1000);
	}
}

void tcp_tell_closed(struct tcp_conn *conn, int rc)
{
	if (!conn->owned || conn->told)
		return;
	conn->told = true;
	if (conn->handlers->closed)
		conn->handlers->closed(conn, rc);
}

void tcp_die(struct tcp_conn *conn, int error)
{
	if (conn->state == TCP_DEAD)
		return;
	conn->state = TCP_DEAD;
	conn->error = error;
	conn->rtx_due = conn->deadline = 0;
	tcp_queue_free(conn);
	tcp_rx_drop(conn);
	dead_waiting = true;
	if (!conn->owned)
		return;
	sentence(conn);
	log_debug("tcp", 1, "port %u: %s", conn->local_port, error ? error_text() : "closed");
	tcp_tell_closed(conn, error);
}

/* The oldest stand first; the memory of many short connections must not add up. */
static void limit_time_waits(void)
{
	struct tcp_conn *conn, *oldest = NULL;
	unsigned n = 0;

	list_for_each(conn, &tcp_conns, link) {
		if (conn->state != TCP_TIME_WAIT)
			continue;
		n++;
		if (!oldest)
			oldest = conn;
	}
	if (n > TCP_TIME_WAITS)
		tcp_die(oldest, 0);
}

void tcp_time_wait(struct tcp_conn *conn)
{
	conn->state = TCP_TIME_WAIT;
	conn->rtx_due = 0;
	conn->deadline = tcp_now + TCP_TIME_WAIT_MS;
	tcp_queue_free(conn);
	tcp_rx_free(conn);
	limit_time_waits();
}

void tcp_close(struct tcp_conn *conn)
{
	tcp_enter();
	conn->owned = false;
	tcp_rx_drop(conn);
	switch (conn->state) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		if (!tcp_queue_own(conn)) {
			tcp_send_reset(conn);
			tcp_die(conn, 0);
			break;
		}
		if (!tcp_outstanding(conn))
			conn->progress = tcp_now;
		conn->state = conn->state == TCP_ESTABLISHED ? TCP_FIN_WAIT_1 : TCP_LAST_ACK;
		conn->fin_queued = true;
		conn->output = true;
		break;
	default:
		tcp_die(conn, 0);
		dead_waiting = true;
		break;
	}
	tcp_leave();
}

void tcp_abort(struct tcp_conn *conn)
{
	tcp_enter();
	conn->owned = false;
	if (tcp_synchronized(conn) && conn->state != TCP_TIME_WAIT)
		tcp_send_reset(conn);
	tcp_die(conn, 0);
	dead_waiting = true;
	tcp_leave();
}

void tcp_abort_all(void)
{
	struct tcp_conn *conn;

	tcp_enter();
	list_for_each(conn, &tcp_conns, link) {
		if (tcp_synchronized(conn) && conn->state != TCP_TIME_WAIT)
			tcp_send_reset(conn);
		nic_flush(conn->netif->nic);
		conn->told = true;
		tcp_die(conn, 0);
		if (conn->owned)
			conn->error = E_TCP_RESET;
	}
	tcp_leave();
}

bool tcp_closing(void)
{
	struct tcp_conn *conn;

	list_for_each(conn, &tcp_conns, link) {
		if (!conn->owned && conn->state != TCP_TIME_WAIT && conn->state != TCP_DEAD)
			return true;
	}
	return false;
}

/* ---- Opening ---- */

/* RFC 6528: a clock of 4 us, moved by a secret function of the four-tuple. */
static uint32_t initial_sequence(const struct tcp_conn *conn)
{
	static uint8_t secret[32];
	static bool secret_ready;
	br_sha256_context sha;
	uint8_t digest[br_sha256_SIZE];
	struct {
		uint32_t local, remote;
		uint16_t local_port, remote_port;
	} tuple = {conn->local, conn->remote, conn->local_port, conn->remote_port};

	if (!secret_ready)
		random_bytes(secret, sizeof(secret));
	secret_ready = true;
	br_sha256_init(&sha);
	br_sha256_update(&sha, &tuple, sizeof(tuple));
	br_sha256_update(&sha, secret, sizeof(secret));
	br_sha256_out(&sha, digest);
	return get_le32(digest) + (uint32_t)(clock_us() >> 2);
}

static bool port_used(uint16_t port)
{
	struct tcp_conn *conn;

	list_for_each(conn, &tcp_conns, link) {
		if (conn->local_port == port)
			return true;
	}
	return false;
}

/* RFC 6056: a random port, then the next free one. */
static uint16_t choose_port(void)
{
	uint32_t first = random_u32() % PORT_COUNT;

	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + (first + i) % PORT_COUNT);

		if (!port_used(port))
			return port;
	}
	return 0;
}

static void choose_numbers(struct tcp_conn *conn)
{
	conn->local_port = choose_port();
	conn->iss = initial_sequence(conn);
	conn->ts_offset = random_u32();
	conn->snd_una = conn->iss;
	conn->snd_nxt = conn->snd_end = conn->iss + 1;
}

struct tcp_conn *tcp_connect(uint32_t address, uint16_t port, const struct tcp_handlers *handlers,
			     void *ctx, const struct tcp_options *options)
{
	static const struct tcp_options defaults;
	uint32_t next_hop;
	struct netif *netif = netif_route(address, &next_hop);
	struct tcp_conn *conn;

	if (!options)
		options = &defaults;
	if (!netif) {
		fail(E_TCP_NO_ROUTE,
		     "connecting to " IPV4_FMT ":%u: no card has a route there; run "
		     "dhcp, or set ip, netmask and gateway",
		     IPV4_ARG(address), port);
		return NULL;
	}
	conn = heap_zalloc(sizeof(*conn));
	if (!conn) {
		fail(E_NO_MEMORY, "connecting to " IPV4_FMT ":%u: no memory for a connection",
		     IPV4_ARG(address), port);
		return NULL;
	}
	clock_turn();
	conn->state = TCP_SYN_SENT;
	conn->owned = true;
	conn->handlers = handlers;
	conn->ctx = ctx;
	conn->netif = netif;
	conn->next_hop = next_hop;
	conn->local = netif->address;
	conn->remote = address;
	conn->remote_port = port;
	conn->rcv_mss = (uint16_t)(min(netif->mtu, 65535u) - IPV4_HEADER - TCP_HEADER);
	conn->mss = conn->rcv_mss;
	conn->connect_ms = options->connect_ms ? options->connect_ms : TCP_CONNECT_MS;
	conn->timeout_ms = options->timeout_ms ? options->timeout_ms : TCP_TIMEOUT_MS;
	conn->keepalive = options->keepalive;
	conn->rto = TCP_RTO_START;
	conn->deadline = tcp_now + conn->connect_ms;
	conn->rtx_due = tcp_now; /* the SYN leaves in the next turn */
	list_init(&conn->queue);
	tcp_rx_init(conn, options->window ? options->window : TCP_REASSEMBLY);
	choose_numbers(conn);
	list_append(&tcp_conns, &conn->link);
	return conn;
}

int tcp_wait_connected(struct tcp_conn *conn)
{
	/* The connection has a deadline of its own; this one is for a loop that stands still. */
	uint64_t deadline = clock_ms() + conn->connect_ms + 10000;
	int rc = wait_until(conn->state != TCP_SYN_SENT, deadline);

	if (rc == E_CANCELLED)
		return fail_context(rc, "connecting to " IPV4_FMT ":%u", IPV4_ARG(conn->remote),
				    conn->remote_port);
	if (rc)
		return fail(E_TCP_TIMEOUT, "connecting to " IPV4_FMT ":%u: no answer",
			    IPV4_ARG(conn->remote), conn->remote_port);
	return conn->state == TCP_DEAD ? sentence(conn) : 0;
}

/* RFC 5461: codes 0, 1 and 5 may pass, and are believed only when the patience ends. */
static void unreachable(struct tcp_conn *conn, int code)
{
	if (conn->state == TCP_SYN_SENT) {
		conn->unreachable = true;
		if (code == 3)
			tcp_die(conn, E_TCP_REFUSED);
		else if (code == 2 || code == 9 || code == 10 || code == 13)
			tcp_die(conn, E_TCP_UNREACHABLE);
	} else if (code == 4 && tcp_synchronized(conn)) {
		tcp_loss_too_big(conn);
	}
}

void tcp_unreachable(uint32_t dest, uint16_t port, uint16_t local_port, int code)
{
	struct tcp_conn *conn;

	tcp_enter();
	list_for_each(conn, &tcp_conns, link) {
		if (conn->remote == dest && conn->remote_port == port &&
		    conn->local_port == local_port)
			unreachable(conn, code);
	}
	tcp_leave();
}

/* ---- Questions ---- */

bool tcp_is_connected(const struct tcp_conn *conn)
{
	return tcp_synchronized(conn);
}

bool tcp_is_closed(const struct tcp_conn *conn)
{
	return conn->state != TCP_SYN_SENT && conn->state != TCP_ESTABLISHED;
}

int tcp_error(const struct tcp_conn *conn)
{
	return conn->error;
}

void *tcp_ctx(const struct tcp_conn *conn)
{
	return conn->ctx;
}

bool tcp_has_route(const struct tcp_conn *conn)
{
	uint32_t next_hop;

	return netif_route(conn->remote, &next_hop) == conn->netif &&
	       conn->netif->address == conn->local;
}

/* ---- Timers ---- */

static void lost(struct tcp_conn *conn)
{
	tcp_send_reset(conn);
	tcp_die(conn, E_TCP_LOST);
}

static void deadline_passed(struct tcp_conn *conn)
{
	if (conn->state != TCP_SYN_SENT)
		tcp_die(conn, 0);
	else
		tcp_die(conn, conn->unreachable ? E_TCP_UNREACHABLE : E_TCP_TIMEOUT);
}

static void send_syn(struct tcp_conn *conn)
{
	if (!tcp_send_syn(conn))
		return;
	conn->sent = tcp_now;
	conn->rtx_due = tcp_now + tcp_rto(conn);
	conn->backoff++;
}

/* The peer's window is closed, or too small for a whole segment: see whether it opened. What is
 * sent against a closed window is one byte, which the peer answers even when it drops it. */
static void persist(struct tcp_conn *conn)
{
	uint32_t window = conn->snd_wnd;
	uint32_t avail = tcp_outstanding(conn) - tcp_flight(conn);
	uint32_t len = window ? min(avail, window) : 1;

	if (tcp_flight(conn)) {
		if (!tcp_send_range(conn, conn->snd_una, 1))
			return;
	} else if (!avail) {
		conn->rtx_due = 0;
		return;
	} else if (!tcp_send_range(conn, conn->snd_nxt, min(len, (uint32_t)conn->mss))) {
		return;
	}
	conn->backoff++;
	conn->rtx_due = tcp_now + tcp_rto(conn);
}

/* Two silences in a row: perhaps the peer, or the router, has moved to another card. */
static void doubt_neighbour(const struct tcp_conn *conn)
{
	if (conn->backoff)
		arp_suspect(conn->netif, conn->next_hop);
}

/* Routes may have changed with a new lease. */
static void route_again(struct tcp_conn *conn)
{
	uint32_t next_hop;

	if (netif_route(conn->remote, &next_hop) == conn->netif)
		conn->next_hop = next_hop;
}

static void retransmission_due(struct tcp_conn *conn)
{
	doubt_neighbour(conn);
	if (conn->state == TCP_SYN_SENT) {
		send_syn(conn);
	} else if (!tcp_flight(conn) || !conn->snd_wnd) {
		persist(conn);
	} else {
		route_again(conn);
		tcp_loss_timeout(conn);
		conn->rtx_due = tcp_now + tcp_rto(conn);
	}
}

static void keepalive(struct tcp_conn *conn)
{
	uint32_t interval = max(conn->timeout_ms / 3, 1000u);

	if (tcp_now - conn->heard >= conn->timeout_ms + interval) {
		lost(conn);
	} else if (tcp_now - max(conn->heard, conn->probed) >= interval) {
		conn->probed = tcp_now;
		tcp_send_probe(conn);
	}
}

static void run_timers(struct tcp_conn *conn)
{
	if (conn->deadline && tcp_now >= conn->deadline) {
		deadline_passed(conn);
		return;
	}
	if (conn->rtx_due && tcp_now >= conn->rtx_due)
		retransmission_due(conn);
	if (!tcp_synchronized(conn) || conn->state == TCP_TIME_WAIT)
		return;
	if (tcp_outstanding(conn)) {
		if (tcp_now - conn->progress >= conn->timeout_ms)
			lost(conn);
	} else if (conn->keepalive && conn->owned) {
		keepalive(conn);
	}
}

static void tcp_poll(void)
{
	struct tcp_conn *conn;

	if (list_empty(&tcp_conns))
		return;
	clock_turn();
	tcp_enter();
	list_for_each(conn, &tcp_conns, link) {
		run_timers(conn);
		tcp_output(conn);
		if (!conn->owned && conn->ring)
			tcp_rx_free(conn);
	}
	tcp_leave();
}

TABLE_ENTRY(net_poller, tcp_poller) = {.poll = tcp_poll};
