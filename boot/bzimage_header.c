/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux kernel's setup header, and what the loader takes from the kernel's
 * arguments (Documentation/arch/x86/boot.rst).
 *
 * Kernels before protocol 2.00 have no magic number. They are told from any
 * other boot sector by their size, which has to match the file's.
 */
#include "boot/bzimage.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/text.h"

#define BELOW_4G 0x100000000ull

#define LOADED_HIGH    0x01
#define INITRD_MAX_OLD 0x37ffffffu
#define CMDLINE_OLD    255u
#define OLD_SIZE_MAX   0x90000u /* nothing from before 2.00 loads above 640 KB */

static bool has_magic(const uint8_t *data, size_t len)
{
	return len >= BZ_MAGIC + 4 && get_le16(data + BZ_BOOT_FLAG) == 0xaa55 &&
	       !memcmp(data + BZ_MAGIC, "HdrS", 4);
}

static uint32_t setup_length(const uint8_t *data)
{
	return ((data[BZ_SETUP_SECTS] ? data[BZ_SETUP_SECTS] : 4) + 1) * 512u;
}

static bool is_ancient(const uint8_t *data, size_t len)
{
	uint32_t claimed, setup;

	if (len < 0x200 || len > OLD_SIZE_MAX || get_le16(data + BZ_BOOT_FLAG) != 0xaa55)
		return false;
	claimed = get_le16(data + BZ_SYSSIZE) * 16u;
	setup = setup_length(data);
	return claimed && setup < len && claimed + 16 > len - setup && claimed <= len - setup + 511;
}

bool bz_probe(const uint8_t *data, size_t len)
{
	return has_magic(data, len) || is_ancient(data, len);
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

static int check_header(const struct bz_header *h, size_t len)
{
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
	if (h->loaded_high && !h->relocatable && h->code32_start < 0x100000)
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
	uint8_t loadflags;
	int rc;

	memset(h, 0, sizeof(*h));
	if (!bz_probe(data, len))
		return fail(E_BZ_HEADER, "the file has no Linux boot header");
	cursor_skip(&c, BZ_SYSSIZE);
	syssize = cursor_le32(&c);
	cursor_skip(&c, 0x206 - 0x1f8);
	if (has_magic(data, len)) {
		h->version = cursor_le16(&c);
		cursor_skip(&c, BZ_LOADFLAGS - 0x208);
		loadflags = cursor_u8(&c);
		h->loaded_high = h->version >= 0x200 && (loadflags & LOADED_HIGH);
		cursor_skip(&c, 2);
		h->code32_start = cursor_le32(&c);
		cursor_skip(&c, 0x22c - 0x218);
	} else {
		c = cursor(data, 0);
	}
	parse_versioned(&c, h);
	if (!h->loaded_high) {
		h->relocatable = false;
		h->pref_address = 0;
		h->init_size = 0;
	}
	h->setup_len = setup_length(data);
	rc = check_header(h, len);
	if (rc)
		return rc;
	h->protected_len = (uint32_t)(len - h->setup_len);
	return check_length(h, syssize);
}

/* ---- Arguments ---- */

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
	while (text_next_word(&cmdline, word, sizeof(word))) {
		if (text_starts(word, "vga="))
			parse_vga(word + 4, &arguments->video);
		else if (text_starts(word, "mem="))
			parse_mem(word + 4, &arguments->mem_limit);
	}
}
