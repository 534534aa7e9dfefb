/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpio "newc" headers, as Linux reads them from an initrd
 * (Documentation/driver-api/early-userspace/buffer-format.rst): six magic
 * digits and thirteen numbers of eight hexadecimal digits, then the name with
 * its NUL, padded to 4 bytes. Archives may follow each other, so that no
 * trailer is needed.
 */
#include "boot/cpio.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define HEADER_LEN 110u
#define MODE_FILE  0100000u
#define MODE_DIR   0040000u
#define DIR_PERM   0755u

static int parse_option(const char *word, struct cpio_file *file)
{
	uint32_t value;

	if (text_starts(word, "mode=") && text_to_u32(word + 5, 8, 07777, &value)) {
		file->mode = value;
		return 0;
	}
	if (!strcmp(word, "mkdir=-1")) {
		file->mkdir = UINT32_MAX;
		return 0;
	}
	if (text_starts(word, "mkdir=") && text_to_u32(word + 6, 10, UINT32_MAX, &value)) {
		file->mkdir = value;
		return 0;
	}
	return fail(E_BZ_INITRD_ARGS, "\"%s\" is neither mode=OCTAL nor mkdir=N", word);
}

int cpio_parse(const char *arguments, struct cpio_file *file)
{
	char word[sizeof(file->path) + 1];
	int rc = 0;

	*file = (struct cpio_file){.mode = 0644};
	if (!text_next_word(&arguments, word, sizeof(word)))
		return fail(E_BZ_INITRD_ARGS, "the path is missing");
	if (!text_copy(file->path, sizeof(file->path), word))
		return fail(E_BZ_INITRD_ARGS, "the path has more than %u characters",
			    (unsigned)sizeof(file->path) - 1);
	while (!rc && text_next_word(&arguments, word, sizeof(word)))
		rc = parse_option(word, file);
	return rc;
}

/* One entry at @out + @at: header, the first @name_len bytes of @name, padding. */
static size_t add_entry(uint8_t *out, size_t max, size_t at, const char *name, size_t name_len,
			uint32_t mode, uint32_t size)
{
	size_t len = ALIGN_UP(HEADER_LEN + name_len + 1, 4u);
	char header[HEADER_LEN + 1];

	if (at + len > max)
		return at + len;
	/* inode, mode, uid, gid, links, mtime, size, two devices, length of the name, checksum */
	format(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
	       0u, mode, 0u, 0u, (mode & MODE_DIR) ? 2u : 1u, 0u, size, 0u, 0u, 0u, 0u,
	       (unsigned)name_len + 1, 0u);
	memset(out + at, 0, len);
	memcpy(out + at, header, HEADER_LEN);
	memcpy(out + at + HEADER_LEN, name, name_len);
	return at + len;
}

/* Does a parent directory's name end at @path[i]? */
static bool ends_parent(const char *path, size_t i)
{
	return i && path[i] == '/' && path[i - 1] != '/';
}

size_t cpio_header(const struct cpio_file *file, uint32_t size, uint8_t *out, size_t max)
{
	const char *path = file->path;
	size_t len = 0, i;
	unsigned parents = 0, skip;

	for (i = 0; path[i]; i++)
		parents += ends_parent(path, i);
	skip = parents > file->mkdir ? parents - file->mkdir : 0;
	for (i = 0; path[i]; i++) {
		if (!ends_parent(path, i))
			continue;
		if (skip)
			skip--;
		else
			len = add_entry(out, max, len, path, i, MODE_DIR | DIR_PERM, 0);
	}
	return add_entry(out, max, len, path, strlen(path), MODE_FILE | file->mode, size);
}
