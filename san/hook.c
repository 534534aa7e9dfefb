/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching SAN disks as BIOS drives, detaching them, and what becomes of them when we leave. */
#include "san/san.h"
#include "san/cd.h"
#include "san/describe.h"
#include "san/drives.h"
#include "san/emulation.h"
#include "san/guest.h"
#include "san/int13.h"
#include "bios/heap.h"
#include "bios/memmap.h"
#include "lib/error.h"
#include "nic/nic.h"
#include "netstack/net.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define BLOCKS_MAX	 (1ull << 54) /* keeps sums of byte offsets within 64 bits */
#define READAHEAD_KB	 2048u
#define READAHEAD_KB_MAX 65536u

#define CONFLICT_PROBE_MS 150

/* ---- Opening ---- */

static const struct san_scheme *scheme_of(const char *path)
{
	const char *colon = strchr(path, ':');
	size_t len = colon ? (size_t)(colon - path) : 0;
	const struct san_scheme *scheme;
	char name[16];

	if (!len || len >= sizeof(name))
		return NULL;
	memcpy(name, path, len);
	name[len] = '\0';
	table_for_each(san_scheme, scheme) {
		if (text_equal_nocase(name, scheme->name))
			return scheme;
	}
	return NULL;
}

static int check_device(struct block_device *dev)
{
	uint32_t size = dev->block_size;

	if (size != 512 && size != 2048 && size != 4096)
		return fail(E_SAN_BLOCK_SIZE, "%s: sectors of %u bytes", dev->description, size);
	dev->blocks = min(dev->blocks, BLOCKS_MAX);
	return 0;
}

static struct block_device *open_path(const char *path, int *rc)
{
	const struct san_scheme *scheme = scheme_of(path);
	struct block_device *dev;

	if (!scheme) {
		*rc = fail(E_SAN_SCHEME,
			   "\"%s\": no such kind of SAN disk; a path looks like "
			   "iscsi:SERVER::::IQN or http://SERVER/disk.img",
			   path);
		return NULL;
	}
	error_clear();
	dev = scheme->open(path);
	*rc = dev ? check_device(dev) : error_code() ? error_code() : E_SAN_NO_PATH;
	if (!dev)
		return NULL;
	if (!*rc)
		return dev;
	dev->ops->close(dev);
	return NULL;
}

/* The first path that answers; its index in @used. With one path its own error is the error.
 * Ctrl-C means all of them. */
static struct block_device *open_first(const char *const *paths, unsigned count, unsigned *used,
				       int *rc)
{
	for (unsigned i = 0; i < count; i++) {
		struct block_device *dev = open_path(paths[i], rc);

		*used = i;
		if (dev)
			return dev;
		if (count == 1 || *rc == E_CANCELLED) {
			*rc = fail_context(*rc, "Could not open SAN device");
			return NULL;
		}
		print("Path %u of %u: %s\n", i + 1, count, error_sentence(*rc));
	}
	*rc = fail(E_SAN_NO_PATH, "Could not open SAN device: none of %u paths answered", count);
	return NULL;
}

/* Another path that answers is described too, so that the operating system can use both. */
static void add_second_path(struct san_drive *drive, const char *const *paths, unsigned count,
			    unsigned used)
{
	for (unsigned i = used + 1; i < count && drive->ibft.target_count < IBFT_TARGETS; i++) {
		int rc;
		struct block_device *dev = open_path(paths[i], &rc);

		if (!dev) {
			print("Path %u of %u: %s; not in the iBFT\n", i + 1, count,
			      error_sentence(rc));
			continue;
		}
		describe_other_path(drive, dev);
		dev->ops->close(dev);
	}
}

/* ---- Hooking ---- */

static size_t readahead_bytes(void)
{
	uint64_t kb = setting_number("", "san-readahead", READAHEAD_KB);

	return (size_t)min(kb, (uint64_t)READAHEAD_KB_MAX) * 1024;
}

