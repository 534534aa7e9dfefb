/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP sending: segments, windows, congestion, loss and recovery, probes, the send queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "test/unit/tcp_peer.h"

#define MSS 1448

static uint8_t data[4 << 20];

static int setup_with(uint32_t features)
{
	peer_start(features);
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = stream_byte(i);
	return 0;
}

static int setup(void **state)
{
	return setup_with(0);
}

static int setup_tso(void **state)
{
	return setup_with(NIC_TX_CSUM | NIC_TSO4);
}

static int teardown(void **state)
{
	peer_stop();
	return 0;
}

/* Offset in our stream. */
static uint32_t offset_of(const struct peer_segment *seg)
{
	return seg->seq - our_isn - 1;
}

static void assert_segment(uint32_t offset, uint32_t len)
{
	struct peer_segment *seg = peer_next();

	assert_non_null(seg);
	assert_int_equal(offset_of(seg), offset);
	assert_int_equal(seg->len, len);
	assert_memory_equal(seg->data, data + offset, len);
	assert_true(seg->csum_ok);
}

static void ack(uint32_t offset)
{
	peer_ack_sack(our_isn + 1 + offset, 0, NULL);
}

static void ack_sack(uint32_t offset, uint32_t start, uint32_t end)
{
	uint32_t block[1][2] = {{our_isn + 1 + start, our_isn + 1 + end}};

	peer_ack_sack(our_isn + 1 + offset, 1, block);
}

static uint32_t sent_bytes(void)
{
	uint32_t n = 0;
	struct peer_segment *seg;

	while ((seg = peer_next()))
		n += seg->len;
	return n;
}

/* ---- Segments ---- */

static void small_sends_share_a_segment(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	tcp_send(conn, data, 48, true);
	tcp_send(conn, data + 48, 1000, false);
	tcp_send(conn, data + 1048, 10, true);
	assert_null(peer_next()); /* not before the turn */
	assert_int_equal(tcp_unsent(conn), 1058);
	net_poll();
	seg = &peer_sent[peer_sent_first];
	assert_int_equal(seg->flags, TCP_ACK | TCP_PSH);
	assert_segment(0, 1058);
	assert_null(peer_next());
	ack(1058);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void no_nagle(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	for (unsigned i = 0; i < 5; i++) {
		tcp_send(conn, data + i, 1, true);
		net_poll();
		assert_segment(i, 1);
	}
	tcp_abort(conn);
}

static void queued_before_connected(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);

	assert_int_equal(tcp_send(conn, data, 100, true), 0);
	assert_int_equal(tcp_unsent(conn), 100);
	peer_accept(&offer_all);
	assert_segment(0, 100); /* with the ACK of the handshake */
	assert_null(peer_next());
	ack(100);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void initial_window_is_ten_segments(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 100000, false);
	net_poll();
	for (unsigned i = 0; i < 10; i++)
		assert_segment(i * MSS, MSS);
	assert_null(peer_next());
	/* slow start: two for each that is acknowledged */
	ack(2 * MSS);
	for (unsigned i = 10; i < 14; i++)
		assert_segment(i * MSS, MSS);
	assert_null(peer_next());
	tcp_abort(conn);
}

static void last_segment_is_pushed(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 3 * MSS + 5, false);
	net_poll();
	assert_int_equal(peer_next()->flags, TCP_ACK);
	assert_int_equal(peer_next()->flags, TCP_ACK);
	assert_int_equal(peer_next()->flags, TCP_ACK);
	assert_int_equal(peer_next()->flags, TCP_ACK | TCP_PSH);
	tcp_abort(conn);
}

static void peers_small_mss(void **state)
{
	static const struct peer_offer small = {100, 7, true, true};
	static const struct peer_offer tiny = {1, 7, true, true};
	struct tcp_conn *conn = peer_connect(&small, NULL);

	tcp_send(conn, data, 1000, false);
	net_poll();
	assert_segment(0, 88);
	assert_segment(88, 88);
	tcp_abort(conn);
	peer_forget();
	conn = peer_connect(&tiny, NULL);
	tcp_send(conn, data, 1000, false);
	net_poll();
	assert_segment(0, TCP_MIN_MSS - 12);
	tcp_abort(conn);
}

