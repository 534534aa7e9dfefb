/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit half of the RTL8169 model's descriptor engine. A doorbell starts
 * it; it sends what the chip owns, and clears OWN. With slow_tx it finishes in
 * rtl_tick(), so that rings fill up, and a doorbell can come while it is busy.
 */
#include "test/r8169/model.h"

#include <string.h>

#define FRAME_MIN   60u
#define HEADER	    14u
#define FULL_FRAME  1518u /* with a VLAN tag, without the check sequence */
#define OPTS2_VLAN  (1u << 17)
#define TX2_TSO	    (3u << 25)
#define VLAN_OFFSET 12u

void sim_tx_reset(struct rtl *r)
{
	r->tx_normal = (struct tx_ring){.reg = REG_TNPDS};
	r->tx_high = (struct tx_ring){.reg = REG_THPDS};
	r->tx_open = false;
}

/* ---- One frame ---- */

static void fill_checksums(struct rtl *r)
{
	/* IP, TCP and UDP lie side by side, in an order of their own each. */
	uint32_t bits = chip_is(r, CHIP_TX2) ? r->tx_opts2 >> 29 : r->tx_opts1 >> 16;
	bool ip = chip_is(r, CHIP_TX2) ? bits & 1 : bits & 4;
	bool tcp = chip_is(r, CHIP_TX2) ? bits & 2 : bits & 1;
	bool udp = chip_is(r, CHIP_TX2) ? bits & 4 : bits & 2;

	if ((ip || tcp || udp) && !sim_checksum_fill(r->tx_frame, r->tx_len, ip, tcp, udp))
		sim_mistake(r, "checksum offload asked for a frame that is not IP");
}

static void insert_tag(struct rtl *r)
{
	uint8_t tag[4] = {0x81, 0x00, (uint8_t)r->tx_opts2, (uint8_t)(r->tx_opts2 >> 8)};

	memmove(r->tx_frame + VLAN_OFFSET + 4, r->tx_frame + VLAN_OFFSET, r->tx_len - VLAN_OFFSET);
	memcpy(r->tx_frame + VLAN_OFFSET, tag, 4);
	r->tx_len += 4;
}

static void send_frame(struct rtl *r)
{
	uint32_t tso = chip_is(r, CHIP_TX2) ? TX2_TSO : DESC_LGSEN;

	if (r->tx_opts1 & tso)
		sim_mistake(r, "segmentation offload is not modelled");
	if (r->tx_len < HEADER || r->tx_len > FULL_FRAME) {
		sim_mistake(r, "a frame of %zu bytes sent", r->tx_len);
		return;
	}
	fill_checksums(r);
	if (r->tx_opts2 & OPTS2_VLAN)
		insert_tag(r);
	if (r->tx_len < FRAME_MIN) {
		if (chip_is(r, CHIP_PAD))
			sim_mistake(r, "a frame of %zu bytes not padded for a chip that cannot",
				    r->tx_len);
		memset(r->tx_frame + r->tx_len, 0, FRAME_MIN - r->tx_len);
		r->tx_len = FRAME_MIN;
	}
	r->count.tx++;
	if ((reg32(r, REG_TCR) & TCR_LOOPBACK) == TCR_LOOPBACK)
		rtl_frame_in(r, r->tx_frame, r->tx_len);
	else if (r->link)
		r->ops.xmit(r->ops.ctx, r->tx_frame, r->tx_len);
}

/* ---- The ring ---- */

static bool read_descriptor(struct rtl *r, const struct tx_ring *ring, unsigned index, uint8_t *d)
{
	return sim_dma_read(r, sim_ring_base(r, ring->reg) + index * DESC_BYTES, d, DESC_BYTES,
			    "transmit descriptor");
}

static unsigned after(unsigned index, uint32_t opts1)
{
	return opts1 & DESC_EOR || index == DESC_RING - 1 ? 0 : index + 1;
}

/* Take a piece into the frame; false when it cannot be fetched. */
static bool gather(struct rtl *r, const uint8_t *d)
{
	uint32_t opts1 = get32(d), len = opts1 & 0xffff;

	if (opts1 & DESC_FS) {
		if (r->tx_open)
			sim_mistake(r, "transmit descriptor with FS inside a frame");
		r->tx_open = true;
		r->tx_len = 0;
		r->tx_opts1 = opts1;
		r->tx_opts2 = get32(d + 4);
	} else if (!r->tx_open) {
		sim_mistake(r, "transmit frame without FS");
	}
	if (!len)
		sim_mistake(r, "transmit descriptor of length 0");
	if (r->tx_len + len > sizeof(r->tx_frame) - 4) {
		sim_mistake(r, "transmit frame of more than 64 KB");
		return true;
	}
	if (len && !sim_dma_read(r, get64(d + 8), r->tx_frame + r->tx_len, len, "transmit buffer"))
		return false;
	r->tx_len += len;
	return true;
}

/* One descriptor; false when there is none to send. */
static bool send_descriptor(struct rtl *r, struct tx_ring *ring)
{
	uint64_t at = sim_ring_base(r, ring->reg) + ring->index * DESC_BYTES;
	uint8_t d[DESC_BYTES];
	uint32_t opts1;

	if (!read_descriptor(r, ring, ring->index, d))
		return false;
	opts1 = get32(d);
	if (!(opts1 & DESC_OWN) || !gather(r, d))
		return false;
	if (opts1 & DESC_LS) {
		if (r->tx_open)
			send_frame(r);
		r->tx_open = false;
	}
	put32(d, opts1 & ~DESC_OWN);
	if (!sim_dma_write(r, at, d, 4, "transmit descriptor"))
		return false;
	ring->index = after(ring->index, opts1);
	return true;
}

static void run(struct rtl *r, struct tx_ring *ring)
{
	unsigned sent = 0;

	while (ring->pending && send_descriptor(r, ring)) {
		ring->pending--;
		sent++;
	}
	ring->pending = 0;
	if (sent)
		sim_isr_raise(r, ISR_TOK | ISR_TDU);
}

/* How many descriptors the chip owns from its index on. */
static unsigned owned(struct rtl *r, const struct tx_ring *ring)
{
	unsigned index = ring->index, n;
	uint8_t d[DESC_BYTES];

	for (n = 0; n < DESC_RING; n++) {
		if (!read_descriptor(r, ring, index, d) || !(get32(d) & DESC_OWN))
			break;
		index = after(index, get32(d));
	}
	return n;
}

void sim_tx_doorbell(struct rtl *r, struct tx_ring *ring)
{
	if (!(r->regs[REG_CR] & CR_TE)) {
		sim_mistake(r, "doorbell with the transmitter disabled");
		return;
	}
	if (!sim_pci_bus_master(r)) {
		sim_mistake(r, "doorbell without PCI bus mastering");
		return;
	}
	if (r->halted || sim_fault_strikes(r, RTL_FAULT_TX_STUCK))
		return;
	if (ring->pending && sim_fault_strikes(r, RTL_FAULT_DOORBELL_LOST))
		return;
	ring->pending = owned(r, ring);
	if (!r->opts.slow_tx)
		run(r, ring);
}

void sim_tx_tick(struct rtl *r)
{
	if (!(r->regs[REG_CR] & CR_TE) || !sim_pci_bus_master(r) || r->halted)
		return;
	run(r, &r->tx_high);
	run(r, &r->tx_normal);
}
