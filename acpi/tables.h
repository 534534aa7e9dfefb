/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding ACPI tables: ACPI Specification 6.4, section 5.2. */
#ifndef ACPI_TABLES_H
#define ACPI_TABLES_H

#include "lib/base.h"

struct acpi_rsdp {
	char signature[8]; /* "RSD PTR " */
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	/* revision 2 and later */
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} PACKED;

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;

/** Sum of @len bytes: 0 for a sound table. */
uint8_t acpi_sum(const void *data, size_t len);
/** The root pointer in the EBDA or the BIOS area, or NULL. */
struct acpi_rsdp *acpi_rsdp(void);
/** The table at @address when its header is sound and its sum right, else NULL. */
const struct acpi_header *acpi_table_at(uint64_t address);
/** A sound table with @signature listed in the RSDT, or NULL. */
const struct acpi_header *acpi_table(const char *signature);
/** The same, of several the one at @index, from 0. */
const struct acpi_header *acpi_table_nth(const char *signature, unsigned index);

#endif