static void packets_too_big_for_the_path(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t cwnd;

	tcp_send(conn, data, 8 * MSS, false);
	net_poll();
	peer_forget();
	cwnd = conn->cwnd;
	for (unsigned i = 0; i < 8; i++) /* one message for each packet */
		tcp_unreachable(PEER_IP, PEER_PORT, our_port, 4);
	net_poll();
	assert_segment(0, 1440);
	ack(1440);
	assert_segment(1440, 1440);
	assert_true(conn->cwnd >= cwnd);
	peer_forget();
	pass_ms(110);
	tcp_unreachable(PEER_IP, PEER_PORT, our_port, 4);
	net_poll();
	assert_segment(1440, 1348);
	for (unsigned i = 0; i < 20; i++) {
		pass_ms(1000);
		tcp_unreachable(PEER_IP, PEER_PORT, our_port, 4);
	}
	assert_int_equal(conn->mss, 576 - 52); /* and no further */
	ack(8 * MSS);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void segmentation_offload(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	tcp_send(conn, data, 100000, false);
	net_poll();
	seg = &peer_sent[peer_sent_first];
	assert_int_equal(seg->gso_size, MSS);
	assert_segment(0, 10 * MSS);
	assert_null(peer_next());
	peer_ack_sack(our_isn + 1 + 10 * MSS, 0, NULL);
	seg = &peer_sent[peer_sent_first];
	assert_int_equal(seg->gso_size, MSS);
	assert_segment(10 * MSS, 20 * MSS);
	ack(30 * MSS);
	/* the rest: whole segments and the short end in one frame, at most 64 KB */
	assert_segment(30 * MSS, 40 * MSS < 100000 - 30 * MSS ? 40 * MSS : 100000 - 30 * MSS);
	ack(100000);
	tcp_send(conn, data, 100, false);
	net_poll();
	seg = peer_next();
	assert_int_equal(seg->gso_size, 0);
	tcp_abort(conn);
}

static void large_frames_stay_below_64k(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	conn->cwnd = 1 << 20;
	conn->snd_wnd = 1 << 20;
	tcp_send(conn, data, 300000, false);
	tcp_close(conn); /* and a FIN on its own or with the last */
	net_poll();
	for (uint32_t at = 0; at < 300000; at += seg->len) {
		seg = peer_next();
		assert_non_null(seg);
		assert_int_equal(offset_of(seg), at);
		assert_true(seg->len + 20 + 32 <= 65535);
		assert_true(seg->len % MSS == 0 || at + seg->len == 300000);
		assert_memory_equal(seg->data, data + at, seg->len);
		if (seg->gso_size)
			assert_false(seg->flags & TCP_FIN);
	}
	if (!(seg->flags & TCP_FIN)) {
		seg = peer_next();
		assert_non_null(seg);
		assert_true(seg->flags & TCP_FIN);
		assert_int_equal(offset_of(seg), 300000);
	}
	assert_null(peer_next());
}

/* ---- The queue ---- */

static void references_are_needed_until_acknowledged(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *mine = malloc(5000);
	unsigned blocks;

	memcpy(mine, data, 5000);
	blocks = host_heap_blocks();
	tcp_send(conn, mine, 5000, false);
	net_poll();
	peer_forget();
	ack(2000); /* in the middle of the piece */
	assert_int_equal(tcp_unsent(conn), 3000);
	pass_ms(1300); /* sent again from the user's memory */
	assert_int_equal(offset_of(&peer_sent[peer_sent_first]), 2000);
	peer_forget();
	ack(5000);
	assert_int_equal(tcp_unsent(conn), 0);
	free(mine);
	pass_ms(5000);
	assert_null(peer_next());
	assert_int_equal(host_heap_blocks(), blocks);
	tcp_abort(conn);
}

static void copies_are_independent(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *mine = malloc(3000);

	memcpy(mine, data, 3000);
	tcp_send(conn, mine, 3000, true);
	memset(mine, 0, 3000);
	free(mine);
	net_poll();
	assert_segment(0, MSS);
	assert_segment(MSS, MSS);
	tcp_abort(conn);
}

static void close_takes_over_references(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *mine = malloc(3000);

	memcpy(mine, data, 3000);
	tcp_send(conn, mine, 3000, false);
	tcp_close(conn);
	free(mine);
	net_poll();
	assert_segment(0, MSS);
	assert_segment(MSS, MSS);
	assert_segment(2 * MSS, 3000 - 2 * MSS);
	ack(3001);
}

static void close_without_memory_resets(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 3000, false);
	host_heap_fail(1, false);
	tcp_close(conn);
	assert_int_equal(peer_next()->flags, TCP_RST | TCP_ACK);
	assert_true(list_empty(&tcp_conns));
}

