/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP over a bad wire: bulk data both ways between the stack and a model peer,
 * while the wire loses, delays, reorders and duplicates segments by a seeded
 * generator, and the user names direct windows at random. What arrives is
 * compared byte by byte; an end that does not come is a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "test/unit/tcp_peer.h"

#define WIRE 8192
#ifndef ROUNDS
#define ROUNDS 12 /* seeds of each scenario; a long run is made with -DROUNDS=1000 */
#endif

struct wire_item {
	uint64_t due; /* ms; 0: free */
	struct peer_segment seg;
};

struct wire {
	struct wire_item item[WIRE];
	unsigned used;
};

static struct wire to_peer, to_us;
static uint32_t seed;
static uint64_t now_ms;

static struct scenario {
	const char *name;
	unsigned loss, duplicate, reorder; /* per mille */
	unsigned delay, jitter;		   /* ms */
	uint32_t bytes;
	uint32_t features;
	struct peer_offer offer;
	uint32_t window; /* most that the model offers */
	bool moody;	 /* its window opens and closes */
} scenario;

static uint32_t chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

static void wire_put(struct wire *wire, const struct peer_segment *seg)
{
	unsigned copies = chance(1000) < scenario.duplicate ? 2 : 1;

	if (chance(1000) < scenario.loss)
		return;
	for (unsigned i = 0; i < WIRE && copies; i++) {
		struct wire_item *item = &wire->item[i];

		if (item->due)
			continue;
		item->due = now_ms + scenario.delay + 1;
		if (chance(1000) < scenario.reorder)
			item->due += chance(scenario.jitter + 1);
		item->seg = *seg;
		item->seg.data = malloc(seg->len + 1);
		memcpy(item->seg.data, seg->data, seg->len);
		if (i >= wire->used)
			wire->used = i + 1;
		copies--;
	}
}

/* Items of one due time leave in the order of the array, which is not that of sending: one more
 * source of disorder. */
static bool wire_take(struct wire *wire, struct peer_segment *seg)
{
	for (unsigned i = 0; i < wire->used; i++) {
		if (wire->item[i].due && wire->item[i].due <= now_ms) {
			wire->item[i].due = 0;
			*seg = wire->item[i].seg;
			return true;
		}
	}
	return false;
}

/* ---- The model peer ---- */

static struct {
	uint32_t snd_una, snd_nxt, window_edge;
	unsigned dupacks;
	uint64_t rto_at;
	uint32_t rcv_nxt; /* offset in our stream */
	uint32_t edge;
	uint8_t *have, *data;
	bool fin_seen, fin_acked;
	uint32_t ts_recent;
	bool ack;
	unsigned timeouts;
} model;

static void model_segment(uint8_t flags, uint32_t offset, uint32_t len)
{
	struct peer_segment seg;
	uint32_t i, n;

	peer_ack = our_isn + 1 + model.rcv_nxt + model.fin_seen;
	peer_tsval = 5000 + (uint32_t)now_ms;
	peer_tsecr = model.ts_recent;
	n = model.edge - model.rcv_nxt;
	if (scenario.offer.shift > 0)
		n >>= scenario.offer.shift;
	peer_window = (uint16_t)min(n, 65535u);
	seg = peer_segment(flags, peer_isn + 1 + offset, stream_at(offset, len), len);
	if (scenario.offer.sack && !len) {
		unsigned max_blocks = scenario.offer.ts ? 3 : 4;

		for (i = model.rcv_nxt;
		     i < min(scenario.bytes, model.edge) && seg.sack_count < max_blocks; i = n) {
			while (i < model.edge && i < scenario.bytes && !model.have[i])
				i++;
			for (n = i; n < scenario.bytes && model.have[n]; n++)
				;
			if (n == i)
				break;
			seg.sack[seg.sack_count][0] = our_isn + 1 + i;
			seg.sack[seg.sack_count++][1] = our_isn + 1 + n;
		}
	}
	wire_put(&to_us, &seg);
	model.ack = false;
}

