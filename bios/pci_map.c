/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making memory BARs reachable for code without paging.
 *
 * Firmware of machines with much memory likes to put 64-bit BARs above 4 GB,
 * or leaves them unassigned for a "plug and play" system. Such a BAR moves into
 * a hole below 4 GB: inside the memory window of the bridge above the device
 * or, on a root bus, between the end of RAM and the I/O APIC, where the memory
 * map, other functions' BARs and bridges' windows leave room. The search goes
 * downwards, away from RAM.
 */
#include "bios/pci.h"
#include "bios/memmap.h"
#include "lib/error.h"

#include <linux/pci_regs.h>

#define FOUR_GB	   0x100000000ull
#define HOLE_TOP   0xfec00000ull /* the I/O APIC; chip registers and ROM above */
#define RANGES_MAX 256

/** Address ranges [base, end) that are taken. */
struct ranges {
	struct {
		uint64_t base, end;
	} range[RANGES_MAX];
	unsigned count;
	bool full;
};

static void range_add(struct ranges *ranges, uint64_t base, uint64_t length)
{
	if (!length || base >= FOUR_GB)
		return;
	if (ranges->count == RANGES_MAX) {
		ranges->full = true;
		return;
	}
	ranges->range[ranges->count].base = base;
	ranges->range[ranges->count++].end = base + length;
}

/** Highest address of @size free bytes, aligned to @size, in [low, high); 0 when there is none. */
static uint64_t find_hole(const struct ranges *busy, uint64_t low, uint64_t high, uint64_t size)
{
	uint64_t base;
	unsigned i;

	if (busy->full || size > high)
		return 0;
	base = ALIGN_DOWN(high - size, size);
	for (i = 0; i < busy->count && base >= low && base; i++) {
		if (busy->range[i].base >= base + size || busy->range[i].end <= base)
			continue;
		if (busy->range[i].base < size)
			return 0;
		base = ALIGN_DOWN(busy->range[i].base - size, size);
		i = (unsigned)-1; /* begin again below this range */
	}
	return base >= low ? base : 0;
}

