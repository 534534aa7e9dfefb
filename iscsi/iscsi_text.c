/* SPDX-License-Identifier: BSD-2-Clause */
/* Key=value text of login and text PDUs, RFC 7143 section 6.1. */
#include "bios/heap.h"
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define KEY_MAX 63

void iscsi_text_clear(struct iscsi_text *text)
{
	text->len = 0;
	if (text->data)
		text->data[0] = '\0';
}

void iscsi_text_free(struct iscsi_text *text)
{
	if (text->data)
		memset(text->data, 0, text->size);
	heap_free(text->data);
	*text = (struct iscsi_text){0};
}

int iscsi_text_reserve(struct iscsi_text *text, size_t len)
{
	size_t size = text->size ? text->size : 1024;
	char *data;

	if (len > ISCSI_TEXT_MAX - text->len)
		return fail(E_ISCSI_PROTOCOL, "the target sent more than %u KB of text",
			    ISCSI_TEXT_MAX / 1024);
	while (size < text->len + len + 1)
		size *= 2;
	if (size == text->size)
		return 0;
	data = heap_realloc(text->data, size);
	if (!data)
		return fail(E_NO_MEMORY, "no memory for iSCSI login text");
	text->data = data;
	text->size = size;
	text->data[text->len] = '\0';
	return 0;
}

int iscsi_text_add(struct iscsi_text *text, const char *key, const char *value)
{
	size_t len = strlen(key) + 1 + strlen(value) + 1;
	int rc = iscsi_text_reserve(text, len);

	if (rc)
		return rc;
	format(text->data + text->len, len, "%s=%s", key, value);
	text->len += len;
	text->data[text->len] = '\0';
	return 0;
}

int iscsi_text_add_number(struct iscsi_text *text, const char *key, uint32_t value)
{
	char number[12];

	format(number, sizeof(number), "%u", (unsigned)value);
	return iscsi_text_add(text, key, number);
}

int iscsi_text_add_binary(struct iscsi_text *text, const char *key, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	char value[2 * CHAP_RESPONSE_MAX + 3] = "0x";

	len = min(len, (size_t)CHAP_RESPONSE_MAX);
	for (size_t i = 0; i < len; i++)
		format(value + 2 + 2 * i, 3, "%02x", bytes[i]);
	return iscsi_text_add(text, key, value);
}

void iscsi_text_begin(struct iscsi_text_reader *reader, struct iscsi_text *text)
{
	reader->p = text->data;
	reader->end = text->data ? text->data + text->len : NULL;
}

int iscsi_text_next(struct iscsi_text_reader *reader, const char **key, const char **value)
{
	char *equals, *end;

	/* Some targets pad the text with further NULs. */
	while (reader->p != reader->end && !*reader->p)
		reader->p++;
	if (reader->p == reader->end)
		return 0;
	end = memchr(reader->p, '\0', (size_t)(reader->end - reader->p));
	if (!end)
		end = reader->end; /* the NUL behind the text */
	equals = memchr(reader->p, '=', (size_t)(end - reader->p));
	if (!equals || equals == reader->p || equals - reader->p > KEY_MAX)
		return fail(E_ISCSI_PROTOCOL, "the target sent text that is not KEY=VALUE");
	*equals = '\0';
	*key = reader->p;
	*value = equals + 1;
	reader->p = end == reader->end ? end : end + 1;
	return 1;
}

long iscsi_binary_decode(const char *value, uint8_t *out, size_t max)
{
	size_t len = strlen(value);

	if (len < 2 || value[0] != '0')
		return -1;
	value += 2;
	len -= 2;
	if ((value[-1] | 0x20) == 'b')
		return base64_decode(value, len, out, max);
	if ((value[-1] | 0x20) != 'x')
		return -1;
	if (len % 2) {
		int digit = hex_digit((uint8_t)*value);
		long rest = max ? hex_decode(value + 1, len - 1, out + 1, max - 1) : -1;

		if (digit < 0 || rest < 0)
			return -1;
		out[0] = (uint8_t)digit;
		return rest + 1;
	}
	return hex_decode(value, len, out, max);
}
