/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling in a form: settings that are edited all at once, and stored at the end. */
#include "cmdline/menu.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/keys.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/utf8.h"
#include "netstack/net.h"

#define VALUE_ROOM 1024 /* bytes that a value may grow by */
#define SHOWN_MAX  (SETTING_MAX * 3 + 1)
#define LABEL_MAX  36u /* columns */
#define LABEL_LEFT 3
#define GAP	   2

struct field {
	const struct menu_item *item;
	bool secret;
	char *initial;
	char *value;
	struct line_text line;
};

struct form {
	struct field *fields;
	struct tui_list list;
	unsigned label_width;
};

/* ---- Fields ---- */

static bool selectable(void *ctx, unsigned index)
{
	struct form *f = ctx;

	return f->fields[index].item->name;
}

static void draw_field(void *ctx, unsigned index, unsigned row, bool selected)
{
	struct form *f = ctx;
	struct field *field = &f->fields[index];
	unsigned box = LABEL_LEFT + f->label_width + GAP;

	if (!field->item->name) {
		tui_put(row, 0, LABEL_LEFT, PAIR_SEPARATOR, "", TUI_NO_MARK);
		tui_put(row, LABEL_LEFT, tui_columns() - LABEL_LEFT, PAIR_SEPARATOR,
			field->item->text, TUI_NO_MARK);
		return;
	}
	tui_put(row, 0, LABEL_LEFT, PAIR_NORMAL, selected ? " >" : "", TUI_NO_MARK);
	tui_put(row, LABEL_LEFT, f->label_width + GAP, PAIR_NORMAL, field->item->text, TUI_NO_MARK);
	tui_edit(row, box, tui_columns() - box - LABEL_LEFT, &field->line, field->secret, selected);
}

/* The value of @field, read by way of @text, SHOWN_MAX bytes. */
static int fill_value(struct field *field, char *text)
{
	const char *name = field->item->name;
	size_t size = setting_text("", name, text, SHOWN_MAX) + VALUE_ROOM;

	field->secret = field->item->secret || setting_is_secret(name);
	field->value = heap_alloc(size);
	field->initial = text_dup(text);
	if (!field->value || !field->initial)
		return fail(E_NO_MEMORY, "no memory for the fields of a form");
	field->line = (struct line_text){.text = field->value, .size = size};
	line_text_set(&field->line, text);
	return 0;
}

static int fill_fields(const struct menu *menu, struct form *f, char *text)
{
	struct menu_item *item;
	int rc = 0;

	list_for_each(item, &menu->items, link) {
		struct field *field = &f->fields[f->list.count++];

		field->item = item;
		if (!item->name)
			continue;
		if (!rc)
			rc = fill_value(field, text);
		f->label_width =
			max(f->label_width, min((unsigned)utf8_count(item->text), LABEL_MAX));
	}
	return rc;
}

static void wipe_and_free(char *text, size_t size)
{
	if (text)
		memset(text, 0, size);
	heap_free(text);
}

static int fill(const struct menu *menu, struct form *f)
{
	struct menu_item *item;
	unsigned count = 0;
	char *text;
	int rc;

	list_for_each(item, &menu->items, link)
		count += 1;
	if (!count)
		return fail(E_MENU_EMPTY, "the form has no field");
	f->fields = heap_zalloc(count * sizeof(*f->fields));
	text = heap_zalloc(SHOWN_MAX);
	if (f->fields && text)
		rc = fill_fields(menu, f, text);
	else
		rc = fail(E_NO_MEMORY, "no memory to show a form of %u fields", count);
	wipe_and_free(text, SHOWN_MAX);
	return rc;
}

static void release(struct form *f)
{
	for (unsigned i = 0; i < f->list.count; i++) {
		struct field *field = &f->fields[i];

		wipe_and_free(field->initial, field->initial ? strlen(field->initial) : 0);
		wipe_and_free(field->value, field->line.size);
	}
	heap_free(f->fields);
}

/* What was not changed is not stored: a value that a server sent stays the server's. */
static int save(struct form *f)
{
	for (unsigned i = 0; i < f->list.count; i++) {
		struct field *field = &f->fields[i];
		int rc;

		if (!field->item->name || !strcmp(field->value, field->initial))
			continue;
		rc = setting_store_edited(field->item->name, field->value, SOURCE_SCRIPT);
		if (rc) {
			tui_list_select(&f->list, i);
			return rc;
		}
	}
	return 0;
}

/* ---- Keys ---- */

static bool is_last(struct form *f)
{
	for (unsigned i = f->list.selected + 1; i < f->list.count; i++) {
		if (selectable(f, i))
			return false;
	}
	return true;
}

/* Home and End move in the text here. */
static bool moves(int key)
{
	return key == KEY_UP || key == KEY_DOWN || key == KEY_TAB || key == KEY_PAGE_UP ||
	       key == KEY_PAGE_DOWN || key == KEY_CTRL_P || key == KEY_CTRL_N;
}

/* 1: stored; 0: go on; or E_CANCELLED. */
static int act(struct form *f, int key)
{
	bool enter = key == KEY_ENTER || key == '\n';
	int rc;

	if (key == KEY_ESC)
		return E_CANCELLED;
	if (key == KEY_CTRL_X || (enter && is_last(f))) {
		rc = save(f);
		tui_alert(rc ? error_sentence(rc) : NULL);
		f->list.drawn = false;
		return rc ? 0 : 1;
	}
	if (enter || moves(key))
		tui_list_key(&f->list, enter ? KEY_DOWN : key);
	else
		line_text_key(&f->fields[f->list.selected].line, key);
	return 0;
}

static int form_loop(struct form *f)
{
	int rc = 0;

	while (!rc) {
		unsigned row;
		int key;

		tui_list_draw(&f->list);
		row = f->list.top + f->list.selected - f->list.first;
		draw_field(f, f->list.selected, row, true);
		key = key_wait(DEADLINE_NEVER);
		rc = key < 0 ? key : act(f, key);
	}
	return rc < 0 ? rc : 0;
}

static int show(const struct menu *menu, struct form *f)
{
	int rc;

	tui_open(menu->title);
	tui_list_open(&f->list);
	tui_hint("Enter: next   Ctrl-X: save   Esc: give up");
	if (tui_failure_text())
		tui_alert(tui_failure_text());
	rc = form_loop(f);
	tui_close();
	if (rc)
		return fail(rc, "cancelled from the keyboard");
	tui_failure_seen();
	return 0;
}

int form_run(const struct menu *menu)
{
	struct form f = {.list = {.selectable = selectable, .draw = draw_field}};
	int rc;

	f.list.ctx = &f;
	rc = fill(menu, &f);
	if (!rc)
		rc = show(menu, &f);
	release(&f);
	return rc;
}
