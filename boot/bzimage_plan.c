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
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/text.h"

#define PAGE	 4096u
#define BELOW_4G 0x100000000ull
#define LOW_END	 0xa0000u
#define REAL_LOW 0x10000u

/* Offsets in the file of the setup header. */
enum {
	SETUP_SECTS = 0x1f1,
	VID_MODE = 0x1fa,
	BOOT_FLAG = 0x1fe,
	MAGIC = 0x202,
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	CODE32_START = 0x214,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	HEAP_END_PTR = 0x224,
	CMD_LINE_PTR = 0x228,
};
#define LOADED_HIGH    0x01
#define CAN_USE_HEAP   0x80
#define LOADER_UNKNOWN 0xff
#define INITRD_MAX_OLD 0x37ffffffu
#define CMDLINE_OLD    255u

#define MB(bytes) ((unsigned)(((bytes) + 0xfffff) >> 20))

bool bz_probe(const uint8_t *data, size_t len)
{
	return len >= MAGIC + 4 && get_le16(data + BOOT_FLAG) == 0xaa55 &&
	       !memcmp(data + MAGIC, "HdrS", 4);
}

/* The fields that came with later protocol versions; zero where the version has none. */
static void parse_versioned(struct cursor *c, struct bz_header *h)
{
	uint32_t value;

	h->initrd_max = INITRD_MAX_OLD;
	h->cmdline_size = CMDLINE_OLD;
	value = cursor_le32(c); /* initrd_addr_max */
	if (h->version >= 0x203 && value)
		h->initrd_max = value;
	h->alignment = cursor_le32(c);
	h->relocatable = (cursor_le16(c) & 0xff) && h->version >= 0x205;
	cursor_skip(c, 2); /* xloadflags */
	value = cursor_le32(c);
	if (h->version >= 0x206 && value)
		h->cmdline_size = value;
	cursor_skip(c, 0x258 - 0x23c);
	h->pref_address = cursor_le32(c);
	h->pref_address |= (uint64_t)cursor_le32(c) << 32;
	h->init_size = cursor_le32(c);
	if (h->version < 0x205)
		h->alignment = 0;
	if (h->version < 0x20a || c->bad) {
		h->pref_address = 0;
		h->init_size = 0;
	}
}

static int check_header(const struct bz_header *h, size_t len, uint8_t loadflags)
{
	if (h->version < 0x202 || !(loadflags & LOADED_HIGH))
		return fail(E_BZ_OLD, "the kernel speaks boot protocol %u.%02u%s", h->version >> 8,
			    h->version & 255, (loadflags & LOADED_HIGH) ? "" : " and is a zImage");
	if (h->setup_len >= len)
		return fail(E_BZ_HEADER,
			    "the kernel ends after %u bytes, inside its setup part of "
			    "%u: it is cut",
			    (unsigned)len, h->setup_len);
	if (h->setup_len > BZ_HEAP_END - 0x2000)
		return fail(E_BZ_HEADER, "the kernel's setup part of %u bytes is too large",
			    h->setup_len);
	if (h->relocatable && (!h->alignment || (h->alignment & (h->alignment - 1))))
		return fail(E_BZ_HEADER, "the kernel's alignment 0x%x is not a power of two",
			    h->alignment);
	if (h->pref_address >= BELOW_4G)
		return fail(E_BZ_HEADER, "the kernel wants to run at 0x%llx, above 4 GB",
			    (unsigned long long)h->pref_address);
	if (!h->relocatable && h->code32_start < 0x100000)
		return fail(E_BZ_HEADER, "the kernel's load address 0x%x is below 1 MB",
			    h->code32_start);
	return 0;
}

/* syssize counts the protected-mode part in 16-byte units; loaders before us were sloppy, and
 * kernels are too: only a file clearly too short is refused. */
static int check_length(const struct bz_header *h, uint32_t syssize)
{
	uint64_t claimed = (uint64_t)syssize * 16;

	if (h->version >= 0x204 && claimed > (uint64_t)h->protected_len + 511)
		return fail(E_BZ_HEADER,
			    "the kernel has %u bytes of the %llu that its header "
			    "names: the file is cut",
			    h->protected_len, (unsigned long long)claimed);
	return 0;
}

int bz_parse(const uint8_t *data, size_t len, struct bz_header *h)
{
	struct cursor c = cursor(data, len);
	uint32_t syssize;
	uint8_t sects, loadflags;
	int rc;

	memset(h, 0, sizeof(*h));
	if (!bz_probe(data, len))
		return fail(E_BZ_HEADER, "the file has no Linux boot header");
	cursor_skip(&c, SETUP_SECTS);
	sects = cursor_u8(&c);
	cursor_skip(&c, 2);
	syssize = cursor_le32(&c);
	cursor_skip(&c, 0x206 - 0x1f8);
	h->version = cursor_le16(&c);
	cursor_skip(&c, LOADFLAGS - 0x208);
	loadflags = cursor_u8(&c);
	cursor_skip(&c, 2);
	h->code32_start = cursor_le32(&c);
	cursor_skip(&c, 0x22c - 0x218);
	parse_versioned(&c, h);
	h->setup_len = ((sects ? sects : 4) + 1) * 512u;
	rc = check_header(h, len, loadflags);
	if (rc)
		return rc;
	h->protected_len = (uint32_t)(len - h->setup_len);
	return check_length(h, syssize);
}

