/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio's PCI transport (virtio 1.1, section 4.1).
 *
 * A modern device describes its register groups in vendor capabilities, each
 * in some I/O or memory BAR. A memory BAR above 4 GB is moved (pci_map); when
 * even that fails, the registers are reached through the window in
 * configuration space that VIRTIO_PCI_CAP_PCI_CFG offers: slow, but it works.
 * A device without these capabilities has the legacy block in I/O BAR 0.
 * Transitional devices have both and are driven as modern ones.
 */
#include "nic/virtio.h"
#include "bios/clock.h"
#include "bios/io.h"
#include "lib/error.h"

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#define RESET_MS	 500
#define GENERATION_TRIES 100
#define LEGACY_CONFIG	 20 /* device configuration; pci_enable() turned MSI-X off */
#define LEGACY_LENGTH	 20
#define WINDOW_DATA	 16 /* pci_cfg_data in struct virtio_pci_cfg_cap */

/* --------------------------------------------------------------------------
 * Register access
 */

static void window_select(struct virtio_device *dev, const struct virtio_region *r, unsigned offset,
			  unsigned size)
{
	pci_write8(dev->pci, dev->window + VIRTIO_PCI_CAP_BAR, r->bar);
	pci_write32(dev->pci, dev->window + VIRTIO_PCI_CAP_OFFSET, r->base + offset);
	pci_write32(dev->pci, dev->window + VIRTIO_PCI_CAP_LENGTH, size);
}

#define REGISTER_ACCESS(bits)                                                                      \
	uint##bits##_t virtio_read##bits(struct virtio_device *dev, const struct virtio_region *r, \
					 unsigned offset)                                          \
	{                                                                                          \
		switch (r->access) {                                                               \
		case VIRTIO_ACCESS_IO:                                                             \
			return in##bits((uint16_t)(r->base + offset));                             \
		case VIRTIO_ACCESS_MEMORY:                                                         \
			return mmio_read##bits((volatile void *)(uintptr_t)(r->base + offset));    \
		case VIRTIO_ACCESS_CONFIG:                                                         \
			window_select(dev, r, offset, bits / 8);                                   \
			return pci_read##bits(dev->pci, dev->window + WINDOW_DATA);                \
		default:                                                                           \
			return 0;                                                                  \
		}                                                                                  \
	}                                                                                          \
	void virtio_write##bits(struct virtio_device *dev, const struct virtio_region *r,          \
				unsigned offset, uint##bits##_t value)                             \
	{                                                                                          \
		switch (r->access) {                                                               \
		case VIRTIO_ACCESS_IO:                                                             \
			out##bits((uint16_t)(r->base + offset), value);                            \
			break;                                                                     \
		case VIRTIO_ACCESS_MEMORY:                                                         \
			mmio_write##bits((volatile void *)(uintptr_t)(r->base + offset), value);   \
			break;                                                                     \
		case VIRTIO_ACCESS_CONFIG:                                                         \
			window_select(dev, r, offset, bits / 8);                                   \
			pci_write##bits(dev->pci, dev->window + WINDOW_DATA, value);               \
			break;                                                                     \
		default:                                                                           \
			break;                                                                     \
		}                                                                                  \
	}
REGISTER_ACCESS(8)
REGISTER_ACCESS(16)
REGISTER_ACCESS(32)

/* --------------------------------------------------------------------------
 * Finding the registers
 */

/** Describe @length bytes at @offset of BAR @bar in @r; false when they cannot be reached. */
static bool region_in_bar(struct virtio_device *dev, struct virtio_region *r, unsigned bar,
			  uint32_t offset, uint32_t length)
{
	struct pci_device *pci = dev->pci;
	volatile void *address;
	uint64_t size;

	if (bar >= ARRAY_SIZE(pci->bar))
		return false;
	size = pci_bar_size(pci, bar);
	if ((uint64_t)offset + length > size)
		return false;
	r->bar = (uint8_t)bar;
	r->length = length;
	if (pci->bar[bar].io) {
		r->access = VIRTIO_ACCESS_IO;
		r->base = (uint32_t)pci->bar[bar].address + offset;
		return r->base != offset;
	}
	address = pci_map(pci, bar);
	if (address) {
		r->access = VIRTIO_ACCESS_MEMORY;
		r->base = (uint32_t)(uintptr_t)address + offset;
		return true;
	}
	r->access = VIRTIO_ACCESS_CONFIG;
	r->base = offset;
	return dev->window != 0;
}

