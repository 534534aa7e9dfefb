/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text screen drawn as pixels.
 *
 * Each cell remembers what it shows, so that nothing is read back from video
 * memory (which is slow) and scrolling draws only the cells that change. Cells
 * of default background let the picture through.
 */
#include "lib/framebuffer.h"
#include "bios/heap.h"
#include "lib/error.h"

#define TRANSPARENT (-1)
#define BLACK	    0
#define GREY	    0xaaaaaa

/* What a cell looks like; colours as 0xRRGGBB. */
struct cell {
	uint8_t c;
	int32_t foreground, background;
};

static struct {
	bool open;
	struct framebuffer fb;
	unsigned rows, columns;
	struct cell *cells;
	unsigned row, column;
	bool cursor_on;
	bool cursor_drawn;
	/* Instead of a style's colours. */
	int32_t foreground, background;
	/* The picture's part that is seen, and where. */
	uint32_t *picture; /* 0xRRGGBB */
	size_t picture_bytes;
	unsigned picture_x, picture_y, picture_width, picture_height;
} s;

/* ---- Pixels ---- */

static uint32_t field(uint32_t value, struct pixel_field f)
{
	return (f.size < 8 ? value >> (8 - f.size) : value << (f.size - 8)) << f.position;
}

static uint32_t pack(uint32_t rgb)
{
	return field(rgb >> 16 & 255, s.fb.red) | field(rgb >> 8 & 255, s.fb.green) |
	       field(rgb & 255, s.fb.blue);
}

static void store(uint8_t *at, uint32_t value)
{
	switch (s.fb.bytes) {
	case 4:
		*(volatile uint32_t *)at = value;
		break;
	case 3:
		at[2] = (uint8_t)(value >> 16);
		/* fall through */
	default:
		put_le16(at, (uint16_t)value);
	}
}

static uint32_t picture_pixel(unsigned x, unsigned y)
{
	x -= s.picture_x;
	y -= s.picture_y;
	if (x >= s.picture_width || y >= s.picture_height)
		return BLACK;
	return s.picture[(size_t)y * s.picture_width + x];
}

static void draw_background(void)
{
	for (unsigned y = 0; y < s.fb.height; y++) {
		uint8_t *at = s.fb.pixels + (size_t)y * s.fb.pitch;

		for (unsigned x = 0; x < s.fb.width; x++, at += s.fb.bytes)
			store(at, pack(picture_pixel(x, y)));
	}
}

/* ---- Cells ---- */

static struct cell *cell_at(unsigned row, unsigned column)
{
	return &s.cells[row * s.columns + column];
}

static void draw_cell(unsigned row, unsigned column, bool inverted)
{
	const struct cell *cell = cell_at(row, column);
	unsigned left = s.fb.left + column * GLYPH_WIDTH, top = s.fb.top + row * GLYPH_HEIGHT;
	const uint8_t *glyph = s.fb.font + cell->c * GLYPH_HEIGHT;
	uint32_t ink = pack((uint32_t)cell->foreground);
	uint32_t paper = cell->background < 0 ? 0 : pack((uint32_t)cell->background);

	for (unsigned y = 0; y < GLYPH_HEIGHT; y++) {
		uint8_t *at = s.fb.pixels + (size_t)(top + y) * s.fb.pitch + left * s.fb.bytes;
		uint8_t bits = inverted && y >= GLYPH_HEIGHT - 2 ? 0xff : glyph[y];

		for (unsigned x = 0; x < GLYPH_WIDTH; x++, at += s.fb.bytes) {
			if (bits << x & 0x80)
				store(at, ink);
			else if (cell->background < 0)
				store(at, pack(picture_pixel(left + x, top + y)));
			else
				store(at, paper);
		}
	}
}

static void set_cell(unsigned row, unsigned column, const struct cell *fresh)
{
	struct cell *cell = cell_at(row, column);

	if (cell->c == fresh->c && cell->foreground == fresh->foreground &&
	    cell->background == fresh->background)
		return;
	*cell = *fresh;
	draw_cell(row, column, false);
}

static void show_cursor(bool on)
{
	if (on == s.cursor_drawn || s.column >= s.columns)
		return;
	draw_cell(s.row, s.column, on);
	s.cursor_drawn = on;
}

/* The colours of text mode, in ANSI's order; the second half is bold. */
static const int32_t palette[16] = {
	0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, GREY,
	0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
};

static struct cell styled(uint8_t c, const struct ansi_style *style)
{
	struct cell cell = {.c = c, .background = TRANSPARENT};

	cell.foreground = palette[min(style->foreground, 7) + (style->bold ? 8 : 0)];
	if (style->background < 8)
		cell.background = palette[style->background];
	if (s.foreground >= 0)
		cell.foreground = s.foreground;
	if (s.background >= 0)
		cell.background = s.background;
	if (style->reverse) {
		int32_t ink = cell.background < 0 ? BLACK : cell.background;

		cell.background = cell.foreground;
		cell.foreground = ink;
	}
	return cell;
}

static void scroll(void)
{
	static const struct ansi_style plain = {ANSI_DEFAULT, ANSI_DEFAULT, false, false};
	struct cell blank = styled(' ', &plain);

	for (unsigned row = 0; row + 1 < s.rows; row++) {
		for (unsigned column = 0; column < s.columns; column++)
			set_cell(row, column, cell_at(row + 1, column));
	}
	blank.background = TRANSPARENT;
	for (unsigned column = 0; column < s.columns; column++)
		set_cell(s.rows - 1, column, &blank);
}

