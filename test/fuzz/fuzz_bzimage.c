/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel headers and arguments, the placement that follows from them, and cpio arguments. The input
 * is laid over a plausible setup header, so that the checks behind the magic are reached. */
#include <stdlib.h>
#include "boot/bzimage.h"
#include "boot/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE 20000

static uint8_t file[SIZE];
static uint8_t real[BZ_REAL_SIZE];
static struct bz_plan plan;

static void check(void)
{
	static const struct memory_range ranges[] = {
		{0, 0x9a000, 1, 1}, {0x100000, 0xf00000, 1, 1}, {0x1100000, 0x8000000, 1, 1}};
	uint64_t load = plan.load, end = load + plan.header.protected_len;

	plan.ranges = ranges;
	plan.range_count = ARRAY_SIZE(ranges);
	plan.image = 0x5000000;
	plan.member_count = 2;
	plan.member[0] = (struct bz_member){.source = 0x2000000, .size = 0x300001};
	plan.member[1] = (struct bz_member){.source = 0x4000000, .size = 77, .header_len = 120};
	if (bz_plan(&plan))
		return;
	load = plan.load;
	end = load + plan.header.protected_len;
	if (!ranges_contain(ranges, 3, load, plan.header.protected_len) ||
	    !ranges_contain(ranges, 3, plan.initrd, plan.initrd_len) ||
	    !ranges_contain(ranges, 3, plan.real_base, plan.real_len) ||
	    plan.heap_end >= plan.real_len || plan.header.setup_len > plan.heap_end ||
	    ranges_overlap(load, end - load, plan.real_base, plan.real_len) ||
	    (plan.initrd < end && load < plan.initrd + plan.initrd_len))
		abort();
	bz_real_mode(&plan, file, "vga=ask x", real);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio_file cpio;
	char text[300];
	uint8_t out[2000];
	size_t header = size < 0x80 ? size : 0x80, rest = size - header;

	memset(file, 0, sizeof(file));
	memcpy(file + 0x1f1, data, header);
	put_le16(file + 0x1fe, 0xaa55);
	if (size & 2) /* else one from before 2.00 */
		memcpy(file + 0x202, "HdrS", 4);
	memset(&plan, 0, sizeof(plan));
	memcpy(text, data + header, rest < 299 ? rest : 299);
	text[rest < 299 ? rest : 299] = 0;
	bz_parse_arguments(text, &plan.arguments);
	if (!bz_parse(file, size & 1 ? SIZE : 0x230, &plan.header))
		check();
	if (!cpio_parse(text, &cpio))
		cpio_header(&cpio, 1, out, sizeof(out));
	return 0;
}
