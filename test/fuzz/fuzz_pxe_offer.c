/* SPDX-License-Identifier: BSD-2-Clause */
/* Option 43 of PXE servers: menus, prompts, lists of servers. */
#include <stdlib.h>
#include <string.h>
#include "netstack/pxe_offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pxe_offer offer;

	pxe_offer_parse(&offer, data, size);
	if (offer.item_count > PXE_ITEMS_MAX || offer.server_count > PXE_SERVERS_MAX ||
	    strnlen(offer.prompt, sizeof(offer.prompt)) == sizeof(offer.prompt))
		abort();
	for (unsigned i = 0; i < offer.item_count; i++) {
		const char *text = offer.item[i].text;

		for (; *text; text++)
			if (*text < ' ' || *text > '~')
				abort();
		if (text - offer.item[i].text >= (long)sizeof(offer.item[i].text))
			abort();
	}
	return 0;
}
