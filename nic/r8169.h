/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Realtek RTL8169 family and the 8139C+, which has the same descriptors:
 * registers and rings, from the RTL8169S, RTL8168 and RTL8139C(L)+ data sheets
 * and what is publicly known about the later chips. Shared by r8169.c (rings),
 * r8169_chip.c (bring-up), r8169_generations.c (what each chip needs),
 * r8169_phy.c (link) and r8169_ids.c.
 *
 * All registers are little endian; the same 256 bytes show through the I/O and
 * the memory BAR, and more of them through the memory BAR of the 8125.
 */
#ifndef NIC_R8169_H
#define NIC_R8169_H

#include "bios/io.h"
#include "nic/nic.h"

/* What a generation of the chip needs (struct r8169_generation.flags). */
enum r8169_flag {
	R8169_PCI = 1u << 0,	 /* conventional PCI: multiple reads and writes, no stop request */
	R8169_CPLUS = 1u << 1,	 /* 8139C+: enable bits, other doorbell, MII registers at 0x62 */
	R8169_FAST = 1u << 2,	 /* 100 Mbit/s at most */
	R8169_2500 = 1u << 3,	 /* 8125: own register layout, 2.5 Gbit/s */
	R8169_OOB = 1u << 4,	 /* may be left in out-of-band mode for a management controller */
	R8169_GATE = 1u << 5,	 /* 8168G and later: receive gate, OCP registers for MAC and PHY */
	R8169_ERI_MAC = 1u << 6, /* the untouched station address is in ERI E0h and E4h */
	R8169_ERI_FILTER = 1u << 7,  /* 8168E-VL: the filter compares with ERI E0h … F4h too */
	R8169_PLL = 1u << 8,	     /* the previous owner may have stopped the PLL */
	R8169_AUTO_FIFO = 1u << 9,   /* TCR bit 7; a smaller limit on sent packets */
	R8169_TX_EMPTY = 1u << 10,   /* TCR bit 11 says that the transmit FIFO is empty */
	R8169_ASPM = 1u << 11,	     /* enable bits of its own for ASPM and CLKREQ */
	R8169_FIFO_HANGS = 1u << 12, /* a receive FIFO overflow needs a reset */
	R8169_MDIO_GATE = 1u << 13,  /* 8168DP: register D0h bit 17 is 0 during PHY access */
	R8169_IDLE_FLAGS = 1u << 14, /* 8125B: register E2h says when both engines are idle */
};

/** A generation: the chips whose XID is @xid under @mask. */
struct r8169_generation {
	uint16_t mask, xid;
	const char *chip;
	uint32_t rcr; /* without the accept bits */
	uint32_t flags;
};

/* Registers: offsets. */
enum {
	IDR0 = 0x00,
	IDR4 = 0x04,
	MAR0 = 0x08,
	DTCCR = 0x10,
	TNPDS = 0x20,
	THPDS = 0x28,
	CR = 0x37,
	TPPOLL = 0x38,
	IMR_8125 = 0x38,
	IMR = 0x3c,
	ISR_8125 = 0x3c,
	ISR = 0x3e,
	TCR = 0x40,
	RCR = 0x44,
	CR9346 = 0x50,
	CONFIG2 = 0x53,
	CONFIG3 = 0x54,
	CONFIG5 = 0x56,
	MSR_8139 = 0x58,
	CONFIG3_8139 = 0x59,
	PHYAR = 0x60,
	PHYSTATUS = 0x6c,
	PMCH = 0x6f,
	ERIDR = 0x70,
	ERIAR = 0x74,
	TPPOLL_8125 = 0x90,
	OCPDR = 0xb0,
	GPHY_OCP = 0xb8,
	DP_MDIO = 0xd0,
	MCU = 0xd3,
	CONFIG5_8139 = 0xd8,
	TPPOLL_8139 = 0xd9,
	RMS = 0xda,
	CPCR = 0xe0,
	INTERRUPT_MITIGATE = 0xe2,
	RDSAR = 0xe4,
	MTPS = 0xec, /* the PCI parts: ETThR */
	MISC = 0xf0,
	MAC_BACKUP_8125 = 0x19e0,
};

