/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/heap.h on the host: malloc with limits and failures on demand. */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "test/host/host.h"
#include "bios/heap.h"

#define PAGE 4096u

static unsigned fail_at;
static bool fail_all;
static size_t heap_limit, heap_used, image_limit, image_used;
static unsigned heap_blocks;

void host_heap_fail(unsigned n, bool all)
{
	fail_at = n;
	fail_all = all;
}

void host_heap_limit(size_t bytes)
{
	heap_limit = bytes;
}

void host_image_limit(size_t bytes)
{
	image_limit = bytes;
}

size_t host_heap_used(void)
{
	return heap_used;
}

unsigned host_heap_blocks(void)
{
	return heap_blocks;
}

size_t host_image_used(void)
{
	return image_used;
}

static bool must_fail(void)
{
	if (!fail_at)
		return false;
	if (fail_at > 1) {
		fail_at--;
		return false;
	}
	if (!fail_all)
		fail_at = 0;
	return true;
}

void *heap_alloc_aligned(size_t size, size_t align)
{
	void *p;

	if (must_fail() || (heap_limit && (size > heap_limit || heap_used > heap_limit - size)))
		return NULL;
	if (posix_memalign(&p, align < 16 ? 16 : align, size ? size : 1))
		return NULL;
	heap_used += malloc_usable_size(p);
	heap_blocks++;
	return p;
}

void *heap_alloc(size_t size)
{
	return heap_alloc_aligned(size, 16);
}

void *heap_zalloc(size_t size)
{
	void *p = heap_alloc(size);

	if (p)
		memset(p, 0, size);
	return p;
}

void *heap_realloc(void *p, size_t size)
{
	void *q = heap_alloc(size);

	if (!q || !p)
		return q;
	memcpy(q, p, min(size, malloc_usable_size(p)));
	heap_free(p);
	return q;
}

void heap_free(void *p)
{
	if (!p)
		return;
	heap_used -= malloc_usable_size(p);
	heap_blocks--;
	free(p);
}

size_t heap_free_bytes(size_t *largest)
{
	size_t limit = heap_limit ? heap_limit : (size_t)64 << 20;
	size_t left = limit > heap_used ? limit - heap_used : 0;

	if (largest)
		*largest = left;
	return left;
}

void *image_memory_alloc(size_t size)
{
	void *p;

	size = max(size, (size_t)1); /* as the real one: every block has at least a page */
	if (must_fail() || size > image_memory_largest())
		return NULL;
	if (posix_memalign(&p, PAGE, ALIGN_UP(size, PAGE)))
		return NULL;
	image_used += ALIGN_UP(size, PAGE);
	return p;
}

void *image_memory_resize(void *p, size_t old_size, size_t new_size)
{
	void *q = image_memory_alloc(new_size);

	if (!q)
		return NULL;
	memcpy(q, p, min(old_size, new_size));
	image_memory_free(p, old_size);
	return q;
}

void image_memory_free(void *p, size_t size)
{
	if (!p)
		return;
	image_used -= ALIGN_UP(max(size, (size_t)1), PAGE);
	free(p);
}

size_t image_memory_largest(void)
{
	size_t limit = image_limit ? image_limit : (size_t)512 << 20;

	return limit > image_used ? ALIGN_DOWN(limit - image_used, PAGE) : 0;
}

static bool map_fixed(uintptr_t start)
{
	void *p = mmap((void *)start, 0x100000 - start, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == (void *)start;
}

long host_low_memory(void)
{
	static long mapped = -2;

	if (mapped == -2)
		mapped = map_fixed(0) ? 0 : map_fixed(0x10000) ? 0x10000 : -1;
	return mapped;
}
