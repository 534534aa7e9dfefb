/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and text, whichever devices carry them (BIOS screen and keyboard, UART). */
#ifndef BIOS_CONSOLE_H
#define BIOS_CONSOLE_H

#include "lib/base.h"
#include "lib/keys.h"

/** Next key without waiting: ASCII, or KEY_…; -1 when none. */
int console_key(void);
/** Would console_key() find one at once? What is pasted comes faster than it can be shown. */
bool console_typed_ahead(void);
/**
 * Was Ctrl-C pressed? Looks at most every 20 ms, keeps other keys for
 * console_key(), and clears the mark.
 */
bool console_break(void);
/** While true console_break() says no: inside a guest's disk call. */
void console_ignore_break(bool ignore);
/**
 * While true, text is kept (a kilobyte of it) instead of shown: we were
 * entered by an interrupt and the guest may be inside the BIOS' screen service.
 * It appears with the next text that is written undeferred, or on console_flush().
 */
void console_defer(bool defer);
void console_flush(void);
void console_write(const char *text, size_t len);

/** Rows and columns that a full-screen display may use on all devices at once. */
void console_size(unsigned *rows, unsigned *columns);

/* ---- A picture behind the text (VESA BIOS Extension 2.0) ---- */

struct picture;
struct console_graphics {
	unsigned width, height; /* at least so many pixels */
	unsigned depth;		/* at least so many bits a pixel; 0: as many as there are */
	unsigned left, right, top, bottom; /* pixels without text on each side */
	const struct picture *picture;	   /* copied; NULL: none */
};
/** Show text as pixels in the smallest mode that fits. An error after fail() leaves the screen in
 * text mode. */
int console_graphics(const struct console_graphics *graphics);
/** Back to text mode, when in another; every way out of the firmware does it. */
void console_text_mode(void);
/** Another program had the screen: back to text mode when it left another. */
void console_guest_left(void);
/** Is a picture shown behind the text? */
bool console_has_picture(void);
/** Exact colours for what is written from here on, where a screen can show them: 0xRRGGBB, or
 * negative: those that the text itself asks for. */
void console_colours(int32_t foreground, int32_t background);

#endif
