/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP (RFC 792, RFC 1122 section 3.2.2): answers echo requests, sends its own
 * (ping), and tells TCP and UDP which destinations are unreachable.
 */
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/random.h"

#define ECHO_REPLY	 0
#define DEST_UNREACHABLE 3
#define ECHO_REQUEST	 8
#define ICMP_HEADER	 8

static struct ping *pending;

/* ---- Echo ---- */

static void send_echo(struct netif *netif, uint32_t dest, uint32_t next_hop, struct tx_frame *frame,
		      uint8_t type, size_t len)
{
	uint8_t *icmp = IP_PAYLOAD(frame);

	icmp[0] = type;
	icmp[1] = 0;
	put_le16(icmp + 2, 0);
	put_le16(icmp + 2, checksum_fold(checksum_add(0, icmp, len)));
	ipv4_send(netif, netif->address, dest, next_hop, IP_ICMP, frame, len);
}

static void answer_echo(const struct ip_packet *packet)
{
	uint32_t next_hop;
	struct netif *netif = netif_route(packet->source, &next_hop);
	struct tx_frame *frame;
	uint8_t *to;

	if (!netif || packet->dest != netif->address || packet->len > netif->mtu - IPV4_HEADER)
		return;
	frame = nic_tx_get(netif->nic, ETH_HEADER + IPV4_HEADER + packet->len);
	if (!frame) {
		net_drops.no_buffer++;
		return;
	}
	to = IP_PAYLOAD(frame);
	for (uint32_t i = 0; i < packet->parts; i++) {
		memcpy(to, packet->part[i].data, packet->part[i].len);
		to += packet->part[i].len;
	}
	send_echo(netif, packet->source, next_hop, frame, ECHO_REPLY, packet->len);
}

static void take_reply(const struct ip_packet *packet)
{
	const uint8_t *icmp = packet->part[0].data;
	struct ping *ping = pending;

	if (!ping || packet->source != ping->dest || get_be16(icmp + 4) != ping->id ||
	    get_be16(icmp + 6) != ping->sequence || ping->answered)
		return;
	ping->rtt_us = clock_us() - ping->sent_us;
	ping->reply_len = packet->len;
	ping->answered = true;
}

int ping_send(struct ping *ping, size_t size)
{
	uint32_t next_hop;
	struct netif *netif = netif_route(ping->dest, &next_hop);
	size_t len = ICMP_HEADER + size;
	struct tx_frame *frame;
	uint8_t *icmp;

	if (!netif)
		return netif_no_route(ping->dest);
	if (len > netif->mtu - IPV4_HEADER)
		return fail(E_UDP_TOO_LARGE, "%u bytes are more than %s takes (mtu %u)",
			    (unsigned)size, netif->nic->name, (unsigned)netif->mtu);
	frame = nic_tx_get(netif->nic, ETH_HEADER + IPV4_HEADER + len);
	if (!frame)
		return fail(E_NO_MEMORY, "%s has no free transmit buffer", netif->nic->name);
	if (!ping->id)
		ping->id = (uint16_t)(random_u32() | 1);
	ping->sequence++;
	ping->answered = false;
	ping->unreachable = 0;
	ping->sent_us = clock_us();
	pending = ping;
	icmp = IP_PAYLOAD(frame);
	put_be16(icmp + 4, ping->id);
	put_be16(icmp + 6, ping->sequence);
	for (size_t i = 0; i < size; i++)
		icmp[ICMP_HEADER + i] = (uint8_t)i;
	send_echo(netif, ping->dest, next_hop, frame, ECHO_REQUEST, len);
	return 0;
}

void ping_end(struct ping *ping)
{
	if (pending == ping)
		pending = NULL;
}

/* ---- Errors ---- */

/* The message carries the beginning of the packet that could not be delivered. */
static void take_unreachable(const struct ip_packet *packet, uint8_t code)
{
	struct cursor c = cursor(packet->part[0].data, packet->part[0].len);
	uint8_t version_ihl, protocol;
	uint32_t source, dest;
	uint16_t local_port, port;

	cursor_skip(&c, ICMP_HEADER);
	version_ihl = cursor_u8(&c);
	cursor_skip(&c, 8);
	protocol = cursor_u8(&c);
	cursor_skip(&c, 2);
	source = cursor_be32(&c);
	dest = cursor_be32(&c);
	if (c.bad || version_ihl >> 4 != 4 || (version_ihl & 15u) * 4 < IPV4_HEADER)
		return;
	cursor_skip(&c, (version_ihl & 15u) * 4 - IPV4_HEADER);
	local_port = cursor_be16(&c);
	port = cursor_be16(&c);
	if (c.bad || !packet->nic->netif || source != packet->nic->netif->address)
		return;
	if (protocol == IP_TCP)
		tcp_unreachable(dest, port, local_port, code);
	else if (protocol == IP_UDP)
		udp_unreachable(dest, port, local_port, code);
	else if (protocol == IP_ICMP && pending && pending->dest == dest)
		pending->unreachable = code + 1;
}

static void icmp_receive(const struct ip_packet *packet)
{
	const uint8_t *icmp = packet->part[0].data;
	uint32_t sum = 0;
	bool odd = false;

	if (packet->part[0].len < ICMP_HEADER) {
		net_drops.icmp++;
		return;
	}
	for (uint32_t i = 0; i < packet->parts && !odd; i++) {
		sum = checksum_add(sum, packet->part[i].data, packet->part[i].len);
		odd = packet->part[i].len & 1 && i + 1 < packet->parts;
	}
	if (odd || checksum_fold(sum)) {
		net_drops.icmp++;
		return;
	}
	switch (icmp[0]) {
	case ECHO_REQUEST:
		answer_echo(packet);
		break;
	case ECHO_REPLY:
		take_reply(packet);
		break;
	case DEST_UNREACHABLE:
		take_unreachable(packet, icmp[1]);
		break;
	}
}
TABLE_ENTRY(ip_protocol, icmp_protocol) = {IP_ICMP, icmp_receive};
