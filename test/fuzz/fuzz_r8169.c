/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chip of the RTL8169 family that lies: the input chooses the XID, makes
 * register bits stick, writes registers behind the driver's back, and fills in
 * receive and transmit descriptors. The driver must not read or write outside
 * of its buffers (the sanitizer sees that), must not hang, and must lose no
 * memory.
 */
#include <stdlib.h>
#include "bios/clock.h"
#include "bios/heap.h"
#include "nic/r8169.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BAR 0xfe000000u

static const uint16_t xids[] = {0x748, 0x008, 0x340, 0x380, 0x28a, 0x2c8, 0x541, 0x641, 0x740};

static struct {
	uint8_t reg[0x2000];
	uint32_t size; /* of the BAR */
	uint32_t stuck_reg, stuck_ones, stuck_zeros;
} chip;
static uint32_t checksum;

static void receive(struct nic *nic, const struct rx_frame *frame)
{
	uint32_t i;

	if (frame->parts != 1 || frame->part[0].len != frame->len || frame->len > 2048)
		abort();
	for (i = 0; i < frame->len; i++)
		checksum += frame->part[0].data[i];
	if (frame->len && frame->part[0].data[0] == 0xc1)
		nic_close(nic);
}

static uint32_t mmio_in(uintptr_t address, unsigned size)
{
	uint32_t reg = (uint32_t)address - BAR, value = 0;

	if (reg + size > sizeof(chip.reg))
		return 0xffffffff;
	memcpy(&value, chip.reg + reg, size);
	if (reg == chip.stuck_reg)
		value = (value | chip.stuck_ones) & ~chip.stuck_zeros;
	return value;
}

static void mmio_out(uintptr_t address, unsigned size, uint32_t value)
{
	uint32_t reg = (uint32_t)address - BAR;

	if (reg + size > sizeof(chip.reg) || reg == TCR)
		return;
	if (reg == CR)
		value &= ~(uint32_t)CR_RESET;
	if (reg == PHYAR || reg == ERIAR || reg == GPHY_OCP)
		value ^= 0x80000000; /* done at once */
	if (reg == DTCCR)
		value &= ~(uint32_t)DTCCR_DUMP;
	memcpy(chip.reg + reg, &value, size);
}

static struct r8169_desc *ring(unsigned reg)
{
	uint32_t address;

	memcpy(&address, chip.reg + reg, sizeof(address));
	return (void *)(uintptr_t)address;
}

static void step(struct nic *nic, const uint8_t *op)
{
	struct r8169 *r = nic->priv;
	unsigned i;

	switch (op[0] & 7) {
	case 0: /* the next descriptors, as the input says */
	case 1:
		if (!r->rx || nic->restart)
			break;
		for (i = 0; i <= (op[0] >> 4); i++)
			ring(RDSAR)[(r->rx_next + i) % r->rx_count].options =
				get_le32(op + 4) & ~(i == op[1] ? 0 : DESC_OWN);
		r->rx_buffers[r->rx_next % r->rx_count * 2048] = op[2];
		break;
	case 2: /* any descriptor */
		if (!r->rx || nic->restart)
			break;
		ring(RDSAR)[get_le16(op + 2) % r->rx_count].options = get_le32(op + 4);
		break;
	case 3:
		if (!r->tx || nic->restart)
			break;
		ring(TNPDS)[op[1] % R8169_TX_COUNT].options = get_le32(op + 4);
		break;
	case 4: /* any register */
		chip.reg[get_le16(op + 2) % 256] = op[1];
		break;
	case 5:
		host_clock_advance_ms(op[1]);
		break;
	case 6:
		nic->ops->phy_read(nic, op[1] & 31);
		if (nic->open && r->running && !nic->restart)
			nic->ops->report(nic);
		break;
	default:
		host_send(nic, op[1] % 60 + 1u, 0);
		nic_flush(nic);
	}
	nic_poll_all();
}

static void plug(const uint8_t *data)
{
	struct host_pci *pci = host_pci_add(0x0018, 0x10ec, 0x8168, 0x020000);
	uint32_t tcr = (uint32_t)xids[data[0] % ARRAY_SIZE(xids)] << 20;

	memset(&chip, 0, sizeof(chip));
	chip.size = data[1] & 1 ? 0x10000 : data[1] & 2 ? 0x1000 : 0x100;
	put_le32(pci->config + 0x10, BAR);
	pci->bar_size[0] = chip.size;
	if (data[1] & 4)
		tcr = get_le32(data + 4);
	put_le32(chip.reg + TCR, tcr | TCR_FIFO_EMPTY);
	memcpy(chip.reg + IDR0, data + 8, 6);
	chip.reg[MCU] = MCU_FIFOS_EMPTY | MCU_LINK_LIST_READY;
	put_le16(chip.reg + INTERRUPT_MITIGATE, MITIGATE_IDLE);
	if (data[1] & 8) {
		chip.stuck_reg = data[2];
		chip.stuck_ones = get_le32(data + 14);
		chip.stuck_zeros = get_le32(data + 18);
	} else {
		chip.stuck_reg = 0xffff;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nic *nic;
	size_t at;

	if (size < 24)
		return 0;
	host_probe_start(receive);
	host_mmio_in = mmio_in;
	host_mmio_out = mmio_out;
	plug(data);
	if (nic_probe_all() && !nic_open(nic_find("net0"))) {
		nic = nic_find("net0");
		for (at = 24; at + 8 <= size && nic->open; at += 8)
			step(nic, data + at);
	}
	chip.stuck_reg = 0xffff;
	nic_close_all();
	list_for_each(nic, &nics, link) {
		struct r8169 *r = nic->priv;

		/* What a close that failed left with the chip. */
		heap_free(r->rx);
		heap_free(r->tx);
		heap_free(r->rx_buffers);
		heap_free(r->tally);
	}
	host_probe_end();
	if (host_heap_blocks())
		abort();
	return 0;
}
