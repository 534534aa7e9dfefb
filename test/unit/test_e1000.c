/* SPDX-License-Identifier: BSD-2-Clause */
/* e1000 against a register model: rings, offloads, errors, register accesses counted. */
#include "test/unit/e1000_test.h"
#include "test/unit/nic_test.h"

static void test_open_and_close(void **state)
{
	static const uint16_t devices[] = {0x1004, 0x100e, 0x100f, 0x105e, 0x10d3, 0x10c9,
					   0x1533, 0x15f3, 0x15fb, 0x1049, 0x1502};

	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		setup(NULL);
		start(devices[i]);
		assert_memory_equal(nic->mac, e1000_model_mac, 6);
		assert_true(nic->link_up);
		assert_int_equal(nic->speed, 1000);
		exchange();
		nic_close(nic);
		assert_int_equal(REG(RCTL) & RCTL_EN, 0);
		assert_int_equal(REG(TCTL) & TCTL_EN, 0);
		teardown(NULL);
	}
}

static void chip_is_quiet(void)
{
	assert_int_equal(REG(RCTL) & RCTL_EN, 0);
}

static void test_memory_failures(void **state)
{
	e1000_model_plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	open_without_memory(nic_find("net0"), chip_is_quiet);
}

static void test_ring_wrap(void **state)
{
	uint8_t frame[60];

	for (unsigned i = 0; i < 6000; i++) {
		if (i % 3000 == 0) {
			teardown(NULL);
			setup(NULL);
			start(i ? 0x10c9 : 0x100e); /* both kinds of receive descriptors */
		}
		memset(frame, 0, sizeof(frame));
		put_le32(frame, i);
		assert_true(deliver(frame, sizeof(frame)));
		nic_poll_all();
		assert_memory_equal(received, frame, sizeof(frame));
		send_frame(60, (uint8_t)i);
		nic_flush(nic);
		assert_int_equal(chip.sent[chip.sent_count - 1][0], (uint8_t)i);
		chip.sent_count = 0;
	}
	assert_int_equal(received_frames, 3000);
	assert_int_equal(chip.bad, 0);
}

static void test_bursts(void **state)
{
	uint8_t frame[60] = {0};
	unsigned given = 0;

	start(0x100e);
	for (unsigned round = 0; round < 20; round++) {
		while (deliver(frame, sizeof(frame)))
			given++;
		for (unsigned i = 0; i < 6; i++)
			nic_poll_all();
		assert_int_equal(received_frames, given);
	}
	assert_true(given > 20 * 180);
}

static void test_register_accesses(void **state)
{
	uint8_t frame[60] = {0};
	uint32_t reads, writes;

	start(0x100e);
	reads = chip.reads;
	writes = chip.writes;
	for (unsigned i = 0; i < 640; i++) {
		assert_true(deliver(frame, sizeof(frame)));
		nic_poll_all();
	}
	assert_int_equal(received_frames, 640);
	assert_int_equal(chip.reads, reads);
	assert_true(chip.writes - writes <= 10); /* RDT, once for 64 frames */
	writes = chip.writes;
	for (unsigned i = 0; i < 32; i++)
		send_frame(60, 0);
	nic_flush(nic);
	nic_flush(nic);
	assert_int_equal(chip.writes, writes + 1);
	assert_int_equal(chip.reads, reads);
	assert_int_equal(chip.sent_count, 32);
	assert_int_equal(chip.bad, 0);
	host_clock_advance_ms(100);
	nic_poll_all();
	nic_poll_all();
	assert_int_equal(chip.reads, reads + 1);
}

