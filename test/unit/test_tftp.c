/* SPDX-License-Identifier: BSD-2-Clause */
/* netstack/tftp.c against a scripted server: options, windows, loss, wrap-around, hostile packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "netstack/tftp.h"
#include "test/host/host.h"

#define TID 40000

static struct uri *uri;
static struct fetch fetch;
static struct tftp t;

/* What the client sent last, and how much in all. */
static uint8_t sent[1500];
static size_t sent_len;
static uint16_t sent_port;
static unsigned sent_count;

static void on_send(struct tftp *tftp, uint16_t port, const void *packet, size_t len)
{
	memcpy(sent, packet, len);
	sent_len = len;
	sent_port = port;
	sent_count++;
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	uri = uri_parse("tftp://192.0.2.1/boot/kernel");
	fetch = (struct fetch){.uri = uri, .quiet = true};
	t = (struct tftp){
		.fetch = &fetch,
		.send = on_send,
		.server = 0xc0000201,
		.server_port = TFTP_PORT,
		.want_blksize = 1468,
		.want_window = 64,
	};
	strcpy(t.name, "boot/kernel");
	sent_count = 0;
	return 0;
}

static int teardown(void **state)
{
	fetch_release(&fetch);
	uri_free(uri);
	return 0;
}

static void receive(uint16_t port, const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	tftp_receive(&t, port, copy, len);
	free(copy);
}

static void receive_block(unsigned number, size_t len)
{
	uint8_t packet[2000];

	put_be16(packet, 3);
	put_be16(packet + 2, (uint16_t)number);
	memset(packet + 4, (int)number, len);
	receive(TID, packet, 4 + len);
}

#define RECEIVE(bytes) receive(TID, bytes, sizeof(bytes) - 1)

static void assert_acked(unsigned number)
{
	assert_int_equal(sent_len, 4);
	assert_int_equal(get_be16(sent), 4);
	assert_int_equal(get_be16(sent + 2), number);
	assert_int_equal(sent_port, TID);
}

static void test_request(void **state)
{
	static const char request[] = "\0\1boot/kernel\0octet\0tsize\0"
				      "0\0blksize\0"
				      "1468\0windowsize\0"
				      "64";

	tftp_start(&t);
	assert_int_equal(sent_len, sizeof(request));
	assert_memory_equal(sent, request, sizeof(request));
	assert_int_equal(sent_port, TFTP_PORT);
}

static void test_no_options(void **state)
{
	tftp_start(&t);
	receive_block(1, 512);
	assert_acked(1);
	receive_block(2, 100);
	assert_acked(2);
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == 612);
	assert_int_equal(fetch.data[511], 1);
	assert_int_equal(fetch.data[512], 2);
}

static void test_window(void **state)
{
	tftp_start(&t);
	RECEIVE("\0\6windowsize\0"
		"4\0blksize\0"
		"1000\0tsize\0"
		"6500\0");
	assert_acked(0);
	assert_true(fetch.total == 6500 && fetch.capacity >= 6500);
	for (unsigned i = 1; i <= 3; i++)
		receive_block(i, 1000);
	assert_int_equal(sent_count, 2);
	receive_block(4, 1000);
	assert_acked(4);
	receive_block(5, 1000);
	receive_block(6, 1000);
	receive_block(7, 500);
	assert_acked(7);
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == 6500);
}

/* A missing block is told once, and the repeated window fits. */
static void test_window_loss(void **state)
{
	tftp_start(&t);
	RECEIVE("\0\6windowsize\0"
		"4\0blksize\0"
		"1000\0");
	receive_block(1, 1000);
	receive_block(3, 1000);
	assert_acked(1);
	receive_block(4, 1000);
	assert_int_equal(sent_count, 3);
	receive_block(2, 1000);
	receive_block(3, 1000);
	receive_block(4, 1000);
	receive_block(5, 10);
	assert_acked(5);
	assert_true(fetch.len == 4010);
	assert_int_equal(fetch.data[2500], 3);
}

static void test_exact_multiple(void **state)
{
	tftp_start(&t);
	receive_block(1, 512);
	receive_block(2, 0);
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == 512);
}

