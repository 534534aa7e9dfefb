/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spanning tree (IEEE 802.1D-2004), seen from the end of a cable: a switch port
 * that is listening or learning sends BPDUs but forwards nothing yet. Knowing
 * that, DHCP waits instead of giving up.
 *
 * Rapid spanning tree says in each BPDU whether the port forwards. The classic
 * one does not, but forwards twice its forward delay after the link came up.
 */
#include "netstack/dhcp.h"
#include "lib/cursor.h"
#include "lib/log.h"

#define LLC_BPDU	0x424203u
#define TYPE_CONFIG	0x00
#define TYPE_RAPID	0x02
#define FLAG_FORWARDING 0x20
#define BRIDGE_FIELDS	(8 + 4 + 8 + 2) /* root, cost, bridge, port */
#define TIMER_FIELDS	(2 + 2 + 2)	/* age, maximum age, hello */
#define DELAY_MAX	30u		/* s */
#define RAPID_MS	6000u		/* three hello times */

static void bpdu_receive(struct nic *nic, const struct rx_frame *frame, uint32_t offset)
{
	struct cursor c = cursor(frame->part[0].data + offset, frame->part[0].len - offset);
	struct netif *netif = netif_for(nic);
	uint8_t type, flags;
	uint32_t delay;

	if (!netif || cursor_be16(&c) != LLC_BPDU >> 8 || cursor_u8(&c) != (LLC_BPDU & 0xff) ||
	    cursor_be16(&c) != 0)
		return;
	cursor_skip(&c, 1);
	type = cursor_u8(&c);
	flags = cursor_u8(&c);
	cursor_skip(&c, BRIDGE_FIELDS + TIMER_FIELDS);
	delay = min((uint32_t)cursor_be16(&c) / 256, DELAY_MAX);
	if (c.bad)
		return;
	if (type == TYPE_CONFIG)
		netif->blocked_until = nic->opened_at + 2000 * delay;
	else if (type == TYPE_RAPID)
		netif->blocked_until = flags & FLAG_FORWARDING ? 0 : clock_ms() + RAPID_MS;
}
TABLE_ENTRY(ethertype, bpdu_ethertype) = {ETHERTYPE_LLC, bpdu_receive};

bool link_blocked(struct nic *nic)
{
	return nic->open && nic->netif && clock_ms() < nic->netif->blocked_until;
}
