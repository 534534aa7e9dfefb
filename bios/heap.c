/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap: one region, an address-ordered free list, first fit, neighbours
 * joined at once. Blocks are multiples of 16 bytes behind a 16-byte header.
 */
#include "bios/heap.h"
#include "bios/heap_internal.h"

#define UNIT  16u
#define TAKEN 0x4b4c4f42u /* "BLOK": guards against freeing what is not ours, or twice */

struct block {
	uint32_t size; /* whole block, header included */
	uint32_t magic;
	struct block *next; /* free list */
	uint32_t unused;
};

static struct block *free_list;

void heap_init(void *start, size_t size)
{
	uintptr_t first = ALIGN_UP((uintptr_t)start, UNIT);

	free_list = (struct block *)first;
	*free_list = (struct block){
		.size = (uint32_t)ALIGN_DOWN(size - (first - (uintptr_t)start), UNIT)};
}

static void insert_free(struct block *block)
{
	struct block **link = &free_list, *previous = NULL;

	while (*link && *link < block) {
		previous = *link;
		link = &(*link)->next;
	}
	block->magic = 0;
	block->next = *link;
	*link = block;
	if (block->next && (char *)block + block->size == (char *)block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
	if (previous && (char *)previous + previous->size == (char *)block) {
		previous->size += block->size;
		previous->next = block->next;
	}
}

void *heap_alloc_aligned(size_t size, size_t align)
{
	uint32_t need;

	if (size > UINT32_MAX - 8192)
		return NULL;
	need = ALIGN_UP((uint32_t)size, UNIT) + UNIT;
	for (struct block **link = &free_list; *link; link = &(*link)->next) {
		struct block *block = *link, *taken;
		uintptr_t data = ALIGN_UP((uintptr_t)block + UNIT, max(align, (size_t)UNIT));
		uint32_t lead = (uint32_t)(data - UNIT - (uintptr_t)block), tail;

		if (block->size < lead || block->size - lead < need)
			continue;
		taken = (struct block *)(data - UNIT);
		tail = block->size - lead - need;
		if (lead) {
			block->size = lead;
		} else {
			*link = block->next;
		}
		taken->size = need;
		taken->magic = TAKEN;
		if (tail >= 2 * UNIT) {
			struct block *rest = (struct block *)((char *)taken + need);

			rest->size = tail;
			insert_free(rest);
		} else {
			taken->size += tail;
		}
		return (void *)data;
	}
	return NULL;
}

void *heap_alloc(size_t size)
{
	return heap_alloc_aligned(size, UNIT);
}

static struct block *block_of(void *p)
{
	return (struct block *)((char *)p - UNIT);
}

void *heap_zalloc(size_t size)
{
	void *p = heap_alloc(size);

	if (p)
		memset(p, 0, size);
	return p;
}

void heap_free(void *p)
{
	struct block *block;

	if (!p)
		return;
	block = block_of(p);
	if (block->magic != TAKEN)
		__builtin_trap();
	insert_free(block);
}

void *heap_realloc(void *p, size_t size)
{
	size_t old;
	void *moved;

	if (!p)
		return heap_alloc(size);
	old = block_of(p)->size - UNIT;
	if (size <= old)
		return p;
	moved = heap_alloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, p, old);
	heap_free(p);
	return moved;
}

size_t heap_free_bytes(size_t *largest)
{
	size_t sum = 0, most = 0;

	for (struct block *block = free_list; block; block = block->next) {
		sum += block->size;
		most = max(most, (size_t)block->size);
	}
	if (largest)
		*largest = most > UNIT ? most - UNIT : 0;
	return sum;
}
