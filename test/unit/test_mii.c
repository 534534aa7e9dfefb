/* SPDX-License-Identifier: BSD-2-Clause */
/* PHY registers: what the ends can, negotiating again once, ifstat --phy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "nic/mii.h"
#include "test/host/host.h"

#define GIGABIT_STATUS 0x796d /* 10 and 100 in both duplex modes, extended, negotiated, link */
#define OFFER_ALL      0x01e1
#define RESTARTED      (MII_CONTROL_NEGOTIATE | MII_CONTROL_RESTART)

static uint16_t regs[MII_REGISTERS];
static bool present[MII_REGISTERS];
static unsigned writes;

static int phy_read(struct nic *nic, unsigned reg)
{
	return present[reg] ? regs[reg] : -1;
}

static void phy_write(struct nic *nic, unsigned reg, uint16_t value)
{
	regs[reg] = value;
	writes++;
}

static const struct nic_ops ops = {.phy_read = phy_read, .phy_write = phy_write};
static const struct nic_ops read_only = {.phy_read = phy_read};
static const struct nic_ops no_phy;
static struct nic nic;

/** A gigabit card and a gigabit partner, both offering all. */
static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	memset(regs, 0, sizeof(regs));
	memset(present, true, sizeof(present));
	writes = 0;
	regs[MII_CONTROL] = MII_CONTROL_NEGOTIATE;
	regs[MII_STATUS] = GIGABIT_STATUS;
	regs[MII_ADVERTISE] = OFFER_ALL;
	regs[MII_PARTNER] = OFFER_ALL | MII_OFFER_PAUSE;
	regs[MII_EXPANSION] = MII_EXPANSION_PARTNER;
	regs[MII_CONTROL_1000] = MII_OFFER_1000_FULL;
	regs[MII_STATUS_1000] = MII_PARTNER_1000_FULL | MII_1000_LOCAL_OK | MII_1000_REMOTE_OK;
	regs[MII_EXTENDED] = MII_EXTENDED_1000_FULL;
	nic = (struct nic){.name = "net0", .ops = &ops};
	return 0;
}

static bool said(const char *text)
{
	return strstr(host_output(), text);
}

static void test_good_links_are_left_alone(void **state)
{
	nic_link(&nic, true, 1000, true);
	assert_true(nic.link_up);
	nic_link(&nic, false, 0, false);
	nic_link(&nic, true, 2500, true);
	assert_true(nic.link_up);
	regs[MII_STATUS_1000] = 0; /* a partner of 100 Mbit/s */
	nic_link(&nic, false, 0, false);
	nic_link(&nic, true, 100, true);
	assert_true(nic.link_up);
	regs[MII_PARTNER] = MII_SELECTOR | MII_OFFER_10;
	nic_link(&nic, false, 0, false);
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_int_equal(writes, 0);
	assert_string_equal(host_output(), "");
}

/* A card of 100 Mbit/s with a gigabit partner does what it can. */
static void test_own_ability_counts(void **state)
{
	regs[MII_STATUS] &= (uint16_t)~MII_STATUS_EXTENDED;
	nic_link(&nic, true, 100, true);
	assert_true(nic.link_up);
	assert_int_equal(writes, 0);
}

static void test_slow_link_negotiates_once(void **state)
{
	nic_link(&nic, true, 10, false);
	assert_false(nic.link_up);
	assert_true(said("net0: link 10 Mbit/s half duplex, the partner offers 1000 full duplex: "
			 "negotiating again\n"));
	assert_int_equal(regs[MII_CONTROL], RESTARTED);
	assert_int_equal(regs[MII_ADVERTISE],
			 OFFER_ALL | MII_OFFER_PAUSE | MII_OFFER_PAUSE_ASYMMETRIC);
	assert_int_equal(regs[MII_CONTROL_1000], MII_OFFER_1000_FULL);

	/* What the PHY still shows of the old link is no new one. */
	writes = 0;
	nic_link(&nic, true, 10, false);
	assert_false(nic.link_up);
	host_clock_advance_ms(2000);
	host_output_clear();
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_int_equal(writes, 0);
	assert_true(said("the partner offers 1000 full duplex: look at cable and switch port\n"));

	/* Said once. */
	host_output_clear();
	nic_link(&nic, false, 0, false);
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_string_equal(host_output(), "");
}

