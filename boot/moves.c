/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving blocks of memory whose sources and destinations overlap each other.
 *
 * A move may run when its destination holds no source that still waits (its own
 * excepted: memmove). As long as one such move exists the rest stays solvable.
 * When none does, the waiting ones form at least one circle; taking any member
 * that stands in another's way to scratch memory opens it. Each block goes to
 * scratch at most once, so the plan ends.
 *
 * Scratch must be clear of everything, so that a nearly full memory may have
 * none in one piece. Then the sources are first pushed together at the top of
 * their ranges, the highest first, which is safe in any memory.
 */
#include "boot/moves.h"
#include "bios/physical.h"

#define PAGE	 4096u
#define HIGH	 0x100000u
#define BELOW_4G 0x100000000ull

/* A wanted move on its way into the plan. */
struct pending {
	struct move move;
	bool done, parked;
};

bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

bool ranges_contain(const struct memory_range *ranges, unsigned count, uint64_t base, uint64_t size)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (base >= ranges[i].base && size <= ranges[i].length &&
		    base - ranges[i].base <= ranges[i].length - size)
			return true;
	}
	return false;
}

unsigned moves_high_ranges(const struct memory_range *ranges, unsigned count,
			   struct memory_range *high)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count && kept < MEMMAP_MAX; i++) {
		if (ranges[i].base >= HIGH && ranges[i].base + ranges[i].length <= BELOW_4G)
			high[kept++] = ranges[i];
	}
	return kept;
}

static void emit(struct moves *moves, uint64_t source, uint64_t dest, uint64_t size)
{
	if (source != dest && size)
		moves->move[moves->count++] = (struct move){source, dest, size};
}

/* Would running @p destroy the source of another that waits? */
static bool is_blocked(const struct pending *p, const struct pending *all, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (&all[i] != p && !all[i].done &&
		    ranges_overlap(p->move.dest, p->move.size, all[i].move.source,
				   all[i].move.size))
			return true;
	}
	return false;
}

/* Does the source of @p lie where another one waits to go? */
static bool is_in_the_way(const struct pending *p, const struct pending *all, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (&all[i] != p && !all[i].done &&
		    ranges_overlap(all[i].move.dest, all[i].move.size, p->move.source,
				   p->move.size))
			return true;
	}
	return false;
}

static bool run_one(struct moves *moves, struct pending *all, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		struct pending *p = &all[i];

		if (p->done || is_blocked(p, all, count))
			continue;
		emit(moves, p->move.source, p->move.dest, p->move.size);
		p->done = true;
		return true;
	}
	return false;
}

/* Lowest address that is taken within [base, base+size), as limit for the next try below; or
 * UINT64_MAX when all of it is free. */
static uint64_t taken_below(uint64_t base, uint64_t size, const struct pending *all, unsigned count)
{
	uint64_t lowest = UINT64_MAX;
	unsigned i;

	for (i = 0; i < count; i++) {
		const struct move *m = &all[i].move;

		if (!all[i].done && ranges_overlap(base, size, m->source, m->size))
			lowest = min(lowest, m->source);
		if (ranges_overlap(base, size, m->dest, m->size))
			lowest = min(lowest, m->dest);
	}
	return lowest;
}

/* Free memory for @size bytes, from the top of each range down; 0 when there is none. */
static uint64_t find_scratch(uint64_t size, const struct pending *all, unsigned count,
			     const struct memory_range *ranges, unsigned range_count)
{
	unsigned i;

	for (i = 0; i < range_count; i++) {
		uint64_t limit = ranges[i].base + ranges[i].length, base;

		while (limit >= size && (base = ALIGN_DOWN(limit - size, PAGE)) >= ranges[i].base &&
		       base) {
			limit = taken_below(base, size, all, count);
			if (limit == UINT64_MAX)
				return base;
		}
	}
	return 0;
}

/* Take the smallest block that stands in another's way out of it. */
static uint64_t park_one(struct moves *moves, struct pending *all, unsigned count,
			 const struct memory_range *ranges, unsigned range_count)
{
	struct pending *smallest = NULL;
	uint64_t scratch;
	unsigned i;

	for (i = 0; i < count; i++) {
		struct pending *p = &all[i];

		if (!p->done && !p->parked && is_in_the_way(p, all, count) &&
		    (!smallest || p->move.size < smallest->move.size))
			smallest = p;
	}
	if (!smallest)
		return 1;
	scratch = find_scratch(smallest->move.size, all, count, ranges, range_count);
	if (!scratch)
		return smallest->move.size;
	emit(moves, smallest->move.source, scratch, smallest->move.size);
	smallest->move.source = scratch;
	smallest->parked = true;
	return 0;
}

static uint64_t plan_all(struct moves *moves, struct pending *all, unsigned count,
			 const struct memory_range *ranges, unsigned range_count)
{
	unsigned done = 0;
	uint64_t missing;

	while (done < count) {
		if (run_one(moves, all, count)) {
			done++;
			continue;
		}
		missing = park_one(moves, all, count, ranges, range_count);
		if (missing)
			return missing;
	}
	return 0;
}

/* The waiting block with the highest source in [start, limit), or NULL. */
static struct pending *highest(struct pending *all, unsigned count, uint64_t start, uint64_t limit)
{
	struct pending *best = NULL;
	unsigned i;

	for (i = 0; i < count; i++) {
		const struct move *m = &all[i].move;

		if (m->size && m->source >= start && m->source + m->size <= limit &&
		    (!best || m->source > best->move.source))
			best = &all[i];
	}
	return best;
}

/* Push the sources in @range together at its top. */
static void pack(struct moves *moves, struct pending *all, unsigned count,
		 const struct memory_range *range)
{
	uint64_t top = range->base + range->length, below = top;
	struct pending *p;

	while ((p = highest(all, count, range->base, below))) {
		below = p->move.source;
		top -= p->move.size;
		emit(moves, p->move.source, top, p->move.size);
		p->move.source = top;
	}
}

static void begin(struct moves *moves, struct pending *all, const struct move *wanted,
		  unsigned count)
{
	unsigned i;

	moves->count = 0;
	for (i = 0; i < count; i++)
		all[i] = (struct pending){.move = wanted[i]};
}

uint64_t moves_plan(struct moves *moves, const struct move *wanted, unsigned count,
		    const struct memory_range *ranges, unsigned range_count)
{
	struct pending all[MOVES_MAX];
	unsigned i;

	begin(moves, all, wanted, count);
	if (!plan_all(moves, all, count, ranges, range_count))
		return 0;
	begin(moves, all, wanted, count);
	for (i = 0; i < range_count; i++)
		pack(moves, all, count, &ranges[i]);
	return plan_all(moves, all, count, ranges, range_count);
}

void moves_run(const struct moves *moves)
{
	unsigned i;

	for (i = 0; i < moves->count; i++) {
		const struct move *m = &moves->move[i];

		memmove(physical(m->dest, m->size), physical(m->source, m->size), (size_t)m->size);
	}
}
