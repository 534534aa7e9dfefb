/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for links. */
#include "netstack/net.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

#define QUIET_MS      50u   /* a link that is only just being read needs no message */
#define NEVER_SEEN_MS 5000u /* negotiation takes 2 to 4 s: after this there is no cable */

static bool any_link(struct nic **cards, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (cards[i]->open && cards[i]->link_up)
			return true;
	}
	return false;
}

static void describe(struct nic **cards, unsigned count, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		if (cards[i]->open)
			format_append(text, size, "%s%s", text[0] ? " " : "", cards[i]->name);
	}
}

int link_wait(struct nic **cards, unsigned count, unsigned timeout_ms, bool patient)
{
	uint64_t start = clock_ms();
	char names[128];
	int rc;

	rc = wait_until(any_link(cards, count), start + min(timeout_ms, QUIET_MS));
	if (rc != E_TIMEOUT)
		return rc ? fail(rc, "cancelled") : 0;
	describe(cards, count, names, sizeof(names));
	print("Waiting for link-up on %s...", names);
	if (!patient)
		timeout_ms = min(timeout_ms, NEVER_SEEN_MS);
	rc = wait_until(any_link(cards, count), start + timeout_ms);
	print(rc ? " failed\n" : " ok\n");
	if (rc == E_TIMEOUT)
		return fail(E_NET_NO_LINK, "no link on %s after %u s; check cable and switch port",
			    names, (unsigned)((clock_ms() - start) / 1000));
	return rc ? fail(rc, "waiting for a link on %s was cancelled", names) : 0;
}