static bool is_bridge(const struct pci_device *dev)
{
	return (pci_read8(dev, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
}

/** A bridge's memory window; false when it is closed or lies above 4 GB. */
static bool bridge_window(const struct pci_device *bridge, bool prefetchable, uint64_t *base,
			  uint64_t *end)
{
	unsigned offset = prefetchable ? PCI_PREF_MEMORY_BASE : PCI_MEMORY_BASE;
	uint32_t window = pci_read32(bridge, offset);

	*base = (uint64_t)(window & 0xfff0) << 16;
	*end = ((uint64_t)(window & 0xfff00000) | 0xfffff) + 1;
	if (prefetchable && (window & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64) {
		*base |= (uint64_t)pci_read32(bridge, PCI_PREF_BASE_UPPER32) << 32;
		*end += (uint64_t)pci_read32(bridge, PCI_PREF_LIMIT_UPPER32) << 32;
	}
	return *base < *end && *base < FOUR_GB;
}

/** Note what @dev occupies, unless it is a bridge on the way to @bus: its window is ours to use. */
static void note_device(struct ranges *busy, struct pci_device *dev, unsigned bus)
{
	uint64_t base, end;
	unsigned i;

	for (i = 0; i < 6; i++) {
		if (!dev->bar[i].io && dev->bar[i].address)
			range_add(busy, dev->bar[i].address, pci_bar_size(dev, i));
	}
	if (!is_bridge(dev))
		return;
	if (pci_read8(dev, PCI_SECONDARY_BUS) <= bus && bus <= pci_read8(dev, PCI_SUBORDINATE_BUS))
		return;
	if (bridge_window(dev, false, &base, &end))
		range_add(busy, base, end - base);
	if (bridge_window(dev, true, &base, &end))
		range_add(busy, base, end - base);
}

/** The bridge whose secondary bus is @bus; false on a root bus. */
static bool parent_bridge(unsigned bus, struct pci_device *bridge)
{
	uint32_t at;

	for (at = 0; pci_next(bridge, at); at = bridge->busdevfn + 1u) {
		if (is_bridge(bridge) && bus && pci_read8(bridge, PCI_SECONDARY_BUS) == bus)
			return true;
	}
	return false;
}

/** Where a root bus may have memory: from the end of RAM, without what the memory map names. */
static uint64_t root_window(struct ranges *busy)
{
	const struct memory_range *map;
	unsigned count = memmap_firmware(&map), i;
	uint64_t low = 0x100000;

	for (i = 0; i < count; i++) {
		range_add(busy, map[i].base, map[i].length);
		if (map[i].type == 1 && map[i].base + map[i].length <= FOUR_GB)
			low = max(low, map[i].base + map[i].length);
	}
	return low;
}

static uint64_t hole_for(const struct pci_device *dev, uint64_t size)
{
	static struct ranges busy;
	struct pci_device bridge, other;
	uint64_t low, high = HOLE_TOP, hole;
	uint32_t at;

	busy.count = 0;
	busy.full = false;
	for (at = 0; pci_next(&other, at); at = other.busdevfn + 1u)
		note_device(&busy, &other, PCI_BUS(dev));
	if (!parent_bridge(PCI_BUS(dev), &bridge)) {
		low = root_window(&busy);
		return find_hole(&busy, low, high, size);
	}
	if (bridge_window(&bridge, false, &low, &high)) {
		hole = find_hole(&busy, low, min(high, FOUR_GB), size);
		if (hole)
			return hole;
	}
	if (bridge_window(&bridge, true, &low, &high))
		return find_hole(&busy, low, min(high, FOUR_GB), size);
	return 0;
}

static void write_bar(struct pci_device *dev, unsigned index, uint64_t address)
{
	unsigned offset = PCI_BASE_ADDRESS_0 + 4 * index;
	uint16_t command = pci_read16(dev, PCI_COMMAND);

	pci_write16(dev, PCI_COMMAND, (uint16_t)(command & ~PCI_COMMAND_MEMORY));
	pci_write32(dev, offset, (uint32_t)address);
	if (dev->bar[index].is64)
		pci_write32(dev, offset + 4, (uint32_t)(address >> 32));
	pci_write16(dev, PCI_COMMAND, command);
	dev->bar[index].address = address;
}

volatile void *pci_map(struct pci_device *dev, unsigned index)
{
	uint64_t size, hole, old;

	if (index >= ARRAY_SIZE(dev->bar) || dev->bar[index].io) {
		fail(E_PCI_NO_BAR, "PCI device " PCI_LOC_FMT " (%04x:%04x) has no memory BAR %u",
		     PCI_LOC(dev), dev->vendor, dev->device, index);
		return NULL;
	}
	size = pci_bar_size(dev, index);
	old = dev->bar[index].address;
	if (!size || size > FOUR_GB / 2) {
		fail(E_PCI_NO_BAR,
		     "PCI device " PCI_LOC_FMT " (%04x:%04x): BAR %u does not answer as memory",
		     PCI_LOC(dev), dev->vendor, dev->device, index);
		return NULL;
	}
	if (old && old + size <= FOUR_GB)
		return (volatile void *)(uintptr_t)old;
	hole = hole_for(dev, size);
	if (!hole) {
		fail(E_PCI_NO_ROOM,
		     "PCI device " PCI_LOC_FMT
		     " (%04x:%04x): BAR %u at 0x%llx cannot be reached and no "
		     "%llu KB are free below 4 GB behind its bridge; turn off \"above 4G "
		     "decoding\" in "
		     "the BIOS setup",
		     PCI_LOC(dev), dev->vendor, dev->device, index, (unsigned long long)old,
		     (unsigned long long)(size >> 10));
		return NULL;
	}
	write_bar(dev, index, hole);
	if ((pci_read32(dev, PCI_BASE_ADDRESS_0 + 4 * index) &
	     (uint32_t)PCI_BASE_ADDRESS_MEM_MASK) != (uint32_t)hole) {
		write_bar(dev, index, old);
		fail(E_PCI_NO_ROOM,
		     "PCI device " PCI_LOC_FMT
		     " (%04x:%04x): BAR %u did not take the address 0x%llx",
		     PCI_LOC(dev), dev->vendor, dev->device, index, (unsigned long long)hole);
		return NULL;
	}
	return (volatile void *)(uintptr_t)hole;
}
