/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages before, or without, a BIOS: to the first UART, to VGA text memory,
 * and on EFI machines into the framebuffer that screen_info describes
 * (Linux/x86 boot protocol, struct screen_info).
 */
#include "bzimage/no_bios.h"
#include "bios/io.h"

#define BP_ORIG_VIDEO_ISVGA 0x0f
#define BP_LFB_WIDTH	    0x12
#define BP_LFB_HEIGHT	    0x14
#define BP_LFB_DEPTH	    0x16
#define BP_LFB_BASE	    0x18
#define BP_LFB_LINELENGTH   0x24
#define VIDEO_TYPE_EFI	    0x70

#define COM1	   0x3f8
#define LSR_EMPTY  0x20
#define SCALE	   2 /* pixels of the screen to a pixel of the font */
#define CELL_WIDTH 6

/* Capital letters, five columns each, lowest bit on top. */
static const uint8_t font[26][5] = {
	{0x7e, 0x11, 0x11, 0x11, 0x7e}, {0x7f, 0x49, 0x49, 0x49, 0x36},
	{0x3e, 0x41, 0x41, 0x41, 0x22}, {0x7f, 0x41, 0x41, 0x22, 0x1c},
	{0x7f, 0x49, 0x49, 0x49, 0x41}, {0x7f, 0x09, 0x09, 0x09, 0x01},
	{0x3e, 0x41, 0x49, 0x49, 0x7a}, {0x7f, 0x08, 0x08, 0x08, 0x7f},
	{0x00, 0x41, 0x7f, 0x41, 0x00}, {0x20, 0x40, 0x41, 0x3f, 0x01},
	{0x7f, 0x08, 0x14, 0x22, 0x41}, {0x7f, 0x40, 0x40, 0x40, 0x40},
	{0x7f, 0x02, 0x0c, 0x02, 0x7f}, {0x7f, 0x04, 0x08, 0x10, 0x7f},
	{0x3e, 0x41, 0x41, 0x41, 0x3e}, {0x7f, 0x09, 0x09, 0x09, 0x06},
	{0x3e, 0x41, 0x51, 0x21, 0x5e}, {0x7f, 0x09, 0x19, 0x29, 0x46},
	{0x46, 0x49, 0x49, 0x49, 0x31}, {0x01, 0x01, 0x7f, 0x01, 0x01},
	{0x3f, 0x40, 0x40, 0x40, 0x3f}, {0x1f, 0x20, 0x40, 0x20, 0x1f},
	{0x3f, 0x40, 0x38, 0x40, 0x3f}, {0x63, 0x14, 0x08, 0x14, 0x63},
	{0x07, 0x08, 0x70, 0x08, 0x07}, {0x61, 0x51, 0x49, 0x45, 0x43},
};

static void draw(const uint8_t *bp, const char *text)
{
	uint8_t *screen = (uint8_t *)get_le32(bp + BP_LFB_BASE);
	uint32_t pitch = get_le16(bp + BP_LFB_LINELENGTH), column = 1, row = 1;
	uint32_t columns = get_le16(bp + BP_LFB_WIDTH) / (CELL_WIDTH * SCALE);

	if (bp[BP_ORIG_VIDEO_ISVGA] != VIDEO_TYPE_EFI || get_le16(bp + BP_LFB_DEPTH) != 32 ||
	    !screen || columns < 20 || get_le16(bp + BP_LFB_HEIGHT) < 200)
		return;
	for (; *text; text++, column++) {
		char c = *text >= 'a' && *text <= 'z' ? *text - 32 : *text;

		if (column >= columns - 1 && c == ' ') {
			column = 0;
			row++;
		}
		for (unsigned y = 0; y < 8 * SCALE && c >= 'A' && c <= 'Z'; y++)
			for (unsigned x = 0; x < 5 * SCALE; x++)
				if (font[c - 'A'][x / SCALE] >> y / SCALE & 1)
					*(uint32_t *)(screen + (row * 10 * SCALE + y) * pitch +
						      (column * CELL_WIDTH * SCALE + x) * 4) =
						0xffffff;
	}
}

void no_bios_stop(const uint8_t *boot_params, const char *text)
{
	volatile uint16_t *vga = (volatile uint16_t *)0xb8000;

	if (boot_params)
		draw(boot_params, text);
	for (const char *c = text; *c; c++) {
		for (unsigned i = 0; i < 100000 && !(in8(COM1 + 5) & LSR_EMPTY); i++)
			;
		out8(COM1, (uint8_t)*c);
		*vga++ = 0x0700 | (uint8_t)*c;
	}
	out8(COM1, '\r');
	out8(COM1, '\n');
	for (;;)
		__asm__ volatile("cli; hlt");
}
