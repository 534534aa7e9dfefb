/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-net (virtio 1.1, section 5.1), legacy and modern.
 *
 * Receive: one block of memory cut into buffers, buffer s in slot s of the
 * ring. With mergeable buffers these are pages, and a frame of 64 KB, which
 * the host did not cut because of GUEST_TSO4, arrives in seventeen of them;
 * without, a buffer holds one ordinary packet and guest TSO stays off.
 * GUEST_TSO4 also stays off when the ring is too small for two such frames:
 * the host would wait for room that never comes.
 *
 * The virtio header lies directly before the frame, in the headroom of the
 * transmit buffer. Where the device accepts any layout (VERSION_1, ANY_LAYOUT)
 * both share one descriptor; older ones want the header in a descriptor of its
 * own, and on receive too unless buffers are mergeable.
 */
#include "nic/nic.h"
#include "nic/virtio.h"
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"

#include <linux/virtio_net.h>

#define DEVICE_LEGACY  0x1000 /* and transitional */
#define DEVICE_MODERN  0x1041
#define QUEUE_RX       0
#define QUEUE_TX       1
#define RX_CAP	       512
#define TX_CAP	       256
#define RX_MIN	       16
#define RX_MANY	       128 /* rather smaller buffers than fewer */
#define RX_PAGE	       4096
#define RX_PAGE_MAX    8192
#define TSO_BUFFERS    17   /* RX_PAGE pieces of the largest frame with its header */
#define CONFIG_MS      1000 /* between looks at a configuration that is not said to have changed */
#define MTU_DEFAULT    1500
#define MTU_MIN	       576
#define MTU_CAP	       9216
#define FRAME_OVERHEAD 22 /* Ethernet header and two VLAN tags */
#define CONFIG_MAC     offsetof(struct virtio_net_config, mac)
#define CONFIG_STATUS  offsetof(struct virtio_net_config, status)
#define CONFIG_MTU     offsetof(struct virtio_net_config, mtu)
#define CONFIG_SPEED   offsetof(struct virtio_net_config, speed)
#define CONFIG_DUPLEX  offsetof(struct virtio_net_config, duplex)
#define FEATURE(bit)   (1ull << (bit))

_Static_assert(sizeof(struct virtio_net_hdr_v1) <= NIC_TX_HEADROOM,
	       "the header fits before a frame");

struct virtio_net {
	struct virtio_device dev;
	struct virtqueue rx, tx;
	unsigned header; /* bytes of the virtio header */
	bool mergeable;
	bool guest_csum;
	uint8_t *rx_memory;
	uint32_t rx_size; /* of one buffer, header included */
	unsigned rx_count;
	struct tx_frame **tx_frames; /* by slot */
	uint16_t *tx_free;	     /* stack of free slots */
	unsigned tx_free_count;
	uint64_t config_due; /* look at the configuration then at the latest; clock_ms() */
};

static struct virtio_net *priv(struct nic *nic)
{
	return nic->priv;
}

/* --------------------------------------------------------------------------
 * Receive
 */

static uint8_t *rx_buffer(struct virtio_net *net, unsigned slot)
{
	return net->rx_memory + slot * net->rx_size;
}

/** Collect the frame that begins in @slot into @frame and @slots; false when it must be dropped.
 * Slots beyond what @frame can hold go straight back to the ring. */
