/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the network core share: one card with an address, and what it sent. */
#ifndef TEST_UNIT_NET_CARD_H
#define TEST_UNIT_NET_CARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "test/host/host.h"
#include "bios/console.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "netstack/net.h"

#define OUR_IP	0xc0000239u /* 192.0.2.57 */
#define PEER_IP 0xc0000201u
#define GW_IP	0xc00002feu

static const uint8_t peer_mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t other_mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x02};

/* The frames that our card sent, newest last. */
static struct {
	uint8_t data[2000];
	uint32_t len;
} sent[32];
static unsigned sent_count;

static inline void record(struct nic *nic, const struct tx_frame *frame)
{
	if (sent_count == ARRAY_SIZE(sent))
		return;
	sent[sent_count].len = frame->len;
	memcpy(sent[sent_count++].data, frame->data, min((size_t)frame->len, sizeof(sent[0].data)));
}

static struct nic *nic;

static inline void set(const char *name, const char *value)
{
	assert_int_equal(setting_store(name, value, SOURCE_SCRIPT), 0);
}

static inline int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000000);
	settings_reset();
	sent_count = 0;
	memset(&net_drops, 0, sizeof(net_drops));
	nic = host_card_add(0, record);
	assert_non_null(nic);
	assert_int_equal(nic_open(nic), 0);
	set("net0/netmask", "255.255.255.0");
	set("net0/gateway", "192.0.2.254");
	set("net0/ip", "192.0.2.57");
	sent_count = 0;
	return 0;
}

static inline int teardown(void **state)
{
	settings_reset();
	host_card_reset();
	return 0;
}

/* One's complement sum, the slow way. */
static inline uint16_t slow_checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16((uint16_t)~sum);
}

#endif