enum {
	CR_STOP = 0x80,
	CR_RESET = 0x10,
	CR_RE = 0x08,
	CR_TE = 0x04,

	POLL_NORMAL = 0x40,
	POLL_8125 = 0x01,

	ISR_FIFO_OVERFLOW = 0x0040,
	ISR_SYSTEM_ERROR = 0x8000,

	TCR_STANDARD = 0x03000700, /* inter-frame gap of the standard, unlimited DMA bursts */
	TCR_FIFO_EMPTY = 1u << 11,
	TCR_AUTO_FIFO = 1u << 7,

	RCR_OWN = 0x02,
	RCR_MULTICAST = 0x04,
	RCR_BROADCAST = 0x08,
	RCR_ACCEPT = RCR_OWN | RCR_MULTICAST | RCR_BROADCAST,
	RCR_ACCEPT_MASK = 0x3f,

	CR9346_UNLOCK = 0xc0,
	CR9346_LOCK = 0x00,

	CONFIG2_CLKREQ = 0x80,
	CONFIG3_MAGIC = 0x20,
	CONFIG3_LINK_UP = 0x10,
	CONFIG3_JUMBO = 0x04, /* PCI Express parts */
	CONFIG5_WAKE = 0x72,  /* broadcast, multicast, unicast frames, LANWake */
	CONFIG5_ASPM = 0x01,

	PMCH_PLL_ON = 0xc0,
	MCU_OOB = 0x80,
	MCU_FIFOS_EMPTY = 0x30,
	MCU_LINK_LIST_READY = 0x02,

	CPCR_VLAN = 0x0040,
	CPCR_RX_CHECKSUM = 0x0020,
	CPCR_DAC = 0x0010,
	CPCR_MULTIPLE_RW = 0x0008,
	CPCR_CPLUS_RX = 0x0002,
	CPCR_CPLUS_TX = 0x0001,
	CPCR_KEEP = 0x2023, /* of the PCI Express parts; the rest are debug bits */

	MITIGATE_IDLE = 0x0103,
	RMS_LARGEST = 0x4000,
	MTPS_LARGEST = 0x3f, /* 8064 bytes; ETThR: no early transmit */
	MTPS_AUTO_FIFO = 0x27,
	MISC_RX_GATE = 1u << 19,

	PHYSTATUS_2500 = 0x0400,
	PHYSTATUS_1000 = 0x10,
	PHYSTATUS_100 = 0x08,
	PHYSTATUS_LINK = 0x02,
	PHYSTATUS_FULL = 0x01,
	MSR_10 = 0x08,
	MSR_NO_LINK = 0x04,

	DTCCR_DUMP = 0x08,
};

/** Descriptor of either ring. */
struct r8169_desc {
	uint32_t options; /* opts1 */
	uint32_t vlan;	  /* opts2: zero without offloads */
	uint64_t address;
};

enum {
	DESC_OWN = 1u << 31, /* the chip's */
	DESC_END = 1u << 30, /* last of the ring */
	DESC_FIRST = 1u << 29,
	DESC_LAST = 1u << 28,
	RX_ERROR = 1u << 21,
	RX_PROTOCOL = 3u << 17, /* 1 TCP, 2 UDP, 3 IP alone */
	RX_TCP = 1u << 17,
	RX_UDP = 2u << 17,
	RX_IP_BAD = 1u << 16,
	RX_UDP_BAD = 1u << 15,
	RX_TCP_BAD = 1u << 14,
	RX_LENGTH = 0x3fff, /* with the FCS */
};

/** What DTCCR writes to memory. */
struct r8169_tally {
	uint64_t tx_ok, rx_ok, tx_errors;
	uint32_t rx_errors;
	uint16_t missed, alignment_errors;
	uint32_t one_collision, more_collisions;
	uint64_t rx_unicast, rx_broadcast;
	uint32_t rx_multicast;
	uint16_t tx_aborted, tx_underruns;
};

#define R8169_TX_COUNT 64 /* as many as the core has small frames */

struct r8169 {
	volatile uint8_t *regs; /* NULL: through ports */
	uint16_t ports;
	uint16_t xid;
	const struct r8169_generation *gen;
	bool running; /* the chip may use the rings */

