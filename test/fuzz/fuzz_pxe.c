/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PXE API: any function with any parameter block, anywhere. Input: a series
 * of calls, each two bytes (which one; where the block lies), a length, and that
 * many bytes of the block. Pointers to our own home, to the end of memory and to
 * plausible buffers come from the input or are put in by its flags.
 */
#include <stdlib.h>
#include "test/host/host.h"
#include "bios/heap.h"
#include "bios/physical.h"
#include "boot/image.h"
#include "boot/pxe.h"
#include "boot/pxe_params.h"
#include "lib/cursor.h"
#include "lib/settings.h"
#include "netstack/fetch.h"
#include "netstack/net.h"

#define MEMORY	  (2u * 1024 * 1024)
#define BLOCK	  0x20000u
#define TEXT	  0x30000u
#define FILE_EXEC 0xe5
#define POINT_AT  0x08 /* flag: a far pointer to TEXT goes into the block */
#define ODD_BLOCK 0x04 /* the block lies where the rest of the input says */
#define UNKNOWN	  0x02 /* any opcode, not one that there is */
#define CALLS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sent(struct nic *nic, const struct tx_frame *frame)
{
}

/* Files without a network: "fuzz://…" has as many bytes as its address. */
static int fetch_fuzz(struct fetch *f)
{
	size_t len = strlen(f->uri->text);
	int rc = fetch_expect(f, len);

	if (rc)
		return rc;
	memcpy(f->data, f->uri->text, len);
	f->len = len;
	return 0;
}
TABLE_ENTRY(uri_scheme, scheme_fuzz) = {.name = "fuzz", .fetch = fetch_fuzz};

static struct nic *nic;

static void start(void)
{
	host_reset();
	settings_reset();
	host_clock_set_ms(1000);
	host_turn_us = 2000000; /* waits end soon */
	physical_memory = calloc(1, MEMORY);
	physical_memory_size = MEMORY;
	nic = host_card_add(0, sent);
	setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT);
	setting_store("fetch-retries", "0", SOURCE_SCRIPT);
}

/* As a program finds it, in less time than pxe_stop() and pxe_start() take. */
static void again(void)
{
	const struct pxe_part *part;

	if (!nic->open)
		nic_open(nic);
	if (!pxe_nic)
		pxe_start(nic, NULL);
	table_for_each(pxe_part, part) {
		if (part->stop)
			part->stop();
		if (part->start)
			part->start();
	}
}

/* What a program would have: names, and small structures that point on. */
static void fill_text(void)
{
	static const char *const texts[] = {"fuzz://host/file", "data:,text", "x/y", "echo hello"};
	uint8_t *at = physical(TEXT, 0x1000);

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		strcpy((char *)at + i * 64, texts[i]);
}

static const struct pxe_call *choose(unsigned n)
{
	return __start_tbl_pxe_call + n % (unsigned)(__stop_tbl_pxe_call - __start_tbl_pxe_call);
}

static void one_call(struct cursor *c)
{
	const struct pxe_call *wanted = choose(cursor_u8(c));
	uint8_t flags = cursor_u8(c), *block = physical(BLOCK, PXE_BLOCK_MAX);
	struct real_regs regs = {.ebx = wanted->opcode, .es = BLOCK >> 4};
	size_t len = min(min((size_t)cursor_u8(c), (size_t)PXE_BLOCK_MAX), cursor_left(c));

	/* Commands are the script fuzzer's; the others must not wait for it. */
	if (wanted->opcode == FILE_EXEC)
		return;
	memset(block, 0, PXE_BLOCK_MAX);
	memcpy(block, cursor_take(c, len), len);
	if (flags & POINT_AT) {
		unsigned at = flags >> 4 & 7;

		put_le16(block + 2 + 2 * at, (uint16_t)((flags & 3) * 64));
		put_le16(block + 4 + 2 * at, TEXT >> 4);
	}
	if (flags & ODD_BLOCK) {
		regs.es = cursor_le16(c);
		regs.edi = cursor_le16(c);
	}
	if (flags & UNKNOWN)
		regs.ebx = cursor_le16(c);
	if ((uint16_t)regs.ebx != FILE_EXEC)
		host_pxe_call(&regs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor(data, size);
	uint8_t *ours, *end;
	unsigned calls = 0;

	if (!physical_memory)
		start();
	again();
	fill_text();
	/* Our own memory below 1 MB, outside of what programs are shown: nobody writes there. */
	ours = physical(host_low_block_start, host_low_block_end - host_low_block_start);
	end = (uint8_t *)low_pxe();
	memset(ours, 0x5a, (size_t)(end - ours));
	while (cursor_left(&c) >= 3 && calls++ < CALLS_MAX && pxe_nic)
		one_call(&c);
	for (const uint8_t *p = ours; p < end; p++) {
		if (*p != 0x5a)
			abort();
	}
	return 0;
}
