/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the RTL8169 family itself: PCI, registers, reset, PHY, what a previous system left.
 * A model that is wrong makes a driver's tests worthless. */
#include "test/unit/rtl8169_machine.h"

/* ---- PCI ---- */

static void test_every_chip(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		unsigned cap, hops = 0;

		assert_non_null(strstr(rtl_chip_list(), name));
		chip(name);
		assert_int_equal(rtl_cfg_read(nic, 0, 4),
				 0x10ec | (uint32_t)nic->chip->device << 16);
		assert_int_equal(in(REG_TCR, 4) >> 20 & 0xfcf, nic->chip->xid);
		assert_int_equal(rtl_bus_read(nic, 0, IO_BASE + REG_TCR, 4), in(REG_TCR, 4));
		for (cap = rtl_cfg_read(nic, 0x34, 1); cap; cap = rtl_cfg_read(nic, cap + 1, 1))
			assert_true(++hops < 8);
		assert_int_equal(hops, is(CHIP_MSIX) ? 4 : is(CHIP_PCIE) ? 3 : 1);
		start();
		receive(own, 100);
		send(0, 100);
		assert_int_equal(rtl_counters(nic)->rx, 1);
		assert_int_equal(sent_count, 1);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	assert_int_equal(i, 19);
	assert_null(rtl_new(&(struct rtl_opts){.chip = "8139"}, &(struct rtl_ops){0}));
	chip("8168h");
}

static void test_bars(void **state)
{
	chip("8168h");
	rtl_cfg_write(nic, 0x10, ~0u, 4);
	rtl_cfg_write(nic, 0x18, ~0u, 4);
	rtl_cfg_write(nic, 0x1c, ~0u, 4);
	rtl_cfg_write(nic, 0x24, ~0u, 4);
	rtl_cfg_write(nic, 0x14, ~0u, 4);
	assert_int_equal(rtl_cfg_read(nic, 0x10, 4), 0xffffff01);
	assert_int_equal(rtl_cfg_read(nic, 0x14, 4), 0);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 0xfffff004);
	assert_int_equal(rtl_cfg_read(nic, 0x1c, 4), 0xffffffff);
	rtl_probe_phase(nic, 1);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 0xfffff000);
	rtl_probe_phase(nic, 0);
	assert_int_equal(rtl_cfg_read(nic, 0x3d, 1), 1);
	assert_int_equal(rtl_cfg_read(nic, 256, 4), 0xffffffff);
	rtl_cfg_write(nic, 0, 0x12345678, 4); /* ids cannot be written */
	assert_int_equal(rtl_cfg_read(nic, 0, 2), 0x10ec);

	map();
	rtl_cfg_write(nic, 0x18, 0x80000000, 4);
	rtl_cfg_write(nic, 0x1c, 0x12, 4); /* above 4 GB */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000040ull, 4),
			 rtl_bus_read(nic, 0, IO_BASE + 0x40, 4));
	assert_int_equal(rtl_bus_read(nic, 1, MEM_BASE, 4), 0xffffffff);
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000ffdull, 4), 0xffffffff); /* over the end */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000000ull, 3), 0xffffff);
	rtl_cfg_write(nic, 4, 1, 2); /* memory decode off */
	assert_int_equal(rtl_bus_read(nic, 1, 0x1280000040ull, 2), 0xffff);
	assert_int_equal(mistakes(), 0);
}

static void test_d3_loses_the_configuration(void **state)
{
	unsigned pm;

	chip("8168e");
	start();
	pm = rtl_cfg_read(nic, 0x34, 1);
	rtl_cfg_write(nic, pm + 4, 3, 2);
	assert_int_equal(in(REG_CR, 1), 0xff);
	assert_mistake(0, "in D3");
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	rtl_cfg_write(nic, pm + 4, 0, 2);
	assert_int_equal(rtl_cfg_read(nic, 4, 2), 0);
	assert_int_equal(rtl_cfg_read(nic, 0x18, 4), 4);
	map();
	assert_int_equal(in(REG_CR, 1), 0);
	assert_int_equal(in(REG_RDSAR, 4), 0);
	assert_int_equal(mistakes(), 1);
}

