/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image type "ELF", and the loader that Multiboot shares: every PT_LOAD goes to
 * its physical address, and the entry is called in flat 32-bit mode.
 *
 * System V ABI, chapters 4 (object files) and 5 (program loading).
 */
#include "boot/elf.h"
#include "lib/cursor.h"
#include "lib/error.h"

#define IDENT	      16u
#define CLASS_32      1
#define CLASS_64      2
#define DATA_LSB      1
#define TYPE_EXEC     2
#define TYPE_DYN      3
#define MACHINE_386   3
#define MACHINE_AMD64 62
#define PT_LOAD	      1
#define HEADERS_MAX   256

struct elf_header {
	bool is64;
	uint16_t type, machine;
	uint64_t entry, program_offset, section_offset;
	uint16_t program_size, program_count, section_size, section_count, names;
};

struct program_header {
	uint32_t type;
	uint64_t offset, vaddr, paddr, file_size, memory_size;
};

static uint64_t cursor_le64(struct cursor *c)
{
	uint64_t low = cursor_le32(c);

	return low | (uint64_t)cursor_le32(c) << 32;
}

/* An address or offset: as wide as the class has it. */
static uint64_t word(struct cursor *c, bool is64)
{
	return is64 ? cursor_le64(c) : cursor_le32(c);
}

bool elf_probe(const uint8_t *data, size_t len)
{
	return len > IDENT && !memcmp(data,
				      "\x7f"
				      "ELF",
				      4);
}

static bool read_header(const uint8_t *data, size_t len, struct elf_header *h)
{
	struct cursor c = cursor(data, len);
	uint8_t class, order;

	cursor_skip(&c, 4);
	class = cursor_u8(&c);
	order = cursor_u8(&c);
	cursor_skip(&c, IDENT - 6);
	h->is64 = class == CLASS_64;
	h->type = cursor_le16(&c);
	h->machine = cursor_le16(&c);
	cursor_skip(&c, 4);
	h->entry = word(&c, h->is64);
	h->program_offset = word(&c, h->is64);
	h->section_offset = word(&c, h->is64);
	cursor_skip(&c, 6);
	h->program_size = cursor_le16(&c);
	h->program_count = cursor_le16(&c);
	h->section_size = cursor_le16(&c);
	h->section_count = cursor_le16(&c);
	h->names = cursor_le16(&c);
	return !c.bad && elf_probe(data, len) && order == DATA_LSB &&
	       (class == CLASS_32 || class == CLASS_64);
}

static int check_header(const struct elf_header *h, bool allow64)
{
	if (h->machine != MACHINE_386 && h->machine != MACHINE_AMD64)
		return fail(E_ELF_MACHINE, "an ELF program for processor type %u, not for i386",
			    h->machine);
	if ((h->is64 || h->machine == MACHINE_AMD64) && !allow64)
		return fail(E_ELF_MACHINE, "a 64-bit ELF program without a Multiboot header");
	if (h->type != TYPE_EXEC && h->type != TYPE_DYN)
		return fail(E_ELF_HEADER, "an ELF file of type %u, not a program", h->type);
	if (!h->program_count || h->program_count > HEADERS_MAX ||
	    h->program_size < (h->is64 ? 56 : 32))
		return fail(E_ELF_HEADER, "the ELF program has %u program headers of %u bytes",
			    h->program_count, h->program_size);
	return 0;
}

static void read_program_header(struct cursor *c, bool is64, struct program_header *p)
{
	p->type = cursor_le32(c);
	if (is64)
		cursor_skip(c, 4); /* flags */
	p->offset = word(c, is64);
	p->vaddr = word(c, is64);
	p->paddr = word(c, is64);
	p->file_size = word(c, is64);
	p->memory_size = word(c, is64);
}

