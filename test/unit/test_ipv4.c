/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames: ARP, IPv4 with fragments, UDP, ICMP, spanning tree. */
#include "test/unit/net_card.h"

/* ---- Frames ---- */

static size_t ethernet(uint8_t *f, const uint8_t *dest, uint16_t type)
{
	memcpy(f, dest, ETH_ALEN);
	memcpy(f + 6, peer_mac, ETH_ALEN);
	put_be16(f + 12, type);
	return ETH_HEADER;
}

static void inject(const uint8_t *frame, size_t len)
{
	assert_true(host_card_inject(nic, frame, len));
	net_poll();
}

static void inject_arp(uint16_t op, const uint8_t *mac, uint32_t sender, uint32_t target)
{
	uint8_t f[60] = {0};

	ethernet(f, nic->mac, ETHERTYPE_ARP);
	put_be16(f + 14, 1);
	put_be16(f + 16, 0x0800);
	f[18] = 6;
	f[19] = 4;
	put_be16(f + 20, op);
	memcpy(f + 22, mac, ETH_ALEN);
	put_be32(f + 28, sender);
	put_be32(f + 38, target);
	inject(f, sizeof(f));
}

/* An IPv4 packet of ours-or-theirs with @payload already in place behind the header. */
static size_t ip_header(uint8_t *f, uint8_t protocol, size_t payload, uint16_t id,
			uint16_t fragment)
{
	uint8_t *ip = f + ethernet(f, nic->mac, ETHERTYPE_IPV4);

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(20 + payload));
	put_be16(ip + 4, id);
	put_be16(ip + 6, fragment);
	ip[8] = 64;
	ip[9] = protocol;
	put_be32(ip + 12, PEER_IP);
	put_be32(ip + 16, OUR_IP);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
	return ETH_HEADER + 20 + payload;
}

static void udp_header(uint8_t *udp, uint16_t port, size_t len)
{
	put_be16(udp, 1234);
	put_be16(udp + 2, port);
	put_be16(udp + 4, (uint16_t)len);
	put_le16(udp + 6, 0);
	put_le16(udp + 6,
		 checksum_fold(checksum_add(checksum_pseudo(PEER_IP, OUR_IP, IP_UDP, (uint32_t)len),
					    udp, len)));
}

/* ---- ARP ---- */

static void send_something(void)
{
	static struct udp_socket socket;

	if (!socket.port)
		assert_int_equal(udp_open(&socket, 5000, NULL, NULL, NULL), 0);
	assert_int_equal(udp_send(&socket, PEER_IP, 9, "hello", 5), 0);
	net_poll();
	udp_close(&socket);
}

static void arp_resolves_and_sends_the_queued_frame(void **state)
{
	uint8_t mac[ETH_ALEN];

	send_something();
	assert_int_equal(sent_count, 1);
	assert_int_equal(get_be16(sent[0].data + 12), ETHERTYPE_ARP);
	assert_int_equal(sent[0].data[0], 0xff);
	assert_int_equal(get_be32(sent[0].data + 38), PEER_IP);
	inject_arp(2, peer_mac, PEER_IP, OUR_IP);
	assert_int_equal(sent_count, 2);
	assert_int_equal(get_be16(sent[1].data + 12), ETHERTYPE_IPV4);
	assert_memory_equal(sent[1].data, peer_mac, ETH_ALEN);
	assert_true(arp_lookup(nic->netif, PEER_IP, mac));
	assert_memory_equal(mac, peer_mac, ETH_ALEN);
}

static void arp_retries_and_gives_up(void **state)
{
	send_something();
	for (unsigned i = 0; i < 10; i++) {
		host_clock_advance_ms(3100);
		net_poll();
	}
	assert_int_equal(sent_count, 6);
	assert_true(arp_unanswered(PEER_IP));
	assert_int_equal(net_drops.unresolved, 1);
	/* Asked again, it tries again. */
	send_something();
	assert_int_equal(sent_count, 7);
}

static void arp_answers_requests_for_us(void **state)
{
	inject_arp(1, peer_mac, PEER_IP, OUR_IP);
	assert_int_equal(sent_count, 1);
	assert_int_equal(get_be16(sent[0].data + 20), 2);
	assert_memory_equal(sent[0].data + 22, nic->mac, ETH_ALEN);
	assert_int_equal(get_be32(sent[0].data + 28), OUR_IP);
	assert_memory_equal(sent[0].data, peer_mac, ETH_ALEN);
	inject_arp(1, peer_mac, PEER_IP, GW_IP);
	assert_int_equal(sent_count, 1);
}

