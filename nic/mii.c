/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clause 22 PHY registers: what both ends of a cable can, negotiating again
 * when the link came up at less, and showing all that to the user.
 *
 * A link is slower than need be when a previous system left the PHY so (10
 * Mbit/s for wake-up, negotiation off) or when the cable lacks pairs. The first
 * is cured by negotiating again; the second is not, so that is done once.
 */
#include "nic/mii.h"
#include "bios/clock.h"
#include "lib/format.h"
#include "lib/log.h"

#define SETTLE_MS 500 /* after a restart a PHY may still show the old link */

/** Ways to run a link; a higher bit is the better way (annex 28B.3). No card has 1000BASE-T half
 * duplex. */
enum {
	WAY_10 = 1,
	WAY_10_FULL = 2,
	WAY_100 = 4,
	WAY_100_FULL = 8,
	WAY_1000_FULL = 16,
};

static const struct {
	unsigned way;
	uint16_t ability, offer; /* bits of MII_STATUS; of MII_ADVERTISE and MII_PARTNER */
	const char *name;
} ways[] = {
	{WAY_10, MII_STATUS_10, MII_OFFER_10, "10 half"},
	{WAY_10_FULL, MII_STATUS_10_FULL, MII_OFFER_10_FULL, "10 full"},
	{WAY_100, MII_STATUS_100, MII_OFFER_100, "100 half"},
	{WAY_100_FULL, MII_STATUS_100_FULL, MII_OFFER_100_FULL, "100 full"},
	{WAY_1000_FULL, 0, 0, "1000 full"},
};

/** A register that does not answer reads as 0: no ability, no offer. */
static uint16_t phy(struct nic *nic, unsigned reg)
{
	int value = nic->ops->phy_read(nic, reg);

	return value < 0 || value == 0xffff ? 0 : (uint16_t)value;
}

/* --------------------------------------------------------------------------
 * What the ends can
 */

static unsigned own_ability(struct nic *nic)
{
	uint16_t status = phy(nic, MII_STATUS);
	unsigned i, all = 0;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		all |= status & ways[i].ability ? ways[i].way : 0;
	if (status & MII_STATUS_EXTENDED && phy(nic, MII_EXTENDED) & MII_EXTENDED_1000_FULL)
		all |= WAY_1000_FULL;
	return all;
}

static unsigned offered_ways(uint16_t offer, bool gigabit)
{
	unsigned i, all = gigabit ? WAY_1000_FULL : 0;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		all |= offer & ways[i].offer ? ways[i].way : 0;
	return all;
}

static unsigned own_offer(struct nic *nic)
{
	return offered_ways(phy(nic, MII_ADVERTISE),
			    phy(nic, MII_CONTROL_1000) & MII_OFFER_1000_FULL);
}

static unsigned partner_offer(struct nic *nic)
{
	return offered_ways(phy(nic, MII_PARTNER),
			    phy(nic, MII_STATUS_1000) & MII_PARTNER_1000_FULL);
}

static bool partner_negotiates(struct nic *nic)
{
	return phy(nic, MII_EXPANSION) & MII_EXPANSION_PARTNER;
}

static unsigned way_of(uint32_t speed, bool full_duplex)
{
	if (speed >= 1000)
		return WAY_1000_FULL;
	if (speed == 100)
		return full_duplex ? WAY_100_FULL : WAY_100;
	return full_duplex ? WAY_10_FULL : WAY_10;
}

/** Name of the best of @set. */
static const char *best_of(unsigned set)
{
	unsigned i = ARRAY_SIZE(ways);

	while (i-- > 1) {
		if (set & ways[i].way)
			break;
	}
	return ways[i < ARRAY_SIZE(ways) ? i : 0].name;
}

/* --------------------------------------------------------------------------
 * Negotiation
 */

bool mii_negotiate(struct nic *nic)
{
	unsigned can = own_ability(nic), i;
	uint16_t offer = MII_SELECTOR | MII_OFFER_PAUSE | MII_OFFER_PAUSE_ASYMMETRIC;

	if (!can)
		return false;
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		offer |= can & ways[i].way ? ways[i].offer : 0;
	nic->ops->phy_write(nic, MII_ADVERTISE, offer);
	if (can & WAY_1000_FULL)
		nic->ops->phy_write(nic, MII_CONTROL_1000, MII_OFFER_1000_FULL);
	nic->ops->phy_write(nic, MII_CONTROL, MII_CONTROL_NEGOTIATE | MII_CONTROL_RESTART);
	return true;
}

/** Why a link that runs as @way could be better, into @why; false when it could not. */
static bool could_be_better(struct nic *nic, unsigned way, char *why, size_t size)
{
	unsigned can = own_ability(nic), both;

	if (can <= (way | (way - 1)))
		return false;
	if (!(phy(nic, MII_CONTROL) & MII_CONTROL_NEGOTIATE)) {
		format(why, size, "negotiation was turned off");
		return true;
	}
	if (!partner_negotiates(nic)) /* its offer is then a guess from the signal */
		return false;
	both = can & partner_offer(nic);
	if (both > (way | (way - 1)))
		format(why, size, "the partner offers %s duplex", best_of(both));
	else if (can & ~own_offer(nic) & ~(way | (way - 1)))
		format(why, size, "the card was left offering no more");
	else
		return false;
	return true;
}

