/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the RTL8169 family itself: registers, reset, descriptors, filter, PHY, what a
 * previous system left, faults. A model that is wrong makes a driver's tests worthless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail
#include "test/r8169/model.h"

#define RAM	 0x100000u
#define RAM_SIZE 0x40000u
#define TX_RING	 (RAM + 0x1000)
#define RX_RING	 (RAM + 0x2000)
#define TX_DATA	 (RAM + 0x10000)
#define RX_DATA	 (RAM + 0x20000)
#define RX_BUF	 0x800u
#define RING	 4u
#define IO_BASE	 0xc000u
#define MEM_BASE 0xfeb00000u
#define MSIX	 0xfec00000u

static const uint8_t own[6] = {0x52, 0x54, 0x00, 0x81, 0x69, 0x01};

static struct rtl *nic;
static uint8_t ram[RAM_SIZE];
static uint8_t sent[16][0x4000];
static size_t sent_len[16];
static unsigned sent_count, messages, dma_count;
static int intx_level;
static uint64_t message_address;
static uint32_t message_data;

/* ---- The machine around the chip ---- */

static uint8_t *at(uint64_t gpa, size_t len)
{
	dma_count++;
	if (gpa < RAM || gpa - RAM > RAM_SIZE || len > RAM_SIZE - (gpa - RAM))
		return NULL;
	return ram + (gpa - RAM);
}
static int ram_read(void *ctx, uint64_t gpa, void *buf, size_t len)
{
	uint8_t *p = at(gpa, len);

	if (!p)
		return -1;
	memcpy(buf, p, len);
	return 0;
}
static int ram_write(void *ctx, uint64_t gpa, const void *buf, size_t len)
{
	uint8_t *p = at(gpa, len);

	if (!p)
		return -1;
	memcpy(p, buf, len);
	return 0;
}
static void xmit(void *ctx, const uint8_t *frame, size_t len)
{
	assert_true(sent_count < 16 && len <= sizeof(sent[0]));
	memcpy(sent[sent_count], frame, len);
	sent_len[sent_count++] = len;
}
static void intx(void *ctx, int level)
{
	intx_level = level;
}
static void msi(void *ctx, uint64_t address, uint32_t data)
{
	messages++;
	message_address = address;
	message_data = data;
}

static uint64_t mistakes(void)
{
	return rtl_counters(nic)->mistakes;
}
/* One mistake since @before, and this one. */
#define assert_mistake(before, text)                                                               \
	do {                                                                                       \
		assert_int_equal(mistakes(), (before) + 1);                                        \
		assert_non_null(strstr(rtl_last_mistake(nic), text));                              \
	} while (0)

static void power_on(struct rtl_opts o)
{
	static const struct rtl_ops ops = {NULL, ram_read, ram_write, xmit, intx, msi, NULL};

	memset(ram, 0, sizeof(ram));
	sent_count = messages = dma_count = 0;
	intx_level = 0;
	memcpy(o.mac, own, 6);
	nic = rtl_new(&o, &ops);
	assert_non_null(nic);
}

static void map(void)
{
	bool pcie = nic->chip->flags & CHIP_PCIE;

	rtl_cfg_write(nic, 0x10, IO_BASE, 4);
	rtl_cfg_write(nic, pcie ? 0x18 : 0x14, MEM_BASE, 4);
	if (pcie) {
		rtl_cfg_write(nic, 0x1c, 0, 4);
		rtl_cfg_write(nic, 0x20, MSIX, 4);
	}
	rtl_cfg_write(nic, 4, 7, 2);
}

static void chip_with(const char *name, uint32_t left)
{
	power_on((struct rtl_opts){.chip = name, .an_ms = 10, .reset_reads = 2, .left = left});
	map();
}
static void chip(const char *name)
{
	chip_with(name, 0);
}
static int end(void **state)
{
	rtl_free(nic);
	nic = NULL;
	return 0;
}
static void next_chip(void)
{
	end(NULL);
}

