/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP receiving: order, placement, the direct window, SACK blocks, the advertised window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "test/unit/tcp_peer.h"

static uint8_t place[1 << 20];

static int setup(void **state)
{
	peer_start(0);
	memset(place, 0xee, sizeof(place));
	return 0;
}

static int teardown(void **state)
{
	peer_stop();
	return 0;
}

/* The last ACK sent; earlier ones are forgotten. */
static struct peer_segment *last_ack(void)
{
	struct peer_segment *seg = NULL, *next;

	while ((next = peer_next()))
		seg = next;
	assert_non_null(seg);
	return seg;
}

static void assert_sack(const struct peer_segment *seg, unsigned n, const uint32_t (*blocks)[2])
{
	assert_int_equal(seg->sack_count, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(seg->sack[i][0] - peer_isn - 1, blocks[i][0]);
		assert_int_equal(seg->sack[i][1] - peer_isn - 1, blocks[i][1]);
	}
}
#define SACK(...)                                                                                  \
	(const uint32_t[][2])                                                                      \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static uint32_t right_edge(const struct peer_segment *ack)
{
	return ack->ack + ((uint32_t)ack->window << TCP_WINDOW_SHIFT);
}

/* ---- Order ---- */

static void in_order(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_stream(0, 1000);
	peer_stream(1000, 1);
	peer_stream(1001, 1448);
	assert_true(got_stream(2449));
	tcp_abort(conn);
}

static void one_ack_a_turn(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment seg;

	for (uint32_t i = 0; i < 40; i++) {
		seg = peer_segment(TCP_ACK, peer_seq + i * 1448, stream_at(i * 1448, 1448), 1448);
		peer_send_raw(&seg, 0);
	}
	net_poll();
	assert_true(got_stream(40 * 1448));
	assert_int_equal(peer_sent_count, 1);
	assert_int_equal(peer_next()->ack, peer_seq + 40 * 1448);
	tcp_abort(conn);
}

static void single_small_segment_is_acknowledged_soon(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_stream(0, 100);
	pass_ms(2);
	assert_int_equal(peer_sent_count, 1);
	assert_int_equal(peer_next()->ack, peer_seq + 100);
	tcp_abort(conn);
}

/* The end of a reply: our next words carry the ACK, if they come soon. */
static void reply_is_acknowledged_by_the_next_request(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_stream(0, 2 * 1448);
	peer_send(TCP_ACK | TCP_PSH, peer_seq + 2 * 1448, stream_at(2 * 1448, 100), 100);
	assert_int_equal(peer_sent_count, 1); /* peer_stream() ended a turn without PSH */
	peer_next();
	peer_send(TCP_ACK | TCP_PSH, peer_seq + 2 * 1448 + 100, stream_at(2 * 1448 + 100, 100),
		  100);
	assert_int_equal(peer_sent_count, 0);
	assert_int_equal(tcp_send(conn, "next", 4, true), 0);
	net_poll();
	assert_int_equal(peer_sent_count, 1);
	assert_int_equal(peer_next()->ack, peer_seq + 2 * 1448 + 200);
	peer_send(TCP_ACK | TCP_PSH, peer_seq + 2 * 1448 + 200, stream_at(2 * 1448 + 200, 100),
		  100);
	assert_int_equal(peer_sent_count, 0);
	pass_ms(2);
	assert_int_equal(peer_sent_count, 1);
	tcp_abort(conn);
}

/* A peer that pushes everything, and much of it, is not kept waiting. */
static void long_reply_is_acknowledged_at_once(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_send(TCP_ACK | TCP_PSH, peer_seq, stream_at(0, 20000), 20000);
	assert_int_equal(peer_sent_count, 1);
	assert_int_equal(peer_next()->ack, peer_seq + 20000);
	tcp_abort(conn);
}

static void frames_in_many_parts(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment seg = peer_segment(TCP_ACK, peer_seq, stream_at(0, 20000), 20000);

	peer_send_raw(&seg, 34 + 32); /* headers alone in the first part */
	net_poll();
	assert_true(got_stream(20000));
	tcp_direct(conn, place, 15000);
	seg = peer_segment(TCP_ACK, peer_seq + 20000, stream_at(20000, 20000), 20000);
	peer_send_raw(&seg, 34 + 32 + 77);
	net_poll();
	assert_true(got_stream(40000));
	assert_memory_equal(place, got + 20000, 15000);
	assert_int_equal(place[15000], 0xee);
	/* out of order, too */
	seg = peer_segment(TCP_ACK, peer_seq + 40100, stream_at(40100, 20000), 20000);
	peer_send_raw(&seg, 34 + 32 + 1);
	net_poll();
	peer_stream(40000, 100);
	assert_true(got_stream(60100));
	tcp_abort(conn);
}

