/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP: messages, and the client against a scripted server in virtual time. */
#define _GNU_SOURCE /* memmem */
#include "test/unit/dhcp_peer.h"

/* ---- The client ---- */

static void lease_is_used_at_once(void **state)
{
	struct server *s = plain_server(0);

	add_text(&s->options, TAG_FILENAME, "http://192.0.2.1/boot.ipxe");
	assert_int_equal(dhcp(1), 0);
	assert_true(took < 50);
	assert_string_equal(host_output(), "Configuring (net0 52:54:00:12:34:56)... ok\n");
	assert_string_equal(text_of("net0.dhcp/ip"), "192.0.2.100");
	assert_string_equal(text_of("filename"), "http://192.0.2.1/boot.ipxe");
	assert_string_equal(text_of("dhcp-server"), "192.0.2.1");
	assert_string_equal(text_of("next-server"), "");
	assert_int_equal(cards[0]->netif->address, 0xc0000264);
	assert_int_equal(cards[0]->netif->netmask, 0xffffff00);
	assert_int_equal(discovers[0], 1);
	assert_int_equal(requests[0], 1);
}

static void without_boot_information_the_wait_is_short(void **state)
{
	plain_server(0);
	assert_int_equal(dhcp(1), 0);
	assert_true(took >= 90 && took < 200);
}

static void packets_are_those_of_ipxe(void **state)
{
	static const uint8_t user_class[] = {77, 4, 'i', 'P', 'X', 'E'};
	static const uint8_t client_id[] = {61, 7, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56};
	static const uint8_t busid[] = {177, 5, 1, 0x12, 0x34, 0x56, 0x78};
	struct dhcp_request request = {
		.nic = cards[0], .type = DHCP_DISCOVER, .xid = 0x11223344, .secs = 3};
	uint8_t packet[DHCP_PACKET_MAX];
	size_t len = dhcp_build(&request, packet);

	assert_true(len > 300 && len < 400);
	assert_int_equal(get_be32(packet), 0x01010600);
	assert_int_equal(get_be32(packet + 4), 0x11223344);
	assert_int_equal(get_be16(packet + 8), 3);
	assert_int_equal(get_be16(packet + 10), 0);
	assert_non_null(memmem(packet, len, user_class, sizeof(user_class)));
	assert_non_null(memmem(packet, len, client_id, sizeof(client_id)));
	assert_non_null(memmem(packet, len, busid, sizeof(busid)));
	assert_non_null(memmem(packet, len, "PXEClient:Arch:00000:UNDI:002001", 32));
	assert_int_equal(packet[len - 1], TAG_END);
	/* What the user says goes out, what a server said does not. */
	setting_store_raw("net0.dhcp", "vendor-class", "string", "PXEClient", 9, SOURCE_DHCP);
	setting_store("user-class", "mine", SOURCE_SCRIPT);
	len = dhcp_build(&request, packet);
	assert_non_null(memmem(packet, len, "PXEClient:Arch", 14));
	assert_non_null(memmem(packet, len, "mine", 4));
	assert_null(memmem(packet, len, user_class, sizeof(user_class)));
}

