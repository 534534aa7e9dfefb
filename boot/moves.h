/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving blocks of memory whose sources and destinations overlap each other. */
#ifndef BOOT_MOVES_H
#define BOOT_MOVES_H

#include "lib/base.h"
#include "bios/memmap.h"

#define MOVES_MAX 128

struct move {
	uint64_t source, dest, size;
};

struct moves {
	struct move move[3 * MOVES_MAX]; /* in the order of execution */
	unsigned count;
};

/** Do [a, a+a_size) and [b, b+b_size) share a byte? */
bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size);
/** Does [base, base+size) lie inside one of @ranges? */
bool ranges_contain(const struct memory_range *ranges, unsigned count, uint64_t base,
		    uint64_t size);
/** Those of @ranges where blocks may be put aside, between 1 MB and 4 GB, in @high (MEMMAP_MAX);
 * how many. */
unsigned moves_high_ranges(const struct memory_range *ranges, unsigned count,
			   struct memory_range *high);
/**
 * Order @wanted (disjoint sources, disjoint destinations) so that no move
 * destroys what a later one needs. Where they wait for each other in a circle,
 * the smallest goes first to free memory within @ranges, which is joined by
 * packing the sources when need be. Returns 0, or how many bytes of free memory
 * in one piece were missing.
 */
uint64_t moves_plan(struct moves *moves, const struct move *wanted, unsigned count,
		    const struct memory_range *ranges, unsigned range_count);
/** Do it. */
void moves_run(const struct moves *moves);

#endif
