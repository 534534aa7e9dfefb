/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTL8169 family: which chip it is, reset, bring-up, station address.
 *
 * Whoever had the chip before us may have left anything: DMA armed, asleep
 * with wake-up on, the receive gate closed, out-of-band mode for a management
 * controller. So the chip is first quieted in the way of its generation (a
 * reset in the middle of a DMA burst hangs some), then reset and read back, and
 * everything that a reset keeps is written again.
 */
#include "nic/r8169.h"
#include "bios/clock.h"
#include "lib/error.h"
#include "lib/log.h"

#include <linux/pci_regs.h>

#define RESET_MS 100
#define DOOR_US	 10000 /* an indirect register's flag turns */
#define DRAIN_US 42000
#define STOP_US	 100
#define GATE_US	 1000

/* MAC OCP registers of the 8168G and later. */
#define OCP_LINK_LIST	     0xe8de
#define OCP_LINK_LIST_OWN    0x4000
#define OCP_LINK_LIST_REINIT 0x8000

#define ERI_MAC	  0xe0
#define ERI_FLAG  0x80000000u
#define ERI_BYTES 0x0000f000u
#define OCP_WRITE 0x80000000u

#define BAR_PCI	  0x100 /* bytes of the memory BAR on conventional PCI */
#define BAR_8125  0x10000
#define XID_8139  0x600 /* bits that all 8139 have, and no 8169 on conventional PCI */
#define XID_8169S 0x008
#define XID_8168H 0x541
#define XID_8125B 0x641

/* --------------------------------------------------------------------------
 * Identity
 */

/** Tomorrow's chips: most often they can be driven like the last of their kind. */
static const struct r8169_generation *guess(uint64_t bar_size)
{
	uint16_t xid = XID_8169S;

	if (bar_size >= BAR_8125)
		xid = XID_8125B;
	else if (bar_size > BAR_PCI)
		xid = XID_8168H;
	return r8169_generation(xid);
}

int r8169_identify(struct nic *nic, uint64_t bar_size)
{
	struct r8169 *r = nic->priv;
	uint32_t tcr = r8169_read32(r, TCR);

	if (tcr == 0xffffffff)
		return fail(E_NIC_CHIP, "its registers read as all ones");
	r->xid = tcr >> 20 & 0xfcf;
	r->gen = r8169_generation(r->xid);
	if (!r->gen && bar_size <= BAR_PCI && (r->xid & XID_8139) == XID_8139)
		return fail(E_NIC_CHIP,
			    "an RTL8139 without the C+ mode (XID %03x): this driver needs the "
			    "descriptor rings that came with the 8139C+",
			    r->xid);
	if (!r->gen) {
		r->gen = guess(bar_size);
		print("Realtek chip with unknown XID %03x at " PCI_LOC_FMT ": trying it as %s\n",
		      r->xid, PCI_LOC(&nic->pci), r->gen->chip);
	}
	nic->chip = r->gen->chip;
	return 0;
}

/* --------------------------------------------------------------------------
 * Waiting, indirect registers
 */

bool r8169_wait(const struct r8169 *r, unsigned reg, unsigned size, uint32_t mask, uint32_t value,
		uint32_t us)
{
	uint64_t deadline = clock_us() + us;

	for (;;) {
		bool late = clock_us() > deadline;
		uint32_t now = size == 1   ? r8169_read8(r, reg)
			       : size == 2 ? r8169_read16(r, reg)
					   : r8169_read32(r, reg);

		if ((now & mask) == value)
			return true;
		if (late) {
			log_debug("nic", 1, "%s: register %02x stays at %x", r->gen->chip, reg,
				  now);
			return false;
		}
		clock_delay_us(10);
	}
}

static bool eri_read(struct r8169 *r, unsigned address, uint32_t *value)
{
	r8169_write32(r, ERIAR, ERI_BYTES | address);
	if (!r8169_wait(r, ERIAR, 4, ERI_FLAG, ERI_FLAG, DOOR_US))
		return false;
	*value = r8169_read32(r, ERIDR);
	return true;
}

