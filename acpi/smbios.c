/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware says of the machine: System Management BIOS Reference
 * Specification 3.6 (DSP0134), as the settings uuid, manufacturer, product,
 * serial, asset and board-serial.
 */
#include "acpi/tables.h"
#include "bios/physical.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/settings.h"

#define SCAN_BASE 0xf0000u
#define SCAN_LEN  0x10000u
#define STEP	  16u

#define SYSTEM_INFORMATION    1
#define BASEBOARD_INFORMATION 2
#define CHASSIS_INFORMATION   3
#define END_OF_TABLE	      127
#define UUID_OFFSET	      8
#define UUID_LEN	      16
#define UUID_LE_SINCE	      0x0206 /* before version 2.6 the fields were big endian */

struct smbios {
	const uint8_t *table;
	uint32_t len;
	uint16_t version;
};

/* The 32-bit entry point: "_SM_", section 5.2.1. */
static bool find_table(struct smbios *smbios)
{
	const uint8_t *area = physical(SCAN_BASE, SCAN_LEN);

	for (uint32_t at = 0; area && at + 32 <= SCAN_LEN; at += STEP) {
		const uint8_t *entry = area + at;

		if (memcmp(entry, "_SM_", 4) != 0 || entry[5] < 30 || entry[5] > 32 ||
		    acpi_sum(entry, entry[5]) != 0)
			continue;
		smbios->version = (uint16_t)(entry[6] << 8 | entry[7]);
		smbios->len = get_le16(entry + 22);
		smbios->table = physical(get_le32(entry + 24), smbios->len);
		return smbios->table;
	}
	return false;
}

/* The formatted part of the first structure of @type; its strings follow in @strings. */
static struct cursor find_structure(const struct smbios *smbios, uint8_t type,
				    struct cursor *strings)
{
	struct cursor c = cursor(smbios->table, smbios->len);

	while (cursor_left(&c) >= 4) {
		uint8_t found = c.p[0];
		struct cursor body = cursor_sub(&c, max(c.p[1], (uint8_t)4));

		*strings = c;
		while (cursor_left(&c) >= 2 && (c.p[0] || c.p[1]))
			cursor_skip(&c, 1);
		cursor_skip(&c, 2);
		if (c.bad || body.bad || found == END_OF_TABLE)
			break;
		if (found == type)
			return body;
	}
	return cursor(NULL, 0);
}

static long string_of(uint8_t type, uint8_t offset, uint8_t *raw, size_t max)
{
	struct smbios smbios;
	struct cursor strings, body;
	uint8_t index;

	if (!find_table(&smbios))
		return E_NOT_FOUND;
	body = find_structure(&smbios, type, &strings);
	cursor_skip(&body, offset);
	index = cursor_u8(&body);
	if (body.bad || !index)
		return E_NOT_FOUND;
	for (;; index--) {
		size_t len = 0;

		while (len < cursor_left(&strings) && strings.p[len])
			len++;
		if (!len)
			return E_NOT_FOUND;
		if (index == 1) {
			len = min(len, max);
			memcpy(raw, strings.p, len);
			return (long)len;
		}
		cursor_skip(&strings, len + 1);
	}
}

/* All zeroes or all ones stand for "none", section 7.2.1. */
static bool uuid_present(const uint8_t *uuid)
{
	for (unsigned i = 1; i < UUID_LEN; i++)
		if (uuid[i] != uuid[0])
			return true;
	return uuid[0] != 0 && uuid[0] != 0xff;
}

static long uuid(const char *scope, uint8_t *raw, size_t max)
{
	struct smbios smbios;
	struct cursor strings, body;
	const uint8_t *bytes;

	if (!find_table(&smbios))
		return E_NOT_FOUND;
	body = find_structure(&smbios, SYSTEM_INFORMATION, &strings);
	cursor_skip(&body, UUID_OFFSET);
	bytes = cursor_take(&body, UUID_LEN);
	if (!bytes || !uuid_present(bytes) || max < UUID_LEN)
		return E_NOT_FOUND;
	memcpy(raw, bytes, UUID_LEN);
	if (smbios.version >= UUID_LE_SINCE) {
		put_be32(raw, get_le32(bytes));
		put_be16(raw + 4, get_le16(bytes + 4));
		put_be16(raw + 6, get_le16(bytes + 6));
	}
	return UUID_LEN;
}

#define STRING_SETTING(setting_name, function, structure, offset, text)                            \
	static long function(const char *scope, uint8_t *raw, size_t max)                          \
	{                                                                                          \
		return string_of(structure, offset, raw, max);                                     \
	}                                                                                          \
	TABLE_ENTRY(setting, setting_##function) = {                                               \
		.name = setting_name,                                                              \
		.type = "string",                                                                  \
		.description = text,                                                               \
		.home = "smbios",                                                                  \
		.compute = function,                                                               \
	}

STRING_SETTING("manufacturer", manufacturer, SYSTEM_INFORMATION, 4, "maker of the machine");
STRING_SETTING("product", product, SYSTEM_INFORMATION, 5, "model of the machine");
STRING_SETTING("serial", serial, SYSTEM_INFORMATION, 7, "serial number of the machine");
STRING_SETTING("asset", asset, CHASSIS_INFORMATION, 8, "asset tag of the chassis");
STRING_SETTING("board-serial", board_serial, BASEBOARD_INFORMATION, 7,
	       "serial number of the mainboard");

TABLE_ENTRY(setting, setting_uuid) = {
	.name = "uuid",
	.type = "uuid",
	.description = "UUID of the machine; unset when the firmware has none",
	.home = "smbios",
	.compute = uuid,
};