static bool collect(struct virtio_net *net, struct rx_frame *frame, int *slots, int slot,
		    uint32_t len)
{
	const struct virtio_net_hdr_v1 *header = (const void *)rx_buffer(net, (unsigned)slot);
	unsigned count = 1, i;
	bool good = len >= net->header && len <= net->rx_size;

	slots[0] = slot;
	frame->parts = 1;
	if (!good)
		return false;
	frame->part[0].data = rx_buffer(net, (unsigned)slot) + net->header;
	frame->part[0].len = frame->len = len - net->header;
	if (net->guest_csum &&
	    (header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)))
		frame->flags = NIC_RX_CSUM_OK;
	if (net->guest_csum && header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		frame->csum_start = header->csum_start;
		frame->csum_offset = header->csum_offset;
	}
	if ((header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4)
		frame->gso_size = header->gso_size;
	if (net->mergeable)
		count = header->num_buffers;
	good = count >= 1 && count <= NIC_RX_PARTS;
	for (i = 1; i < count; i++) {
		slot = virtqueue_take(&net->rx, &len);
		if (slot < 0)
			return false;
		if (i >= NIC_RX_PARTS) {
			virtqueue_add(&net->rx, (unsigned)slot);
			continue;
		}
		slots[i] = slot;
		frame->parts = i + 1;
		good = good && len && len <= net->rx_size;
		frame->part[i].data = rx_buffer(net, (unsigned)slot);
		frame->part[i].len = len;
		frame->len += len;
	}
	return good && frame->len <= NIC_TSO_MAX + FRAME_OVERHEAD;
}

static void net_poll_card(struct nic *nic, unsigned budget)
{
	struct virtio_net *net = priv(nic);
	unsigned done = 0;

	/* A large frame counts as its buffers, so that its acknowledgement is not late. */
	while (done < budget) {
		struct rx_frame frame;
		int slots[NIC_RX_PARTS], slot;
		uint32_t len;
		unsigned i;

		slot = virtqueue_take(&net->rx, &len);
		if (slot < 0)
			break;
		frame.flags = frame.csum_start = frame.csum_offset = frame.gso_size = 0;
		if (collect(net, &frame, slots, slot, len))
			nic_receive(nic, &frame);
		else
			nic->counters.rx_errors++;
		if (!nic->open)
			return;
		for (i = 0; i < frame.parts; i++)
			virtqueue_add(&net->rx, (unsigned)slots[i]);
		done += frame.parts;
	}
	virtqueue_publish(&net->rx);
	if (net->rx.broken)
		nic_restart(nic, net->rx.broken);
}

/* --------------------------------------------------------------------------
 * Transmit
 */

static void net_reap(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	uint32_t len;
	int slot;

	while ((slot = virtqueue_take(&net->tx, &len)) >= 0) {
		net->tx_free[net->tx_free_count++] = (uint16_t)slot;
		nic_tx_done(nic, net->tx_frames[slot]);
	}
	if (net->tx.broken)
		nic_restart(nic, net->tx.broken);
}

static bool net_transmit(struct nic *nic, struct tx_frame *frame)
{
	struct virtio_net *net = priv(nic);
	struct virtio_net_hdr_v1 *header = (void *)(frame->data - net->header);
	unsigned slot;

	if (!net->tx_free_count)
		net_reap(nic);
	if (!net->tx_free_count)
		return false;
	slot = net->tx_free[--net->tx_free_count];
	net->tx_frames[slot] = frame;
	memset(header, 0, net->header);
	if (frame->csum_start) {
		header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header->csum_start = frame->csum_start;
		header->csum_offset = frame->csum_offset;
	}
	if (frame->gso_size) {
		header->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		header->gso_size = frame->gso_size;
		header->hdr_len = frame->header_len;
	}
	if (net->tx.per_slot == 1) {
		virtqueue_describe(&net->tx, slot, 0, header, net->header + frame->len, false,
				   false);
	} else {
		virtqueue_describe(&net->tx, slot, 0, header, net->header, false, true);
		virtqueue_describe(&net->tx, slot, 1, frame->data, frame->len, false, false);
	}
	virtqueue_add(&net->tx, slot);
	return true;
}

static void net_flush(struct nic *nic)
{
	virtqueue_publish(&priv(nic)->tx);
}

/* --------------------------------------------------------------------------
 * Link
 */

