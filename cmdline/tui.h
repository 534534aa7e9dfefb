/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Full-screen text: what menus, forms and the settings editor are made of.
 *
 * Everything is written as control sequences that a VT100 of 80 × 24 and the
 * BIOS screen understand, and without colours it can still be told what is
 * selected. The screen is the user's only between tui_open() and tui_close().
 */
#ifndef CMDLINE_TUI_H
#define CMDLINE_TUI_H

#include "cmdline/line_text.h"
#include "lib/base.h"

/** Pairs of colours, numbered as `cpair` does. */
enum tui_pair {
	PAIR_DEFAULT,
	PAIR_NORMAL,
	PAIR_SELECT,
	PAIR_SEPARATOR,
	PAIR_EDIT,
	PAIR_ALERT,
	PAIR_URL,
	PAIR_PXE,
	TUI_PAIRS
};

#define TUI_COLOURS	  16 /* 0 to 7, 9 (the screen's own), and others for the user */
#define TUI_COLOUR_SCREEN 9

/** Redefine a colour: @basic 0 to 7 or 9, @rgb 0xRRGGBB or negative for none. False: no such
 * colour. */
bool tui_colour(unsigned colour, unsigned basic, int32_t rgb);
/** What @colour is now; false: no such colour. */
bool tui_colour_get(unsigned colour, unsigned *basic, int32_t *rgb);
/** Redefine a pair; false: no such pair or colour. */
bool tui_pair(unsigned pair, unsigned foreground, unsigned background);
bool tui_pair_get(unsigned pair, unsigned *foreground, unsigned *background);
/** Colours and pairs as at start. */
void tui_colours_reset(void);

/** Clear the screen and show @title on row 1. */
void tui_open(const char *title);
/** Leave a clean screen with the cursor at its top. */
void tui_close(void);
unsigned tui_rows(void);
unsigned tui_columns(void);

#define TUI_NO_MARK UINT32_MAX
/** Write @text (UTF-8) at @row, @column, cut or filled up to @width columns; the character in
 * column @mark of it is shown as a hot key. */
void tui_put(unsigned row, unsigned column, unsigned width, enum tui_pair pair, const char *text,
	     unsigned mark);
/** Show a line that is edited, with the cursor in it, in @width columns. */
void tui_edit(unsigned row, unsigned column, unsigned width, const struct line_text *line,
	      bool secret, bool focused);

void tui_cursor(bool on);

/** The row above the last one: what went wrong; NULL: nothing. */
void tui_alert(const char *text);
/** The last row: which keys there are, or what is being searched. */
void tui_hint(const char *text);

/** What failed last, for the next full-screen display; see report_failure(). */
void tui_failure(const char *command, const char *sentence, const char *code);
/** That, or NULL when none did since tui_failure_seen(). */
const char *tui_failure_text(void);
void tui_failure_seen(void);

/* ---- A list of lines, of which one is selected ---- */

struct tui_list {
	unsigned count;
	unsigned selected;
	unsigned first; /* the first that is shown */
	unsigned top;	/* its row on the screen */
	unsigned rows;	/* that many are shown */
	bool (*selectable)(void *ctx, unsigned index);
	void (*draw)(void *ctx, unsigned index, unsigned row, bool selected);
	void *ctx;
	/* what is on the screen */
	unsigned drawn_first, drawn_selected;
	bool drawn;
};

/** Use the rows between title and alert, and select the first line that can be. */
void tui_list_open(struct tui_list *list);
/** Select @index and bring it into view. */
void tui_list_select(struct tui_list *list, unsigned index);
/** Do what @key means in a list (arrows, pages, ends, Tab); false when it means nothing. */
bool tui_list_key(struct tui_list *list, int key);
/** Draw what changed. */
void tui_list_draw(struct tui_list *list);

#endif
