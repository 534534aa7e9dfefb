/* SPDX-License-Identifier: BSD-2-Clause */
/* The network core: checksums, timers, routes. */
#include "test/unit/net_card.h"

/* ---- Checksums ---- */

static void checksum_matches_the_definition(void **state)
{
	uint8_t data[300];

	srand(1);
	for (size_t len = 0; len < sizeof(data); len++) {
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(len % 3 ? rand() : 0xff);
		assert_int_equal(checksum_fold(checksum_add(0, data, len)),
				 slow_checksum(data, len));
		/* In two pieces, the first of even length, with a carry in the sum. */
		if (len > 10)
			assert_int_equal(checksum_fold(checksum_add(checksum_add(0, data, 10),
								    data + 10, len - 10)),
					 slow_checksum(data, len));
	}
}

static void checksum_over_odd_parts(void **state)
{
	uint8_t data[100];
	struct ip_packet p = {.source = OUR_IP, .dest = PEER_IP, .protocol = IP_UDP};

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(7 * i + 3);
	put_le16(data + 6, 0);
	put_le16(data + 6, checksum_fold(checksum_add(checksum_pseudo(OUR_IP, PEER_IP, IP_UDP, 99),
						      data, 99)));
	p.len = 99;
	p.parts = 3;
	p.part[0].data = data;
	p.part[0].len = 21;
	p.part[1].data = data + 21;
	p.part[1].len = 33;
	p.part[2].data = data + 54;
	p.part[2].len = 45;
	assert_true(ip_checksum_ok(&p));
	data[50] ^= 1;
	assert_false(ip_checksum_ok(&p));
	p.csum_ok = true;
	assert_true(ip_checksum_ok(&p));
}

/* ---- Timers ---- */

static unsigned fired[3];
static struct net_timer timers[3];

static void fire(struct net_timer *timer)
{
	fired[timer - timers]++;
}

static void fire_and_restart(struct net_timer *timer)
{
	fired[timer - timers]++;
	net_timer_start(timer, clock_ms());
}

static void timers_fire_in_time(void **state)
{
	uint64_t now = clock_ms();

	memset(timers, 0, sizeof(timers));
	memset(fired, 0, sizeof(fired));
	for (unsigned i = 0; i < 3; i++)
		timers[i].expired = fire;
	net_timer_start(&timers[0], now + 100);
	net_timer_start(&timers[1], now + 50);
	net_timer_start(&timers[2], now + 70);
	net_timer_stop(&timers[2]);
	net_poll();
	assert_int_equal(fired[0] + fired[1] + fired[2], 0);
	host_clock_advance_ms(60);
	net_poll();
	assert_int_equal(fired[1], 1);
	assert_false(net_timer_running(&timers[1]));
	host_clock_advance_ms(60);
	net_poll();
	net_poll();
	assert_int_equal(fired[0], 1);
	assert_int_equal(fired[1], 1);
	assert_int_equal(fired[2], 0);
}

static void a_timer_that_restarts_does_not_hang(void **state)
{
	memset(timers, 0, sizeof(timers));
	memset(fired, 0, sizeof(fired));
	timers[0].expired = fire_and_restart;
	net_timer_start(&timers[0], 1);
	net_poll();
	assert_true(fired[0] >= 1);
	net_timer_stop(&timers[0]);
}

static void waiting_ends_by_deadline_or_key(void **state)
{
	uint64_t start = clock_ms();

	assert_int_equal(wait_until(false, start + 500), E_TIMEOUT);
	assert_true(clock_ms() - start >= 500 && clock_ms() - start < 520);
	host_keys("x\003");
	assert_int_equal(wait_until(false, DEADLINE_NEVER), E_CANCELLED);
	assert_int_equal(console_key(), 'x');
	assert_int_equal(wait_until(true, 0), 0);
}

/* ---- Routes ---- */

static void check_route(uint32_t dest, uint32_t expected_hop)
{
	uint32_t hop = 0;

	assert_non_null(netif_route(dest, &hop));
	assert_int_equal(hop, expected_hop);
}

static void routes_by_longest_prefix(void **state)
{
	uint32_t hop;

	check_route(PEER_IP, PEER_IP);
	check_route(0x08080808, GW_IP);
	/* 10.0.0.0/8 by 192.0.2.1, 10.1.0.0/16 by 192.0.2.2, default by 192.0.2.3 */
	set("net0/gateway", "");
	set("net0/static-routes", "08:0a:c0:00:02:01:10:0a:01:c0:00:02:02:00:c0:00:02:03");
	check_route(0x0a020304, 0xc0000201);
	check_route(0x0a010304, 0xc0000202);
	check_route(0x08080808, 0xc0000203);
	check_route(PEER_IP, PEER_IP);
	set("net0/static-routes", "");
	assert_null(netif_route(0x08080808, &hop));
	assert_int_equal(netif_no_route(0x08080808), E_NET_NO_ROUTE);
	assert_non_null(strstr(error_text(), "no gateway"));
}