static void uuid_goes_out_in_pxe_order(void **state)
{
	static const uint8_t expected[] = {97,	 17,   0,    0x33, 0x22, 0x11, 0x00,
					   0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa,
					   0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct dhcp_request request = {.nic = cards[0], .type = DHCP_DISCOVER};
	uint8_t packet[DHCP_PACKET_MAX];

	assert_int_equal(
		setting_store("uuid", "00112233-4455-6677-8899-aabbccddeeff", SOURCE_SCRIPT), 0);
	assert_non_null(memmem(packet, dhcp_build(&request, packet), expected, sizeof(expected)));
}

static void a_silent_network_costs_its_patience(void **state)
{
	struct dhcp_options options = {.timeout_ms = 12000};

	assert_int_equal(dhcp(1), E_DHCP_NO_ANSWER);
	assert_true(took >= 60000 && took < 61000);
	assert_non_null(strstr(error_text(), "nothing received"));
	assert_int_equal(cards[0]->restarts, 1); /* once, and no more */
	assert_true(discovers[0] >= 8 && discovers[0] < 15);
	assert_true(last_secs >= 45);
	assert_false(cards[0]->open);
	took = clock_ms();
	assert_int_equal(dhcp_run(cards, 1, &options), E_DHCP_NO_ANSWER);
	assert_true(clock_ms() - took < 13000);
}

static void a_deaf_card_is_brought_up_again(void **state)
{
	plain_server(0);
	deaf = true;
	assert_int_equal(dhcp(1), 0);
	assert_true(took >= 3000 && took < 5500);
	assert_int_equal(cards[0]->restarts, 1);
	assert_non_null(strstr(host_output(), "net0: nothing received while DHCP asks; "
					      "bringing the card up again"));
}

static uint64_t out_at, back_at;

static void cable_is_out(void)
{
	deliver_due();
	host_card_link(cards[0], clock_ms() < out_at || clock_ms() >= back_at);
}

/* Time without a cable is no silence; and the card asks as soon as the cable is back. */
static void a_pulled_cable_is_no_deaf_card(void **state)
{
	plain_server(0);
	deaf = true;
	out_at = clock_ms() + 2000;
	back_at = clock_ms() + 12000;
	host_turn = cable_is_out;
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(cards[0]->restarts, 1);
	assert_true(took >= 15000 && took < 17500);
}

static void no_link_fails_fast(void **state)
{
	host_card_link(cards[0], false);
	host_card_link(cards[1], false);
	assert_int_equal(dhcp(2), E_NET_NO_LINK);
	assert_true(took > 4000 && took < 6000);
	assert_string_equal(host_output(), "Waiting for link-up on net0 net1... failed\n");
}

static uint64_t plug_at;

static void plug_later(void)
{
	deliver_due();
	if (clock_ms() >= plug_at)
		host_card_link(cards[0], true);
}

static void a_late_link_is_waited_for(void **state)
{
	plain_server(0);
	host_card_link(cards[0], false);
	plug_at = clock_ms() + 3000;
	host_turn = plug_later;
	assert_int_equal(dhcp(1), 0);
	assert_true(took >= 3000 && took < 5500);
	assert_non_null(strstr(host_output(), "Waiting for link-up on net0... ok\n"));
}

static void ctrl_c_ends_it(void **state)
{
	host_keys("\003");
	assert_int_equal(dhcp(1), E_CANCELLED);
	assert_false(cards[0]->open);
	assert_int_equal(dhcp_run(cards, 0, NULL), E_NIC_NONE);
}

static void refusal_is_retried_and_named(void **state)
{
	struct server *s = plain_server(0);

	s->nak = true;
	assert_int_equal(dhcp(1), E_DHCP_REFUSED);
	assert_true(requests[0] > 5);
}

static void lost_acks_start_over(void **state)
{
	plain_server(0)->ack_delay = -1;
	assert_int_equal(dhcp(1), E_DHCP_NO_ANSWER);
	assert_non_null(strstr(error_text(), "(offer not confirmed)"));
	assert_true(discovers[0] > 3);
	assert_true(requests[0] > 10);
}

static void bootp_replies_are_accepted(void **state)
{
	struct server *s = plain_server(0);

	s->bootp = true;
	s->siaddr = SERVER;
	memcpy(s->file, "kernel", 6);
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(requests[0], 0);
	assert_string_equal(text_of("filename"), "kernel");
	assert_string_equal(text_of("next-server"), "192.0.2.1");
}

static void foreign_replies_are_ignored(void **state)
{
	struct dhcp_options options = {.timeout_ms = 3000};
	struct server *s = plain_server(0);
	uint8_t request[300] = {0};

	s->offer_delay = -1;
	memcpy(request + 28, cards[0]->mac, 6);
	for (unsigned i = 0; i < 4; i++)
		enqueue(cards[0], s, request, DHCP_OFFER, 100 + (int)i * 300, 67);
	assert_int_equal(dhcp_run(cards, 1, &options), E_DHCP_NO_ANSWER);
	assert_int_equal(requests[0], 0);
}

/* ---- Proxies ---- */

static void proxy_offer_completes_the_lease(void **state)
{
	plain_server(0);
	memcpy(proxy_server(0, 5)->file, "pxe.0", 5);
	assert_int_equal(dhcp(1), 0);
	assert_true(took < 100);
	assert_string_equal(text_of("proxydhcp/filename"), "pxe.0");
	assert_string_equal(text_of("filename"), "pxe.0");
	assert_string_equal(text_of("ip"), "192.0.2.100");
}

static void proxy_is_asked_on_its_port(void **state)
{
	struct server *s;

	plain_server(0);
	s = proxy_server(0, 5);
	s->port = PXE_SERVER_PORT;
	s->ack_delay = 2;
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(pxe_requests[0], 1);
	assert_int_equal(get_be32(last_packet + 12), 0xc0000264);
	assert_string_equal(text_of("proxydhcp/filename"), "late.0");
	/* A proxy that does not answer there is no failure. */
	s->ack_delay = -1;
	memset(s->file, 0, sizeof(s->file));
	dhcp_lease_end(cards[0]);
	assert_int_equal(dhcp(1), 0);
	assert_true(took >= 1700 && took < 2200);
}

static void late_proxies_are_for_those_who_wait(void **state)
{
	plain_server(0);
	memcpy(proxy_server(0, 1200)->file, "pxe.0", 5);
	assert_int_equal(dhcp(1), 0);
	assert_true(took < 200);
	assert_string_equal(text_of("filename"), "");
	assert_int_equal(dhcp_proxy_wait(), 0);
	assert_string_equal(text_of("filename"), "pxe.0");
	assert_int_equal(dhcp_proxy_wait(), 0);
}

static void nobody_waits_for_proxies_in_vain(void **state)
{
	struct server *s = plain_server(0);
	static const uint8_t no_pxedhcp[] = {176, 1, 1};
	uint64_t start;

	assert_int_equal(dhcp(1), 0);
	start = clock_ms();
	assert_int_equal(dhcp_proxy_wait(), 0);
	assert_true(clock_ms() - start < 2000);
	add_option(&s->options, TAG_IPXE, no_pxedhcp, sizeof(no_pxedhcp));
	dhcp_lease_end(cards[0]);
	assert_int_equal(dhcp(1), 0);
	assert_true(took < 50);
	start = clock_ms();
	assert_int_equal(dhcp_proxy_wait(), 0);
	assert_true(clock_ms() - start < 5);
}

static void addresses_that_no_host_has_are_refused(void **state)
{
	static const uint32_t absurd[] = {0,	      0x00000001, 0x7f000001, 0xe0000001,
					  0xf0000001, 0xffffffff, 0xc00002ff};
	struct dhcp_options options = {.timeout_ms = 12000};

	for (unsigned i = 0; i < ARRAY_SIZE(absurd); i++) {
		char said[80];

		plain_server(0)->yiaddr = absurd[i];
		host_output_clear();
		assert_int_equal(dhcp_run(cards, 1, &options), E_DHCP_NO_ANSWER);
		assert_int_equal(requests[0], 0);
		snprintf(said, sizeof(said),
			 "net0: the DHCP server 192.0.2.1 offers the address " IPV4_FMT ",",
			 IPV4_ARG(absurd[i]));
		assert_non_null(strstr(host_output(), said));
		assert_null(strstr(strstr(host_output(), said) + 1, said));
		assert_non_null(strstr(error_text(), "net0 (no usable offer)"));
	}
	/* The other server's is taken. */
	servers[0][1] = *plain_server(0);
	servers[0][0].yiaddr = 0x7f000001;
	servers[0][1].offer_delay = 5;
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(cards[0]->netif->address, 0xc0000264);
}

/* ---- Renewal ---- */

static void leases_are_renewed(void **state)
{
	struct server *s = plain_server(0);

	add_u32(&s->options, TAG_LEASE_TIME, 3600);
	assert_int_equal(dhcp(1), 0);
	host_turn_us = 100000;
	(void)wait_until(false, clock_ms() + 1790000);
	assert_int_equal(renewals[0], 0);
	(void)wait_until(false, clock_ms() + 20000);
	assert_int_equal(renewals[0], 1);
	assert_int_equal(get_be32(last_packet + 12), 0xc0000264);
	assert_int_equal(option_byte(last_packet, last_len, TAG_SERVER_ID), 0);
	/* The answer moved T1 on. */
	(void)wait_until(false, clock_ms() + 1700000);
	assert_int_equal(renewals[0], 1);
	(void)wait_until(false, clock_ms() + 100000);
	assert_int_equal(renewals[0], 2);
	/* The server dies: asked again, by broadcast in the end; the address stays. */
	s->ack_delay = -1;
	host_output_clear();
	(void)wait_until(false, clock_ms() + 4000000);
	assert_true(renewals[0] > 6 && renewals[0] < 20);
	assert_non_null(strstr(host_output(), "ended"));
	assert_int_equal(cards[0]->netif->address, 0xc0000264);
}

static void a_dhcp_in_vain_leaves_the_lease_to_be_renewed(void **state)
{
	struct dhcp_options options = {.timeout_ms = 12000};
	struct server *s = plain_server(0);

	add_u32(&s->options, TAG_LEASE_TIME, 600);
	assert_int_equal(dhcp(1), 0);
	s->offer_delay = -1;
	/* Once long before the renewal is due, once while its answer is awaited. */
	assert_int_equal(dhcp_run(cards, 1, &options), E_DHCP_NO_ANSWER);
	assert_true(cards[0]->open);
	assert_int_equal(cards[0]->netif->address, 0xc0000264);
	host_turn_us = 100000;
	s->ack_delay = -1;
	(void)wait_until(false, clock_ms() + 300000);
	assert_int_equal(renewals[0], 1);
	assert_int_equal(dhcp_run(cards, 1, &options), E_DHCP_NO_ANSWER);
	s->ack_delay = 1;
	(void)wait_until(false, clock_ms() + 130000);
	assert_int_equal(renewals[0], 2);
	host_output_clear();
	(void)wait_until(false, clock_ms() + 200000);
	assert_int_equal(renewals[0], 2);
	assert_string_equal(host_output(), "");
}

static void a_renewal_time_of_nothing_makes_no_storm(void **state)
{
	struct server *s = plain_server(0);

	add_u32(&s->options, TAG_LEASE_TIME, 3600);
	add_u32(&s->options, TAG_T1, 0);
	assert_int_equal(dhcp(1), 0);
	host_turn_us = 100000;
	(void)wait_until(false, clock_ms() + 1700000);
	assert_int_equal(renewals[0], 0);
	(void)wait_until(false, clock_ms() + 200000);
	assert_int_equal(renewals[0], 1);
}

static void a_closed_card_renews_nothing(void **state)
{
	struct server *s = plain_server(0);
	size_t blocks;

	add_u32(&s->options, TAG_LEASE_TIME, 600);
	assert_int_equal(dhcp(1), 0);
	blocks = host_heap_blocks();
	nic_close(cards[0]);
	assert_int_equal(nic_open(cards[0]), 0);
	host_turn_us = 10000;
	(void)wait_until(false, clock_ms() + 400000);
	assert_int_equal(renewals[0], 0);
	assert_true(host_heap_blocks() <= blocks);
}

/* ---- Messages ---- */

static struct dhcp_reply reply;

static bool parse(const struct server *s)
{
	uint8_t packet[1500], request[300] = {0};

	return dhcp_parse(&reply, packet, build_reply(packet, s, request, DHCP_ACK));
}

static void overload_and_joined_options(void **state)
{
	struct server s = {.address = SERVER};
	static const uint8_t both = 3;
	size_t len;
	const uint8_t *value;

	add_option(&s.options, TAG_OVERLOAD, &both, 1);
	add_text(&s.options, TAG_FILENAME, "http://192");
	memcpy(s.file,
	       "\x43\x04.0.2\x11\x03"
	       "abc\xff",
	       12);
	memcpy(s.sname, "\x43\x04.1/x\xff", 7);
	assert_true(parse(&s));
	value = dhcp_option(&reply, TAG_FILENAME, &len);
	assert_int_equal(len, 18);
	assert_memory_equal(value, "http://192.0.2.1/x", 18);
	value = dhcp_option(&reply, TAG_ROOT_PATH, &len);
	assert_int_equal(len, 3);
	assert_string_equal(reply.file, "");
	assert_string_equal(reply.server_name, "");
}

static void stored_under_their_names(void **state)
{
	static const uint8_t ipxe[] = {8, 1, 1, 189, 1, 0x81, 200, 2, 'a', 'b'};
	struct server *s = plain_server(0);

	memcpy(s->file, "boot\xff\xff", 6);
	add_text(&s->options, TAG_ROOT_PATH, "iscsi:x  ");
	add_option(&s->options, 12, "host\0", 5);
	add_option(&s->options, TAG_IPXE, ipxe, sizeof(ipxe));
	add_text(&s->options, 209, "conf");
	assert_int_equal(dhcp(1), 0);
	assert_string_equal(text_of("net0/filename"), "boot");
	assert_string_equal(text_of("root-path"), "iscsi:x");
	assert_string_equal(text_of("hostname"), "host");
	assert_string_equal(text_of("net0/keep-san"), "1");
	assert_int_equal(setting_number("net0", "san-drive", 0), 0x81);
	assert_string_equal(text_of("net0.dhcp/209:string"), "conf");
	assert_string_equal(text_of("net0.dhcp/175.200:string"), "ab");
	/* A path without a server comes from the DHCP server. */
	assert_string_equal(text_of("next-server"), "192.0.2.1");
	assert_non_null(strstr(host_output(), "no server for it"));
	/* The next lease leaves nothing of this one. */
	memset(s->file, 0, sizeof(s->file));
	s->options.len = 12;
	assert_int_equal(dhcp(1), 0);
	assert_string_equal(text_of("filename"), "");
	assert_string_equal(text_of("hostname"), "");
}

static void a_cut_file_name_is_mentioned(void **state)
{
	struct server *s = plain_server(0);

	memset(s->file, 'a', 128);
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(strlen(text_of("filename")), 128);
	assert_non_null(strstr(host_output(), "may have been cut"));
}

static void option_249_counts_as_121(void **state)
{
	static const uint8_t routes[] = {8, 10, 192, 0, 2, 7};
	struct server *s = plain_server(0);
	uint32_t hop;

	add_option(&s->options, 249, routes, sizeof(routes));
	assert_int_equal(dhcp(1), 0);
	assert_non_null(netif_route(0x0a000001, &hop));
	assert_int_equal(hop, 0xc0000207);
	assert_null(netif_route(0x08080808, &hop));
}

static void option_66_gives_the_server(void **state)
{
	struct server *s = plain_server(0);

	add_text(&s->options, TAG_SERVER_NAME, "192.0.2.77");
	add_text(&s->options, TAG_FILENAME, "x");
	assert_int_equal(dhcp(1), 0);
	assert_string_equal(text_of("next-server"), "192.0.2.77");
}

static void hostile_messages_are_survived(void **state)
{
	struct server s = {.address = SERVER};
	uint8_t packet[1500], request[300] = {0};
	size_t len, whole = build_reply(packet, &s, request, DHCP_OFFER);

	for (len = 0; len < 236; len++)
		assert_false(dhcp_parse(&reply, packet, len));
	for (; len <= whole; len++)
		assert_true(dhcp_parse(&reply, packet, len));
	/* Every option claims more than there is. */
	memset(packet + 240, 0xfe, sizeof(packet) - 240);
	assert_true(dhcp_parse(&reply, packet, sizeof(packet)));
	/* The same tag until the end. */
	for (size_t at = 240; at + 2 < sizeof(packet); at += 2) {
		packet[at] = 52;
		packet[at + 1] = 0;
	}
	assert_true(dhcp_parse(&reply, packet, sizeof(packet)));
	packet[0] = 1;
	assert_false(dhcp_parse(&reply, packet, sizeof(packet)));
}

static void long_values_are_split_and_never_overflow(void **state)
{
	uint8_t buf[400], value[600], mac[6] = {0};
	struct dhcp_writer w;

	memset(value, 'x', sizeof(value));
	dhcp_begin(&w, buf, sizeof(buf), mac);
	dhcp_put(&w, 77, value, 100);
	dhcp_put(&w, 77, value, 600);
	dhcp_put(&w, 60, "ab", 2);
	assert_true(dhcp_end(&w) <= sizeof(buf));
	assert_int_equal(buf[240], 77);
	assert_int_equal(buf[241], 100);
	assert_int_equal(buf[342], 60);
}

static void out_of_memory_is_said(void **state)
{
	plain_server(0);
	host_heap_fail(1, true);
	assert_int_not_equal(dhcp(1), 0);
	host_heap_fail(0, false);
	assert_int_equal(dhcp(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lease_is_used_at_once),
		TEST(without_boot_information_the_wait_is_short),
		TEST(packets_are_those_of_ipxe),
		TEST(uuid_goes_out_in_pxe_order),
		TEST(a_silent_network_costs_its_patience),
		TEST(a_deaf_card_is_brought_up_again),
		TEST(a_pulled_cable_is_no_deaf_card),
		TEST(no_link_fails_fast),
		TEST(a_late_link_is_waited_for),
		TEST(ctrl_c_ends_it),
		TEST(refusal_is_retried_and_named),
		TEST(lost_acks_start_over),
		TEST(bootp_replies_are_accepted),
		TEST(foreign_replies_are_ignored),
		TEST(proxy_offer_completes_the_lease),
		TEST(proxy_is_asked_on_its_port),
		TEST(late_proxies_are_for_those_who_wait),
		TEST(nobody_waits_for_proxies_in_vain),
		TEST(addresses_that_no_host_has_are_refused),
		TEST(leases_are_renewed),
		TEST(a_dhcp_in_vain_leaves_the_lease_to_be_renewed),
		TEST(a_renewal_time_of_nothing_makes_no_storm),
		TEST(a_closed_card_renews_nothing),
		TEST(overload_and_joined_options),
		TEST(stored_under_their_names),
		TEST(a_cut_file_name_is_mentioned),
		TEST(option_249_counts_as_121),
		TEST(option_66_gives_the_server),
		TEST(hostile_messages_are_survived),
		TEST(long_values_are_split_and_never_overflow),
		TEST(out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
