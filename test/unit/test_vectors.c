/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/vectors.c: what guests leave in the interrupt vector table. */
#include "bios/vectors.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "test/host/host.h"

#define BIOS	 0xf000e987u
#define GUEST	 0x00007e00u
#define RESIDENT 0x96000010u
#define TIMER	 0x1c
#define BASE_KB	 600u /* a resident program lies between there and the low block */
#define MEMORY	 0x100000u

static int setup(void **state)
{
	static uint8_t memory[MEMORY];

	memset(memory, 0, sizeof(memory));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	put_le16(physical(BDA_BASE_MEMORY, 2), BASE_KB);
	for (unsigned i = 0; i < VECTORS; i++)
		set(i, BIOS);
	return 0;
}

static void forgotten_hook(void **state)
{
	struct vector_table before;

	vectors_guest_begins(&before);
	set(TIMER, GUEST);
	set(0, 0x00000600);
	vectors_guest_ended(&before);
	assert_int_equal(get(TIMER), BIOS);
	assert_int_equal(get(0), BIOS);
}

static void resident_program(void **state)
{
	struct vector_table before;

	vectors_guest_begins(&before);
	set(TIMER, RESIDENT);
	set(0x10, 0xc0000010);
	vectors_guest_ended(&before);
	assert_int_equal(get(TIMER), RESIDENT);
	assert_int_equal(get(0x10), 0xc0000010);
}

/* Raised by the guest, 40:13 no longer tells where its memory ended. */
static void base_memory_given_back(void **state)
{
	struct vector_table before;

	vectors_guest_begins(&before);
	set(TIMER, GUEST);
	put_le16(physical(BDA_BASE_MEMORY, 2), 640);
	set(0x13, (host_low_block_start >> 4) << 16);
	vectors_guest_ended(&before);
	assert_int_equal(get(TIMER), BIOS);
	assert_int_equal(get(0x13), (host_low_block_start >> 4) << 16);
}

static void guest_inside_of_a_guest(void **state)
{
	struct vector_table outer, inner;

	vectors_guest_begins(&outer);
	set(TIMER, GUEST);
	vectors_guest_begins(&inner);
	assert_int_equal(get(TIMER), BIOS);
	set(TIMER, GUEST + 0x100);
	set(8, GUEST);
	vectors_guest_ended(&inner);
	assert_int_equal(get(TIMER), GUEST);
	assert_int_equal(get(8), BIOS);
	vectors_guest_ended(&outer);
	assert_int_equal(get(TIMER), BIOS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(forgotten_hook, setup),
		cmocka_unit_test_setup(resident_program, setup),
		cmocka_unit_test_setup(base_memory_given_back, setup),
		cmocka_unit_test_setup(guest_inside_of_a_guest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
