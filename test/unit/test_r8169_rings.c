/* SPDX-License-Identifier: BSD-2-Clause */
/* r8169's rings on the model: wrap-around, bursts, errors, lies, hangs, registers counted. */
#include "test/unit/r8169_card.h"

static struct r8169 *rings(void)
{
	return nic->priv;
}

/** All descriptors are the chip's: none was lost. */
static void check_ring(void)
{
	for (unsigned i = 0; i < rings()->rx_count; i++)
		assert_int_equal(rings()->rx[i].options & 0xbfffffff, 0x80000800);
}

static void test_ring_wrap(void **state)
{
	card_start("8168h");
	for (unsigned i = 0; i < 3000; i++) {
		card_hear((uint8_t)i, 60 + i % 1000);
		nic_poll_all();
		assert_int_equal(received_frames, i + 1);
		assert_int_equal(received_len, 60 + i % 1000);
		assert_int_equal(received[59], (uint8_t)i);
		card_send(60, (uint8_t)i);
		nic_flush(nic);
		assert_int_equal(card.sent_count, i + 1);
		assert_int_equal(card.sent[i % CARD_SENT][59], (uint8_t)i);
	}
	check_ring();
	card_check();
}

static void test_receive_bursts(void **state)
{
	unsigned heard = 0;

	card_start("8168g");
	for (unsigned round = 0; round < 10; round++) {
		/* More than the ring holds: the rest waits in the chip and comes by itself. */
		for (unsigned i = 0; i < rings()->rx_count + 20; i++, heard++)
			card_hear((uint8_t)heard, 100);
		for (unsigned i = 0; i < 12; i++) {
			card_tick();
			nic_poll_all();
		}
		assert_int_equal(received_frames, heard);
		assert_int_equal(received[99], (uint8_t)(heard - 1));
	}
	check_ring();
	card_check();
}

static void test_transmit_bursts(void **state)
{
	struct rtl_opts options = card_options("8168d");
	unsigned expected = 0;

	options.slow_tx = 1;
	card_open(&options);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 64; i++, expected++)
			card_send(60 + i, (uint8_t)expected);
		assert_null(nic_tx_get(nic, 60));
		nic_flush(nic);
		card_tick();
		nic_poll_all();
		nic_flush(nic);
		card_tick();
		assert_int_equal(card.sent_count, expected);
		for (unsigned i = 0; i < 64; i++)
			assert_int_equal(card.sent_len[(expected - 64 + i) % CARD_SENT], 60 + i);
	}
	card_check();
}

static void test_padding(void **state)
{
	static const char *const chips[] = {"8168evl", "8125a", "8169s"};

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		card_setup(NULL);
		card_start(chips[i]);
		card_send(1000, 0xff);
		nic_flush(nic);
		for (unsigned n = 0; n < 70; n++) {
			card_send(42, 0xee);
			nic_flush(nic);
			nic_poll_all();
			assert_int_equal(card.sent_len[(1 + n) % CARD_SENT], 60);
			assert_int_equal(card.sent[(1 + n) % CARD_SENT][41], 0xee);
			for (unsigned k = 42; k < 60; k++)
				assert_int_equal(card.sent[(1 + n) % CARD_SENT][k], 0);
		}
		card_check();
		card_unplug();
	}
}

/** An IPv4 packet of @protocol with a right checksum, or with a wrong one. */
static void hear_ip(uint8_t protocol, bool right)
{
	uint8_t frame[74] = {0};
	unsigned at = 34 + (protocol == 6 ? 16 : 6);
	uint32_t sum = protocol + 40u;

	memcpy(frame, nic->mac, 6);
	put_be16(frame + 12, 0x0800);
	frame[14] = 0x45;
	put_be16(frame + 16, 60);
	frame[22] = 64;
	frame[23] = protocol;
	put_be32(frame + 26, 0xc0000201);
	put_be32(frame + 30, 0xc0000202);
	put_be16(frame + 38, 40); /* UDP: length */
	frame[46] = 0x50;
	for (unsigned i = 14, ip = 0; i <= 34; i += 2) {
		if (i == 34) {
			ip = (ip & 0xffff) + (ip >> 16);
			put_be16(frame + 24, (uint16_t)~ip);
		} else {
			ip += get_be16(frame + i);
		}
	}
	for (unsigned i = 26; i < 74; i += 2)
		sum += get_be16(frame + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_be16(frame + at, (uint16_t)~sum);
	frame[73] ^= !right;
	rtl_frame_in(card.chip, frame, sizeof(frame));
	received_flags = 0xff;
	nic_poll_all();
}

static void test_checksums(void **state)
{
	static const char *const chips[] = {"8169s", "8168c", "8168h", "8125b"};

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		card_setup(NULL);
		card_start(chips[i]);
		assert_int_equal(nic->features, NIC_RX_CSUM);
		hear_ip(6, true);
		assert_int_equal(received_flags, NIC_RX_CSUM_OK);
		hear_ip(17, true);
		assert_int_equal(received_flags, NIC_RX_CSUM_OK);
		hear_ip(6, false);
		assert_int_equal(received_flags, 0);
		hear_ip(17, false);
		assert_int_equal(received_flags, 0);
		hear_ip(1, true); /* nobody verified the inside of an ICMP packet */
		assert_int_equal(received_flags, 0);
		card_hear(0, 100);
		nic_poll_all();
		assert_int_equal(received_flags, 0);
		card_check();
		card_unplug();
	}
}

