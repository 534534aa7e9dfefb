/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive half of the RTL8169 model's descriptor engine: filter, FIFO, and
 * descriptors. Frames wait in the FIFO while the driver has no descriptor free,
 * and go on by themselves; no doorbell exists.
 */
#include "test/r8169/model.h"

#include <string.h>

#define FRAME_MIN  60u
#define HEADER	   14u
#define FCS	   4u
#define FULL_FRAME 1522u /* with a VLAN tag and the check sequence */
#define RUNT_BYTES 20u
#define SPAN_AT	   64u
#define PIECES_MAX 64u

#define TYPE_VLAN 0x8100u

/* Receive descriptor: opts1, opts2 */
#define RX_SIZE	     0x3fffu
#define RX_MULTICAST (1u << 27)
#define RX_OWN	     (1u << 26)
#define RX_BROADCAST (1u << 25)
#define RX_RWT	     (1u << 22)
#define RX_RES	     (1u << 21)
#define RX_RUNT	     (1u << 20)
#define RX_CRC	     (1u << 19)
#define OPTS2_TAG    (1u << 16)

void sim_rx_reset(struct rtl *r)
{
	r->rx_index = 0;
	r->fifo_count = 0;
}

/* ---- The filter ---- */

/* Top six bits of the CRC as a register that shifts to the left holds it. PCIe chips have the
 * table's bytes the other way round. */
static bool hash_hit(const struct rtl *r, const uint8_t *address)
{
	uint32_t crc = ~sim_ethernet_crc(address, 6), hash = 0, byte;
	int i;

	for (i = 0; i < 6; i++)
		hash |= (crc >> i & 1) << (5 - i);
	byte = chip_is(r, CHIP_PCIE) ? 7 - (hash >> 3) : hash >> 3;
	return r->regs[REG_MAR + byte] >> (hash & 7) & 1;
}

static bool own_address(const struct rtl *r, const uint8_t *address)
{
	if (memcmp(address, r->regs + REG_IDR, 6) != 0)
		return false;
	return !chip_is(r, CHIP_ERI_FILTER) || memcmp(address, r->eri[0] + 0xe0, 6) == 0;
}

/* Whether the driver wants a frame; @kind gets its descriptor bit. */
static bool wanted(const struct rtl *r, const uint8_t *frame, uint32_t *kind)
{
	static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
	uint32_t rcr = reg32(r, REG_RCR);
	bool match = false;

	*kind = 0;
	if (memcmp(frame, broadcast, 6) == 0) {
		*kind = RX_BROADCAST;
		match = rcr & RCR_BROADCAST;
	} else if (frame[0] & 1) {
		*kind = RX_MULTICAST;
		match = rcr & RCR_MULTICAST && hash_hit(r, frame);
	} else if (own_address(r, frame)) {
		*kind = RX_OWN;
		match = rcr & RCR_OWN;
	}
	return match || rcr & RCR_ALL;
}

/* ---- Descriptors ---- */

/* A frame on its way into descriptors. */
struct delivery {
	size_t len;	 /* with its check sequence */
	uint32_t status; /* opts1 of the last piece, without its length */
	uint32_t opts2;
	uint32_t shown;	  /* the length that the driver is told */
	size_t first_max; /* what the first piece may hold */
	bool no_last;
};

static uint64_t descriptor_at(const struct rtl *r, unsigned index)
{
	return sim_ring_base(r, REG_RDSAR) + index * DESC_BYTES;
}

static unsigned after(unsigned index, uint32_t opts1)
{
	return opts1 & DESC_EOR || index == DESC_RING - 1 ? 0 : index + 1;
}

static size_t piece_of(const struct delivery *f, uint32_t opts1, size_t done)
{
	size_t room = opts1 & RX_SIZE, left = f->len - done;

	if (!done && room > f->first_max)
		room = f->first_max;
	return left < room ? left : room;
}

enum ring_state { RING_ROOM, RING_EMPTY, RING_BROKEN };

/* Whether the ring has descriptors for all of a frame. */
static enum ring_state room_for(struct rtl *r, const struct delivery *f)
{
	unsigned index = r->rx_index, pieces;
	size_t done = 0;
	uint8_t d[DESC_BYTES];

