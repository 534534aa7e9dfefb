/* SPDX-License-Identifier: BSD-2-Clause */
/* menu form item choose present */
#include "cmdline/menu.h"
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"

/* ---- menu, form ---- */

enum { MENU_NAME, MENU_DELETE, MENU_OPTIONS };
static const struct option menu_options[MENU_OPTIONS] = {
	[MENU_NAME] = {'n', "name", OPTION_TEXT, "a name, so that there can be several"},
	[MENU_DELETE] = {'d', "delete", OPTION_FLAG, "delete it"},
};

static const char *text_option(const struct call *call, unsigned index)
{
	return call->option[index].given ? call->option[index].text : "";
}

static int run_menu(struct call *call)
{
	const char *name = text_option(call, MENU_NAME);
	struct menu *menu;
	char *title;

	if (call->option[MENU_DELETE].given) {
		menu = menu_find(name);
		if (!menu)
			return E_MENU_NOT_FOUND;
		menu_delete(menu);
		return 0;
	}
	title = join_args(call, 0);
	if (!title)
		return E_NO_MEMORY;
	menu = menu_create(name, title);
	heap_free(title);
	return menu ? 0 : E_NO_MEMORY;
}

#define MENU(command_name, thing, user)                                                            \
	{                                                                                          \
		.name = command_name, .arguments = "[<title>...]", .summary = "Begin " thing,      \
		.options = menu_options, .option_count = MENU_OPTIONS, .max_args = ARGS_ANY,       \
		.run = run_menu, .details = "item fills it, " user " shows it."                    \
	}
TABLE_ENTRY(command, cmd_menu) = MENU("menu", "a menu", "choose");
TABLE_ENTRY(command, cmd_form) = MENU("form", "a form", "present");

/* ---- item ---- */

enum { ITEM_MENU, ITEM_FORM, ITEM_KEY, ITEM_DEFAULT, ITEM_SECRET, ITEM_GAP, ITEM_OPTIONS };
static const struct option item_options[ITEM_OPTIONS] = {
	[ITEM_MENU] = {'m', "menu", OPTION_TEXT, "name of the menu"},
	[ITEM_FORM] = {'f', "form", OPTION_TEXT, "name of the form"},
	[ITEM_KEY] = {'k', "key", OPTION_KEY, "key that chooses the item"},
	[ITEM_DEFAULT] = {'d', "default", OPTION_FLAG, "selected at first"},
	[ITEM_SECRET] = {'s', "secret", OPTION_FLAG, "show what is typed as ***"},
	[ITEM_GAP] = {'g', "gap", OPTION_FLAG, "only text, which cannot be chosen"},
};

static int run_item(struct call *call)
{
	bool gap = call->option[ITEM_GAP].given;
	const char *where =
		text_option(call, call->option[ITEM_FORM].given ? ITEM_FORM : ITEM_MENU);
	const char *name = gap || !call->argc ? NULL : call->argv[0];
	struct menu *menu = menu_find(where);
	struct menu_item *item;
	char *text;

	if (!menu)
		return E_MENU_NOT_FOUND;
	text = join_args(call, gap ? 0 : 1);
	if (!text)
		return E_NO_MEMORY;
	item = menu_add(menu, name && *name ? name : NULL, text);
	heap_free(text);
	if (!item)
		return E_NO_MEMORY;
	item->key = (int)call->option[ITEM_KEY].number;
	item->initial = call->option[ITEM_DEFAULT].given;
	item->secret = call->option[ITEM_SECRET].given;
	return 0;
}
TABLE_ENTRY(command, cmd_item) = {
	.name = "item",
	.arguments = "[<label|setting> [<text>...]]",
	.summary = "Add an item to a menu, or a setting to a form",
	.options = item_options,
	.option_count = ITEM_OPTIONS,
	.max_args = ARGS_ANY,
	.run = run_item,
	.details = "Without a name it is a heading. A ^ in the text stands in front of the item's "
		   "hot key.",
};

/* ---- choose ---- */

enum { CHOOSE_MENU, CHOOSE_DEFAULT, CHOOSE_TIMEOUT, CHOOSE_RETIMEOUT, CHOOSE_KEEP, CHOOSE_OPTIONS };
static const struct option choose_options[CHOOSE_OPTIONS] = {
	[CHOOSE_MENU] = {'m', "menu", OPTION_TEXT, "name of the menu"},
	[CHOOSE_DEFAULT] = {'d', "default", OPTION_TEXT, "item selected at first"},
	[CHOOSE_TIMEOUT] = {'t', "timeout", OPTION_MS, "take the selected item after this many ms"},
	[CHOOSE_RETIMEOUT] = {'r', "retimeout", OPTION_MS,
			      "so many ms after a key; 0: never (30 s, then --timeout)"},
	[CHOOSE_KEEP] = {'k', "keep", OPTION_FLAG, "the menu can be shown again"},
};

static int run_choose(struct call *call)
{
	struct menu *menu = menu_find(text_option(call, CHOOSE_MENU));
	const struct menu_item *chosen;
	struct choose_options options = {
		.initial = call->option[CHOOSE_DEFAULT].given ? call->option[CHOOSE_DEFAULT].text
							      : NULL,
		.timeout_ms = call->option[CHOOSE_TIMEOUT].number,
		.restart = call->option[CHOOSE_RETIMEOUT].given,
		.restart_ms = call->option[CHOOSE_RETIMEOUT].number,
	};
	int rc;

	if (!menu)
		return E_MENU_NOT_FOUND;
	rc = menu_choose(menu, &options, &chosen);
	if (!rc)
		rc = setting_store(call->argv[0], chosen->name, SOURCE_SCRIPT);
	if (!call->option[CHOOSE_KEEP].given)
		menu_delete(menu);
	return rc;
}
TABLE_ENTRY(command, cmd_choose) = {
	.name = "choose",
	.arguments = "<setting>",
	.summary = "Let the user choose from a menu; the item's name goes into the setting",
	.options = choose_options,
	.option_count = CHOOSE_OPTIONS,
	.min_args = 1,
	.max_args = 1,
	.run = run_choose,
	.details =
		"Arrows, PgUp, PgDn, Home, End and Tab move; Enter takes; Esc and Ctrl-C give up.\n"
		"Hot keys take their item at once; other letters search.",
};

/* ---- present ---- */

enum { PRESENT_FORM, PRESENT_KEEP, PRESENT_OPTIONS };
static const struct option present_options[PRESENT_OPTIONS] = {
	[PRESENT_FORM] = {'f', "form", OPTION_TEXT, "name of the form"},
	[PRESENT_KEEP] = {'k', "keep", OPTION_FLAG, "the form can be shown again"},
};

static int run_present(struct call *call)
{
	struct menu *form = menu_find(text_option(call, PRESENT_FORM));
	int rc;

	if (!form)
		return E_MENU_NOT_FOUND;
	rc = form_run(form);
	if (!call->option[PRESENT_KEEP].given)
		menu_delete(form);
	return rc;
}
TABLE_ENTRY(command, cmd_present) = {
	.name = "present",
	.arguments = "",
	.summary = "Let the user fill in a form; its settings are stored",
	.options = present_options,
	.option_count = PRESENT_OPTIONS,
	.run = run_present,
	.details = "Enter goes on and, in the last field, saves; Ctrl-X saves; Esc and Ctrl-C give "
		   "up.",
};
