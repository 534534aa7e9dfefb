/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI side of the RTL8169 model: configuration space, power states, and
 * which BAR a bus access is for. After PCI 2.2, PCI Power Management 1.1 and
 * PCI Express 1.1.
 */
#include "test/r8169/model.h"

#include <string.h>

#define VENDOR_REALTEK 0x10ecu

#define COMMAND_IO     0x0001u
#define COMMAND_MEMORY 0x0002u
#define COMMAND_MASTER 0x0004u
#define COMMAND_MASK   0x0547u
#define STATUS_CAPS    0x0010u

#define AT_COMMAND 0x04u
#define AT_BAR	   0x10u
#define AT_BAR_END 0x28u
#define AT_CAPS	   0x34u

#define BAR_IO	     1u
#define BAR_64	     4u
#define BAR_PREFETCH 8u

#define CAP_PM	 0x01u
#define CAP_MSI	 0x05u
#define CAP_PCIE 0x10u
#define CAP_MSIX 0x11u

#define PMCSR_STATE  0x0003u
#define PMCSR_PME_EN 0x0100u
#define PMCSR_PME    0x8000u

#define MSIX_BAR 4u
#define MSIX_PBA 0x800u

/* ---- Configuration space after a reset ---- */

static void add_cap(struct rtl *r, unsigned *tail, unsigned at, unsigned id)
{
	r->config[*tail] = (uint8_t)at;
	r->config[at] = (uint8_t)id;
	r->config[at + 1] = 0;
	*tail = at + 1;
}

static void set_bars(struct rtl *r)
{
	memset(r->bar, 0, sizeof(r->bar));
	r->bar[0] = (struct bar){0x100, BAR_IO};
	if (!chip_is(r, CHIP_PCIE)) {
		r->bar[1] = (struct bar){0x100, 0};
		return;
	}
	r->bar[2] = (struct bar){chip_is(r, CHIP_8125) ? REGS_BYTES : 0x1000, BAR_64};
	r->bar[4] = (struct bar){0x4000, BAR_64};
	if (chip_is(r, CHIP_TX2))
		r->bar[4].type |= BAR_PREFETCH;
}

static void set_pcie_caps(struct rtl *r, unsigned *tail)
{
	uint8_t *c = r->config, *w = r->config_mask;

	r->cap_msi = 0x50;
	add_cap(r, tail, 0x50, CAP_MSI);
	put16(c + 0x52, 0x0080); /* 64-bit address, one vector */
	w[0x52] = 0x01;
	put32(w + 0x54, ~3u);
	put32(w + 0x58, ~0u);
	put16(w + 0x5c, 0xffff);

	add_cap(r, tail, 0x70, CAP_PCIE);
	put16(c + 0x72, 0x0002); /* endpoint, version 2 */
	put32(c + 0x74, 0x05908cc0);
	put16(c + 0x78, 0x5010);
	put16(w + 0x78, 0x7fff);
	put32(c + 0x7c, 0x00077c11); /* x1, 2.5 GT/s */
	put16(c + 0x80, 0x0040);
	put16(w + 0x80, 0x0143);
	put16(c + 0x82, 0x1011);

	if (!chip_is(r, CHIP_MSIX))
		return;
	r->cap_msix = 0xb0;
	add_cap(r, tail, 0xb0, CAP_MSIX);
	put16(c + 0xb2, MSIX_VECTORS - 1);
	w[0xb3] = 0xc0;
	put32(c + 0xb4, MSIX_BAR);
	put32(c + 0xb8, MSIX_PBA | MSIX_BAR);
}

