/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly of IPv4 fragments (RFC 791 section 3.2, with the caution of
 * RFC 1858 and RFC 5722).
 *
 * A few datagrams at a time, each with a time limit. A fragment that overlaps
 * what came before condemns its datagram: honest senders never overlap.
 */
#include "netstack/ipv4.h"
#include "bios/heap.h"

#define DATAGRAMS  4
#define UNIT	   8u
#define LEN_MAX	   (65535u - IPV4_HEADER)
#define UNITS	   ((LEN_MAX + UNIT - 1) / UNIT)
#define ROOM_START 4096u
#define TIMEOUT_MS 10000u

struct datagram {
	bool used, condemned;
	struct nic *nic;
	uint32_t source, dest;
	uint16_t id;
	uint8_t protocol;
	uint64_t started;
	uint8_t *data;
	uint32_t room;
	uint32_t len;	   /* of the whole, 0 until the last fragment came */
	uint32_t received; /* bytes */
	uint32_t highest;  /* end of the farthest fragment */
	uint32_t map[UNITS / 32 + 1];
};

static struct datagram datagrams[DATAGRAMS];

static void expire(struct net_timer *timer);
static struct net_timer expiry = {.expired = expire};

static void give_up(struct datagram *d)
{
	if (!d->condemned)
		net_drops.ipv4_fragment++;
	heap_free(d->data);
	d->data = NULL;
	d->used = false;
}

static void expire(struct net_timer *timer)
{
	uint64_t now = clock_ms(), next = UINT64_MAX;

	for (struct datagram *d = datagrams; d < datagrams + DATAGRAMS; d++) {
		if (!d->used)
			continue;
		if (now - d->started >= TIMEOUT_MS) {
			give_up(d);
		} else {
			next = min(next, d->started + TIMEOUT_MS);
		}
	}
	if (next != UINT64_MAX)
		net_timer_start(timer, next);
}

static struct datagram *find(const struct ip_packet *packet, uint16_t id)
{
	struct datagram *oldest = datagrams;

	for (struct datagram *d = datagrams; d < datagrams + DATAGRAMS; d++) {
		if (d->used && d->nic == packet->nic && d->id == id &&
		    d->source == packet->source && d->dest == packet->dest &&
		    d->protocol == packet->protocol)
			return d;
		if (!d->used || (oldest->used && d->started < oldest->started))
			oldest = d;
	}
	if (oldest->used)
		give_up(oldest);
	*oldest = (struct datagram){
		.used = true,
		.nic = packet->nic,
		.source = packet->source,
		.dest = packet->dest,
		.id = id,
		.protocol = packet->protocol,
		.started = clock_ms(),
	};
	if (!net_timer_running(&expiry))
		net_timer_start(&expiry, oldest->started + TIMEOUT_MS);
	return oldest;
}

/* A datagram that went wrong stays until its time is over, so that its other fragments do not
 * begin it anew. */
static void condemn(struct datagram *d)
{
	net_drops.ipv4_fragment++;
	d->condemned = true;
	heap_free(d->data);
	d->data = NULL;
}

static bool make_room(struct datagram *d, uint32_t end)
{
	uint32_t room = d->room ? d->room : ROOM_START;
	uint8_t *data;

	while (room < end)
		room *= 2;
	if (room == d->room)
		return true;
	data = heap_realloc(d->data, room);
	if (!data)
		return false;
	d->data = data;
	d->room = room;
	return true;
}

/* Did the network copy a fragment that is here already, byte for byte? */
static bool is_duplicate(const struct datagram *d, const struct ip_packet *packet, uint32_t offset)
{
	uint32_t end = offset + packet->len;

	if (!packet->len || end > d->highest)
		return false;
	for (uint32_t unit = offset / UNIT; unit < (end + UNIT - 1) / UNIT; unit++) {
		if (!(d->map[unit / 32] & 1u << unit % 32))
			return false;
	}
	for (uint32_t i = 0; i < packet->parts; i++) {
		if (memcmp(d->data + offset, packet->part[i].data, packet->part[i].len))
			return false;
		offset += packet->part[i].len;
	}
	return true;
}

/* Mark [@offset, @end); false when some of it was there already. */
static bool mark(struct datagram *d, uint32_t offset, uint32_t end)
{
	for (uint32_t unit = offset / UNIT; unit < (end + UNIT - 1) / UNIT; unit++) {
		uint32_t bit = 1u << unit % 32;

		if (d->map[unit / 32] & bit)
			return false;
		d->map[unit / 32] |= bit;
	}
	return true;
}

static bool consistent(const struct datagram *d, uint32_t offset, uint32_t len, bool more)
{
	uint32_t end = offset + len;

	if (!len || end > LEN_MAX || (more && len % UNIT))
		return false;
	if (d->len && end > d->len)
		return false;
	return more || (!d->len && end >= d->highest);
}

void ipv4_fragment(const struct ip_packet *packet, uint16_t id, uint32_t offset, bool more)
{
	struct datagram *d = find(packet, id);
	uint32_t end = offset + packet->len;
	struct ip_packet whole;
	uint8_t *to;

	if (d->condemned || is_duplicate(d, packet, offset))
		return;
	if (!consistent(d, offset, packet->len, more) || !make_room(d, end) ||
	    !mark(d, offset, end)) {
		condemn(d);
		return;
	}
	to = d->data + offset;
	for (uint32_t i = 0; i < packet->parts; i++) {
		memcpy(to, packet->part[i].data, packet->part[i].len);
		to += packet->part[i].len;
	}
	d->received += packet->len;
	d->highest = max(d->highest, end);
	if (!more)
		d->len = end;
	if (!d->len || d->received < d->len)
		return;
	whole.nic = d->nic;
	whole.source = d->source;
	whole.dest = d->dest;
	whole.protocol = d->protocol;
	whole.csum_ok = false;
	whole.len = d->len;
	whole.parts = 1;
	whole.part[0].data = d->data;
	whole.part[0].len = d->len;
	d->used = false;
	d->data = NULL;
	ipv4_deliver(&whole);
	heap_free((void *)(uintptr_t)whole.part[0].data);
}
