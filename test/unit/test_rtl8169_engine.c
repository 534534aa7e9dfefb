/* SPDX-License-Identifier: BSD-2-Clause */
/* The RTL8169 model's descriptor engine: transmit, receive, filter, offloads, and their faults. */
#include "test/unit/rtl8169_machine.h"

/* ---- Transmit ---- */

static void test_transmit(void **state)
{
	uint8_t f[1500];
	unsigned i;

	chip("8168h");
	start();
	for (i = 0; i < RING + 2; i++) { /* over the end of the ring */
		send(i % RING, 60 + i);
		assert_int_equal(desc(TX_RING, i % RING, 0) & DESC_OWN, 0);
		assert_int_equal(!!(desc(TX_RING, i % RING, 0) & DESC_EOR), i % RING == RING - 1);
		assert_int_equal(sent_len[i], 60 + i);
	}
	frame(f, own, sizeof(f));
	assert_memory_equal(sent[1], f, 61);
	assert_true(isr() & ISR_TOK);

	sent_count = 0; /* in three pieces; the doorbell comes once */
	memcpy(ram + (TX_DATA - RAM), f, 1000);
	set_desc(TX_RING, 3, DESC_OWN | 100, 0, TX_DATA + 100);
	set_desc(TX_RING, 0, DESC_OWN | DESC_LS | 800, 0, TX_DATA + 200);
	set_desc(TX_RING, 2, DESC_OWN | DESC_FS | 100, 0, TX_DATA);
	doorbell();
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent_len[0], 1000);
	assert_memory_equal(sent[0], f, 1000);
	send(1, 20); /* short */
	assert_int_equal(sent_len[1], 60);
	rtl_cable(nic, 0, 200);
	send(2, 100);
	assert_int_equal(sent_count, 2); /* nowhere to go */
	assert_int_equal(desc(TX_RING, 2, 0) & DESC_OWN, 0);
	assert_int_equal(mistakes(), 0);
}

static const uint8_t udp4[] = {
	0x52, 0x54, 0,	 0x81, 0x69, 1,	 2, 0, 0,   0,	 0,   1,   8,	0, /* Ethernet */
	0x45, 0,    0,	 32,   0,    0,	 0, 0, 64,  17,	 0,   0,   192, 0,
	2,    1,    192, 0,    2,    2,				   /* IP */
	0,    53,   0,	 53,   0,    12, 0, 0, 'a', 'b', 'c', 'd', /* UDP */
};

static void send_offloaded(uint32_t opts1, uint32_t opts2)
{
	memcpy(ram + (TX_DATA - RAM), udp4, sizeof(udp4));
	set_desc(TX_RING, 0, DESC_OWN | DESC_FS | DESC_LS | sizeof(udp4) | opts1, opts2, TX_DATA);
	doorbell();
}

static void test_transmit_offloads(void **state)
{
	chip("8168b"); /* bits in opts1 */
	start();
	send_offloaded(3u << 17, 0);
	/* Sums worked out by hand: 0x4500+0x20+0x4011+0xc000+0x201+0xc000+0x202 and so on. */
	assert_int_equal(get_be16(sent[0] + 24), 0xf6c9);
	assert_int_equal(get_be16(sent[0] + 40), 0xb6a1);
	next_chip();

	chip("8168f"); /* bits in opts2, with a tag */
	start();
	send_offloaded(0, 1u << 31 | 1u << 29 | 1u << 17 | 0x0500);
	assert_int_equal(get_be16(sent[0] + 12), 0x8100);
	assert_int_equal(get_be16(sent[0] + 14), 5);
	assert_int_equal(get_be16(sent[0] + 28), 0xf6c9);
	assert_int_equal(get_be16(sent[0] + 44), 0xb6a1);
	assert_int_equal(mistakes(), 0);
	frame(ram + (TX_DATA - RAM), own, 100);
	set_desc(TX_RING, 1, DESC_OWN | DESC_FS | DESC_LS | 100, 1u << 30, TX_DATA);
	doorbell();
	assert_mistake(0, "not IP");
	set_desc(TX_RING, 2, DESC_OWN | DESC_FS | DESC_LS | 1u << 26 | 100, 0, TX_DATA);
	doorbell();
	assert_mistake(1, "segmentation");
}

