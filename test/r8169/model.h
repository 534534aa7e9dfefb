/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the RTL8169 model share: register and descriptor names, the
 * chip's state, and who offers what. Offsets and bits are those of Realtek's
 * RTL8169 and RTL8168 data sheets.
 */
#ifndef TEST_R8169_MODEL_H
#define TEST_R8169_MODEL_H

#include "test/r8169/rtl8169.h"

/* ---- Chips (chips.c) ---- */

enum {
	CHIP_PCIE = 1,
	CHIP_EVL = 2,		/* 8168E-VL and later: transmit FIFO state in TCR */
	CHIP_OCP = 4,		/* 8168G and later: OCP, receive gate, out-of-band mode */
	CHIP_8125 = 8,		/* 8125: registers in other places */
	CHIP_FAST = 16,		/* no gigabit */
	CHIP_TX2 = 32,		/* checksum bits in opts2 */
	CHIP_MSIX = 64,		/* has MSI-X */
	CHIP_PAD = 128,		/* corrupts short frames: the driver pads */
	CHIP_OVERFLOW = 256,	/* a FIFO overflow hangs the receiver */
	CHIP_ERI_FILTER = 512,	/* own address compared with its copy in ERI, too */
	CHIP_NO_GIGABIT = 1024, /* does not offer gigabit by default */
};

struct rtl_chip {
	const char *name;
	uint16_t device;
	uint16_t xid; /* TxConfig[31:20] & 0xfcf */
	uint8_t revision;
	uint32_t phy_id;
	unsigned flags;
};

const struct rtl_chip *sim_chip_find(const char *name);

/* ---- Registers ---- */

enum {
	REG_IDR = 0x00,
	REG_MAR = 0x08,
	REG_DTCCR = 0x10,
	REG_TNPDS = 0x20,
	REG_THPDS = 0x28,
	REG_CR = 0x37,
	REG_TPPOLL = 0x38,
	REG_IMR = 0x3c,
	REG_ISR = 0x3e,
	REG_TCR = 0x40,
	REG_RCR = 0x44,
	REG_MPC = 0x4c,
	REG_9346CR = 0x50,
	REG_CONFIG0 = 0x51,
	REG_CONFIG1 = 0x52,
	REG_CONFIG2 = 0x53,
	REG_CONFIG3 = 0x54,
	REG_CONFIG5 = 0x56,
	REG_PHYAR = 0x60,
	REG_CSIDR = 0x64,
	REG_CSIAR = 0x68,
	REG_PHYSTATUS = 0x6c,
	REG_ERIDR = 0x70,
	REG_ERIAR = 0x74,
	REG_EPHYAR = 0x80,
	REG_OCPDR = 0xb0,
	REG_OCPAR = 0xb4,
	REG_GPHY_OCP = 0xb8,
	REG_MCU = 0xd3,
	REG_RMS = 0xda,
	REG_EFUSEAR = 0xdc,
	REG_CPCR = 0xe0,
	REG_INTMITIGATE = 0xe2,
	REG_RDSAR = 0xe4,
	REG_MISC = 0xf0,
	REG_IBISR0 = 0xfb,
	REG_8125_IMR = 0x38,
	REG_8125_ISR = 0x3c,
	REG_8125_TPPOLL = 0x90,
	REG_8125_MAC = 0x19e0,
};

#define CR_STOP	 0x80u
#define CR_RESET 0x10u
#define CR_RE	 0x08u
#define CR_TE	 0x04u

#define ISR_ROK	 0x0001u
#define ISR_RER	 0x0002u
#define ISR_TOK	 0x0004u
#define ISR_RDU	 0x0010u
#define ISR_LINK 0x0020u
#define ISR_FOVW 0x0040u
#define ISR_TDU	 0x0080u
#define ISR_SW	 0x0100u
#define ISR_SERR 0x8000u

