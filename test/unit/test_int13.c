/* SPDX-License-Identifier: BSD-2-Clause */
/* INT 13h as a real-mode program sees it: registers in and out, packets, buffers, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "san/drives.h"
#include "san/guest.h"
#include "san/int13.h"
#include "san/san.h"
#include "test/host/block.h"
#include "test/host/host.h"
#include <cmocka.h>

#define MEMORY (0x110000u + 0x20000u)
#define BLOCKS 65536u /* 255/63: 4 cylinders */
#define DAP    0x600u
#define BUFFER 0x20000u

static uint8_t memory[MEMORY], data[BLOCKS * 512], before[MEMORY];
static struct host_block disk, second;
static const char *const path[] = {"mem:"};

/* The BIOS below us: what it was called with, and what it answers. */
static struct real_regs bios_seen;
static unsigned bios_calls;
static uint8_t bios_status;

static void bios(enum gate_vector vector, struct real_regs *regs)
{
	assert_int_equal(vector, GATE_INT13);
	bios_seen = *regs;
	bios_calls++;
	regs->eflags &= ~FLAG_CARRY;
	if (bios_status)
		regs->eflags |= FLAG_CARRY;
	if (reg_ah(regs) == 0x08 && !bios_status) {
		regs->ecx = 0xfeff;
		regs->edx = 0xfe01; /* its own count: 1 */
	}
	if (reg_ah(regs) == 0x15 && !bios_status) {
		regs->ecx = 0x0012;
		regs->edx = 0x3456;
		regs->eax = 0x0300;
		return;
	}
	set_ah(regs, bios_status);
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	srand(3);
	memset(memory, 0xcc, sizeof(memory));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	memory[BDA_DISK_COUNT] = 1;
	for (unsigned i = 0; i < sizeof(data) / 4; i++)
		((uint32_t *)data)[i] = (uint32_t)rand();
	memset(data, 0, 512);
	host_block_init(&disk, data, BLOCKS, 512);
	host_block_init(&second, data, BLOCKS, 512);
	host_gate_previous = bios;
	bios_calls = 0;
	bios_status = 0;
	return 0;
}

static int teardown(void **state)
{
	san_unhook_all();
	physical_memory = NULL;
	physical_memory_size = 0;
	return host_heap_used() != 0;
}

static void hook(unsigned drive, struct host_block *block)
{
	host_block_offer(block);
	assert_int_equal(san_hook(drive, path, 1, true), 0);
}

/* Returns AH; checks that carry says the same, and that AH=01h and 40:74 would. */
static uint8_t call(struct real_regs *regs)
{
	struct real_regs status = {.eax = 0x0100, .edx = regs->edx & 0xff};

	regs->eflags = FLAG_CARRY | FLAG_ZERO | FLAG_IF;
	host_interrupt(GATE_INT13, regs);
	assert_int_equal(!!(regs->eflags & FLAG_CARRY), reg_ah(regs) != 0);
	assert_true(regs->eflags & FLAG_ZERO && regs->eflags & FLAG_IF);
	assert_int_equal(memory[BDA_DISK_STATUS], reg_ah(regs));
	host_interrupt(GATE_INT13, &status);
	assert_int_equal(reg_ah(&status), reg_ah(regs));
	return reg_ah(regs);
}

/* A call that returns something other than a status in AH. */
static bool call_raw(struct real_regs *regs)
{
	regs->eflags = 0;
	host_interrupt(GATE_INT13, regs);
	return !(regs->eflags & FLAG_CARRY);
}

static struct real_regs chs(uint8_t ah, uint8_t count, unsigned c, unsigned h, unsigned s)
{
	return (struct real_regs){
		.eax = 0x12340000u | (uint32_t)ah << 8 | count,
		.ecx = 0x56780000u | (c & 0xff) << 8 | (c >> 2 & 0xc0) | s,
		.edx = 0x9abc0000u | h << 8 | 0x80,
		.es = BUFFER >> 4,
		.ebx = 0,
	};
}

static struct real_regs packet_regs(uint8_t ah)
{
	return (struct real_regs){.eax = (uint32_t)ah << 8, .edx = 0x80, .ds = DAP >> 4, .esi = 0};
}

static void packet(uint8_t size, uint16_t count, uint32_t buffer, uint64_t lba)
{
	memset(memory + DAP, 0, 48);
	memory[DAP] = size;
	put_le16(memory + DAP + 2, count);
	put_le32(memory + DAP + 4, buffer);
	put_le64(memory + DAP + 8, lba);
}