static void option_121_replaces_the_server_s_gateway(void **state)
{
	static const uint8_t gateway[] = {192, 0, 2, 254}, routes[] = {8, 10, 192, 0, 2, 1};
	uint32_t hop;

	set("net0/gateway", "");
	setting_store_raw("net0.dhcp", "gateway", "ipv4", gateway, 4, SOURCE_DHCP);
	check_route(0x08080808, GW_IP);
	setting_store_raw("net0.dhcp", "static-routes", "hex", routes, sizeof(routes), SOURCE_DHCP);
	check_route(0x0a010203, 0xc0000201);
	assert_null(netif_route(0x08080808, &hop));
	/* What the user says counts all the same. */
	set("net0/gateway", "192.0.2.9");
	check_route(0x08080808, 0xc0000209);
	check_route(0x0a010203, 0xc0000201);
}

static void global_values_are_for_one_card(void **state)
{
	struct nic *second = host_card_add(0, record);

	assert_int_equal(nic_open(second), 0);
	setting_store("net0.dhcp/ip", "192.0.2.60", SOURCE_DHCP);
	set("net0/ip", "");
	set("ip", "198.51.100.7");
	assert_int_equal(second->netif->address, 0xc6336407);
	assert_int_equal(nic->netif->address, 0xc000023c);
	nic_close(second);
	netif_configure_all();
	assert_int_equal(nic->netif->address, 0xc6336407);
	assert_int_equal(second->netif->address, 0);
}

static void host_lease_with_a_gateway_outside(void **state)
{
	set("net0/netmask", "255.255.255.255");
	set("net0/gateway", "10.0.0.1");
	check_route(0x08080808, 0x0a000001);
	check_route(0x0a000001, 0x0a000001);
	check_route(PEER_IP, 0x0a000001);
}

static void on_link_routes_of_option_121(void **state)
{
	set("net0/gateway", "");
	/* 198.51.100.0/24 on link (gateway 0), 0/0 by 198.51.100.1 */
	set("net0/static-routes", "18:c6:33:64:00:00:00:00:00:c6:33:64:01");
	check_route(0xc6336407, 0xc6336407);
	check_route(0x08080808, 0xc6336401);
}

static void malformed_static_routes_are_survived(void **state)
{
	set("net0/gateway", "");
	set("net0/static-routes", "21:0a:c0:00:02:01");
	assert_non_null(strstr(host_output(), "malformed"));
	set("net0/static-routes", "08:0a:c0");
	check_route(PEER_IP, PEER_IP);
}

/* Every store reads all settings again. */
static void complaints_are_made_once(void **state)
{
	char routes[20 * 24] = "";

	for (unsigned i = 1; i <= 20; i++)
		format_append(routes, sizeof(routes), "%s18:0a:00:%02x:c0:00:02:01",
			      i > 1 ? ":" : "", i);
	set("net0/static-routes", routes);
	assert_string_equal(strstr(host_output(), "net0: more than"),
			    "net0: more than 16 routes, the rest is ignored\n");
	set("net0/static-routes", "21");
	set("net0/netmask", "255.0.255.0");
	host_output_clear();
	set("unrelated", "1");
	assert_string_equal(host_output(), "");
	set("net0/netmask", "255.255.255.0");
	set("net0/netmask", "255.0.255.0");
	assert_non_null(strstr(host_output(), "holes"));
	assert_null(strstr(host_output(), "malformed"));
}

static void classful_masks(void **state)
{
	set("net0/netmask", "");
	assert_int_equal(nic->netif->netmask, 0xffffff00);
	set("net0/ip", "10.1.2.3");
	assert_int_equal(nic->netif->netmask, 0xff000000);
	set("net0/ip", "172.16.2.3");
	assert_int_equal(nic->netif->netmask, 0xffff0000);
	set("net0/netmask", "255.0.255.0");
	assert_int_equal(nic->netif->netmask, 0xffff0000);
}

static void route_command_prints_like_ipxe(void **state)
{
	host_output_clear();
	netif_print_routes();
	assert_string_equal(host_output(), "net0: 192.0.2.57/255.255.255.0 gw 192.0.2.254\n");
	nic_close(nic);
	host_output_clear();
	netif_print_routes();
	assert_string_equal(host_output(),
			    "net0: 192.0.2.57/255.255.255.0 gw 192.0.2.254 (inaccessible)\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(checksum_matches_the_definition),
		TEST(checksum_over_odd_parts),
		TEST(timers_fire_in_time),
		TEST(a_timer_that_restarts_does_not_hang),
		TEST(waiting_ends_by_deadline_or_key),
		TEST(routes_by_longest_prefix),
		TEST(option_121_replaces_the_server_s_gateway),
		TEST(global_values_are_for_one_card),
		TEST(host_lease_with_a_gateway_outside),
		TEST(on_link_routes_of_option_121),
		TEST(malformed_static_routes_are_survived),
		TEST(complaints_are_made_once),
		TEST(classful_masks),
		TEST(route_command_prints_like_ipxe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