static void test_transmit_mistakes(void **state)
{
	chip("8168evl");
	start();
	send(0, 20);
	assert_mistake(0, "not padded");
	send(1, 8);
	assert_mistake(1, "8 bytes sent");
	set_desc(TX_RING, 2, DESC_OWN | DESC_FS | DESC_LS, 0, TX_DATA);
	doorbell();
	assert_int_equal(mistakes(), 4); /* length 0, and no frame */
	set_desc(TX_RING, 3, DESC_OWN | DESC_LS | 100, 0, TX_DATA);
	doorbell();
	assert_mistake(4, "without FS");
	set_desc(TX_RING, 1, DESC_OWN | DESC_FS | DESC_LS | 100, 0, TX_DATA);
	set_desc(TX_RING, 0, DESC_OWN | DESC_FS | 100, 0, TX_DATA);
	doorbell();
	assert_mistake(5, "FS inside");
	set_desc(TX_RING, 2, DESC_OWN | DESC_FS | DESC_LS | 100, 0, 0x500);
	doorbell();
	assert_mistake(6, "transmit buffer: 0x500+100 is not memory");
	assert_true(isr() & ISR_SERR);
	doorbell(); /* dead until a reset */
	assert_int_equal(mistakes(), 7);
	start();
	set_ring(REG_TNPDS, 0x1000);
	doorbell();
	assert_mistake(7, "transmit descriptor: 0x1000");
	start();
	out(REG_CR, 1, CR_RE);
	doorbell();
	assert_mistake(8, "transmitter disabled");
	start();
	rtl_cfg_write(nic, 4, 3, 2);
	doorbell();
	assert_mistake(9, "without PCI bus mastering");
}

static void test_a_busy_transmitter_loses_doorbells(void **state)
{
	power_on((struct rtl_opts){.chip = "8168c", .slow_tx = 1});
	map();
	start();
	rtl_fault(nic, RTL_FAULT_DOORBELL_LOST, 1);
	send(0, 100);
	assert_int_equal(sent_count, 0);
	send(1, 100); /* while it is busy with the first */
	assert_int_equal(rtl_tick(nic, 200), -1);
	assert_int_equal(sent_count, 1);
	assert_true(desc(TX_RING, 1, 0) & DESC_OWN);
	rtl_tick(nic, 300);
	assert_int_equal(sent_count, 1); /* never by itself */
	doorbell();
	assert_int_equal(rtl_tick(nic, 400), -1);
	assert_int_equal(sent_count, 2);
	send(2, 100); /* without the fault both go */
	send(3, 100);
	rtl_tick(nic, 500);
	assert_int_equal(sent_count, 4);
	rtl_fault(nic, RTL_FAULT_TX_STUCK, 1);
	send(0, 100);
	rtl_tick(nic, 600);
	assert_int_equal(sent_count, 4);
	assert_true(desc(TX_RING, 0, 0) & DESC_OWN);
	assert_int_equal(mistakes(), 0);
}

static void test_loopback(void **state)
{
	chip("8168g");
	start();
	out(REG_TCR, 4, TCR_LOOPBACK | 0x700);
	send(0, 100);
	assert_int_equal(sent_count, 0);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	assert_int_equal(desc(RX_RING, 0, 0) & 0x3fff, 104);
}

/* ---- Receive ---- */

static void test_receive(void **state)
{
	uint8_t f[200];
	const uint8_t *got = ram + (RX_DATA - RAM);
	unsigned i;

	chip("8168h");
	start();
	frame(f, own, sizeof(f));
	for (i = 0; i < RING + 2; i++) {
		receive(own, 100);
		assert_int_equal(desc(RX_RING, i % RING, 0) & ~DESC_EOR,
				 DESC_FS | DESC_LS | 1u << 26 | 104);
		assert_int_equal(!!(desc(RX_RING, i % RING, 0) & DESC_EOR), i % RING == RING - 1);
		assert_memory_equal(got + (i % RING) * RX_BUF, f, 100);
		give(i % RING, RX_BUF);
	}
	/* The check sequence of a frame, computed over frame and sequence, leaves a constant. */
	assert_int_equal(sim_ethernet_crc(got, 104), 0x2144df1c);
	receive(own, 30);
	assert_int_equal(desc(RX_RING, 2, 0) & 0x3fff, 64);
	assert_true(isr() & ISR_ROK);
	rtl_frame_in(nic, f, 13);     /* no frame */
	rtl_frame_in(nic, f, 0x4000); /* larger than any */
	assert_int_equal(rtl_counters(nic)->rx, RING + 3);
	assert_int_equal(mistakes(), 0);
}

