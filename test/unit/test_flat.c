/* SPDX-License-Identifier: BSD-2-Clause */
/* boot/flat.c, elf.c, multiboot.c, multiboot2.c: headers that lie, placement, information, and the
 * plan carried out in a model of memory; gzip images and `boot --dry-run`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "bios/physical.h"
#include "boot/block.h"
#include "boot/elf.h"
#include "boot/flat.h"
#include "boot/multiboot.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "test/host/host.h"

#define MB (1024u * 1024)

static struct flat_plan plan;
static uint8_t file[40000];

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	memset(&plan, 0, sizeof(plan));
	memset(file, 0, sizeof(file));
	return 0;
}

static int teardown(void **state)
{
	struct image *image, *next;

	list_for_each_safe(image, next, &images, link)
		image_free(image);
	assert_int_equal(host_image_used(), 0);
	physical_memory = NULL;
	physical_memory_size = 0;
	return 0;
}

/* ---- ELF ---- */

enum { ELF_HEADERS = 52, ELF_TEXT = 0x1000 };

static void program_header(unsigned i, uint32_t offset, uint32_t address, uint32_t file_size,
			   uint32_t memory_size)
{
	uint8_t *p = file + ELF_HEADERS + 32 * i;

	put_le32(p, 1);
	put_le32(p + 4, offset);
	put_le32(p + 8, address + 0xc0000000); /* virtual */
	put_le32(p + 12, address);
	put_le32(p + 16, file_size);
	put_le32(p + 20, memory_size);
}

static void make_elf(unsigned segments, uint32_t entry)
{
	memset(file, 0, sizeof(file));
	memcpy(file,
	       "\x7f"
	       "ELF\1\1\1",
	       7);
	put_le16(file + 16, 2);
	put_le16(file + 18, 3);
	put_le32(file + 24, entry);
	put_le32(file + 28, ELF_HEADERS);
	put_le16(file + 42, 32);
	put_le16(file + 44, (uint16_t)segments);
	program_header(0, ELF_TEXT, 0x200000, 0x100, 0x300);
	if (segments > 1)
		program_header(1, ELF_TEXT + 0x100, 0x201000, 0x80, 0x80);
}

static int load(size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, file, len);
	memset(&plan, 0, sizeof(plan));
	rc = elf_load(copy, len, false, &plan);
	free(copy);
	return rc;
}

static void test_elf(void **state)
{
	make_elf(2, 0x200010);
	assert_int_equal(load(sizeof(file)), 0);
	assert_int_equal(plan.segment_count, 2);
	assert_int_equal(plan.segment[0].offset, ELF_TEXT);
	assert_int_equal(plan.segment[0].memory_size, 0x300);
	assert_int_equal(plan.entry, 0x200010);
	/* The entry as virtual address. */
	make_elf(2, 0xc0201004);
	assert_int_equal(load(sizeof(file)), 0);
	assert_int_equal(plan.entry, 0x201004);
}

static void test_elf_lies(void **state)
{
	make_elf(2, 0x200010);
	for (size_t len = 0; len < ELF_TEXT + 0x180; len += 7)
		assert_true(load(len) < 0);
	make_elf(2, 0x200300); /* behind the first, before the second */
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(1, 0x200010);
	program_header(0, 0xfffffff0, 0x200000, 0x100, 0x300);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	program_header(0, ELF_TEXT, 0x200000, 0xffffffff, 0xffffffff);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	program_header(0, ELF_TEXT, 0x200000, 0x301, 0x300);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	program_header(0, ELF_TEXT, 0xfffffff0, 0x10, 0x300);
	assert_int_equal(load(sizeof(file)), E_FLAT_MEMORY);
	make_elf(2, 0x200010);
	program_header(1, ELF_TEXT + 0x100, 0x2002ff, 1, 1);
	assert_int_equal(load(sizeof(file)), E_FLAT_MEMORY);
	assert_non_null(strstr(error_text(), "overlap"));
	program_header(1, ELF_TEXT + 0xff, 0x201000, 1, 1);
	assert_int_equal(load(sizeof(file)), E_FLAT_MEMORY);
	assert_non_null(strstr(error_text(), "share"));
	make_elf(2, 0x200010);
	put_le32(file + 28, 0xffffffff);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(2, 0x200010);
	put_le16(file + 44, 0xffff);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(2, 0x200010);
	put_le16(file + 42, 31);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(0, 0);
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(200, 0x200010); /* more segments than there is room for */
	for (unsigned i = 0; i < 200; i++)
		program_header(i, ELF_TEXT + 0x1000 + i, 0x300000 + i * 16, 1, 1);
	assert_int_equal(load(sizeof(file)), E_FLAT_MEMORY);
}

