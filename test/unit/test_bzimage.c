/* SPDX-License-Identifier: BSD-2-Clause */
/* boot/bzimage_plan.c, boot/moves.c, boot/cpio.c: headers that lie, placement, and the moves
 * carried out in a small model of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "bios/physical.h"
#include "boot/bzimage.h"
#include "boot/cpio.h"
#include "lib/error.h"
#include "test/host/host.h"

#define KB 1024u
#define MB (1024u * 1024)

static int setup(void **state)
{
	host_reset();
	return 0;
}

/* ---- Headers ---- */

#define KERNEL_LEN 40000
static uint8_t kernel[KERNEL_LEN];

static void make_kernel(uint16_t version)
{
	memset(kernel, 0xcc, sizeof(kernel));
	memset(kernel + 0x1f1, 0, 0x268 - 0x1f1);
	kernel[0x1f1] = 15; /* 8 KB of setup */
	put_le32(kernel + 0x1f4, (KERNEL_LEN - 8192) / 16);
	put_le16(kernel + 0x1fe, 0xaa55);
	memcpy(kernel + 0x202, "HdrS", 4);
	put_le16(kernel + 0x206, version);
	kernel[0x211] = 1;
	put_le32(kernel + 0x214, 0x100000);
	put_le32(kernel + 0x22c, 0x7fffffff);
	if (version >= 0x205) {
		put_le32(kernel + 0x230, 0x200000);
		kernel[0x234] = 1;
	}
	put_le32(kernel + 0x238, 2047);
	if (version >= 0x20a) {
		put_le32(kernel + 0x258, 16 * MB);
		put_le32(kernel + 0x260, 30 * MB);
	}
}

static int parse(struct bz_header *h, size_t len)
{
	uint8_t *copy = malloc(len);
	int rc;

	memcpy(copy, kernel, len);
	rc = bz_parse(copy, len, h);
	free(copy);
	return rc;
}

static void test_header(void **state)
{
	struct bz_header h;

	make_kernel(0x20f);
	assert_int_equal(parse(&h, KERNEL_LEN), 0);
	assert_int_equal(h.setup_len, 8192);
	assert_int_equal(h.protected_len, KERNEL_LEN - 8192);
	assert_int_equal(h.initrd_max, 0x7fffffff);
	assert_int_equal(h.cmdline_size, 2047);
	assert_int_equal(h.init_size, 30 * MB);
	assert_true(h.relocatable && h.pref_address == 16 * MB && h.alignment == 0x200000);

	kernel[0x1f1] = 0; /* means 4 */
	put_le32(kernel + 0x1f4, 1);
	assert_int_equal(parse(&h, KERNEL_LEN), 0);
	assert_int_equal(h.setup_len, 2560);
}

/* Fields that a version does not have are not believed. */
static void test_old_header(void **state)
{
	struct bz_header h;

	make_kernel(0x20f);
	put_le16(kernel + 0x206, 0x202);
	assert_int_equal(parse(&h, KERNEL_LEN), 0);
	assert_int_equal(h.initrd_max, 0x37ffffff);
	assert_int_equal(h.cmdline_size, 255);
	assert_false(h.relocatable);
	assert_true(!h.pref_address && !h.init_size);
}

/* Before 2.00 there is only the size to tell a kernel by: a boot sector's does not fit. */
static void test_ancient_header(void **state)
{
	struct bz_header h;

	make_kernel(0x20f);
	memset(kernel + 0x202, 0xcc, 4);
	assert_int_equal(parse(&h, KERNEL_LEN), 0);
	assert_int_equal(h.version, 0);
	assert_false(h.loaded_high || h.relocatable);
	assert_int_equal(h.setup_len, 8192);
	assert_false(bz_probe(kernel, KERNEL_LEN - 600));
	assert_false(bz_probe(kernel, 512));
	put_le16(kernel + 0x1f4, 0);
	assert_false(bz_probe(kernel, KERNEL_LEN));
}

