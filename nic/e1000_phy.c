/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel gigabit chips: the PHY behind MDIC.
 *
 * From the 82571 on, management firmware may talk to the PHY as well. Three
 * ways of taking turns: a flag in EXTCNF_CTRL (82573, 82574, ICH, PCH), the
 * semaphore SWSM (82571), and SWSM guarding a word with a bit for each port's
 * PHY, SW_FW_SYNC (82575 and later). A semaphore of software's that stays taken
 * was left so by a driver that died: nobody else runs on this machine.
 */
#include "nic/e1000.h"
#include "nic/mii.h"
#include "bios/clock.h"

#define MDIC_US 2000
#define LOCK_MS 100

/* --------------------------------------------------------------------------
 * Taking turns with firmware
 */

static bool set_and_verify(struct e1000 *e, unsigned reg, uint32_t bit)
{
	uint64_t deadline = clock_ms() + LOCK_MS;

	do {
		e1000_write(e, reg, e1000_read(e, reg) | bit);
		if (e1000_read(e, reg) & bit)
			return true;
		clock_delay_us(50);
	} while (clock_ms() < deadline);
	return false;
}

static void release_swsm(struct e1000 *e)
{
	e1000_write(e, SWSM, e1000_read(e, SWSM) & ~(uint32_t)(SWSM_SMBI | SWSM_SWESMBI));
}

static bool take_swsm(struct e1000 *e)
{
	if (!e1000_wait(e, SWSM, SWSM_SMBI, 0, LOCK_MS))
		release_swsm(e);
	if (set_and_verify(e, SWSM, SWSM_SWESMBI))
		return true;
	release_swsm(e);
	return false;
}

/** Our bit in SW_FW_SYNC: that of this port's PHY. */
static uint32_t phy_bit(struct e1000 *e)
{
	static const uint8_t bits[] = {1, 2, 5, 6};

	return 1u << bits[e1000_read(e, STATUS) >> STATUS_PORT_SHIFT & 3];
}

static bool take_sync(struct e1000 *e)
{
	uint32_t bit = phy_bit(e);

	if (!e1000_wait(e, SW_FW_SYNC, bit << SYNC_FIRMWARE_SHIFT, 0, LOCK_MS) || !take_swsm(e))
		return false;
	e1000_write(e, SW_FW_SYNC, e1000_read(e, SW_FW_SYNC) | bit);
	release_swsm(e);
	return true;
}

static bool take_phy(struct e1000 *e)
{
	if (e->flags & E1000_SWFLAG)
		return set_and_verify(e, EXTCNF_CTRL, EXTCNF_SWFLAG);
	if (e->flags & E1000_IGB)
		return take_sync(e);
	return !(e->flags & E1000_SWSM) || take_swsm(e);
}

static void release_phy(struct e1000 *e)
{
	if (e->flags & E1000_SWFLAG)
		e1000_write(e, EXTCNF_CTRL, e1000_read(e, EXTCNF_CTRL) & ~(uint32_t)EXTCNF_SWFLAG);
	else if (e->flags & E1000_IGB)
		e1000_write(e, SW_FW_SYNC, e1000_read(e, SW_FW_SYNC) & ~phy_bit(e));
	else if (e->flags & E1000_SWSM)
		release_swsm(e);
}

/* --------------------------------------------------------------------------
 * Registers
 */

/** One turn of the bus: the 16 bits read, or negative. */
static int mdic(struct e1000 *e, unsigned phy, unsigned reg, uint32_t command)
{
	uint64_t deadline = clock_us() + MDIC_US;
	uint32_t value;

	e1000_write(e, MDIC, command | phy << MDIC_PHY_SHIFT | reg << MDIC_REG_SHIFT);
	do {
		value = e1000_read(e, MDIC);
		if (value & MDIC_ERROR)
			return -1;
		if (value & MDIC_READY)
			return (int)(value & 0xffff);
	} while (clock_us() < deadline);
	return -1;
}

int e1000_phy_read(struct nic *nic, unsigned reg)
{
	struct e1000 *e = nic->priv;
	int value;

	if (e->phy < 0 || !take_phy(e))
		return -1;
	value = mdic(e, (unsigned)e->phy, reg, MDIC_READ);
	release_phy(e);
	return value;
}

void e1000_phy_write(struct nic *nic, unsigned reg, uint16_t value)
{
	struct e1000 *e = nic->priv;

	if (e->phy < 0 || !take_phy(e))
		return;
	mdic(e, (unsigned)e->phy, reg, MDIC_WRITE | value);
	release_phy(e);
}

void e1000_find_phy(struct nic *nic)
{
	static const uint8_t order[] = {1, 2, 0, 3}, order_pch[] = {2, 1, 0, 3};
	struct e1000 *e = nic->priv;
	unsigned i;

	e->phy = -1;
	if (!(e->flags & E1000_MDIC) || !take_phy(e))
		return;
	for (i = 0; i < ARRAY_SIZE(order) && e->phy < 0; i++) {
		unsigned address = (e->flags & E1000_PHY2 ? order_pch : order)[i];
		int id = mdic(e, address, MII_ID1, MDIC_READ);

		if (id > 0 && id != 0xffff)
			e->phy = (int)address;
	}
	release_phy(e);
}
