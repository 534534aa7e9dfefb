/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of text with a cursor, and what keys do to it; how it is shown is its user's affair. */
#include "cmdline/line_text.h"
#include "lib/keys.h"
#include "lib/text.h"

void line_text_set(struct line_text *t, const char *text)
{
	text_copy(t->text, t->size, text);
	t->len = t->cursor = strlen(t->text);
}

void line_text_insert(struct line_text *t, const char *text, size_t len)
{
	len = min(len, t->size - 1 - t->len);
	memmove(t->text + t->cursor + len, t->text + t->cursor, t->len - t->cursor + 1);
	memcpy(t->text + t->cursor, text, len);
	t->cursor += len;
	t->len += len;
}

void line_text_cut(struct line_text *t, size_t end, size_t count)
{
	memmove(t->text + end - count, t->text + end, t->len - end + 1);
	t->len -= count;
	t->cursor = end - count;
}

static size_t word_before(const struct line_text *t)
{
	size_t n = 0;

	while (n < t->cursor && is_space((uint8_t)t->text[t->cursor - n - 1]))
		n++;
	while (n < t->cursor && !is_space((uint8_t)t->text[t->cursor - n - 1]))
		n++;
	return n;
}

bool line_text_key(struct line_text *t, int key)
{
	char c = (char)key;

	switch (key) {
	case KEY_CTRL_A:
	case KEY_HOME:
		t->cursor = 0;
		break;
	case KEY_CTRL_E:
	case KEY_END:
		t->cursor = t->len;
		break;
	case KEY_CTRL_B:
	case KEY_LEFT:
		t->cursor -= t->cursor > 0;
		break;
	case KEY_CTRL_F:
	case KEY_RIGHT:
		t->cursor += t->cursor < t->len;
		break;
	case KEY_BACKSPACE:
	case KEY_RUBOUT:
		if (t->cursor)
			line_text_cut(t, t->cursor, 1);
		break;
	case KEY_CTRL_D:
	case KEY_DELETE:
		if (t->cursor < t->len)
			line_text_cut(t, t->cursor + 1, 1);
		break;
	case KEY_CTRL_K:
		line_text_cut(t, t->len, t->len - t->cursor);
		break;
	case KEY_CTRL_U:
		line_text_cut(t, t->cursor, t->cursor);
		break;
	case KEY_CTRL_W:
		line_text_cut(t, t->cursor, word_before(t));
		break;
	default:
		if (!is_print(key))
			return false;
		line_text_insert(t, &c, 1);
	}
	return true;
}
