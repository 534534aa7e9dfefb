/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings editor: all settings of a scope on the full screen, with links to
 * the scopes inside it.
 */
#include "cmdline/menu.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/keys.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"
#include "nic/nic.h"

#define ROWS_MAX   512
#define NAME_MAX   64
#define SCOPE_MAX  32
#define TYPE_MAX   12
#define VALUE_MAX  1024
#define SEARCH_MAX 24
#define NAME_LEFT  3
#define VALUE_LEFT 28

struct row {
	char name[NAME_MAX]; /* a setting, or "net0/", or "../" */
};

struct config {
	char scope[SCOPE_MAX]; /* "" or "net0" */
	struct row *rows;
	struct tui_list list;
	char search[SEARCH_MAX + 1];
	bool editing;
	char value[VALUE_MAX];
	struct line_text line;
	struct setting_value fetched;
};

/* ---- What there is ---- */

static bool is_link(const struct row *row)
{
	return row->name[strlen(row->name) - 1] == '/';
}

/* Links come first, then settings, each in alphabetical order. */
static int compare(const char *a, const char *b)
{
	bool link_a = strchr(a, '/'), link_b = strchr(b, '/');

	return link_a != link_b ? (link_a ? -1 : 1) : strcmp(a, b);
}

static void add(struct config *c, const char *name)
{
	unsigned at = 0;

	if (!*name || c->list.count == ROWS_MAX)
		return;
	while (at < c->list.count && compare(c->rows[at].name, name) < 0)
		at++;
	if (at < c->list.count && !strcmp(c->rows[at].name, name))
		return;
	memmove(c->rows + at + 1, c->rows + at, (c->list.count - at) * sizeof(*c->rows));
	text_copy(c->rows[at].name, sizeof(c->rows[at].name), name);
	c->list.count++;
}

/* "net0.dhcp" lies inside "net0", and both inside "". */
static void add_scope(struct config *c, const char *scope)
{
	size_t len = strlen(c->scope);
	char link[NAME_MAX];

	if (!*scope || (len && (strncmp(scope, c->scope, len) != 0 || scope[len] != '.')))
		return;
	format(link, sizeof(link), "%s/", scope);
	add(c, link);
}

static void add_stored(const char *scope, const struct setting_value *value, void *ctx)
{
	struct config *c = ctx;

	if (!strcmp(scope, c->scope))
		add(c, value->name);
	else
		add_scope(c, scope);
}

/* The whole name of @row, for the store. */
static const char *full_name(const struct config *c, const struct row *row, char *buf, size_t size)
{
	format(buf, size, "%s%s%s", c->scope, *c->scope ? "/" : "", row->name);
	return buf;
}

static void collect(struct config *c)
{
	const struct setting *setting;
	struct nic *nic;

	c->list.count = 0;
	if (*c->scope)
		add(c, "../");
	list_for_each(nic, &nics, link)
		add_scope(c, nic->name);
	settings_walk(add_stored, c);
	table_for_each(setting, setting) {
		char name[NAME_MAX + SCOPE_MAX];
		struct row row;

		text_copy(row.name, sizeof(row.name), setting->name);
		/* Computed ones cannot be set: they are listed where they have a value. */
		if (!setting->compute || setting_exists("", full_name(c, &row, name, sizeof(name))))
			add(c, setting->name);
	}
}

/* ---- The screen ---- */

static bool selectable(void *ctx, unsigned index)
{
	return true;
}

/* The value of @row, or NULL. */
static const struct setting_value *fetch(struct config *c, const struct row *row)
{
	char name[NAME_MAX + SCOPE_MAX];

	if (is_link(row) || setting_fetch(full_name(c, row, name, sizeof(name)), &c->fetched))
		return NULL;
	return &c->fetched;
}

static void value_text(const struct setting_value *value, char *text, size_t size)
{
	if (setting_value_is_secret(value))
		text_copy(text, size, "***");
	else if (setting_readable_type(value)->show(value->raw, value->len, text, size) < 0)
		text[0] = 0;
}

