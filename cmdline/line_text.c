/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of text with a cursor, and what keys do to it; how it is shown is its user's affair. */
#include "cmdline/line_text.h"
#include "lib/keys.h"
#include "lib/text.h"
#include "lib/utf8.h"

void line_text_set(struct line_text *t, const char *text)
{
	size_t len = strlen(text);

	if (len >= t->size)
		len = utf8_whole(text, t->size - 1);
	memmove(t->text, text, len);
	t->text[len] = 0;
	t->len = t->cursor = len;
	t->full = false;
	t->typed_len = 0;
}

void line_text_insert(struct line_text *t, const char *text, size_t len)
{
	if (len > t->size - 1 - t->len) {
		len = utf8_whole(text, t->size - 1 - t->len);
		t->full = true;
	}
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
	t->full = t->full && !count;
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

size_t line_text_column(const struct line_text *t, size_t from)
{
	size_t column = 0;

	for (size_t at = from; at < t->cursor; at += utf8_length(t->text + at))
		column++;
	return column;
}

size_t line_text_cell(const char *text, bool secret, char cell[5])
{
	uint32_t code_point;
	size_t len = utf8_decode(text, &code_point);

	/* A value may come from a server, with sequences that move the cursor. */
	if (secret || !utf8_is_one_column(code_point)) {
		memcpy(cell, secret ? "*" : "?", 2);
	} else {
		memcpy(cell, text, len);
		cell[len] = 0;
	}
	return len;
}

bool key_is_text(int key)
{
	return is_print(key) || (key >= 0x80 && key <= 0xff);
}

/* A byte of a character of several; what turns out to be none is dropped. */
static void type_byte(struct line_text *t, int key)
{
	bool first = utf8_sequence((uint8_t)key) > 0;

	if (first)
		t->typed_len = 0;
	else if (!t->typed_len)
		return;
	t->typed[t->typed_len++] = (char)key;
	t->typed[t->typed_len] = 0;
	if (t->typed_len < utf8_sequence((uint8_t)t->typed[0]))
		return;
	if (utf8_length(t->typed) == t->typed_len)
		line_text_insert(t, t->typed, t->typed_len);
	t->typed_len = 0;
}

bool line_text_key(struct line_text *t, int key)
{
	char c = (char)key;
	size_t n;

	if (key_is_text(key) && !is_print(key)) {
		type_byte(t, key);
		return true;
	}
	t->typed_len = 0;
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
		if (t->cursor)
			t->cursor -= utf8_length_before(t->text, t->cursor);
		break;
	case KEY_CTRL_F:
	case KEY_RIGHT:
		if (t->cursor < t->len)
			t->cursor += utf8_length(t->text + t->cursor);
		break;
	case KEY_BACKSPACE:
	case KEY_RUBOUT:
		if (t->cursor)
			line_text_cut(t, t->cursor, utf8_length_before(t->text, t->cursor));
		break;
	case KEY_CTRL_D:
	case KEY_DELETE:
		if (t->cursor < t->len) {
			n = utf8_length(t->text + t->cursor);
			line_text_cut(t, t->cursor + n, n);
		}
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
