/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio over PCI (Virtual I/O Device, OASIS, version 1.1): transport and split
 * virtqueues, for any device type. See virtio_pci.c and virtqueue.c.
 */
#ifndef NIC_VIRTIO_H
#define NIC_VIRTIO_H

#include "lib/base.h"
#include "bios/pci.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define VENDOR_VIRTIO 0x1af4

/** A group of registers, wherever the device put it. */
struct virtio_region {
	enum virtio_access {
		VIRTIO_ACCESS_NONE,
		VIRTIO_ACCESS_IO,     /* base is a port */
		VIRTIO_ACCESS_MEMORY, /* base is an address */
		VIRTIO_ACCESS_CONFIG, /* through VIRTIO_PCI_CAP_PCI_CFG: base is an offset in bar */
	} access;
	uint8_t bar;
	uint32_t base;
	uint32_t length;
};

struct virtio_device {
	struct pci_device *pci;
	bool modern;
	struct virtio_region common; /* legacy: the whole register block */
	struct virtio_region notify, config, isr;
	uint32_t notify_multiplier;
	unsigned window;   /* the PCI configuration access capability, 0: none */
	uint64_t features; /* agreed */
};

/** How the registers of @pci are reached, modern where offered; 0 or an error after fail(). */
int virtio_attach(struct virtio_device *dev, struct pci_device *pci);
/** Reset and wait until the device says that it is; 0 or an error after fail(). */
int virtio_reset(struct virtio_device *dev);
/** Reset and announce a driver; @offered: the device's features. 0 or an error after fail(). */
int virtio_begin(struct virtio_device *dev, uint64_t *offered);
/** Agree on @features, a subset of the offer; VIRTIO_F_VERSION_1 is added for a modern device. */
int virtio_agree(struct virtio_device *dev, uint64_t features);
/** The queues are in place: the device may work. */
void virtio_driver_ok(struct virtio_device *dev);
uint8_t virtio_status(struct virtio_device *dev);
static inline bool virtio_has(const struct virtio_device *dev, unsigned feature)
{
	return dev->features >> feature & 1;
}
/** Did the device say that its configuration or its status changed? Asking clears that. True too
 * when the device has no way to say so. */
bool virtio_config_changed(struct virtio_device *dev);
/** Copy from the device-specific configuration, consistently (config generation). */
void virtio_config_read(struct virtio_device *dev, unsigned offset, void *to, size_t len);
void virtio_config_write8(struct virtio_device *dev, unsigned offset, uint8_t value);

/* ---- Register access, for virtqueue.c ---- */

uint8_t virtio_read8(struct virtio_device *dev, const struct virtio_region *r, unsigned offset);
uint16_t virtio_read16(struct virtio_device *dev, const struct virtio_region *r, unsigned offset);
uint32_t virtio_read32(struct virtio_device *dev, const struct virtio_region *r, unsigned offset);
void virtio_write8(struct virtio_device *dev, const struct virtio_region *r, unsigned offset,
		   uint8_t value);
void virtio_write16(struct virtio_device *dev, const struct virtio_region *r, unsigned offset,
		    uint16_t value);
void virtio_write32(struct virtio_device *dev, const struct virtio_region *r, unsigned offset,
		    uint32_t value);

/* ---- Split virtqueues ---- */

/**
 * A split virtqueue, divided into slots of `per_slot` descriptors that belong
 * together for good: slot s is the chain that begins at descriptor s * per_slot.
 */
struct virtqueue {
	struct virtio_device *dev;
	unsigned index;
	unsigned size; /* descriptors, a power of two */
	unsigned per_slot;
	unsigned slots;
	struct vring ring;
	uint16_t avail;	 /* next index to publish; ring.avail->idx once published */
	uint16_t kicked; /* published when the device was last told or asked */
	uint16_t used;	 /* next used entry to look at */
	bool event_idx;
	bool lazy;	 /* a queue of buffers to be filled: a doorbell for half of them will do */
	bool *in_flight; /* by slot */
	uint32_t notify_offset;
	void *memory;
	uint32_t kicks;	    /* doorbells rung, for reports */
	const char *broken; /* how the device broke the rules; the queue is dead */
};

/**
 * Create queue @index with @per_slot descriptors a slot and at most @cap descriptors where the
 * device lets us choose. 0 or an error after fail().
 */
int virtqueue_create(struct virtqueue *vq, struct virtio_device *dev, unsigned index,
		     unsigned per_slot, unsigned cap);
/** Free the ring; the device must have been reset. */
void virtqueue_free(struct virtqueue *vq);

/** Set descriptor @which of @slot. Chaining inside the slot is done here. */
void virtqueue_describe(struct virtqueue *vq, unsigned slot, unsigned which, const void *data,
			uint32_t len, bool device_writes, bool more);
/** Make @slot available; seen by the device at the next virtqueue_publish(). */
static inline void virtqueue_add(struct virtqueue *vq, unsigned slot)
{
	vq->in_flight[slot] = true;
	vq->ring.avail->ring[vq->avail++ & (vq->size - 1)] = (uint16_t)(slot * vq->per_slot);
}
/** Show the device what was added, and ring the doorbell if it wants to hear it. */
void virtqueue_publish(struct virtqueue *vq);

/** Used entries that wait; 0 also when the queue is broken. */
static inline unsigned virtqueue_ready(struct virtqueue *vq)
{
	uint16_t device = *(volatile uint16_t *)&vq->ring.used->idx;

	return vq->broken ? 0 : (uint16_t)(device - vq->used);
}
/**
 * Take the next used entry: its slot and the bytes that the device wrote, or -1 when there is
 * none. An entry that cannot be right marks the queue as broken.
 */
int virtqueue_take(struct virtqueue *vq, uint32_t *len);

#endif