static void draw_row(void *ctx, unsigned index, unsigned row, bool selected)
{
	struct config *c = ctx;
	enum tui_pair pair = selected ? PAIR_SELECT : PAIR_NORMAL;
	const struct setting_value *value = fetch(c, &c->rows[index]);
	char text[128] = "";

	tui_put(row, 0, NAME_LEFT, pair, selected ? " >" : "", TUI_NO_MARK);
	tui_put(row, NAME_LEFT, VALUE_LEFT - NAME_LEFT, pair, c->rows[index].name, TUI_NO_MARK);
	if (value)
		value_text(value, text, sizeof(text));
	tui_put(row, VALUE_LEFT, tui_columns() - VALUE_LEFT, pair, text, TUI_NO_MARK);
}

/* What the selected setting is, and where its value comes from. */
static void draw_description(struct config *c)
{
	const struct row *row = &c->rows[c->list.selected];
	const struct setting *setting = setting_find(row->name);
	const struct setting_value *value = fetch(c, row);
	char text[160] = " ";

	if (is_link(row)) {
		format(text, sizeof(text), " Enter opens this scope");
	} else {
		if (value)
			format(text, sizeof(text), " %s%s%s:%s (%s)  ", value->scope,
			       *value->scope ? "/" : "", value->name,
			       setting_readable_type(value)->name,
			       setting_source_name(value->source));
		format_append(text, sizeof(text), "%s",
			      setting && setting->description ? setting->description : "");
	}
	tui_put(tui_rows() - 2, 0, tui_columns(), PAIR_NORMAL, text, TUI_NO_MARK);
}

static void draw_hint(const struct config *c)
{
	char text[80] = "Enter: edit   Ctrl-D: delete   Ctrl-X: leave";

	if (c->editing)
		text_copy(text, sizeof(text), "Enter: store   Esc: give up");
	else if (*c->search)
		format(text, sizeof(text), "Search: %s", c->search);
	tui_hint(text);
}

static void open_scope(struct config *c)
{
	char title[64];

	format(title, sizeof(title), "Settings%s%s", *c->scope ? " of " : "", c->scope);
	collect(c);
	tui_open(title);
	tui_list_open(&c->list);
	draw_hint(c);
}

/* ---- Keys ---- */

static void follow(struct config *c, const char *link)
{
	char *dot = strrchr(c->scope, '.');

	if (strcmp(link, "../") != 0) {
		text_copy(c->scope, sizeof(c->scope), link);
		c->scope[strlen(c->scope) - 1] = 0;
	} else if (dot) {
		*dot = 0;
	} else {
		c->scope[0] = 0;
	}
	c->search[0] = 0;
	open_scope(c);
}

static void store(struct config *c, const char *text)
{
	unsigned selected = c->list.selected;
	const struct setting_value *old = fetch(c, &c->rows[selected]);
	char kept[NAME_MAX], name[NAME_MAX + SCOPE_MAX + TYPE_MAX];
	int rc;

	text_copy(kept, sizeof(kept), c->rows[selected].name);
	full_name(c, &c->rows[selected], name, sizeof(name));
	/* It is read as it was shown. */
	if (old)
		format_append(name, sizeof(name), ":%s", setting_readable_type(old)->name);
	rc = setting_store(name, text, SOURCE_SCRIPT);
	collect(c);
	for (unsigned i = 0; i < c->list.count; i++) {
		if (!strcmp(c->rows[i].name, kept))
			selected = i;
	}
	tui_list_select(&c->list, min(selected, c->list.count - 1));
	c->list.drawn = false;
	tui_list_draw(&c->list);
	draw_description(c);
	if (rc)
		tui_alert(error_sentence(rc));
}

static void begin_edit(struct config *c)
{
	const struct setting_value *value = fetch(c, &c->rows[c->list.selected]);
	long len = 0;

	c->search[0] = 0;
	if (value)
		len = setting_readable_type(value)->show(value->raw, value->len, c->value,
							 VALUE_MAX);
	if (len >= VALUE_MAX) {
		tui_alert("The value is too long to be edited here; use set");
		memset(c->value, 0, sizeof(c->value));
		return;
	}
	if (len <= 0)
		c->value[0] = 0;
	line_text_set(&c->line, c->value);
	c->editing = true;
	draw_hint(c);
}

