/* SPDX-License-Identifier: BSD-2-Clause */
/* Option 43 of PXE servers (PXE 2.1, table 2-1). */
#include "netstack/pxe_offer.h"
#include "bios/heap.h"
#include "lib/cursor.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/dhcp.h"

/* Text of a server goes to the screen. */
static void take_text(char *to, size_t size, const uint8_t *from, size_t len)
{
	size_t i;

	len = min(dhcp_trim(from, len), size - 1);
	for (i = 0; i < len; i++)
		to[i] = is_print(from[i]) ? (char)from[i] : '?';
	to[i] = '\0';
}

static void take_servers(struct pxe_offer *offer, const uint8_t *data, size_t len)
{
	struct cursor c = cursor(data, len);

	while (cursor_left(&c)) {
		uint16_t type = cursor_be16(&c);
		unsigned count = cursor_u8(&c);

		for (; count; count--) {
			uint32_t address = cursor_be32(&c);

			if (c.bad)
				return;
			if (!ipv4_is_host(address) || offer->server_count == PXE_SERVERS_MAX)
				continue;
			offer->server[offer->server_count].type = type;
			offer->server[offer->server_count++].address = address;
		}
	}
}

static void take_menu(struct pxe_offer *offer, const uint8_t *data, size_t len)
{
	struct cursor c = cursor(data, len);

	while (cursor_left(&c) && offer->item_count < PXE_ITEMS_MAX) {
		uint16_t type = cursor_be16(&c);
		size_t text_len = cursor_u8(&c);
		const uint8_t *text = cursor_take(&c, text_len);

		if (c.bad)
			return;
		offer->item[offer->item_count].type = type;
		take_text(offer->item[offer->item_count].text, sizeof(offer->item[0].text), text,
			  text_len);
		offer->item_count++;
	}
}

static bool take(uint8_t sub, const uint8_t *value, size_t len, void *ctx)
{
	struct pxe_offer *offer = ctx;

	if (sub == PXE_DISCOVERY_CONTROL && len) {
		offer->control = value[0];
	} else if (sub == PXE_MULTICAST && len >= 4) {
		offer->multicast = get_be32(value);
	} else if (sub == PXE_BOOT_SERVERS) {
		take_servers(offer, value, len);
	} else if (sub == PXE_BOOT_MENU) {
		take_menu(offer, value, len);
	} else if (sub == PXE_MENU_PROMPT && len) {
		offer->has_prompt = true;
		offer->timeout = value[0];
		take_text(offer->prompt, sizeof(offer->prompt), value + 1, len - 1);
	}
	return true;
}

void pxe_offer_parse(struct pxe_offer *offer, const uint8_t *data, size_t len)
{
	memset(offer, 0, sizeof(*offer));
	dhcp_walk(data, len, take, offer);
	if (offer->multicast >> 28 != 0xe)
		offer->multicast = 0;
}

static bool find_in(const char *scope, struct setting_value *value)
{
	char name[32];

	format(name, sizeof(name), "%s/60", scope);
	if (setting_fetch(name, value) || value->len < 9 || memcmp(value->raw, "PXEClient", 9) != 0)
		return false;
	format(name, sizeof(name), "%s/43", scope);
	return !setting_fetch(name, value);
}

bool pxe_offer_find(const struct nic *nic, struct pxe_offer *offer)
{
	struct setting_value *value = heap_alloc(sizeof(*value));
	char lease[24];
	bool found = false;

	memset(offer, 0, sizeof(*offer));
	format(lease, sizeof(lease), "%s.dhcp", nic->name);
	if (value)
		found = find_in("proxydhcp", value) || find_in(lease, value);
	if (found)
		pxe_offer_parse(offer, value->raw, value->len);
	heap_free(value);
	return found;
}