static void send_without_memory(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	host_heap_fail(1, false);
	assert_int_equal(tcp_send(conn, data, 100, true), E_NO_MEMORY);
	host_heap_fail(1, false);
	assert_int_equal(tcp_send(conn, data, 100, false), E_NO_MEMORY);
	assert_int_equal(tcp_unsent(conn), 0);
	assert_int_equal(tcp_send(conn, data, TCP_UNSENT_MAX + 1u, false), E_NO_MEMORY);
	assert_int_equal(tcp_send(conn, data, 0, false), 0);
	tcp_abort(conn);
}

static void card_without_buffers(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct tx_frame *frames[200];
	unsigned n = 0;

	while (n < 200 && (frames[n] = nic_tx_get(peer_nic, 1400)))
		n++;
	tcp_send(conn, data, 4 * MSS, false);
	net_poll();
	assert_null(peer_next());
	nic_tx_put(peer_nic, frames[--n]);
	net_poll(); /* one buffer, which comes back each time */
	for (unsigned i = 0; i < 4; i++)
		assert_segment(i * MSS, MSS);
	while (n)
		nic_tx_put(peer_nic, frames[--n]);
	tcp_abort(conn);
}

/* ---- Loss ---- */

static void timeout_sends_again_and_backs_off(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	unsigned at[6], n = 0;

	tcp_send(conn, data, 100, true);
	for (unsigned ms = 0; ms < 8000 && n < 6; ms += 10) {
		struct peer_segment *seg;

		pass_ms(10);
		while ((seg = peer_next())) {
			assert_int_equal(offset_of(seg), 0);
			at[n++] = ms;
		}
	}
	assert_true(n >= 5);
	assert_in_range(at[1] - at[0], 190, 230);
	assert_in_range(at[2] - at[1], 380, 440);
	assert_in_range(at[3] - at[2], 780, 840);
	assert_in_range(at[4] - at[3], 1580, 1640);
	assert_int_equal(tcp_stats.retransmits, n - 1);
	assert_int_equal(conn->cwnd, MSS);
	ack(100);
	assert_int_equal(conn->backoff, 0);
	tcp_abort(conn);
}

static void timeout_repeats_all_in_slow_start(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 10 * MSS, false);
	net_poll();
	peer_forget();
	pass_ms(250);
	assert_segment(0, MSS);
	assert_null(peer_next());
	ack(MSS);
	assert_segment(MSS, MSS);
	assert_segment(2 * MSS, MSS);
	assert_null(peer_next());
	ack(10 * MSS); /* the rest had arrived */
	assert_null(peer_next());
	assert_int_equal(conn->congestion, TCP_OPEN);
	tcp_abort(conn);
}

static void fast_retransmit_by_sack(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t before;

	tcp_send(conn, data, 100 * MSS, false);
	net_poll();
	peer_forget();
	before = conn->cwnd;
	/* the first is lost; the others arrive one by one */
	ack_sack(0, MSS, 2 * MSS);
	assert_segment(10 * MSS, MSS); /* limited transmit */
	ack_sack(0, MSS, 3 * MSS);
	assert_segment(11 * MSS, MSS);
	assert_int_equal(conn->congestion, TCP_OPEN);
	ack_sack(0, MSS, 4 * MSS);
	assert_segment(0, MSS);
	assert_int_equal(conn->congestion, TCP_FAST_RECOVERY);
	assert_true(conn->cwnd < before);
	assert_int_equal(conn->ssthresh, 6 * MSS);
	assert_null(peer_next());
	ack_sack(0, MSS, 8 * MSS);
	assert_true(sent_bytes() > 0); /* the pipe has room again: new data */
	ack(12 * MSS);
	assert_int_equal(conn->congestion, TCP_OPEN);
	assert_int_equal(tcp_stats.retransmits, 1);
	tcp_abort(conn);
}