static void test_interrupts(void **state)
{
	chip("8169sb");
	start();
	receive(own, 100);
	assert_int_equal(intx_level, 0); /* masked */
	out(REG_IMR, 2, ISR_ROK);
	assert_int_equal(intx_level, 1);
	out(REG_ISR, 2, ISR_ROK);
	assert_int_equal(intx_level, 0);
	assert_true(isr() & ISR_LINK); /* others stay */
	next_chip();

	chip("8168c");
	start();
	rtl_cfg_write(nic, 0x54, 0xfee00000, 4);
	rtl_cfg_write(nic, 0x5c, 0x4041, 2);
	rtl_cfg_write(nic, 0x52, 1, 2);
	out(REG_IMR, 2, ISR_ROK);
	receive(own, 100);
	receive(own, 100);
	assert_int_equal(messages, 1); /* an edge: not again until acknowledged */
	assert_int_equal(message_address, 0xfee00000);
	assert_int_equal(message_data, 0x4041);
	assert_int_equal(intx_level, 0);
	out(REG_ISR, 2, ISR_ROK);
	receive(own, 100);
	assert_int_equal(messages, 2);
	next_chip();

	chip("8125b");
	start();
	rtl_bus_write(nic, 1, MSIX, 0xfee01000, 4);
	rtl_bus_write(nic, 1, MSIX + 8, 0x55, 4);
	rtl_cfg_write(nic, 0xb2, 0x8000, 2);
	out(REG_8125_IMR, 4, ISR_ROK);
	receive(own, 100);
	assert_int_equal(messages, 0); /* vector masked */
	assert_int_equal(rtl_bus_read(nic, 1, MSIX + 0x800, 4), 1);
	rtl_bus_write(nic, 1, MSIX + 12, 0, 4);
	assert_int_equal(messages, 1);
	assert_int_equal(message_data, 0x55);
	assert_int_equal(rtl_bus_read(nic, 1, MSIX + 0x800, 4), 0);
	assert_int_equal(mistakes(), 0);
}

/* ---- Registers ---- */

static void test_lock(void **state)
{
	chip("8168d");
	out(REG_IDR, 4, 0x11223344);
	assert_int_equal(mistakes(), 4); /* four bytes */
	out(REG_CONFIG3, 1, 0xff);
	assert_mistake(4, "Config3 written while 9346CR is locked");
	assert_memory_equal(nic->regs, own, 6);
	assert_int_equal(in(REG_CONFIG3, 1), 0x60);
	out(REG_9346CR, 1, UNLOCKED);
	out(REG_IDR + 4, 4, 0x6655);
	out(REG_IDR, 4, 0x11223344);
	out(REG_CONFIG3, 1, 0x01);
	assert_int_equal(in(REG_IDR, 4), 0x11223344);
	assert_int_equal(in(REG_IDR + 4, 2), 0x6655);
	assert_int_equal(in(REG_CONFIG3, 1), 0x01);
	assert_int_equal(mistakes(), 5);
}

static void test_reset(void **state)
{
	chip("8168c");
	start();
	out(REG_IMR, 2, 0xffff);
	receive(own, 100);
	out(REG_CR, 1, CR_RESET);
	out(REG_RMS, 2, 0x1000);
	assert_mistake(0, "before the reset completed");
	assert_true(in(REG_CR, 1) & CR_RESET);
	assert_true(in(0x34, 4) >> 24 & CR_RESET); /* also within a wider read */
	assert_int_equal(in(REG_CR, 1), 0);
	assert_int_equal(in(REG_IMR, 2), 0);
	assert_int_equal(isr(), 0);
	assert_int_equal(in(REG_RCR, 4) & RCR_ACCEPT, 0);
	assert_int_equal(in(REG_RDSAR, 4), RX_RING); /* survives */
	assert_int_equal(intx_level, 0);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);

	rtl_fault(nic, RTL_FAULT_RESET_STUCK, RTL_FOREVER);
	out(REG_CR, 1, CR_RESET);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(in(REG_CR, 1) & CR_RESET);
	rtl_fault(nic, RTL_FAULT_RESET_STUCK, 0);
	reset_chip();
	assert_int_equal(mistakes(), 1);
}