static uint32_t in(unsigned reg, unsigned size)
{
	return (uint32_t)rtl_bus_read(nic, 1, MEM_BASE + reg, size);
}
static void out(unsigned reg, unsigned size, uint32_t value)
{
	rtl_bus_write(nic, 1, MEM_BASE + reg, value, size);
}
static bool is(unsigned flag)
{
	return nic->chip->flags & flag;
}
static uint32_t isr(void)
{
	return is(CHIP_8125) ? in(REG_8125_ISR, 4) : in(REG_ISR, 2);
}

/* ---- A small driver ---- */

static void reset_chip(void)
{
	unsigned i;

	out(REG_CR, 1, CR_RESET);
	for (i = 0; i < 10 && in(REG_CR, 1) & CR_RESET; i++)
		;
	assert_true(i < 10);
}
static uint32_t desc(uint32_t ring, unsigned i, unsigned word)
{
	return get32(ram + (ring - RAM) + i * 16 + word * 4);
}
static void set_desc(uint32_t ring, unsigned i, uint32_t opts1, uint32_t opts2, uint32_t address)
{
	uint8_t *d = ram + (ring - RAM) + i * 16;

	put32(d + 4, opts2);
	put32(d + 8, address);
	put32(d + 12, 0);
	put32(d, opts1 | (i == RING - 1 ? DESC_EOR : 0));
}
static void give(unsigned i, uint32_t size)
{
	set_desc(RX_RING, i, DESC_OWN | size, 0, RX_DATA + i * RX_BUF);
}
static void set_ring(unsigned reg, uint32_t address)
{
	out(reg + 4, 4, 0);
	out(reg, 4, address);
}
static void start(void)
{
	unsigned i;

	reset_chip();
	for (i = 0; i < RING; i++)
		give(i, RX_BUF);
	if (is(CHIP_OCP)) {
		out(REG_MCU, 1, in(REG_MCU, 1) & ~MCU_OOB);
		out(REG_MISC, 4, in(REG_MISC, 4) & ~MISC_GATED);
	}
	set_ring(REG_TNPDS, TX_RING);
	set_ring(REG_RDSAR, RX_RING);
	out(REG_CR, 1, CR_RE | CR_TE);
	out(REG_RCR, 4, 0xe700 | RCR_OWN | RCR_MULTICAST | RCR_BROADCAST);
	out(REG_MAR, 4, ~0u);
	out(REG_MAR + 4, 4, ~0u);
	rtl_tick(nic, 100);
	assert_true(rtl_link_speed(nic));
}
static void doorbell(void)
{
	if (is(CHIP_8125))
		out(REG_8125_TPPOLL, 2, 1);
	else
		out(REG_TPPOLL, 1, 0x40);
}
static void frame(uint8_t *f, const uint8_t *to, size_t len)
{
	size_t i;

	memcpy(f, to, 6);
	for (i = 6; i < len; i++)
		f[i] = (uint8_t)(i * 7);
	f[12] = 0x88;
	f[13] = 0xb5;
}
static void receive(const uint8_t *to, size_t len)
{
	uint8_t f[0x4000];

	frame(f, to, len);
	rtl_frame_in(nic, f, len);
}
static void send(unsigned i, size_t len)
{
	frame(ram + (TX_DATA - RAM), own, len);
	set_desc(TX_RING, i, DESC_OWN | DESC_FS | DESC_LS | (uint32_t)len, 0, TX_DATA);
	doorbell();
}

/* ---- PCI ---- */

static void test_every_chip(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		unsigned cap, hops = 0;

		assert_non_null(strstr(rtl_chip_list(), name));
		chip(name);
		assert_int_equal(rtl_cfg_read(nic, 0, 4), 0x10ec | (uint32_t)nic->chip->device << 16);
		assert_int_equal(in(REG_TCR, 4) >> 20 & 0xfcf, nic->chip->xid);
		assert_int_equal(rtl_bus_read(nic, 0, IO_BASE + REG_TCR, 4), in(REG_TCR, 4));
		for (cap = rtl_cfg_read(nic, 0x34, 1); cap; cap = rtl_cfg_read(nic, cap + 1, 1))
			assert_true(++hops < 8);
		assert_int_equal(hops, is(CHIP_MSIX) ? 4 : is(CHIP_PCIE) ? 3 : 1);
		start();
		receive(own, 100);
		send(0, 100);
		assert_int_equal(rtl_counters(nic)->rx, 1);
		assert_int_equal(sent_count, 1);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	assert_int_equal(i, 19);
	assert_null(rtl_new(&(struct rtl_opts){.chip = "8139"}, &(struct rtl_ops){0}));
	chip("8168h");
}

