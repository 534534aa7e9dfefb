/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP client (RFC 2131, RFC 1542 replies, PXE 2.1 proxy offers).
 *
 * Every card has a session, a small state machine; one loop steps them all and
 * decides. A session discovers as soon as its card has a link. The decision:
 *
 *   1. an offer that says what to boot is taken at once;
 *   2. else, when no other card with a link could still do better, the first
 *      offer is taken at once; with other cards, 2 s later.
 *
 * Only the chosen card sends a REQUEST. When the server refuses or keeps
 * silent, its session goes back to discovering.
 *
 * A lease that does not say what to boot may be completed by a proxy offer. The
 * lease is put to use at once; then proxies get a multiple of the time that the
 * server took, and what comes within 2 s after that is still taken (listener),
 * for callers of dhcp_proxy_wait().
 */
#include "netstack/dhcp.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"

#define PATIENCE_MS	  60000u
#define LINK_MS		  15000u
#define BLOCKED_MAX_MS	  180000u /* a switch may keep us waiting that long */
#define AFTER_BLOCK_MS	  10000u
#define DISCOVER_FIRST_MS 500u /* a link that just came up may lose the first */
#define REQUEST_FIRST_MS  250u
#define RETRY_MAX_MS	  10000u
#define REQUEST_TRIES	  5 /* 250 ms doubling: 7.75 s */
#define NAK_PAUSE_MS	  1000u
#define BETTER_MS	  2000u	 /* for offers of other cards, and of proxies */
#define PREFERRED_MS	  10000u /* for the card that the user asked for */
#define PROXY_LEAST_MS	  100u
#define PROXY_FACTOR	  4
#define PXE_TRIES	  3 /* 250 ms doubling: 1.75 s */
#define DEAF_MS		  3000u
#define DEAF_FRAMES	  2 /* sent in vain, at least */

enum state {
	IDLE,	     /* no link yet */
	DISCOVERING, /* also with an offer in hand */
	REQUESTING,
	BOUND,
	ASKING_PROXY,
	CLOSED, /* the card does not open */
};

struct session {
	struct nic *nic;
	struct udp_socket socket;
	enum state state;
	bool opened_here;
	bool restarted, blocked_said;
	uint32_t xid;
	uint64_t started;    /* first DISCOVER */
	uint64_t next_send;  /* DISCOVERING, REQUESTING, ASKING_PROXY */
	unsigned tries;	     /* in this state */
	uint64_t offered_at; /* first offer */
	uint32_t offer_delay;
	unsigned naks;
	uint64_t sent_before, received_before; /* the card's frames when DISCOVERs began */
	bool has_offer, has_proxy, proxy_done;
	struct dhcp_reply offer, proxy; /* offer becomes the ACK */
};

struct client {
	struct session *sessions;
	unsigned count;
	uint64_t started, deadline, next_dot;
};

/* ---- Sending ---- */

static uint16_t elapsed_seconds(const struct session *s)
{
	return (uint16_t)min((clock_ms() - s->started) / 1000, (uint64_t)0xffff);
}

static void send(struct session *s, enum dhcp_type type)
{
	uint8_t packet[DHCP_PACKET_MAX];
	struct dhcp_request request = {
		.nic = s->nic,
		.type = type,
		.xid = s->xid,
		.secs = elapsed_seconds(s),
		.broadcast = s->nic->netif && s->nic->netif->address,
	};
	size_t len;
	int rc;

	if (s->state == REQUESTING) {
		request.server_id = dhcp_server_of(&s->offer);
		request.requested = s->offer.yiaddr;
	}
	if (s->state == ASKING_PROXY)
		request.ciaddr = s->offer.yiaddr;
	len = dhcp_build(&request, packet);
	if (s->state == ASKING_PROXY)
		rc = udp_send(&s->socket, dhcp_server_of(&s->proxy), PXE_SERVER_PORT, packet, len);
	else
		rc = udp_broadcast(&s->socket, s->nic, 0, DHCP_SERVER_PORT, packet, len);
	if (rc)
		log_debug("dhcp", 1, "%s: not sent: %s", s->nic->name, error_text());
	else
		log_debug("dhcp", 2, "%s: sent type %u", s->nic->name, type);
}

