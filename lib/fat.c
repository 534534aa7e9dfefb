/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FAT12, FAT16 and FAT32 with long names: "FAT: General Overview of On-Disk
 * Format" 1.03 (Microsoft). The kind follows from the number of clusters alone.
 */
#include "lib/filesystem.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define BOOT_SECTOR    512u
#define ENTRY	       32u
#define CLUSTERS_FAT12 4085u
#define CLUSTERS_FAT16 65525u
#define CLUSTERS_MAX   0x0ffffff5u
#define DIRECTORY_MAX  (65536u * ENTRY) /* bytes, what the specification allows */
#define EXTENT_MAX     (4u << 20)
#define LONG_UNITS     13u /* in one entry */
#define LONG_ENTRIES   20u
#define NAME_SIZE      (LONG_UNITS * LONG_ENTRIES * 3 + 1)

enum boot_sector {
	BPB_SECTOR_SIZE = 11,
	BPB_CLUSTER_SECTORS = 13,
	BPB_RESERVED = 14,
	BPB_FATS = 16,
	BPB_ROOT_ENTRIES = 17,
	BPB_SECTORS16 = 19,
	BPB_FAT_SECTORS16 = 22,
	BPB_SECTORS32 = 32,
	BPB_FAT_SECTORS32 = 36,
	BPB_ROOT_CLUSTER = 44,
};
enum directory_entry {
	DIR_ATTRIBUTES = 11,
	DIR_CLUSTER_HIGH = 20,
	DIR_CLUSTER = 26,
	DIR_SIZE = 28,
	LONG_SUM = 13,
};
#define ATTRIBUTE_LABEL	    0x08u
#define ATTRIBUTE_DIRECTORY 0x10u
#define ATTRIBUTE_LONG	    0x0fu
#define LONG_LAST	    0x40u
#define DELETED		    0xe5u

struct fat {
	struct volume *volume;
	unsigned bits; /* of a table entry: 12, 16, 32 */
	uint32_t cluster_size, clusters;
	uint64_t table, data; /* bytes from the start */
	uint64_t root;	      /* of FAT12 and FAT16: a place of its own */
	uint32_t root_size, root_cluster;
};

/* ---- Layout ---- */

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static int read_layout(struct volume *volume, struct fat *fat)
{
	uint8_t b[BOOT_SECTOR];
	uint32_t sector, reserved, fat_sectors, root_sectors, data_sectors;
	uint64_t sectors, meta;
	int rc = volume_read(volume, 0, b, sizeof(b));

	if (rc)
		return rc;
	sector = get_le16(b + BPB_SECTOR_SIZE);
	reserved = get_le16(b + BPB_RESERVED);
	if (b[510] != 0x55 || b[511] != 0xaa || (b[0] != 0xeb && b[0] != 0xe9) || sector < 512 ||
	    sector > 4096 || !is_power_of_two(sector) || !is_power_of_two(b[BPB_CLUSTER_SECTORS]) ||
	    !reserved || !b[BPB_FATS] || b[BPB_FATS] > 2)
		return E_FILE_NO_FS;
	fat_sectors = get_le16(b + BPB_FAT_SECTORS16);
	if (!fat_sectors)
		fat_sectors = get_le32(b + BPB_FAT_SECTORS32);
	sectors = get_le16(b + BPB_SECTORS16);
	if (!sectors)
		sectors = get_le32(b + BPB_SECTORS32);
	root_sectors = (get_le16(b + BPB_ROOT_ENTRIES) * ENTRY + sector - 1) / sector;
	meta = reserved + (uint64_t)b[BPB_FATS] * fat_sectors + root_sectors;
	if (!fat_sectors || sectors <= meta)
		return E_FILE_NO_FS;
	data_sectors = (uint32_t)(sectors - meta);
	*fat = (struct fat){
		.volume = volume,
		.cluster_size = sector * b[BPB_CLUSTER_SECTORS],
		.clusters = min(data_sectors / b[BPB_CLUSTER_SECTORS], CLUSTERS_MAX),
		.table = (uint64_t)reserved * sector,
		.data = meta * sector,
		.root = (meta - root_sectors) * sector,
		.root_size = root_sectors * sector,
	};
	fat->bits = fat->clusters < CLUSTERS_FAT12 ? 12 : fat->clusters < CLUSTERS_FAT16 ? 16 : 32;
	if (fat->bits == 32)
		fat->root_cluster = get_le32(b + BPB_ROOT_CLUSTER);
	return 0;
}