#define RCR_ALL	      0x01u
#define RCR_OWN	      0x02u
#define RCR_MULTICAST 0x04u
#define RCR_BROADCAST 0x08u
#define RCR_ACCEPT    0x3fu

#define TCR_LOOPBACK (3u << 17)
#define TCR_EMPTY    (1u << 11)
#define TCR_WRITABLE 0x030f07ffu
#define MCU_OOB	     0x80u
#define MCU_IDLE     0x32u /* both FIFOs empty, link list ready */
#define MISC_GATED   (1u << 19)
#define CPCR_RXSUM   0x20u
#define CPCR_VLAN    0x40u
#define UNLOCKED     0xc0u

/* ---- Descriptors ---- */

#define DESC_BYTES 16u
#define DESC_RING  1024u
#define DESC_OWN   0x80000000u
#define DESC_EOR   0x40000000u
#define DESC_FS	   0x20000000u
#define DESC_LS	   0x10000000u
#define DESC_LGSEN 0x08000000u

#define REGS_BYTES   0x10000u
#define FIFO_FRAMES  32u
#define FRAME_BYTES  0x4000u
#define TX_BYTES     0x10000u
#define BAR_COUNT    6u
#define MSIX_VECTORS 4u
#define RING_COUNT   3u

struct bar {
	uint32_t size;
	uint8_t type; /* low bits of the register: 1 I/O, 4 64-bit, 8 prefetchable */
};

struct tx_ring {
	unsigned reg;	  /* where its address is */
	unsigned index;	  /* the descriptor to look at next */
	unsigned pending; /* descriptors that a doorbell announced, with slow_tx */
};

struct rtl {
	const struct rtl_chip *chip;
	struct rtl_opts opts;
	struct rtl_ops ops;
	struct rtl_counters count;
	unsigned fault[RTL_FAULTS];
	char last_mistake[192];
	uint64_t now;
	bool quiet;    /* closed: see rtl_expect_quiet() */
	bool leftover; /* engines run as the previous system left them */
	bool claimed;  /* a driver has reset the chip since it was powered on */

	/* pci.c */
	uint8_t config[256], config_mask[256];
	unsigned cap_pm, cap_msi, cap_msix;
	struct bar bar[BAR_COUNT];
	bool probe;

	/* interrupt.c */
	uint8_t msix_table[MSIX_VECTORS * 16];
	bool msix_pending, irq_level, intx_level;

	/* registers.c */
	uint8_t regs[REGS_BYTES];
	int reset_left;			/* reads of CR until a reset is done */
	bool halted;			/* a bus error stopped both engines */
	uint32_t ring_high[RING_COUNT]; /* high halves of ring addresses, until the low one comes */

	/* doors.c */
	uint16_t mac_ocp[0x8000];
	uint8_t eri[4][0x1000], csi[0x1000];
	uint16_t ephy[128];

	/* phy.c */
	uint16_t phy_ocp[0x8000];      /* 8168G and later */
	uint16_t phy_page[0x1000][32]; /* before */
	unsigned page;
	unsigned phy_reset_reads;
	bool cable, link, negotiated, link_was_lost;
	int64_t negotiated_at; /* -1: no negotiation runs */

	/* transmit.c */
	struct tx_ring tx_normal, tx_high;
	uint8_t tx_frame[TX_BYTES];
	size_t tx_len;
	bool tx_open; /* between FS and LS */
	uint32_t tx_opts1, tx_opts2;

	/* receive.c */
	unsigned rx_index;
	bool rx_hung;
	struct {
		size_t len;
		uint8_t data[FRAME_BYTES];
	} fifo[FIFO_FRAMES];
	unsigned fifo_first, fifo_count;
	uint8_t rx_frame[FRAME_BYTES + 8];
};

static inline bool chip_is(const struct rtl *r, unsigned flag)
{
	return r->chip->flags & flag;
}

