/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and repairing the firmware's memory map; the parts that start-up and tests need. */
#ifndef BIOS_MEMMAP_INTERNAL_H
#define BIOS_MEMMAP_INTERNAL_H

#include "bios/memmap.h"

/** Read the map by INT 15h E820h, else E801h, else 88h; repaired. Returns the number of ranges. */
unsigned memmap_read(struct memory_range *ranges, unsigned max);

#endif
