/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated drives, "El Torito" Bootable CD-ROM Format Specification 1.0, sections 1.3 and 4.
 *
 * The image is a piece of the CD in sectors of 512 bytes, four in each of the
 * CD's. It is read through the CD's cache, so that the emulated drive needs none
 * of its own.
 */
#include "san/emulation.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

#define SECTOR		 512u
#define RATIO		 (CD_SECTOR / SECTOR)
#define TABLE_PLACE	 0x1beu /* partition table in sector 0 */
#define TABLE_ENTRIES	 4u
#define TABLE_ENTRY_SIZE 16u

struct emulation {
	struct block_device dev;
	struct san_drive *cd;
	uint64_t start; /* of the image, in sectors of 512 bytes from the start of the CD */
};

/* ---- The piece of the CD ---- */

/* Part of one sector of the CD: @count sectors of 512 bytes from @lba on, all in it. */
static int read_part(struct san_drive *cd, uint64_t lba, uint32_t count, uint8_t *data)
{
	static uint8_t sector[CD_SECTOR];
	int rc = cache_read(cd->cache, lba / RATIO, 1, sector);

	if (!rc)
		memcpy(data, sector + lba % RATIO * SECTOR, count * SECTOR);
	return rc;
}

static int read_image(struct san_drive *cd, uint64_t lba, uint32_t count, uint8_t *data)
{
	uint32_t first = lba % RATIO ? min(count, (uint32_t)(RATIO - lba % RATIO)) : 0;
	uint32_t whole = (count - first) / RATIO, last = (count - first) % RATIO;
	int rc = first ? read_part(cd, lba, first, data) : 0;

	lba += first;
	data += first * SECTOR;
	if (!rc && whole)
		rc = cache_read(cd->cache, lba / RATIO, whole, data);
	if (!rc && last)
		rc = read_part(cd, lba + whole * RATIO, last, data + whole * CD_SECTOR);
	return rc;
}

static void submit(struct block_device *dev, struct block_request *request)
{
	struct emulation *e = container_of(dev, struct emulation, dev);

	if (request->op == BLOCK_READ)
		request->rc =
			read_image(e->cd, e->start + request->lba, request->count, request->buffer);
	else
		request->rc = fail(E_NOT_SUPPORTED, "the drive is a part of a CD");
	request->done = true;
}

/* A request is done when submit() returns. */
static void cancel(struct block_device *dev, struct block_request *request)
{
}

static void close_device(struct block_device *dev)
{
	heap_free(container_of(dev, struct emulation, dev));
}

static const struct block_ops ops = {.submit = submit, .cancel = cancel, .close = close_device};

/* ---- Sizes ---- */

static const struct {
	const char *name;
	struct geometry geometry;
} floppies[] = {
	[MEDIA_1200K] = {"1.2 MB floppy disk", {80, 2, 15}},
	[MEDIA_1440K] = {"1.44 MB floppy disk", {80, 2, 18}},
	[MEDIA_2880K] = {"2.88 MB floppy disk", {80, 2, 36}},
};

/* Where the partitions of a hard disk's image end; the catalog does not tell. */
static uint64_t table_end(const uint8_t *sector)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		const uint8_t *entry = sector + TABLE_PLACE + i * TABLE_ENTRY_SIZE;

		if (entry[4])
			end = max(end, (uint64_t)get_le32(entry + 8) + get_le32(entry + 12));
	}
	return end;
}

static int measure(struct emulation *e, enum eltorito_media media, struct geometry *geometry)
{
	uint64_t rest = e->cd->dev->blocks * RATIO - e->start, end;
	uint8_t sector[SECTOR];
	int rc;

	if (media != MEDIA_HARD_DISK) {
		*geometry = floppies[media].geometry;
		e->dev.blocks = min(rest, (uint64_t)geometry_capacity(geometry));
		return 0;
	}
	rc = read_part(e->cd, e->start, 1, sector);
	if (rc)
		return rc;
	end = table_end(sector);
	e->dev.blocks = end ? min(rest, end) : rest;
	geometry_guess(sector, e->dev.blocks, geometry);
	return 0;
}

/* ---- Beginning and ending ---- */

/* Out of the numbers of hard disks, which are shifted, and among which a CD confuses programs. */
static void move_away(struct san_drive *cd)
{
	unsigned number = DRIVE_CD;

	if (cd->number >= DRIVE_CD)
		return;
	while (drive_find(number))
		number++;
	drive_renumber(cd, number);
}

static struct emulation *emulation_new(struct san_drive *cd, const struct eltorito *boot)
{
	struct emulation *e = heap_zalloc(sizeof(*e));

	if (!e)
		return NULL;
	e->cd = cd;
	e->start = (uint64_t)boot->lba * RATIO;
	e->dev = (struct block_device){
		.ops = &ops,
		.block_size = SECTOR,
		.max_blocks = 128,
		.read_only = true,
	};
	return e;
}

static void drive_free(struct san_drive *drive)
{
	cache_destroy(drive->cache);
	drive->dev->ops->close(drive->dev);
	heap_free(drive);
}

static int fill(struct san_drive *drive, struct emulation *e, const struct eltorito *boot)
{
	int rc = measure(e, boot->media, &drive->geometry);

	drive->cache = rc ? NULL : cache_create(drive->dev, 0);
	if (!rc && !drive->cache)
		rc = fail(E_NO_MEMORY, "no memory for an emulated drive");
	return rc;
}

int emulation_begin(struct san_drive *cd, const struct eltorito *boot)
{
	bool hard_disk = boot->media == MEDIA_HARD_DISK;
	struct san_drive *drive;
	struct emulation *e;
	int rc;

	emulation_end(cd);
	if (boot->lba >= cd->dev->blocks)
		return fail(E_SAN_CD_CATALOG, "the CD's boot image lies beyond its end");
	e = emulation_new(cd, boot);
	drive = e ? heap_zalloc(sizeof(*drive)) : NULL;
	if (!drive) {
		heap_free(e);
		return fail(E_NO_MEMORY, "no memory for an emulated drive");
	}
	drive->dev = &e->dev;
	drive->number = hard_disk ? DRIVE_FIRST : 0;
	drive->image_of = cd;
	format(e->dev.description, sizeof(e->dev.description), "%s on %s",
	       hard_disk ? "hard disk" : floppies[boot->media].name, cd->dev->description);
	rc = fill(drive, e, boot);
	if (rc) {
		drive_free(drive);
		return rc;
	}
	move_away(cd);
	drive_add_emulated(drive);
	cd->emulated = drive;
	print("Drive 0x%02x is the CD's image of a %s, read-only; the CD is drive 0x%02x\n",
	      drive->number, hard_disk ? "hard disk" : floppies[boot->media].name, cd->number);
	return 0;
}

void emulation_end(struct san_drive *cd)
{
	struct san_drive *drive = cd->emulated;

	if (!drive)
		return;
	cd->emulated = NULL;
	drive_remove(drive);
	drive_free(drive);
}

struct san_drive *emulation_cd(struct san_drive *drive)
{
	if (drive->image_of)
		return drive->image_of;
	return drive->cd.found ? drive : NULL;
}
