/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 configuration of the cards, and routing.
 *
 * The settings are the truth: every store runs netif_configure_all(), which
 * reads ip, netmask, gateway, static-routes and mtu of each card again and
 * builds its routes. static-routes is DHCP option 121 (RFC 3442): when it is
 * there, the gateway of option 3 does not count, unless the user set it.
 */
#include "netstack/net.h"
#include "bios/heap.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"

#define MTU_MIN 576u /* RFC 791: what every host must take */

static bool hold;
static struct setting_value value; /* too large for the stack; never used across a call out */

static bool contiguous(uint32_t mask)
{
	return (~mask & (~mask + 1)) == 0;
}

static uint32_t classful_mask(uint32_t address)
{
	if (address >> 31 == 0)
		return 0xff000000;
	if (address >> 30 == 2)
		return 0xffff0000;
	return 0xffffff00;
}

/* The settings are read again at every store: what is wrong with them is said once, until it is
 * put right. */
enum { TOO_MANY_ROUTES = 1, MALFORMED_ROUTES = 2, HOLES_IN_MASK = 4 };

static bool is_news(struct netif *netif, unsigned complaint)
{
	bool news = !((netif->said | netif->complaints) & complaint);

	netif->complaints |= complaint;
	return news;
}

/* ---- Building the routes of one interface ---- */

static void add_route(struct netif *netif, uint32_t network, uint32_t mask, uint32_t gateway)
{
	unsigned at = 0;

	if (netif->route_count == NETIF_ROUTES) {
		if (is_news(netif, TOO_MANY_ROUTES))
			print("%s: more than %u routes, the rest is ignored\n", netif->nic->name,
			      NETIF_ROUTES);
		return;
	}
	/* Longest first; of equals the one added first. */
	while (at < netif->route_count && netif->routes[at].mask >= mask)
		at++;
	memmove(&netif->routes[at + 1], &netif->routes[at],
		(netif->route_count - at) * sizeof(netif->routes[0]));
	netif->routes[at] = (struct route){network & mask, mask, gateway};
	netif->route_count++;
}

static const struct route *find_route(const struct netif *netif, uint32_t dest)
{
	for (unsigned i = 0; i < netif->route_count; i++) {
		if ((dest & netif->routes[i].mask) == netif->routes[i].network)
			return &netif->routes[i];
	}
	return NULL;
}

/* A gateway outside the subnet is taken to be on the link (/32 leases, RFC 3442 section "local
 * subnet routes"): a host route leads to it. */
static void add_gateway_route(struct netif *netif, uint32_t network, uint32_t mask,
			      uint32_t gateway)
{
	const struct route *on_link = gateway ? find_route(netif, gateway) : NULL;

	if (gateway && (!on_link || on_link->gateway))
		add_route(netif, gateway, 0xffffffff, 0);
	add_route(netif, network, mask, gateway);
}

/* RFC 3442: prefix length, its significant octets, gateway; repeated. */
static void add_static_routes(struct netif *netif, const uint8_t *data, size_t len)
{
	struct cursor c = cursor(data, len);

	while (cursor_left(&c)) {
		unsigned prefix = cursor_u8(&c);
		uint32_t network = 0, mask, gateway;

		for (unsigned i = 0; i < (prefix + 7) / 8 && i < 4; i++)
			network |= (uint32_t)cursor_u8(&c) << (24 - 8 * i);
		gateway = cursor_be32(&c);
		if (c.bad || prefix > 32) {
			if (is_news(netif, MALFORMED_ROUTES))
				print("%s: static-routes is malformed, its rest is ignored\n",
				      netif->nic->name);
			return;
		}
		mask = prefix ? 0xffffffff << (32 - prefix) : 0;
		add_gateway_route(netif, network & mask, mask, gateway);
	}
}

/* ---- Reading the settings ---- */

static bool is_meant_by_global(const struct nic *nic)
{
	return nics.next->next == &nics || nic_latest() == nic;
}

/* Fetch @name of the card. A global value counts for a card only when it is clear which one is
 * meant: the only one, or the one opened last. */
static bool fetch_own(const struct nic *nic, const char *name)
{
	char path[64];

	format(path, sizeof(path), "%s/%s", nic->name, name);
	if (setting_fetch(path, &value))
		return false;
	if (value.scope[0] || is_meant_by_global(nic))
		return true;
	format(path, sizeof(path), "%s.dhcp/%s", nic->name, name);
	return setting_fetch(path, &value) == 0;
}

static uint32_t fetch_ipv4(const struct nic *nic, const char *name)
{
	return fetch_own(nic, name) && value.len >= 4 ? get_be32(value.raw) : 0;
}

/* A gateway that the user set stands in front of everything that the server said. */
static void add_default_routes(struct netif *netif)
{
	uint32_t gateway = fetch_ipv4(netif->nic, "gateway");
	bool typed = gateway && value.source != SOURCE_DHCP;

	if (typed)
		add_gateway_route(netif, 0, 0, gateway);
	if (fetch_own(netif->nic, "static-routes"))
		add_static_routes(netif, value.raw, value.len);
	else if (gateway && !typed)
		add_gateway_route(netif, 0, 0, gateway);
}

