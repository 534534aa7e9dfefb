/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that start in flat 32-bit mode (ELF, Multiboot): segments that go to
 * given addresses, modules beside them, and a block of information that the
 * program is told the address of. Checks and placement are pure functions; the
 * machine is touched by flat_run() alone.
 */
#ifndef BOOT_FLAT_H
#define BOOT_FLAT_H

#include "lib/base.h"
#include "bios/memmap.h"
#include "boot/image.h"
#include "boot/moves.h"

#define FLAT_SEGMENTS 32
#define FLAT_MODULES  (MOVES_MAX - FLAT_SEGMENTS)

struct flat_segment {
	uint32_t offset, file_size; /* what is copied from the file… */
	uint32_t dest, memory_size; /* …and zeroes behind it, up to memory_size */
};

struct flat_module {
	const struct image *image;
	uint64_t source;
	uint32_t size;
	uint32_t address; /* set by flat_place() */
};

/** Where a program that may be moved wants to lie. */
struct flat_relocation {
	bool allowed;
	bool highest; /* else lowest */
	uint32_t lowest, end, align;
};

struct flat_plan {
	uint64_t image; /* address of the file */
	struct flat_segment segment[FLAT_SEGMENTS];
	unsigned segment_count;
	uint32_t entry;
	struct flat_relocation relocation;
	struct flat_module module[FLAT_MODULES];
	unsigned module_count;
	uint32_t info_len;
	uint8_t *info;			   /* its content (heap) */
	const struct memory_range *ranges; /* free RAM */
	unsigned range_count;
	const struct memory_range *map; /* what the program is told of the machine's memory */
	unsigned map_count;
	/* the result */
	uint32_t shift; /* added to every address of the program */
	uint32_t info_address;
	struct moves moves;
};

/** Add a segment; 0, or E_FLAT_MEMORY after fail() for one that overlaps another or wraps around,
 * or when there are too many. Empty ones are passed over. */
int flat_add_segment(struct flat_plan *plan, const struct flat_segment *segment);
/** Is @address inside one of the segments? */
bool flat_contains(const struct flat_plan *plan, uint32_t address);
/** All images that are to reach @kernel, as modules. 0 or an error after fail(). */
int flat_collect_modules(struct flat_plan *plan, const struct image *kernel);
/** Place segments, modules (page-aligned, above the program when they fit there) and the block of
 * information; 0 or an error after fail(). */
int flat_place(struct flat_plan *plan);
/** What `boot --dry-run` says. */
void flat_print(const struct flat_plan *plan, const struct image *kernel);
/** Put everything in its place, with the machine already left to us alone. */
void flat_carry_out(const struct flat_plan *plan);

/** A kind of such programs. */
struct flat_format {
	uint32_t eax; /* at the entry */
	/** Read @image: segments, entry, relocation. 0 or an error after fail(). */
	int (*read)(const struct image *image, struct flat_plan *plan);
	/** Write the information to @out, nothing beyond @max; returns its length, which may not
	 * depend on where things were placed. The memory map may have changed when it is called
	 * again. NULL: none, and no modules. */
	size_t (*info)(const struct image *image, const struct flat_plan *plan, uint8_t *out,
		       size_t max);
};
/** Plan; then start @image, or only print the plan. Back with an error after fail(), also when the
 * program returned. */
int flat_start(const struct flat_format *format, struct image *image, bool print_only);

#endif
