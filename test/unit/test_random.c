/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers: seeds matter, requests of any size, nothing repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/random.h"

static void two_calls_differ(void **state)
{
	uint8_t a[32], b[32];

	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_not_equal(random_u32(), random_u32());
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
	uint32_t a, b;

	random_deterministic(5);
	a = random_u32();
	random_deterministic(5);
	assert_int_equal(random_u32(), a);
	random_deterministic(6);
	b = random_u32();
	assert_int_not_equal(a, b);
}

static void seeding_changes_what_follows(void **state)
{
	uint32_t a;

	random_deterministic(5);
	random_seed("", 0);
	a = random_u32();
	random_deterministic(5);
	random_seed("mac", 3);
	assert_int_not_equal(random_u32(), a);
}

static void every_byte_is_written_and_no_more(void **state)
{
	uint8_t seen[70] = {0}, buffer[80];

	for (unsigned round = 0; round < 20; round++) {
		memset(buffer, 0, sizeof(buffer));
		random_bytes(buffer + 5, 70);
		for (unsigned i = 0; i < 70; i++)
			seen[i] |= buffer[5 + i];
		assert_int_equal(buffer[4], 0);
		assert_int_equal(buffer[75], 0);
	}
	for (unsigned i = 0; i < 70; i++)
		assert_int_not_equal(seen[i], 0);
	random_bytes(buffer, 0);
}

static void bits_are_even(void **state)
{
	unsigned ones = 0;

	for (unsigned i = 0; i < 10000; i++)
		ones += (unsigned)__builtin_popcount(random_u32());
	assert_in_range(ones, 160000 - 2000, 160000 + 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_calls_differ),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(seeding_changes_what_follows),
		cmocka_unit_test(every_byte_is_written_and_no_more),
		cmocka_unit_test(bits_are_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