static void test_bars(void **state)
{
	chip("8168h");
	rtl_cfg_write(nic, 0x10, ~0u, 4);
	rtl_cfg_write(nic, 0x18, ~0u, 4);
	rtl_cfg_write(nic, 0x1c, ~0u, 4);
	rtl_cfg_write(nic, 0x24, ~0u, 4);
	rtl_cfg_write(nic, 0x14, ~0u, 4);
	assert_int_equal(rtl_cfg_read(nic, 0x10, 4), 0xffffff01);
	assert_int_equal(rtl_cfg_read(nic, 0x14, 4), 0);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 0xfffff004);
	assert_int_equal(rtl_cfg_read(nic, 0x1c, 4), 0xffffffff);
	rtl_probe_phase(nic, 1);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 0xfffff000);
	rtl_probe_phase(nic, 0);
	assert_int_equal(rtl_cfg_read(nic, 0x3d, 1), 1);
	assert_int_equal(rtl_cfg_read(nic, 256, 4), 0xffffffff);
	rtl_cfg_write(nic, 0, 0x12345678, 4); /* ids cannot be written */
	assert_int_equal(rtl_cfg_read(nic, 0, 2), 0x10ec);

	map();
	rtl_cfg_write(nic, 0x18, 0x80000000, 4);
	rtl_cfg_write(nic, 0x1c, 0x12, 4); /* above 4 GB */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000040ull, 4),
			 rtl_bus_read(nic, 0, IO_BASE + 0x40, 4));
	assert_int_equal(rtl_bus_read(nic, 1, MEM_BASE, 4), 0xffffffff);
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000ffdull, 4), 0xffffffff); /* over the end */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000000ull, 3), 0xffffff);
	rtl_cfg_write(nic, 4, 1, 2); /* memory decode off */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000040ull, 2), 0xffff);
	assert_int_equal(mistakes(), 0);
}

static void test_d3_loses_the_configuration(void **state)
{
	unsigned pm;

	chip("8168e");
	start();
	pm = rtl_cfg_read(nic, 0x34, 1);
	rtl_cfg_write(nic, pm + 4, 3, 2);
	assert_int_equal(in(REG_CR, 1), 0xff);
	assert_mistake(0, "in D3");
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	rtl_cfg_write(nic, pm + 4, 0, 2);
	assert_int_equal(rtl_cfg_read(nic, 4, 2), 0);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 4);
	map();
	assert_int_equal(in(REG_CR, 1), 0);
	assert_int_equal(in(REG_RDSAR, 4), 0);
	assert_int_equal(mistakes(), 1);
}

static void test_interrupts(void **state)
{
	chip("8169sb");
	start();
	receive(own, 100);
	assert_int_equal(intx_level, 0); /* masked */
	out(REG_IMR, 2, ISR_ROK);
	assert_int_equal(intx_level, 1);
	out(REG_ISR, 2, ISR_ROK);
	assert_int_equal(intx_level, 0);
	assert_true(isr() & ISR_LINK); /* others stay */
	next_chip();

	chip("8168c");
	start();
	rtl_cfg_write(nic, 0x54, 0xfee00000, 4);
	rtl_cfg_write(nic, 0x5c, 0x4041, 2);
	rtl_cfg_write(nic, 0x52, 1, 2);
	out(REG_IMR, 2, ISR_ROK);
	receive(own, 100);
	receive(own, 100);
	assert_int_equal(messages, 1); /* an edge: not again until acknowledged */
	assert_int_equal(message_address, 0xfee00000);
	assert_int_equal(message_data, 0x4041);
	assert_int_equal(intx_level, 0);
	out(REG_ISR, 2, ISR_ROK);
	receive(own, 100);
	assert_int_equal(messages, 2);
	next_chip();

	chip("8125b");
	start();
	rtl_bus_write(nic, 1, MSIX, 0xfee01000, 4);
	rtl_bus_write(nic, 1, MSIX + 8, 0x55, 4);
	rtl_cfg_write(nic, 0xb2, 0x8000, 2);
	out(REG_8125_IMR, 4, ISR_ROK);
	receive(own, 100);
	assert_int_equal(messages, 0); /* vector masked */
	assert_int_equal(rtl_bus_read(nic, 1, MSIX + 0x800, 4), 1);
	rtl_bus_write(nic, 1, MSIX + 12, 0, 4);
	assert_int_equal(messages, 1);
	assert_int_equal(message_data, 0x55);
	assert_int_equal(rtl_bus_read(nic, 1, MSIX + 0x800, 4), 0);
	assert_int_equal(mistakes(), 0);
}

