/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP on several cards: which answer is taken, how long nobody waits, what is closed. */
#include "boot/boot.h"
#include "cmdline/command.h"
#include "test/unit/dhcp_peer.h"

static void boot_from(struct server *s)
{
	add_text(&s->options, TAG_FILENAME, "http://192.0.2.1/boot.ipxe");
}

static void unplug(unsigned card)
{
	host_card_link(cards[card], false);
}

static bool chosen(const char *name)
{
	char text[24];

	snprintf(text, sizeof(text), " ok (%s)\n", name);
	return strstr(host_output(), text);
}

static unsigned open_cards(void)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < CARDS; i++)
		bits |= (unsigned)cards[i]->open << i;
	return bits;
}

/* ---- The best answer ---- */

static void a_cable_that_is_out_costs_no_time(void **state)
{
	boot_from(plain_server(2));
	unplug(0);
	unplug(1);
	unplug(3);
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net2"));
	assert_true(took < 50);
	assert_int_equal(discovers[0] + discovers[1] + discovers[3], 0);
	assert_int_equal(open_cards(), 4);
	/* Nor when the answer gives only an address: what is waited for then is a proxy. */
	netif_close(cards[2]);
	plain_server(2);
	assert_int_equal(dhcp(4), 0);
	assert_true(took < 200);
}

static void boot_information_wins_over_an_address(void **state)
{
	plain_server(0);
	boot_from(plain_server(1));
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net1"));
	assert_true(took < 50);
	assert_int_equal(requests[0], 0);
	assert_int_equal(requests[1], 1);
	assert_int_equal(open_cards(), 2);
}

static void boot_information_wins_over_speed(void **state)
{
	struct server *s;

	plain_server(0);
	s = plain_server(1);
	s->offer_delay = 900;
	boot_from(s);
	unplug(2);
	unplug(3);
	assert_int_equal(dhcp(4), 0);
	assert_true(took < 1100);
	assert_true(chosen("net1"));
	assert_int_equal(open_cards(), 2);
	assert_int_equal(requests[0], 0);
}

static void any_answer_after_two_seconds(void **state)
{
	plain_server(0);
	assert_int_equal(dhcp(3), 0);
	assert_true(took >= 2000 && took < 2500);
	assert_int_equal(open_cards(), 1);
	/* When all others have answered too, nobody is waited for. */
	plain_server(1);
	plain_server(2);
	netif_close(cards[0]);
	assert_int_equal(dhcp(3), 0);
	assert_true(took < 300);
}

static void the_first_of_equals(void **state)
{
	boot_from(plain_server(1));
	boot_from(plain_server(3));
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net1"));
}

static void a_higher_priority_wins(void **state)
{
	static const uint8_t priority[] = {1, 1, 5};
	struct server *s;

	boot_from(plain_server(0));
	servers[0][0].offer_delay = 20;
	s = plain_server(1);
	boot_from(s);
	add_option(&s->options, TAG_IPXE, priority, sizeof(priority));
	s->offer_delay = 20;
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
}

/* "No proxy will say what to boot" is not what to boot. */
static void no_pxedhcp_is_no_boot_information(void **state)
{
	static const uint8_t no_pxedhcp[] = {176, 1, 1};

	add_option(&plain_server(0)->options, TAG_IPXE, no_pxedhcp, sizeof(no_pxedhcp));
	boot_from(plain_server(1));
	servers[1][0].offer_delay = 500;
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
}

static void a_proxy_decides_for_its_card(void **state)
{
	plain_server(0);
	plain_server(1);
	memcpy(proxy_server(1, 40)->file, "pxe.0", 5);
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
	assert_true(took < 150);
	assert_string_equal(text_of("filename"), "pxe.0");
}

static uint64_t plug_at;
static unsigned plug_card;

static void plug_late(void)
{
	host_card_link(cards[plug_card], clock_ms() >= plug_at);
	deliver_due();
}

static void late(unsigned card, unsigned ms)
{
	plug_card = card;
	plug_at = clock_ms() + ms;
	host_turn = plug_late;
	unplug(card);
}

static void a_late_cable_is_noticed(void **state)
{
	boot_from(plain_server(2));
	late(2, 20000);
	assert_int_equal(dhcp(4), 0); /* the others have links and are silent */
	assert_true(chosen("net2"));
	assert_true(took >= 20000 && took < 20200);
}

static void a_timeout_counts_for_the_link(void **state)
{
	struct dhcp_options options = {.timeout_ms = 30000};
	uint64_t start = clock_ms();

	boot_from(plain_server(1));
	unplug(0);
	late(1, 25000);
	assert_int_equal(dhcp_run(cards, 2, &options), 0);
	assert_true(chosen("net1"));
	netif_close(cards[1]);
	unplug(1);
	host_turn = deliver_due;
	start = clock_ms();
	assert_int_equal(dhcp_run(cards, 2, &options), E_NET_NO_LINK);
	assert_true(clock_ms() - start >= 30000 && clock_ms() - start < 30100);
}

