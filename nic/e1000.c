/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 8254x, 8257x and descendants: rings and frames. Registers and manuals
 * are named in e1000.h; reset and link are in e1000_chip.c, the PHY in e1000_phy.c.
 *
 * In a virtual machine every register access leaves to the hypervisor and
 * costs as much as copying a packet. So the poll path reads only descriptors in
 * memory, never ICR; RDT is written once for a quarter of the ring, TDT once a
 * flush; STATUS is read every 100 ms.
 *
 * Receive uses legacy descriptors, and advanced ones from the 82575 on. Transmit
 * uses legacy ones, which all these chips know, unless the frame asks for a
 * checksum or segmentation and the chip is marked E1000_OFFLOAD: then a context
 * descriptor goes before extended data descriptors. The chip keeps the context,
 * so it is sent again only when the offsets change or segmentation came between.
 */
#include "nic/e1000.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

#define RX_MAX	     256
#define RX_MIN	     16
#define RX_BUFFER    2048 /* RCTL.BSIZE 0 */
#define TX_COUNT     256
#define TX_PIECE     8192 /* of a large frame in one descriptor; the chips take 16 KB less a bit */
#define TX_PER_FRAME (1 + (NIC_TSO_MAX + ETH_HEADER) / TX_PIECE + 1)
#define RING_ALIGN   4096
#define REGISTERS    (64 * 1024) /* all of ours lie in these; BAR 0 has 128 KB */
#define TIPG_COPPER  0x0060200a	 /* IPGT 10, IPGR1 8, IPGR2 6 */
#define QUEUE_MS     10

/* RXDCTL and TXDCTL of the 82575 and later: fetch 8 at once, write each back at once. */
#define QUEUE_THRESHOLDS (8u | 8u << 8 | 1u << 16)

static struct e1000 *priv(struct nic *nic)
{
	return nic->priv;
}

/* --------------------------------------------------------------------------
 * Receive
 */

/** What the chip says of a received piece. */
struct rx_done {
	uint32_t status, errors, length;
};

/** Look at descriptor @i; false while the chip has not filled it. */
static bool rx_done(const struct e1000 *e, unsigned i, struct rx_done *done)
{
	const struct e1000_rx_desc *desc = &e->rx[i];

	if (e->flags & E1000_IGB) {
		uint32_t status = *(const volatile uint32_t *)&desc->advanced.status;

		done->status = status & 0xff & ~(uint32_t)RX_IXSM;
		done->errors = status >> 24;
	} else {
		done->status = *(const volatile uint8_t *)&desc->legacy.status;
		done->errors = *(const volatile uint8_t *)&desc->legacy.errors;
	}
	if (!(done->status & RX_DD))
		return false;
	write_barrier();
	done->length = e->flags & E1000_IGB ? desc->advanced.length : desc->legacy.length;
	return true;
}

static uint8_t *rx_buffer(const struct e1000 *e, unsigned i)
{
	return e->rx_buffers + i * RX_BUFFER;
}

static void give_back(struct e1000 *e, unsigned i)
{
	e->rx[i].address = (uintptr_t)rx_buffer(e, i);
	e->rx[i].zero = 0;
}

/** Hand one descriptor's frame to the stack, if it is a whole and good one. */
static void deliver(struct nic *nic, struct e1000 *e, const struct rx_done *done,
		    const uint8_t *buffer)
{
	struct rx_frame frame = {.parts = 1, .len = done->length};
	bool last = done->status & RX_EOP;

	/* RCTL.LPE is off, so a frame in pieces is a long one that slipped through. */
	if (!last || e->rx_skip || done->length > RX_BUFFER || done->errors & RX_ERR_FRAME) {
		e->rx_skip = !last;
		nic->counters.rx_errors++;
		return;
	}
	frame.part[0].data = buffer;
	frame.part[0].len = done->length;
	if (!(done->status & RX_IXSM) && done->status & (RX_TCPCS | RX_UDPCS) &&
	    !(done->errors & RX_ERR_TCP))
		frame.flags = NIC_RX_CSUM_OK;
	nic_receive(nic, &frame);
}

