/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys for everything that reads keys: the line editor, menus, forms, the settings editor. */
#include <stdio.h>
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/interpreter.h"
#include "cmdline/menu.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lean_on_ctrl_c(void)
{
	host_key(KEY_CTRL_C);
}

/* Bytes that UTF-8 does not have stand for keys that are no characters. */
static void press(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		host_key(data[i] < 0xf5 ? data[i] : KEY_UP + data[i] - 0xf5);
}

static struct menu *make_menu(void)
{
	struct menu *menu = menu_create("fuzz", "Title");
	char name[16];

	for (unsigned i = 0; i < 40 && menu; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		menu_add(menu, i % 7 ? name : NULL, i % 3 ? "S\xc3\xb6me ^text \xff" : "other");
	}
	return menu;
}

static void edit(void)
{
	static struct history history;
	int rc = 0;

	for (unsigned i = 0; i < 5 && !rc; i++) {
		char *line = line_edit("> ", i == 2 ? "caf\xc3\xa9 \xe2\x80 \x9b" : "", i == 3,
				       &history, DEADLINE_NEVER, &rc);

		if (line)
			history_add(&history, line);
		heap_free(line);
	}
	history_clear(&history);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choose_options options = {.timeout_ms = 5000};
	const struct menu_item *chosen;
	struct image *image, *next;
	struct menu *menu;

	if (!size)
		return 0;
	host_reset();
	host_clock_set_ms(1000);
	host_turn = lean_on_ctrl_c;
	setting_store("n1", "value", SOURCE_SCRIPT);
	image_add("my 'image\xc3\xa9", NULL, NULL, 0, 0);
	image_add("my \"image\xc3\xa8", NULL, NULL, 0, 0);
	menu = make_menu();
	press(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		edit();
		break;
	case 1:
		menu_choose(menu, &options, &chosen);
		break;
	case 2:
		form_run(menu);
		break;
	case 3:
		config_run("");
		break;
	}
	host_screen_row(0); /* what was written stays on the screen */
	menu_delete(menu);
	list_for_each_safe(image, next, &images, link)
		image_free(image);
	host_turn = NULL;
	settings_reset();
	return 0;
}
