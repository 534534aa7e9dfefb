/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image type "multiboot": kernels by the Multiboot Specification 0.6.96.
 *
 * A wished video mode is ignored: the kernel gets 80x25 text. Every other
 * demand that is not met is refused. The command line and each module's string
 * begin with the image's name, as kernels expect that skip the first word.
 */
#include "boot/multiboot.h"
#include "boot/block.h"
#include "boot/elf.h"
#include "lib/cursor.h"
#include "lib/error.h"

#define HEADER_MAGIC 0x1badb002u
#define ENTRY_MAGIC  0x2badb002u
#define SEARCH	     8192u

/* Flags of the header. */
#define NEEDS_KNOWN	0x00000007u /* aligned modules, memory size, video mode */
#define NEEDS		0x0000ffffu
#define HAS_ADDRESSES	0x00010000u
#define TO_THE_FILE_END 0u

/* Flags of the information. */
#define INFO_MEMORY	 0x001u
#define INFO_CMDLINE	 0x004u
#define INFO_MODULES	 0x008u
#define INFO_SECTIONS	 0x020u
#define INFO_MAP	 0x040u
#define INFO_LOADER_NAME 0x200u

/* Offsets within the information. */
enum {
	MBI_FLAGS = 0,
	MBI_MEM_LOWER = 4,
	MBI_MEM_UPPER = 8,
	MBI_CMDLINE = 16,
	MBI_MODS_COUNT = 20,
	MBI_MODS_ADDR = 24,
	MBI_SECTIONS = 28,
	MBI_MMAP_LENGTH = 44,
	MBI_MMAP_ADDR = 48,
	MBI_LOADER_NAME = 64,
	MBI_SIZE = 120,
};

/* ---- The header ---- */

struct header {
	uint32_t offset, flags;
	uint32_t header_addr, load_addr, load_end, bss_end, entry;
};

static bool find_header(const uint8_t *data, size_t len, struct header *h)
{
	for (size_t at = 0; at + 12 <= min(len, (size_t)SEARCH); at += 4) {
		struct cursor c = cursor(data + at, len - at);
		uint32_t flags;

		if (cursor_le32(&c) != HEADER_MAGIC)
			continue;
		flags = cursor_le32(&c);
		if (HEADER_MAGIC + flags + cursor_le32(&c))
			continue;
		*h = (struct header){.offset = (uint32_t)at, .flags = flags};
		h->header_addr = cursor_le32(&c);
		h->load_addr = cursor_le32(&c);
		h->load_end = cursor_le32(&c);
		h->bss_end = cursor_le32(&c);
		h->entry = cursor_le32(&c);
		return !(flags & HAS_ADDRESSES) || !c.bad;
	}
	return false;
}

int flat_load_addresses(const struct flat_addresses *a, size_t len, struct flat_plan *plan)
{
	uint32_t before = a->header_addr - a->load_addr, offset, size;
	int rc;

	if (a->load_addr > a->header_addr || before > a->header_offset)
		return fail(E_MB_HEADER,
			    "the kernel's load address 0x%x does not match its header at 0x%x",
			    a->load_addr, a->header_addr);
	offset = a->header_offset - before;
	size = a->load_end ? a->load_end - a->load_addr : (uint32_t)len - offset;
	if ((a->load_end && a->load_end < a->load_addr) || size > len - offset)
		return fail(E_MB_HEADER,
			    "the kernel ends at 0x%x by its header, and the file is shorter: it is "
			    "cut",
			    a->load_end);
	if (a->bss_end && a->bss_end < a->load_addr + (uint64_t)size)
		return fail(E_MB_HEADER, "the kernel's zeroed part ends at 0x%x, inside of it",
			    a->bss_end);
	rc = flat_add_segment(plan,
			      &(struct flat_segment){
				      .offset = offset,
				      .file_size = size,
				      .dest = a->load_addr,
				      .memory_size = a->bss_end ? a->bss_end - a->load_addr : size,
			      });
	if (rc)
		return rc;
	if (!flat_contains(plan, a->entry))
		return fail(E_MB_HEADER, "the kernel's entry 0x%x lies outside of it", a->entry);
	plan->entry = a->entry;
	return 0;
}

int multiboot_load(const uint8_t *data, size_t len, struct flat_plan *plan)
{
	struct header h;

	if (!find_header(data, len, &h))
		return fail(E_MB_HEADER, "the file has no Multiboot header");
	if (h.flags & NEEDS & ~NEEDS_KNOWN)
		return fail(E_MB_DEMAND,
			    "the kernel's Multiboot header demands something unknown (flags 0x%x)",
			    h.flags & NEEDS & ~NEEDS_KNOWN);
	if (h.flags & HAS_ADDRESSES)
		return flat_load_addresses(
			&(struct flat_addresses){
				.header_offset = h.offset,
				.header_addr = h.header_addr,
				.load_addr = h.load_addr,
				.load_end = h.load_end,
				.bss_end = h.bss_end,
				.entry = h.entry,
			},
			len, plan);
	return elf_load(data, len, true, plan);
}

