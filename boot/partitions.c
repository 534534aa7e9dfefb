/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables: the MBR with its chain of extended boot records, and the GPT
 * (UEFI Specification 2.10, chapter 5).
 *
 * Everything here was written by somebody else: a chain may lead in circles or
 * beyond the disk.
 */
#include "boot/partitions.h"
#include "lib/error.h"

#define SIGNATURE    0xaa55u
#define TABLE	     446u
#define ENTRY	     16u
#define PRIMARIES    4u
#define LOGICALS_MAX 128u

#define TYPE_EXTENDED	  0x05
#define TYPE_EXTENDED_LBA 0x0f
#define TYPE_EXTENDED_85  0x85 /* Linux' own */
#define TYPE_GPT	  0xee
#define TYPE_OTHER	  0xed /* of the MBR entry that is made for a GPT partition */

/* The GPT's header and entries. */
#define GPT_HEADER	1u /* its sector */
#define GPT_ENTRIES	72
#define GPT_COUNT	80
#define GPT_ENTRY_SIZE	84
#define GPT_ENTRY_MIN	128u
#define GPT_COUNT_MAX	1024u
#define GUID_LEN	16
#define GPT_ENTRY_FIRST 32
#define GPT_ENTRY_LAST	40

static bool is_extended(uint8_t type)
{
	return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA || type == TYPE_EXTENDED_85;
}

/* Entry @i of the table in @sector. */
static const uint8_t *entry_of(const uint8_t *sector, unsigned i)
{
	return sector + TABLE + i * ENTRY;
}

static uint32_t entry_start(const uint8_t *entry)
{
	return get_le32(entry + 8);
}

static bool is_used(const uint8_t *entry)
{
	return entry[4] && get_le32(entry + 12);
}

static int none(const struct partitioned *disk, unsigned number)
{
	return fail(E_LOCAL_PARTITION, "%s has no partition %u", disk->name, number);
}

static int found(const struct partitioned *disk, unsigned number, uint64_t lba,
		 const uint8_t *entry, struct boot_volume *volume)
{
	volume->number = number;
	volume->lba = lba;
	memcpy(volume->entry, entry, ENTRY);
	put_le32(volume->entry + 8, (uint32_t)min(lba, (uint64_t)UINT32_MAX));
	if (!disk->blocks || lba < disk->blocks)
		return 0;
	return fail(E_LOCAL_PARTITION, "partition %u of %s begins behind the end of the disk",
		    number, disk->name);
}

/* The @wanted-th logical partition, from 0 on, of the extended one at @extended. */
static int find_logical(const struct partitioned *disk, uint32_t extended, unsigned number,
			struct boot_volume *volume)
{
	unsigned wanted = number - PRIMARIES - 1;
	uint32_t record = extended;

	for (unsigned i = 0; i < LOGICALS_MAX; i++) {
		const uint8_t *sector = disk->read(disk->ctx, record), *entry, *next;

		if (!sector)
			return error_code();
		if (get_le16(sector + 510) != SIGNATURE)
			break;
		entry = entry_of(sector, 0);
		next = entry_of(sector, 1);
		if (is_used(entry) && !wanted--)
			return found(disk, number, (uint64_t)record + entry_start(entry), entry,
				     volume);
		if (!is_extended(next[4]) || !entry_start(next))
			break;
		record = extended + entry_start(next);
	}
	return none(disk, number);
}

static int find_gpt(const struct partitioned *disk, unsigned number, struct boot_volume *volume)
{
	uint8_t made[ENTRY] = {[4] = TYPE_OTHER};
	const uint8_t *p = disk->read(disk->ctx, GPT_HEADER);
	uint64_t entries, at, first, last;
	uint32_t count, size;

	if (!p)
		return error_code();
	entries = get_le64(p + GPT_ENTRIES);
	count = get_le32(p + GPT_COUNT);
	size = get_le32(p + GPT_ENTRY_SIZE);
	if (memcmp(p, "EFI PART", 8) != 0 || size % GPT_ENTRY_MIN || !size ||
	    size > disk->block_size || entries > UINT64_MAX / 2)
		return fail(E_LOCAL_PARTITION, "%s: its GUID partition table is damaged",
			    disk->name);
	if (number > min(count, GPT_COUNT_MAX))
		return none(disk, number);
	at = (uint64_t)(number - 1) * size;
	p = disk->read(disk->ctx, entries + at / disk->block_size);
	if (!p)
		return error_code();
	p += at % disk->block_size;
	first = get_le64(p + GPT_ENTRY_FIRST);
	last = get_le64(p + GPT_ENTRY_LAST);
	if (!memcmp(p, (uint8_t[GUID_LEN]){0}, GUID_LEN) || !first || last < first)
		return none(disk, number);
	put_le32(made + 12, (uint32_t)min(last - first + 1, (uint64_t)UINT32_MAX));
	return found(disk, number, first, made, volume);
}

int partition_find(const struct partitioned *disk, unsigned number, struct boot_volume *volume)
{
	const uint8_t *mbr = disk->read(disk->ctx, 0);
	uint8_t table[PRIMARIES * ENTRY];

	if (!mbr)
		return error_code();
	if (get_le16(mbr + 510) != SIGNATURE)
		return fail(E_LOCAL_PARTITION, "%s has no partition table", disk->name);
	if (!number)
		return none(disk, number);
	memcpy(table, mbr + TABLE, sizeof(table));
	for (unsigned i = 0; i < PRIMARIES; i++)
		if (table[i * ENTRY + 4] == TYPE_GPT)
			return find_gpt(disk, number, volume);
	if (number <= PRIMARIES) {
		const uint8_t *entry = table + (number - 1) * ENTRY;

		if (!is_used(entry) || is_extended(entry[4]))
			return none(disk, number);
		return found(disk, number, entry_start(entry), entry, volume);
	}
	for (unsigned i = 0; i < PRIMARIES; i++) {
		const uint8_t *entry = table + i * ENTRY;

		if (is_used(entry) && is_extended(entry[4]))
			return find_logical(disk, entry_start(entry), number, volume);
	}
	return none(disk, number);
}