static void end_edit(struct config *c, bool keep)
{
	c->editing = false;
	tui_cursor(false);
	draw_hint(c);
	if (keep) {
		store(c, c->value);
	} else {
		c->list.drawn = false;
		tui_list_draw(&c->list);
	}
	memset(c->value, 0, sizeof(c->value));
}

static void edit_key(struct config *c, int key)
{
	if (key == KEY_ENTER || key == '\n' || key == KEY_ESC)
		end_edit(c, key != KEY_ESC);
	else
		line_text_key(&c->line, key);
}

static bool search(struct config *c)
{
	for (unsigned i = 0; i < c->list.count; i++) {
		if (text_starts_nocase(c->rows[i].name, c->search)) {
			tui_list_select(&c->list, i);
			return true;
		}
	}
	return false;
}

/* Letters lead to the names that begin so; one that leads nowhere is not kept. */
static void search_key(struct config *c, int key)
{
	size_t len = strlen(c->search);
	size_t end = len;

	if (key == KEY_BACKSPACE || key == KEY_RUBOUT)
		end = len ? len - 1 : 0;
	else if (len < SEARCH_MAX)
		c->search[end++] = (char)key;
	c->search[end] = 0;
	if (*c->search && !search(c))
		c->search[len] = 0;
	draw_hint(c);
}

/* 1: leave; 0: go on. */
static int list_key(struct config *c, int key)
{
	const struct row *row = &c->rows[c->list.selected];

	if (key == KEY_CTRL_X || (key == KEY_ESC && !*c->search))
		return 1;
	if ((key == KEY_ENTER || key == '\n') && is_link(row)) {
		follow(c, row->name);
	} else if (key == KEY_ENTER || key == '\n') {
		begin_edit(c);
	} else if ((key == KEY_CTRL_D || key == KEY_DELETE) && !is_link(row)) {
		store(c, "");
	} else if (key == KEY_ESC || tui_list_key(&c->list, key)) {
		c->search[0] = 0;
		draw_hint(c);
	} else if (is_print(key) || key == KEY_BACKSPACE || key == KEY_RUBOUT) {
		search_key(c, key);
	}
	return 0;
}

static int config_loop(struct config *c)
{
	int rc = 0;

	while (!rc) {
		const struct row *row;
		int key;

		if (!c->list.drawn || c->list.drawn_selected != c->list.selected) {
			tui_list_draw(&c->list);
			draw_description(c);
		}
		row = &c->rows[c->list.selected];
		if (c->editing)
			tui_edit(c->list.top + c->list.selected - c->list.first, VALUE_LEFT,
				 tui_columns() - VALUE_LEFT, &c->line, setting_is_secret(row->name),
				 true);
		key = key_wait(DEADLINE_NEVER);
		if (key < 0) {
			rc = key;
		} else if (c->editing) {
			edit_key(c, key);
		} else {
			rc = list_key(c, key);
		}
	}
	return rc < 0 ? rc : 0;
}

int config_run(const char *scope)
{
	struct config *c = heap_zalloc(sizeof(*c));
	int rc;

	if (!c)
		return fail(E_NO_MEMORY, "no memory for the settings editor");
	c->list = (struct tui_list){.selectable = selectable, .draw = draw_row, .ctx = c};
	c->line = (struct line_text){.text = c->value, .size = sizeof(c->value)};
	text_copy(c->scope, sizeof(c->scope), scope);
	c->rows = heap_alloc((ROWS_MAX + 1) * sizeof(*c->rows));
	if (!c->rows) {
		heap_free(c);
		return fail(E_NO_MEMORY, "no memory for the settings editor");
	}
	open_scope(c);
	rc = config_loop(c);
	tui_close();
	heap_free(c->rows);
	heap_free(c);
	return rc ? fail(rc, "cancelled from the keyboard") : 0;
}