static void test_half_duplex_negotiates(void **state)
{
	regs[MII_STATUS] &= (uint16_t)~MII_STATUS_EXTENDED;
	nic_link(&nic, true, 100, false);
	assert_false(nic.link_up);
	assert_true(said("link 100 Mbit/s half duplex, the partner offers 100 full duplex"));
}

static void test_negotiation_was_off(void **state)
{
	regs[MII_CONTROL] = MII_CONTROL_POWER_DOWN;
	regs[MII_EXPANSION] = 0;
	nic_link(&nic, true, 10, false);
	assert_true(said("negotiation was turned off: negotiating again"));
	assert_int_equal(regs[MII_CONTROL], RESTARTED);
}

/* What a system leaves that wants to be woken at 100 Mbit/s: the partner's gigabit is not seen. */
static void test_card_was_left_offering_less(void **state)
{
	regs[MII_CONTROL_1000] = 0;
	regs[MII_STATUS_1000] = 0;
	nic_link(&nic, true, 100, true);
	assert_false(nic.link_up);
	assert_true(said("the card was left offering no more: negotiating again"));
	assert_int_equal(regs[MII_CONTROL_1000], MII_OFFER_1000_FULL);
}

static void test_partner_that_does_not_negotiate(void **state)
{
	regs[MII_EXPANSION] = 0;
	regs[MII_PARTNER] = MII_OFFER_100;
	regs[MII_STATUS_1000] = 0;
	nic_link(&nic, true, 100, false);
	assert_true(nic.link_up);
	assert_int_equal(writes, 0);
}

static void test_phys_that_cannot_be_helped(void **state)
{
	nic.ops = &read_only;
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_true(said("look at cable and switch port"));

	nic = (struct nic){.name = "net0", .ops = &no_phy};
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);

	nic = (struct nic){.name = "net0", .ops = &ops};
	memset(present, false, sizeof(present));
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_false(mii_negotiate(&nic));

	memset(present, true, sizeof(present));
	memset(regs, 0xff, sizeof(regs));
	nic = (struct nic){.name = "net0", .ops = &ops};
	nic_link(&nic, true, 10, false);
	assert_true(nic.link_up);
	assert_int_equal(writes, 0);
}

static void test_print(void **state)
{
	regs[MII_ID1] = 0x001c;
	present[MII_ID2] = false;
	mii_print(&nic);
	assert_string_equal(
		host_output(),
		"  PHY  0- 7: 1000 796d 001c ---- 01e1 05e1 0001 0000\n"
		"  PHY  8-15: 0000 0200 3800 0000 0000 0000 0000 2000\n"
		"  Control: negotiates\n"
		"  Status: link up, negotiation complete\n"
		"  Offered: 10 half, 10 full, 100 half, 100 full, 1000 full, no pause\n"
		"  Partner offers: 10 half, 10 full, 100 half, 100 full, 1000 full, pause\n"
		"  1000BASE-T: slave, receiver ok, partner's receiver ok, 0 idle errors\n");
}

static void test_print_bad_state(void **state)
{
	regs[MII_CONTROL] = MII_CONTROL_SPEED_100 | MII_CONTROL_DUPLEX | MII_CONTROL_POWER_DOWN |
			    MII_CONTROL_ISOLATE;
	regs[MII_STATUS] = MII_STATUS_10 | MII_STATUS_FAULT;
	regs[MII_EXPANSION] = regs[MII_PARTNER] = regs[MII_STATUS_1000] = 0;
	mii_print(&nic);
	assert_true(said("  Control: fixed at 100 full, powered down, isolated\n"));
	assert_true(said("  Status: link down, negotiation not complete, remote fault\n"));
	assert_true(said("  No partner is seen.\n"));
	assert_false(said("Partner offers"));
	assert_false(said("1000BASE-T"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good_links_are_left_alone, setup),
		cmocka_unit_test_setup(test_own_ability_counts, setup),
		cmocka_unit_test_setup(test_slow_link_negotiates_once, setup),
		cmocka_unit_test_setup(test_half_duplex_negotiates, setup),
		cmocka_unit_test_setup(test_negotiation_was_off, setup),
		cmocka_unit_test_setup(test_card_was_left_offering_less, setup),
		cmocka_unit_test_setup(test_partner_that_does_not_negotiate, setup),
		cmocka_unit_test_setup(test_phys_that_cannot_be_helped, setup),
		cmocka_unit_test_setup(test_print, setup),
		cmocka_unit_test_setup(test_print_bad_state, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