static uint8_t transfer(uint8_t ah)
{
	struct real_regs regs = packet_regs(ah);

	return call(&regs);
}

/* ---- CHS ---- */

static void test_read_chs(void **state)
{
	struct real_regs regs = chs(0x02, 5, 1, 2, 3);

	hook(0x80, &disk);
	memcpy(before, memory, sizeof(memory));
	assert_int_equal(call(&regs), 0);
	assert_int_equal(reg_al(&regs), 5);
	assert_int_equal(regs.eax >> 16, 0x1234);
	assert_int_equal(regs.edx, 0x9abc0280);
	unsigned lba = (1 * 255 + 2) * 63 + 3 - 1;
	assert_memory_equal(memory + BUFFER, data + lba * 512, 5 * 512);
	memcpy(before + BUFFER, data + lba * 512, 5 * 512);
	before[BDA_DISK_STATUS] = 0;
	assert_memory_equal(memory, before, sizeof(memory));
}

static void test_write_chs(void **state)
{
	struct real_regs regs = chs(0x03, 2, 0, 0, 3);

	hook(0x80, &disk);
	memset(memory + BUFFER, 0xa5, 1024);
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(data + 1024, memory + BUFFER, 1024);
	regs = chs(0x04, 2, 0, 0, 3);
	assert_int_equal(call(&regs), 0);
	disk.no_verify = true;
	regs = chs(0x04, 200, 0, 0, 1);
	assert_int_equal(call(&regs), 0);
	disk.fail_rc = E_SCSI_MEDIUM;
	disk.fail_lba = 150;
	regs = chs(0x04, 200, 0, 0, 1);
	assert_int_equal(call(&regs), INT13_UNCORRECTABLE);
}

static void test_chs_limits(void **state)
{
	static const struct {
		unsigned c, h, s, count, status;
	} cases[] = {
		{0, 0, 0, 1, 4},    /* sectors count from 1 */
		{0, 254, 63, 1, 0}, /* the last of a cylinder */
		{0, 255, 1, 1, 4},  /* beyond the last head */
		{4, 0, 1, 1, 4},    /* beyond the last whole cylinder */
		{1023, 254, 63, 1, 4},
		{3, 254, 63, 255, 0}, /* runs over into the rest of the disk */
		{0, 0, 1, 0, 0},      /* nothing */
		{0, 0, 1, 128, 0},    /* 64 KB */
		{0, 0, 1, 255, 0},
	};

	hook(0x80, &disk);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct real_regs regs =
			chs(0x02, (uint8_t)cases[i].count, cases[i].c, cases[i].h, cases[i].s);

		assert_int_equal(call(&regs), cases[i].status);
		assert_int_equal(reg_al(&regs), cases[i].status ? 0 : cases[i].count);
	}
}

static void test_buffer_anywhere(void **state)
{
	struct real_regs regs = chs(0x02, 127, 0, 0, 2);

	hook(0x80, &disk);
	/* Odd address, across a 64 KB boundary. */
	regs.es = 0x2fff;
	regs.ebx = 0xffff0007u; /* the upper half is not an offset's */
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(memory + 0x2fff7, data + 512, 127 * 512);
	/* Offset + length beyond 64 KB: linear, not wrapped. */
	regs = chs(0x02, 127, 0, 0, 2);
	regs.es = 0x3000;
	regs.ebx = 0xfffe;
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(memory + 0x3fffe, data + 512, 127 * 512);
	/* The high memory area. */
	regs = chs(0x02, 127, 0, 0, 2);
	regs.es = 0xffff;
	regs.ebx = 0x0010;
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(memory + 0x100000, data + 512, 127 * 512);
}

static void test_own_memory_is_refused(void **state)
{
	static const uint32_t addresses[] = {0x9b000, 0x9afff, 0x9ae01, 0x9efff};

	hook(0x80, &disk);
	memcpy(before, memory, sizeof(memory));
	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct real_regs regs = chs(0x02, 1, 0, 0, 2);

		regs.es = (uint16_t)(addresses[i] >> 4);
		regs.ebx = addresses[i] & 15;
		assert_int_equal(call(&regs), INT13_DMA_BOUNDARY);
	}
	before[BDA_DISK_STATUS] = INT13_DMA_BOUNDARY;
	assert_memory_equal(memory, before, sizeof(memory));
	struct real_regs regs = chs(0x02, 1, 0, 0, 2);
	regs.es = 0x9ae0;
	assert_int_equal(call(&regs), 0);
	regs = chs(0x02, 1, 0, 0, 2);
	regs.es = 0x9f00;
	assert_int_equal(call(&regs), 0);
}

