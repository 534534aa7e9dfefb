/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor.
 *
 * The text is shown in one screen line, through a window that moves when the
 * text is longer than that: then nothing depends on how a terminal wraps. Only
 * printing characters and backspace are sent, which the BIOS screen and every
 * terminal understand, and only for what changed.
 */
#include "cmdline/interpreter.h"
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/boot_timer.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "netstack/net.h"

#define LINE_MAX   4096
#define COLUMNS	   79 /* the last one would wrap on some terminals */
#define WINDOW_MIN 20

enum {
	CTRL_A = 1,
	CTRL_D = 4,
	CTRL_E = 5,
	CTRL_F = 6,
	CTRL_K = 11,
	CTRL_N = 14,
	CTRL_P = 16,
	CTRL_U = 21,
	CTRL_W = 23,
	DELETE_CHARACTER = 127,
};

struct editor {
	char text[LINE_MAX + 1];
	size_t len, cursor;
	bool secret;
	/* the screen */
	char shown[COLUMNS + 1];
	size_t shown_cursor;
	size_t window; /* width */
	size_t first;  /* text offset of the first shown character */
	/* history */
	struct history *history;
	unsigned place; /* history->count: the line being written */
	char *draft;	/* that line, while an older one is looked at */
};

int key_wait(uint64_t deadline)
{
	int key = console_key();
	int rc = 0;

	while (key < 0 && !rc) {
		rc = wait_turn(deadline);
		if (!rc)
			key = console_key();
	}
	if (rc)
		return rc;
	boot_timer_stop();
	return key == KEY_CTRL_C ? E_CANCELLED : key;
}

/* ---- The screen ---- */

static void back(size_t count)
{
	while (count--)
		console_write("\b", 1);
}

/* Keep the cursor inside the window, moving by half of it. */
static void scroll(struct editor *e)
{
	if (e->cursor < e->first)
		e->first = e->cursor > e->window / 2 ? e->cursor - e->window / 2 : 0;
	if (e->cursor > e->first + e->window)
		e->first = e->cursor - e->window / 2;
}

static void window_text(const struct editor *e, char *out)
{
	size_t n = min(e->len - e->first, e->window);

	if (e->secret)
		memset(out, '*', n);
	else
		memcpy(out, e->text + e->first, n);
	out[n] = 0;
}

/* Move the screen's cursor to column @to of the window, inside what is shown. */
static void move_to(struct editor *e, size_t to)
{
	if (to < e->shown_cursor)
		back(e->shown_cursor - to);
	else
		console_write(e->shown + e->shown_cursor, to - e->shown_cursor);
	e->shown_cursor = to;
}

static void render(struct editor *e)
{
	char fresh[COLUMNS + 1];
	size_t same = 0, len, old = strlen(e->shown);

	scroll(e);
	window_text(e, fresh);
	len = strlen(fresh);
	while (fresh[same] && fresh[same] == e->shown[same])
		same++;
	if (same < len || same < old) {
		move_to(e, same);
		console_write(fresh + same, len - same);
		for (size_t i = len; i < old; i++)
			console_write(" ", 1);
		back(old > len ? old - len : 0);
		memcpy(e->shown, fresh, sizeof(fresh));
		e->shown_cursor = len;
	}
	move_to(e, e->cursor - e->first);
}

/* ---- The text ---- */

static void insert(struct editor *e, char c)
{
	if (e->len == LINE_MAX)
		return;
	memmove(e->text + e->cursor + 1, e->text + e->cursor, e->len - e->cursor);
	e->text[e->cursor++] = c;
	e->text[++e->len] = 0;
}

/* Remove @count characters in front of offset @end and put the cursor there. */
static void cut(struct editor *e, size_t end, size_t count)
{
	memmove(e->text + end - count, e->text + end, e->len - end + 1);
	e->len -= count;
	e->cursor = end - count;
}

static void set_text(struct editor *e, const char *text)
{
	text_copy(e->text, sizeof(e->text), text);
	e->len = e->cursor = strlen(e->text);
}

static size_t word_before(const struct editor *e)
{
	size_t n = 0;

	while (n < e->cursor && is_space((uint8_t)e->text[e->cursor - n - 1]))
		n++;
	while (n < e->cursor && !is_space((uint8_t)e->text[e->cursor - n - 1]))
		n++;
	return n;
}