static void out_of_order_with_sack(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment *ack;

	peer_stream(1000, 1000);
	ack = last_ack();
	assert_int_equal(ack->ack, peer_seq);
	assert_sack(ack, 1, SACK({1000, 2000}));
	peer_stream(3000, 1000);
	assert_sack(last_ack(), 2, SACK({3000, 4000}, {1000, 2000}));
	peer_stream(5000, 1000);
	assert_sack(last_ack(), 3, SACK({5000, 6000}, {3000, 4000}, {1000, 2000}));
	peer_stream(7000, 1000); /* with timestamps there is room for three */
	assert_sack(last_ack(), 3, SACK({7000, 8000}, {5000, 6000}, {3000, 4000}));
	peer_stream(2000, 1000); /* joins two */
	assert_sack(last_ack(), 3, SACK({1000, 4000}, {7000, 8000}, {5000, 6000}));
	assert_int_equal(got_len, 0);
	peer_stream(0, 1000);
	assert_true(got_stream(4000));
	ack = last_ack();
	assert_int_equal(ack->ack, peer_seq + 4000);
	assert_sack(ack, 2, SACK({7000, 8000}, {5000, 6000}));
	peer_stream(4000, 1000);
	peer_stream(6000, 1000);
	assert_true(got_stream(8000));
	assert_int_equal(last_ack()->sack_count, 0);
	tcp_abort(conn);
}

static void four_blocks_without_timestamps(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_sack, NULL);

	for (uint32_t i = 1; i < 10; i += 2)
		peer_stream(i * 1000, 1000);
	assert_sack(last_ack(), 4, SACK({9000, 10000}, {7000, 8000}, {5000, 6000}, {3000, 4000}));
	tcp_abort(conn);
}

static void no_sack_for_who_did_not_ask(void **state)
{
	static const struct peer_offer no_sack = {1460, 7, false, true};
	struct tcp_conn *conn = peer_connect(&no_sack, NULL);
	struct peer_segment seg;

	for (uint32_t i = 1; i <= 10; i++) {
		seg = peer_segment(TCP_ACK, peer_seq + i * 100, stream_at(i * 100, 100), 100);
		peer_send_raw(&seg, 0);
	}
	net_poll();
	/* it counts duplicate ACKs: one for each */
	assert_int_equal(peer_sent_count, 10);
	assert_int_equal(peer_next()->sack_count, 0);
	peer_stream(0, 100);
	assert_true(got_stream(1100));
	tcp_abort(conn);
}

static void duplicate_acks_are_few_with_sack(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct peer_segment seg;

	for (uint32_t i = 1; i <= 30; i++) {
		seg = peer_segment(TCP_ACK, peer_seq + i * 100, stream_at(i * 100, 100), 100);
		peer_send_raw(&seg, 0);
	}
	net_poll();
	assert_int_equal(peer_sent_count, 2); /* the hole, and the end of the turn */
	assert_sack(last_ack(), 1, SACK({100, 3100}));
	tcp_abort(conn);
}

static void duplicates_and_overlaps(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_stream(0, 1000);
	peer_forget();
	peer_stream(0, 1000);
	assert_int_equal(last_ack()->ack, peer_seq + 1000); /* at once: the ACK was lost */
	peer_stream(500, 1000);				    /* half is new */
	assert_true(got_stream(1500));
	peer_stream(2000, 1000);
	peer_stream(2500, 1000);
	peer_stream(1900, 2000); /* covers what is held */
	peer_stream(2200, 100);
	assert_sack(last_ack(), 1, SACK({1900, 3900}));
	peer_stream(1500, 1000); /* overlaps the beginning */
	assert_true(got_stream(3900));
	assert_true(tcp_stats.rx_duplicate >= 1);
	tcp_abort(conn);
}

