/* SPDX-License-Identifier: BSD-2-Clause */
/* PXE boot menus, boot servers, and boot loops. */
#define _GNU_SOURCE /* memmem */
#include "test/unit/dhcp_peer.h"
#include "bios/physical.h"
#include "boot/pxe_menu.h"
#include "boot/self.h"
#include "lib/version.h"

#define OTHER 0xc0000209u

static struct options inside; /* of option 43 */

static void boot_servers(uint16_t type, uint32_t address)
{
	uint8_t value[7];

	put_be16(value, type);
	value[2] = 1;
	put_be32(value + 3, address);
	add_option(&inside, PXE_BOOT_SERVERS, value, sizeof(value));
}

static void menu_item(uint16_t type, const char *text)
{
	uint8_t value[255];
	size_t len = strlen(text);

	put_be16(value, type);
	value[2] = (uint8_t)len;
	memcpy(value + 3, text, len);
	add_option(&inside, PXE_BOOT_MENU, value, len + 3);
}

static void prompt(uint8_t timeout, const char *text)
{
	uint8_t value[255] = {timeout};

	memcpy(value + 1, text, strlen(text));
	add_option(&inside, PXE_MENU_PROMPT, value, strlen(text) + 1);
}

static void control(uint8_t bits)
{
	add_option(&inside, PXE_DISCOVERY_CONTROL, &bits, 1);
}

/* As if net0 had a lease from a PXE server that says what is in `inside`. */
static void use_offer(void)
{
	assert_int_equal(nic_open(cards[0]), 0);
	setting_store("net0/ip", "192.0.2.100", SOURCE_SCRIPT);
	setting_store("net0/netmask", "255.255.255.0", SOURCE_SCRIPT);
	setting_store_raw("net0.dhcp", "60", NULL, "PXEClient", 9, SOURCE_DHCP);
	setting_store_raw("net0.dhcp", "43", NULL, inside.data, inside.len, SOURCE_DHCP);
	netif_configure_all();
}

/* A boot server that answers for @type. */
static struct server *boot_server(uint32_t address, uint16_t type, uint16_t port)
{
	struct server *s = &servers[0][servers[0][0].address ? 1 : 0];
	uint8_t item[] = {PXE_BOOT_ITEM, 4, (uint8_t)(type >> 8), (uint8_t)type, 0, 0};

	*s = (struct server){.address = address,
			     .yiaddr = 0xc0000264,
			     .siaddr = address,
			     .port = port,
			     .offer_delay = -1,
			     .ack_delay = 2};
	memcpy(s->file, "boot.0", 6);
	add_option(&s->options, TAG_VENDOR_INFO, item, sizeof(item));
	return s;
}

static int pxe_setup(void **state)
{
	memset(&inside, 0, sizeof(inside));
	return setup(state);
}

static int pxe_teardown(void **state)
{
	host_turn = NULL;
	netif_close(cards[0]);
	return teardown(state);
}

/* ---- Option 43 ---- */

static void an_offer_is_read(void **state)
{
	static const uint8_t group[] = {224, 0, 1, 2};
	struct pxe_offer offer;

	control(PXE_ONLY_LISTED);
	add_option(&inside, PXE_MULTICAST, group, 4);
	boot_servers(7, SERVER);
	boot_servers(8, 0x7f000001); /* no host */
	menu_item(7, "Linux\033[2J");
	menu_item(0, "Local");
	prompt(5, "Press F8");
	pxe_offer_parse(&offer, inside.data, inside.len);
	assert_int_equal(offer.control, PXE_ONLY_LISTED);
	assert_int_equal(offer.multicast, 0xe0000102);
	assert_int_equal(offer.server_count, 1);
	assert_int_equal(offer.server[0].type, 7);
	assert_int_equal(offer.item_count, 2);
	assert_string_equal(offer.item[0].text, "Linux?[2J");
	assert_true(offer.has_prompt);
	assert_int_equal(offer.timeout, 5);
	assert_string_equal(offer.prompt, "Press F8");
}