static void read_link(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	uint8_t status[2] = {VIRTIO_NET_S_LINK_UP, 0}, speed[4], duplex = 1;
	uint32_t mbit = 0;

	if (virtio_has(&net->dev, VIRTIO_NET_F_STATUS))
		virtio_config_read(&net->dev, CONFIG_STATUS, status, sizeof(status));
	if (virtio_has(&net->dev, VIRTIO_NET_F_SPEED_DUPLEX)) {
		virtio_config_read(&net->dev, CONFIG_SPEED, speed, sizeof(speed));
		virtio_config_read(&net->dev, CONFIG_DUPLEX, &duplex, sizeof(duplex));
		if (get_le32(speed) <= 0x7fffffff)
			mbit = get_le32(speed);
	}
	nic_link(nic, status[0] & VIRTIO_NET_S_LINK_UP, mbit, duplex != 0);
}

/** One register says whether there is anything to look at; a device that forgets to set the bit is
 * looked at once a second. */
static void net_check_link(struct nic *nic)
{
	struct virtio_net *net = priv(nic);

	if (!virtio_config_changed(&net->dev) && clock_ms() < net->config_due)
		return;
	net->config_due = clock_ms() + CONFIG_MS;
	if (net->dev.modern && virtio_status(&net->dev) & VIRTIO_CONFIG_S_NEEDS_RESET)
		nic_restart(nic, "the virtio device asks for a reset");
	read_link(nic);
}

/* --------------------------------------------------------------------------
 * Opening and closing
 */

/** What to agree on, of what is offered. Offloads depend on each other (section 5.1.3.1). */
static uint64_t choose_features(uint64_t offered, bool allow_tso)
{
	uint64_t wanted = FEATURE(VIRTIO_NET_F_MAC) | FEATURE(VIRTIO_NET_F_STATUS) |
			  FEATURE(VIRTIO_NET_F_MTU) | FEATURE(VIRTIO_NET_F_MRG_RXBUF) |
			  FEATURE(VIRTIO_NET_F_SPEED_DUPLEX) | FEATURE(VIRTIO_NET_F_CSUM) |
			  FEATURE(VIRTIO_NET_F_GUEST_CSUM) | FEATURE(VIRTIO_F_ANY_LAYOUT) |
			  FEATURE(VIRTIO_RING_F_EVENT_IDX) | FEATURE(VIRTIO_F_ACCESS_PLATFORM) |
			  FEATURE(VIRTIO_F_ORDER_PLATFORM);

	if (offered & FEATURE(VIRTIO_NET_F_CSUM))
		wanted |= FEATURE(VIRTIO_NET_F_HOST_TSO4);
	if (allow_tso && offered & FEATURE(VIRTIO_NET_F_GUEST_CSUM) &&
	    offered & FEATURE(VIRTIO_NET_F_MRG_RXBUF))
		wanted |= FEATURE(VIRTIO_NET_F_GUEST_TSO4);
	return offered & wanted;
}

static void note_features(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	struct virtio_device *dev = &net->dev;
	uint8_t mtu[2];

	net->mergeable = virtio_has(dev, VIRTIO_NET_F_MRG_RXBUF);
	net->guest_csum = virtio_has(dev, VIRTIO_NET_F_GUEST_CSUM);
	net->header = dev->modern || net->mergeable ? sizeof(struct virtio_net_hdr_v1)
						    : sizeof(struct virtio_net_hdr);
	nic->features = (virtio_has(dev, VIRTIO_NET_F_CSUM) ? NIC_TX_CSUM : 0u) |
			(virtio_has(dev, VIRTIO_NET_F_GUEST_CSUM) ? NIC_RX_CSUM : 0u) |
			(virtio_has(dev, VIRTIO_NET_F_HOST_TSO4) ? NIC_TSO4 : 0u);
	nic->mtu = MTU_DEFAULT;
	if (virtio_has(dev, VIRTIO_NET_F_MTU)) {
		virtio_config_read(dev, CONFIG_MTU, mtu, sizeof(mtu));
		if (get_le16(mtu) >= MTU_MIN)
			nic->mtu = min((uint32_t)get_le16(mtu), (uint32_t)MTU_CAP);
	}
}

/**
 * Size of a mergeable buffer: the ring should hold many large frames, since the
 * host cannot send more while the stack works (or somebody's real-mode code
 * does), and fewer, larger pieces are less work for both.
 */
