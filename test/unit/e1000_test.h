/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the e1000 driver share: one card on the model, frames each way. */
#ifndef TEST_UNIT_E1000_TEST_H
#define TEST_UNIT_E1000_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "test/host/e1000_device.h"

#define chip	    e1000_model
#define REG(offset) (*e1000_model_reg(offset))

static struct nic *nic;
static uint8_t received[4096];
static size_t received_len;
static unsigned received_frames;
static uint32_t received_flags;
static bool close_on_receive;

static bool deliver(const void *data, uint16_t len)
{
	return e1000_model_deliver(data, len, RX_DD | RX_EOP, 0);
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
	host_probe_start(receive);
	e1000_model_init();
	received_frames = 0;
	close_on_receive = false;
	return 0;
}

static int teardown(void **state)
{
	host_probe_end();
	return 0;
}

static void start(uint16_t device)
{
	e1000_model_plug(device);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
}

static void send_frame(size_t len, uint8_t fill)
{
	assert_true(host_send(nic, len, fill));
}

/** A frame each way, and nothing done on the way that a driver must not do. */
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
	assert_int_equal(chip.bad, 0);
}

#endif