/* ---- The rest of the AT's functions ---- */

static void test_parameters(void **state)
{
	struct real_regs regs = {.eax = 0x0800, .edx = 0x80, .es = 0x1234, .edi = 0x5678};

	hook(0x80, &disk);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(regs.ecx & 0xffff, 3 << 8 | 63);
	assert_int_equal(regs.edx & 0xffff, 254 << 8 | 2); /* ours and the BIOS' */
	assert_int_equal(regs.es, 0x1234);
	regs = (struct real_regs){.eax = 0x1500, .edx = 0x80};
	assert_true(call_raw(&regs));
	assert_int_equal(reg_ah(&regs), 3);
	assert_int_equal((regs.ecx & 0xffff) << 16 | (regs.edx & 0xffff), BLOCKS);
	disk.dev.blocks = 1ull << 33;
	regs = (struct real_regs){.eax = 0x1500, .edx = 0x80};
	assert_true(call_raw(&regs));
	assert_int_equal((regs.ecx & 0xffff) << 16 | (regs.edx & 0xffff), UINT32_MAX);
}

static void test_cheap_functions(void **state)
{
	static const uint8_t fine[] = {0x00, 0x05, 0x09, 0x0c, 0x0d, 0x10,
				       0x11, 0x14, 0x16, 0x45, 0x49, 0x4e};
	static const uint8_t unknown[] = {0x06, 0x07, 0x0a, 0x0b, 0x12, 0x13, 0x17, 0x18, 0x19,
					  0x40, 0x4a, 0x4b, 0x4c, 0x4d, 0x4f, 0x80, 0xff};
	struct real_regs regs;

	hook(0x80, &disk);
	unsigned requests = disk.logged;
	for (unsigned i = 0; i < ARRAY_SIZE(fine); i++) {
		regs = chs(fine[i], 1, 0, 0, 1);
		assert_int_equal(call(&regs), 0);
	}
	assert_int_equal(disk.logged, requests); /* a reset, above all, costs no round trip */
	for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++) {
		regs = chs(unknown[i], 1, 0, 0, 1);
		assert_int_equal(call(&regs), INT13_INVALID);
	}
	regs = chs(0x46, 0, 0, 0, 0);
	assert_int_equal(call(&regs), INT13_NOT_REMOVABLE);
	regs = chs(0x0c, 0, 900, 0, 1);
	assert_int_equal(call(&regs), INT13_SEEK_FAILED);
	assert_int_equal(bios_calls, 0);
}

/* ---- The extensions ---- */

static void test_extensions_present(void **state)
{
	struct real_regs regs = {.eax = 0x4100, .ebx = 0x111155aa, .edx = 0x80};

	hook(0x80, &disk);
	assert_true(call_raw(&regs));
	assert_int_equal(regs.ebx, 0x1111aa55);
	assert_int_equal(reg_ah(&regs), 0x30);
	assert_int_equal(regs.ecx & 0xffff, 0x0d);
	regs = (struct real_regs){.eax = 0x4100, .ebx = 0xaa55, .edx = 0x80};
	assert_int_equal(call(&regs), INT13_INVALID);
}

static void test_packet_counts(void **state)
{
	hook(0x80, &disk);
	packet(16, 127, (BUFFER >> 4) << 16 | 3, 1000);
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + BUFFER + 3, data + 1000 * 512, 127 * 512);
	assert_int_equal(get_le16(memory + DAP + 2), 127);
	packet(16, 128, (BUFFER >> 4) << 16, 2000); /* iPXE refuses this one */
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + BUFFER, data + 2000 * 512, 128 * 512);
	packet(16, 300, (BUFFER >> 4) << 16, 3000);
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + BUFFER, data + 3000 * 512, 300 * 512);
	packet(16, 255, (BUFFER >> 4) << 16, 4000); /* no room for a 32-bit count: 255 blocks */
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + BUFFER, data + 4000 * 512, 255 * 512);
	packet(16, 0, 0, 0);
	assert_int_equal(transfer(0x42), 0);
	packet(15, 1, (BUFFER >> 4) << 16, 0);
	assert_int_equal(transfer(0x42), INT13_INVALID);
	packet(0, 1, (BUFFER >> 4) << 16, 0);
	assert_int_equal(transfer(0x42), INT13_INVALID);
}

