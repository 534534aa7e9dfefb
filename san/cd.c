/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CDs: what is booted through an El Torito boot catalog (san/eltorito.c).
 *
 * Programs on a CD count in sectors of 2048 bytes. Where the device has smaller
 * ones (a file on a web server, an ISO written to a LUN), a device is put in
 * front of it that translates.
 */
#include "san/cd.h"
#include "san/emulation.h"
#include "san/guest.h"
#include "bios/heap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/text.h"

#define RATIO	       (CD_SECTOR / 512u)
#define BOOT_SIGNATURE 0xaa55u
#define LOAD_MIN       0x600u /* above the BIOS data area */
#define VIRTUAL_SECTOR 512u

/* ---- Sectors of 2048 bytes over sectors of 512 ---- */

struct cd_device {
	struct block_device dev;
	struct block_device *disk;
};

static struct block_device *disk_of(struct block_device *dev)
{
	return container_of(dev, struct cd_device, dev)->disk;
}

/* The request is passed on as it is, only its numbers change. */
static void cd_submit(struct block_device *dev, struct block_request *request)
{
	request->lba *= RATIO;
	request->count *= RATIO;
	disk_of(dev)->ops->submit(disk_of(dev), request);
}

static void cd_cancel(struct block_device *dev, struct block_request *request)
{
	disk_of(dev)->ops->cancel(disk_of(dev), request);
}

static void cd_describe(struct block_device *dev, struct ibft_params *params)
{
	struct block_device *disk = disk_of(dev);

	memset(params, 0, sizeof(*params));
	if (disk->ops->describe)
		disk->ops->describe(disk, params);
}

static void cd_report(struct block_device *dev)
{
	struct block_device *disk = disk_of(dev);

	if (disk->ops->report)
		disk->ops->report(disk);
}

static void cd_close(struct block_device *dev)
{
	disk_of(dev)->ops->close(disk_of(dev));
	heap_free(container_of(dev, struct cd_device, dev));
}

static const struct block_ops cd_ops = {
	.submit = cd_submit,
	.cancel = cd_cancel,
	.describe = cd_describe,
	.report = cd_report,
	.close = cd_close,
};

static struct block_device *cd_over(struct block_device *disk)
{
	struct cd_device *cd = heap_zalloc(sizeof(*cd));

	if (!cd)
		return NULL;
	cd->disk = disk;
	cd->dev = (struct block_device){
		.ops = &cd_ops,
		.block_size = CD_SECTOR,
		.blocks = disk->blocks / RATIO,
		.max_blocks = disk->max_blocks / RATIO,
		.read_only = disk->read_only,
	};
	text_copy(cd->dev.description, sizeof(cd->dev.description), disk->description);
	return &cd->dev;
}

/* ---- Finding ---- */

/* One sector of 2048 bytes of a device of 512 or 2048; E_SAN_OUT_OF_RANGE beyond its end. */
static int read_sector(struct block_device *dev, uint32_t lba, uint8_t *sector)
{
	uint32_t count = CD_SECTOR / dev->block_size;

	return block_run(dev, BLOCK_READ, (uint64_t)lba * count, count, sector);
}

/* The sector of the boot catalog; E_SAN_CD_IMAGE when there is none. */
static int find_catalog(struct block_device *dev, uint8_t *sector, uint32_t *catalog)
{
	for (unsigned i = 0; i < ISO_DESCRIPTORS_MAX; i++) {
		int rc = read_sector(dev, ISO_DESCRIPTOR_FIRST + i, sector);
		enum iso_descriptor kind = rc ? ISO_LAST : iso_descriptor_kind(sector, catalog);

		if (kind == ISO_BOOT_RECORD)
			return 0;
		if (rc && rc != E_SAN_OUT_OF_RANGE)
			return rc;
		if (kind == ISO_LAST)
			break;
	}
	return E_SAN_CD_IMAGE;
}

static int is_hard_disk(struct block_device *dev, uint8_t *sector, bool *yes)
{
	int rc = 0;

	*yes = false;
	if (dev->block_size != 512 || dev->read_only)
		return 0;
	rc = read_sector(dev, 0, sector);
	*yes = !rc && get_le16(sector + 510) == BOOT_SIGNATURE;
	return rc;
}

