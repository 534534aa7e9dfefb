/* SPDX-License-Identifier: BSD-2-Clause */
/* r8169 on every chip of the model: bring-up from any state, addresses, links, ways to close. */
#include "test/unit/r8169_card.h"
#include "test/unit/nic_test.h"

#include <linux/pci_regs.h>

/** What a chip's link should come up at. */
static unsigned best_speed(const char *chip)
{
	if (!strncmp(chip, "8125", 4))
		return 2500;
	return !strncmp(chip, "810", 3) ? 100 : 1000;
}

/** Is @chip one of the names? "8110s" is no 100 Mbit/s chip. */
static unsigned speed_of(const char *chip)
{
	return !strcmp(chip, "8110s") ? 1000 : best_speed(chip);
}

static void test_every_chip(void **state)
{
	const char *name;

	for (size_t i = 0; (name = rtl_chip_name(i)); i++) {
		size_t used;

		card_setup(NULL);
		card_start(name);
		assert_memory_equal(nic->mac, card_mac, 6);
		assert_int_equal(nic->speed, speed_of(name));
		assert_true(nic->full_duplex);
		assert_string_equal(nic->driver->name, "r8169");
		card_exchange();
		nic_close(nic);
		used = host_heap_used();
		rtl_expect_quiet(card.chip, true);
		card_run(200);
		card_hear(1, 100);
		card_check();
		assert_int_equal(get_le16(card.pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER, 0);
		rtl_expect_quiet(card.chip, false);
		assert_int_equal(nic_open(nic), 0);
		card_run(100);
		card_exchange();
		nic_close(nic);
		assert_int_equal(host_heap_used(), used);
		card_check();
		card_unplug();
	}
}

static void test_every_chip_from_any_state(void **state)
{
	const char *name;

	for (size_t i = 0; (name = rtl_chip_name(i)); i++) {
		for (unsigned bit = 0; bit < 15; bit++) {
			struct rtl_opts options = card_options(name);

			/* Each alone, then all that go together. */
			options.left = bit < 13	   ? 1u << bit
				       : bit == 13 ? RTL_LEFT_ALL & ~RTL_LEFT_10MBIT
						   : RTL_LEFT_ALL & ~RTL_LEFT_D3;
			card_setup(NULL);
			card_open(&options);
			assert_memory_equal(nic->mac, card_mac, 6);
			assert_int_equal(nic->speed, speed_of(name));
			card_exchange();
			nic_close(nic);
			card_check();
			card_unplug();
		}
	}
}

static unsigned resets, resets_with_dma;

static void count_resets(uintptr_t address, unsigned size, uint32_t value)
{
	if ((address & 0xff) == CR && size == 1 && value & CR_RESET) {
		resets++;
		resets_with_dma += rtl_cfg_read(card.chip, PCI_COMMAND, 2) >> 2 & 1;
	}
	card_mmio_out(address, size, value);
}

/** An armed card that was cut off from memory, as kexec does, stays cut off until it was reset. */
static void test_armed_and_cut_off(void **state)
{
	struct rtl_opts options = card_options("8168h");

	options.left = RTL_LEFT_ARMED;
	card_plug(&options);
	rtl_cfg_write(card.chip, PCI_COMMAND, 0, 2);
	card_show_config();
	host_mmio_out = count_resets;
	resets = resets_with_dma = 0;
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(resets, 2);
	assert_int_equal(resets_with_dma, 0);
	card_run(300);
	card_exchange();
	card_check();
}

/** What must be in the registers of a running card, and is gone from them when it is closed. */
static void test_configuration(void **state)
{
	const char *name;

	for (size_t i = 0; (name = rtl_chip_name(i)); i++) {
		struct rtl_opts options = card_options(name);
		struct r8169 *r;

		card_setup(NULL);
		options.left = RTL_LEFT_ALL & ~(RTL_LEFT_D3 | RTL_LEFT_10MBIT);
		card_open(&options);
		r = nic->priv;
		assert_int_equal(r8169_read32(r, TCR) & TCR_STANDARD, TCR_STANDARD);
		assert_int_equal(r8169_read32(r, TCR) & 3u << 17, 0); /* no loopback */
		assert_int_equal(r8169_read32(r, RCR), r->gen->rcr | RCR_ACCEPT);
		assert_int_equal(r8169_read16(r, CPCR) & (CPCR_VLAN | CPCR_DAC | CPCR_RX_CHECKSUM),
				 CPCR_RX_CHECKSUM);
		assert_int_equal(r8169_read16(r, RMS), RMS_LARGEST);
		assert_int_equal(r8169_read8(r, CR9346), CR9346_LOCK);
		assert_int_equal(r8169_read8(r, CONFIG3) & (CONFIG3_MAGIC | CONFIG3_LINK_UP), 0);
		assert_int_equal(r8169_read8(r, CONFIG5) & CONFIG5_WAKE, 0);
		nic_close(nic);
		assert_int_equal(r8169_read8(r, CR) & (CR_TE | CR_RE), 0);
		assert_int_equal(r8169_read32(r, RCR) & RCR_ACCEPT_MASK, 0);
		if (r->gen->flags & R8169_GATE)
			assert_int_equal(r8169_read32(r, MISC) & MISC_RX_GATE, 0);
		/* Whatever else somebody turned on. */
		r8169_write8(r, CR9346, CR9346_UNLOCK);
		r8169_write8(r, CONFIG3, 0xff);
		r8169_write8(r, CONFIG5, 0xff);
		r8169_write16(r, CPCR, 0xffff);
		assert_int_equal(nic_open(nic), 0);
		assert_int_equal(r8169_read8(r, CONFIG3) & (CONFIG3_MAGIC | CONFIG3_LINK_UP), 0);
		assert_int_equal(r8169_read8(r, CONFIG5) & CONFIG5_WAKE, 0);
		assert_int_equal(r8169_read16(r, CPCR) & (CPCR_VLAN | CPCR_DAC), 0);
		if (!(r->gen->flags & R8169_PCI)) {
			assert_int_equal(r8169_read8(r, CONFIG3) & CONFIG3_JUMBO, 0);
			assert_int_equal(r8169_read16(r, CPCR), CPCR_KEEP);
		}
		card_check();
		card_unplug();
	}
}

static void test_good_link_is_left_alone(void **state)
{
	const char *name;

	for (size_t i = 0; (name = rtl_chip_name(i)); i++) {
		struct rtl_opts options = card_options(name);

		card_setup(NULL);
		options.an_ms = 3000;
		card_plug(&options);
		host_clock_advance_ms(4000);
		card_tick();
		if (rtl_link_speed(card.chip) != speed_of(name)) {
			card_unplug(); /* its default is no gigabit */
			continue;
		}
		assert_int_equal(nic_probe_all(), 1);
		nic = nic_find("net0");
		for (unsigned round = 0; round < 3; round++) {
			assert_int_equal(nic_open(nic), 0);
			assert_true(nic->link_up);
			card_exchange();
			nic_close(nic);
		}
		card_check();
		card_unplug();
	}
}

static void test_slow_link(void **state)
{
	struct rtl_opts options = card_options("8168h");

	options.left = RTL_LEFT_ONLY_10;
	card_plug(&options);
	host_clock_advance_ms(1000);
	card_tick();
	assert_int_equal(rtl_link_speed(card.chip), 10);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	assert_false(nic->link_up);
	assert_non_null(strstr(host_output(), "net0: link 10 Mbit/s"));
	assert_non_null(strstr(host_output(), "negotiating again"));
	card_run(1000);
	assert_int_equal(nic->speed, 1000);
	card_check();
}

/** Somebody turned the offer of 2.5 Gbit/s off: GPHY_OCP A5D4h. */
static void plug_without_2500(const struct rtl_opts *options)
{
	uint32_t window = CARD_MEMORY + (2 << 20) + GPHY_OCP;

	card_plug(options);
	rtl_cfg_write(card.chip, 4, 3, 2);
	rtl_bus_write(card.chip, 1, window, 0x80000000u | 0xa5d4u << 15, 4);
	rtl_bus_write(card.chip, 1, window, 0x80000000u | 0xa400u << 15 | 0x1200, 4);
	host_clock_advance_ms(1000);
	card_tick();
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
}

static void test_2500_is_negotiated(void **state)
{
	struct rtl_opts options = card_options("8125b");

	plug_without_2500(&options);
	assert_int_equal(rtl_link_speed(card.chip), 1000);
	assert_int_equal(nic_open(nic), 0);
	assert_false(nic->link_up);
	assert_non_null(strstr(host_output(), "link 1000 Mbit/s, the partner offers 2500"));
	card_run(1000);
	assert_int_equal(nic->speed, 2500);
	card_check();
	card_unplug();
	/* Without a link yet, it is negotiated at once. */
	card_setup(NULL);
	options.link_down = 1;
	plug_without_2500(&options);
	assert_int_equal(nic_open(nic), 0);
	rtl_cable(card.chip, 1, clock_ms());
	card_run(1000);
	assert_int_equal(nic->speed, 2500);
	assert_null(strstr(host_output(), "negotiating again"));
	card_check();
}

static void test_cable(void **state)
{
	struct rtl_opts options = card_options("8168g");

	options.link_down = 1;
	card_plug(&options);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	card_run(500);
	assert_false(nic->link_up);
	rtl_cable(card.chip, 1, clock_ms());
	card_run(500);
	assert_true(nic->link_up);
	card_exchange();
	rtl_cable(card.chip, 0, clock_ms());
	card_run(500);
	assert_false(nic->link_up);
	rtl_cable(card.chip, 1, clock_ms());
	card_run(500);
	card_exchange();
	card_check();
}

static void test_reset_fails(void **state)
{
	size_t before;

	card_start("8168c");
	nic_close(nic);
	before = host_heap_used();
	rtl_fault(card.chip, RTL_FAULT_RESET_STUCK, RTL_FOREVER);
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	assert_non_null(strstr(error_text(), "net0 (RTL8168C)"));
	assert_int_equal(host_heap_used(), before);
	rtl_fault(card.chip, RTL_FAULT_RESET_STUCK, 0);
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	card_exchange();
	/* A close that fails leaves the chip its memory, and the next open takes it back. */
	rtl_fault(card.chip, RTL_FAULT_RESET_STUCK, RTL_FOREVER);
	nic_close(nic);
	assert_true(host_heap_used() > before);
	assert_int_equal(get_le16(card.pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER, 0);
	rtl_fault(card.chip, RTL_FAULT_RESET_STUCK, 0);
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	card_exchange();
	nic_close(nic);
	assert_int_equal(host_heap_used(), before);
}

static void test_probe_fails(void **state)
{
	struct rtl_opts options = card_options("8168e");

	card_plug(&options);
	rtl_fault(card.chip, RTL_FAULT_RESET_STUCK, RTL_FOREVER);
	assert_int_equal(nic_probe_all(), 0);
	assert_non_null(strstr(host_output(), "RTL8168E: CR still shows the reset after 100 ms"));
	assert_int_equal(host_heap_blocks(), 0);
}

static void chip_is_quiet(void)
{
	assert_int_equal(r8169_read32(nic->priv, MISC) & MISC_RX_GATE, 0);
	rtl_expect_quiet(card.chip, true);
	card_run(20);
	rtl_expect_quiet(card.chip, false);
}

static void test_memory_failures(void **state)
{
	card_start("8168h");
	nic_close(nic);
	open_without_memory(nic, chip_is_quiet);
	card_check();
	card_unplug();
	for (unsigned n = 1; n < 3; n++) {
		struct rtl_opts options = card_options("8168h");

		card_setup(NULL);
		card_plug(&options);
		host_heap_fail(n, false);
		assert_int_equal(nic_probe_all(), 0);
		host_heap_fail(0, false);
		assert_int_equal(host_heap_blocks(), 0);
		rtl_free(card.chip);
		card.chip = NULL;
	}
	card_setup(NULL);
	card_start("8168h");
}

static void test_small_heap(void **state)
{
	struct rtl_opts options = card_options("8168g");

	card_plug(&options);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	host_heap_limit(host_heap_used() + 300000);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(((struct r8169 *)nic->priv)->rx_count, 32);
	card_run(300);
	card_exchange();
	nic_close(nic);
	host_heap_limit(0);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(((struct r8169 *)nic->priv)->rx_count, 512);
	card_check();
}

static void test_address_sources(void **state)
{
	static const char *const chips[] = {"8168evl", "8168h", "8125b", "8169s"};
	static const uint8_t wanted[] = {0x02, 1, 2, 3, 4, 5};
	static const uint8_t none[6];

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		card_setup(NULL);
		card_start(chips[i]);
		nic_close(nic);
		/* The user's address counts while the card is open, the filter takes it … */
		assert_int_equal(setting_store("net0/mac", "02:01:02:03:04:05", SOURCE_SCRIPT), 0);
		assert_int_equal(nic_open(nic), 0);
		assert_memory_equal(nic->mac, wanted, 6);
		card_run(300);
		card_exchange();
		nic_close(nic);
		/* … and the next system finds the card's own. */
		assert_int_equal(r8169_read32(nic->priv, IDR0), get_le32(card_mac));
		assert_int_equal(r8169_read16(nic->priv, IDR4), get_le16(card_mac + 4));
		assert_int_equal(setting_store("net0/mac", "", SOURCE_SCRIPT), 0);
		assert_int_equal(nic_open(nic), 0);
		assert_memory_equal(nic->mac, card_mac, 6);
		card_exchange();
		card_check();
		card_unplug();
	}
	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		struct rtl_opts options = card_options(chips[i]);

		card_setup(NULL);
		memcpy(options.mac, none, 6);
		card_open(&options);
		assert_true(nic_mac_valid(nic->mac));
		assert_non_null(strstr(host_output(), "has no address of its own"));
		card_exchange();
		card_check();
		card_unplug();
	}
	/* ERI does not answer: the address that the BIOS left in IDR. */
	card_setup(NULL);
	struct rtl_opts options = card_options("8168h");

	card_plug(&options);
	rtl_fault(card.chip, RTL_FAULT_ERI_STUCK, RTL_FOREVER);
	assert_int_equal(nic_probe_all(), 1);
	assert_memory_equal(nic_find("net0")->mac, card_mac, 6);
}