static void eri_write(struct r8169 *r, unsigned address, uint32_t value)
{
	r8169_write32(r, ERIDR, value);
	r8169_write32(r, ERIAR, ERI_FLAG | ERI_BYTES | address);
	r8169_wait(r, ERIAR, 4, ERI_FLAG, 0, DOOR_US);
}

static uint16_t ocp_read(struct r8169 *r, unsigned address)
{
	r8169_write32(r, OCPDR, address << 15);
	return (uint16_t)r8169_read32(r, OCPDR);
}

static void ocp_write(struct r8169 *r, unsigned address, unsigned data)
{
	r8169_write32(r, OCPDR, OCP_WRITE | address << 15 | (data & 0xffff));
}

/* --------------------------------------------------------------------------
 * Quiet and reset
 */

uint32_t r8169_take_causes(struct r8169 *r)
{
	bool wide = r8169_has(r, R8169_2500);
	uint32_t gone = wide ? 0xffffffff : 0xffff;
	uint32_t causes = wide ? r8169_read32(r, ISR_8125) : r8169_read16(r, ISR);

	if (causes == gone)
		return 0xffffffff;
	if (causes && wide)
		r8169_write32(r, ISR_8125, causes);
	else if (causes)
		r8169_write16(r, ISR, (uint16_t)causes);
	return causes;
}

static void mask_interrupts(struct r8169 *r)
{
	if (r8169_has(r, R8169_2500)) {
		r8169_write32(r, IMR_8125, 0);
		r8169_write32(r, ISR_8125, 0xffffffff);
	} else {
		r8169_write16(r, IMR, 0);
		r8169_write16(r, ISR, 0xffff);
	}
}

/** No new frames in, and those inside out, so that the reset meets no DMA burst. */
static void drain(struct r8169 *r)
{
	r8169_write32(r, RCR, r8169_read32(r, RCR) & ~(uint32_t)RCR_ACCEPT_MASK);
	if (r8169_has(r, R8169_GATE)) {
		r8169_write32(r, MISC, r8169_read32(r, MISC) | MISC_RX_GATE);
		clock_delay_us(GATE_US);
	}
	if (r8169_has(r, R8169_IDLE_FLAGS) || !(r->gen->flags & (R8169_PCI | R8169_GATE))) {
		r8169_write8(r, CR, r8169_read8(r, CR) | CR_STOP);
		clock_delay_us(STOP_US);
	}
	if (r8169_has(r, R8169_GATE))
		r8169_wait(r, MCU, 1, MCU_FIFOS_EMPTY, MCU_FIFOS_EMPTY, DRAIN_US);
	if (r8169_has(r, R8169_IDLE_FLAGS))
		r8169_wait(r, INTERRUPT_MITIGATE, 2, MITIGATE_IDLE, MITIGATE_IDLE, DRAIN_US);
	if (r8169_has(r, R8169_TX_EMPTY))
		r8169_wait(r, TCR, 4, TCR_FIFO_EMPTY, TCR_FIFO_EMPTY, DRAIN_US);
	r8169_write8(r, CR, r8169_read8(r, CR) & ~(CR_TE | CR_RE | CR_STOP));
}

/** The chip is the host's, not a management controller's behind its back. */
static void leave_out_of_band(struct r8169 *r)
{
	r8169_write8(r, MCU, r8169_read8(r, MCU) & ~MCU_OOB);
	if (!r8169_has(r, R8169_GATE))
		return;
	ocp_write(r, OCP_LINK_LIST, ocp_read(r, OCP_LINK_LIST) & ~OCP_LINK_LIST_OWN);
	r8169_wait(r, MCU, 1, MCU_LINK_LIST_READY, MCU_LINK_LIST_READY, DRAIN_US);
	if (r8169_has(r, R8169_2500)) {
		ocp_write(r, 0xc0aa, 0x07d0);
		ocp_write(r, 0xc0a6, 0x0150);
		ocp_write(r, 0xc01e, 0x5555);
	} else {
		ocp_write(r, OCP_LINK_LIST, ocp_read(r, OCP_LINK_LIST) | OCP_LINK_LIST_REINIT);
	}
	r8169_wait(r, MCU, 1, MCU_LINK_LIST_READY, MCU_LINK_LIST_READY, DRAIN_US);
}