/* Send, and send again after a pause that doubles from @first. */
static void send_and_plan(struct session *s, enum dhcp_type type, uint32_t first)
{
	uint32_t pause = first << min(s->tries, 6u);

	send(s, type);
	s->tries++;
	s->next_send = clock_ms() + min(pause, RETRY_MAX_MS);
}

static void discover_from(struct session *s, uint64_t when)
{
	s->state = DISCOVERING;
	s->tries = 0;
	s->has_offer = false;
	s->next_send = when;
}

/* ---- Receiving ---- */

/* A higher priority wins, then boot information, then who came first. */
static bool is_better(const struct dhcp_reply *new, const struct dhcp_reply *old)
{
	int by_priority = dhcp_priority(new) - dhcp_priority(old);

	if (by_priority)
		return by_priority > 0;
	return dhcp_has_boot_info(new) && !dhcp_has_boot_info(old);
}

static void take_proxy(struct session *s, const struct dhcp_reply *reply)
{
	if (s->has_proxy && !is_better(reply, &s->proxy))
		return;
	log_debug("dhcp", 1, "%s: proxy offer from " IPV4_FMT, s->nic->name,
		  IPV4_ARG(reply->source));
	s->proxy = *reply;
	s->has_proxy = true;
}

static void take_offer(struct session *s, const struct dhcp_reply *reply)
{
	uint64_t now = clock_ms();

	if (s->state != DISCOVERING || (s->has_offer && !is_better(reply, &s->offer)))
		return;
	log_debug("dhcp", 1, "%s: offer of " IPV4_FMT " from " IPV4_FMT "%s", s->nic->name,
		  IPV4_ARG(reply->yiaddr), IPV4_ARG(dhcp_server_of(reply)),
		  dhcp_has_boot_info(reply) ? "" : ", nothing to boot");
	s->offer = *reply;
	if (!s->has_offer) {
		s->offered_at = now;
		s->offer_delay = (uint32_t)(now - s->started);
	}
	s->has_offer = true;
}

static void take_ack(struct session *s, const struct dhcp_reply *reply)
{
	if (s->state != REQUESTING || reply->yiaddr != s->offer.yiaddr)
		return;
	s->offer = *reply;
	s->state = BOUND;
}

static void take_nak(struct session *s, const struct dhcp_reply *reply)
{
	if (s->state != REQUESTING || dhcp_server_of(reply) != dhcp_server_of(&s->offer))
		return;
	log_debug("dhcp", 1, "%s: refused by " IPV4_FMT, s->nic->name, IPV4_ARG(reply->source));
	s->naks++;
	discover_from(s, clock_ms() + NAK_PAUSE_MS);
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	static struct dhcp_reply reply;
	struct session *s = socket->ctx;

	if (!dhcp_parse(&reply, data, len) || reply.xid != s->xid ||
	    memcmp(reply.chaddr, s->nic->mac, ETH_ALEN))
		return;
	reply.source = source;
	reply.source_port = source_port;
	if (source_port == PXE_SERVER_PORT) {
		if (s->state == ASKING_PROXY && reply.type != DHCP_NAK) {
			s->proxy = reply;
			s->proxy_done = true;
		}
		return;
	}
	if (source_port != DHCP_SERVER_PORT)
		return;
	if (reply.type == DHCP_ACK)
		take_ack(s, &reply);
	else if (reply.type == DHCP_NAK)
		take_nak(s, &reply);
	else if (reply.type != DHCP_OFFER && reply.type != DHCP_BOOTP)
		return;
	else if (reply.yiaddr)
		take_offer(s, &reply);
	else if (dhcp_is_pxe(&reply))
		take_proxy(s, &reply);
}

/* ---- One step of a session ---- */

static void start_discovering(struct session *s, uint64_t now)
{
	s->started = now;
	s->sent_before = s->nic->counters.tx_packets;
	s->received_before = s->nic->counters.rx_packets;
	s->xid = random_u32();
	discover_from(s, now);
}

/* Some chips come up deaf. Any frame at all proves the opposite. */
static void restart_deaf_card(struct session *s, uint64_t now)
{
	const struct nic_counters *c = &s->nic->counters;

	if (s->restarted || now - s->started < DEAF_MS || !s->nic->link_up ||
	    c->rx_packets != s->received_before || c->tx_packets < s->sent_before + DEAF_FRAMES)
		return;
	s->restarted = true;
	print("\n");
	nic_restart(s->nic, "nothing received while DHCP asks");
}