static void test_bad_headers(void **state)
{
	struct bz_header h;

	make_kernel(0x20f);
	for (size_t len = 1; len < 0x206; len++)
		assert_int_equal(parse(&h, len), E_BZ_HEADER);
	for (size_t len = 0x206; len < KERNEL_LEN - 600; len += 97)
		assert_true(parse(&h, len) < 0);
	assert_int_equal(parse(&h, 20000), E_BZ_HEADER);
	assert_non_null(strstr(error_text(), "cut"));

	make_kernel(0x20f);
	kernel[0x1f1] = 255;
	assert_int_equal(parse(&h, KERNEL_LEN), E_BZ_HEADER);
	make_kernel(0x20f);
	kernel[0x1f1] = 100; /* 51 KB of setup does not fit */
	assert_int_equal(parse(&h, KERNEL_LEN), E_BZ_HEADER);
	make_kernel(0x20f);
	put_le32(kernel + 0x230, 0x300001);
	assert_int_equal(parse(&h, KERNEL_LEN), E_BZ_HEADER);
	/* Rounded up to the alignment this address would become 0. */
	make_kernel(0x20f);
	put_le64(kernel + 0x258, UINT64_MAX - 5);
	assert_int_equal(parse(&h, KERNEL_LEN), E_BZ_HEADER);
	make_kernel(0x204);
	put_le32(kernel + 0x214, 0x90000);
	assert_int_equal(parse(&h, KERNEL_LEN), E_BZ_HEADER);
}

static void arguments(const char *cmdline, unsigned video, uint64_t limit)
{
	struct bz_arguments a;

	bz_parse_arguments(cmdline, &a);
	if (a.video != video || a.mem_limit != limit)
		print_error("%s: vga %x mem %llx\n", cmdline, a.video,
			    (unsigned long long)a.mem_limit);
	assert_int_equal(a.video, video);
	assert_true(a.mem_limit == limit);
}

static void test_arguments(void **state)
{
	arguments("", 0, UINT64_MAX);
	arguments("quiet vga=ask root=/dev/sda", 0xfffd, UINT64_MAX);
	arguments("vga=normal", 0xffff, UINT64_MAX);
	arguments("vga=0x317\tmem=64M", 0x317, 64 * MB);
	arguments("vga=791 mem=65536k x", 791, 64 * MB);
	arguments("mem=3G", 0, 3ull << 30);
	arguments("lowmem=2 xmem=5 highmem=7 xvga=1", 0, UINT64_MAX);
	arguments("mem=nopentium", 0, UINT64_MAX);
	arguments("mem=64M@1G mem= vga=", 0, UINT64_MAX);
	arguments("mem=99999999999999999999G", 0, UINT64_MAX);
	arguments("mem=16777216T", 0, UINT64_MAX);
	arguments("mem=0x4000000", 0, 64 * MB);
}

/* ---- Placement ---- */

static const struct memory_range usual[] = {
	{0, 0x9a000, 1, 1},
	{0x100000, 255 * MB, 1, 1},
	{0x100000000ull, 1024ull * MB, 1, 1},
};
static struct bz_plan plan;

static void plan_for(uint16_t version)
{
	memset(&plan, 0, sizeof(plan));
	make_kernel(version);
	assert_int_equal(bz_parse(kernel, KERNEL_LEN, &plan.header), 0);
	plan.arguments.mem_limit = UINT64_MAX;
	plan.ranges = usual;
	plan.range_count = ARRAY_SIZE(usual);
	plan.image = 200 * MB;
}

static void add_member(uint64_t source, uint32_t size, uint32_t header_len)
{
	plan.member[plan.member_count++] =
		(struct bz_member){.source = source, .size = size, .header_len = header_len};
}

static void test_place_relocatable(void **state)
{
	plan_for(0x20f);
	add_member(100 * MB, 5 * MB + 1, 0);
	add_member(110 * MB, 7, 112);
	assert_int_equal(bz_plan(&plan), 0);
	assert_int_equal(plan.real_base, 0x10000);
	assert_true(plan.load == 16 * MB);
	assert_int_equal(plan.member[1].offset, 5 * MB + 4);
	assert_true(plan.initrd_len == 5 * MB + 4 + 112 + 7);
	/* As high as RAM below 4 GB goes. */
	assert_true(plan.initrd + plan.initrd_len <= 256 * MB);
	assert_true(plan.initrd + plan.initrd_len > 256 * MB - 4096);
	assert_int_equal(plan.initrd % 4096, 0);
}