/** Say that the link is slow, @next: what comes of it. */
static void say_slow(struct nic *nic, uint32_t speed, bool full_duplex, const char *why,
		     const char *next)
{
	print("%s: link %u Mbit/s %s duplex, %s: %s\n", nic->name, speed,
	      full_duplex ? "full" : "half", why, next);
}

bool mii_renegotiate(struct nic *nic, uint32_t speed, bool full_duplex)
{
	unsigned way = way_of(speed, full_duplex);
	char why[48];

	if (!nic->ops->phy_read || way == WAY_1000_FULL)
		return false;
	if (nic->renegotiated && clock_ms() - nic->renegotiated < SETTLE_MS)
		return true;
	if (!could_be_better(nic, way, why, sizeof(why)))
		return false;
	if (!nic->renegotiated && nic->ops->phy_write && mii_negotiate(nic)) {
		nic->renegotiated = max(clock_ms(), (uint64_t)1);
		say_slow(nic, speed, full_duplex, why, "negotiating again");
		return true;
	}
	if (!nic->slow_said)
		say_slow(nic, speed, full_duplex, why, "look at cable and switch port");
	nic->slow_said = true;
	return false;
}

/* --------------------------------------------------------------------------
 * In words
 */

static void print_ways(const char *title, unsigned set, uint16_t offer)
{
	unsigned i;

	print("  %s:", title);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (set & ways[i].way)
			print(" %s,", ways[i].name);
	}
	print(" %s\n", offer & MII_OFFER_PAUSE		    ? "pause"
		       : offer & MII_OFFER_PAUSE_ASYMMETRIC ? "pause one way"
							    : "no pause");
}

static void print_control(uint16_t control)
{
	unsigned speed = control & MII_CONTROL_SPEED_1000  ? 1000
			 : control & MII_CONTROL_SPEED_100 ? 100
							   : 10;

	if (control & MII_CONTROL_NEGOTIATE)
		print("  Control: negotiates");
	else
		print("  Control: fixed at %u %s", speed,
		      control & MII_CONTROL_DUPLEX ? "full" : "half");
	print("%s%s%s%s\n", control & MII_CONTROL_POWER_DOWN ? ", powered down" : "",
	      control & MII_CONTROL_ISOLATE ? ", isolated" : "",
	      control & MII_CONTROL_LOOPBACK ? ", loopback" : "",
	      control & MII_CONTROL_RESET ? ", in reset" : "");
}

static void print_gigabit(uint16_t status)
{
	print("  1000BASE-T: %s, receiver %s, partner's receiver %s, %u idle errors%s\n",
	      status & MII_1000_MASTER ? "master" : "slave",
	      status & MII_1000_LOCAL_OK ? "ok" : "not ok",
	      status & MII_1000_REMOTE_OK ? "ok" : "not ok", status & MII_1000_IDLE_ERRORS,
	      status & MII_1000_FAULT ? ", master/slave fault" : "");
}

static void print_words(struct nic *nic)
{
	unsigned partner = partner_offer(nic);
	uint16_t status;

	phy(nic, MII_STATUS); /* what was latched */
	status = phy(nic, MII_STATUS);
	print_control(phy(nic, MII_CONTROL));
	print("  Status: link %s, negotiation %s%s\n", status & MII_STATUS_LINK ? "up" : "down",
	      status & MII_STATUS_NEGOTIATED ? "complete" : "not complete",
	      status & MII_STATUS_FAULT ? ", remote fault" : "");
	print_ways("Offered", own_offer(nic), phy(nic, MII_ADVERTISE));
	if (partner_negotiates(nic) || partner)
		print_ways("Partner offers", partner, phy(nic, MII_PARTNER));
	if (!(status & MII_STATUS_LINK))
		print("  No partner is seen.\n");
	else if (!partner_negotiates(nic) && !(partner & (partner - 1)))
		print("  The partner does not negotiate: what it offers is a guess from its "
		      "signal.\n");
	if (own_ability(nic) & WAY_1000_FULL)
		print_gigabit(phy(nic, MII_STATUS_1000));
}

void mii_print(struct nic *nic)
{
	unsigned reg;

	for (reg = 0; reg < MII_REGISTERS; reg++) {
		int value = nic->ops->phy_read(nic, reg);

		if (reg % 8 == 0)
			print("  PHY %2u-%2u:", reg, reg + 7);
		if (value < 0)
			print(" ----");
		else
			print(" %04x", (unsigned)value);
		if (reg % 8 == 7)
			print("\n");
	}
	print_words(nic);
}
