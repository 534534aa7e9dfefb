/* SPDX-License-Identifier: BSD-2-Clause */
/* Menus and forms as scripts build them: a title and items, under a name. */
#ifndef CMDLINE_MENU_H
#define CMDLINE_MENU_H

#include "lib/base.h"
#include "lib/list.h"

struct menu_item {
	struct list link;
	char *name;   /* of a menu's entry, or the setting of a form's; NULL: only text */
	char *text;   /* may hold a "^" in front of its hot key */
	int key;      /* shortcut; 0: none but the hot key */
	bool initial; /* selected at first */
	bool secret;  /* a form's entry shown as *** */
};

struct menu {
	struct list link;
	char *name; /* "": the unnamed one */
	char *title;
	struct list items;
};

/** A new one called @name (""), in place of the old one of that name; NULL after fail(). */
struct menu *menu_create(const char *name, const char *title);
/** The menu or form called @name, or NULL after fail(). */
struct menu *menu_find(const char *name);
void menu_delete(struct menu *menu);
/** Append an item; @name NULL: text alone. NULL after fail(). */
struct menu_item *menu_add(struct menu *menu, const char *name, const char *text);

/**
 * Text of @item without the "^" of its hot key. @key gets what selects it (letters
 * mean both cases), 0 for nothing; @column where that character stands, or
 * TUI_NO_MARK.
 */
void menu_item_text(const struct menu_item *item, char *text, size_t size, int *key,
		    unsigned *column);

struct choose_options {
	const char *initial; /* name of the item selected at first; NULL: as the items say */
	uint64_t timeout_ms; /* until the selected item is taken; 0: never */
	bool restart;	     /* after a key … */
	uint64_t restart_ms; /* … count so long; 0: not again */
};
/** Let the user choose; 0 and @chosen, or an error after fail() (E_CANCELLED). */
int menu_choose(const struct menu *menu, const struct choose_options *options,
		const struct menu_item **chosen);

/** Let the user fill in a form and store it. 0, or an error after fail() (E_CANCELLED). */
int form_run(const struct menu *form);

/** The settings editor at @scope; 0, or an error after fail(). */
int config_run(const char *scope);

#endif
