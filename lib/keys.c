/* SPDX-License-Identifier: BSD-2-Clause */
/* Key sequences of terminals; see lib/keys.h. */
#include "lib/keys.h"
#include "lib/base.h"

#define PARAMETERS_MAX 16 /* bytes between CSI and its final byte */

static int letter_key(int c)
{
	static const struct {
		char letter;
		int key;
	} keys[] = {{'A', KEY_UP},     {'B', KEY_DOWN},	  {'C', KEY_RIGHT}, {'D', KEY_LEFT},
		    {'H', KEY_HOME},   {'F', KEY_END},	  {'P', KEY_F1},    {'Q', KEY_F1 + 1},
		    {'R', KEY_F1 + 2}, {'S', KEY_F1 + 3}, {'Z', KEY_UP}};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].letter == c)
			return keys[i].key;
	}
	return KEY_UNKNOWN;
}

/* VT220: ESC [ number ~; the function keys' numbers have gaps. */
static int number_key(unsigned number)
{
	static const int editing[] = {KEY_HOME,	   KEY_INSERT,	  KEY_DELETE, KEY_END,
				      KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME,   KEY_END};

	if (number >= 1 && number <= ARRAY_SIZE(editing))
		return editing[number - 1];
	if (number >= 11 && number <= 24 && number != 16 && number != 22)
		return KEY_F1 + (int)(number - 11) - (number > 16) - (number > 22);
	return KEY_UNKNOWN;
}

int key_after_escape(int (*next)(void))
{
	int c = next();
	unsigned number = 0, bytes = 0;
	bool first = true;

	if (c < 0 || c == KEY_ESC)
		return KEY_ESC;
	if (c == KEY_CTRL_C)
		return c;
	if (c != '[' && c != 'O')
		return KEY_UNKNOWN;
	/* Parameters: the first one counts; the second tells Shift, Ctrl and Alt. */
	while ((c = next()) >= ' ' && c < '@' && bytes++ < PARAMETERS_MAX) {
		if (c == ';')
			first = false;
		else if (first && c >= '0' && c <= '9')
			number = number * 10 + (unsigned)(c - '0');
		number = min(number, 1000u);
	}
	if (c < 0)
		return bytes ? KEY_UNKNOWN : KEY_ESC;
	if (c == KEY_CTRL_C)
		return c;
	return c == '~' ? number_key(number) : letter_key(c);
}