static void test_receive_over_descriptors(void **state)
{
	const uint8_t *got = ram + (RX_DATA - RAM);
	uint8_t f[250];
	unsigned i;

	chip("8168c");
	start();
	for (i = 0; i < RING; i++)
		give(i, 104);
	receive(own, 250);
	frame(f, own, 250);
	assert_int_equal(desc(RX_RING, 0, 0), DESC_FS | 104);
	assert_int_equal(desc(RX_RING, 1, 0), 104);
	assert_int_equal(desc(RX_RING, 2, 0), DESC_LS | 1u << 26 | 254);
	assert_memory_equal(got, f, 104);
	assert_memory_equal(got + RX_BUF, f + 104, 104);
	assert_memory_equal(got + 2 * RX_BUF, f + 208, 42);
	receive(own, 250); /* one descriptor is not enough: it waits */
	assert_int_equal(rtl_counters(nic)->rx, 1);
	assert_true(desc(RX_RING, 3, 0) & DESC_OWN);
	assert_true(isr() & ISR_RDU);
	give(0, 104);
	give(1, 104);
	assert_int_equal(rtl_tick(nic, 200), -1); /* goes on by itself */
	assert_int_equal(rtl_counters(nic)->rx, 2);
	assert_int_equal(desc(RX_RING, 3, 0), DESC_EOR | DESC_FS | 104);
	assert_int_equal(mistakes(), 0);
}

static void test_overflow(void **state)
{
	static const char *const names[] = {"8168c", "8168b"};
	unsigned i, k;

	for (k = 0; k < 2; k++) {
		bool hangs = k == 1;

		chip(names[k]);
		start();
		for (i = 0; i < RING + FIFO_FRAMES; i++)
			receive(own, 100);
		assert_int_equal(isr() & ISR_FOVW, 0);
		assert_false(rtl_fifo_room(nic));
		assert_int_equal(rtl_tick(nic, 200), 1);
		receive(own, 100);
		assert_int_equal(isr() & ISR_FOVW, ISR_FOVW);
		assert_int_equal(in(REG_MPC, 4), 1);
		for (i = 0; i < RING; i++)
			give(i, RX_BUF);
		rtl_tick(nic, 300);
		assert_int_equal(rtl_counters(nic)->rx, hangs ? RING : 2 * RING);
		start(); /* a reset helps */
		assert_true(rtl_fifo_room(nic));
		receive(own, 100);
		assert_int_equal(rtl_counters(nic)->rx, hangs ? RING + 1 : 2 * RING + 1);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	chip("8168h");
}

/* The CRC as a register that shifts left, bit by bit: another way than the model's. */
static uint32_t crc_left(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;
	size_t i;
	int bit;

	for (i = 0; i < n; i++)
		for (bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ ((crc >> 31 ^ (p[i] >> bit & 1)) ? 0x04c11db7u : 0);
	return crc;
}

static void test_filter(void **state)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255},
			     other[6] = {0x52, 0x54, 0, 0, 0, 9};
	static const char *const names[] = {"8169s", "8168h"};
	uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 1};
	unsigned i, k;

	for (k = 0; k < 2; k++) {
		uint64_t rx = 0;

		chip(names[k]);
		start();
		for (i = 0; i < 200; i++) { /* one bit of the table lets one group in */
			unsigned hash, byte;
			uint8_t mar[8] = {0};

			group[5] = (uint8_t)i;
			hash = crc_left(group, 6) >> 26;
			byte = k ? 7 - (hash >> 3) : hash >> 3;
			mar[byte] = (uint8_t)(1 << (hash & 7));
			out(REG_MAR, 4, get32(mar));
			out(REG_MAR + 4, 4, get32(mar + 4));
			receive(group, 100);
			assert_int_equal(rtl_counters(nic)->rx, ++rx);
			assert_int_equal(desc(RX_RING, i % RING, 0) >> 25 & 7, 4);
			give(i % RING, RX_BUF);
			out(REG_MAR, 4, ~get32(mar));
			out(REG_MAR + 4, 4, ~get32(mar + 4));
			receive(group, 100);
			assert_int_equal(rtl_counters(nic)->rx, rx);
		}
		receive(all, 100);
		assert_int_equal(desc(RX_RING, 0, 0) >> 25 & 7, 1);
		receive(other, 100);
		assert_int_equal(rtl_counters(nic)->filtered, 201);
		out(REG_RCR, 4, 0xe700 | RCR_ALL);
		receive(other, 100);
		receive(own, 100);
		receive(all, 100);
		assert_int_equal(rtl_counters(nic)->rx, rx + 4);
		give(0, RX_BUF);
		out(REG_RCR, 4, 0xe700);
		receive(own, 100);
		receive(all, 100);
		assert_int_equal(rtl_counters(nic)->filtered, 203);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}

	chip("8168evl"); /* keeps a second copy of its address */
	start();
	out(REG_9346CR, 1, UNLOCKED);
	out(REG_IDR + 4, 4, get16(other + 4));
	out(REG_IDR, 4, get32(other));
	receive(other, 100);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	out(REG_ERIDR, 4, get32(other));
	out(REG_ERIAR, 4, 0x8000f0e0);
	out(REG_ERIDR, 4, get16(other + 4));
	out(REG_ERIAR, 4, 0x800030e4);
	receive(other, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
}

