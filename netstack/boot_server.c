/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a PXE boot server (PXE 2.1, sections 2.2.4 and 2.4.3): a DHCPREQUEST that
 * names the type of server in option 43.71, to whom option 43 says.
 *
 * An answer counts when it is an ACK for that type, from port 67 or 4011, and, where
 * the offer insists on it, from a server that the offer lists.
 */
#include "netstack/pxe_offer.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "netstack/dhcp.h"
#include "netstack/dhcp_client.h"

struct discovery {
	struct nic *nic;
	struct udp_socket socket;
	struct pxe_offer offer;
	uint16_t type;
	uint32_t xid;
	uint64_t started;
	bool found;
	struct dhcp_reply reply;
};

/* ---- Answers ---- */

static bool is_listed(const struct discovery *d, uint32_t address)
{
	for (unsigned i = 0; i < d->offer.server_count; i++)
		if (d->offer.server[i].type == d->type && d->offer.server[i].address == address)
			return true;
	return false;
}

static bool answers_us(const struct discovery *d, uint16_t port)
{
	size_t len;
	const uint8_t *item = dhcp_suboption(&d->reply, TAG_VENDOR_INFO, PXE_BOOT_ITEM, &len);

	return (port == DHCP_SERVER_PORT || port == PXE_SERVER_PORT) && d->reply.xid == d->xid &&
	       d->reply.type == DHCP_ACK && !memcmp(d->reply.chaddr, d->nic->mac, ETH_ALEN) &&
	       item && len >= 2 && get_be16(item) == d->type;
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	struct discovery *d = socket->ctx;

	if (d->found || !dhcp_parse(&d->reply, data, len) || !answers_us(d, source_port))
		return;
	d->reply.source = source;
	if (d->offer.control & PXE_ONLY_LISTED && !is_listed(d, source) &&
	    !is_listed(d, dhcp_server_of(&d->reply))) {
		log_debug("dhcp", 1, "boot server " IPV4_FMT " is not in the offer's list",
			  IPV4_ARG(source));
		return;
	}
	d->found = true;
}

/* ---- Asking ---- */

static size_t build(const struct discovery *d, uint8_t *packet)
{
	struct dhcp_request request = {
		.nic = d->nic,
		.type = DHCP_REQUEST,
		.xid = d->xid,
		.secs = (uint16_t)min((clock_ms() - d->started) / 1000, (uint64_t)0xffff),
		.ciaddr = d->nic->netif->address,
		.asks_boot_server = true,
		.boot_server_type = d->type,
	};

	return dhcp_build(&request, packet);
}

static int by_multicast(struct discovery *d)
{
	uint8_t packet[DHCP_PACKET_MAX];

	return udp_multicast(&d->socket, d->nic, d->offer.multicast, PXE_SERVER_PORT, packet,
			     build(d, packet));
}

static int by_broadcast(struct discovery *d)
{
	uint8_t packet[DHCP_PACKET_MAX];

	return udp_broadcast(&d->socket, d->nic, d->nic->netif->address, DHCP_SERVER_PORT, packet,
			     build(d, packet));
}

/* One that cannot be reached does not keep the others from being asked. */
static int by_list(struct discovery *d)
{
	uint8_t packet[DHCP_PACKET_MAX];
	size_t len = build(d, packet);
	int rc = 0;

	for (unsigned i = 0; i < d->offer.server_count; i++) {
		if (d->offer.server[i].type == d->type &&
		    udp_send(&d->socket, d->offer.server[i].address, PXE_SERVER_PORT, packet, len))
			rc = error_code();
	}
	return rc;
}

/* Ask twice; 0 once there is an answer. */
static int ask(struct discovery *d, int (*send)(struct discovery *d))
{
	static const uint32_t patience_ms[] = {1000, 2000};
	int rc = E_TIMEOUT;

	for (unsigned i = 0; i < ARRAY_SIZE(patience_ms) && rc == E_TIMEOUT; i++) {
		if (send(d))
			log_debug("dhcp", 1, "boot server: %s", error_text());
		print(".");
		rc = wait_until(d->found, clock_ms() + patience_ms[i]);
	}
	return rc;
}

static bool has_list(const struct discovery *d)
{
	for (unsigned i = 0; i < d->offer.server_count; i++)
		if (d->offer.server[i].type == d->type)
			return true;
	return false;
}

static int discover(struct discovery *d)
{
	bool multicast = d->offer.multicast && !(d->offer.control & PXE_NO_MULTICAST);
	bool broadcast = !(d->offer.control & PXE_NO_BROADCAST);
	int rc = E_TIMEOUT;

	if (!multicast && !broadcast && !has_list(d))
		return fail(E_PXEBS_NOWHERE,
			    "boot server type %u: the PXE offer forbids to search, and lists none",
			    d->type);
	if (multicast)
		rc = ask(d, by_multicast);
	if (rc == E_TIMEOUT && broadcast)
		rc = ask(d, by_broadcast);
	if (rc == E_TIMEOUT && has_list(d))
		rc = ask(d, by_list);
	if (rc == E_TIMEOUT)
		return fail(E_PXEBS_NO_ANSWER, "no boot server of type %u answered", d->type);
	return rc;
}

static int run(struct discovery *d)
{
	int rc;

	dhcp_proxy_stop();
	dhcp_lease_pause(d->nic);
	rc = udp_open(&d->socket, DHCP_CLIENT_PORT, d->nic, receive, d);
	if (rc)
		return rc;
	d->xid = random_u32();
	d->started = clock_ms();
	print("Boot server of type %u (%s)", d->type, d->nic->name);
	rc = discover(d);
	udp_close(&d->socket);
	if (rc) {
		print(" failed\n");
		return rc;
	}
	print(" ok (" IPV4_FMT ")\n", IPV4_ARG(d->reply.source));
	dhcp_store("pxebs", &d->reply);
	dhcp_store_named_server("pxebs", &d->reply);
	return 0;
}

int boot_server_discover(struct nic *nic, uint16_t type)
{
	struct netif *netif = nic->open ? netif_for(nic) : NULL;
	struct discovery *d;
	int rc;

	if (!netif || !netif->address)
		return fail(E_NET_NO_ADDRESS, "%s has no address", nic->name);
	settings_clear_scope("pxebs");
	d = heap_zalloc(sizeof(*d));
	if (!d)
		return fail(E_NO_MEMORY, "no memory for finding a boot server");
	d->nic = nic;
	d->type = type;
	pxe_offer_find(nic, &d->offer);
	rc = run(d);
	heap_free(d);
	return rc;
}