static int find_geometry(struct san_drive *drive)
{
	uint8_t *sector = heap_zalloc(drive->dev->block_size);
	int rc = 0;

	if (!sector)
		return fail(E_NO_MEMORY, "0x%02x: no memory for a sector", drive->number);
	if (drive->dev->blocks)
		rc = block_run(drive->dev, BLOCK_READ, 0, 1, sector);
	if (!rc)
		geometry_guess(sector, drive->dev->blocks, &drive->geometry);
	heap_free(sector);
	return rc ? fail_context(rc, "0x%02x: reading the partition table", drive->number) : 0;
}

static void drive_free(struct san_drive *drive)
{
	cache_destroy(drive->cache);
	drive->dev->ops->close(drive->dev);
	heap_free(drive);
}

/* A drive over @dev, which is closed on failure: then NULL and *@rc. */
static struct san_drive *drive_new(unsigned number, struct block_device *dev, int *rc)
{
	struct san_drive *drive = heap_zalloc(sizeof(*drive));

	if (!drive) {
		dev->ops->close(dev);
		*rc = fail(E_NO_MEMORY, "0x%02x: no memory for a SAN drive", number);
		return NULL;
	}
	drive->number = number;
	drive->dev = dev;
	*rc = cd_detect(drive);
	if (!*rc) {
		drive->cache = cache_create(drive->dev, readahead_bytes());
		*rc = drive->cache ? find_geometry(drive)
				   : fail(E_NO_MEMORY, "0x%02x: no memory for a SAN drive", number);
	}
	if (!*rc)
		return drive;
	drive_free(drive);
	return NULL;
}

static void detach(struct san_drive *drive)
{
	emulation_end(drive);
	drive_remove(drive);
	if (list_empty(&san_drives))
		gate_unhook(GATE_INT13);
	drive_free(drive);
}

static int attach(struct san_drive *drive)
{
	int rc = drive_add(drive);

	if (rc) {
		drive_free(drive);
		return rc;
	}
	gate_hook(GATE_INT13, int13_handler);
	rc = describe_publish();
	if (rc) {
		detach(drive);
		/* The other drives' table was withdrawn for this one. */
		if (describe_publish())
			print("%s\n", error_text());
		return fail_context(rc, "Could not describe SAN devices");
	}
	return 0;
}

/* An operating system that finds its address taken gives up its root disk: say it now (RFC 5227).
 */
static void warn_of_conflict(const struct san_drive *drive)
{
	struct nic *card = drive->card[0] ? nic_find(drive->card) : NULL;
	uint8_t owner[ETH_ALEN];

	if (!card || !card->netif || !card->netif->address)
		return;
	if (arp_probe(card, card->netif->address, CONFLICT_PROBE_MS, owner) == E_ARP_CONFLICT)
		print("%s: warning: %s; the operating system may refuse it\n", card->name,
		      error_text());
	error_clear();
}

int san_hook(unsigned number, const char *const *paths, unsigned count, bool describe)
{
	struct block_device *dev;
	struct san_drive *drive;
	unsigned used = 0;
	int rc = 0;

	if (number < DRIVE_FIRST || number > DRIVE_LAST)
		return fail(E_SAN_DRIVE_NUMBER, "0x%02x is not a hard disk's number", number);
	if (drive_find(number))
		return fail(E_SAN_DRIVE_IN_USE,
			    "drive 0x%02x is a SAN drive already (%s); sanunhook it first, or use "
			    "--drive",
			    number, drive_find(number)->dev->description);
	dev = open_first(paths, count, &used, &rc);
	if (!dev)
		return rc;
	drive = drive_new(number, dev, &rc);
	if (!drive)
		return fail_context(rc, "Could not open SAN device");
	drive->describe = describe;
	describe_drive(drive);
	if (describe)
		add_second_path(drive, paths, count, used);
	rc = attach(drive);
	if (rc)
		return rc;
	print("Registered SAN device 0x%02x\n", number);
	describe_print(drive);
	warn_of_conflict(drive);
	return 0;
}

int san_unhook(unsigned number)
{
	struct san_drive *drive = drive_find(number);

	if (!drive) {
		print("SAN device 0x%02x was not registered\n", number);
		return 0;
	}
	detach(drive);
	if (describe_publish())
		print("%s\n", error_text());
	print("Unregistered SAN device 0x%02x\n", number);
	return 0;
}

