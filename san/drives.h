/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SAN disks as BIOS drives: numbers, and the BIOS data area's count of disks.
 *
 * A SAN drive takes a number that may belong to one of the BIOS' disks (0x80,
 * nearly always). That disk is not lost: it answers under the number that the
 * SAN drive would have had as the next disk, its "natural" number. So with one
 * local disk and a SAN drive hooked as 0x80, the local disk is 0x81.
 *
 * A drive that a CD's boot image stands for (san/emulation.c) takes number 0x00
 * or 0x80, and all others of its kind shift up by one, as El Torito has it.
 */
#ifndef SAN_DRIVES_H
#define SAN_DRIVES_H

#include "lib/list.h"
#include "san/block.h"
#include "san/cache.h"
#include "san/eltorito.h"
#include "san/geometry.h"
#include "acpi/ibft.h"

#define DRIVE_FIRST   0x80u
#define DRIVE_CD      0xe0u /* from here on they are CDs by custom, and not counted */
#define DRIVE_LAST    0xfeu
#define DRIVE_NATURAL 0xffu /* "the next free hard disk" */

struct san_drive {
	struct list link; /* in the order of hooking */
	unsigned number, natural;
	struct block_device *dev;
	struct block_cache *cache;
	struct geometry geometry;
	struct {
		bool found;	      /* it is a CD with a boot catalog */
		uint32_t catalog;     /* its sector */
		struct eltorito boot; /* once it was loaded */
	} cd;
	struct san_drive *emulated; /* of a CD: the drive that its boot image is now, or NULL */
	struct san_drive *image_of; /* of an emulated drive: its CD; else NULL */
	bool ended;		    /* an emulated drive that goes when the call for it returns */
	bool describe;		    /* in the iBFT */
	bool keep;		    /* sanboot --keep */
	struct ibft_params ibft;    /* what it says there; target_count 0: nothing */
	char card[8];		    /* that carries the session: "net0"; "" unknown */
	uint8_t status;		    /* of the last INT 13h call */
	int rc;			    /* error behind it */
	unsigned failures;	    /* that were printed */
	bool read_only_explained;
	uint64_t calls, reads, writes; /* INT 13h calls; blocks */
};

extern struct list san_drives;

/** The SAN drive with @number, or NULL. */
struct san_drive *drive_find(unsigned number);
/** Which drive a caller means by @number: a SAN drive, or NULL and in @target the number under
 * which the BIOS knows its disk. */
struct san_drive *drive_route(unsigned number, unsigned *target);

/** The number that the next hard disk would have. */
unsigned drive_natural(void);
/** Add @drive under drive->number and raise the BIOS' count. 0 or an error after fail(). */
int drive_add(struct san_drive *drive);
/** Add an emulated drive, whose number is 0x00 or 0x80 and may be another's too. */
void drive_add_emulated(struct san_drive *drive);
/** Give it another number, which is free. */
void drive_renumber(struct san_drive *drive, unsigned number);
static inline bool drive_is_floppy(const struct san_drive *drive)
{
	return drive->number < DRIVE_FIRST;
}
/** Take it out; the count goes back to what it would be without it. */
void drive_remove(struct san_drive *drive);
/** Raise the count again where the BIOS reset it. */
void drives_sync(void);
/** Disks there are of the kind of @number, floppy or hard: what AH=08h returns in DL. */
uint8_t drives_count(unsigned number);

#endif
