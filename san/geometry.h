/* SPDX-License-Identifier: BSD-2-Clause */
/* Cylinders, heads and sectors for disks that have none. */
#ifndef SAN_GEOMETRY_H
#define SAN_GEOMETRY_H

#include "lib/base.h"

struct geometry {
	uint32_t cylinders; /* 1 to 1024 */
	uint32_t heads;	    /* 1 to 255 */
	uint32_t sectors;   /* 1 to 63 */
};

/** Blocks that INT 13h addresses as cylinder 0-1023, head, sector can reach. */
static inline uint32_t geometry_capacity(const struct geometry *g)
{
	return g->cylinders * g->heads * g->sectors;
}

/**
 * The geometry under which the partition table in @sector (512 bytes, sector 0) was written:
 * BIOS and partition table must agree, or a boot sector that reads by CHS reads elsewhere.
 * Without a table that tells, 255 heads and 63 sectors.
 */
void geometry_guess(const uint8_t *sector, uint64_t blocks, struct geometry *geometry);

#endif
