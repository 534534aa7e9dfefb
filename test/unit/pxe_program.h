/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NBP as unit tests play it: memory, a card with an address, and calls of the
 * PXE API with parameter blocks in that memory. Functions are static because
 * each program uses some of them.
 */
#ifndef TEST_UNIT_PXE_PROGRAM_H
#define TEST_UNIT_PXE_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "test/host/host.h"
#include "bios/physical.h"
#include "boot/pxe.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "netstack/net.h"

#pragma GCC diagnostic ignored "-Wunused-function"

#define PROGRAM_MEMORY (2u * 1024 * 1024)
#define PROGRAM_BLOCK  0x20000u /* parameter blocks: 2000:0000 */
#define PROGRAM_DATA   0x30000u /* everything else: from 3000:0000 */

static struct nic *net0;

/** Memory, one card called net0 with address 192.0.2.57, whose frames go to @sent; the API over
 * it. */
static void program_start(void (*sent)(struct nic *card, const struct tx_frame *frame))
{
	static const struct memory_range map[] = {{0, 0xa0000, 1, 1},
						  {0x100000, PROGRAM_MEMORY - 0x100000, 1, 1}};

	host_reset();
	host_memmap_set(map, ARRAY_SIZE(map));
	settings_reset();
	host_clock_set_ms(100000);
	physical_memory = calloc(1, PROGRAM_MEMORY);
	physical_memory_size = PROGRAM_MEMORY;
	net0 = host_card_add(0, sent);
	assert_int_equal(nic_open(net0), 0);
	assert_int_equal(setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT), 0);
	assert_int_equal(setting_store("net0/netmask", "255.255.255.0", SOURCE_SCRIPT), 0);
	net_poll();
	pxe_start(net0, NULL);
}

static void program_stop(void)
{
	pxe_stop();
	nic_close_all();
	settings_reset();
	host_card_reset();
	free(physical_memory);
	physical_memory = NULL;
	physical_memory_size = 0;
}

/** Linear address @linear, below 1 MB, as a far pointer. */
static struct segoff far(uint32_t linear)
{
	return (struct segoff){(uint16_t)(linear & 15), (uint16_t)(linear >> 4)};
}

/** Call @opcode with @block of @size bytes copied in and out; the status. */
static uint16_t call(uint16_t opcode, void *block, size_t size)
{
	struct real_regs regs = {.ebx = opcode, .es = PROGRAM_BLOCK >> 4};

	memcpy(physical(PROGRAM_BLOCK, size), block, size);
	host_pxe_call(&regs);
	memcpy(block, physical(PROGRAM_BLOCK, size), size);
	assert_int_equal((uint16_t)regs.eax != 0, get_le16(block) != 0);
	return get_le16(block);
}

/** Call one whose block is nothing but the status. */
static uint16_t call_plain(uint16_t opcode)
{
	uint16_t status = 0x5555;

	return call(opcode, &status, sizeof(status));
}

#endif
