/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot information written front to back; a first pass without memory tells how long it gets. */
#ifndef BOOT_BLOCK_H
#define BOOT_BLOCK_H

#include "lib/base.h"

struct block {
	uint8_t *data;
	size_t max, len;
};

/** Append @len bytes (zeroes when @bytes is NULL); returns where they begin. Nothing is written
 * beyond @max. */
static inline size_t block_add(struct block *b, const void *bytes, size_t len)
{
	size_t at = b->len;

	b->len += len;
	if (b->len > b->max)
		return at;
	if (bytes)
		memcpy(b->data + at, bytes, len);
	else
		memset(b->data + at, 0, len);
	return at;
}
static inline size_t block_le32(struct block *b, uint32_t value)
{
	return block_add(b, &value, sizeof(value));
}
static inline size_t block_le64(struct block *b, uint64_t value)
{
	return block_add(b, &value, sizeof(value));
}
/** The text with its NUL. */
static inline size_t block_text(struct block *b, const char *text)
{
	return block_add(b, text, strlen(text) + 1);
}
/** What command lines begin with: "NAME", and " ARGUMENTS" when there are some. */
static inline size_t block_command(struct block *b, const char *name, const char *arguments)
{
	size_t at = block_add(b, name, strlen(name));

	if (arguments) {
		block_add(b, " ", 1);
		block_add(b, arguments, strlen(arguments));
	}
	block_add(b, "", 1);
	return at;
}
/** Zeroes up to a multiple of @a. */
static inline void block_align(struct block *b, size_t a)
{
	while (b->len % a)
		block_add(b, "", 1);
}
/** Set the word at @at, when it was written. */
static inline void block_set_le32(struct block *b, size_t at, uint32_t value)
{
	if (at + 4 <= b->max && at + 4 <= b->len)
		put_le32(b->data + at, value);
}

#endif
