/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space through configuration mechanism 1 (PCI Local Bus
 * Specification 3.0, section 3.2.2.3.2) and what a driver needs of it: finding
 * functions, waking them, sizing BARs. Where a BAR must move, see pci_map.c.
 *
 * Every access gives CONFIG_ADDRESS back as it was: our code also runs inside
 * a guest's timer interrupt, which may have hit the guest between its own two
 * port accesses.
 */
#include "bios/pci.h"
#include "bios/clock.h"
#include "bios/gate.h" /* INT 1Ah: the last bus */
#include "bios/io.h"

#include <linux/pci_regs.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define HEADER_TYPE_MASK 0x7f
#define HEADER_MULTI	 0x80
#define CAPABILITIES_MAX 48 /* what fits into 192 bytes: a looping list ends here */

static uint32_t config_select(uint32_t busdevfn, unsigned offset)
{
	uint32_t before = in32(CONFIG_ADDRESS);

	out32(CONFIG_ADDRESS, CONFIG_ENABLE | busdevfn << 8 | (offset & 0xfc));
	return before;
}

uint8_t pci_read8(const struct pci_device *dev, unsigned offset)
{
	uint32_t before = config_select(dev->busdevfn, offset);
	uint8_t value = in8((uint16_t)(CONFIG_DATA + (offset & 3)));

	out32(CONFIG_ADDRESS, before);
	return value;
}

uint16_t pci_read16(const struct pci_device *dev, unsigned offset)
{
	uint32_t before = config_select(dev->busdevfn, offset);
	uint16_t value = in16((uint16_t)(CONFIG_DATA + (offset & 2)));

	out32(CONFIG_ADDRESS, before);
	return value;
}

uint32_t pci_read32(const struct pci_device *dev, unsigned offset)
{
	uint32_t before = config_select(dev->busdevfn, offset);
	uint32_t value = in32(CONFIG_DATA);

	out32(CONFIG_ADDRESS, before);
	return value;
}

void pci_write8(const struct pci_device *dev, unsigned offset, uint8_t value)
{
	uint32_t before = config_select(dev->busdevfn, offset);

	out8((uint16_t)(CONFIG_DATA + (offset & 3)), value);
	out32(CONFIG_ADDRESS, before);
}

void pci_write16(const struct pci_device *dev, unsigned offset, uint16_t value)
{
	uint32_t before = config_select(dev->busdevfn, offset);

	out16((uint16_t)(CONFIG_DATA + (offset & 2)), value);
	out32(CONFIG_ADDRESS, before);
}

void pci_write32(const struct pci_device *dev, unsigned offset, uint32_t value)
{
	uint32_t before = config_select(dev->busdevfn, offset);

	out32(CONFIG_DATA, value);
	out32(CONFIG_ADDRESS, before);
}

/* --------------------------------------------------------------------------
 * Finding functions
 */

/** The last bus that the BIOS numbered (PCI BIOS Specification 2.1, function B101h). */
static unsigned bios_last_bus(void)
{
	struct real_regs regs = {.eax = 0xb101};

	bios_call(0x1a, &regs);
	if ((regs.eflags & FLAG_CARRY) || (regs.eax & 0xff00) ||
	    regs.edx != 0x20494350) /* "PCI " */
		return 255;
	return regs.ecx & 0xff;
}

static void read_bars(struct pci_device *dev, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		uint32_t low = pci_read32(dev, PCI_BASE_ADDRESS_0 + 4 * i);

		if (low & PCI_BASE_ADDRESS_SPACE_IO) {
			dev->bar[i].io = true;
			dev->bar[i].address = low & (uint32_t)PCI_BASE_ADDRESS_IO_MASK;
			continue;
		}
		dev->bar[i].address = low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
		if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 &&
		    i + 1 < count) {
			dev->bar[i].is64 = true;
			dev->bar[i].address |=
				(uint64_t)pci_read32(dev, PCI_BASE_ADDRESS_0 + 4 * (i + 1)) << 32;
			i++;
		}
	}
}

static void read_header(struct pci_device *dev, uint8_t type)
{
	uint32_t id = pci_read32(dev, PCI_VENDOR_ID);
	uint32_t class_revision = pci_read32(dev, PCI_CLASS_REVISION);

	dev->vendor = (uint16_t)id;
	dev->device = (uint16_t)(id >> 16);
	dev->class = class_revision >> 8;
	dev->revision = (uint8_t)class_revision;
	dev->irq = pci_read8(dev, PCI_INTERRUPT_LINE);
	if (type == PCI_HEADER_TYPE_NORMAL) {
		dev->subsystem_vendor = pci_read16(dev, PCI_SUBSYSTEM_VENDOR_ID);
		dev->subsystem_device = pci_read16(dev, PCI_SUBSYSTEM_ID);
		read_bars(dev, 6);
	} else if (type == PCI_HEADER_TYPE_BRIDGE) {
		read_bars(dev, 2);
	}
}

bool pci_next(struct pci_device *dev, uint32_t busdevfn)
{
	/* Peer root buses are known to the BIOS only; bridges may lead further than it says. */
	static int last_bus = -1;

	if (last_bus < 0)
		last_bus = (int)bios_last_bus();
	while ((int)(busdevfn >> 8) <= last_bus) {
		struct pci_device first = {.busdevfn = (uint16_t)(busdevfn & ~7u)};
		uint8_t header;
		uint32_t id;

		*dev = (struct pci_device){.busdevfn = (uint16_t)busdevfn};
		if ((busdevfn & 7) && !(pci_read8(&first, PCI_HEADER_TYPE) & HEADER_MULTI)) {
			busdevfn = (busdevfn | 7) + 1;
			continue;
		}
		id = pci_read32(dev, PCI_VENDOR_ID);
		if (id == 0xffffffff || id == 0 || (id & 0xffff) == 0xffff) {
			busdevfn = busdevfn & 7 ? busdevfn + 1 : busdevfn + 8;
			continue;
		}
		header = pci_read8(dev, PCI_HEADER_TYPE) & HEADER_TYPE_MASK;
		if (header == PCI_HEADER_TYPE_BRIDGE)
			last_bus = max(last_bus, (int)pci_read8(dev, PCI_SUBORDINATE_BUS));
		read_header(dev, header);
		return true;
	}
	return false;
}

