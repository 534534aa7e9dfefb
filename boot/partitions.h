/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables: where partition N of a disk begins. */
#ifndef BOOT_PARTITIONS_H
#define BOOT_PARTITIONS_H

#include "san/san.h"

/** A disk to look at. */
struct partitioned {
	/** Sector @lba of block_size bytes, valid until the next call; NULL after fail(). */
	const uint8_t *(*read)(void *ctx, uint64_t lba);
	void *ctx;
	uint32_t block_size; /* 512 to 4096 */
	uint64_t blocks;     /* 0: unknown */
	const char *name;    /* for messages */
};

/**
 * Find partition @number: of an MBR 1 to 4, logical ones from 5 on; of a GPT the
 * number of its entry. 0 and @volume, or an error after fail().
 */
int partition_find(const struct partitioned *disk, unsigned number, struct boot_volume *volume);

#endif
