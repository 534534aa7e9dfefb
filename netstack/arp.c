/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP (RFC 826), with address conflict detection (RFC 5227).
 *
 * An entry is confirmed for a minute; after that it goes on being used while
 * unicast requests ask whether it still holds (RFC 1122 section 2.3.2.1), so a
 * session is not interrupted. The MAC of an entry changes only by an answer to a
 * question of ours: a different one for a known address, unasked for, only
 * makes us ask everybody, since a forged reply could otherwise take over a disk
 * session.
 */
#include "netstack/net.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

#define ARP_LEN	    28
#define FRAME_MIN   60 /* without FCS; cards pad too, but not all of them with zeroes */
#define HTYPE_ETHER 1
#define OP_REQUEST  1
#define OP_REPLY    2

#define ENTRIES	     32
#define FIRST_RETRY  125u
#define LAST_RETRY   3000u
#define TRIES	     6 /* 125 ms doubling to 3 s: given up after about 7 s */
#define CONFIRMED_MS 60000u
#define POLL_MS	     1000u
#define POLLS	     4
#define DOUBT_POLLS  1 /* somebody waits for an answer already */
#define CONFLICT_MS  10000u

enum state {
	FREE,
	INCOMPLETE, /* asked, no answer yet */
	KNOWN,	    /* mac is valid */
	FAILED,	    /* asked in vain; kept for messages until somebody asks again */
};

struct neighbour {
	enum state state;
	struct nic *nic;
	uint32_t ip;
	uint8_t mac[ETH_ALEN];
	bool asked; /* a reply is welcome */
	unsigned tries;
	uint64_t confirmed; /* when the MAC was last heard of by solicitation */
	uint64_t last_asked;
	uint64_t last_used;
	uint64_t retry_at; /* INCOMPLETE: next request */
	struct tx_frame *frame;
};

static struct neighbour neighbours[ENTRIES];
static struct neighbour *last_hit = neighbours;
static void retry(struct net_timer *timer);
static struct net_timer retry_timer = {.expired = retry};

/* The probe that runs, if any. */
static struct {
	struct nic *nic;
	uint32_t ip;
	bool answered;
	uint8_t owner[ETH_ALEN];
} probe;

static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t nobody[ETH_ALEN];

/* ---- Packets out ---- */

static void send_arp(struct nic *nic, const uint8_t *dest, uint16_t op, uint32_t sender,
		     const uint8_t *target_mac, uint32_t target)
{
	struct tx_frame *frame = nic->open ? nic_tx_get(nic, FRAME_MIN) : NULL;
	uint8_t *arp;

	if (!frame) {
		net_drops.no_buffer++;
		return;
	}
	ethernet_header(nic, frame, dest, ETHERTYPE_ARP);
	arp = frame->data + ETH_HEADER;
	put_be16(arp, HTYPE_ETHER);
	put_be16(arp + 2, ETHERTYPE_IPV4);
	arp[4] = ETH_ALEN;
	arp[5] = 4;
	put_be16(arp + 6, op);
	memcpy(arp + 8, nic->mac, ETH_ALEN);
	put_be32(arp + 14, sender);
	memcpy(arp + 18, target_mac, ETH_ALEN);
	put_be32(arp + 24, target);
	memset(arp + ARP_LEN, 0, FRAME_MIN - ETH_HEADER - ARP_LEN);
	frame->len = FRAME_MIN;
	nic_tx_send(nic, frame);
}

static void ask(struct netif *netif, struct neighbour *n, const uint8_t *dest)
{
	n->asked = true;
	n->last_asked = clock_ms();
	send_arp(n->nic, dest, OP_REQUEST, netif->address, nobody, n->ip);
}

void arp_announce(struct netif *netif)
{
	send_arp(netif->nic, broadcast, OP_REQUEST, netif->address, nobody, netif->address);
}

/* ---- The queue of one frame a neighbour ---- */

static void drop_frame(struct neighbour *n)
{
	if (!n->frame)
		return;
	nic_tx_put(n->nic, n->frame);
	n->frame = NULL;
	net_drops.unresolved++;
}

static void send_queued(struct neighbour *n)
{
	if (!n->frame)
		return;
	ethernet_header(n->nic, n->frame, n->mac, ETHERTYPE_IPV4);
	nic_tx_send(n->nic, n->frame);
	n->frame = NULL;
}

/* ---- The table ---- */

static struct neighbour *find(const struct nic *nic, uint32_t ip)
{
	if (last_hit->ip == ip && last_hit->nic == nic && last_hit->state != FREE)
		return last_hit;
	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->ip == ip && n->nic == nic && n->state != FREE)
			return last_hit = n;
	}
	return NULL;
}