/* ---- Registers ---- */

static void test_lock(void **state)
{
	chip("8168d");
	out(REG_IDR, 4, 0x11223344);
	assert_int_equal(mistakes(), 4); /* four bytes */
	out(REG_CONFIG3, 1, 0xff);
	assert_mistake(4, "Config3 written while 9346CR is locked");
	assert_memory_equal(nic->regs, own, 6);
	assert_int_equal(in(REG_CONFIG3, 1), 0x60);
	out(REG_9346CR, 1, UNLOCKED);
	out(REG_IDR + 4, 4, 0x6655);
	out(REG_IDR, 4, 0x11223344);
	out(REG_CONFIG3, 1, 0x01);
	assert_int_equal(in(REG_IDR, 4), 0x11223344);
	assert_int_equal(in(REG_IDR + 4, 2), 0x6655);
	assert_int_equal(in(REG_CONFIG3, 1), 0x01);
	assert_int_equal(mistakes(), 5);
}

static void test_reset(void **state)
{
	chip("8168c");
	start();
	out(REG_IMR, 2, 0xffff);
	receive(own, 100);
	out(REG_CR, 1, CR_RESET);
	out(REG_RMS, 2, 0x1000);
	assert_mistake(0, "before the reset completed");
	assert_true(in(REG_CR, 1) & CR_RESET);
	assert_true(in(0x34, 4) >> 24 & CR_RESET); /* also within a wider read */
	assert_int_equal(in(REG_CR, 1), 0);
	assert_int_equal(in(REG_IMR, 2), 0);
	assert_int_equal(isr(), 0);
	assert_int_equal(in(REG_RCR, 4) & RCR_ACCEPT, 0);
	assert_int_equal(in(REG_RDSAR, 4), RX_RING); /* survives */
	assert_int_equal(intx_level, 0);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);

	rtl_fault(nic, RTL_FAULT_RESET_STUCK, RTL_FOREVER);
	out(REG_CR, 1, CR_RESET);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(in(REG_CR, 1) & CR_RESET);
	rtl_fault(nic, RTL_FAULT_RESET_STUCK, 0);
	reset_chip();
	assert_int_equal(mistakes(), 1);
}

static void test_pci_chips_want_the_engine_first(void **state)
{
	chip("8169s");
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0);
	out(REG_CR, 1, CR_RE | CR_TE);
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0xe70f);
	next_chip();
	chip("8168b");
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0xe70f);
	out(REG_TCR, 4, ~0u); /* the chip's identity cannot be written */
	assert_int_equal(in(REG_TCR, 4), 0x3b0f07ff);
	out(REG_PHYSTATUS, 1, 0xff);
	assert_int_equal(in(REG_PHYSTATUS, 1), 0);
	assert_int_equal(mistakes(), 0);
}

static void test_high_half_of_a_ring_counts_with_the_low_one(void **state)
{
	chip_with("8168h", RTL_LEFT_ARMED);
	reset_chip();
	out(REG_RDSAR, 4, RX_RING);
	assert_int_not_equal(in(REG_RDSAR + 4, 4), 0); /* still what was left */
	out(REG_RDSAR + 4, 4, 0);
	assert_int_not_equal(in(REG_RDSAR + 4, 4), 0);
	out(REG_RDSAR, 4, RX_RING);
	assert_int_equal(in(REG_RDSAR + 4, 4), 0);
	out(REG_TNPDS, 4, TX_RING + 8);
	assert_mistake(0, "not aligned to 256");
}