static void say_blocked(struct session *s)
{
	if (s->blocked_said)
		return;
	s->blocked_said = true;
	print("\n%s: the switch port is in STP listening or learning, expect up to %u s\n",
	      s->nic->name, (unsigned)((s->nic->netif->blocked_until - clock_ms()) / 1000 + 1));
}

static void step(struct session *s, uint64_t now)
{
	if (s->state == IDLE) {
		if (s->nic->link_up)
			start_discovering(s, now);
		return;
	}
	if (s->state == DISCOVERING)
		restart_deaf_card(s, now);
	if (now < s->next_send)
		return;
	if (s->state == DISCOVERING && s->nic->link_up)
		send_and_plan(s, DHCP_DISCOVER, DISCOVER_FIRST_MS);
	else if (s->state == REQUESTING && s->tries < REQUEST_TRIES)
		send_and_plan(s, DHCP_REQUEST, REQUEST_FIRST_MS);
	else if (s->state == REQUESTING)
		discover_from(s, now);
}

/* ---- The decision ---- */

/* May @other still bring something better than the offer in hand? */
static bool may_improve(const struct session *other)
{
	return other->state == DISCOVERING && !other->has_offer && other->nic->link_up;
}

static bool waits_for_others(const struct client *c, const struct session *s, uint64_t now)
{
	if (dhcp_has_boot_info(&s->offer) || (s->has_proxy && dhcp_has_boot_info(&s->proxy)) ||
	    now - s->offered_at >= BETTER_MS)
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		if (may_improve(&c->sessions[i]))
			return true;
	}
	return false;
}

/* The card that the user asked for goes first, for a while. */
static bool waits_for_preferred(const struct client *c, const struct session *s, uint64_t now)
{
	if (nic_preferred(s->nic) || now - c->started >= PREFERRED_MS)
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		if (nic_preferred(c->sessions[i].nic) && c->sessions[i].state != CLOSED)
			return true;
	}
	return false;
}

static void request(struct session *s, uint64_t now)
{
	s->tries = 0;
	s->next_send = now;
	s->state = s->offer.type == DHCP_BOOTP ? BOUND : REQUESTING;
}

/* The session that has its lease, or NULL; starts the REQUEST of the best offer. */
static struct session *decide(struct client *c, uint64_t now)
{
	struct session *best = NULL;

	for (unsigned i = 0; i < c->count; i++) {
		struct session *s = &c->sessions[i];

		if (s->state == BOUND)
			return s;
		if (s->state == REQUESTING)
			return NULL;
		if (s->state != DISCOVERING || !s->has_offer || waits_for_preferred(c, s, now))
			continue;
		if (!best || is_better(&s->offer, &best->offer))
			best = s;
	}
	if (best && !waits_for_others(c, best, now)) {
		request(best, now);
		return best->state == BOUND ? best : NULL;
	}
	return NULL;
}

/* ---- Patience ---- */

static bool has_link(const struct client *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->sessions[i].state != CLOSED && c->sessions[i].nic->link_up)
			return true;
	}
	return false;
}

/* Be patient with a blocked port, and there when it opens. */
static void extend_while_blocked(struct client *c, uint64_t now)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct session *s = &c->sessions[i];

		if (s->state == CLOSED || !link_blocked(s->nic))
			continue;
		say_blocked(s);
		if (s->state == DISCOVERING) {
			s->tries = 0;
			s->next_send = min(s->next_send, s->nic->netif->blocked_until);
		}
		c->deadline = max(c->deadline, min(s->nic->netif->blocked_until + AFTER_BLOCK_MS,
						   c->started + BLOCKED_MAX_MS));
	}
}

static int no_answer(const struct client *c, uint64_t now)
{
	char cards[160] = "";
	unsigned naks = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct session *s = &c->sessions[i];

		naks += s->naks;
		if (s->state != CLOSED)
			format_append(cards, sizeof(cards), "%s%s (%s)", cards[0] ? ", " : "",
				      s->nic->name,
				      !s->nic->link_up		    ? "no link"
				      : s->has_offer		    ? "offer not confirmed"
				      : s->nic->counters.rx_packets ? "no answer"
								    : "nothing received at all");
	}
	if (naks)
		return fail(E_DHCP_REFUSED, "DHCP on %s: the server refused %u times in %u s",
			    cards, naks, (unsigned)((now - c->started) / 1000));
	return fail(E_DHCP_NO_ANSWER, "DHCP on %s: no lease in %u s", cards,
		    (unsigned)((now - c->started) / 1000));
}