static void e1000_poll(struct nic *nic, unsigned budget)
{
	struct e1000 *e = priv(nic);
	struct rx_done done;

	while (budget--) {
		unsigned i = e->rx_next & (e->rx_count - 1);

		if (!rx_done(e, i, &done))
			break;
		deliver(nic, e, &done, rx_buffer(e, i));
		if (!nic->open)
			return;
		give_back(e, i);
		e->rx_next++;
	}
	/* The tail stays one behind: a ring whose head meets its tail counts as empty. */
	if (e->rx_next - e->rx_tail > e->rx_count / 4) {
		e->rx_tail = e->rx_next - 1;
		write_barrier();
		e1000_write(e, RDT, e->rx_tail & (e->rx_count - 1));
	}
}

/* --------------------------------------------------------------------------
 * Transmit
 */

static void e1000_reap(struct nic *nic)
{
	struct e1000 *e = priv(nic);

	while (e->tx_head != e->tx_tail) {
		uint32_t last = e->tx_head;
		struct tx_frame *frame;

		while (!e->tx_frames[last % TX_COUNT])
			last++;
		if (!(*(volatile uint32_t *)&e->tx[last % TX_COUNT].status & TX_DD))
			return;
		frame = e->tx_frames[last % TX_COUNT];
		e->tx_frames[last % TX_COUNT] = NULL;
		e->tx_head = last + 1;
		nic_tx_done(nic, frame);
	}
}

static struct e1000_tx_desc *next_tx(struct e1000 *e)
{
	return &e->tx[e->tx_tail++ % TX_COUNT];
}

/** Tell the chip where checksums begin and go, and for segmentation the sizes. */
static void put_context(struct e1000 *e, const struct tx_frame *frame)
{
	uint32_t key = (uint32_t)frame->csum_start << 16 | frame->csum_offset;
	uint32_t ip_start = ETH_HEADER, ip_sum = ETH_HEADER + 10, ip_end = frame->csum_start - 1u;
	bool is_tcp = frame->csum_offset == 16;
	struct e1000_tx_desc *desc;

	if (!frame->gso_size && key == e->context)
		return;
	e->context = frame->gso_size ? 0 : key;
	desc = next_tx(e);
	desc->address = (uint64_t)(frame->csum_start |
				   (uint32_t)(frame->csum_start + frame->csum_offset) << 8)
				<< 32 |
			ip_start | ip_sum << 8 | ip_end << 16;
	desc->command = TX_DEXT | TX_CONTEXT_IP | (is_tcp ? TX_CONTEXT_TCP : 0);
	desc->status = 0;
	if (frame->gso_size) {
		desc->command |= TX_TSE | (frame->len - frame->header_len);
		desc->status = (uint32_t)frame->gso_size << 16 | (uint32_t)frame->header_len << 8;
	}
}

/**
 * What the chip expects of a frame that it cuts: no IP length and checksum, and
 * a TCP checksum field that holds the pseudo header's sum without the length,
 * which differs between the pieces.
 */
static void prepare_segmentation(struct tx_frame *frame)
{
	uint8_t *ip = frame->data + ETH_HEADER;
	uint32_t sum = ip[9];
	unsigned i;

	put_be16(ip + 2, 0);
	put_be16(ip + 10, 0);
	for (i = 12; i < 20; i += 2)
		sum += get_be16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(frame->data + frame->csum_start + frame->csum_offset, (uint16_t)sum);
}

static void put_offloaded(struct e1000 *e, struct tx_frame *frame)
{
	uint32_t options = TX_TXSM, command = TX_DEXT | TX_KIND_DATA | TX_IFCS, at;
	struct e1000_tx_desc *desc = NULL;

	put_context(e, frame);
	if (frame->gso_size) {
		prepare_segmentation(frame);
		options |= TX_IXSM;
		command |= TX_TSE;
	}
	for (at = 0; at < frame->len; at += TX_PIECE) {
		desc = next_tx(e);
		desc->address = (uintptr_t)frame->data + at;
		desc->command = command | min(frame->len - at, (uint32_t)TX_PIECE);
		desc->status = options;
	}
	if (desc)
		desc->command |= TX_EOP | TX_RS;
}

