/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP client (RFC 2131, RFC 1542 replies, PXE 2.1 proxy offers).
 *
 * Every card has a session, a small state machine; one loop steps them all. A
 * session discovers as soon as its card has a link. dhcp_choice.c decides which
 * offer is taken, and only that card sends a REQUEST. When the server refuses or
 * keeps silent, its session goes back to discovering.
 */
#include "netstack/dhcp_client.h"
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
#define RETRY_MAX_MS	  10000u
#define REQUEST_TRIES	  5 /* 250 ms doubling: 7.75 s */
#define NAK_PAUSE_MS	  1000u
#define DEAF_MS		  3000u
#define DEAF_PAUSE_MS	  100u /* until it asks again, as soon as there is a link */
#define DEAF_FRAMES	  2    /* sent in vain, at least */

/* ---- Sending ---- */

static uint16_t elapsed_seconds(const struct dhcp_session *s)
{
	return (uint16_t)min((clock_ms() - s->started) / 1000, (uint64_t)0xffff);
}

static void send(struct dhcp_session *s, enum dhcp_type type)
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

	if (s->state == SESSION_REQUESTING) {
		request.server_id = dhcp_server_of(&s->offer);
		request.requested = s->offer.yiaddr;
	}
	if (s->state == SESSION_ASKING_PROXY)
		request.ciaddr = s->offer.yiaddr;
	len = dhcp_build(&request, packet);
	if (s->state == SESSION_ASKING_PROXY)
		rc = udp_send(&s->socket, dhcp_proxy_host(s), PXE_SERVER_PORT, packet, len);
	else
		rc = udp_broadcast(&s->socket, s->nic, 0, DHCP_SERVER_PORT, packet, len);
	if (rc)
		log_debug("dhcp", 1, "%s: not sent: %s", s->nic->name, error_text());
	else
		log_debug("dhcp", 2, "%s: sent type %u", s->nic->name, type);
}

void dhcp_send_and_plan(struct dhcp_session *s, enum dhcp_type type, uint32_t first)
{
	uint32_t pause = first << min(s->tries, 6u);

	send(s, type);
	s->tries++;
	s->next_send = clock_ms() + min(pause, RETRY_MAX_MS);
}

static void discover_from(struct dhcp_session *s, uint64_t when)
{
	s->state = SESSION_DISCOVERING;
	s->tries = 0;
	s->has_offer = false;
	s->next_send = when;
}

/* ---- Receiving ---- */

static void take_proxy(struct dhcp_session *s, const struct dhcp_reply *reply)
{
	if (s->has_proxy && !dhcp_reply_is_better(reply, &s->proxy))
		return;
	log_debug("dhcp", 1, "%s: proxy offer from " IPV4_FMT, s->nic->name,
		  IPV4_ARG(reply->source));
	s->proxy = *reply;
	s->has_proxy = true;
}

