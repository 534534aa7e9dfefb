/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image memory: all RAM between 1 MB and 4 GB that is not our home. Few and
 * large blocks, so a sorted table of what is taken is enough. Blocks are given
 * out from the top, because kernels want the bottom.
 */
#include "bios/heap.h"
#include "bios/heap_internal.h"
#include "bios/memmap.h"

#define PAGE	4096u
#define MOST	256
#define LOWEST	0x100000u
#define HIGHEST 0xfffff000u

static struct extent {
	uint32_t base, size;
} taken[MOST]; /* by ascending base */
static unsigned taken_count;

static struct memory_range ram[MEMMAP_MAX];
static unsigned ram_count;

/* Size 0 cannot be told from NULL by callers, so every block has at least a page. */
static uint32_t pages(size_t size)
{
	return size > HIGHEST ? 0 : ALIGN_UP(max((uint32_t)size, 1u), PAGE);
}

static void take(uint32_t base, uint32_t size)
{
	unsigned i = taken_count++;

	for (; i && taken[i - 1].base > base; i--)
		taken[i] = taken[i - 1];
	taken[i] = (struct extent){base, size};
}

/* Call @visit for every free run, from the top down, until it returns true. */
static void free_runs(bool (*visit)(uint32_t base, uint32_t size, void *ctx), void *ctx)
{
	if (!ram_count)
		ram_count = memmap_usable(ram, MEMMAP_MAX);
	for (unsigned r = ram_count; r-- > 0;) {
		uint64_t start = max(ram[r].base, (uint64_t)LOWEST);
		uint64_t end = min(ram[r].base + ram[r].length, (uint64_t)HIGHEST);

		start = ALIGN_UP(start, PAGE);
		end = ALIGN_DOWN(end, PAGE);
		for (unsigned t = taken_count; t-- > 0 && start < end;) {
			uint64_t base = taken[t].base, limit = base + taken[t].size;

			if (limit <= start || base >= end)
				continue;
			if (limit < end && visit((uint32_t)limit, (uint32_t)(end - limit), ctx))
				return;
			end = max(base, start);
		}
		if (start < end && visit((uint32_t)start, (uint32_t)(end - start), ctx))
			return;
	}
}

struct request {
	uint32_t size, found;
};

static bool fits(uint32_t base, uint32_t size, void *ctx)
{
	struct request *request = ctx;

	if (size < request->size)
		return false;
	request->found = base + size - request->size;
	return true;
}

void *image_memory_alloc(size_t size)
{
	struct request request = {.size = pages(size)};

	if (!request.size || taken_count == MOST)
		return NULL;
	free_runs(fits, &request);
	if (request.found)
		take(request.found, request.size);
	return (void *)request.found;
}

void image_memory_free(void *p, size_t size)
{
	for (unsigned i = 0; i < taken_count; i++) {
		if (taken[i].base != (uintptr_t)p)
			continue;
		taken_count--;
		for (; i < taken_count; i++)
			taken[i] = taken[i + 1];
		return;
	}
}

void *image_memory_resize(void *p, size_t old_size, size_t new_size)
{
	void *moved;

	if (pages(new_size) && pages(new_size) <= pages(old_size)) {
		for (unsigned i = 0; i < taken_count; i++)
			if (taken[i].base == (uintptr_t)p)
				taken[i].size = pages(new_size);
		return p;
	}
	/* The block's own place counts: else no download could grow beyond half of the memory. */
	if (p)
		image_memory_free(p, old_size);
	moved = image_memory_alloc(new_size);
	if (!moved && p)
		take((uintptr_t)p, pages(old_size));
	if (moved && p)
		memmove(moved, p, old_size);
	return moved;
}

static bool keep_largest(uint32_t base, uint32_t size, void *ctx)
{
	uint32_t *most = ctx;

	*most = max(*most, size);
	return false;
}

size_t image_memory_largest(void)
{
	uint32_t most = 0;

	free_runs(keep_largest, &most);
	return most;
}

void image_memory_reserve(uint32_t base, uint32_t length)
{
	uint32_t start = ALIGN_DOWN(base, PAGE);

	if (length && taken_count < MOST)
		take(start, ALIGN_UP(base + length, PAGE) - start);
}

bool image_memory_used(uint32_t from, uint32_t *base, uint32_t *end)
{
	unsigned i = 0;

	while (i < taken_count && taken[i].base + taken[i].size <= from)
		i++;
	if (i == taken_count)
		return false;
	*base = taken[i].base;
	*end = *base;
	for (; i < taken_count && taken[i].base == *end; i++)
		*end += taken[i].size;
	return true;
}
