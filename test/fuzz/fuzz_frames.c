/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames from the wire: Ethernet, ARP, spanning tree, IPv4 with fragments, ICMP,
 * UDP and TCP without a connection. The input is a series of frames, each behind
 * a byte that says how it is repaired (so that checksums do not stop everything)
 * and two of length.
 */
#include "test/host/host.h"
#include "lib/cursor.h"
#include "lib/settings.h"
#include "netstack/net.h"

#define REPAIR_MAC  1
#define REPAIR_IP   2
#define CSUM_OK	    4
#define IN_PARTS    8
#define TIME_PASSES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nic *nic;

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
}

static void start(void)
{
	static struct udp_socket socket;

	host_clock_set_ms(1000);
	nic = host_card_add(0, NULL);
	nic_open(nic);
	setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT);
	setting_store("net0/gateway", "192.0.2.1", SOURCE_SCRIPT);
	udp_open(&socket, 777, NULL, receive, NULL);
}

static void repair_ip(uint8_t *ip, size_t room)
{
	size_t header = (ip[0] & 15u) * 4;

	put_be32(ip + 16, 0xc0000239);
	if (header < 20 || header > room)
		return;
	put_le16(ip + 10, 0);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, header)));
}

static void one_frame(uint8_t how, const uint8_t *data, size_t len)
{
	uint8_t frame[2048];

	memcpy(frame, data, len);
	if (how & REPAIR_MAC && len >= 6)
		memcpy(frame, nic->mac, ETH_ALEN);
	if (how & REPAIR_IP && len >= 34)
		repair_ip(frame + 14, len - 14);
	host_card_inject_parts(nic, frame, len,
			       how & IN_PARTS ? 64
			       : len	      ? len
					      : 1,
			       how & CSUM_OK ? NIC_RX_CSUM_OK : 0);
	if (how & TIME_PASSES)
		host_clock_advance_ms(11000);
	net_poll();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor(data, size);

	if (!nic)
		start();
	host_output_clear();
	while (cursor_left(&c) > 3) {
		uint8_t how = cursor_u8(&c);
		size_t len = min((size_t)cursor_be16(&c) & 0x7ff, cursor_left(&c));

		one_frame(how, cursor_take(&c, len), len);
	}
	/* Reassembly and ARP forget. */
	host_clock_advance_ms(11000);
	net_poll();
	return 0;
}
