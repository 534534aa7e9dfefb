/* SPDX-License-Identifier: BSD-2-Clause */
/* The MAC registers of the RTL8169 model: what a read shows, what a write does, and what a reset
 * leaves. */
#include "test/r8169/model.h"

#include <string.h>

#define TPPOLL_HIGH   0x80u
#define TPPOLL_NORMAL 0x40u
#define TPPOLL_SWI    0x01u
#define DTCCR_CLEAR   0x01u
#define DTCCR_DUMP    0x08u
#define TALLY_BYTES   64u
#define CONFIG1_PM    0x01u
#define CONFIG3_MAGIC 0x30u /* magic packet, link-up */
#define CONFIG5_WAKE  0x72u /* broadcast, multicast, unicast, LanWake */
#define RING_NOWHERE  0x0000dead5a5a5a00ull

static const unsigned rings[RING_COUNT] = {REG_TNPDS, REG_THPDS, REG_RDSAR};

/* ---- What the chip itself writes into its registers ---- */

static void show_fixed_bits(struct rtl *r)
{
	uint32_t tcr = reg32(r, REG_TCR) & TCR_WRITABLE;

	tcr |= (uint32_t)r->chip->xid << 20;
	if (chip_is(r, CHIP_EVL | CHIP_OCP))
		tcr |= TCR_EMPTY;
	set_reg32(r, REG_TCR, tcr);
	if (chip_is(r, CHIP_PCIE))
		r->regs[REG_MCU] |= MCU_IDLE;
	if (chip_is(r, CHIP_8125))
		set_reg16(r, REG_INTMITIGATE, reg16(r, REG_INTMITIGATE) | 0x0103);
	r->regs[REG_IBISR0] |= 0x20;
}

/* ---- Reset ---- */

/* The address, the filter, Config0-5, CPCR, ring addresses and the PHY survive. */
void sim_mac_reset(struct rtl *r)
{
	r->regs[REG_CR] = 0;
	if (chip_is(r, CHIP_8125)) {
		set_reg32(r, REG_8125_IMR, 0);
		set_reg32(r, REG_8125_ISR, 0);
	} else {
		set_reg16(r, REG_IMR, 0);
		set_reg16(r, REG_ISR, 0);
	}
	set_reg32(r, REG_RCR, reg32(r, REG_RCR) & ~RCR_ACCEPT);
	set_reg32(r, REG_TCR, reg32(r, REG_TCR) & ~TCR_LOOPBACK);
	sim_tx_reset(r);
	sim_rx_reset(r);
	r->rx_hung = r->halted = r->leftover = false;
	sim_irq_update(r);
}

void sim_mac_power_on(struct rtl *r)
{
	memset(r->regs, 0, sizeof(r->regs));
	memset(r->eri, 0, sizeof(r->eri));
	memset(r->ring_high, 0, sizeof(r->ring_high));
	memcpy(r->regs + REG_IDR, r->opts.mac, 6);
	memcpy(r->regs + REG_8125_MAC, r->opts.mac, 6);
	memcpy(r->eri[0] + 0xe0, r->opts.mac, 6);
	r->regs[REG_CONFIG1] = chip_is(r, CHIP_PCIE) ? 0xcf : 0x0d;
	r->regs[REG_CONFIG2] = 0x1c;
	r->regs[REG_CONFIG3] = 0x60;
	set_reg16(r, REG_RMS, 0x1fff);
	sim_mac_reset(r);
	r->reset_left = 0;
	r->claimed = false;
	show_fixed_bits(r);
	sim_phy_show(r);
}