static bool is_cluster(const struct fat *fat, uint32_t cluster)
{
	return cluster >= 2 && cluster - 2 < fat->clusters;
}

static uint64_t cluster_place(const struct fat *fat, uint32_t cluster)
{
	return fat->data + (uint64_t)(cluster - 2) * fat->cluster_size;
}

/* What follows @cluster; no cluster at the end of the chain. */
static int next_cluster(const struct fat *fat, uint32_t cluster, uint32_t *next)
{
	uint64_t bit = (uint64_t)cluster * fat->bits;
	uint8_t entry[4] = {0};
	int rc = volume_read(fat->volume, fat->table + bit / 8, entry, fat->bits == 32 ? 4 : 2);

	*next = get_le32(entry);
	if (fat->bits == 12)
		*next = *next >> (bit % 8) & 0xfff;
	*next &= 0x0fffffff;
	return rc;
}

/* ---- Directories ---- */

struct directory {
	const struct fat *fat;
	uint32_t cluster; /* 0: the root's own place */
	uint32_t offset;  /* in cluster or place */
	uint32_t seen;	  /* bytes in all */
};

/* The next entry; E_FILE_NOT_FOUND at the end. */
static int read_entry(struct directory *d, uint8_t *entry)
{
	const struct fat *fat = d->fat;
	int rc;

	if (d->seen >= DIRECTORY_MAX || (!d->cluster && d->offset >= fat->root_size))
		return E_FILE_NOT_FOUND;
	if (d->cluster && d->offset >= fat->cluster_size) {
		rc = next_cluster(fat, d->cluster, &d->cluster);
		d->offset = 0;
		if (rc)
			return rc;
		if (!is_cluster(fat, d->cluster))
			return E_FILE_NOT_FOUND;
	}
	rc = volume_read(fat->volume,
			 (d->cluster ? cluster_place(fat, d->cluster) : fat->root) + d->offset,
			 entry, ENTRY);
	d->offset += ENTRY;
	d->seen += ENTRY;
	return rc ? rc : entry[0] ? 0 : E_FILE_NOT_FOUND;
}

/* A long name: its entries stand in front of the short one's, the last part first. */
struct long_name {
	uint16_t units[LONG_UNITS * LONG_ENTRIES];
	unsigned parts, left; /* left: those still to come */
	uint8_t sum;
};

static void take_long(struct long_name *name, const uint8_t *entry)
{
	static const uint8_t places[LONG_UNITS] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	unsigned number = entry[0] & ~LONG_LAST;

	if (entry[0] & LONG_LAST) {
		name->parts = name->left = number && number <= LONG_ENTRIES ? number : 0;
		name->sum = entry[LONG_SUM];
	}
	if (!name->left || number != name->left || entry[LONG_SUM] != name->sum) {
		name->parts = 0;
		return;
	}
	name->left--;
	for (unsigned i = 0; i < LONG_UNITS; i++)
		name->units[name->left * LONG_UNITS + i] = get_le16(entry + places[i]);
}

static void long_text(const struct long_name *name, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < name->parts * LONG_UNITS && name->units[i]; i++) {
		if (!name_append(text, size, name->units[i]))
			break;
	}
}

static uint8_t short_sum(const uint8_t *entry)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < 11; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + entry[i]);
	return sum;
}

