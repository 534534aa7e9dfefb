/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP: connecting and ending, resets, acknowledgements that make no sense, timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "test/unit/tcp_peer.h"

static int setup(void **state)
{
	peer_start(0);
	return 0;
}

static int teardown(void **state)
{
	peer_stop();
	return 0;
}

/* ---- Connecting ---- */

static void handshake_offers_and_takes_options(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, (void *)77, NULL);
	struct peer_segment *seg;

	assert_non_null(conn);
	assert_false(tcp_is_connected(conn));
	net_poll();
	net_poll();
	assert_int_equal(peer_sent_count, 1);
	seg = &peer_sent[peer_sent_first];
	assert_int_equal(seg->flags, TCP_SYN);
	assert_int_equal(seg->mss, 1460);
	assert_int_equal(seg->shift, TCP_WINDOW_SHIFT);
	assert_true(seg->sack_permitted);
	assert_true(seg->has_ts);
	assert_int_equal(seg->tsecr, 0);
	assert_int_equal(seg->window, 65535);
	assert_true(seg->csum_ok);
	assert_true(seg->source_port >= 49152);
	assert_int_equal(seg->dest_port, PEER_PORT);
	peer_accept(&offer_all);
	assert_true(tcp_is_connected(conn));
	assert_false(tcp_is_closed(conn));
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_ACK);
	assert_int_equal(seg->seq, our_isn + 1);
	assert_int_equal(seg->ack, peer_isn + 1);
	assert_true(seg->has_ts);
	assert_int_equal(seg->tsecr, peer_tsval);
	/* the window is scaled from here on, and no more than the reassembly buffer */
	assert_int_equal(seg->window << TCP_WINDOW_SHIFT, TCP_REASSEMBLY);
	assert_null(peer_next());
	assert_int_equal(conn->mss, 1448);
	assert_int_equal(tcp_wait_connected(conn), 0);
	assert_ptr_equal(tcp_ctx(conn), (void *)77);
	tcp_abort(conn);
}

static void peer_without_options(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_none, NULL);
	struct peer_segment *seg;

	assert_int_equal(conn->mss, 536);
	peer_stream(0, 10);
	pass_ms(5);
	seg = peer_next();
	assert_false(seg->has_ts);
	assert_int_equal(seg->window, 65535); /* unscaled */
	tcp_send(conn, stream_at(0, 2000), 2000, true);
	net_poll();
	seg = peer_next();
	assert_int_equal(seg->len, 536);
	assert_false(seg->has_ts);
	tcp_abort(conn);
}

static void numbers_differ_between_connections(void **state)
{
	struct tcp_conn *a = peer_connect(&offer_all, NULL);
	uint32_t isn = our_isn;
	uint16_t port = our_port;
	struct tcp_conn *b = peer_connect(&offer_all, NULL);

	assert_int_not_equal(port, our_port);
	assert_true(our_isn - isn > 100000 || isn - our_isn > 100000);
	tcp_abort(a);
	tcp_abort(b);
}

static void syn_is_repeated_1_2_4_seconds_then_times_out(void **state)
{
	struct tcp_options options = {.connect_ms = 10000};
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, &options);
	unsigned times[8], n = 0;

	for (unsigned ms = 0; ms < 12000; ms += 10) {
		struct peer_segment *seg;

		pass_ms(10);
		while ((seg = peer_next())) {
			assert_int_equal(seg->flags, TCP_SYN);
			times[n++] = ms;
		}
	}
	assert_int_equal(n, 4);
	assert_in_range(times[1] - times[0], 980, 1030);
	assert_in_range(times[2] - times[1], 1980, 2030);
	assert_in_range(times[3] - times[2], 3980, 4030);
	assert_int_equal(closed_calls, 1);
	assert_int_equal(closed_rc, E_TCP_TIMEOUT);
	assert_int_equal(tcp_wait_connected(conn), E_TCP_TIMEOUT);
	assert_non_null(strstr(error_text(), "192.0.2.1:3260: no answer within 10 seconds"));
	tcp_close(conn);
}

