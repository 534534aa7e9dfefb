/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings store. The input is a list of NUL-separated steps; the first
 * character of each says what is done with the rest.
 */
#include <stdlib.h>
#include <string.h>
#include "acpi/tables.h"
#include "bios/physical.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TABLES	     0xf0000u
#define SMBIOS_TABLE 0xf1000u
#define RSDP	     0xf2000u
#define RSDT	     0xf2100u
#define FADT	     0xf2200u

/* Every type must cope with every value, in a buffer of any size. */
static void show_all(const struct setting_value *value)
{
	static char text[SETTING_MAX * 3 + 1];
	const struct setting_type *t;

	table_for_each(setting_type, t) {
		long len = t->show(value->raw, value->len, text, sizeof(text));
		long again = t->show(value->raw, value->len, text, 7);

		if (len >= 0 && (len != again || strlen(text) > 6))
			abort();
	}
}

static void fetch(const char *name)
{
	static struct setting_value value;

	if (!setting_fetch(name, &value))
		show_all(&value);
}

/* "NAME VALUE" */
static void store(char *step, size_t len)
{
	char *blank = memchr(step, ' ', len);

	if (!blank)
		return;
	*blank = 0;
	setting_store(step, blank + 1, SOURCE_SCRIPT);
	fetch(step);
}

/* What a server sends: any bytes, also NUL. */
static void store_raw(const uint8_t *raw, size_t len)
{
	setting_store_raw("net0.dhcp", "filename", "dnssl", raw, len, SOURCE_DHCP);
	fetch("filename");
}

/* The name in every virtual scope. */
static void fetch_virtual(const char *name)
{
	static char full[8192];
	const struct setting_provider *p;

	table_for_each(setting_provider, p) {
		format(full, sizeof(full), "%s/%s", p->scope, name);
		fetch(full);
	}
}

static void step(const char *at, size_t len)
{
	static char copy[8192];

	if (!len || len >= sizeof(copy))
		return;
	memcpy(copy, at, len);
	copy[len] = 0;
	switch (copy[0]) {
	case 's':
		store(copy + 1, len - 1);
		break;
	case 'u':
		setting_unset(copy + 1);
		break;
	case 'c':
		settings_clear_scope(copy + 1);
		break;
	case 'x':
		settings_set_netx(copy + 1);
		break;
	case 'v':
		fetch_virtual(copy + 1);
		break;
	default:
		fetch(copy);
	}
}

/*
 * SMBIOS and ACPI tables made of the input: each entry point says where, and the ways to it are
 * sound, so that the parsers get to see the bytes behind them.
 */
static void build_tables(const uint8_t *data, size_t size)
{
	static uint8_t memory[1 << 20];

	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	memset(memory + TABLES, 0, sizeof(memory) - TABLES);
	memcpy(memory + TABLES, "_SM_", 4);
	memory[TABLES + 5] = 31;
	memory[TABLES + 6] = 2;
	memory[TABLES + 7] = 8;
	put_le16(memory + TABLES + 22, (uint16_t)min(size, (size_t)4096));
	put_le32(memory + TABLES + 24, SMBIOS_TABLE);
	memory[TABLES + 4] = (uint8_t)-acpi_sum(memory + TABLES, 31);
	memcpy(memory + SMBIOS_TABLE, data, min(size, (size_t)4096));
	memcpy(memory + RSDP, "RSD PTR ", 8);
	put_le32(memory + RSDP + 16, RSDT);
	memory[RSDP + 8] = (uint8_t)-acpi_sum(memory + RSDP, 20);
	memcpy(memory + RSDT, "RSDT", 4);
	put_le32(memory + RSDT + 4, 40);
	put_le32(memory + RSDT + 36, FADT);
	memory[RSDT + 9] = (uint8_t)-acpi_sum(memory + RSDT, 40);
	memcpy(memory + FADT, data, min(size, (size_t)256));
	memcpy(memory + FADT, "FACP", 4);
	put_le32(memory + FADT + 4, 256);
	memory[FADT + 9] = 0;
	memory[FADT + 9] = (uint8_t)-acpi_sum(memory + FADT, 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;

	build_tables(data, size);
	if (size && data[0] == 'r') {
		store_raw(data + 1, size - 1);
	} else {
		while (p < end) {
			size_t len = strnlen(p, (size_t)(end - p));

			step(p, len);
			p += len + 1;
		}
	}
	settings_reset();
	host_console_reset();
	return 0;
}
