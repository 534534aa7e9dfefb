/* SPDX-License-Identifier: BSD-2-Clause */
/* Full-screen text; see cmdline/tui.h. Colours are SGR's, positions CUP's (ECMA-48). */
#include "cmdline/tui.h"
#include "bios/console.h"
#include "lib/format.h"
#include "lib/text.h"
#include "lib/utf8.h"

#define TITLE_ROW 1
#define NONE	  (-1)

struct colour {
	uint8_t basic;
	int32_t rgb;
};
struct pair {
	uint8_t foreground, background;
};

static const struct pair default_pairs[TUI_PAIRS] = {
	[PAIR_DEFAULT] = {9, 9},   [PAIR_NORMAL] = {7, 4}, [PAIR_SELECT] = {7, 1},
	[PAIR_SEPARATOR] = {6, 4}, [PAIR_EDIT] = {0, 6},   [PAIR_ALERT] = {7, 1},
	[PAIR_URL] = {6, 4},	   [PAIR_PXE] = {0, 7},
};

static struct colour colours[TUI_COLOURS];
static struct pair pairs[TUI_PAIRS];
static bool colours_ready;
static unsigned rows = 24, columns = 80;

/* ---- Colours ---- */

void tui_colours_reset(void)
{
	for (unsigned i = 0; i < TUI_COLOURS; i++)
		colours[i] = (struct colour){i == TUI_COLOUR_SCREEN ? i : i & 7, NONE};
	memcpy(pairs, default_pairs, sizeof(pairs));
	colours_ready = true;
}

static void colours_need(void)
{
	if (!colours_ready)
		tui_colours_reset();
}

bool tui_colour_get(unsigned colour, unsigned *basic, int32_t *rgb)
{
	colours_need();
	if (colour >= TUI_COLOURS)
		return false;
	*basic = colours[colour].basic;
	*rgb = colours[colour].rgb;
	return true;
}

bool tui_colour(unsigned colour, unsigned basic, int32_t rgb)
{
	colours_need();
	if (colour >= TUI_COLOURS || (basic > 7 && basic != TUI_COLOUR_SCREEN))
		return false;
	colours[colour] = (struct colour){(uint8_t)basic, rgb};
	return true;
}

bool tui_pair_get(unsigned pair, unsigned *foreground, unsigned *background)
{
	colours_need();
	if (pair >= TUI_PAIRS)
		return false;
	*foreground = pairs[pair].foreground;
	*background = pairs[pair].background;
	return true;
}

bool tui_pair(unsigned pair, unsigned foreground, unsigned background)
{
	colours_need();
	if (pair >= TUI_PAIRS || foreground >= TUI_COLOURS || background >= TUI_COLOURS)
		return false;
	pairs[pair] = (struct pair){(uint8_t)foreground, (uint8_t)background};
	return true;
}

/* A picture is there to be seen: the blue that normally lies under a menu lets it through. */
static struct pair effective(enum tui_pair number)
{
	struct pair pair = pairs[number];

	if (console_has_picture() && pair.background == default_pairs[number].background &&
	    pair.background == 4)
		pair.background = TUI_COLOUR_SCREEN;
	return pair;
}

static void style(enum tui_pair number, bool bold)
{
	struct pair pair = effective(number);
	const struct colour *foreground = &colours[pair.foreground];
	const struct colour *background = &colours[pair.background];
	char text[32];
	size_t len = format(text, sizeof(text), "\033[0%s;3%u;4%um", bold ? ";1" : "",
			    foreground->basic, background->basic);

	console_write(text, len);
	console_colours(foreground->rgb, background->rgb);
}

/* ---- The screen ---- */

static void write_text(const char *text)
{
	console_write(text, strlen(text));
}

static void move(unsigned row, unsigned column)
{
	char text[24];

	format(text, sizeof(text), "\033[%u;%uH", row + 1, column + 1);
	write_text(text);
}

unsigned tui_rows(void)
{
	return rows;
}