/* ---- Arguments ---- */

static bool next_word(const char **text, char *word, size_t size)
{
	size_t n = 0;

	while (is_space((unsigned char)**text))
		(*text)++;
	if (!**text)
		return false;
	for (; **text && !is_space((unsigned char)**text); (*text)++) {
		if (n + 1 < size)
			word[n++] = **text;
	}
	word[n] = '\0';
	return true;
}

static void parse_vga(const char *value, uint16_t *video)
{
	static const struct {
		const char *name;
		uint16_t mode;
	} names[] = {{"normal", 0xffff}, {"ext", 0xfffe}, {"ask", 0xfffd}};
	uint32_t number;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i].name))
			*video = names[i].mode;
	}
	if (text_to_u32(value, 0, 0xffff, &number))
		*video = (uint16_t)number;
}

/* NUMBER[K|M|G|T], and nothing that only looks alike: mem=nopentium, mem=64M@1G. */
static void parse_mem(const char *value, uint64_t *limit)
{
	static const char units[] = "kmgt";
	char digits[24];
	const char *unit;
	uint64_t number;
	size_t len = strlen(value);
	unsigned shift = 0;

	if (!len || !text_copy(digits, sizeof(digits), value))
		return;
	unit = strchr(units, to_lower((unsigned char)digits[len - 1]));
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	if (text_to_u64(digits, 0, &number) && number && number <= UINT64_MAX >> shift)
		*limit = number << shift;
}

void bz_parse_arguments(const char *cmdline, struct bz_arguments *arguments)
{
	char word[64];

	*arguments = (struct bz_arguments){.mem_limit = UINT64_MAX};
	while (next_word(&cmdline, word, sizeof(word))) {
		if (text_starts(word, "vga="))
			parse_vga(word + 4, &arguments->video);
		else if (text_starts(word, "mem="))
			parse_mem(word + 4, &arguments->mem_limit);
	}
}

/* ---- Placement ---- */

static bool is_ram(const struct bz_plan *plan, uint64_t base, uint64_t size)
{
	return ranges_contain(plan->ranges, plan->range_count, base, size);
}

static int place_real(struct bz_plan *plan)
{
	uint32_t base;

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
	plan->load = h->code32_start;
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
	unsigned count = 0, ranges = 0, i;
	uint64_t missing;

	wanted[count++] = (struct move){plan->image + plan->header.setup_len, plan->load,
					plan->header.protected_len};
	for (i = 0; i < plan->member_count; i++) {
		const struct bz_member *m = &plan->member[i];

		wanted[count++] =
			(struct move){m->source, plan->initrd + m->offset + m->header_len, m->size};
	}
	for (i = 0; i < plan->range_count && ranges < MEMMAP_MAX; i++) {
		if (plan->ranges[i].base >= 0x100000 &&
		    plan->ranges[i].base + plan->ranges[i].length <= BELOW_4G)
			high[ranges++] = plan->ranges[i];
	}
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

int bz_real_mode(const struct bz_plan *plan, const uint8_t *data, const char *cmdline,
		 uint8_t *real)
{
	const struct bz_header *h = &plan->header;
	size_t len = strlen(cmdline), most = min(h->cmdline_size, BZ_REAL_SIZE - BZ_CMDLINE - 1);

	if (len > most)
		return fail(E_BZ_CMDLINE,
			    "the command line has %u characters, this kernel takes %u",
			    (unsigned)len, (unsigned)most);
	memset(real, 0, BZ_REAL_SIZE);
	memcpy(real, data, h->setup_len);
	if (plan->arguments.video)
		put_le16(real + VID_MODE, plan->arguments.video);
	real[TYPE_OF_LOADER] = LOADER_UNKNOWN;
	real[LOADFLAGS] |= CAN_USE_HEAP;
	put_le16(real + HEAP_END_PTR, BZ_HEAP_END - 0x200);
	put_le32(real + CODE32_START, (uint32_t)plan->load);
	put_le32(real + RAMDISK_IMAGE, (uint32_t)plan->initrd);
	put_le32(real + RAMDISK_SIZE, (uint32_t)plan->initrd_len);
	put_le32(real + CMD_LINE_PTR, plan->real_base + BZ_CMDLINE);
	memcpy(real + BZ_CMDLINE, cmdline, len + 1);
	return 0;
}
