/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures. stb_image decodes; its memory is image memory, since a background
 * of 1024 × 768 needs 3 MB, which the heap is too small for. It says of itself
 * that it is not hardened: it is fuzzed here (test/fuzz/fuzz_png.c), and the
 * size of a picture is limited before anything is allocated.
 */
#include "lib/picture.h"
#include "bios/heap.h"
#include "lib/cursor.h"
#include "lib/error.h"

#define PNG_SIGNATURE 8
#define PNG_CRC	      4
#define PNG_IEND      0x49454e44u

#define BLOCK_HEADER 16 /* in front of each block: its size */

static void *block_alloc(size_t size)
{
	uint8_t *block = size < UINT32_MAX / 2 ? image_memory_alloc(size + BLOCK_HEADER) : NULL;

	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	return block + BLOCK_HEADER;
}

static size_t block_size(const void *p)
{
	size_t size;

	memcpy(&size, (const uint8_t *)p - BLOCK_HEADER, sizeof(size));
	return size;
}

static void block_free(void *p)
{
	if (p)
		image_memory_free((uint8_t *)p - BLOCK_HEADER, block_size(p) + BLOCK_HEADER);
}

static void *block_resize(void *p, size_t new_size)
{
	uint8_t *block;

	if (!p)
		return block_alloc(new_size);
	if (new_size >= UINT32_MAX / 2)
		return NULL;
	block = image_memory_resize((uint8_t *)p - BLOCK_HEADER, block_size(p) + BLOCK_HEADER,
				    new_size + BLOCK_HEADER);
	if (!block)
		return NULL;
	memcpy(block, &new_size, sizeof(new_size));
	return block + BLOCK_HEADER;
}

#include <stdlib.h>
#define abs(x) __builtin_abs(x)
/* Parts that are left out are declared all the same. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_SIMD
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_NO_THREAD_LOCALS
#define STBI_FAILURE_USERMSG
#define STBI_MAX_DIMENSIONS   PICTURE_SIDE_MAX
#define STBI_ASSERT(x)	      ((void)0)
#define STBI_MALLOC(size)     block_alloc(size)
#define STBI_REALLOC(p, size) block_resize(p, size)
#define STBI_FREE(p)	      block_free(p)
#include <stb/stb_image.h>

bool picture_probe(const void *data, size_t len)
{
	return len > PNG_SIGNATURE && !memcmp(data, "\x89PNG\r\n\x1a\n", PNG_SIGNATURE);
}

/* stb_image adds a chunk's length to a pointer as it stands. So the chunks (section 5.3) are walked
 * here first: each lies inside the file, up to IEND. */
static bool chunks_fit(const void *data, size_t len)
{
	struct cursor c = cursor(data, len);
	uint32_t type = 0;

	cursor_skip(&c, PNG_SIGNATURE);
	while (!c.bad && type != PNG_IEND) {
		uint32_t size = cursor_be32(&c);

		type = cursor_be32(&c);
		cursor_skip(&c, size);
		cursor_skip(&c, PNG_CRC);
	}
	return !c.bad;
}

int picture_decode(const void *data, size_t len, struct picture *picture)
{
	int width = 0, height = 0, channels;

	memset(picture, 0, sizeof(*picture));
	if (!picture_probe(data, len) || len > INT32_MAX)
		return fail(E_PICTURE, "not a PNG picture");
	if (!chunks_fit(data, len))
		return fail(E_PICTURE, "a PNG picture that is cut or damaged");
	picture->rgba = stbi_load_from_memory(data, (int)len, &width, &height, &channels, 4);
	if (!picture->rgba)
		return fail(E_PICTURE, "%s", stbi_failure_reason());
	picture->width = (unsigned)width;
	picture->height = (unsigned)height;
	return 0;
}

void picture_release(struct picture *picture)
{
	block_free(picture->rgba);
	picture->rgba = NULL;
}
