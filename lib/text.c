/* SPDX-License-Identifier: BSD-2-Clause */
/* Text helpers; base64 is RFC 4648 section 4. */
#include "lib/text.h"
#include "bios/heap.h"

bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

bool is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_print(int c)
{
	return c >= ' ' && c <= '~';
}

int to_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);
	size_t n;

	if (!size)
		return false;
	n = min(len, size - 1);
	memcpy(dst, src, n);
	dst[n] = 0;
	return n == len;
}

char *text_dup_len(const char *s, size_t len)
{
	char *copy = len + 1 ? heap_alloc(len + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = 0;
	return copy;
}

char *text_dup(const char *s)
{
	return text_dup_len(s, strlen(s));
}

bool text_equal_nocase(const char *a, const char *b)
{
	for (; to_lower((uint8_t)*a) == to_lower((uint8_t)*b); a++, b++) {
		if (!*a)
			return true;
	}
	return false;
}

bool text_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool text_starts_nocase(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++) {
		if (to_lower((uint8_t)*s) != to_lower((uint8_t)*prefix))
			return false;
	}
	return true;
}

bool text_next_word(const char **text, char *word, size_t size)
{
	size_t n = 0;

	while (is_space((uint8_t) * *text))
		(*text)++;
	if (!**text)
		return false;
	for (; **text && !is_space((uint8_t) * *text); (*text)++) {
		if (n + 1 < size)
			word[n++] = **text;
	}
	word[n] = 0;
	return true;
}

bool text_to_u64(const char *s, unsigned base, uint64_t *value)
{
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && (base == 0 || base == 16)) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		int digit = hex_digit((uint8_t)*s);
		uint64_t next;

		if (digit < 0 || (unsigned)digit >= base)
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)base, &next) ||
		    __builtin_add_overflow(next, (uint64_t)digit, &v))
			return false;
	}
	*value = v;
	return true;
}

bool text_to_u32(const char *s, unsigned base, uint32_t max, uint32_t *value)
{
	uint64_t v;

	if (!text_to_u64(s, base, &v) || v > max)
		return false;
	*value = (uint32_t)v;
	return true;
}

bool text_to_ipv4(const char *s, uint32_t *addr)
{
	uint32_t result = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned octet = 0;
		unsigned n = 0;

		for (; is_digit((uint8_t)*s) && n < 3; s++, n++)
			octet = octet * 10 + (unsigned)(*s - '0');
		if (!n || octet > 255)
			return false;
		result = result << 8 | octet;
		if (*s != (i < 3 ? '.' : 0))
			return false;
		s++;
	}
	*addr = result;
	return true;
}

long hex_decode(const char *s, size_t len, void *out, size_t max)
{
	uint8_t *o = out;

	if (len % 2 || len / 2 > max)
		return -1;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit((uint8_t)s[i]);
		int low = hex_digit((uint8_t)s[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		*o++ = (uint8_t)(high << 4 | low);
	}
	return (long)(len / 2);
}

static const char base64_set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_digit(char c)
{
	const char *p = c ? strchr(base64_set, c) : NULL;

	return p ? (int)(p - base64_set) : -1;
}

/* Padding is optional, white space is skipped, and nothing may follow the padding. */
long base64_decode(const char *s, size_t len, void *out, size_t max)
{
	uint8_t *o = out;
	size_t used = 0;
	uint32_t bits = 0;
	unsigned count = 0; /* bits held in `bits` */
	unsigned digits = 0, pads = 0;

	for (size_t i = 0; i < len; i++) {
		int digit;

		if (is_space((uint8_t)s[i]))
			continue;
		if (s[i] == '=') {
			pads++;
			continue;
		}
		digit = base64_digit(s[i]);
		if (digit < 0 || pads)
			return -1;
		digits++;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			if (used == max)
				return -1;
			o[used++] = (uint8_t)(bits >> count);
		}
	}
	if (digits % 4 == 1 || (pads && (digits + pads) % 4) || pads > 2)
		return -1;
	return (long)used;
}

size_t base64_encode(const void *data, size_t len, char *out, size_t size)
{
	const uint8_t *d = data;
	size_t total = (len + 2) / 3 * 4;
	size_t o = 0;

	if (!size)
		return total;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = min(len - i, (size_t)3);
		uint32_t bits = (uint32_t)d[i] << 16;
		char quad[4];

		if (n > 1)
			bits |= (uint32_t)d[i + 1] << 8;
		if (n > 2)
			bits |= d[i + 2];
		for (unsigned k = 0; k < 4; k++)
			quad[k] = k > n ? '=' : base64_set[bits >> (18 - 6 * k) & 63];
		for (unsigned k = 0; k < 4 && o < size - 1; k++)
			out[o++] = quad[k];
	}
	out[o] = 0;
	return total;
}