static uint32_t rx_piece(const struct virtio_net *net)
{
	uint32_t size = RX_PAGE_MAX;

	if (!virtio_has(&net->dev, VIRTIO_NET_F_GUEST_TSO4))
		return RX_PAGE;
	while (size > RX_PAGE && nic_rx_budget() / size < RX_MANY)
		size /= 2;
	return size;
}

static int make_rx(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	bool any_layout =
		net->dev.modern || net->mergeable || virtio_has(&net->dev, VIRTIO_F_ANY_LAYOUT);
	size_t fit;
	int rc;

	rc = virtqueue_create(&net->rx, &net->dev, QUEUE_RX, any_layout ? 1 : 2, RX_CAP);
	if (rc)
		return rc;
	net->rx.lazy = true;
	net->rx_size = rx_piece(net);
	if (!net->mergeable)
		net->rx_size = ALIGN_UP(
			net->header + max(nic->mtu, (uint32_t)MTU_DEFAULT) + FRAME_OVERHEAD, 64);
	fit = max(nic_rx_budget() / net->rx_size, (size_t)RX_MIN);
	fit = min(fit, (size_t)RX_CAP);
	net->rx_count = min(net->rx.slots, (unsigned)fit);
	net->rx_memory = heap_alloc_aligned(net->rx_count * net->rx_size, RX_PAGE);
	if (!net->rx_memory)
		return fail(E_NO_MEMORY, "no memory for %u receive buffers of %u bytes",
			    net->rx_count, net->rx_size);
	return 0;
}

static int make_tx(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	bool any_layout = net->dev.modern || virtio_has(&net->dev, VIRTIO_F_ANY_LAYOUT);
	unsigned slot;
	int rc;

	rc = virtqueue_create(&net->tx, &net->dev, QUEUE_TX, any_layout ? 1 : 2, TX_CAP);
	if (rc)
		return rc;
	net->tx_frames = heap_zalloc(net->tx.slots * sizeof(*net->tx_frames));
	net->tx_free = heap_zalloc(net->tx.slots * sizeof(*net->tx_free));
	if (!net->tx_frames || !net->tx_free)
		return fail(E_NO_MEMORY, "no memory for a transmit ring of %u frames",
			    net->tx.slots);
	for (slot = 0; slot < net->tx.slots; slot++)
		net->tx_free[slot] = (uint16_t)(net->tx.slots - 1 - slot);
	net->tx_free_count = net->tx.slots;
	return 0;
}

/** Free what the device writes to; it must have been reset. */
static void free_rings(struct virtio_net *net)
{
	heap_free(net->rx_memory);
	heap_free(net->tx_frames);
	heap_free(net->tx_free);
	net->rx_memory = NULL;
	net->tx_frames = NULL;
	net->tx_free = NULL;
	virtqueue_free(&net->rx);
	virtqueue_free(&net->tx);
}

static void net_close(struct nic *nic)
{
	struct virtio_net *net = priv(nic);

	if (virtio_reset(&net->dev)) {
		/* It may still write: cut it off, and leave it the memory until a reset works. */
		pci_disable_dma(&nic->pci);
		print("%s: %s\n", nic->name, error_text());
		return;
	}
	free_rings(net);
}

/** Give the device every receive buffer. */
static void fill_rx(struct virtio_net *net)
{
	unsigned slot;

	for (slot = 0; slot < net->rx_count; slot++) {
		uint8_t *buffer = rx_buffer(net, slot);

		if (net->rx.per_slot == 1) {
			virtqueue_describe(&net->rx, slot, 0, buffer, net->rx_size, true, false);
		} else {
			virtqueue_describe(&net->rx, slot, 0, buffer, net->header, true, true);
			virtqueue_describe(&net->rx, slot, 1, buffer + net->header,
					   net->rx_size - net->header, true, false);
		}
		virtqueue_add(&net->rx, slot);
	}
}

