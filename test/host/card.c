/* SPDX-License-Identifier: BSD-2-Clause */
/* A network card in memory: frames sent go to a callback, frames to receive come from a queue. */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "bios/heap.h"
#include "lib/settings.h"
#include "netstack/net.h"

#define QUEUE 64
#define CARDS 8

struct queued {
	uint8_t *data;
	size_t len, first;
	uint32_t flags;
};

struct card {
	struct nic nic;
	bool used, cable;
	void (*sent)(struct nic *nic, const struct tx_frame *frame);
	struct queued queue[QUEUE];
	unsigned head, count;
};

static struct card cards[CARDS];
static const struct nic_id card_id = {0x1234, 0x5678, "host card", 0};
static const struct nic_driver card_driver = {"host", &card_id, 1, NULL};

static struct card *card_of(struct nic *nic)
{
	return container_of(nic, struct card, nic);
}

static int card_open(struct nic *nic)
{
	nic_link(nic, card_of(nic)->cable, 1000, true);
	return 0;
}

static void drop_first(struct card *card)
{
	free(card->queue[card->head].data);
	card->head = (card->head + 1) % QUEUE;
	card->count--;
}

static void card_close(struct nic *nic)
{
	while (card_of(nic)->count)
		drop_first(card_of(nic));
}

/* Parts lie in blocks of their own, so that the sanitizer sees any read past one. */
static void deliver(struct nic *nic, const struct queued *q)
{
	struct rx_frame frame = {.len = (uint32_t)q->len, .flags = q->flags};
	size_t at = 0, part = q->first;
	uint8_t *copies[NIC_RX_PARTS];

	while (at < q->len && frame.parts < NIC_RX_PARTS) {
		size_t n = min(part, q->len - at);

		if (frame.parts == NIC_RX_PARTS - 1)
			n = q->len - at;
		copies[frame.parts] = malloc(n);
		memcpy(copies[frame.parts], q->data + at, n);
		frame.part[frame.parts].data = copies[frame.parts];
		frame.part[frame.parts++].len = (uint32_t)n;
		at += n;
		part = 1500;
	}
	nic_receive(nic, &frame);
	for (unsigned i = 0; i < frame.parts; i++)
		free(copies[i]);
}

static void card_poll(struct nic *nic, unsigned budget)
{
	struct card *card = card_of(nic);

	nic_link(nic, card->cable, 1000, true);
	while (card->count && budget-- && nic->open) {
		struct queued q = card->queue[card->head];

		card->queue[card->head].data = NULL;
		drop_first(card);
		deliver(nic, &q);
		free(q.data);
	}
}

static bool card_transmit(struct nic *nic, struct tx_frame *frame)
{
	if (card_of(nic)->sent)
		card_of(nic)->sent(nic, frame);
	nic_tx_done(nic, frame);
	return true;
}

static void card_flush(struct nic *nic)
{
}

static const struct nic_ops card_ops = {
	.open = card_open,
	.close = card_close,
	.poll = card_poll,
	.transmit = card_transmit,
	.flush = card_flush,
};

struct nic *host_card_add(uint32_t features,
			  void (*sent)(struct nic *nic, const struct tx_frame *frame))
{
	static const uint8_t mac[ETH_ALEN] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	struct card *card = cards;
	struct nic *nic;

	while (card < cards + CARDS && card->used)
		card++;
	if (card == cards + CARDS)
		return NULL;
	memset(card, 0, sizeof(*card));
	card->used = true;
	card->cable = true;
	card->sent = sent;
	nic = &card->nic;
	nic->driver = &card_driver;
	nic->ops = &card_ops;
	nic->chip = card_id.chip;
	nic->features = features;
	nic->mtu = 1500;
	nic->pci.busdevfn = (uint16_t)(0x00f8 | (card - cards));
	nic->pci.vendor = card_id.vendor;
	nic->pci.device = card_id.device;
	memcpy(nic->mac, mac, ETH_ALEN);
	nic->mac[5] = (uint8_t)(nic->mac[5] + (card - cards));
	memcpy(nic->permanent_mac, nic->mac, ETH_ALEN);
	return nic_register(nic) ? NULL : nic;
}

/* Weak, so that a test may be linked without the stack. */
extern __typeof__(arp_flush) arp_flush __attribute__((weak));

void host_card_reset(void)
{
	nic_close_all();
	list_init(&nics);
	for (struct card *card = cards; card < cards + CARDS; card++) {
		if (!card->used)
			continue;
		card_close(&card->nic);
		if (arp_flush)
			arp_flush(&card->nic);
		heap_free(card->nic.netif);
		card->used = false;
	}
}

bool host_card_inject_parts(struct nic *nic, const void *frame, size_t len, size_t first,
			    uint32_t flags)
{
	struct card *card = card_of(nic);
	struct queued *q = &card->queue[(card->head + card->count) % QUEUE];

	if (card->count == QUEUE)
		return false;
	*q = (struct queued){malloc(len ? len : 1), len, first, flags};
	memcpy(q->data, frame, len);
	card->count++;
	return true;
}

bool host_card_inject(struct nic *nic, const void *frame, size_t len)
{
	return host_card_inject_parts(nic, frame, len, len, 0);
}

void host_card_link(struct nic *nic, bool up)
{
	card_of(nic)->cable = up;
}

void host_probe_start(void (*receive)(struct nic *nic, const struct rx_frame *frame))
{
	host_reset();
	settings_reset();
	list_init(&nics);
	host_clock_set_ms(1000);
	nic_receiver = receive;
}

void host_probe_end(void)
{
	struct nic *nic;

	nic_close_all();
	while ((nic = list_first(&nics, struct nic, link))) {
		list_remove(&nic->link);
		heap_free(nic->netif);
		heap_free(nic->priv);
		heap_free(nic);
	}
	nic_receiver = NULL;
}

bool host_send(struct nic *nic, size_t len, uint8_t fill)
{
	struct tx_frame *frame = nic_tx_get(nic, len);

	if (!frame)
		return false;
	memset(frame->data, fill, len);
	frame->len = (uint32_t)len;
	nic_tx_send(nic, frame);
	return true;
}
