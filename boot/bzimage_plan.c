/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a Linux kernel and its initrd go (Documentation/arch/x86/boot.rst).
 *
 * The protected-mode part goes to its preferred address when it can be moved,
 * else to code32_start. There, or at the preferred address of one that cannot,
 * it unpacks itself into init_size bytes: the initrd stays clear of both.
 * The initrd goes as high as the kernel, mem= and the machine allow. A single
 * piece that already lies well stays where it is.
 */
#include "boot/bzimage.h"
#include "lib/error.h"

#define PAGE		 4096u
#define BELOW_4G	 0x100000000ull
#define LOW_END		 0xa0000u
#define REAL_LOW	 0x10000u
#define REAL_OLD	 0x90000u /* where setup parts up to 2.01, and those of zImages, run */
#define ZIMAGE		 0x10000u /* where a zImage's kernel is loaded */
#define HEAP_END_OLD	 0x9800u
#define CMDLINE_ROOM_OLD 0x100u

#define CAN_USE_HEAP   0x80
#define LOADER_UNKNOWN 0xff
#define CMDLINE_MAGIC  0xa33f

#define MB(bytes) ((unsigned)(((bytes) + 0xfffff) >> 20))

/* ---- Placement ---- */

static bool is_ram(const struct bz_plan *plan, uint64_t base, uint64_t size)
{
	return ranges_contain(plan->ranges, plan->range_count, base, size);
}

/* Before 2.02, and for a zImage, the setup part has its fixed place, and what the machine has left
 * of memory there. */
static int place_real_old(struct bz_plan *plan)
{
	const struct bz_header *h = &plan->header;
	uint32_t room = HEAP_END_OLD + CMDLINE_ROOM_OLD;

	while (room > h->setup_len + PAGE && !is_ram(plan, REAL_OLD, room))
		room -= 16;
	if (room <= h->setup_len + PAGE)
		return fail(E_BZ_MEMORY, "the old kernel's setup part needs %u KB at 0x%x",
			    (h->setup_len + PAGE) / 1024, REAL_OLD);
	plan->real_base = REAL_OLD;
	plan->real_len = room;
	plan->heap_end = room - CMDLINE_ROOM_OLD;
	plan->header.cmdline_size = CMDLINE_ROOM_OLD - 1;
	return 0;
}

static int place_real(struct bz_plan *plan)
{
	uint32_t base;

	if (plan->header.version < 0x202 || !plan->header.loaded_high)
		return place_real_old(plan);
	plan->real_len = BZ_REAL_SIZE;
	plan->heap_end = BZ_HEAP_END;
	for (base = REAL_LOW; base + BZ_REAL_SIZE <= LOW_END; base += PAGE) {
		if (is_ram(plan, base, BZ_REAL_SIZE)) {
			plan->real_base = base;
			return 0;
		}
	}
	return fail(E_BZ_MEMORY, "no 64 KB free below 640 KB for the kernel's setup part");
}

/* Bytes that the kernel needs from its load address on, or where it unpacks itself. */
static uint64_t run_size(const struct bz_header *h)
{
	return max((uint64_t)h->init_size, (uint64_t)h->protected_len);
}

static int no_memory(const struct bz_header *h, uint64_t base)
{
	return fail(E_BZ_MEMORY,
		    "the kernel needs %u MB of memory in one piece%s %u MB, and the "
		    "machine has none",
		    MB(run_size(h)), h->relocatable ? " at or above" : " at", MB(base));
}

/* A kernel that can be moved: its preferred address, or the lowest one above that fits. */
static int place_relocatable(struct bz_plan *plan)
{
	const struct bz_header *h = &plan->header;
	uint64_t size = run_size(h), wish = h->pref_address ? h->pref_address : 0x100000, best = 0;
	unsigned i;

	wish = ALIGN_UP(max(wish, 0x100000ull), h->alignment);
	if (is_ram(plan, wish, size) && wish + size <= BELOW_4G) {
		plan->load = wish;
		return 0;
	}
	for (i = 0; i < plan->range_count; i++) {
		uint64_t base = ALIGN_UP(max(plan->ranges[i].base, wish), h->alignment);

		if (is_ram(plan, base, size) && base + size <= BELOW_4G && (!best || base < best))
			best = base;
	}
	plan->load = best;
	return best ? 0 : no_memory(h, wish);
}