static void test_phy_does_not_answer(void **state)
{
	static const char *const chips[] = {"8168d", "8168h"};

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		card_setup(NULL);
		card_start(chips[i]);
		nic_close(nic);
		rtl_fault(card.chip, i ? RTL_FAULT_OCP_STUCK : RTL_FAULT_PHYAR_STUCK, RTL_FOREVER);
		assert_int_equal(nic->ops->phy_read(nic, 1), -1);
		assert_int_equal(nic_open(nic), 0);
		assert_non_null(strstr(host_output(), "net0: the PHY does not answer"));
		card_run(300);
		card_exchange();
		card_check();
		card_unplug();
	}
}

static void test_phy_registers(void **state)
{
	const char *name;

	for (size_t i = 0; (name = rtl_chip_name(i)); i++) {
		card_setup(NULL);
		card_start(name);
		assert_int_equal(nic->ops->phy_read(nic, 0) & 0x1000, 0x1000);
		nic->ops->phy_read(nic, 1); /* the link bit latches low */
		assert_int_equal(nic->ops->phy_read(nic, 1) & 0x0004, 0x0004);
		assert_int_equal(nic->ops->phy_read(nic, 4) & 0x01e1, 0x01e1);
		assert_true(nic->ops->phy_read(nic, 2) > 0 || !strcmp(name, "8101e"));
		card_check();
		card_unplug();
	}
}