static void take_offer(struct dhcp_session *s, const struct dhcp_reply *reply)
{
	uint64_t now = clock_ms();

	if (s->state != SESSION_DISCOVERING ||
	    (s->has_offer && !dhcp_reply_is_better(reply, &s->offer)))
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

/* An address that no host can have would only lead to failures that are harder to read. */
static bool is_usable(struct dhcp_session *s, const struct dhcp_reply *reply)
{
	uint32_t mask = dhcp_option_u32(reply, TAG_SUBNET_MASK, 0xffffffff);
	bool directed = mask < 0xfffffffe && (reply->yiaddr | mask) == 0xffffffff;

	if (ipv4_is_host(reply->yiaddr) && !directed)
		return true;
	if (!s->unusable)
		print("\n%s: the DHCP server " IPV4_FMT " offers the address " IPV4_FMT
		      ", which no host can have; not taken\n",
		      s->nic->name, IPV4_ARG(dhcp_server_of(reply)), IPV4_ARG(reply->yiaddr));
	s->unusable = true;
	return false;
}

static void take_ack(struct dhcp_session *s, const struct dhcp_reply *reply)
{
	if (s->state != SESSION_REQUESTING || reply->yiaddr != s->offer.yiaddr)
		return;
	s->offer = *reply;
	s->state = SESSION_BOUND;
}

static void take_nak(struct dhcp_session *s, const struct dhcp_reply *reply)
{
	if (s->state != SESSION_REQUESTING || dhcp_server_of(reply) != dhcp_server_of(&s->offer))
		return;
	log_debug("dhcp", 1, "%s: refused by " IPV4_FMT, s->nic->name, IPV4_ARG(reply->source));
	s->naks++;
	discover_from(s, clock_ms() + NAK_PAUSE_MS);
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	static struct dhcp_reply reply;
	struct dhcp_session *s = socket->ctx;

	if (!dhcp_parse(&reply, data, len) || reply.xid != s->xid ||
	    memcmp(reply.chaddr, s->nic->mac, ETH_ALEN))
		return;
	reply.source = source;
	reply.source_port = source_port;
	if (source_port == PXE_SERVER_PORT) {
		if (s->state == SESSION_ASKING_PROXY && reply.type != DHCP_NAK) {
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
	else if (!reply.yiaddr && dhcp_is_pxe(&reply))
		take_proxy(s, &reply);
	else if (is_usable(s, &reply))
		take_offer(s, &reply);
}

int dhcp_session_listen(struct dhcp_session *s)
{
	return udp_open(&s->socket, DHCP_CLIENT_PORT, s->nic, receive, s);
}

/* ---- One step of a session ---- */

static void start_discovering(struct dhcp_session *s, uint64_t now)
{
	s->started = s->asking_since = now;
	s->sent_before = s->nic->counters.tx_packets;
	s->received_before = s->nic->counters.rx_packets;
	s->xid = random_u32();
	discover_from(s, now);
}

/* The cable is out: ask as soon as it is back, and count the silence from there. */
static void ask_anew(struct dhcp_session *s, uint64_t now)
{
	s->tries = 0;
	s->next_send = s->asking_since = now;
	s->sent_before = s->nic->counters.tx_packets;
}

/* Some chips come up deaf. Any frame at all proves the opposite. */
static void restart_deaf_card(struct dhcp_session *s, uint64_t now)
{
	const struct nic_counters *c = &s->nic->counters;

	if (s->restarted || now - s->asking_since < DEAF_MS || !s->nic->link_up ||
	    c->rx_packets != s->received_before || c->tx_packets < s->sent_before + DEAF_FRAMES)
		return;
	s->restarted = true;
	s->tries = 0;
	s->next_send = now + DEAF_PAUSE_MS;
	print("\n");
	nic_restart(s->nic, "nothing received while DHCP asks");
}

static void say_blocked(struct dhcp_session *s)
{
	if (s->blocked_said)
		return;
	s->blocked_said = true;
	print("\n%s: the switch port is in STP listening or learning, expect up to %u s\n",
	      s->nic->name, (unsigned)((s->nic->netif->blocked_until - clock_ms()) / 1000 + 1));
}

static void step(struct dhcp_session *s, uint64_t now)
{
	if (s->state == SESSION_IDLE) {
		if (s->nic->link_up)
			start_discovering(s, now);
		return;
	}
	if (s->state == SESSION_DISCOVERING && !s->nic->link_up)
		ask_anew(s, now);
	else if (s->state == SESSION_DISCOVERING)
		restart_deaf_card(s, now);
	if (now < s->next_send)
		return;
	if (s->state == SESSION_DISCOVERING && s->nic->link_up)
		dhcp_send_and_plan(s, DHCP_DISCOVER, DISCOVER_FIRST_MS);
	else if (s->state == SESSION_REQUESTING && s->tries < REQUEST_TRIES)
		dhcp_send_and_plan(s, DHCP_REQUEST, DHCP_REQUEST_FIRST_MS);
	else if (s->state == SESSION_REQUESTING)
		discover_from(s, now);
}

/* ---- The decision ---- */

static void request(struct dhcp_session *s, uint64_t now)
{
	s->tries = 0;
	s->next_send = now;
	s->state = s->offer.type == DHCP_BOOTP ? SESSION_BOUND : SESSION_REQUESTING;
}

/* The session that has its lease, or NULL; starts the REQUEST of the chosen offer. */
static struct dhcp_session *decide(struct dhcp_client *c, uint64_t now)
{
	struct dhcp_session *best;

	for (unsigned i = 0; i < c->count; i++) {
		struct dhcp_session *s = &c->sessions[i];

		if (s->state == SESSION_BOUND)
			return s;
		if (s->state == SESSION_REQUESTING)
			return NULL;
	}
	best = dhcp_choose(c, now);
	if (!best)
		return NULL;
	request(best, now);
	return best->state == SESSION_BOUND ? best : NULL;
}

/* ---- Patience ---- */

static bool has_link(const struct dhcp_client *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->sessions[i].state != SESSION_CLOSED && c->sessions[i].nic->link_up)
			return true;
	}
	return false;
}

/* Be patient with a blocked port, and there when it opens. */
static void extend_while_blocked(struct dhcp_client *c, uint64_t now)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct dhcp_session *s = &c->sessions[i];

		if (s->state == SESSION_CLOSED || !link_blocked(s->nic))
			continue;
		say_blocked(s);
		if (s->state == SESSION_DISCOVERING) {
			s->tries = 0;
			s->next_send = min(s->next_send, s->nic->netif->blocked_until);
		}
		c->deadline = max(c->deadline, min(s->nic->netif->blocked_until + AFTER_BLOCK_MS,
						   c->started + BLOCKED_MAX_MS));
	}
}

static int no_answer(const struct dhcp_client *c, uint64_t now)
{
	char cards[160] = "";
	unsigned naks = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct dhcp_session *s = &c->sessions[i];

		naks += s->naks;
		if (s->state != SESSION_CLOSED)
			format_append(cards, sizeof(cards), "%s%s (%s)", cards[0] ? ", " : "",
				      s->nic->name,
				      !s->nic->link_up		    ? "no link"
				      : s->has_offer		    ? "offer not confirmed"
				      : s->unusable		    ? "no usable offer"
				      : s->nic->counters.rx_packets ? "no answer"
								    : "nothing received at all");
	}
	if (naks)
		return fail(E_DHCP_REFUSED, "DHCP on %s: the server refused %u times in %u s",
			    cards, naks, (unsigned)((now - c->started) / 1000));
	return fail(E_DHCP_NO_ANSWER, "DHCP on %s: no lease in %u s", cards,
		    (unsigned)((now - c->started) / 1000));
}

