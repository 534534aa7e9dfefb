/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image type "multiboot2": kernels by the Multiboot2 Specification 2.0.
 *
 * The machine has 80x25 text; a header that compulsorily demands graphics, EFI
 * or something unknown is refused. What it demands to be told, and this machine
 * does not have, is left out, as the specification (section 3.1.4) allows.
 */
#include "acpi/tables.h"
#include "boot/block.h"
#include "boot/elf.h"
#include "boot/multiboot.h"
#include "lib/cursor.h"
#include "lib/error.h"

#define HEADER_MAGIC 0xe85250d6u
#define ENTRY_MAGIC  0x36d76289u
#define ARCH_I386    0u
#define SEARCH	     32768u
#define HEADER_FIXED 16u
#define TAG_FIXED    8u
#define OPTIONAL     1u
#define NOWHERE	     0xffffffffu /* load_addr: the file from its first byte */

/* Tags of the header. */
enum {
	WANT_END = 0,
	WANT_INFO = 1,
	WANT_ADDRESSES = 2,
	WANT_ENTRY = 3,
	WANT_CONSOLE = 4,
	WANT_FRAMEBUFFER = 5,
	WANT_MODULE_ALIGN = 6,
	WANT_EFI_SERVICES = 7,
	WANT_ENTRY_EFI32 = 8,
	WANT_ENTRY_EFI64 = 9,
	WANT_RELOCATION = 10,
};
#define CONSOLE_REQUIRED 1u
#define CONSOLE_TEXT	 2u
#define PREFER_HIGHEST	 2u

/* Tags of the information. */
enum {
	TELL_END = 0,
	TELL_CMDLINE = 1,
	TELL_LOADER_NAME = 2,
	TELL_MODULE = 3,
	TELL_MEMORY = 4,
	TELL_MAP = 6,
	TELL_FRAMEBUFFER = 8,
	TELL_SECTIONS = 9,
	TELL_RSDP_OLD = 14,
	TELL_RSDP_NEW = 15,
	TELL_BASE = 21,
	TELL_LAST = TELL_BASE,
};

/* ---- The header ---- */

static bool find_header(const uint8_t *data, size_t len, struct cursor *tags, uint32_t *offset)
{
	for (size_t at = 0; at + HEADER_FIXED <= min(len, (size_t)SEARCH); at += 8) {
		struct cursor c = cursor(data + at, len - at);
		uint32_t arch, size;

		if (cursor_le32(&c) != HEADER_MAGIC)
			continue;
		arch = cursor_le32(&c);
		size = cursor_le32(&c);
		if (HEADER_MAGIC + arch + size + cursor_le32(&c) || arch != ARCH_I386 ||
		    size < HEADER_FIXED || size > min(len, (size_t)SEARCH) - at)
			continue;
		*tags = cursor(data + at + HEADER_FIXED, size - HEADER_FIXED);
		*offset = (uint32_t)at;
		return true;
	}
	return false;
}

/* What the tags say together. */
struct wishes {
	bool has_addresses, has_entry;
	struct flat_addresses addresses;
	uint32_t entry;
	struct flat_relocation relocation;
};

static int demand(const char *what)
{
	return fail(E_MB_DEMAND, "the kernel's Multiboot2 header demands %s", what);
}

static int read_requests(struct cursor *c)
{
	while (cursor_left(c) >= 4) {
		uint32_t type = cursor_le32(c);

		if (type > TELL_LAST)
			return fail(E_MB_DEMAND,
				    "the kernel's Multiboot2 header demands information of the "
				    "unknown type %u",
				    type);
	}
	return 0;
}

static void read_addresses(struct cursor *c, struct wishes *w)
{
	w->addresses.header_addr = cursor_le32(c);
	w->addresses.load_addr = cursor_le32(c);
	w->addresses.load_end = cursor_le32(c);
	w->addresses.bss_end = cursor_le32(c);
	if (w->addresses.load_addr == NOWHERE)
		w->addresses.load_addr = w->addresses.header_addr - w->addresses.header_offset;
	w->has_addresses = true;
}

