/* SPDX-License-Identifier: BSD-2-Clause */
/* PXE boot menus and boot servers: what option 43 says of them, and finding such a server. */
#ifndef NETSTACK_PXE_OFFER_H
#define NETSTACK_PXE_OFFER_H

#include "lib/base.h"
#include "nic/nic.h"

#define PXE_ITEMS_MAX	32
#define PXE_SERVERS_MAX 64

/* Discovery control, option 43.6. */
#define PXE_NO_BROADCAST 0x01u
#define PXE_NO_MULTICAST 0x02u
#define PXE_ONLY_LISTED	 0x04u /* no other server's answer counts */
#define PXE_USE_FILENAME 0x08u /* no menu when there is a boot file */

#define PXE_TYPE_LOCAL 0u /* the menu's entry for the local disk */

#define PXE_WAIT_FOREVER 255u

struct pxe_offer {
	uint8_t control;
	uint32_t multicast; /* 43.7; 0: none */
	unsigned server_count;
	struct {
		uint16_t type;
		uint32_t address;
	} server[PXE_SERVERS_MAX]; /* 43.8 */
	unsigned item_count;
	struct {
		uint16_t type;
		char text[80]; /* printable */
	} item[PXE_ITEMS_MAX]; /* 43.9 */
	bool has_prompt;
	uint8_t timeout; /* s, PXE_WAIT_FOREVER */
	char prompt[80]; /* 43.10 */
};

/** Read option 43 (the inside of it). What is damaged is left out. */
void pxe_offer_parse(struct pxe_offer *offer, const uint8_t *data, size_t len);
/** What the PXE server of @nic said: the proxy, else the DHCP server. False when none did. */
bool pxe_offer_find(const struct nic *nic, struct pxe_offer *offer);

/**
 * Find a boot server of @type (PXE 2.1 section 2.2.4) as @nic's offer says: by multicast, by
 * broadcast, then those that it lists, 3 s each. Its answer lands in scope "pxebs". Prints one
 * line. 0, or an error after fail().
 */
int boot_server_discover(struct nic *nic, uint16_t type);

#endif
