/* SPDX-License-Identifier: BSD-2-Clause */
/* iSCSI sessions that lose their connection, or whose target falls silent. */
#include "test/unit/iscsi_disk.h"

/* ---- Loss ---- */

static void reconnects_and_reissues(void **state)
{
	static struct block_request r[40];
	uint8_t isid[6];

	open_disk();
	memcpy(isid, target.isid, 6);
	memset(buffer, 0, sizeof(buffer));
	target.drops = 15;
	target.drop_after = 7;
	for (unsigned i = 0; i < ARRAY_SIZE(r); i++) {
		r[i] = (struct block_request){
			.op = BLOCK_READ, .lba = i * 10, .count = 10, .buffer = buffer + i * 5120};
		dev->ops->submit(dev, &r[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(r); i++)
		assert_int_equal(wait_request(&r[i], 60000), 0);
	assert_memory_equal(buffer, target.disk, ARRAY_SIZE(r) * 5120);
	assert_true(target.logins > 5);
	assert_memory_equal(target.isid, isid, 6);
	assert_non_null(
		strstr(host_output(), "SAN: connection to 192.0.2.10:3260 lost, retrying\n"));
	assert_non_null(
		strstr(host_output(), "SAN: connection to 192.0.2.10:3260 re-established\n"));
}

static void writes_survive_loss(void **state)
{
	open_disk();
	target.attention = 1;
	target.initial_r2t = true;
	target.r2t = 20000;
	target.drops = 6;
	target.drop_after = 3;
	write_and_compare(5);
	assert_true(target.logins > 1);
}

static void endless_loss_ends(void **state)
{
	open_disk();
	target.drops = 1000;
	target.drop_after = 1;
	assert_int_equal(run(BLOCK_WRITE, 0, 600, buffer), E_ISCSI_LOST);
	target.drops = 0;
	assert_int_equal(run(BLOCK_WRITE, 0, 600, buffer), 0);
}

static void loss_in_mid_data(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 1000, .buffer = buffer};
	uint8_t bhs[BHS_SIZE], part[5000] = {0};

	open_disk();
	target.silent_data = true;
	dev->ops->submit(dev, &r);
	pass_ms(20);
	/* A data segment that ends in the middle, then the cable is cut. */
	bhs_init(bhs, OP_DATA_IN, 0);
	put_be32(bhs + BHS_ITT, list_first(&session()->sent, struct iscsi_task, link)->itt);
	put_be24(bhs + BHS_DATA_LENGTH, 65536);
	iscsi_target_raw(bhs, sizeof(bhs));
	iscsi_target_raw(part, sizeof(part));
	pass_ms(20);
	target.silent_data = false;
	iscsi_target_break(E_ISCSI_LOST);
	assert_int_equal(wait_request(&r, 10000), 0);
	assert_memory_equal(buffer, target.disk, 512000);
}

static void silent_target_is_found_out(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	open_disk();
	target.silent = true;
	dev->ops->submit(dev, &r);
	wait_count(&target.connections, 2, 30000);
	target.silent = false;
	assert_int_equal(wait_request(&r, 30000), 0);
}

static void stuck_command_is_found_out(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	open_disk();
	target.silent_data = true; /* pings are answered */
	dev->ops->submit(dev, &r);
	wait_count(&target.connections, 2, 60000);
	target.silent_data = false;
	assert_int_equal(wait_request(&r, 30000), 0);
}

/* 8 blocks of which one comes every 6 s: slow is not stuck. */
static void slow_data_is_no_stuck_command(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};
	uint8_t bhs[BHS_SIZE];
	uint32_t itt;

	open_disk();
	target.silent_data = true;
	dev->ops->submit(dev, &r);
	pass_ms(20);
	itt = list_first(&session()->sent, struct iscsi_task, link)->itt;
	for (unsigned i = 0; i < 8; i++) {
		pass_ms(6000);
		bhs_init(bhs, OP_DATA_IN, i == 7 ? FLAG_FINAL | 1 : 0);
		put_be32(bhs + BHS_ITT, itt);
		put_be32(bhs + BHS_OFFSET, i * 512);
		iscsi_target_send(bhs, target.disk + i * 512, 512);
	}
	assert_int_equal(wait_request(&r, 1000), 0);
	assert_int_equal(target.connections, 1);
	assert_memory_equal(buffer, target.disk, 4096);
}

static void a_failed_send_is_named(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	open_disk();
	fail(E_INVALID, "something of yesterday");
	target.send_error = E_NO_MEMORY;
	dev->ops->submit(dev, &r);
	target.send_error = 0;
	assert_string_equal(session()->why, error_entry(E_NO_MEMORY)->meaning);
	assert_int_equal(wait_request(&r, 30000), 0);
}

static void idle_session_is_pinged(void **state)
{
	open_disk();
	pass_ms(100000);
	assert_int_equal(target.connections, 1);
	target.silent = true;
	wait_count(&target.connections, 2, 60000);
}

static void time_nobody_polled_is_not_counted(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	open_disk();
	target.silent = true;
	dev->ops->submit(dev, &r);
	pass_ms(1000);
	host_clock_advance_ms(3600000);
	target.silent = false;
	assert_int_equal(wait_request(&r, 1000), 0);
	assert_int_equal(target.connections, 1);
}