int r8169_reset(struct nic *nic)
{
	struct r8169 *r = nic->priv;
	uint8_t command;

	/* A card that is gone would keep every wait below to its end. */
	if (r8169_read32(r, TCR) == 0xffffffff)
		return fail(E_NIC_RESET, "%s: the registers read as all ones", nic->chip);
	mask_interrupts(r);
	drain(r);
	if (r8169_has(r, R8169_OOB))
		leave_out_of_band(r);
	r8169_write8(r, CR, CR_RESET);
	if (!r8169_wait(r, CR, 1, CR_RESET, 0, RESET_MS * 1000))
		return fail(E_NIC_RESET, "%s: CR still shows the reset after %u ms (%02x)",
			    nic->chip, RESET_MS, r8169_read8(r, CR));
	mask_interrupts(r);
	command = r8169_read8(r, CR);
	if (command & (CR_TE | CR_RE))
		return fail(E_NIC_RESET,
			    "%s: receiver or transmitter still runs after a reset (CR %02x)",
			    nic->chip, command);
	return 0;
}

void r8169_open_gate(struct r8169 *r)
{
	if (r8169_has(r, R8169_GATE))
		r8169_write32(r, MISC, r8169_read32(r, MISC) & ~MISC_RX_GATE);
}

/* --------------------------------------------------------------------------
 * Bring-up
 */

/** Nothing wakes the machine, nothing naps, no jumbo frames; call with the configuration registers
 * unlocked. */
static void configure(struct r8169 *r)
{
	unsigned config3 = r8169_has(r, R8169_CPLUS) ? CONFIG3_8139 : CONFIG3;
	unsigned config5 = r8169_has(r, R8169_CPLUS) ? CONFIG5_8139 : CONFIG5;
	uint8_t off3 = CONFIG3_MAGIC | CONFIG3_LINK_UP, off5 = CONFIG5_WAKE;

	if (r8169_has(r, R8169_ASPM)) {
		off5 |= CONFIG5_ASPM;
		r8169_write8(r, CONFIG2, r8169_read8(r, CONFIG2) & ~CONFIG2_CLKREQ);
	}
	if (!r8169_has(r, R8169_PCI))
		off3 |= CONFIG3_JUMBO;
	r8169_write8(r, config3, r8169_read8(r, config3) & ~off3);
	r8169_write8(r, config5, r8169_read8(r, config5) & ~off5);
	if (r8169_has(r, R8169_PLL))
		r8169_write8(r, PMCH, r8169_read8(r, PMCH) | PMCH_PLL_ON);
}

static void command_plus(struct r8169 *r)
{
	uint16_t value = r8169_read16(r, CPCR);

	if (r8169_has(r, R8169_PCI))
		value |= CPCR_MULTIPLE_RW;
	else
		value &= CPCR_KEEP;
	if (r8169_has(r, R8169_CPLUS))
		value |= CPCR_CPLUS_RX | CPCR_CPLUS_TX;
	/* 64-bit addressing corrupts data on PCI boards; all our memory is below 4 GB. */
	value &= ~(CPCR_VLAN | CPCR_DAC);
	r8169_write16(r, CPCR, value | CPCR_RX_CHECKSUM);
}

static void write_ring(struct r8169 *r, unsigned reg, const void *ring)
{
	r8169_write32(r, reg + 4, 0);
	r8169_write32(r, reg, (uint32_t)(uintptr_t)ring);
}

