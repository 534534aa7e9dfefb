/* SPDX-License-Identifier: BSD-2-Clause */
/* The DHCP client's own: sessions (dhcp.c), the choice between them (dhcp_choice.c), and proxy
 * offers (dhcp_proxy.c). */
#ifndef NETSTACK_DHCP_CLIENT_H
#define NETSTACK_DHCP_CLIENT_H

#include "netstack/dhcp.h"

#define DHCP_BETTER_MS	      2000u /* for offers of other cards, and of proxies */
#define DHCP_REQUEST_FIRST_MS 250u

enum dhcp_state {
	SESSION_IDLE,	     /* no link yet */
	SESSION_DISCOVERING, /* also with an offer in hand */
	SESSION_REQUESTING,
	SESSION_BOUND,
	SESSION_ASKING_PROXY,
	SESSION_CLOSED, /* the card does not open */
};

/** DHCP on one card. */
struct dhcp_session {
	struct nic *nic;
	struct udp_socket socket;
	enum dhcp_state state;
	bool opened_here;
	bool preferred; /* the user asked for this card: nic_preferred() */
	bool restarted, blocked_said;
	bool unusable; /* an offer was refused, and that was said */
	uint32_t xid;
	uint64_t started;    /* first DISCOVER */
	uint64_t next_send;  /* DISCOVERING, REQUESTING, ASKING_PROXY */
	unsigned tries;	     /* in this state */
	uint64_t offered_at; /* first offer */
	uint32_t offer_delay;
	unsigned naks;
	uint64_t asking_since;		       /* first DISCOVER since the link came */
	uint64_t sent_before, received_before; /* the card's frames when DISCOVERs began */
	bool has_offer, has_proxy, proxy_done;
	struct dhcp_reply offer, proxy; /* offer becomes the ACK */
};

/** All cards of one dhcp_run(). */
struct dhcp_client {
	struct dhcp_session *sessions;
	unsigned count;
	uint32_t patience;	/* ms, of the whole */
	uint32_t link_patience; /* ms, for the first link */
	bool links_are_awaited; /* for all of link_patience, even when none was ever seen */
	uint64_t started, deadline, next_dot;
};

/* ---- dhcp.c ---- */

/** Receive the answers for @s. */
int dhcp_session_listen(struct dhcp_session *s);
void dhcp_session_end(struct dhcp_session *s);
/** Send, and plan to send again after a pause that doubles from @first ms. */
void dhcp_send_and_plan(struct dhcp_session *s, enum dhcp_type type, uint32_t first);

/* ---- dhcp_choice.c ---- */

/** A higher priority wins, then boot information, then who came first. */
bool dhcp_reply_is_better(const struct dhcp_reply *new, const struct dhcp_reply *old);
/** The session whose offer is to be taken now, or NULL: a better one may still come. */
struct dhcp_session *dhcp_choose(const struct dhcp_client *c, uint64_t now);
/** Say so when @chosen is not the card that the user asked for. */
void dhcp_say_passed_over(const struct dhcp_client *c, const struct dhcp_session *chosen);

/* ---- dhcp_proxy.c ---- */

/** Who is asked on port 4011: the proxy, or the next server of a lease from a PXE server. */
uint32_t dhcp_proxy_host(const struct dhcp_session *s);
/** Until when a proxy may complete the offer of @s: a multiple of what the server took. */
uint64_t dhcp_proxy_patience(const struct dhcp_session *s);
/** Complete a lease that does not say what to boot, as far as that needs no long wait. */
int dhcp_proxy_complete(struct dhcp_session *s);
/** Go on listening for proxies on behalf of @s, of which a copy is made. */
void dhcp_proxy_listen(const struct dhcp_session *s);
void dhcp_proxy_stop(void);

#endif
