/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chip of the RTL8169 model plugged into the host's PCI stand-in, with our
 * driver on it. Functions are static because each program uses some of them.
 */
#ifndef TEST_UNIT_R8169_CARD_H
#define TEST_UNIT_R8169_CARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "nic/r8169.h"
#include "test/host/host.h"
#include "test/r8169/rtl8169.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

#define CARD_PORTS  0xc000u
#define CARD_MEMORY 0xfe000000u /* BAR n at n MB from here */
#define CARD_SENT   256

static const uint8_t card_mac[] = {0x00, 0xe0, 0x4c, 0x68, 0x01, 0x02};

/** The chip and what left it. */
static struct {
	struct rtl *chip;
	struct host_pci *pci;
	uint8_t sent[CARD_SENT][2048];
	size_t sent_len[CARD_SENT];
	unsigned sent_count;
	uint32_t reads, writes;
	uint32_t tcr; /* what TCR reads as, 0: what the chip says */
	bool slow;    /* time stands still inside the chip */
} card;

static struct nic *nic;
static uint8_t received[4096];
static size_t received_len;
static unsigned received_frames;
static uint32_t received_flags;
static bool close_on_receive;

/* ---- The bus ---- */

static void card_show_config(void)
{
	for (unsigned at = 0; at < sizeof(card.pci->config); at += 4)
		put_le32(card.pci->config + at, rtl_cfg_read(card.chip, at, 4));
}

static void card_config_written(struct host_pci *dev, unsigned offset, unsigned size,
				uint32_t value)
{
	rtl_cfg_write(card.chip, offset, value, size);
	card_show_config();
}

static void card_tick(void)
{
	if (!card.slow)
		rtl_tick(card.chip, clock_ms());
}

static uint32_t card_bus_in(int memory, uint32_t address, unsigned size)
{
	card_tick();
	card.reads++;
	if (card.tcr && (address & 0xff) == TCR)
		return card.tcr;
	return (uint32_t)rtl_bus_read(card.chip, memory, address, size);
}

static void card_bus_out(int memory, uint32_t address, unsigned size, uint32_t value)
{
	card_tick();
	card.writes++;
	rtl_bus_write(card.chip, memory, address, value, size);
}

static uint32_t card_mmio_in(uintptr_t address, unsigned size)
{
	return card_bus_in(1, address, size);
}

static void card_mmio_out(uintptr_t address, unsigned size, uint32_t value)
{
	card_bus_out(1, address, size, value);
}

static uint32_t card_port_in(uint16_t port, unsigned size)
{
	return card_bus_in(0, port, size);
}

static void card_port_out(uint16_t port, unsigned size, uint32_t value)
{
	card_bus_out(0, port, size, value);
}

/* All memory can be reached; the sanitizer says when it is not the driver's any more. */
static int card_dma_read(void *ctx, uint64_t gpa, void *buf, size_t len)
{
	if (gpa < 0x1000 || gpa + len > 0xffffffff)
		return -1;
	memcpy(buf, (const void *)(uintptr_t)gpa, len);
	return 0;
}

static int card_dma_write(void *ctx, uint64_t gpa, const void *buf, size_t len)
{
	if (gpa < 0x1000 || gpa + len > 0xffffffff)
		return -1;
	memcpy((void *)(uintptr_t)gpa, buf, len);
	return 0;
}

static void card_xmit(void *ctx, const uint8_t *frame, size_t len)
{
	assert_true(len <= sizeof(card.sent[0]));
	memcpy(card.sent[card.sent_count % CARD_SENT], frame, len);
	card.sent_len[card.sent_count++ % CARD_SENT] = len;
}

static void card_intx(void *ctx, int level)
{
}

static void card_msi(void *ctx, uint64_t addr, uint32_t data)
{
}

/* ---- Plugging ---- */

static void card_receive(struct nic *from, const struct rx_frame *frame)
{
	received_frames++;
	received_flags = frame->flags;
	received_len = frame->len;
	assert_int_equal(frame->parts, 1);
	assert_true(frame->len <= sizeof(received));
	memcpy(received, frame->part[0].data, frame->len);
	if (close_on_receive)
		nic_close(from);
}

/** What the core does to a sleeping function: power state D0, wake-up off, the header again. */
static void card_wake(const uint32_t *header)
{
	unsigned pm = rtl_cfg_read(card.chip, 0x34, 1);

	while (pm && rtl_cfg_read(card.chip, pm, 1) != 1)
		pm = rtl_cfg_read(card.chip, pm + 1, 1);
	rtl_cfg_write(card.chip, pm + 4, rtl_cfg_read(card.chip, pm + 4, 2) & ~0x0103u, 2);
	for (unsigned i = 4; i < 16; i++)
		rtl_cfg_write(card.chip, 4 * i, header[i], 4);
}

