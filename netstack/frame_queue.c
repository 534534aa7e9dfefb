/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of frames for a program that drives a card itself.
 *
 * A program must only see frames as they would come off a cable. Cards that
 * share the host's memory hand over more than that: transport checksums that
 * nobody computed yet, and runs of TCP segments as one frame of 64 KB. The copy
 * into the queue is where both are put right; our own stack goes on using them
 * as they are.
 */
#include "netstack/frame_queue.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/ipv4.h"
#include "netstack/net.h"
#include "netstack/tcp.h"

#define SLOTS	     256u
#define SLOTS_MIN    16u
#define MEMORY_SHARE 8u /* of the heap that is free */
#define FRAME_MIN    60u
#define VLAN_TAG     4u
#define TCP_HEADER   20u
#define TCP_FIN_PSH  0x09u
#define TCP_CWR	     0x80u
#define ECHO_REQUEST 8u
#define FRAGMENT     0x3fffu /* more fragments follow, or an offset */

struct slot {
	uint16_t len;
	uint8_t data[QUEUE_FRAME_MAX];
};

struct nic *frame_queue_card;

static struct {
	struct slot *slots;
	unsigned size, first, count;
	unsigned filter;
	uint8_t groups[QUEUE_GROUPS][ETH_ALEN];
	unsigned group_count;
	struct frame_queue_counters counters;
} queue;

/* ---- The queue ---- */

int frame_queue_open(struct nic *nic)
{
	size_t fit = heap_free_bytes(NULL) / MEMORY_SHARE / sizeof(struct slot);

	frame_queue_close();
	queue.size = (unsigned)max(min(fit, (size_t)SLOTS), (size_t)SLOTS_MIN);
	queue.slots = heap_alloc(queue.size * sizeof(struct slot));
	if (!queue.slots)
		return fail(E_NO_MEMORY, "%s: no memory to queue %u frames", nic->name, queue.size);
	frame_queue_card = nic;
	log_debug("pxe", 1, "%s: frames are queued, %u at most", nic->name, queue.size);
	return 0;
}

void frame_queue_close(void)
{
	if (frame_queue_card)
		log_debug("pxe", 1, "%s: %u frames were queued, %u found no room",
			  frame_queue_card->name, queue.counters.queued, queue.counters.overflowed);
	heap_free(queue.slots);
	memset(&queue, 0, sizeof(queue));
	frame_queue_card = NULL;
}

void frame_queue_filter(unsigned filter)
{
	queue.filter = filter;
}

void frame_queue_groups(const uint8_t (*groups)[ETH_ALEN], unsigned count)
{
	queue.group_count = min(count, (unsigned)QUEUE_GROUPS);
	memcpy(queue.groups, groups, queue.group_count * ETH_ALEN);
}

const uint8_t *frame_queue_first(uint32_t *len)
{
	const struct slot *slot = &queue.slots[queue.first];

	if (!queue.count)
		return NULL;
	*len = slot->len;
	return slot->data;
}

void frame_queue_drop(void)
{
	if (!queue.count)
		return;
	queue.first = (queue.first + 1) % queue.size;
	queue.count--;
}

struct frame_queue_counters frame_queue_counters(void)
{
	return queue.counters;
}

/** A free slot at the end, or NULL; commit() makes it part of the queue. */
static struct slot *free_slot(void)
{
	if (queue.count < queue.size)
		return &queue.slots[(queue.first + queue.count) % queue.size];
	queue.counters.overflowed++;
	return NULL;
}

