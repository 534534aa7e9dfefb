/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot loader told us, gathered by early.c before anything of the
 * loader's is overwritten. It lies in .data and so survives the move home;
 * plain values only, no pointers into the image.
 */
#ifndef BZIMAGE_HANDOVER_H
#define BZIMAGE_HANDOVER_H

#include "lib/base.h"
#include "bios/memmap.h"

struct handover {
	char cmdline[4096];
	uint32_t initrd, initrd_len;
	uint8_t loader_type;
	uint8_t entry32;
	uint32_t home, home_size; /* image, stack and heap: [home, home + home_size) */
	uint32_t image_size;	  /* the heap begins at home + image_size */
	uint32_t low_base;	  /* the low block, see bios/gate.h */
	uint32_t base_memory_kb;  /* 40:13 as we found it */
	unsigned range_count;
	struct memory_range ranges[MEMMAP_MAX];
};
extern struct handover handover;

/** start32.asm: make the image ready to leave its load address; returns the home address. */
uint32_t early_main(const uint8_t *boot_params, uint32_t entry, uint32_t here, uint32_t size);

#endif