static int read_relocation(struct cursor *c, struct flat_relocation *r)
{
	uint32_t highest;

	r->lowest = cursor_le32(c);
	highest = cursor_le32(c);
	r->align = cursor_le32(c);
	r->highest = cursor_le32(c) == PREFER_HIGHEST;
	r->end = highest == UINT32_MAX ? highest : highest + 1;
	r->allowed = true;
	if (!r->align)
		r->align = 1;
	if (r->align & (r->align - 1))
		return fail(E_MB_HEADER,
			    "the alignment 0x%x in the Multiboot2 header is no power of two",
			    r->align);
	return 0;
}

static int read_tag(uint16_t type, bool optional, struct cursor *c, struct wishes *w)
{
	int rc = 0;

	switch (type) {
	case WANT_INFO:
		rc = optional ? 0 : read_requests(c);
		break;
	case WANT_ADDRESSES:
		read_addresses(c, w);
		break;
	case WANT_ENTRY:
		w->entry = cursor_le32(c);
		w->has_entry = true;
		break;
	case WANT_CONSOLE:
		if ((cursor_le32(c) & (CONSOLE_REQUIRED | CONSOLE_TEXT)) == CONSOLE_REQUIRED &&
		    !optional)
			rc = demand("a console other than text");
		break;
	case WANT_FRAMEBUFFER:
		rc = optional ? 0 : demand("a graphics mode");
		break;
	case WANT_RELOCATION:
		rc = read_relocation(c, &w->relocation);
		break;
	case WANT_EFI_SERVICES:
		rc = optional ? 0 : demand("EFI boot services, and this is a BIOS");
		break;
	case WANT_MODULE_ALIGN: /* modules always are */
	case WANT_ENTRY_EFI32:	/* meant for EFI machines */
	case WANT_ENTRY_EFI64:
		break;
	default:
		if (!optional)
			rc = fail(
				E_MB_DEMAND,
				"the kernel's Multiboot2 header has the unknown compulsory tag %u",
				type);
	}
	if (!rc && c->bad)
		rc = fail(E_MB_HEADER, "tag %u of the Multiboot2 header is too short", type);
	return rc;
}

static int read_tags(struct cursor *c, struct wishes *w)
{
	while (cursor_left(c)) {
		uint16_t type = cursor_le16(c), flags = cursor_le16(c);
		uint32_t size = cursor_le32(c);
		struct cursor body = cursor_sub(c, size - TAG_FIXED);
		int rc;

		if (size < TAG_FIXED || c->bad)
			return fail(E_MB_HEADER, "a tag of the Multiboot2 header has a wrong size");
		if (type == WANT_END)
			return 0;
		rc = read_tag(type, flags & OPTIONAL, &body, w);
		if (rc)
			return rc;
		cursor_skip(c, min((size_t)(ALIGN_UP(size, 8u) - size), cursor_left(c)));
	}
	return 0;
}

int multiboot2_load(const uint8_t *data, size_t len, struct flat_plan *plan)
{
	struct wishes w = {0};
	struct cursor tags;
	int rc;

	if (!find_header(data, len, &tags, &w.addresses.header_offset))
		return fail(E_MB_HEADER, "the file has no Multiboot2 header");
	rc = read_tags(&tags, &w);
	if (rc)
		return rc;
	plan->relocation = w.relocation;
	w.addresses.entry = w.entry;
	if (w.has_addresses && !w.has_entry)
		return fail(E_MB_HEADER,
			    "the Multiboot2 header has addresses, and none of the entry");
	rc = w.has_addresses ? flat_load_addresses(&w.addresses, len, plan)
			     : elf_load(data, len, true, plan);
	if (rc || !w.has_entry)
		return rc;
	if (!flat_contains(plan, w.entry))
		return fail(E_MB_HEADER, "the kernel's entry 0x%x lies outside of it", w.entry);
	plan->entry = w.entry;
	return 0;
}

/* ---- The information ---- */

static size_t begin_tag(struct block *b, uint32_t type)
{
	size_t at = block_le32(b, type);

	block_le32(b, 0);
	return at;
}

static void end_tag(struct block *b, size_t at)
{
	block_set_le32(b, at + 4, (uint32_t)(b->len - at));
	block_align(b, 8);
}

static void add_modules(struct block *b, const struct flat_plan *plan)
{
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct flat_module *m = &plan->module[i];
		size_t tag = begin_tag(b, TELL_MODULE);

		block_le32(b, m->address);
		block_le32(b, m->address + m->size);
		block_command(b, m->image->name, m->image->cmdline);
		end_tag(b, tag);
	}
}

