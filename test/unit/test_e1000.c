/* SPDX-License-Identifier: BSD-2-Clause */
/* e1000 against a register model: dirty starts, rings, offloads, register accesses counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "nic/e1000.h"
#include "test/host/host.h"

#define BAR	  0xfeb00000u
#define REGISTERS (0x20000 / 4)
#define IMS	  0xd0
#define ICR	  0xc0

static const uint8_t own_mac[] = {0x00, 0x1b, 0x21, 0x01, 0x02, 0x03};

/** The chip. */
static struct {
	uint32_t reg[REGISTERS];
	uint16_t phy[32];
	uint16_t eeprom[3];
	bool eeprom_large; /* EERD format */
	bool reset_stuck, tctl_stuck, no_eeprom, link_needs_phy;
	bool gone;	      /* reads all ones */
	unsigned reset_reads; /* RST stays for that many reads */
	unsigned resets, phy_resets, renegotiations;
	uint32_t reads, writes, icr_reads;
	uint32_t context[4]; /* last context descriptor */
	unsigned contexts;
	uint8_t sent[500][2048];
	uint32_t sent_len[500];
	unsigned sent_count;
	uint8_t segment[70000]; /* a frame being put together */
	uint32_t segment_len;
} chip;

static struct nic *nic;
static uint8_t received[4096];
static size_t received_len;
static unsigned received_frames;
static uint32_t received_flags;
static bool close_on_receive;

static uint32_t *reg(unsigned offset)
{
	return &chip.reg[offset / 4];
}

static void chip_reset(void)
{
	chip.resets++;
	*reg(RCTL) = 0;
	*reg(TCTL) = chip.tctl_stuck ? TCTL_EN : TCTL_PSP;
	*reg(IMS) = 0;
	*reg(RDT) = *reg(RDH) = *reg(TDT) = *reg(TDH) = 0;
	if (!chip.no_eeprom && !chip.eeprom_large) {
		*reg(RAL0) = get_le32(own_mac);
		*reg(RAH0) = get_le16(own_mac + 4) | RAH_AV;
	} else {
		*reg(RAL0) = *reg(RAH0) = 0;
	}
}

static void write_ctrl(uint32_t value)
{
	if (value & CTRL_RST) {
		chip_reset();
		chip.reset_reads = chip.reset_stuck ? ~0u : 3;
	}
	if (value & CTRL_PHY_RST) {
		chip.phy_resets++;
		if (!chip.link_needs_phy)
			*reg(STATUS) |= STATUS_LU;
	}
	*reg(CTRL) = value;
}

static void write_eerd(uint32_t value)
{
	unsigned shift = chip.eeprom_large ? 2 : 8, word = (value & 0xffff) >> shift;

	if (!chip.no_eeprom && word < 3)
		*reg(EERD) = (uint32_t)chip.eeprom[word] << 16 |
			     (chip.eeprom_large ? EERD_DONE_LARGE : EERD_DONE_SMALL);
	else
		*reg(EERD) = value;
}

static void write_mdic(uint32_t value)
{
	unsigned phy_reg = value >> MDIC_REG_SHIFT & 31;

	if ((value >> MDIC_PHY_SHIFT & 31) != 1) {
		*reg(MDIC) = value | MDIC_READY | MDIC_ERROR;
		return;
	}
	if (value & MDIC_WRITE) {
		chip.phy[phy_reg] = (uint16_t)value;
		if (phy_reg == 0 && value & 0x0200) {
			chip.renegotiations++;
			*reg(STATUS) = STATUS_LU | STATUS_FD | 2u << STATUS_SPEED_SHIFT;
		}
	}
	*reg(MDIC) = (value & 0xffff0000) | chip.phy[phy_reg] | MDIC_READY;
}

static void frame_out(const uint8_t *data, uint32_t len)
{
	assert_true(chip.sent_count < 500 && len <= 2048);
	memcpy(chip.sent[chip.sent_count], data, len);
	chip.sent_len[chip.sent_count++] = len;
}

static void sum_into(uint8_t *frame, uint32_t from, uint32_t len, uint32_t at)
{
	uint32_t sum = 0;

	for (uint32_t i = from; i < len; i++)
		sum += (i - from) & 1 ? frame[i] : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_be16(frame + at, (uint16_t)~sum);
}

