/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PHY of the RTL8169 model: MII registers (IEEE 802.3 clause 22), Realtek's
 * pages, negotiation with a partner that offers everything, and the link.
 */
#include "test/r8169/model.h"

#include <string.h>

enum {
	MII_BMCR = 0,
	MII_BMSR = 1,
	MII_ID1 = 2,
	MII_ID2 = 3,
	MII_ANAR = 4,
	MII_ANLPAR = 5,
	MII_ANER = 6,
	MII_CTRL1000 = 9,
	MII_STAT1000 = 10,
	MII_ESTATUS = 15,
	MII_PAGE = 31,
};

#define BMCR_RESET    0x8000u
#define BMCR_100      0x2000u
#define BMCR_AN	      0x1000u
#define BMCR_OFF      0x0800u
#define BMCR_RESTART  0x0200u
#define BMCR_FULL     0x0100u
#define BMCR_1000     0x0040u
#define BMSR_AN_DONE  0x0020u
#define BMSR_LINK     0x0004u
#define ANAR_100_FULL 0x0100u
#define ANAR_100_HALF 0x0080u
#define ANAR_10_FULL  0x0040u
#define ANAR_10	      0x0061u
#define ANAR_ALL      0x0de1u
#define CTRL1000_FULL 0x0200u
#define CTRL1000_BOTH 0x0300u

/* A change of these bits starts a negotiation. */
#define BMCR_RENEGOTIATE (BMCR_100 | BMCR_AN | BMCR_OFF | BMCR_FULL | BMCR_1000)

#define PHYSTATUS_FULL 0x01u
#define PHYSTATUS_LINK 0x02u
#define PHYSTATUS_10   0x04u
#define PHYSTATUS_100  0x08u
#define PHYSTATUS_1000 0x10u
#define PHYSTATUS_FLOW 0x60u
#define PHYSTATUS_2500 0x400u

/* OCP addresses: page 0 of MII; the speed (page a43 register 12); 2.5G (pages a61 and a5d). */
#define OCP_MII		0xa400u
#define OCP_MII_END	0xa420u
#define OCP_SPEED	0xa434u
#define OCP_2500_ABLE	0xa616u
#define OCP_2500_OFFER	0xa5d4u
#define OCP_2500_REMOTE 0xa5d6u

#define STRAY_PAGE 5u

/* ---- Where registers are kept ---- */

static uint16_t *slot(struct rtl *r, unsigned page, unsigned reg)
{
	unsigned address;

	if (!chip_is(r, CHIP_OCP))
		return &r->phy_page[page & 0xfff][reg & 31];
	address = page ? (page << 4) + ((reg - 0x10) & 7) * 2 : OCP_MII + (reg & 31) * 2;
	return &r->phy_ocp[(address & 0xffff) >> 1];
}

static uint16_t *mii(struct rtl *r, unsigned reg)
{
	return slot(r, 0, reg);
}

/* ---- The link ---- */

unsigned rtl_link_speed(struct rtl *r)
{
	uint16_t bmcr = *mii(r, MII_BMCR), offer = *mii(r, MII_ANAR);

	if (!r->link)
		return 0;
	if (!(bmcr & BMCR_AN))
		return bmcr & BMCR_1000 ? 1000 : bmcr & BMCR_100 ? 100 : 10;
	if (chip_is(r, CHIP_8125) && r->phy_ocp[OCP_2500_OFFER >> 1] & 0x80)
		return 2500;
	if (!chip_is(r, CHIP_FAST) && *mii(r, MII_CTRL1000) & CTRL1000_FULL)
		return 1000;
	return offer & (ANAR_100_FULL | ANAR_100_HALF) ? 100 : 10;
}

static bool full_duplex(struct rtl *r, unsigned speed)
{
	uint16_t bmcr = *mii(r, MII_BMCR), offer = *mii(r, MII_ANAR);

	if (!(bmcr & BMCR_AN))
		return bmcr & BMCR_FULL;
	return speed >= 1000 || offer & (speed == 100 ? ANAR_100_FULL : ANAR_10_FULL);
}

void sim_phy_show(struct rtl *r)
{
	unsigned speed = rtl_link_speed(r), status = 0;

	if (speed) {
		status = PHYSTATUS_LINK | PHYSTATUS_FLOW;
		status |= full_duplex(r, speed) ? PHYSTATUS_FULL : 0;
		status |= speed == 2500	  ? PHYSTATUS_2500
			  : speed == 1000 ? PHYSTATUS_1000
			  : speed == 100  ? PHYSTATUS_100
					  : PHYSTATUS_10;
	}
	r->regs[REG_PHYSTATUS] = (uint8_t)status;
	if (chip_is(r, CHIP_8125))
		r->regs[REG_PHYSTATUS + 1] = (uint8_t)(status >> 8);
	if (chip_is(r, CHIP_OCP))
		r->phy_ocp[OCP_SPEED >> 1] = speed == 2500   ? 0x210
					     : speed == 1000 ? 0x20
					     : speed == 100  ? 0x10
							     : 0;
}

static void set_link(struct rtl *r, bool up)
{
	bool changed = up != r->link;

	r->link = up;
	r->link_was_lost |= changed && !up;
	sim_phy_show(r);
	if (!changed)
		return;
	if (up)
		sim_note(r, "link up, %u Mbit/s", rtl_link_speed(r));
	else
		sim_note(r, "link down");
	sim_isr_raise(r, ISR_LINK);
}

static void negotiate(struct rtl *r)
{
	bool can = r->cable && !(*mii(r, MII_BMCR) & BMCR_OFF);

	r->negotiated = false;
	set_link(r, false);
	r->negotiated_at = can ? (int64_t)r->now + r->opts.an_ms : -1;
}

