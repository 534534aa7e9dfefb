/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map, and hiding our two homes from it.
 *
 * While something of ours must stay (a SAN drive), INT 15h E820h/E801h/88h/8Ah
 * are answered here: the firmware's map with the low block and the home shown
 * as reserved; 40:13, and with it INT 12h, is lowered to the low block.
 * ACPI Specification 6.4 section 15.1 (INT 15h E820h).
 */
#include "bios/memmap.h"
#include "bios/memmap_internal.h"
#include "bios/gate.h"
#include "bios/heap_internal.h"
#include "bzimage/handover.h"
#include "lib/error.h"

#define SMAP 0x534d4150u

#define RAM	 1u
#define RESERVED 2u

#define BASE_MEMORY_KB ((volatile uint16_t *)0x413)

/* ---- Reading ---- */

static unsigned read_e820(struct memory_range *ranges, unsigned max)
{
	uint8_t *entry = low_buffer();
	struct real_regs regs = {0};
	unsigned count = 0;
	uint32_t previous;

	/* The loop is bounded by max * 2: some firmware never returns EBX = 0. */
	for (unsigned turns = 0; turns < max * 2 && count < max; turns++) {
		previous = regs.ebx;
		put_le32(entry + 20, 1);
		regs = (struct real_regs){.eax = 0xe820,
					  .ebx = previous,
					  .ecx = 24,
					  .edx = SMAP,
					  .es = real_segment(entry),
					  .edi = real_offset(entry)};
		bios_call(0x15, &regs);
		if ((regs.eflags & FLAG_CARRY) || regs.eax != SMAP || regs.ecx < 20)
			break;
		ranges[count] = (struct memory_range){
			.base = get_le64(entry),
			.length = get_le64(entry + 8),
			.type = get_le32(entry + 16),
			.attributes = regs.ecx >= 24 ? get_le32(entry + 20) : 1,
		};
		if (ranges[count].base + ranges[count].length < ranges[count].base)
			ranges[count].length = 0 - ranges[count].base; /* up to 2^64, no further */
		if (ranges[count].length && (ranges[count].attributes & 1))
			count++;
		if (!regs.ebx || regs.ebx == previous)
			break;
	}
	return count;
}

static unsigned read_old(struct memory_range *ranges)
{
	struct real_regs regs = {.eax = 0xe801};
	unsigned count = 0;

	ranges[count++] = (struct memory_range){
		.base = 0, .length = *BASE_MEMORY_KB * 1024u, .type = RAM, .attributes = 1};
	bios_call(0x15, &regs);
	if (!(regs.eflags & FLAG_CARRY)) {
		uint32_t low = (regs.eax & 0xffff) ? regs.eax & 0xffff : regs.ecx & 0xffff;
		uint32_t high = (regs.eax & 0xffff) ? regs.ebx & 0xffff : regs.edx & 0xffff;

		ranges[count++] = (struct memory_range){.base = 0x100000,
							.length = (uint64_t)low * 1024,
							.type = RAM,
							.attributes = 1};
		if (high)
			ranges[count++] = (struct memory_range){.base = 0x1000000,
								.length = (uint64_t)high << 16,
								.type = RAM,
								.attributes = 1};
		return count;
	}
	regs = (struct real_regs){.eax = 0x8800};
	bios_call(0x15, &regs);
	if (!(regs.eflags & FLAG_CARRY) && (regs.eax & 0xffff))
		ranges[count++] = (struct memory_range){.base = 0x100000,
							.length = (regs.eax & 0xffffull) * 1024,
							.type = RAM,
							.attributes = 1};
	return count;
}

static void sort_by_base(struct memory_range *ranges, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct memory_range range = ranges[i];
		unsigned j = i;

		for (; j && ranges[j - 1].base > range.base; j--)
			ranges[j] = ranges[j - 1];
		ranges[j] = range;
	}
}

