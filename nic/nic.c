/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core of network cards: the list of cards, opening and closing, polling,
 * and the way of a frame out.
 *
 * Transmit buffers: a pool a card, made when it opens. Small frames hold one
 * packet of the card's MTU; large ones, 64 KB for segmentation by the card,
 * exist only where the card can and the heap allows; otherwise NIC_TSO4 is
 * masked, so that nobody waits for a buffer that never comes. A frame is
 * either free, in the stack's hands, or sent. Sent frames wait on the ring or,
 * when that is full or the card is to be brought up again (it may then have no
 * rings), in tx_waiting. Closing takes sent frames back; the pool
 * goes when the stack has returned the ones it still holds.
 */
#include "nic/nic.h"
#include "nic/mii.h"
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"

#include <linux/pci_regs.h>

#define POLL_BUDGET	 64  /* frames a turn: one ACK answers a batch */
#define LINK_MS		 100 /* between two looks at the link */
#define RESTART_MS	 1000
#define SMALL_FRAMES	 64
#define SMALL_FRAMES_MIN 8
#define LARGE_FRAMES	 8
#define LARGE_FRAMES_MIN 2
#define SMALL_ROOM	 2032 /* with the headroom: 2 KB */
#define LARGE_ROOM	 (NIC_TSO_MAX + 1 + ETH_HEADER + 50)

struct list nics = LIST_INIT(nics);
void (*nic_receiver)(struct nic *nic, const struct rx_frame *frame);

struct tx_pool {
	unsigned count, large_count;
	unsigned held; /* frames in the stack's hands */
	struct tx_frame frames[];
};

/* --------------------------------------------------------------------------
 * The list of cards
 */

/** What netX means while no card is open: the card asked for, else the first. */
static struct nic *default_nic(void)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (nic_preferred(nic))
			return nic;
	}
	return list_first(&nics, struct nic, link);
}

struct nic *nic_latest(void)
{
	struct nic *nic, *latest = NULL;

	list_for_each(nic, &nics, link) {
		if (nic->open && (!latest || nic->open_order > latest->open_order))
			latest = nic;
	}
	return latest;
}

static void update_netx(void)
{
	struct nic *nic = nic_latest();

	if (!nic)
		nic = default_nic();
	settings_set_netx(nic ? nic->name : NULL);
}

/** `set nic net1` changes what netX means, too; without cards there is nothing to follow. */
static void follow_setting(void)
{
	if (list_empty(&nics))
		return;
	update_netx();
	nic_check_preference();
}
TABLE_ENTRY(setting_applicator, netx_applicator) = {follow_setting};

struct nic *nic_find(const char *name)
{
	struct nic *latest = nic_latest(), *nic;

	if (text_equal_nocase(name, "netX"))
		return latest ? latest : default_nic();
	list_for_each(nic, &nics, link) {
		if (!strcmp(nic->name, name))
			return nic;
	}
	return NULL;
}

unsigned nic_all(struct nic *cards[NIC_CARDS_MAX])
{
	unsigned count = 0;
	struct nic *nic;

	list_for_each(nic, &nics, link)
		cards[count++] = nic;
	return count;
}

unsigned nic_all_open(struct nic *cards[NIC_CARDS_MAX])
{
	unsigned count = 0;
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (nic->open)
			cards[count++] = nic;
	}
	return count;
}

int nic_register(struct nic *nic)
{
	struct nic *last = list_empty(&nics) ? NULL : list_entry(nics.prev, struct nic, link);

	nic->index = last ? last->index + 1 : 0;
	if (nic->index == NIC_CARDS_MAX)
		return fail(E_NIC_MANY, "at most %u network cards are driven", NIC_CARDS_MAX);
	format(nic->name, sizeof(nic->name), "net%u", nic->index);
	list_init(&nic->tx_free);
	list_init(&nic->tx_free_large);
	list_init(&nic->tx_waiting);
	list_append(&nics, &nic->link);
	random_seed(nic->mac, ETH_ALEN);
	update_netx();
	return 0;
}

size_t nic_rx_budget(void)
{
	return heap_free_bytes(NULL) / 4;
}

void nic_random_mac(uint8_t *mac)
{
	random_bytes(mac, ETH_ALEN);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
}