static void test_doors(void **state)
{
	chip("8168g");
	out(REG_ERIDR, 4, 0xcafe1234);
	out(REG_ERIAR, 4, 0x8000f0c0);
	assert_int_equal(in(REG_ERIAR, 4), 0x0000f0c0); /* written: 0 */
	out(REG_ERIDR, 4, 0xffffffff);
	out(REG_ERIAR, 4, 0x800010c0); /* one byte */
	out(REG_ERIDR, 4, 0);
	out(REG_ERIAR, 4, 0x0000f0c0);
	assert_true(in(REG_ERIAR, 4) >> 31); /* read: 1 */
	assert_int_equal(in(REG_ERIDR, 4), 0xcafe12ff);
	out(REG_ERIAR, 4, 0x0000f0e0);
	assert_int_equal(in(REG_ERIDR, 4), get32(own));
	out(REG_CSIDR, 4, 0x27);
	out(REG_CSIAR, 4, 0x8000f70c);
	assert_int_equal(in(REG_CSIAR, 4) >> 31, 0);
	out(REG_CSIAR, 4, 0x0000f70c);
	assert_int_equal(in(REG_CSIDR, 4), 0x27);
	out(REG_EPHYAR, 4, 0x80031234);
	out(REG_EPHYAR, 4, 0x00030000);
	assert_int_equal(in(REG_EPHYAR, 4), 0x80031234);
	out(REG_OCPDR, 4, 0x80000000 | 0xe8deu << 15 | 0x4000);
	out(REG_OCPDR, 4, 0xe8deu << 15);
	assert_int_equal(in(REG_OCPDR, 4) & 0xffff, 0x4000);
	out(REG_EFUSEAR, 4, 0x100);
	assert_int_equal(in(REG_EFUSEAR, 4), 0x800001ff);
	assert_int_equal(mistakes(), 0);
	out(REG_PHYAR, 2, 0x1234);
	assert_true(mistakes() > 0);
	assert_non_null(strstr(rtl_last_mistake(nic), "less than 32 bits"));
}

static void test_stuck_doors(void **state)
{
	static const struct {
		unsigned reg;
		enum rtl_fault fault;
	} door[] = {
		{REG_PHYAR, RTL_FAULT_PHYAR_STUCK}, {REG_GPHY_OCP, RTL_FAULT_OCP_STUCK},
		{REG_ERIAR, RTL_FAULT_ERI_STUCK},   {REG_CSIAR, RTL_FAULT_ERI_STUCK},
		{REG_EPHYAR, RTL_FAULT_ERI_STUCK},  {REG_EFUSEAR, RTL_FAULT_ERI_STUCK},
	};
	unsigned i;

	chip("8168h");
	for (i = 0; i < 6; i++) {
		rtl_fault(nic, door[i].fault, 2);
		out(door[i].reg, 4, 0x80000000);
		assert_int_equal(in(door[i].reg, 4) >> 31, 1);
		out(door[i].reg, 4, 0);
		assert_int_equal(in(door[i].reg, 4) >> 31, 0);
		out(door[i].reg, 4, 0);
		assert_int_equal(in(door[i].reg, 4) >> 31, 1); /* twice, and no more */
	}
}

