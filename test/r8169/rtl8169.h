/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the RTL8169, 8168, 8101 and 8125 network chips at the level of
 * their registers: what a driver sees, in any state that a previous system may
 * have left, with the faults that such cards have in the field.
 *
 * It knows nothing of how it is attached. Unit tests link it and put it behind
 * the hooks of test/host/host.h; test/r8169/qemu attaches it to a machine of
 * QEMU's. Whoever attaches it supplies DMA, interrupts and a cable.
 *
 * What a driver must not do (writing a locked register, DMA outside of memory,
 * a ring that is not aligned, running on after the card was closed…) is a
 * mistake: logged, and counted for a test to compare with zero.
 */
#ifndef TEST_R8169_RTL8169_H
#define TEST_R8169_RTL8169_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtl;

/** What the model calls; @ctx is handed through. log may be NULL. */
struct rtl_ops {
	void *ctx;
	/** Copy from and to bus address @gpa; non-zero: there is no memory. */
	int (*dma_read)(void *ctx, uint64_t gpa, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t gpa, const void *buf, size_t len);
	/** A frame leaves, without its check sequence. */
	void (*xmit)(void *ctx, const uint8_t *frame, size_t len);
	void (*intx)(void *ctx, int level);
	void (*msi)(void *ctx, uint64_t addr, uint32_t data);
	void (*log)(void *ctx, int is_guest_error, const char *text);
};

/** What a previous system left behind; put back after each PCI reset (the PHY's part, which no
 * PCI reset reaches, only at the start). */
enum rtl_left {
	RTL_LEFT_ARMED = 1 << 0,     /* both engines run, bus master on, rings point nowhere */
	RTL_LEFT_D3 = 1 << 1,	     /* asleep; its configuration is lost on waking */
	RTL_LEFT_PHY_OFF = 1 << 2,   /* PHY powered down */
	RTL_LEFT_PHY_PAGE = 1 << 3,  /* another PHY page selected */
	RTL_LEFT_OOB = 1 << 4,	     /* out-of-band mode (8168G and later) */
	RTL_LEFT_GATED = 1 << 5,     /* receive gate closed (8168G and later) */
	RTL_LEFT_10MBIT = 1 << 6,    /* link forced to 10 Mbit/s, no negotiation */
	RTL_LEFT_ONLY_10 = 1 << 7,   /* negotiates, but offers 10 Mbit/s only */
	RTL_LEFT_WOL = 1 << 8,	     /* wake-up armed, PME status set */
	RTL_LEFT_UNLOCKED = 1 << 9,  /* 9346CR left open */
	RTL_LEFT_IRQ = 1 << 10,	     /* every interrupt enabled and pending */
	RTL_LEFT_VLAN = 1 << 11,     /* VLAN tags stripped */
	RTL_LEFT_LOOPBACK = 1 << 12, /* transmitter looped back inside the MAC */
};
#define RTL_LEFT_ALL ((1u << 13) - 1)

/** Faults, each for the next N times that it can happen. */
enum rtl_fault {
	RTL_FAULT_RESET_STUCK,	 /* CR's reset bit stays set */
	RTL_FAULT_PHYAR_STUCK,	 /* the flag of PHYAR never flips */
	RTL_FAULT_OCP_STUCK,	 /* the flag of GPHY_OCP never flips */
	RTL_FAULT_ERI_STUCK,	 /* the flags of ERIAR, CSIAR, EPHYAR and EFUSEAR never flip */
	RTL_FAULT_TALLY_STUCK,	 /* DTCCR's dump bit stays set, nothing is written */
	RTL_FAULT_RX_HANG,	 /* receiver dead from the next frame on, until a reset */
	RTL_FAULT_NO_DESCRIPTOR, /* a frame is lost, with RDU, whatever the ring holds */
	RTL_FAULT_MISSED,	 /* a frame is counted as missed */
	RTL_FAULT_SYSTEM_ERROR,	 /* a DMA access fails: SERR, engines stop until a reset */
	RTL_FAULT_RX_CRC,	 /* a frame comes with RES and CRC */
	RTL_FAULT_RX_RUNT,	 /* a frame comes with RES and RUNT, 20 bytes long */
	RTL_FAULT_RX_RWT,	 /* a frame comes with RES and RWT */
	RTL_FAULT_RX_SPAN,	 /* a frame is cut over two descriptors although one would do */
	RTL_FAULT_RX_NO_LAST,	 /* a frame's last piece never comes */
	RTL_FAULT_RX_LENGTH,	 /* a frame's length is more than its buffer */
	RTL_FAULT_RX_NO_LENGTH,	 /* a frame's length is less than its check sequence */
	RTL_FAULT_DOORBELL_LOST, /* a TPPoll is lost while the transmitter is busy (slow_tx) */
	RTL_FAULT_TX_STUCK,	 /* a TPPoll starts nothing */
	RTL_FAULT_VANISHED,	 /* the card answers ffffffff to everything */
	RTL_FAULTS
};
#define RTL_FOREVER (~0u)