void sim_pci_power_on(struct rtl *r)
{
	uint8_t *c = r->config, *w = r->config_mask;
	unsigned tail = AT_CAPS, i;

	memset(c, 0, sizeof(r->config));
	memset(w, 0, sizeof(r->config_mask));
	put16(c, VENDOR_REALTEK);
	put16(c + 2, r->chip->device);
	put16(c + 6, STATUS_CAPS);
	c[8] = r->chip->revision;
	c[0x0b] = 2; /* network controller, Ethernet */
	put16(c + 0x2c, VENDOR_REALTEK);
	put16(c + 0x2e, 0x0123);
	c[0x3d] = 1; /* INTA */
	c[0x3e] = 0x20;
	c[0x3f] = 0x40;
	put16(w + AT_COMMAND, COMMAND_MASK);
	w[0x0c] = w[0x0d] = w[0x3c] = 0xff;
	set_bars(r);

	r->cap_pm = chip_is(r, CHIP_PCIE) ? 0x40 : 0xdc;
	add_cap(r, &tail, r->cap_pm, CAP_PM);
	put16(c + r->cap_pm + 2, 0xffc3);
	put16(w + r->cap_pm + 4, PMCSR_STATE | PMCSR_PME_EN);
	r->cap_msi = r->cap_msix = 0;
	if (chip_is(r, CHIP_PCIE))
		set_pcie_caps(r, &tail);

	memset(r->msix_table, 0, sizeof(r->msix_table));
	for (i = 0; i < MSIX_VECTORS; i++)
		r->msix_table[i * 16 + 12] = 1;
	r->msix_pending = false;
}

void sim_pci_leave(struct rtl *r)
{
	if (r->opts.left & RTL_LEFT_ARMED)
		r->config[AT_COMMAND] |= COMMAND_MASTER;
	if (r->opts.left & RTL_LEFT_D3)
		r->config[r->cap_pm + 4] |= PMCSR_STATE;
	if (r->opts.left & RTL_LEFT_WOL)
		put16(r->config + r->cap_pm + 4,
		      get16(r->config + r->cap_pm + 4) | PMCSR_PME_EN | PMCSR_PME);
}

bool sim_pci_bus_master(const struct rtl *r)
{
	return get16(r->config + AT_COMMAND) & COMMAND_MASTER;
}

bool sim_pci_asleep(const struct rtl *r)
{
	return r->config[r->cap_pm + 4] & PMCSR_STATE;
}

/* ---- Configuration accesses ---- */

void rtl_probe_phase(struct rtl *r, int on)
{
	r->probe = on;
}

uint32_t rtl_cfg_read(struct rtl *r, unsigned addr, unsigned len)
{
	uint8_t value[4] = {0};
	unsigned i;

	if (addr >= sizeof(r->config) || sim_fault_waits(r, RTL_FAULT_VANISHED))
		return 0xffffffffu;
	for (i = 0; i < len && i < 4 && addr + i < sizeof(r->config); i++) {
		unsigned a = addr + i;

		value[i] = r->config[a];
		if (a >= AT_BAR && a < AT_BAR_END && !(a & 3)) {
			uint8_t type = r->bar[(a - AT_BAR) / 4].type;

			value[i] |= r->probe ? type & BAR_IO : type;
		}
	}
	return get32(value);
}

/* The bits of configuration byte @a that can be written. */
static uint8_t writable(const struct rtl *r, unsigned a)
{
	unsigned bar = (a - AT_BAR) / 4;

	if (a < AT_BAR || a >= AT_BAR_END)
		return r->config_mask[a];
	if (r->bar[bar].size)
		return (uint8_t)(~(r->bar[bar].size - 1) >> 8 * (a & 3));
	if (bar && r->bar[bar - 1].type & BAR_64)
		return r->probe ? 0 : 0xff;
	return 0;
}

