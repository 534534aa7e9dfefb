/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drive numbers and 40:75.
 *
 * The natural number of the n-th SAN drive is 0x80 + the BIOS' own disks + n.
 * Hooked one over the other, each drive swaps its number with its natural one;
 * so a number is routed through the drives from the last hooked to the first.
 */
#include "san/drives.h"
#include "bios/physical.h"
#include "lib/error.h"

struct list san_drives = LIST_INIT(san_drives);

static uint8_t bios_disks; /* the BIOS' own count, while drives are hooked */
static uint8_t written;	   /* what we left in 40:75 */

/* The floppy drives in the word at 40:10. */
#define FLOPPIES_ANY   0x01u
#define FLOPPIES_SHIFT 6
#define FLOPPIES_BITS  0xc1u
static uint16_t bios_floppies; /* the BIOS' own, while one is emulated */

static uint16_t *equipment_word(void)
{
	static uint16_t none;
	uint16_t *word = physical(BDA_EQUIPMENT, 2);

	return word ? word : &none;
}

static unsigned floppies(void)
{
	uint16_t word = *equipment_word() & FLOPPIES_BITS;

	return word & FLOPPIES_ANY ? (word >> FLOPPIES_SHIFT) + 1u : 0;
}

static void set_floppies(unsigned bits)
{
	*equipment_word() = (uint16_t)((*equipment_word() & ~FLOPPIES_BITS) | bits);
}

static uint8_t *count_byte(void)
{
	static uint8_t none;
	uint8_t *count = physical(BDA_DISK_COUNT, 1);

	return count ? count : &none;
}

struct san_drive *drive_find(unsigned number)
{
	struct san_drive *drive;

	list_for_each(drive, &san_drives, link) {
		if (drive->number == number)
			return drive;
	}
	return NULL;
}

struct san_drive *drive_route(unsigned number, unsigned *target)
{
	for (struct list *link = san_drives.prev; link != &san_drives; link = link->prev) {
		struct san_drive *drive = list_entry(link, struct san_drive, link);

		if (number == drive->number)
			return drive;
		if (drive->image_of && number > drive->number && number <= drive->natural)
			number--;
		else if (number == drive->natural)
			number = drive->number;
	}
	*target = number;
	return NULL;
}

/* Natural numbers and the count follow from the BIOS' count and the list. */
static void recount(void)
{
	unsigned next = DRIVE_FIRST + bios_disks, count = bios_disks;
	struct san_drive *drive;

	list_for_each(drive, &san_drives, link) {
		if (drive->number >= DRIVE_CD) {
			drive->natural = drive->number;
			continue;
		}
		if (drive_is_floppy(drive))
			continue;
		drive->natural = next++;
		/* A program that counts disks must reach this one. */
		count = max(count + 1, drive->number - DRIVE_FIRST + 1);
	}
	written = (uint8_t)min(count, 0x7fu);
	*count_byte() = written;
}

int drive_add(struct san_drive *drive)
{
	if (list_empty(&san_drives))
		bios_disks = written = *count_byte();
	if (drive->number < DRIVE_FIRST || drive->number > DRIVE_LAST)
		return fail(E_SAN_DRIVE_NUMBER, "0x%02x is not a hard disk's number",
			    drive->number);
	if (drive_find(drive->number))
		return fail(E_SAN_DRIVE_IN_USE, "drive 0x%02x is a SAN drive already (%s)",
			    drive->number, drive_find(drive->number)->dev->description);
	list_append(&san_drives, &drive->link);
	recount();
	return 0;
}

void drive_add_emulated(struct san_drive *drive)
{
	if (drive_is_floppy(drive)) {
		drive->natural = floppies();
		bios_floppies = *equipment_word() & FLOPPIES_BITS;
		set_floppies(FLOPPIES_ANY | min(drive->natural, 3u) << FLOPPIES_SHIFT);
	}
	list_append(&san_drives, &drive->link);
	recount();
}

void drive_renumber(struct san_drive *drive, unsigned number)
{
	drive->number = number;
	recount();
}

void drive_remove(struct san_drive *drive)
{
	/* Somebody above us added disks of his own: keep those. */
	uint8_t others = *count_byte() > written ? (uint8_t)(*count_byte() - written) : 0;

	list_remove(&drive->link);
	if (drive_is_floppy(drive))
		set_floppies(bios_floppies);
	recount();
	*count_byte() = written = (uint8_t)(written + others);
}

void drives_sync(void)
{
	if (!list_empty(&san_drives) && *count_byte() < written)
		*count_byte() = written;
}

unsigned drive_natural(void)
{
	unsigned number = DRIVE_FIRST + *count_byte();

	while (drive_find(number))
		number++;
	return min(number, DRIVE_LAST);
}

uint8_t drives_count(unsigned number)
{
	return number < DRIVE_FIRST ? (uint8_t)floppies() : *count_byte();
}
