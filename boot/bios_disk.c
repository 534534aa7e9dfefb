/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading drives through INT 13h: by packet (Enhanced Disk Drive Specification
 * 3.0), where the BIOS has that for the drive, else by cylinder, head and sector.
 *
 * The BIOS reads into memory below 1 MB. Nobody uses that while we have the
 * machine for ourselves, so 60 KB of it hold what was read last: large calls
 * for files, and small ones for the file system's tables in between.
 */
#include "boot/bios_disk.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"
#include "san/drives.h"

#define WINDOW	    0x20000u
#define WINDOW_SIZE 0xf000u
#define PACKET	    (WINDOW + WINDOW_SIZE) /* below the next 64 KB */
#define PACKET_ROOM 0x100u
#define DAP_SIZE    16u
#define PARAM_SIZE  26u
#define CD_SIZE	    2048u
#define TRIES	    3
#define CD_NUMBERS  0xe0u
#define MEDIA_STATE 0x490u /* of floppy drive 0, in the BIOS data area */
#define MEDIA_KNOWN 0x10u

static struct {
	bool filled;
	uint8_t drive;
	uint64_t first; /* sector */
	uint32_t count;
} window;

/* ---- Calls ---- */

static bool call(struct real_regs *regs)
{
	bios_call(0x13, regs);
	return !(regs->eflags & FLAG_CARRY);
}

static struct real_regs with_packet(uint8_t drive, uint16_t ax)
{
	return (struct real_regs){.eax = ax, .edx = drive, .ds = PACKET >> 4, .eflags = FLAG_CARRY};
}

static bool read_packet(const struct bios_disk *disk, uint64_t first, uint32_t count)
{
	struct real_regs regs = with_packet(disk->drive, 0x4200);
	uint8_t *packet = physical(PACKET, DAP_SIZE);

	packet[0] = DAP_SIZE;
	packet[1] = 0;
	put_le16(packet + 2, (uint16_t)count);
	put_le16(packet + 4, 0);
	put_le16(packet + 6, WINDOW >> 4);
	put_le64(packet + 8, first);
	return call(&regs);
}

static bool read_chs(const struct bios_disk *disk, uint32_t first, uint32_t count)
{
	uint32_t track = first / disk->sectors, cylinder = track / disk->heads;
	struct real_regs regs = {
		.eax = 0x0200 | count,
		.ecx = (cylinder & 0xff) << 8 | (cylinder >> 2 & 0xc0) |
		       (first % disk->sectors + 1),
		.edx = (track % disk->heads) << 8 | disk->drive,
		.es = WINDOW >> 4,
		.eflags = FLAG_CARRY,
	};

	return cylinder < 1024 && call(&regs);
}

static void reset(uint8_t drive)
{
	struct real_regs regs = {.edx = drive};

	call(&regs);
}

/* Up to @count sectors from @first into the window; at least one. */
static int fill_window(struct bios_disk *disk, uint64_t first, uint32_t count)
{
	count = min(count, (uint32_t)(WINDOW_SIZE / disk->sector_size));
	if (!disk->edd)
		count = min(count, disk->sectors - (uint32_t)(first % disk->sectors));
	window.filled = false;
	for (unsigned i = 0; i < TRIES; i++) {
		if (disk->edd ? read_packet(disk, first, count)
			      : first <= UINT32_MAX && read_chs(disk, (uint32_t)first, count)) {
			window.filled = true;
			window.drive = disk->drive;
			window.first = first;
			window.count = count;
			return 0;
		}
		reset(disk->drive);
	}
	return fail(E_FILE_DRIVE, "the BIOS cannot read sector %llu of drive 0x%02x",
		    (unsigned long long)first, disk->drive);
}

static int disk_read(struct volume *volume, uint64_t offset, void *data, uint32_t len)
{
	struct bios_disk *disk = container_of(volume, struct bios_disk, volume);
	uint32_t size = disk->sector_size;
	uint8_t *out = data;

	/* Of somebody whom we started, and who comes back. */
	if (memmap_hidden())
		return fail(E_NOT_SUPPORTED,
			    "drives cannot be read while a program that was started is in memory");
	if (len > disk->size || offset > disk->size - len)
		return fail(E_FILE_DAMAGED, "beyond the end of drive 0x%02x", disk->drive);
	while (len) {
		uint64_t sector = offset / size;
		uint32_t skip = (uint32_t)(offset % size), have;

		if (!window.filled || window.drive != disk->drive || sector < window.first ||
		    sector - window.first >= window.count) {
			int rc = fill_window(disk, sector, (skip + len + size - 1) / size);

			if (rc)
				return rc;
		}
		skip += (uint32_t)(sector - window.first) * size;
		have = min(len, window.count * size - skip);
		memcpy(out, physical(WINDOW + skip, have), have);
		out += have;
		offset += have;
		len -= have;
	}
	return 0;
}

