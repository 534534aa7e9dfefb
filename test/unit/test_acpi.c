/* SPDX-License-Identifier: BSD-2-Clause */
/* acpi/acpi.c: publishing the iBFT in a made-up machine's tables, and putting everything back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "acpi/ibft.h"
#include "bios/heap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "test/host/host.h"
#include <cmocka.h>

#define MEMORY	  0x200000u
#define IBFT_HOME 0x9e000u
#define TABLES	  0x180000u /* what the firmware reserved for its tables */
#define RSDP	  0xf5a40u
#define RSDT	  (TABLES + 0x1000)
#define XSDT	  (TABLES + 0x2000)
#define FADT	  (TABLES + 0x100)
#define DSDT	  (TABLES + 0x300)
#define FACS	  (TABLES + 0x240)

static uint8_t *memory;
static uint8_t before[MEMORY];
static struct ibft_params params;

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	return s;
}

static void table(uint32_t at, const char *signature, uint32_t len)
{
	memcpy(memory + at, signature, 4);
	put_le32(memory + at + 4, len);
	memory[at + 9] = 0;
	memory[at + 9] = (uint8_t)-sum(memory + at, len);
}

static void rsdp(uint32_t at, uint8_t revision)
{
	uint8_t *p = memory + at;

	memcpy(p, "RSD PTR ", 8);
	p[15] = revision;
	put_le32(p + 16, RSDT);
	p[8] = (uint8_t)-sum(p, 20);
	if (revision < 2)
		return;
	put_le32(p + 20, 36);
	put_le64(p + 24, XSDT);
	p[32] = (uint8_t)-sum(p, 36);
}

static int setup(void **state)
{
	static const struct memory_range map[] = {
		{0, 0x9fc00, 1, 1},
		{0xf0000, 0x10000, 2, 1},
		{0x100000, 0x80000, 1, 1},
		{TABLES, 0x10000, 3, 1},
	};

	host_reset();
	host_memmap_set(map, ARRAY_SIZE(map));
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	physical_memory = memory;
	physical_memory_size = MEMORY;
	put_le32(memory + FADT + 36, FACS);
	put_le32(memory + FADT + 40, DSDT);
	memcpy(memory + FACS, "FACS", 4);
	put_le32(memory + FACS + 4, 64);
	table(DSDT, "DSDT", 0x200);
	table(FADT, "FACP", 0x74);
	put_le32(memory + RSDT + 36, FADT);
	table(RSDT, "RSDT", 40);
	put_le64(memory + XSDT + 36, FADT);
	table(XSDT, "XSDT", 44);
	rsdp(RSDP, 2);
	memset(&params, 0, sizeof(params));
	strcpy(params.initiator, "iqn.i");
	params.target_count = 1;
	strcpy(params.target[0].name, "iqn.t");
	memcpy(before, memory, MEMORY);
	return 0;
}

static int teardown(void **state)
{
	acpi_withdraw_ibft();
	physical_memory = NULL;
	physical_memory_size = 0;
	munmap(memory, MEMORY);
	return host_heap_used() != 0;
}

/* The last entry of the root table at @root. */
static uint64_t last_entry(const uint8_t *root, unsigned size)
{
	uint32_t len = get_le32(root + 4);

	assert_int_equal(sum(root, len), 0);
	return size == 8 ? get_le64(root + len - 8) : get_le32(root + len - 4);
}

static void assert_restored(void)
{
	acpi_withdraw_ibft();
	assert_memory_equal(memory, before, MEMORY);
	assert_int_equal(acpi_scan_ibft(0), 0);
}

static void test_root_pointer_turned(void **state)
{
	const uint8_t *rsdt, *xsdt;
	size_t len;

	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_int_equal(acpi_scan_ibft(0), IBFT_HOME);
	assert_ptr_equal(acpi_ibft(&len), memory + IBFT_HOME);
	assert_int_equal(len, get_le32(memory + IBFT_HOME + 4));
	assert_true(acpi_ibft_listed());
	assert_int_equal(sum(memory + RSDP, 20), 0);
	assert_int_equal(sum(memory + RSDP, 36), 0);
	/* The copies lie in the heap: reached by the address that was written. */
	rsdt = physical_memory + (int32_t)get_le32(memory + RSDP + 16);
	xsdt = physical_memory + (int32_t)get_le64(memory + RSDP + 24);
	assert_int_equal(get_le32(rsdt + 4), 44);
	assert_int_equal(get_le32(rsdt + 36), FADT);
	assert_int_equal(last_entry(rsdt, 4), IBFT_HOME);
	assert_int_equal(get_le32(xsdt + 4), 52);
	assert_int_equal(last_entry(xsdt, 8), IBFT_HOME);
	assert_memory_equal(memory + RSDT, before + RSDT, 0x2000); /* the originals are untouched */
	assert_restored();
}

/* No memory for copies stands for a root pointer in ROM: the tables grow in place. */
static void test_root_grows_in_place(void **state)
{
	host_heap_fail(1, true);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_true(acpi_ibft_listed());
	assert_memory_equal(memory + RSDP, before + RSDP, 36);
	assert_int_equal(get_le32(memory + RSDT + 4), 44);
	assert_int_equal(last_entry(memory + RSDT, 4), IBFT_HOME);
	assert_int_equal(get_le32(memory + XSDT + 4), 52);
	assert_int_equal(last_entry(memory + XSDT, 8), IBFT_HOME);
	assert_restored();
}

