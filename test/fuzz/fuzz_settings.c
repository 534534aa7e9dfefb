/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings store. The input is a list of NUL-separated steps; the first
 * character of each says what is done with the rest.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/settings.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	default:
		fetch(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;

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