static void test_elf_machine(void **state)
{
	make_elf(1, 0x200010);
	put_le16(file + 18, 40); /* ARM */
	assert_int_equal(load(sizeof(file)), E_ELF_MACHINE);
	make_elf(1, 0x200010);
	put_le16(file + 16, 1); /* an object file */
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);
	make_elf(1, 0x200010);
	file[5] = 2; /* big endian */
	assert_int_equal(load(sizeof(file)), E_ELF_HEADER);

	/* A vmlinux for 64 bits; by Multiboot it is loaded all the same. */
	memset(file, 0, sizeof(file));
	memcpy(file,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	put_le16(file + 16, 2);
	put_le16(file + 18, 62);
	put_le64(file + 24, 0x200004);
	put_le64(file + 32, 64);
	put_le16(file + 54, 56);
	put_le16(file + 56, 1);
	put_le32(file + 64, 1);
	put_le64(file + 64 + 8, ELF_TEXT);
	put_le64(file + 64 + 16, 0xffffffff80200000ull);
	put_le64(file + 64 + 24, 0x200000);
	put_le64(file + 64 + 32, 16);
	put_le64(file + 64 + 40, 32);
	assert_int_equal(load(sizeof(file)), E_ELF_MACHINE);
	memset(&plan, 0, sizeof(plan));
	assert_int_equal(elf_load(file, sizeof(file), true, &plan), 0);
	assert_int_equal(plan.entry, 0x200004);
	put_le64(file + 64 + 24, 0x100000000ull);
	memset(&plan, 0, sizeof(plan));
	assert_int_equal(elf_load(file, sizeof(file), true, &plan), E_FLAT_MEMORY);
}

/* ---- Placement ---- */

static const struct memory_range usual[] = {
	{0, 0x9a000, 1, 1}, {0x100000, 63 * MB, 1, 1}, {0x100000000ull, 64ull * MB, 1, 1}};

static void use(const struct memory_range *ranges, unsigned count)
{
	plan.ranges = plan.map = ranges;
	plan.range_count = plan.map_count = count;
	plan.image = 50 * MB;
}

static void add_segment(uint32_t dest, uint32_t size)
{
	assert_int_equal(flat_add_segment(&plan, &(struct flat_segment){0, 0, dest, size}), 0);
}

static void test_place(void **state)
{
	use(usual, ARRAY_SIZE(usual));
	add_segment(0x100000, 0x1234);
	plan.module[plan.module_count++] = (struct flat_module){.source = 40 * MB, .size = 5000};
	plan.module[plan.module_count++] = (struct flat_module){.source = 41 * MB, .size = 0};
	plan.module[plan.module_count++] = (struct flat_module){.source = 20 * MB, .size = 20 * MB};
	plan.info_len = 900;
	assert_int_equal(flat_place(&plan), 0);
	assert_int_equal(plan.module[0].address, 0x102000);
	assert_int_equal(plan.module[1].address, 0x104000);
	assert_int_equal(plan.module[2].address, 0x104000);
	assert_int_equal(plan.info_address, 0x10000);
}

