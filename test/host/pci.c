/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/pci.h on the host: configuration spaces that the test fills in. */
#include "test/host/host.h"
#include "lib/error.h"

#define CONFIG_COMMAND 0x04
#define CONFIG_STATUS  0x06
#define CONFIG_BAR0    0x10
#define CONFIG_CAPS    0x34
#define STATUS_CAPS    0x10
#define BAR_IO	       0x1u
#define BAR_64	       0x4u
#define COMMAND_DECODE 0x3
#define COMMAND_MASTER 0x4

static struct host_pci functions[HOST_PCI_MAX];
static unsigned function_count;

struct host_pci *host_pci_add(uint16_t busdevfn, uint16_t vendor, uint16_t device, uint32_t class)
{
	struct host_pci *f;

	if (function_count == HOST_PCI_MAX)
		return NULL;
	f = &functions[function_count++];
	memset(f, 0, sizeof(*f));
	f->busdevfn = busdevfn;
	put_le16(f->config, vendor);
	put_le16(f->config + 2, device);
	put_le32(f->config + 8, class << 8);
	return f;
}

void host_pci_reset(void)
{
	function_count = 0;
}

static struct host_pci *find(uint16_t busdevfn)
{
	for (unsigned i = 0; i < function_count; i++) {
		if (functions[i].busdevfn == busdevfn)
			return &functions[i];
	}
	return NULL;
}

static uint32_t config_read(const struct pci_device *dev, unsigned offset, unsigned size)
{
	struct host_pci *f = find(dev->busdevfn);
	uint32_t value = 0xffffffff;

	if (f && offset + size <= sizeof(f->config)) {
		value = 0;
		memcpy(&value, f->config + offset, size);
	}
	return value;
}

static void config_write(const struct pci_device *dev, unsigned offset, unsigned size,
			 uint32_t value)
{
	struct host_pci *f = find(dev->busdevfn);
	unsigned bar = (offset - CONFIG_BAR0) / 4;

	if (!f || offset + size > sizeof(f->config))
		return;
	if (offset >= CONFIG_BAR0 && bar < 6 && size == 4 && f->bar_size[bar]) {
		uint32_t flags = get_le32(f->config + offset);

		flags &= flags & BAR_IO ? 3 : 15;
		value = (value & ~(f->bar_size[bar] - 1)) | flags;
	}
	memcpy(f->config + offset, &value, size);
	if (f->written)
		f->written(f, offset, size, value);
}

uint8_t pci_read8(const struct pci_device *dev, unsigned offset)
{
	return (uint8_t)config_read(dev, offset, 1);
}

uint16_t pci_read16(const struct pci_device *dev, unsigned offset)
{
	return (uint16_t)config_read(dev, offset, 2);
}

uint32_t pci_read32(const struct pci_device *dev, unsigned offset)
{
	return config_read(dev, offset, 4);
}

void pci_write8(const struct pci_device *dev, unsigned offset, uint8_t value)
{
	config_write(dev, offset, 1, value);
}

void pci_write16(const struct pci_device *dev, unsigned offset, uint16_t value)
{
	config_write(dev, offset, 2, value);
}

void pci_write32(const struct pci_device *dev, unsigned offset, uint32_t value)
{
	config_write(dev, offset, 4, value);
}

static void read_bars(struct pci_device *dev)
{
	for (unsigned i = 0; i < 6; i++) {
		uint32_t low = pci_read32(dev, CONFIG_BAR0 + 4 * i);

		if (!low)
			continue;
		dev->bar[i].io = low & BAR_IO;
		dev->bar[i].address = low & (low & BAR_IO ? ~3u : ~15u);
		if (!(low & BAR_IO) && (low & BAR_64) && i < 5) {
			dev->bar[i].is64 = true;
			dev->bar[i].address |= (uint64_t)pci_read32(dev, CONFIG_BAR0 + 4 * i + 4)
					       << 32;
			i++;
		}
	}
}

bool pci_next(struct pci_device *dev, uint32_t busdevfn)
{
	struct host_pci *best = NULL;

	for (unsigned i = 0; i < function_count; i++) {
		if (functions[i].busdevfn >= busdevfn &&
		    (!best || functions[i].busdevfn < best->busdevfn))
			best = &functions[i];
	}
	if (!best)
		return false;
	memset(dev, 0, sizeof(*dev));
	dev->busdevfn = best->busdevfn;
	dev->vendor = pci_read16(dev, 0);
	dev->device = pci_read16(dev, 2);
	dev->revision = pci_read8(dev, 8);
	dev->class = pci_read32(dev, 8) >> 8;
	dev->subsystem_vendor = pci_read16(dev, 0x2c);
	dev->subsystem_device = pci_read16(dev, 0x2e);
	dev->irq = pci_read8(dev, 0x3c);
	read_bars(dev);
	return true;
}

unsigned pci_capability(const struct pci_device *dev, uint8_t id, unsigned after)
{
	unsigned offset;

	if (!(pci_read16(dev, CONFIG_STATUS) & STATUS_CAPS))
		return 0;
	offset = pci_read8(dev, after ? after + 1 : CONFIG_CAPS) & ~3u;
	for (unsigned i = 0; i < 48 && offset >= 0x40; i++) {
		if (pci_read8(dev, offset) == id)
			return offset;
		offset = pci_read8(dev, offset + 1) & ~3u;
	}
	return 0;
}

void pci_enable(struct pci_device *dev)
{
	pci_write16(dev, CONFIG_COMMAND, pci_read16(dev, CONFIG_COMMAND) | COMMAND_DECODE);
}

void pci_enable_dma(struct pci_device *dev)
{
	pci_write16(dev, CONFIG_COMMAND, pci_read16(dev, CONFIG_COMMAND) | COMMAND_MASTER);
}

void pci_disable_dma(struct pci_device *dev)
{
	pci_write16(dev, CONFIG_COMMAND, pci_read16(dev, CONFIG_COMMAND) & ~COMMAND_MASTER);
}

uint64_t pci_bar_size(struct pci_device *dev, unsigned index)
{
	struct host_pci *f = find(dev->busdevfn);

	return f && index < 6 ? f->bar_size[index] : 0;
}

volatile void *pci_map(struct pci_device *dev, unsigned index)
{
	struct host_pci *f = find(dev->busdevfn);

	if (f && index < 6 && f->bar_memory[index])
		return f->bar_memory[index];
	if (dev->bar[index].address >> 32) {
		fail(E_PCI_NO_ROOM, "BAR %u lies above 4 GB", index);
		return NULL;
	}
	return (volatile void *)(uintptr_t)dev->bar[index].address;
}
