/* SPDX-License-Identifier: BSD-2-Clause */
/* The core of cards: names, netX, choice by nic= and BOOTIF=, buffers, settings, unknown cards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "nic/nic.h"
#include "test/host/host.h"

static unsigned probed;
static int open_result;
static unsigned ring_accesses;

static int fake_open(struct nic *nic)
{
	return open_result ? fail(open_result, "it stays down") : 0;
}

static void fake_close(struct nic *nic)
{
}

static void fake_poll(struct nic *nic, unsigned budget)
{
}

static void fake_reap(struct nic *nic)
{
	ring_accesses++;
}

static bool fake_transmit(struct nic *nic, struct tx_frame *frame)
{
	ring_accesses++;
	return false;
}

static const struct nic_ops fake_ops = {
	.open = fake_open,
	.close = fake_close,
	.poll = fake_poll,
	.reap = fake_reap,
	.transmit = fake_transmit,
};

static int fake_probe(struct nic *nic, const struct nic_id *id)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x00, 0x00, 0x00};

	if (id->flags)
		return fail(E_NIC_RESET, "it is broken");
	probed++;
	nic->ops = &fake_ops;
	memcpy(nic->mac, mac, 6);
	nic->mac[5] = (uint8_t)nic->pci.busdevfn;
	return 0;
}

static const struct nic_id fake_ids[] = {
	{0x4321, 0x0010, "fake A", 0},
	{0x4321, 0x0020, "fake B", 0},
	{0x4321, 0x0030, "fake broken", 1},
};

TABLE_ENTRY(nic_driver, fake_driver) = {"fake", fake_ids, ARRAY_SIZE(fake_ids), fake_probe};

static int setup(void **state)
{
	host_card_reset();
	host_probe_end();
	host_reset();
	settings_reset();
	host_clock_set_ms(1000);
	host_output_clear();
	open_result = 0;
	probed = 0;
	return 0;
}

static int teardown(void **state)
{
	host_probe_end();
	return 0;
}

static void plug(uint16_t busdevfn, uint16_t device)
{
	assert_non_null(host_pci_add(busdevfn, 0x4321, device, 0x020000));
}

static void test_names_in_pci_order(void **state)
{
	plug(0x0100, 0x0010);
	plug(0x0018, 0x0020);
	plug(0x0020, 0x0030); /* fails: told, and no name is used up */
	plug(0x0028, 0x9999);
	plug(0x0030, 0x0010);
	assert_int_equal(nic_probe_all(), 3);
	assert_int_equal(nic_find("net0")->pci.busdevfn, 0x0018);
	assert_int_equal(nic_find("net1")->pci.busdevfn, 0x0030);
	assert_int_equal(nic_find("net2")->pci.busdevfn, 0x0100);
	assert_null(nic_find("net3"));
	assert_null(nic_find("eth0"));
	assert_non_null(strstr(host_output(),
			       "fake broken at 00:04.0 (4321:0030): it is broken (E-NIC-03)"));
	/* Probing again finds nothing new. */
	assert_int_equal(nic_probe_all(), 3);
}

static void test_netx(void **state)
{
	char text[32];

	assert_null(nic_find("netX"));
	plug(0x0018, 0x0010);
	plug(0x0020, 0x0010);
	nic_probe_all();
	/* Valid before any card is open. */
	assert_string_equal(nic_find("netX")->name, "net0");
	assert_null(nic_latest());
	assert_int_equal(nic_open(nic_find("net1")), 0);
	assert_string_equal(nic_find("netX")->name, "net1");
	setting_text("", "netX/ifname", text, sizeof(text));
	assert_string_equal(text, "net1");
	nic_open(nic_find("net0"));
	assert_string_equal(nic_latest()->name, "net0");
	nic_close(nic_find("net0"));
	assert_string_equal(nic_latest()->name, "net1");
	nic_close(nic_find("net1"));
	assert_null(nic_latest());
	setting_text("", "netX/ifname", text, sizeof(text));
	assert_string_equal(text, "net0");
}

static bool prefers(const char *card, const char *setting, const char *value)
{
	bool yes;

	assert_int_equal(setting_store(setting, value, SOURCE_CMDLINE), 0);
	yes = nic_preferred(nic_find(card));
	setting_store(setting, "", SOURCE_CMDLINE);
	return yes;
}

static bool said(const char *text)
{
	return strstr(host_output(), text);
}