/* Above a program at the very top there is no room: below it there is. */
static void test_place_below(void **state)
{
	use(usual, ARRAY_SIZE(usual));
	add_segment(63 * MB, 1 * MB);
	add_segment(0x1000, 0x98000);
	plan.module[plan.module_count++] = (struct flat_module){.source = 40 * MB, .size = MB};
	plan.info_len = 9000;
	assert_int_equal(flat_place(&plan), 0);
	assert_int_equal(plan.module[0].address, 0x100000);
	assert_int_equal(plan.info_address, 0x200000); /* no room left below 640 KB */
	plan.moves.count = 0;
	plan.module[0].size = 63 * MB;
	assert_int_equal(flat_place(&plan), E_FLAT_MODULES);
}

static void refused(uint32_t dest, uint32_t size)
{
	memset(&plan, 0, sizeof(plan));
	use(usual, ARRAY_SIZE(usual));
	add_segment(dest, size);
	assert_int_equal(flat_place(&plan), E_FLAT_MEMORY);
}

static void test_place_refused(void **state)
{
	refused(0, 0x2000);		/* interrupt vectors */
	refused(0x500, 0x100);		/* the BIOS' data */
	refused(0x99000, 0x1001);	/* what is ours below 640 KB */
	refused(0xa0000, 0x60000);	/* the screen */
	refused(0xff000, 0x10000);	/* half of it in a ROM */
	refused(63 * MB, MB + 1);	/* past the end */
	refused(0xfffff000, 0x1000);	/* a ROM below 4 GB */
	refused(0x100000, 0xfff00000u); /* all there is */
	memset(&plan, 0, sizeof(plan));
	use(usual, ARRAY_SIZE(usual));
	assert_int_equal(flat_place(&plan), E_FLAT_MEMORY); /* nothing at all */
}

static void test_relocation(void **state)
{
	use(usual, ARRAY_SIZE(usual));
	add_segment(0xa0000, 0x1000);
	add_segment(0xa2000, 0x1000);
	plan.entry = 0xa2004;
	plan.relocation = (struct flat_relocation){
		.allowed = true, .lowest = 0x10000, .end = 32 * MB, .align = 0x200000};
	assert_int_equal(flat_place(&plan), 0);
	assert_int_equal(plan.segment[0].dest, 0x200000);
	assert_int_equal(plan.entry, 0x202004);

	memset(&plan, 0, sizeof(plan));
	use(usual, ARRAY_SIZE(usual));
	add_segment(0x100000, 0x3000);
	plan.relocation = (struct flat_relocation){.allowed = true,
						   .highest = true,
						   .lowest = 0x200000,
						   .end = 32 * MB + 0x800,
						   .align = 0x1000};
	assert_int_equal(flat_place(&plan), 0);
	assert_int_equal(plan.segment[0].dest, 32 * MB - 0x3000);

	memset(&plan, 0, sizeof(plan));
	use(usual, ARRAY_SIZE(usual));
	add_segment(0xa0000, 0x3000);
	plan.relocation = (struct flat_relocation){
		.allowed = true, .lowest = 62 * MB, .end = 0xffffffff, .align = 0x80000000};
	assert_int_equal(flat_place(&plan), E_FLAT_MEMORY);
}

