/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of DHCP share: cards, and two scripted servers on the network of each, in virtual
 * time. Included by one test file a program. */
#ifndef TEST_UNIT_DHCP_PEER_H
#define TEST_UNIT_DHCP_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "test/host/host.h"
#include "bios/console.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "netstack/dhcp.h"

#define SERVER 0xc0000201u /* 192.0.2.1 */
#define PROXY  0xc0000205u

/* ---- The scripted servers ---- */

struct options {
	uint8_t data[600];
	size_t len;
};

/* What one server answers; a delay of -1: nothing. */
struct server {
	uint32_t address, yiaddr, siaddr;
	int offer_delay, ack_delay; /* ms */
	bool bootp, nak;
	uint16_t port;
	char file[128], sname[64];
	struct options options;
};

#define CARDS 4
static struct nic *cards[CARDS];
static struct server servers[CARDS][2];
static unsigned discovers[CARDS], requests[CARDS], pxe_requests[CARDS], renewals[CARDS];
static uint16_t last_secs;
static uint32_t last_dest;
static bool deaf; /* cards receive nothing before they are brought up again */
static uint8_t last_packet[1500];
static size_t last_len;

static struct {
	uint64_t due;
	struct nic *nic;
	uint8_t frame[1500];
	size_t len;
} queue[16];

static void add_option(struct options *o, uint8_t tag, const void *value, size_t len)
{
	o->data[o->len++] = tag;
	o->data[o->len++] = (uint8_t)len;
	memcpy(o->data + o->len, value, len);
	o->len += len;
}

static void add_text(struct options *o, uint8_t tag, const char *text)
{
	add_option(o, tag, text, strlen(text));
}

static void add_u32(struct options *o, uint8_t tag, uint32_t value)
{
	uint8_t raw[4];

	put_be32(raw, value);
	add_option(o, tag, raw, 4);
}

static size_t build_reply(uint8_t *p, const struct server *s, const uint8_t *request, uint8_t type)
{
	size_t len = 240;

	memset(p, 0, 240);
	p[0] = 2;
	p[1] = 1;
	p[2] = 6;
	memcpy(p + 4, request + 4, 4);
	put_be32(p + 16, type == DHCP_NAK ? 0 : s->yiaddr);
	put_be32(p + 20, s->siaddr);
	memcpy(p + 28, request + 28, 16);
	memcpy(p + 44, s->sname, 64);
	memcpy(p + 108, s->file, 128);
	put_be32(p + 236, 0x63825363);
	if (!s->bootp) {
		p[len++] = TAG_TYPE;
		p[len++] = 1;
		p[len++] = type;
		p[len++] = TAG_SERVER_ID;
		p[len++] = 4;
		put_be32(p + len, s->address);
		len += 4;
	}
	memcpy(p + len, s->options.data, s->options.len);
	len += s->options.len;
	p[len++] = TAG_END;
	return len;
}

static void enqueue(struct nic *nic, const struct server *s, const uint8_t *request, uint8_t type,
		    int delay, uint16_t port)
{
	unsigned i = 0;
	uint8_t *f, *ip, *udp;
	size_t len;

	while (i < ARRAY_SIZE(queue) && queue[i].nic)
		i++;
	assert_true(i < ARRAY_SIZE(queue));
	queue[i].nic = nic;
	queue[i].due = clock_ms() + (uint64_t)delay;
	f = queue[i].frame;
	ip = f + 14;
	udp = ip + 20;
	len = 8 + build_reply(udp + 8, s, request, type);
	memset(f, 0xff, 6);
	memset(f + 6, 0x02, 6);
	put_be16(f + 12, ETHERTYPE_IPV4);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(20 + len));
	ip[8] = 64;
	ip[9] = IP_UDP;
	put_be32(ip + 12, s->address);
	put_be32(ip + 16, 0xffffffff);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
	put_be16(udp, port);
	put_be16(udp + 2, 68);
	put_be16(udp + 4, (uint16_t)len);
	put_be16(udp + 6, 0);
	queue[i].len = 34 + len;
}

static void deliver_due(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(queue); i++) {
		if (!queue[i].nic || queue[i].due > clock_ms())
			continue;
		host_card_inject(queue[i].nic, queue[i].frame, queue[i].len);
		queue[i].nic = NULL;
	}
}

static unsigned index_of(const struct nic *nic)
{
	unsigned i = 0;

	while (cards[i] != nic)
		i++;
	return i;
}

