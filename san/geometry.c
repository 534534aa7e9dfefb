/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk geometry from an MBR partition table.
 *
 * Each entry gives its first and last sector twice, as CHS and as LBA. A
 * geometry is right when it translates every such pair; pairs beyond cylinder
 * 1023 are saturated and tell nothing. Candidates, in this order: the largest
 * head and sector in the table (partitions end on cylinder boundaries since
 * DOS), then the translations that BIOSes use. When none fits, or no pair
 * tells anything, the largest head and sector count if they look like a
 * translation, else 255/63.
 */
#include "san/geometry.h"

#define TABLE_OFFSET  446
#define TABLE_ENTRIES 4
#define ENTRY_SIZE    16
#define CYLINDERS_MAX 1024u

/* One sector's address in both notations. */
struct chs_pair {
	uint32_t cylinder, head, sector;
	uint64_t lba;
};

struct partition_hints {
	struct chs_pair pairs[2 * TABLE_ENTRIES];
	unsigned count;
	uint32_t heads, sectors; /* largest seen at the ends of partitions */
};

static const struct {
	uint8_t heads, sectors;
} translations[] = {{255, 63}, {16, 63}, {240, 63}, {128, 63}, {64, 63}, {32, 63}, {64, 32}};

static void add_pair(struct partition_hints *hints, const uint8_t *chs, uint64_t lba)
{
	struct chs_pair pair = {
		.cylinder = (uint32_t)(chs[1] & 0xc0) << 2 | chs[2],
		.head = chs[0],
		.sector = chs[1] & 0x3f,
		.lba = lba,
	};

	if (pair.sector && pair.cylinder < CYLINDERS_MAX - 1)
		hints->pairs[hints->count++] = pair;
}

/* False when the sector holds no partition table: a blank disk, a file system's boot sector. */
static bool read_table(const uint8_t *sector, struct partition_hints *hints)
{
	bool any = false;

	if (get_le16(sector + 510) != 0xaa55)
		return false;
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		const uint8_t *entry = sector + TABLE_OFFSET + i * ENTRY_SIZE;
		uint32_t start = get_le32(entry + 8), length = get_le32(entry + 12);

		if (entry[0] & 0x7f)
			return false;
		if (!entry[4] || !length)
			continue;
		any = true;
		add_pair(hints, entry + 1, start);
		add_pair(hints, entry + 5, (uint64_t)start + length - 1);
		hints->heads = max(hints->heads, entry[5] + 1u);
		hints->sectors = max(hints->sectors, entry[6] & 0x3fu);
	}
	return any;
}

static bool explains(const struct partition_hints *hints, uint32_t heads, uint32_t sectors)
{
	for (unsigned i = 0; i < hints->count; i++) {
		const struct chs_pair *p = &hints->pairs[i];

		if (p->head >= heads || p->sector > sectors ||
		    ((uint64_t)p->cylinder * heads + p->head) * sectors + p->sector - 1 != p->lba)
			return false;
	}
	return true;
}

static bool is_translation(uint32_t heads, uint32_t sectors)
{
	for (unsigned i = 0; i < ARRAY_SIZE(translations); i++) {
		if (translations[i].heads == heads && translations[i].sectors == sectors)
			return true;
	}
	return false;
}

static void choose(const struct partition_hints *hints, struct geometry *g)
{
	bool usable = hints->heads && hints->heads <= 255 && hints->sectors;

	g->heads = hints->heads;
	g->sectors = hints->sectors;
	if (usable && (hints->count ? explains(hints, g->heads, g->sectors)
				    : is_translation(g->heads, g->sectors)))
		return;
	for (unsigned i = 0; hints->count && i < ARRAY_SIZE(translations); i++) {
		g->heads = translations[i].heads;
		g->sectors = translations[i].sectors;
		if (explains(hints, g->heads, g->sectors))
			return;
	}
	g->heads = 255;
	g->sectors = 63;
}

void geometry_guess(const uint8_t *sector, uint64_t blocks, struct geometry *geometry)
{
	struct partition_hints hints = {0};
	uint64_t cylinders;

	if (!read_table(sector, &hints))
		hints = (struct partition_hints){0};
	choose(&hints, geometry);
	cylinders = blocks / (geometry->heads * geometry->sectors);
	geometry->cylinders = (uint32_t)max(min(cylinders, (uint64_t)CYLINDERS_MAX), (uint64_t)1);
}