static void dots(struct client *c, uint64_t now)
{
	if (now < c->next_dot)
		return;
	print(".");
	c->next_dot = now + 1000;
}

/* One turn: 0 to go on, or an error after fail(). */
static int turn(struct client *c)
{
	uint64_t now = clock_ms();
	int rc = wait_turn(DEADLINE_NEVER);

	if (rc)
		return fail(rc, "DHCP was cancelled");
	for (unsigned i = 0; i < c->count; i++) {
		if (c->sessions[i].state != CLOSED)
			step(&c->sessions[i], now);
	}
	dots(c, now);
	extend_while_blocked(c, now);
	return now < c->deadline ? 0 : no_answer(c, now);
}

/* ---- The lease in use ---- */

/* The one session that goes on listening for proxy offers, and until when. */
static struct {
	struct session *session;
	struct net_timer timer;
} listener;

static void scope_of(const struct nic *nic, char *scope, size_t size)
{
	format(scope, size, "%s.dhcp", nic->name);
}

static void use_lease(struct session *s)
{
	char scope[24];

	scope_of(s->nic, scope, sizeof(scope));
	netif_configure_hold(true);
	settings_clear_scope("proxydhcp");
	settings_clear_scope("pxebs");
	dhcp_store(scope, &s->offer);
	netif_configure_hold(false);
	dhcp_lease_begin(s->nic, &s->offer);
}

/* Proxies without an answer of their own in the offer have it on port 4011. */
static int ask_proxy(struct session *s)
{
	int rc = 0;

	s->state = ASKING_PROXY;
	s->proxy_done = false;
	s->tries = 0;
	s->next_send = 0;
	while (!s->proxy_done && !rc) {
		uint64_t now = clock_ms();

		if (now >= s->next_send) {
			if (s->tries == PXE_TRIES)
				break;
			send_and_plan(s, DHCP_REQUEST, REQUEST_FIRST_MS);
		}
		rc = wait_turn(DEADLINE_NEVER);
	}
	s->state = BOUND;
	return rc ? fail(rc, "DHCP was cancelled") : 0;
}

static int use_proxy(struct session *s)
{
	int rc = dhcp_has_boot_info(&s->proxy) ? 0 : ask_proxy(s);

	if (!rc)
		dhcp_store("proxydhcp", &s->proxy);
	return rc;
}

static uint64_t proxy_end(const struct session *s)
{
	return s->offered_at + BETTER_MS;
}

/* Complete a lease without boot information, as far as that needs no long wait. */
static int complete(struct session *s)
{
	uint32_t patience = max(s->offer_delay * PROXY_FACTOR, PROXY_LEAST_MS);
	uint64_t end = s->offered_at + min(patience, BETTER_MS);
	int rc;

	if (dhcp_has_boot_info(&s->offer))
		return 0;
	rc = wait_until(s->has_proxy, end);
	if (rc == E_CANCELLED)
		return fail(rc, "DHCP was cancelled");
	return s->has_proxy ? use_proxy(s) : 0;
}

static void end_session(struct session *s)
{
	udp_close(&s->socket);
}

static void stop_listening(void)
{
	if (!listener.session)
		return;
	net_timer_stop(&listener.timer);
	end_session(listener.session);
	heap_free(listener.session);
	listener.session = NULL;
}

static void listening_ended(struct net_timer *timer)
{
	struct session *s = listener.session;

	if (s->has_proxy && dhcp_has_boot_info(&s->proxy))
		dhcp_store("proxydhcp", &s->proxy);
	stop_listening();
}

/* A copy of the session, since the others go. Without memory for it nothing is listened for. */
static void listen_on(const struct session *s)
{
	struct session *copy;

	if (dhcp_has_boot_info(&s->offer) || s->has_proxy || clock_ms() >= proxy_end(s))
		return;
	copy = heap_alloc(sizeof(*copy));
	if (!copy)
		return;
	*copy = *s;
	if (udp_open(&copy->socket, DHCP_CLIENT_PORT, copy->nic, receive, copy)) {
		heap_free(copy);
		return;
	}
	listener.session = copy;
	listener.timer.expired = listening_ended;
	net_timer_start(&listener.timer, proxy_end(copy));
}