static void refused(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);
	struct peer_segment *syn;

	net_poll();
	net_poll();
	syn = peer_next();
	our_port = syn->source_port;
	/* a reset that acknowledges something else proves nothing */
	peer_ack = syn->seq + 5;
	peer_send(TCP_RST | TCP_ACK, 0, NULL, 0);
	assert_int_equal(tcp_error(conn), 0);
	assert_null(peer_next());
	peer_ack = syn->seq + 1;
	peer_send(TCP_RST, 0, NULL, 0); /* no ACK at all */
	assert_int_equal(tcp_error(conn), 0);
	peer_send(TCP_RST | TCP_ACK, 0, NULL, 0);
	assert_int_equal(tcp_error(conn), E_TCP_REFUSED);
	assert_int_equal(closed_rc, E_TCP_REFUSED);
	assert_true(tcp_is_closed(conn));
	assert_int_equal(tcp_wait_connected(conn), E_TCP_REFUSED);
	assert_non_null(strstr(error_text(), "connection refused"));
	assert_int_equal(tcp_send(conn, "x", 1, true), E_TCP_REFUSED);
	tcp_close(conn);
	assert_true(list_empty(&tcp_conns));
}

static void wrong_ack_of_syn_is_reset(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);
	struct peer_segment *syn, *rst;

	net_poll();
	net_poll();
	syn = peer_next();
	our_port = syn->source_port;
	peer_ack = syn->seq + 77;
	peer_send(TCP_SYN | TCP_ACK, 5, NULL, 0);
	rst = peer_next();
	assert_int_equal(rst->flags, TCP_RST);
	assert_int_equal(rst->seq, peer_ack);
	assert_false(tcp_is_connected(conn));
	tcp_abort(conn);
	assert_null(peer_next()); /* nobody to reset */
}

static void no_route(void **state)
{
	assert_null(tcp_connect(0x0a000001, 80, &user_handlers, NULL, NULL));
	assert_non_null(strstr(error_text(), "10.0.0.1:80: no card has a route"));
}

static void no_memory(void **state)
{
	host_heap_fail(1, false);
	assert_null(tcp_connect(PEER_IP, 80, &user_handlers, NULL, NULL));
	assert_non_null(strstr(error_text(), "no memory"));
}

static void icmp_unreachable_counts_while_connecting(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);

	net_poll();
	net_poll();
	our_port = peer_next()->source_port;
	tcp_unreachable(PEER_IP, PEER_PORT, our_port, 1); /* host: may pass */
	tcp_unreachable(PEER_IP, PEER_PORT, (uint16_t)(our_port + 1), 3);
	tcp_unreachable(PEER_IP, PEER_PORT + 1, our_port, 3);
	assert_int_equal(tcp_error(conn), 0);
	pass_ms(16000);
	assert_int_equal(tcp_error(conn), E_TCP_UNREACHABLE);
	tcp_close(conn);
	peer_forget();

	conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);
	net_poll();
	our_port = peer_next()->source_port;
	tcp_unreachable(PEER_IP, PEER_PORT, our_port, 13);
	assert_int_equal(tcp_error(conn), E_TCP_UNREACHABLE);
	tcp_close(conn);

	conn = peer_connect(&offer_all, NULL);
	tcp_unreachable(PEER_IP, PEER_PORT, our_port, 3);
	assert_true(tcp_is_connected(conn));
	tcp_abort(conn);
}