/* Program and module lie in each other's places; .bss comes as zeroes, the information is there. */
static void test_carry_out(void **state)
{
	enum { SIZE = 4 * MB };
	static uint8_t memory[SIZE];
	static const struct memory_range ranges[] = {{0, 0x9a000, 1, 1}, {MB, 3 * MB, 1, 1}};
	uint8_t info[100];

	memset(memory, 0xee, SIZE);
	memset(memory + 0x200000, 0x11, 0x100000); /* the file */
	memset(memory + 0x100000, 0x22, 0x80000);  /* a module in the program's place */
	memset(info, 0x33, sizeof(info));
	use(ranges, ARRAY_SIZE(ranges));
	plan.image = 0x200000;
	assert_int_equal(flat_add_segment(&plan, &(struct flat_segment){0x1000, 0x90000, 0x100000,
									0x110000}),
			 0);
	plan.module[plan.module_count++] =
		(struct flat_module){.source = 0x100000, .size = 0x80000};
	plan.info = info;
	plan.info_len = sizeof(info);
	assert_int_equal(flat_place(&plan), 0);
	physical_memory = memory;
	physical_memory_size = SIZE;
	flat_carry_out(&plan);
	for (unsigned i = 0; i < 0x90000; i++)
		assert_int_equal(memory[0x100000 + i], 0x11);
	for (unsigned i = 0x90000; i < 0x110000; i++)
		assert_int_equal(memory[0x100000 + i], 0);
	for (unsigned i = 0; i < 0x80000; i++)
		assert_int_equal(memory[plan.module[0].address + i], 0x22);
	assert_true(plan.module[0].address >= 0x210000);
	assert_memory_equal(memory + plan.info_address, info, sizeof(info));
	assert_int_equal(memory[plan.info_address + sizeof(info)], 0xee);
}

/* ---- Multiboot ---- */

static void mb1(uint32_t at, uint32_t flags, const uint32_t addresses[5])
{
	put_le32(file + at, 0x1badb002);
	put_le32(file + at + 4, flags);
	put_le32(file + at + 8, -(0x1badb002 + flags));
	for (unsigned i = 0; addresses && i < 5; i++)
		put_le32(file + at + 12 + 4 * i, addresses[i]);
}

static int load_mb1(size_t len)
{
	memset(&plan, 0, sizeof(plan));
	return multiboot_load(file, len, &plan);
}

static void test_multiboot_addresses(void **state)
{
	static const uint32_t good[5] = {0x101000, 0x100000, 0x103000, 0x105000, 0x102000};

	mb1(0x1800, 0x10003, good);
	assert_int_equal(load_mb1(sizeof(file)), 0);
	assert_int_equal(plan.segment[0].offset, 0x800);
	assert_int_equal(plan.segment[0].dest, 0x100000);
	assert_int_equal(plan.segment[0].file_size, 0x3000);
	assert_int_equal(plan.segment[0].memory_size, 0x5000);
	assert_int_equal(plan.entry, 0x102000);

	mb1(0x1800, 0x10003, (uint32_t[5]){0x101000, 0x100000, 0, 0, 0x100000});
	assert_int_equal(load_mb1(sizeof(file)), 0);
	assert_int_equal(plan.segment[0].file_size, sizeof(file) - 0x800);
}

static void bad_addresses(uint32_t header, uint32_t start, uint32_t end, uint32_t bss,
			  uint32_t entry)
{
	mb1(0x1800, 0x10003, (uint32_t[5]){header, start, end, bss, entry});
	assert_true(load_mb1(sizeof(file)) < 0);
}

static void test_multiboot_lies(void **state)
{
	bad_addresses(0x100000, 0x101000, 0, 0, 0x101000);	    /* starts behind its header */
	bad_addresses(0x200000, 0x100000, 0, 0, 0x100000);	    /* before the file */
	bad_addresses(0x101000, 0x100000, 0xffffffff, 0, 0x100000); /* longer than the file */
	bad_addresses(0x101000, 0x100000, 0x80000, 0, 0x100000);    /* ends before it starts */
	bad_addresses(0x101000, 0x100000, 0x103000, 0x102000, 0x100000); /* .bss inside */
	bad_addresses(0x101000, 0x100000, 0x103000, 0, 0x103000);	 /* entry behind it */
	bad_addresses(0xfffff000, 0xffffe800, 0, 0, 0xfffff000);	 /* over the end of 4 GB */
	memset(file, 0, sizeof(file));
	mb1(0, 0x00000008, NULL);
	assert_int_equal(load_mb1(sizeof(file)), E_MB_DEMAND);
	mb1(0, 0x00000007, NULL); /* a video mode is ignored; but this is no ELF */
	assert_int_equal(load_mb1(sizeof(file)), E_ELF_HEADER);
	memset(file, 0, sizeof(file));
	mb1(8192, 0x10003, NULL); /* not in the first 8 KB */
	assert_int_equal(load_mb1(sizeof(file)), E_MB_HEADER);
	memset(file, 0, sizeof(file));
	mb1(0x100, 0x10003, NULL);
	assert_int_equal(load_mb1(0x10d), E_MB_HEADER); /* cut inside the addresses */
	file[0x108] ^= 1;
	assert_int_equal(load_mb1(sizeof(file)), E_MB_HEADER); /* checksum */
}

