/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text with control sequences (ECMA-48) for a screen of character cells. The
 * sequences are those that scripts and menus use: CUP, HVP, CUU, CUD, CUF, CUB,
 * CHA, ED, EL, SGR, and the cursor switched on and off (DEC mode 25).
 *
 * Text is UTF-8; the screen gets characters of code page 437, which is what
 * the fonts in video ROMs hold. A byte that is no UTF-8 goes through as it is.
 */
#ifndef LIB_ANSI_H
#define LIB_ANSI_H

#include "lib/base.h"

#define ANSI_DEFAULT 9 /* a colour: whatever the screen takes when none is asked for */

struct ansi_style {
	uint8_t foreground, background; /* 0 to 7 in ANSI's order, or ANSI_DEFAULT */
	bool bold, reverse;
};

/** Colours as an adapter in text mode takes them. */
uint8_t ansi_vga_attribute(const struct ansi_style *style);

/** What a screen does. Rows and columns count from 0; those given are inside the screen. */
struct ansi_screen {
	void (*size)(unsigned *rows, unsigned *columns);
	void (*where)(unsigned *row, unsigned *column);
	void (*move)(unsigned row, unsigned column);
	/** Show @c in @style at the cursor and move on; also BS, LF, CR and BEL. */
	void (*put)(uint8_t c, const struct ansi_style *style);
	/** Clear @rows rows of @columns cells from a cell on; neither is 0. */
	void (*clear)(unsigned row, unsigned column, unsigned rows, unsigned columns,
		      const struct ansi_style *style);
	void (*cursor)(bool on);
};

struct ansi {
	const struct ansi_screen *screen;
	enum { ANSI_TEXT, ANSI_ESCAPE, ANSI_CSI } state;
	struct ansi_style style;
	unsigned params[8];
	unsigned count;
	bool private;
	uint32_t code_point; /* of an unfinished UTF-8 sequence … */
	unsigned missing;    /* … that lacks these bytes … */
	uint8_t bytes[4];    /* … and has those */
	unsigned have;
};

#define ANSI_INIT(s)                                                                               \
	{                                                                                          \
		.screen = (s), .style = {.foreground = ANSI_DEFAULT, .background = ANSI_DEFAULT }  \
	}

/** Write text to @ansi's screen. */
void ansi_write(struct ansi *ansi, const char *text, size_t len);

/** The character of code page 437 for @code_point, or one that looks like it, or '?'. */
uint8_t cp437(uint32_t code_point);
/** What character @c of code page 437 is. */
uint32_t cp437_code_point(uint8_t c);

#endif