static void arp_learns_nothing_unasked(void **state)
{
	uint8_t mac[ETH_ALEN];

	inject_arp(2, other_mac, PEER_IP, OUR_IP);
	assert_false(arp_lookup(nic->netif, PEER_IP, mac));
	inject_arp(2, peer_mac, PEER_IP, OUR_IP);
	assert_true(arp_lookup(nic->netif, PEER_IP, mac));
	/* A forged reply changes nothing, it only makes us ask. */
	host_clock_advance_ms(5000);
	sent_count = 0;
	inject_arp(2, other_mac, PEER_IP, OUR_IP);
	assert_true(arp_lookup(nic->netif, PEER_IP, mac));
	assert_memory_equal(mac, peer_mac, ETH_ALEN);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0].data[0], 0xff);
	/* The answer to that question counts. */
	inject_arp(2, other_mac, PEER_IP, OUR_IP);
	assert_true(arp_lookup(nic->netif, PEER_IP, mac));
	assert_memory_equal(mac, other_mac, ETH_ALEN);
}

static void arp_entries_age_but_stay_in_use(void **state)
{
	uint8_t mac[ETH_ALEN];

	arp_lookup(nic->netif, PEER_IP, mac);
	inject_arp(2, peer_mac, PEER_IP, OUR_IP);
	host_clock_advance_ms(61000);
	sent_count = 0;
	assert_true(arp_lookup(nic->netif, PEER_IP, mac));
	net_poll();
	assert_int_equal(sent_count, 1);
	assert_memory_equal(sent[0].data, peer_mac, ETH_ALEN);
	/* No answer to four polls: everybody is asked. */
	for (unsigned i = 0; i < 4; i++) {
		host_clock_advance_ms(1100);
		arp_lookup(nic->netif, PEER_IP, mac);
	}
	assert_false(arp_lookup(nic->netif, PEER_IP, mac));
	assert_int_equal(sent[sent_count - 1].data[0], 0xff);
}

static void arp_reports_a_conflict_once(void **state)
{
	host_output_clear();
	inject_arp(1, other_mac, OUR_IP, PEER_IP);
	assert_non_null(strstr(host_output(), "also used by 02:00:00:00:00:02"));
	host_output_clear();
	inject_arp(1, other_mac, OUR_IP, PEER_IP);
	assert_string_equal(host_output(), "");
}

static void arp_conflicts_are_not_a_flood(void **state)
{
	uint8_t mac[ETH_ALEN] = {2, 9, 9, 9, 9, 0};
	unsigned lines = 0;

	host_clock_advance_ms(20000);
	host_output_clear();
	for (unsigned i = 0; i < 100; i++) {
		mac[5] = (uint8_t)(i + 1);
		inject_arp(1, mac, OUR_IP, PEER_IP);
	}
	for (const char *p = host_output(); (p = strstr(p, "also used")); p++)
		lines++;
	assert_int_equal(lines, 1);
}

static void answer_probe(void)
{
	if (sent_count == 2)
		inject_arp(2, other_mac, GW_IP, 0);
}

static void arp_probe_finds_the_owner(void **state)
{
	uint8_t owner[ETH_ALEN];
	uint64_t start = clock_ms();

	assert_int_equal(arp_probe(nic, GW_IP, 900, owner), 0);
	assert_true(clock_ms() - start >= 900);
	assert_int_equal(sent_count, 3);
	assert_int_equal(get_be32(sent[0].data + 28), 0);
	sent_count = 0;
	host_turn = answer_probe;
	assert_int_equal(arp_probe(nic, GW_IP, 900, owner), E_ARP_CONFLICT);
	assert_memory_equal(owner, other_mac, ETH_ALEN);
}

static void many_neighbours_replace_the_oldest(void **state)
{
	uint8_t mac[ETH_ALEN];

	for (uint32_t i = 1; i < 200; i++) {
		arp_lookup(nic->netif, 0xc0000200 + i, mac);
		host_clock_advance_ms(1);
	}
	inject_arp(2, peer_mac, 0xc0000200 + 199, OUR_IP);
	assert_true(arp_lookup(nic->netif, 0xc0000200 + 199, mac));
}

/* ---- UDP and IPv4 ---- */

static uint8_t got[70000];
static size_t got_len;
static unsigned got_count;

static void take(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		 const uint8_t *data, size_t len)
{
	assert_int_equal(source, PEER_IP);
	assert_int_equal(source_port, 1234);
	memcpy(got, data, len);
	got_len = len;
	got_count++;
}

