/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues (virtio 1.1, section 2.6).
 *
 * Nothing is allocated or linked while frames flow: a slot's descriptors are
 * fixed, a buffer goes round by writing its number into the available ring.
 *
 * Doorbells leave the machine (to the hypervisor) and cost more than all else
 * in this driver. So additions are published once a batch, and the doorbell
 * rings only if the device asked: through the event index where negotiated,
 * else through VRING_USED_F_NO_NOTIFY. A device that always asks is told about
 * refilled receive buffers only when half of them are new; that is safe,
 * because a device that ran out has given all of them back to us.
 *
 * We never want an interrupt: NO_INTERRUPT is set, and with the event index,
 * which overrules that flag, the index stays just behind what we have seen.
 *
 * The device is not trusted: entries must name a slot that is in flight.
 */
#include "nic/virtio.h"
#include "bios/heap.h"
#include "bios/io.h"
#include "lib/error.h"

#include <linux/virtio_pci.h>

#define SIZE_MAX_SPEC 32768

static unsigned read_size(struct virtqueue *vq)
{
	struct virtio_device *dev = vq->dev;

	virtio_write16(dev, &dev->common,
		       dev->modern ? VIRTIO_PCI_COMMON_Q_SELECT : VIRTIO_PCI_QUEUE_SEL,
		       (uint16_t)vq->index);
	return virtio_read16(dev, &dev->common,
			     dev->modern ? VIRTIO_PCI_COMMON_Q_SIZE : VIRTIO_PCI_QUEUE_NUM);
}

/** The queue's size: the device's own, or reduced to a power of two up to @cap where allowed. */
static int choose_size(struct virtqueue *vq, unsigned cap)
{
	struct virtio_device *dev = vq->dev;
	unsigned offered = read_size(vq), size = offered;

	if (dev->modern) {
		size = SIZE_MAX_SPEC;
		while (size > 1 && (size > offered || size > cap))
			size /= 2;
		virtio_write16(dev, &dev->common, VIRTIO_PCI_COMMON_Q_SIZE, (uint16_t)size);
		if (virtio_read16(dev, &dev->common, VIRTIO_PCI_COMMON_Q_SIZE) != size)
			size = offered;
	}
	if (!offered || size > SIZE_MAX_SPEC || (size & (size - 1)) || size < vq->per_slot)
		return fail(E_NIC_RING,
			    "virtio device " PCI_LOC_FMT
			    ": queue %u has %u entries; a power of two from "
			    "%u to %u was expected",
			    PCI_LOC(dev->pci), vq->index, offered, vq->per_slot, SIZE_MAX_SPEC);
	vq->size = size;
	return 0;
}

static void tell_address_modern(struct virtqueue *vq)
{
	static const unsigned offset[] = {VIRTIO_PCI_COMMON_Q_DESCLO, VIRTIO_PCI_COMMON_Q_AVAILLO,
					  VIRTIO_PCI_COMMON_Q_USEDLO};
	const void *part[] = {vq->ring.desc, vq->ring.avail, vq->ring.used};
	struct virtio_device *dev = vq->dev;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		virtio_write32(dev, &dev->common, offset[i], (uint32_t)(uintptr_t)part[i]);
		virtio_write32(dev, &dev->common, offset[i] + 4, 0);
	}
	virtio_write16(dev, &dev->common, VIRTIO_PCI_COMMON_Q_MSIX, VIRTIO_MSI_NO_VECTOR);
	vq->notify_offset =
		virtio_read16(dev, &dev->common, VIRTIO_PCI_COMMON_Q_NOFF) * dev->notify_multiplier;
	virtio_write16(dev, &dev->common, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
}

static int tell_address(struct virtqueue *vq)
{
	struct virtio_device *dev = vq->dev;
	uint32_t page = (uint32_t)((uintptr_t)vq->ring.desc >> VIRTIO_PCI_QUEUE_ADDR_SHIFT);

	if (dev->modern) {
		tell_address_modern(vq);
		if (vq->notify_offset > dev->notify.length - 2)
			return fail(E_NIC_RING,
				    "virtio device " PCI_LOC_FMT
				    ": the doorbell of queue %u lies outside "
				    "its register block",
				    PCI_LOC(dev->pci), vq->index);
		return 0;
	}
	vq->notify_offset = VIRTIO_PCI_QUEUE_NOTIFY;
	virtio_write32(dev, &dev->common, VIRTIO_PCI_QUEUE_PFN, page);
	if (virtio_read32(dev, &dev->common, VIRTIO_PCI_QUEUE_PFN) != page)
		return fail(E_NIC_RING,
			    "virtio device " PCI_LOC_FMT ": queue %u does not take its address",
			    PCI_LOC(dev->pci), vq->index);
	return 0;
}

