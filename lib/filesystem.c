/* SPDX-License-Identifier: BSD-2-Clause */
/* What parsers of file systems share: bounds of the volume, paths, names. */
#include "lib/filesystem.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/utf8.h"

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

bool name_append(char *name, size_t size, uint16_t unit)
{
	size_t len = strlen(name), count;
	char out[3];

	count = utf8_encode(unit, out);
	if (len + count >= size)
		return false;
	memcpy(name + len, out, count);
	name[len + count] = '\0';
	return true;
}

bool name_is(const char *component, size_t len, const char *text)
{
	return strlen(text) == len && text_starts_nocase(component, text);
}