static struct neighbour *create(struct nic *nic, uint32_t ip)
{
	struct neighbour *oldest = neighbours;

	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->state == FREE) {
			oldest = n;
			break;
		}
		if (n->last_used < oldest->last_used)
			oldest = n;
	}
	if (oldest->state != FREE)
		drop_frame(oldest);
	*oldest = (struct neighbour){.nic = nic, .ip = ip};
	return oldest;
}

static uint32_t retry_pause(const struct neighbour *n)
{
	uint32_t pause = FIRST_RETRY << (n->tries - 1);

	return min(pause, LAST_RETRY);
}

static void schedule_retry(void)
{
	uint64_t due = UINT64_MAX;

	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->state == INCOMPLETE)
			due = min(due, n->retry_at);
	}
	if (due == UINT64_MAX)
		net_timer_stop(&retry_timer);
	else
		net_timer_start(&retry_timer, due);
}

static void start_asking(struct netif *netif, struct neighbour *n)
{
	n->state = INCOMPLETE;
	n->tries = 1;
	ask(netif, n, broadcast);
	n->retry_at = n->last_asked + retry_pause(n);
	schedule_retry();
}

static void retry(struct net_timer *timer)
{
	uint64_t now = clock_ms();

	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->state != INCOMPLETE || n->retry_at > now)
			continue;
		if (n->tries == TRIES || !n->nic->open || !n->nic->netif) {
			drop_frame(n);
			n->state = FAILED;
			continue;
		}
		n->tries++;
		ask(n->nic->netif, n, broadcast);
		n->retry_at = now + retry_pause(n);
	}
	schedule_retry();
}

/* The MAC of @n is old, or doubted: poll the known owner, and after some silence ask everybody. */
static void reconfirm(struct netif *netif, struct neighbour *n, uint64_t now, unsigned polls)
{
	if (now - n->last_asked < POLL_MS)
		return;
	if (n->tries++ < polls)
		ask(netif, n, n->mac);
	else
		start_asking(netif, n);
}

static struct neighbour *lookup(struct netif *netif, uint32_t ip)
{
	struct neighbour *n = find(netif->nic, ip);
	uint64_t now = clock_ms();

	if (!n)
		n = create(netif->nic, ip);
	n->last_used = now;
	if (n->state == KNOWN && now - n->confirmed > CONFIRMED_MS)
		reconfirm(netif, n, now, POLLS);
	else if (n->state == FREE || n->state == FAILED)
		start_asking(netif, n);
	return n;
}

bool arp_lookup(struct netif *netif, uint32_t ip, uint8_t *mac)
{
	struct neighbour *n = lookup(netif, ip);

	if (n->state != KNOWN)
		return false;
	memcpy(mac, n->mac, ETH_ALEN);
	return true;
}

void arp_send(struct netif *netif, uint32_t ip, struct tx_frame *frame)
{
	struct neighbour *n = lookup(netif, ip);

	if (n->state == KNOWN) {
		ethernet_header(netif->nic, frame, n->mac, ETHERTYPE_IPV4);
		nic_tx_send(netif->nic, frame);
		return;
	}
	drop_frame(n);
	n->frame = frame;
}

void arp_suspect(struct netif *netif, uint32_t ip)
{
	struct neighbour *n = find(netif->nic, ip);

	if (n && n->state == KNOWN)
		reconfirm(netif, n, clock_ms(), DOUBT_POLLS);
}

bool arp_unanswered(uint32_t ip)
{
	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->ip == ip && (n->state == FAILED || (n->state == INCOMPLETE && n->tries > 2)))
			return true;
	}
	return false;
}

void arp_flush(struct nic *nic)
{
	for (struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->state == FREE || n->nic != nic)
			continue;
		drop_frame(n);
		*n = (struct neighbour){0};
	}
	schedule_retry();
}

/* ---- Packets in ---- */

/* Somebody else says that he has our address. Said once for each of them, and rarely enough that a
 * flood of invented ones does not hold the machine up. */
static void report_conflict(const struct nic *nic, const uint8_t *mac)
{
	static uint8_t reported[ETH_ALEN];
	static uint64_t quiet_until;
	uint64_t now = clock_ms();

	if (!memcmp(reported, mac, ETH_ALEN) || now < quiet_until)
		return;
	memcpy(reported, mac, ETH_ALEN);
	quiet_until = now + CONFLICT_MS;
	print("%s: address " IPV4_FMT " is also used by " MAC_FMT "\n", nic->name,
	      IPV4_ARG(nic->netif->address), MAC_ARG(mac));
}

