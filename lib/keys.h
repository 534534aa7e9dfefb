/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys as numbers, and how a terminal sends those that are no characters (ECMA-48, VT100, VT220).
 */
#ifndef LIB_KEYS_H
#define LIB_KEYS_H

enum {
	KEY_CTRL_A = 0x01,
	KEY_CTRL_B = 0x02,
	KEY_CTRL_C = 0x03,
	KEY_CTRL_D = 0x04,
	KEY_CTRL_E = 0x05,
	KEY_CTRL_F = 0x06,
	KEY_CTRL_G = 0x07,
	KEY_BACKSPACE = 0x08,
	KEY_TAB = 0x09,
	KEY_CTRL_K = 0x0b,
	KEY_CTRL_L = 0x0c,
	KEY_ENTER = 0x0d,
	KEY_CTRL_N = 0x0e,
	KEY_CTRL_P = 0x10,
	KEY_CTRL_R = 0x12,
	KEY_CTRL_U = 0x15,
	KEY_CTRL_W = 0x17,
	KEY_CTRL_X = 0x18,
	KEY_ESC = 0x1b,
	KEY_RUBOUT = 0x7f,
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
	KEY_F1 = 0x110,	     /* KEY_F1 + n for F(n+1), up to F12 */
	KEY_UNKNOWN = 0x1ff, /* a key that has no meaning here; nobody acts on it */
};

/**
 * What was pressed, after an ESC came in: @next gives the bytes behind it, or
 * -1 when none comes in time. A sequence that is not known is KEY_UNKNOWN, and
 * not an ESC that would cancel something.
 */
int key_after_escape(int (*next)(void));

#endif
