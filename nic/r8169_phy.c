/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTL8169 family: the PHY (IEEE 802.3 clause 22) and the link.
 *
 * Its registers are reached in one of three ways: PHYAR, which shows the page
 * that somebody selected last; on the 8168G and later the OCP window, whose
 * addresses name the page themselves; on the 8139C+ as plain registers. A good
 * link is left alone: negotiating takes seconds, and switches make users wait
 * half a minute after it.
 */
#include "nic/r8169.h"
#include "nic/mii.h"
#include "bios/clock.h"
#include "lib/log.h"

#define PHY_US	    2000
#define PHY_GAP_US  20
#define PHYAR_WRITE 0x80000000u
#define PHY_FLAG    0x80000000u
#define DP_MDIO_OFF 0x00020000u

#define MMD_DATA 14
#define PAGE	 31

#define OCP_PAGE_0	   0xa400
#define OCP_CONTROL_2500   0xa5d4
#define OCP_ADVERTISE_2500 0x0080
#define OCP_PARTNER_2500   0xa5d6
#define OCP_OFFERS_2500	   0x0020

/* --------------------------------------------------------------------------
 * Registers
 */

static int ocp_read(struct r8169 *r, unsigned address)
{
	r8169_write32(r, GPHY_OCP, address << 15);
	if (!r8169_wait(r, GPHY_OCP, 4, PHY_FLAG, PHY_FLAG, PHY_US))
		return -1;
	return (int)(r8169_read32(r, GPHY_OCP) & 0xffff);
}

static void ocp_write(struct r8169 *r, unsigned address, unsigned data)
{
	r8169_write32(r, GPHY_OCP, PHY_FLAG | address << 15 | data);
	r8169_wait(r, GPHY_OCP, 4, PHY_FLAG, 0, PHY_US);
}

static void mdio_gate(struct r8169 *r, bool open)
{
	uint32_t value;

	if (!r8169_has(r, R8169_MDIO_GATE))
		return;
	value = r8169_read32(r, DP_MDIO) & ~DP_MDIO_OFF;
	r8169_write32(r, DP_MDIO, open ? value : value | DP_MDIO_OFF);
}

static int mdio_read(struct r8169 *r, unsigned reg)
{
	int value = -1;

	mdio_gate(r, true);
	r8169_write32(r, PHYAR, reg << 16);
	if (r8169_wait(r, PHYAR, 4, PHY_FLAG, PHY_FLAG, PHY_US))
		value = (int)(r8169_read32(r, PHYAR) & 0xffff);
	clock_delay_us(PHY_GAP_US);
	mdio_gate(r, false);
	return value;
}

static void mdio_write(struct r8169 *r, unsigned reg, unsigned data)
{
	mdio_gate(r, true);
	r8169_write32(r, PHYAR, PHYAR_WRITE | reg << 16 | data);
	r8169_wait(r, PHYAR, 4, PHY_FLAG, 0, PHY_US);
	clock_delay_us(PHY_GAP_US);
	mdio_gate(r, false);
}

/** The 8139's register for PHY register @reg, or 0. */
static unsigned plain_register(unsigned reg)
{
	static const uint8_t offset[] = {
		[MII_CONTROL] = 0x62, [MII_STATUS] = 0x64,    [MII_ADVERTISE] = 0x66,
		[MII_PARTNER] = 0x68, [MII_EXPANSION] = 0x6a,
	};

	return reg < ARRAY_SIZE(offset) ? offset[reg] : 0;
}

int r8169_phy_read(struct nic *nic, unsigned reg)
{
	struct r8169 *r = nic->priv;

	if (r8169_has(r, R8169_CPLUS))
		return plain_register(reg) ? r8169_read16(r, plain_register(reg)) : -1;
	return r8169_has(r, R8169_GATE) ? ocp_read(r, OCP_PAGE_0 + 2 * reg) : mdio_read(r, reg);
}