/** Cut what was put together as the context says. */
static void segment_out(uint32_t command, uint32_t options)
{
	uint32_t tucss = chip.context[1] & 255, tucso = chip.context[1] >> 8 & 255;
	uint32_t ipcss = chip.context[0] & 255, ipcso = chip.context[0] >> 8 & 255;
	uint32_t mss = chip.context[3] >> 16, header = chip.context[3] >> 8 & 255, done, pieces = 0;
	static uint8_t frame[70000];

	if (!(command & TX_TSE)) {
		if (options & TX_TXSM)
			sum_into(chip.segment, tucss, chip.segment_len, tucso);
		frame_out(chip.segment, chip.segment_len);
		return;
	}
	assert_int_equal(chip.segment_len - header, chip.context[2] & 0xfffff);
	for (done = header; done < chip.segment_len; done += mss, pieces++) {
		uint32_t n = min(mss, chip.segment_len - done), len = header + n;

		memcpy(frame, chip.segment, header);
		memcpy(frame + header, chip.segment + done, n);
		put_be16(frame + ipcss + 2, (uint16_t)(len - ipcss));
		put_be32(frame + tucss + 4, get_be32(frame + tucss + 4) + pieces * mss);
		sum_into(frame, ipcss, tucss, ipcso);
		put_be16(frame + tucso,
			 (uint16_t)((get_be16(frame + tucso) + (len - tucss)) % 0xffff));
		sum_into(frame, tucss, len, tucso);
		frame_out(frame, len);
	}
}

static void transmit(void)
{
	struct e1000_tx_desc *ring = (void *)(uintptr_t)*reg(TDBAL);
	uint32_t count = *reg(TDLEN) / 16;

	if (!(*reg(TCTL) & TCTL_EN))
		return;
	while (*reg(TDH) != *reg(TDT)) {
		struct e1000_tx_desc *d = &ring[*reg(TDH)];
		uint32_t len = d->command & (d->command & TX_DEXT ? 0xfffff : 0xffff);

		*reg(TDH) = (*reg(TDH) + 1) % count;
		if ((d->command & TX_DEXT) && !(d->command >> 20 & 15)) {
			memcpy(chip.context, d, sizeof(*d));
			chip.contexts++;
			continue;
		}
		assert_true(len <= 16288);
		memcpy(chip.segment + chip.segment_len, (void *)(uintptr_t)d->address, len);
		chip.segment_len += len;
		if (d->command & TX_EOP) {
			segment_out(d->command & TX_DEXT ? d->command : 0,
				    d->command & TX_DEXT ? d->status : 0);
			chip.segment_len = 0;
		}
		if (d->command & TX_RS)
			d->status |= TX_DD;
	}
}

static uint32_t mmio_in(uintptr_t address, unsigned size)
{
	unsigned offset = (unsigned)(address - BAR);

	assert_int_equal(size, 4);
	chip.reads++;
	if (chip.gone)
		return 0xffffffff;
	if (offset == ICR)
		chip.icr_reads++;
	if (offset == CTRL && chip.reset_reads) {
		if (!--chip.reset_reads)
			*reg(CTRL) &= ~(uint32_t)CTRL_RST;
		return *reg(CTRL);
	}
	return *reg(offset);
}

static void mmio_out(uintptr_t address, unsigned size, uint32_t value)
{
	unsigned offset = (unsigned)(address - BAR);

	chip.writes++;
	*reg(offset) = offset == STATUS || offset == CTRL ? *reg(offset) : value;
	if (offset == CTRL)
		write_ctrl(value);
	else if (offset == EERD)
		write_eerd(value);
	else if (offset == MDIC)
		write_mdic(value);
	else if (offset == TDT)
		transmit();
}

/** A frame from the wire; false when the chip has no descriptor. */
static bool deliver_desc(const void *data, uint16_t len, uint8_t status, uint8_t errors)
{
	struct e1000_rx_desc *ring = (void *)(uintptr_t)*reg(RDBAL);
	uint32_t count = *reg(RDLEN) / 16, head = *reg(RDH);

	if (!(*reg(RCTL) & RCTL_EN) || head == *reg(RDT))
		return false;
	memcpy((void *)(uintptr_t)ring[head].address, data, min(len, (uint16_t)2048));
	ring[head].length = len;
	ring[head].errors = errors;
	ring[head].status = status;
	*reg(RDH) = (head + 1) % count;
	return true;
}

static bool deliver(const void *data, uint16_t len)
{
	return deliver_desc(data, len, RX_DD | RX_EOP, 0);
}