static void sequence_numbers_wrap(void **state)
{
	struct tcp_conn *conn;

	peer_isn = 0xfffff000;
	conn = peer_connect(&offer_all, NULL);
	peer_stream(2000, 4000); /* across the wrap */
	assert_sack(last_ack(), 1, SACK({2000, 6000}));
	peer_stream(8000, 1000);
	peer_stream(0, 2000);
	assert_true(got_stream(6000));
	assert_int_equal(last_ack()->ack, 0xfffff001 + 6000u);
	peer_stream(6000, 2000);
	assert_true(got_stream(9000));
	tcp_abort(conn);
}

static void ring_wraps(void **state)
{
	struct tcp_options options = {.window = 16384};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);

	for (uint32_t base = 0; base < 200000; base += 10000) {
		peer_stream(base + 1000, 9000);
		peer_stream(base, 1000);
	}
	assert_true(got_stream(200000));
	tcp_abort(conn);
}

static void many_holes(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint64_t dropped;

	for (uint32_t i = 1; i < 2 * TCP_RANGES + 20; i += 2)
		peer_stream(i * 100, 100);
	dropped = tcp_stats.rx_dropped_window;
	assert_int_equal(dropped, 10);
	assert_int_equal(conn->held.count, TCP_RANGES);
	for (uint32_t i = 0; i < 2 * TCP_RANGES + 20; i += 2)
		peer_stream(i * 100, 100);
	assert_true(got_stream(2 * TCP_RANGES * 100 + 100));
	tcp_abort(conn);
}

static void no_memory_for_the_ring(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	host_heap_fail(1, false);
	peer_stream(1000, 1000);
	assert_int_equal(last_ack()->sack_count, 0);
	peer_stream(0, 1000);
	assert_true(got_stream(1000));
	peer_stream(2000, 1000);
	assert_int_equal(last_ack()->sack_count, 1);
	peer_stream(1000, 1000);
	assert_true(got_stream(3000));
	tcp_abort(conn);
}

static void every_range_of_a_turn_is_reported(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint32_t reported[40] = {0};
	struct peer_segment seg, *ack;

	/* twelve ranges of two segments each in one turn; an ACK has room for three */
	for (uint32_t i = 1; i <= 36; i++) {
		if (i % 3 == 1)
			continue;
		seg = peer_segment(TCP_ACK, peer_seq + i * 100, stream_at(i * 100, 100), 100);
		peer_send_raw(&seg, 0);
	}
	net_poll();
	while ((ack = peer_next())) {
		for (unsigned i = 0; i < ack->sack_count; i++) {
			uint32_t start = (ack->sack[i][0] - peer_seq) / 100;

			reported[start] = max(reported[start], ack->sack[i][1] - ack->sack[i][0]);
		}
	}
	for (uint32_t i = 2; i <= 36; i += 3)
		assert_int_equal(reported[i], 200);
	tcp_abort(conn);
}

/* ---- The direct window ---- */

static void direct_in_order(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_direct(conn, place, 1500);
	peer_stream(0, 1000);
	assert_memory_equal(place, stream_at(0, 1000), 1000);
	peer_stream(1000, 1000); /* 500 of it belong there */
	assert_true(got_stream(2000));
	assert_memory_equal(place, got, 1500);
	assert_int_equal(place[1500], 0xee);
	tcp_abort(conn);
}

static void direct_out_of_order_lands_at_its_place(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	unsigned blocks = host_heap_blocks();

	tcp_direct(conn, place, 10000);
	peer_stream(3000, 1000);
	peer_stream(6000, 1000);
	assert_int_equal(got_len, 0);
	assert_memory_equal(place + 3000, stream_at(3000, 1000), 1000);
	assert_memory_equal(place + 6000, stream_at(6000, 1000), 1000);
	assert_int_equal(place[2999], 0xee);
	assert_int_equal(place[4000], 0xee);
	assert_int_equal(host_heap_blocks(), blocks); /* no buffer was needed */
	peer_stream(9000, 2000);		      /* reaches beyond */
	assert_memory_equal(place + 9000, stream_at(9000, 1000), 1000);
	assert_int_equal(place[10000], 0xee);
	assert_int_equal(host_heap_blocks(), blocks + 1);
	peer_stream(0, 3000);
	peer_stream(4000, 2000);
	peer_stream(7000, 2000);
	assert_true(got_stream(11000));
	assert_memory_equal(place, got, 10000);
	tcp_abort(conn);
}