static uint8_t option_byte(const uint8_t *packet, size_t len, uint8_t tag)
{
	size_t at = 240;

	while (at + 2 < len && packet[at] != TAG_END) {
		if (packet[at] == tag)
			return packet[at + 2];
		at += 2u + packet[at + 1];
	}
	return 0;
}

/* ARP for the servers is answered, so that unicast works. */
static void answer_arp(struct nic *nic, const uint8_t *request)
{
	uint8_t f[60] = {0};

	if (!get_be32(request + 28) || get_be32(request + 28) == get_be32(request + 38))
		return;
	memcpy(f, request, 42);
	memcpy(f, request + 6, 6);
	memset(f + 6, 0x02, 6);
	put_be16(f + 20, 2);
	memset(f + 22, 0x02, 6);
	put_be32(f + 28, get_be32(request + 38));
	memcpy(f + 32, request + 22, 10);
	host_card_inject(nic, f, sizeof(f));
}

static void serve(struct nic *nic, const struct tx_frame *frame)
{
	unsigned card = index_of(nic);
	const uint8_t *packet = frame->data + 42;
	uint16_t port;
	uint8_t type;

	if (get_be16(frame->data + 12) == ETHERTYPE_ARP) {
		answer_arp(nic, frame->data);
		return;
	}
	port = get_be16(frame->data + 36);
	type = option_byte(packet, frame->len - 42, TAG_TYPE);
	last_secs = get_be16(packet + 8);
	last_dest = get_be32(frame->data + 30);
	last_len = frame->len - 42;
	memcpy(last_packet, packet, last_len);
	if (port == PXE_SERVER_PORT)
		pxe_requests[card]++;
	else if (get_be32(packet + 12))
		renewals[card]++;
	else if (type == DHCP_DISCOVER)
		discovers[card]++;
	else if (type == DHCP_REQUEST)
		requests[card]++;
	if (deaf && !nic->restarts)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct server *s = &servers[card][i];

		if (!s->address)
			continue;
		if (port == PXE_SERVER_PORT) {
			if (s->port == PXE_SERVER_PORT && s->ack_delay >= 0) {
				memcpy(s->file, "late.0", 7);
				enqueue(nic, s, packet, DHCP_ACK, s->ack_delay, PXE_SERVER_PORT);
			}
		} else if (type == DHCP_DISCOVER && s->offer_delay >= 0) {
			enqueue(nic, s, packet, DHCP_OFFER, s->offer_delay, 67);
		} else if (type == DHCP_REQUEST && s->ack_delay >= 0 && s->yiaddr) {
			enqueue(nic, s, packet, s->nak ? DHCP_NAK : DHCP_ACK, s->ack_delay, 67);
		}
	}
}

static struct server *plain_server(unsigned card)
{
	struct server *s = &servers[card][0];

	*s = (struct server){
		.address = SERVER, .yiaddr = 0xc0000264 + card, .offer_delay = 1, .ack_delay = 1};
	add_u32(&s->options, TAG_SUBNET_MASK, 0xffffff00);
	add_u32(&s->options, 3, 0xc00002fe);
	return s;
}

static struct server *proxy_server(unsigned card, int delay)
{
	struct server *s = &servers[card][1];

	*s = (struct server){
		.address = PROXY, .siaddr = PROXY, .offer_delay = delay, .ack_delay = -1};
	add_text(&s->options, TAG_VENDOR_CLASS, "PXEClient");
	return s;
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(5000);
	host_turn_us = 500;
	host_turn = deliver_due;
	settings_reset();
	deaf = false;
	memset(servers, 0, sizeof(servers));
	memset(queue, 0, sizeof(queue));
	memset(discovers, 0, sizeof(discovers));
	memset(requests, 0, sizeof(requests));
	memset(pxe_requests, 0, sizeof(pxe_requests));
	memset(renewals, 0, sizeof(renewals));
	for (unsigned i = 0; i < CARDS; i++) {
		cards[i] = host_card_add(0, serve);
		assert_non_null(cards[i]);
	}
	return 0;
}

static int teardown(void **state)
{
	/* Let a listener for proxies come to its end. */
	host_turn = NULL;
	assert_int_equal(wait_until(false, clock_ms() + 3000), E_TIMEOUT);
	for (unsigned i = 0; i < CARDS; i++)
		dhcp_lease_end(cards[i]);
	settings_reset();
	host_card_reset();
	return 0;
}

static uint64_t took;

static int dhcp(unsigned count)
{
	uint64_t start = clock_ms();
	int rc = dhcp_run(cards, count, NULL);

	took = clock_ms() - start;
	return rc;
}

static const char *text_of(const char *name)
{
	static char text[300];

	setting_text("", name, text, sizeof(text));
	return text;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
