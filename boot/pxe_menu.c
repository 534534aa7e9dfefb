/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE boot menus (PXE 2.1, options 43.9 and 43.10): a prompt with a countdown, at
 * which F8 opens the menu, Esc and Ctrl-C give up, and any other key takes the
 * first entry, as the end of the countdown does. Without a prompt the menu opens at
 * once, unless it has only one entry; so it does when the prompt has no timeout.
 */
#include "boot/pxe_menu.h"
#include "bios/console.h"
#include "cmdline/menu.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"

#define MENU_NAME "pxe-menu"
#define KEY_F8	  (KEY_F1 + 7)

TABLE_ENTRY(setting, setting_skip_pxe_menu) = {
	.name = "skip-pxe-menu",
	.type = "int8",
	.description = "1: autoboot does not use a PXE server's boot menu",
};

bool pxe_menu_wanted(const struct nic *nic, struct pxe_offer *offer)
{
	bool file = setting_exists("", "filename");

	if (setting_number("", "skip-pxe-menu", 0) ||
	    (file && !setting_is_from("filename", SOURCE_DHCP)))
		return false;
	if (!pxe_offer_find(nic, offer) || !offer->item_count)
		return false;
	return !file || !(offer->control & PXE_USE_FILENAME);
}

static int show_menu(const struct pxe_offer *offer, uint16_t *type)
{
	struct choose_options options = {0};
	const char *title = offer->prompt[0] ? offer->prompt : "PXE boot menu";
	struct menu *menu = menu_create(MENU_NAME, title);
	const struct menu_item *chosen = NULL;
	uint32_t index = 0;
	int rc = menu ? 0 : error_code();

	for (unsigned i = 0; !rc && i < offer->item_count; i++) {
		char name[8];

		format(name, sizeof(name), "%u", i);
		if (!menu_add(menu, name, offer->item[i].text))
			rc = error_code();
	}
	if (!rc)
		rc = menu_choose(menu, &options, &chosen);
	if (!rc && !text_to_u32(chosen->name, 10, offer->item_count - 1, &index))
		rc = fail(E_INVALID, "PXE menu: no such entry");
	if (menu)
		menu_delete(menu);
	*type = offer->item[index].type;
	return rc;
}

/* The key that ended the countdown; -1: none. Ctrl-C is an error. */
static int count_down(const struct pxe_offer *offer, int *key)
{
	int rc = E_TIMEOUT;

	for (unsigned left = offer->timeout; left && rc == E_TIMEOUT; left--) {
		print("\r%s (%u) \b", offer->prompt, left);
		rc = wait_until((*key = console_key()) >= 0, clock_ms() + 1000);
	}
	print("\n");
	return rc == E_TIMEOUT ? 0 : rc;
}

int pxe_menu_choose(const struct pxe_offer *offer, uint16_t *type)
{
	bool opens = offer->has_prompt ? offer->timeout == PXE_WAIT_FOREVER : offer->item_count > 1;
	int key = -1, rc = 0;

	*type = offer->item[0].type;
	if (!opens && offer->has_prompt && offer->timeout)
		rc = count_down(offer, &key);
	if (!rc && (key == KEY_ESC || key == KEY_CTRL_C))
		rc = fail(E_CANCELLED, "PXE menu: cancelled");
	if (!rc && (opens || key == KEY_F8))
		rc = show_menu(offer, type);
	return rc;
}
