/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting from a drive: sector 0 to 0:7C00, read through INT 13h as the boot
 * sector itself will read, and a jump there with DL = drive. From a CD: the boot
 * image that its catalog names (san/cd.c).
 *
 * A boot sector that gives up (INT 18h, INT 19h, a far return) comes back here.
 * Until then our memory is hidden from it, whether or not a SAN is hooked: it is
 * needed for coming back. Cards stay open only while a SAN is hooked.
 */
#include "san/san.h"
#include "san/cd.h"
#include "san/drives.h"
#include "san/emulation.h"
#include "san/guest.h"
#include "bios/gate.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/http.h"
#include "netstack/net.h"
#include "netstack/tcp.h"

#define BOOT_ADDRESS   0x7c00u
#define PACKET_ADDRESS 0x7a00u /* free until the boot sector runs */
#define BOOT_SIGNATURE 0xaa55u
#define READ_TRIES     3
#define DAP_SIZE       16u
/* ISO 9660: the first volume descriptor lies in the 17th sector of 2048 bytes. */
#define ISO_DESCRIPTOR 16u
#define ISO_SECTOR     2048u

/* ---- Reading ---- */

static void read_chs(struct real_regs *regs)
{
	regs->eax = 0x0201;
	regs->ecx = 0x0001;
	regs->ebx = BOOT_ADDRESS;
}

static void read_lba(struct real_regs *regs)
{
	uint8_t *packet = physical(PACKET_ADDRESS, DAP_SIZE);

	memset(packet, 0, DAP_SIZE);
	packet[0] = DAP_SIZE;
	packet[2] = 1;
	put_le16(packet + 4, BOOT_ADDRESS);
	regs->eax = 0x4200;
	regs->esi = PACKET_ADDRESS;
}

static void reset_drive(unsigned drive)
{
	struct real_regs regs = {.edx = drive};

	bios_call(0x13, &regs);
}

/* Sector 0 to 0:7C00; 0 or an error after fail(). */
static int read_boot_sector(unsigned number, const struct san_drive *drive)
{
	uint8_t status = 0;

	for (unsigned i = 0; i < READ_TRIES; i++) {
		struct real_regs regs = {.edx = number};

		if (drive && drive->dev->block_size != 512)
			read_lba(&regs);
		else
			read_chs(&regs);
		bios_call(0x13, &regs);
		if (!(regs.eflags & FLAG_CARRY))
			return 0;
		status = (uint8_t)(regs.eax >> 8);
		if (drive) /* the device has retried for san-timeout already */
			return drive->rc ? drive->rc
					 : fail(E_SAN_READ, "INT 13h status %02x", status);
		reset_drive(number);
	}
	return fail(E_SAN_READ,
		    "the BIOS cannot read drive 0x%02x (INT 13h status %02x); it may not "
		    "exist, or not be in the firmware's boot order",
		    number, status);
}

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

static int check_signature(unsigned number, struct san_drive *drive)
{
	const uint8_t *sector = physical(BOOT_ADDRESS, 512);

	if (sector && get_le16(sector + 510) == BOOT_SIGNATURE)
		return 0;
	if (drive && is_iso(drive))
		return fail(E_SAN_CD_IMAGE,
			    "drive 0x%02x holds a CD image that has neither a boot catalog "
			    "(El Torito) nor a boot sector",
			    number);
	return fail(E_SAN_NO_SIGNATURE,
		    "drive 0x%02x is not bootable: its first sector does not end in 55 AA", number);
}

/* ---- Running ---- */

static bool is_cd(const struct san_drive *drive)
{
	return drive && drive->cd.found;
}

static int load(unsigned number, struct san_drive *drive)
{
	int rc;

	if (is_cd(drive))
		return cd_load(drive);
	rc = read_boot_sector(number, drive);
	return rc ? rc : check_signature(number, drive);
}

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

static int run_boot_sector(unsigned number, const struct san_drive *drive)
{
	struct real_regs regs = {.edx = number, .eflags = FLAG_IF};

	if (is_cd(drive))
		return run_cd(drive);
	return real_enter(0, BOOT_ADDRESS, 0, BOOT_ADDRESS, &regs);
}

/* Cards are quiet while a boot sector without a SAN runs, and come back with it. */
static int run_without_network(unsigned number)
{
	struct nic *nic, *next;
	struct nic *open[16];
	unsigned count = 0;
	int rc;

	http_close_idle();
	tcp_abort_all();
	list_for_each_safe(nic, next, &nics, link) {
		if (nic->open && count < ARRAY_SIZE(open))
			open[count++] = nic;
	}
	nic_close_all();
	rc = run_boot_sector(number, NULL);
	for (unsigned i = 0; i < count; i++) {
		if (nic_open(open[i]))
			print("%s does not open again: %s\n", open[i]->name, error_text());
	}
	return rc;
}

static int load_and_run(unsigned number, struct san_drive *drive)
{
	int rc = load(number, drive);

	if (rc)
		return rc;
	if (is_cd(drive) && !drive->ibft.target_count)
		print("Note: an operating system on this CD no longer finds it once its kernel "
		      "runs, unless its initial RAM disk holds all that it needs\n");
	if (san_any_hooked())
		run_boot_sector(number, drive);
	else
		run_without_network(number);
	return fail(E_SAN_BOOT_RETURNED,
		    "Operation canceled (the boot sector of drive 0x%02x gave control back)",
		    number);
}

/* Afterwards a CD is no longer what it emulated, and back at its number. */
static int boot(unsigned number)
{
	struct san_drive *drive = drive_find(number);
	struct guest_outer outer;
	int rc = guest_begin(&outer, san_any_hooked());

	if (rc)
		return rc;
	rc = load_and_run(number, drive);
	guest_end(&outer);
	if (!drive)
		return rc;
	emulation_end(drive);
	if (drive->number != number)
		drive_renumber(drive, number);
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