static void receive_errors(uint16_t device)
{
	uint8_t frame[2048] = {0};

	start(device);
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP, RX_ERR_CRC);
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP, RX_ERR_DATA);
	e1000_model_deliver(frame, 2048, RX_DD, 0); /* a long frame in two pieces */
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP, 0);
	e1000_model_deliver(frame, 65535, RX_DD | RX_EOP, 0);
	nic_poll_all();
	assert_int_equal(received_frames, 0);
	assert_int_equal(nic->counters.rx_errors, 5);
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP | RX_TCPCS, 0);
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	assert_int_equal(received_flags, NIC_RX_CSUM_OK);
	/* A wrong checksum is for the stack to see; ignored bits say nothing. */
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP | RX_TCPCS, RX_ERR_TCP);
	nic_poll_all();
	assert_int_equal(received_flags, 0);
	e1000_model_deliver(frame, 60, RX_DD | RX_EOP | RX_TCPCS | RX_IXSM, 0);
	nic_poll_all();
	/* That bit means something else in an advanced descriptor. */
	assert_int_equal(received_flags, chip.igb ? NIC_RX_CSUM_OK : 0);
	assert_int_equal(received_frames, 3);
}

static void test_receive_errors(void **state)
{
	receive_errors(0x10d3);
	teardown(NULL);
	setup(NULL);
	receive_errors(0x10c9);
}

