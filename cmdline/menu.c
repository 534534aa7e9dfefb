/* SPDX-License-Identifier: BSD-2-Clause */
/* Menus and forms as data. */
#include "cmdline/menu.h"
#include "bios/heap.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/utf8.h"

static struct list menus = LIST_INIT(menus);

void menu_delete(struct menu *menu)
{
	struct menu_item *item, *next;

	list_for_each_safe(item, next, &menu->items, link) {
		heap_free(item->name);
		heap_free(item->text);
		heap_free(item);
	}
	list_remove(&menu->link);
	heap_free(menu->name);
	heap_free(menu->title);
	heap_free(menu);
}

static struct menu *find(const char *name)
{
	struct menu *menu;

	list_for_each(menu, &menus, link) {
		if (!strcmp(menu->name, name))
			return menu;
	}
	return NULL;
}

struct menu *menu_find(const char *name)
{
	struct menu *menu = find(name);

	if (!menu && *name)
		fail(E_MENU_NOT_FOUND, "there is no menu or form called \"%.60s\"", name);
	else if (!menu)
		fail(E_MENU_NOT_FOUND, "there is no menu or form yet");
	return menu;
}

struct menu *menu_create(const char *name, const char *title)
{
	struct menu *menu = heap_zalloc(sizeof(*menu)), *old = find(name);

	if (old)
		menu_delete(old);
	if (!menu) {
		fail(E_NO_MEMORY, "no memory for a menu");
		return NULL;
	}
	list_init(&menu->items);
	list_append(&menus, &menu->link);
	menu->name = text_dup(name);
	menu->title = text_dup(title);
	if (menu->name && menu->title)
		return menu;
	menu_delete(menu);
	fail(E_NO_MEMORY, "no memory for a menu");
	return NULL;
}

struct menu_item *menu_add(struct menu *menu, const char *name, const char *text)
{
	struct menu_item *item = heap_zalloc(sizeof(*item));

	if (item) {
		item->name = name ? text_dup(name) : NULL;
		item->text = text_dup(text);
		if (item->text && (item->name || !name)) {
			list_append(&menu->items, &item->link);
			return item;
		}
		heap_free(item->name);
		heap_free(item->text);
		heap_free(item);
	}
	fail(E_NO_MEMORY, "no memory for an item of a menu");
	return NULL;
}

static bool is_hot(int c)
{
	return is_alpha(c) || is_digit(c);
}

void menu_item_text(const struct menu_item *item, char *text, size_t size, int *key,
		    unsigned *column)
{
	const char *from = item->text;
	size_t len = 0;

	*key = item->key;
	*column = TUI_NO_MARK;
	while (*from && len + 1 < size) {
		int next = (uint8_t)from[1];

		if (from[0] == '^' && *column == TUI_NO_MARK && item->name && is_hot(next) &&
		    (!item->key || to_lower(next) == to_lower(item->key))) {
			text[len] = 0;
			*column = (unsigned)utf8_count(text);
			*key = next;
			from++;
		}
		text[len++] = *from++;
	}
	text[len] = 0;
	/* A shortcut that the text does not show itself. */
	for (size_t i = 0; i < len && *column == TUI_NO_MARK && is_hot(*key); i++) {
		if (to_lower((uint8_t)text[i]) == to_lower(*key)) {
			char c = text[i];

			text[i] = 0;
			*column = (unsigned)utf8_count(text);
			text[i] = c;
		}
	}
}
