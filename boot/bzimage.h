/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux kernels by the Linux/x86 boot protocol, 16-bit entry, versions 2.02 to
 * 2.15 (Documentation/arch/x86/boot.rst). Checks and placement are pure
 * functions; the machine is touched only by what executes the plan.
 */
#ifndef BOOT_BZIMAGE_H
#define BOOT_BZIMAGE_H

#include "lib/base.h"
#include "bios/memmap.h"
#include "boot/moves.h"

/* Layout of the 64 KB below 1 MB that the kernel's real-mode part gets. */
#define BZ_REAL_SIZE 0x10000u
#define BZ_HEAP_END  0xe000u /* setup code and heap below, stack downwards from here */
#define BZ_CMDLINE   0xe000u
#define BZ_MEMBERS   (MOVES_MAX - 1)

struct bz_header {
	uint16_t version;
	uint32_t setup_len;	/* bytes of the real-mode part in the file */
	uint32_t protected_len; /* the rest of the file */
	uint32_t code32_start, initrd_max, alignment, cmdline_size, init_size;
	uint64_t pref_address;
	bool relocatable;
};

/** What the loader takes from the kernel's arguments. */
struct bz_arguments {
	uint16_t video;	    /* vga=, 0: not given */
	uint64_t mem_limit; /* mem=, else UINT64_MAX */
};

/** One piece of the initrd. */
struct bz_member {
	uint64_t source;
	uint32_t size;
	uint8_t *header; /* cpio header in front of it (heap), or NULL */
	uint32_t header_len;
	uint32_t offset; /* of header or data within the initrd; set by bz_plan() */
};

struct bz_plan {
	struct bz_header header;
	struct bz_arguments arguments;
	uint64_t image; /* address of the file */
	const struct memory_range *ranges;
	unsigned range_count;
	struct bz_member member[BZ_MEMBERS];
	unsigned member_count;
	/* the result */
	uint32_t real_base;
	uint64_t load; /* of the protected-mode part */
	uint64_t initrd, initrd_len;
	struct moves moves;
};

bool bz_probe(const uint8_t *data, size_t len);
/** Read and check the header of a file: 0 or an error after fail(). */
int bz_parse(const uint8_t *data, size_t len, struct bz_header *header);
/** Find vga= and mem= (whole words) in @cmdline. */
void bz_parse_arguments(const char *cmdline, struct bz_arguments *arguments);
/** Place everything; 0 or an error after fail(). */
int bz_plan(struct bz_plan *plan);
/** Fill @real (BZ_REAL_SIZE bytes) with the real-mode part, header fields set, and @cmdline. */
int bz_real_mode(const struct bz_plan *plan, const uint8_t *data, const char *cmdline,
		 uint8_t *real);

#endif