/* A refused card does not keep the others from being used. */
static void a_refusal_moves_on(void **state)
{
	boot_from(plain_server(0));
	servers[0][0].nak = true;
	boot_from(plain_server(1));
	servers[1][0].offer_delay = 300;
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
	assert_true(took < 1000);
}

/* ---- nic= and BOOTIF= ---- */

static void prefer(const char *name, const char *value)
{
	assert_int_equal(setting_store(name, value, SOURCE_CMDLINE), 0);
}

static void the_preferred_card_is_awaited(void **state)
{
	boot_from(plain_server(0));
	plain_server(1)->offer_delay = 3000;
	prefer("nic", "net1");
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
	assert_null(strstr(host_output(), "asks for"));
	netif_close(cards[1]);
	/* But not for ever. */
	servers[1][0].offer_delay = -1;
	assert_int_equal(dhcp(2), 0);
	assert_true(took >= 10000 && took < 12500);
	assert_non_null(strstr(host_output(),
			       " ok (net0)\nnet1, which nic= or BOOTIF= asks for, has no lease\n"));
}

static void the_preferred_card_waits_for_no_other(void **state)
{
	plain_server(1);
	prefer("BOOTIF", "01-52-54-00-12-34-57");
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net1"));
	assert_true(took < 200);
}

/* A negotiation takes 2 to 4 s; after that no cable is there. */
static void a_preferred_card_without_link(void **state)
{
	boot_from(plain_server(0));
	boot_from(plain_server(1));
	prefer("nic", "00:1f.1");
	late(1, 3000);
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
	netif_close(cards[1]);
	unplug(1);
	host_turn = deliver_due;
	assert_int_equal(dhcp(2), 0);
	assert_true(took >= 5000 && took < 5200);
	assert_non_null(strstr(host_output(), "net1, which nic= or BOOTIF= asks for, has no link"));
}

static uint64_t forwards_at;

static void forward_late(void)
{
	servers[1][0].offer_delay = clock_ms() < forwards_at ? -1 : 1;
	deliver_due();
}

static void a_preferred_port_that_does_not_forward_yet(void **state)
{
	boot_from(plain_server(0));
	boot_from(plain_server(1));
	prefer("nic", "net1");
	forwards_at = clock_ms() + 30000;
	netif_for(cards[1])->blocked_until = forwards_at;
	host_turn = forward_late;
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
	assert_true(took >= 30000 && took < 31000);
}

static void several_preferred_cards(void **state)
{
	plain_server(0);
	boot_from(plain_server(1));
	servers[1][0].offer_delay = 500;
	prefer("nic", "1234:5678");
	assert_int_equal(dhcp(2), 0);
	assert_true(chosen("net1"));
}

static void a_short_timeout_leaves_time_for_the_others(void **state)
{
	struct dhcp_options options = {.timeout_ms = 4000};

	boot_from(plain_server(0));
	prefer("nic", "net1");
	assert_int_equal(dhcp_run(cards, 2, &options), 0);
	assert_true(chosen("net0"));
}

/* ---- What stays open ---- */

static void another_card_afterwards(void **state)
{
	boot_from(plain_server(0));
	plain_server(1);
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net0"));
	assert_string_equal(text_of("netX/ifname"), "net0");
	assert_int_equal(dhcp_run(&cards[1], 1, NULL), 0);
	assert_int_equal(open_cards(), 3);
	assert_string_equal(text_of("netX/ifname"), "net1");
	assert_string_equal(text_of("net1/ip"), "192.0.2.101");
	assert_string_equal(text_of("net0/ip"), "192.0.2.100");
	assert_string_equal(text_of("filename"), "http://192.0.2.1/boot.ipxe");
}

static void what_a_script_opened_stays_open(void **state)
{
	boot_from(plain_server(0));
	assert_int_equal(nic_open(cards[2]), 0);
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net0"));
	assert_int_equal(open_cards(), 5);
}

static void without_a_lease_all_close(void **state)
{
	assert_int_equal(nic_open(cards[2]), 0);
	setting_store("net3/ip", "192.0.2.7", SOURCE_SCRIPT);
	assert_int_equal(nic_open(cards[3]), 0);
	assert_int_equal(dhcp(4), E_DHCP_NO_ANSWER);
	assert_int_equal(open_cards(), 8); /* it has an address */
}