void r8169_phy_write(struct nic *nic, unsigned reg, uint16_t data)
{
	struct r8169 *r = nic->priv;

	if (r8169_has(r, R8169_CPLUS)) {
		if (!plain_register(reg))
			return;
		r8169_write8(r, CR9346, CR9346_UNLOCK);
		r8169_write16(r, plain_register(reg), data);
		r8169_write8(r, CR9346, CR9346_LOCK);
	} else if (r8169_has(r, R8169_GATE)) {
		ocp_write(r, OCP_PAGE_0 + 2 * reg, data);
	} else {
		mdio_write(r, reg, data);
	}
}

/* --------------------------------------------------------------------------
 * The link
 */

struct link {
	bool up, full;
	uint32_t speed;
};

static struct link read_link_8139(struct r8169 *r)
{
	uint8_t status = r8169_read8(r, MSR_8139);
	struct link link = {!(status & MSR_NO_LINK), false, status & MSR_10 ? 10 : 100};
	unsigned common;

	if (!link.up)
		return link;
	common = r8169_read16(r, plain_register(MII_ADVERTISE)) &
		 r8169_read16(r, plain_register(MII_PARTNER));
	link.full = common & (link.speed == 10 ? MII_OFFER_10_FULL : MII_OFFER_100_FULL);
	return link;
}

static struct link read_link(struct r8169 *r)
{
	uint32_t status;
	struct link link;

	if (r8169_has(r, R8169_CPLUS))
		return read_link_8139(r);
	status = r8169_has(r, R8169_2500) ? r8169_read16(r, PHYSTATUS) : r8169_read8(r, PHYSTATUS);
	link.up = status & PHYSTATUS_LINK;
	link.full = status & PHYSTATUS_FULL;
	link.speed = status & PHYSTATUS_2500   ? 2500
		     : status & PHYSTATUS_1000 ? 1000
		     : status & PHYSTATUS_100  ? 100
					       : 10;
	return link;
}

/** Offer 2.5 Gbit/s, which has no register in clause 22; true when it was not offered before. */
static bool offer_2500(struct r8169 *r)
{
	int offer = r8169_has(r, R8169_2500) ? ocp_read(r, OCP_CONTROL_2500) : -1;

	if (offer < 0 || offer & OCP_ADVERTISE_2500)
		return false;
	ocp_write(r, OCP_CONTROL_2500, (unsigned)offer | OCP_ADVERTISE_2500);
	return true;
}

void r8169_phy_start(struct nic *nic)
{
	const int wrong = MII_CONTROL_LOOPBACK | MII_CONTROL_POWER_DOWN | MII_CONTROL_ISOLATE;
	struct r8169 *r = nic->priv;
	int control;

	if (!(r->gen->flags & (R8169_GATE | R8169_CPLUS)))
		mdio_write(r, PAGE, 0);
	/* One revision of the gigabit PHY finds no link with anything else here. */
	if (!(r->gen->flags & (R8169_GATE | R8169_FAST)))
		mdio_write(r, MMD_DATA, 0);
	control = r8169_phy_read(nic, MII_CONTROL);
	if (control >= 0 && !(control & wrong) && control & MII_CONTROL_NEGOTIATE &&
	    read_link(r).up)
		return;
	offer_2500(r);
	if (control < 0 || !mii_negotiate(nic))
		print("%s: the PHY does not answer, so the link stays as it is\n", nic->name);
}

void r8169_phy_check(struct nic *nic)
{
	struct r8169 *r = nic->priv;
	struct link link = read_link(r);

	if (link.up && !nic->link_up && link.speed == 1000 && r8169_has(r, R8169_2500) &&
	    ocp_read(r, OCP_PARTNER_2500) & OCP_OFFERS_2500 && offer_2500(r)) {
		print("%s: link 1000 Mbit/s, the partner offers 2500: negotiating again\n",
		      nic->name);
		mii_negotiate(nic);
		link.up = false;
	}
	nic_link(nic, link.up, link.speed, link.full);
}
