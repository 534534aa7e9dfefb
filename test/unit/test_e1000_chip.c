/* SPDX-License-Identifier: BSD-2-Clause */
/* e1000 against a register model: dirty starts, what each chip needs, PHY, address, link. */
#include "test/unit/e1000_test.h"
#include "nic/mii.h"

static void restart(void)
{
	teardown(NULL);
	setup(NULL);
}

/* ---- Dirty starts ---- */

/** An operating system left everything running, with rings somewhere. */
static void make_dirty(void)
{
	REG(RCTL) = RCTL_EN | 0x18;
	REG(TCTL) = TCTL_EN;
	REG(E1000_IMS) = 0xffffffff;
	REG(RDBAL) = 0x12345000;
	REG(RDBAH) = 0x77;
	REG(TDBAH) = 0x77;
	REG(RDT) = 77;
	REG(CTRL) = CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_LRST | CTRL_GIO_MASTER_DISABLE;
	REG(ITR) = 9999;
	REG(RDTR) = 50;
	REG(RXDCTL) = REG(TXDCTL) = QUEUE_ENABLE;
	REG(WUC) = 3;
	REG(SWSM) = SWSM_SMBI | SWSM_SWESMBI;
	chip.dma_ran = true;
}

static void test_dirty_start(void **state)
{
	static const uint16_t devices[] = {0x1004, 0x100e, 0x105e, 0x10d3, 0x10c9,
					   0x1533, 0x15f3, 0x15fb, 0x1049, 0x1502};

	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		restart();
		make_dirty();
		start(devices[i]);
		assert_true(chip.resets >= 2);
		assert_int_equal(REG(E1000_IMS), 0);
		assert_int_equal(REG(IMC), 0xffffffff);
		assert_int_equal(REG(RDBAH) | REG(TDBAH) | REG(WUC), 0);
		if (!chip.igb)
			assert_int_equal(REG(ITR) | REG(RDTR), 0);
		assert_int_equal(REG(CTRL) & (CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_LRST | CTRL_RST |
					      CTRL_GIO_MASTER_DISABLE | CTRL_PHY_RST),
				 0);
		/* The link was up: left alone. */
		assert_int_equal(chip.phy_resets, 0);
		assert_int_equal(chip.renegotiations, 0);
		exchange();
		nic_close(nic);
		assert_int_equal(REG(RCTL) & RCTL_EN, 0);
		assert_int_equal(REG(TCTL) & TCTL_EN, 0);
		assert_int_equal(REG(IMC), 0xffffffff);
		assert_int_equal(REG(CTRL_EXT) & CTRL_EXT_DRV_LOAD, 0);
		assert_int_equal(pci_read16(&nic->pci, 4) & 4, 0); /* bus mastering */
		assert_int_equal(chip.bad, 0);
	}
}

static void test_requests_never_end(void **state)
{
	/* DMA that does not come to rest is reset all the same. */
	chip.master_stuck = true;
	start(0x10d3);
	exchange();
}

static void test_reset_fails(void **state)
{
	e1000_model_plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	chip.reset_stuck = true;
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	chip.reset_stuck = false;
	chip.reset_reads = 0;
	chip.tctl_stuck = true;
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	chip.tctl_stuck = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

/* ---- What each chip needs ---- */

static void test_packet_buffers(void **state)
{
	static const uint16_t devices[] = {0x1533, 0x15f3};

	/* I210, I225: these registers survive a reset. */
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		restart();
		REG(RXPBS) = 0x14;
		REG(TXPBS) = 0x20;
		start(devices[i]);
		assert_int_equal(REG(RXPBS), 0xa2);
		assert_int_equal(REG(TXPBS), 0x04000014);
	}
	restart();
	start(0x1049); /* 82566 */
	assert_int_equal(REG(PBA), 0x08);
	assert_int_equal(REG(PBS), 0x10);
}

static void test_asde(void **state)
{
	start(0x1f41); /* I354 */
	assert_int_equal(REG(CTRL) & CTRL_ASDE, 0);
	restart();
	start(0x100e);
	assert_int_equal(REG(CTRL) & CTRL_ASDE, CTRL_ASDE);
}

static void test_i219_reset_hang(void **state)
{
	/* The model's reset hangs after DMA without the bit; the previous owner did not set it. */
	chip.dma_ran = true;
	start(0x15fb);
	for (unsigned i = 0; i < 3; i++) {
		exchange();
		nic_close(nic);
		assert_int_equal(nic_open(nic), 0);
		assert_int_equal(REG(FEXTNVM11), FEXTNVM11_RST_HANG);
	}
	restart();
	start(0x1502); /* others have something else there */
	assert_int_equal(REG(FEXTNVM11), 0);
}