static void several_holes_are_filled_in_one_round(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t blocks[3][2] = {
		{our_isn + 1 + 9 * MSS, our_isn + 1 + 10 * MSS},
		{our_isn + 1 + 5 * MSS, our_isn + 1 + 8 * MSS},
		{our_isn + 1 + 2 * MSS, our_isn + 1 + 4 * MSS},
	};

	tcp_send(conn, data, 10 * MSS, false);
	net_poll();
	peer_forget();
	peer_ack_sack(our_isn + 1 + MSS, 3, blocks);
	/* lost: 1, 4, and 8 */
	assert_segment(1 * MSS, MSS);
	assert_segment(4 * MSS, MSS);
	assert_segment(8 * MSS, MSS);
	assert_null(peer_next());
	ack(10 * MSS);
	assert_int_equal(conn->congestion, TCP_OPEN);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void fast_retransmit_without_sack(void **state)
{
	static const struct peer_offer plain = {1460, 7, false, true};
	struct tcp_conn *conn = peer_connect(&plain, NULL);

	tcp_send(conn, data, 10 * MSS, false);
	net_poll();
	peer_forget();
	ack(2 * MSS);
	ack(2 * MSS);
	ack(2 * MSS);
	assert_null(peer_next());
	ack(2 * MSS);
	assert_segment(2 * MSS, MSS);
	assert_null(peer_next());
	/* a partial acknowledgement: the next hole, at once (RFC 6582) */
	ack(5 * MSS);
	assert_segment(5 * MSS, MSS);
	ack(10 * MSS);
	assert_null(peer_next());
	assert_int_equal(conn->congestion, TCP_OPEN);
	tcp_abort(conn);
}

static void window_updates_are_no_duplicates(void **state)
{
	static const struct peer_offer plain = {1460, 7, false, true};
	struct tcp_conn *conn = peer_connect(&plain, NULL);

	tcp_send(conn, data, 10 * MSS, false);
	net_poll();
	peer_forget();
	for (unsigned i = 0; i < 6; i++) {
		peer_window--;
		ack(0);
	}
	for (unsigned i = 0; i < 6; i++) /* with data they say nothing about ours */
		peer_stream(i * 10, 10);
	assert_int_equal(conn->congestion, TCP_OPEN);
	assert_int_equal(tcp_stats.retransmits, 0);
	tcp_abort(conn);
}

static void lying_sack_blocks_do_no_harm(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t base = our_isn + 1;
	uint32_t blocks[3][2] = {
		{base + 20 * MSS, base + 30 * MSS}, /* never sent */
		{base + 3 * MSS, base + 2 * MSS},   /* backwards */
		{base - 5000, base + MSS},	    /* begins in the past */
	};

	tcp_send(conn, data, 10 * MSS, false);
	net_poll();
	peer_forget();
	peer_ack_sack(base, 3, blocks);
	assert_int_equal(conn->sacked.count, 0);
	assert_int_equal(conn->congestion, TCP_OPEN);
	/* reports all, then acknowledges nothing: reneging */
	ack_sack(0, MSS, 10 * MSS);
	peer_forget();
	pass_ms(3000);
	assert_true(sent_bytes() >= MSS);
	ack(MSS);
	ack(3 * MSS);
	assert_true(sent_bytes() > 0);
	ack(10 * MSS);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void send_side_sequence_wrap(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t isn = our_isn, at = 0;

	/* The clock part of the ISN (RFC 6528) brings the same four-tuple close to the wrap. */
	tcp_abort(conn);
	peer_forget();
	for (unsigned i = 0; i < 2; i++) {
		random_deterministic(7);
		conn = peer_connect(&offer_all, NULL);
		isn = our_isn;
		tcp_abort(conn);
		host_clock_advance_us((uint64_t)(uint32_t)(0xffffa000 - isn) * 4);
	}
	random_deterministic(7);
	conn = peer_connect(&offer_all, NULL);
	assert_true(our_isn > 0xffff0000);
	conn->cwnd = 40 * MSS;
	conn->snd_wnd = 40 * MSS;
	peer_window = 40 * MSS >> 7;
	tcp_send(conn, data, 200 * MSS, false);
	net_poll();
	assert_true(seq_lt(our_isn, conn->snd_nxt) && conn->snd_nxt < our_isn);
	peer_forget();
	ack_sack(2 * MSS, 15 * MSS, 30 * MSS);
	assert_segment(2 * MSS, MSS);
	peer_forget();
	while (at < 200 * MSS) {
		at += 10 * MSS;
		ack(at);
	}
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

/* ---- Round-trip time ---- */

static void rto_follows_the_round_trip(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	for (unsigned i = 0; i < 30; i++) {
		struct peer_segment *seg;

		peer_forget();
		tcp_send(conn, data + i * 100, 100, true);
		net_poll();
		seg = peer_next();
		peer_tsecr = seg->tsval;
		pass_ms(500);
		ack((i + 1) * 100);
	}
	assert_in_range(conn->srtt / 8, 480, 520);
	assert_in_range(tcp_rto(conn), 500, 700);
	/* without timestamps, too; but not of what was sent twice (Karn) */
	tcp_abort(conn);
	peer_forget();
	conn = peer_connect(&offer_sack, NULL);
	for (unsigned i = 0; i < 30; i++) {
		tcp_send(conn, data + i * 100, 100, true);
		pass_ms(150);
		ack((i + 1) * 100);
	}
	assert_in_range(conn->srtt / 8, 130, 170);
	tcp_send(conn, data + 3000, 100, true);
	pass_ms(1000);
	assert_true(tcp_stats.retransmits > 0);
	ack(3100);
	assert_in_range(conn->srtt / 8, 130, 170);
	tcp_abort(conn);
}

/* ---- Flow control ---- */

static void peers_window_is_respected(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_window = 5000 >> 7; /* 4992 */
	ack(0);
	tcp_send(conn, data, 100000, false);
	net_poll();
	/* three segments; the remainder of the window is not worth a small one */
	assert_int_equal(sent_bytes(), 3 * MSS);
	ack(MSS);
	assert_int_equal(sent_bytes(), MSS);
	ack(4 * MSS);
	assert_int_equal(sent_bytes(), 3 * MSS);
	/* it shrinks below what is in flight: nothing goes */
	peer_window = 1;
	ack(5 * MSS);
	assert_int_equal(sent_bytes(), 0);
	peer_window = 65535;
	ack(5 * MSS);
	assert_true(sent_bytes() > 5 * MSS);
	tcp_abort(conn);
}

static void zero_window_is_probed(void **state)
{
	struct tcp_options options = {.timeout_ms = 5000};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	unsigned probes = 0;

	peer_window = 0;
	ack(0);
	tcp_send(conn, data, 10000, false);
	net_poll();
	assert_null(peer_next());
	for (unsigned ms = 0; ms < 20000; ms += 10) {
		struct peer_segment *seg;

		pass_ms(10);
		while ((seg = peer_next())) {
			assert_int_equal(seg->len, 1);
			assert_int_equal(offset_of(seg), 0);
			probes++;
			ack(0); /* no room still; but alive */
		}
	}
	assert_in_range(probes, 10, 16); /* at growing distances, up to a third of the timeout */
	assert_int_equal(closed_calls, 0);
	peer_window = 65535;
	ack(0);
	assert_segment(0, 1); /* the probe's byte is taken as lost */
	assert_segment(1, MSS);
	assert_int_equal(sent_bytes(), 9999 - MSS);
	ack(10000);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void accepted_probe(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_window = 0;
	ack(0);
	tcp_send(conn, data, 3000, false);
	pass_ms(400);
	assert_segment(0, 1);
	peer_window = 65535;
	ack(1);
	assert_segment(1, MSS);
	assert_segment(1 + MSS, MSS);
	assert_segment(1 + 2 * MSS, 2999 - 2 * MSS);
	assert_int_equal(tcp_stats.retransmits, 0);
	tcp_abort(conn);
}

static void window_closes_with_data_in_flight(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 8 * MSS, false);
	net_poll();
	peer_forget();
	peer_window = 0;
	ack(2 * MSS);
	pass_ms(3000);
	assert_true(sent_bytes() <= 5);	     /* single bytes */
	assert_true(conn->cwnd >= 10 * MSS); /* not congestion */
	peer_window = 65535;
	ack(2 * MSS);
	assert_segment(2 * MSS, MSS);
	ack(8 * MSS);
	assert_int_equal(tcp_unsent(conn), 0);
	tcp_abort(conn);
}

static void small_window_is_used_after_a_while(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_window = 3; /* 384 bytes, and it was 8 MB */
	ack(0);
	tcp_send(conn, data, 3000, false);
	net_poll();
	assert_null(peer_next()); /* no silly window */
	pass_ms(400);
	assert_segment(0, 384);
	tcp_abort(conn);
}

static void dead_peer_with_closed_window(void **state)
{
	struct tcp_options options = {.timeout_ms = 5000};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);

	peer_window = 0;
	ack(0);
	tcp_send(conn, data, 3000, false);
	pass_ms(6000);
	assert_int_equal(closed_rc, E_TCP_LOST);
	tcp_close(conn);
}

static void fin_waits_for_the_window(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *seg;

	peer_window = MSS >> 7; /* 1408 */
	ack(0);
	tcp_send(conn, data, 2000, false);
	tcp_close(conn);
	pass_ms(300);
	assert_segment(0, 1408);
	peer_forget();
	peer_window = 65535;
	ack(1408);
	seg = peer_next();
	assert_int_equal(seg->len, 592);
	assert_true(seg->flags & TCP_FIN);
	ack(2001);
}

static void pause_restarts_slow_start(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_send(conn, data, 60 * MSS, false);
	net_poll();
	for (uint32_t at = 10; at <= 60; at += 10)
		ack(at * MSS);
	assert_true(conn->cwnd >= 40 * MSS);
	peer_forget();
	pass_ms(2000);
	tcp_send(conn, data + 60 * MSS, 60 * MSS, false);
	net_poll();
	assert_int_equal(sent_bytes(), 10 * MSS);
	tcp_abort(conn);
}

static void lost_syn_starts_with_one_segment(void **state)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, NULL);

	net_poll();
	pass_ms(1100);
	peer_next();
	peer_accept(&offer_all);
	peer_forget();
	tcp_send(conn, data, 10000, false);
	net_poll();
	assert_segment(0, MSS);
	assert_null(peer_next());
	tcp_abort(conn);
}