int sim_phy_tick(struct rtl *r)
{
	if (r->negotiated_at < 0)
		return -1;
	if ((uint64_t)r->negotiated_at > r->now)
		return (int)((uint64_t)r->negotiated_at - r->now) + 1;
	r->negotiated_at = -1;
	r->negotiated = *mii(r, MII_BMCR) & BMCR_AN;
	set_link(r, true);
	return -1;
}

void rtl_cable(struct rtl *r, int plugged, uint64_t now_ms)
{
	r->now = now_ms;
	r->cable = plugged;
	negotiate(r);
}

/* ---- Start and dirty start ---- */

static void set_defaults(struct rtl *r)
{
	*mii(r, MII_BMCR) = chip_is(r, CHIP_FAST) ? BMCR_AN | BMCR_100 | BMCR_FULL
						  : BMCR_AN | BMCR_FULL | BMCR_1000;
	*mii(r, MII_ANAR) = ANAR_ALL;
	*mii(r, MII_CTRL1000) = chip_is(r, CHIP_FAST)	      ? 0
				: chip_is(r, CHIP_NO_GIGABIT) ? 0
							      : CTRL1000_BOTH;
	if (chip_is(r, CHIP_8125)) {
		r->phy_ocp[OCP_2500_ABLE >> 1] = 0x2000;
		r->phy_ocp[OCP_2500_OFFER >> 1] = 0x0080;
		r->phy_ocp[OCP_2500_REMOTE >> 1] = 0x0020;
	}
}

void sim_phy_power_on(struct rtl *r)
{
	set_defaults(r);
	r->page = 0;
	r->link_was_lost = true;
	negotiate(r);
}

void sim_phy_leave(struct rtl *r)
{
	uint32_t left = r->opts.left;

	if (left & RTL_LEFT_ONLY_10) {
		*mii(r, MII_ANAR) = ANAR_10;
		*mii(r, MII_CTRL1000) = 0;
		r->phy_ocp[OCP_2500_OFFER >> 1] = 0;
	}
	if (left & RTL_LEFT_10MBIT)
		*mii(r, MII_BMCR) = BMCR_FULL;
	if (left & RTL_LEFT_PHY_OFF)
		*mii(r, MII_BMCR) |= BMCR_OFF;
	negotiate(r);
	if (left & RTL_LEFT_PHY_PAGE)
		r->page = STRAY_PAGE;
}

/* ---- Register access ---- */

static uint16_t read_status(struct rtl *r)
{
	uint16_t value = chip_is(r, CHIP_FAST) ? 0x7849 : 0x7949;

	if (r->negotiated)
		value |= BMSR_AN_DONE;
	if (r->link && !r->link_was_lost)
		value |= BMSR_LINK;
	r->link_was_lost = !r->link; /* latched until read */
	return value;
}

static uint16_t read_mii(struct rtl *r, unsigned reg)
{
	switch (reg) {
	case MII_BMCR:
		if (r->phy_reset_reads) {
			r->phy_reset_reads--;
			return *mii(r, reg) | BMCR_RESET;
		}
		return *mii(r, reg);
	case MII_BMSR:
		return read_status(r);
	case MII_ID1:
		return (uint16_t)(r->chip->phy_id >> 16);
	case MII_ID2:
		return (uint16_t)r->chip->phy_id;
	case MII_ANLPAR:
		return r->negotiated ? 0xcde1 : 0;
	case MII_ANER:
		return r->negotiated ? 0x000f : 0x0004;
	case MII_STAT1000:
		return r->negotiated && !chip_is(r, CHIP_FAST) ? 0x3c00 : 0;
	case MII_ESTATUS:
		return chip_is(r, CHIP_FAST) ? 0 : 0x3000;
	default:
		return *mii(r, reg);
	}
}

static void write_bmcr(struct rtl *r, uint16_t value)
{
	uint16_t old = *mii(r, MII_BMCR);

	if (value & BMCR_RESET) {
		set_defaults(r);
		r->phy_reset_reads = 2;
		negotiate(r);
		return;
	}
	*mii(r, MII_BMCR) = value & (uint16_t)~BMCR_RESTART;
	if (value & BMCR_RESTART || (old ^ value) & BMCR_RENEGOTIATE)
		negotiate(r);
}

static void write_mii(struct rtl *r, unsigned reg, uint16_t value)
{
	switch (reg) {
	case MII_BMCR:
		write_bmcr(r, value);
		return;
	case MII_BMSR:
	case MII_ID1:
	case MII_ID2:
	case MII_ANLPAR:
	case MII_ANER:
	case MII_STAT1000:
	case MII_ESTATUS:
		return;
	default:
		*mii(r, reg) = value;
	}
}

uint16_t sim_phy_read(struct rtl *r, unsigned reg)
{
	if (reg == MII_PAGE)
		return (uint16_t)r->page;
	return r->page ? *slot(r, r->page, reg) : read_mii(r, reg);
}

void sim_phy_write(struct rtl *r, unsigned reg, uint16_t value)
{
	if (reg == MII_PAGE)
		r->page = value;
	else if (r->page)
		*slot(r, r->page, reg) = value;
	else
		write_mii(r, reg, value);
}

uint16_t sim_phy_ocp_read(struct rtl *r, unsigned address)
{
	if (address >= OCP_MII && address < OCP_MII_END)
		return read_mii(r, (address - OCP_MII) / 2);
	return r->phy_ocp[(address & 0xffff) >> 1];
}

void sim_phy_ocp_write(struct rtl *r, unsigned address, uint16_t value)
{
	if (address >= OCP_MII && address < OCP_MII_END)
		write_mii(r, (address - OCP_MII) / 2, value);
	else
		r->phy_ocp[(address & 0xffff) >> 1] = value;
}
