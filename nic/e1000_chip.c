/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel gigabit chips: reset, station address, PHY.
 *
 * Whoever had the chip before us may have left anything: receiver armed, PHY
 * powered down, wake-up on, packet buffers cut for many queues. So bus
 * mastering is stopped in order, the chip is reset and read back, and what a
 * reset keeps is written again. The PHY is reset only when the link is down:
 * on ICH and PCH parts a PHY reset drops a good link to 10 Mbit/s.
 */
#include "nic/e1000.h"
#include "bios/clock.h"
#include "lib/error.h"
#include "lib/log.h"

#include <linux/pci_regs.h>

#define RESET_SETTLE_US 10000 /* EEPROM reload */
#define RESET_MS	200
#define MASTER_MS	80
#define EERD_MS		10
#define MDIC_US		2000

#define I210_RXPBS 0x000000a2
#define I210_TXPBS 0x04000014
#define ICH8_PBA   0x08
#define ICH8_PBS   0x10

/* PHY registers, IEEE 802.3 clause 22. */
#define BMCR		 0
#define BMCR_POWER_DOWN	 0x0800
#define BMCR_AUTONEG	 0x1000
#define BMCR_RESTART	 0x0200
#define BMCR_ISOLATE	 0x0400
#define ADVERTISE	 4
#define ADVERTISE_ALL	 0x0de1 /* 10/100, half and full, both kinds of pause */
#define PARTNER		 5
#define PARTNER_100	 0x0180
#define CONTROL_1000	 9
#define CONTROL_1000_ALL 0x0200
#define STATUS_1000	 10
#define PARTNER_1000	 0x0c00

/* --------------------------------------------------------------------------
 * PHY
 */

static bool mdic_wait(struct e1000 *e, uint32_t *value)
{
	uint64_t deadline = clock_us() + MDIC_US;

	do {
		*value = e1000_read(e, MDIC);
		if (*value & MDIC_ERROR)
			return false;
		if (*value & MDIC_READY)
			return true;
	} while (clock_us() < deadline);
	return false;
}

uint16_t e1000_phy_read(struct e1000 *e, unsigned reg)
{
	uint32_t value;

	e1000_write(e, MDIC, MDIC_READ | 1u << MDIC_PHY_SHIFT | reg << MDIC_REG_SHIFT);
	return mdic_wait(e, &value) ? (uint16_t)value : 0xffff;
}

static void phy_write(struct e1000 *e, unsigned reg, uint16_t data)
{
	uint32_t value;

	e1000_write(e, MDIC, MDIC_WRITE | 1u << MDIC_PHY_SHIFT | reg << MDIC_REG_SHIFT | data);
	mdic_wait(e, &value);
}

/** Offer everything and negotiate. */
static void phy_negotiate(struct e1000 *e)
{
	phy_write(e, ADVERTISE, ADVERTISE_ALL);
	phy_write(e, CONTROL_1000, CONTROL_1000_ALL);
	phy_write(e, BMCR, BMCR_AUTONEG | BMCR_RESTART);
}

static void phy_wake(struct e1000 *e)
{
	uint16_t control = e1000_phy_read(e, BMCR);

	if (control == 0xffff)
		return;
	if (control & (BMCR_POWER_DOWN | BMCR_ISOLATE) || !(control & BMCR_AUTONEG))
		phy_negotiate(e);
}

bool e1000_renegotiate(struct nic *nic, uint32_t speed)
{
	struct e1000 *e = nic->priv;
	uint32_t partner = 10;

	if (speed == 1000 || e->renegotiated || !(e->flags & E1000_PHY1))
		return false;
	if (e1000_phy_read(e, PARTNER) & PARTNER_100)
		partner = 100;
	if (e1000_phy_read(e, STATUS_1000) & PARTNER_1000)
		partner = 1000;
	if (speed >= partner)
		return false;
	e->renegotiated = true;
	print("%s: link at %u Mbit/s although the partner offers %u: negotiating again\n",
	      nic->name, speed, partner);
	phy_negotiate(e);
	return true;
}

/* --------------------------------------------------------------------------
 * Reset
 */

/** PCI Express: no new requests, and the ones under way finished. */
static void stop_master(struct nic *nic)
{
	struct e1000 *e = nic->priv;
	uint64_t deadline = clock_ms() + MASTER_MS;

	if (!pci_capability(&nic->pci, PCI_CAP_ID_EXP, 0))
		return;
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_GIO_MASTER_DISABLE);
	while ((e1000_read(e, STATUS) & STATUS_GIO_MASTER_ENABLE) && clock_ms() < deadline)
		clock_delay_us(100);
}

/** Registers that a reset does not bring back to their defaults. */
static void restore_packet_buffers(struct e1000 *e)
{
	if (e->flags & E1000_PBS_ERRATA) {
		e1000_write(e, PBA, ICH8_PBA);
		e1000_write(e, PBS, ICH8_PBS);
	}
	if (e->flags & E1000_PBSIZE_RST) {
		e1000_write(e, RXPBS, I210_RXPBS);
		e1000_write(e, TXPBS, I210_TXPBS);
	}
}