static void gives_up_after_san_timeout(void **state)
{
	uint64_t start;

	setting_store("san-timeout", "20", SOURCE_SCRIPT);
	open_disk();
	target.refuse = true;
	iscsi_target_break(E_ISCSI_LOST);
	start = clock_ms();
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), E_ISCSI_LOST);
	assert_true(clock_ms() - start > 19000 && clock_ms() - start < 22000);
	assert_non_null(strstr(error_text(), "for 20 s"));
	start = clock_ms();
	assert_int_equal(run(BLOCK_WRITE, 0, TARGET_BLOCKS, buffer), E_ISCSI_LOST);
	assert_true(clock_ms() - start > 19000);
	target.refuse = false;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0); /* it is never too late */
}

/* A write fails while the target, which wished for a logout, may still ask for its data: that
 * buffer is not ours any more. */
static void expiry_ends_a_connection_that_wants_data(void **state)
{
	struct block_request r = {.op = BLOCK_WRITE, .count = 1000, .buffer = buffer};
	uint8_t bhs[BHS_SIZE];
	unsigned aborts;

	setting_store("san-timeout", "10", SOURCE_SCRIPT);
	open_disk();
	iscsi_target_break(E_ISCSI_LOST);
	wait_count(&target.logins, 2, 5000);
	target.silent_data = true;
	dev->ops->submit(dev, &r);
	pass_ms(20);
	bhs_init(bhs, OP_ASYNC, FLAG_FINAL);
	bhs[36] = 1;
	put_be16(bhs + 42, 30);
	iscsi_target_send(bhs, NULL, 0);
	pass_ms(20);
	assert_int_equal(session()->state, SESSION_DRAINING);
	aborts = target.aborts;
	assert_int_equal(wait_request(&r, 20000), E_ISCSI_LOST);
	assert_int_equal(target.aborts, aborts + 1);
	target.silent_data = false;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
}

static void waits_for_ever_when_told_so(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	setting_store("san-timeout", "0", SOURCE_SCRIPT);
	open_disk();
	target.refuse = true;
	iscsi_target_break(E_ISCSI_LOST);
	dev->ops->submit(dev, &r);
	host_turn_us = 50000;
	assert_int_equal(wait_request(&r, 3600000), E_TIMEOUT);
	target.refuse = false;
	assert_int_equal(wait_request(&r, 10000), 0);
}

static void refused_while_reconnecting_is_tried_again(void **state)
{
	open_disk();
	target.login_status = 0x0203; /* a target that is being set up */
	iscsi_target_break(E_ISCSI_LOST);
	pass_ms(8000);
	target.login_status = 0;
	target.no_lun = 3;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
}

static void one_line_for_one_outage(void **state)
{
	const char *first;

	open_disk();
	target.refuse = true;
	iscsi_target_break(E_ISCSI_LOST);
	pass_ms(30000);
	first = strstr(host_output(), "lost, retrying");
	assert_non_null(first);
	assert_null(strstr(first + 1, "lost, retrying"));
}

static void cancelled_requests_are_left_alone(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 1000, .buffer = buffer};

	open_disk();
	target.silent_data = true;
	dev->ops->submit(dev, &r);
	pass_ms(20);
	dev->ops->cancel(dev, &r);
	assert_int_equal(target.aborts, 0);
	r = (struct block_request){.op = BLOCK_WRITE, .count = 1000, .buffer = buffer};
	dev->ops->submit(dev, &r);
	pass_ms(20);
	dev->ops->cancel(dev, &r); /* its data may still be asked for: a new connection */
	assert_int_equal(target.aborts, 1);
	target.silent_data = false;
	assert_int_equal(run(BLOCK_READ, 0, 8, buffer), 0);
}

static void closing_fails_what_is_open(void **state)
{
	struct block_request r = {.op = BLOCK_READ, .count = 8, .buffer = buffer};

	open_disk();
	target.refuse = true;
	iscsi_target_break(E_ISCSI_LOST);
	dev->ops->submit(dev, &r);
	dev->ops->close(dev);
	dev = NULL;
	assert_true(r.done);
	assert_int_equal(r.rc, E_CANCELLED);
}

static void memory_runs_out(void **state)
{
	unsigned before = host_heap_blocks();

	for (unsigned n = 1; n < 30; n++) {
		iscsi_target_reset();
		host_heap_fail(n, false);
		dev = scheme()->open(PATH);
		host_heap_fail(0, false);
		if (dev)
			dev->ops->close(dev);
		dev = NULL;
		iscsi_target_reset();
		assert_int_equal(host_heap_blocks(), before);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reconnects_and_reissues),
		TEST(writes_survive_loss),
		TEST(endless_loss_ends),
		TEST(loss_in_mid_data),
		TEST(silent_target_is_found_out),
		TEST(stuck_command_is_found_out),
		TEST(slow_data_is_no_stuck_command),
		TEST(a_failed_send_is_named),
		TEST(idle_session_is_pinged),
		TEST(time_nobody_polled_is_not_counted),
		TEST(gives_up_after_san_timeout),
		TEST(expiry_ends_a_connection_that_wants_data),
		TEST(waits_for_ever_when_told_so),
		TEST(refused_while_reconnecting_is_tried_again),
		TEST(one_line_for_one_outage),
		TEST(cancelled_requests_are_left_alone),
		TEST(closing_fails_what_is_open),
		TEST(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
