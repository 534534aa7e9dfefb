/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames for a program beside our stack: who gets which, and that they are as a cable brings them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "netstack/frame_queue.h"
#include "test/unit/tcp_peer.h"

#define GROUP                                                                                      \
	{                                                                                          \
		0x01, 0x00, 0x5e, 0x01, 0x02, 0x03                                                 \
	}
#define PAYLOAD 54 /* of a TCP segment without options */

static uint8_t frame[70000];
static unsigned resets, echoes;

static void count_sent(struct nic *nic, const struct tx_frame *sent)
{
	const uint8_t *ip = sent->data + ETH_HEADER;

	if (get_be16(sent->data + 12) == ETHERTYPE_IPV4 && ip[9] == IP_TCP && ip[33] & TCP_RST)
		resets++;
	if (get_be16(sent->data + 12) == ETHERTYPE_IPV4 && ip[9] == IP_ICMP)
		echoes++;
	peer_frame_sent(nic, sent);
}

static int setup(void **state)
{
	peer_start(0);
	host_card_reset();
	peer_nic = host_card_add(0, count_sent);
	nic_open(peer_nic);
	netif_configure_all();
	net_poll();
	resets = echoes = 0;
	assert_int_equal(frame_queue_open(peer_nic), 0);
	frame_queue_filter(QUEUE_DIRECTED | QUEUE_BROADCAST);
	return 0;
}

static int teardown(void **state)
{
	frame_queue_close();
	peer_stop();
	return 0;
}

/* ---- Frames ---- */

static void ethernet(const uint8_t *dest, uint16_t type)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame, dest, ETH_ALEN);
	memcpy(frame + 6, peer_mac, ETH_ALEN);
	put_be16(frame + 12, type);
}

/** An IPv4 packet with @len bytes of payload behind its header. */
static void ipv4(uint8_t protocol, uint32_t len)
{
	ethernet(peer_nic->mac, ETHERTYPE_IPV4);
	frame[14] = 0x45;
	put_be16(frame + 16, (uint16_t)(20 + len));
	put_be16(frame + 18, 0x1234);
	frame[22] = 64;
	frame[23] = protocol;
	put_be32(frame + 26, PEER_IP);
	put_be32(frame + 30, OUR_IP);
	put_le16(frame + 24, checksum_fold(checksum_add(0, frame + 14, 20)));
}

/** A TCP segment with @len bytes, its checksum as the host leaves it: of the pseudo header only. */
static uint32_t tcp_partial(uint16_t port, uint32_t len, uint8_t flags)
{
	ipv4(IP_TCP, 20 + len);
	put_be16(frame + 34, 80);
	put_be16(frame + 36, port);
	put_be32(frame + 38, 0xfffff000); /* wraps within a large frame */
	put_be32(frame + 42, 77);
	frame[46] = 0x50;
	frame[47] = flags;
	put_be16(frame + 48, 500);
	put_le16(frame + 50,
		 (uint16_t)~checksum_fold(checksum_pseudo(PEER_IP, OUR_IP, IP_TCP, 20 + len)));
	for (uint32_t i = 0; i < len; i++)
		frame[PAYLOAD + i] = (uint8_t)(i * 7 + i / 253);
	return PAYLOAD + len;
}

/** Deliver frame[0..len) in blocks of their own, so that the sanitizer sees any read past one. */
static void receive_as(uint32_t len, uint32_t first, struct rx_frame rx)
{
	uint8_t *block[NIC_RX_PARTS];
	uint32_t at = 0, n = first ? first : len;

	rx.len = len;
	rx.parts = 0;
	while (at < len) {
		n = min(n, len - at);
		block[rx.parts] = malloc(n);
		memcpy(block[rx.parts], frame + at, n);
		rx.part[rx.parts].data = block[rx.parts];
		rx.part[rx.parts++].len = n;
		at += n;
		n = 4001;
	}
	ethernet_receive(peer_nic, &rx);
	for (unsigned i = 0; i < rx.parts; i++)
		free(block[i]);
}