static void test_gate_and_out_of_band(void **state)
{
	chip_with("8168gu", RTL_LEFT_OOB | RTL_LEFT_GATED);
	assert_true(in(REG_MCU, 1) & MCU_OOB);
	assert_true(in(REG_MISC, 4) & MISC_GATED);
	start();
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	out(REG_MISC, 4, MISC_GATED);
	receive(own, 100);
	out(REG_MISC, 4, 0);
	out(REG_MCU, 1, MCU_OOB);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	assert_int_equal(in(REG_MCU, 1) & MCU_IDLE, MCU_IDLE);
}

static void test_receive_offloads(void **state)
{
	uint8_t f[sizeof(udp4)], tagged[100];

	chip("8168d");
	start();
	out(REG_CPCR, 2, CPCR_RXSUM | CPCR_VLAN);
	memcpy(f, udp4, sizeof(f));
	put_be16(f + 24, 0xf6c9);
	put_be16(f + 40, 0xb6a1);
	rtl_frame_in(nic, f, sizeof(f));
	assert_int_equal(desc(RX_RING, 0, 0) >> 14 & 31, 2 << 3); /* UDP, all well */
	f[42]++;
	rtl_frame_in(nic, f, sizeof(f));
	assert_int_equal(desc(RX_RING, 1, 0) >> 14 & 31, 2 << 3 | 2);
	f[42]--;
	f[22]--;
	rtl_frame_in(nic, f, sizeof(f));
	assert_int_equal(desc(RX_RING, 2, 0) >> 14 & 31, 2 << 3 | 4);
	frame(tagged, own, 100);
	put_be16(tagged + 12, 0x8100);
	put_be16(tagged + 14, 0x0123);
	rtl_frame_in(nic, tagged, 100);
	assert_int_equal(desc(RX_RING, 3, 0) & 0x3fff, 100);
	assert_int_equal(desc(RX_RING, 3, 1), 1u << 16 | 0x2301);
	assert_memory_equal(ram + (RX_DATA - RAM) + 3 * RX_BUF + 12, tagged + 16, 84);
	assert_int_equal(mistakes(), 0);
	next_chip();

	chip_with("8125b", RTL_LEFT_VLAN);
	start(); /* RCR written without the two bits */
	rtl_frame_in(nic, tagged, 100);
	assert_int_equal(desc(RX_RING, 0, 1), 0);
	out(REG_RCR, 4, in(REG_RCR, 4) | 3u << 22);
	rtl_frame_in(nic, tagged, 100);
	assert_int_equal(desc(RX_RING, 1, 1), 1u << 16 | 0x2301);
}