static void short_text(const uint8_t *entry, char *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 11; i++) {
		if (entry[i] == ' ')
			continue;
		if (i >= 8 && !memchr(text, '.', n))
			text[n++] = '.';
		text[n++] = (char)(i == 0 && entry[0] == 0x05 ? DELETED : entry[i]);
	}
	text[n] = '\0';
}

static bool matches(const struct long_name *name, const uint8_t *entry, const char *component,
		    size_t len)
{
	char text[NAME_SIZE];

	if (name->parts && !name->left && name->sum == short_sum(entry)) {
		long_text(name, text, sizeof(text));
		if (name_is(component, len, text))
			return true;
	}
	short_text(entry, text);
	return name_is(component, len, text);
}

/* The entry called @component in the directory at @cluster. */
static int find(const struct fat *fat, uint32_t cluster, const char *component, size_t len,
		uint8_t *entry)
{
	struct directory d = {.fat = fat, .cluster = cluster};
	struct long_name name = {.parts = 0};
	int rc;

	if (cluster && !is_cluster(fat, cluster))
		return fail(E_FILE_DAMAGED, "a directory begins outside of the file system");
	while (!(rc = read_entry(&d, entry))) {
		if (entry[0] == DELETED) {
			name.parts = 0;
		} else if ((entry[DIR_ATTRIBUTES] & 0x3f) == ATTRIBUTE_LONG) {
			take_long(&name, entry);
		} else {
			if (!(entry[DIR_ATTRIBUTES] & ATTRIBUTE_LABEL) &&
			    matches(&name, entry, component, len))
				return 0;
			name.parts = 0;
		}
	}
	return rc;
}

/* ---- Files ---- */

static uint32_t first_cluster(const struct fat *fat, const uint8_t *entry)
{
	uint32_t high = fat->bits == 32 ? get_le16(entry + DIR_CLUSTER_HIGH) : 0;

	return high << 16 | get_le16(entry + DIR_CLUSTER);
}

static int fat_open(struct volume *volume, const char *path, struct fs_file *file)
{
	struct fat fat;
	uint8_t entry[ENTRY] = {0};
	const char *component;
	uint32_t cluster;
	bool directory = true;
	size_t len;
	int rc = read_layout(volume, &fat);

	cluster = rc ? 0 : fat.root_cluster;
	while (!rc && (len = path_component(&path, &component))) {
		if (!directory)
			return E_FILE_NOT_FOUND;
		rc = find(&fat, cluster, component, len, entry);
		if (rc)
			return rc;
		cluster = first_cluster(&fat, entry);
		directory = entry[DIR_ATTRIBUTES] & ATTRIBUTE_DIRECTORY;
	}
	if (rc || directory)
		return rc ? rc : E_FILE_NOT_FOUND;
	file->size = file->left = get_le32(entry + DIR_SIZE);
	file->cluster = cluster;
	return 0;
}

/* Clusters that follow each other on the disk are one piece. */
static int fat_next(struct fs_file *file, uint64_t *offset, uint64_t *len)
{
	struct fat fat;
	uint32_t last = file->cluster, next;
	uint64_t run;
	int rc = read_layout(file->volume, &fat);

	if (rc)
		return rc;
	if (!is_cluster(&fat, last))
		return fail(E_FILE_DAMAGED, "the file's chain of clusters ends too early");
	*offset = cluster_place(&fat, last);
	for (run = fat.cluster_size;; run += fat.cluster_size) {
		rc = next_cluster(&fat, last, &next);
		if (rc)
			return rc;
		if (next != last + 1 || run >= file->left || run >= EXTENT_MAX ||
		    !is_cluster(&fat, next))
			break;
		last = next;
	}
	file->cluster = next;
	*len = min(run, file->left);
	file->left -= *len;
	return 0;
}

TABLE_ENTRY(filesystem, filesystem_fat) = {.name = "FAT", .open = fat_open, .next = fat_next};