unsigned memmap_read(struct memory_range *ranges, unsigned max)
{
	unsigned count = read_e820(ranges, max);

	if (count < 2)
		count = read_old(ranges);
	sort_by_base(ranges, count);
	/* Where RAM overlaps something else, the something else is right. */
	for (unsigned i = 0; i < count; i++) {
		if (ranges[i].type != RAM)
			continue;
		for (unsigned j = 0; j < count; j++) {
			uint64_t end = ranges[i].base + ranges[i].length;
			uint64_t other_end = ranges[j].base + ranges[j].length;

			if (j == i || (ranges[j].type == RAM && j > i) || ranges[j].base >= end ||
			    other_end <= ranges[i].base)
				continue;
			if (ranges[j].base > ranges[i].base) {
				ranges[i].length = ranges[j].base - ranges[i].base;
			} else {
				ranges[i].length = other_end < end ? end - other_end : 0;
				ranges[i].base = min(other_end, end);
			}
		}
	}
	return count;
}

unsigned memmap_firmware(const struct memory_range **ranges)
{
	*ranges = handover.ranges;
	return handover.range_count;
}

/* ---- What is ours ---- */

struct hidden {
	uint64_t base, end;
};

static void homes(struct hidden hidden[2])
{
	uint32_t start, end;

	low_block(&start, &end);
	hidden[0] = (struct hidden){start, end};
	hidden[1] = (struct hidden){handover.home, (uint64_t)handover.home + handover.home_size};
}

/*
 * Build the map with our homes cut out of RAM. With @mark they appear as
 * reserved entries, otherwise not at all.
 */
static unsigned map_without_homes(struct memory_range *out, unsigned max, bool mark)
{
	struct hidden hidden[2];
	unsigned count = 0;

	homes(hidden);
	for (unsigned i = 0; i < handover.range_count; i++) {
		struct memory_range range = handover.ranges[i];
		uint64_t end = range.base + range.length;

		for (unsigned h = 0; range.type == RAM && h < ARRAY_SIZE(hidden); h++) {
			if (hidden[h].base >= end || hidden[h].end <= range.base)
				continue;
			if (hidden[h].base > range.base && count < max) {
				out[count] = range;
				out[count++].length = hidden[h].base - range.base;
			}
			if (mark && count < max)
				out[count++] = (struct memory_range){
					.base = max(hidden[h].base, range.base),
					.length = min(hidden[h].end, end) -
						  max(hidden[h].base, range.base),
					.type = RESERVED,
					.attributes = 1,
				};
			range.base = min(hidden[h].end, end);
			range.length = end - range.base;
		}
		if (range.length && count < max)
			out[count++] = range;
	}
	return count;
}

unsigned memmap_usable(struct memory_range *ranges, unsigned max)
{
	unsigned count = map_without_homes(ranges, max, false), kept = 0;

	for (unsigned i = 0; i < count; i++)
		if (ranges[i].type == RAM)
			ranges[kept++] = ranges[i];
	return kept;
}

/* ---- Hiding ---- */

static struct memory_range shown[MEMMAP_MAX];
static unsigned shown_count;

unsigned memmap_visible(struct memory_range *ranges, unsigned max)
{
	const bool hidden = gate_hooked(GATE_INT15);
	const struct memory_range *map = hidden ? shown : handover.ranges;
	unsigned count = min(hidden ? shown_count : handover.range_count, max);

	memcpy(ranges, map, count * sizeof(*ranges));
	return count;
}

/* Kilobytes of contiguous RAM from @base up, in the shown map. */
static uint32_t contiguous_kb(uint64_t base)
{
	uint64_t end = base;

	for (unsigned i = 0; i < shown_count; i++)
		if (shown[i].type == RAM && shown[i].base <= end &&
		    shown[i].base + shown[i].length > end)
			end = shown[i].base + shown[i].length;
	return (uint32_t)min((end - base) / 1024, (uint64_t)0x3fffff);
}