static void direct_named_after_data_was_held(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	peer_stream(1000, 3000);
	tcp_direct(conn, place, 2500);
	assert_memory_equal(place + 1000, stream_at(1000, 1500), 1500);
	peer_stream(0, 1000);
	assert_true(got_stream(4000));
	assert_memory_equal(place, got, 2500);
	assert_int_equal(place[2500], 0xee);
	tcp_abort(conn);
}

static void direct_taken_back_saves_what_is_held(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *memory = malloc(100000);

	tcp_direct(conn, memory, 100000);
	peer_stream(1000, 3000);
	peer_stream(50000, 1000);
	tcp_direct(conn, NULL, 0);
	free(memory);
	peer_stream(0, 1000);
	peer_stream(4000, 46000);
	assert_true(got_stream(51000));
	tcp_abort(conn);
}

static void direct_taken_back_beyond_the_ring_forgets(void **state)
{
	struct tcp_options options = {.window = 16384};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	uint8_t *memory = malloc(200000);

	tcp_direct(conn, memory, 200000);
	peer_stream(10000, 20000);
	tcp_direct(conn, NULL, 0);
	free(memory);
	assert_int_equal(conn->held.count, 1);
	peer_stream(20000, 100); /* still promised, but there is no room now */
	peer_stream(0, 10000);
	assert_true(got_stream(16384));
	peer_stream(16384, 20000);
	assert_true(got_stream(36384));
	tcp_abort(conn);
}

static void direct_without_memory_for_saving(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_direct(conn, place, 10000);
	peer_stream(1000, 3000);
	host_heap_fail(1, false);
	tcp_direct(conn, place + 20000, 2000);
	assert_memory_equal(place + 21000, stream_at(1000, 1000), 1000);
	peer_stream(0, 1000);
	assert_true(got_stream(2000));
	peer_stream(2000, 2000);
	assert_true(got_stream(4000));
	tcp_abort(conn);
}

static void direct_moves_to_another_place(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	tcp_direct(conn, place, 5000);
	peer_stream(1000, 8000); /* 4000 there, 4000 in the ring */
	tcp_direct(conn, place + 100000, 7000);
	assert_memory_equal(place + 101000, stream_at(1000, 6000), 6000);
	tcp_direct(conn, place + 200000, 2000);
	peer_stream(0, 1000);
	assert_true(got_stream(9000));
	assert_memory_equal(place + 200000, got, 2000);
	tcp_abort(conn);
}

/* A protocol of 4-byte headers that give the length of a body, whose place is named when the
 * header was read: what iSCSI does. */
static struct {
	uint8_t header[4];
	unsigned header_len;
	uint32_t body_left;
	uint8_t *next;
} records;

static void records_receive(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	while (len) {
		size_t n;

		if (records.body_left) {
			n = min(len, (size_t)records.body_left);
			if (data != records.next)
				memcpy(records.next, data, n);
			records.next += n;
			records.body_left -= (uint32_t)n;
		} else {
			n = min(len, sizeof(records.header) - records.header_len);
			memcpy(records.header + records.header_len, data, n);
			records.header_len += (unsigned)n;
			if (records.header_len == 4) {
				records.header_len = 0;
				records.body_left = get_be32(records.header);
			}
		}
		data += n;
		len -= n;
		/* between here and the end of this delivery the bytes are ours to copy */
		if (!len)
			tcp_direct(conn, records.next, records.body_left);
	}
}

static void direct_named_in_receive(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	static uint8_t wire[300000], expected[300000];
	uint32_t wire_len = 0, body_len = 0;
	struct peer_segment seg;
	static const uint32_t sizes[] = {1, 5000, 3, 20000, 40000, 7, 30000, 9999, 50000};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		put_be32(wire + wire_len, sizes[i]);
		wire_len += 4;
		for (uint32_t k = 0; k < sizes[i]; k++)
			expected[body_len++] = wire[wire_len++] = (uint8_t)rand();
	}
	memset(&records, 0, sizeof(records));
	records.next = place;
	on_receive = records_receive;
	/* pairs of segments swapped, so that much is held */
	for (uint32_t at = 0; at < wire_len; at += 2000) {
		uint32_t second = min(1000u, wire_len - at > 1000 ? wire_len - at - 1000 : 0);

		if (second) {
			seg = peer_segment(TCP_ACK, peer_seq + at + 1000, wire + at + 1000, second);
			peer_send_raw(&seg, 700);
		}
		seg = peer_segment(TCP_ACK, peer_seq + at, wire + at, min(1000u, wire_len - at));
		peer_send_raw(&seg, 300);
		net_poll();
	}
	assert_int_equal(got_len, wire_len);
	assert_memory_equal(place, expected, body_len);
	tcp_abort(conn);
}

