/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of setting values: how text becomes bytes and bytes become text.
 * Numbers are big endian. Domain search lists are RFC 3397 (names of RFC 1035,
 * compressed or not).
 */
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/uri.h"

/* ---- Text ---- */

static long parse_string(const char *text, uint8_t *raw, size_t max)
{
	size_t len = strlen(text);

	if (len > max)
		return E_SETTING_VALUE;
	memcpy(raw, text, len);
	return (long)len;
}

static long show_string(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return (long)format(text, max, "%.*s", (int)len, (const char *)raw);
}
TABLE_ENTRY(setting_type, type_string) = {"string", parse_string, show_string};

static long parse_uristring(const char *text, uint8_t *raw, size_t max)
{
	char decoded[SETTING_MAX + 1];
	size_t len;

	if (strlen(text) > SETTING_MAX)
		return E_SETTING_VALUE;
	len = uri_decode(text, decoded, sizeof(decoded));
	if (len > max)
		return E_SETTING_VALUE;
	memcpy(raw, decoded, len);
	return (long)len;
}

static long show_uristring(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return (long)uri_encode((const char *)raw, len, "", text, max);
}
TABLE_ENTRY(setting_type, type_uristring) = {"uristring", parse_uristring, show_uristring};

/* ---- Numbers ---- */

static long parse_number(const char *text, uint8_t *raw, size_t max, size_t width)
{
	bool negative = *text == '-';
	uint64_t value;

	if (!text_to_u64(text + negative, 0, &value) || width > max)
		return E_SETTING_VALUE;
	if (negative)
		value = 0 - value;
	for (size_t i = 0; i < width; i++)
		raw[i] = (uint8_t)(value >> 8 * (width - 1 - i));
	return (long)width;
}

static long parse_8(const char *text, uint8_t *raw, size_t max)
{
	return parse_number(text, raw, max, 1);
}

static long parse_16(const char *text, uint8_t *raw, size_t max)
{
	return parse_number(text, raw, max, 2);
}

static long parse_32(const char *text, uint8_t *raw, size_t max)
{
	return parse_number(text, raw, max, 4);
}

/* Servers send numbers of other widths than the type has; any up to 8 bytes is read. */
static long read_number(const uint8_t *raw, size_t len, uint64_t *value)
{
	if (!len || len > sizeof(*value))
		return E_SETTING_VALUE;
	for (*value = 0; len; len--)
		*value = *value << 8 | *raw++;
	return 0;
}

static long show_int(const uint8_t *raw, size_t len, char *text, size_t max)
{
	uint64_t value;
	unsigned unused = 64 - 8 * (unsigned)len;

	if (read_number(raw, len, &value))
		return E_SETTING_VALUE;
	return (long)format(text, max, "%lld", (long long)((int64_t)(value << unused) >> unused));
}

static long show_uint(const uint8_t *raw, size_t len, char *text, size_t max)
{
	uint64_t value;

	if (read_number(raw, len, &value))
		return E_SETTING_VALUE;
	return (long)format(text, max, "0x%llx", (unsigned long long)value);
}
TABLE_ENTRY(setting_type, type_int8) = {"int8", parse_8, show_int};
TABLE_ENTRY(setting_type, type_int16) = {"int16", parse_16, show_int};
TABLE_ENTRY(setting_type, type_int32) = {"int32", parse_32, show_int};
TABLE_ENTRY(setting_type, type_uint8) = {"uint8", parse_8, show_uint};
TABLE_ENTRY(setting_type, type_uint16) = {"uint16", parse_16, show_uint};
TABLE_ENTRY(setting_type, type_uint32) = {"uint32", parse_32, show_uint};

/* ---- Addresses ---- */

static long parse_ipv4(const char *text, uint8_t *raw, size_t max)
{
	uint32_t address;

	if (!text_to_ipv4(text, &address) || max < 4)
		return E_SETTING_VALUE;
	put_be32(raw, address);
	return 4;
}

/* Of a list, the first. */
static long show_ipv4(const uint8_t *raw, size_t len, char *text, size_t max)
{
	if (len < 4)
		return E_SETTING_VALUE;
	return (long)format(text, max, IPV4_FMT, IPV4_ARG(get_be32(raw)));
}
TABLE_ENTRY(setting_type, type_ipv4) = {"ipv4", parse_ipv4, show_ipv4};

