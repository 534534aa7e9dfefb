/* SPDX-License-Identifier: BSD-2-Clause */
/* san/cache.c and san/block.c over a disk in memory behind a slow wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "san/cache.h"
#include "test/host/block.h"
#include "test/host/host.h"
#include <cmocka.h>

#define BLOCKS 65536u /* 32 MB of 512 bytes */
#define WINDOW (2u << 20)

static uint8_t *data;
static struct host_block disk;
static struct block_cache *cache;
static uint8_t buffer[4 << 20];

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	host_turn_us = 20;
	srand(1);
	data = malloc(BLOCKS * 512);
	for (unsigned i = 0; i < BLOCKS * 512 / 4; i++)
		((uint32_t *)data)[i] = i * 2654435761u;
	host_block_init(&disk, data, BLOCKS, 512);
	cache = cache_create(&disk.dev, WINDOW);
	return cache ? 0 : -1;
}

static int teardown(void **state)
{
	cache_destroy(cache);
	cache = NULL;
	free(data);
	return host_heap_used() || disk.pending;
}

static void read_ok(uint64_t lba, uint32_t count)
{
	memset(buffer, 0xee, count * 512);
	assert_int_equal(cache_read(cache, lba, count, buffer), 0);
	assert_memory_equal(buffer, data + lba * 512, count * 512);
}

/* Microseconds for reading @total blocks in calls of @count. */
static uint64_t time_sequential(uint32_t total, uint32_t count)
{
	uint64_t start = clock_us();

	for (uint32_t lba = 0; lba + count <= total; lba += count)
		read_ok(lba, count);
	return clock_us() - start;
}

static void test_sequential_hides_delay(void **state)
{
	uint64_t with, without;

	disk.latency_us = 20000;
	disk.bytes_per_ms = 118000;
	with = time_sequential(32768, 127);
	cache_destroy(cache);
	cache = cache_create(&disk.dev, 0);
	without = time_sequential(32768, 127);
	print_message("20 ms: %u ms with read-ahead, %u ms without\n", (unsigned)(with / 1000),
		      (unsigned)(without / 1000));
	assert_true(without >= 10 * with);
}

static void test_sector_at_a_time(void **state)
{
	disk.latency_us = 200;
	for (unsigned lba = 0; lba < 8192; lba++)
		read_ok(lba, 1);
	assert_true(disk.logged <= 8192 / 128 + 40);
	assert_true(cache_stats(cache)->hit_blocks >= 8190);
}

static void test_random_reads_pay_nothing(void **state)
{
	for (unsigned i = 0; i < 500; i++)
		read_ok((uint32_t)rand() % (BLOCKS - 8) & ~15u, 8);
	assert_int_equal(cache_stats(cache)->ahead_blocks, 0);
	assert_int_equal(disk.logged, 500);
	for (unsigned i = 0; i < disk.logged; i++)
		assert_int_equal(disk.log[i].count, 8);
}

static void test_demand_goes_first(void **state)
{
	disk.latency_us = 1000;
	read_ok(100, 64);
	read_ok(164, 64);
	assert_int_equal(disk.log[0].lba, 100);
	assert_int_equal(disk.log[1].lba, 164);
	assert_int_equal(disk.log[1].count, 64);
	assert_true(disk.logged > 2);
	assert_int_equal(disk.log[2].lba, 228); /* read-ahead begins where the reader stands */
	assert_int_equal(disk.log[2].count, 256 - 228);
}

static void test_window_grows_only_when_waited_for(void **state)
{
	/* A slow reader on a fast network: everything has arrived when it comes. */
	for (unsigned lba = 0; lba < 16384; lba += 64) {
		read_ok(lba, 64);
		host_clock_advance_ms(5);
	}
	assert_true(disk.pending_max <= 3);
	/* A fast reader on a slow network. */
	disk.latency_us = 10000;
	for (unsigned lba = 16384; lba < 49152; lba += 64)
		read_ok(lba, 64);
	assert_true(disk.pending_max >= 16);
}