static void test_pci_chips_want_the_engine_first(void **state)
{
	chip("8169s");
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0);
	out(REG_CR, 1, CR_RE | CR_TE);
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0xe70f);
	next_chip();
	chip("8168b");
	out(REG_RCR, 4, 0xe70f);
	assert_int_equal(in(REG_RCR, 4), 0xe70f);
	out(REG_TCR, 4, ~0u); /* the chip's identity cannot be written */
	assert_int_equal(in(REG_TCR, 4), 0x3b0f07ff);
	out(REG_PHYSTATUS, 1, 0xff);
	assert_int_equal(in(REG_PHYSTATUS, 1), 0);
	assert_int_equal(mistakes(), 0);
}

static void test_high_half_of_a_ring_counts_with_the_low_one(void **state)
{
	chip_with("8168h", RTL_LEFT_ARMED);
	reset_chip();
	out(REG_RDSAR, 4, RX_RING);
	assert_int_not_equal(in(REG_RDSAR + 4, 4), 0); /* still what was left */
	out(REG_RDSAR + 4, 4, 0);
	assert_int_not_equal(in(REG_RDSAR + 4, 4), 0);
	out(REG_RDSAR, 4, RX_RING);
	assert_int_equal(in(REG_RDSAR + 4, 4), 0);
	out(REG_TNPDS, 4, TX_RING + 8);
	assert_mistake(0, "not aligned to 256");
}

static void test_doors(void **state)
{
	chip("8168g");
	out(REG_ERIDR, 4, 0xcafe1234);
	out(REG_ERIAR, 4, 0x8000f0c0);
	assert_int_equal(in(REG_ERIAR, 4), 0x0000f0c0); /* written: 0 */
	out(REG_ERIDR, 4, 0xffffffff);
	out(REG_ERIAR, 4, 0x800010c0); /* one byte */
	out(REG_ERIDR, 4, 0);
	out(REG_ERIAR, 4, 0x0000f0c0);
	assert_true(in(REG_ERIAR, 4) >> 31); /* read: 1 */
	assert_int_equal(in(REG_ERIDR, 4), 0xcafe12ff);
	out(REG_ERIAR, 4, 0x0000f0e0);
	assert_int_equal(in(REG_ERIDR, 4), get32(own));
	out(REG_CSIDR, 4, 0x27);
	out(REG_CSIAR, 4, 0x8000f70c);
	assert_int_equal(in(REG_CSIAR, 4) >> 31, 0);
	out(REG_CSIAR, 4, 0x0000f70c);
	assert_int_equal(in(REG_CSIDR, 4), 0x27);
	out(REG_EPHYAR, 4, 0x80031234);
	out(REG_EPHYAR, 4, 0x00030000);
	assert_int_equal(in(REG_EPHYAR, 4), 0x80031234);
	out(REG_OCPDR, 4, 0x80000000 | 0xe8deu << 15 | 0x4000);
	out(REG_OCPDR, 4, 0xe8deu << 15);
	assert_int_equal(in(REG_OCPDR, 4) & 0xffff, 0x4000);
	out(REG_EFUSEAR, 4, 0x100);
	assert_int_equal(in(REG_EFUSEAR, 4), 0x800001ff);
	assert_int_equal(mistakes(), 0);
	out(REG_PHYAR, 2, 0x1234);
	assert_true(mistakes() > 0);
	assert_non_null(strstr(rtl_last_mistake(nic), "less than 32 bits"));
}

static void test_stuck_doors(void **state)
{
	static const struct {
		unsigned reg;
		enum rtl_fault fault;
	} door[] = {
		{REG_PHYAR, RTL_FAULT_PHYAR_STUCK}, {REG_GPHY_OCP, RTL_FAULT_OCP_STUCK},
		{REG_ERIAR, RTL_FAULT_ERI_STUCK},   {REG_CSIAR, RTL_FAULT_ERI_STUCK},
		{REG_EPHYAR, RTL_FAULT_ERI_STUCK},  {REG_EFUSEAR, RTL_FAULT_ERI_STUCK},
	};
	unsigned i;

	chip("8168h");
	for (i = 0; i < 6; i++) {
		rtl_fault(nic, door[i].fault, 2);
		out(door[i].reg, 4, 0x80000000);
		assert_int_equal(in(door[i].reg, 4) >> 31, 1);
		out(door[i].reg, 4, 0);
		assert_int_equal(in(door[i].reg, 4) >> 31, 0);
		out(door[i].reg, 4, 0);
		assert_int_equal(in(door[i].reg, 4) >> 31, 1); /* twice, and no more */
	}
}