static void test_tagged_frames_stay_tagged(void **state)
{
	static const char *const chips[] = {"8169s", "8168c", "8168h", "8125b"};
	uint8_t frame[100] = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		struct rtl_opts options = card_options(chips[i]);

		card_setup(NULL);
		options.left = RTL_LEFT_VLAN;
		card_open(&options);
		memcpy(frame, nic->mac, 6);
		put_be32(frame + 12, 0x81000007);
		rtl_frame_in(card.chip, frame, sizeof(frame));
		nic_poll_all();
		assert_int_equal(received_len, sizeof(frame));
		assert_memory_equal(received, frame, sizeof(frame));
		card_check();
		card_unplug();
	}
}

static void test_receive_errors(void **state)
{
	static const enum rtl_fault faults[] = {RTL_FAULT_RX_CRC,    RTL_FAULT_RX_RUNT,
						RTL_FAULT_RX_RWT,    RTL_FAULT_RX_SPAN,
						RTL_FAULT_RX_LENGTH, RTL_FAULT_RX_NO_LENGTH};

	card_start("8168e");
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		rtl_fault(card.chip, faults[i], 1);
		card_hear(1, 200);
		nic_poll_all();
		assert_int_equal(received_frames, i);
		assert_int_equal(nic->counters.rx_errors, i + 1);
		card_exchange();
	}
	/* A piece without an end counts when the next frame shows that it was lost. */
	rtl_fault(card.chip, RTL_FAULT_RX_NO_LAST, 1);
	card_hear(1, 200);
	nic_poll_all();
	assert_int_equal(received_frames, ARRAY_SIZE(faults));
	card_exchange();
	/* Longer than a buffer: several descriptors, all given back. */
	card_hear(1, 3000);
	nic_poll_all();
	assert_int_equal(nic->counters.rx_errors, ARRAY_SIZE(faults) + 1);
	card_exchange();
	check_ring();
	card_check();
}

static void test_register_accesses(void **state)
{
	static const char *const chips[] = {"8169s", "8168h", "8125b"};

	for (unsigned k = 0; k < ARRAY_SIZE(chips); k++) {
		uint32_t reads, writes;

		card_setup(NULL);
		card_start(chips[k]);
		reads = card.reads;
		writes = card.writes;
		for (unsigned i = 0; i < 640; i++) {
			card_hear(0, 60);
			nic_poll_all();
		}
		assert_int_equal(received_frames, 640);
		assert_int_equal(card.reads, reads);
		assert_int_equal(card.writes, writes);
		for (unsigned i = 0; i < 32; i++)
			card_send(60, 0);
		nic_flush(nic);
		nic_flush(nic);
		assert_int_equal(card.writes, writes + 1);
		assert_int_equal(card.sent_count, 32);
		nic_poll_all();
		assert_int_equal(card.reads, reads);
		assert_int_equal(card.writes, writes + 1);
		/* Causes and link; the causes are acknowledged. */
		host_clock_advance_ms(100);
		nic_poll_all();
		nic_poll_all();
		assert_int_equal(card.reads, reads + 2);
		assert_int_equal(card.writes, writes + 2);
		card_unplug();
	}
}

static void test_lost_doorbells(void **state)
{
	struct rtl_opts options = card_options("8168f");

	options.slow_tx = 1;
	card_open(&options);
	card_send(60, 1);
	nic_flush(nic);
	/* The chip is busy with the first frame when the doorbell for the next two rings. */
	card.slow = true;
	rtl_fault(card.chip, RTL_FAULT_DOORBELL_LOST, 1);
	card_send(60, 2);
	card_send(60, 3);
	nic_flush(nic);
	card.slow = false;
	card_tick();
	assert_int_equal(card.sent_count, 1);
	nic_poll_all(); /* one is done, two are not */
	card_tick();
	assert_int_equal(card.sent_count, 3);
	assert_int_equal(rings()->doorbells_again, 1);
	/* A doorbell that starts nothing is repeated with the next look at the link. */
	rtl_fault(card.chip, RTL_FAULT_TX_STUCK, 2);
	card_send(60, 4);
	nic_flush(nic);
	card_run(100);
	assert_int_equal(card.sent_count, 3);
	card_run(400);
	assert_int_equal(card.sent_count, 4);
	assert_int_equal(nic->restarts, 0);
	card_check();
}