static bool serve_e820(struct real_regs *regs)
{
	uint8_t *entry = real_linear(regs->es, (uint16_t)regs->edi);
	unsigned index = regs->ebx;
	uint32_t len = min(regs->ecx, 24u);

	if (regs->edx != SMAP || index >= shown_count || len < 20) {
		regs->eax = (regs->eax & ~0xff00u) | 0x8600;
		regs->eflags |= FLAG_CARRY;
		return true;
	}
	put_le64(entry, shown[index].base);
	put_le64(entry + 8, shown[index].length);
	put_le32(entry + 16, shown[index].type);
	if (len >= 24)
		put_le32(entry + 20, shown[index].attributes);
	regs->eax = SMAP;
	regs->ecx = len >= 24 ? 24 : 20;
	regs->ebx = index + 1 < shown_count ? index + 1 : 0;
	regs->eflags &= ~FLAG_CARRY;
	return true;
}

static bool int15(struct real_regs *regs)
{
	uint16_t function = (uint16_t)regs->eax;
	uint32_t below16, above16, kb;

	if (function == 0xe820)
		return serve_e820(regs);
	kb = contiguous_kb(0x100000);
	regs->eflags &= ~FLAG_CARRY;
	if (function == 0xe801 || function == 0xe881) {
		below16 = min(kb, 0x3c00u);
		above16 = kb > 0x3c00 ? (kb - 0x3c00) / 64 : 0;
		if (function == 0xe801)
			above16 = min(above16, 0xffffu);
		regs->eax = regs->ecx = below16;
		regs->ebx = regs->edx = above16;
		return true;
	}
	if (function >> 8 == 0x88) {
		regs->eax = (regs->eax & ~0xffffu) | min(kb, 0xfc00u);
		return true;
	}
	regs->eax = (regs->eax & ~0xffffu) | (kb & 0xffff); /* 8Ah: DX:AX */
	regs->edx = (regs->edx & ~0xffffu) | kb >> 16;
	return true;
}

int memmap_hide(void)
{
	uint32_t start, end;

	low_block(&start, &end);
	shown_count = map_without_homes(shown, MEMMAP_MAX, true);
	/* A resident program below us has lowered it further. */
	*BASE_MEMORY_KB = (uint16_t)min(start / 1024, (uint32_t)*BASE_MEMORY_KB);
	gate_hook(GATE_INT15, int15);
	return 0;
}

/* Show what of RAM lies in [base, end) as reserved; all of its range, when there is no room for the
 * pieces. */
static void show_reserved(uint64_t base, uint64_t end)
{
	for (unsigned i = 0; i < shown_count; i++) {
		struct memory_range ram = shown[i];
		uint64_t ram_end = ram.base + ram.length;
		unsigned pieces = 0;

		if (ram.type != RAM || ram.base >= end || ram_end <= base)
			continue;
		if (shown_count + 2 > MEMMAP_MAX) {
			shown[i].type = RESERVED;
			continue;
		}
		memmove(&shown[i + 3], &shown[i + 1], (shown_count - i - 1) * sizeof(ram));
		if (ram.base < base)
			shown[i + pieces++] = (struct memory_range){ram.base, base - ram.base, RAM,
								    ram.attributes};
		shown[i + pieces++] = (struct memory_range){
			max(base, ram.base), min(end, ram_end) - max(base, ram.base), RESERVED, 1};
		if (ram_end > end)
			shown[i + pieces++] =
				(struct memory_range){end, ram_end - end, RAM, ram.attributes};
		memmove(&shown[i + pieces], &shown[i + 3], (shown_count - i - 1) * sizeof(ram));
		shown_count += pieces - 1;
		i += pieces - 1;
	}
}

void memmap_hide_images(void)
{
	uint32_t base, end = 0;

	while (image_memory_used(end, &base, &end))
		show_reserved(base, end);
}

void memmap_unhide_map(void)
{
	if (gate_hooked(GATE_INT15))
		gate_unhook(GATE_INT15);
}

void memmap_unhide(void)
{
	uint32_t start, end;

	memmap_unhide_map();
	low_block(&start, &end);
	if (*BASE_MEMORY_KB == start / 1024)
		*BASE_MEMORY_KB = (uint16_t)handover.base_memory_kb;
}

bool memmap_hidden(void)
{
	return gate_hooked(GATE_INT15);
}