static void receive(struct nic *from, const struct rx_frame *frame)
{
	received_frames++;
	received_flags = frame->flags;
	received_len = frame->len;
	assert_int_equal(frame->parts, 1);
	memcpy(received, frame->part[0].data, frame->len);
	if (close_on_receive)
		nic_close(from);
}

static int setup(void **state)
{
	host_reset();
	settings_reset();
	list_init(&nics);
	host_clock_set_ms(1000);
	memset(&chip, 0, sizeof(chip));
	for (unsigned i = 0; i < 3; i++)
		chip.eeprom[i] = get_le16(own_mac + 2 * i);
	host_mmio_in = mmio_in;
	host_mmio_out = mmio_out;
	*reg(STATUS) = STATUS_LU | STATUS_FD | 2u << STATUS_SPEED_SHIFT;
	*reg(PBA) = 0x30;
	chip.phy[0] = 0x1140;
	nic_receiver = receive;
	received_frames = 0;
	close_on_receive = false;
	return 0;
}

static int teardown(void **state)
{
	struct nic *card;

	nic_close_all();
	while ((card = list_first(&nics, struct nic, link))) {
		list_remove(&card->link);
		heap_free(card->priv);
		heap_free(card);
	}
	nic_receiver = NULL;
	return 0;
}

static struct host_pci *plug(uint16_t device)
{
	struct host_pci *pci = host_pci_add(0x0018, 0x8086, device, 0x020000);

	put_le32(pci->config + 0x10, BAR);
	pci->bar_size[0] = 0x20000;
	return pci;
}

static void start(uint16_t device)
{
	plug(device);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
}

static void send_frame(size_t len, uint8_t fill)
{
	struct tx_frame *frame = nic_tx_get(nic, len);

	assert_non_null(frame);
	memset(frame->data, fill, len);
	frame->len = (uint32_t)len;
	nic_tx_send(nic, frame);
}

static void exchange(void)
{
	unsigned before = chip.sent_count;
	uint8_t in[1514];

	send_frame(600, 0x5a);
	nic_flush(nic);
	assert_int_equal(chip.sent_count, before + 1);
	assert_int_equal(chip.sent_len[before], 600);
	assert_int_equal(chip.sent[before][599], 0x5a);
	memset(in, 0xa5, sizeof(in));
	assert_true(deliver(in, sizeof(in)));
	nic_poll_all();
	assert_int_equal(received_len, sizeof(in));
	assert_memory_equal(received, in, sizeof(in));
	assert_int_equal(received_flags, 0);
}

static void test_open_and_close(void **state)
{
	static const uint16_t devices[] = {0x100e, 0x100f, 0x10d3, 0x1533, 0x15fb, 0x1049};

	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		setup(NULL);
		start(devices[i]);
		assert_memory_equal(nic->mac, own_mac, 6);
		assert_true(nic->link_up);
		assert_int_equal(nic->speed, 1000);
		exchange();
		nic_close(nic);
		assert_int_equal(*reg(RCTL) & RCTL_EN, 0);
		assert_int_equal(*reg(TCTL) & TCTL_EN, 0);
		teardown(NULL);
	}
}

static void test_quirks(void **state)
{
	start(0x1533); /* I210 */
	assert_int_equal(*reg(RXPBS), 0xa2);
	assert_int_equal(*reg(TXPBS), 0x04000014);
	assert_int_equal(*reg(RXDCTL), QUEUE_ENABLE);
	assert_int_equal(*reg(TXDCTL), QUEUE_ENABLE);
	assert_int_equal(nic->features, NIC_RX_CSUM);
	teardown(NULL);
	setup(NULL);
	*reg(STATUS) = 0;
	start(0x15fb); /* I219: no PHY reset though the link is down */
	assert_int_equal(chip.phy_resets, 0);
	assert_int_equal(*reg(FEXTNVM11), FEXTNVM11_RST_HANG);
	teardown(NULL);
	setup(NULL);
	start(0x1049); /* 82566 */
	assert_int_equal(*reg(PBA), 0x08);
	assert_int_equal(*reg(PBS), 0x10);
	teardown(NULL);
	setup(NULL);
	start(0x1f41); /* I354 */
	assert_int_equal(*reg(CTRL) & CTRL_ASDE, 0);
}