/* ---- Little and big endian fields ---- */

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}
static inline uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}
static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}
static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}
static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static inline void put_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint16_t reg16(const struct rtl *r, unsigned reg)
{
	return get16(r->regs + reg);
}
static inline uint32_t reg32(const struct rtl *r, unsigned reg)
{
	return get32(r->regs + reg);
}
static inline void set_reg16(struct rtl *r, unsigned reg, uint32_t v)
{
	put16(r->regs + reg, v);
}
static inline void set_reg32(struct rtl *r, unsigned reg, uint32_t v)
{
	put32(r->regs + reg, v);
}

/* ---- model.c ---- */

void sim_note(struct rtl *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_mistake(struct rtl *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Whether @fault happens now; uses up one of its times. */
bool sim_fault_strikes(struct rtl *r, enum rtl_fault fault);
/** Whether @fault is on, without using it up. */
bool sim_fault_waits(const struct rtl *r, enum rtl_fault fault);
/** DMA; false, with a system error, where there is no memory for @what. */
bool sim_dma_read(struct rtl *r, uint64_t address, void *buf, size_t len, const char *what);
bool sim_dma_write(struct rtl *r, uint64_t address, const void *buf, size_t len, const char *what);

/* ---- pci.c ---- */

void sim_pci_power_on(struct rtl *r);
/** The marks of the previous system: rtl_opts.left. So do sim_mac_leave() and sim_phy_leave(). */
void sim_pci_leave(struct rtl *r);
bool sim_pci_bus_master(const struct rtl *r);
bool sim_pci_asleep(const struct rtl *r);

/* ---- interrupt.c ---- */

uint32_t sim_isr_get(const struct rtl *r);
void sim_isr_raise(struct rtl *r, uint32_t bits);
void sim_irq_update(struct rtl *r);
void sim_msix_deliver(struct rtl *r);

/* ---- registers.c ---- */

void sim_mac_power_on(struct rtl *r);
void sim_mac_leave(struct rtl *r);
void sim_mac_reset(struct rtl *r);
uint64_t sim_mac_read(struct rtl *r, unsigned reg, unsigned size);
void sim_mac_write(struct rtl *r, unsigned reg, uint64_t value, unsigned size);
/** The ring address in @reg. */
uint64_t sim_ring_base(const struct rtl *r, unsigned reg);

/* ---- doors.c: registers that are an address and a flag ---- */

bool sim_door_is(const struct rtl *r, unsigned reg);
void sim_door_write(struct rtl *r, unsigned reg, uint32_t value);

/* ---- phy.c ---- */

void sim_phy_power_on(struct rtl *r);
void sim_phy_leave(struct rtl *r);
uint16_t sim_phy_read(struct rtl *r, unsigned reg);
void sim_phy_write(struct rtl *r, unsigned reg, uint16_t value);
uint16_t sim_phy_ocp_read(struct rtl *r, unsigned address);
void sim_phy_ocp_write(struct rtl *r, unsigned address, uint16_t value);
void sim_phy_show(struct rtl *r);
/** Time went by; ms until a negotiation ends, -1: none runs. */
int sim_phy_tick(struct rtl *r);

/* ---- transmit.c ---- */

void sim_tx_reset(struct rtl *r);
void sim_tx_doorbell(struct rtl *r, struct tx_ring *ring);
void sim_tx_tick(struct rtl *r);

/* ---- receive.c ---- */

void sim_rx_reset(struct rtl *r);
/** Give the driver what waits in the FIFO, as far as it has descriptors. */
void sim_rx_drain(struct rtl *r);

/* ---- checksum.c ---- */

uint32_t sim_ethernet_crc(const uint8_t *data, size_t len);
/** Fill in the checksums of a frame to send; false when it is no IP frame. */
bool sim_checksum_fill(uint8_t *frame, size_t len, bool ip, bool tcp, bool udp);
/** The protocol and error bits of a receive descriptor's opts1. */
uint32_t sim_checksum_verify(const uint8_t *frame, size_t len);

#endif