static void test_queues(void **state)
{
	/* Enabling takes a while; the tail waits for it (the model counts otherwise as bad). */
	chip.queue_reads = 5;
	start(0x10c9);
	assert_int_equal(REG(RXDCTL) & REG(TXDCTL) & QUEUE_ENABLE, QUEUE_ENABLE);
	assert_int_equal(REG(EIMC), 0xffffffff);
	assert_int_equal(nic->features, NIC_RX_CSUM);
	exchange();
	nic_close(nic);
	chip.queue_stuck = true;
	assert_int_equal(nic_open(nic), E_NIC_RING);
	assert_non_null(strstr(error_text(), "queue is not enabled"));
	assert_int_equal(REG(RCTL) & RCTL_EN, 0);
	assert_int_equal(REG(TCTL) & TCTL_EN, 0);
	chip.queue_stuck = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

static void check_flow_control(uint32_t buffer)
{
	uint32_t high = REG(FCRTH), low = REG(FCRTL);

	assert_int_equal(low & FCRTL_XONE, FCRTL_XONE);
	low &= ~(uint32_t)FCRTL_XONE;
	assert_int_equal((high | low) & 15, 0);
	assert_true(high <= buffer - 2 * NIC_FRAME_MAX && high > buffer - 3 * NIC_FRAME_MAX);
	assert_true(low < high && low >= NIC_FRAME_MAX);
	assert_int_equal(REG(CTRL) & (CTRL_RFCE | CTRL_TFCE), CTRL_RFCE | CTRL_TFCE);
}

static void test_flow_control(void **state)
{
	start(0x100e);
	check_flow_control(48 << 10);
	restart();
	REG(PBA) = 26;
	start(0x15fb);
	check_flow_control(26 << 10);
	restart();
	start(0x1049);
	check_flow_control(8 << 10);
	restart();
	REG(PBA) = 0;
	start(0x1533);
	check_flow_control(34 << 10);
	restart();
	REG(PBA) = 2; /* no room: no pause frames */
	start(0x100e);
	assert_int_equal(REG(CTRL) & (CTRL_RFCE | CTRL_TFCE), 0);
}

static void test_firmware_is_told(void **state)
{
	start(0x10d3);
	assert_int_equal(REG(CTRL_EXT), CTRL_EXT_DRV_LOAD);
	nic_close(nic);
	assert_int_equal(REG(CTRL_EXT), 0);
	restart();
	start(0x100e);
	assert_int_equal(REG(CTRL_EXT), 0);
}

/* ---- PHY and link ---- */

static void test_sleeping_phy(void **state)
{
	static const struct {
		uint16_t device;
		unsigned resets;
	} cards[] = {{0x100e, 1}, {0x10d3, 1}, {0x10c9, 1}, {0x1533, 1},
		     {0x1049, 1}, {0x1502, 0}, {0x15fb, 0}};

	for (unsigned i = 0; i < ARRAY_SIZE(cards); i++) {
		restart();
		REG(STATUS) = 0;
		chip.phy[MII_CONTROL] = MII_CONTROL_POWER_DOWN;
		chip.phy[MII_ADVERTISE] = 0x0001; /* and told to offer nothing */
		chip.phy[MII_CONTROL_1000] = 0;
		chip.link_needs_phy = true;
		start(cards[i].device);
		assert_int_equal(chip.phy_resets, cards[i].resets);
		assert_int_equal(chip.renegotiations, 1);
		assert_int_equal(chip.phy[MII_CONTROL] & MII_CONTROL_POWER_DOWN, 0);
		assert_int_equal(chip.phy[MII_ADVERTISE], 0x0de1);
		assert_int_equal(chip.phy[MII_CONTROL_1000], 0x0200);
		assert_true(nic->link_up);
		exchange();
	}
}

static void test_no_phy(void **state)
{
	/* Fibre, backplane: nothing answers, and nobody waits for it. */
	chip.phy_address = -1;
	chip.link_needs_phy = true;
	REG(STATUS) = 0;
	start(0x1521);
	assert_int_equal(nic->ops->phy_read(nic, 0), -1);
	assert_false(nic->link_up);
	REG(STATUS) = STATUS_LU | STATUS_FD | 2u << STATUS_SPEED_SHIFT;
	host_clock_advance_ms(200);
	nic_poll_all();
	assert_true(nic->link_up);
	exchange();
}

static void test_phy_is_shared(void **state)
{
	static const uint16_t devices[] = {0x105e, 0x10d3, 0x1049, 0x1502, 0x10c9, 0x1533};

	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		restart();
		if (i & 1)
			REG(STATUS) |= 1u << STATUS_PORT_SHIFT;
		start(devices[i]);
		assert_int_equal(nic->ops->phy_read(nic, MII_ID1), 0x0141);
		nic->ops->phy_write(nic, MII_ADVERTISE, 0x0141);
		assert_int_equal(chip.phy[MII_ADVERTISE], 0x0141);
		assert_int_equal(chip.bad, 0);
		/* Given back: to firmware. */
		assert_int_equal(REG(EXTCNF_CTRL) & EXTCNF_SWFLAG, 0);
		assert_int_equal(REG(SW_FW_SYNC), 0);
		assert_int_equal(REG(SWSM) & SWSM_SWESMBI, 0);
		/* Firmware does not let go: no answer, no hang, no access. */
		chip.firmware_holds_phy = true;
		REG(SW_FW_SYNC) = 6u << SYNC_FIRMWARE_SHIFT;
		assert_int_equal(nic->ops->phy_read(nic, MII_ID1), -1);
		assert_int_equal(chip.bad, 0);
	}
}

