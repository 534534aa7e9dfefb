/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ProxyDHCP (PXE 2.1 section 2.2): boot information from another server than
 * the one that gives the address.
 *
 * A lease that does not say what to boot may be completed by a proxy offer. The
 * lease is put to use at once; then proxies get a multiple of the time that the
 * server took, and what comes within 2 s after that is still taken (listener),
 * for callers of dhcp_proxy_wait().
 */
#include "netstack/dhcp_client.h"
#include "bios/heap.h"
#include "lib/error.h"

#define LEAST_MS  100u
#define FACTOR	  4
#define PXE_TRIES 3 /* 250 ms doubling: 1.75 s */

/* The one session that goes on listening for proxy offers, and until when. */
static struct {
	struct dhcp_session *session;
	struct net_timer timer;
} listener;

/* Proxies without an answer of their own in the offer have it on port 4011. */
static int ask_proxy(struct dhcp_session *s)
{
	int rc = 0;

	s->state = SESSION_ASKING_PROXY;
	s->proxy_done = false;
	s->tries = 0;
	s->next_send = 0;
	while (!s->proxy_done && !rc) {
		uint64_t now = clock_ms();

		if (now >= s->next_send) {
			if (s->tries == PXE_TRIES)
				break;
			dhcp_send_and_plan(s, DHCP_REQUEST, DHCP_REQUEST_FIRST_MS);
		}
		rc = wait_turn(DEADLINE_NEVER);
	}
	s->state = SESSION_BOUND;
	return rc ? fail(rc, "DHCP was cancelled") : 0;
}

static int use_proxy(struct dhcp_session *s)
{
	int rc = dhcp_has_boot_info(&s->proxy) ? 0 : ask_proxy(s);

	if (!rc)
		dhcp_store("proxydhcp", &s->proxy);
	return rc;
}

/*
 * The DHCP server calls itself a PXE server and says nothing of booting: there is
 * one on port 4011 of its host (PXE 2.1, section 2.2.1), or of the host that it names
 * as next server, as in networks with WDS.
 */
static int ask_server(struct dhcp_session *s)
{
	int rc;

	s->proxy = s->offer;
	rc = ask_proxy(s);
	if (!rc && s->proxy_done)
		dhcp_store("proxydhcp", &s->proxy);
	return rc;
}

uint32_t dhcp_proxy_host(const struct dhcp_session *s)
{
	bool is_lease = s->proxy.yiaddr != 0;

	return is_lease && s->proxy.siaddr ? s->proxy.siaddr : dhcp_server_of(&s->proxy);
}

uint64_t dhcp_proxy_patience(const struct dhcp_session *s)
{
	uint32_t patience = max(s->offer_delay * FACTOR, LEAST_MS);

	if (dhcp_needs_no_proxy(&s->offer) || s->has_proxy)
		return s->offered_at;
	return s->offered_at + min(patience, DHCP_BETTER_MS);
}

int dhcp_proxy_complete(struct dhcp_session *s)
{
	int rc;

	if (dhcp_needs_no_proxy(&s->offer))
		return 0;
	rc = wait_until(s->has_proxy, dhcp_proxy_patience(s));
	if (rc == E_CANCELLED)
		return fail_context(rc, "DHCP");
	if (s->has_proxy)
		return use_proxy(s);
	return dhcp_is_pxe(&s->offer) ? ask_server(s) : 0;
}

static uint64_t proxy_end(const struct dhcp_session *s)
{
	return s->offered_at + DHCP_BETTER_MS;
}

void dhcp_proxy_stop(void)
{
	if (!listener.session)
		return;
	net_timer_stop(&listener.timer);
	dhcp_session_end(listener.session);
	heap_free(listener.session);
	listener.session = NULL;
}

static void listening_ended(struct net_timer *timer)
{
	struct dhcp_session *s = listener.session;

	if (s->has_proxy && dhcp_has_boot_info(&s->proxy))
		dhcp_store("proxydhcp", &s->proxy);
	dhcp_proxy_stop();
}

/* Without memory for the copy nothing is listened for. */
void dhcp_proxy_listen(const struct dhcp_session *s)
{
	struct dhcp_session *copy;

	if (dhcp_needs_no_proxy(&s->offer) || s->has_proxy || clock_ms() >= proxy_end(s))
		return;
	copy = heap_alloc(sizeof(*copy));
	if (!copy)
		return;
	*copy = *s;
	if (dhcp_session_listen(copy)) {
		heap_free(copy);
		return;
	}
	listener.session = copy;
	listener.timer.expired = listening_ended;
	net_timer_start(&listener.timer, proxy_end(copy));
}

int dhcp_proxy_wait(void)
{
	struct dhcp_session *s = listener.session;
	int rc;

	if (!s)
		return 0;
	net_timer_stop(&listener.timer);
	rc = wait_until(s->has_proxy, proxy_end(s));
	if (rc == E_CANCELLED)
		fail(rc, "waiting for a ProxyDHCP offer was cancelled");
	else
		rc = s->has_proxy ? use_proxy(s) : 0;
	dhcp_proxy_stop();
	return rc;
}
