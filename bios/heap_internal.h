/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting up the two kinds of memory of bios/heap.h. */
#ifndef BIOS_HEAP_INTERNAL_H
#define BIOS_HEAP_INTERNAL_H

#include "lib/base.h"

/** Hand [start, start + size) to the heap; once. */
void heap_init(void *start, size_t size);
/** Mark what the loader left in image memory (the initrd) as taken; image_memory_free() frees it.
 */
void image_memory_reserve(uint32_t base, uint32_t length);
/** The first run of image memory in use that ends above @from; false when there is none. */
bool image_memory_used(uint32_t from, uint32_t *base, uint32_t *end);

#endif