static int place_kernel(struct bz_plan *plan)
{
	const struct bz_header *h = &plan->header;

	if (h->relocatable)
		return place_relocatable(plan);
	plan->load = h->loaded_high ? h->code32_start : ZIMAGE;
	if (!h->loaded_high && plan->load + h->protected_len > REAL_OLD)
		return fail(E_BZ_HEADER, "the zImage's kernel has %u KB, and 512 fit below 640 KB",
			    h->protected_len / 1024);
	if (!is_ram(plan, plan->load, h->protected_len))
		return no_memory(h, plan->load);
	if (h->pref_address && !is_ram(plan, h->pref_address, run_size(h)))
		return no_memory(h, h->pref_address);
	return 0;
}

/* Where in [base, base+size) the kernel begins to be in the way; UINT64_MAX: nowhere. */
static uint64_t kernel_in(const struct bz_plan *plan, uint64_t base, uint64_t size)
{
	const struct bz_header *h = &plan->header;
	uint64_t loaded = h->relocatable ? run_size(h) : h->protected_len, lowest = UINT64_MAX;

	if (ranges_overlap(base, size, plan->load, loaded))
		lowest = plan->load;
	if (h->pref_address && !h->relocatable &&
	    ranges_overlap(base, size, h->pref_address, run_size(h)))
		lowest = min(lowest, h->pref_address);
	return lowest;
}

static uint64_t initrd_limit(const struct bz_plan *plan)
{
	uint64_t limit = min((uint64_t)plan->header.initrd_max + 1, BELOW_4G - 1);

	return min(limit, plan->arguments.mem_limit);
}

static bool stays_in_place(const struct bz_plan *plan)
{
	const struct bz_member *m = &plan->member[0];

	return plan->member_count == 1 && !m->header_len && m->source % PAGE == 0 &&
	       m->source >= 0x100000 && m->source + m->size <= initrd_limit(plan) &&
	       is_ram(plan, m->source, m->size) &&
	       kernel_in(plan, m->source, m->size) == UINT64_MAX;
}

/* Highest page-aligned place for @size bytes in one range, or 0. */
static uint64_t highest_in(const struct bz_plan *plan, const struct memory_range *range,
			   uint64_t size)
{
	uint64_t top = min(range->base + range->length, initrd_limit(plan)), base;

	while (top >= size) {
		base = ALIGN_DOWN(top - size, PAGE);
		if (base < max(range->base, 0x100000ull))
			return 0;
		top = kernel_in(plan, base, size);
		if (top == UINT64_MAX)
			return base;
	}
	return 0;
}

static int no_initrd_room(const struct bz_plan *plan, uint64_t largest)
{
	return fail(E_BZ_INITRD_ROOM,
		    "the initrd needs %u MB in one piece below %u MB beside the "
		    "kernel; the largest free piece of memory there has %u MB",
		    MB(plan->initrd_len), MB(initrd_limit(plan)), (unsigned)(largest >> 20));
}

static int place_initrd(struct bz_plan *plan)
{
	uint64_t best = 0, largest = 0, total = 0;
	unsigned i;

	for (i = 0; i < plan->member_count; i++) {
		struct bz_member *m = &plan->member[i];

		total = ALIGN_UP(total, 4);
		if (total + m->header_len + m->size >= BELOW_4G)
			return fail(E_BZ_INITRD_ROOM, "the initrds have more than 4 GB");
		m->offset = (uint32_t)total;
		total += (uint64_t)m->header_len + m->size;
	}
	plan->initrd_len = total;
	if (!total)
		return 0;
	if (plan->header.version < 0x200)
		return fail(E_BZ_OLD, "a kernel this old takes no initrd");
	if (stays_in_place(plan)) {
		plan->initrd = plan->member[0].source;
		return 0;
	}
	for (i = 0; i < plan->range_count; i++) {
		const struct memory_range *range = &plan->ranges[i];
		uint64_t end = min(range->base + range->length, initrd_limit(plan));

		best = max(best, highest_in(plan, range, total));
		if (end > range->base)
			largest = max(largest, end - range->base);
	}
	plan->initrd = best;
	return best ? 0 : no_initrd_room(plan, largest);
}