static void test_place_fixed(void **state)
{
	plan_for(0x204);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.load == 0x100000);
	assert_true(!plan.initrd && !plan.initrd_len);
}

/* Where the preferred address is no RAM, a relocatable kernel goes above it. */
static void test_hole(void **state)
{
	static const struct memory_range holes[] = {
		{0, 0x9a000, 1, 1}, {0x100000, 14 * MB, 1, 1}, {17 * MB, 60 * MB, 1, 1}};

	plan_for(0x20f);
	plan.ranges = holes;
	plan.range_count = ARRAY_SIZE(holes);
	plan.image = 60 * MB;
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.load == 18 * MB);
}

static void test_small_memory(void **state)
{
	static const struct memory_range small[] = {{0, 0x9a000, 1, 1}, {0x100000, 23 * MB, 1, 1}};

	plan_for(0x20f);
	plan.ranges = small;
	plan.range_count = ARRAY_SIZE(small);
	plan.image = 2 * MB;
	assert_int_equal(bz_plan(&plan), E_BZ_MEMORY);
	assert_non_null(strstr(error_text(), "30 MB"));

	plan_for(0x204);
	plan.ranges = small;
	plan.range_count = ARRAY_SIZE(small);
	plan.image = 2 * MB;
	add_member(4 * MB, 19 * MB, 4 * MB);
	assert_int_equal(bz_plan(&plan), E_BZ_INITRD_ROOM);
	assert_non_null(strstr(error_text(), "needs 23 MB"));
}

static void test_low_memory(void **state)
{
	static const struct memory_range full[] = {
		{0, 0x18000, 1, 1}, {0x30000, 0x20000, 1, 1}, {0x100000, 255 * MB, 1, 1}};

	plan_for(0x20f);
	plan.ranges = full;
	plan.range_count = ARRAY_SIZE(full);
	assert_int_equal(bz_plan(&plan), 0);
	assert_int_equal(plan.real_base, 0x30000);
	plan.ranges = full + 2;
	plan.range_count = 1;
	assert_int_equal(bz_plan(&plan), E_BZ_MEMORY);
}

static void test_initrd_limits(void **state)
{
	plan_for(0x20f);
	plan.header.initrd_max = 100 * MB - 1;
	add_member(200 * MB, 10 * MB, 8);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd + plan.initrd_len <= 100 * MB && plan.initrd >= 89 * MB);

	plan_for(0x20f);
	plan.arguments.mem_limit = 64 * MB;
	add_member(200 * MB, 10 * MB, 8);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd + plan.initrd_len <= 64 * MB && plan.initrd >= 53 * MB);

	/* Below the place where the kernel unpacks itself, when nothing else is left. */
	plan_for(0x20f);
	plan.arguments.mem_limit = 47 * MB;
	add_member(200 * MB, 10 * MB, 8);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd + plan.initrd_len <= 16 * MB && plan.initrd >= MB);

	plan_for(0x20f);
	plan.arguments.mem_limit = 47 * MB;
	add_member(200 * MB, 20 * MB, 8);
	assert_int_equal(bz_plan(&plan), E_BZ_INITRD_ROOM);
}

/* One plain initrd that lies well is not moved; one in the kernel's way is. */
static void test_in_place(void **state)
{
	plan_for(0x20f);
	add_member(100 * MB, 10 * MB + 1, 0);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd == 100 * MB);
	assert_int_equal(plan.moves.count, 1);

	plan_for(0x20f);
	add_member(40 * MB, 10 * MB, 0);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd > 46 * MB);

	plan_for(0x20f);
	add_member(100 * MB + 4, 10 * MB, 0);
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.initrd % 4096 == 0);
}