/* Lengths that lie, at any place: what is whole is taken. */
static void damaged_offers(void **state)
{
	static const uint8_t lies[] = {
		PXE_BOOT_MENU, 6,   0, 1, 200, 'a', 'b', 'c', PXE_BOOT_SERVERS, 8, 0, 1,
		255,	       192, 0, 2, 1,   192};
	struct pxe_offer offer;

	pxe_offer_parse(&offer, lies, sizeof(lies));
	assert_int_equal(offer.item_count, 0);
	assert_int_equal(offer.server_count, 1);
	for (unsigned i = 0; i < 90; i++)
		menu_item(1, "x");
	boot_servers(1, SERVER);
	for (size_t len = 0; len <= inside.len; len++)
		pxe_offer_parse(&offer, inside.data, len);
	assert_int_equal(offer.item_count, PXE_ITEMS_MAX);
	assert_int_equal(offer.server_count, 1);
	pxe_offer_parse(&offer, (const uint8_t[]){PXE_MULTICAST, 4, 192, 0, 2, 1}, 6);
	assert_int_equal(offer.multicast, 0);
}

/* ---- Boot servers ---- */

static uint64_t discovery_took;

static int discover(uint16_t type)
{
	uint64_t start = clock_ms();
	int rc;

	use_offer();
	rc = boot_server_discover(cards[0], type);
	discovery_took = clock_ms() - start;
	return rc;
}

static void found_by_broadcast(void **state)
{
	static const uint8_t item[] = {43, 7, 71, 4, 0, 3, 0, 0, 255};

	boot_server(SERVER, 3, 67);
	assert_int_equal(discover(3), 0);
	assert_int_equal(last_dest, 0xffffffff);
	assert_int_equal(get_be32(last_packet + 12), 0xc0000264);
	assert_non_null(memmem(last_packet, last_len, item, sizeof(item)));
	assert_string_equal(text_of("pxebs/filename"), "boot.0");
	assert_string_equal(text_of("pxebs/next-server"), "192.0.2.1");
	assert_string_equal(host_output(), "Boot server of type 3 (net0). ok (192.0.2.1)\n");
}

static void found_by_multicast(void **state)
{
	static const uint8_t group[] = {224, 0, 1, 2};

	add_option(&inside, PXE_MULTICAST, group, 4);
	boot_server(SERVER, 3, PXE_SERVER_PORT);
	assert_int_equal(discover(3), 0);
	assert_int_equal(last_dest, 0xe0000102);
	assert_string_equal(text_of("pxebs/filename"), "late.0");
}

static void found_in_the_list(void **state)
{
	control(PXE_NO_BROADCAST | PXE_NO_MULTICAST);
	boot_servers(4, OTHER);
	boot_servers(3, PROXY);
	boot_server(PROXY, 3, PXE_SERVER_PORT);
	assert_int_equal(discover(3), 0);
	assert_int_equal(last_dest, PROXY);
	assert_string_equal(text_of("pxebs/next-server"), "192.0.2.5");
}

static void only_those_that_are_listed(void **state)
{
	control(PXE_ONLY_LISTED);
	boot_servers(3, PROXY);
	boot_server(OTHER, 3, 67);
	assert_int_equal(discover(3), E_PXEBS_NO_ANSWER);
	assert_string_equal(text_of("pxebs/filename"), "");
	assert_true(discovery_took < 9500);
}

static void answers_for_others(void **state)
{
	boot_server(SERVER, 4, 67);
	assert_int_equal(discover(3), E_PXEBS_NO_ANSWER);
	assert_true(discovery_took < 3500);
	assert_non_null(strstr(host_output(), " failed\n"));
}

static void nowhere_to_ask(void **state)
{
	control(PXE_NO_BROADCAST | PXE_NO_MULTICAST);
	boot_servers(4, PROXY);
	assert_int_equal(discover(3), E_PXEBS_NOWHERE);
	assert_int_equal(nic_open(cards[1]), 0);
	assert_int_equal(boot_server_discover(cards[1], 3), E_NET_NO_ADDRESS);
}

static void ctrl_c_ends_the_search(void **state)
{
	host_keys("\003");
	assert_int_equal(discover(3), E_CANCELLED);
	assert_true(discovery_took < 1000);
}