static void test_tally(void **state)
{
	const uint8_t *t = ram + 0x40;

	chip("8168e");
	start();
	receive(own, 100);
	receive(own, 100);
	send(0, 100);
	rtl_fault(nic, RTL_FAULT_RX_CRC, 1);
	receive(own, 100);
	rtl_fault(nic, RTL_FAULT_MISSED, 1);
	receive(own, 100);
	out(REG_DTCCR + 4, 4, 0);
	out(REG_DTCCR, 4, RAM + 0x40);
	rtl_fault(nic, RTL_FAULT_TALLY_STUCK, 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(in(REG_DTCCR, 4), (RAM + 0x40) | 8);
	assert_int_equal(get32(t), 0);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(in(REG_DTCCR, 4), RAM + 0x40);
	assert_int_equal(get32(t), 1);	    /* TxOk */
	assert_int_equal(get32(t + 8), 3);  /* RxOk */
	assert_int_equal(get32(t + 24), 1); /* RxEr */
	assert_int_equal(get16(t + 28), 1); /* MissPkt */
	assert_int_equal(in(REG_MPC, 4), 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 1);
	out(REG_DTCCR, 4, (RAM + 0x40) | 8);
	assert_int_equal(get32(t + 8), 0);
	assert_int_equal(mistakes(), 0);
	out(REG_DTCCR, 4, 8); /* into low memory, which this machine has not */
	assert_mistake(0, "tally counters");
}

/* ---- PHY ---- */

static uint32_t mii_read(unsigned reg)
{
	out(REG_PHYAR, 4, reg << 16);
	assert_true(in(REG_PHYAR, 4) >> 31);
	return in(REG_PHYAR, 4) & 0xffff;
}
static void mii_write(unsigned reg, uint32_t value)
{
	out(REG_PHYAR, 4, 0x80000000 | reg << 16 | value);
	assert_false(in(REG_PHYAR, 4) >> 31);
}

static void test_phy(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		bool fast;

		chip(name);
		fast = is(CHIP_FAST);
		assert_int_equal(mii_read(2) << 16 | mii_read(3), nic->chip->phy_id);
		assert_int_equal(mii_read(1) & 4, 0);
		assert_int_equal(rtl_tick(nic, 5), 6); /* 10 ms */
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		assert_int_equal(rtl_tick(nic, 10), -1);
		assert_true(isr() & ISR_LINK);
		mii_read(1); /* the lost link is latched until read */
		assert_int_equal(mii_read(1) & 0x24, 0x24);
		assert_int_equal(mii_read(15), fast ? 0 : 0x3000);
		assert_int_equal(rtl_link_speed(nic), is(CHIP_8125)	    ? 2500
						      : fast		    ? 100
						      : is(CHIP_NO_GIGABIT) ? 100
									    : 1000);
		mii_write(9, fast ? 0 : 0x300);
		mii_write(0, 0x1200);
		assert_int_equal(rtl_link_speed(nic), 0);
		rtl_tick(nic, 100);
		assert_int_equal(rtl_link_speed(nic), is(CHIP_8125) ? 2500 : fast ? 100 : 1000);
		mii_write(0, 0x0100); /* forced: 10 Mbit/s, full duplex */
		rtl_tick(nic, 200);
		assert_int_equal(rtl_link_speed(nic), 10);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 0x1f, 0x07);
		assert_int_equal(mii_read(5), 0); /* nothing was negotiated */
		mii_write(0, 0x2000);
		rtl_tick(nic, 300);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 0x1f, 0x0a);
		mii_write(0, 0x1800); /* powered down */
		assert_int_equal(rtl_tick(nic, 1000), -1);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		mii_write(0, 0x8000);
		assert_true(mii_read(0) & 0x8000);
		assert_true(mii_read(0) & 0x8000);
		assert_int_equal(mii_read(0) & 0x9800, 0x1000);
		rtl_tick(nic, 2000);
		assert_true(in(REG_PHYSTATUS, 1) & 2);
		rtl_cable(nic, 0, 3000);
		assert_int_equal(mii_read(1) & 4, 0);
		assert_int_equal(in(REG_PHYSTATUS, 1) & 2, 0);
		rtl_cable(nic, 1, 4000);
		rtl_tick(nic, 5000);
		assert_int_equal(mii_read(1) & 4, 0); /* it was lost in between */
		assert_int_equal(mii_read(1) & 4, 4);
		mii_write(31, 3); /* another page */
		mii_write(0x12, 0x1234);
		assert_int_equal(mii_read(0x12), 0x1234);
		mii_write(31, 0);
		assert_int_not_equal(mii_read(0x12), 0x1234);
		assert_int_equal(mii_read(2), 0x001c & (nic->chip->phy_id >> 16));
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	chip("8125a");
	rtl_tick(nic, 100);
	out(REG_GPHY_OCP, 4, 0xa434u << 15); /* page a43 register 12: the speed */
	assert_int_equal(in(REG_GPHY_OCP, 4) & 0x8000ffff, 0x80000210);
	out(REG_GPHY_OCP, 4, 0x80000000 | 0xa5d4u << 15); /* no 2.5G any more */
	assert_int_equal(in(REG_GPHY_OCP, 4) >> 31, 0);
	out(REG_GPHY_OCP, 4, 0x80000000 | 0xa400u << 15 | 0x1200);
	rtl_tick(nic, 200);
	assert_int_equal(rtl_link_speed(nic), 1000);
	assert_int_equal(in(REG_PHYSTATUS, 2) & 0x41f, 0x13);
}