static void test_tally(void **state)
{
	const uint8_t *t = ram + 0x40;

	chip("8168e");
	start();
	receive(own, 100);
	receive(own, 100);
	send(0, 100);
	rtl_fault(nic, RTL_FAULT_RX_CRC, 1);
	receive(own, 100);
	rtl_fault(nic, RTL_FAULT_MISSED, 1);
	receive(own, 100);
	out(REG_DTCCR + 4, 4, 0);
	out(REG_DTCCR, 4, RAM + 0x40);
	rtl_fault(nic, RTL_FAULT_TALLY_STUCK, 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(in(REG_DTCCR, 4), (RAM + 0x40) | 8);
	assert_int_equal(get32(t), 0);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(in(REG_DTCCR, 4), RAM + 0x40);
	assert_int_equal(get32(t), 1);	    /* TxOk */
	assert_int_equal(get32(t + 8), 3);  /* RxOk */
	assert_int_equal(get32(t + 24), 1); /* RxEr */
	assert_int_equal(get16(t + 28), 1); /* MissPkt */
	assert_int_equal(in(REG_MPC, 4), 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(get32(t + 8), 0);
	assert_int_equal(mistakes(), 0);
	out(REG_DTCCR, 4, 8); /* into low memory, which this machine has not */
	assert_mistake(0, "tally counters");
}

/* ---- PHY ---- */

static uint32_t mii_read(unsigned reg)
{
	out(REG_PHYAR, 4, reg << 16);
	assert_true(in(REG_PHYAR, 4) >> 31);
	return in(REG_PHYAR, 4) & 0xffff;
}
static void mii_write(unsigned reg, uint32_t value)
{
	out(REG_PHYAR, 4, 0x80000000 | reg << 16 | value);
	assert_false(in(REG_PHYAR, 4) >> 31);
}

static void test_phy(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		bool fast;

		chip(name);
		fast = is(CHIP_FAST);
		assert_int_equal(mii_read(2) << 16 | mii_read(3), nic->chip->phy_id);
		assert_int_equal(mii_read(1) & 4, 0);
		assert_int_equal(rtl_tick(nic, 5), 6); /* 10 ms */
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		assert_int_equal(rtl_tick(nic, 10), -1);
		assert_true(isr() & ISR_LINK);
		mii_read(1); /* the lost link is latched until read */
		assert_int_equal(mii_read(1) & 0x24, 0x24);
		assert_int_equal(mii_read(15), fast ? 0 : 0x3000);
		assert_int_equal(rtl_link_speed(nic), is(CHIP_8125)	    ? 2500
						      : fast		    ? 100
						      : is(CHIP_NO_GIGABIT) ? 100
									    : 1000);
		mii_write(9, fast ? 0 : 0x300);
		mii_write(0, 0x1200);
		assert_int_equal(rtl_link_speed(nic), 0);
		rtl_tick(nic, 100);
		assert_int_equal(rtl_link_speed(nic), is(CHIP_8125) ? 2500 : fast ? 100 : 1000);
		mii_write(0, 0x0100); /* forced: 10 Mbit/s, full duplex */
		rtl_tick(nic, 200);
		assert_int_equal(rtl_link_speed(nic), 10);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 0x1f, 0x07);
		assert_int_equal(mii_read(5), 0); /* nothing was negotiated */
		mii_write(0, 0x2000);
		rtl_tick(nic, 300);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 0x1f, 0x0a);
		mii_write(0, 0x1800); /* powered down */
		assert_int_equal(rtl_tick(nic, 1000), -1);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		mii_write(0, 0x8000);
		assert_true(mii_read(0) & 0x8000);
		assert_true(mii_read(0) & 0x8000);
		assert_int_equal(mii_read(0) & 0x9800, 0x1000);
		rtl_tick(nic, 2000);
		assert_true(in(REG_PHYSTATUS, 1) & 2);
		rtl_cable(nic, 0, 3000);
		assert_int_equal(mii_read(1) & 4, 0);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		rtl_cable(nic, 1, 4000);
		rtl_tick(nic, 5000);
		assert_int_equal(mii_read(1) & 4, 0); /* it was lost in between */
		assert_int_equal(mii_read(1) & 4, 4);
		mii_write(31, 3); /* another page */
		mii_write(0x12, 0x1234);
		assert_int_equal(mii_read(0x12), 0x1234);
		mii_write(31, 0);
		assert_int_not_equal(mii_read(0x12), 0x1234);
		assert_int_equal(mii_read(2), 0x001c & (nic->chip->phy_id >> 16));
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	chip("8125a");
	rtl_tick(nic, 100);
	out(REG_GPHY_OCP, 4, 0xa434u << 15); /* page a43 register 12: the speed */
	assert_int_equal(in(REG_GPHY_OCP, 4) & 0x8000ffff, 0x80000210);
	out(REG_GPHY_OCP, 4, 0x80000000 | 0xa5d4u << 15); /* no 2.5G any more */
	assert_int_equal(in(REG_GPHY_OCP, 4) >> 31, 0);
	out(REG_GPHY_OCP, 4, 0x80000000 | 0xa400u << 15 | 0x1200);
	rtl_tick(nic, 200);
	assert_int_equal(rtl_link_speed(nic), 1000);
	assert_int_equal(in(REG_PHYSTATUS, 2) & 0x41f, 0x13);
}

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
		assert_int_equal(rtl_tick(nic, 200), 1);
		receive(own, 100);
		assert_int_equal(isr() & ISR_FOVW, ISR_FOVW);
		assert_int_equal(in(REG_MPC, 4), 1);
		for (i = 0; i < RING; i++)
			give(i, RX_BUF);
		rtl_tick(nic, 300);
		assert_int_equal(rtl_counters(nic)->rx, hangs ? RING : 2 * RING);
		start(); /* a reset helps */
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

