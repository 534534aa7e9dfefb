/* SPDX-License-Identifier: BSD-2-Clause */
/* Control sequences and UTF-8 for screens of character cells; see lib/ansi.h. */
#include "lib/ansi.h"

#define PARAMETER_MAX 999u

/* ---- Control sequences ---- */

static void colour(struct ansi_style *style, unsigned p)
{
	if (p >= 30 && p <= 39)
		style->foreground = (uint8_t)(p - 30);
	else if (p >= 40 && p <= 49)
		style->background = (uint8_t)(p - 40);
	else if (p >= 90 && p <= 97)
		style->foreground = (uint8_t)(p - 90);
	else if (p >= 100 && p <= 107)
		style->background = (uint8_t)(p - 100);
	if (p >= 90 && p <= 97)
		style->bold = true;
}

static void select_graphic_rendition(struct ansi *a)
{
	struct ansi_style *style = &a->style;

	for (unsigned i = 0; i < max(a->count, 1u); i++) {
		unsigned p = a->params[i];

		if (p == 0)
			*style = (struct ansi_style){ANSI_DEFAULT, ANSI_DEFAULT, false, false};
		else if (p == 1)
			style->bold = true;
		else if (p == 22)
			style->bold = false;
		else if (p == 7 || p == 27)
			style->reverse = p == 7;
		else if (p == 38 || p == 48) /* 256 colours and more: not on these screens */
			break;
		else
			colour(style, p);
	}
}

static void clear(struct ansi *a, unsigned row, unsigned column, unsigned rows, unsigned columns)
{
	if (rows && columns)
		a->screen->clear(row, column, rows, columns, &a->style);
}

/* ED and EL: @mode 0 from the cursor on, 1 up to it, 2 all. */
static void erase_line(struct ansi *a, unsigned row, unsigned column, unsigned columns,
		       unsigned mode)
{
	unsigned first = mode == 0 ? column : 0;
	unsigned end = mode == 1 ? column + 1 : columns;

	clear(a, row, first, 1, end - first);
}

static void erase_display(struct ansi *a, unsigned row, unsigned column, unsigned rows,
			  unsigned columns, unsigned mode)
{
	if (mode == 0 && !row && !column)
		mode = 2;
	else if (mode == 2)
		a->screen->move(0, 0);
	if (mode == 2)
		clear(a, 0, 0, rows, columns);
	else if (mode == 0)
		clear(a, row + 1, 0, rows - row - 1, columns);
	else
		clear(a, 0, 0, row, columns);
	if (mode < 2)
		erase_line(a, row, column, columns, mode);
}

static unsigned minus(unsigned a, unsigned b)
{
	return a > b ? a - b : 0;
}

static void control_sequence(struct ansi *a, char final)
{
	unsigned row, column, rows, columns, n = max(a->params[0], 1u);

	if (final == 'm') {
		select_graphic_rendition(a);
		return;
	}
	if (final == 'h' || final == 'l') {
		if (a->private && a->params[0] == 25)
			a->screen->cursor(final == 'h');
		return;
	}
	a->screen->where(&row, &column);
	a->screen->size(&rows, &columns);
	switch (final) {
	case 'J':
		erase_display(a, row, column, rows, columns, min(a->params[0], 2u));
		return;
	case 'K':
		erase_line(a, row, column, columns, min(a->params[0], 2u));
		return;
	case 'H':
	case 'f':
		row = n - 1;
		column = max(a->params[1], 1u) - 1;
		break;
	case 'A':
		row = minus(row, n);
		break;
	case 'B':
		row += n;
		break;
	case 'C':
		column += n;
		break;
	case 'D':
		column = minus(column, n);
		break;
	case 'G':
		column = n - 1;
		break;
	default:
		return;
	}
	a->screen->move(min(row, rows - 1), min(column, columns - 1));
}

static void sequence_byte(struct ansi *a, char c)
{
	if (c == '?') {
		a->private = true;
	} else if (c >= '0' && c <= '9') {
		unsigned *p = &a->params[max(a->count, 1u) - 1];

		a->count = max(a->count, 1u);
		*p = min(*p * 10 + (unsigned)(c - '0'), PARAMETER_MAX);
	} else if (c == ';') {
		a->count = min(max(a->count, 1u) + 1, (unsigned)ARRAY_SIZE(a->params));
	} else if (c >= '@' || (uint8_t)c < ' ') {
		a->state = ANSI_TEXT;
		if (c >= '@')
			control_sequence(a, c);
	}
}

/* ---- Text ---- */

static void put(struct ansi *a, uint8_t c)
{
	if (c == '\n')
		a->screen->put('\r', &a->style);
	a->screen->put(c, &a->style);
}

/* The bytes of a sequence that turned out to be none. */
static void put_raw(struct ansi *a)
{
	unsigned have = a->have;

	a->missing = a->have = 0;
	for (unsigned i = 0; i < have; i++)
		put(a, a->bytes[i]);
}

static void utf8_byte(struct ansi *a, uint8_t c)
{
	if (a->missing && (c & 0xc0) != 0x80)
		put_raw(a);
	if (a->missing) {
		a->bytes[a->have++] = c;
		a->code_point = a->code_point << 6 | (c & 0x3f);
		if (--a->missing == 0) {
			a->have = 0;
			put(a, cp437(a->code_point));
		}
	} else if (c >= 0xc2 && c < 0xf5) {
		a->missing = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		a->code_point = c & (0x3fu >> a->missing);
		a->bytes[0] = c;
		a->have = 1;
	} else {
		put(a, c);
	}
}

static void ansi_byte(struct ansi *a, char c)
{
	switch (a->state) {
	case ANSI_TEXT:
		if (c == '\033')
			a->state = ANSI_ESCAPE;
		else
			utf8_byte(a, (uint8_t)c);
		break;
	case ANSI_ESCAPE:
		a->state = c == '[' ? ANSI_CSI : ANSI_TEXT;
		memset(a->params, 0, sizeof(a->params));
		a->count = 0;
		a->private = false;
		break;
	case ANSI_CSI:
		sequence_byte(a, c);
		break;
	}
}

void ansi_write(struct ansi *ansi, const char *text, size_t len)
{
	while (len--)
		ansi_byte(ansi, *text++);
}

uint8_t ansi_vga_attribute(const struct ansi_style *style)
{
	static const uint8_t vga_colour[8] = {0, 4, 2, 6, 1, 5, 3, 7};
	uint8_t foreground = style->foreground < 8 ? vga_colour[style->foreground] : 7;
	uint8_t background = style->background < 8 ? vga_colour[style->background] : 0;

	if (style->reverse) {
		uint8_t swap = foreground;

		foreground = background;
		background = swap;
	}
	return (uint8_t)(background << 4 | (style->bold ? 8 : 0) | foreground);
}