static void card_assign_bars(void)
{
	for (unsigned i = 0; i < 6; i++) {
		uint32_t type = rtl_cfg_read(card.chip, 0x10 + 4 * i, 4) & 15, mask;

		rtl_cfg_write(card.chip, 0x10 + 4 * i, 0xffffffff, 4);
		mask = rtl_cfg_read(card.chip, 0x10 + 4 * i, 4) & ~15u;
		card.pci->bar_size[i] = mask ? ~mask + 1 : 0;
		if (!mask)
			continue;
		if (type & 1)
			card.pci->bar_size[i] &= 0xffff;
		rtl_cfg_write(card.chip, 0x10 + 4 * i,
			      type & 1 ? CARD_PORTS : CARD_MEMORY + (i << 20), 4);
		if ((type & 7) == 4) {
			rtl_cfg_write(card.chip, 0x14 + 4 * i, 0, 4);
			i++;
		}
	}
}

static struct rtl_opts card_options(const char *chip)
{
	struct rtl_opts options = {.chip = chip, .an_ms = 50, .reset_reads = 3};

	memcpy(options.mac, card_mac, 6);
	return options;
}

static void card_plug(const struct rtl_opts *options)
{
	static const struct rtl_ops ops = {
		.dma_read = card_dma_read,
		.dma_write = card_dma_write,
		.xmit = card_xmit,
		.intx = card_intx,
		.msi = card_msi,
	};
	uint32_t header[16];

	card.chip = rtl_new(options, &ops);
	assert_non_null(card.chip);
	card.pci = host_pci_add(0x0018, (uint16_t)rtl_cfg_read(card.chip, 0, 2),
				(uint16_t)rtl_cfg_read(card.chip, 2, 2), 0x020000);
	card.pci->written = card_config_written;
	card_assign_bars();
	for (unsigned i = 0; i < 16; i++)
		header[i] = rtl_cfg_read(card.chip, 4 * i, 4);
	card_wake(header);
	card_show_config();
	card_tick();
}

/** Let @ms pass, with the polling that goes on meanwhile. */
static void card_run(unsigned ms)
{
	for (unsigned at = 0; at < ms; at += 10) {
		host_clock_advance_ms(10);
		card_tick();
		nic_poll_all();
		if (nic)
			nic_flush(nic);
	}
}

static void card_open(const struct rtl_opts *options)
{
	card_plug(options);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	for (unsigned i = 0; i < 10 && !nic->link_up; i++)
		card_run(100);
	assert_true(nic->link_up);
}

static void card_start(const char *chip)
{
	struct rtl_opts options = card_options(chip);

	card_open(&options);
}

/** No mistakes were made. */
static void card_check(void)
{
	assert_string_equal(rtl_last_mistake(card.chip), "");
	assert_int_equal(rtl_counters(card.chip)->mistakes, 0);
}

static void card_unplug(void)
{
	host_probe_end();
	rtl_free(card.chip);
	memset(&card, 0, sizeof(card));
	nic = NULL;
}

static int card_setup(void **state)
{
	host_probe_start(card_receive);
	memset(&card, 0, sizeof(card));
	host_mmio_in = card_mmio_in;
	host_mmio_out = card_mmio_out;
	host_port_in = card_port_in;
	host_port_out = card_port_out;
	received_frames = 0;
	close_on_receive = false;
	return 0;
}

static int card_teardown(void **state)
{
	card_unplug();
	return 0;
}

/* ---- Frames ---- */

static void card_send(size_t len, uint8_t fill)
{
	assert_true(host_send(nic, len, fill));
}

/** A frame of @len bytes to our address arrives. */
static void card_hear(uint8_t fill, size_t len)
{
	uint8_t frame[4096];

	memset(frame, fill, len);
	memcpy(frame, nic->mac, 6);
	rtl_frame_in(card.chip, frame, len);
}

/** A frame each way. */
static void card_exchange(void)
{
	unsigned before = card.sent_count, heard = received_frames;

	card_send(600, 0x5a);
	nic_flush(nic);
	card_tick();
	assert_int_equal(card.sent_count, before + 1);
	assert_int_equal(card.sent_len[before % CARD_SENT], 600);
	assert_int_equal(card.sent[before % CARD_SENT][599], 0x5a);
	card_hear(0xa5, 1514);
	nic_poll_all();
	assert_int_equal(received_frames, heard + 1);
	assert_int_equal(received_len, 1514);
	assert_int_equal(received[1513], 0xa5);
	nic_poll_all();
	assert_int_equal(((struct r8169 *)nic->priv)->tx_head,
			 ((struct r8169 *)nic->priv)->tx_tail);
}

#endif