static void test_preferred(void **state)
{
	plug(0x0018, 0x0010);
	plug(0x0220, 0x0020);
	nic_probe_all();
	assert_false(nic_preferred(nic_find("net0")));
	assert_true(prefers("net1", "nic", "net1"));
	assert_false(prefers("net0", "nic", "net1"));
	assert_true(prefers("net1", "nic", "4321:0020"));
	assert_false(prefers("net0", "nic", "4321:0020"));
	assert_true(prefers("net1", "nic", "02:04.0"));
	assert_true(prefers("net1", "nic", "0000:02:04.0"));
	assert_false(prefers("net1", "nic", "02:04.1"));
	assert_true(prefers("net0", "nic", "52:54:00:00:00:18"));
	assert_true(prefers("net0", "nic", "52-54-00-00-00-18"));
	assert_true(prefers("net0", "nic", "01-52-54-00-00-00-18"));
	assert_true(prefers("net0", "BOOTIF", "01-52-54-00-00-00-18"));
	assert_false(prefers("net1", "BOOTIF", "01-52-54-00-00-00-18"));
	assert_false(prefers("net0", "nic", "52:54:00:00:00:1"));
	assert_false(prefers("net0", "nic", "52:54:00:00:00:18:00"));
	assert_false(prefers("net0", "nic", "zz"));
	/* nic= overrules what the loader booted from, and decides netX. */
	setting_store("BOOTIF", "01-52-54-00-00-00-18", SOURCE_LOADER);
	setting_store("nic", "net1", SOURCE_CMDLINE);
	assert_false(nic_preferred(nic_find("net0")));
	assert_string_equal(nic_find("netX")->name, "net1");
	assert_true(setting_number("", "netX/busloc", 0) == 0x0220);
	/* Also when a script changes its mind. */
	setting_store("nic", "net0", SOURCE_SCRIPT);
	assert_true(setting_number("", "netX/busloc", 0) == 0x0018);
}

/* A name that means nothing is said when it is set, and once. */
static void test_preference_without_a_card(void **state)
{
	plug(0x0018, 0x0010);
	setting_store("nic", "net7", SOURCE_CMDLINE);
	nic_probe_all();
	host_output_clear();
	nic_check_preference();
	assert_true(said("No card is net7, which nic= or BOOTIF= asks for"));
	host_output_clear();
	setting_store("word", "1", SOURCE_SCRIPT);
	assert_string_equal(host_output(), "");
	setting_store("nic", "net0", SOURCE_SCRIPT);
	assert_string_equal(host_output(), "");
	setting_store("nic", "net8", SOURCE_SCRIPT);
	assert_true(said("No card is net8,"));
}

static void test_hardware_settings(void **state)
{
	char text[64];

	plug(0x0118, 0x0010);
	nic_probe_all();
	setting_text("", "net0/mac", text, sizeof(text));
	assert_string_equal(text, "52:54:00:00:00:18");
	setting_text("", "net0/hwaddr", text, sizeof(text));
	assert_string_equal(text, "52:54:00:00:00:18");
	setting_text("", "net0/busid", text, sizeof(text));
	assert_string_equal(text, "01:43:21:00:10");
	setting_text("", "net0/chip", text, sizeof(text));
	assert_string_equal(text, "fake A");
	setting_text("", "net0/bustype", text, sizeof(text));
	assert_string_equal(text, "PCI");
	setting_text("", "net0/linktype", text, sizeof(text));
	assert_string_equal(text, "Ethernet");
	assert_int_equal(setting_number("", "net0/busloc", 0), 0x0118);
	/* Without scope: the card's, too. */
	setting_text("", "mac", text, sizeof(text));
	assert_string_equal(text, "52:54:00:00:00:18");
	assert_false(setting_exists("", "net1/mac"));
	setting_store("net0/mac", "02:00:00:00:00:01", SOURCE_SCRIPT);
	nic_open(nic_find("net0"));
	setting_text("", "net0/mac", text, sizeof(text));
	assert_string_equal(text, "02:00:00:00:00:01");
	setting_text("", "net0/hwaddr", text, sizeof(text));
	assert_string_equal(text, "52:54:00:00:00:18");
	nic_close(nic_find("net0"));
	/* A group address is refused, aloud. */
	setting_store("net0/mac", "03:00:00:00:00:01", SOURCE_SCRIPT);
	nic_open(nic_find("net0"));
	assert_int_equal(nic_find("net0")->mac[0], 0x52);
	assert_non_null(strstr(host_output(), "not a station address"));
}