static int plan_moves(struct bz_plan *plan)
{
	struct move wanted[MOVES_MAX];
	struct memory_range high[MEMMAP_MAX];
	unsigned count = 0, ranges, i;
	uint64_t missing;

	wanted[count++] = (struct move){plan->image + plan->header.setup_len, plan->load,
					plan->header.protected_len};
	for (i = 0; i < plan->member_count; i++) {
		const struct bz_member *m = &plan->member[i];

		wanted[count++] =
			(struct move){m->source, plan->initrd + m->offset + m->header_len, m->size};
	}
	ranges = moves_high_ranges(plan->ranges, plan->range_count, high);
	missing = moves_plan(&plan->moves, wanted, count, high, ranges);
	if (!missing)
		return 0;
	return fail(E_BZ_MOVES,
		    "kernel and initrd lie in each other's places, and there are not %u "
		    "MB free to move them",
		    MB(missing));
}

int bz_plan(struct bz_plan *plan)
{
	int rc = place_real(plan);

	if (!rc)
		rc = place_kernel(plan);
	if (!rc)
		rc = place_initrd(plan);
	return rc ? rc : plan_moves(plan);
}

/* How the command line is found: since 2.02 by a pointer, before by a mark at the segment's start.
 */
static void point_to_cmdline(const struct bz_plan *plan, size_t len, uint8_t *real)
{
	if (plan->header.version >= 0x202) {
		put_le32(real + BZ_CMD_LINE_PTR, plan->real_base + plan->heap_end);
		return;
	}
	put_le16(real + BZ_CMDLINE_MAGIC, CMDLINE_MAGIC);
	put_le16(real + BZ_CMDLINE_OFFSET, (uint16_t)plan->heap_end);
	if (plan->header.version >= 0x200)
		put_le16(real + BZ_SETUP_MOVE_SIZE, (uint16_t)(plan->heap_end + len + 1));
}

int bz_real_mode(const struct bz_plan *plan, const uint8_t *data, const char *cmdline,
		 uint8_t *real)
{
	const struct bz_header *h = &plan->header;
	size_t len = strlen(cmdline);
	size_t most = min(h->cmdline_size, plan->real_len - plan->heap_end - 1);

	if (len > most)
		return fail(E_BZ_CMDLINE,
			    "the command line has %u characters, this kernel takes %u",
			    (unsigned)len, (unsigned)most);
	memset(real, 0, BZ_REAL_SIZE);
	memcpy(real, data, h->setup_len);
	if (plan->arguments.video)
		put_le16(real + BZ_VID_MODE, plan->arguments.video);
	if (h->version >= 0x200) {
		real[BZ_TYPE_OF_LOADER] = LOADER_UNKNOWN;
		put_le32(real + BZ_RAMDISK_IMAGE, (uint32_t)plan->initrd);
		put_le32(real + BZ_RAMDISK_SIZE, (uint32_t)plan->initrd_len);
		if (h->loaded_high)
			put_le32(real + BZ_CODE32_START, (uint32_t)plan->load);
	}
	if (h->version >= 0x201) {
		real[BZ_LOADFLAGS] |= CAN_USE_HEAP;
		put_le16(real + BZ_HEAP_END_PTR, (uint16_t)(plan->heap_end - 0x200));
	}
	point_to_cmdline(plan, len, real);
	memcpy(real + plan->heap_end, cmdline, len + 1);
	return 0;
}