	for (pieces = 0; done < f->len; pieces++) {
		uint32_t opts1;

		if (pieces == PIECES_MAX ||
		    !sim_dma_read(r, descriptor_at(r, index), d, sizeof(d), "receive descriptor"))
			return RING_BROKEN;
		opts1 = get32(d);
		if (!(opts1 & DESC_OWN))
			return RING_EMPTY;
		if (!(opts1 & RX_SIZE)) {
			sim_mistake(r, "receive descriptor %u has a buffer of no size", index);
			return RING_BROKEN;
		}
		if (d[8] & 7)
			sim_mistake(r, "receive buffer %u is not aligned to 8 bytes", index);
		done += piece_of(f, opts1, done);
		index = after(index, opts1);
	}
	return RING_ROOM;
}

/* Write back one descriptor: the flags last, as the driver looks at them first. */
static bool give_back(struct rtl *r, uint32_t opts1, uint32_t opts2)
{
	uint64_t at = descriptor_at(r, r->rx_index);
	uint8_t d[8];

	put32(d, opts1);
	put32(d + 4, opts2);
	if (!sim_dma_write(r, at + 4, d + 4, 4, "receive descriptor"))
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return sim_dma_write(r, at, d, 4, "receive descriptor");
}

/* False when memory fails; the engines stand still then. */
static bool write_pieces(struct rtl *r, const struct delivery *f)
{
	size_t done = 0;
	uint8_t d[DESC_BYTES];

	while (done < f->len) {
		bool first = !done;
		uint32_t opts1, flags;
		size_t piece;

		if (!sim_dma_read(r, descriptor_at(r, r->rx_index), d, sizeof(d),
				  "receive descriptor"))
			return false;
		opts1 = get32(d);
		piece = piece_of(f, opts1, done);
		if (!piece ||
		    !sim_dma_write(r, get64(d + 8), r->rx_frame + done, piece, "receive buffer"))
			return false;
		done += piece;
		flags = (opts1 & DESC_EOR) | (first ? DESC_FS : 0);
		if (done == f->len && !f->no_last)
			flags |= DESC_LS | f->status | (f->shown & RX_SIZE);
		else
			flags |= (uint32_t)piece;
		if (!give_back(r, flags, f->opts2))
			return false;
		r->rx_index = after(r->rx_index, opts1);
	}
	return true;
}

/* ---- Frames ---- */

static void strip_tag(struct rtl *r, struct delivery *f)
{
	uint8_t *p = r->rx_frame;
	bool on = chip_is(r, CHIP_8125) ? (reg32(r, REG_RCR) >> 22 & 3) == 3
					: reg16(r, REG_CPCR) & CPCR_VLAN;

	if (!on || f->len < HEADER + 4 || get_be16(p + 12) != TYPE_VLAN)
		return;
	f->opts2 = OPTS2_TAG | get16(p + 14);
	memmove(p + 12, p + 16, f->len - 16);
	f->len -= 4;
}

static void add_errors(struct rtl *r, struct delivery *f)
{
	uint32_t before = f->status;

	if (sim_fault_strikes(r, RTL_FAULT_RX_CRC))
		f->status |= RX_RES | RX_CRC;
	if (sim_fault_strikes(r, RTL_FAULT_RX_RWT))
		f->status |= RX_RES | RX_RWT;
	if (sim_fault_strikes(r, RTL_FAULT_RX_RUNT)) {
		f->status |= RX_RES | RX_RUNT;
		f->len = RUNT_BYTES;
	}
	f->shown = (uint32_t)f->len;
	if (sim_fault_strikes(r, RTL_FAULT_RX_SPAN))
		f->first_max = SPAN_AT;
	if (sim_fault_strikes(r, RTL_FAULT_RX_LENGTH))
		f->shown = RX_SIZE;
	if (sim_fault_strikes(r, RTL_FAULT_RX_NO_LENGTH))
		f->shown = FCS - 1;
	f->no_last = sim_fault_strikes(r, RTL_FAULT_RX_NO_LAST);
	if (f->status != before)
		r->count.rx_errors++;
}

static void lose(struct rtl *r, uint32_t cause)
{
	r->count.missed++;
	set_reg32(r, REG_MPC, (reg32(r, REG_MPC) + 1) & 0xffffff);
	sim_isr_raise(r, cause);
}

