/* SPDX-License-Identifier: BSD-2-Clause */
/* PNG pictures for tests, with stored (uncompressed) data; check sums are left zero. */
#ifndef TEST_UNIT_PNG_H
#define TEST_UNIT_PNG_H

#include <stdlib.h>
#include "lib/base.h"

struct png {
	uint8_t *data;
	size_t len;
	uint8_t *raw; /* filter bytes and pixels */
	size_t raw_len;
	unsigned channels;
};

static inline void png_bytes(struct png *png, const void *bytes, size_t len)
{
	png->data = realloc(png->data, png->len + len);
	memcpy(png->data + png->len, bytes, len);
	png->len += len;
}

static inline void png_chunk(struct png *png, const char *type, const void *bytes, size_t len)
{
	uint8_t word[4];

	put_be32(word, (uint32_t)len);
	png_bytes(png, word, 4);
	png_bytes(png, type, 4);
	if (len)
		png_bytes(png, bytes, len);
	png_bytes(png, "\0\0\0\0", 4);
}

/** @colour: PNG's colour type, 2 (RGB) or 6 (RGBA). */
static inline struct png png_begin(unsigned width, unsigned height, uint8_t colour)
{
	struct png png = {.channels = colour == 6 ? 4 : 3};
	uint8_t header[13] = {0};

	put_be32(header, width);
	put_be32(header + 4, height);
	header[8] = 8;
	header[9] = colour;
	png.raw = malloc((size_t)height * (width * 4 + 1));
	png_bytes(&png, "\x89PNG\r\n\x1a\n", 8);
	png_chunk(&png, "IHDR", header, sizeof(header));
	return png;
}

static inline void png_row(struct png *png)
{
	png->raw[png->raw_len++] = 0; /* no filter */
}

static inline void png_pixel(struct png *png, uint8_t r, uint8_t g, uint8_t b, uint8_t a)
{
	const uint8_t pixel[4] = {r, g, b, a};

	memcpy(png->raw + png->raw_len, pixel, png->channels);
	png->raw_len += png->channels;
}

static inline void png_end(struct png *png)
{
	size_t len = 2, left = png->raw_len, from = 0;
	uint8_t *stream = malloc(png->raw_len + png->raw_len / 1000 + 64);

	stream[0] = 0x78;
	stream[1] = 0x01;
	do { /* stored blocks, RFC 1951 3.2.4 */
		size_t n = min(left, (size_t)60000);

		stream[len++] = left == n;
		put_le16(stream + len, (uint16_t)n);
		put_le16(stream + len + 2, (uint16_t)~n);
		memcpy(stream + len + 4, png->raw + from, n);
		len += 4 + n;
		from += n;
		left -= n;
	} while (left);
	memset(stream + len, 0, 4);
	png_chunk(png, "IDAT", stream, len + 4);
	png_chunk(png, "IEND", NULL, 0);
	free(stream);
	free(png->raw);
	png->raw = NULL;
}

#endif
