/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot catalog of a CD: "El Torito" Bootable CD-ROM Format Specification, version 1.0. */
#ifndef SAN_ELTORITO_H
#define SAN_ELTORITO_H

#include "lib/base.h"

#define CD_SECTOR	     2048u
#define ISO_DESCRIPTOR_FIRST 16u /* sector of the first volume descriptor (ISO 9660) */
#define ISO_DESCRIPTORS_MAX  32u

enum eltorito_media { MEDIA_NO_EMULATION, MEDIA_1200K, MEDIA_1440K, MEDIA_2880K, MEDIA_HARD_DISK };

/** The boot image that the catalog names for PCs. */
struct eltorito {
	enum eltorito_media media;
	uint16_t segment; /* where it is loaded and entered */
	uint16_t sectors; /* of 512 bytes, to load */
	uint32_t lba;	  /* of 2048 bytes */
};

enum iso_descriptor {
	ISO_OTHER,	 /* look at the next one */
	ISO_BOOT_RECORD, /* names a boot catalog */
	ISO_LAST,	 /* the last one, or none at all */
};

/** What kind of volume descriptor is @sector (CD_SECTOR bytes)? The catalog's sector in @catalog
 * for a boot record. */
enum iso_descriptor iso_descriptor_kind(const uint8_t *sector, uint32_t *catalog);

/** Find the boot image in the boot catalog's first sector (CD_SECTOR bytes). 0 or an error after
 * fail(). */
int eltorito_parse(const uint8_t *catalog, struct eltorito *boot);

#endif
