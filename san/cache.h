/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read-ahead and cache of one SAN drive, write-through: a write returns when
 * the device has acknowledged it.
 */
#ifndef SAN_CACHE_H
#define SAN_CACHE_H

#include "san/block.h"

struct block_cache;

struct cache_stats {
	uint64_t hit_blocks;	/* answered from memory */
	uint64_t missed_blocks; /* fetched on demand */
	uint64_t ahead_blocks;	/* fetched ahead */
	uint64_t wasted_blocks; /* fetched ahead, dropped unread */
};

/**
 * @window: bytes to read ahead of a sequential reader at most; 0: neither read-ahead nor cache.
 * Takes a part of the free heap (1 to 4 MB where there is much); works without when there is
 * none. NULL only when even the structure finds no memory.
 */
struct block_cache *cache_create(struct block_device *dev, size_t window);
/** Cancels what is under way and frees everything. */
void cache_destroy(struct block_cache *cache);

/** Read or write @count blocks; the caller has checked the range. 0 or an error after fail(). */
int cache_read(struct block_cache *cache, uint64_t lba, uint32_t count, void *buffer);
int cache_write(struct block_cache *cache, uint64_t lba, uint32_t count, const void *buffer);

const struct cache_stats *cache_stats(const struct block_cache *cache);
/** Bytes of memory that hold data. */
size_t cache_memory(const struct block_cache *cache);

#endif
