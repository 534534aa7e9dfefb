/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding ACPI tables: ACPI Specification 6.4, section 5.2. */
#include "acpi/tables.h"
#include "bios/physical.h"

#define RSDP_SIZE_1 20u	       /* of ACPI 1.0, which its checksum covers */
#define TABLE_MAX   (4u << 20) /* longer ones are nonsense */

uint8_t acpi_sum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return sum;
}

static bool is_rsdp(const struct acpi_rsdp *rsdp)
{
	return !memcmp(rsdp->signature, "RSD PTR ", 8) && !acpi_sum(rsdp, RSDP_SIZE_1) &&
	       (rsdp->revision < 2 || !acpi_sum(rsdp, sizeof(*rsdp)));
}

static struct acpi_rsdp *scan(uint32_t start, uint32_t end)
{
	for (uint32_t at = start; at + sizeof(struct acpi_rsdp) <= end; at += 16) {
		struct acpi_rsdp *rsdp = physical(at, sizeof(*rsdp));

		if (rsdp && is_rsdp(rsdp))
			return rsdp;
	}
	return NULL;
}

struct acpi_rsdp *acpi_rsdp(void)
{
	const uint8_t *segment = physical(BDA_EBDA, 2);
	uint32_t ebda = segment ? (uint32_t)get_le16(segment) << 4 : 0;
	struct acpi_rsdp *rsdp = NULL;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		rsdp = scan(ebda, ebda + 1024);
	return rsdp ? rsdp : scan(0xe0000, 0x100000);
}

const struct acpi_header *acpi_table_at(uint64_t address)
{
	const struct acpi_header *table = address ? physical(address, sizeof(*table)) : NULL;

	if (!table || table->length < sizeof(*table) || table->length > TABLE_MAX ||
	    !physical(address, table->length) || acpi_sum(table, table->length))
		return NULL;
	return table;
}

const struct acpi_header *acpi_table(const char *signature)
{
	return acpi_table_nth(signature, 0);
}

const struct acpi_header *acpi_table_nth(const char *signature, unsigned index)
{
	struct acpi_rsdp *rsdp = acpi_rsdp();
	const struct acpi_header *rsdt = rsdp ? acpi_table_at(rsdp->rsdt) : NULL;

	if (!rsdt)
		return NULL;
	for (uint32_t at = sizeof(*rsdt); at + 4 <= rsdt->length; at += 4) {
		const struct acpi_header *table =
			acpi_table_at(get_le32((const uint8_t *)rsdt + at));

		if (table && !memcmp(table->signature, signature, 4) && !index--)
			return table;
	}
	return NULL;
}