/* ---- Menus ---- */

static struct pxe_offer parsed;

static int choose(uint16_t *type)
{
	pxe_offer_parse(&parsed, inside.data, inside.len);
	return pxe_menu_choose(&parsed, type);
}

static void the_countdown_takes_the_first(void **state)
{
	uint64_t start = clock_ms();
	uint16_t type;

	menu_item(5, "Five");
	menu_item(6, "Six");
	prompt(4, "Press F8");
	assert_int_equal(choose(&type), 0);
	assert_int_equal(type, 5);
	assert_in_range(clock_ms() - start, 3900, 4500);
	assert_non_null(strstr(host_output(), "Press F8 (1)"));
	start = clock_ms();
	host_keys("x");
	assert_int_equal(choose(&type), 0);
	assert_int_equal(type, 5);
	assert_true(clock_ms() - start < 500);
}

static void f8_opens_the_menu(void **state)
{
	uint16_t type;

	menu_item(5, "Five");
	menu_item(0, "Local");
	prompt(4, "Press F8");
	host_key(KEY_F1 + 7);
	host_key(KEY_DOWN);
	host_keys("\r");
	assert_int_equal(choose(&type), 0);
	assert_int_equal(type, PXE_TYPE_LOCAL);
	host_keys("\033");
	assert_int_equal(choose(&type), E_CANCELLED);
	host_keys("\003");
	assert_int_equal(choose(&type), E_CANCELLED);
	host_key(KEY_F1 + 7);
	host_keys("\003");
	assert_int_equal(choose(&type), E_CANCELLED);
}

static void when_there_is_no_countdown(void **state)
{
	uint16_t type;

	menu_item(5, "Five");
	assert_int_equal(choose(&type), 0); /* one entry, no prompt */
	assert_int_equal(type, 5);
	menu_item(6, "Six");
	host_key(KEY_DOWN);
	host_keys("\r");
	assert_int_equal(choose(&type), 0); /* several: the menu */
	assert_int_equal(type, 6);
	prompt(PXE_WAIT_FOREVER, "Press F8");
	host_key(KEY_DOWN);
	host_keys("\r");
	assert_int_equal(choose(&type), 0);
	assert_int_equal(type, 6);
	inside.len = 0;
	menu_item(7, "Seven");
	menu_item(8, "Eight");
	prompt(0, "At once");
	assert_int_equal(choose(&type), 0);
	assert_int_equal(type, 7);
}

static void when_a_menu_is_wanted(void **state)
{
	struct pxe_offer offer;

	control(PXE_USE_FILENAME);
	use_offer();
	assert_false(pxe_menu_wanted(cards[0], &offer));
	menu_item(5, "Five");
	use_offer();
	assert_true(pxe_menu_wanted(cards[0], &offer));
	setting_store("net0.dhcp/filename", "x", SOURCE_DHCP);
	assert_false(pxe_menu_wanted(cards[0], &offer)); /* the server prefers its file */
	inside.len = 0;
	menu_item(5, "Five");
	use_offer();
	assert_true(pxe_menu_wanted(cards[0], &offer));
	setting_store("skip-pxe-menu", "1", SOURCE_SCRIPT);
	assert_false(pxe_menu_wanted(cards[0], &offer));
	setting_store("skip-pxe-menu", "", SOURCE_SCRIPT);
	setting_store("filename", "mine", SOURCE_SCRIPT);
	assert_false(pxe_menu_wanted(cards[0], &offer));
	setting_store("filename", "", SOURCE_SCRIPT);
	setting_store_raw("net0.dhcp", "60", NULL, "MSFT 5.0", 8, SOURCE_DHCP);
	assert_false(pxe_menu_wanted(cards[0], &offer));
}

/* ---- PXE servers that give the lease themselves ---- */

