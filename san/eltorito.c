/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot catalogs, "El Torito" Bootable CD-ROM Format Specification 1.0, section 2.
 *
 * The catalog is an array of 32-byte entries: a validation entry, the default
 * entry, then sections (a header that says for what platform, and its entries).
 * PCs boot the default entry, unless the catalog's first part is for another
 * platform (a disc for EFI first): then the first bootable one of a section for PCs.
 */
#include "san/eltorito.h"
#include "lib/error.h"

#define ENTRY	      32u
#define ENTRIES	      (CD_SECTOR / ENTRY)
#define PLATFORM_X86  0u
#define SEGMENT	      0x7c0u /* when the catalog says 0 */
#define CATALOG_PLACE 0x47u  /* in the boot record */

/* First byte of an entry. */
enum entry_kind {
	ENTRY_EXTENSION = 0x44,
	ENTRY_BOOTABLE = 0x88,
	ENTRY_HEADER = 0x90,
	ENTRY_LAST_HEADER = 0x91,
};

enum iso_descriptor iso_descriptor_kind(const uint8_t *sector, uint32_t *catalog)
{
	static const char system[] = "EL TORITO SPECIFICATION";

	if (memcmp(sector + 1, "CD001", 5) != 0 || sector[0] == 255)
		return ISO_LAST;
	if (sector[0] != 0 || memcmp(sector + 7, system, sizeof(system) - 1) != 0)
		return ISO_OTHER;
	*catalog = get_le32(sector + CATALOG_PLACE);
	return ISO_BOOT_RECORD;
}

static bool is_valid(const uint8_t *entry)
{
	uint16_t sum = 0;

	for (unsigned i = 0; i < ENTRY; i += 2)
		sum = (uint16_t)(sum + get_le16(entry + i));
	return entry[0] == 1 && entry[30] == 0x55 && entry[31] == 0xaa && !sum;
}

/* The entry of a section for PCs that boots, or NULL. */
static const uint8_t *find_in_sections(const uint8_t *catalog)
{
	unsigned i = 2;

	while (i < ENTRIES) {
		const uint8_t *header = catalog + i * ENTRY;
		unsigned left = get_le16(header + 2);

		if (header[0] != ENTRY_HEADER && header[0] != ENTRY_LAST_HEADER)
			return NULL;
		for (i++; i < ENTRIES && left; i++) {
			const uint8_t *entry = catalog + i * ENTRY;

			if (entry[0] == ENTRY_EXTENSION)
				continue;
			if (entry[0] == ENTRY_BOOTABLE && header[1] == PLATFORM_X86)
				return entry;
			left--;
		}
		while (i < ENTRIES && catalog[i * ENTRY] == ENTRY_EXTENSION)
			i++;
		if (header[0] == ENTRY_LAST_HEADER)
			return NULL;
	}
	return NULL;
}

int eltorito_parse(const uint8_t *catalog, struct eltorito *boot)
{
	const uint8_t *entry = catalog + ENTRY;
	unsigned media;

	if (!is_valid(catalog))
		return fail(E_SAN_CD_CATALOG, "the CD's boot catalog is damaged");
	if (catalog[1] != PLATFORM_X86 || entry[0] != ENTRY_BOOTABLE)
		entry = find_in_sections(catalog);
	if (!entry)
		return fail(E_SAN_CD_CATALOG,
			    "the CD's boot catalog has nothing for BIOS machines (EFI only?)");
	media = entry[1] & 15u;
	if (media > MEDIA_HARD_DISK)
		return fail(E_SAN_CD_CATALOG, "the CD's boot catalog names medium type %u", media);
	boot->media = (enum eltorito_media)media;
	boot->segment = get_le16(entry + 2) ? get_le16(entry + 2) : SEGMENT;
	boot->sectors = get_le16(entry + 6);
	boot->lba = get_le32(entry + 8);
	return 0;
}
