/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine around the RTL8169 model for the model's own tests: memory, a cable, and the smallest
 * driver that works on every chip. */
#ifndef TEST_UNIT_RTL8169_MACHINE_H
#define TEST_UNIT_RTL8169_MACHINE_H

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

static inline uint8_t *at(uint64_t gpa, size_t len)
{
	dma_count++;
	if (gpa < RAM || gpa - RAM > RAM_SIZE || len > RAM_SIZE - (gpa - RAM))
		return NULL;
	return ram + (gpa - RAM);
}
static inline int ram_read(void *ctx, uint64_t gpa, void *buf, size_t len)
{
	uint8_t *p = at(gpa, len);

	if (!p)
		return -1;
	memcpy(buf, p, len);
	return 0;
}
static inline int ram_write(void *ctx, uint64_t gpa, const void *buf, size_t len)
{
	uint8_t *p = at(gpa, len);

	if (!p)
		return -1;
	memcpy(p, buf, len);
	return 0;
}
static inline void xmit(void *ctx, const uint8_t *frame, size_t len)
{
	assert_true(sent_count < 16 && len <= sizeof(sent[0]));
	memcpy(sent[sent_count], frame, len);
	sent_len[sent_count++] = len;
}
static inline void intx(void *ctx, int level)
{
	intx_level = level;
}
static inline void msi(void *ctx, uint64_t address, uint32_t data)
{
	messages++;
	message_address = address;
	message_data = data;
}

static inline uint64_t mistakes(void)
{
	return rtl_counters(nic)->mistakes;
}
/* One mistake since @before, and this one. */
#define assert_mistake(before, text)                                                               \
	do {                                                                                       \
		assert_int_equal(mistakes(), (before) + 1);                                        \
		assert_non_null(strstr(rtl_last_mistake(nic), text));                              \
	} while (0)

static inline void power_on(struct rtl_opts o)
{
	static const struct rtl_ops ops = {NULL, ram_read, ram_write, xmit, intx, msi, NULL};

	memset(ram, 0, sizeof(ram));
	sent_count = messages = dma_count = 0;
	intx_level = 0;
	memcpy(o.mac, own, 6);
	nic = rtl_new(&o, &ops);
	assert_non_null(nic);
}

static inline void map(void)
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

static inline void chip_with(const char *name, uint32_t left)
{
	power_on((struct rtl_opts){.chip = name, .an_ms = 10, .reset_reads = 2, .left = left});
	map();
}
static inline void chip(const char *name)
{
	chip_with(name, 0);
}
static inline int end(void **state)
{
	rtl_free(nic);
	nic = NULL;
	return 0;
}
static inline void next_chip(void)
{
	end(NULL);
}

static inline uint32_t in(unsigned reg, unsigned size)
{
	return (uint32_t)rtl_bus_read(nic, 1, MEM_BASE + reg, size);
}
static inline void out(unsigned reg, unsigned size, uint32_t value)
{
	rtl_bus_write(nic, 1, MEM_BASE + reg, value, size);
}
static inline bool is(unsigned flag)
{
	return nic->chip->flags & flag;
}
static inline uint32_t isr(void)
{
	return is(CHIP_8125) ? in(REG_8125_ISR, 4) : in(REG_ISR, 2);
}

/* ---- A small driver ---- */

static inline void reset_chip(void)
{
	unsigned i;

	out(REG_CR, 1, CR_RESET);
	for (i = 0; i < 10 && in(REG_CR, 1) & CR_RESET; i++)
		;
	assert_true(i < 10);
}
static inline uint32_t desc(uint32_t ring, unsigned i, unsigned word)
{
	return get32(ram + (ring - RAM) + i * 16 + word * 4);
}
static inline void set_desc(uint32_t ring, unsigned i, uint32_t opts1, uint32_t opts2,
			    uint32_t address)
{
	uint8_t *d = ram + (ring - RAM) + i * 16;

	put32(d + 4, opts2);
	put32(d + 8, address);
	put32(d + 12, 0);
	put32(d, opts1 | (i == RING - 1 ? DESC_EOR : 0));
}
static inline void give(unsigned i, uint32_t size)
{
	set_desc(RX_RING, i, DESC_OWN | size, 0, RX_DATA + i * RX_BUF);
}
static inline void set_ring(unsigned reg, uint32_t address)
{
	out(reg + 4, 4, 0);
	out(reg, 4, address);
}
static inline void start(void)
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
static inline void doorbell(void)
{
	if (is(CHIP_8125))
		out(REG_8125_TPPOLL, 2, 1);
	else
		out(REG_TPPOLL, 1, 0x40);
}
static inline void frame(uint8_t *f, const uint8_t *to, size_t len)
{
	size_t i;

	memcpy(f, to, 6);
	for (i = 6; i < len; i++)
		f[i] = (uint8_t)(i * 7);
	f[12] = 0x88;
	f[13] = 0xb5;
}
static inline void receive(const uint8_t *to, size_t len)
{
	uint8_t f[0x4000];

	frame(f, to, len);
	rtl_frame_in(nic, f, len);
}
static inline void send(unsigned i, size_t len)
{
	frame(ram + (TX_DATA - RAM), own, len);
	set_desc(TX_RING, i, DESC_OWN | DESC_FS | DESC_LS | (uint32_t)len, 0, TX_DATA);
	doorbell();
}

#endif
