/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and string functions (C11 7.24).
 *
 * Copies are `rep movsl` with the odd bytes handled apart: real processors run
 * it as microcode near memory bandwidth once it has started, and an emulator
 * moves four bytes an iteration instead of one. Blocks of at least 64 bytes
 * are first brought to an aligned destination, where an unaligned store would
 * cost every iteration. The direction flag is clear everywhere except inside
 * a backward memmove.
 */
#include <string.h>
#include <stdint.h>

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

/* Otherwise the compiler recognises these very loops and makes them call themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define ALIGN_FROM 64u

static inline void copy_bytes(uint8_t **d, const uint8_t **s, size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(*d), "+S"(*s), "+c"(n) : : "memory");
}

static inline void copy_words(uint8_t **d, const uint8_t **s, size_t n)
{
	__asm__ volatile("rep movsl" : "+D"(*d), "+S"(*s), "+c"(n) : : "memory");
}

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (len >= ALIGN_FROM) {
		size_t head = -(uintptr_t)d & 3;

		copy_bytes(&d, &s, head);
		len -= head;
	}
	copy_words(&d, &s, len / 4);
	copy_bytes(&d, &s, len % 4);
	return dst;
}

/* From the last byte down: the odd bytes at the end first, then words. */
static void copy_backward(uint8_t *dst, const uint8_t *src, size_t len)
{
	uint8_t *d = dst + len - 1;
	const uint8_t *s = src + len - 1;
	size_t n = len % 4;

	__asm__ volatile("std\n\trep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	d -= 3;
	s -= 3;
	n = len / 4;
	__asm__ volatile("rep movsl\n\tcld" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
}

void *memmove(void *dst, const void *src, size_t len)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (!len || d == s)
		return dst;
	/* A forward copy is safe when the destination does not begin inside the source. */
	if ((uintptr_t)d - (uintptr_t)s >= len)
		return memcpy(dst, src, len);
	copy_backward(d, s, len);
	return dst;
}

void *memset(void *dst, int value, size_t len)
{
	uint8_t *d = dst;
	uint32_t word = (uint8_t)value * 0x01010101u;
	size_t n = len / 4;

	__asm__ volatile("rep stosl" : "+D"(d), "+c"(n) : "a"(word) : "memory");
	n = len % 4;
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(word) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;

	for (; len; x++, y++, len--) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t len)
{
	const uint8_t *p = s;

	for (; len; p++, len--) {
		if (*p == (uint8_t)c)
			return (void *)(uintptr_t)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a == *b; a++, b++) {
		if (!*a)
			return 0;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; a++, b++, max--) {
		if (*a != *b)
			return (uint8_t)*a - (uint8_t)*b;
		if (!*a)
			return 0;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)(uintptr_t)last;
	}
}

char *strstr(const char *s, const char *needle)
{
	size_t len = strlen(needle);

	for (;; s++) {
		if (!strncmp(s, needle, len))
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}