/* ---- The information ---- */

uint32_t flat_memory_lower(const struct flat_plan *plan)
{
	for (unsigned i = 0; i < plan->map_count; i++)
		if (plan->map[i].type == 1 && !plan->map[i].base)
			return (uint32_t)(min(plan->map[i].length, (uint64_t)0xa0000) / 1024);
	return 0;
}

uint32_t flat_memory_upper(const struct flat_plan *plan)
{
	uint64_t end = 0x100000;

	for (unsigned i = 0; i < plan->map_count; i++)
		if (plan->map[i].type == 1 && plan->map[i].base <= end &&
		    plan->map[i].base + plan->map[i].length > end)
			end = plan->map[i].base + plan->map[i].length;
	return (uint32_t)min((end - 0x100000) / 1024, (uint64_t)UINT32_MAX);
}

static uint32_t add_map(struct block *b, const struct flat_plan *plan)
{
	size_t at = b->len;

	for (unsigned i = 0; i < plan->map_count; i++) {
		block_le32(b, 20); /* size of what follows */
		block_le64(b, plan->map[i].base);
		block_le64(b, plan->map[i].length);
		block_le32(b, plan->map[i].type);
	}
	return (uint32_t)(b->len - at);
}

static void add_modules(struct block *b, const struct flat_plan *plan)
{
	size_t list = b->len;

	for (unsigned i = 0; i < plan->module_count; i++)
		block_add(b, NULL, 16);
	block_set_le32(b, MBI_MODS_COUNT, plan->module_count);
	block_set_le32(b, MBI_MODS_ADDR, plan->info_address + (uint32_t)list);
	for (unsigned i = 0; i < plan->module_count; i++) {
		const struct flat_module *m = &plan->module[i];
		size_t text = block_command(b, m->image->name, m->image->cmdline);

		block_set_le32(b, list + 16 * i, m->address);
		block_set_le32(b, list + 16 * i + 4, m->address + m->size);
		block_set_le32(b, list + 16 * i + 8, plan->info_address + (uint32_t)text);
	}
	block_align(b, 4);
}

/* The table as the file has it: sections that are loaded have their linked addresses. */
static bool add_sections(struct block *b, const struct image *kernel, const struct flat_plan *plan)
{
	struct elf_sections s;
	size_t table;

	if (!elf_find_sections(kernel->data, kernel->len, &s))
		return false;
	table = block_add(b, s.table, (size_t)s.count * s.entry_size);
	block_set_le32(b, MBI_SECTIONS, s.count);
	block_set_le32(b, MBI_SECTIONS + 4, s.entry_size);
	block_set_le32(b, MBI_SECTIONS + 8, plan->info_address + (uint32_t)table);
	block_set_le32(b, MBI_SECTIONS + 12, s.names);
	block_align(b, 4);
	return true;
}

size_t multiboot_info(const struct image *kernel, const struct flat_plan *plan, uint8_t *out,
		      size_t max)
{
	struct block b = {.data = out, .max = max};
	uint32_t flags = INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MAP | INFO_LOADER_NAME;

	block_add(&b, NULL, MBI_SIZE);
	block_set_le32(&b, MBI_MEM_LOWER, flat_memory_lower(plan));
	block_set_le32(&b, MBI_MEM_UPPER, flat_memory_upper(plan));
	block_set_le32(&b, MBI_MMAP_ADDR, plan->info_address + (uint32_t)b.len);
	block_set_le32(&b, MBI_MMAP_LENGTH, add_map(&b, plan));
	add_modules(&b, plan);
	if (add_sections(&b, kernel, plan))
		flags |= INFO_SECTIONS;
	block_set_le32(&b, MBI_CMDLINE,
		       plan->info_address +
			       (uint32_t)block_command(&b, kernel->name, kernel->cmdline));
	block_set_le32(&b, MBI_LOADER_NAME,
		       plan->info_address + (uint32_t)block_text(&b, FLAT_LOADER_NAME));
	block_set_le32(&b, MBI_FLAGS, flags);
	return b.len;
}

/* ---- The image type ---- */

static int read_image(const struct image *image, struct flat_plan *plan)
{
	return multiboot_load(image->data, image->len, plan);
}

static const struct flat_format format_multiboot = {
	.eax = ENTRY_MAGIC,
	.read = read_image,
	.info = multiboot_info,
};

static bool multiboot_probe(const struct image *image)
{
	struct header h;

	return find_header(image->data, image->len, &h);
}

static int multiboot_execute(struct image *image)
{
	return flat_start(&format_multiboot, image, false);
}

static int multiboot_plan(struct image *image)
{
	return flat_start(&format_multiboot, image, true);
}

TABLE_ENTRY(image_type, image_type_multiboot) = {
	.name = "multiboot",
	.order = 30,
	.role = IMAGE_KERNEL,
	.probe = multiboot_probe,
	.execute = multiboot_execute,
	.plan = multiboot_plan,
};
