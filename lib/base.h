/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every file may rely on: fixed-width types, bounds helpers, byte order,
 * container_of and the packing attributes.
 */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PACKED	      __attribute__((packed))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define LIB_PASTE_(a, b) a##b
#define LIB_PASTE(a, b)	 LIB_PASTE_(a, b)
/* The names are made unique, so that these may stand inside each other. */
#define LIB_PICK(x, y, a, b, op)                                                                   \
	({                                                                                         \
		__typeof__(a) LIB_PASTE(pick_, x) = (a);                                           \
		__typeof__(b) LIB_PASTE(pick_, y) = (b);                                           \
		LIB_PASTE(pick_, x)                                                                \
		op LIB_PASTE(pick_, y) ? LIB_PASTE(pick_, x) : LIB_PASTE(pick_, y);                \
	})
#define min(a, b) LIB_PICK(__COUNTER__, __COUNTER__, a, b, <)
#define max(a, b) LIB_PICK(__COUNTER__, __COUNTER__, a, b, >)

/** Round @x up or down to a multiple of @a, a power of two. */
#define ALIGN_UP(x, a)	 (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))

/* Byte order. Both the machine and the host are little endian; x86 loads and
 * stores need no alignment, the packed access tells the compiler so. */
struct unaligned16 {
	uint16_t v;
} PACKED;
struct unaligned32 {
	uint32_t v;
} PACKED;
struct unaligned64 {
	uint64_t v;
} PACKED;

static inline uint16_t be16(uint16_t v)
{
	return __builtin_bswap16(v);
}
static inline uint32_t be32(uint32_t v)
{
	return __builtin_bswap32(v);
}
static inline uint64_t be64(uint64_t v)
{
	return __builtin_bswap64(v);
}

static inline uint16_t get_be16(const void *p)
{
	return be16(((const struct unaligned16 *)p)->v);
}
static inline uint32_t get_be24(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}
static inline uint32_t get_be32(const void *p)
{
	return be32(((const struct unaligned32 *)p)->v);
}
static inline uint64_t get_be64(const void *p)
{
	return be64(((const struct unaligned64 *)p)->v);
}
static inline uint16_t get_le16(const void *p)
{
	return ((const struct unaligned16 *)p)->v;
}
static inline uint32_t get_le32(const void *p)
{
	return ((const struct unaligned32 *)p)->v;
}
static inline uint64_t get_le64(const void *p)
{
	return ((const struct unaligned64 *)p)->v;
}
static inline void put_be16(void *p, uint16_t v)
{
	((struct unaligned16 *)p)->v = be16(v);
}
static inline void put_be24(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 16);
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)v;
}
static inline void put_be32(void *p, uint32_t v)
{
	((struct unaligned32 *)p)->v = be32(v);
}
static inline void put_be64(void *p, uint64_t v)
{
	((struct unaligned64 *)p)->v = be64(v);
}
static inline void put_le16(void *p, uint16_t v)
{
	((struct unaligned16 *)p)->v = v;
}
static inline void put_le32(void *p, uint32_t v)
{
	((struct unaligned32 *)p)->v = v;
}
static inline void put_le64(void *p, uint64_t v)
{
	((struct unaligned64 *)p)->v = v;
}

#endif