/* A Multiboot2 header from tags: each is type, flags, size, and (size - 8) bytes of words. */
static void mb2(const uint32_t *words, unsigned count)
{
	memset(file, 0, 0x400);
	put_le32(file + 0x40, 0xe85250d6);
	put_le32(file + 0x48, 16 + 4 * count);
	put_le32(file + 0x4c, -(0xe85250d6 + 16 + 4 * count));
	for (unsigned i = 0; i < count; i++)
		put_le32(file + 0x50 + 4 * i, words[i]);
}
#define MB2(...) mb2((uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

static int load_mb2(size_t len)
{
	memset(&plan, 0, sizeof(plan));
	return multiboot2_load(file, len, &plan);
}

static void test_multiboot2(void **state)
{
	MB2(2, 24, 0x100040, 0x100000, 0x102000, 0x103000, /* addresses */
	    3, 12, 0x101000, 0,				   /* entry */
	    1 | 1 << 16, 12, 9999, 0,			   /* optional wish for something unknown */
	    4, 12, 3, 0,				   /* a console, and text is known */
	    77 | 1 << 16, 8,				   /* unknown and optional */
	    10, 24, 0x200000, 0xffffffff, 0x1000, 2,	   /* may be moved */
	    0, 8);
	assert_int_equal(load_mb2(sizeof(file)), 0);
	assert_int_equal(plan.segment[0].offset, 0);
	assert_int_equal(plan.entry, 0x101000);
	assert_true(plan.relocation.allowed && plan.relocation.highest);
	/* From the file's first byte on. */
	MB2(2, 24, 0x100040, 0xffffffff, 0, 0, 3, 12, 0x100000, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), 0);
	assert_int_equal(plan.segment[0].dest, 0x100000);
}