static void add_memory(struct block *b, const struct flat_plan *plan)
{
	size_t tag = begin_tag(b, TELL_MEMORY);

	block_le32(b, flat_memory_lower(plan));
	block_le32(b, flat_memory_upper(plan));
	end_tag(b, tag);
	tag = begin_tag(b, TELL_MAP);
	block_le32(b, 24); /* size of an entry */
	block_le32(b, 0);
	for (unsigned i = 0; i < plan->map_count; i++) {
		block_le64(b, plan->map[i].base);
		block_le64(b, plan->map[i].length);
		block_le32(b, plan->map[i].type);
		block_le32(b, 0);
	}
	end_tag(b, tag);
}

/* The screen: text, at its place of old. */
static void add_screen(struct block *b)
{
	static const uint8_t shape[] = {16, 2, 0, 0}; /* bits of a cell, kind: text */
	size_t tag = begin_tag(b, TELL_FRAMEBUFFER);

	block_le64(b, 0xb8000);
	block_le32(b, 160);
	block_le32(b, 80);
	block_le32(b, 25);
	block_add(b, shape, sizeof(shape));
	end_tag(b, tag);
}

static void add_sections(struct block *b, const struct image *kernel)
{
	struct elf_sections s;
	size_t tag;

	if (!elf_find_sections(kernel->data, kernel->len, &s))
		return;
	tag = begin_tag(b, TELL_SECTIONS);
	block_le32(b, s.count);
	block_le32(b, s.entry_size);
	block_le32(b, s.names);
	block_add(b, s.table, (size_t)s.count * s.entry_size);
	end_tag(b, tag);
}

static void add_rsdp(struct block *b)
{
	const struct acpi_rsdp *rsdp = acpi_rsdp();
	bool new = rsdp && rsdp->revision >= 2;
	size_t tag;

	if (!rsdp)
		return;
	tag = begin_tag(b, new ? TELL_RSDP_NEW : TELL_RSDP_OLD);
	block_add(b, rsdp, new ? sizeof(*rsdp) : offsetof(struct acpi_rsdp, length));
	end_tag(b, tag);
}

static void add_base(struct block *b, const struct flat_plan *plan)
{
	size_t tag;
	uint32_t base = UINT32_MAX;

	if (!plan->relocation.allowed)
		return;
	for (unsigned i = 0; i < plan->segment_count; i++)
		base = min(base, plan->segment[i].dest);
	tag = begin_tag(b, TELL_BASE);
	block_le32(b, base);
	end_tag(b, tag);
}

size_t multiboot2_info(const struct image *kernel, const struct flat_plan *plan, uint8_t *out,
		       size_t max)
{
	struct block b = {.data = out, .max = max};
	size_t tag;

	block_le32(&b, 0);
	block_le32(&b, 0);
	tag = begin_tag(&b, TELL_CMDLINE);
	block_command(&b, kernel->name, kernel->cmdline);
	end_tag(&b, tag);
	tag = begin_tag(&b, TELL_LOADER_NAME);
	block_text(&b, FLAT_LOADER_NAME);
	end_tag(&b, tag);
	add_modules(&b, plan);
	add_memory(&b, plan);
	add_screen(&b);
	add_sections(&b, kernel);
	add_rsdp(&b);
	add_base(&b, plan);
	end_tag(&b, begin_tag(&b, TELL_END));
	block_set_le32(&b, 0, (uint32_t)b.len);
	return b.len;
}

/* ---- The image type ---- */

static int read_image(const struct image *image, struct flat_plan *plan)
{
	return multiboot2_load(image->data, image->len, plan);
}

static const struct flat_format format_multiboot2 = {
	.eax = ENTRY_MAGIC,
	.read = read_image,
	.info = multiboot2_info,
};

static bool multiboot2_probe(const struct image *image)
{
	struct cursor tags;
	uint32_t offset;

	return find_header(image->data, image->len, &tags, &offset);
}

static int multiboot2_execute(struct image *image)
{
	return flat_start(&format_multiboot2, image, false);
}

static int multiboot2_plan(struct image *image)
{
	return flat_start(&format_multiboot2, image, true);
}

TABLE_ENTRY(image_type, image_type_multiboot2) = {
	.name = "multiboot2",
	.order = 35,
	.role = IMAGE_KERNEL,
	.probe = multiboot2_probe,
	.execute = multiboot2_execute,
	.plan = multiboot2_plan,
};