static void options_of_length_zero_are_dropped(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_none, NULL);
	uint8_t tcp[32] = {0};
	uint64_t bad = tcp_stats.rx_bad;

	put_be16(tcp, PEER_PORT);
	put_be16(tcp + 2, our_port);
	put_be32(tcp + 4, peer_seq);
	put_be32(tcp + 8, peer_ack);
	tcp[12] = 7 << 4;
	tcp[13] = TCP_ACK;
	tcp[20] = 8; /* timestamps, length 0 */
	memcpy(tcp + 28, "data", 4);
	put_le16(tcp + 16, checksum_fold(checksum_add(checksum_pseudo(PEER_IP, OUR_IP, IP_TCP, 32),
						      tcp, 32)));
	peer_inject(tcp, 32, 0, 0);
	net_poll();
	assert_int_equal(tcp_stats.rx_bad, bad + 1);
	assert_int_equal(got_len, 0);
	tcp[21] = 200; /* beyond the header */
	peer_inject(tcp, 32, 0, NIC_RX_CSUM_OK);
	net_poll();
	assert_int_equal(tcp_stats.rx_bad, bad + 2);
	tcp[12] = 4 << 4; /* header shorter than a header */
	peer_inject(tcp, 32, 0, NIC_RX_CSUM_OK);
	tcp[12] = 15 << 4; /* longer than the packet */
	peer_inject(tcp, 32, 0, NIC_RX_CSUM_OK);
	peer_inject(tcp, 13, 0, NIC_RX_CSUM_OK);
	net_poll();
	assert_int_equal(tcp_stats.rx_bad, bad + 5);
	assert_int_equal(got_len, 0);
	tcp_abort(conn);
}

static void bad_checksum_is_dropped(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_bad_csum = true;
	peer_stream(0, 100);
	assert_int_equal(got_len, 0);
	assert_int_equal(tcp_stats.rx_bad, 1);
	peer_bad_csum = false;
	peer_stream(0, 100);
	assert_true(got_stream(100));
	tcp_abort(conn);
}

/* ---- Resets and challenges (RFC 5961) ---- */

static void reset_in_order_kills(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, "abc", 3, true);
	net_poll();
	peer_send(TCP_RST, peer_seq, NULL, 0);
	assert_int_equal(closed_calls, 1);
	assert_int_equal(closed_rc, E_TCP_RESET);
	assert_int_equal(tcp_unsent(conn), 0);
	assert_non_null(strstr(error_text(), "reset by the other side"));
	tcp_close(conn);
}

static void reset_in_window_is_challenged(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	peer_send(TCP_RST, peer_seq + 1, NULL, 0);
	assert_int_equal(closed_calls, 0);
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_ACK);
	assert_int_equal(seg->ack, peer_seq);
	assert_int_equal(seg->len, 0);
	peer_send(TCP_RST, peer_seq - 1, NULL, 0);
	peer_send(TCP_RST, peer_seq + (10u << 20), NULL, 0);
	assert_null(peer_next()); /* outside: not a word */
	assert_true(tcp_is_connected(conn));
	tcp_abort(conn);
}

static void syn_in_connection_is_challenged(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_send(TCP_SYN, peer_seq, NULL, 0);
	assert_int_equal(peer_next()->flags, TCP_ACK);
	peer_send(TCP_SYN | TCP_ACK, peer_isn, NULL, 0); /* our ACK was lost */
	assert_int_equal(peer_next()->ack, peer_seq);
	assert_true(tcp_is_connected(conn));
	tcp_abort(conn);
}

static void challenges_are_limited(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	for (unsigned i = 0; i < 50; i++)
		peer_send(TCP_RST, peer_seq + 100, NULL, 0);
	assert_int_equal(peer_sent_count, TCP_CHALLENGES);
	pass_ms(1100);
	peer_send(TCP_RST, peer_seq + 100, NULL, 0);
	assert_int_equal(peer_sent_count, TCP_CHALLENGES + 1);
	tcp_abort(conn);
}

static void ack_of_the_unsent_is_challenged(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_ack = our_isn + 1000;
	peer_send(TCP_ACK, peer_seq, "data", 4);
	assert_int_equal(got_len, 0);
	assert_int_equal(peer_next()->seq, our_isn + 1);
	peer_ack = our_isn - 200000; /* older than any window */
	peer_send(TCP_ACK, peer_seq, "data", 4);
	assert_int_equal(got_len, 0);
	peer_ack = our_isn; /* old, but possible */
	peer_send(TCP_ACK, peer_seq, "data", 4);
	assert_int_equal(got_len, 4);
	tcp_abort(conn);
}

