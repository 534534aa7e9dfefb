/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 8254x/8257x family and descendants: registers and descriptors, from
 * the "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
 * Manual" (317453) and the "82574 Datasheet". Shared by e1000.c (rings),
 * e1000_chip.c (reset, address, PHY) and e1000_ids.c.
 */
#ifndef NIC_E1000_H
#define NIC_E1000_H

#include "bios/io.h"
#include "nic/nic.h"

/* Generation and quirks of an id (struct nic_id.flags). */
enum e1000_flag {
	E1000_PBS_ERRATA = 1, /* packet buffer sizes must be written before a reset */
	E1000_NO_PHY_RST = 2, /* a PHY reset breaks the link for good */
	E1000_NO_ASDE = 4,    /* automatic speed detection breaks the link */
	E1000_PBSIZE_RST = 8, /* packet buffer sizes survive a reset: restore them */
	E1000_RST_HANG = 16,  /* I219: the next reset hangs unless FEXTNVM11 says otherwise */
	E1000_IGB = 32,	    /* 82575 and later: queues with enable bits, advanced RX descriptors */
	E1000_OFFLOAD = 64, /* checksum and segmentation were tried on this chip */
	E1000_PCI = 128,    /* 8254x: conventional PCI, no management firmware to agree with */
	E1000_MDIC = 256,   /* the PHY is behind MDIC … */
	E1000_SWFLAG = 512, /* … shared with firmware by EXTCNF_CTRL */
	E1000_SWSM = 1024,  /* … shared by SWSM, and on the 82575 and later SW_FW_SYNC */
	E1000_PHY2 = 2048,  /* PCH: the standard registers are at MDIO address 2 */
};

/* Registers: offsets in BAR 0. */
enum {
	CTRL = 0x0000,
	STATUS = 0x0008,
	EECD = 0x0010,
	EERD = 0x0014,
	CTRL_EXT = 0x0018,
	MDIC = 0x0020,
	FCAL = 0x0028,
	FCAH = 0x002c,
	FCT = 0x0030,
	ITR = 0x00c4,
	IMC = 0x00d8,
	RCTL = 0x0100,
	FCTTV = 0x0170,
	TCTL = 0x0400,
	TIPG = 0x0410,
	EXTCNF_CTRL = 0x0f00,
	PBA = 0x1000,
	PBS = 0x1008,
	EIMC = 0x1528,
	FCRTL = 0x2160,
	FCRTH = 0x2168,
	RXPBS = 0x2404,
	RDBAL = 0x2800,
	RDBAH = 0x2804,
	RDLEN = 0x2808,
	SRRCTL = 0x280c,
	RDH = 0x2810,
	RDT = 0x2818,
	RDTR = 0x2820,
	RXDCTL = 0x2828,
	RADV = 0x282c,
	TXPBS = 0x3404,
	TDBAL = 0x3800,
	TDBAH = 0x3804,
	TDLEN = 0x3808,
	TDH = 0x3810,
	TDT = 0x3818,
	TIDV = 0x3820,
	TXDCTL = 0x3828,
	TADV = 0x382c,
	CRCERRS = 0x4000,
	SYMERRS = 0x4008,
	RXERRC = 0x400c,
	MPC = 0x4010,
	LATECOL = 0x4020,
	RLEC = 0x4040,
	XONRXC = 0x4048,
	XONTXC = 0x404c,
	XOFFRXC = 0x4050,
	XOFFTXC = 0x4054,
	RNBC = 0x40a0,
	RXCSUM = 0x5000,
	RAL0 = 0x5400,
	RAH0 = 0x5404,
	WUC = 0x5800,
	SWSM = 0x5b50,
	SW_FW_SYNC = 0x5b5c,
	FEXTNVM11 = 0x5bbc,
};

enum {
	CTRL_FD = 1u << 0,
	CTRL_GIO_MASTER_DISABLE = 1u << 2,
	CTRL_LRST = 1u << 3,
	CTRL_ASDE = 1u << 5,
	CTRL_SLU = 1u << 6,
	CTRL_FRCSPD = 1u << 11,
	CTRL_FRCDPLX = 1u << 12,
	CTRL_RST = 1u << 26,
	CTRL_RFCE = 1u << 27,
	CTRL_TFCE = 1u << 28,
	CTRL_PHY_RST = 1u << 31,

	STATUS_FD = 1u << 0,
	STATUS_LU = 1u << 1,
	STATUS_PORT_SHIFT = 2,	/* LAN_ID: which port of the chip */
	STATUS_TXOFF = 1u << 4, /* the partner's pause frames hold the transmitter */
	STATUS_SPEED_SHIFT = 6,
	STATUS_GIO_MASTER_ENABLE = 1u << 19,
	STATUS_2500 = 1u << 22, /* I225, I226; with the speed bits of 1000 */

	CTRL_EXT_DRV_LOAD = 1u << 28, /* tells management firmware that a driver runs */

	EECD_AUTO_RD = 1u << 9, /* the EEPROM was read */

	EERD_START = 1u << 0,
	EERD_DONE_LARGE = 1u << 1,
	EERD_DONE_SMALL = 1u << 4,

	MDIC_REG_SHIFT = 16,
	MDIC_PHY_SHIFT = 21,
	MDIC_WRITE = 1u << 26,
	MDIC_READ = 2u << 26,
	MDIC_READY = 1u << 28,
	MDIC_ERROR = 1u << 30,

	EXTCNF_SWFLAG = 1u << 5,
	SWSM_SMBI = 1u << 0,	/* reading it takes it */
	SWSM_SWESMBI = 1u << 1, /* sticks when firmware does not hold it */
	SYNC_FIRMWARE_SHIFT = 16,