static uint16_t pseudo_sum(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = ip[9] + len;

	for (unsigned i = 12; i < 20; i += 2)
		sum += get_be16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/** An IPv4/TCP frame of @payload bytes, its checksum field holding the pseudo header's sum. */
static struct tx_frame *tcp_frame(uint32_t payload)
{
	struct tx_frame *frame = nic_tx_get(nic, 54 + payload);
	uint8_t *p;

	assert_non_null(frame);
	p = frame->data;
	memset(p, 0, 54);
	put_be16(p + 12, 0x0800);
	p[14] = 0x45;
	put_be16(p + 16, (uint16_t)(40 + payload));
	p[22] = 64;
	p[23] = 6;
	put_be32(p + 26, 0xc0000201);
	put_be32(p + 30, 0xc0000239);
	put_be32(p + 38, 1000);
	p[46] = 0x50;
	put_be16(p + 50, pseudo_sum(p + 14, 20 + payload));
	for (uint32_t i = 0; i < payload; i++)
		p[54 + i] = (uint8_t)(i * 13 + i / 255);
	frame->len = 54 + payload;
	frame->csum_start = 34;
	frame->csum_offset = 16;
	return frame;
}

/** Does the TCP checksum of a sent frame come out right? */
static void check_tcp(const uint8_t *frame, uint32_t len)
{
	uint32_t sum = pseudo_sum(frame + 14, len - 34);

	for (uint32_t i = 34; i < len; i++)
		sum += i & 1 ? frame[i] : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
	assert_int_equal(get_be16(frame + 16), len - 14);
}

static void test_checksum_offload(void **state)
{
	start(0x100e);
	assert_int_equal(nic->features, NIC_RX_CSUM | NIC_TX_CSUM | NIC_TSO4);
	for (unsigned i = 0; i < 5; i++)
		nic_tx_send(nic, tcp_frame(100 + i));
	nic_flush(nic);
	assert_int_equal(chip.sent_count, 5);
	for (unsigned i = 0; i < 5; i++)
		check_tcp(chip.sent[i], chip.sent_len[i]);
	assert_int_equal(chip.contexts, 1); /* the chip remembers */
}

static void test_segmentation(void **state)
{
	static uint8_t whole[60000];
	struct tx_frame *frame;
	uint32_t at = 0;

	start(0x100e);
	for (uint32_t i = 0; i < sizeof(whole); i++)
		whole[i] = (uint8_t)(i * 13 + i / 255);
	nic_tx_send(nic, tcp_frame(200));
	frame = tcp_frame(sizeof(whole));
	frame->gso_size = 1460;
	frame->header_len = 54;
	nic_tx_send(nic, frame);
	nic_tx_send(nic, tcp_frame(300));
	nic_flush(nic);
	assert_int_equal(chip.sent_count, 2 + (sizeof(whole) + 1459) / 1460);
	check_tcp(chip.sent[0], chip.sent_len[0]);
	for (unsigned i = 1; i < chip.sent_count - 1; i++) {
		check_tcp(chip.sent[i], chip.sent_len[i]);
		assert_int_equal(get_be32(chip.sent[i] + 38), 1000 + at);
		assert_memory_equal(chip.sent[i] + 54, whole + at, chip.sent_len[i] - 54);
		at += chip.sent_len[i] - 54;
	}
	assert_int_equal(at, sizeof(whole));
	check_tcp(chip.sent[chip.sent_count - 1], chip.sent_len[chip.sent_count - 1]);
	assert_int_equal(chip.contexts, 3);
}

static void test_full_transmit_ring(void **state)
{
	struct tx_frame *frame;

	start(0x100e);
	/* The chip does not send: everything waits and nothing is lost. */
	REG(TCTL) = 0;
	for (unsigned i = 0; i < 8; i++) {
		frame = tcp_frame(60000);
		frame->gso_size = 1460;
		frame->header_len = 54;
		nic_tx_send(nic, frame);
	}
	for (unsigned i = 0; i < 64; i++)
		nic_tx_send(nic, tcp_frame(i + 1));
	assert_null(nic_tx_get(nic, 60));
	nic_flush(nic);
	REG(TCTL) = TCTL_EN;
	e1000_model_transmit();
	for (unsigned i = 0; i < 10; i++) {
		nic_poll_all();
		nic_flush(nic);
	}
	assert_int_equal(chip.sent_count, 8 * 42 + 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(chip.sent_len[8 * 42 + i], 54 + i + 1);
	frame = nic_tx_get(nic, 60);
	assert_non_null(frame);
	nic_tx_put(nic, frame);
	assert_true(list_empty(&nic->tx_waiting));
}

/* Looks at the link, as the core makes them. */
static void run_ms(unsigned ms)
{
	for (; ms; ms -= 10) {
		host_clock_advance_ms(10);
		nic_poll_all();
	}
}

static void test_transmitter_hangs(void **state)
{
	start(0x100e);
	/* Long idle, then a frame just before the look: no reason. */
	host_clock_advance_ms(60000);
	chip.transmitter_stuck = true;
	send_frame(60, 1);
	nic_flush(nic);
	run_ms(2500);
	chip.transmitter_stuck = false;
	e1000_model_transmit();
	run_ms(2000);
	assert_int_equal(nic->restarts, 0);
	assert_int_equal(chip.sent_count, 1);
	/* Nor is a partner that says wait, and a cable without a link. */
	chip.transmitter_stuck = true;
	REG(STATUS) |= STATUS_TXOFF;
	send_frame(60, 2);
	nic_flush(nic);
	run_ms(10000);
	REG(STATUS) &= ~(uint32_t)(STATUS_TXOFF | STATUS_LU);
	run_ms(10000);
	assert_int_equal(nic->restarts, 0);
	REG(STATUS) |= STATUS_LU;
	run_ms(2800);
	assert_int_equal(nic->restarts, 0);
	run_ms(400);
	assert_int_equal(nic->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: the transmitter hangs; bringing the card up"));
	chip.transmitter_stuck = false;
	run_ms(300);
	exchange();
	run_ms(5000);
	assert_int_equal(nic->restarts, 1);
}

static void test_small_heap(void **state)
{
	e1000_model_plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	host_heap_limit(host_heap_used() + 300000);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(REG(RDLEN), 32 * 16);
	assert_false(nic->features & NIC_TSO4);
	exchange();
	nic_close(nic);
	host_heap_limit(0);
	assert_int_equal(nic_open(nic), 0);
	assert_true(nic->features & NIC_TSO4);
}

static void test_close_inside_receive(void **state)
{
	uint8_t frame[60] = {0};

	start(0x100e);
	deliver(frame, 60);
	deliver(frame, 60);
	close_on_receive = true;
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	close_on_receive = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bursts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_register_accesses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checksum_offload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segmentation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_transmit_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transmitter_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small_heap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_inside_receive, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