static int start(struct nic *nic, bool allow_tso)
{
	struct virtio_net *net = priv(nic);
	uint64_t offered;
	int rc;

	rc = virtio_begin(&net->dev, &offered);
	if (rc)
		return rc;
	free_rings(net);
	rc = virtio_agree(&net->dev, choose_features(offered, allow_tso));
	if (rc)
		return rc;
	note_features(nic);
	rc = make_rx(nic);
	if (!rc)
		rc = make_tx(nic);
	return rc;
}

/** Let a legacy device filter for an address that the user chose; a modern one receives all. */
static void tell_mac(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	unsigned i;

	if (net->dev.modern || !virtio_has(&net->dev, VIRTIO_NET_F_MAC) ||
	    !memcmp(nic->mac, nic->permanent_mac, ETH_ALEN))
		return;
	for (i = 0; i < ETH_ALEN; i++)
		virtio_config_write8(&net->dev, (unsigned)CONFIG_MAC + i, nic->mac[i]);
}

static int net_open(struct nic *nic)
{
	struct virtio_net *net = priv(nic);
	int rc;

	rc = start(nic, nic_rx_budget() / RX_PAGE >= 2 * TSO_BUFFERS);
	if (!rc && virtio_has(&net->dev, VIRTIO_NET_F_GUEST_TSO4) &&
	    net->rx_count < 2 * TSO_BUFFERS)
		rc = start(nic, false);
	if (rc) {
		net_close(nic);
		return rc;
	}
	fill_rx(net);
	tell_mac(nic);
	pci_enable_dma(&nic->pci);
	virtio_driver_ok(&net->dev);
	virtqueue_publish(&net->rx);
	net->config_due = 0;
	return 0;
}

static void net_report(struct nic *nic)
{
	struct virtio_net *net = priv(nic);

	print("  %s, features 0x%08x%08x, header %u bytes\n", net->dev.modern ? "modern" : "legacy",
	      (uint32_t)(net->dev.features >> 32), (uint32_t)net->dev.features, net->header);
	print("  RX %u buffers of %u bytes (ring %u), TX ring %u, doorbells RX %u TX %u\n",
	      net->rx_count, net->rx_size, net->rx.size, net->tx.size, net->rx.kicks,
	      net->tx.kicks);
}

static const struct nic_ops virtio_net_ops = {
	.open = net_open,
	.close = net_close,
	.poll = net_poll_card,
	.reap = net_reap,
	.check_link = net_check_link,
	.transmit = net_transmit,
	.flush = net_flush,
	.report = net_report,
};

/* --------------------------------------------------------------------------
 * Probing
 */

static int net_probe(struct nic *nic, const struct nic_id *id)
{
	struct virtio_net *net = heap_zalloc(sizeof(*net));
	uint64_t offered;
	int rc;

	if (!net)
		return fail(E_NO_MEMORY, "no memory for a virtio-net driver");
	rc = virtio_attach(&net->dev, &nic->pci);
	if (!rc)
		rc = virtio_begin(&net->dev, &offered);
	if (rc) {
		heap_free(net);
		return rc;
	}
	if (offered & FEATURE(VIRTIO_NET_F_MAC))
		virtio_config_read(&net->dev, CONFIG_MAC, nic->mac, ETH_ALEN);
	if (!nic_mac_valid(nic->mac))
		nic_random_mac(nic->mac);
	virtio_reset(&net->dev);
	nic->chip = net->dev.modern ? "virtio-net (modern)" : "virtio-net (legacy)";
	nic->priv = net;
	nic->ops = &virtio_net_ops;
	return 0;
}

static const struct nic_id virtio_net_ids[] = {
	{VENDOR_VIRTIO, DEVICE_LEGACY, "virtio-net", 0},
	{VENDOR_VIRTIO, DEVICE_MODERN, "virtio-net", 0},
};

TABLE_ENTRY(nic_driver, virtio_net_driver) = {
	.name = "virtio-net",
	.ids = virtio_net_ids,
	.id_count = ARRAY_SIZE(virtio_net_ids),
	.probe = net_probe,
};