static void learn(struct nic *nic, uint32_t ip, const uint8_t *mac)
{
	struct neighbour *n = find(nic, ip);
	uint64_t now = clock_ms();
	bool known;

	if (!n || n->state == FAILED)
		return;
	known = n->state == KNOWN;
	if (known && memcmp(n->mac, mac, ETH_ALEN)) {
		log_debug("arp", 1, "%s: " IPV4_FMT " claims to be at " MAC_FMT, nic->name,
			  IPV4_ARG(ip), MAC_ARG(mac));
		if (!n->asked || now - n->last_asked > LAST_RETRY) {
			if (nic->netif && now - n->last_asked >= POLL_MS)
				ask(nic->netif, n, broadcast);
			return;
		}
	}
	memcpy(n->mac, mac, ETH_ALEN);
	n->state = KNOWN;
	n->asked = false;
	n->tries = 0;
	n->confirmed = now;
	send_queued(n);
}

/* RFC 5227 section 2.1.1: any packet from the address, or somebody else's probe for it. */
static void watch_probe(const struct nic *nic, uint32_t sender, const uint8_t *sender_mac,
			uint32_t target)
{
	if (nic != probe.nic || !memcmp(sender_mac, nic->mac, ETH_ALEN))
		return;
	if (sender == probe.ip || (!sender && target == probe.ip)) {
		probe.answered = true;
		memcpy(probe.owner, sender_mac, ETH_ALEN);
	}
}

static void arp_receive(struct nic *nic, const struct rx_frame *frame, uint32_t offset)
{
	struct cursor c = cursor(frame->part[0].data + offset, frame->part[0].len - offset);
	bool ethernet = cursor_be16(&c) == HTYPE_ETHER && cursor_be16(&c) == ETHERTYPE_IPV4 &&
			cursor_u8(&c) == ETH_ALEN && cursor_u8(&c) == 4;
	uint16_t op = cursor_be16(&c);
	const uint8_t *sender_mac = cursor_take(&c, ETH_ALEN);
	uint32_t sender = cursor_be32(&c), target, own;

	cursor_skip(&c, ETH_ALEN);
	target = cursor_be32(&c);
	if (c.bad || !ethernet || !nic_mac_valid(sender_mac) ||
	    !memcmp(sender_mac, nic->mac, ETH_ALEN)) {
		net_drops.arp++;
		return;
	}
	if (probe.nic)
		watch_probe(nic, sender, sender_mac, target);
	own = nic->netif ? nic->netif->address : 0;
	if (own && sender == own)
		report_conflict(nic, sender_mac);
	else if (sender)
		learn(nic, sender, sender_mac);
	if (op == OP_REQUEST && own && target == own)
		send_arp(nic, sender_mac, OP_REPLY, own, sender_mac, sender);
}
TABLE_ENTRY(ethertype, arp_ethertype) = {ETHERTYPE_ARP, arp_receive};

/* ---- Probing for another owner of an address ---- */

int arp_probe(struct nic *nic, uint32_t ip, unsigned timeout_ms, uint8_t *owner)
{
	uint64_t start = clock_ms();
	int rc = E_TIMEOUT;

	probe.nic = nic;
	probe.ip = ip;
	probe.answered = false;
	for (unsigned i = 0; i < 3 && rc == E_TIMEOUT; i++) {
		send_arp(nic, broadcast, OP_REQUEST, 0, nobody, ip);
		rc = wait_until(probe.answered, start + (uint64_t)timeout_ms * (i + 1) / 3);
	}
	probe.nic = NULL;
	if (rc == E_TIMEOUT)
		return 0;
	if (rc)
		return fail(rc, "probe for " IPV4_FMT " was cancelled", IPV4_ARG(ip));
	if (owner)
		memcpy(owner, probe.owner, ETH_ALEN);
	return fail(E_ARP_CONFLICT, "address " IPV4_FMT " is already used by " MAC_FMT,
		    IPV4_ARG(ip), MAC_ARG(probe.owner));
}

void arp_print(void)
{
	static const char *const states[] = {
		[INCOMPLETE] = "asked, no answer yet", [KNOWN] = "", [FAILED] = "does not answer"};
	unsigned count = 0;

	for (const struct neighbour *n = neighbours; n < neighbours + ENTRIES; n++) {
		if (n->state == FREE)
			continue;
		count++;
		print("%s " IPV4_FMT " ", n->nic->name, IPV4_ARG(n->ip));
		if (n->state == KNOWN)
			print("is " MAC_FMT ", heard %u s ago\n", MAC_ARG(n->mac),
			      (unsigned)((clock_ms() - n->confirmed) / 1000));
		else
			print("%s\n", states[n->state]);
	}
	if (!count)
		print("No neighbour is known\n");
}
