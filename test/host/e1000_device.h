/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Intel gigabit chip for tests, after the manuals that nic/e1000.h names:
 * registers behind the hooks of test/host/host.h, rings in the driver's memory.
 * The test plays the wire and whoever had the chip before.
 *
 * `bad` counts what a driver must not do: reset while DMA requests may be under
 * way, move the tail of a queue that is not enabled, use the PHY's bus without
 * having asked for it, read ICR, choose descriptors that the chip does not have.
 */
#ifndef TEST_HOST_E1000_DEVICE_H
#define TEST_HOST_E1000_DEVICE_H

#include "nic/e1000.h"
#include "test/host/host.h"

#define E1000_MODEL_BAR	 0xfeb00000u
#define E1000_MODEL_SENT 500
#define E1000_IMS	 0xd0
#define E1000_ICR	 0xc0

struct e1000_model {
	/* What chip it is, by its PCI id. */
	bool pci, igb, i219;
	enum { TURNS_FREE, TURNS_SWFLAG, TURNS_SWSM, TURNS_SYNC } turns;
	int phy_address; /* negative: no PHY */

	uint32_t reg[0x20000 / 4];
	uint16_t phy[32];
	uint16_t eeprom[3];
	bool eeprom_large; /* EERD format */
	bool no_eeprom, link_needs_phy;
	bool reset_stuck, tctl_stuck, queue_stuck, master_stuck, transmitter_stuck;
	bool firmware_holds_phy, owns_smbi;
	bool gone; /* reads all ones */
	bool dma_ran;
	unsigned reset_reads, queue_reads; /* RST stays, ENABLE lasts for that many reads */
	unsigned resets, phy_resets, renegotiations;
	uint32_t reads, writes, bad;
	uint32_t context[4]; /* last context descriptor */
	unsigned contexts;
	uint8_t sent[E1000_MODEL_SENT][2048];
	uint32_t sent_len[E1000_MODEL_SENT];
	unsigned sent_count;
	uint8_t segment[70000]; /* a frame being put together */
	uint32_t segment_len;
};

extern struct e1000_model e1000_model;
extern const uint8_t e1000_model_mac[ETH_ALEN];

/** A fresh chip, its link up at 1000 Mbit/s; not on the bus yet. */
void e1000_model_init(void);
/** Put it on the bus at 00:03.0 as @device. */
struct host_pci *e1000_model_plug(uint16_t device);
uint32_t *e1000_model_reg(unsigned offset);
/** A frame from the wire, or a piece of one; false when the chip has no descriptor for it. */
bool e1000_model_deliver(const void *data, uint16_t len, uint8_t status, uint8_t errors);
/** Send what waits on the ring; the chip does so by itself when TDT is written. */
void e1000_model_transmit(void);

#endif
