/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net device of virtio_device.h. */
#include "test/host/virtio_device.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#define LEGACY_PORT 0xc000u
#define MODERN_PORT 0xd000u
#define BAR_MEMORY  0xfe000000u
#define AT_COMMON   0x000u
#define AT_NOTIFY   0x100u
#define AT_CONFIG   0x200u
#define AT_ISR	    0x300u
#define BLOCK	    0x400u
#define MULTIPLIER  4u
#define WINDOW	    0x98u
#define CAP_ISR	    0xb0u
#define CAP_FIRST   0x40u

static struct virtio_model *model; /* the hooks serve one device at a time */

/* ---- Registers ---- */

static void reset(struct virtio_model *m)
{
	unsigned i;

	if (m->reset_stuck)
		return;
	m->status = 0;
	m->accepted = 0;
	for (i = 0; i < 2; i++) {
		uint16_t max = m->queue[i].max;

		m->queue[i] = (struct virtio_model_queue){.max = max, .size = max};
	}
}

static void write_status(struct virtio_model *m, uint8_t value)
{
	if (!value) {
		reset(m);
		return;
	}
	if ((value & VIRTIO_CONFIG_S_FEATURES_OK) &&
	    (m->refuse_features || (m->accepted & ~m->offered)))
		value &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	m->status = value;
}

static void notify(struct virtio_model *m, unsigned queue)
{
	if (queue < 2)
		m->queue[queue].doorbells++;
	if (queue >= 2 || !(m->status & VIRTIO_CONFIG_S_DRIVER_OK))
		m->bad++;
}

static uint32_t config_read(struct virtio_model *m, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	if (m->generation_flips) {
		m->generation_flips--;
		m->generation++;
	}
	if (offset + size <= sizeof(m->config))
		memcpy(&value, m->config + offset, size);
	return value;
}

static void config_write(struct virtio_model *m, unsigned offset, unsigned size, uint32_t value)
{
	if (offset + size <= sizeof(m->config))
		memcpy(m->config + offset, &value, size);
}

static struct virtio_model_queue *selected(struct virtio_model *m)
{
	static struct virtio_model_queue none;

	return m->queue_select < 2 ? &m->queue[m->queue_select] : &none;
}

static void legacy_address(struct virtio_model *m, uint32_t page)
{
	struct virtio_model_queue *q = selected(m);
	struct vring ring;

	if (m->refuse_address)
		return;
	vring_init(&ring, q->size, (void *)(uintptr_t)((uint64_t)page << 12), 4096);
	q->desc = (uintptr_t)ring.desc;
	q->avail = (uintptr_t)ring.avail;
	q->used = (uintptr_t)ring.used;
	q->enabled = page != 0;
}

/** Reading the interrupt status clears it. */
static uint32_t read_isr(struct virtio_model *m)
{
	uint8_t value = m->isr;

	m->isr = 0;
	return value;
}

static uint32_t legacy_read(struct virtio_model *m, unsigned offset, unsigned size)
{
	switch (offset) {
	case VIRTIO_PCI_ISR:
		return read_isr(m);
	case VIRTIO_PCI_HOST_FEATURES:
		return (uint32_t)m->offered;
	case VIRTIO_PCI_QUEUE_PFN:
		return (uint32_t)(selected(m)->desc >> 12);
	case VIRTIO_PCI_QUEUE_NUM:
		return selected(m)->size;
	case VIRTIO_PCI_STATUS:
		return m->status;
	}
	return offset >= 20 ? config_read(m, offset - 20, size) : 0;
}

static void legacy_write(struct virtio_model *m, unsigned offset, unsigned size, uint32_t value)
{
	switch (offset) {
	case VIRTIO_PCI_GUEST_FEATURES:
		m->accepted = value;
		break;
	case VIRTIO_PCI_QUEUE_PFN:
		legacy_address(m, value);
		break;
	case VIRTIO_PCI_QUEUE_SEL:
		m->queue_select = (uint16_t)value;
		break;
	case VIRTIO_PCI_QUEUE_NOTIFY:
		notify(m, value);
		break;
	case VIRTIO_PCI_STATUS:
		write_status(m, (uint8_t)value);
		break;
	default:
		if (offset >= 20)
			config_write(m, offset - 20, size, value);
	}
}

