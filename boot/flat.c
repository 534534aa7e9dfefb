/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placing and entering programs that start in flat 32-bit mode.
 *
 * The segments go where the program was linked, or, when it may be moved and
 * that place is taken, elsewhere as one. Modules follow above it as far as they
 * fit, since some kernels map no more at first; the information goes below
 * 640 KB, where no kernel puts itself by accident.
 */
#include "boot/flat.h"
#include "boot/boot.h"
#include "bios/heap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"
#include "nic/nic.h"

#define PAGE	 4096u
#define BELOW_4G 0x100000000ull
#define LOWEST	 0x1000u /* below: interrupt vectors and the BIOS' data */
#define LOW_INFO 0x10000u
#define LOW_END	 0xa0000u
#define HIGH	 0x100000u
/* Hiding our memory may split two entries of the map into three each. */
#define MAP_SLACK (4 * 24u)

#define MB(bytes) ((unsigned)(((bytes) + 0xfffff) >> 20))

/* ---- Collecting ---- */

int flat_add_segment(struct flat_plan *plan, const struct flat_segment *segment)
{
	uint64_t end = (uint64_t)segment->dest + segment->memory_size;

	if (!segment->memory_size)
		return 0;
	if (plan->segment_count == FLAT_SEGMENTS)
		return fail(E_FLAT_MEMORY, "the program has more than %u segments", FLAT_SEGMENTS);
	if (end > BELOW_4G)
		return fail(E_FLAT_MEMORY,
			    "the program's segment at 0x%x with %u bytes ends above 4 GB",
			    segment->dest, segment->memory_size);
	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct flat_segment *other = &plan->segment[i];

		if (ranges_overlap(segment->dest, segment->memory_size, other->dest,
				   other->memory_size))
			return fail(E_FLAT_MEMORY,
				    "the program's segments at 0x%x and 0x%x overlap", other->dest,
				    segment->dest);
		if (segment->file_size && other->file_size &&
		    ranges_overlap(segment->offset, segment->file_size, other->offset,
				   other->file_size))
			return fail(E_FLAT_MEMORY,
				    "the program's segments at 0x%x and 0x%x share bytes of the "
				    "file",
				    other->dest, segment->dest);
	}
	plan->segment[plan->segment_count++] = *segment;
	return 0;
}

bool flat_contains(const struct flat_plan *plan, uint32_t address)
{
	for (unsigned i = 0; i < plan->segment_count; i++)
		if (address - plan->segment[i].dest < plan->segment[i].memory_size)
			return true;
	return false;
}

int flat_collect_modules(struct flat_plan *plan, const struct image *kernel)
{
	const struct image *image = NULL;

	while ((image = image_next_initrd(kernel, image))) {
		if (plan->module_count == FLAT_MODULES)
			return fail(E_FLAT_MODULES, "more than %u modules", FLAT_MODULES);
		plan->module[plan->module_count++] =
			(struct flat_module){.image = image,
					     .source = (uintptr_t)image->data,
					     .size = (uint32_t)image->len};
	}
	return 0;
}

/* ---- Placement ---- */

static bool is_ram(const struct flat_plan *plan, uint64_t base, uint64_t size)
{
	return ranges_contain(plan->ranges, plan->range_count, base, size);
}

/* The end of what is placed already and overlaps [base, base+size); 0: nothing does. Segments
 * count from the start, the first @modules modules, and the information when it is placed. */
static uint64_t taken_until(const struct flat_plan *plan, unsigned modules, uint64_t base,
			    uint64_t size)
{
	uint64_t until = 0;

	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct flat_segment *s = &plan->segment[i];

		if (ranges_overlap(base, size, s->dest, s->memory_size))
			until = max(until, (uint64_t)s->dest + s->memory_size);
	}
	for (unsigned i = 0; i < modules; i++) {
		const struct flat_module *m = &plan->module[i];

		if (ranges_overlap(base, size, m->address, m->size))
			until = max(until, (uint64_t)m->address + m->size);
	}
	return until;
}

/* The lowest page-aligned place for @size bytes within [from, end); 0: there is none. */
static uint32_t lowest_free(const struct flat_plan *plan, unsigned modules, uint64_t from,
			    uint64_t end, uint64_t size)
{
	uint64_t best = 0;

	for (unsigned i = 0; i < plan->range_count; i++) {
		const struct memory_range *r = &plan->ranges[i];
		uint64_t limit = min(r->base + r->length, end);
		uint64_t base = ALIGN_UP(max(r->base, from), PAGE), until;

		while (base + size <= limit &&
		       (until = taken_until(plan, modules, base, max(size, (uint64_t)1))))
			base = ALIGN_UP(until, PAGE);
		if (base + size <= limit && (!best || base < best))
			best = base;
	}
	return (uint32_t)best;
}