static void paws_drops_old_timestamps(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_tsval = 9000;
	peer_stream(0, 100);
	peer_forget();
	peer_tsval = 8000;
	peer_stream(100, 100);
	assert_int_equal(got_len, 100);
	assert_int_equal(peer_next()->ack, peer_isn + 101);
	peer_tsval = 9000;
	peer_stream(100, 100);
	assert_true(got_stream(200));
	/* the clock wraps */
	conn->ts_recent = 0xfffffff0;
	peer_tsval = 5;
	peer_stream(200, 100);
	assert_true(got_stream(300));
	tcp_abort(conn);
}

static void stray_segments_are_reset(void **state)
{
	struct peer_segment *seg;

	our_port = 50000;
	peer_ack = 1234;
	peer_send(TCP_ACK, 99, "abc", 3);
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_RST);
	assert_int_equal(seg->seq, 1234);
	assert_true(seg->csum_ok);
	peer_send(TCP_SYN, 99, "abc", 3);
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_RST | TCP_ACK);
	assert_int_equal(seg->seq, 0);
	assert_int_equal(seg->ack, 99 + 4);
	peer_send(TCP_RST, 99, NULL, 0);
	assert_null(peer_next());
}

static void abort_resets(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	peer_stream(0, 10);
	peer_forget();
	tcp_abort(conn);
	assert_true(list_empty(&tcp_conns));
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_RST | TCP_ACK);
	assert_int_equal(seg->seq, our_isn + 1);
	assert_int_equal(seg->ack, peer_isn + 11);
	assert_int_equal(closed_calls, 0);
}

static void abort_all_leaves_what_users_hold(void **state)
{
	struct tcp_conn *a = peer_connect(&offer_all, NULL);
	struct tcp_conn *b = peer_connect(&offer_all, NULL);

	tcp_close(b);
	tcp_abort_all();
	assert_int_equal(peer_next()->flags, TCP_RST | TCP_ACK);
	assert_int_equal(peer_next()->flags, TCP_RST | TCP_ACK);
	assert_int_equal(closed_calls, 0);
	assert_true(tcp_is_closed(a));
	tcp_close(a);
	assert_true(list_empty(&tcp_conns));
}

/* ---- Closing ---- */

static void peer_closes_first(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	peer_send(TCP_ACK | TCP_FIN, peer_seq, stream_at(0, 20), 20);
	assert_true(got_stream(20));
	assert_int_equal(closed_calls, 1);
	assert_int_equal(closed_rc, 0);
	assert_true(tcp_is_closed(conn));
	assert_int_equal(tcp_error(conn), 0);
	assert_int_equal(peer_next()->ack, peer_isn + 22);
	/* the other direction still works */
	assert_int_equal(tcp_send(conn, "bye", 3, true), 0);
	tcp_close(conn);
	net_poll();
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_ACK | TCP_PSH | TCP_FIN);
	assert_int_equal(seg->len, 3);
	peer_ack = seg->seq + 4;
	peer_send(TCP_ACK, peer_isn + 22, NULL, 0);
	assert_true(list_empty(&tcp_conns)); /* no TIME-WAIT on this side */
	assert_int_equal(closed_calls, 1);
}

static void we_close_first(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	tcp_close(conn);
	net_poll();
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_ACK | TCP_FIN);
	peer_ack = seg->seq + 1;
	peer_send(TCP_ACK, peer_seq, NULL, 0);
	peer_send(TCP_ACK | TCP_FIN, peer_seq, NULL, 0);
	assert_int_equal(peer_next()->ack, peer_seq + 1);
	assert_false(list_empty(&tcp_conns));		 /* TIME-WAIT */
	peer_send(TCP_ACK | TCP_FIN, peer_seq, NULL, 0); /* our ACK was lost */
	assert_int_equal(peer_next()->ack, peer_seq + 1);
	peer_send(TCP_RST, peer_seq + 1, NULL, 0); /* RFC 1337 */
	assert_false(list_empty(&tcp_conns));
	pass_ms(TCP_TIME_WAIT_MS + 100);
	assert_true(list_empty(&tcp_conns));
	assert_null(peer_next());
	assert_int_equal(closed_calls, 0);
}

