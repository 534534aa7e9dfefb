/* SPDX-License-Identifier: BSD-2-Clause */
/* CD images on SAN disks: finding them, offering 2048-byte sectors, loading their boot image. */
#ifndef SAN_CD_H
#define SAN_CD_H

#include "san/drives.h"

/**
 * Look for a CD with El Torito on @drive->dev: fills @drive->cd and replaces a
 * device of 512-byte sectors by one of 2048. A disk that can be written and has a
 * boot sector stays a disk. 0 or an error after fail(): a disk that cannot be read.
 */
int cd_detect(struct san_drive *drive);

/** Load the boot image of @drive (whose cd.found is set) into memory, and begin the emulation that
 * the catalog asks for; 0 or an error after fail(). */
int cd_load(struct san_drive *drive);

#endif