/**
 * The first usable capability of @type (a device lists its preferred one
 * first); @min: what the group must hold at least. Returns its offset or 0.
 */
static unsigned find_region(struct virtio_device *dev, uint8_t type, uint32_t min_length,
			    struct virtio_region *r)
{
	struct pci_device *pci = dev->pci;
	unsigned at = 0, tries;

	for (tries = 0; tries < 32; tries++) {
		uint32_t length;

		at = pci_capability(pci, PCI_CAP_ID_VNDR, at);
		if (!at)
			return 0;
		length = pci_read32(pci, at + VIRTIO_PCI_CAP_LENGTH);
		if (pci_read8(pci, at + VIRTIO_PCI_CAP_CFG_TYPE) == type && length >= min_length &&
		    region_in_bar(dev, r, pci_read8(pci, at + VIRTIO_PCI_CAP_BAR),
				  pci_read32(pci, at + VIRTIO_PCI_CAP_OFFSET), length))
			return at;
	}
	return 0;
}

/** The configuration access window, which lies in no BAR. */
static unsigned find_window(struct virtio_device *dev)
{
	unsigned at = 0, tries;

	for (tries = 0; tries < 32 && (at = pci_capability(dev->pci, PCI_CAP_ID_VNDR, at));
	     tries++) {
		if (pci_read8(dev->pci, at + VIRTIO_PCI_CAP_CFG_TYPE) == VIRTIO_PCI_CAP_PCI_CFG)
			return at;
	}
	return 0;
}

static bool attach_modern(struct virtio_device *dev)
{
	unsigned notify;

	dev->window = find_window(dev);
	if (!find_region(dev, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_COMMON_Q_USEDHI + 4,
			 &dev->common))
		return false;
	notify = find_region(dev, VIRTIO_PCI_CAP_NOTIFY_CFG, 2, &dev->notify);
	if (!notify)
		return false;
	dev->notify_multiplier = pci_read32(dev->pci, notify + VIRTIO_PCI_NOTIFY_CAP_MULT);
	find_region(dev, VIRTIO_PCI_CAP_DEVICE_CFG, 1, &dev->config);
	if (!find_region(dev, VIRTIO_PCI_CAP_ISR_CFG, 1, &dev->isr))
		dev->isr.access = VIRTIO_ACCESS_NONE;
	dev->modern = true;
	return true;
}

static bool attach_legacy(struct virtio_device *dev)
{
	struct pci_device *pci = dev->pci;

	if (!pci->bar[0].io || !pci->bar[0].address)
		return false;
	dev->common = (struct virtio_region){VIRTIO_ACCESS_IO, 0, (uint32_t)pci->bar[0].address,
					     LEGACY_LENGTH};
	dev->config = (struct virtio_region){VIRTIO_ACCESS_IO, 0,
					     (uint32_t)pci->bar[0].address + LEGACY_CONFIG, 256};
	dev->notify = dev->common;
	dev->isr = (struct virtio_region){VIRTIO_ACCESS_IO, 0,
					  (uint32_t)pci->bar[0].address + VIRTIO_PCI_ISR, 1};
	dev->modern = false;
	return true;
}

int virtio_attach(struct virtio_device *dev, struct pci_device *pci)
{
	*dev = (struct virtio_device){.pci = pci};
	if (attach_modern(dev))
		return 0;
	if (pci->vendor != VENDOR_VIRTIO) /* a legacy device has no other mark than its id */
		return fail(E_NIC_CHIP, "this is no virtio device");
	*dev = (struct virtio_device){.pci = pci};
	if (attach_legacy(dev))
		return 0;
	return fail(E_NIC_TRANSPORT,
		    "virtio device " PCI_LOC_FMT " (%04x:%04x) offers neither reachable modern "
		    "registers nor a legacy I/O BAR",
		    PCI_LOC(pci), pci->vendor, pci->device);
}

/* --------------------------------------------------------------------------
 * Status and features
 */

uint8_t virtio_status(struct virtio_device *dev)
{
	return virtio_read8(dev, &dev->common,
			    dev->modern ? VIRTIO_PCI_COMMON_STATUS : VIRTIO_PCI_STATUS);
}

static void write_status(struct virtio_device *dev, uint8_t status)
{
	virtio_write8(dev, &dev->common, dev->modern ? VIRTIO_PCI_COMMON_STATUS : VIRTIO_PCI_STATUS,
		      status);
}