static void test_dirty_start(void **state)
{
	/* An operating system left everything running, with rings somewhere. */
	*reg(RCTL) = RCTL_EN | 0x18;
	*reg(TCTL) = TCTL_EN;
	*reg(IMS) = 0xffffffff;
	*reg(RDBAL) = 0x12345000;
	*reg(RDBAH) = 0x77;
	*reg(TDBAH) = 0x77;
	*reg(RDT) = 77;
	*reg(CTRL) = CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_LRST | CTRL_GIO_MASTER_DISABLE;
	*reg(ITR) = 9999;
	*reg(RDTR) = 50;
	*reg(WUC) = 3;
	start(0x100e);
	assert_true(chip.resets >= 2);
	assert_int_equal(*reg(IMS), 0);
	assert_int_equal(*reg(IMC), 0xffffffff);
	assert_int_equal(*reg(RDBAH) | *reg(TDBAH) | *reg(ITR) | *reg(RDTR) | *reg(WUC), 0);
	assert_int_equal(*reg(CTRL) & (CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_LRST | CTRL_RST |
				       CTRL_GIO_MASTER_DISABLE | CTRL_PHY_RST),
			 0);
	assert_int_equal(chip.phy_resets, 0); /* the link was up: left alone */
	exchange();
}

static void test_sleeping_phy(void **state)
{
	*reg(STATUS) = 0;
	chip.phy[0] = 0x0800; /* power down */
	chip.link_needs_phy = true;
	start(0x100e);
	assert_int_equal(chip.phy_resets, 1);
	assert_int_equal(chip.renegotiations, 1);
	assert_int_equal(chip.phy[0] & 0x0800, 0);
	assert_int_equal(chip.phy[9], 0x0200);
	assert_true(nic->link_up);
}

static void test_slow_link(void **state)
{
	*reg(STATUS) = STATUS_LU;
	chip.phy[5] = 0x0180;
	chip.phy[10] = 0x0800;
	start(0x100e);
	assert_int_equal(chip.renegotiations, 1);
	assert_non_null(
		strstr(host_output(), "link at 10 Mbit/s although the partner offers 1000"));
	host_clock_advance_ms(200);
	nic_poll_all();
	assert_true(nic->link_up);
	assert_int_equal(nic->speed, 1000);
	/* A link that stays slow is tried once only. */
	teardown(NULL);
	setup(NULL);
	*reg(STATUS) = STATUS_LU;
	chip.phy[5] = 0; /* a partner that can no better */
	start(0x100e);
	assert_int_equal(chip.renegotiations, 0);
	assert_true(nic->link_up);
	assert_int_equal(nic->speed, 10);
}

