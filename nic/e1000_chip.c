/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel gigabit chips: reset, link, flow control, station address.
 *
 * Whoever had the chip before us may have left anything: receiver armed, PHY
 * powered down, wake-up on, packet buffers cut for many queues. So bus
 * mastering is stopped in order, the chip is reset and read back, and what a
 * reset keeps is written again. The PHY is reset only when the link is down:
 * on ICH and PCH parts a PHY reset drops a good link to 10 Mbit/s.
 */
#include "nic/e1000.h"
#include "nic/mii.h"
#include "bios/clock.h"
#include "lib/error.h"
#include "lib/log.h"

#define RESET_SETTLE_US 10000 /* EEPROM reload */
#define RESET_MS	200
#define MASTER_MS	80
#define EEPROM_MS	20
#define LINK_MS		20 /* a link that the PHY kept shows again after the reset */
#define EERD_MS		10

#define I210_RXPBS 0x000000a2
#define I210_TXPBS 0x04000014
#define ICH8_PBA   0x08
#define ICH8_PBS   0x10
#define IGB_BUFFER (34 * 1024) /* the smallest receive packet buffer from the 82575 on */

bool e1000_wait(struct e1000 *e, unsigned reg, uint32_t mask, uint32_t value, unsigned ms)
{
	uint64_t deadline = clock_ms() + ms;

	while ((e1000_read(e, reg) & mask) != value) {
		if (clock_ms() > deadline)
			return false;
		clock_delay_us(50);
	}
	return true;
}

/* --------------------------------------------------------------------------
 * Reset
 */

/** No new requests to memory, and those under way finished. */
static void stop_master(struct e1000 *e)
{
	if (e->flags & E1000_PCI)
		return;
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_GIO_MASTER_DISABLE);
	if (!e1000_wait(e, STATUS, STATUS_GIO_MASTER_ENABLE, 0, MASTER_MS))
		log_debug("nic", 1, "e1000: requests pending after %u ms", MASTER_MS);
}

static void mask_interrupts(struct e1000 *e)
{
	e1000_write(e, IMC, 0xffffffff);
	if (e->flags & E1000_IGB)
		e1000_write(e, EIMC, 0xffffffff);
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

/** Without this bit the descriptor engine of an I219 hangs in the reset after the next one. */
static void allow_reset(struct e1000 *e)
{
	if (e->flags & E1000_RST_HANG)
		e1000_write(e, FEXTNVM11, e1000_read(e, FEXTNVM11) | FEXTNVM11_RST_HANG);
}

int e1000_reset(struct nic *nic)
{
	struct e1000 *e = nic->priv;

	/* A card that is gone would keep every wait below to its end. */
	if (e1000_read(e, STATUS) == 0xffffffff)
		return fail(E_NIC_RESET, "%s: the registers read as all ones", nic->chip);
	mask_interrupts(e);
	e1000_write(e, RCTL, 0);
	e1000_write(e, TCTL, TCTL_PSP);
	stop_master(e);
	restore_packet_buffers(e);
	allow_reset(e);
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_RST);
	clock_delay_us(RESET_SETTLE_US);
	if (!e1000_wait(e, CTRL, CTRL_RST, 0, RESET_MS))
		return fail(E_NIC_RESET, "%s: CTRL still shows the reset after %u ms (0x%08x)",
			    nic->chip, RESET_MS, e1000_read(e, CTRL));
	if (e->flags & E1000_IGB)
		e1000_wait(e, EECD, EECD_AUTO_RD, EECD_AUTO_RD, EEPROM_MS);
	mask_interrupts(e);
	restore_packet_buffers(e);
	allow_reset(e);
	if ((e1000_read(e, RCTL) & RCTL_EN) || (e1000_read(e, TCTL) & TCTL_EN))
		return fail(E_NIC_RESET, "%s: receiver or transmitter still runs after a reset",
			    nic->chip);
	return 0;
}

void e1000_tell_firmware(struct e1000 *e, bool driver_runs)
{
	uint32_t ctrl_ext;

	if (e->flags & E1000_PCI)
		return;
	ctrl_ext = e1000_read(e, CTRL_EXT) & ~(uint32_t)CTRL_EXT_DRV_LOAD;
	e1000_write(e, CTRL_EXT, ctrl_ext | (driver_runs ? CTRL_EXT_DRV_LOAD : 0));
}

/* --------------------------------------------------------------------------
 * Link
 */

/**
 * Pause frames, so that a burst waits in the switch and not on the floor: ask
 * when the packet buffer has room for two frames left, go on 1.5 KB below. A
 * low mark without XONE would leave the partner waiting for its timer, 33 ms.
 */
static void flow_control(struct e1000 *e)
{
	uint32_t buffer = IGB_BUFFER, high;

	if (!(e->flags & E1000_IGB))
		buffer = (e1000_read(e, PBA) & 0xffff) << 10;
	if (buffer < 8192)
		return;
	high = (buffer - 2 * NIC_FRAME_MAX) & ~15u;
	e1000_write(e, FCAL, 0x00c28001);
	e1000_write(e, FCAH, 0x00000100);
	e1000_write(e, FCT, 0x8808);
	e1000_write(e, FCTTV, 0xffff);
	e1000_write(e, FCRTH, high);
	e1000_write(e, FCRTL, ((high - NIC_FRAME_MAX) & ~15u) | FCRTL_XONE);
	e1000_write(e, CTRL, e1000_read(e, CTRL) | CTRL_RFCE | CTRL_TFCE);
}

/** No link: from the beginning, with everything that both ends can. */
static void restart_link(struct nic *nic, uint32_t ctrl)
{
	struct e1000 *e = nic->priv;

	if (!(e->flags & E1000_NO_PHY_RST)) {
		e1000_write(e, CTRL, ctrl | CTRL_PHY_RST);
		clock_delay_us(10000);
		/* The bit does not clear itself on every chip. */
		e1000_write(e, CTRL, ctrl);
		clock_delay_us(10000);
	}
	e1000_find_phy(nic);
	if (e->phy >= 0)
		mii_negotiate(nic);
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
	if (e1000_wait(e, STATUS, STATUS_LU, STATUS_LU, LINK_MS))
		e1000_find_phy(nic);
	else
		restart_link(nic, ctrl);
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
	/* The ports of a card share one EEPROM. */
	mac[5] ^= (uint8_t)(e1000_read(e, STATUS) >> STATUS_PORT_SHIFT & 3);
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