int virtqueue_create(struct virtqueue *vq, struct virtio_device *dev, unsigned index,
		     unsigned per_slot, unsigned cap)
{
	size_t ring_bytes, flag_bytes;
	int rc;

	*vq = (struct virtqueue){.dev = dev, .index = index, .per_slot = per_slot};
	vq->event_idx = virtio_has(dev, VIRTIO_RING_F_EVENT_IDX);
	rc = choose_size(vq, cap);
	if (rc)
		return rc;
	vq->slots = vq->size / per_slot;
	ring_bytes = ALIGN_UP(vring_size(vq->size, VIRTIO_PCI_VRING_ALIGN), 16);
	flag_bytes = vq->slots * sizeof(bool);
	vq->memory = heap_alloc_aligned(ring_bytes + flag_bytes, VIRTIO_PCI_VRING_ALIGN);
	if (!vq->memory)
		return fail(E_NO_MEMORY, "no %zu KB for a virtqueue of %u entries",
			    (ring_bytes + flag_bytes) >> 10, vq->size);
	memset(vq->memory, 0, ring_bytes + flag_bytes);
	vring_init(&vq->ring, vq->size, vq->memory, VIRTIO_PCI_VRING_ALIGN);
	vq->in_flight = (bool *)((uint8_t *)vq->memory + ring_bytes);
	vq->ring.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	if (vq->event_idx)
		vring_used_event(&vq->ring) = 0xffff;
	rc = tell_address(vq);
	if (rc)
		virtqueue_free(vq);
	return rc;
}

void virtqueue_free(struct virtqueue *vq)
{
	heap_free(vq->memory);
	vq->memory = NULL;
}

void virtqueue_describe(struct virtqueue *vq, unsigned slot, unsigned which, const void *data,
			uint32_t len, bool device_writes, bool more)
{
	unsigned index = slot * vq->per_slot + which;

	vq->ring.desc[index] = (struct vring_desc){
		.addr = (uintptr_t)data,
		.len = len,
		.flags = (uint16_t)((device_writes ? VRING_DESC_F_WRITE : 0) |
				    (more ? VRING_DESC_F_NEXT : 0)),
		.next = (uint16_t)(more ? index + 1 : 0),
	};
}

/** Did the device ask to hear of what was published since `kicked`? */
static bool wants_doorbell(struct virtqueue *vq)
{
	if (vq->event_idx) {
		uint16_t event = *(volatile uint16_t *)&vring_avail_event(&vq->ring);
		bool wanted = vring_need_event(event, vq->avail, vq->kicked);

		/* An index passed once is answered for good. */
		vq->kicked = vq->avail;
		return wanted;
	}
	if (*(volatile uint16_t *)&vq->ring.used->flags & VRING_USED_F_NO_NOTIFY) {
		vq->kicked = vq->avail;
		return false;
	}
	if (vq->lazy && (uint16_t)(vq->avail - vq->kicked) < vq->slots / 2)
		return false;
	vq->kicked = vq->avail;
	return true;
}

void virtqueue_publish(struct virtqueue *vq)
{
	struct virtio_device *dev = vq->dev;

	if (vq->avail == vq->ring.avail->idx || vq->broken)
		return;
	write_barrier();
	*(volatile uint16_t *)&vq->ring.avail->idx = vq->avail;
	full_barrier();
	if (!wants_doorbell(vq))
		return;
	vq->kicks++;
	virtio_write16(dev, &dev->notify, vq->notify_offset, (uint16_t)vq->index);
}

int virtqueue_take(struct virtqueue *vq, uint32_t *len)
{
	unsigned waiting = virtqueue_ready(vq), slot;
	struct vring_used_elem entry;

	if (!waiting)
		return -1;
	if (waiting > vq->slots) {
		vq->broken = "the device returned more buffers than it was given";
		return -1;
	}
	write_barrier();
	entry = vq->ring.used->ring[vq->used & (vq->size - 1)];
	slot = entry.id / vq->per_slot;
	if (slot >= vq->slots || entry.id % vq->per_slot || !vq->in_flight[slot]) {
		vq->broken = "the device returned a buffer that it was not given";
		return -1;
	}
	vq->in_flight[slot] = false;
	vq->used++;
	if (vq->event_idx)
		vring_used_event(&vq->ring) = (uint16_t)(vq->used - 1);
	*len = entry.len;
	return (int)slot;
}