static struct udp_socket listener;

static void listen_on(uint16_t port)
{
	got_count = 0;
	assert_int_equal(udp_open(&listener, port, NULL, take, NULL), 0);
}

static size_t udp_frame(uint8_t *f, uint16_t port, size_t data_len)
{
	uint8_t *udp = f + 34;

	for (size_t i = 0; i < data_len; i++)
		udp[8 + i] = (uint8_t)(i * 31);
	udp_header(udp, port, 8 + data_len);
	return ip_header(f, IP_UDP, 8 + data_len, 7, 0);
}

static void udp_delivers(void **state)
{
	uint8_t f[1514];
	size_t len = udp_frame(f, 777, 100);

	listen_on(777);
	inject(f, len);
	assert_int_equal(got_count, 1);
	assert_int_equal(got_len, 100);
	assert_memory_equal(got, f + 42, 100);
	/* Ethernet padding does not count. */
	len = udp_frame(f, 777, 3);
	memset(f + len, 0xee, 60 - len);
	inject(f, 60);
	assert_int_equal(got_len, 3);
	/* In parts, odd lengths. */
	len = udp_frame(f, 777, 1001);
	assert_true(host_card_inject_parts(nic, f, len, 75, 0));
	net_poll();
	assert_int_equal(got_count, 3);
	assert_memory_equal(got, f + 42, 1001);
	udp_close(&listener);
}

static void bad_packets_are_dropped(void **state)
{
	uint8_t f[1514], g[1514];
	size_t len = udp_frame(f, 777, 100);

	listen_on(777);
	memcpy(g, f, len);
	g[60] ^= 1;
	inject(g, len);
	assert_int_equal(net_drops.udp_checksum, 1);
	memcpy(g, f, len);
	g[22] ^= 1;
	inject(g, len);
	assert_int_equal(net_drops.ipv4_checksum, 1);
	memcpy(g, f, len);
	g[14] = 0x65;
	inject(g, len);
	g[14] = 0x44;
	inject(g, len);
	g[14] = 0x4f;
	inject(g, 50);
	assert_int_equal(net_drops.ipv4_header, 3);
	inject(f, len - 1);
	assert_int_equal(net_drops.ipv4_header, 4);
	/* For another machine: by MAC, by address. */
	memcpy(g, f, len);
	memcpy(g, other_mac, ETH_ALEN);
	inject(g, len);
	assert_int_equal(net_drops.ethernet_address, 1);
	set("net0/ip", "192.0.2.58");
	inject(f, len);
	assert_int_equal(net_drops.ipv4_address, 1);
	assert_int_equal(got_count, 0);
	udp_close(&listener);
	set("net0/ip", "192.0.2.57");
	inject(f, len);
	assert_int_equal(net_drops.udp_port, 1);
}

static void priority_tag_is_looked_through(void **state)
{
	uint8_t f[1514], g[1518];
	size_t len = udp_frame(f, 777, 10);

	listen_on(777);
	memcpy(g, f, 12);
	put_be16(g + 12, ETHERTYPE_VLAN);
	put_be16(g + 14, 0xe000);
	memcpy(g + 16, f + 12, len - 12);
	inject(g, len + 4);
	assert_int_equal(got_count, 1);
	put_be16(g + 14, 0xe001);
	inject(g, len + 4);
	assert_int_equal(got_count, 1);
	udp_close(&listener);
}

static uint8_t whole[66000];

/* Fragment [@from, @to) of the datagram prepared in whole[]. */
static void inject_fragment(size_t from, size_t to, bool more, uint16_t id)
{
	uint8_t f[1514];

	memcpy(f + 34, whole + from, to - from);
	inject(f, ip_header(f, IP_UDP, to - from, id, (uint16_t)(from / 8 | (more ? 0x2000 : 0))));
}

static void prepare(size_t len)
{
	for (size_t i = 8; i < len; i++)
		whole[i] = (uint8_t)(i * 13 + i / 256);
	udp_header(whole, 777, len);
}

static void fragments_in_any_order(void **state)
{
	static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};

	listen_on(777);
	prepare(3000);
	for (unsigned o = 0; o < ARRAY_SIZE(orders); o++) {
		for (unsigned i = 0; i < 3; i++) {
			size_t from = orders[o][i] * 1200;

			inject_fragment(from, min(from + 1200, (size_t)3000), from < 2400,
					(uint16_t)(100 + o));
		}
		assert_int_equal(got_count, o + 1);
		assert_int_equal(got_len, 2992);
		assert_memory_equal(got, whole + 8, 2992);
	}
	udp_close(&listener);
}