static void test_two_streams(void **state)
{
	disk.latency_us = 500;
	for (unsigned i = 0; i < 200; i++) {
		read_ok(i * 32, 32);
		read_ok(40000 + i * 16, 16);
		if (i % 10 == 0)
			read_ok((unsigned)rand() % 8192 + 50000, 8);
	}
	assert_true(cache_stats(cache)->missed_blocks < 1000);
	assert_true(cache_stats(cache)->wasted_blocks == 0);
}

static void test_end_of_disk(void **state)
{
	disk.latency_us = 100;
	for (unsigned lba = BLOCKS - 300; lba + 7 <= BLOCKS; lba += 7)
		read_ok(lba, 7);
	read_ok(BLOCKS - 1, 1);
	for (unsigned i = 0; i < disk.logged; i++)
		assert_true(disk.log[i].lba + disk.log[i].count <= BLOCKS);
}

static void write_ok(uint64_t lba, uint32_t count, uint8_t value)
{
	uint8_t *p = malloc(count * 512);

	memset(p, value, count * 512);
	assert_int_equal(cache_write(cache, lba, count, p), 0);
	assert_memory_equal(data + lba * 512, p, count * 512); /* it is on the disk */
	free(p);
}

static void test_write_updates_cache(void **state)
{
	read_ok(0, 64);
	read_ok(64, 64);
	read_ok(128, 8); /* in the cache from here */
	unsigned before = disk.logged;

	write_ok(130, 4, 0x55);
	read_ok(128, 16);
	assert_int_equal(disk.log[before].op, BLOCK_WRITE);
	/* Still answered from memory: at most further read-ahead was submitted. */
	for (unsigned i = before + 1; i < disk.logged; i++)
		assert_true(disk.log[i].lba >= 256);
}

static void test_write_races_read_ahead(void **state)
{
	disk.latency_us = 5000;
	read_ok(0, 64);
	read_ok(64, 64); /* reads ahead 128…255 */
	write_ok(130, 1, 0x77);
	read_ok(128, 8);
	read_ok(136, 100);
}

static void test_failed_write_invalidates(void **state)
{
	read_ok(0, 64);
	read_ok(64, 64);
	read_ok(128, 8);
	disk.fail_rc = E_TIMEOUT;
	disk.fail_lba = 200;
	assert_int_equal(cache_write(cache, 199, 3, buffer), E_TIMEOUT);
	disk.fail_rc = 0;
	memset(data + 199 * 512, 0x11, 3 * 512); /* what the disk really holds now */
	read_ok(196, 8);
}

static void test_failed_read_ahead_is_harmless(void **state)
{
	disk.latency_us = 1000;
	disk.fail_rc = E_TIMEOUT;
	disk.fail_lba = 250;
	read_ok(0, 64);
	read_ok(64, 64);
	read_ok(128, 64); /* its read-ahead, 128 to 255, fails as a whole */
	assert_int_equal(cache_read(cache, 192, 64, buffer), E_TIMEOUT);
	disk.fail_rc = 0;
	read_ok(192, 64);
}

static void test_large_read_is_direct(void **state)
{
	read_ok(1000, 4096);
	assert_int_equal(disk.logged, 4);
	assert_int_equal(disk.log[0].count, 1024);
	assert_int_equal(cache_stats(cache)->ahead_blocks, 0);
	read_ok(5096, 8192); /* larger than all lines together */
}

static void test_little_memory(void **state)
{
	cache_destroy(cache);
	host_heap_limit(600 * 1024);
	cache = cache_create(&disk.dev, WINDOW);
	assert_non_null(cache);
	assert_int_equal(cache_memory(cache), 0);
	time_sequential(2048, 16);
	cache_destroy(cache);
	host_heap_limit(2 << 20);
	cache = cache_create(&disk.dev, WINDOW);
	assert_true(cache_memory(cache) && cache_memory(cache) <= 512 * 1024);
	disk.latency_us = 300;
	time_sequential(8192, 16);
	cache_destroy(cache);
	host_heap_limit(0);
	host_heap_fail(1, true);
	cache = cache_create(&disk.dev, WINDOW);
	assert_null(cache);
	host_heap_fail(0, false);
}

static void test_turned_off(void **state)
{
	cache_destroy(cache);
	cache = cache_create(&disk.dev, 0);
	time_sequential(4096, 16);
	assert_int_equal(disk.logged, 256);
	assert_int_equal(cache_memory(cache), 0);
}