static void commit(struct slot *slot, uint32_t len)
{
	if (len < FRAME_MIN) {
		memset(slot->data + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	slot->len = (uint16_t)len;
	queue.count++;
	queue.counters.queued++;
}

/* ---- Headers ---- */

/** Where the headers of a frame are; all of them lie in its first part. */
struct headers {
	const uint8_t *frame;
	uint32_t room; /* bytes of the first part */
	uint16_t type;
	uint32_t ip; /* IPv4: offsets; 0: it is none, or too damaged to tell */
	uint32_t transport;
	uint32_t ip_len;
	uint8_t protocol;
	bool fragment;
};

static void find_ip(struct headers *h, uint32_t at)
{
	const uint8_t *ip = h->frame + at;
	uint32_t header;

	if (h->type != ETHERTYPE_IPV4 || h->room < at + IPV4_HEADER || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 15u) * 4;
	h->ip_len = get_be16(ip + 2);
	if (header < IPV4_HEADER || header > h->room - at || h->ip_len < header)
		return;
	h->ip = at;
	h->transport = at + header;
	h->protocol = ip[9];
	h->fragment = get_be16(ip + 6) & FRAGMENT;
}

static struct headers headers_of(const struct rx_frame *frame)
{
	struct headers h = {.frame = frame->part[0].data, .room = frame->part[0].len};
	uint32_t at = ETH_HEADER;

	h.type = get_be16(h.frame + ETH_HEADER - 2);
	if (h.type == ETHERTYPE_VLAN && h.room >= ETH_HEADER + VLAN_TAG) {
		at += VLAN_TAG;
		h.type = get_be16(h.frame + at - 2);
	}
	find_ip(&h, at);
	return h;
}

/** A segment of one of our own connections? Fragments cannot be told: they are not. */
static bool is_our_segment(const struct headers *h)
{
	const uint8_t *ip = h->frame + h->ip, *tcp = h->frame + h->transport;

	return h->room - h->transport >= 4 && !h->fragment &&
	       tcp_is_ours(get_be32(ip + 16), get_be16(tcp + 2), get_be32(ip + 12), get_be16(tcp));
}

static bool is_echo_request(const struct headers *h)
{
	return h->room > h->transport && !h->fragment && h->frame[h->transport] == ECHO_REQUEST;
}

/* ---- What a cable would have carried ---- */

static void gather(const struct rx_frame *frame, uint32_t from, uint32_t len, uint8_t *to)
{
	for (uint32_t i = 0; i < frame->parts && len; i++) {
		uint32_t n = frame->part[i].len;

		if (from >= n) {
			from -= n;
			continue;
		}
		n = min(n - from, len);
		memcpy(to, frame->part[i].data + from, n);
		to += n;
		len -= n;
		from = 0;
	}
}

/** Store the checksum of @data[0..len) at @field of it, which is part of the sum. */
static void store_sum(uint8_t *data, uint32_t len, uint32_t field, uint32_t sum)
{
	uint16_t folded = checksum_fold(checksum_add(sum, data, len));

	/* UDP's "no checksum" is 0; its complement has the same value in every protocol. */
	put_le16(data + field, folded ? folded : 0xffff);
}

static void queue_whole(const struct rx_frame *frame)
{
	uint32_t start = frame->csum_start, field = frame->csum_offset;
	struct slot *slot;

	if (frame->len > QUEUE_FRAME_MAX || (start && start + field + 2 > frame->len)) {
		queue.counters.overflowed++;
		return;
	}
	slot = free_slot();
	if (!slot)
		return;
	gather(frame, 0, frame->len, slot->data);
	if (start)
		store_sum(slot->data + start, frame->len - start, field, 0);
	commit(slot, frame->len);
}

/** Write segment number @index, which carries @len bytes from @at of the payload, behind the copy
 * of the headers in @data. */
static void fix_segment(uint8_t *data, const struct headers *h, uint32_t header_len, unsigned index,
			uint32_t at, uint32_t len, bool last)
{
	uint8_t *ip = data + h->ip, *tcp = data + h->transport;
	uint32_t ip_header = h->transport - h->ip, total = header_len - h->ip + len;

	put_be16(ip + 2, (uint16_t)total);
	put_be16(ip + 4, (uint16_t)(get_be16(ip + 4) + index));
	put_le16(ip + 10, 0);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, ip_header)));
	put_be32(tcp + 4, get_be32(tcp + 4) + at);
	if (!last)
		tcp[13] &= (uint8_t)~TCP_FIN_PSH;
	if (index)
		tcp[13] &= (uint8_t)~TCP_CWR;
	put_le16(tcp + 16, 0);
	store_sum(tcp, total - ip_header, 16,
		  checksum_pseudo(get_be32(ip + 12), get_be32(ip + 16), IP_TCP, total - ip_header));
}

static void queue_segments(const struct rx_frame *frame, const struct headers *h)
{
	uint32_t header_len, payload, at, len;
	unsigned index = 0;

	if (!h->ip || h->protocol != IP_TCP || h->room - h->transport < TCP_HEADER ||
	    h->ip_len > frame->len - h->ip) {
		queue.counters.overflowed++;
		return;
	}
	header_len = h->transport + (h->frame[h->transport + 12] >> 4) * 4u;
	if (header_len < h->transport + TCP_HEADER || header_len > h->room ||
	    header_len > h->ip + h->ip_len || header_len + frame->gso_size > QUEUE_FRAME_MAX) {
		queue.counters.overflowed++;
		return;
	}
	payload = h->ip + h->ip_len - header_len;
	for (at = 0; at < payload; at += len, index++) {
		struct slot *slot = free_slot();

		len = min(payload - at, (uint32_t)frame->gso_size);
		if (!slot)
			return;
		gather(frame, 0, header_len, slot->data);
		gather(frame, header_len + at, len, slot->data + header_len);
		fix_segment(slot->data, h, header_len, index, at, len, at + len == payload);
		commit(slot, header_len + len);
	}
}

/* ---- Receiving ---- */

static bool is_wanted(const struct nic *nic, const uint8_t *dest)
{
	static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (queue.filter & QUEUE_ALL)
		return true;
	if (!(dest[0] & 1))
		return queue.filter & QUEUE_DIRECTED && !memcmp(dest, nic->mac, ETH_ALEN);
	if (!memcmp(dest, broadcast, ETH_ALEN))
		return queue.filter & QUEUE_BROADCAST;
	for (unsigned i = 0; i < queue.group_count; i++)
		if (!memcmp(dest, queue.groups[i], ETH_ALEN))
			return true;
	return false;
}

bool frame_queue_receive(struct nic *nic, const struct rx_frame *frame)
{
	struct headers h = headers_of(frame);
	bool ours = true;

	if (h.ip && h.protocol == IP_TCP) {
		if (is_our_segment(&h))
			return true;
		ours = h.fragment;
	} else if (h.ip && h.protocol == IP_ICMP) {
		ours = !is_echo_request(&h);
	}
	if (is_wanted(nic, h.frame)) {
		if (frame->gso_size)
			queue_segments(frame, &h);
		else
			queue_whole(frame);
	}
	return ours;
}
