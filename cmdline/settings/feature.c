/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this build can do: the scope feature/NAME, where NAME is a scheme of URIs, a kind of disk or
 * of image, a card's driver, or a command. 1, or nothing.
 */
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/fetch.h"
#include "nic/nic.h"
#include "san/block.h"

#define TABLE_HAS(table, wanted)                                                                   \
	({                                                                                         \
		const struct table *entry;                                                         \
		bool found = false;                                                                \
		table_for_each(table, entry)                                                       \
			found |= text_equal_nocase(entry->name, wanted);                           \
		found;                                                                             \
	})

static long read_feature(const char *name, const char **type, uint8_t *raw, size_t max)
{
	if (!TABLE_HAS(uri_scheme, name) && !TABLE_HAS(san_scheme, name) &&
	    !TABLE_HAS(image_type, name) && !TABLE_HAS(nic_driver, name) &&
	    !TABLE_HAS(command, name))
		return E_NOT_FOUND;
	raw[0] = '1';
	if (!*type)
		*type = "string";
	return 1;
}
TABLE_ENTRY(setting_provider, provider_feature) = {
	.scope = "feature",
	.description = "1 for a URI scheme, disk, image type, driver or command that is there",
	.read = read_feature,
};
