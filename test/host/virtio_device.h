/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-net device for tests, after virtio 1.1: registers behind the hooks
 * of test/host/host.h, rings in the driver's memory. The test plays the host:
 * it takes sent frames and delivers received ones, honestly or not.
 */
#ifndef TEST_HOST_VIRTIO_DEVICE_H
#define TEST_HOST_VIRTIO_DEVICE_H

#include "test/host/host.h"

enum virtio_model_kind {
	MODEL_LEGACY,	     /* I/O BAR 0 only */
	MODEL_MODERN_MEMORY, /* registers in memory BAR 4 */
	MODEL_MODERN_IO,     /* registers in I/O BAR 2 */
	MODEL_MODERN_WINDOW, /* BAR 4 unreachable: through configuration space */
	MODEL_TRANSITIONAL,  /* legacy I/O BAR 0 and modern memory BAR 4 */
};

struct virtio_model_queue {
	uint16_t max, size;
	uint64_t desc, avail, used;
	bool enabled;
	uint16_t seen; /* next available entry */
	uint16_t used_idx;
	uint32_t doorbells;
};

struct virtio_model {
	enum virtio_model_kind kind;
	struct host_pci *pci;
	uint64_t offered, accepted;
	uint8_t status;
	uint32_t device_select, driver_select;
	uint16_t queue_select;
	struct virtio_model_queue queue[2];
	uint8_t config[20];
	uint8_t generation;
	uint8_t isr;
	unsigned generation_flips; /* changes during the next that many config reads */
	bool reset_stuck, refuse_features, refuse_address;
	/* in the headers of frames that virtio_model_deliver() delivers */
	uint16_t csum_start, csum_offset, gso_size;
	uint32_t accesses; /* register accesses: what leaves to the hypervisor */
	uint32_t bad;	   /* things a driver must not do */
};

/** A fresh device of @kind at @busdevfn, offering @features, with queues of @queue_size. */
void virtio_model_init(struct virtio_model *m, enum virtio_model_kind kind, uint16_t busdevfn,
		       uint64_t features, uint16_t queue_size);
/** Say that `config`, or the status, is not what it was. */
void virtio_model_config_changed(struct virtio_model *m);
/** Bytes of the header that both sides agreed on. */
size_t virtio_model_header(const struct virtio_model *m);
/**
 * Deliver @len bytes, with @flags and @gso_type in the header, over as many buffers as
 * needed; false when the driver has not given enough.
 */
bool virtio_model_deliver(struct virtio_model *m, const void *frame, size_t len, uint8_t flags,
			  uint8_t gso_type);
/** Take the next sent frame, header included, and report it done; its length, or -1. */
long virtio_model_sent(struct virtio_model *m, uint8_t *out, size_t max);
/** Put an entry into a used ring, whatever it says. */
void virtio_model_use(struct virtio_model *m, unsigned queue, uint32_t id, uint32_t len);
void virtio_model_set_used_idx(struct virtio_model *m, unsigned queue, uint16_t idx);
/** Entries that the driver made available and the device has not looked at. */
unsigned virtio_model_waiting(struct virtio_model *m, unsigned queue);
uint16_t virtio_model_next_id(struct virtio_model *m, unsigned queue);

#endif