static void put_plain(struct e1000 *e, const struct tx_frame *frame)
{
	struct e1000_tx_desc *desc = next_tx(e);

	desc->address = (uintptr_t)frame->data;
	desc->command = TX_EOP | TX_IFCS | TX_RS | frame->len;
	desc->status = 0;
}

static bool e1000_transmit(struct nic *nic, struct tx_frame *frame)
{
	struct e1000 *e = priv(nic);
	unsigned need = frame->gso_size ? TX_PER_FRAME : 2;

	/* One descriptor stays free, so that a full ring is not taken for an empty one. */
	if (TX_COUNT - 1 - (e->tx_tail - e->tx_head) < need)
		e1000_reap(nic);
	if (TX_COUNT - 1 - (e->tx_tail - e->tx_head) < need)
		return false;
	if (frame->csum_start)
		put_offloaded(e, frame);
	else
		put_plain(e, frame);
	e->tx_frames[(e->tx_tail - 1) % TX_COUNT] = frame;
	return true;
}

static void e1000_flush(struct nic *nic)
{
	struct e1000 *e = priv(nic);

	if (e->tx_told == e->tx_tail)
		return;
	e->tx_told = e->tx_tail;
	write_barrier();
	e1000_write(e, TDT, e->tx_tail % TX_COUNT);
}

/* --------------------------------------------------------------------------
 * Opening and closing
 */

static int make_rings(struct nic *nic)
{
	struct e1000 *e = priv(nic);
	size_t budget = nic_rx_budget();
	unsigned i;

	e->rx_count = RX_MAX;
	while (e->rx_count > RX_MIN && e->rx_count * RX_BUFFER > budget)
		e->rx_count /= 2;
	e->rx = heap_alloc_aligned(e->rx_count * sizeof(*e->rx), RING_ALIGN);
	e->tx = heap_alloc_aligned(TX_COUNT * sizeof(*e->tx), RING_ALIGN);
	e->tx_frames = heap_zalloc(TX_COUNT * sizeof(struct tx_frame *));
	e->rx_buffers = heap_alloc_aligned(e->rx_count * RX_BUFFER, RX_BUFFER);
	if (!e->rx || !e->tx || !e->tx_frames || !e->rx_buffers)
		return fail(E_NO_MEMORY, "no memory for rings of %u and %u frames", e->rx_count,
			    TX_COUNT);
	memset(e->tx, 0, TX_COUNT * sizeof(*e->tx));
	for (i = 0; i < e->rx_count; i++)
		give_back(e, i);
	e->rx_next = 0;
	e->rx_tail = (uint32_t)-1;
	e->rx_skip = false;
	e->tx_head = e->tx_tail = e->tx_told = 0;
	e->tx_watch.waiting = false;
	e->context = 0;
	return 0;
}

static void free_rings(struct e1000 *e)
{
	heap_free(e->rx);
	heap_free(e->tx);
	heap_free(e->tx_frames);
	heap_free(e->rx_buffers);
	e->rx = NULL;
	e->tx = NULL;
	e->tx_frames = NULL;
	e->rx_buffers = NULL;
}

static void write_mac(struct e1000 *e, const uint8_t *mac)
{
	e1000_write(e, RAL0, get_le32(mac));
	e1000_write(e, RAH0, get_le16(mac + 4) | RAH_AV);
}

/** 82575 and later: descriptors are fetched only by an enabled queue, and enabling takes a moment.
 * Until then the tail must not move. */