static void grow_refused(void)
{
	memcpy(before, memory, MEMORY);
	host_heap_fail(1, true);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_false(acpi_ibft_listed());
	assert_int_equal(acpi_scan_ibft(0), IBFT_HOME); /* the scan always works */
	assert_restored();
}

static void test_no_room_behind(void **state)
{
	memory[RSDT + 42] = 1;
	memory[XSDT + 50] = 1;
	grow_refused();
}

static void test_table_behind_starts_with_zeroes(void **state)
{
	/* A table that FADT names lies just behind both; its header is not telling. */
	rsdp(RSDP, 0);
	put_le32(memory + FADT + 36, RSDT + 40);
	put_le32(memory + RSDT + 44, 64);
	table(FADT, "FACP", 0x74);
	grow_refused();
}

static void test_root_in_ordinary_memory(void **state)
{
	static const struct memory_range map[] = {{0, 0x9fc00, 1, 1}, {0x100000, 0x100000, 1, 1}};

	host_memmap_set(map, ARRAY_SIZE(map));
	grow_refused();
}

static void test_acpi_1(void **state)
{
	memset(memory + RSDP, 0, 36);
	rsdp(RSDP, 0);
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_true(acpi_ibft_listed());
	assert_int_equal(sum(memory + RSDP, 20), 0);
	assert_memory_equal(memory + RSDP + 20, before + RSDP + 20, 16);
	assert_restored();
}

static void test_ebda_first(void **state)
{
	put_le16(memory + BDA_EBDA, 0x9f80);
	rsdp(0x9f810, 2);
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_memory_equal(memory + RSDP, before + RSDP, 36);
	assert_int_not_equal(get_le32(memory + 0x9f810 + 16), RSDT);
	assert_restored();
}

static void test_damaged_tables(void **state)
{
	memory[RSDT + 36]++; /* checksums are wrong now */
	memory[XSDT + 36]++;
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_false(acpi_ibft_listed());
	assert_restored();
	memory[RSDP + 9]++;
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_false(acpi_ibft_listed());
	assert_restored();
	rsdp(RSDP, 2);
	put_le32(memory + RSDT + 4, 0xffffffff);
	put_le32(memory + XSDT + 4, 8);
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_restored();
}

static void test_somebody_else_changed_it(void **state)
{
	assert_int_equal(acpi_publish_ibft(&params), 0);
	memory[RSDP + 16] ^= 0x80; /* his root table now, not ours to restore */
	memcpy(before, memory, MEMORY);
	acpi_withdraw_ibft();
	assert_memory_equal(memory + RSDP, before + RSDP, 36);
}

static void test_publish_again(void **state)
{
	assert_int_equal(acpi_publish_ibft(&params), 0);
	strcpy(params.target[0].name, "iqn.longer-than-before");
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_restored();
}

static void test_failure_leaves_none(void **state)
{
	assert_int_equal(acpi_publish_ibft(&params), 0);
	params.initiator[0] = '\0';
	assert_int_equal(acpi_publish_ibft(&params), E_IBFT_INCOMPLETE);
	assert_memory_equal(memory, before, MEMORY);
}

static void test_others_tables(void **state)
{
	memcpy(memory + 0x88000, "iBFT", 4);
	put_le32(memory + 0x88000 + 4, 200);
	memcpy(before, memory, MEMORY);
	assert_int_equal(acpi_publish_ibft(&params), 0);
	assert_non_null(strstr(host_output(), "another iBFT lies at 0x88000"));
	assert_int_equal(acpi_scan_ibft(0x88001), IBFT_HOME);
	acpi_withdraw_ibft();
	assert_memory_equal(memory, before, MEMORY);
	/* What only looks like one, or lies where nobody looks. */
	put_le32(memory + 0x88000 + 4, 0x200000);
	memcpy(memory + 0xa0000, "iBFT\xc8\0\0\0", 8);
	memcpy(memory + 0x90008, "iBFT\xc8\0\0\0", 8);
	memcpy(memory + 0x7fff0, "iBFT\xc8\0\0\0", 8);
	assert_int_equal(acpi_scan_ibft(0), 0);
	memcpy(memory + 0xffff0, "iBFT\x10\0\0\0", 8);
	assert_int_equal(acpi_scan_ibft(0), 0);
}

static void test_no_place(void **state)
{
	physical_memory_size = 0x1000; /* low_ibft() has nothing to give */
	assert_int_equal(acpi_publish_ibft(&params), E_IBFT_LOW_MEMORY);
	assert_non_null(strstr(error_text(), "0x80000"));
	physical_memory_size = MEMORY;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_root_pointer_turned),
		T(test_root_grows_in_place),
		T(test_no_room_behind),
		T(test_table_behind_starts_with_zeroes),
		T(test_root_in_ordinary_memory),
		T(test_acpi_1),
		T(test_ebda_first),
		T(test_damaged_tables),
		T(test_somebody_else_changed_it),
		T(test_publish_again),
		T(test_failure_leaves_none),
		T(test_others_tables),
		T(test_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
