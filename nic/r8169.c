/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Realtek RTL8169/8168/8111/8101/8125 and the 8139C+: rings and frames. The
 * chips and what each needs are in r8169_generations.c.
 *
 * Both rings hold descriptors that the chip owns while their top bit is set;
 * the poll path reads only those. Receive descriptors need no doorbell: a
 * starved chip goes on by itself when it finds one. The transmit doorbell rings
 * once a flush. Rung while the chip is finishing a round it can get lost, so it
 * rings again when some frames went and others did not, and while the
 * oldest one waits. Interrupt causes are read with the link, every 100 ms, for
 * what does not show in descriptors.
 */
#include "nic/r8169.h"
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

#define RX_MAX	       512
#define RX_MAX_8139    64 /* the 8139C+ has no more descriptors in a ring */
#define RX_MIN	       16
#define RX_BUFFER      2048
#define RING_ALIGN     256
#define TALLY_ALIGN    64
#define TALLY_US       10000
#define FCS	       4
#define BAR_MIN	       256
#define TX_SHORTEST    60
#define RX_SILENT_MS   1000 /* after an overflow */
#define TX_DOORBELL_MS 90   /* just below the distance of two looks */

static struct r8169 *priv(struct nic *nic)
{
	return nic->priv;
}

/** What the chip says in a descriptor, read once. */
static uint32_t options_of(const struct r8169_desc *desc)
{
	return *(const volatile uint32_t *)&desc->options;
}

/* --------------------------------------------------------------------------
 * Receive
 */

static uint32_t rx_flags(uint32_t options)
{
	uint32_t protocol = options & RX_PROTOCOL;
	bool verified =
		!(options & RX_IP_BAD) && ((protocol == RX_TCP && !(options & RX_TCP_BAD)) ||
					   (protocol == RX_UDP && !(options & RX_UDP_BAD)));

	return verified ? NIC_RX_CSUM_OK : 0;
}

/** Hand a descriptor's frame to the stack, if it is a whole and good one. */
static void deliver(struct nic *nic, uint32_t options, const uint8_t *buffer)
{
	uint32_t len = options & RX_LENGTH;
	struct rx_frame frame = {.parts = 1};

	/* A frame in pieces is longer than any that we want. */
	if (!(options & DESC_FIRST) || !(options & DESC_LAST) || options & RX_ERROR || len < FCS ||
	    len > RX_BUFFER) {
		if (options & DESC_LAST)
			nic->counters.rx_errors++;
		return;
	}
	frame.len = frame.part[0].len = len - FCS;
	frame.part[0].data = buffer;
	frame.flags = rx_flags(options);
	nic_receive(nic, &frame);
}

/** Give descriptor @i to the chip. */
static void rearm(struct r8169 *r, unsigned i)
{
	r->rx[i].vlan = 0;
	write_barrier();
	r->rx[i].options = DESC_OWN | (i == r->rx_count - 1 ? DESC_END : 0) | RX_BUFFER;
}

static void r8169_poll(struct nic *nic, unsigned budget)
{
	struct r8169 *r = priv(nic);

	while (budget--) {
		unsigned i = r->rx_next & (r->rx_count - 1);
		uint32_t options = options_of(&r->rx[i]);

		if (options & DESC_OWN)
			return;
		write_barrier();
		deliver(nic, options, r->rx_buffers + i * RX_BUFFER);
		if (!nic->open)
			return;
		rearm(r, i);
		r->rx_next++;
	}
}

/* --------------------------------------------------------------------------
 * Transmit
 */

static void r8169_reap(struct nic *nic)
{
	struct r8169 *r = priv(nic);
	uint32_t before = r->tx_head;

	while (r->tx_head != r->tx_tail &&
	       !(options_of(&r->tx[r->tx_head % R8169_TX_COUNT]) & DESC_OWN))
		nic_tx_done(nic, r->tx_frames[r->tx_head++ % R8169_TX_COUNT]);
	if (r->tx_head != before && (int32_t)(r->tx_told - r->tx_head) > 0) {
		r->doorbells_again++;
		r8169_doorbell(r);
	}
}

static bool r8169_transmit(struct nic *nic, struct tx_frame *frame)
{
	struct r8169 *r = priv(nic);
	unsigned i = r->tx_tail % R8169_TX_COUNT;
	uint32_t len = frame->len;

	if (r->tx_tail - r->tx_head == R8169_TX_COUNT)
		r8169_reap(nic);
	if (r->tx_tail - r->tx_head == R8169_TX_COUNT)
		return false;
	/* Some chips pad with what they sent before, some not at all. */
	if (len < TX_SHORTEST) {
		memset(frame->data + len, 0, TX_SHORTEST - len);
		len = TX_SHORTEST;
	}
	r->tx_frames[i] = frame;
	r->tx[i].address = (uintptr_t)frame->data;
	r->tx[i].vlan = 0;
	write_barrier();
	r->tx[i].options =
		DESC_OWN | (i == R8169_TX_COUNT - 1 ? DESC_END : 0) | DESC_FIRST | DESC_LAST | len;
	r->tx_tail++;
	return true;
}

