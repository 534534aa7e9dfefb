/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading bytes of drives, for file systems.
 *
 * The BIOS reads into memory below 1 MB. Nobody uses that while we have the
 * machine for ourselves, so 60 KB of it hold what was read last: large calls
 * for files, and small ones for the file system's tables in between.
 */
#include "boot/bios_volume.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "boot/partitions.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "netstack/net.h"
#include "san/drives.h"

#define WINDOW	      0x20000u
#define WINDOW_SIZE   0xf000u
#define SPEC_SIZE     19u
#define MEDIA_STATE   0x490u /* of floppy drive 0, in the BIOS data area */
#define MEDIA_KNOWN   0x10u
#define ENTRY_SECTORS 12 /* in a partition's entry */

static struct {
	bool filled;
	unsigned drive;
	uint64_t first; /* sector */
	uint32_t count;
} window;

/* ---- Reading ---- */

/* Up to @count sectors from @first into the window; at least one. */
static int fill_window(const struct bios_disk *disk, uint64_t first, uint32_t count)
{
	int rc = wait_turn(DEADLINE_NEVER); /* a search may take long: Ctrl-C ends it */

	if (rc)
		return rc;
	count = bios_disk_most(disk, first, min(count, (uint32_t)(WINDOW_SIZE / disk->block_size)));
	window.filled = false;
	rc = bios_disk_transfer(disk, first, count, WINDOW);
	if (rc)
		return fail(E_FILE_DRIVE, "%s", error_sentence(rc));
	window.filled = true;
	window.drive = disk->number;
	window.first = first;
	window.count = count;
	return 0;
}

static bool is_in_window(const struct bios_disk *disk, uint64_t sector)
{
	return window.filled && window.drive == disk->number && sector >= window.first &&
	       sector - window.first < window.count;
}