/* Servers that refuse options, by code 8 or otherwise, are asked without. */
static void test_options_refused(void **state)
{
	static const char plain[] = "\0\1boot/kernel\0octet";

	tftp_start(&t);
	RECEIVE("\0\5\0\10no options please\0");
	assert_int_equal(sent_len, sizeof(plain));
	assert_memory_equal(sent, plain, sizeof(plain));
	receive_block(1, 3);
	assert_int_equal(t.state, TFTP_DONE);
}

static void test_bad_oack(void **state)
{
	static const char *const bad[] = {"\0\6blksize\0"
					  "9999\0\0\0\0\0",
					  "\0\6blksize\0"
					  "7\0\0\0\0\0\0\0\0",
					  "\0\6windowsize\0"
					  "65\0\0\0\0",
					  "\0\6windowsize\0"
					  "0\0\0\0\0\0",
					  "\0\6blksize\0"
					  "x\0\0\0\0\0\0\0\0",
					  "\0\6tsize\0"
					  "-1\0\0\0\0\0\0\0\0"};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		t.plain = false;
		tftp_start(&t);
		receive(TID, bad[i], 16);
		assert_true(t.plain);
		assert_int_equal(t.state, TFTP_ASKED);
		assert_int_equal(sent_port, TFTP_PORT);
	}
}

static void test_not_found(void **state)
{
	tftp_start(&t);
	RECEIVE("\0\5\0\1File\x1b[31m not found\n\0");
	assert_int_equal(t.state, TFTP_FAILED);
	assert_int_equal(t.rc, E_TFTP_NOT_FOUND);
	assert_true(fetch.final);
	assert_non_null(strstr(error_text(), "File.[31m not found."));
	assert_null(strchr(error_text(), 0x1b));
}

static void test_error_text_unterminated(void **state)
{
	uint8_t packet[600];

	memset(packet, 'x', sizeof(packet));
	memcpy(packet, "\0\5\0\2", 4);
	tftp_start(&t);
	receive(TID, packet, sizeof(packet));
	assert_int_equal(t.rc, E_TFTP_ACCESS);
	assert_true(strlen(error_text()) < 300);
	t.plain = true;
	tftp_start(&t);
	receive(TID, "\0\5\0", 3);
	assert_int_equal(t.rc, E_TFTP_SERVER);
}

/* Another port is another transfer: it gets an error, ours goes on. */
static void test_wrong_tid(void **state)
{
	tftp_start(&t);
	receive_block(1, 512);
	receive(TID + 1, "\0\3\0\2zzz", 7);
	assert_int_equal(sent_port, TID + 1);
	assert_int_equal(get_be16(sent), 5);
	assert_int_equal(get_be16(sent + 2), 5);
	receive(TID + 1, "\0\5\0\1x", 6);
	assert_int_equal(t.state, TFTP_DATA);
	receive_block(2, 5);
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == 517);
}

static void blocks(unsigned count, unsigned wrap_to)
{
	unsigned wire = 0;

	tftp_start(&t);
	RECEIVE("\0\6blksize\0"
		"8\0");
	for (unsigned i = 1; i <= count; i++) {
		wire = wire == 65535 ? wrap_to : wire + 1;
		receive_block(wire, i < count ? 8 : 1);
		assert_acked(wire);
	}
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == (count - 1) * 8ull + 1);
}

static void test_wrap_to_zero(void **state)
{
	blocks(140000, 0);
}

static void test_wrap_to_one(void **state)
{
	blocks(140000, 1);
}

static void test_retransmit(void **state)
{
	tftp_start(&t);
	host_clock_advance_ms(900);
	tftp_tick(&t);
	assert_int_equal(sent_count, 1);
	host_clock_advance_ms(200);
	tftp_tick(&t);
	assert_int_equal(sent_count, 2);
	receive_block(1, 512);
	assert_int_equal(sent_count, 3);
	host_clock_advance_ms(4100);
	tftp_tick(&t);
	assert_int_equal(sent_count, 4);
	assert_acked(1);
}

/* The timer follows the round trip, within its bounds. */
static void test_rtt(void **state)
{
	tftp_start(&t);
	for (unsigned i = 1; i < 30; i++) {
		host_clock_advance_ms(20);
		receive_block(i, 512);
	}
	assert_true(t.rto >= 200 && t.rto < 300);
	host_clock_advance_ms(t.rto + 1);
	tftp_tick(&t);
	assert_acked(29);
	assert_true(t.rto >= 400);
}