unsigned pci_capability(const struct pci_device *dev, uint8_t id, unsigned after)
{
	unsigned budget, offset;

	if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = pci_read8(dev, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST) & 0xfc;
	for (budget = CAPABILITIES_MAX; budget && offset >= PCI_STD_HEADER_SIZEOF; budget--) {
		if (pci_read8(dev, offset + PCI_CAP_LIST_ID) == id)
			return offset;
		offset = pci_read8(dev, offset + PCI_CAP_LIST_NEXT) & 0xfc;
	}
	return 0;
}

/* --------------------------------------------------------------------------
 * Waking and quieting
 */

/**
 * Power state D0 and no wake-up event pending. A function that comes back from
 * D3hot may have lost its header, so that is kept and written again.
 */
static void power_on(struct pci_device *dev)
{
	unsigned pm = pci_capability(dev, PCI_CAP_ID_PM, 0);
	uint32_t header[16];
	uint16_t control;
	unsigned i;

	if (!pm)
		return;
	control = pci_read16(dev, pm + PCI_PM_CTRL);
	if (!(control & (PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS)))
		return;
	for (i = 0; i < 16; i++)
		header[i] = pci_read32(dev, 4 * i);
	/* The status bit is cleared by writing it as one. */
	pci_write16(dev, pm + PCI_PM_CTRL,
		    (uint16_t)(control & ~(PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE)));
	if (!(control & PCI_PM_CTRL_STATE_MASK))
		return;
	clock_delay_us(10000);
	for (i = 15; i >= 4; i--)
		pci_write32(dev, 4 * i, header[i]);
	pci_write8(dev, PCI_CACHE_LINE_SIZE, (uint8_t)header[3]);
	pci_write8(dev, PCI_LATENCY_TIMER, (uint8_t)(header[3] >> 8));
}

/** Message-signalled interrupts off, as a previous owner may have left them on. */
static void msi_off(struct pci_device *dev)
{
	unsigned msi = pci_capability(dev, PCI_CAP_ID_MSI, 0);
	unsigned msix = pci_capability(dev, PCI_CAP_ID_MSIX, 0);
	uint16_t flags;

	if (msi) {
		flags = pci_read16(dev, msi + PCI_MSI_FLAGS);
		if (flags & PCI_MSI_FLAGS_ENABLE)
			pci_write16(dev, msi + PCI_MSI_FLAGS,
				    (uint16_t)(flags & ~PCI_MSI_FLAGS_ENABLE));
	}
	if (msix) {
		flags = pci_read16(dev, msix + PCI_MSIX_FLAGS);
		if (flags & PCI_MSIX_FLAGS_ENABLE)
			pci_write16(dev, msix + PCI_MSIX_FLAGS,
				    (uint16_t)(flags & ~PCI_MSIX_FLAGS_ENABLE));
	}
}

void pci_enable(struct pci_device *dev)
{
	uint16_t command;

	power_on(dev);
	msi_off(dev);
	command = pci_read16(dev, PCI_COMMAND);
	pci_write16(dev, PCI_COMMAND,
		    command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	/* A latency timer of nearly nothing makes conventional PCI cards drop packets. */
	if (pci_read8(dev, PCI_LATENCY_TIMER) < 32)
		pci_write8(dev, PCI_LATENCY_TIMER, 32);
}

void pci_enable_dma(struct pci_device *dev)
{
	pci_write16(dev, PCI_COMMAND, pci_read16(dev, PCI_COMMAND) | PCI_COMMAND_MASTER);
}

void pci_disable_dma(struct pci_device *dev)
{
	uint16_t command = pci_read16(dev, PCI_COMMAND);

	pci_write16(dev, PCI_COMMAND,
		    (uint16_t)(command & ~(PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE)));
}

/* --------------------------------------------------------------------------
 * BARs
 */

uint64_t pci_bar_size(struct pci_device *dev, unsigned index)
{
	unsigned offset = PCI_BASE_ADDRESS_0 + 4 * index;
	bool is64 = dev->bar[index].is64;
	uint16_t command = pci_read16(dev, PCI_COMMAND);
	uint32_t low, high = 0, mask_low, mask_high = 0xffffffff;
	uint64_t mask;

	pci_write16(dev, PCI_COMMAND, (uint16_t)(command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)));
	low = pci_read32(dev, offset);
	pci_write32(dev, offset, 0xffffffff);
	mask_low = pci_read32(dev, offset);
	pci_write32(dev, offset, low);
	if (is64) {
		high = pci_read32(dev, offset + 4);
		pci_write32(dev, offset + 4, 0xffffffff);
		mask_high = pci_read32(dev, offset + 4);
		pci_write32(dev, offset + 4, high);
	}
	pci_write16(dev, PCI_COMMAND, command);
	if (!mask_low)
		return 0;
	if (mask_low & PCI_BASE_ADDRESS_SPACE_IO)
		/* The upper half of an I/O BAR may be hard-wired to zero. */
		return (~(mask_low & (uint32_t)PCI_BASE_ADDRESS_IO_MASK) & 0xffff) + 1;
	mask = (uint64_t)mask_high << 32 | (mask_low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
	return ~mask + 1;
}