/* Put the oldest frame of the FIFO into r->rx_frame as it goes to memory. */
static void prepare(struct rtl *r, struct delivery *f, uint32_t kind)
{
	*f = (struct delivery){.len = r->fifo[r->fifo_first].len, .status = kind};
	f->first_max = SIZE_MAX;
	memcpy(r->rx_frame, r->fifo[r->fifo_first].data, f->len);
	if (reg16(r, REG_CPCR) & CPCR_RXSUM)
		f->status |= sim_checksum_verify(r->rx_frame, f->len);
	strip_tag(r, f);
	if (f->len < FRAME_MIN) {
		memset(r->rx_frame + f->len, 0, FRAME_MIN - f->len);
		f->len = FRAME_MIN;
	}
	put32(r->rx_frame + f->len, sim_ethernet_crc(r->rx_frame, f->len));
	f->len += FCS;
}

/* Deliver the oldest frame of the FIFO; false when it has to wait. */
static bool deliver(struct rtl *r)
{
	struct delivery f;
	uint32_t kind;

	if (!wanted(r, r->fifo[r->fifo_first].data, &kind)) {
		r->count.filtered++;
		return true;
	}
	prepare(r, &f, kind);
	if (f.len > reg16(r, REG_RMS)) {
		if (f.len <= FULL_FRAME)
			sim_mistake(r, "RMS (%u) keeps out a frame of %zu bytes", reg16(r, REG_RMS),
				    f.len);
		r->count.rx_errors++;
		return true;
	}
	switch (room_for(r, &f)) {
	case RING_EMPTY:
		sim_isr_raise(r, ISR_RDU);
		return false;
	case RING_BROKEN:
		return true;
	default:
		break;
	}
	add_errors(r, &f);
	if (!write_pieces(r, &f))
		return true;
	r->count.rx++;
	sim_isr_raise(r, f.status & RX_RES ? ISR_ROK | ISR_RER : ISR_ROK);
	return true;
}

static bool running(const struct rtl *r)
{
	if (!(r->regs[REG_CR] & CR_RE) || r->reset_left || r->halted || !sim_pci_bus_master(r) ||
	    sim_pci_asleep(r) || sim_fault_waits(r, RTL_FAULT_VANISHED))
		return false;
	return !chip_is(r, CHIP_OCP) ||
	       (!(reg32(r, REG_MISC) & MISC_GATED) && !(r->regs[REG_MCU] & MCU_OOB));
}

void sim_rx_drain(struct rtl *r)
{
	while (r->fifo_count && running(r) && !r->rx_hung) {
		if (!deliver(r))
			return;
		if (!r->fifo_count) /* a reset, from within a callback */
			return;
		r->fifo_first = (r->fifo_first + 1) % FIFO_FRAMES;
		r->fifo_count--;
	}
}

bool rtl_fifo_room(const struct rtl *r)
{
	return r->fifo_count < FIFO_FRAMES;
}

void rtl_frame_in(struct rtl *r, const uint8_t *frame, size_t len)
{
	bool loopback = (reg32(r, REG_TCR) & TCR_LOOPBACK) == TCR_LOOPBACK;
	unsigned at;

	if (len < HEADER || len > FRAME_BYTES - FCS - FRAME_MIN || !running(r) ||
	    (!r->link && !loopback))
		return;
	if (sim_fault_strikes(r, RTL_FAULT_RX_HANG)) {
		r->rx_hung = true;
		sim_isr_raise(r, ISR_FOVW);
	}
	if (sim_fault_strikes(r, RTL_FAULT_MISSED)) {
		lose(r, ISR_FOVW);
		return;
	}
	if (sim_fault_strikes(r, RTL_FAULT_NO_DESCRIPTOR)) {
		lose(r, ISR_RDU);
		return;
	}
	if (r->fifo_count == FIFO_FRAMES) {
		r->rx_hung |= chip_is(r, CHIP_OVERFLOW);
		lose(r, ISR_FOVW);
		return;
	}
	at = (r->fifo_first + r->fifo_count++) % FIFO_FRAMES;
	r->fifo[at].len = len;
	memcpy(r->fifo[at].data, frame, len);
	sim_rx_drain(r);
}
