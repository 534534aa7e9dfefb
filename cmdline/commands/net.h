/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands on network cards share. */
#ifndef CMDLINE_COMMANDS_NET_H
#define CMDLINE_COMMANDS_NET_H

#include "cmdline/command.h"
#include "nic/nic.h"

/** The cards that a command names from its first argument on; all cards when it names none.
 * Returns their number, or an error after fail(). */
int cards_of(const struct call *call, struct nic *cards[NIC_CARDS_MAX]);

/** The card called @name; 0 or an error after fail(). */
int card_of(const char *name, struct nic **nic);

#endif
