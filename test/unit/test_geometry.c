/* SPDX-License-Identifier: BSD-2-Clause */
/* san/geometry.c: partition tables as real programs write them, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "san/geometry.h"
#include <cmocka.h>

static uint8_t sector[512];

static void blank(void)
{
	memset(sector, 0, sizeof(sector));
	put_le16(sector + 510, 0xaa55);
}

static void chs(uint8_t *p, unsigned cylinder, unsigned head, unsigned sec)
{
	p[0] = (uint8_t)head;
	p[1] = (uint8_t)(sec | (cylinder >> 2 & 0xc0));
	p[2] = (uint8_t)cylinder;
}

/* Entry @i from @start to @end (LBA), its CHS fields as a program with this geometry writes them.
 */
static void entry(unsigned i, uint32_t start, uint32_t end, unsigned heads, unsigned sectors)
{
	uint8_t *p = sector + 446 + 16 * i;
	uint32_t lba[2] = {start, end};

	p[4] = 0x83;
	for (unsigned k = 0; k < 2; k++) {
		uint32_t c = lba[k] / (heads * sectors);

		if (c > 1023)
			chs(p + 1 + 4 * k, 1023, heads - 1, sectors);
		else
			chs(p + 1 + 4 * k, c, lba[k] / sectors % heads, lba[k] % sectors + 1);
	}
	put_le32(p + 8, start);
	put_le32(p + 12, end - start + 1);
}

static void expect(uint64_t blocks, unsigned heads, unsigned sectors, unsigned cylinders)
{
	struct geometry g = {0};

	geometry_guess(sector, blocks, &g);
	assert_int_equal(g.heads, heads);
	assert_int_equal(g.sectors, sectors);
	assert_int_equal(g.cylinders, cylinders);
}

static void test_no_table(void **state)
{
	memset(sector, 0, sizeof(sector));
	expect(41943040, 255, 63, 1024);
	expect(204800, 255, 63, 12);
	expect(100, 255, 63, 1);
	expect(0, 255, 63, 1);
	expect(UINT64_MAX, 255, 63, 1024);
	blank();
	expect(204800, 255, 63, 12);
}

static void test_whole_cylinders(void **state)
{
	blank();
	entry(0, 63, 63 + 1000 * 16 * 63 - 64, 16, 63);
	expect(1024 * 16 * 63, 16, 63, 1024);
	blank();
	entry(0, 32, 64 * 32 * 50 - 1, 64, 32);
	expect(204800, 64, 32, 100);
	blank();
	entry(1, 2048, 41943039, 255, 63);
	expect(41943040, 255, 63, 1024);
}

static void test_unaligned_end(void **state)
{
	/* The largest head and sector of this table are too small: a modern partition of 255/63. */
	blank();
	entry(0, 2048, 2048 + 12345, 255, 63);
	expect(204800, 255, 63, 12);
	blank();
	entry(0, 2048, 99999, 16, 63);
	expect(204800, 16, 63, 203);
}

static void test_gpt(void **state)
{
	uint8_t *p = sector + 446;

	blank();
	p[4] = 0xee;
	chs(p + 1, 0, 0, 2);
	p[5] = p[6] = p[7] = 0xff;
	put_le32(p + 8, 1);
	put_le32(p + 12, 0xffffffff);
	expect(1ull << 33, 255, 63, 1024);
}

static void test_saturated_only(void **state)
{
	uint8_t *p = sector + 446;

	blank();
	p[4] = 0x83;
	chs(p + 1, 1023, 239, 63);
	chs(p + 5, 1023, 239, 63);
	put_le32(p + 8, 30000000);
	put_le32(p + 12, 1000000);
	expect(1ull << 26, 240, 63, 1024);
	chs(p + 1, 1023, 9, 7);
	chs(p + 5, 1023, 9, 7);
	expect(1ull << 26, 255, 63, 1024);
}

static void test_contradictions(void **state)
{
	/* Written under two geometries: believe none. */
	blank();
	entry(0, 63, 63 + 100 * 16 * 63 - 64, 16, 63);
	entry(1, 300000, 400000, 255, 63);
	expect(1000000, 255, 63, 62);
	/* A file system's boot sector: code where the table would be. */
	blank();
	memset(sector + 446, 0xb8, 64);
	expect(204800, 255, 63, 12);
	/* Sector number 0, length 0, type 0. */
	blank();
	entry(0, 63, 16064, 16, 63);
	sector[446 + 2] = 0;
	sector[446 + 6] = 0;
	expect(204800, 255, 63, 12);
}

static void test_always_sane(void **state)
{
	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		struct geometry g;
		uint64_t blocks = (uint64_t)rand() << (rand() % 33);

		for (unsigned k = 446; k < 510; k++)
			sector[k] = (uint8_t)rand();
		for (unsigned k = 0; k < 4; k++)
			sector[446 + 16 * k] &= 0x80;
		put_le16(sector + 510, 0xaa55);
		geometry_guess(sector, blocks, &g);
		assert_in_range(g.heads, 1, 255);
		assert_in_range(g.sectors, 1, 63);
		assert_in_range(g.cylinders, 1, 1024);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_table),       cmocka_unit_test(test_whole_cylinders),
		cmocka_unit_test(test_unaligned_end),  cmocka_unit_test(test_gpt),
		cmocka_unit_test(test_saturated_only), cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_always_sane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
