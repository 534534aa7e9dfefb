/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives of the BIOS (INT 13h), read-only: disks, sticks, floppy disks, CDs. */
#ifndef BOOT_BIOS_DISK_H
#define BOOT_BIOS_DISK_H

#include "lib/filesystem.h"

struct bios_disk {
	struct volume volume; /* the whole of it, until somebody narrows it */
	uint8_t drive;
	bool cd;
	bool edd; /* read by packet; else by CHS: */
	uint32_t heads, sectors;
	uint32_t sector_size;
	uint64_t size; /* bytes; UINT64_MAX unknown */
};

/** Ask the BIOS about drive @number; nothing is read from it yet. 0 or an error after fail(). */
int bios_disk_open(struct bios_disk *disk, uint8_t number);
/** What bios_disks() looks for first. */
enum bios_disk_order { CDS_FIRST, DISKS_FIRST };
/**
 * The numbers of the drives in which a medium may be, in @numbers (at least 256): CDs, the floppy
 * drive when its medium was read already (asking an empty one takes seconds), hard disks and
 * sticks. SAN drives are none of them. Returns how many.
 */
unsigned bios_disks(enum bios_disk_order order, uint8_t *numbers);

#endif