static void test_destroy_cancels(void **state)
{
	disk.latency_us = 1000;
	disk.bytes_per_ms = 10000;
	read_ok(0, 64);
	read_ok(64, 64);
	assert_true(disk.pending > 0);
	cache_destroy(cache);
	cache = NULL;
	assert_int_equal(disk.pending, 0);
	assert_true(disk.cancelled > 0);
}

static void test_ctrl_c(void **state)
{
	disk.latency_us = 10000000;
	host_keys("\x03");
	assert_int_equal(cache_read(cache, 0, 2048, buffer), E_CANCELLED);
	assert_int_equal(disk.pending, 0);
	host_keys("\x03");
	assert_int_equal(block_run(&disk.dev, BLOCK_WRITE, 0, 8, buffer), E_CANCELLED);
	assert_int_equal(disk.pending, 0);
}

static void test_block_run(void **state)
{
	disk.dev.max_blocks = 16;
	assert_int_equal(block_run(&disk.dev, BLOCK_READ, 5, 1000, buffer), 0);
	assert_memory_equal(buffer, data + 5 * 512, 1000 * 512);
	assert_int_equal(disk.logged, 63);
	assert_true(disk.pending_max == BLOCK_BATCH);
	assert_int_equal(block_run(&disk.dev, BLOCK_READ, BLOCKS, 1, buffer), E_SAN_OUT_OF_RANGE);
	assert_int_equal(block_run(&disk.dev, BLOCK_READ, BLOCKS - 1, 2, buffer),
			 E_SAN_OUT_OF_RANGE);
	assert_int_equal(block_run(&disk.dev, BLOCK_READ, UINT64_MAX, UINT32_MAX, buffer),
			 E_SAN_OUT_OF_RANGE);
	assert_int_equal(block_run(&disk.dev, BLOCK_FLUSH, 0, 0, NULL), 0);
	assert_int_equal(block_run(&disk.dev, BLOCK_READ, 3, 0, buffer), 0);
}

/* Readers and writers of all kinds, completion in any order: memory and disk never disagree. */
static void test_coherence(void **state)
{
	disk.latency_us = 300;
	disk.shuffle = true;
	disk.dev.max_blocks = 96;
	unsigned next = 0;

	for (unsigned i = 0; i < 6000; i++) {
		uint32_t count = 1 + (uint32_t)rand() % (rand() % 8 ? 64 : 700);
		uint32_t lba = (uint32_t)rand() % 4096;

		if (rand() % 3)
			lba = next; /* mostly sequential */
		if (lba > 8192)
			lba = 0;
		if (rand() % 5 == 0)
			write_ok(rand() % 2 ? lba : lba + (uint32_t)rand() % 200, 1 + count % 40,
				 (uint8_t)rand());
		else
			read_ok(lba, count);
		next = lba + count;
	}
}

static void test_other_block_sizes(void **state)
{
	static const uint32_t sizes[] = {2048, 4096};

	for (unsigned i = 0; i < 2; i++) {
		uint32_t size = sizes[i];

		cache_destroy(cache);
		host_block_init(&disk, data, BLOCKS * 512 / size, size);
		disk.latency_us = 200;
		cache = cache_create(&disk.dev, WINDOW);
		for (unsigned lba = 3; lba < 1000; lba += 5) {
			assert_int_equal(cache_read(cache, lba, 5, buffer), 0);
			assert_memory_equal(buffer, data + (size_t)lba * size, 5 * size);
		}
		assert_true(cache_stats(cache)->hit_blocks > 900);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_sequential_hides_delay),
		T(test_sector_at_a_time),
		T(test_random_reads_pay_nothing),
		T(test_demand_goes_first),
		T(test_window_grows_only_when_waited_for),
		T(test_two_streams),
		T(test_end_of_disk),
		T(test_write_updates_cache),
		T(test_write_races_read_ahead),
		T(test_failed_write_invalidates),
		T(test_failed_read_ahead_is_harmless),
		T(test_large_read_is_direct),
		T(test_little_memory),
		T(test_turned_off),
		T(test_destroy_cancels),
		T(test_ctrl_c),
		T(test_block_run),
		T(test_coherence),
		T(test_other_block_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
