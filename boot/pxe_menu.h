/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot menu that a PXE server offers. */
#ifndef BOOT_PXE_MENU_H
#define BOOT_PXE_MENU_H

#include "netstack/pxe_offer.h"

/** Is there a menu for @nic that is to be used: nobody named a boot file, the server does not
 * prefer its own, and skip-pxe-menu is not set? Fills @offer. */
bool pxe_menu_wanted(const struct nic *nic, struct pxe_offer *offer);
/** Let @offer's prompt, menu and timeout choose: 0 and @type (PXE_TYPE_LOCAL: the local disk), or
 * an error after fail() (E_CANCELLED). */
int pxe_menu_choose(const struct pxe_offer *offer, uint16_t *type);

#endif