static uint64_t program_start(const struct flat_plan *plan)
{
	uint64_t start = BELOW_4G;

	for (unsigned i = 0; i < plan->segment_count; i++)
		start = min(start, (uint64_t)plan->segment[i].dest);
	return start;
}

static uint64_t program_end(const struct flat_plan *plan)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < plan->segment_count; i++)
		end = max(end, (uint64_t)plan->segment[i].dest + plan->segment[i].memory_size);
	return end;
}

/* The segment that cannot lie where the program was linked, or NULL. */
static const struct flat_segment *misplaced(const struct flat_plan *plan)
{
	const struct flat_relocation *r = &plan->relocation;

	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct flat_segment *s = &plan->segment[i];

		if (s->dest < LOWEST || !is_ram(plan, s->dest, s->memory_size) ||
		    (r->allowed &&
		     (s->dest < r->lowest || (uint64_t)s->dest + s->memory_size > r->end)))
			return s;
	}
	return NULL;
}

/* A place for the whole program, of @size bytes, as the program wishes; 0: there is none. */
static uint64_t other_place(const struct flat_plan *plan, uint64_t size)
{
	const struct flat_relocation *r = &plan->relocation;
	uint64_t best = 0;

	for (unsigned i = 0; i < plan->range_count; i++) {
		const struct memory_range *range = &plan->ranges[i];
		uint64_t start = ALIGN_UP(max(range->base, (uint64_t)max(r->lowest, HIGH)),
					  (uint64_t)r->align);
		uint64_t end = min(range->base + range->length, (uint64_t)r->end);

		if (start >= end || end - start < size)
			continue;
		if (r->highest)
			best = max(best, ALIGN_DOWN(end - size, (uint64_t)r->align));
		else if (!best || start < best)
			best = start;
	}
	return best;
}

static int place_program(struct flat_plan *plan)
{
	const struct flat_segment *wrong = misplaced(plan);
	uint64_t start = program_start(plan), size, place;

	if (!plan->segment_count)
		return fail(E_FLAT_MEMORY, "the program has nothing to load");
	if (!wrong)
		return 0;
	size = program_end(plan) - start;
	place = plan->relocation.allowed ? other_place(plan, size) : 0;
	if (!place)
		return fail(E_FLAT_MEMORY,
			    "the program needs memory from 0x%x to 0x%llx, and that is not free%s",
			    wrong->dest, (unsigned long long)wrong->dest + wrong->memory_size,
			    plan->relocation.allowed ? ", nor is another place that it accepts"
						     : "");
	plan->shift = (uint32_t)(place - start);
	for (unsigned i = 0; i < plan->segment_count; i++)
		plan->segment[i].dest += plan->shift;
	plan->entry += plan->shift;
	return 0;
}

static int place_modules(struct flat_plan *plan)
{
	uint64_t above = max(program_end(plan), (uint64_t)HIGH);

	for (unsigned i = 0; i < plan->module_count; i++) {
		struct flat_module *m = &plan->module[i];

		m->address = lowest_free(plan, i, above, BELOW_4G, m->size);
		if (!m->address)
			m->address = lowest_free(plan, i, HIGH, BELOW_4G, m->size);
		if (!m->address)
			return fail(E_FLAT_MODULES,
				    "module %s: no %u MB of memory in one piece beside the program",
				    m->image ? m->image->name : "", MB((uint64_t)m->size));
	}
	return 0;
}

static int place_info(struct flat_plan *plan)
{
	if (!plan->info_len)
		return 0;
	plan->info_address =
		lowest_free(plan, plan->module_count, LOW_INFO, LOW_END, plan->info_len);
	if (!plan->info_address)
		plan->info_address =
			lowest_free(plan, plan->module_count, HIGH, BELOW_4G, plan->info_len);
	return plan->info_address
		       ? 0
		       : fail(E_FLAT_MEMORY, "no memory for %u bytes of boot information",
			      plan->info_len);
}

static int plan_moves(struct flat_plan *plan)
{
	struct move wanted[MOVES_MAX];
	struct memory_range high[MEMMAP_MAX];
	unsigned count = 0, ranges;
	uint64_t missing;

	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct flat_segment *s = &plan->segment[i];

		wanted[count++] = (struct move){plan->image + s->offset, s->dest, s->file_size};
	}
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct flat_module *m = &plan->module[i];

		wanted[count++] = (struct move){m->source, m->address, m->size};
	}
	ranges = moves_high_ranges(plan->ranges, plan->range_count, high);
	missing = moves_plan(&plan->moves, wanted, count, high, ranges);
	if (!missing)
		return 0;
	return fail(E_FLAT_MODULES,
		    "the program and its modules lie in each other's places, and there are not %u "
		    "MB free to move them",
		    MB(missing));
}

int flat_place(struct flat_plan *plan)
{
	int rc = place_program(plan);

	if (!rc)
		rc = place_modules(plan);
	if (!rc)
		rc = place_info(plan);
	return rc ? rc : plan_moves(plan);
}