static void test_real_mode(void **state)
{
	static uint8_t real[BZ_REAL_SIZE];
	char cmdline[4096];

	plan_for(0x20f);
	add_member(100 * MB, 3 * MB, 0);
	bz_parse_arguments("vga=ext", &plan.arguments);
	assert_int_equal(bz_plan(&plan), 0);
	assert_int_equal(bz_real_mode(&plan, kernel, "vga=ext quiet", real), 0);
	assert_memory_equal(real, kernel, 0x1f1);
	assert_int_equal(get_le16(real + 0x1fa), 0xfffe);
	assert_int_equal(real[0x210], 0xff);
	assert_int_equal(real[0x211], 0x81);
	assert_int_equal(get_le32(real + 0x214), 16 * MB);
	assert_int_equal(get_le32(real + 0x218), 100 * MB);
	assert_int_equal(get_le32(real + 0x21c), 3 * MB);
	assert_int_equal(get_le16(real + 0x224), 0xde00);
	assert_int_equal(get_le32(real + 0x228), 0x1e000);
	assert_string_equal((char *)real + 0xe000, "vga=ext quiet");

	memset(cmdline, 'a', sizeof(cmdline));
	cmdline[2047] = 0;
	assert_int_equal(bz_real_mode(&plan, kernel, cmdline, real), 0);
	cmdline[2047] = 'a';
	cmdline[2048] = 0;
	assert_int_equal(bz_real_mode(&plan, kernel, cmdline, real), E_BZ_CMDLINE);
	assert_non_null(strstr(error_text(), "2048"));
}

/* Before 2.02, and as zImage: the setup part at 0x90000, the command line by a mark. */
static void test_old_kernels(void **state)
{
	static uint8_t real[BZ_REAL_SIZE];
	static const struct memory_range less[] = {{0, 0x98000, 1, 1}, {0x100000, 64 * MB, 1, 1}};

	plan_for(0x200);
	plan.header.loaded_high = false;
	assert_int_equal(bz_plan(&plan), 0);
	assert_true(plan.load == 0x10000 && plan.real_base == 0x90000);
	assert_int_equal(plan.heap_end, 0x9800);
	assert_int_equal(bz_real_mode(&plan, kernel, "auto", real), 0);
	assert_int_equal(get_le16(real + 0x20), 0xa33f);
	assert_int_equal(get_le16(real + 0x22), 0x9800);
	assert_int_equal(get_le16(real + 0x212), 0x9805);
	assert_string_equal((char *)real + 0x9800, "auto");
	assert_int_equal(get_le32(real + 0x214), 0x100000); /* not a load address there */

	plan_for(0x201);
	plan.ranges = less;
	plan.range_count = ARRAY_SIZE(less);
	add_member(32 * MB, 100, 0);
	assert_int_equal(bz_plan(&plan), 0);
	assert_int_equal(plan.heap_end, 0x7f00);
	assert_int_equal(bz_real_mode(&plan, kernel, "", real), 0);
	assert_int_equal(get_le16(real + 0x224), 0x7d00);
	assert_int_equal(real[0x211], 0x81);

	plan.header.setup_len = 0x7800;
	assert_int_equal(bz_plan(&plan), E_BZ_MEMORY);
	plan_for(0x200);
	plan.header.loaded_high = false;
	plan.header.protected_len = 0x80001;
	assert_int_equal(bz_plan(&plan), E_BZ_HEADER);
	plan_for(0x200);
	plan.header.version = 0;
	add_member(32 * MB, 100, 0);
	assert_int_equal(bz_plan(&plan), E_BZ_OLD);
}

/* ---- Moves ---- */

#define MODEL (64 * KB)
static uint8_t model[MODEL];
static const struct memory_range model_ranges[] = {{4096, MODEL - 4096, 1, 1}};