/* ---- The screen ---- */

void framebuffer_size(unsigned *rows, unsigned *columns)
{
	*rows = s.rows;
	*columns = s.columns;
}

static void screen_where(unsigned *row, unsigned *column)
{
	*row = s.row;
	*column = s.column;
}

static void screen_move(unsigned row, unsigned column)
{
	show_cursor(false);
	s.row = row;
	s.column = column;
	show_cursor(s.cursor_on);
}

static void screen_clear(unsigned row, unsigned column, unsigned rows, unsigned columns,
			 const struct ansi_style *style)
{
	struct cell blank = styled(' ', style);

	show_cursor(false);
	for (unsigned r = row; r < row + rows; r++) {
		for (unsigned c = column; c < column + columns; c++)
			set_cell(r, c, &blank);
	}
	show_cursor(s.cursor_on);
}

static void screen_cursor(bool on)
{
	s.cursor_on = on;
	show_cursor(on);
}

static void new_line(void)
{
	if (s.row + 1 < s.rows)
		s.row++;
	else
		scroll();
}

static void screen_put(uint8_t c, const struct ansi_style *style)
{
	struct cell cell;

	show_cursor(false);
	if (c == '\r') {
		s.column = 0;
	} else if (c == '\n') {
		new_line();
	} else if (c == '\b') {
		s.column -= s.column > 0;
	} else if (c == '\t') {
		s.column = min(ALIGN_UP(s.column + 1, 8u), s.columns - 1);
	} else if (c != 7 && c) {
		cell = styled(c, style);
		set_cell(s.row, s.column, &cell);
		if (++s.column == s.columns) {
			s.column = 0;
			new_line();
		}
	}
	show_cursor(s.cursor_on);
}

const struct ansi_screen framebuffer_screen = {
	.size = framebuffer_size,
	.where = screen_where,
	.move = screen_move,
	.put = screen_put,
	.clear = screen_clear,
	.cursor = screen_cursor,
};

void framebuffer_colours(int32_t foreground, int32_t background)
{
	s.foreground = foreground;
	s.background = background;
}

bool framebuffer_is_open(void)
{
	return s.open;
}

bool framebuffer_has_picture(void)
{
	return s.picture != NULL;
}

/* ---- Opening ---- */

static uint32_t blend(const uint8_t *rgba)
{
	uint32_t alpha = rgba[3];

	return (rgba[0] * alpha / 255) << 16 | (rgba[1] * alpha / 255) << 8 | rgba[2] * alpha / 255;
}

/* The part of @picture that the screen has room for, both centred, over black. */
static int take_picture(const struct picture *picture)
{
	unsigned skip_x = 0, skip_y = 0;

	s.picture_width = min(picture->width, s.fb.width);
	s.picture_height = min(picture->height, s.fb.height);
	skip_x = (picture->width - s.picture_width) / 2;
	skip_y = (picture->height - s.picture_height) / 2;
	s.picture_x = (s.fb.width - s.picture_width) / 2;
	s.picture_y = (s.fb.height - s.picture_height) / 2;
	s.picture_bytes = (size_t)s.picture_width * s.picture_height * sizeof(*s.picture);
	s.picture = image_memory_alloc(s.picture_bytes);
	if (!s.picture)
		return fail(E_NO_MEMORY, "no memory for a picture of %u x %u pixels",
			    picture->width, picture->height);
	for (unsigned y = 0; y < s.picture_height; y++) {
		const uint8_t *from =
			picture->rgba + 4 * ((size_t)(y + skip_y) * picture->width + skip_x);

		for (unsigned x = 0; x < s.picture_width; x++)
			s.picture[(size_t)y * s.picture_width + x] = blend(from + (size_t)4 * x);
	}
	return 0;
}

static int take_cells(void)
{
	const struct framebuffer *fb = &s.fb;
	size_t count;

	if ((uint64_t)fb->left + fb->right + GLYPH_WIDTH > fb->width ||
	    (uint64_t)fb->top + fb->bottom + GLYPH_HEIGHT > fb->height)
		return fail(E_INVALID, "the margins leave no room for text on %u x %u pixels",
			    fb->width, fb->height);
	s.columns = (fb->width - fb->left - fb->right) / GLYPH_WIDTH;
	s.rows = (fb->height - fb->top - fb->bottom) / GLYPH_HEIGHT;
	count = (size_t)s.rows * s.columns;
	s.cells = heap_alloc(count * sizeof(*s.cells));
	if (!s.cells)
		return fail(E_NO_MEMORY, "no memory for a screen of %u x %u characters", s.columns,
			    s.rows);
	for (size_t i = 0; i < count; i++)
		s.cells[i] = (struct cell){' ', GREY, TRANSPARENT};
	return 0;
}

int framebuffer_open(const struct framebuffer *fb, const struct picture *picture)
{
	int rc;

	framebuffer_close();
	s.fb = *fb;
	s.foreground = s.background = -1;
	s.cursor_on = true;
	rc = take_cells();
	if (!rc && picture)
		rc = take_picture(picture);
	if (rc) {
		framebuffer_close();
		return rc;
	}
	s.open = true;
	draw_background();
	show_cursor(true);
	return 0;
}

void framebuffer_close(void)
{
	heap_free(s.cells);
	if (s.picture)
		image_memory_free(s.picture, s.picture_bytes);
	memset(&s, 0, sizeof(s));
}