static void large_and_duplicated_fragments(void **state)
{
	size_t blocks = host_heap_blocks();

	listen_on(777);
	prepare(65000);
	for (size_t from = 0; from < 65000; from += 1400) {
		inject_fragment(from, min(from + 1400, (size_t)65000), from + 1400 < 65000, 5);
		if (from == 2800)
			inject_fragment(1400, 2800, true, 5);
	}
	assert_int_equal(got_count, 1);
	assert_int_equal(got_len, 64992);
	assert_memory_equal(got, whole + 8, 64992);
	assert_int_equal(host_heap_blocks(), blocks);
	udp_close(&listener);
}

static void overlapping_fragments_condemn(void **state)
{
	listen_on(777);
	prepare(2000);
	inject_fragment(0, 1000, true, 6);
	whole[900]++;
	inject_fragment(800, 1600, true, 6);
	whole[900]--;
	inject_fragment(1000, 2000, false, 6);
	inject_fragment(0, 1000, true, 6);
	assert_int_equal(got_count, 0);
	assert_int_equal(net_drops.ipv4_fragment, 1);
	/* Beyond 64 KB; a middle piece that is no multiple of 8; two different ends. */
	inject_fragment(65528, 65528 + 100, false, 7);
	inject_fragment(0, 100, true, 8);
	inject_fragment(80, 160, false, 9);
	inject_fragment(160, 200, false, 9);
	assert_int_equal(net_drops.ipv4_fragment, 4);
	assert_int_equal(got_count, 0);
	udp_close(&listener);
}

static void incomplete_datagrams_expire(void **state)
{
	size_t blocks = host_heap_blocks();

	for (uint16_t id = 1000; id < 1020; id++)
		inject_fragment(0, 800, true, id);
	assert_true(host_heap_blocks() <= blocks + 4);
	host_clock_advance_ms(11000);
	net_poll();
	assert_int_equal(host_heap_blocks(), blocks);
	assert_int_equal(net_drops.ipv4_fragment, 20);
}

static void udp_refuses_what_does_not_fit(void **state)
{
	static const uint8_t data[1473];
	struct udp_socket s, t;

	assert_int_equal(udp_open(&s, 0, NULL, NULL, NULL), 0);
	assert_int_equal(udp_open(&t, s.port, NULL, NULL, NULL), E_UDP_NO_PORT);
	assert_int_equal(udp_send(&s, PEER_IP, 9, data, 1472), 0);
	assert_int_equal(udp_send(&s, PEER_IP, 9, data, 1473), E_UDP_TOO_LARGE);
	set("net0/mtu", "1000");
	assert_int_equal(udp_send(&s, PEER_IP, 9, data, 973), E_UDP_TOO_LARGE);
	nic_close(nic);
	assert_int_equal(udp_send(&s, PEER_IP, 9, data, 9), E_NET_NO_ROUTE);
	assert_non_null(strstr(error_text(), "ifopen net0"));
	udp_close(&s);
}

static void broadcasts_leave_without_arp(void **state)
{
	struct udp_socket s;

	assert_int_equal(udp_open(&s, 68, nic, NULL, NULL), 0);
	assert_int_equal(udp_broadcast(&s, nic, 0, 67, "x", 1), 0);
	net_poll();
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0].data[0], 0xff);
	assert_int_equal(get_be32(sent[0].data + 26), 0);
	assert_int_equal(get_be32(sent[0].data + 30), 0xffffffff);
	assert_int_equal(slow_checksum(sent[0].data + 14, 20), 0);
	assert_int_equal(udp_send(&s, 0xc00002ff, 9, "x", 1), 0);
	net_poll();
	assert_int_equal(sent[1].data[0], 0xff);
	udp_close(&s);
}

static unsigned refused;

static void note_refusal(struct udp_socket *socket, uint32_t dest, uint16_t port, int code)
{
	assert_int_equal(dest, PEER_IP);
	assert_int_equal(port, 69);
	refused = (unsigned)code + 1;
}

/* ---- ICMP ---- */

static void icmp_frame(uint8_t type, uint8_t code, size_t len)
{
	uint8_t f[1514] = {0};
	uint8_t *icmp = f + 34;

	memcpy(icmp, whole, len);
	icmp[0] = type;
	icmp[1] = code;
	put_le16(icmp + 2, 0);
	put_le16(icmp + 2, checksum_fold(checksum_add(0, icmp, len)));
	inject(f, ip_header(f, IP_ICMP, len, 3, 0));
}

