/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image type "bzImage": collect the initrds, make the plan, and carry it out.
 *
 * Downloads lie anywhere in image memory, often just where kernel and initrd
 * must go. Everything that can fail happens first. After leave_prepare() the
 * blocks move, in the planned order; these copies run from our home, which the
 * plan leaves alone. What stands between the initrds (cpio headers, padding) is
 * written when the last block has moved, the real-mode part at the very end.
 */
#include "boot/bzimage.h"
#include "boot/boot.h"
#include "boot/cpio.h"
#include "boot/image.h"
#include "bios/heap.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"

/* All that must live until the jump, in the heap. */
struct launch {
	struct bz_plan plan;
	struct memory_range ranges[MEMMAP_MAX];
	uint8_t real[BZ_REAL_SIZE];
};

static int add_cpio_header(struct bz_member *m, const struct image *image)
{
	struct cpio_file file;
	size_t len;
	int rc;

	if (!image->cmdline)
		return 0;
	rc = cpio_parse(image->cmdline, &file);
	if (rc)
		return fail_context(rc, "initrd %s", image->name);
	len = cpio_header(&file, (uint32_t)image->len, NULL, 0);
	m->header = heap_alloc(len);
	if (!m->header)
		return fail(E_NO_MEMORY, "initrd %s: out of memory", image->name);
	m->header_len = (uint32_t)cpio_header(&file, (uint32_t)image->len, m->header, len);
	return 0;
}

static int collect_initrds(struct bz_plan *plan, const struct image *kernel)
{
	const struct image *image = NULL;
	int rc = 0;

	while (!rc && (image = image_next_initrd(kernel, image))) {
		struct bz_member *m = &plan->member[plan->member_count];

		if (plan->member_count == BZ_MEMBERS)
			return fail(E_BZ_INITRD_ROOM, "more than %u initrds", BZ_MEMBERS);
		*m = (struct bz_member){.source = (uintptr_t)image->data,
					.size = (uint32_t)image->len};
		m->name = image->name;
		rc = add_cpio_header(m, image);
		plan->member_count += !rc;
	}
	return rc;
}

static int prepare(struct launch *l, const struct image *kernel)
{
	const char *cmdline = kernel->cmdline ? kernel->cmdline : "";
	struct bz_plan *plan = &l->plan;
	int rc = bz_parse(kernel->data, kernel->len, &plan->header);

	if (!rc)
		rc = collect_initrds(plan, kernel);
	if (rc)
		return rc;
	bz_parse_arguments(cmdline, &plan->arguments);
	plan->image = (uintptr_t)kernel->data;
	plan->range_count = memmap_usable(l->ranges, MEMMAP_MAX);
	plan->ranges = l->ranges;
	rc = bz_plan(plan);
	return rc ? rc : bz_real_mode(plan, kernel->data, cmdline, l->real);
}

static void report(const struct bz_plan *plan)
{
	const struct bz_header *h = &plan->header;
	unsigned i;

	log_debug("boot", 1,
		  "bzImage %u.%02u: setup at 0x%x, kernel at 0x%llx (%u bytes, %u to run), "
		  "initrd at 0x%llx (%llu bytes)",
		  h->version >> 8, h->version & 255, plan->real_base,
		  (unsigned long long)plan->load, h->protected_len, h->init_size,
		  (unsigned long long)plan->initrd, (unsigned long long)plan->initrd_len);
	for (i = 0; i < plan->moves.count; i++)
		log_debug("boot", 2, "move 0x%llx to 0x%llx, 0x%llx bytes",
			  (unsigned long long)plan->moves.move[i].source,
			  (unsigned long long)plan->moves.move[i].dest,
			  (unsigned long long)plan->moves.move[i].size);
}

/* Headers, and zeroes up to the next multiple of 4 behind each piece. */
static void write_between(const struct bz_plan *plan)
{
	unsigned i;

	for (i = 0; i < plan->member_count; i++) {
		const struct bz_member *m = &plan->member[i];
		uint64_t start = plan->initrd + m->offset, end = start + m->header_len + m->size;
		uint64_t next = plan->initrd +
				(i + 1 < plan->member_count ? m[1].offset : plan->initrd_len);

		memcpy(physical(start, m->header_len), m->header ? m->header : (uint8_t *)"",
		       m->header_len);
		memset(physical(end, next - end), 0, (size_t)(next - end));
	}
}

static void go(struct launch *l) __attribute__((noreturn));
static void go(struct launch *l)
{
	struct bz_plan *plan = &l->plan;

	moves_run(&plan->moves);
	write_between(plan);
	memcpy(physical(plan->real_base, plan->real_len), l->real, plan->real_len);
	leave_to_kernel16((uint16_t)(plan->real_base >> 4), (uint16_t)plan->heap_end);
}

static bool bzimage_probe(const struct image *image)
{
	return bz_probe(image->data, image->len);
}

static void print_plan(const struct bz_plan *plan, const struct image *kernel)
{
	const struct bz_header *h = &plan->header;

	print("kernel %s [%s", kernel->name, h->loaded_high ? "bzImage" : "zImage");
	if (h->version >= 0x200)
		print(" %u.%02u", h->version >> 8, h->version & 255);
	print("] at 0x%llx, %u bytes; setup at 0x%x\n", (unsigned long long)plan->load,
	      h->protected_len, plan->real_base);
	for (unsigned i = 0; i < plan->member_count; i++) {
		const struct bz_member *m = &plan->member[i];

		print("initrd %s at 0x%llx, %u bytes%s\n", m->name,
		      (unsigned long long)(plan->initrd + m->offset + m->header_len), m->size,
		      m->header_len ? ", with a path" : "");
	}
	print("command line: ");
	image_print_cmdline(kernel);
	print("\n");
}

static int start(struct image *image, bool print_only)
{
	struct launch *l = heap_zalloc(sizeof(*l));
	unsigned i;
	int rc;

	if (!l)
		return fail(E_NO_MEMORY, "%s: out of memory to start it", image->name);
	rc = prepare(l, image);
	if (!rc && print_only) {
		print_plan(&l->plan, image);
	} else if (!rc) {
		report(&l->plan);
		leave_prepare();
		go(l);
	}
	for (i = 0; i < l->plan.member_count; i++)
		heap_free(l->plan.member[i].header);
	heap_free(l);
	return rc ? fail_context(rc, "%s", image->name) : 0;
}

static int bzimage_execute(struct image *image)
{
	return start(image, false);
}

static int bzimage_print(struct image *image)
{
	return start(image, true);
}

TABLE_ENTRY(image_type, image_type_bzimage) = {
	.name = "bzImage",
	.order = 20,
	.role = IMAGE_KERNEL,
	.probe = bzimage_probe,
	.execute = bzimage_execute,
	.plan = bzimage_print,
};