static int detect(struct san_drive *drive, uint8_t *sector)
{
	struct block_device *cd;
	uint32_t catalog;
	bool hard_disk;
	int rc = is_hard_disk(drive->dev, sector, &hard_disk);

	if (!rc && !hard_disk)
		rc = find_catalog(drive->dev, sector, &catalog);
	if (rc || hard_disk)
		return rc == E_SAN_CD_IMAGE ? 0 : rc;
	if (drive->dev->block_size == 512) {
		cd = cd_over(drive->dev);
		if (!cd)
			return fail(E_NO_MEMORY, "no memory for a CD");
		drive->dev = cd;
	}
	drive->cd.catalog = catalog;
	drive->cd.found = true;
	return 0;
}

int cd_detect(struct san_drive *drive)
{
	struct block_device *dev = drive->dev;
	uint8_t *sector;
	int rc;

	if (dev->block_size > CD_SECTOR ||
	    dev->blocks * dev->block_size <= ISO_DESCRIPTOR_FIRST * CD_SECTOR)
		return 0;
	sector = heap_alloc(CD_SECTOR);
	if (!sector)
		return fail(E_NO_MEMORY, "no memory for a sector");
	rc = detect(drive, sector);
	heap_free(sector);
	return rc;
}

/* ---- Loading ---- */

/* Where @len bytes can be loaded, between the BIOS' data and ours. */
static uint8_t *place_for(const struct eltorito *boot, uint32_t len)
{
	const uint8_t *kb = physical(BDA_BASE_MEMORY, 2);
	uint32_t address = guest_address(boot->segment, 0);

	if (!kb || address < LOAD_MIN || address + len > get_le16(kb) * 1024u)
		return NULL;
	return guest_memory(address, len);
}

static int no_place(const struct eltorito *boot, uint32_t len)
{
	return fail(E_SAN_CD_CATALOG,
		    "the CD's boot image (%u bytes to 0x%05x) does not fit into memory", len,
		    (unsigned)guest_address(boot->segment, 0));
}

/* From the emulated drive, usually its first sector alone: the rest it reads itself. */
static int load_emulated(struct san_drive *drive, struct eltorito *boot)
{
	uint32_t len;
	uint8_t *place;
	int rc;

	boot->sectors = max(boot->sectors, (uint16_t)1);
	len = boot->sectors * VIRTUAL_SECTOR;
	place = place_for(boot, len);
	if (!place)
		return no_place(boot, len);
	rc = emulation_begin(drive, boot);
	return rc ? rc : block_run(drive->emulated->dev, BLOCK_READ, 0, boot->sectors, place);
}

static int load(struct san_drive *drive, const struct eltorito *boot, uint8_t *sector)
{
	uint32_t len = boot->sectors * VIRTUAL_SECTOR;
	uint8_t *place = place_for(boot, len);
	uint32_t whole = len / CD_SECTOR, rest = len % CD_SECTOR;
	int rc = 0;

	if (!place)
		return no_place(boot, len);
	if (whole)
		rc = block_run(drive->dev, BLOCK_READ, boot->lba, whole, place);
	if (!rc && rest) {
		rc = block_run(drive->dev, BLOCK_READ, (uint64_t)boot->lba + whole, 1, sector);
		memcpy(place + whole * CD_SECTOR, sector, rest);
	}
	return rc;
}

static int find_and_load(struct san_drive *drive, uint8_t *sector)
{
	struct eltorito *boot = &drive->cd.boot;
	int rc = read_sector(drive->dev, drive->cd.catalog, sector);

	if (!rc)
		rc = eltorito_parse(sector, boot);
	if (rc)
		return rc;
	if (boot->media != MEDIA_NO_EMULATION)
		return load_emulated(drive, boot);
	/* A catalog that does not say how much: one sector of the CD, as common BIOSes do. */
	if (!boot->sectors)
		boot->sectors = RATIO;
	return load(drive, boot, sector);
}

int cd_load(struct san_drive *drive)
{
	uint8_t *sector = heap_zalloc(CD_SECTOR);
	int rc;

	if (!sector)
		return fail(E_NO_MEMORY, "no memory for a sector");
	rc = find_and_load(drive, sector);
	heap_free(sector);
	return rc;
}