/* Carry @wanted out in the model and check that each block arrived. */
static bool moves_work(const struct move *wanted, unsigned count)
{
	static struct moves moves;
	static uint8_t before[MODEL];

	if (moves_plan(&moves, wanted, count, model_ranges, 1))
		return false;
	physical_memory = model;
	physical_memory_size = MODEL;
	for (unsigned i = 0; i < MODEL; i++)
		model[i] = (uint8_t)rand();
	memcpy(before, model, MODEL);
	moves_run(&moves);
	for (unsigned i = 0; i < count; i++)
		assert_memory_equal(model + wanted[i].dest, before + wanted[i].source,
				    wanted[i].size);
	return true;
}

static void test_swap(void **state)
{
	const struct move swap[] = {{8192, 16384, 8192}, {16384, 8192, 8192}};
	const struct move ring[] = {{8192, 12288, 4096}, {12288, 16384, 4096}, {16384, 8192, 4096}};
	const struct move chain[] = {
		{8192, 10000, 6000}, {20000, 8192, 1000}, {30000, 16000, 9000}};

	assert_true(moves_work(swap, 2));
	assert_true(moves_work(ring, 3));
	assert_true(moves_work(chain, 3));
}

/* A circle that fills memory cannot be opened, and says what is missing. */
static void test_no_scratch(void **state)
{
	const struct memory_range range[] = {{8192, 16384, 1, 1}};
	const struct move swap[] = {{8192, 16384, 8192}, {16384, 8192, 8192}};
	struct moves moves;

	assert_true(moves_plan(&moves, swap, 2, range, 1) == 8192);
}

/* Random layouts: disjoint sources, disjoint destinations, any overlap between the two. */
static void random_places(uint64_t *place, const uint64_t *size, unsigned count)
{
	unsigned order[12];
	uint64_t at = 4096 + (unsigned)rand() % 2000;

	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned j = (unsigned)rand() % i, swap = order[j];

		order[j] = order[i - 1];
		order[i - 1] = swap;
	}
	for (unsigned i = 0; i < count; i++) {
		place[order[i]] = at;
		at += size[order[i]] + (unsigned)rand() % 500;
	}
}

static void test_random_moves(void **state)
{
	unsigned solved = 0;

	srand(1);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned count = 1 + (unsigned)rand() % 12;
		uint64_t size[12], source[12], dest[12];
		struct move wanted[12];

		for (unsigned i = 0; i < count; i++)
			size[i] = (unsigned)rand() % 3000;
		random_places(source, size, count);
		random_places(dest, size, count);
		for (unsigned i = 0; i < count; i++)
			wanted[i] = (struct move){source[i], dest[i], size[i]};
		solved += moves_work(wanted, count);
	}
	assert_int_equal(solved, 3000);
}

/* The whole plan in a model of memory: kernel and initrds lie in each other's places. */
static void test_plan_moves_content(void **state)
{
	enum { SIZE = 8 * MB };
	static uint8_t memory[SIZE];
	static const struct memory_range ranges[] = {{0, 0x9a000, 1, 1}, {0x100000, 7 * MB, 1, 1}};

	plan_for(0x204);
	plan.ranges = ranges;
	plan.range_count = ARRAY_SIZE(ranges);
	plan.image = 8 * MB - 50000;
	memcpy(memory + plan.image, kernel, KERNEL_LEN);
	add_member(0x100000, 3 * MB, 0);
	add_member(0x100000 + 4 * MB, 2 * MB + 3, 116);
	memset(memory + 0x100000, 0x11, 3 * MB);
	memset(memory + 0x100000 + 4 * MB, 0x22, 2 * MB + 3);
	assert_int_equal(bz_plan(&plan), 0);
	physical_memory = memory;
	physical_memory_size = SIZE;
	moves_run(&plan.moves);
	assert_memory_equal(memory + 0x100000, kernel + 8192, KERNEL_LEN - 8192);
	for (unsigned i = 0; i < 3 * MB; i++)
		assert_int_equal(memory[plan.initrd + i], 0x11);
	for (unsigned i = 0; i < 2 * MB + 3; i++)
		assert_int_equal(memory[plan.initrd + plan.member[1].offset + 116 + i], 0x22);
}

/* ---- cpio ---- */