/** Take the memory BARs away: the ports are left. */
static void test_ports(void **state)
{
	static const char *const chips[] = {"8169sb", "8168c", "8168h", "8125a"};

	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
		struct rtl_opts options = card_options(chips[i]);

		card_setup(NULL);
		card_plug(&options);
		for (unsigned bar = 1; bar < 6; bar++)
			card.pci->bar_size[bar] = 0;
		assert_int_equal(nic_probe_all(), 1);
		nic = nic_find("net0");
		assert_int_equal(nic_open(nic), 0);
		assert_null(((struct r8169 *)nic->priv)->regs);
		card_run(300);
		assert_memory_equal(nic->mac, card_mac, 6);
		card_exchange();
		nic_close(nic);
		card_check();
		card_unplug();
	}
}

/** Bound by hand to a card of another kind, with fewer ports. */
static void test_too_few_ports(void **state)
{
	struct rtl_opts options = card_options("8168h");

	card_plug(&options);
	memset(card.pci->bar_size, 0, sizeof(card.pci->bar_size));
	card.pci->bar_size[0] = 32;
	card.writes = 0;
	assert_int_equal(nic_probe_all(), 0);
	assert_non_null(strstr(host_output(), "no usable BAR"));
	assert_int_equal(card.writes, 0);
}

