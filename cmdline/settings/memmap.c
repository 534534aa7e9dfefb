/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM as the next program may see it: the scope memmap/REGION.PROPERTIES[.SCALE] and the setting
 * memsize.
 */
#include "bios/heap.h"
#include "bios/memmap.h"
#include "lib/error.h"
#include "lib/settings.h"

/* Bits of PROPERTIES; both together are the end. */
#define START  1u
#define LENGTH 2u

static bool find_region(uint32_t number, struct memory_range *region)
{
	struct memory_range *ranges = heap_alloc(MEMMAP_MAX * sizeof(*ranges));
	unsigned count = ranges ? memmap_usable(ranges, MEMMAP_MAX) : 0;

	if (number < count)
		*region = ranges[number];
	heap_free(ranges);
	return number < count;
}

static long read_memmap(const char *name, const char **type, uint8_t *raw, size_t max)
{
	uint32_t part[3] = {0};
	struct memory_range region;
	uint64_t value = 0;

	if (setting_parts(name, part, 3) < 2 || !part[1] || part[1] > (START | LENGTH) ||
	    part[2] > 63 || !find_region(part[0], &region) || max < 8)
		return E_NOT_FOUND;
	if (part[1] & START)
		value += region.base;
	if (part[1] & LENGTH)
		value += region.length;
	put_be64(raw, value >> part[2]);
	if (!*type)
		*type = "uint32";
	return 8;
}
TABLE_ENTRY(setting_provider, provider_memmap) = {
	.scope = "memmap",
	.description = "REGION.PROPERTIES[.SCALE] of RAM: 1 start, 2 length, 3 end",
	.read = read_memmap,
};

/* Rounded up: the firmware keeps a little of the last megabyte for itself. */
static long compute_memsize(const char *scope, uint8_t *raw, size_t max)
{
	const struct memory_range *ranges;
	unsigned count = memmap_firmware(&ranges);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		if (ranges[i].type == 1)
			bytes += ranges[i].length;
	}
	if (*scope || max < 4)
		return E_NOT_FOUND;
	put_be32(raw, (uint32_t)((bytes + (1u << 20) - 1) >> 20));
	return 4;
}
TABLE_ENTRY(setting, setting_memsize) = {
	.name = "memsize",
	.type = "int32",
	.description = "RAM in MB",
	.home = "memmap",
	.compute = compute_memsize,
};