static void test_no_answer(void **state)
{
	tftp_start(&t);
	for (unsigned i = 0; i < 100 && t.state == TFTP_ASKED; i++) {
		host_clock_advance_ms(1000);
		tftp_tick(&t);
	}
	assert_int_equal(t.rc, E_TFTP_NO_ANSWER);
	assert_int_equal(sent_count, 6);
	assert_false(fetch.final);
}

/* Duplicates are answered, but not in a storm. */
/* Read piece by piece: the server waits, and may have gone when it is wanted again. */
static void test_held_and_gone(void **state)
{
	t.want_window = 1;
	tftp_start(&t);
	receive_block(1, 512);
	assert_acked(1);
	tftp_refused(&t, 3);
	assert_int_equal(t.state, TFTP_DATA);
	t.hold = true;
	sent_count = 0;
	receive_block(2, 512);
	assert_int_equal(sent_count, 0);
	tftp_go_on(&t);
	assert_acked(2);
	assert_int_equal(t.taken, 1024);
	assert_int_equal(fetch.len, 0);
	tftp_refused(&t, 3);
	assert_int_equal(t.state, TFTP_FAILED);
	assert_int_equal(t.rc, E_TFTP_SERVER);
}

static void test_duplicates(void **state)
{
	tftp_start(&t);
	receive_block(1, 512);
	host_clock_advance_ms(3000);
	sent_count = 0;
	for (unsigned i = 0; i < 50; i++)
		receive_block(1, 512);
	assert_int_equal(sent_count, 1);
	assert_acked(1);
	assert_true(fetch.len == 512);
	receive_block(0, 512);
	receive_block(65535, 512);
	assert_true(fetch.len == 512);
}

static void test_too_large_block(void **state)
{
	tftp_start(&t);
	receive_block(1, 513);
	assert_int_equal(t.state, TFTP_FAILED);
	assert_int_equal(t.rc, E_TFTP_PROTOCOL);
}

static void test_shorter_than_announced(void **state)
{
	tftp_start(&t);
	RECEIVE("\0\6tsize\0"
		"5000\0");
	receive_block(1, 100);
	assert_int_equal(t.rc, E_TFTP_SHORT);
}

static void test_longer_than_announced(void **state)
{
	tftp_start(&t);
	RECEIVE("\0\6tsize\0"
		"100\0blksize\0"
		"1024\0");
	for (unsigned i = 1; i < 20; i++)
		receive_block(i, 1024);
	receive_block(20, 0);
	assert_int_equal(t.state, TFTP_DONE);
	assert_true(fetch.len == 19 * 1024);
}

static void test_no_memory(void **state)
{
	host_image_limit(1 << 20);
	tftp_start(&t);
	RECEIVE("\0\6tsize\0"
		"2000000\0");
	assert_int_equal(t.rc, E_FETCH_NO_ROOM);
	assert_non_null(strstr(error_text(), "needs 2.0 MB"));
	assert_non_null(strstr(error_text(), "has 1.1 MB"));
	assert_true(fetch.final);
	assert_int_equal(get_be16(sent), 5);
	host_image_limit(0);
}

static void test_short_packets(void **state)
{
	tftp_start(&t);
	receive(TID, "", 0);
	receive(TID, "\0", 1);
	receive(TID, "\0\3", 2);
	assert_int_equal(t.state, TFTP_FAILED);
	tftp_start(&t);
	receive(0, "\0\3\0\1x", 5);
	receive(TID, "\0\7\0\1x", 5);
	receive(TID, "\0\6blksize", 9);
	assert_int_equal(t.blksize, 512);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_request),
		TEST(test_no_options),
		TEST(test_window),
		TEST(test_window_loss),
		TEST(test_exact_multiple),
		TEST(test_options_refused),
		TEST(test_bad_oack),
		TEST(test_not_found),
		TEST(test_error_text_unterminated),
		TEST(test_wrong_tid),
		TEST(test_wrap_to_zero),
		TEST(test_wrap_to_one),
		TEST(test_retransmit),
		TEST(test_rtt),
		TEST(test_no_answer),
		TEST(test_held_and_gone),
		TEST(test_duplicates),
		TEST(test_too_large_block),
		TEST(test_shorter_than_announced),
		TEST(test_longer_than_announced),
		TEST(test_no_memory),
		TEST(test_short_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
