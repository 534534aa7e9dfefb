/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/memmap.h on the host: a map that the test gives. */
#include "test/host/host.h"

bool host_memmap_hidden, host_images_hidden;

static const struct memory_range usual[] = {
	{0, 0x9fc00, 1, 1},
	{0x9fc00, 0x400, 2, 1},
	{0xf0000, 0x10000, 2, 1},
	{0x1000000, 0xf000000, 1, 1},
};
static const struct memory_range *map = usual;
static unsigned map_count = ARRAY_SIZE(usual);

void host_memmap_set(const struct memory_range *ranges, unsigned count)
{
	map = ranges ? ranges : usual;
	map_count = ranges ? count : ARRAY_SIZE(usual);
}

unsigned memmap_firmware(const struct memory_range **ranges)
{
	*ranges = map;
	return map_count;
}

unsigned memmap_usable(struct memory_range *ranges, unsigned max)
{
	unsigned count = 0;

	for (unsigned i = 0; i < map_count && count < max; i++) {
		if (map[i].type == 1)
			ranges[count++] = map[i];
	}
	return count;
}

struct memory_range host_hidden_range;

/* All but, while memory is hidden, host_hidden_range, which lies inside of a range. */
unsigned memmap_visible(struct memory_range *ranges, unsigned max)
{
	const struct memory_range *gap = &host_hidden_range;
	unsigned count = 0;

	for (unsigned i = 0; i < map_count && count + 1 < max; i++) {
		uint64_t end = map[i].base + map[i].length, behind = gap->base + gap->length;
		bool inside = host_memmap_hidden && gap->length && gap->base >= map[i].base &&
			      behind <= end;

		ranges[count++] = map[i];
		if (!inside)
			continue;
		ranges[count - 1].length = gap->base - map[i].base;
		ranges[count] = map[i];
		ranges[count].base = behind;
		ranges[count++].length = end - behind;
	}
	return count;
}

int memmap_hide(void)
{
	host_memmap_hidden = true;
	return 0;
}

void memmap_hide_images(void)
{
	host_images_hidden = host_memmap_hidden;
}

void memmap_unhide(void)
{
	host_memmap_hidden = host_images_hidden = false;
}

void memmap_unhide_map(void)
{
	host_memmap_hidden = false;
}

bool memmap_hidden(void)
{
	return host_memmap_hidden;
}
