/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing from a menu.
 *
 * A key that is pressed stops the countdown, which goes on after half a minute
 * without keys: somebody who touched the keyboard and left must not leave a
 * machine behind that waits for ever.
 */
#include "cmdline/menu.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/keys.h"
#include "lib/text.h"
#include "netstack/net.h"

#define TEXT_MAX   256
#define SEARCH_MAX 40
#define RESUME_MS  30000
#define TEXT_LEFT  3 /* column of an item's text */

struct chooser {
	const struct menu_item **items;
	struct tui_list list;
	const struct choose_options *options;
	uint64_t end;	 /* when the selected item is taken; 0: not counting */
	uint64_t resume; /* when counting goes on; 0: not */
	bool timer_shown;
	char search[SEARCH_MAX + 1];
	struct line_text search_line;
};

/* ---- Items ---- */

static bool selectable(void *ctx, unsigned index)
{
	struct chooser *c = ctx;

	return c->items[index]->name;
}

static void draw_item(void *ctx, unsigned index, unsigned row, bool selected)
{
	struct chooser *c = ctx;
	const struct menu_item *item = c->items[index];
	enum tui_pair pair = selected ? PAIR_SELECT : item->name ? PAIR_NORMAL : PAIR_SEPARATOR;
	char text[TEXT_MAX];
	unsigned mark;
	int key;

	menu_item_text(item, text, sizeof(text), &key, &mark);
	tui_put(row, 0, TEXT_LEFT, pair, selected ? " >" : "", TUI_NO_MARK);
	tui_put(row, TEXT_LEFT, tui_columns() - TEXT_LEFT, pair, text, mark);
}

static void select_initial(struct chooser *c)
{
	const char *name = c->options->initial;

	for (unsigned i = 0; i < c->list.count; i++) {
		const struct menu_item *item = c->items[i];

		if (item->name && (name ? !strcmp(item->name, name) : item->initial)) {
			tui_list_select(&c->list, i);
			return;
		}
	}
	tui_list_select(&c->list, c->list.selected);
}

/* ---- Time ---- */

static unsigned seconds_left(const struct chooser *c)
{
	uint64_t now = clock_ms();

	return c->end > now ? (unsigned)((c->end - now + 999) / 1000) : 0;
}

/* At the end of the selected line, whose text is there again when the time is not. */
static void draw_timer(struct chooser *c)
{
	unsigned row = c->list.top + c->list.selected - c->list.first;
	char text[24];
	size_t width;

	if (c->end || c->timer_shown)
		draw_item(c, c->list.selected, row, true);
	c->timer_shown = c->end;
	if (!c->end)
		return;
	width = format(text, sizeof(text), " (%u)", seconds_left(c));
	tui_put(row, tui_columns() - (unsigned)width, (unsigned)width, PAIR_SELECT, text,
		TUI_NO_MARK);
}

static void key_pressed(struct chooser *c)
{
	uint64_t now = clock_ms();

	c->end = c->resume = 0;
	if (c->options->restart)
		c->end = c->options->restart_ms ? now + c->options->restart_ms : 0;
	else if (c->options->timeout_ms)
		c->resume = now + RESUME_MS;
}

/* When to look at the clock again. */
static uint64_t next_look(const struct chooser *c)
{
	unsigned seconds = seconds_left(c);

	if (c->end) /* which may have come while the screen was drawn */
		return seconds ? c->end - (uint64_t)(seconds - 1) * 1000 : c->end;
	return c->resume ? c->resume : DEADLINE_NEVER;
}

/* True when the time is over. */
static bool time_passed(struct chooser *c)
{
	uint64_t now = clock_ms();

	if (c->resume && now >= c->resume) {
		c->resume = 0;
		c->end = now + c->options->timeout_ms;
	}
	return c->end && now >= c->end;
}

/* ---- Keys ---- */

/* Does @key mean item @index: its shortcut exactly, or its hot key in either case? */
static bool means(const struct chooser *c, unsigned index, int key)
{
	char text[TEXT_MAX];
	unsigned mark;
	int hot;

	if (c->items[index]->key)
		return c->items[index]->key == key;
	menu_item_text(c->items[index], text, sizeof(text), &hot, &mark);
	return hot && key < 0x100 && to_lower(hot) == to_lower(key);
}

/* Go to the next item that @key means; one below a heading that it means. True when it is to be
 * taken. */
