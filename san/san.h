/* SPDX-License-Identifier: BSD-2-Clause */
/* SAN drives: block devices as BIOS drives (INT 13h), and booting from them. */
#ifndef SAN_SAN_H
#define SAN_SAN_H

#include "lib/base.h"

/**
 * Open the first of @paths that answers and hook it as BIOS drive @drive.
 * @describe: publish the iBFT. Prints the classic lines and the block of
 * behaviour.md section 5. 0 or an error after fail().
 */
int san_hook(unsigned drive, const char *const *paths, unsigned count, bool describe);
/** Unhook @drive and print "Unregistered SAN device"; 0 also when nothing was hooked
 * (compatibility). */
int san_unhook(unsigned drive);
void san_unhook_all(void);
bool san_is_hooked(unsigned drive);
bool san_any_hooked(void);
/** Boot @drive, printing the classic lines. Returns only when that failed. */
int san_boot(unsigned drive);

/** A partition to be booted by its own boot sector. */
struct boot_volume {
	unsigned number; /* for messages */
	uint64_t lba;
	uint8_t entry[16]; /* as in an MBR; the boot sector gets it at DS:SI */
};
/** Load the boot sector of @drive (of a CD: its boot image) to 0:7C00 through INT 13h, and check
 * that it is one. That memory may be another program's: see guest_begin(). 0 or an error after
 * fail(). */
int drive_load(unsigned drive);
/** The same, or with the boot sector of @volume (NULL: none), and run it, between guest_begin() and
 * guest_end(). Returns only an error after fail(): E_SAN_BOOT_RETURNED when it gave up. */
int drive_boot(unsigned drive, const struct boot_volume *volume);
/** The drive number to use: setting san-drive, else 0x80. */
unsigned san_default_drive(void);
/** The hard disk that a user means by @number: 0 is 0x80 (said in one line: scripts written for
 * UEFI), 0xff the next free one. 0 or an error after fail(). */
int san_drive_number(uint64_t number, unsigned *drive);
/** Do settings ask to keep @drive when a script ends (keep-san)? Asked at the card that carries
 * the session, and widening; also true after san_set_keep(). */
bool san_keeps(unsigned drive);
/** Keep @drive whatever the settings say (`sanboot --keep`). */
void san_set_keep(unsigned drive);
/** Do settings ask not to boot from @drive (skip-san-boot, at the session's card)? */
bool san_skip_boot(unsigned drive);
/** Before somebody else takes over the machine: when a drive is hooked and kept, hide our
 * memory and leave INT 13h running; else unhook all. Prints the one-line reason. */
void san_prepare_exit(void);
/** `san`: drives, sessions, counters. */
void san_print(void);

#endif
