/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding ACPI tables: ACPI Specification 6.4, section 5.2. */
#include "acpi/tables.h"
#include "bios/gate.h"

#define EBDA_SEGMENT 0x40e
#define TABLE_MAX    (4u << 20) /* longer ones are nonsense */

uint8_t acpi_sum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return sum;
}

static struct acpi_rsdp *scan(uint32_t base, uint32_t len)
{
	for (uint32_t at = ALIGN_UP(base, 16u); at + 20 <= base + len; at += 16)
		if (!memcmp((void *)at, "RSD PTR ", 8) && !acpi_sum((void *)at, 20))
			return (struct acpi_rsdp *)at;
	return NULL;
}

struct acpi_rsdp *acpi_rsdp(void)
{
	uint32_t ebda = *(volatile uint16_t *)EBDA_SEGMENT * 16u;
	struct acpi_rsdp *rsdp = NULL;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		rsdp = scan(ebda, 1024);
	return rsdp ? rsdp : scan(0xe0000, 0x20000);
}

static const struct acpi_header *sound(uint32_t address)
{
	const struct acpi_header *table = (const struct acpi_header *)address;

	if (!address || table->length < sizeof(*table) || table->length > TABLE_MAX ||
	    acpi_sum(table, table->length))
		return NULL;
	return table;
}

const struct acpi_header *acpi_table(const char *signature)
{
	struct acpi_rsdp *rsdp = acpi_rsdp();
	const struct acpi_header *rsdt = rsdp ? sound(rsdp->rsdt) : NULL;

	if (!rsdt)
		return NULL;
	for (uint32_t at = sizeof(*rsdt); at + 4 <= rsdt->length; at += 4) {
		const struct acpi_header *table = sound(get_le32((const uint8_t *)rsdt + at));

		if (table && !memcmp(table->signature, signature, 4))
			return table;
	}
	return NULL;
}
