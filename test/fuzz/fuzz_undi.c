/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNDI: calls of a program with any parameter block, and frames as a card that
 * shares the host's memory delivers them: in parts, with unfinished checksums,
 * as runs of segments, with headers that lie. Input: a series of steps.
 */
#include <stdlib.h>
#include "test/host/host.h"
#include "bios/physical.h"
#include "boot/pxe_undi.h"
#include "lib/cursor.h"
#include "lib/settings.h"
#include "netstack/net.h"

#define MEMORY	  (2u * 1024 * 1024)
#define BLOCK	  0x20000u
#define DATA	  0x30000u
#define FRAME	  0x80 /* a step: a frame, not a call */
#define AT_DATA	  0x40 /* TRANSMIT: the descriptor is what follows */
#define IP_LENGTH 0x01
#define IN_PARTS  0x02

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sent(struct nic *nic, const struct tx_frame *frame)
{
	if (frame->len < 60 || frame->len > QUEUE_FRAME_MAX)
		abort();
}

static void start(void)
{
	struct nic *nic;

	host_clock_set_ms(1000);
	physical_memory = calloc(1, MEMORY);
	physical_memory_size = MEMORY;
	nic = host_card_add(0, sent);
	nic_open(nic);
	setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT);
	pxe_start(nic, NULL);
}

/* As a program finds it; less work than pxe_stop() and pxe_start(). */
static void again(void)
{
	static const uint8_t opcodes[] = {PXENV_UNDI_CLEANUP, PXENV_UNDI_STARTUP,
					  PXENV_UNDI_INITIALIZE};

	for (unsigned i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct real_regs regs = {.ebx = opcodes[i], .es = BLOCK >> 4};

		host_pxe_call(&regs);
	}
}

static void call(uint8_t step, struct cursor *c)
{
	uint8_t opcode = (uint8_t)(1 + (step & 0x3f) % PXENV_UNDI_ISR),
		*block = physical(BLOCK, 256);
	struct real_regs regs = {.ebx = opcode, .es = BLOCK >> 4};
	size_t len = min((size_t)cursor_u8(c), cursor_left(c));

	memset(block, 0, 256);
	memcpy(block, cursor_take(c, len), len);
	if (step & AT_DATA) {
		len = min(sizeof(struct undi_tbd), cursor_left(c));
		memcpy(physical(DATA, sizeof(struct undi_tbd)), cursor_take(c, len), len);
		((struct undi_transmit *)block)->tbd = (struct segoff){0, DATA >> 4};
	}
	host_pxe_call(&regs);
}

static void receive(uint8_t step, struct cursor *c)
{
	struct rx_frame frame = {.csum_start = cursor_be16(c),
				 .csum_offset = cursor_be16(c),
				 .gso_size = cursor_be16(c)};
	uint32_t copies = 1 + cursor_u8(c) % 16, head, len;
	uint8_t *whole;

	head = (uint32_t)min((size_t)cursor_be16(c) & 0x7ff, cursor_left(c));
	if (head < ETH_HEADER)
		return;
	/* What follows the headers need not be read: it is only copied and summed. */
	len = step & IN_PARTS ? head * copies : head;
	whole = calloc(1, len);
	memcpy(whole, cursor_take(c, head), head);
	if (step & IP_LENGTH && head >= 34)
		put_be16(whole + 16, (uint16_t)(len - 14));
	for (uint32_t at = 0; at < len; at += head, frame.parts++) {
		frame.part[frame.parts].data = whole + at;
		frame.part[frame.parts].len = head;
	}
	frame.len = len;
	ethernet_receive(pxe_nic, &frame);
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor(data, size);

	if (!physical_memory)
		start();
	host_output_clear();
	again();
	while (cursor_left(&c) > 8) {
		uint8_t step = cursor_u8(&c);

		if (step & FRAME)
			receive(step, &c);
		else
			call(step, &c);
	}
	return 0;
}