static void test_forced_speed(void **state)
{
	/* A previous owner forced 10 Mbit/s half duplex; the link is "good". */
	REG(STATUS) = STATUS_LU;
	chip.phy[MII_CONTROL] = 0;
	start(0x10d3);
	assert_int_equal(chip.renegotiations, 1);
	assert_int_equal(chip.phy_resets, 0);
	assert_false(nic->link_up);
	assert_non_null(strstr(host_output(), "link 10 Mbit/s half duplex"));
	host_clock_advance_ms(1000);
	nic_poll_all();
	assert_true(nic->link_up);
	assert_int_equal(nic->speed, 1000);
}

static void test_slow_link(void **state)
{
	REG(STATUS) = STATUS_LU | STATUS_FD | 1u << STATUS_SPEED_SHIFT;
	start(0x15fb); /* 100 Mbit/s, and both can more */
	assert_int_equal(chip.renegotiations, 1);
	assert_non_null(strstr(host_output(), "the partner offers 1000 full duplex"));
	restart();
	REG(STATUS) = STATUS_LU;
	chip.phy[MII_PARTNER] = 0x0021; /* a partner that can no better */
	chip.phy[MII_STATUS_1000] = 0;
	start(0x100e);
	assert_int_equal(chip.renegotiations, 0);
	assert_true(nic->link_up);
	assert_int_equal(nic->speed, 10);
	assert_false(nic->full_duplex);
}

static void test_fast_link(void **state)
{
	REG(STATUS) |= STATUS_2500;
	start(0x15f3);
	assert_int_equal(nic->speed, 2500);
	restart();
	REG(STATUS) |= STATUS_2500; /* reserved elsewhere */
	start(0x100e);
	assert_int_equal(nic->speed, 1000);
}

static void test_card_vanishes(void **state)
{
	uint64_t before;

	start(0x100e);
	chip.gone = true;
	host_clock_advance_ms(200);
	nic_poll_all();
	assert_false(nic->link_up);
	assert_non_null(nic->restart);
	before = clock_ms();
	nic_poll_all(); /* does not come back, and takes no time over it */
	assert_non_null(nic->restart);
	assert_true(clock_ms() - before < 20);
	chip.gone = false;
	host_clock_advance_ms(2000);
	nic_poll_all();
	nic_poll_all();
	assert_null(nic->restart);
	exchange();
}

/* ---- Address, counters ---- */

static void test_address_sources(void **state)
{
	/* Large EEPROMs and empty address registers; the ports share the EEPROM. */
	for (unsigned port = 0; port < 2; port++) {
		restart();
		chip.eeprom_large = true;
		REG(STATUS) |= port << STATUS_PORT_SHIFT;
		start(0x1010);
		assert_memory_equal(nic->mac, e1000_model_mac, 5);
		assert_int_equal(nic->mac[5], e1000_model_mac[5] ^ port);
	}
	restart();
	chip.no_eeprom = true;
	start(0x100e);
	assert_true(nic_mac_valid(nic->mac));
	assert_non_null(strstr(host_output(), "has no address of its own"));
	assert_int_equal(REG(RAL0), get_le32(nic->mac));
	assert_int_equal(REG(RAH0), get_le16(nic->mac + 4) | RAH_AV);
}

static void test_report(void **state)
{
	start(0x10d3);
	nic->ops->report(nic);
	assert_non_null(strstr(host_output(), "no errors, no pause frames"));
	for (unsigned i = 0; i < 2; i++) {
		REG(CRCERRS) = 3;
		REG(MPC) = 4;
		host_output_clear();
		nic->ops->report(nic);
	}
	assert_non_null(strstr(host_output(), "CRC errors 6, missed, FIFO full 8\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dirty_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests_never_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packet_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asde, setup, teardown),
		cmocka_unit_test_setup_teardown(test_i219_reset_hang, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queues, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flow_control, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firmware_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleeping_phy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_phy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_phy_is_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forced_speed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fast_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_vanishes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_report, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