	RCTL_EN = 1u << 1,
	RCTL_MPE = 1u << 4,
	RCTL_BAM = 1u << 15,
	RCTL_SECRC = 1u << 26,

	TCTL_EN = 1u << 1,
	TCTL_PSP = 1u << 3,
	TCTL_CT = 0x0fu << 4,
	TCTL_COLD = 0x40u << 12,

	RXCSUM_IPOFLD = 1u << 8,
	RXCSUM_TUOFLD = 1u << 9,

	QUEUE_ENABLE = 1u << 25,	   /* RXDCTL, TXDCTL of the 82575 and later */
	SRRCTL_2K_ADVANCED = 1u << 25 | 2, /* advanced descriptors, one buffer of 2 KB each */
	FCRTL_XONE = 1u << 31,		   /* say when the partner may go on */
	RAH_AV = 1u << 31,
	FEXTNVM11_RST_HANG = 1u << 13,
};

/** Receive descriptor: the driver gives an address and zero, the chip writes back one of two
 * kinds. Both have the same bits of status and errors, in other places. */
struct e1000_rx_desc {
	uint64_t address; /* advanced: overwritten */
	union {
		struct {
			uint16_t length;
			uint16_t checksum;
			uint8_t status;
			uint8_t errors;
			uint16_t special;
		} legacy;
		struct {
			uint32_t status; /* errors in bits 24 to 31 */
			uint16_t length;
			uint16_t vlan;
		} advanced; /* 82575 and later, SRRCTL.DESCTYPE 1 */
		uint64_t zero;
	};
};

enum {
	RX_DD = 0x01,
	RX_EOP = 0x02,
	RX_IXSM = 0x04,	 /* legacy: ignore the checksum bits */
	RX_UDPCS = 0x10, /* 82574 and later; reserved before */
	RX_TCPCS = 0x20,
	RX_ERR_CRC = 0x01,
	RX_ERR_SYMBOL = 0x02,
	RX_ERR_SEQUENCE = 0x04,
	RX_ERR_CARRIER = 0x10,
	RX_ERR_TCP = 0x20,
	RX_ERR_DATA = 0x80,
	RX_ERR_FRAME = RX_ERR_CRC | RX_ERR_SYMBOL | RX_ERR_SEQUENCE | RX_ERR_CARRIER | RX_ERR_DATA,
};

/** Transmit descriptor; the legacy, context and data kinds lay out the last two words by
 * themselves. */
struct e1000_tx_desc {
	uint64_t address; /* context: offsets of IP and TCP/UDP checksums */
	uint32_t command; /* length, kind, command bits */
	uint32_t status;  /* status, then options: CSS, POPTS, or header length and MSS */
};

enum {
	TX_EOP = 1u << 24,
	TX_IFCS = 1u << 25,
	TX_TSE = 1u << 26,
	TX_RS = 1u << 27,
	TX_DEXT = 1u << 29,
	TX_KIND_DATA = 1u << 20,
	TX_CONTEXT_TCP = 1u << 24,
	TX_CONTEXT_IP = 1u << 25,
	TX_DD = 1u << 0,
	TX_IXSM = 1u << 8,
	TX_TXSM = 1u << 9,
};

#define E1000_COUNTERS 11

struct e1000 {
	volatile uint8_t *regs;
	uint32_t flags;
	bool running; /* the chip may use the rings */

	struct e1000_rx_desc *rx;
	uint8_t *rx_buffers;
	unsigned rx_count; /* a power of two */
	uint32_t rx_next;  /* free-running: next descriptor to look at */
	uint32_t rx_tail;  /* given back up to here, as RDT was told */
	bool rx_skip;	   /* in the middle of a frame that is too long */

	struct e1000_tx_desc *tx;
	struct tx_frame **tx_frames; /* at the last descriptor of each frame */
	uint32_t tx_head, tx_tail;   /* free-running: oldest in flight, next free */
	uint32_t tx_told;	     /* TDT was told */
	struct nic_tx_watch tx_watch;
	uint32_t context; /* checksum offsets that the chip has, 0: none */

	int phy; /* its MDIO address, negative: none found */
	uint32_t counters[E1000_COUNTERS];
};

static inline uint32_t e1000_read(const struct e1000 *e, unsigned reg)
{
	return mmio_read32(e->regs + reg);
}
static inline void e1000_write(struct e1000 *e, unsigned reg, uint32_t value)
{
	mmio_write32(e->regs + reg, value);
}

int e1000_probe(struct nic *nic, const struct nic_id *id);

/** From whatever state to quiet: DMA stopped, reset and verified, interrupts masked. */
int e1000_reset(struct nic *nic);
/** Let the link come up: control bits, flow control, a PHY that sleeps is woken. */
void e1000_start_link(struct nic *nic);
/** Tell management firmware whether a driver runs: it keeps its hands off the link then. */
void e1000_tell_firmware(struct e1000 *e, bool driver_runs);
/** The address that the chip was made with, to @mac; false when it has none. */
bool e1000_read_mac(struct nic *nic, uint8_t *mac);
/** Wait until the bits @mask of @reg are @value, @ms at most; false when they never are. */
bool e1000_wait(struct e1000 *e, unsigned reg, uint32_t mask, uint32_t value, unsigned ms);

/** Look where the PHY answers; afterwards e->phy says. */
void e1000_find_phy(struct nic *nic);
/* nic_ops.phy_read and phy_write. */
int e1000_phy_read(struct nic *nic, unsigned reg);
void e1000_phy_write(struct nic *nic, unsigned reg, uint16_t value);

#endif