static void test_multiboot2_lies(void **state)
{
	MB2(1, 12, 22, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_DEMAND);
	MB2(99, 8, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_DEMAND);
	assert_non_null(strstr(error_text(), "99"));
	MB2(5, 20, 1024, 768, 32, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_DEMAND);
	assert_non_null(strstr(error_text(), "graphics"));
	MB2(4, 12, 1, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_DEMAND);
	MB2(7, 8, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_DEMAND);
	MB2(2, 24, 0x100040, 0x100000, 0, 0, 0, 8); /* no entry */
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(3, 8, 0, 8); /* too short for what it is */
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(3, 7, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(3, 0xfffffff9, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(10, 24, 0, 0xffffffff, 0x1001, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(2, 24, 0x100040, 0x100000, 0x102000, 0, 3, 12, 0x102000, 0, 0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_MB_HEADER);
	MB2(0, 8);
	assert_int_equal(load_mb2(sizeof(file)), E_ELF_HEADER);
	assert_int_equal(load_mb2(0x57), E_MB_HEADER); /* the header goes on behind the file */
}

/* ---- Information ---- */

static struct image *add_bytes(const char *name, const void *data, size_t len)
{
	uint8_t *copy = image_memory_alloc(len);

	memcpy(copy, data, len);
	return image_add(name, NULL, copy, len, len);
}

static const char *text_at(const uint8_t *info, uint32_t pointer)
{
	return (const char *)info + get_le32(info + pointer) - plan.info_address;
}

static void test_multiboot_info(void **state)
{
	struct image *kernel, *module;
	uint8_t info[2000];
	size_t len;

	make_elf(1, 0x200010);
	mb1(0x400, 3, NULL);
	kernel = add_bytes("xen", file, sizeof(file));
	image_set_cmdline(kernel, "com1=115200 console=com1");
	module = add_bytes("dom0", "070701", 6);
	image_set_cmdline(module, "root=/dev/sda");
	add_bytes("initrd", "070702", 6);
	add_bytes("pic", "\x89PNG\r\n\x1a\n", 8);
	use(usual, ARRAY_SIZE(usual));
	assert_int_equal(multiboot_load(kernel->data, kernel->len, &plan), 0);
	assert_int_equal(flat_collect_modules(&plan, kernel), 0);
	assert_int_equal(plan.module_count, 2);
	len = multiboot_info(kernel, &plan, NULL, 0);
	plan.info_len = (uint32_t)len;
	assert_int_equal(flat_place(&plan), 0);
	memset(info, 0xee, sizeof(info));
	assert_int_equal(multiboot_info(kernel, &plan, info, len), len);
	assert_int_equal(info[len], 0xee);
	assert_int_equal(get_le32(info), 0x24d);
	assert_int_equal(get_le32(info + 4), 0x9a000 / 1024);
	assert_int_equal(get_le32(info + 8), 63 * 1024);
	assert_string_equal(text_at(info, 16), "xen com1=115200 console=com1");
	assert_string_equal(text_at(info, 64), "ipxe.lkrn");
	assert_int_equal(get_le32(info + 20), 2);
	assert_int_equal(get_le32(info + 44), 24 * ARRAY_SIZE(usual));

	const uint8_t *list = (const uint8_t *)text_at(info, 24);

	assert_int_equal(get_le32(list), plan.module[0].address);
	assert_int_equal(get_le32(list + 4), plan.module[0].address + 6);
	assert_string_equal(text_at(info, (uint32_t)(list - info) + 8), "dom0 root=/dev/sda");
	assert_string_equal(text_at(info, (uint32_t)(list - info) + 24), "initrd");
}

static void test_multiboot2_info(void **state)
{
	struct image *kernel;
	uint8_t info[2000];
	size_t len, at;
	unsigned tags = 0;

	MB2(2, 24, 0x100040, 0x100000, 0, 0, 3, 12, 0x100000, 0, 0, 8);
	kernel = add_bytes("k", file, sizeof(file));
	add_bytes("initrd", "070702", 6);
	use(usual, ARRAY_SIZE(usual));
	assert_int_equal(multiboot2_load(kernel->data, kernel->len, &plan), 0);
	assert_int_equal(flat_collect_modules(&plan, kernel), 0);
	len = multiboot2_info(kernel, &plan, NULL, 0);
	assert_true(len % 8 == 0 && len < sizeof(info));
	assert_int_equal(multiboot2_info(kernel, &plan, info, len), len);
	assert_int_equal(get_le32(info), len);
	for (at = 8; get_le32(info + at); at += ALIGN_UP(get_le32(info + at + 4), 8u), tags++)
		assert_true(at < len && get_le32(info + at + 4) >= 8);
	assert_int_equal(get_le32(info + at + 4), 8);
	assert_int_equal(at + 8, len);
	assert_int_equal(tags, 6); /* cmdline, loader, module, memory, map, screen */
}

/* ---- Images ---- */

static const char *left_how;

static void left(const char *how)
{
	left_how = how;
}

static bool printed(const char *text)
{
	return strstr(host_output(), text) != NULL;
}

static void test_dry_run(void **state)
{
	host_left = left;
	left_how = NULL;
	make_elf(1, 0x1000010);
	program_header(0, ELF_TEXT, 0x1000000, 0x100, 0x300);
	add_bytes("elf", file, sizeof(file));
	mb1(0x400, 3, NULL);
	add_bytes("mb", file, sizeof(file));
	image_set_cmdline(add_bytes("m", "070701", 6), "some words");
	add_bytes("s", "#!ipxe\necho ran\n", 16);
	assert_string_equal(image_find("elf")->type->name, "ELF");
	assert_int_equal(command_line("boot --dry-run elf"), 0);
	assert_true(printed("kernel elf [ELF], entry at 0x1000010"));
	assert_false(printed("module"));
	assert_int_equal(command_line("boot --dry-run mb quiet"), 0);
	assert_true(printed("module m at 0x1001000, 6 bytes, arguments: some words"));
	assert_true(printed("command line: quiet"));
	assert_int_equal(command_line("set password secretword && boot --dry-run mb "
				      "key=${password} && imgstat mb"),
			 0);
	assert_true(printed("command line: key=***\n"));
	assert_true(printed("\"key=***\"") && !printed("secretword"));
	assert_int_equal(command_line("boot --dry-run s"), 0);
	assert_true(printed("s [script] would run") && !printed("ran\n"));
	assert_null(left_how);
	assert_false(image_find("mb")->running);
	host_left = NULL;
}

/* What may go to a kernel: the user's word counts for more than the content. */
static void test_next_initrd(void **state)
{
	struct image *kernel = add_bytes("k", "070701", 6), *first, *second;

	make_elf(1, 0x200010);
	add_bytes("other", file, sizeof(file));
	add_bytes("script", "#!ipxe\n", 7);
	first = add_bytes("a", "x", 1);
	second = add_bytes("b", "\x1f\x8b\x08zzz", 6);
	assert_string_equal(second->type->name, "gzip");
	assert_ptr_equal(image_next_initrd(kernel, NULL), first);
	assert_ptr_equal(image_next_initrd(kernel, first), second);
	assert_null(image_next_initrd(kernel, second));
	first->running = true;
	assert_ptr_equal(image_next_initrd(kernel, NULL), second);
	first->running = false;
}

static void test_gzip_images(void **state)
{
	/* "#!ipxe\necho from inside\n" */
	static const uint8_t script[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
					 0x03, 0x53, 0x56, 0xcc, 0x2c, 0xa8, 0x48, 0xe5, 0x4a,
					 0x4d, 0xce, 0xc8, 0x57, 0x48, 0x2b, 0xca, 0xcf, 0x55,
					 0xc8, 0xcc, 0x2b, 0xce, 0x4c, 0x49, 0xe5, 0x02, 0x00,
					 0x0d, 0xff, 0xaa, 0x48, 0x18, 0x00, 0x00, 0x00};

	add_bytes("s.gz", script, sizeof(script));
	assert_int_equal(command_line("chain s.gz"), 0);
	assert_true(printed("from inside"));
	add_bytes("cut.gz", script, sizeof(script) - 9);
	assert_true(command_line("chain cut.gz") != 0);
	assert_true(printed("cut.gz: "));
	assert_non_null(image_find("cut.gz"));
	assert_false(image_find("cut.gz")->running);
	assert_null(image_find("s"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_elf),
		TEST(test_elf_lies),
		TEST(test_elf_machine),
		TEST(test_place),
		TEST(test_place_below),
		TEST(test_place_refused),
		TEST(test_relocation),
		TEST(test_carry_out),
		TEST(test_multiboot_addresses),
		TEST(test_multiboot_lies),
		TEST(test_multiboot2),
		TEST(test_multiboot2_lies),
		TEST(test_multiboot_info),
		TEST(test_multiboot2_info),
		TEST(test_dry_run),
		TEST(test_next_initrd),
		TEST(test_gzip_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