static void test_vanished(void **state)
{
	chip("8168h");
	start();
	rtl_fault(nic, RTL_FAULT_VANISHED, RTL_FOREVER);
	assert_int_equal(in(REG_CR, 1), 0xff);
	assert_int_equal(in(REG_TCR, 4), 0xffffffff);
	assert_int_equal(rtl_cfg_read(nic, 0, 4), 0xffffffff);
	out(REG_CR, 1, 0);
	rtl_cfg_write(nic, 4, 0, 2);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	rtl_fault(nic, RTL_FAULT_VANISHED, 0);
	assert_int_equal(in(REG_CR, 1), CR_RE | CR_TE);
	assert_int_equal(mistakes(), 0);
}

/* ---- What a previous system left ---- */

static void test_armed(void **state)
{
	chip_with("8168h", RTL_LEFT_ARMED | RTL_LEFT_IRQ);
	rtl_tick(nic, 100);
	assert_int_equal(in(REG_CR, 1), CR_RE | CR_TE);
	assert_int_equal(intx_level, 1);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->stray_dma, 1);
	assert_int_equal(dma_count, 0);		    /* not carried out */
	assert_int_equal(isr() & ISR_SERR, 0x8000); /* set from the start */
	start();
	assert_int_equal(isr() & ~ISR_LINK, 0);
	assert_int_equal(intx_level, 0);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	assert_int_equal(rtl_counters(nic)->stray_dma, 1);
	assert_int_equal(mistakes(), 0);

	next_chip();
	chip_with("8168h", RTL_LEFT_ARMED); /* stopped by hand, without a reset */
	rtl_tick(nic, 100);
	out(REG_CR, 1, 0);
	give(0, RX_BUF);
	set_ring(REG_RDSAR, RX_RING);
	out(REG_CR, 1, CR_RE);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->stray_dma, 0);
	assert_int_equal(desc(RX_RING, 0, 0) & 0x3fff, 104);
}