unsigned tui_columns(void)
{
	return columns;
}

void tui_open(const char *title)
{
	unsigned width;

	colours_need();
	console_size(&rows, &columns);
	width = min((unsigned)utf8_count(title), columns - 2);
	write_text("\033[?25l");
	style(PAIR_NORMAL, false);
	write_text("\033[2J");
	tui_put(TITLE_ROW, (columns - width) / 2, width, PAIR_NORMAL, title, TUI_NO_MARK);
}

void tui_close(void)
{
	console_colours(NONE, NONE);
	write_text("\033[0m\033[2J\033[H\033[?25h");
}

/* ---- Text ---- */

/* One character; what would move the cursor is a blank (U+0080 to U+009F are C1, ECMA-48). */
static const char *put_character(const char *text)
{
	uint32_t c;
	size_t n = utf8_decode(text, &c);

	if (c < ' ' || (c >= 0x7f && c < 0xa0))
		write_text(" ");
	else
		console_write(text, n);
	return text + n;
}

/* The last cell of the screen stays empty: writing there scrolls some terminals. */
static unsigned room(unsigned row, unsigned column, unsigned width)
{
	unsigned end = row + 1 == rows ? columns - 1 : columns;

	return column < end ? min(width, end - column) : 0;
}

void tui_put(unsigned row, unsigned column, unsigned width, enum tui_pair pair, const char *text,
	     unsigned mark)
{
	bool title = row == TITLE_ROW;

	width = room(row, column, width);
	move(row, column);
	style(pair, title);
	for (unsigned i = 0; i < width; i++) {
		if (i == mark)
			write_text("\033[1;4;33m");
		if (*text)
			text = put_character(text);
		else
			write_text(" ");
		if (i == mark)
			style(pair, title);
	}
}

void tui_edit(unsigned row, unsigned column, unsigned width, const struct line_text *line,
	      bool secret, bool focused)
{
	unsigned cursor = (unsigned)line_text_column(line, 0), first;
	const char *p;

	width = room(row, column, width);
	if (!width)
		return;
	first = focused && cursor >= width ? cursor - width + 1 : 0;
	p = line->text + utf8_prefix(line->text, first);
	move(row, column);
	style(PAIR_EDIT, false);
	for (unsigned i = 0; i < width; i++) {
		char cell[5] = " ";

		if (*p)
			p += line_text_cell(p, secret, cell);
		write_text(cell);
	}
	if (focused) {
		move(row, column + cursor - first);
		tui_cursor(true);
	}
}

/* The code at the end stays readable when the sentence before it is too long. */
void tui_alert(const char *text)
{
	enum tui_pair pair = text ? PAIR_ALERT : PAIR_NORMAL;
	const char *code = text ? strstr(text, " (E-") : NULL;
	char end[24];
	unsigned width;

	tui_put(rows - 2, 0, columns, pair, text ? text : "", TUI_NO_MARK);
	if (!code || utf8_count(text) <= columns)
		return;
	width = (unsigned)format(end, sizeof(end), "...%s", code);
	if (width < min(columns, (unsigned)sizeof(end)))
		tui_put(rows - 2, columns - width, width, pair, end, TUI_NO_MARK);
}

void tui_hint(const char *text)
{
	tui_put(rows - 1, 1, columns, PAIR_NORMAL, text, TUI_NO_MARK);
}

void tui_cursor(bool on)
{
	write_text(on ? "\033[?25h" : "\033[?25l");
}

/* ---- Failures ---- */

static char failure[512];

void tui_failure(const char *command, const char *sentence, const char *code)
{
	format(failure, sizeof(failure), "%s%s%s%s%s%s", command, *command ? ": " : "", sentence,
	       *code ? " (" : "", code, *code ? ")" : "");
}

const char *tui_failure_text(void)
{
	return *failure ? failure : NULL;
}

void tui_failure_seen(void)
{
	failure[0] = 0;
}