static uint32_t configured_mtu(const struct nic *nic)
{
	uint32_t mtu = nic->mtu;

	if (fetch_own(nic, "mtu") && value.len && value.len <= 4) {
		mtu = 0;
		for (size_t i = 0; i < value.len; i++)
			mtu = mtu << 8 | value.raw[i];
	}
	return max(MTU_MIN, min(mtu, nic->mtu));
}

static void configure(struct netif *netif)
{
	struct nic *nic = netif->nic;
	uint32_t before = netif->address;
	uint32_t address = fetch_ipv4(nic, "ip");
	uint32_t mask = fetch_ipv4(nic, "netmask");

	netif->said = netif->complaints;
	netif->complaints = 0;
	if (mask && !contiguous(mask)) {
		if (is_news(netif, HOLES_IN_MASK))
			print("%s: netmask " IPV4_FMT " has holes, ignored\n", nic->name,
			      IPV4_ARG(mask));
		mask = 0;
	}
	netif->address = address;
	netif->netmask = mask ? mask : classful_mask(address);
	netif->mtu = configured_mtu(nic);
	netif->route_count = 0;
	if (address) {
		add_route(netif, address, netif->netmask, 0);
		add_default_routes(netif);
	}
	if (address == before || !nic->open)
		return;
	arp_flush(nic);
	if (address)
		arp_announce(netif);
}

struct netif *netif_for(struct nic *nic)
{
	if (nic->netif)
		return nic->netif;
	nic->netif = heap_zalloc(sizeof(*nic->netif));
	if (nic->netif) {
		nic->netif->nic = nic;
		configure(nic->netif);
	}
	return nic->netif;
}

void netif_configure_all(void)
{
	static bool inside;
	struct nic *nic;

	if (hold || inside)
		return;
	inside = true;
	list_for_each(nic, &nics, link) {
		if (nic->netif)
			configure(nic->netif);
		else
			netif_for(nic);
	}
	inside = false;
}
TABLE_ENTRY(setting_applicator, netif_applicator) = {netif_configure_all};

void netif_configure_hold(bool on)
{
	hold = on;
	if (!on)
		netif_configure_all();
}

void netif_close(struct nic *nic)
{
	dhcp_lease_end(nic);
	arp_flush(nic);
	nic_close(nic);
}

/* ---- Routing ---- */

bool netif_is_broadcast(const struct netif *netif, uint32_t address)
{
	if (address == 0xffffffff)
		return true;
	return netif->netmask < 0xfffffffe && netif->address &&
	       (address | netif->netmask) == 0xffffffff &&
	       ((address ^ netif->address) & netif->netmask) == 0;
}

struct netif *netif_route(uint32_t dest, uint32_t *next_hop)
{
	const struct route *best = NULL;
	struct netif *chosen = NULL;
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		struct netif *netif = nic->open ? netif_for(nic) : NULL;
		const struct route *route = netif ? find_route(netif, dest) : NULL;

		if (!route)
			continue;
		if (!best || route->mask > best->mask ||
		    (route->mask == best->mask && nic->open_order > chosen->nic->open_order)) {
			best = route;
			chosen = netif;
		}
	}
	if (best)
		*next_hop = best->gateway ? best->gateway : dest;
	return chosen;
}

int netif_no_route(uint32_t dest)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (!nic->open && netif_for(nic) && find_route(nic->netif, dest))
			return fail(E_NET_NO_ROUTE,
				    "no way to " IPV4_FMT ": %s has address " IPV4_FMT
				    " but is closed; run ifopen %s",
				    IPV4_ARG(dest), nic->name, IPV4_ARG(nic->netif->address),
				    nic->name);
	}
	list_for_each(nic, &nics, link) {
		if (nic->open && nic->netif && nic->netif->address)
			return fail(E_NET_NO_ROUTE,
				    "no way to " IPV4_FMT ": it is outside the network of %s, "
				    "which has no gateway; set %s/gateway",
				    IPV4_ARG(dest), nic->name, nic->name);
	}
	if (list_empty(&nics))
		return fail(E_NET_NO_CARD, "no way to " IPV4_FMT ": there is no network card",
			    IPV4_ARG(dest));
	return fail(E_NET_NO_ADDRESS,
		    "no way to " IPV4_FMT ": no card has an address; run dhcp, or set net0/ip",
		    IPV4_ARG(dest));
}

static uint32_t default_gateway(const struct netif *netif)
{
	for (unsigned i = 0; i < netif->route_count; i++) {
		if (!netif->routes[i].mask)
			return netif->routes[i].gateway;
	}
	return 0;
}

static void print_route(const struct nic *nic, uint32_t address, uint32_t mask, uint32_t gateway)
{
	print("%s: " IPV4_FMT "/" IPV4_FMT, nic->name, IPV4_ARG(address), IPV4_ARG(mask));
	if (gateway)
		print(" gw " IPV4_FMT, IPV4_ARG(gateway));
	print("%s\n", nic->open ? "" : " (inaccessible)");
}

void netif_print_routes(void)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		struct netif *netif = netif_for(nic);

		if (!netif || !netif->address)
			continue;
		print_route(nic, netif->address, netif->netmask, default_gateway(netif));
		for (unsigned i = 0; i < netif->route_count; i++) {
			const struct route *route = &netif->routes[i];

			/* The connected network and the default route stand in the first line. */
			if (route->mask && route->gateway)
				print_route(nic, route->network, route->mask, route->gateway);
		}
	}
}