static void both_close_at_once(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	tcp_close(conn);
	net_poll();
	seg = peer_next();
	peer_send(TCP_ACK | TCP_FIN, peer_seq, NULL, 0); /* does not acknowledge ours */
	assert_int_equal(conn->state, TCP_CLOSING);
	assert_int_equal(peer_next()->ack, peer_seq + 1);
	peer_ack = seg->seq + 1;
	peer_send(TCP_ACK, peer_seq + 1, NULL, 0);
	assert_int_equal(conn->state, TCP_TIME_WAIT);
}

static void fin_and_ack_of_fin_together(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_close(conn);
	net_poll();
	peer_ack = peer_next()->seq + 1;
	peer_send(TCP_ACK | TCP_FIN, peer_seq, NULL, 0);
	assert_int_equal(conn->state, TCP_TIME_WAIT);
	assert_int_equal(peer_next()->ack, peer_seq + 1);
}

static void lost_fin_is_repeated(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, "last words", 10, true);
	tcp_close(conn);
	net_poll();
	peer_forget();
	pass_ms(300);
	assert_true(peer_sent_count >= 1);
	assert_true(peer_sent[peer_sent_first].flags & TCP_FIN);
	assert_memory_equal(peer_sent[peer_sent_first].data, "last words", 10);
	assert_int_equal(peer_sent[peer_sent_first].seq, our_isn + 1);
}

static void fin_out_of_order_waits_for_the_data(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_send(TCP_ACK | TCP_FIN, peer_seq + 10, stream_at(10, 10), 10);
	assert_int_equal(closed_calls, 0);
	assert_int_equal(peer_next()->ack, peer_seq);
	peer_stream(0, 10);
	assert_true(got_stream(20));
	assert_int_equal(closed_calls, 1);
	assert_int_equal(peer_next()->ack, peer_seq + 21);
	/* nothing is believed behind a FIN */
	peer_send(TCP_ACK, peer_seq + 21, "more", 4);
	assert_int_equal(got_len, 20);
	tcp_close(conn);
}

static void fin_alone_out_of_order(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_send(TCP_ACK | TCP_FIN, peer_seq + 10, NULL, 0);
	assert_int_equal(closed_calls, 0);
	/* data that claims to lie behind the FIN is cut */
	peer_send(TCP_ACK, peer_seq, stream_at(0, 30), 30);
	assert_true(got_stream(10));
	assert_int_equal(closed_calls, 1);
	tcp_close(conn);
}

static void data_for_nobody_is_reset(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_close(conn);
	net_poll();
	peer_forget();
	peer_stream(0, 100);
	assert_int_equal(peer_next()->flags, TCP_RST | TCP_ACK);
	assert_true(list_empty(&tcp_conns));
	assert_int_equal(got_len, 0);
}

static void half_closed_peer_is_forgotten(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_close(conn);
	net_poll();
	peer_ack = peer_next()->seq + 1;
	peer_send(TCP_ACK, peer_seq, NULL, 0);
	assert_false(list_empty(&tcp_conns));
	pass_ms(TCP_ORPHAN_MS + 100);
	assert_true(list_empty(&tcp_conns));
}

static void orphan_without_answers_gives_up(void **state)
{
	struct tcp_options options = {.timeout_ms = 5000};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);

	tcp_send(conn, "x", 1, true);
	tcp_close(conn);
	pass_ms(5100);
	assert_true(list_empty(&tcp_conns));
	assert_int_equal(closed_calls, 0);
}