bool nic_mac_valid(const uint8_t *mac)
{
	static const uint8_t zero[ETH_ALEN];

	return !(mac[0] & 1) && memcmp(mac, zero, ETH_ALEN);
}

/* --------------------------------------------------------------------------
 * Transmit buffers
 */

static void *pool_allocate(unsigned *small, size_t small_stride, unsigned *large,
			   size_t large_stride)
{
	for (;;) {
		size_t size = sizeof(struct tx_pool) + (*small + *large) * sizeof(struct tx_frame) +
			      64 + *small * small_stride + *large * large_stride;
		void *pool = NULL;

		if (size <= heap_free_bytes(NULL) / 4)
			pool = heap_alloc_aligned(size, 64);
		if (pool)
			return pool;
		if (*large > LARGE_FRAMES_MIN)
			*large /= 2;
		else if (*large)
			*large = 0;
		else if (*small > SMALL_FRAMES_MIN)
			*small /= 2;
		else
			return heap_alloc_aligned(size, 64);
	}
}

static void pool_reset(struct nic *nic)
{
	struct tx_pool *pool = nic->tx_pool;
	unsigned i;

	list_init(&nic->tx_waiting);
	for (i = 0; pool && i < pool->count; i++) {
		struct tx_frame *frame = &pool->frames[i];

		if (!frame->sent)
			continue;
		frame->sent = false;
		list_append(frame->large ? &nic->tx_free_large : &nic->tx_free, &frame->link);
	}
}

/** Free the pool of a closed card when no frame of it is in the stack's hands. */
static void pool_release(struct nic *nic)
{
	if (!nic->tx_pool || nic->tx_pool->held)
		return;
	list_init(&nic->tx_free);
	list_init(&nic->tx_free_large);
	heap_free(nic->tx_pool);
	nic->tx_pool = NULL;
}

static int pool_make(struct nic *nic)
{
	size_t small_room = max((size_t)SMALL_ROOM, (size_t)ALIGN_UP(nic->mtu + 32, 16));
	size_t small_stride = NIC_TX_HEADROOM + small_room;
	size_t large_stride = ALIGN_UP((size_t)NIC_TX_HEADROOM + LARGE_ROOM, 64);
	unsigned small = SMALL_FRAMES, large = nic->features & NIC_TSO4 ? LARGE_FRAMES : 0, i;
	struct tx_pool *pool = nic->tx_pool;
	uint8_t *at;

	if (!pool) {
		pool = pool_allocate(&small, small_stride, &large, large_stride);
		if (!pool)
			return fail(E_NO_MEMORY, "%s: no memory for %u transmit buffers", nic->name,
				    small);
		pool->count = small + large;
		pool->large_count = large;
		pool->held = 0;
		at = (uint8_t *)ALIGN_UP((uintptr_t)(pool->frames + pool->count), 64);
		for (i = 0; i < pool->count; i++) {
			bool is_large = i >= small;

			pool->frames[i] = (struct tx_frame){
				.data = at + NIC_TX_HEADROOM,
				.size = (uint32_t)(is_large ? LARGE_ROOM : small_room),
				.large = is_large,
			};
			list_append(is_large ? &nic->tx_free_large : &nic->tx_free,
				    &pool->frames[i].link);
			at += is_large ? large_stride : small_stride;
		}
		nic->tx_pool = pool;
	}
	if (!pool->large_count && (nic->features & NIC_TSO4)) {
		nic->features &= ~(uint32_t)NIC_TSO4;
		nic->features_masked |= NIC_TSO4;
	}
	return 0;
}

struct tx_frame *nic_tx_get(struct nic *nic, size_t len)
{
	struct tx_frame *frame;
	struct list *pool = &nic->tx_free;

	if (!nic->open)
		return NULL;
	frame = list_first(pool, struct tx_frame, link);
	if (frame && len > frame->size) {
		pool = &nic->tx_free_large;
		frame = list_first(pool, struct tx_frame, link);
	}
	if (!frame && nic->ops->reap && !nic->restart) {
		nic->ops->reap(nic);
		frame = list_first(pool, struct tx_frame, link);
	}
	if (!frame || len > frame->size)
		return NULL;
	list_remove(&frame->link);
	nic->tx_pool->held++;
	frame->len = 0;
	frame->csum_start = frame->csum_offset = 0;
	frame->gso_size = frame->header_len = 0;
	return frame;
}