static void test_flat_addresses(void **state)
{
	hook(0x80, &disk);
	packet(24, 7, 0xffffffff, 100);
	put_le64(memory + DAP + 16, 0x50001);
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + 0x50001, data + 100 * 512, 7 * 512);
	packet(16, 7, 0xffffffff, 100); /* no room for the address */
	assert_int_equal(transfer(0x42), INT13_INVALID);
	packet(24, 7, 0xffffffff, 100);
	put_le64(memory + DAP + 16, 1ull << 32); /* above 4 GB */
	assert_int_equal(transfer(0x42), INT13_DMA_BOUNDARY);
	assert_int_equal(memory[DAP + 2], 0); /* nothing went through */
	packet(24, 7, 0xffffffff, 100);
	put_le64(memory + DAP + 16, 0xfffffe00);
	assert_int_equal(transfer(0x42), INT13_DMA_BOUNDARY);
	packet(32, 0xff, 0, 500);
	put_le64(memory + DAP + 16, 0x60000);
	put_le32(memory + DAP + 24, 400);
	assert_int_equal(transfer(0x42), 0);
	assert_memory_equal(memory + 0x60000, data + 500 * 512, 400 * 512);
	packet(32, 0xff, 0, BLOCKS - 3);
	put_le64(memory + DAP + 16, 0x60000);
	put_le32(memory + DAP + 24, 4);
	assert_int_equal(transfer(0x42), INT13_NOT_FOUND);
	assert_int_equal(get_le32(memory + DAP + 24), 0);
	packet(32, 0xff, 0, 0);
	put_le64(memory + DAP + 16, 0x60000);
	put_le32(memory + DAP + 24, 0xffffffff);
	assert_int_equal(transfer(0x42), INT13_NOT_FOUND);
}

static void test_packet_range(void **state)
{
	hook(0x80, &disk);
	packet(16, 1, (BUFFER >> 4) << 16, BLOCKS - 1);
	assert_int_equal(transfer(0x42), 0);
	packet(16, 2, (BUFFER >> 4) << 16, BLOCKS - 1);
	assert_int_equal(transfer(0x42), INT13_NOT_FOUND);
	assert_int_equal(memory[DAP + 2], 0);
	packet(16, 2, (BUFFER >> 4) << 16, UINT64_MAX);
	assert_int_equal(transfer(0x42), INT13_NOT_FOUND);
	packet(16, 2, (BUFFER >> 4) << 16, UINT64_MAX - 1);
	assert_int_equal(transfer(0x43), INT13_NOT_FOUND);
	packet(16, 2, (BUFFER >> 4) << 16, BLOCKS - 2);
	assert_int_equal(transfer(0x44), 0);
	assert_int_equal(transfer(0x47), 0);
	packet(16, 2, 0, BLOCKS);
	assert_int_equal(transfer(0x44), INT13_NOT_FOUND);
	assert_int_equal(transfer(0x47), INT13_SEEK_FAILED);
}

static void test_packet_in_our_memory(void **state)
{
	struct real_regs regs = packet_regs(0x42);

	hook(0x80, &disk);
	memset(memory + 0x9b000, 16, 64);
	regs.ds = 0x9b00;
	assert_int_equal(call(&regs), INT13_INVALID);
	regs = packet_regs(0x48);
	regs.ds = 0x9b00;
	assert_int_equal(call(&regs), INT13_INVALID);
}

static void test_write_packet(void **state)
{
	struct real_regs regs;

	hook(0x80, &disk);
	for (unsigned i = 0; i < 3000 * 512; i++)
		memory[BUFFER + i % 0x30000] = (uint8_t)(i * 7);
	packet(16, 200, (BUFFER >> 4) << 16, 777);
	for (unsigned al = 0; al < 3; al++) {
		memset(data + 777 * 512, 0, 200 * 512);
		regs = packet_regs(0x43);
		regs.eax |= al;
		assert_int_equal(call(&regs), 0);
		assert_memory_equal(data + 777 * 512, memory + BUFFER, 200 * 512);
	}
	regs = packet_regs(0x43);
	regs.eax |= 3;
	assert_int_equal(call(&regs), INT13_INVALID);
}

