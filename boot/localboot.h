/* SPDX-License-Identifier: BSD-2-Clause */
/* Booting the disks that are in the machine. */
#ifndef BOOT_LOCALBOOT_H
#define BOOT_LOCALBOOT_H

#include "lib/base.h"

#define LOCALBOOT_FIRST 0x100u /* instead of a drive number: the first local hard disk */

/** Drive number that @text means: a number (0 is the first hard disk), "hd1", "fd0"; 0 or an error
 * after fail(). */
int localboot_drive(const char *text, unsigned *drive);
/**
 * Choose the first hard disk that is no SAN drive, not removable, not on USB, and can
 * be booted, and load its boot sector to 0:7C00. 0, or an error after fail(); then the
 * disks that there are have been printed.
 */
int localboot_load_first(unsigned *drive);
/** Boot @drive (or LOCALBOOT_FIRST), or its partition @partition (0: the whole disk). Returns only
 * an error after fail(). */
int localboot(unsigned drive, unsigned partition);
/** `localboot --list`: one line a disk. */
void localboot_list(void);

#endif