static void receive(uint32_t len)
{
	receive_as(len, 0, (struct rx_frame){0});
}

/** How many frames are queued; they are dropped. */
static unsigned drain(void)
{
	uint32_t len;
	unsigned count = 0;

	for (; frame_queue_first(&len); count++)
		frame_queue_drop();
	return count;
}

static bool tcp_sum_ok(const uint8_t *data, uint32_t len)
{
	uint32_t total = get_be16(data + 16) - 20u;

	return len == 34 + total && !checksum_fold(checksum_add(0, data + 14, 20)) &&
	       !checksum_fold(checksum_add(checksum_pseudo(PEER_IP, OUR_IP, IP_TCP, total),
					   data + 34, total));
}

/* ---- Who gets what ---- */

static void destinations_are_filtered(void **state)
{
	static const uint8_t group[1][ETH_ALEN] = {GROUP}, other[ETH_ALEN] = {2, 3, 4, 5, 6, 7};
	static const uint8_t all[ETH_ALEN] = {255, 255, 255, 255, 255, 255};

	ethernet(all, 0x1234);
	receive(60);
	assert_int_equal(drain(), 1);
	frame_queue_filter(QUEUE_DIRECTED);
	receive(60);
	assert_int_equal(drain(), 0);
	ethernet(peer_nic->mac, 0x1234);
	receive(60);
	assert_int_equal(drain(), 1);
	frame_queue_filter(QUEUE_BROADCAST);
	receive(60);
	assert_int_equal(drain(), 0);
	ethernet(group[0], 0x1234);
	receive(60);
	assert_int_equal(drain(), 0);
	frame_queue_groups(group, 1);
	receive(60);
	assert_int_equal(drain(), 1);
	ethernet(other, 0x1234);
	receive(60);
	assert_int_equal(drain(), 0);
	frame_queue_filter(QUEUE_ALL);
	receive(60);
	assert_int_equal(drain(), 1);
}

static void our_connections_are_ours(void **state)
{
	struct tcp_conn *conn = peer_connect(&offer_all, NULL);

	assert_int_equal(drain(), 1); /* the peer's answer to our ARP request; no TCP */
	peer_stream(0, 1000);
	pass_ms(5);
	assert_int_equal(got_len, 1000);
	assert_int_equal(drain(), 0);
	tcp_abort(conn);
	/* The same segment is somebody else's from here on: not reset by us. */
	resets = 0;
	peer_stream(1000, 1000);
	pass_ms(5);
	assert_int_equal(resets, 0);
	assert_int_equal(drain(), 1);
	/* Without a queue, ours to refuse. */
	frame_queue_close();
	peer_stream(2000, 1000);
	pass_ms(5);
	assert_int_equal(resets, 1);
}

static void fragments_of_tcp_are_not_reset(void **state)
{
	uint32_t len = tcp_partial(4000, 26, TCP_ACK);

	put_be16(frame + 20, 0x2000); /* more follow */
	put_le16(frame + 24, 0);
	put_le16(frame + 24, checksum_fold(checksum_add(0, frame + 14, 20)));
	receive(len);
	put_be16(frame + 20, 6);
	put_be16(frame + 18, 0x1234);
	put_le16(frame + 24, 0);
	put_le16(frame + 24, checksum_fold(checksum_add(0, frame + 14, 20)));
	receive(len);
	net_poll();
	assert_int_equal(resets, 0);
	assert_int_equal(drain(), 2);
}

static void arp_is_for_both(void **state)
{
	ethernet(peer_nic->mac, ETHERTYPE_ARP);
	put_be16(frame + 14, 1);
	put_be16(frame + 16, ETHERTYPE_IPV4);
	frame[18] = 6;
	frame[19] = 4;
	put_be16(frame + 20, 1);
	memcpy(frame + 22, peer_mac, ETH_ALEN);
	put_be32(frame + 28, PEER_IP);
	put_be32(frame + 38, OUR_IP);
	peer_nic->counters.tx_packets = 0;
	receive(42);
	assert_int_equal(peer_nic->counters.tx_packets, 1); /* our answer */
	assert_int_equal(drain(), 1);
}

