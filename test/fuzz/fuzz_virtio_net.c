/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-net device that lies: the input drives features, sizes, used
 * entries, headers and indices. The driver must not read or write outside its
 * buffers (the sanitizer sees that), must not hang, and must lose no buffer.
 */
#include <stdlib.h>
#include "bios/heap.h"
#include "nic/nic.h"
#include "test/host/virtio_device.h"

#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct virtio_model model;
static uint32_t checksum;

static void receive(struct nic *nic, const struct rx_frame *frame)
{
	uint32_t total = 0, i, k;

	for (i = 0; i < frame->parts; i++) {
		total += frame->part[i].len;
		for (k = 0; k < frame->part[i].len; k++)
			checksum += frame->part[i].data[k];
	}
	if (total != frame->len || frame->parts > NIC_RX_PARTS)
		abort();
}

/** Write the header of receive buffer @id, as a device may. */
static void write_header(uint16_t id, const uint8_t *from, size_t len)
{
	struct virtio_model_queue *q = &model.queue[0];
	struct vring_desc *desc = (void *)(uintptr_t)q->desc;
	struct vring_desc *d = &desc[id & (q->size - 1)];

	if (d->addr && d->len >= len)
		memcpy((void *)(uintptr_t)d->addr, from, len);
}

static void step(struct nic *nic, const uint8_t *op)
{
	unsigned queue = op[0] & 1;
	uint8_t out[4096];
	uint16_t id;

	if (!model.queue[0].enabled || !model.queue[1].enabled)
		return;
	switch (op[0] >> 1 & 7) {
	case 0: /* an honest buffer with a header from the input */
	case 1:
		if (!virtio_model_waiting(&model, 0))
			break;
		id = virtio_model_next_id(&model, 0);
		model.queue[0].seen++;
		write_header(id, op + 4, 12);
		virtio_model_use(&model, 0, id, get_le16(op + 2));
		virtio_model_set_used_idx(&model, 0, model.queue[0].used_idx);
		break;
	case 2: /* any entry */
		virtio_model_use(&model, queue, get_le32(op + 4), get_le32(op + 8));
		virtio_model_set_used_idx(&model, queue, model.queue[queue].used_idx);
		break;
	case 3: /* any index */
		virtio_model_set_used_idx(&model, queue, get_le16(op + 2));
		break;
	case 4:
		virtio_model_sent(&model, out, sizeof(out));
		break;
	case 5:
		model.status |= op[2];
		host_clock_advance_ms(op[3]);
		break;
	default:
		host_send(nic, 60, 0);
		nic_flush(nic);
	}
	nic_poll_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nic *nic;
	size_t at;

	if (size < 16)
		return 0;
	host_probe_start(receive);
	virtio_model_init(&model, data[0] % 5, 0x18, get_le64(data + 8), 1u << (data[1] % 11));
	if (nic_probe_all() && !nic_open(nic_find("net0"))) {
		nic = nic_find("net0");
		for (at = 16; at + 16 <= size && nic->open; at += 16)
			step(nic, data + at);
	}
	host_probe_end();
	if (host_heap_blocks())
		abort();
	return 0;
}
