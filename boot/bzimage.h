/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux kernels by the Linux/x86 boot protocol, 16-bit entry, all versions up
 * to 2.15 (Documentation/arch/x86/boot.rst). Checks and placement are pure
 * functions; the machine is touched only by what executes the plan.
 */
#ifndef BOOT_BZIMAGE_H
#define BOOT_BZIMAGE_H

#include "lib/base.h"
#include "bios/memmap.h"
#include "boot/moves.h"

/* Offsets in the file of the setup header. */
enum {
	BZ_CMDLINE_MAGIC = 0x20,
	BZ_CMDLINE_OFFSET = 0x22,
	BZ_SETUP_SECTS = 0x1f1,
	BZ_SYSSIZE = 0x1f4,
	BZ_VID_MODE = 0x1fa,
	BZ_BOOT_FLAG = 0x1fe,
	BZ_MAGIC = 0x202,
	BZ_TYPE_OF_LOADER = 0x210,
	BZ_LOADFLAGS = 0x211,
	BZ_SETUP_MOVE_SIZE = 0x212,
	BZ_CODE32_START = 0x214,
	BZ_RAMDISK_IMAGE = 0x218,
	BZ_RAMDISK_SIZE = 0x21c,
	BZ_HEAP_END_PTR = 0x224,
	BZ_CMD_LINE_PTR = 0x228,
};

/* The memory below 1 MB that the kernel's real-mode part gets: setup code and heap from the start,
 * the stack downwards from BZ_HEAP_END, the command line behind that. Old kernels get less. */
#define BZ_REAL_SIZE 0x10000u
#define BZ_HEAP_END  0xe000u
#define BZ_MEMBERS   (MOVES_MAX - 1)

struct bz_header {
	uint16_t version;	/* below 0x200: a kernel without magic number */
	bool loaded_high;	/* a bzImage; else a zImage, whose kernel runs below 640 KB */
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
	const char *name;
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
	uint32_t real_base, real_len, heap_end;
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