static void write_mac(struct r8169 *r, const uint8_t *mac)
{
	r8169_write32(r, IDR4, get_le16(mac + 4));
	r8169_write32(r, IDR0, get_le32(mac));
	if (!r8169_has(r, R8169_ERI_FILTER))
		return;
	eri_write(r, ERI_MAC, get_le32(mac));
	eri_write(r, ERI_MAC + 4, get_le16(mac + 4));
	eri_write(r, ERI_MAC + 0x10, (uint32_t)get_le16(mac) << 16);
	eri_write(r, ERI_MAC + 0x14, get_le32(mac + 2));
}

void r8169_write_mac(struct r8169 *r, const uint8_t *mac)
{
	r8169_write8(r, CR9346, CR9346_UNLOCK);
	write_mac(r, mac);
	r8169_write8(r, CR9346, CR9346_LOCK);
}

void r8169_start(struct nic *nic)
{
	struct r8169 *r = nic->priv;
	uint32_t auto_fifo = r8169_has(r, R8169_AUTO_FIFO) ? TCR_AUTO_FIFO : 0;

	r8169_write8(r, CR9346, CR9346_UNLOCK);
	write_mac(r, nic->mac);
	configure(r);
	command_plus(r);
	r8169_write8(r, MTPS, auto_fifo ? MTPS_AUTO_FIFO : MTPS_LARGEST);
	if (!(r->gen->flags & (R8169_2500 | R8169_CPLUS)))
		r8169_write16(r, INTERRUPT_MITIGATE, 0);
	if (!r8169_has(r, R8169_CPLUS))
		r8169_write16(r, RMS, RMS_LARGEST);
	write_ring(r, TNPDS, r->tx);
	write_ring(r, RDSAR, r->rx);
	r8169_write8(r, CR9346, CR9346_LOCK);
	r8169_read8(r, CR);
	/* Old chips ignore RCR and TCR until both engines run. */
	r8169_write8(r, CR, CR_TE | CR_RE);
	r8169_write32(r, TCR, TCR_STANDARD | auto_fifo);
	r8169_write32(r, RCR, r->gen->rcr);
	r8169_write32(r, MAR0 + 4, 0xffffffff);
	r8169_write32(r, MAR0, 0xffffffff);
	r8169_open_gate(r);
	r8169_write32(r, RCR, r->gen->rcr | RCR_ACCEPT);
}

void r8169_doorbell(struct r8169 *r)
{
	if (r8169_has(r, R8169_2500))
		r8169_write16(r, TPPOLL_8125, POLL_8125);
	else
		r8169_write8(r, r8169_has(r, R8169_CPLUS) ? TPPOLL_8139 : TPPOLL, POLL_NORMAL);
}

/* --------------------------------------------------------------------------
 * Station address
 */

/** Where the EEPROM's or the fuses' address is found untouched, whatever IDR was set to. */
static bool read_pristine_mac(struct r8169 *r, uint8_t *mac)
{
	uint32_t low, high;

	if (r8169_has(r, R8169_2500)) {
		if (!r->regs) /* the ports reach 256 bytes */
			return false;
		low = r8169_read32(r, MAC_BACKUP_8125);
		high = r8169_read32(r, MAC_BACKUP_8125 + 4);
	} else if (!r8169_has(r, R8169_ERI_MAC) || !eri_read(r, ERI_MAC, &low) ||
		   !eri_read(r, ERI_MAC + 4, &high)) {
		return false;
	}
	put_le32(mac, low);
	put_le16(mac + 4, (uint16_t)high);
	return nic_mac_valid(mac);
}

bool r8169_read_mac(struct r8169 *r, uint8_t *mac)
{
	if (read_pristine_mac(r, mac))
		return true;
	put_le32(mac, r8169_read32(r, IDR0));
	put_le16(mac + 4, (uint16_t)r8169_read32(r, IDR4));
	return nic_mac_valid(mac);
}
