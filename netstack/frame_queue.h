/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames for a program that drives a card of ours with a network stack of its
 * own (an NBP through UNDI), beside our stack.
 *
 * Both use the same MAC address and mostly the same IP address. TCP segments of our
 * own connections are ours alone; all other TCP and echo requests are the
 * program's alone, so that nobody is answered twice or reset by the one who did
 * not ask. What else arrives goes to both.
 */
#ifndef NETSTACK_FRAME_QUEUE_H
#define NETSTACK_FRAME_QUEUE_H

#include "nic/nic.h"

#define QUEUE_FRAME_MAX 1518u /* bytes of a frame: 1500, its header, one VLAN tag */
#define QUEUE_GROUPS	8

/** Destinations that the program wants, besides the groups that it named. */
enum queue_filter {
	QUEUE_DIRECTED = 1, /* our MAC address */
	QUEUE_BROADCAST = 2,
	QUEUE_ALL = 4, /* whatever the card delivers, all groups included */
};

/** Begin to queue frames that arrive at @nic, with no destination wanted yet; one card at a time.
 * 0, or E_NO_MEMORY after fail(). */
int frame_queue_open(struct nic *nic);
/** End it: everything is the stack's again. Harmless when there is no queue. */
void frame_queue_close(void);

/** Set what is wanted: QUEUE_… bits. */
void frame_queue_filter(unsigned filter);
/** Set the groups that are wanted, QUEUE_GROUPS at most. */
void frame_queue_groups(const uint8_t (*groups)[ETH_ALEN], unsigned count);

/** The oldest frame, complete with its checksums and padded to 60 bytes; NULL when there is none.
 * Valid until frame_queue_drop(). */
const uint8_t *frame_queue_first(uint32_t *len);
/** Remove it. */
void frame_queue_drop(void);

/** Frames that were queued, and those that found no room, since frame_queue_open(). */
struct frame_queue_counters {
	uint32_t queued, overflowed;
};
struct frame_queue_counters frame_queue_counters(void);

extern struct nic *frame_queue_card;
/** Does a program use @nic beside us? Then TCP segments that are none of ours are its own. */
static inline bool frame_queue_has(const struct nic *nic)
{
	return nic == frame_queue_card;
}
/** For ethernet.c: queue @frame if the program wants it. Is it for the stack, too? */
bool frame_queue_receive(struct nic *nic, const struct rx_frame *frame);

#endif