static void time_waits_are_limited(void **state)
{
	unsigned n = 0;
	struct tcp_conn *conn;

	for (unsigned i = 0; i < TCP_TIME_WAITS + 10; i++) {
		conn = peer_connect(&offer_all, NULL);
		tcp_close(conn);
		net_poll();
		peer_ack = our_isn + 2;
		peer_send(TCP_ACK | TCP_FIN, peer_seq, NULL, 0);
		peer_forget();
	}
	list_for_each(conn, &tcp_conns, link)
		n++;
	assert_int_equal(n, TCP_TIME_WAITS);
}

static void close_before_connected(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);

	net_poll();
	tcp_close(conn);
	assert_true(list_empty(&tcp_conns));
	assert_int_equal(closed_calls, 0);
}

/* ---- Handlers that call back ---- */

static void abort_in_handler(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	tcp_abort(conn);
}

static void receive_handler_aborts(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment seg;

	on_receive = abort_in_handler;
	peer_stream(100, 100); /* held */
	/* in three parts, of which the handler sees one */
	seg = peer_segment(TCP_ACK, peer_seq, stream_at(0, 100), 100);
	peer_send_raw(&seg, 34 + 32 + 10);
	peer_send_raw(&seg, 0);
	net_poll();
	assert_int_equal(got_calls, 1);
	assert_true(list_empty(&tcp_conns));
	(void)conn;
}

static void close_in_handler(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	tcp_send(conn, "ok", 2, true);
	tcp_close(conn);
}

static void receive_handler_answers_and_closes(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	on_receive = close_in_handler;
	peer_stream(0, 50);
	seg = peer_next();
	assert_int_equal(seg->flags, TCP_ACK | TCP_PSH | TCP_FIN);
	assert_int_equal(seg->ack, peer_seq + 50);
	assert_memory_equal(seg->data, "ok", 2);
	assert_null(peer_next()); /* one segment does it all */
	(void)conn;
}

static void close_in_closed(struct tcp_conn *conn, int rc)
{
	tcp_close(conn);
}

static void closed_handler_closes(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	on_closed = close_in_closed;
	peer_send(TCP_RST, peer_seq, NULL, 0);
	assert_true(list_empty(&tcp_conns));
	conn = peer_connect(&offer_all, NULL);
	peer_send(TCP_FIN | TCP_ACK, peer_seq, NULL, 0);
	assert_int_equal(conn->state, TCP_LAST_ACK);
	assert_int_equal(closed_calls, 2);
}

static struct tcp_conn *second;

static void reconnect_in_closed(struct tcp_conn *conn, int rc)
{
	tcp_close(conn);
	second = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);
}

static void closed_handler_reconnects(void **state)
{
	on_closed = reconnect_in_closed;
	peer_connect(&offer_all, NULL);
	peer_send(TCP_RST, peer_seq, NULL, 0);
	on_closed = NULL;
	peer_accept(&offer_all);
	assert_true(tcp_is_connected(second));
	tcp_abort(second);
}

/* ---- Patience ---- */

static void keepalive_probes_and_gives_up(void **state)
{
	struct tcp_options options = {.timeout_ms = 6000, .keepalive = true};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	struct peer_segment *seg;

	pass_ms(2100);
	seg = peer_next();
	assert_int_equal(seg->seq, our_isn); /* an old byte: must be answered */
	assert_int_equal(seg->len, 0);
	peer_ack = our_isn + 1;
	peer_send(TCP_ACK, peer_seq, NULL, 0);
	assert_null(peer_next());
	pass_ms(2100);
	assert_non_null(peer_next());
	pass_ms(7000);
	assert_int_equal(closed_rc, E_TCP_LOST);
	assert_non_null(strstr(error_text(), "no answer for 6 seconds"));
	tcp_close(conn);
}

static void idle_connection_without_keepalive_is_silent(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	pass_ms(300000);
	assert_null(peer_next());
	assert_int_equal(closed_calls, 0);
	tcp_abort(conn);
}

