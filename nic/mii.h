/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers that every Ethernet PHY has: IEEE 802.3 clause 22.2.4, and what
 * they mean for negotiation (clauses 28 and 40).
 *
 * A driver gives access with nic_ops.phy_read and nic_ops.phy_write. The core
 * does the rest: `ifstat --phy` shows the registers, and nic_link() negotiates
 * again, once a card, when the link comes up slower than both ends can. Drivers
 * that wake a PHY use mii_negotiate().
 */
#ifndef NIC_MII_H
#define NIC_MII_H

#include "nic/nic.h"

enum mii_register {
	MII_CONTROL = 0,
	MII_STATUS = 1,
	MII_ID1 = 2,
	MII_ID2 = 3,
	MII_ADVERTISE = 4,
	MII_PARTNER = 5,
	MII_EXPANSION = 6,
	MII_CONTROL_1000 = 9,
	MII_STATUS_1000 = 10,
	MII_EXTENDED = 15,
	MII_REGISTERS = 16, /* those that the standard gives a meaning */
};

enum {
	/* MII_CONTROL, table 22-7 */
	MII_CONTROL_SPEED_1000 = 0x0040,
	MII_CONTROL_DUPLEX = 0x0100,
	MII_CONTROL_RESTART = 0x0200,
	MII_CONTROL_ISOLATE = 0x0400,
	MII_CONTROL_POWER_DOWN = 0x0800,
	MII_CONTROL_NEGOTIATE = 0x1000,
	MII_CONTROL_SPEED_100 = 0x2000,
	MII_CONTROL_LOOPBACK = 0x4000,
	MII_CONTROL_RESET = 0x8000,
	/* MII_STATUS, table 22-8 */
	MII_STATUS_LINK = 0x0004, /* latches low: read twice */
	MII_STATUS_FAULT = 0x0010,
	MII_STATUS_NEGOTIATED = 0x0020,
	MII_STATUS_EXTENDED = 0x0100,
	MII_STATUS_10 = 0x0800,
	MII_STATUS_10_FULL = 0x1000,
	MII_STATUS_100 = 0x2000,
	MII_STATUS_100_FULL = 0x4000,
	/* MII_ADVERTISE and MII_PARTNER, table 28-9 and annex 28B */
	MII_SELECTOR = 0x0001,
	MII_OFFER_10 = 0x0020,
	MII_OFFER_10_FULL = 0x0040,
	MII_OFFER_100 = 0x0080,
	MII_OFFER_100_FULL = 0x0100,
	MII_OFFER_PAUSE = 0x0400,
	MII_OFFER_PAUSE_ASYMMETRIC = 0x0800,
	/* MII_EXPANSION, table 28-7 */
	MII_EXPANSION_PARTNER = 0x0001, /* the partner negotiates */
	/* MII_CONTROL_1000 and MII_STATUS_1000, table 40-3 */
	MII_OFFER_1000_FULL = 0x0200,
	MII_PARTNER_1000 = 0x0400,
	MII_PARTNER_1000_FULL = 0x0800,
	MII_1000_REMOTE_OK = 0x1000,
	MII_1000_LOCAL_OK = 0x2000,
	MII_1000_MASTER = 0x4000,
	MII_1000_FAULT = 0x8000,
	MII_1000_IDLE_ERRORS = 0x00ff,
	/* MII_EXTENDED, table 22-9 */
	MII_EXTENDED_1000_FULL = 0x2000,
};

/** Wake the PHY and negotiate with everything that it can; needs phy_write. False when the PHY
 * does not answer or is not for twisted pair. Does not wait for the outcome. */
bool mii_negotiate(struct nic *nic);

/** The link came up at @speed: when that is less than both ends can, say so and negotiate again,
 * once a card; true when it does, and the link is then not up yet. Called by nic_link(). */
bool mii_renegotiate(struct nic *nic, uint32_t speed, bool full_duplex);

/** Print the registers of an open card with phy_read, in numbers and in words. */
void mii_print(struct nic *nic);

#endif