int e1000_reset(struct nic *nic)
{
	struct e1000 *e = nic->priv;
	uint64_t deadline;

	e1000_write(e, IMC, 0xffffffff);
	e1000_write(e, RCTL, 0);
	e1000_write(e, TCTL, TCTL_PSP);
	stop_master(nic);
	restore_packet_buffers(e);
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_RST);
	clock_delay_us(RESET_SETTLE_US);
	deadline = clock_ms() + RESET_MS;
	while (e1000_read(e, CTRL) & CTRL_RST) {
		if (clock_ms() > deadline)
			return fail(E_NIC_RESET,
				    "%s: CTRL still shows the reset after %u ms (0x%08x)",
				    nic->chip, RESET_MS, e1000_read(e, CTRL));
		clock_delay_us(1000);
	}
	e1000_write(e, IMC, 0xffffffff);
	if ((e1000_read(e, RCTL) & RCTL_EN) || (e1000_read(e, TCTL) & TCTL_EN))
		return fail(E_NIC_RESET, "%s: receiver or transmitter still runs after a reset",
			    nic->chip);
	return 0;
}

/**
 * Pause frames, so that a burst waits in the switch and not on the floor: ask
 * when the packet buffer has room for two frames left, go on 1.5 KB below.
 */
static void flow_control(struct e1000 *e)
{
	uint32_t buffer = (e1000_read(e, PBA) & 0xffff) << 10, high;

	if (e->flags & (E1000_IGB | E1000_I219) || buffer < 8192)
		return;
	high = (buffer - 2 * NIC_FRAME_MAX) & ~7u;
	e1000_write(e, FCAL, 0x00c28001);
	e1000_write(e, FCAH, 0x00000100);
	e1000_write(e, FCT, 0x8808);
	e1000_write(e, FCTTV, 0xffff);
	e1000_write(e, FCRTH, high);
	e1000_write(e, FCRTL, (high - NIC_FRAME_MAX) & ~7u);
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_RFCE | CTRL_TFCE);
}

void e1000_start_link(struct nic *nic)
{
	struct e1000 *e = nic->priv;
	uint32_t ctrl = e1000_read(e, CTRL);

	ctrl |= CTRL_SLU | CTRL_FD;
	ctrl &= ~(uint32_t)(CTRL_LRST | CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_PHY_RST |
			    CTRL_GIO_MASTER_DISABLE);
	if (e->flags & E1000_NO_ASDE)
		ctrl &= ~(uint32_t)CTRL_ASDE;
	else
		ctrl |= CTRL_ASDE;
	e1000_write(e, CTRL, ctrl);
	e1000_write(e, WUC, 0);
	if (!(e1000_read(e, STATUS) & STATUS_LU)) {
		if (!(e->flags & (E1000_NO_PHY_RST | E1000_I219))) {
			e1000_write(e, CTRL, ctrl | CTRL_PHY_RST);
			clock_delay_us(10000);
			/* The bit does not clear itself on every chip. */
			e1000_write(e, CTRL, ctrl);
			clock_delay_us(10000);
		}
		if (e->flags & E1000_PHY1)
			phy_wake(e);
	}
	flow_control(e);
}

/* --------------------------------------------------------------------------
 * Station address
 */

/** EEPROM word @word, in the format with the address at @shift and @done telling the end. */
static bool eeprom_read(struct e1000 *e, unsigned word, unsigned shift, uint32_t done,
			uint16_t *data)
{
	uint64_t deadline = clock_ms() + EERD_MS;
	uint32_t value;

	e1000_write(e, EERD, EERD_START | word << shift);
	do {
		value = e1000_read(e, EERD);
		if (value & done) {
			*data = (uint16_t)(value >> 16);
			return true;
		}
		clock_delay_us(50);
	} while (clock_ms() < deadline);
	return false;
}

static bool eeprom_mac(struct nic *nic, unsigned shift, uint32_t done, uint8_t *mac)
{
	struct e1000 *e = nic->priv;
	uint16_t word;
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (!eeprom_read(e, i, shift, done, &word))
			return false;
		put_le16(mac + 2 * i, word);
	}
	/* Both ports of a dual card share one EEPROM. */
	mac[5] ^= (uint8_t)PCI_FUNC(&nic->pci);
	return nic_mac_valid(mac);
}

bool e1000_read_mac(struct nic *nic, uint8_t *mac)
{
	struct e1000 *e = nic->priv;

	put_le32(mac, e1000_read(e, RAL0));
	put_le16(mac + 4, (uint16_t)e1000_read(e, RAH0));
	if (nic_mac_valid(mac))
		return true;
	return eeprom_mac(nic, 8, EERD_DONE_SMALL, mac) || eeprom_mac(nic, 2, EERD_DONE_LARGE, mac);
}