/* ---- History ---- */

void history_add(struct history *history, const char *line)
{
	char *copy;

	if (!*line || (history->count && !strcmp(history->line[history->count - 1], line)))
		return;
	copy = text_dup(line);
	if (!copy)
		return;
	if (history->count == HISTORY_MAX) {
		heap_free(history->line[0]);
		history->count--;
		memmove(history->line, history->line + 1, history->count * sizeof(char *));
	}
	history->line[history->count++] = copy;
}

void history_clear(struct history *history)
{
	while (history->count)
		heap_free(history->line[--history->count]);
}

static void go_to(struct editor *e, unsigned place)
{
	if (e->place == e->history->count) {
		heap_free(e->draft);
		e->draft = text_dup(e->text);
	}
	e->place = place;
	if (place < e->history->count)
		set_text(e, e->history->line[place]);
	else
		set_text(e, e->draft ? e->draft : "");
}

static void older(struct editor *e)
{
	if (e->history && e->place)
		go_to(e, e->place - 1);
}

static void newer(struct editor *e)
{
	if (e->history && e->place < e->history->count)
		go_to(e, e->place + 1);
}

/* ---- Keys ---- */

static void edit(struct editor *e, int key)
{
	switch (key) {
	case CTRL_A:
	case KEY_HOME:
		e->cursor = 0;
		break;
	case CTRL_E:
	case KEY_END:
		e->cursor = e->len;
		break;
	case KEY_CTRL_B:
	case KEY_LEFT:
		e->cursor -= e->cursor > 0;
		break;
	case CTRL_F:
	case KEY_RIGHT:
		e->cursor += e->cursor < e->len;
		break;
	case KEY_BACKSPACE:
	case DELETE_CHARACTER:
		if (e->cursor)
			cut(e, e->cursor, 1);
		break;
	case CTRL_D:
	case KEY_DELETE:
		if (e->cursor < e->len)
			cut(e, e->cursor + 1, 1);
		break;
	case CTRL_K:
		cut(e, e->len, e->len - e->cursor);
		break;
	case CTRL_U:
		cut(e, e->cursor, e->cursor);
		break;
	case CTRL_W:
		cut(e, e->cursor, word_before(e));
		break;
	case CTRL_P:
	case KEY_UP:
		older(e);
		break;
	case CTRL_N:
	case KEY_DOWN:
		newer(e);
		break;
	default:
		if (is_print(key))
			insert(e, (char)key);
	}
}

static int edit_line(struct editor *e, uint64_t deadline)
{
	for (;;) {
		int key;

		render(e);
		key = key_wait(deadline);
		if (key < 0)
			return key;
		if (key == KEY_ENTER || key == '\n')
			return 0;
		edit(e, key);
	}
}

char *line_edit(const char *prompt, const char *initial, bool secret, struct history *history,
		uint64_t deadline, int *rc)
{
	struct editor *e = heap_zalloc(sizeof(*e));
	size_t taken = strlen(prompt);
	char *line = NULL;

	if (!e) {
		*rc = fail(E_NO_MEMORY, "no memory to edit a line");
		return NULL;
	}
	e->window = taken + WINDOW_MIN < COLUMNS ? COLUMNS - taken : WINDOW_MIN;
	e->secret = secret;
	e->history = history;
	e->place = history ? history->count : 0;
	set_text(e, initial ? initial : "");
	print("%s", prompt);
	*rc = edit_line(e, deadline);
	print("\n");
	if (!*rc) {
		line = text_dup(e->text);
		if (!line)
			*rc = fail(E_NO_MEMORY, "no memory for the line");
	}
	if (secret)
		memset(e->text, 0, sizeof(e->text));
	heap_free(e->draft);
	heap_free(e);
	return line;
}

char *line_read(const char *prompt, const char *initial, bool secret)
{
	int rc;
	char *line = line_edit(prompt, initial, secret, NULL, DEADLINE_NEVER, &rc);

	if (rc == E_CANCELLED)
		fail(rc, "cancelled from the keyboard");
	return line;
}