static void model_receive(const struct peer_segment *seg)
{
	uint32_t offset = seg->seq - our_isn - 1, ack_offset = seg->ack - peer_isn - 1;
	uint32_t edge = ack_offset + ((uint32_t)seg->window
				      << (scenario.offer.shift < 0 ? 0 : TCP_WINDOW_SHIFT));

	assert_true(seg->csum_ok);
	assert_false(seg->flags & TCP_RST);
	assert_true((int32_t)offset < 0 || offset + seg->len <= scenario.bytes + !seg->len);
	if (scenario.offer.ts && (int32_t)(seg->seq - (our_isn + 1 + model.rcv_nxt)) <= 0)
		model.ts_recent = seg->tsval;
	if ((int32_t)(edge - model.window_edge) > 0)
		model.window_edge = edge;
	if ((int32_t)(ack_offset - model.snd_una) > 0) {
		model.snd_una = ack_offset;
		model.dupacks = 0;
		model.rto_at = now_ms + 300;
		if (model.snd_una > scenario.bytes)
			model.fin_acked = true;
	} else if (ack_offset == model.snd_una && !seg->len && model.snd_nxt != model.snd_una) {
		if (++model.dupacks == 3)
			model_segment(
				TCP_ACK, model.snd_una,
				min(1000u, scenario.bytes - min(model.snd_una, scenario.bytes)));
	}
	for (uint32_t i = 0; i < seg->len; i++) {
		if (offset + i < model.rcv_nxt || offset + i >= model.edge)
			continue;
		model.data[offset + i] = seg->data[i];
		model.have[offset + i] = 1;
	}
	while (model.rcv_nxt < scenario.bytes && model.have[model.rcv_nxt])
		model.rcv_nxt++;
	if (seg->flags & TCP_FIN && model.rcv_nxt == scenario.bytes)
		model.fin_seen = true;
	if (seg->len || seg->flags & TCP_FIN || (int32_t)offset < 0)
		model_segment(TCP_ACK, model.snd_nxt, 0);
}

static void model_window(void)
{
	uint32_t old = model.edge, room = scenario.window;

	if (scenario.moody && now_ms / 70 % 2)
		room = chance(2) ? 0 : chance(4000);
	model.edge = max(model.edge, model.rcv_nxt + room);
	/* updates are lost like everything else; then probes must help */
	if (model.edge - old > 20000)
		model_segment(TCP_ACK, model.snd_nxt, 0);
}

static void model_send(void)
{
	uint32_t limit = min(min(model.window_edge, model.snd_una + 60000), scenario.bytes);

	if (model.snd_nxt != model.snd_una && now_ms >= model.rto_at) {
		model.snd_nxt = model.snd_una;
		model.rto_at = now_ms + 300;
		model.timeouts++;
	}
	for (unsigned i = 0; i < 6 && model.snd_nxt < limit; i++) {
		uint32_t n = min(limit - model.snd_nxt, 400 + chance(1000));

		if (model.snd_nxt == model.snd_una)
			model.rto_at = now_ms + 300;
		model_segment(TCP_ACK, model.snd_nxt, n);
		model.snd_nxt += n;
	}
	if (model.snd_nxt == scenario.bytes && model.fin_seen) {
		if (model.snd_una == model.snd_nxt)
			model.rto_at = now_ms + 300;
		model_segment(TCP_ACK | TCP_FIN, model.snd_nxt, 0);
		model.snd_nxt++;
	}
}

/* ---- Our side ---- */

/* What the card would have cut is cut here, so that the wire loses single segments. */
static void segment_sent(const struct peer_segment *seg)
{
	struct peer_segment part = *seg;
	uint32_t at = 0;

	if (!seg->gso_size) {
		wire_put(&to_peer, seg);
		return;
	}
	for (; at < seg->len; at += part.len) {
		part.seq = seg->seq + at;
		part.data = seg->data + at;
		part.len = min((uint32_t)seg->gso_size, seg->len - at);
		wire_put(&to_peer, &part);
	}
}

static uint64_t direct_end; /* in bytes of the stream */

static void user_wants_direct(struct tcp_conn *conn, const uint8_t *bytes, size_t len)
{
	/* what was named must have come to its place */
	if (got_len <= direct_end)
		assert_ptr_equal(bytes, got + got_len - len);
	if (chance(4) == 0 || got_len >= direct_end) {
		uint32_t n = chance(3) ? chance(40000) : 0;

		n = min(n, scenario.bytes - (uint32_t)got_len);
		direct_end = got_len + n;
		tcp_direct(conn, got + got_len, n);
	}
}

static void feed(struct tcp_conn *conn, uint8_t *stream, uint32_t *queued)
{
	uint32_t n = min(chance(20000) + 1, scenario.bytes - *queued);
	bool copy = chance(2);

	if (!n || tcp_unsent(conn) > 100000)
		return;
	assert_int_equal(tcp_send(conn, stream + *queued, n, copy), 0);
	*queued += n;
}