static int add_segment(struct flat_plan *plan, const struct program_header *p, size_t len)
{
	if (p->file_size > p->memory_size)
		return fail(E_ELF_HEADER, "the ELF segment at 0x%llx has more bytes than memory",
			    (unsigned long long)p->paddr);
	if (p->offset > len || p->file_size > len - p->offset)
		return fail(E_ELF_HEADER,
			    "the ELF segment at 0x%llx lies beyond the end of the file: it is cut",
			    (unsigned long long)p->paddr);
	if (p->paddr > UINT32_MAX || p->memory_size > UINT32_MAX)
		return fail(E_FLAT_MEMORY, "the ELF segment at 0x%llx lies above 4 GB",
			    (unsigned long long)p->paddr);
	return flat_add_segment(plan, &(struct flat_segment){
					      .offset = (uint32_t)p->offset,
					      .file_size = (uint32_t)p->file_size,
					      .dest = (uint32_t)p->paddr,
					      .memory_size = (uint32_t)p->memory_size,
				      });
}

/* A kernel linked for high virtual addresses may name its entry as one of these. */
static void note_virtual_entry(const struct program_header *p, uint64_t entry, uint64_t *physical)
{
	if (entry - p->vaddr < p->memory_size)
		*physical = entry - p->vaddr + p->paddr;
}

static int choose_entry(struct flat_plan *plan, uint64_t entry, uint64_t from_virtual)
{
	if (entry <= UINT32_MAX && flat_contains(plan, (uint32_t)entry)) {
		plan->entry = (uint32_t)entry;
		return 0;
	}
	if (from_virtual <= UINT32_MAX && flat_contains(plan, (uint32_t)from_virtual)) {
		plan->entry = (uint32_t)from_virtual;
		return 0;
	}
	return fail(E_ELF_HEADER, "the ELF program's entry 0x%llx lies outside of its segments",
		    (unsigned long long)entry);
}

int elf_load(const uint8_t *data, size_t len, bool allow64, struct flat_plan *plan)
{
	struct elf_header h;
	uint64_t from_virtual = UINT64_MAX;
	int rc = read_header(data, len, &h) ? check_header(&h, allow64)
					    : fail(E_ELF_HEADER, "the ELF header is damaged");

	for (unsigned i = 0; !rc && i < h.program_count; i++) {
		struct cursor c = cursor(data, len);
		struct program_header p;

		if (h.program_offset > len)
			c.bad = true;
		cursor_skip(&c, (size_t)min(h.program_offset, (uint64_t)len));
		cursor_skip(&c, (size_t)i * h.program_size);
		read_program_header(&c, h.is64, &p);
		if (c.bad)
			return fail(E_ELF_HEADER, "the ELF file ends inside its program headers");
		if (p.type != PT_LOAD || !p.memory_size)
			continue;
		rc = add_segment(plan, &p, len);
		note_virtual_entry(&p, h.entry, &from_virtual);
	}
	return rc ? rc : choose_entry(plan, h.entry, from_virtual);
}

bool elf_find_sections(const uint8_t *data, size_t len, struct elf_sections *sections)
{
	struct elf_header h;
	uint64_t size;

	if (!read_header(data, len, &h) || !h.section_count)
		return false;
	size = (uint64_t)h.section_count * h.section_size;
	if (h.section_size < (h.is64 ? 64 : 40) || h.section_offset > len ||
	    size > len - h.section_offset)
		return false;
	*sections = (struct elf_sections){data + h.section_offset, h.section_count, h.section_size,
					  h.names};
	return true;
}

/* ---- The image type ---- */

static int read_image(const struct image *image, struct flat_plan *plan)
{
	return elf_load(image->data, image->len, false, plan);
}

static const struct flat_format format_elf = {.read = read_image};

static bool elf_image_probe(const struct image *image)
{
	return elf_probe(image->data, image->len);
}

static int elf_execute(struct image *image)
{
	return flat_start(&format_elf, image, false);
}

static int elf_plan(struct image *image)
{
	return flat_start(&format_elf, image, true);
}

TABLE_ENTRY(image_type, image_type_elf) = {
	.name = "ELF",
	.order = 40,
	.role = IMAGE_KERNEL,
	.probe = elf_image_probe,
	.execute = elf_execute,
	.plan = elf_plan,
};