static void test_left_states(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		unsigned pm;

		chip_with(name, RTL_LEFT_PHY_OFF | RTL_LEFT_PHY_PAGE);
		assert_int_equal(rtl_tick(nic, 1000), -1);
		assert_int_equal(mii_read(2), 0); /* another page */
		mii_write(31, 0);
		assert_int_equal(mii_read(2), nic->chip->phy_id >> 16);
		assert_true(mii_read(0) & 0x0800);
		rtl_pci_reset(nic); /* does not reach the PHY */
		map();
		assert_true(mii_read(0) & 0x0800);
		next_chip();

		chip_with(name, RTL_LEFT_10MBIT);
		rtl_tick(nic, 1000);
		assert_int_equal(rtl_link_speed(nic), 10);
		assert_int_equal(mii_read(1) & 0x20, 0);
		next_chip();

		chip_with(name, RTL_LEFT_ONLY_10);
		rtl_tick(nic, 1000);
		assert_int_equal(rtl_link_speed(nic), 10);
		mii_read(1);
		assert_int_equal(mii_read(1) & 0x20, 0x20);
		next_chip();

		chip_with(name,
			  RTL_LEFT_WOL | RTL_LEFT_UNLOCKED | RTL_LEFT_VLAN | RTL_LEFT_LOOPBACK);
		pm = nic->cap_pm;
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 2), 0x8100);
		rtl_cfg_write(nic, pm + 4, 0x8000, 2);
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 2), 0);
		assert_true(in(REG_CONFIG3, 1) & 0x20);
		assert_int_equal(in(REG_9346CR, 1), UNLOCKED);
		assert_true(in(REG_CPCR, 2) & CPCR_VLAN);
		assert_int_equal(in(REG_TCR, 4) & TCR_LOOPBACK, TCR_LOOPBACK);
		start();
		assert_int_equal(in(REG_TCR, 4) & TCR_LOOPBACK, 0);
		assert_true(in(REG_CPCR, 2) & CPCR_VLAN); /* a reset does not help */
		assert_int_equal(mistakes(), 0);
		next_chip();

		chip_with(name, RTL_LEFT_ALL);
		pm = nic->cap_pm;
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 1) & 3, 3);
		rtl_cfg_write(nic, pm + 4, 0x8000, 2);
		assert_int_equal(rtl_cfg_read(nic, 4, 2), 0);
		map();
		mii_write(31, 0);
		mii_write(4, 0x01e1);
		mii_write(0, 0x1200);
		start();
		receive(own, 100);
		assert_int_equal(rtl_counters(nic)->rx, 1);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	chip("8168h");
}

/* ---- After the driver ---- */

static void test_quiet(void **state)
{
	chip("8168h");
	start();
	rtl_expect_quiet(nic, true);
	assert_mistake(0, "engines running");
	receive(own, 100);
	assert_true(mistakes() > 1);
	assert_non_null(strstr(rtl_last_mistake(nic), "after the card was closed"));
	reset_chip();
	{
		uint64_t before = mistakes();

		receive(own, 100);
		assert_int_equal(mistakes(), before);
		out(REG_CR, 1, CR_RE);
		assert_mistake(before, "started after");
		out(REG_CR, 1, 0);
		out(REG_IMR, 2, 0xffff);
		out(REG_TPPOLL, 1, 1);
		assert_mistake(before + 1, "interrupt after");
	}
	rtl_expect_quiet(nic, false);
	next_chip();

	chip("8168h"); /* the next system looks for its cards */
	start();
	rtl_cfg_write(nic, 0x18, 0xffffffff, 4);
	assert_mistake(0, "engines run");
	next_chip();
	chip_with("8168h", RTL_LEFT_ARMED); /* not this driver's fault */
	rtl_cfg_write(nic, 0x18, 0xffffffff, 4);
	assert_int_equal(mistakes(), 0);
}

static void test_stats(void **state)
{
	char text[512];

	chip("8168h");
	start();
	receive(own, 100);
	rtl_stats(nic, text, sizeof(text));
	assert_non_null(strstr(text, "chip 8168h: tx 0 rx 1 "));
	rtl_stats(nic, text, 10);
	assert_int_equal(strlen(text), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_chip, end),
		cmocka_unit_test_teardown(test_bars, end),
		cmocka_unit_test_teardown(test_d3_loses_the_configuration, end),
		cmocka_unit_test_teardown(test_interrupts, end),
		cmocka_unit_test_teardown(test_lock, end),
		cmocka_unit_test_teardown(test_reset, end),
		cmocka_unit_test_teardown(test_pci_chips_want_the_engine_first, end),
		cmocka_unit_test_teardown(test_high_half_of_a_ring_counts_with_the_low_one, end),
		cmocka_unit_test_teardown(test_doors, end),
		cmocka_unit_test_teardown(test_stuck_doors, end),
		cmocka_unit_test_teardown(test_tally, end),
		cmocka_unit_test_teardown(test_phy, end),
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
		cmocka_unit_test_teardown(test_vanished, end),
		cmocka_unit_test_teardown(test_armed, end),
		cmocka_unit_test_teardown(test_left_states, end),
		cmocka_unit_test_teardown(test_quiet, end),
		cmocka_unit_test_teardown(test_stats, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