static void a_card_that_cannot_listen_closes(void **state)
{
	struct udp_socket other = {0};

	assert_int_equal(udp_open(&other, DHCP_CLIENT_PORT, cards[0], NULL, NULL), 0);
	boot_from(plain_server(1));
	assert_int_equal(dhcp(2), 0);
	assert_int_equal(open_cards(), 2);
	udp_close(&other);
}

static void leases_of_other_cards_live_on(void **state)
{
	struct server *s = plain_server(0);

	s->address = 0x0a000001; /* a network of its own */
	s->yiaddr = 0x0a000002;
	s->options.len = 0;
	add_u32(&s->options, TAG_LEASE_TIME, 600);
	assert_int_equal(dhcp_run(&cards[0], 1, NULL), 0);
	s->offer_delay = -1;
	boot_from(plain_server(1));
	assert_int_equal(dhcp(4), 0);
	assert_true(chosen("net1"));
	assert_int_equal(open_cards(), 3);
	host_turn_us = 100000;
	(void)wait_until(false, clock_ms() + 310000);
	assert_int_equal(renewals[0], 1);
}

/* A boot sector ran, without the network, and gave up. */
static void leases_outlive_a_boot_sector(void **state)
{
	struct nic *open[NIC_CARDS_MAX];
	struct server *s = plain_server(0);
	unsigned count;

	assert_int_equal(nic_open(cards[2]), 0);
	add_u32(&s->options, TAG_LEASE_TIME, 600);
	assert_int_equal(dhcp_run(&cards[0], 1, NULL), 0);
	count = nic_all_open(open);
	assert_int_equal(count, 2);
	nic_close_all();
	assert_int_equal(open_cards(), 0);
	nic_reopen(open, count);
	assert_int_equal(open_cards(), 5);
	assert_string_equal(text_of("netX/ifname"), "net0");
	host_turn_us = 100000;
	(void)wait_until(false, clock_ms() + 310000);
	assert_int_equal(renewals[0], 1);
}

/* ---- iflinkwait ---- */

static void iflinkwait_watches_all_cards(void **state)
{
	uint64_t start = clock_ms();

	for (unsigned i = 0; i < CARDS; i++)
		unplug(i);
	late(2, 12000);
	assert_int_equal(command_line("iflinkwait"), 0);
	assert_true(clock_ms() - start < 12200);
	assert_int_equal(open_cards(), 4);
	assert_string_equal(text_of("netX/ifname"), "net2");
	host_turn = NULL;
	unplug(2);
	assert_int_equal(wait_turn(DEADLINE_NEVER), 0); /* it is seen */
	assert_int_equal(command_line("iflinkwait -t 3000 net0 net2"), E_NET_NO_LINK);
	assert_non_null(strstr(host_output(), "Waiting for link-up on net0 net2... failed"));
}

/* ---- autoboot ---- */

/* The link of the card that says what to boot came too late for the choice. */
static void autoboot_goes_on_with_the_other_cards(void **state)
{
	plain_server(0);
	add_text(&plain_server(1)->options, TAG_FILENAME, "second.0");
	late(1, 2500);
	unplug(2);
	unplug(3);
	assert_int_not_equal(autoboot(cards, CARDS), 0);
	assert_true(chosen("net0"));
	assert_non_null(strstr(host_output(), "Nothing to boot"));
	assert_non_null(strstr(host_output(), "Trying the other cards\n"));
	assert_true(chosen("net1"));
	assert_non_null(strstr(host_output(), "Filename: second.0\n"));
	assert_int_equal(requests[0], 1);
	assert_int_equal(requests[1], 1);
	assert_string_equal(text_of("net0.dhcp/ip"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cable_that_is_out_costs_no_time),
		TEST(boot_information_wins_over_an_address),
		TEST(boot_information_wins_over_speed),
		TEST(any_answer_after_two_seconds),
		TEST(the_first_of_equals),
		TEST(a_higher_priority_wins),
		TEST(no_pxedhcp_is_no_boot_information),
		TEST(a_proxy_decides_for_its_card),
		TEST(a_late_cable_is_noticed),
		TEST(a_timeout_counts_for_the_link),
		TEST(a_refusal_moves_on),
		TEST(the_preferred_card_is_awaited),
		TEST(the_preferred_card_waits_for_no_other),
		TEST(a_preferred_card_without_link),
		TEST(a_preferred_port_that_does_not_forward_yet),
		TEST(several_preferred_cards),
		TEST(a_short_timeout_leaves_time_for_the_others),
		TEST(another_card_afterwards),
		TEST(what_a_script_opened_stays_open),
		TEST(without_a_lease_all_close),
		TEST(a_card_that_cannot_listen_closes),
		TEST(leases_of_other_cards_live_on),
		TEST(leases_outlive_a_boot_sector),
		TEST(iflinkwait_watches_all_cards),
		TEST(autoboot_goes_on_with_the_other_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