static void r8169_flush(struct nic *nic)
{
	struct r8169 *r = priv(nic);

	if (r->tx_told == r->tx_tail)
		return;
	r->tx_told = r->tx_tail;
	full_barrier();
	r8169_doorbell(r);
}

/** A frame that stays on the ring: ring again, in the end bring the card up again. */
static void watch_transmitter(struct nic *nic)
{
	struct r8169 *r = priv(nic);
	uint64_t ms = nic_tx_stands(nic, &r->tx_watch, r->tx_head, r->tx_told);

	if (ms > NIC_TX_HANG_MS) {
		nic_restart(nic, "the transmitter hangs");
	} else if (ms > TX_DOORBELL_MS) {
		r->doorbells_again++;
		r8169_doorbell(r);
	}
}

/** An overflow of the FIFO stops the receiver for good on some chips, now and then on others. */
static void watch_receiver(struct nic *nic, uint32_t causes)
{
	struct r8169 *r = priv(nic);
	uint64_t now = clock_ms();

	if (causes & ISR_FIFO_OVERFLOW) {
		r->overflows++;
		r->overflow_at = now;
		r->overflow_packets = nic->counters.rx_packets;
		if (r8169_has(r, R8169_FIFO_HANGS))
			nic_restart(nic, "the card's receive FIFO overflowed");
	}
	if (!r->overflow_at || now - r->overflow_at < RX_SILENT_MS)
		return;
	r->overflow_at = 0;
	if (nic->counters.rx_packets == r->overflow_packets)
		nic_restart(nic, "nothing received since the receive FIFO overflowed");
}

static void r8169_check_link(struct nic *nic)
{
	struct r8169 *r = priv(nic);
	uint32_t causes = r8169_take_causes(r);

	if (causes == 0xffffffff) {
		nic_restart(nic, "the card does not answer any more");
		nic_link(nic, false, 0, false);
		return;
	}
	if (causes & ISR_SYSTEM_ERROR)
		nic_restart(nic, "the card reports a bus error");
	watch_receiver(nic, causes);
	r8169_phy_check(nic);
	watch_transmitter(nic);
}

/* --------------------------------------------------------------------------
 * Opening and closing
 */

static void free_rings(struct r8169 *r)
{
	heap_free(r->rx);
	heap_free(r->tx);
	heap_free(r->rx_buffers);
	heap_free(r->tally);
	r->rx = NULL;
	r->tx = NULL;
	r->rx_buffers = NULL;
	r->tally = NULL;
}

static int make_rings(struct nic *nic)
{
	struct r8169 *r = priv(nic);
	size_t budget = nic_rx_budget();
	unsigned i;

	r->rx_count = r8169_has(r, R8169_CPLUS) ? RX_MAX_8139 : RX_MAX;
	while (r->rx_count > RX_MIN && r->rx_count * RX_BUFFER > budget)
		r->rx_count /= 2;
	r->rx = heap_alloc_aligned(r->rx_count * sizeof(*r->rx), RING_ALIGN);
	r->tx = heap_alloc_aligned(R8169_TX_COUNT * sizeof(*r->tx), RING_ALIGN);
	r->rx_buffers = heap_alloc_aligned(r->rx_count * RX_BUFFER, RX_BUFFER);
	r->tally = heap_alloc_aligned(sizeof(*r->tally), TALLY_ALIGN);
	if (!r->rx || !r->tx || !r->rx_buffers || !r->tally) {
		free_rings(r);
		return fail(E_NO_MEMORY, "no memory for rings of %u and %u frames", r->rx_count,
			    R8169_TX_COUNT);
	}
	memset(r->tx, 0, R8169_TX_COUNT * sizeof(*r->tx));
	for (i = 0; i < r->rx_count; i++) {
		r->rx[i].address = (uintptr_t)(r->rx_buffers + i * RX_BUFFER);
		rearm(r, i);
	}
	nic->rx_burst = r8169_has(r, R8169_CPLUS) ? r->rx_count * 7 / 8 : 0;
	r->rx_next = 0;
	r->tx_head = r->tx_tail = r->tx_told = 0;
	r->tx_watch.waiting = false;
	r->overflow_at = 0;
	return 0;
}

static int r8169_open(struct nic *nic)
{
	struct r8169 *r = priv(nic);
	int rc = r8169_reset(nic);

	if (rc)
		return rc;
	free_rings(r); /* what a close that failed left with the chip */
	rc = make_rings(nic);
	if (rc) {
		r8169_open_gate(r);
		return rc;
	}
	r->running = true;
	pci_enable_dma(&nic->pci);
	r8169_start(nic);
	r8169_phy_start(nic);
	return 0;
}

