/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and text, whichever devices carry them (BIOS screen and keyboard, UART). */
#ifndef BIOS_CONSOLE_H
#define BIOS_CONSOLE_H

#include "lib/base.h"

enum {
	KEY_CTRL_B = 0x02,
	KEY_CTRL_C = 0x03,
	KEY_BACKSPACE = 0x08,
	KEY_TAB = 0x09,
	KEY_ENTER = 0x0d,
	KEY_ESC = 0x1b,
	KEY_UP = 0x101,
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT,
	KEY_END,
	KEY_HOME,
	KEY_DELETE,
	KEY_INSERT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_F1 = 0x110, /* KEY_F1 + n for F(n+1), up to F12 */
};

/** Next key without waiting: ASCII, or KEY_…; -1 when none. */
int console_key(void);
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

#endif