static void test_read_only(void **state)
{
	hook(0x80, &disk);
	disk.dev.read_only = true;
	host_output_clear();
	packet(16, 1, (BUFFER >> 4) << 16, 5);
	assert_int_equal(transfer(0x43), INT13_WRITE_PROTECTED);
	struct real_regs regs = chs(0x03, 1, 0, 0, 1);
	assert_int_equal(call(&regs), INT13_WRITE_PROTECTED);
	const char *said = strstr(host_output(), "read-only");
	assert_non_null(said);
	assert_null(strstr(said + 1, "read-only")); /* once */
	assert_int_equal(transfer(0x42), 0);
}

static void test_errors_by_cause(void **state)
{
	static const struct {
		int rc;
		uint8_t read, write;
	} cases[] = {
		{E_ISCSI_LOST, 0x80, 0x80},	{E_TIMEOUT, 0x80, 0x80},
		{E_SCSI_MEDIUM, 0x10, 0xcc},	{E_SCSI_HARDWARE, 0x20, 0x20},
		{E_SCSI_PROTECTED, 0x03, 0x03}, {E_SCSI_NOT_READY, 0xaa, 0xaa},
		{E_INTERNAL, 0x04, 0xcc},
	};

	hook(0x80, &disk);
	disk.fail_lba = 3;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		host_output_clear();
		disk.fail_rc = cases[i].rc;
		packet(16, 4, (BUFFER >> 4) << 16, 2);
		assert_int_equal(transfer(0x42), cases[i].read);
		assert_int_equal(memory[DAP + 2], 0);
		assert_non_null(strstr(host_output(), "0x80: reading 4 blocks at 2 failed: the "
						      "memory disk fails"));
		assert_non_null(strstr(host_output(), error_entry(cases[i].rc)->code));
		packet(16, 4, (BUFFER >> 4) << 16, 2);
		assert_int_equal(transfer(0x43), cases[i].write);
		disk.fail_rc = 0;
		packet(16, 4, (BUFFER >> 4) << 16, 2);
		assert_int_equal(transfer(0x42), 0);
	}
	/* A disk that keeps failing does not fill the screen. */
	host_output_clear();
	disk.fail_rc = E_SCSI_MEDIUM;
	for (unsigned i = 0; i < 1000; i++) {
		packet(16, 4, (BUFFER >> 4) << 16, 2);
		assert_int_equal(transfer(0x42), 0x10);
	}
	assert_true(strlen(host_output()) < 2000);
}

static void test_disk_parameters(void **state)
{
	uint8_t *p = memory + 0x700, sum = 0;
	struct real_regs regs;
	static const struct {
		uint16_t room, size;
	} sizes[] = {{25, 0},  {26, 26}, {29, 26}, {30, 30}, {65, 30},
		     {66, 66}, {73, 66}, {74, 74}, {512, 74}};

	disk.params = (struct ibft_params){.initiator = "iqn.x:y",
					   .target_count = 1,
					   .nic = {.pci_busdevfn = 2 << 8 | 3 << 3 | 1}};
	strcpy(disk.params.target[0].name, "iqn.t");
	disk.params.target[0].lun[1] = 5;
	hook(0x80, &disk);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(p, 0xcc, 600);
		put_le16(p, sizes[i].room);
		regs = packet_regs(0x48);
		regs.ds = 0x70;
		assert_int_equal(call(&regs), sizes[i].size ? 0 : INT13_INVALID);
		if (!sizes[i].size)
			continue;
		assert_int_equal(get_le16(p), sizes[i].size);
		assert_int_equal(p[sizes[i].size], 0xcc); /* not one byte more */
	}
	assert_int_equal(get_le16(p + 2), 0x0b);
	assert_int_equal(get_le32(p + 4), 4);
	assert_int_equal(get_le32(p + 8), 255);
	assert_int_equal(get_le32(p + 12), 63);
	assert_int_equal(get_le64(p + 16), BLOCKS);
	assert_int_equal(get_le16(p + 24), 512);
	assert_int_equal(get_le32(p + 26), 0xffffffff);
	assert_int_equal(get_le16(p + 30), 0xbedd);
	assert_int_equal(p[32], 44);
	assert_memory_equal(p + 36, "PCI SCSI    \x02\x03\x01\xff", 16);
	assert_int_equal(get_le16(p + 56), 0);
	assert_int_equal(get_le64(p + 58), 5);
	for (unsigned i = 30; i < 74; i++)
		sum = (uint8_t)(sum + p[i]);
	assert_int_equal(sum, 0);
	/* EDD 3.0's shorter path. */
	put_le16(p, 66);
	regs = packet_regs(0x48);
	regs.ds = 0x70;
	assert_int_equal(call(&regs), 0);
	assert_int_equal(p[32], 36);
	assert_int_equal(p[56], 5);
	sum = 0;
	for (unsigned i = 30; i < 66; i++)
		sum = (uint8_t)(sum + p[i]);
	assert_int_equal(sum, 0);
	/* Beyond the reach of CHS. */
	disk.dev.blocks = 15482881;
	regs = packet_regs(0x48);
	regs.ds = 0x70;
	assert_int_equal(call(&regs), 0);
	assert_int_equal(get_le16(p + 2) & 2, 0);
}