static void test_cpio_arguments(void **state)
{
	struct cpio_file file;
	char text[700];

	assert_int_equal(cpio_parse("/etc/x", &file), 0);
	assert_string_equal(file.path, "/etc/x");
	assert_int_equal(file.mode, 0644);
	assert_int_equal(file.mkdir, 0);
	assert_int_equal(cpio_parse("  /a/b mode=755  mkdir=-1 ", &file), 0);
	assert_int_equal(file.mode, 0755);
	assert_int_equal(file.mkdir, UINT32_MAX);
	assert_int_equal(cpio_parse("", &file), E_BZ_INITRD_ARGS);
	assert_int_equal(cpio_parse("a mode=9", &file), E_BZ_INITRD_ARGS);
	assert_int_equal(cpio_parse("a mkdir=x", &file), E_BZ_INITRD_ARGS);
	assert_int_equal(cpio_parse("a b", &file), E_BZ_INITRD_ARGS);
	memset(text, 'p', sizeof(text));
	text[699] = 0;
	assert_int_equal(cpio_parse(text, &file), E_BZ_INITRD_ARGS);
}

static void test_cpio_header(void **state)
{
	static const char expected[] =
		"07070100000000000041ed000000000000000000000002000000000000000000000000000000000000"
		"00000000000000000004"
		"00000000"
		"/et\0\0\0"
		"07070100000000000081ed000000000000000000000001000000000000303900000000000000000000"
		"0000"
		"0000000000000006"
		"00000000"
		"/et/x\0";
	struct cpio_file file;
	uint8_t out[600];
	size_t len;

	cpio_parse("/et/x mode=0755 mkdir=1", &file);
	len = cpio_header(&file, 12345, out, sizeof(out));
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(out, expected, len);
	memset(out, 0xee, sizeof(out));
	assert_int_equal(cpio_header(&file, 12345, out, 20), len);
	assert_int_equal(out[0], 0xee);
}

static unsigned count_entries(const char *arguments)
{
	struct cpio_file file;
	uint8_t out[8192];
	size_t len, i;
	unsigned count = 0;

	assert_int_equal(cpio_parse(arguments, &file), 0);
	len = cpio_header(&file, 1, out, sizeof(out));
	for (i = 0; i + 6 <= len; i++)
		count += !memcmp(out + i, "070701", 6);
	return count;
}

static void test_cpio_parents(void **state)
{
	assert_int_equal(count_entries("a/b/c/d"), 1);
	assert_int_equal(count_entries("a/b/c/d mkdir=2"), 3);
	assert_int_equal(count_entries("a/b/c/d mkdir=-1"), 4);
	assert_int_equal(count_entries("/a/b/c/d mkdir=9"), 4);
	assert_int_equal(count_entries("//a//b mkdir=-1"), 2);
	assert_int_equal(count_entries("x mkdir=-1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_header, setup),
		cmocka_unit_test_setup(test_old_header, setup),
		cmocka_unit_test_setup(test_ancient_header, setup),
		cmocka_unit_test_setup(test_bad_headers, setup),
		cmocka_unit_test_setup(test_arguments, setup),
		cmocka_unit_test_setup(test_place_relocatable, setup),
		cmocka_unit_test_setup(test_place_fixed, setup),
		cmocka_unit_test_setup(test_hole, setup),
		cmocka_unit_test_setup(test_small_memory, setup),
		cmocka_unit_test_setup(test_low_memory, setup),
		cmocka_unit_test_setup(test_initrd_limits, setup),
		cmocka_unit_test_setup(test_in_place, setup),
		cmocka_unit_test_setup(test_real_mode, setup),
		cmocka_unit_test_setup(test_old_kernels, setup),
		cmocka_unit_test_setup(test_swap, setup),
		cmocka_unit_test_setup(test_no_scratch, setup),
		cmocka_unit_test_setup(test_random_moves, setup),
		cmocka_unit_test_setup(test_plan_moves_content, setup),
		cmocka_unit_test_setup(test_cpio_arguments, setup),
		cmocka_unit_test_setup(test_cpio_header, setup),
		cmocka_unit_test_setup(test_cpio_parents, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