static void run(const struct scenario *what, uint32_t start_seed)
{
	struct tcp_options options = {.window = 65536, .timeout_ms = 60000};
	struct tcp_conn *conn;
	struct peer_segment seg;
	uint8_t *stream;
	uint32_t queued = 0;
	bool closed = false;

	peer_start(what->features);
	scenario = *what;
	seed = start_seed;
	peer_isn = chance(3) ? chance(0xffffffff) : 0xffff0000 + chance(0xffff);
	conn = peer_connect(&what->offer, &options);
	if (getenv("DEBUG"))
		printf("%s seed %u\n", what->name, start_seed);
	stream = malloc(what->bytes + 1);
	memset(&model, 0, sizeof(model));
	model.have = calloc(1, what->bytes + 1);
	model.data = malloc(what->bytes + 1);
	model.edge = 65535;
	model.ts_recent = peer_tsecr;
	model.window_edge = 65535;
	for (uint32_t i = 0; i < what->bytes; i++)
		stream[i] = stream_byte(i * 7 + 3);
	peer_on_segment = segment_sent;
	peer_keep = false;
	on_receive = user_wants_direct;
	direct_end = 0;
	for (now_ms = 0; now_ms < 600000 && !model.fin_acked; now_ms++) {
		while (wire_take(&to_peer, &seg)) {
			model_receive(&seg);
			free(seg.data);
		}
		model_window();
		model_send();
		for (unsigned i = 0; i < 60 && wire_take(&to_us, &seg); i++) {
			peer_send_raw(&seg, chance(4) ? 0 : 34 + 60 + chance(200));
			free(seg.data);
		}
		if (!closed)
			feed(conn, stream, &queued);
		if (!closed && queued == what->bytes && got_len == what->bytes) {
			tcp_close(conn);
			closed = true;
		}
		host_clock_advance_ms(1);
		net_poll();
		assert_int_equal(closed_calls, 0);
	}
	assert_true(model.fin_acked);
	assert_true(got_stream(what->bytes));
	assert_int_equal(model.rcv_nxt, what->bytes);
	assert_memory_equal(model.data, stream, what->bytes);
	if (getenv("DEBUG"))
		printf("  %u ms, %llu retransmits, model timeouts %u, %llu out of order, %llu "
		       "dup\n",
		       (unsigned)now_ms, (unsigned long long)tcp_stats.retransmits, model.timeouts,
		       (unsigned long long)tcp_stats.rx_out_of_order,
		       (unsigned long long)tcp_stats.rx_duplicate);
	/* nothing may be left in the air that the next run would find */
	now_ms += 1000000;
	while (wire_take(&to_peer, &seg) || wire_take(&to_us, &seg))
		free(seg.data);
	free(stream);
	free(model.have);
	free(model.data);
	peer_on_segment = NULL;
	peer_stop();
	assert_true(list_empty(&tcp_conns));
}

static void clean_wire(void **state)
{
	run(
		&(struct scenario){
			"clean", 0, 0, 0, 5, 0, 2000000, 0, {1460, 7, true, true}, 300000, false},
		1);
}

static void clean_wire_with_offload(void **state)
{
	run(&(struct scenario){"tso",
			       0,
			       0,
			       0,
			       5,
			       0,
			       2000000,
			       NIC_TX_CSUM | NIC_TSO4,
			       {1460, 7, true, true},
			       300000,
			       false},
	    1);
}

static void lossy(void **state)
{
	for (uint32_t s = 1; s <= ROUNDS; s++)
		run(&(struct scenario){"lossy",
				       30,
				       5,
				       20,
				       3,
				       10,
				       300000,
				       s % 2 ? NIC_TX_CSUM | NIC_TSO4 : 0,
				       {1460, 7, true, true},
				       200000,
				       false},
		    s);
}

static void very_bad(void **state)
{
	for (uint32_t s = 1; s <= ROUNDS; s++)
		run(&(struct scenario){"very bad",
				       150,
				       50,
				       300,
				       2,
				       30,
				       60000,
				       0,
				       {1460, 7, true, s % 2},
				       100000,
				       false},
		    s);
}

static void without_sack(void **state)
{
	for (uint32_t s = 1; s <= ROUNDS; s++)
		run(&(struct scenario){"no sack",
				       30,
				       10,
				       20,
				       3,
				       10,
				       150000,
				       0,
				       {536, s % 3 ? -1 : 5, false, s % 2},
				       65000,
				       false},
		    s);
}

static void moody_windows(void **state)
{
	for (uint32_t s = 1; s <= ROUNDS; s++)
		run(&(struct scenario){"moody",
				       20,
				       10,
				       50,
				       3,
				       10,
				       150000,
				       s % 2 ? NIC_TX_CSUM | NIC_TSO4 : 0,
				       {1460, 3, true, true},
				       40000,
				       true},
		    s);
}

static void only_reordering(void **state)
{
	for (uint32_t s = 1; s <= ROUNDS / 2; s++)
		run(&(struct scenario){"reorder",
				       0,
				       20,
				       500,
				       5,
				       10,
				       300000,
				       0,
				       {1460, 7, true, true},
				       200000,
				       false},
		    s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_wire),	   cmocka_unit_test(clean_wire_with_offload),
		cmocka_unit_test(lossy),	   cmocka_unit_test(very_bad),
		cmocka_unit_test(without_sack),	   cmocka_unit_test(moody_windows),
		cmocka_unit_test(only_reordering),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