int virtio_reset(struct virtio_device *dev)
{
	uint64_t deadline = clock_ms() + RESET_MS;
	uint8_t status;

	write_status(dev, 0);
	while ((status = virtio_status(dev))) {
		if (clock_ms() > deadline)
			return fail(E_NIC_RESET,
				    "virtio device " PCI_LOC_FMT
				    " still has status 0x%02x %u ms after "
				    "its reset",
				    PCI_LOC(dev->pci), status, RESET_MS);
		clock_delay_us(100);
	}
	return 0;
}

static uint64_t read_features(struct virtio_device *dev)
{
	uint64_t features;

	if (!dev->modern)
		return virtio_read32(dev, &dev->common, VIRTIO_PCI_HOST_FEATURES);
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_DFSELECT, 0);
	features = virtio_read32(dev, &dev->common, VIRTIO_PCI_COMMON_DF);
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_DFSELECT, 1);
	return features | (uint64_t)virtio_read32(dev, &dev->common, VIRTIO_PCI_COMMON_DF) << 32;
}

static void write_features(struct virtio_device *dev, uint64_t features)
{
	if (!dev->modern) {
		virtio_write32(dev, &dev->common, VIRTIO_PCI_GUEST_FEATURES, (uint32_t)features);
		return;
	}
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_GFSELECT, 0);
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_GF, (uint32_t)features);
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_GFSELECT, 1);
	virtio_write32(dev, &dev->common, VIRTIO_PCI_COMMON_GF, (uint32_t)(features >> 32));
}

int virtio_begin(struct virtio_device *dev, uint64_t *offered)
{
	int rc = virtio_reset(dev);

	if (rc)
		return rc;
	write_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	write_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	*offered = read_features(dev);
	if (!dev->modern || *offered >> VIRTIO_F_VERSION_1 & 1)
		return 0;
	write_status(dev, VIRTIO_CONFIG_S_FAILED);
	return fail(E_NIC_FEATURES,
		    "virtio device " PCI_LOC_FMT " has modern registers but does not offer "
		    "VIRTIO_F_VERSION_1",
		    PCI_LOC(dev->pci));
}

int virtio_agree(struct virtio_device *dev, uint64_t features)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	if (dev->modern)
		features |= 1ull << VIRTIO_F_VERSION_1;
	dev->features = features;
	write_features(dev, features);
	if (!dev->modern)
		return 0;
	write_status(dev, status | VIRTIO_CONFIG_S_FEATURES_OK);
	if (virtio_status(dev) & VIRTIO_CONFIG_S_FEATURES_OK)
		return 0;
	write_status(dev, status | VIRTIO_CONFIG_S_FAILED);
	return fail(E_NIC_FEATURES,
		    "virtio device " PCI_LOC_FMT " refuses the features 0x%08x%08x that it offered",
		    PCI_LOC(dev->pci), (uint32_t)(features >> 32), (uint32_t)features);
}

void virtio_driver_ok(struct virtio_device *dev)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	if (dev->modern)
		status |= VIRTIO_CONFIG_S_FEATURES_OK;
	write_status(dev, status | VIRTIO_CONFIG_S_DRIVER_OK);
}

/* --------------------------------------------------------------------------
 * Device-specific configuration
 */

bool virtio_config_changed(struct virtio_device *dev)
{
	return dev->isr.access == VIRTIO_ACCESS_NONE ||
	       virtio_read8(dev, &dev->isr, 0) & VIRTIO_PCI_ISR_CONFIG;
}

static uint8_t generation(struct virtio_device *dev)
{
	return dev->modern ? virtio_read8(dev, &dev->common, VIRTIO_PCI_COMMON_CFGGENERATION) : 0;
}

void virtio_config_read(struct virtio_device *dev, unsigned offset, void *to, size_t len)
{
	uint8_t before, *out = to;
	unsigned tries;
	size_t i;

	memset(to, 0, len);
	if (dev->config.access == VIRTIO_ACCESS_NONE || offset + len > dev->config.length)
		return;
	for (tries = 0; tries < GENERATION_TRIES; tries++) {
		before = generation(dev);
		/* Two-byte fields are read whole, as the specification asks. */
		if (len == 2)
			put_le16(out, virtio_read16(dev, &dev->config, offset));
		else if (len == 4)
			put_le32(out, virtio_read32(dev, &dev->config, offset));
		else
			for (i = 0; i < len; i++)
				out[i] = virtio_read8(dev, &dev->config, offset + (unsigned)i);
		if (generation(dev) == before)
			return;
	}
}

void virtio_config_write8(struct virtio_device *dev, unsigned offset, uint8_t value)
{
	virtio_write8(dev, &dev->config, offset, value);
}