struct rtl_opts {
	const char *chip; /* one of rtl_chip_list() */
	uint8_t mac[6];
	int trace;	 /* log every register access */
	int an_ms;	 /* how long a negotiation takes */
	int reset_reads; /* how often CR reads back with its reset bit after a reset */
	int link_down;	 /* start with the cable unplugged */
	int slow_tx;	 /* frames leave in rtl_tick(), not inside the TPPoll write */
	uint32_t left;	 /* RTL_LEFT_… */
};

struct rtl_counters {
	uint64_t tx, rx;   /* frames */
	uint64_t filtered; /* frames that the filter did not want */
	uint64_t missed;   /* frames lost for lack of FIFO or descriptors */
	uint64_t rx_errors;
	uint64_t accesses; /* to registers */
	uint64_t interrupts;
	uint64_t mistakes;  /* of the driver */
	uint64_t stray_dma; /* accesses that the previous system's rings led to; none is carried out
			     */
};

/** A chip, powered on; NULL when there is no such chip. */
struct rtl *rtl_new(const struct rtl_opts *o, const struct rtl_ops *ops);
void rtl_free(struct rtl *r);

/** The names of all chips, separated by spaces. */
const char *rtl_chip_list(void);
/** The name of chip @index, NULL behind the last. */
const char *rtl_chip_name(size_t index);

/** PCI RST#: all but the PHY starts anew. */
void rtl_pci_reset(struct rtl *r);
/** Configuration space, 1, 2 or 4 bytes. */
uint32_t rtl_cfg_read(struct rtl *r, unsigned addr, unsigned len);
void rtl_cfg_write(struct rtl *r, unsigned addr, uint32_t val, unsigned len);
/** A bus access of 1, 2, 4 or 8 bytes to whatever BAR decodes @addr. */
uint64_t rtl_bus_read(struct rtl *r, int memory, uint64_t addr, unsigned size);
void rtl_bus_write(struct rtl *r, int memory, uint64_t addr, uint64_t val, unsigned size);

/** A frame arrives on the cable, without its check sequence. */
void rtl_frame_in(struct rtl *r, const uint8_t *frame, size_t len);
/** Whether the next frame finds room in the FIFO: a sender that heeds flow control asks. */
bool rtl_fifo_room(const struct rtl *r);
void rtl_cable(struct rtl *r, int plugged, uint64_t now_ms);
/** Let time be @now_ms: links come up, frames waiting for descriptors go on. Returns ms until the
 * next call is wanted, -1: none. */
int rtl_tick(struct rtl *r, uint64_t now_ms);

/** @fault happens the next @times times that it can; RTL_FOREVER: always; 0: no more. */
void rtl_fault(struct rtl *r, enum rtl_fault fault, unsigned times);
/** With @on the card counts as closed: a running engine, DMA and interrupts are mistakes now. */
void rtl_expect_quiet(struct rtl *r, bool on);

const struct rtl_counters *rtl_counters(const struct rtl *r);
/** The last mistake's text, "" when there was none. */
const char *rtl_last_mistake(const struct rtl *r);
/** All counters as one line. */
void rtl_stats(struct rtl *r, char *buf, size_t len);
/** The chip's link as PHYSTATUS shows it: 0, 10, 100, 1000 or 2500 Mbit/s. */
unsigned rtl_link_speed(struct rtl *r);

/** While on, 64-bit BARs are shown as 32-bit ones: QEMU's proxy can only copy those. */
void rtl_probe_phase(struct rtl *r, int on);

#endif