static unsigned datagrams;

static void take_datagram(struct udp_socket *socket, uint32_t source, uint16_t port,
			  const uint8_t *data, size_t len)
{
	datagrams++;
}

static void udp_is_for_both_echo_for_the_program(void **state)
{
	struct udp_socket socket;

	datagrams = 0;
	assert_int_equal(udp_open(&socket, 68, NULL, take_datagram, NULL), 0);
	ipv4(IP_UDP, 20);
	put_be16(frame + 34, 67);
	put_be16(frame + 36, 68);
	put_be16(frame + 38, 20);
	receive(54);
	assert_int_equal(datagrams, 1);
	assert_int_equal(drain(), 1);
	udp_close(&socket);
	ipv4(IP_ICMP, 20);
	frame[34] = 8;
	put_le16(frame + 36, checksum_fold(checksum_add(0, frame + 34, 20)));
	receive(54);
	assert_int_equal(drain(), 1);
	assert_int_equal(echoes, 0);
	frame_queue_close();
	receive(54);
	net_poll();
	assert_int_equal(echoes, 1);
}

/* ---- As a cable brings them ---- */

static void short_frames_are_padded(void **state)
{
	uint32_t len;
	const uint8_t *data;

	ethernet(peer_nic->mac, 0x1234);
	frame[14] = 0x55;
	receive(15);
	data = frame_queue_first(&len);
	assert_non_null(data);
	assert_int_equal(len, 60);
	assert_int_equal(data[14], 0x55);
	for (unsigned i = 15; i < 60; i++)
		assert_int_equal(data[i], 0);
}

static void checksums_are_completed(void **state)
{
	const uint8_t *data;
	uint32_t len;

	for (unsigned size = 0; size < 40; size++) {
		len = tcp_partial(4000, size, TCP_ACK);
		receive_as(len, size & 1 ? 55 : 0,
			   (struct rx_frame){
				   .flags = NIC_RX_CSUM_OK, .csum_start = 34, .csum_offset = 16});
		data = frame_queue_first(&len);
		assert_non_null(data);
		if (size >= 6)
			assert_true(tcp_sum_ok(data, len));
		frame_queue_drop();
	}
	/* UDP whose sum is 0: that would mean "none". */
	ipv4(IP_UDP, 30);
	put_be16(frame + 36, 4000);
	put_be16(frame + 38, 30);
	put_le16(frame + 60, checksum_fold(checksum_add(0, frame + 34, 30)));
	receive_as(64, 0,
		   (struct rx_frame){.flags = NIC_RX_CSUM_OK, .csum_start = 34, .csum_offset = 6});
	data = frame_queue_first(&len);
	assert_int_equal(get_le16(data + 40), 0xffff);
}

static void sums_outside_of_the_frame_are_refused(void **state)
{
	uint32_t len = tcp_partial(4000, 100, TCP_ACK);

	receive_as(len, 0, (struct rx_frame){.csum_start = (uint16_t)(len - 1), .csum_offset = 0});
	receive_as(len, 0, (struct rx_frame){.csum_start = 34, .csum_offset = 60000});
	receive_as(len, 0, (struct rx_frame){.csum_start = 60000, .csum_offset = 16});
	assert_int_equal(drain(), 0);
	assert_int_equal(frame_queue_counters().overflowed, 3);
}

