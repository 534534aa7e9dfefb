/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives of the BIOS (san/bios_disk.h) as volumes with files, and which of them may have a medium.
 */
#ifndef BOOT_BIOS_VOLUME_H
#define BOOT_BIOS_VOLUME_H

#include "lib/filesystem.h"
#include "san/bios_disk.h"

struct bios_volume {
	struct volume volume; /* the whole drive, until somebody narrows it */
	struct bios_disk disk;
	uint64_t size; /* bytes; UINT64_MAX unknown */
};

/** Ask the BIOS about drive @number; nothing is read from it yet. 0 or an error after fail(). */
int bios_volume_open(struct bios_volume *v, uint8_t number);
/** Drive on which a file: address was found last; -1: none. */
int file_drive(void);
/** Where partition @number of the drive lies, in bytes; 0 is the whole drive. 0 or an error after
 * fail(). */
int bios_volume_partition(struct bios_volume *v, unsigned number, uint64_t *start, uint64_t *size);

/** What bios_volumes() names first. */
enum bios_volume_order { CDS_FIRST, DISKS_FIRST };
#define BIOS_VOLUMES_MAX 64u
/**
 * The numbers of the drives in which a medium may be, at most BIOS_VOLUMES_MAX: CDs, floppy drives
 * whose medium was read already (asking an empty one takes seconds), hard disks and sticks. SAN
 * drives are none of them. Returns how many.
 */
unsigned bios_volumes(enum bios_volume_order order, uint8_t *numbers);

#endif