void nic_tx_put(struct nic *nic, struct tx_frame *frame)
{
	nic->tx_pool->held--;
	list_append(frame->large ? &nic->tx_free_large : &nic->tx_free, &frame->link);
	if (!nic->open)
		pool_release(nic);
}

void nic_tx_send(struct nic *nic, struct tx_frame *frame)
{
	if (!nic->open) {
		nic->counters.tx_errors++;
		nic_tx_put(nic, frame);
		return;
	}
	nic->counters.tx_packets++;
	nic->counters.tx_bytes += frame->len;
	nic->tx_pool->held--;
	frame->sent = true;
	if (!nic->restart && list_empty(&nic->tx_waiting) && nic->ops->transmit(nic, frame))
		nic->tx_queued = true;
	else
		list_append(&nic->tx_waiting, &frame->link);
}

void nic_tx_done(struct nic *nic, struct tx_frame *frame)
{
	frame->sent = false;
	list_append(frame->large ? &nic->tx_free_large : &nic->tx_free, &frame->link);
}

static void send_waiting(struct nic *nic)
{
	struct tx_frame *frame;

	while ((frame = list_first(&nic->tx_waiting, struct tx_frame, link))) {
		list_remove(&frame->link);
		if (!nic->ops->transmit(nic, frame)) {
			list_insert_after(&nic->tx_waiting, &frame->link);
			return;
		}
		nic->tx_queued = true;
	}
}

void nic_flush(struct nic *nic)
{
	if (!nic->open || !nic->tx_queued || nic->restart)
		return;
	nic->tx_queued = false;
	nic->ops->flush(nic);
}

/* --------------------------------------------------------------------------
 * Receive and link
 */

void nic_receive(struct nic *nic, const struct rx_frame *frame)
{
	nic->counters.rx_packets++;
	nic->counters.rx_bytes += frame->len;
	if (nic_receiver && frame->len >= ETH_HEADER && frame->part[0].len >= ETH_HEADER)
		nic_receiver(nic, frame);
	else
		nic->counters.rx_dropped++;
}

void nic_link(struct nic *nic, bool up, uint32_t speed, bool full_duplex)
{
	if (up && !nic->link_up && mii_renegotiate(nic, speed, full_duplex))
		up = false;
	if (nic->link_up != up || nic->speed != speed)
		log_debug("nic", 1, "%s: link %s %u Mbit/s", nic->name, up ? "up" : "down", speed);
	nic->link_up = up;
	nic->speed = up ? speed : 0;
	nic->full_duplex = full_duplex;
}

/* --------------------------------------------------------------------------
 * Opening and closing
 */

/** The address to open with: what the user set, else the card's own. */
static void choose_mac(struct nic *nic)
{
	static struct setting_value value;
	char name[24];

	memcpy(nic->mac, nic->permanent_mac, ETH_ALEN);
	format(name, sizeof(name), "%s/mac", nic->name);
	if (setting_fetch(name, &value) || value.source == SOURCE_HARDWARE || value.len != ETH_ALEN)
		return;
	if (nic_mac_valid(value.raw))
		memcpy(nic->mac, value.raw, ETH_ALEN);
	else
		print("%s: %s is not a station address; using " MAC_FMT "\n", nic->name, name,
		      MAC_ARG(nic->mac));
}

/** Active state power management of the PCI Express link costs every packet latency, and some chips
 * hang in it: off while the card is ours, then as it was. */
static void link_power(struct nic *nic, bool ours)
{
	unsigned express = pci_capability(&nic->pci, PCI_CAP_ID_EXP, 0);
	uint16_t control;

	if (!express)
		return;
	control = pci_read16(&nic->pci, express + PCI_EXP_LNKCTL);
	if (ours) {
		nic->aspm |= control & PCI_EXP_LNKCTL_ASPMC;
		control &= (uint16_t)~PCI_EXP_LNKCTL_ASPMC;
	} else {
		control |= nic->aspm;
		nic->aspm = 0;
	}
	pci_write16(&nic->pci, express + PCI_EXP_LNKCTL, control);
}