static void test_receive_mistakes(void **state)
{
	chip("8168c");
	start();
	out(REG_RMS, 2, 1000);
	receive(own, 1200);
	assert_mistake(0, "RMS (1000) keeps out a frame of 1204");
	receive(own, 9000); /* a jumbo frame is not the driver's fault */
	assert_int_equal(mistakes(), 1);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	out(REG_RMS, 2, 0x4000);
	set_desc(RX_RING, 0, DESC_OWN | RX_BUF, 0, RX_DATA + 4);
	receive(own, 100);
	assert_mistake(1, "not aligned to 8");
	set_desc(RX_RING, 1, DESC_OWN, 0, RX_DATA);
	receive(own, 100);
	assert_mistake(2, "no size");
	set_desc(RX_RING, 1, DESC_OWN | RX_BUF, 0, RAM + RAM_SIZE - 8);
	receive(own, 100);
	assert_mistake(3, "receive buffer: 0x13fff8+104 is not memory");
	assert_true(isr() & ISR_SERR);
	start();
	set_ring(REG_RDSAR, 0x1000);
	receive(own, 100);
	assert_mistake(4, "receive descriptor: 0x1000+16 is not memory");
	start();
	rtl_cfg_write(nic, 4, 3, 2);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1); /* no bus mastering, no frame */
	assert_int_equal(mistakes(), 5);
}

static void test_receive_faults(void **state)
{
	static const struct {
		enum rtl_fault fault;
		uint32_t bits, length;
	} bad[] = {
		{RTL_FAULT_RX_CRC, 1u << 21 | 1u << 19 | DESC_FS | DESC_LS, 104},
		{RTL_FAULT_RX_RWT, 1u << 21 | 1u << 22 | DESC_FS | DESC_LS, 104},
		{RTL_FAULT_RX_RUNT, 1u << 21 | 1u << 20 | DESC_FS | DESC_LS, 20},
		{RTL_FAULT_RX_LENGTH, DESC_FS | DESC_LS, 0x3fff},
		{RTL_FAULT_RX_NO_LENGTH, DESC_FS | DESC_LS, 3},
		{RTL_FAULT_RX_NO_LAST, DESC_FS, 104},
	};
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chip("8168h");
		start();
		rtl_fault(nic, bad[i].fault, 1);
		receive(own, 100);
		receive(own, 100);
		assert_int_equal(desc(RX_RING, 0, 0) & ~(1u << 26), bad[i].bits | bad[i].length);
		assert_int_equal(desc(RX_RING, 1, 0), DESC_FS | DESC_LS | 1u << 26 | 104);
		assert_int_equal(!!(isr() & ISR_RER), i < 3);
		assert_int_equal(rtl_counters(nic)->rx_errors, i < 3);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}

	chip("8168h");
	start();
	rtl_fault(nic, RTL_FAULT_RX_SPAN, 1);
	receive(own, 100);
	assert_int_equal(desc(RX_RING, 0, 0), DESC_FS | 64);
	assert_int_equal(desc(RX_RING, 1, 0), DESC_LS | 1u << 26 | 104);
	rtl_fault(nic, RTL_FAULT_MISSED, 2);
	receive(own, 100);
	receive(own, 100);
	assert_int_equal(in(REG_MPC, 4), 2);
	rtl_fault(nic, RTL_FAULT_NO_DESCRIPTOR, 1);
	receive(own, 100);
	assert_true(isr() & ISR_RDU);
	assert_int_equal(rtl_counters(nic)->missed, 3);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	rtl_fault(nic, RTL_FAULT_RX_HANG, 1);
	receive(own, 100);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	start();
	rtl_fault(nic, RTL_FAULT_SYSTEM_ERROR, 1);
	receive(own, 100);
	assert_true(isr() & ISR_SERR);
	receive(own, 100);
	send(0, 100);
	assert_int_equal(rtl_counters(nic)->rx + sent_count, 1); /* neither: one from before */
	start();
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 2);
	assert_int_equal(mistakes(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_transmit, end),
		cmocka_unit_test_teardown(test_transmit_offloads, end),
		cmocka_unit_test_teardown(test_transmit_mistakes, end),
		cmocka_unit_test_teardown(test_a_busy_transmitter_loses_doorbells, end),
		cmocka_unit_test_teardown(test_loopback, end),
		cmocka_unit_test_teardown(test_receive, end),
		cmocka_unit_test_teardown(test_receive_over_descriptors, end),
		cmocka_unit_test_teardown(test_overflow, end),
		cmocka_unit_test_teardown(test_filter, end),
		cmocka_unit_test_teardown(test_gate_and_out_of_band, end),
		cmocka_unit_test_teardown(test_receive_offloads, end),
		cmocka_unit_test_teardown(test_receive_mistakes, end),
		cmocka_unit_test_teardown(test_receive_faults, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