/* ---- Doing it ---- */

void flat_print(const struct flat_plan *plan, const struct image *kernel)
{
	print("kernel %s [%s], entry at 0x%x\n", kernel->name, kernel->type->name, plan->entry);
	for (unsigned i = 0; i < plan->segment_count; i++)
		print("  0x%x: %u bytes, %u in memory\n", plan->segment[i].dest,
		      plan->segment[i].file_size, plan->segment[i].memory_size);
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct flat_module *m = &plan->module[i];

		print("module %s at 0x%x, %u bytes%s", m->image->name, m->address, m->size,
		      m->image->cmdline ? ", arguments: " : "");
		image_print_cmdline(m->image);
		print("\n");
	}
	if (plan->info_len)
		print("information at 0x%x, %u bytes\n", plan->info_address, plan->info_len);
	print("command line: ");
	image_print_cmdline(kernel);
	print("\n");
}

void flat_carry_out(const struct flat_plan *plan)
{
	moves_run(&plan->moves);
	for (unsigned i = 0; i < plan->segment_count; i++) {
		const struct flat_segment *s = &plan->segment[i];
		uint32_t rest = s->memory_size - s->file_size;

		memset(physical((uint64_t)s->dest + s->file_size, rest), 0, rest);
	}
	if (plan->info_len)
		memcpy(physical(plan->info_address, plan->info_len), plan->info, plan->info_len);
}

static bool hits_image(uint64_t base, uint64_t size)
{
	struct image *image;

	list_for_each(image, &images, link) {
		if (ranges_overlap(base, size, (uintptr_t)image->data, image->len))
			return true;
	}
	return false;
}

/* Will the images, scripts that run among them, be whole when the program returns? */
static bool images_stay(const struct flat_plan *plan)
{
	for (unsigned i = 0; i < plan->moves.count; i++)
		if (hits_image(plan->moves.move[i].dest, plan->moves.move[i].size))
			return false;
	for (unsigned i = 0; i < plan->segment_count; i++)
		if (hits_image(plan->segment[i].dest, plan->segment[i].memory_size))
			return false;
	return !hits_image(plan->info_address, plan->info_len);
}

/* All that must live until the jump, in the heap. */
struct launch {
	struct flat_plan plan;
	struct memory_range ranges[MEMMAP_MAX], map[MEMMAP_MAX];
};

static int prepare(struct launch *l, const struct flat_format *format, const struct image *kernel)
{
	struct flat_plan *plan = &l->plan;
	int rc;

	plan->image = (uintptr_t)kernel->data;
	plan->ranges = l->ranges;
	plan->range_count = memmap_usable(l->ranges, MEMMAP_MAX);
	plan->map = l->map;
	plan->map_count = memmap_visible(l->map, MEMMAP_MAX);
	rc = format->read(kernel, plan);
	if (rc || !format->info)
		return rc ? rc : flat_place(plan);
	rc = flat_collect_modules(plan, kernel);
	if (rc)
		return rc;
	plan->info_len = (uint32_t)format->info(kernel, plan, NULL, 0) + MAP_SLACK;
	plan->info = heap_zalloc(plan->info_len);
	if (!plan->info)
		return fail(E_NO_MEMORY, "out of memory for the boot information");
	return flat_place(plan);
}

/* Only now it is known which drives are kept, and what of memory with them. */
static void write_info(struct launch *l, const struct flat_format *format,
		       const struct image *kernel)
{
	if (!format->info)
		return;
	l->plan.map_count = memmap_visible(l->map, MEMMAP_MAX);
	format->info(kernel, &l->plan, l->plan.info, l->plan.info_len);
}

static int run(struct launch *l, const struct flat_format *format, const struct image *kernel)
{
	const struct flat_plan *plan = &l->plan;
	struct nic *cards[NIC_CARDS_MAX];
	unsigned count = nic_all_open(cards);
	bool whole = images_stay(plan);

	leave_prepare();
	write_info(l, format, kernel);
	flat_carry_out(plan);
	leave_to_flat(plan->entry, format->eax, plan->info_address);
	if (!whole) {
		print("The program returned, and our images lay where it was loaded\n");
		leave_to_bios();
	}
	nic_reopen(cards, count);
	return fail(E_FLAT_RETURNED, "the program returned");
}

int flat_start(const struct flat_format *format, struct image *image, bool print_only)
{
	struct launch *l = heap_zalloc(sizeof(*l));
	int rc;

	if (!l)
		return fail(E_NO_MEMORY, "%s: out of memory to start it", image->name);
	rc = prepare(l, format, image);
	if (!rc && print_only)
		flat_print(&l->plan, image);
	else if (!rc)
		rc = run(l, format, image);
	heap_free(l->plan.info);
	heap_free(l);
	return rc ? fail_context(rc, "%s", image->name) : 0;
}