	struct r8169_desc *rx;
	uint8_t *rx_buffers;
	unsigned rx_count; /* a power of two */
	uint32_t rx_next;  /* free-running: next descriptor to look at */

	struct r8169_desc *tx;
	struct tx_frame *tx_frames[R8169_TX_COUNT];
	uint32_t tx_head, tx_tail; /* free-running: oldest in flight, next free */
	uint32_t tx_told;	   /* the doorbell rang for what is before */
	struct nic_tx_watch tx_watch;

	struct r8169_tally *tally;
	uint32_t overflows, doorbells_again;
	uint64_t overflow_at;	   /* the last one, clock_ms(), until frames came again; or 0 */
	uint64_t overflow_packets; /* what had been received then */
};

static inline uint8_t r8169_read8(const struct r8169 *r, unsigned reg)
{
	return r->regs ? mmio_read8(r->regs + reg) : in8((uint16_t)(r->ports + reg));
}
static inline uint16_t r8169_read16(const struct r8169 *r, unsigned reg)
{
	return r->regs ? mmio_read16(r->regs + reg) : in16((uint16_t)(r->ports + reg));
}
static inline uint32_t r8169_read32(const struct r8169 *r, unsigned reg)
{
	return r->regs ? mmio_read32(r->regs + reg) : in32((uint16_t)(r->ports + reg));
}
static inline void r8169_write8(struct r8169 *r, unsigned reg, uint8_t value)
{
	if (r->regs)
		mmio_write8(r->regs + reg, value);
	else
		out8((uint16_t)(r->ports + reg), value);
}
static inline void r8169_write16(struct r8169 *r, unsigned reg, uint16_t value)
{
	if (r->regs)
		mmio_write16(r->regs + reg, value);
	else
		out16((uint16_t)(r->ports + reg), value);
}
static inline void r8169_write32(struct r8169 *r, unsigned reg, uint32_t value)
{
	if (r->regs)
		mmio_write32(r->regs + reg, value);
	else
		out32((uint16_t)(r->ports + reg), value);
}
/** Does the chip's generation have @flag? */
static inline bool r8169_has(const struct r8169 *r, uint32_t flag)
{
	return r->gen->flags & flag;
}

int r8169_probe(struct nic *nic, const struct nic_id *id);

/* r8169_generations.c */

/** What the chip with @xid needs, or NULL when nobody knows it. */
const struct r8169_generation *r8169_generation(uint16_t xid);

/* r8169_chip.c */

/** Read the XID and find the generation; @bar_size helps with chips that nobody knows. 0 or an
 * error. */
int r8169_identify(struct nic *nic, uint64_t bar_size);
/** Wait until register @reg, @size bytes wide, holds @value under @mask: true, or after @us false.
 */
bool r8169_wait(const struct r8169 *r, unsigned reg, unsigned size, uint32_t mask, uint32_t value,
		uint32_t us);
/** From whatever state to quiet: DMA stopped, reset and verified, interrupts masked. */
int r8169_reset(struct nic *nic);
/** After a reset: program everything but the PHY, with the rings as they are in memory, and let
 * frames flow. */
void r8169_start(struct nic *nic);
/** Open the receive gate, where there is one: drivers that do not know it would never hear a frame.
 */
void r8169_open_gate(struct r8169 *r);
/** Write @mac as the address that the receive filter knows. */
void r8169_write_mac(struct r8169 *r, const uint8_t *mac);
/** The address that the chip was made with, to @mac; false when it has none. */
bool r8169_read_mac(struct r8169 *r, uint8_t *mac);
/** Pending interrupt causes; they are acknowledged. All ones: the card is gone. */
uint32_t r8169_take_causes(struct r8169 *r);
/** Tell the chip to look at the transmit ring. */
void r8169_doorbell(struct r8169 *r);

/* r8169_phy.c */

/* nic_ops.phy_read and phy_write: page 0. */
int r8169_phy_read(struct nic *nic, unsigned reg);
void r8169_phy_write(struct nic *nic, unsigned reg, uint16_t data);
/** Wake the PHY; let a good link alone, else offer everything and negotiate. */
void r8169_phy_start(struct nic *nic);
/** Read the link and tell the core. */
void r8169_phy_check(struct nic *nic);

#endif