void sim_mac_leave(struct rtl *r)
{
	uint32_t left = r->opts.left;

	if (left & RTL_LEFT_ARMED) {
		unsigned i;

		for (i = 0; i < RING_COUNT; i++) {
			set_reg32(r, rings[i], (uint32_t)RING_NOWHERE);
			set_reg32(r, rings[i] + 4, (uint32_t)(RING_NOWHERE >> 32));
			r->ring_high[i] = (uint32_t)(RING_NOWHERE >> 32);
		}
		r->regs[REG_CR] = CR_RE | CR_TE;
		set_reg32(r, REG_RCR, 0xe700 | RCR_OWN | RCR_MULTICAST | RCR_BROADCAST);
		memset(r->regs + REG_MAR, 0xff, 8);
		r->leftover = true;
	}
	if (left & RTL_LEFT_OOB && chip_is(r, CHIP_OCP))
		r->regs[REG_MCU] |= MCU_OOB;
	if (left & RTL_LEFT_GATED && chip_is(r, CHIP_OCP))
		set_reg32(r, REG_MISC, MISC_GATED);
	if (left & RTL_LEFT_WOL) {
		r->regs[REG_CONFIG1] |= CONFIG1_PM;
		r->regs[REG_CONFIG3] |= CONFIG3_MAGIC;
		r->regs[REG_CONFIG5] |= CONFIG5_WAKE;
	}
	if (left & RTL_LEFT_UNLOCKED)
		r->regs[REG_9346CR] = UNLOCKED;
	if (left & RTL_LEFT_VLAN) {
		set_reg16(r, REG_CPCR, CPCR_VLAN);
		if (chip_is(r, CHIP_8125))
			set_reg32(r, REG_RCR, reg32(r, REG_RCR) | 3u << 22);
	}
	if (left & RTL_LEFT_LOOPBACK)
		set_reg32(r, REG_TCR, reg32(r, REG_TCR) | TCR_LOOPBACK);
	if (left & RTL_LEFT_IRQ) {
		set_reg16(r, chip_is(r, CHIP_8125) ? REG_8125_IMR : REG_IMR, 0xffff);
		sim_isr_raise(r, 0xffff);
	}
}

/* ---- Reading ---- */

uint64_t sim_mac_read(struct rtl *r, unsigned reg, unsigned size)
{
	bool cr = reg <= REG_CR && REG_CR < reg + size;
	uint64_t value = 0;
	unsigned i;

	sim_rx_drain(r);
	for (i = 0; i < size && reg + i < REGS_BYTES; i++)
		value |= (uint64_t)r->regs[reg + i] << 8 * i;
	if (cr && r->reset_left) {
		value |= (uint64_t)CR_RESET << 8 * (REG_CR - reg);
		if (!sim_fault_strikes(r, RTL_FAULT_RESET_STUCK))
			r->reset_left--;
	}
	return value;
}

/* ---- Writing ---- */

/* The high half of a ring's address counts when the low half is written. */
static bool write_ring_address(struct rtl *r, unsigned reg, uint32_t value)
{
	unsigned i;

	for (i = 0; i < RING_COUNT; i++) {
		if (reg == rings[i] + 4) {
			r->ring_high[i] = value;
			return true;
		}
		if (reg == rings[i]) {
			if (value & 255)
				sim_mistake(r, "ring address %#x not aligned to 256 bytes", value);
			set_reg32(r, reg, value & ~255u);
			set_reg32(r, reg + 4, r->ring_high[i]);
			return true;
		}
	}
	return false;
}

uint64_t sim_ring_base(const struct rtl *r, unsigned reg)
{
	return get64(r->regs + reg);
}

/* The tally counters of the RTL8168, in their order; what the model does not count is 0. */
static void dump_tally(struct rtl *r, uint64_t address)
{
	uint8_t tally[TALLY_BYTES] = {0};

	put32(tally, (uint32_t)r->count.tx);
	put32(tally + 8, (uint32_t)r->count.rx);
	put32(tally + 24, (uint32_t)r->count.rx_errors);
	put16(tally + 28, (uint32_t)r->count.missed);
	sim_dma_write(r, address, tally, sizeof(tally), "tally counters");
}

static void write_dtccr(struct rtl *r, uint32_t low)
{
	uint64_t address = (uint64_t)reg32(r, REG_DTCCR + 4) << 32 | (low & ~(TALLY_BYTES - 1));

	if (low & (DTCCR_DUMP | DTCCR_CLEAR) && sim_fault_strikes(r, RTL_FAULT_TALLY_STUCK)) {
		set_reg32(r, REG_DTCCR, low);
		return;
	}
	set_reg32(r, REG_DTCCR, low & ~(DTCCR_DUMP | DTCCR_CLEAR));
	if (low & DTCCR_CLEAR)
		r->count.tx = r->count.rx = r->count.missed = r->count.rx_errors = 0;
	if (low & DTCCR_DUMP)
		dump_tally(r, address);
}

