/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip files (RFC 1952). The compressed streams inside are libdeflate's work;
 * header, size and sum are checked here: libdeflate's own CRC-32 uses SSE
 * registers, which we leave to whoever boots next.
 */
#include <libdeflate.h>
#include "boot/gzip.h"
#include "bios/heap.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "netstack/net.h"

#define ID	    0x8b1f
#define CM_DEFLATE  8
#define FLG_HCRC    0x02
#define FLG_EXTRA   0x04
#define FLG_NAME    0x08
#define FLG_COMMENT 0x10
#define FLG_KNOWN   0x1f
#define TRAILER	    8
#define RATIO_MAX   1032u /* deflate cannot expand a byte to more */
#define ROOM_FIRST  65536u

#ifndef HOST_TEST
/* What libdeflate expects of its C library. */
void *malloc(size_t size);
void free(void *p);

void *malloc(size_t size)
{
	return heap_alloc(size);
}

void free(void *p)
{
	heap_free(p);
}
#endif

/* CRC-32 of ISO 3309, reflected. */
static uint32_t crc32(const uint8_t *data, size_t len)
{
	static uint32_t table[256];
	uint32_t crc = ~0u;

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (unsigned bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 255];
	return ~crc;
}

bool gzip_probe(const uint8_t *data, size_t len)
{
	return len > 2 && get_le16(data) == ID && data[2] == CM_DEFLATE;
}

static void skip_text(struct cursor *c)
{
	while (cursor_u8(c))
		;
}

/* Section 2.3: up to the compressed data. */
static int skip_header(struct cursor *c)
{
	uint16_t id = cursor_le16(c);
	uint8_t method = cursor_u8(c), flags = cursor_u8(c);

	cursor_skip(c, 6);
	if (flags & FLG_EXTRA)
		cursor_skip(c, cursor_le16(c));
	if (flags & FLG_NAME)
		skip_text(c);
	if (flags & FLG_COMMENT)
		skip_text(c);
	if (flags & FLG_HCRC)
		cursor_skip(c, 2);
	if (c->bad || id != ID || method != CM_DEFLATE || flags & ~FLG_KNOWN)
		return fail(E_GZIP_DAMAGED, "not a gzip header");
	return 0;
}

static int make_room(struct extracted *out, size_t room)
{
	uint8_t *data = out->data ? image_memory_resize(out->data, out->capacity, room)
				  : image_memory_alloc(room);

	if (!data)
		return fail(
			E_NO_MEMORY,
			"no room for %u MB of unpacked content; the largest free block has %u MB",
			(unsigned)(room >> 20), (unsigned)(image_memory_largest() >> 20));
	out->data = data;
	out->capacity = room;
	return 0;
}

/* Unpack the stream at @c behind what @out holds, with ever more room. */
static int inflate(struct libdeflate_decompressor *d, struct cursor *c, struct extracted *out)
{
	size_t most = out->len + cursor_left(c) * (uint64_t)RATIO_MAX < SIZE_MAX
			      ? out->len + cursor_left(c) * RATIO_MAX
			      : SIZE_MAX;

	for (;;) {
		size_t used, made;
		enum libdeflate_result result = libdeflate_deflate_decompress_ex(
			d, c->p, cursor_left(c), out->data + out->len, out->capacity - out->len,
			&used, &made);
		int rc;

		if (result == LIBDEFLATE_SUCCESS) {
			cursor_skip(c, used);
			out->len += made;
			return 0;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE || out->capacity >= most)
			return fail(E_GZIP_DAMAGED, "the compressed data is damaged or cut");
		rc = make_room(out, out->capacity < most / 2 ? out->capacity * 2 : most);
		if (!rc && wait_turn(DEADLINE_NEVER))
			rc = fail(E_CANCELLED, "unpacking was cancelled");
		if (rc)
			return rc;
	}
}

static int extract_member(struct libdeflate_decompressor *d, struct cursor *c,
			  struct extracted *out)
{
	size_t before = out->len;
	int rc = skip_header(c);
	uint32_t sum, size;

	if (!rc)
		rc = inflate(d, c, out);
	if (rc)
		return rc;
	sum = cursor_le32(c);
	size = cursor_le32(c);
	if (c->bad)
		return fail(E_GZIP_DAMAGED, "the file is cut");
	if (size != (uint32_t)(out->len - before) || sum != crc32(out->data + before, size))
		return fail(E_GZIP_DAMAGED,
			    "the content does not have the sum that the file tells");
	return 0;
}

static bool only_padding(const struct cursor *c)
{
	for (const uint8_t *p = c->p; p < c->end; p++)
		if (*p)
			return false;
	return true;
}

/* The size that the last member tells of itself, when it can be true: less work than doubling. */
static size_t first_room(const uint8_t *data, size_t len)
{
	size_t told = len >= TRAILER ? get_le32(data + len - 4) : 0;

	return told / RATIO_MAX <= len && told > ROOM_FIRST && told <= image_memory_largest()
		       ? told
		       : ROOM_FIRST;
}

int gzip_extract(const uint8_t *data, size_t len, struct extracted *out)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	struct cursor c = cursor(data, len);
	int rc;

	*out = (struct extracted){0};
	if (!d)
		return fail(E_NO_MEMORY, "out of memory for unpacking");
	rc = make_room(out, first_room(data, len));
	do {
		if (!rc)
			rc = extract_member(d, &c, out);
	} while (!rc && !only_padding(&c));
	libdeflate_free_decompressor(d);
	if (rc && out->data) {
		image_memory_free(out->data, out->capacity);
		*out = (struct extracted){0};
	}
	return rc;
}
