/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP on several cards: which offer is taken, and when.
 *
 * Better is, in this order: the card that the user asked for (nic=, BOOTIF=),
 * the higher priority (option 175.1), an answer that says what to boot, itself
 * or by a proxy, and who comes first in PCI order.
 *
 * An offer that says what to boot is taken at once. One that gives only an
 * address is, too, unless something better may still come: for 2 s from cards
 * that have a link and no answer yet, and from proxies for as long as they are
 * awaited anyway. A card without a link costs no time. The card that the user
 * asked for goes first: 10 s with a link, 5 s without one (a negotiation takes 2
 * to 4 s), counted from when its switch port forwards, if that says when.
 */
#include "netstack/dhcp_client.h"
#include "lib/log.h"

#define PREFERRED_MS	  10000u
#define PREFERRED_LINK_MS 5000u

bool dhcp_reply_is_better(const struct dhcp_reply *new, const struct dhcp_reply *old)
{
	int by_priority = dhcp_priority(new) - dhcp_priority(old);

	if (by_priority)
		return by_priority > 0;
	return dhcp_has_boot_info(new) && !dhcp_has_boot_info(old);
}

static bool says_what_to_boot(const struct dhcp_session *s)
{
	return dhcp_has_boot_info(&s->offer) || s->has_proxy;
}

static bool is_better(const struct dhcp_session *new, const struct dhcp_session *old)
{
	int by_priority = dhcp_priority(&new->offer) - dhcp_priority(&old->offer);

	if (new->preferred != old->preferred)
		return new->preferred;
	if (by_priority)
		return by_priority > 0;
	return says_what_to_boot(new) && !says_what_to_boot(old);
}

/* Until when @s, which the user asked for, goes first. */
static uint64_t preferred_until(const struct dhcp_client *c, const struct dhcp_session *s)
{
	uint32_t patience =
		min(s->nic->link_up ? PREFERRED_MS : PREFERRED_LINK_MS, c->patience / 2);
	uint64_t from = max(c->started, s->nic->netif->blocked_until);

	return min(from + patience, c->started + c->patience);
}

static bool preferred_goes_first(const struct dhcp_client *c, uint64_t now)
{
	for (unsigned i = 0; i < c->count; i++) {
		const struct dhcp_session *s = &c->sessions[i];

		if (s->preferred && s->state != SESSION_CLOSED && now < preferred_until(c, s))
			return true;
	}
	return false;
}

/* May @other still say what to boot? */
static bool may_improve(const struct dhcp_session *other, uint64_t now)
{
	if (other->state != SESSION_DISCOVERING || !other->nic->link_up)
		return false;
	return !other->has_offer || now < dhcp_proxy_patience(other);
}

static bool waits_for_others(const struct dhcp_client *c, const struct dhcp_session *s,
			     uint64_t now)
{
	if (says_what_to_boot(s) || now - s->offered_at >= DHCP_BETTER_MS)
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		const struct dhcp_session *other = &c->sessions[i];

		if (other != s && other->preferred >= s->preferred && may_improve(other, now))
			return true;
	}
	return false;
}

struct dhcp_session *dhcp_choose(const struct dhcp_client *c, uint64_t now)
{
	bool only_preferred = preferred_goes_first(c, now);
	struct dhcp_session *best = NULL;

	for (unsigned i = 0; i < c->count; i++) {
		struct dhcp_session *s = &c->sessions[i];

		if (s->state != SESSION_DISCOVERING || !s->has_offer ||
		    (only_preferred && !s->preferred))
			continue;
		if (!best || is_better(s, best))
			best = s;
	}
	return best && !waits_for_others(c, best, now) ? best : NULL;
}

void dhcp_say_passed_over(const struct dhcp_client *c, const struct dhcp_session *chosen)
{
	for (unsigned i = 0; i < c->count && !chosen->preferred; i++) {
		const struct dhcp_session *s = &c->sessions[i];

		if (s->preferred)
			print("%s, which nic= or BOOTIF= asks for, has no %s\n", s->nic->name,
			      s->nic->link_up ? "lease" : "link");
	}
}
