/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 (RFC 791, RFC 1122). Fragments go through ipv4_reassembly.c.
 *
 * Received packets are handed up as views into the ring buffers; each header
 * field is read once.
 */
#include "netstack/net.h"
#include "netstack/ipv4.h"

#define VERSION_4     4u
#define MORE_FRAGMENT 0x2000u
#define DONT_FRAGMENT 0x4000u
#define OFFSET_MASK   0x1fffu
#define TTL	      64

/* ---- Receiving ---- */

void ipv4_deliver(const struct ip_packet *packet)
{
	const struct ip_protocol *handler;

	table_for_each(ip_protocol, handler) {
		if (handler->protocol == packet->protocol) {
			handler->receive(packet);
			return;
		}
	}
	net_drops.ipv4_protocol++;
}

/* Is a packet to @dest for us? A card without an address takes any: a DHCP server may answer to
 * the address that it is about to give. */
static bool is_ours(struct nic *nic, uint32_t dest)
{
	const struct netif *netif = nic->netif;

	if (!netif || !netif->address)
		return true;
	return dest == netif->address || netif_is_broadcast(netif, dest);
}

static bool is_group(uint32_t address)
{
	return address >= 0xe0000000;
}

bool ipv4_is_host(uint32_t address)
{
	return address >> 24 && address >> 24 != 127 && !is_group(address);
}

/* Describe @len bytes of payload that begin at @offset of part[0]; padding behind them is cut. */
static bool set_parts(struct ip_packet *packet, const struct rx_frame *frame, uint32_t offset,
		      uint32_t len)
{
	packet->len = len;
	packet->parts = 0;
	for (uint32_t i = 0; i < frame->parts; i++) {
		uint32_t here = min(frame->part[i].len - offset, len);

		packet->part[i].data = frame->part[i].data + offset;
		packet->part[i].len = here;
		packet->parts++;
		len -= here;
		if (!len)
			return true;
		offset = 0;
	}
	return false;
}

static void ipv4_receive(struct nic *nic, const struct rx_frame *frame, uint32_t offset)
{
	const uint8_t *header = frame->part[0].data + offset;
	uint32_t room = frame->part[0].len - offset;
	uint32_t header_len, total, fragment;
	struct ip_packet packet;

	if (room < IPV4_HEADER || header[0] >> 4 != VERSION_4) {
		net_drops.ipv4_header++;
		return;
	}
	header_len = (header[0] & 15u) * 4;
	total = get_be16(header + 2);
	if (header_len < IPV4_HEADER || header_len > room || total < header_len ||
	    total > frame->len - offset) {
		net_drops.ipv4_header++;
		return;
	}
	if (checksum_fold(checksum_add(0, header, header_len))) {
		net_drops.ipv4_checksum++;
		return;
	}
	packet.source = get_be32(header + 12);
	packet.dest = get_be32(header + 16);
	if (!is_ours(nic, packet.dest) || is_group(packet.source)) {
		net_drops.ipv4_address++;
		return;
	}
	packet.nic = nic;
	packet.protocol = header[9];
	packet.csum_ok = frame->flags & NIC_RX_CSUM_OK;
	if (!set_parts(&packet, frame, offset + header_len, total - header_len)) {
		net_drops.ipv4_header++;
		return;
	}
	fragment = get_be16(header + 6);
	if (fragment & (MORE_FRAGMENT | OFFSET_MASK))
		ipv4_fragment(&packet, get_be16(header + 4), (fragment & OFFSET_MASK) * 8,
			      fragment & MORE_FRAGMENT);
	else
		ipv4_deliver(&packet);
}
TABLE_ENTRY(ethertype, ipv4_ethertype) = {ETHERTYPE_IPV4, ipv4_receive};

/* ---- Sending ---- */

static void fill_header(uint8_t *header, uint32_t source, uint32_t dest, uint8_t protocol,
			size_t total)
{
	static uint16_t identification;

	header[0] = VERSION_4 << 4 | IPV4_HEADER / 4;
	header[1] = 0;
	put_be16(header + 2, (uint16_t)total);
	put_be16(header + 4, identification++);
	put_be16(header + 6, protocol == IP_TCP ? DONT_FRAGMENT : 0);
	header[8] = TTL;
	header[9] = protocol;
	put_le16(header + 10, 0);
	put_be32(header + 12, source);
	put_be32(header + 16, dest);
	put_le16(header + 10, checksum_fold(checksum_add(0, header, IPV4_HEADER)));
}

/* RFC 1112 section 6.4 */
static void group_mac(uint8_t *mac, uint32_t group)
{
	put_be24(mac, 0x01005e);
	put_be24(mac + 3, group & 0x7fffff);
}

void ipv4_send(struct netif *netif, uint32_t source, uint32_t dest, uint32_t next_hop,
	       uint8_t protocol, struct tx_frame *frame, size_t len)
{
	struct nic *nic = netif->nic;
	uint8_t mac[ETH_ALEN];

	fill_header(frame->data + ETH_HEADER, source, dest, protocol, IPV4_HEADER + len);
	frame->len = (uint32_t)(ETH_HEADER + IPV4_HEADER + len);
	if (!is_group(dest) && !netif_is_broadcast(netif, dest)) {
		arp_send(netif, next_hop, frame);
		return;
	}
	if (netif_is_broadcast(netif, dest))
		memset(mac, 0xff, ETH_ALEN);
	else
		group_mac(mac, dest);
	ethernet_header(nic, frame, mac, ETHERTYPE_IPV4);
	nic_tx_send(nic, frame);
}
