/* SPDX-License-Identifier: BSD-2-Clause */
/* The RTL8169 model as a whole: birth, time, faults, mistakes, and the way to memory. */
#include "test/r8169/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What is said ---- */

static void say(struct rtl *r, bool is_mistake, const char *text)
{
	if (r->ops.log)
		r->ops.log(r->ops.ctx, is_mistake, text);
}

void sim_note(struct rtl *r, const char *format, ...)
{
	char text[192];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(r, false, text);
}

void sim_mistake(struct rtl *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->last_mistake, sizeof(r->last_mistake), format, args);
	va_end(args);
	r->count.mistakes++;
	say(r, true, r->last_mistake);
}

const char *rtl_last_mistake(const struct rtl *r)
{
	return r->last_mistake;
}

const struct rtl_counters *rtl_counters(const struct rtl *r)
{
	return &r->count;
}

void rtl_stats(struct rtl *r, char *buf, size_t len)
{
	const struct rtl_counters *c = &r->count;

	snprintf(buf, len,
		 "chip %s: tx %llu rx %llu filtered %llu missed %llu rx-errors %llu accesses %llu "
		 "interrupts %llu stray-dma %llu mistakes %llu",
		 r->chip->name, (unsigned long long)c->tx, (unsigned long long)c->rx,
		 (unsigned long long)c->filtered, (unsigned long long)c->missed,
		 (unsigned long long)c->rx_errors, (unsigned long long)c->accesses,
		 (unsigned long long)c->interrupts, (unsigned long long)c->stray_dma,
		 (unsigned long long)c->mistakes);
}

/* ---- Faults ---- */

void rtl_fault(struct rtl *r, enum rtl_fault fault, unsigned times)
{
	if (fault < RTL_FAULTS)
		r->fault[fault] = times;
}

bool sim_fault_waits(const struct rtl *r, enum rtl_fault fault)
{
	return r->fault[fault] != 0;
}

bool sim_fault_strikes(struct rtl *r, enum rtl_fault fault)
{
	if (!r->fault[fault])
		return false;
	if (r->fault[fault] != RTL_FOREVER)
		r->fault[fault]--;
	return true;
}

void rtl_expect_quiet(struct rtl *r, bool on)
{
	r->quiet = on;
	if (on && r->regs[REG_CR] & (CR_RE | CR_TE))
		sim_mistake(r, "closed with its engines running (CR %02x)", r->regs[REG_CR]);
}

/* ---- Memory ---- */

/* Whether the bus carries an access at all. */
static bool dma_allowed(struct rtl *r, const char *what)
{
	if (r->leftover) {
		r->count.stray_dma++;
		return false;
	}
	if (r->quiet)
		sim_mistake(r, "DMA (%s) after the card was closed", what);
	if (sim_fault_strikes(r, RTL_FAULT_SYSTEM_ERROR)) {
		sim_note(r, "bus error by request: %s", what);
		r->halted = true;
		sim_isr_raise(r, ISR_SERR);
		return false;
	}
	return true;
}

static bool dma_failed(struct rtl *r, uint64_t address, size_t len, const char *what)
{
	sim_mistake(r, "%s: %#llx+%zu is not memory", what, (unsigned long long)address, len);
	r->halted = true;
	sim_isr_raise(r, ISR_SERR);
	return false;
}

bool sim_dma_read(struct rtl *r, uint64_t address, void *buf, size_t len, const char *what)
{
	if (!dma_allowed(r, what))
		return false;
	if (r->ops.dma_read(r->ops.ctx, address, buf, len))
		return dma_failed(r, address, len, what);
	return true;
}

bool sim_dma_write(struct rtl *r, uint64_t address, const void *buf, size_t len, const char *what)
{
	if (!dma_allowed(r, what))
		return false;
	if (r->ops.dma_write(r->ops.ctx, address, buf, len))
		return dma_failed(r, address, len, what);
	return true;
}

/* ---- Life ---- */

void rtl_pci_reset(struct rtl *r)
{
	sim_pci_power_on(r);
	sim_mac_power_on(r);
	sim_pci_leave(r);
	sim_mac_leave(r);
}

struct rtl *rtl_new(const struct rtl_opts *o, const struct rtl_ops *ops)
{
	const struct rtl_chip *chip = sim_chip_find(o->chip);
	struct rtl *r = chip ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->chip = chip;
	r->opts = *o;
	r->ops = *ops;
	r->cable = !o->link_down;
	r->negotiated_at = -1;
	sim_phy_power_on(r);
	rtl_pci_reset(r);
	sim_phy_leave(r);
	return r;
}

void rtl_free(struct rtl *r)
{
	free(r);
}

int rtl_tick(struct rtl *r, uint64_t now_ms)
{
	int wait;

	r->now = now_ms;
	wait = sim_phy_tick(r);
	sim_tx_tick(r);
	sim_rx_drain(r);
	return r->fifo_count || r->tx_normal.pending || r->tx_high.pending ? 1 : wait;
}
