/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI configuration space (mechanism 1), PCI Local Bus Specification 3.0. */
#ifndef BIOS_PCI_H
#define BIOS_PCI_H

#include "lib/base.h"

struct pci_device {
	uint16_t busdevfn; /* bus << 8 | device << 3 | function */
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem_device;
	uint32_t class; /* class << 16 | subclass << 8 | interface */
	uint8_t revision;
	uint8_t irq;
	/* BARs as decoded: address without flag bits, 0 when absent. */
	struct {
		uint64_t address;
		bool io;
		bool is64;
	} bar[6];
};

#define PCI_BUS(d)  ((d)->busdevfn >> 8)
#define PCI_SLOT(d) ((d)->busdevfn >> 3 & 31)
#define PCI_FUNC(d) ((d)->busdevfn & 7)
#define PCI_LOC_FMT "%02x:%02x.%x"
#define PCI_LOC(d)  PCI_BUS(d), PCI_SLOT(d), PCI_FUNC(d)

uint8_t pci_read8(const struct pci_device *dev, unsigned offset);
uint16_t pci_read16(const struct pci_device *dev, unsigned offset);
uint32_t pci_read32(const struct pci_device *dev, unsigned offset);
void pci_write8(const struct pci_device *dev, unsigned offset, uint8_t value);
void pci_write16(const struct pci_device *dev, unsigned offset, uint16_t value);
void pci_write32(const struct pci_device *dev, unsigned offset, uint32_t value);

/** Fill @dev for the next function at or after @busdevfn; false at the end of all buses. */
bool pci_next(struct pci_device *dev, uint32_t busdevfn);
/** Offset of capability @id (0 none); @after: continue behind that one (0 first). */
unsigned pci_capability(const struct pci_device *dev, uint8_t id, unsigned after);
/** Memory/IO decoding on, power state D0, no interrupts. Bus mastering stays as it is: a device
 * that was left armed, then cut off, would write to where its previous owner's memory was. */
void pci_enable(struct pci_device *dev);
/** Bus mastering on, once the device was reset. */
void pci_enable_dma(struct pci_device *dev);
void pci_disable_dma(struct pci_device *dev);
/** Size of BAR @index in bytes, by the write-ones method with decoding off. */
uint64_t pci_bar_size(struct pci_device *dev, unsigned index);
/**
 * Address of memory BAR @index that 32-bit code can reach, moving a BAR that
 * lies above 4 GB into a free hole below; NULL after fail() when none is free.
 */
volatile void *pci_map(struct pci_device *dev, unsigned index);

#endif