static int enable_queue(struct nic *nic, unsigned reg, const char *name)
{
	struct e1000 *e = priv(nic);

	if (!(e->flags & E1000_IGB))
		return 0;
	e1000_write(e, reg, QUEUE_THRESHOLDS | QUEUE_ENABLE);
	if (e1000_wait(e, reg, QUEUE_ENABLE, QUEUE_ENABLE, QUEUE_MS))
		return 0;
	return fail(E_NIC_RING, "%s: the %s queue is not enabled after %u ms (0x%08x)", nic->chip,
		    name, QUEUE_MS, e1000_read(e, reg));
}

static int start_receiver(struct nic *nic)
{
	struct e1000 *e = priv(nic);
	int rc;

	e1000_write(e, RDBAL, (uint32_t)(uintptr_t)e->rx);
	e1000_write(e, RDBAH, 0);
	e1000_write(e, RDLEN, e->rx_count * sizeof(*e->rx));
	e1000_write(e, RDH, 0);
	e1000_write(e, RDT, 0);
	if (e->flags & E1000_IGB) {
		e1000_write(e, SRRCTL, SRRCTL_2K_ADVANCED);
	} else {
		e1000_write(e, RDTR, 0);
		e1000_write(e, RADV, 0);
		e1000_write(e, ITR, 0);
	}
	e1000_write(e, RXCSUM, RXCSUM_IPOFLD | RXCSUM_TUOFLD);
	rc = enable_queue(nic, RXDCTL, "receive");
	if (rc)
		return rc;
	e1000_write(e, RCTL, RCTL_EN | RCTL_BAM | RCTL_MPE | RCTL_SECRC);
	e1000_write(e, RDT, e->rx_count - 1);
	return 0;
}

