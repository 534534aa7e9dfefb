/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8; see lib/utf8.h. */
#include "lib/utf8.h"

size_t utf8_sequence(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/* RFC 3629 section 3: the shortest form only, no surrogates, nothing above U+10FFFF. */
static bool is_allowed(uint32_t code_point, size_t length)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

	return code_point >= smallest[length] && code_point <= 0x10ffff &&
	       (code_point < 0xd800 || code_point > 0xdfff);
}

size_t utf8_decode(const char *text, uint32_t *code_point)
{
	uint8_t first = (uint8_t)text[0];
	size_t length = utf8_sequence(first);
	uint32_t value = first;

	*code_point = length == 1 ? first : UTF8_INVALID;
	if (length < 2)
		return 1;
	value &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (!is_allowed(value, length))
		return 1;
	*code_point = value;
	return length;
}

size_t utf8_length(const char *text)
{
	uint32_t code_point;

	return utf8_decode(text, &code_point);
}

size_t utf8_length_before(const char *text, size_t at)
{
	for (size_t n = 2; n <= min(at, (size_t)4); n++) {
		if (utf8_length(text + at - n) == n)
			return n;
	}
	return 1;
}

size_t utf8_encode(uint32_t code_point, char out[3])
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code_point >> 12);
	out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code_point & 0x3f));
	return 3;
}

size_t utf8_count(const char *text)
{
	size_t count = 0;

	for (; *text; text += utf8_length(text))
		count++;
	return count;
}

size_t utf8_prefix(const char *text, size_t count)
{
	const char *p = text;

	while (*p && count--)
		p += utf8_length(p);
	return (size_t)(p - text);
}

size_t utf8_whole(const char *text, size_t len)
{
	for (size_t n = 1; n <= min(len, (size_t)3); n++) {
		if (utf8_length(text + len - n) > n)
			return len - n;
	}
	return len;
}

bool utf8_is_one_column(uint32_t code_point)
{
	/* Latin, Greek, Cyrillic, Armenian; punctuation, letter-like signs, arrows, mathematics,
	 * box drawing. */
	static const struct {
		uint16_t first, last;
	} ranges[] = {
		{0x0020, 0x007e}, {0x00a0, 0x00ac}, {0x00ae, 0x02ff}, {0x0370, 0x0482},
		{0x048a, 0x058f}, {0x1e00, 0x1fff}, {0x2010, 0x2027}, {0x2030, 0x205e},
		{0x2070, 0x20bf}, {0x2100, 0x2319}, {0x2500, 0x25fc},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	}
	return false;
}
