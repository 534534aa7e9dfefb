/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text screen drawn as pixels over a picture. The screen is what ansi_write()
 * writes to; there is one.
 */
#ifndef LIB_FRAMEBUFFER_H
#define LIB_FRAMEBUFFER_H

#include "lib/ansi.h"
#include "lib/picture.h"

#define GLYPH_WIDTH  8u
#define GLYPH_HEIGHT 16u

struct pixel_field {
	uint8_t position, size; /* bits */
};

struct framebuffer {
	uint8_t *pixels;
	unsigned width, height;
	unsigned pitch; /* bytes from row to row */
	unsigned bytes; /* of a pixel: 2, 3 or 4 */
	struct pixel_field red, green, blue;
	const uint8_t *font; /* 256 glyphs of 16 bytes, for code page 437 */
	/* Pixels outside the text on each side. */
	unsigned left, right, top, bottom;
};

/** Take @fb as the screen, draw @picture (NULL: black) in its middle, and clear the text.
 * 0, or an error after fail(). */
int framebuffer_open(const struct framebuffer *fb, const struct picture *picture);
void framebuffer_close(void);
bool framebuffer_is_open(void);
/** Is there a picture behind the text? */
bool framebuffer_has_picture(void);
void framebuffer_size(unsigned *rows, unsigned *columns);
/** Colours (0xRRGGBB) for text from here on instead of the style's; negative: the style's. */
void framebuffer_colours(int32_t foreground, int32_t background);

/** What ansi_write() writes to. */
extern const struct ansi_screen framebuffer_screen;

#endif
