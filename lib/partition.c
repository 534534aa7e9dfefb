/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables: the MBR with its chain of logical partitions, and GPT (UEFI
 * specification, section 5.3), without checking its sums: a wrong entry leads to
 * nothing worse than no file system.
 */
#include "lib/filesystem.h"
#include "lib/error.h"

#define SECTOR	       512u
#define TABLE_PLACE    446u
#define PRIMARY	       4u
#define LOGICAL_MAX    32u
#define GPT_ENTRIES    128u
#define GPT_ENTRY_SIZE 128u
#define TYPE_GPT       0xeeu

enum { ENTRY_SIZE = 16, ENTRY_TYPE = 4, ENTRY_START = 8, ENTRY_SECTORS = 12 };
enum { GPT_TABLE_LBA = 72, GPT_COUNT = 80, GPT_SIZE = 84 };	     /* header */
enum { GPT_TYPE = 0, GPT_FIRST = 32, GPT_LAST = 40, GPT_READ = 48 }; /* entry */

static const uint8_t *entry_at(const uint8_t *sector, unsigned i)
{
	return sector + TABLE_PLACE + i * ENTRY_SIZE;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Boot sectors of file systems end in 55 AA too; their code is no table. */
static bool is_table(const uint8_t *sector)
{
	if (sector[510] != 0x55 || sector[511] != 0xaa)
		return false;
	for (unsigned i = 0; i < PRIMARY; i++) {
		if (*entry_at(sector, i) & 0x7f)
			return false;
	}
	return true;
}

static void take(const uint8_t *entry, uint64_t base, uint32_t sector_size, uint64_t *start,
		 uint64_t *size)
{
	*start = (base + get_le32(entry + ENTRY_START)) * sector_size;
	*size = entry[ENTRY_TYPE] && !is_extended(entry[ENTRY_TYPE])
			? (uint64_t)get_le32(entry + ENTRY_SECTORS) * sector_size
			: 0;
}

/* Logical partition number @index: each lies behind a table that names it and the next table. */
static int find_logical(struct volume *disk, const uint8_t *mbr, uint32_t sector_size,
			unsigned index, uint64_t *start, uint64_t *size)
{
	uint64_t extended = 0, table;
	uint8_t sector[SECTOR];

	for (unsigned i = 0; i < PRIMARY && !extended; i++) {
		if (is_extended(entry_at(mbr, i)[ENTRY_TYPE]))
			extended = get_le32(entry_at(mbr, i) + ENTRY_START);
	}
	table = extended;
	for (unsigned i = 0; table && i < LOGICAL_MAX; i++) {
		const uint8_t *next = entry_at(sector, 1);
		int rc = volume_read(disk, table * sector_size, sector, SECTOR);

		if (rc)
			return rc;
		if (!is_table(sector))
			return E_FILE_NO_FS;
		if (i == index) {
			take(entry_at(sector, 0), table, sector_size, start, size);
			return 0;
		}
		table = is_extended(next[ENTRY_TYPE]) ? extended + get_le32(next + ENTRY_START) : 0;
	}
	return E_FILE_NO_FS;
}

static int find_gpt(struct volume *disk, uint32_t sector_size, unsigned index, uint64_t *start,
		    uint64_t *size)
{
	static const uint8_t unused[16];
	uint8_t header[92], entry[GPT_READ];
	uint64_t first, last, table;
	uint32_t entry_size;
	int rc = volume_read(disk, sector_size, header, sizeof(header));

	if (rc)
		return rc;
	entry_size = get_le32(header + GPT_SIZE);
	if (memcmp(header, "EFI PART", 8) != 0 || entry_size < GPT_ENTRY_SIZE ||
	    entry_size > SECTOR * 8 || index >= min(get_le32(header + GPT_COUNT), GPT_ENTRIES))
		return E_FILE_NO_FS;
	table = get_le64(header + GPT_TABLE_LBA);
	if (table > UINT64_MAX / 2 / sector_size)
		return E_FILE_NO_FS;
	rc = volume_read(disk, table * sector_size + (uint64_t)index * entry_size, entry,
			 sizeof(entry));
	if (rc)
		return rc;
	first = get_le64(entry + GPT_FIRST);
	last = get_le64(entry + GPT_LAST);
	*size = 0;
	if (!memcmp(entry + GPT_TYPE, unused, sizeof(unused)) || first > last ||
	    last >= UINT64_MAX / 2 / sector_size)
		return 0;
	*start = first * sector_size;
	*size = (last - first + 1) * sector_size;
	return 0;
}

int partition_find(struct volume *disk, uint32_t sector_size, unsigned index, uint64_t *start,
		   uint64_t *size)
{
	uint8_t mbr[SECTOR];
	int rc;

	*start = 0;
	*size = disk->size;
	if (!index)
		return 0;
	rc = volume_read(disk, 0, mbr, sizeof(mbr));
	if (rc)
		return rc;
	if (!is_table(mbr))
		return E_FILE_NO_FS;
	if (entry_at(mbr, 0)[ENTRY_TYPE] == TYPE_GPT)
		return find_gpt(disk, sector_size, index - 1, start, size);
	if (index > PRIMARY)
		return find_logical(disk, mbr, sector_size, index - 1 - PRIMARY, start, size);
	take(entry_at(mbr, index - 1), 0, sector_size, start, size);
	return 0;
}
