/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP (RFC 768, RFC 1122 section 4.1). */
#include "netstack/net.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/random.h"

#define UDP_HEADER 8
#define PORT_FIRST 49152u /* RFC 6335: dynamic ports */
#define PORT_COUNT 16384u
#define PORT_TRIES 64

static struct list sockets = LIST_INIT(sockets);

/* ---- Sockets ---- */

static bool taken(uint16_t port, const struct nic *nic)
{
	struct udp_socket *s;

	list_for_each(s, &sockets, link) {
		if (s->port == port && (!s->nic || !nic || s->nic == nic))
			return true;
	}
	return false;
}

static uint16_t free_port(const struct nic *nic)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + random_u32() % PORT_COUNT);

		if (!taken(port, nic))
			return port;
	}
	return 0;
}

int udp_open(struct udp_socket *socket, uint16_t port, struct nic *nic, udp_receiver receive,
	     void *ctx)
{
	if (!port)
		port = free_port(nic);
	if (!port || taken(port, nic))
		return fail(E_UDP_NO_PORT, "UDP port %u is in use", port);
	socket->port = port;
	socket->nic = nic;
	socket->receive = receive;
	socket->ctx = ctx;
	socket->unreachable = NULL;
	list_append(&sockets, &socket->link);
	return 0;
}

void udp_close(struct udp_socket *socket)
{
	if (socket->port)
		list_remove(&socket->link);
	socket->port = 0;
}

static struct udp_socket *find(const struct nic *nic, uint16_t port)
{
	struct udp_socket *s;

	list_for_each(s, &sockets, link) {
		if (s->port == port && (!s->nic || !nic || s->nic == nic))
			return s;
	}
	return NULL;
}

/* ---- Receiving ---- */

udp_unclaimed_receiver udp_unclaimed;

/* @header: of @packet's datagram, in one piece with its @len bytes. */
static void hand_over(struct udp_socket *socket, const struct ip_packet *packet,
		      const uint8_t *header, uint32_t len)
{
	if (socket)
		socket->receive(socket, packet->source, get_be16(header), header + UDP_HEADER,
				len - UDP_HEADER);
	else
		udp_unclaimed(packet, get_be16(header), get_be16(header + 2), header + UDP_HEADER,
			      len - UDP_HEADER);
}

/* Hand over a datagram that lies in several ring buffers as one piece. */
static void hand_over_joined(struct udp_socket *socket, const struct ip_packet *packet,
			     uint32_t len)
{
	uint8_t *joined = heap_alloc(packet->len);
	uint32_t at = 0;

	if (!joined) {
		net_drops.no_buffer++;
		return;
	}
	for (uint32_t i = 0; i < packet->parts; i++) {
		memcpy(joined + at, packet->part[i].data, packet->part[i].len);
		at += packet->part[i].len;
	}
	hand_over(socket, packet, joined, len);
	heap_free(joined);
}

/* The length field may be less than what IP carries; the sum covers exactly that. */
static bool checksum_good(const struct ip_packet *packet, uint32_t len)
{
	struct ip_packet exact;

	if (len == packet->len)
		return ip_checksum_ok(packet);
	if (packet->parts != 1)
		return false;
	exact = *packet;
	exact.len = len;
	exact.part[0].len = len;
	return ip_checksum_ok(&exact);
}

static void udp_receive(const struct ip_packet *packet)
{
	const uint8_t *header = packet->part[0].data;
	struct udp_socket *socket;
	uint32_t len;

	if (packet->part[0].len < UDP_HEADER) {
		net_drops.udp_length++;
		return;
	}
	len = get_be16(header + 4);
	if (len < UDP_HEADER || len > packet->len) {
		net_drops.udp_length++;
		return;
	}
	socket = find(packet->nic, get_be16(header + 2));
	if (!socket && !udp_unclaimed) {
		net_drops.udp_port++;
		return;
	}
	if (get_le16(header + 6) && !checksum_good(packet, len)) {
		net_drops.udp_checksum++;
		return;
	}
	if (packet->parts == 1)
		hand_over(socket, packet, header, len);
	else
		hand_over_joined(socket, packet, len);
}
TABLE_ENTRY(ip_protocol, udp_protocol) = {IP_UDP, udp_receive};

void udp_unreachable(uint32_t dest, uint16_t port, uint16_t local_port, int code)
{
	struct udp_socket *socket = find(NULL, local_port);

	if (socket && socket->unreachable)
		socket->unreachable(socket, dest, port, code);
}

/* ---- Sending ---- */

static int transmit(struct udp_socket *socket, struct netif *netif, uint32_t source, uint32_t dest,
		    uint32_t next_hop, uint16_t dest_port, const void *data, size_t len)
{
	size_t total = UDP_HEADER + len;
	struct tx_frame *frame;
	uint8_t *header;
	uint16_t sum;

	if (IPV4_HEADER + total > netif->mtu)
		return fail(E_UDP_TOO_LARGE,
			    "a datagram of %u bytes to " IPV4_FMT " is more than %s takes (mtu %u)",
			    (unsigned)len, IPV4_ARG(dest), netif->nic->name, (unsigned)netif->mtu);
	frame = nic_tx_get(netif->nic, ETH_HEADER + IPV4_HEADER + total);
	if (!frame) {
		/* As good as lost on the wire: every user of UDP repeats. */
		net_drops.no_buffer++;
		return 0;
	}
	header = IP_PAYLOAD(frame);
	put_be16(header, socket->port);
	put_be16(header + 2, dest_port);
	put_be16(header + 4, (uint16_t)total);
	put_le16(header + 6, 0);
	memcpy(header + UDP_HEADER, data, len);
	sum = checksum_fold(checksum_add(checksum_pseudo(source, dest, IP_UDP, (uint32_t)total),
					 header, total));
	put_le16(header + 6, sum ? sum : 0xffff);
	ipv4_send(netif, source, dest, next_hop, IP_UDP, frame, total);
	return 0;
}

int udp_send(struct udp_socket *socket, uint32_t dest, uint16_t dest_port, const void *data,
	     size_t len)
{
	uint32_t next_hop;
	struct netif *netif = netif_route(dest, &next_hop);

	if (!netif)
		return netif_no_route(dest);
	return transmit(socket, netif, netif->address, dest, next_hop, dest_port, data, len);
}

/* To everybody that @dest means, who need no looking up. */
static int send_on(struct udp_socket *socket, struct nic *nic, uint32_t source, uint32_t dest,
		   uint16_t dest_port, const void *data, size_t len)
{
	struct netif *netif = nic->open ? netif_for(nic) : NULL;

	if (!netif)
		return fail(E_NET_CLOSED, "%s is not open", nic->name);
	return transmit(socket, netif, source, dest, dest, dest_port, data, len);
}

int udp_broadcast(struct udp_socket *socket, struct nic *nic, uint32_t source, uint16_t dest_port,
		  const void *data, size_t len)
{
	return send_on(socket, nic, source, 0xffffffff, dest_port, data, len);
}

int udp_multicast(struct udp_socket *socket, struct nic *nic, uint32_t group, uint16_t dest_port,
		  const void *data, size_t len)
{
	struct netif *netif = netif_for(nic);

	return send_on(socket, nic, netif ? netif->address : 0, group, dest_port, data, len);
}