static void r8169_close(struct nic *nic)
{
	struct r8169 *r = priv(nic);

	if (!r->running)
		return;
	r->running = false;
	if (r8169_reset(nic)) {
		/* It may still write: cut it off, and leave it the memory until a reset works. */
		pci_disable_dma(&nic->pci);
		print("%s: %s\n", nic->name, error_text());
		return;
	}
	/* The next driver reads its address where we wrote ours. */
	r8169_write_mac(r, nic->permanent_mac);
	r8169_open_gate(r);
	free_rings(r);
}

/* --------------------------------------------------------------------------
 * ifstat
 */

static void print_tally(struct r8169 *r)
{
	const struct r8169_tally *t = r->tally;
	uint32_t at = (uint32_t)(uintptr_t)t;

	r8169_write32(r, DTCCR + 4, 0);
	r8169_write32(r, DTCCR, at | DTCCR_DUMP);
	if (!r8169_wait(r, DTCCR, 4, DTCCR_DUMP, 0, TALLY_US)) {
		print("  The chip does not write its counters.\n");
		return;
	}
	print("  Chip: TX %llu, errors %llu, aborted %u, underruns %u\n",
	      (unsigned long long)t->tx_ok, (unsigned long long)t->tx_errors, t->tx_aborted,
	      t->tx_underruns);
	print("  Chip: RX %llu, errors %u, missed %u, misaligned %u\n",
	      (unsigned long long)t->rx_ok, t->rx_errors, t->missed, t->alignment_errors);
}

static void r8169_report(struct nic *nic)
{
	struct r8169 *r = priv(nic);

	print("  XID %03x; RX ring %u, TX ring %u; FIFO overflows %u, doorbells repeated %u\n",
	      r->xid, r->rx_count, R8169_TX_COUNT, r->overflows, r->doorbells_again);
	print_tally(r);
	print("  CR %02x RCR %08x TCR %08x CPCR %04x\n", r8169_read8(r, CR), r8169_read32(r, RCR),
	      r8169_read32(r, TCR), r8169_read16(r, CPCR));
}

static const struct nic_ops r8169_ops = {
	.open = r8169_open,
	.close = r8169_close,
	.poll = r8169_poll,
	.reap = r8169_reap,
	.check_link = r8169_check_link,
	.transmit = r8169_transmit,
	.flush = r8169_flush,
	.phy_read = r8169_phy_read,
	.phy_write = r8169_phy_write,
	.report = r8169_report,
};

/* --------------------------------------------------------------------------
 * Probing
 */

/** Find the registers: the first memory BAR, whichever it is (the second has interrupt vectors),
 * else the ports. 0 and the memory BAR's size, 0 without one, or an error. */
static int map_registers(struct nic *nic, uint64_t *size)
{
	struct r8169 *r = priv(nic);
	unsigned i;

	*size = 0;
	for (i = 0; i < ARRAY_SIZE(nic->pci.bar) && !*size; i++) {
		*size = nic->pci.bar[i].io ? 0 : pci_bar_size(&nic->pci, i);
		if (*size >= BAR_MIN)
			r->regs = pci_map(&nic->pci, i);
		if (nic->pci.bar[i].is64)
			i++;
	}
	for (i = 0; i < ARRAY_SIZE(nic->pci.bar) && !r->regs && !r->ports; i++) {
		if (nic->pci.bar[i].io && pci_bar_size(&nic->pci, i) >= BAR_MIN)
			r->ports = (uint16_t)nic->pci.bar[i].address;
	}
	if (!r->regs && !r->ports)
		return *size >= BAR_MIN ? error_code() : fail(E_NIC_TRANSPORT, "no usable BAR");
	return 0;
}

int r8169_probe(struct nic *nic, const struct nic_id *id)
{
	struct r8169 *r = heap_zalloc(sizeof(*r));
	uint64_t size;
	int rc;

	if (!r)
		return fail(E_NO_MEMORY, "no memory for an r8169 driver");
	nic->priv = r;
	nic->ops = &r8169_ops;
	nic->features = NIC_RX_CSUM;
	rc = map_registers(nic, &size);
	if (!rc)
		rc = r8169_identify(nic, size);
	if (!rc)
		rc = r8169_reset(nic);
	if (rc) {
		heap_free(r);
		nic->priv = NULL;
		return rc;
	}
	if (!r8169_read_mac(r, nic->mac)) {
		/* Good enough to reach the user, who may set a better one. */
		nic_random_mac(nic->mac);
		print("%s at " PCI_LOC_FMT " has no address of its own: using " MAC_FMT "\n",
		      nic->chip, PCI_LOC(&nic->pci), MAC_ARG(nic->mac));
	}
	r8169_open_gate(r);
	return 0;
}