static void write_cr(struct rtl *r, uint8_t value)
{
	if (value & CR_RESET) {
		sim_mac_reset(r);
		r->reset_left = r->opts.reset_reads;
		if (sim_fault_waits(r, RTL_FAULT_RESET_STUCK) && !r->reset_left)
			r->reset_left = 1;
		r->claimed = true;
		return;
	}
	if (r->quiet && value & (CR_RE | CR_TE))
		sim_mistake(r, "engines started after the card was closed");
	if (!(value & CR_RE))
		sim_rx_reset(r);
	if (!(value & CR_TE))
		sim_tx_reset(r);
	if (!(value & (CR_RE | CR_TE)))
		r->leftover = false;
	r->regs[REG_CR] = value & (CR_STOP | CR_RE | CR_TE);
}

static void write_tppoll(struct rtl *r, uint8_t value)
{
	if (value & TPPOLL_HIGH)
		sim_tx_doorbell(r, &r->tx_high);
	if (value & TPPOLL_NORMAL)
		sim_tx_doorbell(r, &r->tx_normal);
	if (value & TPPOLL_SWI)
		sim_isr_raise(r, ISR_SW);
}

/* Registers that PCI chips take only while an engine runs. */
static bool needs_engine(const struct rtl *r, unsigned reg)
{
	return !chip_is(r, CHIP_PCIE) && reg >= REG_TCR && reg < REG_RCR + 4 &&
	       !(r->regs[REG_CR] & (CR_RE | CR_TE));
}

static bool locked(struct rtl *r, unsigned reg)
{
	if ((r->regs[REG_9346CR] & UNLOCKED) == UNLOCKED)
		return false;
	if (reg < REG_IDR + 6)
		sim_mistake(r, "IDR%u written while 9346CR is locked", reg - REG_IDR);
	else if (reg >= REG_CONFIG0 && reg <= REG_CONFIG5)
		sim_mistake(r, "Config%u written while 9346CR is locked", reg - REG_CONFIG0);
	else
		return false;
	return true;
}

static void write_byte(struct rtl *r, unsigned reg, uint8_t value)
{
	unsigned isr = chip_is(r, CHIP_8125) ? REG_8125_ISR : REG_ISR;
	unsigned isr_bytes = chip_is(r, CHIP_8125) ? 4 : 2;

	if (reg >= REGS_BYTES || reg == REG_PHYSTATUS || locked(r, reg) || needs_engine(r, reg))
		return;
	if (sim_door_is(r, reg & ~3u))
		sim_mistake(r, "register %#x written with less than 32 bits", reg);
	else if (reg >= isr && reg < isr + isr_bytes)
		r->regs[reg] &= (uint8_t)~value;
	else if (reg == REG_CR)
		write_cr(r, value);
	else if (reg == REG_TPPOLL && !chip_is(r, CHIP_8125))
		write_tppoll(r, value);
	else if (reg == REG_8125_TPPOLL && chip_is(r, CHIP_8125))
		write_tppoll(r, value & 1 ? TPPOLL_NORMAL : 0);
	else
		r->regs[reg] = value;
}

static void write_word(struct rtl *r, unsigned reg, uint32_t value)
{
	unsigned i;

	if (sim_door_is(r, reg))
		sim_door_write(r, reg, value);
	else if (reg == REG_DTCCR)
		write_dtccr(r, value);
	else if (!write_ring_address(r, reg, value))
		for (i = 0; i < 4; i++)
			write_byte(r, reg + i, (uint8_t)(value >> 8 * i));
}

void sim_mac_write(struct rtl *r, unsigned reg, uint64_t value, unsigned size)
{
	unsigned i;

	if (r->reset_left && !(reg == REG_CR && size == 1))
		sim_mistake(r, "register %#x written before the reset completed", reg);
	if (size == 8)
		write_word(r, reg + 4, (uint32_t)(value >> 32));
	if (size >= 4)
		write_word(r, reg, (uint32_t)value);
	else
		for (i = 0; i < size; i++)
			write_byte(r, reg + i, (uint8_t)(value >> 8 * i));
	show_fixed_bits(r);
	sim_rx_drain(r);
	sim_irq_update(r);
}
