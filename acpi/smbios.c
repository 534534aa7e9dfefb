/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware says of the machine: System Management BIOS Reference
 * Specification 3.6 (DSP0134), as the scope smbios/[INSTANCE.]TYPE.OFFSET.LENGTH and the
 * settings uuid, manufacturer, product, serial, asset and board-serial.
 */
#include "acpi/tables.h"
#include "bios/physical.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/settings.h"

#define SCAN_BASE 0xf0000u
#define SCAN_LEN  0x10000u
#define STEP	  16u

#define END_OF_TABLE  127
#define UUID_LEN      16
#define UUID_LE_SINCE 0x0206	/* before version 2.6 the fields were big endian */
#define TABLE_3_MAX   0x100000u /* version 3 states only a maximum, which may be anything */

struct smbios {
	const uint8_t *table;
	uint32_t len;
	uint16_t version;
};

/* The 32-bit entry point: "_SM_", section 5.2.1. */
static bool is_entry(const uint8_t *entry, struct smbios *smbios)
{
	if (memcmp(entry, "_SM_", 4) != 0 || entry[5] < 30 || entry[5] > 32 ||
	    acpi_sum(entry, entry[5]) != 0)
		return false;
	smbios->version = (uint16_t)(entry[6] << 8 | entry[7]);
	smbios->len = get_le16(entry + 22);
	smbios->table = physical(get_le32(entry + 24), smbios->len);
	return smbios->table;
}

/* The 64-bit entry point: "_SM3_", section 5.2.2. Some firmware has no other. */
static bool is_entry_3(const uint8_t *entry, struct smbios *smbios)
{
	if (memcmp(entry, "_SM3_", 5) != 0 || entry[6] < 24 || entry[6] > 32 ||
	    acpi_sum(entry, entry[6]) != 0)
		return false;
	smbios->version = (uint16_t)(entry[7] << 8 | entry[8]);
	smbios->len = min(get_le32(entry + 12), TABLE_3_MAX);
	smbios->table = physical(get_le64(entry + 16), smbios->len);
	return smbios->table;
}

static bool find_table(struct smbios *smbios)
{
	const uint8_t *area = physical(SCAN_BASE, SCAN_LEN);

	for (uint32_t at = 0; area && at + 32 <= SCAN_LEN; at += STEP) {
		if (is_entry(area + at, smbios) || is_entry_3(area + at, smbios))
			return true;
	}
	return false;
}

/* The formatted part of structure @type number @instance (from 0), and its strings, which follow
 * it. */
static struct cursor find_structure(const struct smbios *smbios, uint32_t type, uint32_t instance,
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
		if (c.bad || body.bad)
			break;
		if (found == type && !instance--)
			return body;
		if (found == END_OF_TABLE)
			break;
	}
	*strings = cursor(NULL, 0);
	return *strings;
}

/* String number @index of @strings, from 1; section 6.1.3. */
static struct cursor find_string(struct cursor strings, uint32_t index)
{
	while (index && cursor_left(&strings)) {
		size_t len = 0;

		while (len < cursor_left(&strings) && strings.p[len])
			len++;
		if (!len)
			break;
		if (index-- == 1)
			return cursor_sub(&strings, len);
		cursor_skip(&strings, len + 1);
	}
	return cursor(NULL, 0);
}

/* All zeroes or all ones stand for "none", section 7.2.1. */
static bool uuid_present(const uint8_t *uuid)
{
	for (unsigned i = 1; i < UUID_LEN; i++) {
		if (uuid[i] != uuid[0])
			return true;
	}
	return uuid[0] != 0 && uuid[0] != 0xff;
}

/* The bytes as they lie there; only a UUID is put into the order of its text. */
static long put_raw(const struct smbios *smbios, struct cursor body, bool uuid, uint8_t *raw,
		    size_t max)
{
	size_t len = cursor_left(&body);

	if (body.bad || !len || len > max || (uuid && (len != UUID_LEN || !uuid_present(body.p))))
		return E_NOT_FOUND;
	memcpy(raw, body.p, len);
	if (uuid && smbios->version >= UUID_LE_SINCE) {
		put_be32(raw, get_le32(body.p));
		put_be16(raw + 4, get_le16(body.p + 4));
		put_be16(raw + 6, get_le16(body.p + 6));
	}
	return (long)len;
}

/* [INSTANCE.]TYPE.OFFSET.LENGTH. Length 0: the byte at the offset is the number of a string. Offset
 * 0: the length is that number; both 0: the whole formatted part. */
static long read_smbios(const char *name, const char **type, uint8_t *raw, size_t max)
{
	uint32_t part[4] = {0};
	unsigned count = setting_parts(name, part + 1, 3);
	uint32_t offset, len;
	struct smbios smbios;
	struct cursor strings, body;
	bool is_string;

	if (count != 3)
		count = setting_parts(name, part, 4);
	if (count < 3 || !find_table(&smbios))
		return E_NOT_FOUND;
	offset = part[2];
	len = part[3];
	body = find_structure(&smbios, part[1], part[0], &strings);
	is_string = !offset != !len;
	if (is_string && offset) {
		cursor_skip(&body, offset);
		len = cursor_u8(&body);
	}
	if (is_string) {
		body = find_string(strings, len);
	} else if (len) {
		cursor_skip(&body, offset);
		body = cursor_sub(&body, len);
	}
	if (!*type)
		*type = is_string ? "string" : "hex";
	return put_raw(&smbios, body, !strcmp(*type, "uuid"), raw, max);
}
TABLE_ENTRY(setting_provider, provider_smbios) = {
	.scope = "smbios",
	.description = "[INSTANCE.]TYPE.OFFSET.LENGTH of the SMBIOS structures",
	.read = read_smbios,
};

#define SMBIOS_SETTING(id, setting_name, setting_type, where, text)                                \
	TABLE_ENTRY(setting, setting_##id) = {                                                     \
		.name = setting_name,                                                              \
		.type = setting_type,                                                              \
		.description = text,                                                               \
		.home = "smbios",                                                                  \
		.alias = where,                                                                    \
	}

/* System (1), baseboard (2) and chassis (3) information: sections 7.2 to 7.4. */
SMBIOS_SETTING(uuid, "uuid", "uuid", "1.8.16",
	       "UUID of the machine; unset when the firmware has none");
SMBIOS_SETTING(manufacturer, "manufacturer", "string", "1.4.0", "maker of the machine");
SMBIOS_SETTING(product, "product", "string", "1.5.0", "model of the machine");
SMBIOS_SETTING(serial, "serial", "string", "1.7.0", "serial number of the machine");
SMBIOS_SETTING(asset, "asset", "string", "3.8.0", "asset tag of the chassis");
SMBIOS_SETTING(board_serial, "board-serial", "string", "2.7.0", "serial number of the mainboard");