static void large_frames_are_cut(void **state)
{
	const uint32_t size = 30000, gso = 1448;
	struct rx_frame rx = {
		.flags = NIC_RX_CSUM_OK, .csum_start = 34, .csum_offset = 16, .gso_size = 1448};
	uint32_t at = 0, len, n;
	const uint8_t *data;
	uint8_t want[30000];
	unsigned index = 0;

	len = tcp_partial(4000, size, TCP_ACK | TCP_PSH | TCP_FIN | 0x80);
	memcpy(want, frame + PAYLOAD, size);
	receive_as(len, 100, rx);
	while ((data = frame_queue_first(&len))) {
		n = len - PAYLOAD;
		assert_true(len <= 1514);
		assert_true(tcp_sum_ok(data, len));
		assert_memory_equal(data, frame, 14);
		assert_int_equal(get_be16(data + 18), 0x1234 + index);
		assert_int_equal(get_be32(data + 38), 0xfffff000 + at);
		assert_int_equal(get_be32(data + 42), 77);
		assert_int_equal(n, min(gso, size - at));
		assert_memory_equal(data + PAYLOAD, want + at, n);
		assert_int_equal(data[47], TCP_ACK | (at + n == size ? TCP_PSH | TCP_FIN : 0) |
						   (index ? 0 : 0x80));
		at += n;
		index++;
		frame_queue_drop();
	}
	assert_int_equal(at, size);
}

static void large_frames_that_lie_are_refused(void **state)
{
	struct rx_frame rx = {.gso_size = 1448};
	uint32_t len = tcp_partial(4000, 3000, TCP_ACK);

	frame[46] = 0xf0; /* a header of 60 bytes, of which the first part has 20 */
	receive_as(len, PAYLOAD, rx);
	frame[46] = 0x40;
	receive(len); /* no segmentation asked for, and too large */
	receive_as(len, 0, rx);
	frame[46] = 0x50;
	rx.gso_size = 60000;
	receive_as(len, 0, rx);
	rx.gso_size = 1448;
	put_be16(frame + 16, 60000); /* more than there is */
	receive_as(len, 0, rx);
	ipv4(IP_UDP, 3000);
	receive_as(len, 0, rx);
	ethernet(peer_nic->mac, 0x1234);
	receive_as(len, 0, rx);
	assert_int_equal(drain(), 0);
	assert_int_equal(frame_queue_counters().overflowed, 7);
}

static void the_queue_is_bounded(void **state)
{
	size_t used = host_heap_used();
	struct frame_queue_counters counters;
	unsigned fit;
	uint32_t len;

	for (unsigned i = 0; i < 1000; i++) {
		ethernet(peer_nic->mac, 0x1234);
		put_be16(frame + 14, (uint16_t)i);
		receive(60);
	}
	assert_int_equal(host_heap_used(), used);
	counters = frame_queue_counters();
	fit = counters.queued;
	assert_true(fit >= 16 && fit <= 256);
	assert_int_equal(counters.overflowed, 1000 - fit);
	for (unsigned i = 0; i < fit; i++) {
		assert_int_equal(get_be16(frame_queue_first(&len) + 14), i);
		frame_queue_drop();
	}
	assert_null(frame_queue_first(&len));
	frame_queue_drop();
	/* Room again, also across the end of the ring. */
	for (unsigned i = 0; i < 3 * fit; i++) {
		receive(60);
		assert_int_equal(drain(), 1);
	}
}

static void without_memory_there_is_no_queue(void **state)
{
	frame_queue_close();
	host_heap_fail(1, false);
	assert_int_equal(frame_queue_open(peer_nic), E_NO_MEMORY);
	assert_false(frame_queue_has(peer_nic));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(destinations_are_filtered),
		TEST(our_connections_are_ours),
		TEST(fragments_of_tcp_are_not_reset),
		TEST(arp_is_for_both),
		TEST(udp_is_for_both_echo_for_the_program),
		TEST(short_frames_are_padded),
		TEST(checksums_are_completed),
		TEST(sums_outside_of_the_frame_are_refused),
		TEST(large_frames_are_cut),
		TEST(large_frames_that_lie_are_refused),
		TEST(the_queue_is_bounded),
		TEST(without_memory_there_is_no_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