static int volume_bytes(struct volume *volume, uint64_t offset, void *data, uint32_t len)
{
	struct bios_volume *v = container_of(volume, struct bios_volume, volume);
	uint32_t size = v->disk.block_size;
	uint8_t *out = data;

	/* Of somebody whom we started, and who comes back. */
	if (memmap_hidden())
		return fail(E_NOT_SUPPORTED,
			    "drives cannot be read while a program that was started is in memory");
	if (len > v->size || offset > v->size - len)
		return fail(E_FILE_DAMAGED, "beyond the end of drive 0x%02x", v->disk.number);
	while (len) {
		uint64_t sector = offset / size;
		uint32_t skip = (uint32_t)(offset % size), have;
		int rc = is_in_window(&v->disk, sector)
				 ? 0
				 : fill_window(&v->disk, sector, (skip + len + size - 1) / size);

		if (rc)
			return rc;
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

/* El Torito, section 4: does the machine run from this CD, and so (0: without emulation)? */
static bool is_booted_cd(unsigned number, unsigned media)
{
	uint8_t *p = low_buffer();
	struct real_regs regs = {
		.eax = 0x4b01,
		.edx = number,
		.ds = real_segment(p),
		.esi = real_offset(p),
		.eflags = FLAG_CARRY,
	};

	memset(p, 0, SPEC_SIZE);
	p[0] = SPEC_SIZE;
	bios_call(0x13, &regs);
	return !(regs.eflags & FLAG_CARRY) && p[2] == number && (p[1] & 15) == media;
}

/* CDs that were booted have sectors of 2048 bytes, whatever their BIOS says. */
static bool probe(unsigned number, struct bios_disk *disk)
{
	bool answers = bios_disk_probe(number, disk);

	if (number >= DRIVE_FIRST && !disk->san && is_booted_cd(number, 0)) {
		if (disk->block_size != CD_SECTOR)
			disk->blocks = 0;
		disk->block_size = CD_SECTOR;
		disk->cd = disk->extensions = answers = true;
	}
	return answers && (disk->block_size == 512 || disk->block_size == CD_SECTOR ||
			   disk->block_size == 4096);
}

int bios_volume_open(struct bios_volume *v, uint8_t number)
{
	const struct bios_disk *disk = &v->disk;

	*v = (struct bios_volume){.size = UINT64_MAX};
	window.filled = false; /* the medium may be another one */
	if (!physical(WINDOW, WINDOW_SIZE) || !probe(number, &v->disk))
		return fail(E_FILE_DRIVE, "the BIOS has no drive 0x%02x", number);
	/* By CHS the size is none to rely on. */
	if (disk->extensions && disk->blocks && disk->blocks < UINT64_MAX / disk->block_size)
		v->size = disk->blocks * disk->block_size;
	v->volume = (struct volume){.read = volume_bytes, .size = v->size};
	log_debug("file", 1, "drive 0x%02x: %s, sectors of %u bytes, %llu bytes", number,
		  disk->extensions ? "packets" : "CHS", disk->block_size,
		  (unsigned long long)v->size);
	return 0;
}

/* ---- Partitions ---- */

static const uint8_t *read_sector(void *ctx, uint64_t lba)
{
	static uint8_t sector[4096];
	struct bios_volume *v = ctx;
	uint32_t size = v->disk.block_size;

	/* What would wrap around is behind the end of any drive. */
	return volume_bytes(&v->volume, lba < UINT64_MAX / size ? lba * size : UINT64_MAX, sector,
			    size)
		       ? NULL
		       : sector;
}

int bios_volume_partition(struct bios_volume *v, unsigned number, uint64_t *start, uint64_t *size)
{
	char name[16];
	struct partitioned disk = {
		.read = read_sector,
		.ctx = v,
		.block_size = v->disk.block_size,
		.blocks = v->size == UINT64_MAX ? 0 : v->disk.blocks,
		.name = name,
	};
	struct boot_volume found;
	int rc;

	*start = 0;
	*size = v->size;
	if (!number)
		return 0;
	format(name, sizeof(name), "drive 0x%02x", v->disk.number);
	error_clear();
	rc = partition_find(&disk, number, &found);
	if (rc)
		return rc;
	*start = found.lba * v->disk.block_size;
	*size = (uint64_t)get_le32(found.entry + ENTRY_SECTORS) * v->disk.block_size;
	return 0;
}

/* ---- Which there are ---- */

/* In an empty floppy drive a read takes seconds. */
static bool has_medium(unsigned floppy)
{
	const uint8_t *state = physical(MEDIA_STATE + floppy, 1);

	if (state && floppy < 2 && *state & MEDIA_KNOWN)
		return true;
	for (unsigned media = MEDIA_1200K; media <= MEDIA_2880K; media++) {
		if (is_booted_cd(floppy, media))
			return true;
	}
	return false;
}

/* Append the CDs of @disks, or all others, as far as they may have a medium. */
static unsigned add(const struct bios_disk *disks, unsigned count, bool cds, uint8_t *numbers,
		    unsigned have)
{
	for (unsigned i = 0; i < count; i++) {
		const struct bios_disk *disk = &disks[i];

		if (!disk->san && disk->cd == cds && have < BIOS_VOLUMES_MAX &&
		    (disk->number >= DRIVE_FIRST || has_medium(disk->number)))
			numbers[have++] = (uint8_t)disk->number;
	}
	return have;
}

/* A CD that was booted may have any number. */
static unsigned add_booted_cd(struct bios_disk *disks, unsigned count)
{
	unsigned target;

	for (unsigned n = DRIVE_FIRST; n <= DRIVE_LAST + 1 && count < BIOS_VOLUMES_MAX; n++) {
		unsigned i = 0;

		while (i < count && disks[i].number != n)
			i++;
		if (!drive_route(n, &target) && is_booted_cd(n, 0)) {
			disks[i] = (struct bios_disk){.number = n, .cd = true};
			count = max(count, i + 1);
		}
	}
	return count;
}

unsigned bios_volumes(enum bios_volume_order order, uint8_t *numbers)
{
	static struct bios_disk disks[BIOS_VOLUMES_MAX];
	unsigned count = add_booted_cd(disks, bios_disks(disks, BIOS_VOLUMES_MAX));
	unsigned have = add(disks, count, order == CDS_FIRST, numbers, 0);

	return add(disks, count, order != CDS_FIRST, numbers, have);
}