static int start_transmitter(struct nic *nic)
{
	struct e1000 *e = priv(nic);

	e1000_write(e, TDBAL, (uint32_t)(uintptr_t)e->tx);
	e1000_write(e, TDBAH, 0);
	e1000_write(e, TDLEN, TX_COUNT * sizeof(*e->tx));
	e1000_write(e, TDH, 0);
	e1000_write(e, TDT, 0);
	if (!(e->flags & E1000_IGB)) {
		e1000_write(e, TIDV, 0);
		e1000_write(e, TADV, 0);
	}
	if (e->flags & E1000_OFFLOAD)
		e1000_write(e, TIPG, TIPG_COPPER);
	e1000_write(e, TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
	return enable_queue(nic, TXDCTL, "transmit");
}

static void e1000_close(struct nic *nic)
{
	struct e1000 *e = priv(nic);

	if (!e->running)
		return;
	e->running = false;
	e1000_tell_firmware(e, false);
	if (e1000_reset(nic)) {
		/* It may still write: cut it off, and leave it the memory until a reset works. */
		pci_disable_dma(&nic->pci);
		print("%s: %s\n", nic->name, error_text());
		return;
	}
	free_rings(e);
}

static int e1000_open(struct nic *nic)
{
	struct e1000 *e = priv(nic);
	int rc;

	rc = e1000_reset(nic);
	if (rc)
		return rc;
	free_rings(e);
	rc = make_rings(nic);
	if (rc) {
		free_rings(e);
		return rc;
	}
	e->running = true;
	pci_enable_dma(&nic->pci);
	e1000_tell_firmware(e, true);
	write_mac(e, nic->mac);
	e1000_start_link(nic);
	rc = start_transmitter(nic);
	if (!rc)
		rc = start_receiver(nic);
	if (rc)
		e1000_close(nic);
	return rc;
}

static void e1000_check_link(struct nic *nic)
{
	static const uint16_t speeds[] = {10, 100, 1000, 1000};
	struct e1000 *e = priv(nic);
	uint32_t status = e1000_read(e, STATUS);
	uint32_t speed = speeds[status >> STATUS_SPEED_SHIFT & 3];

	if (status == 0xffffffff) {
		nic_restart(nic, "the card does not answer any more");
		status = 0;
	}
	if (e->flags & E1000_IGB && status & STATUS_2500)
		speed = 2500;
	nic_link(nic, status & STATUS_LU, speed, status & STATUS_FD);
	if (nic_tx_stands(nic, &e->tx_watch, e->tx_head, e->tx_told) > NIC_TX_HANG_MS &&
	    !(status & STATUS_TXOFF))
		nic_restart(nic, "the transmitter hangs");
}

/* --------------------------------------------------------------------------
 * What the chip counted
 */

static const struct {
	uint16_t reg;
	const char *name;
} counters[] = {
	{CRCERRS, "CRC errors"}, {SYMERRS, "symbol errors"},   {RXERRC, "receive errors"},
	{RLEC, "length errors"}, {LATECOL, "late collisions"}, {MPC, "missed, FIFO full"},
	{RNBC, "no buffer"},	 {XONRXC, "XON received"},     {XOFFRXC, "XOFF received"},
	{XONTXC, "XON sent"},	 {XOFFTXC, "XOFF sent"},
};
_Static_assert(ARRAY_SIZE(counters) == E1000_COUNTERS, "one sum for each counter");

/** The chip's own counters clear when read. */
static void read_counters(struct e1000 *e)
{
	unsigned i;

	for (i = 0; i < E1000_COUNTERS; i++)
		e->counters[i] += e1000_read(e, counters[i].reg);
}

static void e1000_report(struct nic *nic)
{
	struct e1000 *e = priv(nic);
	unsigned i, shown = 0;

	read_counters(e);
	print("  Chip counted:");
	for (i = 0; i < E1000_COUNTERS; i++) {
		if (e->counters[i])
			print("%s %s %u", shown++ ? "," : "", counters[i].name, e->counters[i]);
	}
	print("%s\n", shown ? "" : " no errors, no pause frames");
	print("  RX ring %u, TX ring %u\n", e->rx_count, TX_COUNT);
	print("  CTRL %08x STATUS %08x RCTL %08x TCTL %08x\n", e1000_read(e, CTRL),
	      e1000_read(e, STATUS), e1000_read(e, RCTL), e1000_read(e, TCTL));
}

static const struct nic_ops e1000_ops = {
	.open = e1000_open,
	.close = e1000_close,
	.poll = e1000_poll,
	.reap = e1000_reap,
	.check_link = e1000_check_link,
	.transmit = e1000_transmit,
	.flush = e1000_flush,
	.report = e1000_report,
	.phy_read = e1000_phy_read,
	.phy_write = e1000_phy_write,
};

/* --------------------------------------------------------------------------
 * Probing
 */

/** BAR 0, unless it is too small to be that of such a chip (`bind` of something else). */
static volatile void *map_registers(struct nic *nic)
{
	if (!nic->pci.bar[0].io && pci_bar_size(&nic->pci, 0) >= REGISTERS)
		return pci_map(&nic->pci, 0);
	fail(E_NIC_CHIP, "no memory region of %u KB: this is no chip of the e1000 family",
	     REGISTERS / 1024);
	return NULL;
}

int e1000_probe(struct nic *nic, const struct nic_id *id)
{
	struct e1000 *e = heap_zalloc(sizeof(*e));
	int rc;

	if (!e)
		return fail(E_NO_MEMORY, "no memory for an e1000 driver");
	nic->priv = e;
	nic->ops = &e1000_ops;
	nic->features = NIC_RX_CSUM | (id->flags & E1000_OFFLOAD ? NIC_TX_CSUM | NIC_TSO4 : 0);
	e->flags = id->flags;
	e->phy = -1;
	e->regs = map_registers(nic);
	rc = e->regs ? e1000_reset(nic) : error_code();
	if (!rc && !e1000_read_mac(nic, nic->mac)) {
		/* Good enough to reach the user, who may set a better one. */
		nic_random_mac(nic->mac);
		print("%s at " PCI_LOC_FMT " has no address of its own: using " MAC_FMT "\n",
		      id->chip, PCI_LOC(&nic->pci), MAC_ARG(nic->mac));
	}
	if (rc) {
		heap_free(e);
		nic->priv = NULL;
	}
	return rc;
}
