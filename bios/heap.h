/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory classes.
 *
 * The heap lies inside our home at the top of memory below 4 GB and stays
 * while a SAN is held: structures, rings, windows, caches. Everything in it is
 * DMA-able, since physical = virtual.
 * Image memory is all other free RAM below 4 GB: downloads. It is given back
 * when something boots.
 */
#ifndef BIOS_HEAP_H
#define BIOS_HEAP_H

#include "lib/base.h"

/** Heap block aligned to 16 bytes; NULL when out of memory (callers check). */
void *heap_alloc(size_t size);
void *heap_zalloc(size_t size);
/** Heap block aligned to @align, a power of two. */
void *heap_alloc_aligned(size_t size, size_t align);
void *heap_realloc(void *p, size_t size);
void heap_free(void *p);
/** Bytes free in all, and in the largest block. */
size_t heap_free_bytes(size_t *largest);

/** Image memory: @size bytes, page aligned, or NULL. */
void *image_memory_alloc(size_t size);
/** Grow or shrink, moving when it must; NULL when impossible (the old block stays). */
void *image_memory_resize(void *p, size_t old_size, size_t new_size);
void image_memory_free(void *p, size_t size);
/** Size of the largest free run of image memory. */
size_t image_memory_largest(void);

#endif