/* ---- The window ---- */

static void window_is_direct_plus_ring(void **state)
{
	struct tcp_options options = {.window = 32768};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	struct peer_segment *ack;

	peer_stream(0, 1448);
	peer_stream(1448, 1448);
	ack = last_ack();
	/* our SYN promised 65535 bytes, unscaled; that is not taken back */
	assert_true(right_edge(ack) - peer_seq <= 65535);
	peer_stream(2896, 40000);
	peer_stream(42896, 10000);
	ack = last_ack();
	assert_true(right_edge(ack) - ack->ack <= 32768);
	assert_true(right_edge(ack) - ack->ack > 32768 - 2 * 1460);
	tcp_direct(conn, place, 100000);
	net_poll();
	ack = last_ack(); /* so much more that it is worth telling */
	assert_true(right_edge(ack) - ack->ack <= 132768);
	assert_true(right_edge(ack) - ack->ack > 132768 - 1460);
	tcp_abort(conn);
}

static void window_never_exceeds_room_nor_shrinks(void **state)
{
	struct tcp_options options = {.window = 65536};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	uint32_t at = 0, edge = peer_seq;
	uint64_t direct = 0;

	srand(3);
	for (unsigned i = 0; i < 2000; i++) {
		struct peer_segment *ack;
		uint32_t n = (uint32_t)rand() % 3000 + 1;

		if (!direct && rand() % 10 == 0) {
			direct = (uint32_t)rand() % 500000;
			tcp_direct(conn, place, direct);
		}
		peer_stream(at, n);
		at += n;
		direct -= min(direct, (uint64_t)n);
		if (got_len > GOT_MAX / 2)
			got_len = 0;
		while ((ack = peer_next())) {
			assert_true(right_edge(ack) - ack->ack <=
				    max(direct + 65536, (uint64_t)(edge - ack->ack)));
			assert_false(seq_lt(right_edge(ack), edge - 255)); /* scale */
			edge = seq_max(edge, right_edge(ack));
		}
	}
	tcp_abort(conn);
}

/* A card with a small ring: nobody sends more than it holds, whatever we have room for. */
static void window_minds_a_small_ring(void **state)
{
	struct tcp_options options = {.window = 1 << 20};
	struct tcp_conn *conn;
	struct peer_segment *ack;

	peer_nic->rx_burst = 56;
	conn = peer_connect(&offer_all, &options);
	tcp_direct(conn, place, 500000);
	for (uint32_t at = 0; at < 400000; at += 40000)
		peer_stream(at, 40000);
	ack = last_ack();
	assert_int_equal(ack->ack, peer_seq + 400000);
	assert_true(right_edge(ack) - ack->ack <= 56 * 1460);
	assert_true(right_edge(ack) - ack->ack > 54 * 1460);
	peer_nic->rx_burst = 0;
	peer_stream(400000, 10000);
	assert_true(right_edge(last_ack()) - ack->ack > 500000);
	tcp_abort(conn);
}

static void data_beyond_the_window_is_cut(void **state)
{
	struct tcp_options options = {.window = 16384};
	struct tcp_conn *conn = peer_connect(&offer_all, &options);
	uint32_t adv = 65535; /* as the SYN said */

	/* in order: what was promised, and not more */
	for (uint32_t at = 0; at < 60000; at += 10000) {
		struct peer_segment seg =
			peer_segment(TCP_ACK, peer_seq + at, stream_at(at, 10000), 10000);

		peer_send_raw(&seg, 0);
	}
	assert_int_equal(conn->rcv_adv - peer_seq, adv);
	{
		struct peer_segment seg =
			peer_segment(TCP_ACK, peer_seq + 60000, stream_at(60000, 20000), 20000);

		peer_send_raw(&seg, 0);
	}
	net_poll();
	assert_true(got_stream(adv));
	/* wholly outside */
	peer_forget();
	peer_stream(adv + 100000, 1000);
	assert_int_equal(last_ack()->ack, peer_seq + adv);
	assert_int_equal(conn->held.count, 0);
	tcp_abort(conn);
}