/* Text only: nothing here speaks IPv6. Of a list, the first. */
static long parse_ipv6(const char *text, uint8_t *raw, size_t max)
{
	return max >= 16 && text_to_ipv6(text, raw) ? 16 : E_SETTING_VALUE;
}

static long show_ipv6(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return len < 16 ? E_SETTING_VALUE : (long)ipv6_to_text(raw, text, max);
}
TABLE_ENTRY(setting_type, type_ipv6) = {"ipv6", parse_ipv6, show_ipv6};

static long show_busdevfn(const uint8_t *raw, size_t len, char *text, size_t max)
{
	uint64_t value;

	if (read_number(raw, len, &value))
		return E_SETTING_VALUE;
	return (long)format(text, max, "%04x:%02x:%02x.%x", (unsigned)(value >> 16 & 0xffff),
			    (unsigned)(value >> 8 & 255), (unsigned)(value >> 3 & 31),
			    (unsigned)(value & 7));
}
TABLE_ENTRY(setting_type, type_busdevfn) = {"busdevfn", NULL, show_busdevfn};

/* ---- Bytes ---- */

/* Pairs of hexadecimal digits; @delimiter between two pairs may be left out. */
static long parse_pairs(const char *text, uint8_t *raw, size_t max, char delimiter)
{
	size_t n = 0;

	while (*text) {
		if (n == max || hex_decode(text, strnlen(text, 2), raw + n, 1) != 1)
			return E_SETTING_VALUE;
		n++;
		text += 2;
		if (delimiter && *text == delimiter && text[1])
			text++;
	}
	return (long)n;
}

static long show_pairs(const uint8_t *raw, size_t len, char *text, size_t max, char delimiter)
{
	static const char digits[] = "0123456789abcdef";
	size_t step = delimiter ? 3 : 2;
	size_t used = 0;

	for (size_t i = 0; i < len && used + step < max; i++) {
		if (i && delimiter)
			text[used++] = delimiter;
		text[used++] = digits[raw[i] >> 4];
		text[used++] = digits[raw[i] & 15];
	}
	if (max)
		text[used] = 0;
	return len ? (long)(len * step - (delimiter ? 1 : 0)) : 0;
}

static long parse_hex(const char *text, uint8_t *raw, size_t max)
{
	return parse_pairs(text, raw, max, ':');
}

static long show_hex(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return show_pairs(raw, len, text, max, ':');
}
TABLE_ENTRY(setting_type, type_hex) = {"hex", parse_hex, show_hex};

static long parse_hexhyp(const char *text, uint8_t *raw, size_t max)
{
	return parse_pairs(text, raw, max, '-');
}

static long show_hexhyp(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return show_pairs(raw, len, text, max, '-');
}
TABLE_ENTRY(setting_type, type_hexhyp) = {"hexhyp", parse_hexhyp, show_hexhyp};

static long parse_hexraw(const char *text, uint8_t *raw, size_t max)
{
	return parse_pairs(text, raw, max, 0);
}

static long show_hexraw(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return show_pairs(raw, len, text, max, 0);
}
TABLE_ENTRY(setting_type, type_hexraw) = {"hexraw", parse_hexraw, show_hexraw};

static long parse_base64(const char *text, uint8_t *raw, size_t max)
{
	long len = base64_decode(text, strlen(text), raw, max);

	return len < 0 ? E_SETTING_VALUE : len;
}

static long show_base64(const uint8_t *raw, size_t len, char *text, size_t max)
{
	return (long)base64_encode(raw, len, text, max);
}
TABLE_ENTRY(setting_type, type_base64) = {"base64", parse_base64, show_base64};

/* ---- UUIDs (RFC 4122 text); a GUID has its first three fields little endian ---- */

static void swap_guid(uint8_t *raw)
{
	put_le32(raw, get_be32(raw));
	put_le16(raw + 4, get_be16(raw + 4));
	put_le16(raw + 6, get_be16(raw + 6));
}

static long parse_uuid(const char *text, uint8_t *raw, size_t max)
{
	static const uint8_t group[] = {4, 2, 2, 2, 6};
	size_t used = 0;

	if (strlen(text) != 36 || max < 16)
		return E_SETTING_VALUE;
	for (unsigned i = 0; i < ARRAY_SIZE(group); i++) {
		if (i && *text++ != '-')
			return E_SETTING_VALUE;
		if (hex_decode(text, group[i] * 2u, raw + used, group[i]) < 0)
			return E_SETTING_VALUE;
		text += group[i] * 2;
		used += group[i];
	}
	return 16;
}