static void test_vanished(void **state)
{
	chip("8168h");
	start();
	rtl_fault(nic, RTL_FAULT_VANISHED, RTL_FOREVER);
	assert_int_equal(in(REG_CR, 1), 0xff);
	assert_int_equal(in(REG_TCR, 4), 0xffffffff);
	assert_int_equal(rtl_cfg_read(nic, 0, 4), 0xffffffff);
	out(REG_CR, 1, 0);
	rtl_cfg_write(nic, 4, 0, 2);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 0);
	rtl_fault(nic, RTL_FAULT_VANISHED, 0);
	assert_int_equal(in(REG_CR, 1), CR_RE | CR_TE);
	assert_int_equal(mistakes(), 0);
}

/* ---- What a previous system left ---- */

static void test_armed(void **state)
{
	chip_with("8168h", RTL_LEFT_ARMED | RTL_LEFT_IRQ);
	rtl_tick(nic, 100);
	assert_int_equal(in(REG_CR, 1), CR_RE | CR_TE);
	assert_int_equal(intx_level, 1);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->stray_dma, 1);
	assert_int_equal(dma_count, 0);		    /* not carried out */
	assert_int_equal(isr() & ISR_SERR, 0x8000); /* set from the start */
	start();
	assert_int_equal(isr() & ~ISR_LINK, 0);
	assert_int_equal(intx_level, 0);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->rx, 1);
	assert_int_equal(rtl_counters(nic)->stray_dma, 1);
	assert_int_equal(mistakes(), 0);

	next_chip();
	chip_with("8168h", RTL_LEFT_ARMED); /* stopped by hand, without a reset */
	rtl_tick(nic, 100);
	out(REG_CR, 1, 0);
	give(0, RX_BUF);
	set_ring(REG_RDSAR, RX_RING);
	out(REG_CR, 1, CR_RE);
	receive(own, 100);
	assert_int_equal(rtl_counters(nic)->stray_dma, 0);
	assert_int_equal(desc(RX_RING, 0, 0) & 0x3fff, 104);
}

