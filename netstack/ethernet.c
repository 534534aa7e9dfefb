/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet II and IEEE 802.3 framing: the entry of every received frame.
 *
 * This is the hot path of a download: one frame costs one comparison of its
 * destination and a walk of the ethertype table, and nothing is copied.
 */
#include "netstack/frame_queue.h"
#include "netstack/net.h"

struct net_drops net_drops;

#define TYPE_MIN 0x0600 /* smaller values are lengths */
#define VLAN_TAG 4
#define VLAN_VID 0x0fff

void ethernet_header(struct nic *nic, struct tx_frame *frame, const uint8_t *dest, uint16_t type)
{
	memcpy(frame->data, dest, ETH_ALEN);
	memcpy(frame->data + ETH_ALEN, nic->mac, ETH_ALEN);
	put_be16(frame->data + 2 * ETH_ALEN, type);
}

static inline bool same_mac(const uint8_t *a, const uint8_t *b)
{
	return get_le32(a) == get_le32(b) && get_le16(a + 4) == get_le16(b + 4);
}

/* Frames of a card in promiscuous mode are for anybody; groups are sorted out above. */
static inline bool is_for(const struct nic *nic, const uint8_t *dest)
{
	return same_mac(dest, nic->mac) || (dest[0] & 1);
}

void ethernet_receive(struct nic *nic, const struct rx_frame *frame)
{
	const uint8_t *header = frame->part[0].data;
	const struct ethertype *handler;
	uint32_t offset = ETH_HEADER;
	uint16_t type;

	if (!frame->parts || frame->part[0].len < ETH_HEADER) {
		net_drops.ethernet_short++;
		return;
	}
	if (frame_queue_has(nic) && !frame_queue_receive(nic, frame))
		return;
	if (!is_for(nic, header)) {
		net_drops.ethernet_address++;
		return;
	}
	type = get_be16(header + 2 * ETH_ALEN);
	/* A tag of VLAN 0 carries a priority only. */
	if (type == ETHERTYPE_VLAN && frame->part[0].len >= ETH_HEADER + VLAN_TAG &&
	    !(get_be16(header + ETH_HEADER) & VLAN_VID)) {
		type = get_be16(header + ETH_HEADER + 2);
		offset += VLAN_TAG;
	}
	if (type < TYPE_MIN)
		type = ETHERTYPE_LLC;
	table_for_each(ethertype, handler) {
		if (handler->type == type) {
			handler->receive(nic, frame, offset);
			return;
		}
	}
	net_drops.ethernet_type++;
}
