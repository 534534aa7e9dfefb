/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scope acpi/SIGNATURE.[INDEX.0.]OFFSET.LENGTH: bytes of the ACPI tables. SIGNATURE is four
 * characters (FACP), or their bytes as a number (0x46414350). Length 0: to the end of the table.
 */
#include "acpi/tables.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"

/* A little endian number in the table, as long as its bytes are not wanted as they stand. */
static bool wants_number(const char *type, uint32_t len)
{
	if (!type)
		return len == 1 || len == 2 || len == 4 || len == 8;
	return text_starts(type, "int") || text_starts(type, "uint");
}

static bool parse_signature(const char *text, size_t len, char signature[4])
{
	char copy[12];
	uint32_t number;

	if (len == 4) {
		memcpy(signature, text, 4);
		return true;
	}
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!text_to_u32(copy, 0, UINT32_MAX, &number))
		return false;
	put_be32(signature, number);
	return true;
}

static long read_acpi(const char *name, const char **type, uint8_t *raw, size_t max)
{
	const char *dot = strchr(name, '.');
	uint32_t part[4], index = 0, offset, len;
	unsigned count = dot ? setting_parts(dot + 1, part, 4) : 0;
	const struct acpi_header *table;
	char signature[4];
	bool number;

	if ((count != 2 && count != 4) || !parse_signature(name, (size_t)(dot - name), signature) ||
	    (count == 4 && part[1]))
		return E_NOT_FOUND;
	if (count == 4)
		index = part[0];
	offset = part[count - 2];
	len = part[count - 1];
	table = acpi_table_nth(signature, index);
	if (!table || offset >= table->length)
		return E_NOT_FOUND;
	if (!len)
		len = min(table->length - offset, (uint32_t)max);
	if (len > table->length - offset || len > max)
		return E_NOT_FOUND;
	number = part[count - 1] && wants_number(*type, len);
	for (uint32_t i = 0; i < len; i++)
		raw[number ? len - 1 - i : i] = ((const uint8_t *)table)[offset + i];
	if (!*type)
		*type = number ? "hexraw" : "hex";
	return (long)len;
}
TABLE_ENTRY(setting_provider, provider_acpi) = {
	.scope = "acpi",
	.description = "SIGNATURE.[INDEX.0.]OFFSET.LENGTH of the ACPI tables",
	.read = read_acpi,
};