static void test_left_states(void **state)
{
	const char *name;
	size_t i;

	for (i = 0; (name = rtl_chip_name(i)); i++) {
		unsigned pm;

		chip_with(name, RTL_LEFT_PHY_OFF | RTL_LEFT_PHY_PAGE);
		assert_int_equal(rtl_tick(nic, 1000), -1);
		assert_int_equal(mii_read(2), 0); /* another page */
		mii_write(31, 0);
		assert_int_equal(mii_read(2), nic->chip->phy_id >> 16);
		assert_true(mii_read(0) & 0x0800);
		rtl_pci_reset(nic); /* does not reach the PHY */
		map();
		assert_true(mii_read(0) & 0x0800);
		next_chip();

		chip_with(name, RTL_LEFT_10MBIT);
		rtl_tick(nic, 1000);
		assert_int_equal(rtl_link_speed(nic), 10);
		assert_int_equal(mii_read(1) & 0x20, 0);
		next_chip();

		chip_with(name, RTL_LEFT_ONLY_10);
		rtl_tick(nic, 1000);
		assert_int_equal(rtl_link_speed(nic), 10);
		mii_read(1);
		assert_int_equal(mii_read(1) & 0x20, 0x20);
		next_chip();

		chip_with(name,
			  RTL_LEFT_WOL | RTL_LEFT_UNLOCKED | RTL_LEFT_VLAN | RTL_LEFT_LOOPBACK);
		pm = nic->cap_pm;
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 2), 0x8100);
		rtl_cfg_write(nic, pm + 4, 0x8000, 2);
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 2), 0);
		assert_true(in(REG_CONFIG3, 1) & 0x20);
		assert_int_equal(in(REG_9346CR, 1), UNLOCKED);
		assert_true(in(REG_CPCR, 2) & CPCR_VLAN);
		assert_int_equal(in(REG_TCR, 4) & TCR_LOOPBACK, TCR_LOOPBACK);
		start();
		assert_int_equal(in(REG_TCR, 4) & TCR_LOOPBACK, 0);
		assert_true(in(REG_CPCR, 2) & CPCR_VLAN); /* a reset does not help */
		assert_int_equal(mistakes(), 0);
		next_chip();

		chip_with(name, RTL_LEFT_ALL);
		pm = nic->cap_pm;
		assert_int_equal(rtl_cfg_read(nic, pm + 4, 1) & 3, 3);
		rtl_cfg_write(nic, pm + 4, 0x8000, 2);
		assert_int_equal(rtl_cfg_read(nic, 4, 2), 0);
		map();
		mii_write(31, 0);
		mii_write(4, 0x01e1);
		mii_write(0, 0x1200);
		start();
		receive(own, 100);
		assert_int_equal(rtl_counters(nic)->rx, 1);
		assert_int_equal(mistakes(), 0);
		next_chip();
	}
	chip("8168h");
}

/* ---- After the driver ---- */

static void test_quiet(void **state)
{
	chip("8168h");
	start();
	rtl_expect_quiet(nic, true);
	assert_mistake(0, "engines running");
	receive(own, 100);
	assert_true(mistakes() > 1);
	assert_non_null(strstr(rtl_last_mistake(nic), "after the card was closed"));
	reset_chip();
	{
		uint64_t before = mistakes();

		receive(own, 100);
		assert_int_equal(mistakes(), before);
		out(REG_CR, 1, CR_RE);
		assert_mistake(before, "started after");
		out(REG_CR, 1, 0);
		out(REG_IMR, 2, 0xffff);
		out(REG_TPPOLL, 1, 1);
		assert_mistake(before + 1, "interrupt after");
	}
	rtl_expect_quiet(nic, false);
	next_chip();

	chip("8168h"); /* the next system looks for its cards */
	start();
	rtl_cfg_write(nic, 0x18, 0xffffffff, 4);
	assert_mistake(0, "engines run");
	next_chip();
	chip_with("8168h", RTL_LEFT_ARMED); /* not this driver's fault */
	rtl_cfg_write(nic, 0x18, 0xffffffff, 4);
	assert_int_equal(mistakes(), 0);
}

static void test_stats(void **state)
{
	char text[512];

	chip("8168h");
	start();
	receive(own, 100);
	rtl_stats(nic, text, sizeof(text));
	assert_non_null(strstr(text, "chip 8168h: tx 0 rx 1 "));
	rtl_stats(nic, text, 10);
	assert_int_equal(strlen(text), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_chip, end),
		cmocka_unit_test_teardown(test_bars, end),
		cmocka_unit_test_teardown(test_d3_loses_the_configuration, end),
		cmocka_unit_test_teardown(test_interrupts, end),
		cmocka_unit_test_teardown(test_lock, end),
		cmocka_unit_test_teardown(test_reset, end),
		cmocka_unit_test_teardown(test_pci_chips_want_the_engine_first, end),
		cmocka_unit_test_teardown(test_high_half_of_a_ring_counts_with_the_low_one, end),
		cmocka_unit_test_teardown(test_doors, end),
		cmocka_unit_test_teardown(test_stuck_doors, end),
		cmocka_unit_test_teardown(test_tally, end),
		cmocka_unit_test_teardown(test_phy, end),
		cmocka_unit_test_teardown(test_vanished, end),
		cmocka_unit_test_teardown(test_armed, end),
		cmocka_unit_test_teardown(test_left_states, end),
		cmocka_unit_test_teardown(test_quiet, end),
		cmocka_unit_test_teardown(test_stats, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