static bool shortcut(struct chooser *c, int key, bool *known)
{
	*known = false;
	for (unsigned n = 1; n <= c->list.count && !*known; n++) {
		unsigned i = (c->list.selected + n) % c->list.count;

		if (!means(c, i, key))
			continue;
		*known = true;
		if (selectable(c, i)) {
			tui_list_select(&c->list, i);
			return true;
		}
		while (i < c->list.count && !selectable(c, i))
			i++;
		if (i < c->list.count)
			tui_list_select(&c->list, i);
	}
	return false;
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++) {
		if (text_starts_nocase(text, part))
			return true;
	}
	return false;
}

static void draw_search(const struct chooser *c)
{
	char text[SEARCH_MAX + 16];

	format(text, sizeof(text), "%s%s", *c->search ? "Search: " : "", c->search);
	tui_hint(text);
}

/* Select the first item from @from on whose text contains what was typed; false: none. */
static bool search_from(struct chooser *c, unsigned from)
{
	for (unsigned n = 0; n < c->list.count; n++) {
		unsigned i = (from + n) % c->list.count, mark;
		char text[TEXT_MAX];
		int key;

		menu_item_text(c->items[i], text, sizeof(text), &key, &mark);
		if (selectable(c, i) && contains(text, c->search)) {
			tui_list_select(&c->list, i);
			return true;
		}
	}
	return false;
}

static void search_clear(struct chooser *c)
{
	if (*c->search) {
		line_text_set(&c->search_line, "");
		draw_search(c);
	}
}

static void search_key(struct chooser *c, int key)
{
	line_text_key(&c->search_line, key);
	/* A character that leads nowhere is not kept. */
	if (*c->search && !search_from(c, c->list.selected))
		line_text_key(&c->search_line, KEY_BACKSPACE);
	draw_search(c);
}

/* 1: take the selected item; 0: go on; or an error. */
static int act(struct chooser *c, int key)
{
	bool known = false;

	if (key == KEY_ESC && *c->search) {
		search_clear(c);
		return 0;
	}
	if (key == KEY_ESC)
		return E_CANCELLED;
	if (key == KEY_ENTER || key == '\n')
		return 1;
	if (!*c->search && shortcut(c, key, &known))
		return 1;
	if (known)
		return 0;
	if (tui_list_key(&c->list, key))
		search_clear(c);
	else if (key_is_text(key) || (*c->search && (key == KEY_BACKSPACE || key == KEY_RUBOUT)))
		search_key(c, key);
	return 0;
}

static int choose_loop(struct chooser *c)
{
	int rc = 0;

	while (!rc) {
		int key;

		tui_list_draw(&c->list);
		draw_timer(c);
		key = key_wait(next_look(c));
		if (key == E_TIMEOUT) {
			rc = time_passed(c) ? 1 : 0;
		} else if (key < 0) {
			rc = key;
		} else {
			key_pressed(c);
			rc = act(c, key);
		}
	}
	return rc < 0 ? rc : 0;
}

/* ---- The whole ---- */

static int collect(const struct menu *menu, struct chooser *c)
{
	struct menu_item *item;
	unsigned count = 0, names = 0;

	list_for_each(item, &menu->items, link) {
		count++;
		names += item->name != NULL;
	}
	if (!names)
		return fail(E_MENU_EMPTY, "the menu has no item to choose");
	c->items = heap_alloc(count * sizeof(*c->items));
	if (!c->items)
		return fail(E_NO_MEMORY, "no memory to show a menu of %u items", count);
	list_for_each(item, &menu->items, link)
		c->items[c->list.count++] = item;
	return 0;
}

int menu_choose(const struct menu *menu, const struct choose_options *options,
		const struct menu_item **chosen)
{
	struct chooser c = {
		.options = options,
		.list = {.selectable = selectable, .draw = draw_item},
		.search_line = {.size = SEARCH_MAX + 1},
	};
	int rc = collect(menu, &c);

	if (rc)
		return rc;
	c.list.ctx = &c;
	c.search_line.text = c.search;
	c.end = options->timeout_ms ? clock_ms() + options->timeout_ms : 0;
	tui_open(menu->title);
	tui_list_open(&c.list);
	select_initial(&c);
	if (tui_failure_text())
		tui_alert(tui_failure_text());
	rc = choose_loop(&c);
	tui_close();
	*chosen = c.items[c.list.selected];
	heap_free(c.items);
	if (rc)
		return fail(rc, "cancelled from the keyboard");
	tui_failure_seen();
	return 0;
}
