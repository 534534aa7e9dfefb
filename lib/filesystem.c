/* SPDX-License-Identifier: BSD-2-Clause */
/* What parsers of file systems share: bounds of the volume, paths, names. */
#include "lib/filesystem.h"
#include "lib/error.h"
#include "lib/text.h"

int volume_read(struct volume *volume, uint64_t offset, void *data, uint32_t len)
{
	if (offset > volume->size || len > volume->size - offset)
		return fail(E_FILE_DAMAGED, "the file system reaches beyond its end");
	return volume->read(volume, volume->start + offset, data, len);
}

size_t path_component(const char **path, const char **component)
{
	size_t len = 0;

	while (**path == '/')
		(*path)++;
	*component = *path;
	while ((*component)[len] && (*component)[len] != '/')
		len++;
	*path += len;
	return len;
}

bool utf8_append(char *text, size_t size, uint16_t unit)
{
	size_t len = strlen(text), count = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;

	if (len + count >= size)
		return false;
	if (count == 1) {
		text[len] = (char)unit;
	} else if (count == 2) {
		text[len] = (char)(0xc0 | unit >> 6);
		text[len + 1] = (char)(0x80 | (unit & 0x3f));
	} else {
		text[len] = (char)(0xe0 | unit >> 12);
		text[len + 1] = (char)(0x80 | (unit >> 6 & 0x3f));
		text[len + 2] = (char)(0x80 | (unit & 0x3f));
	}
	text[len + count] = '\0';
	return true;
}

bool name_is(const char *component, size_t len, const char *text)
{
	return strlen(text) == len && text_starts_nocase(component, text);
}