/** The registers lie where nobody can reach them; the BAR with the interrupt vectors does not
 * count. */
static void test_registers_out_of_reach(void **state)
{
	struct rtl_opts options = card_options("8168h");

	card_plug(&options);
	rtl_cfg_write(card.chip, PCI_BASE_ADDRESS_3, 1, 4);
	card_show_config();
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_null(((struct r8169 *)nic->priv)->regs);
	assert_string_equal(nic->chip, "RTL8168H");
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	card_exchange();
	card_check();
}

static void test_unknown_chips(void **state)
{
	struct rtl_opts options = card_options("8168h");

	/* A chip of tomorrow is driven like today's. */
	card_plug(&options);
	card.tcr = 0x5a000000;
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_string_equal(nic->chip, "RTL8168H");
	assert_non_null(strstr(host_output(), "unknown XID 580"));
	assert_int_equal(nic_open(nic), 0);
	card_run(300);
	card_exchange();
	card_unplug();
	card_setup(NULL);
	options = card_options("8125b");
	card_plug(&options);
	card.tcr = 0x6c800000;
	assert_int_equal(nic_probe_all(), 1);
	assert_string_equal(nic_find("net0")->chip, "RTL8125B");
	card_unplug();
	/* An old 8139 has no descriptors. */
	card_setup(NULL);
	options = card_options("8169s");
	card_plug(&options);
	card.tcr = 0x74000000;
	assert_int_equal(nic_probe_all(), 0);
	assert_non_null(strstr(host_output(), "an RTL8139 without the C+ mode (XID 740)"));
	card_unplug();
	/* Nobody there. */
	card_setup(NULL);
	card_plug(&options);
	card.tcr = 0xffffffff;
	assert_int_equal(nic_probe_all(), 0);
	assert_non_null(strstr(host_output(), "registers read as all ones"));
	assert_int_equal(host_heap_blocks(), 0);
}