static void test_unknown_cards_are_listed(void **state)
{
	plug(0x0018, 0x0028);
	host_pci_add(0x0020, 0xaaaa, 0xbbbb, 0x020000);
	host_pci_add(0x0028, 0xaaaa, 0xcccc, 0x030000); /* no network card */
	host_pci_add(0x0030, 0x4321, 0x0011, 0x028000); /* no Ethernet */
	plug(0x0038, 0x0030);
	assert_int_equal(nic_probe_all(), 0);
	host_output_clear();
	assert_int_equal(nic_none(), E_NIC_NONE);
	assert_string_equal(host_output(),
			    "No network card that this firmware can drive.\n"
			    "  00:03.0 4321:0028 (class 020000): no driver; nearest: fake\n"
			    "  00:04.0 aaaa:bbbb (class 020000): no driver\n"
			    "  00:06.0 4321:0011 (class 028000): no driver\n"
			    "  00:07.0 4321:0030 (class 020000): driver fake failed\n"
			    "  Try: bind VENDOR:DEVICE DRIVER\n");
	assert_non_null(strstr(error_text(), "no network card that a driver knows"));
}

static void test_no_network_device(void **state)
{
	assert_int_equal(nic_none(), E_NIC_NONE);
	assert_non_null(strstr(error_text(), "there is no PCI network device"));
	assert_true(said("There is no PCI network device"));
	assert_false(said("bind"));
}

static void test_bind(void **state)
{
	plug(0x0018, 0x0028);
	plug(0x0020, 0x0010);
	host_pci_add(0x0028, 0xaaaa, 0xcccc, 0x060000); /* a bridge */
	nic_probe_all();
	assert_int_equal(nic_bind(0x4321, 0x0028, "nosuch"), E_NIC_NO_DRIVER);
	assert_non_null(strstr(error_text(), "no driver is called \"nosuch\"; there are "));
	assert_non_null(strstr(error_text(), "fake"));
	assert_int_equal(nic_bind(0x4321, 0x0999, "fake"), E_NIC_NOT_FOUND);
	assert_non_null(strstr(error_text(), "no PCI device 4321:0999 is there"));
	assert_int_equal(nic_bind(0x4321, 0x0010, "fake"), E_NIC_NOT_FOUND);
	assert_non_null(strstr(error_text(), "4321:0010 is net0 already, with the driver fake"));
	assert_int_equal(nic_bind(0xaaaa, 0xcccc, "fake"), E_NIC_CLASS);
	assert_int_equal(probed, 1);
	assert_int_equal(nic_bind(0x4321, 0x0028, "fake"), 0);
	assert_string_equal(nic_find("net1")->chip, "fake");
	assert_int_equal(nic_print_unknown(), 0);
	/* The flags are those of the nearest id, which here means broken. */
	plug(0x0030, 0x0777);
	assert_int_equal(nic_bind(0x4321, 0x0777, "fake"), E_NIC_RESET);
	/* Binding the same id over and over takes no more room. */
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(nic_bind(0x4321, 0x0028, "fake"), E_NIC_NOT_FOUND);
}

static void test_bind_setting(void **state)
{
	plug(0x0018, 0x0021);
	plug(0x0020, 0x0022);
	host_pci_add(0x0028, 0xaaaa, 0xcccc, 0x060000);
	setting_store("bind", "4321:21:fake,nonsense,4321:22:nosuch,aaaa:cccc:fake,4321:0022:fake",
		      SOURCE_CMDLINE);
	assert_int_equal(nic_probe_all(), 2);
	assert_string_equal(nic_find("net0")->chip, "fake");
	assert_true(
		said("bind=nonsense is not VENDOR:DEVICE:DRIVER, as in bind=8086:1234:e1000\n"));
	assert_true(said("bind=4321:22:nosuch: no driver is called \"nosuch\""));
}

static void test_as_many_as_there_is_room_for(void **state)
{
	struct nic *cards[NIC_CARDS_MAX];

	for (unsigned i = 0; i < HOST_PCI_MAX; i++)
		plug((uint16_t)(0x0100 + i), 0x0010);
	assert_int_equal(nic_probe_all(), min(HOST_PCI_MAX, NIC_CARDS_MAX));
	assert_int_equal(nic_all(cards), NIC_CARDS_MAX);
	assert_string_equal(cards[31]->name, "net31");
}