/* ---- What a drive is ---- */

static bool has_packets(uint8_t drive)
{
	struct real_regs regs = {.eax = 0x4100, .ebx = 0x55aa, .edx = drive, .eflags = FLAG_CARRY};

	return call(&regs) && (regs.ebx & 0xffff) == 0xaa55 && regs.ecx & 1;
}

static bool read_parameters(struct bios_disk *disk)
{
	struct real_regs regs = with_packet(disk->drive, 0x4800);
	uint8_t *p = physical(PACKET, PACKET_ROOM);
	uint64_t total;

	memset(p, 0, PACKET_ROOM);
	put_le16(p, PARAM_SIZE);
	if (!call(&regs))
		return false;
	disk->sector_size = get_le16(p + 24);
	total = get_le64(p + 16);
	if (total && total < UINT64_MAX / 4096)
		disk->size = total * disk->sector_size;
	return true;
}

/* El Torito, section 4: was this CD booted, without emulation? */
static bool is_booted_cd(uint8_t drive, uint8_t media)
{
	struct real_regs regs = with_packet(drive, 0x4b01);
	uint8_t *p = physical(PACKET, PACKET_ROOM);

	memset(p, 0, PACKET_ROOM);
	p[0] = 19;
	return call(&regs) && p[2] == drive && (p[1] & 15) == media;
}

static bool read_geometry(struct bios_disk *disk)
{
	struct real_regs regs = {.eax = 0x0800, .edx = disk->drive, .eflags = FLAG_CARRY};

	if (!call(&regs) || regs.eax & 0xff00)
		return false;
	disk->heads = (regs.edx >> 8 & 0xff) + 1;
	disk->sectors = regs.ecx & 0x3f;
	return disk->sectors;
}

static bool is_sector_size(uint32_t size)
{
	return size == 512 || size == CD_SIZE || size == 4096;
}

/* CDs that were booted have sectors of 2048 bytes, whatever their BIOS says. */
static bool ask(struct bios_disk *disk)
{
	disk->edd = has_packets(disk->drive) && read_parameters(disk);
	if (disk->drive >= DRIVE_FIRST && is_booted_cd(disk->drive, 0)) {
		if (disk->sector_size != CD_SIZE)
			disk->size = UINT64_MAX;
		disk->sector_size = CD_SIZE;
		disk->edd = true;
	}
	disk->cd = disk->edd && disk->sector_size == CD_SIZE;
	if (disk->edd && is_sector_size(disk->sector_size))
		return true;
	disk->edd = false;
	disk->sector_size = 512;
	disk->size = UINT64_MAX;
	return read_geometry(disk);
}

int bios_disk_open(struct bios_disk *disk, uint8_t number)
{
	*disk = (struct bios_disk){.drive = number, .size = UINT64_MAX};
	window.filled = false; /* the medium may be another one */
	if (!physical(WINDOW, WINDOW_SIZE + PACKET_ROOM) || !ask(disk))
		return fail(E_FILE_DRIVE, "the BIOS has no drive 0x%02x", number);
	disk->volume = (struct volume){.read = disk_read, .size = disk->size};
	log_debug("file", 1, "drive 0x%02x: %s, sectors of %u bytes, %llu bytes", number,
		  disk->edd ? "packets" : "CHS", disk->sector_size, (unsigned long long)disk->size);
	return 0;
}

/* ---- Which there are ---- */

static bool has_floppy(void)
{
	const uint8_t *state = physical(MEDIA_STATE, 1);
	const uint8_t *equipment = physical(BDA_EQUIPMENT, 1);

	if (!equipment || !(*equipment & 1))
		return false;
	if (*state & MEDIA_KNOWN)
		return true;
	/* A CD's image of one. */
	for (uint8_t media = 1; media <= 3; media++) {
		if (is_booted_cd(0, media))
			return true;
	}
	return false;
}

static unsigned add_matching(bool cds, uint8_t *numbers, unsigned count)
{
	const uint8_t *disks = physical(BDA_DISK_COUNT, 1);
	struct bios_disk disk;
	unsigned target;

	for (unsigned n = DRIVE_FIRST; n <= 0xff; n++) {
		bool counted = disks && n - DRIVE_FIRST < *disks;

		if (drive_route(n, &target) || bios_disk_open(&disk, (uint8_t)n))
			continue;
		/* What is not counted must be a CD; some BIOSes answer to any number. */
		if (disk.cd == cds && (counted || disk.cd))
			numbers[count++] = (uint8_t)n;
	}
	return count;
}

unsigned bios_disks(enum bios_disk_order order, uint8_t *numbers)
{
	unsigned count = add_matching(order == CDS_FIRST, numbers, 0);

	if (has_floppy())
		numbers[count++] = 0;
	return add_matching(order != CDS_FIRST, numbers, count);
}