static void test_no_path_without_description(void **state)
{
	struct real_regs regs = packet_regs(0x48);

	hook(0x80, &disk);
	put_le16(memory + DAP, 74);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(get_le16(memory + DAP), 30);
}

static void test_block_sizes(void **state)
{
	static const uint32_t sizes[] = {2048, 4096};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct real_regs regs;

		host_block_init(&disk, data, sizeof(data) / sizes[i], sizes[i]);
		hook(0x80, &disk);
		packet(16, 3, (BUFFER >> 4) << 16, 9);
		assert_int_equal(transfer(0x42), 0);
		assert_memory_equal(memory + BUFFER, data + 9 * sizes[i], 3 * sizes[i]);
		regs = chs(0x02, 1, 0, 0, 1);
		assert_int_equal(call(&regs), INT13_INVALID);
		regs = (struct real_regs){.eax = 0x0800, .edx = 0x80};
		assert_int_equal(call(&regs), INT13_INVALID);
		put_le16(memory + DAP, 30);
		regs = packet_regs(0x48);
		assert_int_equal(call(&regs), 0);
		assert_int_equal(get_le16(memory + DAP + 24), sizes[i]);
		assert_int_equal(get_le16(memory + DAP + 2) & 2, 0);
		san_unhook(0x80);
	}
}

/* ---- Drive numbers ---- */

static void test_bios_disk_moves(void **state)
{
	struct real_regs regs = {.eax = 0x0201, .ecx = 1, .edx = 0x0181, .ebx = 0x7c00};

	hook(0x80, &disk);
	assert_int_equal(memory[BDA_DISK_COUNT], 2);
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(bios_calls, 1);
	assert_int_equal(bios_seen.edx, 0x0180);
	assert_int_equal(bios_seen.ebx, 0x7c00);
	assert_int_equal(regs.edx, 0x0181); /* as the caller had it */
	/* Its geometry, with our count of disks. */
	regs = (struct real_regs){.eax = 0x0800, .edx = 0x81};
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(regs.edx, 0xfe02);
	/* Its size: DX belongs to the answer. */
	regs = (struct real_regs){.eax = 0x1500, .edx = 0x81};
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(regs.edx, 0x3456);
	bios_status = 1;
	regs = (struct real_regs){.eax = 0x0800, .edx = 0x81};
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(regs.edx & 0xff, 0x81);
	assert_true(regs.eflags & FLAG_CARRY);
}

static void test_other_drives_pass(void **state)
{
	struct real_regs regs = {.eax = 0x0201, .edx = 0x0000};

	hook(0x80, &disk);
	assert_false(int13_handler(&regs)); /* the floppy: unchanged to the BIOS */
	assert_int_equal(bios_calls, 0);
	regs.edx = 0x82;
	assert_false(int13_handler(&regs));
	regs = (struct real_regs){.eax = 0x0800, .edx = 0x00};
	assert_false(int13_handler(&regs));
	regs = (struct real_regs){.eax = 0x0800, .edx = 0xe0};
	assert_true(int13_handler(&regs));
	assert_int_equal(bios_seen.edx & 0xff, 0xe0);
}

#define BIOS_DISKS 2u

