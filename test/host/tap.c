/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card over a Linux TAP device, so that the whole stack runs as a process
 * against real servers. With offloads every frame carries a virtio-net header
 * (include/uapi/linux/virtio_net.h) as on the device of that name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include "test/host/host.h"
#include "lib/error.h"

#define VNET_HEADER 10u

struct tap {
	struct nic nic;
	char device[IFNAMSIZ];
	int fd;
	bool offload;
	unsigned idle;
	uint8_t buffer[NIC_TSO_MAX + 1024];
};

static const struct nic_id tap_id = {0x1af4, 0x1000, "TAP device", 0};
static const struct nic_driver tap_driver = {"tap", &tap_id, 1, NULL};

static int tap_open(struct nic *nic)
{
	struct tap *tap = nic->priv;
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int header = VNET_HEADER;

	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	memcpy(ifr.ifr_name, tap->device, IFNAMSIZ);
	if (tap->offload)
		ifr.ifr_flags |= IFF_VNET_HDR;
	if (tap->fd < 0 || ioctl(tap->fd, TUNSETIFF, &ifr) < 0)
		return fail(E_NOT_FOUND, "cannot open TAP device %s: errno %d", tap->device, errno);
	if (tap->offload && ioctl(tap->fd, TUNSETVNETHDRSZ, &header) < 0)
		return fail(E_NOT_SUPPORTED, "TAP device %s has no virtio-net headers",
			    tap->device);
	/* A device that existed before may have kept the offloads of its last user. */
	if (ioctl(tap->fd, TUNSETOFFLOAD, tap->offload ? TUN_F_CSUM | TUN_F_TSO4 : 0) < 0)
		return fail(E_NOT_SUPPORTED, "TAP device %s has no offloads", tap->device);
	nic_link(nic, true, 1000, true);
	return 0;
}

static void tap_close(struct nic *nic)
{
	struct tap *tap = nic->priv;

	if (tap->fd >= 0)
		close(tap->fd);
	tap->fd = -1;
}

/* Sleep a moment when there is nothing to do, so that a waiting program leaves the CPU alone. */
static void rest(struct tap *tap)
{
	struct pollfd fd = {.fd = tap->fd, .events = POLLIN};

	if (++tap->idle > 100)
		poll(&fd, 1, 1);
}

static void deliver(struct nic *nic, struct tap *tap, size_t len)
{
	size_t skip = tap->offload ? VNET_HEADER : 0;
	const struct virtio_net_hdr *header = (const void *)tap->buffer;
	struct rx_frame frame = {.parts = 1};

	if (len < skip + ETH_HEADER)
		return;
	if (tap->offload &&
	    header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		frame.flags = NIC_RX_CSUM_OK;
	frame.len = (uint32_t)(len - skip);
	frame.part[0].data = tap->buffer + skip;
	frame.part[0].len = frame.len;
	nic_receive(nic, &frame);
}

static void tap_poll(struct nic *nic, unsigned budget)
{
	struct tap *tap = nic->priv;

	while (budget-- && tap->fd >= 0) {
		ssize_t len = read(tap->fd, tap->buffer, sizeof(tap->buffer));

		if (len <= 0) {
			rest(tap);
			return;
		}
		tap->idle = 0;
		deliver(nic, tap, (size_t)len);
	}
}

static bool tap_transmit(struct nic *nic, struct tx_frame *frame)
{
	struct tap *tap = nic->priv;
	struct virtio_net_hdr header = {0};
	struct iovec part[2] = {{&header, VNET_HEADER}, {frame->data, frame->len}};
	ssize_t done;

	if (frame->csum_start || frame->csum_offset) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = frame->csum_start;
		header.csum_offset = frame->csum_offset;
	}
	if (frame->gso_size) {
		header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		header.gso_size = frame->gso_size;
		header.hdr_len = frame->header_len;
	}
	done = tap->offload ? writev(tap->fd, part, 2) : writev(tap->fd, part + 1, 1);
	if (done < 0 && errno == EAGAIN)
		return false;
	if (done < 0)
		nic->counters.tx_errors++;
	tap->idle = 0;
	nic_tx_done(nic, frame);
	return true;
}

static void tap_flush(struct nic *nic)
{
}

static const struct nic_ops tap_ops = {
	.open = tap_open,
	.close = tap_close,
	.poll = tap_poll,
	.transmit = tap_transmit,
	.flush = tap_flush,
};

struct nic *host_tap_add(const char *name, bool offload)
{
	static unsigned count;
	struct tap *tap = calloc(1, sizeof(*tap));
	struct nic *nic = &tap->nic;
	const uint8_t mac[ETH_ALEN] = {0x52, 0x54, 0x00, 0xab, 0xcd, (uint8_t)(0x01 + count)};

	snprintf(tap->device, sizeof(tap->device), "%s", name);
	tap->fd = -1;
	tap->offload = offload;
	nic->driver = &tap_driver;
	nic->ops = &tap_ops;
	nic->chip = tap_id.chip;
	nic->features = offload ? NIC_TX_CSUM | NIC_RX_CSUM | NIC_TSO4 : 0;
	nic->mtu = 1500;
	nic->priv = tap;
	nic->pci.busdevfn = (uint16_t)(0x0018 + 8 * count++);
	nic->pci.vendor = tap_id.vendor;
	nic->pci.device = tap_id.device;
	memcpy(nic->mac, mac, ETH_ALEN);
	memcpy(nic->permanent_mac, mac, ETH_ALEN);
	return nic_register(nic) ? NULL : nic;
}