void rtl_cfg_write(struct rtl *r, unsigned addr, uint32_t val, unsigned len)
{
	bool was_asleep = sim_pci_asleep(r);
	unsigned i;

	if (sim_fault_waits(r, RTL_FAULT_VANISHED))
		return;
	if (r->opts.trace)
		sim_note(r, "config W%u %02x <- %0*x", len * 8, addr, (int)len * 2, val);
	if (addr >= AT_BAR && addr < AT_BAR_END && val == 0xffffffffu && r->claimed &&
	    r->regs[REG_CR] & (CR_RE | CR_TE))
		sim_mistake(r, "BARs sized by the next system while the engines run (CR %02x)",
			    r->regs[REG_CR]);
	for (i = 0; i < len && i < 4 && addr + i < sizeof(r->config); i++) {
		unsigned a = addr + i;
		uint8_t byte = (uint8_t)(val >> 8 * i), mask = writable(r, a);

		r->config[a] = (uint8_t)((r->config[a] & ~mask) | (byte & mask));
		if (a == r->cap_pm + 5 && byte & (PMCSR_PME >> 8))
			r->config[a] &= (uint8_t) ~(PMCSR_PME >> 8);
	}
	if (was_asleep && !sim_pci_asleep(r)) {
		sim_note(r, "woken: configuration lost");
		sim_pci_power_on(r);
		sim_mac_power_on(r);
	}
	if (r->msix_pending)
		sim_msix_deliver(r);
	sim_irq_update(r);
}

/* ---- Bus accesses ---- */

/* The BAR that decodes @addr, with its offset in @offset, or -1. */
static int bar_at(const struct rtl *r, bool memory, uint64_t addr, unsigned size, unsigned *offset)
{
	unsigned i;

	if (!(get16(r->config + AT_COMMAND) & (memory ? COMMAND_MEMORY : COMMAND_IO)))
		return -1;
	for (i = 0; i < BAR_COUNT; i++) {
		const uint8_t *reg = r->config + AT_BAR + 4 * i;
		uint64_t base = get32(reg);

		if (!r->bar[i].size || (r->bar[i].type & BAR_IO) == memory)
			continue;
		if (r->bar[i].type & BAR_64)
			base = get64(reg);
		if (addr >= base && addr - base < r->bar[i].size &&
		    size <= r->bar[i].size - (addr - base)) {
			*offset = (unsigned)(addr - base);
			return (int)i;
		}
	}
	return -1;
}

/* Whether an access of @size at @addr reaches the chip. */
static int reached(struct rtl *r, bool memory, uint64_t addr, unsigned size, unsigned *offset)
{
	int bar;

	r->count.accesses++;
	if (sim_fault_waits(r, RTL_FAULT_VANISHED) || size == 0 || size > 8 || (size & (size - 1)))
		return -1;
	bar = bar_at(r, memory, addr, size, offset);
	if (bar >= 0 && sim_pci_asleep(r)) {
		sim_mistake(r, "register %#x accessed in D3", *offset);
		return -1;
	}
	return bar;
}

uint64_t rtl_bus_read(struct rtl *r, int memory, uint64_t addr, unsigned size)
{
	uint64_t value = 0;
	unsigned offset, i;
	int bar = reached(r, memory, addr, size, &offset);

	if (bar < 0)
		return size < 8 ? (1ull << 8 * size) - 1 : ~0ull;
	if (bar == MSIX_BAR) {
		for (i = 0; i < size && offset + i < sizeof(r->msix_table); i++)
			value |= (uint64_t)r->msix_table[offset + i] << 8 * i;
		return offset == MSIX_PBA ? r->msix_pending : value;
	}
	value = sim_mac_read(r, offset, size);
	if (r->opts.trace)
		sim_note(r, "R%u %04x -> %0*llx", size * 8, offset, (int)size * 2,
			 (unsigned long long)value);
	return value;
}

void rtl_bus_write(struct rtl *r, int memory, uint64_t addr, uint64_t val, unsigned size)
{
	unsigned offset, i;
	int bar = reached(r, memory, addr, size, &offset);

	if (bar < 0)
		return;
	if (bar == MSIX_BAR) {
		for (i = 0; i < size && offset + i < sizeof(r->msix_table); i++)
			r->msix_table[offset + i] = (uint8_t)(val >> 8 * i);
		if (r->msix_pending)
			sim_msix_deliver(r);
		return;
	}
	if (r->opts.trace)
		sim_note(r, "W%u %04x <- %0*llx", size * 8, offset, (int)size * 2,
			 (unsigned long long)val);
	sim_mac_write(r, offset, val, size);
}