static unsigned sent;
static void count_sent(struct nic *nic, const struct tx_frame *frame)
{
	sent++;
}

static void test_buffers(void **state)
{
	struct nic *nic = host_card_add(NIC_TSO4 | NIC_TX_CSUM, count_sent);
	struct tx_frame *frame, *held[80];
	size_t before = host_heap_used();
	unsigned count = 0;

	assert_null(nic_tx_get(nic, 60)); /* not open */
	assert_int_equal(nic_open(nic), 0);
	frame = nic_tx_get(nic, 60000);
	assert_true(frame && frame->large && frame->size >= 60000);
	frame->len = 60000;
	nic_tx_send(nic, frame);
	assert_int_equal(sent, 1);
	assert_int_equal(nic->counters.tx_bytes, 60000);
	assert_null(nic_tx_get(nic, 100000));
	while ((held[count] = nic_tx_get(nic, 1514)))
		count++;
	assert_int_equal(count, 64);
	/* Buffers live apart and hold what they promise. */
	for (unsigned i = 0; i < count; i++)
		memset(held[i]->data - NIC_TX_HEADROOM, (int)i, NIC_TX_HEADROOM + held[i]->size);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(held[i]->data[held[i]->size - 1], i);
	/* Held across a close; sending on a closed card is an error, not a crash. */
	nic_close(nic);
	for (unsigned i = 0; i < 10; i++)
		nic_tx_put(nic, held[i]);
	assert_int_equal(nic_open(nic), 0);
	frame = nic_tx_get(nic, 60);
	assert_non_null(frame);
	nic_close(nic);
	nic_tx_send(nic, held[10]);
	assert_int_equal(nic->counters.tx_errors, 1);
	for (unsigned i = 11; i < count; i++)
		nic_tx_put(nic, held[i]);
	assert_true(host_heap_used() > before); /* one is still out */
	nic_tx_put(nic, frame);
	assert_int_equal(host_heap_used(), before);
}

static void test_pool_is_freed(void **state)
{
	struct nic *nic = host_card_add(0, NULL);
	size_t before = host_heap_used();
	struct tx_frame *frame;

	nic_open(nic);
	frame = nic_tx_get(nic, 60);
	nic_close(nic);
	nic_tx_put(nic, frame);
	assert_int_equal(host_heap_used(), before);
	/* A card that never takes a frame: they are taken back at the close. */
	plug(0x0018, 0x0010);
	nic_probe_all();
	nic = nic_find("net1");
	before = host_heap_used();
	nic_open(nic);
	for (unsigned i = 0; i < 64; i++)
		nic_tx_send(nic, nic_tx_get(nic, 60));
	assert_null(nic_tx_get(nic, 60));
	nic_poll_all();
	nic_close(nic);
	assert_int_equal(host_heap_used(), before);
	list_remove(&nic->link);
	heap_free(nic);
}

/* A card whose restart failed has no rings: frames wait in the core, and go when it is up again. */
static void test_failed_restart(void **state)
{
	struct nic *nic;

	plug(0x0018, 0x0010);
	nic_probe_all();
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	nic_restart(nic, "it hangs");
	open_result = E_NIC_RESET;
	nic_poll_all();
	assert_non_null(strstr(host_output(), "it hangs"));
	assert_non_null(strstr(host_output(), "it stays down"));
	ring_accesses = 0;
	for (unsigned i = 0; i < 64; i++)
		nic_tx_send(nic, nic_tx_get(nic, 60));
	assert_null(nic_tx_get(nic, 60));
	nic_flush(nic);
	nic_poll_all();
	assert_int_equal(ring_accesses, 0);
	open_result = 0;
	host_clock_set_ms(10000);
	nic_poll_all();
	nic_tx_send(nic, nic_tx_get(nic, 60));
	assert_true(ring_accesses > 0);
	nic_close(nic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_in_pci_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netx, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preferred, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preference_without_a_card, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hardware_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_cards_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_network_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_as_many_as_there_is_room_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind_setting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_buffers, setup, NULL),
		cmocka_unit_test_setup_teardown(test_pool_is_freed, setup, NULL),
		cmocka_unit_test_setup_teardown(test_failed_restart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
