/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting from a drive: its first sector, or that of a partition, to 0:7C00, read
 * through INT 13h as the boot sector itself will read, and a jump there with DL =
 * drive. From a CD: the boot image that its catalog names (san/cd.c).
 *
 * A boot sector that gives up (INT 18h, INT 19h, a far return) comes back here.
 * Until then our memory is hidden from it, whether or not a SAN is hooked: it is
 * needed for coming back. Cards stay open only while a SAN is hooked.
 */
#include "san/san.h"
#include "san/bios_disk.h"
#include "san/cd.h"
#include "san/drives.h"
#include "san/emulation.h"
#include "san/guest.h"
#include "bios/gate.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "netstack/http.h"
#include "netstack/net.h"
#include "netstack/tcp.h"

#define BOOT_ADDRESS   0x7c00u
#define BOOT_SIGNATURE 0xaa55u
#define CODE_SIZE      440u    /* of a boot sector, in front of the partition table */
#define ENTRY_ADDRESS  0x07beu /* where partitions' boot sectors expect their entry, since DOS 2 */
/* ISO 9660: the first volume descriptor lies in the 17th sector of 2048 bytes. */
#define ISO_DESCRIPTOR 16u
#define ISO_SECTOR     2048u

/* ---- Loading ---- */

static bool is_iso(struct san_drive *drive)
{
	static uint8_t sector[4096];
	uint32_t block_size = drive->dev->block_size, start = ISO_DESCRIPTOR * ISO_SECTOR;
	uint32_t count = max(ISO_SECTOR / block_size, 1u), lba = start / block_size;

	if (!block_in_range(drive->dev, lba, count) ||
	    block_run(drive->dev, BLOCK_READ, lba, count, sector))
		return false;
	return !memcmp(sector + start % block_size + 1, "CD001", 5);
}

static bool has_code(const uint8_t *sector)
{
	for (unsigned i = 0; i < CODE_SIZE; i++)
		if (sector[i])
			return true;
	return false;
}

static int check_sector(const uint8_t *sector, const char *what, struct san_drive *drive)
{
	if (get_le16(sector + 510) == BOOT_SIGNATURE) {
		if (has_code(sector))
			return 0;
		return fail(E_SAN_NO_CODE,
			    "%s is not bootable by a BIOS: there is no code in its first sector",
			    what);
	}
	if (drive && is_iso(drive))
		return fail(E_SAN_CD_IMAGE,
			    "%s holds a CD image that has neither a boot catalog "
			    "(El Torito) nor a boot sector",
			    what);
	return fail(E_SAN_NO_SIGNATURE,
		    "%s is not bootable: its first sector does not end in 55 AA", what);
}

static bool is_cd(const struct san_drive *drive)
{
	return drive && drive->cd.found;
}

static int load(unsigned number, struct san_drive *drive, const struct boot_volume *volume)
{
	struct bios_disk disk;
	const uint8_t *sector;
	char what[48];

	if (is_cd(drive) && !volume)
		return cd_load(drive);
	bios_disk_probe(number, &disk);
	sector = bios_disk_read(&disk, volume ? volume->lba : 0);
	if (!sector)
		return error_code();
	if (volume)
		format(what, sizeof(what), "partition %u of drive 0x%02x", volume->number, number);
	else
		format(what, sizeof(what), "drive 0x%02x", number);
	return check_sector(sector, what, volume ? NULL : drive);
}

int drive_load(unsigned number)
{
	return load(number, drive_find(number), NULL);
}

/* ---- Running ---- */

static int run_cd(const struct san_drive *cd)
{
	const struct san_drive *drive = cd->emulated ? cd->emulated : cd;
	struct real_regs regs = {.edx = drive->number, .eflags = FLAG_IF};
	uint16_t segment = cd->cd.boot.segment;

	/* Boot sectors of disks count on 0:7C00, which is the same place as 7C0:0. */
	if (cd->emulated && guest_address(segment, 0) == BOOT_ADDRESS)
		return real_enter(0, BOOT_ADDRESS, 0, BOOT_ADDRESS, &regs);
	return real_enter(segment, 0, 0, BOOT_ADDRESS, &regs);
}

static int run_boot_sector(unsigned number, const struct san_drive *drive,
			   const struct boot_volume *volume)
{
	struct real_regs regs = {.edx = number, .eflags = FLAG_IF};

	if (volume) {
		memcpy(physical(ENTRY_ADDRESS, sizeof(volume->entry)), volume->entry,
		       sizeof(volume->entry));
		regs.esi = ENTRY_ADDRESS;
	} else if (is_cd(drive)) {
		return run_cd(drive);
	}
	return real_enter(0, BOOT_ADDRESS, 0, BOOT_ADDRESS, &regs);
}

/* Cards are quiet while a boot sector without a SAN runs, and come back with it. */
static int run_without_network(unsigned number, const struct boot_volume *volume)
{
	struct nic *cards[NIC_CARDS_MAX];
	unsigned count = nic_all_open(cards);
	int rc;

	http_close_idle();
	tcp_abort_all();
	nic_close_all();
	rc = run_boot_sector(number, NULL, volume);
	nic_reopen(cards, count);
	return rc;
}

static int gave_up(unsigned number, int how)
{
	static const char *const by[] = {
		[GUEST_RETURNED] = "returned",
		[GUEST_INT18] = "gave control back by INT 18h: it found nothing to boot",
		[GUEST_INT19] = "asked for a restart of the boot (INT 19h)",
	};

	return fail(E_SAN_BOOT_RETURNED, "Operation canceled (the boot sector of drive 0x%02x %s)",
		    number, by[how]);
}

static int load_and_run(unsigned number, struct san_drive *drive, const struct boot_volume *volume)
{
	int rc = load(number, drive, volume);

	if (rc)
		return rc;
	if (is_cd(drive) && !drive->ibft.target_count)
		print("Note: an operating system on this CD no longer finds it once its kernel "
		      "runs, unless its initial RAM disk holds all that it needs\n");
	if (san_any_hooked())
		rc = run_boot_sector(number, drive, volume);
	else
		rc = run_without_network(number, volume);
	return gave_up(number, rc);
}

/* Afterwards a CD is no longer what it emulated, and back at its number. */
int drive_boot(unsigned number, const struct boot_volume *volume)
{
	struct san_drive *drive = drive_find(number);
	int rc = load_and_run(number, drive, volume);

	if (!drive)
		return rc;
	emulation_end(drive);
	if (drive->number != number)
		drive_renumber(drive, number);
	return rc;
}

static int boot(unsigned number)
{
	struct guest_outer outer;
	int rc = guest_begin(&outer, san_any_hooked());

	if (rc)
		return rc;
	rc = drive_boot(number, NULL);
	guest_end(&outer);
	return rc;
}

int san_boot(unsigned number)
{
	int rc;

	print("Booting from SAN device 0x%02x\n", number);
	rc = boot(number);
	print("Boot from SAN device 0x%02x failed: %s\n", number, error_sentence(rc));
	return rc;
}