static void peers_keepalive_is_answered(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_send(TCP_ACK, peer_seq - 1, NULL, 0);
	assert_int_equal(peer_next()->ack, peer_seq);
	peer_send(TCP_ACK, peer_seq - 1, "x", 1);
	assert_int_equal(peer_next()->ack, peer_seq);
	assert_int_equal(got_len, 0);
	tcp_abort(conn);
}

static void dead_peer_is_noticed(void **state)
{
	struct tcp_options options = {.timeout_ms = 8000};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);

	tcp_send(conn, "hello", 5, true);
	pass_ms(7900);
	assert_int_equal(closed_calls, 0);
	pass_ms(300);
	assert_int_equal(closed_rc, E_TCP_LOST);
	tcp_close(conn);
}

static void peer_on_another_card_is_found(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	peer_mac[5] = 2;
	tcp_send(conn, "hello", 5, true);
	pass_ms(8000);
	peer_mac[5] = 1;
	seg = peer_next();
	assert_non_null(seg);
	assert_memory_equal(seg->data, "hello", 5);
	assert_int_equal(closed_calls, 0);
	tcp_abort(conn);
}

static void our_own_absence_is_not_the_peers(void **state)
{
	struct tcp_options options = {.timeout_ms = 8000, .keepalive = true};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);

	tcp_send(conn, "hello", 5, true);
	net_poll();
	/* A guest computes for a minute; then the answer is in the ring. */
	host_clock_advance_ms(60000);
	net_poll();
	assert_int_equal(closed_calls, 0);
	peer_ack = our_isn + 6;
	peer_send(TCP_ACK, peer_seq, NULL, 0);
	host_clock_advance_ms(600000);
	net_poll();
	net_poll();
	assert_int_equal(closed_calls, 0);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void ctrl_c_while_connecting(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);

	host_keys("\003");
	assert_int_equal(tcp_wait_connected(conn), E_CANCELLED);
	tcp_abort(conn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(handshake_offers_and_takes_options),
		TEST(peer_without_options),
		TEST(numbers_differ_between_connections),
		TEST(syn_is_repeated_1_2_4_seconds_then_times_out),
		TEST(refused),
		TEST(wrong_ack_of_syn_is_reset),
		TEST(no_route),
		TEST(no_memory),
		TEST(icmp_unreachable_counts_while_connecting),
		TEST(options_of_length_zero_are_dropped),
		TEST(bad_checksum_is_dropped),
		TEST(reset_in_order_kills),
		TEST(reset_in_window_is_challenged),
		TEST(syn_in_connection_is_challenged),
		TEST(challenges_are_limited),
		TEST(ack_of_the_unsent_is_challenged),
		TEST(paws_drops_old_timestamps),
		TEST(stray_segments_are_reset),
		TEST(abort_resets),
		TEST(abort_all_leaves_what_users_hold),
		TEST(peer_closes_first),
		TEST(we_close_first),
		TEST(both_close_at_once),
		TEST(fin_and_ack_of_fin_together),
		TEST(lost_fin_is_repeated),
		TEST(fin_out_of_order_waits_for_the_data),
		TEST(fin_alone_out_of_order),
		TEST(data_for_nobody_is_reset),
		TEST(half_closed_peer_is_forgotten),
		TEST(orphan_without_answers_gives_up),
		TEST(time_waits_are_limited),
		TEST(close_before_connected),
		TEST(receive_handler_aborts),
		TEST(receive_handler_answers_and_closes),
		TEST(closed_handler_closes),
		TEST(closed_handler_reconnects),
		TEST(keepalive_probes_and_gives_up),
		TEST(idle_connection_without_keepalive_is_silent),
		TEST(peers_keepalive_is_answered),
		TEST(dead_peer_is_noticed),
		TEST(peer_on_another_card_is_found),
		TEST(our_own_absence_is_not_the_peers),
		TEST(ctrl_c_while_connecting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