static void a_pxe_lease_without_a_file(void **state)
{
	struct server *s = plain_server(0), *pxe = boot_server(PROXY, 0, PXE_SERVER_PORT);

	add_text(&s->options, TAG_VENDOR_CLASS, "PXEClient");
	s->siaddr = PROXY;
	pxe->yiaddr = 0;
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(pxe_requests[0], 1);
	assert_int_equal(last_dest, PROXY);
	assert_string_equal(text_of("proxydhcp/filename"), "late.0");
	/* Nobody there: a while, and no more. */
	memset(pxe, 0, sizeof(*pxe));
	dhcp_lease_end(cards[0]);
	assert_int_equal(dhcp(1), 0);
	assert_string_equal(text_of("proxydhcp/filename"), "");
	assert_true(took < 2500);
}

static void a_menu_from_a_proxy(void **state)
{
	struct pxe_offer offer;

	menu_item(5, "Five");
	plain_server(0);
	add_option(&proxy_server(0, 5)->options, TAG_VENDOR_INFO, inside.data, inside.len);
	assert_int_equal(dhcp(1), 0);
	assert_int_equal(pxe_requests[0], 0); /* a menu says what to boot */
	assert_true(pxe_menu_wanted(cards[0], &offer));
	assert_string_equal(offer.item[0].text, "Five");
}

/* ---- Loops ---- */

static uint8_t memory[0x1000];

static void loops_by_name(void **state)
{
	char why[200];

	assert_false(self_started_by("tftp://192.0.2.1/ipxe.lkrn", why, sizeof(why)));
	setting_store("BOOT_IMAGE", "/boot/ipxe.lkrn", SOURCE_LOADER);
	assert_true(self_started_by("tftp://192.0.2.1/x/IPXE.LKRN?v=1", why, sizeof(why)));
	assert_false(self_started_by("tftp://192.0.2.1/boot.ipxe", why, sizeof(why)));
	assert_false(self_started_by("tftp://192.0.2.1/", why, sizeof(why)));
}

static void loops_by_mark(void **state)
{
	const char *file = "tftp://192.0.2.1/pxelinux.0";
	char why[200];

	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	self_mark(file);
	self_start();
	assert_true(self_started_by(file, why, sizeof(why)));
	assert_string_equal(why, "DHCP names pxelinux.0, which has just started this firmware");
	assert_false(self_started_by("tftp://192.0.2.1/other.0", why, sizeof(why)));
	host_clock_advance_ms(200000);
	assert_false(self_started_by(file, why, sizeof(why))); /* somebody took his time */
	self_mark(file);
	self_unmark();
	self_start();
	assert_false(self_started_by(file, why, sizeof(why)));
	physical_memory = NULL;
	physical_memory_size = 0;
}

static void loops_by_content(void **state)
{
	uint8_t data[0x300] = {0};
	struct image image = {.data = data, .len = sizeof(data)};

	assert_false(self_is(&image));
	memcpy(data + 0x202, "HdrS", 4);
	put_le16(data + 0x20e, 0x80);
	snprintf((char *)data + 0x280, 0x80, "ipxe.lkrn %s", version);
	assert_true(self_is(&image));
	data[0x280 + strlen("ipxe.lkrn ")]++;
	assert_false(self_is(&image));
	put_le16(data + 0x20e, 0xffff);
	assert_false(self_is(&image));
	image.len = 0x20f;
	assert_false(self_is(&image));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define PXE_TEST(f) cmocka_unit_test_setup_teardown(f, pxe_setup, pxe_teardown)
		PXE_TEST(an_offer_is_read),	  PXE_TEST(damaged_offers),
		PXE_TEST(found_by_broadcast),	  PXE_TEST(found_by_multicast),
		PXE_TEST(found_in_the_list),	  PXE_TEST(only_those_that_are_listed),
		PXE_TEST(answers_for_others),	  PXE_TEST(nowhere_to_ask),
		PXE_TEST(ctrl_c_ends_the_search), PXE_TEST(the_countdown_takes_the_first),
		PXE_TEST(f8_opens_the_menu),	  PXE_TEST(when_there_is_no_countdown),
		PXE_TEST(when_a_menu_is_wanted),  PXE_TEST(a_pxe_lease_without_a_file),
		PXE_TEST(a_menu_from_a_proxy),	  PXE_TEST(loops_by_name),
		PXE_TEST(loops_by_mark),	  PXE_TEST(loops_by_content),
#undef PXE_TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