static void test_aspm(void **state)
{
	struct rtl_opts options = card_options("8168h");
	unsigned control = 0x70 + PCI_EXP_LNKCTL;

	card_plug(&options);
	rtl_cfg_write(card.chip, control, 0x43, 2);
	card_show_config();
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(rtl_cfg_read(card.chip, control, 2), 0x40);
	nic_close(nic);
	assert_int_equal(rtl_cfg_read(card.chip, control, 2), 0x43);
	card_check();
}

static void test_report(void **state)
{
	card_start("8168h");
	for (unsigned i = 0; i < 5; i++)
		card_exchange();
	nic_print_details(nic);
	assert_non_null(
		strstr(host_output(), "RTL8168H 10ec:8168 rev 15, 1000 Mbit/s full duplex"));
	assert_non_null(strstr(host_output(), "XID 541; RX ring 512, TX ring 64"));
	assert_non_null(strstr(host_output(), "Chip: TX 5, errors 0"));
	assert_non_null(strstr(host_output(), "RX 5, errors 0, missed 0"));
	rtl_fault(card.chip, RTL_FAULT_TALLY_STUCK, 1);
	nic_print_details(nic);
	assert_non_null(strstr(host_output(), "The chip does not write its counters"));
	card_check();
	/* Without memory to be brought up again it has no counters to write to. */
	nic_restart(nic, "it hangs");
	host_heap_fail(1, true);
	card_run(10);
	host_output_clear();
	nic_print_details(nic);
	host_heap_fail(0, false);
	assert_null(strstr(host_output(), "Chip:"));
	assert_non_null(strstr(host_output(), "Being brought up again: it hangs"));
	card_run(2000);
	card_exchange();
	card_check();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_chip, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_every_chip_from_any_state, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_armed_and_cut_off, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_configuration, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_good_link_is_left_alone, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_slow_link, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_2500_is_negotiated, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_cable, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_reset_fails, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_probe_fails, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_memory_failures, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_small_heap, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_address_sources, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_phy_does_not_answer, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_phy_registers, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_ports, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_too_few_ports, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_registers_out_of_reach, card_setup,
						card_teardown),
		cmocka_unit_test_setup_teardown(test_unknown_chips, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_aspm, card_setup, card_teardown),
		cmocka_unit_test_setup_teardown(test_report, card_setup, card_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