int main(void)
{
#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_TSO(name) cmocka_unit_test_setup_teardown(name, setup_tso, teardown)
	const struct CMUnitTest tests[] = {
		TEST(small_sends_share_a_segment),
		TEST(no_nagle),
		TEST(queued_before_connected),
		TEST(initial_window_is_ten_segments),
		TEST(last_segment_is_pushed),
		TEST(peers_small_mss),
		TEST(packets_too_big_for_the_path),
		TEST_TSO(segmentation_offload),
		TEST_TSO(large_frames_stay_below_64k),
		TEST(references_are_needed_until_acknowledged),
		TEST(copies_are_independent),
		TEST(close_takes_over_references),
		TEST(close_without_memory_resets),
		TEST(send_without_memory),
		TEST(card_without_buffers),
		TEST(timeout_sends_again_and_backs_off),
		TEST(timeout_repeats_all_in_slow_start),
		TEST(fast_retransmit_by_sack),
		TEST(several_holes_are_filled_in_one_round),
		TEST(fast_retransmit_without_sack),
		TEST(window_updates_are_no_duplicates),
		TEST(lying_sack_blocks_do_no_harm),
		TEST(send_side_sequence_wrap),
		TEST(rto_follows_the_round_trip),
		TEST(peers_window_is_respected),
		TEST(zero_window_is_probed),
		TEST(accepted_probe),
		TEST(window_closes_with_data_in_flight),
		TEST(small_window_is_used_after_a_while),
		TEST(dead_peer_with_closed_window),
		TEST(fin_waits_for_the_window),
		TEST(pause_restarts_slow_start),
		TEST(lost_syn_starts_with_one_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