void san_unhook_all(void)
{
	struct san_drive *drive;

	while ((drive = list_first(&san_drives, struct san_drive, link)))
		san_unhook(drive->number);
}

bool san_is_hooked(unsigned number)
{
	return drive_find(number) != NULL;
}

bool san_any_hooked(void)
{
	return !list_empty(&san_drives);
}

/* ---- Numbers and settings ---- */

int san_drive_number(uint64_t number, unsigned *drive)
{
	*drive = (unsigned)number;
	if (number == 0) {
		print("Note: drive 0 is the floppy disk here; taking it for the first hard disk, "
		      "0x80\n");
		*drive = DRIVE_FIRST;
	} else if (number == DRIVE_NATURAL) {
		*drive = drive_natural();
	} else if (number < DRIVE_FIRST || number > DRIVE_LAST) {
		return fail(E_SAN_DRIVE_NUMBER, "0x%llx is not a hard disk's number",
			    (unsigned long long)number);
	}
	return 0;
}

unsigned san_default_drive(void)
{
	uint64_t number = setting_number("", "san-drive", DRIVE_FIRST);
	unsigned drive;

	if (!number)
		return DRIVE_FIRST;
	if (!san_drive_number(number, &drive))
		return drive;
	print("Warning: san-drive: %s; using 0x80\n", error_text());
	return DRIVE_FIRST;
}

static bool keeps(const struct san_drive *drive)
{
	return describe_keep(drive, NULL, 0);
}

bool san_keeps(unsigned number)
{
	const struct san_drive *drive = drive_find(number);

	return drive && keeps(drive);
}

void san_set_keep(unsigned number)
{
	struct san_drive *drive = drive_find(number);

	if (drive)
		drive->keep = true;
}

bool san_skip_boot(unsigned number)
{
	const struct san_drive *drive = drive_find(number);

	return setting_number(drive ? drive->card : "", "skip-san-boot", 0) != 0;
}

/* ---- Leaving ---- */

static void unhook_unkept(void)
{
	struct san_drive *drive, *next;

	list_for_each_safe(drive, next, &san_drives, link) {
		if (keeps(drive))
			continue;
		print("SAN device 0x%02x is not kept: keep-san is not set%s%s%s\n", drive->number,
		      drive->card[0] ? " (set keep-san 1, or set " : "", drive->card,
		      drive->card[0] ? "/keep-san 1)" : "");
		san_unhook(drive->number);
	}
}

void san_prepare_exit(void)
{
	struct san_drive *drive;

	if (guest_is_running())
		return;
	unhook_unkept();
	if (list_empty(&san_drives))
		return;
	if (memmap_hide()) {
		print("SAN devices are not kept: %s\n", error_text());
		san_unhook_all();
		return;
	}
	list_for_each(drive, &san_drives, link)
		print("Preserving SAN device 0x%02x\n", drive->number);
	guest_running(true);
}

/* ---- `san` ---- */

static void print_drive(const struct san_drive *drive)
{
	const struct cache_stats *stats = cache_stats(drive->cache);
	const struct geometry *g = &drive->geometry;

	describe_print(drive);
	print("      geometry %u/%u/%u, natural number 0x%02x%s\n", g->cylinders, g->heads,
	      g->sectors, drive->natural,
	      drive->natural != drive->number ? " (there the BIOS' own disk answers)" : "");
	print("      %llu calls, %llu blocks read, %llu written\n",
	      (unsigned long long)drive->calls, (unsigned long long)drive->reads,
	      (unsigned long long)drive->writes);
	print("      cache %u KB: %llu blocks from it, %llu fetched, %llu read ahead, %llu of them "
	      "unused\n",
	      (unsigned)(cache_memory(drive->cache) / 1024), (unsigned long long)stats->hit_blocks,
	      (unsigned long long)stats->missed_blocks, (unsigned long long)stats->ahead_blocks,
	      (unsigned long long)stats->wasted_blocks);
	if (drive->dev->ops->report)
		drive->dev->ops->report(drive->dev);
}

void san_print(void)
{
	struct san_drive *drive;

	if (list_empty(&san_drives))
		print("No SAN drive is hooked.\n");
	list_for_each(drive, &san_drives, link)
		print_drive(drive);
}
