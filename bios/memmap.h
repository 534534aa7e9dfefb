/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's memory map, what we took of it, and hiding that from whoever boots next. */
#ifndef BIOS_MEMMAP_H
#define BIOS_MEMMAP_H

#include "lib/base.h"

struct memory_range {
	uint64_t base, length;
	uint32_t type;	     /* 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable */
	uint32_t attributes; /* ACPI 3.0 extended attributes, 1 when absent */
};
#define MEMMAP_MAX 128

/** The firmware's own map, repaired (sorted, overlaps resolved); count is returned. */
unsigned memmap_firmware(const struct memory_range **ranges);
/** Usable RAM as a loaded kernel may see it now (without what we keep when resident). */
unsigned memmap_usable(struct memory_range *ranges, unsigned max);
/** The map that INT 15h E820h gives the next program, as things stand. */
unsigned memmap_visible(struct memory_range *ranges, unsigned max);
/** Hook INT 15h and lower 40:13 so that our homes are hidden; undo. */
int memmap_hide(void);
void memmap_unhide(void);
/** INT 15h alone: a program that frees base memory raises 40:13 itself. */
void memmap_unhide_map(void);
/** After memmap_hide(): hide image memory in use as well, for a program that comes back. */
void memmap_hide_images(void);
bool memmap_hidden(void);

#endif