static void test_reset_fails(void **state)
{
	plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	chip.reset_stuck = true;
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	chip.reset_stuck = false;
	chip.reset_reads = 0;
	chip.tctl_stuck = true;
	assert_int_equal(nic_open(nic), E_NIC_RESET);
	chip.tctl_stuck = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

static void test_memory_failures(void **state)
{
	size_t before;

	plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	before = host_heap_used();
	for (unsigned n = 1; n < 7; n++) {
		int rc;

		host_heap_fail(n, true);
		rc = nic_open(nic);
		host_heap_fail(0, false);
		if (!rc)
			nic_close(nic);
		else
			assert_int_equal(rc, E_NO_MEMORY);
		assert_int_equal(host_heap_used(), before);
		assert_int_equal(*reg(RCTL) & RCTL_EN, 0);
	}
}

static void test_address_sources(void **state)
{
	/* Large EEPROMs and empty address registers; both ports share the EEPROM. */
	struct host_pci *pci;

	chip.eeprom_large = true;
	pci = plug(0x1010);
	pci->busdevfn = 0x0019;
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_memory_equal(nic->mac, own_mac, 5);
	assert_int_equal(nic->mac[5], own_mac[5] ^ 1);
	teardown(NULL);
	setup(NULL);
	chip.no_eeprom = true;
	start(0x100e);
	assert_true(nic_mac_valid(nic->mac));
	assert_non_null(strstr(host_output(), "has no address of its own"));
	assert_int_equal(*reg(RAL0), get_le32(nic->mac));
	assert_int_equal(*reg(RAH0), get_le16(nic->mac + 4) | RAH_AV);
}

static void test_ring_wrap(void **state)
{
	uint8_t frame[60];

	start(0x100e);
	for (unsigned i = 0; i < 3000; i++) {
		memset(frame, 0, sizeof(frame));
		put_le32(frame, i);
		assert_true(deliver(frame, sizeof(frame)));
		nic_poll_all();
		assert_memory_equal(received, frame, sizeof(frame));
		send_frame(60, (uint8_t)i);
		nic_flush(nic);
		assert_int_equal(chip.sent[chip.sent_count - 1][0], (uint8_t)i);
		chip.sent_count = 0;
	}
	assert_int_equal(received_frames, 3000);
}

static void test_bursts(void **state)
{
	uint8_t frame[60] = {0};
	unsigned given = 0;

	start(0x100e);
	for (unsigned round = 0; round < 20; round++) {
		while (deliver(frame, sizeof(frame)))
			given++;
		for (unsigned i = 0; i < 6; i++)
			nic_poll_all();
		assert_int_equal(received_frames, given);
	}
	assert_true(given > 20 * 180);
}

static void test_register_accesses(void **state)
{
	uint8_t frame[60] = {0};
	uint32_t reads, writes;

	start(0x100e);
	reads = chip.reads;
	writes = chip.writes;
	for (unsigned i = 0; i < 640; i++) {
		assert_true(deliver(frame, sizeof(frame)));
		nic_poll_all();
	}
	assert_int_equal(received_frames, 640);
	assert_int_equal(chip.reads, reads);
	assert_true(chip.writes - writes <= 10); /* RDT, once for 64 frames */
	writes = chip.writes;
	for (unsigned i = 0; i < 32; i++)
		send_frame(60, 0);
	nic_flush(nic);
	nic_flush(nic);
	assert_int_equal(chip.writes, writes + 1);
	assert_int_equal(chip.reads, reads);
	assert_int_equal(chip.sent_count, 32);
	assert_int_equal(chip.icr_reads, 0);
	host_clock_advance_ms(100);
	nic_poll_all();
	nic_poll_all();
	assert_int_equal(chip.reads, reads + 1);
}

static void test_receive_errors(void **state)
{
	uint8_t frame[2048] = {0};

	start(0x10d3);
	deliver_desc(frame, 60, RX_DD | RX_EOP, RX_ERR_CRC);
	deliver_desc(frame, 60, RX_DD | RX_EOP, RX_ERR_DATA);
	deliver_desc(frame, 2048, RX_DD, 0); /* a long frame in two pieces */
	deliver_desc(frame, 60, RX_DD | RX_EOP, 0);
	deliver_desc(frame, 65535, RX_DD | RX_EOP, 0);
	nic_poll_all();
	assert_int_equal(received_frames, 0);
	assert_int_equal(nic->counters.rx_errors, 5);
	deliver_desc(frame, 60, RX_DD | RX_EOP | RX_TCPCS, 0);
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	assert_int_equal(received_flags, NIC_RX_CSUM_OK);
	/* A wrong checksum is for the stack to see; ignored bits say nothing. */
	deliver_desc(frame, 60, RX_DD | RX_EOP | RX_TCPCS, RX_ERR_TCP);
	nic_poll_all();
	assert_int_equal(received_flags, 0);
	deliver_desc(frame, 60, RX_DD | RX_EOP | RX_TCPCS | RX_IXSM, 0);
	nic_poll_all();
	assert_int_equal(received_flags, 0);
	assert_int_equal(received_frames, 3);
}

static uint16_t pseudo_sum(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = ip[9] + len;

	for (unsigned i = 12; i < 20; i += 2)
		sum += get_be16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/** An IPv4/TCP frame of @payload bytes, its checksum field holding the pseudo header's sum. */
static struct tx_frame *tcp_frame(uint32_t payload)
{
	struct tx_frame *frame = nic_tx_get(nic, 54 + payload);
	uint8_t *p;

	assert_non_null(frame);
	p = frame->data;
	memset(p, 0, 54);
	put_be16(p + 12, 0x0800);
	p[14] = 0x45;
	put_be16(p + 16, (uint16_t)(40 + payload));
	p[22] = 64;
	p[23] = 6;
	put_be32(p + 26, 0xc0000201);
	put_be32(p + 30, 0xc0000239);
	put_be32(p + 38, 1000);
	p[46] = 0x50;
	put_be16(p + 50, pseudo_sum(p + 14, 20 + payload));
	for (uint32_t i = 0; i < payload; i++)
		p[54 + i] = (uint8_t)(i * 13 + i / 255);
	frame->len = 54 + payload;
	frame->csum_start = 34;
	frame->csum_offset = 16;
	return frame;
}

/** Does the TCP checksum of a sent frame come out right? */
static void check_tcp(const uint8_t *frame, uint32_t len)
{
	uint32_t sum = pseudo_sum(frame + 14, len - 34);

	for (uint32_t i = 34; i < len; i++)
		sum += i & 1 ? frame[i] : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
	assert_int_equal(get_be16(frame + 16), len - 14);
}

static void test_checksum_offload(void **state)
{
	start(0x100e);
	assert_int_equal(nic->features, NIC_RX_CSUM | NIC_TX_CSUM | NIC_TSO4);
	for (unsigned i = 0; i < 5; i++)
		nic_tx_send(nic, tcp_frame(100 + i));
	nic_flush(nic);
	assert_int_equal(chip.sent_count, 5);
	for (unsigned i = 0; i < 5; i++)
		check_tcp(chip.sent[i], chip.sent_len[i]);
	assert_int_equal(chip.contexts, 1); /* the chip remembers */
}

static void test_segmentation(void **state)
{
	static uint8_t whole[60000];
	struct tx_frame *frame;
	uint32_t at = 0;

	start(0x100e);
	for (uint32_t i = 0; i < sizeof(whole); i++)
		whole[i] = (uint8_t)(i * 13 + i / 255);
	nic_tx_send(nic, tcp_frame(200));
	frame = tcp_frame(sizeof(whole));
	frame->gso_size = 1460;
	frame->header_len = 54;
	nic_tx_send(nic, frame);
	nic_tx_send(nic, tcp_frame(300));
	nic_flush(nic);
	assert_int_equal(chip.sent_count, 2 + (sizeof(whole) + 1459) / 1460);
	check_tcp(chip.sent[0], chip.sent_len[0]);
	for (unsigned i = 1; i < chip.sent_count - 1; i++) {
		check_tcp(chip.sent[i], chip.sent_len[i]);
		assert_int_equal(get_be32(chip.sent[i] + 38), 1000 + at);
		assert_memory_equal(chip.sent[i] + 54, whole + at, chip.sent_len[i] - 54);
		at += chip.sent_len[i] - 54;
	}
	assert_int_equal(at, sizeof(whole));
	check_tcp(chip.sent[chip.sent_count - 1], chip.sent_len[chip.sent_count - 1]);
	assert_int_equal(chip.contexts, 3);
}

static void test_full_transmit_ring(void **state)
{
	struct tx_frame *frame;

	start(0x100e);
	/* The chip does not send: everything waits and nothing is lost. */
	*reg(TCTL) = 0;
	for (unsigned i = 0; i < 8; i++) {
		frame = tcp_frame(60000);
		frame->gso_size = 1460;
		frame->header_len = 54;
		nic_tx_send(nic, frame);
	}
	for (unsigned i = 0; i < 64; i++)
		nic_tx_send(nic, tcp_frame(i + 1));
	assert_null(nic_tx_get(nic, 60));
	nic_flush(nic);
	*reg(TCTL) = TCTL_EN;
	transmit();
	for (unsigned i = 0; i < 10; i++) {
		nic_poll_all();
		nic_flush(nic);
	}
	assert_int_equal(chip.sent_count, 8 * 42 + 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(chip.sent_len[8 * 42 + i], 54 + i + 1);
	frame = nic_tx_get(nic, 60);
	assert_non_null(frame);
	nic_tx_put(nic, frame);
	assert_true(list_empty(&nic->tx_waiting));
}

static void test_small_heap(void **state)
{
	plug(0x100e);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	host_heap_limit(host_heap_used() + 300000);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(*reg(RDLEN), 32 * 16);
	assert_false(nic->features & NIC_TSO4);
	exchange();
	nic_close(nic);
	host_heap_limit(0);
	assert_int_equal(nic_open(nic), 0);
	assert_true(nic->features & NIC_TSO4);
}

static void test_card_vanishes(void **state)
{
	start(0x100e);
	chip.gone = true;
	host_clock_advance_ms(200);
	nic_poll_all();
	assert_false(nic->link_up);
	assert_non_null(nic->restart);
	nic_poll_all(); /* does not come back */
	assert_non_null(nic->restart);
	chip.gone = false;
	host_clock_advance_ms(2000);
	nic_poll_all();
	nic_poll_all();
	assert_null(nic->restart);
	exchange();
}

static void test_close_inside_receive(void **state)
{
	uint8_t frame[60] = {0};

	start(0x100e);
	deliver(frame, 60);
	deliver(frame, 60);
	close_on_receive = true;
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	close_on_receive = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quirks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dirty_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleeping_phy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bursts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_register_accesses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checksum_offload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segmentation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_transmit_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small_heap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_vanishes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_inside_receive, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