static void window_grows_with_the_rate(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *memory = malloc(64 << 20);
	uint32_t at = 0;

	on_receive = NULL;
	tcp_direct(conn, memory, 64 << 20);
	conn->rtt_min = 20; /* a path of 20 ms */
	assert_int_equal(conn->rcv_auto, TCP_WINDOW_START);
	/* each 20 ms the peer delivers a window, and echoes our timestamps of 20 ms ago */
	for (unsigned trip = 0; trip < 12 && at < 30 << 20; trip++) {
		uint32_t end = conn->rcv_adv - peer_seq, before = conn->rcv_auto;

		while (at < end) {
			uint32_t n = min(end - at, 60000u);
			struct peer_segment seg = peer_segment(TCP_ACK, peer_seq + at, memory, n);

			got_len = 0;
			seg.tsecr = (uint32_t)tcp_now + conn->ts_offset - 20;
			peer_send_raw(&seg, 0);
			at += n;
			net_poll();
		}
		host_clock_advance_ms(20);
		net_poll();
		peer_forget();
		assert_true(conn->rcv_auto <= TCP_WINDOW_MAX);
		assert_true(conn->rcv_auto >= before);
	}
	assert_true(conn->rcv_auto >= 4 << 20);
	tcp_abort(conn);
	free(memory);
}

static void window_does_not_feed_a_queue(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	uint8_t *memory = malloc(64 << 20);
	uint32_t at = 0;

	/* a path of 2 ms and 10 MB/s with a deep queue: the trip takes as long as the window lasts
	 */
	tcp_direct(conn, memory, 64 << 20);
	conn->rtt_min = 2;
	for (unsigned ms = 0; ms < 3000; ms++) {
		struct peer_segment seg = peer_segment(TCP_ACK, peer_seq + at, memory, 10000);

		got_len = 0;
		seg.tsecr = (uint32_t)tcp_now + conn->ts_offset - conn->rcv_auto / 10000;
		peer_send_raw(&seg, 0);
		at += 10000;
		net_poll();
		peer_forget();
		host_clock_advance_ms(1);
	}
	assert_int_equal(conn->rcv_auto, TCP_WINDOW_START);
	tcp_abort(conn);
	free(memory);
}

static void lost_ack_frame_is_sent_in_the_next_turn(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);
	struct tx_frame *frames[200];
	unsigned n = 0;

	while (n < 200 && (frames[n] = nic_tx_get(peer_nic, 100)))
		n++;
	peer_stream(0, 2000);
	peer_stream(2000, 2000);
	assert_null(peer_next());
	while (n)
		nic_tx_put(peer_nic, frames[--n]);
	net_poll();
	assert_int_equal(peer_next()->ack, peer_seq + 4000);
	tcp_abort(conn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(in_order),
		TEST(one_ack_a_turn),
		TEST(single_small_segment_is_acknowledged_soon),
		TEST(reply_is_acknowledged_by_the_next_request),
		TEST(long_reply_is_acknowledged_at_once),
		TEST(frames_in_many_parts),
		TEST(out_of_order_with_sack),
		TEST(four_blocks_without_timestamps),
		TEST(no_sack_for_who_did_not_ask),
		TEST(duplicate_acks_are_few_with_sack),
		TEST(every_range_of_a_turn_is_reported),
		TEST(duplicates_and_overlaps),
		TEST(sequence_numbers_wrap),
		TEST(ring_wraps),
		TEST(many_holes),
		TEST(no_memory_for_the_ring),
		TEST(direct_in_order),
		TEST(direct_out_of_order_lands_at_its_place),
		TEST(direct_named_after_data_was_held),
		TEST(direct_taken_back_saves_what_is_held),
		TEST(direct_taken_back_beyond_the_ring_forgets),
		TEST(direct_without_memory_for_saving),
		TEST(direct_moves_to_another_place),
		TEST(direct_named_in_receive),
		TEST(window_is_direct_plus_ring),
		TEST(window_never_exceeds_room_nor_shrinks),
		TEST(window_minds_a_small_ring),
		TEST(data_beyond_the_window_is_cut),
		TEST(window_grows_with_the_rate),
		TEST(window_does_not_feed_a_queue),
		TEST(lost_ack_frame_is_sent_in_the_next_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