static void dots(struct dhcp_client *c, uint64_t now)
{
	if (now < c->next_dot)
		return;
	print(".");
	c->next_dot = now + 1000;
}

/* One turn: 0 to go on, or an error after fail(). */
static int turn(struct dhcp_client *c)
{
	uint64_t now = clock_ms();
	int rc = wait_turn(DEADLINE_NEVER);

	if (rc)
		return fail(rc, "DHCP was cancelled");
	for (unsigned i = 0; i < c->count; i++) {
		if (c->sessions[i].state != SESSION_CLOSED)
			step(&c->sessions[i], now);
	}
	dots(c, now);
	extend_while_blocked(c, now);
	return now < c->deadline ? 0 : no_answer(c, now);
}

/* ---- The lease in use ---- */

static void scope_of(const struct nic *nic, char *scope, size_t size)
{
	format(scope, size, "%s.dhcp", nic->name);
}

static void use_lease(struct dhcp_session *s)
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

void dhcp_session_end(struct dhcp_session *s)
{
	udp_close(&s->socket);
}

/* ---- All of it ---- */

static int open_session(struct dhcp_session *s, struct nic *nic)
{
	int rc;

	s->nic = nic;
	s->preferred = nic_preferred(nic);
	s->opened_here = !nic->open;
	rc = nic_open(nic);
	if (!rc) {
		dhcp_lease_pause(nic);
		rc = netif_for(nic) ? dhcp_session_listen(s)
				    : fail(E_NO_MEMORY, "%s: out of memory", nic->name);
	}
	if (!rc)
		return 0;
	s->state = SESSION_CLOSED;
	if (s->opened_here)
		netif_close(nic);
	return rc;
}

/* Open every card; an error only when none opens. */
static int open_all(struct dhcp_client *c, struct nic **cards)
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

/* Cards that were opened for this and not chosen close again; without any lease also those that
 * were open before and have no address. */
static void close_others(struct dhcp_client *c, const struct dhcp_session *chosen)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct dhcp_session *s = &c->sessions[i];

		if (s->state == SESSION_CLOSED)
			continue;
		dhcp_session_end(s);
		if (s->opened_here ? s != chosen : !chosen && !s->nic->netif->address)
			netif_close(s->nic);
	}
}

static void print_cards(const struct dhcp_client *c)
{
	bool first = true;

	print("Configuring (");
	for (unsigned i = 0; i < c->count; i++) {
		const struct nic *nic = c->sessions[i].nic;

		if (c->sessions[i].state == SESSION_CLOSED)
			continue;
		print("%s%s " MAC_FMT, first ? "" : ", ", nic->name, MAC_ARG(nic->mac));
		first = false;
	}
	print(")...");
}

static int configure(struct dhcp_client *c, struct dhcp_session **chosen)
{
	int rc = 0;

	c->started = clock_ms();
	c->deadline = c->started + c->patience;
	c->next_dot = c->started + 1000;
	while (!rc && !*chosen) {
		rc = turn(c);
		*chosen = rc ? NULL : decide(c, clock_ms());
		if (!rc && !*chosen && !has_link(c) && clock_ms() - c->started >= c->link_patience)
			rc = no_answer(c, clock_ms());
	}
	if (rc)
		return rc;
	use_lease(*chosen);
	return dhcp_proxy_complete(*chosen);
}

static int run(struct dhcp_client *c, struct nic **cards, struct dhcp_session **chosen)
{
	int rc = open_all(c, cards);

	if (!rc)
		rc = link_wait(cards, c->count, c->link_patience, c->links_are_awaited);
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
	if (!rc)
		dhcp_say_passed_over(c, *chosen);
	return rc;
}

int dhcp_run(struct nic **cards, unsigned count, const struct dhcp_options *options)
{
	uint32_t asked = options ? options->timeout_ms : 0;
	struct dhcp_client c = {
		.count = count,
		.patience = asked ? asked : PATIENCE_MS,
		.link_patience = asked ? asked : LINK_MS,
		.links_are_awaited = asked != 0,
	};
	struct dhcp_session *chosen = NULL;
	int rc;

	if (!count)
		return nic_none();
	c.sessions = heap_zalloc(count * sizeof(*c.sessions));
	if (!c.sessions)
		return fail(E_NO_MEMORY, "no memory for DHCP on %u cards", count);
	dhcp_proxy_stop();
	rc = run(&c, cards, &chosen);
	if (rc)
		chosen = NULL;
	close_others(&c, chosen);
	if (chosen && options && options->chosen)
		*options->chosen = chosen->nic;
	if (chosen) {
		char scope[24];

		dhcp_proxy_listen(chosen);
		scope_of(chosen->nic, scope, sizeof(scope));
		dhcp_store_named_server(scope, &chosen->offer);
	}
	heap_free(c.sessions);
	return rc;
}