static void test_several_drives(void **state)
{
	struct real_regs regs;

	hook(0x80, &disk);
	hook(0x81, &second);
	assert_int_equal(memory[BDA_DISK_COUNT], 3);
	regs = (struct real_regs){.eax = 0x0000, .edx = 0x82};
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(bios_seen.edx, 0x80); /* moved twice */
	san_unhook(0x80);
	assert_int_equal(memory[BDA_DISK_COUNT], 2);
	regs = (struct real_regs){.eax = 0x0000, .edx = 0x80};
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(bios_seen.edx, 0x80); /* its own number again */
	san_unhook(0x81);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	assert_null(host_gate_handler(GATE_INT13));
}

/* Is @target one of the BIOS' own disks, asked for by @number? */
static bool leads_to(unsigned number, unsigned target)
{
	struct real_regs regs = {.edx = number};

	bios_seen.edx = 0;
	host_interrupt(GATE_INT13, &regs);
	return !drive_find(number) && bios_seen.edx == target;
}

/* All drives that are hooked answer under their number, and each of the BIOS' disks under one of
 * those that a program which counts them tries. */
static void check_drives(unsigned hooked)
{
	unsigned count = memory[BDA_DISK_COUNT];

	assert_true(count >= BIOS_DISKS + hooked);
	for (unsigned disk_number = 0x80; disk_number < 0x80 + BIOS_DISKS; disk_number++) {
		unsigned found = 0;

		for (unsigned number = 0x80; number < 0x80 + count; number++)
			found += leads_to(number, disk_number);
		assert_int_equal(found, 1);
	}
}

/* Three at once, hooked and unhooked in any order. */
static void test_any_order(void **state)
{
	static const unsigned numbers[] = {0x80, 0x82, 0xe0};
	static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static struct host_block blocks[3];

	memory[BDA_DISK_COUNT] = BIOS_DISKS;
	for (unsigned pair = 0; pair < 36; pair++) {
		const unsigned *in = orders[pair / 6], *out = orders[pair % 6];
		unsigned counted = 0;

		for (unsigned i = 0; i < 3; i++) {
			host_block_init(&blocks[i], data, BLOCKS, 512);
			hook(numbers[in[i]], &blocks[i]);
			counted += numbers[in[i]] < DRIVE_CD;
			check_drives(counted);
		}
		assert_int_equal(memory[BDA_DISK_COUNT], BIOS_DISKS + 2);
		for (unsigned i = 0; i < 3; i++) {
			san_unhook(numbers[out[i]]);
			counted -= numbers[out[i]] < DRIVE_CD;
			check_drives(counted);
		}
		assert_int_equal(memory[BDA_DISK_COUNT], BIOS_DISKS);
		assert_null(host_gate_handler(GATE_INT13));
	}
}

static void test_high_number(void **state)
{
	hook(0x85, &disk);
	assert_int_equal(memory[BDA_DISK_COUNT], 6); /* who counts must reach it */
	san_unhook(0x85);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
}

static void test_count_is_kept(void **state)
{
	struct real_regs regs = {.eax = 0x0100, .edx = 0x80};

	hook(0x80, &disk);
	memory[BDA_DISK_COUNT] = 1; /* the BIOS looks for its disks again */
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(memory[BDA_DISK_COUNT], 2);
	memory[BDA_DISK_COUNT] = 3; /* somebody above us adds one */
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(memory[BDA_DISK_COUNT], 3);
	san_unhook(0x80);
	assert_int_equal(memory[BDA_DISK_COUNT], 2);
}

static void test_call_within_a_call(void **state)
{
	struct real_regs regs = chs(0x02, 1, 0, 0, 1);

	hook(0x80, &disk);
	guest_call_active = true;
	assert_true(int13_handler(&regs));
	assert_int_equal(reg_ah(&regs), INT13_NOT_READY);
	guest_call_active = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_read_chs),
		T(test_write_chs),
		T(test_chs_limits),
		T(test_buffer_anywhere),
		T(test_own_memory_is_refused),
		T(test_parameters),
		T(test_cheap_functions),
		T(test_extensions_present),
		T(test_packet_counts),
		T(test_flat_addresses),
		T(test_packet_range),
		T(test_packet_in_our_memory),
		T(test_write_packet),
		T(test_read_only),
		T(test_errors_by_cause),
		T(test_disk_parameters),
		T(test_no_path_without_description),
		T(test_block_sizes),
		T(test_bios_disk_moves),
		T(test_other_drives_pass),
		T(test_several_drives),
		T(test_any_order),
		T(test_high_number),
		T(test_count_is_kept),
		T(test_call_within_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