static void let_go(struct nic *nic)
{
	link_power(nic, false);
	pci_disable_dma(&nic->pci);
}

static int bring_up(struct nic *nic)
{
	int rc;

	pci_enable(&nic->pci);
	link_power(nic, true);
	nic->features |= nic->features_masked;
	nic->features_masked = 0;
	rc = nic->ops->open(nic);
	if (rc) {
		let_go(nic);
		return rc;
	}
	rc = pool_make(nic);
	if (rc) {
		nic->ops->close(nic);
		let_go(nic);
		return rc;
	}
	nic->tx_queued = false;
	nic->restart = NULL;
	if (nic->ops->check_link)
		nic->ops->check_link(nic);
	nic->link_due = clock_ms() + LINK_MS;
	return 0;
}

static void bring_down(struct nic *nic)
{
	nic->ops->close(nic);
	let_go(nic);
	pool_reset(nic);
}

int nic_open(struct nic *nic)
{
	static uint32_t order;
	int rc;

	if (nic->open)
		return 0;
	choose_mac(nic);
	nic->link_up = false;
	rc = bring_up(nic);
	if (rc)
		return fail_context(rc, "%s (%s)", nic->name, nic->chip);
	nic->open = true;
	nic->opened_at = clock_ms();
	nic->open_order = ++order;
	update_netx();
	log_debug("nic", 1, "%s: %s opened, features 0x%x, mtu %u", nic->name, nic->chip,
		  nic->features, nic->mtu);
	return 0;
}

void nic_reopen(struct nic *const *cards, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t order = cards[i]->open_order;

		if (cards[i]->open)
			continue;
		if (nic_open(cards[i]))
			print("%s does not open again: %s\n", cards[i]->name, error_text());
		cards[i]->open_order = order;
	}
	update_netx();
}

void nic_close(struct nic *nic)
{
	if (!nic->open)
		return;
	nic_flush(nic);
	nic->open = false;
	nic->link_up = false;
	nic->restart = NULL;
	bring_down(nic);
	pool_release(nic);
	update_netx();
}

void nic_close_all(void)
{
	struct nic *nic;

	list_for_each(nic, &nics, link)
		nic_close(nic);
}

void nic_restart(struct nic *nic, const char *why)
{
	if (nic->restart)
		return;
	nic->restart = why;
	nic->restart_due = nic->restarts ? clock_ms() + RESTART_MS : 0;
}

uint64_t nic_tx_stands(const struct nic *nic, struct nic_tx_watch *watch, uint32_t head,
		       uint32_t told)
{
	uint64_t now = clock_ms();

	/* What was not waiting at the last look may have been sent just now. */
	if (head != watch->head || head == told || !nic->link_up || !watch->waiting)
		watch->at = now;
	watch->head = head;
	watch->waiting = head != told;
	return now - watch->at;
}

/** What nic_restart() asked for; tried once a second until it works. */
static void restart(struct nic *nic)
{
	const char *why = nic->restart;

	if (clock_ms() < nic->restart_due)
		return;
	nic->restarts++;
	print("%s: %s; bringing the card up again\n", nic->name, why);
	nic->link_up = false;
	bring_down(nic);
	if (bring_up(nic)) {
		print("%s: %s\n", nic->name, error_text());
		nic->restart = why;
		nic->restart_due = clock_ms() + RESTART_MS;
	}
}

/* --------------------------------------------------------------------------
 * Polling
 */

static void nic_poll(struct nic *nic, uint64_t now)
{
	if (nic->restart) {
		restart(nic);
		return;
	}
	if (nic->ops->reap)
		nic->ops->reap(nic);
	if (!list_empty(&nic->tx_waiting))
		send_waiting(nic);
	nic->ops->poll(nic, POLL_BUDGET);
	if (!nic->open)
		return;
	if (nic->ops->check_link && now >= nic->link_due) {
		nic->link_due = now + LINK_MS;
		nic->ops->check_link(nic);
	}
}

void nic_poll_all(void)
{
	uint64_t now = clock_ms();
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (nic->open)
			nic_poll(nic, now);
	}
}
