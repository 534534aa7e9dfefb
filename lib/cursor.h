/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounds-checked cursor that every parser of foreign bytes goes through.
 *
 * Reading past the end returns zeroes and sets a sticky `bad` flag: a parser
 * may read a whole structure and ask once at its end whether all was there.
 */
#ifndef LIB_CURSOR_H
#define LIB_CURSOR_H

#include "lib/base.h"

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline struct cursor cursor(const void *data, size_t len)
{
	return (struct cursor){.p = data, .end = (const uint8_t *)data + len};
}
static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}
/** Pointer to the next @len bytes, which are consumed; NULL (and bad) when fewer are left. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t len)
{
	const uint8_t *p = c->p;

	if (c->bad || len > cursor_left(c)) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p += len;
	return p;
}
static inline void cursor_skip(struct cursor *c, size_t len)
{
	cursor_take(c, len);
}
static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);

	return p ? p[0] : 0;
}
static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? get_be16(p) : 0;
}
static inline uint32_t cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? get_be32(p) : 0;
}
static inline uint64_t cursor_be64(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 8);

	return p ? get_be64(p) : 0;
}
static inline uint16_t cursor_le16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? get_le16(p) : 0;
}
static inline uint32_t cursor_le32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? get_le32(p) : 0;
}
/** A cursor over the next @len bytes of @c, which are consumed; empty and bad when too short. */
static inline struct cursor cursor_sub(struct cursor *c, size_t len)
{
	const uint8_t *p = cursor_take(c, len);

	return p ? cursor(p, len) : (struct cursor){.p = c->end, .end = c->end, .bad = true};
}

#endif
