/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks as INT 13h offers them, the BIOS' own and ours alike: which there are, and their sectors.
 */
#ifndef SAN_BIOS_DISK_H
#define SAN_BIOS_DISK_H

#include "lib/base.h"

struct bios_disk {
	unsigned number;
	bool san; /* one of ours */
	bool cd;
	bool removable;	 /* the BIOS says so; floppies are */
	bool extensions; /* it is read by LBA */
	uint32_t block_size;
	uint64_t blocks;	   /* 0: not told */
	uint32_t heads, track_len; /* geometry by AH=08h; 0: not told */
	char bus[9];		   /* "ATA", "USB"…; "": not told */
};

/** All disks that answer: floppies, hard disks, CDs. Their number, at most @max. */
unsigned bios_disks(struct bios_disk *disks, unsigned max);
/** Fill in @disk for drive @number; false when it does not answer. What may be read then is a first
 * sector of 512 bytes. */
bool bios_disk_probe(unsigned number, struct bios_disk *disk);
/** How many of the @count sectors from @lba on one call can read: one or more. */
uint32_t bios_disk_most(const struct bios_disk *disk, uint64_t lba, uint32_t count);
/** Read so many sectors to @address below 1 MB; they must not cross a 64 KB boundary there. Tries
 * several times. 0 or an error after fail(). */
int bios_disk_transfer(const struct bios_disk *disk, uint64_t lba, uint32_t count,
		       uint32_t address);
/** Read sector @lba of @disk->block_size bytes (at most 4096) to 0:7C00, where it stays. It, or
 * NULL after fail(). */
const uint8_t *bios_disk_read(const struct bios_disk *disk, uint64_t lba);

#endif