static uint32_t common_read(struct virtio_model *m, unsigned offset)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DF:
		return m->device_select > 1 ? 0 : (uint32_t)(m->offered >> 32 * m->device_select);
	case VIRTIO_PCI_COMMON_NUMQ:
		return 2;
	case VIRTIO_PCI_COMMON_STATUS:
		return m->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return m->generation;
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return selected(m)->size;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return m->queue_select;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return selected(m)->enabled;
	}
	return 0;
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
	*address =
		high ? (uint32_t)*address | (uint64_t)value << 32 : (*address >> 32 << 32) | value;
}

static void common_write(struct virtio_model *m, unsigned offset, uint32_t value)
{
	struct virtio_model_queue *q = selected(m);

	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		m->device_select = value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		m->driver_select = value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (m->driver_select <= 1)
			set_half(&m->accepted, m->driver_select, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		write_status(m, (uint8_t)value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		m->queue_select = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_SIZE:
		if (value > q->max || !value || (value & (value - 1)))
			m->bad++;
		else
			q->size = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		q->enabled = true;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		set_half(&q->desc, offset == VIRTIO_PCI_COMMON_Q_DESCHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		set_half(&q->avail, offset == VIRTIO_PCI_COMMON_Q_AVAILHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		set_half(&q->used, offset == VIRTIO_PCI_COMMON_Q_USEDHI, value);
		break;
	}
}

static uint32_t block_read(struct virtio_model *m, unsigned offset, unsigned size)
{
	m->accesses++;
	if (offset == AT_ISR)
		return read_isr(m);
	if (offset >= AT_CONFIG)
		return config_read(m, offset - AT_CONFIG, size);
	return common_read(m, offset - AT_COMMON);
}

static void block_write(struct virtio_model *m, unsigned offset, unsigned size, uint32_t value)
{
	m->accesses++;
	if (offset >= AT_CONFIG)
		config_write(m, offset - AT_CONFIG, size, value);
	else if (offset >= AT_NOTIFY)
		notify(m, (offset - AT_NOTIFY) / MULTIPLIER == value ? value : 99);
	else
		common_write(m, offset - AT_COMMON, value);
}

/* ---- Hooks ---- */

static uint32_t port_in(uint16_t port, unsigned size)
{
	if (port >= MODERN_PORT && port < MODERN_PORT + BLOCK)
		return block_read(model, port - MODERN_PORT, size);
	if (port >= LEGACY_PORT && port < LEGACY_PORT + 64) {
		model->accesses++;
		return legacy_read(model, port - LEGACY_PORT, size);
	}
	return ~0u;
}

static void port_out(uint16_t port, unsigned size, uint32_t value)
{
	if (port >= MODERN_PORT && port < MODERN_PORT + BLOCK) {
		block_write(model, port - MODERN_PORT, size, value);
	} else if (port >= LEGACY_PORT && port < LEGACY_PORT + 64) {
		model->accesses++;
		legacy_write(model, port - LEGACY_PORT, size, value);
	}
}

static uint32_t mmio_in(uintptr_t address, unsigned size)
{
	return block_read(model, (unsigned)(address - BAR_MEMORY), size);
}

static void mmio_out(uintptr_t address, unsigned size, uint32_t value)
{
	block_write(model, (unsigned)(address - BAR_MEMORY), size, value);
}

/** The configuration access window: data is fetched when the length is written. */
static void window_written(struct host_pci *pci, unsigned offset, unsigned size, uint32_t value)
{
	unsigned target = get_le32(pci->config + WINDOW + 8);
	unsigned length = get_le32(pci->config + WINDOW + 12);

	if (offset == WINDOW + 12)
		put_le32(pci->config + WINDOW + 16, block_read(model, target, length));
	else if (offset == WINDOW + 16 && size == length)
		block_write(model, target, size, value);
}

/* ---- Configuration space ---- */

static void put_cap(struct host_pci *pci, unsigned at, unsigned next, uint8_t type, unsigned bar,
		    uint32_t offset, uint32_t length)
{
	uint8_t *c = pci->config + at;

	c[0] = 0x09;
	c[1] = (uint8_t)next;
	c[2] = type == VIRTIO_PCI_CAP_COMMON_CFG ? 16 : 20;
	c[3] = type;
	c[4] = (uint8_t)bar;
	put_le32(c + 8, offset);
	put_le32(c + 12, length);
	put_le32(c + 16, type == VIRTIO_PCI_CAP_NOTIFY_CFG ? MULTIPLIER : 0);
}

static void make_modern(struct virtio_model *m)
{
	unsigned bar = m->kind == MODEL_MODERN_IO ? 2 : 4;
	struct host_pci *pci = m->pci;

	put_le16(pci->config + 6, 0x10);
	pci->config[0x34] = CAP_FIRST;
	/* A group in a BAR that is not there comes first: the next one must be taken. */
	put_cap(pci, 0x40, 0x54, VIRTIO_PCI_CAP_COMMON_CFG, 5, AT_COMMON, 56);
	put_cap(pci, 0x54, 0x68, VIRTIO_PCI_CAP_COMMON_CFG, bar, AT_COMMON, 56);
	put_cap(pci, 0x68, 0x7c, VIRTIO_PCI_CAP_NOTIFY_CFG, bar, AT_NOTIFY, 2 * MULTIPLIER);
	put_cap(pci, 0x7c, WINDOW, VIRTIO_PCI_CAP_DEVICE_CFG, bar, AT_CONFIG, sizeof(m->config));
	put_cap(pci, WINDOW, CAP_ISR, VIRTIO_PCI_CAP_PCI_CFG, 0, 0, 0);
	put_cap(pci, CAP_ISR, 0, VIRTIO_PCI_CAP_ISR_CFG, bar, AT_ISR, 1);
	pci->bar_size[bar] = BLOCK;
	if (m->kind == MODEL_MODERN_IO) {
		put_le32(pci->config + 0x10 + 4 * bar, MODERN_PORT | 1);
	} else if (m->kind != MODEL_MODERN_WINDOW) {
		put_le32(pci->config + 0x10 + 4 * bar, BAR_MEMORY);
		pci->bar_memory[bar] = (void *)(uintptr_t)BAR_MEMORY;
	}
	pci->written = window_written;
}

void virtio_model_init(struct virtio_model *m, enum virtio_model_kind kind, uint16_t busdevfn,
		       uint64_t features, uint16_t queue_size)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};
	bool modern_only = kind != MODEL_LEGACY && kind != MODEL_TRANSITIONAL;

	memset(m, 0, sizeof(*m));
	model = m;
	m->kind = kind;
	m->offered = features | (kind == MODEL_LEGACY ? 0 : 1ull << VIRTIO_F_VERSION_1);
	m->queue[0].max = m->queue[1].max = queue_size;
	memcpy(m->config, mac, sizeof(mac));
	m->config[6] = VIRTIO_NET_S_LINK_UP;
	m->pci = host_pci_add(busdevfn, 0x1af4, modern_only ? 0x1041 : 0x1000, 0x020000);
	if (!modern_only) {
		put_le32(m->pci->config + 0x10, LEGACY_PORT | 1);
		m->pci->bar_size[0] = 64;
	}
	if (kind != MODEL_LEGACY)
		make_modern(m);
	/* As a previous owner left it. */
	m->status = 0x0f;
	m->queue[0].size = m->queue[1].size = queue_size;
	host_port_in = port_in;
	host_port_out = port_out;
	host_mmio_in = mmio_in;
	host_mmio_out = mmio_out;
}

/* ---- The host's side of the rings ---- */

static struct vring_desc *descriptors(const struct virtio_model_queue *q)
{
	return (struct vring_desc *)(uintptr_t)q->desc;
}

static struct vring_avail *avail(const struct virtio_model_queue *q)
{
	return (struct vring_avail *)(uintptr_t)q->avail;
}

static struct vring_used *used(const struct virtio_model_queue *q)
{
	return (struct vring_used *)(uintptr_t)q->used;
}

void virtio_model_config_changed(struct virtio_model *m)
{
	m->generation++;
	m->isr |= VIRTIO_PCI_ISR_CONFIG;
}

size_t virtio_model_header(const struct virtio_model *m)
{
	uint64_t long_header = 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_NET_F_MRG_RXBUF;

	return m->accepted & long_header ? 12 : 10;
}

unsigned virtio_model_waiting(struct virtio_model *m, unsigned queue)
{
	struct virtio_model_queue *q = &m->queue[queue];

	return q->enabled ? (uint16_t)(avail(q)->idx - q->seen) : 0;
}

uint16_t virtio_model_next_id(struct virtio_model *m, unsigned queue)
{
	struct virtio_model_queue *q = &m->queue[queue];

	return avail(q)->ring[q->seen & (q->size - 1)];
}

void virtio_model_use(struct virtio_model *m, unsigned queue, uint32_t id, uint32_t len)
{
	struct virtio_model_queue *q = &m->queue[queue];
	struct vring_used *ring = used(q);

	ring->ring[q->used_idx & (q->size - 1)].id = id;
	ring->ring[q->used_idx & (q->size - 1)].len = len;
	q->used_idx++;
	/* Like real hosts: no doorbells wanted while work is in hand. */
	ring->flags = virtio_model_waiting(m, queue) ? VRING_USED_F_NO_NOTIFY : 0;
}

void virtio_model_set_used_idx(struct virtio_model *m, unsigned queue, uint16_t idx)
{
	used(&m->queue[queue])->idx = idx;
}

/** Copy between @data and the chain beginning at @id; bytes copied. */
static size_t copy_chain(struct virtio_model *m, unsigned queue, uint16_t id, uint8_t *data,
			 size_t len, bool to_driver)
{
	struct virtio_model_queue *q = &m->queue[queue];
	size_t done = 0;
	unsigned hops;

	for (hops = 0; hops < q->size; hops++) {
		struct vring_desc *d = &descriptors(q)[id & (q->size - 1)];
		size_t n = min(len - done, (size_t)d->len);

		if (to_driver != !!(d->flags & VRING_DESC_F_WRITE))
			m->bad++;
		if (to_driver)
			memcpy((void *)(uintptr_t)d->addr, data + done, n);
		else
			memcpy(data + done, (void *)(uintptr_t)d->addr, n);
		done += n;
		if (!(d->flags & VRING_DESC_F_NEXT))
			break;
		id = d->next;
	}
	return done;
}

static size_t chain_room(struct virtio_model_queue *q, uint16_t id)
{
	size_t room = 0;

	for (unsigned hops = 0; hops < q->size; hops++) {
		struct vring_desc *d = &descriptors(q)[id & (q->size - 1)];

		room += d->len;
		if (!(d->flags & VRING_DESC_F_NEXT))
			break;
		id = d->next;
	}
	return room;
}

bool virtio_model_deliver(struct virtio_model *m, const void *frame, size_t len, uint8_t flags,
			  uint8_t gso_type)
{
	static uint8_t packet[70000];
	struct virtio_model_queue *q = &m->queue[0];
	struct virtio_net_hdr_v1 *header = (void *)packet;
	bool merge = m->accepted >> VIRTIO_NET_F_MRG_RXBUF & 1;
	size_t header_len = virtio_model_header(m), total = header_len + len, done = 0, room = 0;
	unsigned count = 0;

	memset(packet, 0, header_len);
	header->flags = flags;
	header->gso_type = gso_type;
	header->csum_start = m->csum_start;
	header->csum_offset = m->csum_offset;
	header->gso_size = m->gso_size;
	memcpy(packet + header_len, frame, len);
	while (room < total) {
		if (count == virtio_model_waiting(m, 0) || (count && !merge))
			return false;
		room += chain_room(q, avail(q)->ring[(q->seen + count) & (q->size - 1)]);
		count++;
	}
	if (header_len == 12)
		header->num_buffers = (uint16_t)count;
	while (count--) {
		uint16_t id = virtio_model_next_id(m, 0);
		size_t n = copy_chain(m, 0, id, packet + done, total - done, true);

		q->seen++;
		virtio_model_use(m, 0, id, (uint32_t)n);
		done += n;
	}
	virtio_model_set_used_idx(m, 0, q->used_idx);
	return true;
}

long virtio_model_sent(struct virtio_model *m, uint8_t *out, size_t max)
{
	struct virtio_model_queue *q = &m->queue[1];
	uint16_t id;
	size_t n;

	if (!virtio_model_waiting(m, 1))
		return -1;
	id = virtio_model_next_id(m, 1);
	q->seen++;
	n = copy_chain(m, 1, id, out, max, false);
	virtio_model_use(m, 1, id, 0);
	virtio_model_set_used_idx(m, 1, q->used_idx);
	return (long)n;
}
