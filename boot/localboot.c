/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting the disks that are in the machine, without the BIOS' boot order: some
 * BIOSes do not go on with their next boot device when they should.
 *
 * "The local disk" is the first hard disk that is neither ours, nor removable, nor
 * on USB (this firmware may have been started from such a one), as far as the BIOS
 * tells that, nor has the autoexec.ipxe that runs, and whose first sector is a boot sector with
 * code in it. Of disks that were set up for UEFI it has none, and a jump there would only hang.
 */
#include "boot/localboot.h"
#include "boot/partitions.h"
#include "boot/startup.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"
#include "san/bios_disk.h"
#include "san/drives.h"
#include "san/guest.h"

#define DISKS_MAX 24

/* ---- The table of disks ---- */

static void size_text(const struct bios_disk *disk, char *text, size_t size)
{
	uint64_t mib = disk->blocks * disk->block_size >> 20;

	if (!disk->blocks)
		text_copy(text, size, "size unknown");
	else if (mib >= 10240)
		format(text, size, "%llu GiB", (unsigned long long)(mib >> 10));
	else if (mib >= 10)
		format(text, size, "%llu MiB", (unsigned long long)mib);
	else
		format(text, size, "%llu KiB",
		       (unsigned long long)(disk->blocks * disk->block_size >> 10));
}

static bool on_usb(const struct bios_disk *disk)
{
	return !strcmp(disk->bus, "USB");
}

/* What we came from would only start us again. */
static bool is_our_medium(const struct bios_disk *disk)
{
	return (int)disk->number == autoexec_drive();
}

/* May it be chosen without being named? */
static bool is_local(const struct bios_disk *disk)
{
	return disk->number >= DRIVE_FIRST && !disk->san && !disk->cd && !disk->removable &&
	       !on_usb(disk) && !is_our_medium(disk);
}

static const char *kind_of(const struct bios_disk *disk)
{
	return disk->number < DRIVE_FIRST ? "floppy disk"
	       : disk->san		  ? "SAN drive (ours)"
	       : disk->cd		  ? "CD"
	       : is_our_medium(disk)	  ? "this firmware's own medium"
	       : disk->removable	  ? "removable disk"
					  : "hard disk";
}

static void print_disk(const struct bios_disk *disk)
{
	char size[24];

	size_text(disk, size, sizeof(size));
	print("  0x%02x  %-12s  %-8s  %s\n", disk->number, size, disk->bus, kind_of(disk));
}

void localboot_list(void)
{
	struct bios_disk disks[DISKS_MAX];
	unsigned count = bios_disks(disks, DISKS_MAX);

	print("Disks that the BIOS offers:%s\n", count ? "" : " none");
	for (unsigned i = 0; i < count; i++)
		print_disk(&disks[i]);
}

/* ---- Choosing ---- */

int localboot_drive(const char *text, unsigned *drive)
{
	bool floppy = text_starts_nocase(text, "fd");
	uint32_t number;

	if (floppy || text_starts_nocase(text, "hd")) {
		if (text_to_u32(text + 2, 10, floppy ? 1 : DRIVE_CD - DRIVE_FIRST - 1, &number)) {
			*drive = floppy ? number : DRIVE_FIRST + number;
			return 0;
		}
	} else if (text_to_u32(text, 0, UINT32_MAX, &number)) {
		return san_drive_number(number, drive);
	}
	return fail(E_LOCAL_DRIVE, "\"%.40s\" is no drive", text);
}

static int no_disk(void)
{
	localboot_list();
	return fail(E_LOCAL_NO_DISK, "the BIOS offers no local hard disk");
}

int localboot_load_first(unsigned *drive)
{
	struct bios_disk disks[DISKS_MAX];
	unsigned count = bios_disks(disks, DISKS_MAX), tried = 0;

	for (unsigned i = 0; i < count; i++) {
		int rc;

		if (!is_local(&disks[i]))
			continue;
		rc = drive_load(disks[i].number);
		*drive = disks[i].number;
		if (!rc)
			return 0;
		print("0x%02x: %s\n", disks[i].number, error_sentence(rc));
		tried++;
	}
	if (!tried)
		return no_disk();
	localboot_list();
	return fail(E_LOCAL_NOT_BOOTABLE, "no local hard disk can be booted");
}

/* Partitions are those of the first local hard disk, whether itself it can be booted or not. */
static int find_first(unsigned *drive)
{
	struct bios_disk disks[DISKS_MAX];
	unsigned count = bios_disks(disks, DISKS_MAX);

	for (unsigned i = 0; i < count; i++) {
		if (is_local(&disks[i])) {
			*drive = disks[i].number;
			return 0;
		}
	}
	return no_disk();
}

/* ---- Booting ---- */

static const uint8_t *read_sector(void *ctx, uint64_t lba)
{
	return bios_disk_read(ctx, lba);
}

static int look_up(unsigned drive, unsigned number, struct boot_volume *volume)
{
	struct bios_disk disk;
	char name[16];
	struct partitioned table = {.read = read_sector, .ctx = &disk, .name = name};

	format(name, sizeof(name), "drive 0x%02x", drive);
	bios_disk_probe(drive, &disk);
	table.block_size = disk.block_size;
	table.blocks = disk.extensions ? disk.blocks : 0; /* AH=08h rounds down */
	return partition_find(&table, number, volume);
}

static void print_booting(unsigned drive, unsigned partition)
{
	struct bios_disk disk;
	char size[24], which[24] = "";

	bios_disk_probe(drive, &disk);
	size_text(&disk, size, sizeof(size));
	if (partition)
		format(which, sizeof(which), ", partition %u", partition);
	print("Booting from drive 0x%02x%s (%s%s%s, %s)\n", drive, which, size,
	      disk.bus[0] ? ", " : "", disk.bus, kind_of(&disk));
}

static int choose_and_boot(unsigned drive, unsigned partition)
{
	struct boot_volume volume;
	int rc = 0;

	if (drive == LOCALBOOT_FIRST)
		rc = partition ? find_first(&drive) : localboot_load_first(&drive);
	if (!rc && partition)
		rc = look_up(drive, partition, &volume);
	if (rc)
		return rc;
	print_booting(drive, partition);
	rc = drive_boot(drive, partition ? &volume : NULL);
	if (rc != E_SAN_BOOT_RETURNED)
		localboot_list();
	return rc;
}

int localboot(unsigned drive, unsigned partition)
{
	struct guest_outer outer;
	int rc = guest_begin(&outer, san_any_hooked());

	if (rc)
		return rc;
	rc = choose_and_boot(drive, partition);
	guest_end(&outer);
	return rc;
}
