/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor.
 *
 * Prompt and text are shown in one screen line, the text through a window that
 * moves when it is longer than that: then nothing depends on how a terminal
 * wraps. Only printing characters and backspace are sent, which the BIOS screen
 * and every terminal understand, and only for what changed. A character whose
 * width is not one column everywhere is shown as '?', so that columns can be
 * counted.
 */
#include "cmdline/interpreter.h"
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/boot_timer.h"
#include "cmdline/line_text.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"
#include "lib/utf8.h"
#include "netstack/net.h"

#define LINE_MAX   4096
#define COLUMNS	   79 /* the last one would wrap on some terminals */
#define SHOWN_MAX  (4 * COLUMNS)
#define WINDOW_MIN 20

struct editor {
	char text[LINE_MAX + 1];
	struct line_text line;
	bool secret;
	/* the screen */
	char prompt[SHOWN_MAX + 1];
	char shown[SHOWN_MAX + 1];
	size_t shown_cursor; /* a column */
	size_t first;	     /* text offset of the first shown character */
	/* history */
	struct history *history;
	unsigned place; /* history->count: the line being written */
	char *draft;	/* that line, while an older one is looked at */
	bool tabbed;	/* the last key was Tab */
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

/* Keep the cursor inside the window, moving by half of it; returns its column there. */
static size_t scroll(struct editor *e, size_t window)
{
	size_t column = line_text_column(&e->line, e->first);

	if (e->line.cursor >= e->first && column <= window)
		return column;
	e->first = e->line.cursor;
	for (column = 0; e->first && column < window / 2; column++)
		e->first -= utf8_length_before(e->text, e->first);
	return column;
}

/* Prompt and window as they ought to be shown, SHOWN_MAX bytes at most; returns the column of the
 * cursor. */
static size_t compose(struct editor *e, char *out)
{
	size_t prompt = utf8_count(e->prompt), window = COLUMNS - prompt;
	size_t cursor = scroll(e, window);
	const char *p = e->text + e->first;

	out += format(out, SHOWN_MAX, "%s", e->prompt);
	for (size_t i = 0; *p && i < window; i++) {
		char cell[5];

		p += line_text_cell(p, e->secret, cell);
		out += format(out, sizeof(cell), "%s", cell);
	}
	return prompt + cursor;
}

/* Move the screen's cursor to column @to, inside what is shown. */
static void move_to(struct editor *e, size_t to)
{
	size_t from = utf8_prefix(e->shown, e->shown_cursor);

	if (to < e->shown_cursor)
		back(e->shown_cursor - to);
	else
		console_write(e->shown + from, utf8_prefix(e->shown, to) - from);
	e->shown_cursor = to;
}

/* Length of the characters that both @a and @b begin with. */
static size_t same_length(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return utf8_whole(a, n);
}

static void render(struct editor *e)
{
	char fresh[SHOWN_MAX + 1];
	size_t cursor = compose(e, fresh), same = same_length(fresh, e->shown);
	size_t columns = utf8_count(fresh), old = utf8_count(e->shown);

	if (fresh[same] || e->shown[same]) {
		move_to(e, columns - utf8_count(fresh + same));
		console_write(fresh + same, strlen(fresh + same));
		for (size_t i = columns; i < old; i++)
			console_write(" ", 1);
		back(old > columns ? old - columns : 0);
		memcpy(e->shown, fresh, sizeof(fresh));
		e->shown_cursor = columns;
	}
	move_to(e, cursor);
}

/* Other text came onto the screen, which stands at the beginning of a line. */
static void render_anew(struct editor *e)
{
	e->shown[0] = 0;
	e->shown_cursor = 0;
	render(e);
}

/* ---- History ---- */

static void go_to(struct editor *e, unsigned place)
{
	if (e->place == e->history->count) {
		heap_free(e->draft);
		e->draft = text_dup(e->text);
	}
	e->place = place;
	if (place < e->history->count)
		line_text_set(&e->line, e->history->line[place]);
	else
		line_text_set(&e->line, e->draft ? e->draft : "");
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

/* ---- Search: Ctrl-R, then a part of an earlier line ---- */

#define PART_MAX 40

/* Show the newest line before @before that holds @part. */
static void search_show(struct editor *e, const char *part, unsigned before)
{
	unsigned found = *part ? history_find(e->history, part, before) : e->place;

	format(e->prompt, sizeof(e->prompt),
	       "(%ssearch) %s: ", found == HISTORY_NONE ? "failed " : "", part);
	if (found != HISTORY_NONE && found != e->place) {
		go_to(e, found);
		e->first = 0;
	}
	render(e);
}

/* Until a key that is not for the search: that key, or an error. */
static int search_keys(struct editor *e, uint64_t deadline)
{
	char part[PART_MAX + 1] = "";
	struct line_text text = {.text = part, .size = sizeof(part)};
	unsigned before = e->history->count;
	int key = 0;

	for (;;) {
		search_show(e, part, before);
		key = key_wait(deadline);
		if (key == KEY_CTRL_R) {
			if (*part && history_find(e->history, part, e->place) != HISTORY_NONE)
				before = e->place;
		} else if (key == KEY_BACKSPACE || key == KEY_RUBOUT) {
			line_text_key(&text, key);
			before = e->history->count;
		} else if (key_is_text(key)) {
			line_text_key(&text, key);
		} else {
			return key;
		}
	}
}

static int search(struct editor *e, uint64_t deadline)
{
	char prompt[sizeof(e->prompt)];
	unsigned place = e->place;
	int key;

	memcpy(prompt, e->prompt, sizeof(prompt));
	key = search_keys(e, deadline);
	memcpy(e->prompt, prompt, sizeof(prompt));
	if (key == KEY_ESC || key == KEY_CTRL_G) {
		go_to(e, place);
		key = 0;
	}
	return key;
}

/* ---- Completion ---- */

#define LIST_COLUMNS 78

static void list(const struct completions *c)
{
	size_t width = 0;
	unsigned in_row, column = 0;

	for (unsigned i = 0; i < c->count; i++)
		width = max(width, utf8_count(c->word[i]) + 2);
	in_row = (unsigned)max((size_t)LIST_COLUMNS / max(width, (size_t)1), (size_t)1);
	print("\n");
	pager_start();
	for (unsigned i = 0; i < c->count; i++) {
		bool last = ++column % in_row == 0 || i + 1 == c->count;

		print("%s%*s", c->word[i], last ? 0 : (int)(width - utf8_count(c->word[i])),
		      last ? "\n" : "");
	}
	pager_stop();
}

/* What all words begin with. */
static size_t common_length(const struct completions *c)
{
	size_t n = strlen(c->word[0]);

	for (unsigned i = 1; i < c->count; i++) {
		n = min(n, same_length(c->word[0], c->word[i]));
	}
	return n;
}

static void complete_here(struct editor *e)
{
	struct completions c;
	size_t typed, common;

	complete(e->text, e->line.cursor, &c);
	typed = e->line.cursor - c.start;
	common = c.count ? common_length(&c) : 0;
	/* More than there is, or the same with quotes. */
	if (common > typed || (common && memcmp(c.word[0], e->text + c.start, common) != 0)) {
		line_text_cut(&e->line, e->line.cursor, typed);
		line_text_insert(&e->line, c.word[0], common);
	} else if (c.count > 1 && e->tabbed) {
		list(&c);
		render_anew(e);
	} else {
		console_write("\a", 1);
	}
	completions_free(&c);
}

/* ---- Keys ---- */

static void edit(struct editor *e, int key)
{
	bool tab = key == KEY_TAB && e->history;

	if (tab)
		complete_here(e);
	else if (key == KEY_CTRL_P || key == KEY_UP)
		older(e);
	else if (key == KEY_CTRL_N || key == KEY_DOWN)
		newer(e);
	else
		line_text_key(&e->line, key);
	e->tabbed = tab;
}

static int edit_line(struct editor *e, uint64_t deadline)
{
	for (;;) {
		int key;

		if (!console_typed_ahead())
			render(e);
		key = key_wait(deadline);
		if (key == KEY_CTRL_R && e->history)
			key = search(e, deadline);
		if (key < 0)
			return key;
		if (key != KEY_ENTER && key != '\n') {
			edit(e, key);
			continue;
		}
		render(e);
		if (!e->line.full)
			return 0;
		print("\nThe line is full (%u characters), and what came behind it is lost: "
		      "shorten it, or Ctrl-C\n",
		      LINE_MAX);
		render_anew(e);
	}
}

char *line_edit(const char *prompt, const char *initial, bool secret, struct history *history,
		uint64_t deadline, int *rc)
{
	struct editor *e = heap_zalloc(sizeof(*e));
	char *line = NULL;

	if (!e) {
		*rc = fail(E_NO_MEMORY, "no memory to edit a line");
		return NULL;
	}
	e->line = (struct line_text){.text = e->text, .size = sizeof(e->text)};
	e->secret = secret;
	e->history = history;
	e->place = history ? history->count : 0;
	line_text_set(&e->line, initial ? initial : "");
	/* A long prompt gets lines of its own. */
	if (strlen(prompt) < SHOWN_MAX && utf8_count(prompt) + WINDOW_MIN < COLUMNS)
		text_copy(e->prompt, sizeof(e->prompt), prompt);
	else
		print("%s\n", prompt);
	*rc = edit_line(e, deadline);
	console_write("\n", 1); /* as the line: not for the log */
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