static long show_uuid(const uint8_t *raw, size_t len, char *text, size_t max)
{
	if (len != 16)
		return E_SETTING_VALUE;
	return (long)format(text, max, "%08x-%04x-%04x-%04x-%04x%08x", get_be32(raw),
			    get_be16(raw + 4), get_be16(raw + 6), get_be16(raw + 8),
			    get_be16(raw + 10), get_be32(raw + 12));
}
TABLE_ENTRY(setting_type, type_uuid) = {"uuid", parse_uuid, show_uuid};

static long parse_guid(const char *text, uint8_t *raw, size_t max)
{
	long len = parse_uuid(text, raw, max);

	if (len == 16)
		swap_guid(raw);
	return len;
}

static long show_guid(const uint8_t *raw, size_t len, char *text, size_t max)
{
	uint8_t swapped[16];

	if (len != 16)
		return E_SETTING_VALUE;
	memcpy(swapped, raw, 16);
	swap_guid(swapped);
	return show_uuid(swapped, 16, text, max);
}
TABLE_ENTRY(setting_type, type_guid) = {"guid", parse_guid, show_guid};

/* ---- Domain search lists ---- */

#define LABEL_MAX 63u
#define NAME_MAX  255u

static long parse_dnssl(const char *text, uint8_t *raw, size_t max)
{
	size_t used = 0;

	while (*text) {
		while (is_space((uint8_t)*text))
			text++;
		if (!*text)
			break;
		while (*text && !is_space((uint8_t)*text)) {
			size_t len = 0;

			while (text[len] && text[len] != '.' && !is_space((uint8_t)text[len]))
				len++;
			if (!len || len > LABEL_MAX || used + len + 2 > max)
				return E_SETTING_VALUE;
			raw[used++] = (uint8_t)len;
			memcpy(raw + used, text, len);
			used += len;
			text += len;
			if (*text == '.')
				text++;
		}
		raw[used++] = 0;
	}
	return (long)used;
}

/* Append @before and @len bytes of @label to the text of *@used bytes, cut at @max. */
static void append(char *text, size_t max, size_t *used, const char *before, const void *label,
		   size_t len)
{
	size_t at = min(*used, max);

	*used += format(text + at, max - at, "%s%.*s", before, (int)len,
			label ? (const char *)label : "");
}

/*
 * One name of the list that begins at @at; returns where the next one begins,
 * or a negative error. A pointer must lead to before the place it stands at,
 * and a name has at most 255 bytes, so that following them ends.
 */
static long show_name(const uint8_t *raw, size_t len, size_t at, char *text, size_t max,
		      size_t *used)
{
	long next = -1;
	size_t limit = at;
	size_t name_len = 0;

	for (;;) {
		struct cursor c = cursor(raw + at, at < len ? len - at : 0);
		uint8_t n = cursor_u8(&c);
		const uint8_t *label;

		if (c.bad)
			return E_SETTING_VALUE;
		if (n >> 6 == 3) {
			size_t target = (size_t)(n & 0x3f) << 8 | cursor_u8(&c);

			if (c.bad || target >= limit)
				return E_SETTING_VALUE;
			if (next < 0)
				next = (long)at + 2;
			at = limit = target;
			continue;
		}
		if (!n)
			return next < 0 ? (long)at + 1 : next;
		label = cursor_take(&c, n);
		if (n > LABEL_MAX || !label || name_len + n + 1 > NAME_MAX)
			return E_SETTING_VALUE;
		append(text, max, used, name_len ? "." : "", label, n);
		name_len += n + 1u;
		at += n + 1u;
	}
}

static long show_dnssl(const uint8_t *raw, size_t len, char *text, size_t max)
{
	size_t at = 0, used = 0;

	if (max)
		text[0] = 0;
	while (at < len) {
		long next;

		if (at)
			append(text, max, &used, " ", NULL, 0);
		next = show_name(raw, len, at, text, max, &used);
		if (next < 0)
			return next;
		at = (size_t)next;
	}
	return (long)used;
}
TABLE_ENTRY(setting_type, type_dnssl) = {"dnssl", parse_dnssl, show_dnssl};