int dhcp_proxy_wait(void)
{
	struct session *s = listener.session;
	int rc;

	if (!s)
		return 0;
	net_timer_stop(&listener.timer);
	rc = wait_until(s->has_proxy, proxy_end(s));
	if (rc == E_CANCELLED)
		fail(rc, "waiting for a ProxyDHCP offer was cancelled");
	else
		rc = s->has_proxy ? use_proxy(s) : 0;
	stop_listening();
	return rc;
}

/* ---- All of it ---- */

static int open_session(struct session *s, struct nic *nic)
{
	int rc;

	s->nic = nic;
	s->opened_here = !nic->open;
	rc = nic_open(nic);
	if (!rc) {
		dhcp_lease_end(nic);
		rc = netif_for(nic) ? udp_open(&s->socket, DHCP_CLIENT_PORT, nic, receive, s)
				    : fail(E_NO_MEMORY, "%s: out of memory", nic->name);
	}
	if (rc)
		s->state = CLOSED;
	return rc;
}

/* Open every card; an error only when none opens. */
static int open_all(struct client *c, struct nic **cards)
{
	unsigned opened = 0;
	int rc = 0;

	for (unsigned i = 0; i < c->count; i++) {
		int error = open_session(&c->sessions[i], cards[i]);

		if (error && c->count > 1)
			print("%s: %s\n", cards[i]->name, error_text());
		if (error)
			rc = error;
		else
			opened++;
	}
	return opened ? 0 : rc;
}

/* Cards that were not chosen close, unless they have an address of their own. */
static void close_others(struct client *c, const struct session *chosen)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct session *s = &c->sessions[i];

		if (s->state == CLOSED)
			continue;
		end_session(s);
		if (s == chosen || (s->nic->netif && s->nic->netif->address && !s->opened_here))
			continue;
		arp_flush(s->nic);
		nic_close(s->nic);
	}
}

static void print_cards(const struct client *c)
{
	bool first = true;

	print("Configuring (");
	for (unsigned i = 0; i < c->count; i++) {
		const struct nic *nic = c->sessions[i].nic;

		if (c->sessions[i].state == CLOSED)
			continue;
		print("%s%s " MAC_FMT, first ? "" : ", ", nic->name, MAC_ARG(nic->mac));
		first = false;
	}
	print(")...");
}

static int configure(struct client *c, struct session **chosen)
{
	int rc = 0;

	c->started = clock_ms();
	c->deadline += c->started;
	c->next_dot = c->started + 1000;
	while (!rc && !*chosen) {
		rc = turn(c);
		*chosen = rc ? NULL : decide(c, clock_ms());
		if (!rc && !*chosen && !has_link(c) && clock_ms() - c->started >= LINK_MS)
			rc = no_answer(c, clock_ms());
	}
	if (rc)
		return rc;
	use_lease(*chosen);
	return complete(*chosen);
}

static int run(struct client *c, struct nic **cards, struct session **chosen)
{
	int rc = open_all(c, cards);

	if (!rc)
		rc = link_wait_cards(cards, c->count, min(LINK_MS, (uint32_t)c->deadline), false);
	if (rc)
		return rc;
	print_cards(c);
	rc = configure(c, chosen);
	if (rc)
		print(" failed\n");
	else if (c->count > 1)
		print(" ok (%s)\n", (*chosen)->nic->name);
	else
		print(" ok\n");
	return rc;
}

int dhcp_run(struct nic **cards, unsigned count, const struct dhcp_options *options)
{
	uint32_t patience = options && options->timeout_ms ? options->timeout_ms : PATIENCE_MS;
	struct client c = {.count = count, .deadline = patience};
	struct session *chosen = NULL;
	int rc;

	if (!count)
		return fail(E_NET_NO_CARD, "DHCP needs a network card, and there is none");
	c.sessions = heap_zalloc(count * sizeof(*c.sessions));
	if (!c.sessions)
		return fail(E_NO_MEMORY, "no memory for DHCP on %u cards", count);
	stop_listening();
	rc = run(&c, cards, &chosen);
	if (rc)
		chosen = NULL;
	close_others(&c, chosen);
	if (chosen) {
		char scope[24];

		listen_on(chosen);
		scope_of(chosen->nic, scope, sizeof(scope));
		dhcp_store_named_server(scope, &chosen->offer);
	}
	heap_free(c.sessions);
	return rc;
}