static void test_transmitter_hangs(void **state)
{
	card_start("8168h");
	rtl_fault(card.chip, RTL_FAULT_TX_STUCK, RTL_FOREVER);
	card_send(60, 1);
	nic_flush(nic);
	card_run(2500);
	assert_int_equal(nic->restarts, 0);
	rtl_fault(card.chip, RTL_FAULT_TX_STUCK, 0);
	/* A cable without a link is no reason. */
	card_run(1000);
	assert_int_equal(nic->restarts, 0);
	rtl_fault(card.chip, RTL_FAULT_TX_STUCK, RTL_FOREVER);
	card_send(60, 1);
	nic_flush(nic);
	card_run(4000);
	assert_int_equal(nic->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: the transmitter hangs; bringing the card up"));
	rtl_fault(card.chip, RTL_FAULT_TX_STUCK, 0);
	card_run(300);
	card_exchange();
	card_check();
}

static void test_bus_error(void **state)
{
	card_start("8168h");
	rtl_fault(card.chip, RTL_FAULT_SYSTEM_ERROR, 1);
	card_hear(1, 100);
	card_run(300);
	assert_int_equal(nic->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: the card reports a bus error"));
	card_exchange();
}

static void test_overflow(void **state)
{
	/* The 8168B stops for good. */
	card_start("8168b");
	for (unsigned i = 0; i < 600; i++)
		card_hear(1, 100);
	card_run(300);
	assert_int_equal(nic->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: the card's receive FIFO overflowed"));
	card_exchange();
	card_check();
	card_unplug();
	/* Others go on … */
	card_setup(NULL);
	card_start("8168h");
	for (unsigned i = 0; i < 600; i++)
		card_hear(1, 100);
	card_run(300);
	card_exchange();
	card_run(2000);
	assert_int_equal(rings()->overflows, 1);
	assert_int_equal(nic->restarts, 0);
	/* … and when one does not, it is brought up again. */
	rtl_fault(card.chip, RTL_FAULT_RX_HANG, 1);
	card_hear(1, 100);
	card_run(800);
	assert_int_equal(nic->restarts, 0);
	card_run(1000);
	assert_int_equal(nic->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: nothing received since"));
	card_exchange();
	card_check();
}

static void test_lost_frames(void **state)
{
	card_start("8168g");
	rtl_fault(card.chip, RTL_FAULT_NO_DESCRIPTOR, 3);
	for (unsigned i = 0; i < 3; i++)
		card_hear(1, 100);
	rtl_fault(card.chip, RTL_FAULT_MISSED, 2);
	for (unsigned i = 0; i < 2; i++)
		card_hear(1, 100);
	card_run(300);
	assert_int_equal(received_frames, 0);
	card_exchange();
	nic_print_details(nic);
	assert_non_null(strstr(host_output(), "missed 5"));
	assert_non_null(strstr(host_output(), "FIFO overflows 1"));
	card_check();
}

static void test_card_vanishes(void **state)
{
	size_t before;

	card_start("8168h");
	nic_close(nic);
	before = host_heap_used();
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	rtl_fault(card.chip, RTL_FAULT_VANISHED, RTL_FOREVER);
	card_send(60, 1);
	nic_flush(nic);
	card_run(300);
	assert_false(nic->link_up);
	assert_non_null(nic->restart);
	assert_non_null(strstr(host_output(), "net0: the card does not answer any more"));
	card_run(3000); /* it does not come back */
	assert_non_null(nic->restart);
	rtl_fault(card.chip, RTL_FAULT_VANISHED, 0);
	card_run(3000);
	assert_null(nic->restart);
	card_exchange();
	/* Closed while it is away. */
	rtl_fault(card.chip, RTL_FAULT_VANISHED, RTL_FOREVER);
	nic_close(nic);
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	rtl_fault(card.chip, RTL_FAULT_VANISHED, 0);
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	card_exchange();
	nic_close(nic);
	assert_int_equal(host_heap_used(), before);
}

static void test_close_inside_receive(void **state)
{
	card_start("8168h");
	card_hear(1, 60);
	card_hear(2, 60);
	close_on_receive = true;
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	assert_false(nic->open);
	close_on_receive = false;
	rtl_expect_quiet(card.chip, true);
	card_run(100);
	rtl_expect_quiet(card.chip, false);
	assert_int_equal(nic_open(nic), 0);
	card_run(100);
	card_exchange();
	card_check();
}

static void test_close_with_frames_on_the_ring(void **state)
{
	struct rtl_opts options = card_options("8125a");
	size_t before;

	options.slow_tx = 1;
	card_open(&options);
	nic_close(nic);
	before = host_heap_used();
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(nic_open(nic), 0);
		card.slow = true;
		card_send(100, 1);
		card_hear(1, 100);
		nic_close(nic);
		card.slow = false;
		assert_int_equal(host_heap_used(), before);
		rtl_expect_quiet(card.chip, true);
		card_run(20);
		rtl_expect_quiet(card.chip, false);
	}
	card_check();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ring_wrap, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_receive_bursts, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_transmit_bursts, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_padding, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_checksums, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_tagged_frames_stay_tagged, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_receive_errors, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_register_accesses, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_lost_doorbells, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_transmitter_hangs, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_bus_error, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_overflow, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_lost_frames, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_card_vanishes, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_close_inside_receive, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_close_with_frames_on_the_ring, card_setup,
						card_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
