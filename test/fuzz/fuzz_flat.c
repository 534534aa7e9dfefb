/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of ELF and Multiboot kernels, the placement that follows from them, and the information
 * for the kernel. The first byte chooses the kind, and whether the magic numbers are set right, so
 * that the checks behind them are reached. */
#include <stdlib.h>
#include "boot/elf.h"
#include "boot/multiboot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE 16384

static uint8_t file[SIZE];
static struct flat_plan plan;
static struct image module = {.name = (char *)"m", .cmdline = (char *)"a b"};

static const struct memory_range ranges[] = {
	{0, 0x9a000, 1, 1}, {0x100000, 0xf00000, 1, 1}, {0x1100000, 0x8000000, 1, 1}};

/* Everything lies in RAM, and nothing over something else. */
static void check(void)
{
	struct memory_range all[FLAT_SEGMENTS + 3];
	unsigned count = 0;

	for (unsigned i = 0; i < plan.segment_count; i++)
		all[count++] = (struct memory_range){.base = plan.segment[i].dest,
						     .length = plan.segment[i].memory_size};
	for (unsigned i = 0; i < plan.module_count; i++)
		all[count++] = (struct memory_range){.base = plan.module[i].address,
						     .length = plan.module[i].size};
	all[count++] = (struct memory_range){.base = plan.info_address, .length = plan.info_len};
	for (unsigned i = 0; i < count; i++) {
		if (all[i].base < 0x1000 || !ranges_contain(ranges, 3, all[i].base, all[i].length))
			abort();
		for (unsigned j = 0; j < i; j++)
			if (ranges_overlap(all[i].base, all[i].length, all[j].base, all[j].length))
				abort();
	}
	if (!flat_contains(&plan, plan.entry))
		abort();
	for (unsigned i = 0; i < plan.segment_count; i++)
		if ((uint64_t)plan.segment[i].offset + plan.segment[i].file_size > SIZE ||
		    plan.segment[i].file_size > plan.segment[i].memory_size)
			abort();
}

static void set_magic(unsigned kind)
{
	if (kind == 0) {
		memcpy(file,
		       "\x7f"
		       "ELF\1\1\1",
		       7);
		put_le16(file + 16, 2);
		put_le16(file + 18, 3);
	} else if (kind == 1) {
		put_le32(file, 0x1badb002);
		put_le32(file + 8, -(0x1badb002 + get_le32(file + 4)));
	} else {
		put_le32(file, 0xe85250d6);
		put_le32(file + 4, 0);
		put_le32(file + 8, get_le32(file + 8) & 0xfff);
		put_le32(file + 12, -(0xe85250d6 + get_le32(file + 8)));
	}
}

static int read_file(unsigned kind)
{
	switch (kind) {
	case 0:
		return elf_load(file, SIZE, true, &plan);
	case 1:
		return multiboot_load(file, SIZE, &plan);
	default:
		return multiboot2_load(file, SIZE, &plan);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image kernel = {.name = (char *)"k", .data = file, .len = SIZE};
	unsigned kind = size ? data[0] % 3 : 0;
	uint8_t *info;

	memset(file, 0, SIZE);
	memcpy(file, data + (size != 0), min(size - (size != 0), (size_t)SIZE));
	if (size && data[0] & 0x80)
		set_magic(kind);
	memset(&plan, 0, sizeof(plan));
	plan.image = 0x2000000;
	plan.ranges = plan.map = ranges;
	plan.range_count = plan.map_count = ARRAY_SIZE(ranges);
	if (read_file(kind))
		return 0;
	plan.module[0] = (struct flat_module){&module, 0x4000000, 0x300001, 0};
	plan.module[1] = (struct flat_module){&module, 0x3000000, 0, 0};
	plan.module_count = 2;
	plan.info_len = (uint32_t)(kind == 2 ? multiboot2_info(&kernel, &plan, NULL, 0)
					     : multiboot_info(&kernel, &plan, NULL, 0));
	if (flat_place(&plan))
		return 0;
	check();
	info = malloc(plan.info_len);
	if (kind == 2)
		multiboot2_info(&kernel, &plan, info, plan.info_len);
	else
		multiboot_info(&kernel, &plan, info, plan.info_len);
	free(info);
	return 0;
}
