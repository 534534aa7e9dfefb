/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives that a CD's boot image stands for: El Torito's floppy and hard disk emulation. */
#ifndef SAN_EMULATION_H
#define SAN_EMULATION_H

#include "san/drives.h"

/**
 * The image that @boot names on @cd becomes drive 0x00 (a floppy disk) or 0x80; the others shift
 * up, and the CD moves to 0xe0 or above, out of the hard disks' numbers. Ends an earlier
 * emulation. 0 or an error after fail().
 */
int emulation_begin(struct san_drive *cd, const struct eltorito *boot);
/** End what emulation_begin() began, if anything; the CD keeps its number. */
void emulation_end(struct san_drive *cd);
/** The CD of a drive: itself, or the one whose image it is; NULL when it is no CD. */
struct san_drive *emulation_cd(struct san_drive *drive);

#endif