static void echo_is_answered(void **state)
{
	prepare(300);
	icmp_frame(8, 0, 101);
	inject_arp(2, peer_mac, PEER_IP, OUR_IP);
	assert_int_equal(sent_count, 2);
	assert_int_equal(sent[1].data[34], 0);
	assert_int_equal(sent[1].len, 34 + 101);
	assert_memory_equal(sent[1].data + 38, whole + 4, 97);
	assert_int_equal(slow_checksum(sent[1].data + 34, 101), 0);
}

static void ping_hears_its_reply_only(void **state)
{
	struct ping ping = {.dest = PEER_IP};

	assert_int_equal(ping_send(&ping, 64), 0);
	memset(whole, 0, 72);
	put_be16(whole + 4, ping.id);
	put_be16(whole + 6, (uint16_t)(ping.sequence + 1));
	icmp_frame(0, 0, 72);
	assert_false(ping.answered);
	put_be16(whole + 6, ping.sequence);
	host_clock_advance_ms(3);
	icmp_frame(0, 0, 72);
	assert_true(ping.answered);
	assert_true(ping.rtt_us >= 3000);
	ping_end(&ping);
}

static void unreachable_reaches_the_socket(void **state)
{
	struct udp_socket s;

	refused = 0;
	assert_int_equal(udp_open(&s, 4000, NULL, NULL, NULL), 0);
	s.unreachable = note_refusal;
	memset(whole, 0, 64);
	whole[8] = 0x45;
	whole[17] = IP_UDP;
	put_be32(whole + 20, OUR_IP);
	put_be32(whole + 24, PEER_IP);
	put_be16(whole + 28, 4000);
	put_be16(whole + 30, 69);
	icmp_frame(3, 3, 36);
	assert_int_equal(refused, 4);
	/* About a packet that was not ours, or cut short. */
	refused = 0;
	put_be32(whole + 20, PEER_IP);
	icmp_frame(3, 3, 36);
	put_be32(whole + 20, OUR_IP);
	icmp_frame(3, 3, 31);
	whole[8] = 0x4f;
	icmp_frame(3, 3, 36);
	assert_int_equal(refused, 0);
	udp_close(&s);
}

static void spanning_tree_blocks_for_a_while(void **state)
{
	static const uint8_t group[ETH_ALEN] = {0x01, 0x80, 0xc2, 0, 0, 0};
	uint8_t f[60] = {0};

	ethernet(f, group, 39);
	f[14] = f[15] = 0x42;
	f[16] = 0x03;
	f[19] = 2; /* version */
	f[20] = 2; /* rapid */
	assert_false(link_blocked(nic));
	inject(f, sizeof(f));
	assert_true(link_blocked(nic));
	host_clock_advance_ms(6100);
	assert_false(link_blocked(nic));
	inject(f, sizeof(f));
	f[21] = 0x20; /* forwarding */
	inject(f, sizeof(f));
	assert_false(link_blocked(nic));
	/* Classic, forward delay 15 s: 30 s from the link on. */
	f[19] = f[20] = f[21] = 0;
	put_be16(f + 50 - 1, 0);
	put_be16(f + 14 + 3 + 33, 15 * 256);
	nic->opened_at = clock_ms() - 10000;
	inject(f, sizeof(f));
	assert_true(link_blocked(nic));
	host_clock_advance_ms(21000);
	assert_false(link_blocked(nic));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arp_resolves_and_sends_the_queued_frame),
		TEST(arp_retries_and_gives_up),
		TEST(arp_answers_requests_for_us),
		TEST(arp_learns_nothing_unasked),
		TEST(arp_entries_age_but_stay_in_use),
		TEST(arp_reports_a_conflict_once),
		TEST(arp_conflicts_are_not_a_flood),
		TEST(arp_probe_finds_the_owner),
		TEST(many_neighbours_replace_the_oldest),
		TEST(udp_delivers),
		TEST(bad_packets_are_dropped),
		TEST(priority_tag_is_looked_through),
		TEST(fragments_in_any_order),
		TEST(large_and_duplicated_fragments),
		TEST(overlapping_fragments_condemn),
		TEST(incomplete_datagrams_expire),
		TEST(udp_refuses_what_does_not_fit),
		TEST(broadcasts_leave_without_arp),
		TEST(echo_is_answered),
		TEST(ping_hears_its_reply_only),
		TEST(unreachable_reaches_the_socket),
		TEST(spanning_tree_blocks_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
