/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The poll loop.
 *
 * One turn: cards deliver what they received (ethernet, ipv4, tcp run inside
 * that), then pollers (TCP output and batched ACKs), then timers, then the
 * doorbells of the cards. Output of one turn is thus one batch a card.
 */
#include "netstack/net.h"
#include "bios/console.h"
#include "lib/error.h"

/* Timers that fire in one turn; one that restarts itself in the past waits for the next turn. */
#define TIMERS_PER_TURN 64

static struct list timers = LIST_INIT(timers); /* sorted by due */

void net_timer_stop(struct net_timer *timer)
{
	if (timer->due)
		list_remove(&timer->link);
	timer->due = 0;
}

void net_timer_start(struct net_timer *timer, uint64_t due)
{
	struct net_timer *next;

	net_timer_stop(timer);
	timer->due = due ? due : 1;
	list_for_each(next, &timers, link) {
		if (next->due > timer->due)
			break;
	}
	list_insert_after(next->link.prev, &timer->link);
}

static void run_timers(void)
{
	for (unsigned i = 0; i < TIMERS_PER_TURN; i++) {
		struct net_timer *timer = list_first(&timers, struct net_timer, link);

		if (!timer || timer->due > clock_ms())
			return;
		net_timer_stop(timer);
		timer->expired(timer);
	}
}

void net_poll(void)
{
	static bool inside;
	const struct net_poller *poller;
	struct nic *nic;

	if (inside)
		return;
	inside = true;
	if (!nic_receiver)
		nic_receiver = ethernet_receive;
	nic_poll_all();
	table_for_each(net_poller, poller)
		poller->poll();
	if (!list_empty(&timers))
		run_timers();
	list_for_each(nic, &nics, link) {
		if (nic->open)
			nic_flush(nic);
	}
	inside = false;
}

uint64_t wait_cancelled_at = DEADLINE_NEVER;
unsigned wait_turns;

int wait_turn(uint64_t deadline)
{
	int rc = 0;

	wait_turns++;
	net_poll();
	if (console_break())
		rc = fail(E_CANCELLED, "cancelled with Ctrl-C");
	else if (clock_ms() >= wait_cancelled_at)
		rc = fail(E_CANCELLED, "cancelled by boot-timeout");
	else if (deadline != DEADLINE_NEVER && clock_ms() >= deadline)
		rc = E_TIMEOUT;
	wait_turns++;
	return rc;
}
