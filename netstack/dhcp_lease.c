/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeping a lease (RFC 2131 section 4.4.5): from T1 on the server that gave it
 * is asked to renew it, from T2 on any server. A lease that ends anyway is said
 * to have ended, and its address goes on being used: a disk may hang on it.
 */
#include "netstack/dhcp.h"
#include "bios/heap.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"

#define INFINITE  0xffffffffu
#define RETRY_MIN 60000u
#define LEASE_MIN 60u /* s; shorter ones would only make noise */

struct lease {
	struct list link;
	struct nic *nic;
	struct udp_socket socket;
	struct net_timer timer;
	uint32_t open_order; /* of the card: a card that was closed lost its lease */
	uint32_t address, server;
	uint32_t xid;
	uint64_t asked;
	uint64_t t1, t2, end; /* clock_ms() */
	bool ended;
};

static struct list leases = LIST_INIT(leases);

static void set_times(struct lease *lease, const struct dhcp_reply *ack, uint64_t start)
{
	uint32_t seconds = max(dhcp_option_u32(ack, TAG_LEASE_TIME, INFINITE), LEASE_MIN);
	uint32_t t1 = dhcp_option_u32(ack, TAG_T1, seconds / 2);
	uint32_t t2 = dhcp_option_u32(ack, TAG_T2, seconds - seconds / 8);

	/* Times that contradict each other are replaced by the usual fractions; so is one that
	 * would make each answer the reason of the next question. */
	if (t1 > t2 || t2 > seconds || t1 < LEASE_MIN / 2) {
		t1 = seconds / 2;
		t2 = seconds - seconds / 8;
	}
	lease->t1 = start + (uint64_t)t1 * 1000;
	lease->t2 = start + (uint64_t)t2 * 1000;
	lease->end = start + (uint64_t)seconds * 1000;
	lease->ended = false;
	if (seconds == INFINITE)
		net_timer_stop(&lease->timer);
	else
		net_timer_start(&lease->timer, lease->t1);
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	static struct dhcp_reply reply;
	struct lease *lease = socket->ctx;

	if (source_port != DHCP_SERVER_PORT || !dhcp_parse(&reply, data, len) ||
	    reply.xid != lease->xid || memcmp(reply.chaddr, lease->nic->mac, ETH_ALEN))
		return;
	if (reply.type == DHCP_ACK && reply.yiaddr == lease->address) {
		lease->server = dhcp_option_u32(&reply, TAG_SERVER_ID, source);
		set_times(lease, &reply, lease->asked);
		udp_close(&lease->socket);
		log_debug("dhcp", 1, "%s: lease renewed", lease->nic->name);
	} else if (reply.type == DHCP_NAK) {
		print("%s: the DHCP server " IPV4_FMT " no longer grants " IPV4_FMT
		      "; it stays in use\n",
		      lease->nic->name, IPV4_ARG(source), IPV4_ARG(lease->address));
		net_timer_stop(&lease->timer);
		udp_close(&lease->socket);
	}
}

static void ask(struct lease *lease, uint64_t now)
{
	uint8_t packet[DHCP_PACKET_MAX];
	struct dhcp_request request = {
		.nic = lease->nic,
		.type = DHCP_REQUEST,
		.xid = lease->xid,
		.secs = (uint16_t)min((now - lease->t1) / 1000, (uint64_t)0xffff),
		.ciaddr = lease->address,
	};
	size_t len = dhcp_build(&request, packet);
	int rc;

	lease->asked = now;
	if (now < lease->t2)
		rc = udp_send(&lease->socket, lease->server, DHCP_SERVER_PORT, packet, len);
	else
		rc = udp_broadcast(&lease->socket, lease->nic, lease->address, DHCP_SERVER_PORT,
				   packet, len);
	if (rc)
		log_debug("dhcp", 1, "%s: renewal was not sent", lease->nic->name);
}

static void forget(struct lease *lease)
{
	net_timer_stop(&lease->timer);
	udp_close(&lease->socket);
	list_remove(&lease->link);
	heap_free(lease);
}

static void renew(struct net_timer *timer)
{
	struct lease *lease = container_of(timer, struct lease, timer);
	uint64_t now = clock_ms(), phase_end;

	if (!lease->nic->open || lease->nic->open_order != lease->open_order) {
		forget(lease);
		return;
	}
	if (now >= lease->end && !lease->ended) {
		print("%s: the lease of " IPV4_FMT
		      " ended, no server renewed it; it stays in use\n",
		      lease->nic->name, IPV4_ARG(lease->address));
		lease->ended = true;
	}
	if (!lease->socket.port) {
		lease->xid = random_u32();
		if (udp_open(&lease->socket, DHCP_CLIENT_PORT, lease->nic, receive, lease))
			log_debug("dhcp", 1, "%s: DHCP is busy, renewal waits", lease->nic->name);
	}
	if (lease->socket.port)
		ask(lease, now);
	phase_end = now < lease->t2 ? lease->t2 : lease->end;
	net_timer_start(&lease->timer, now + max((phase_end > now ? phase_end - now : 0) / 2,
						 (uint64_t)RETRY_MIN));
}

void dhcp_lease_end(struct nic *nic)
{
	struct lease *lease, *next;

	list_for_each_safe(lease, next, &leases, link) {
		if (lease->nic == nic)
			forget(lease);
	}
}

void dhcp_lease_pause(struct nic *nic)
{
	struct lease *lease;

	list_for_each(lease, &leases, link) {
		if (lease->nic == nic)
			udp_close(&lease->socket);
	}
}

void dhcp_lease_begin(struct nic *nic, const struct dhcp_reply *ack)
{
	struct lease *lease;

	dhcp_lease_end(nic);
	if (dhcp_option_u32(ack, TAG_LEASE_TIME, INFINITE) == INFINITE)
		return;
	lease = heap_zalloc(sizeof(*lease));
	if (!lease) {
		print("%s: out of memory: the lease will not be renewed\n", nic->name);
		return;
	}
	lease->nic = nic;
	lease->open_order = nic->open_order;
	lease->address = ack->yiaddr;
	lease->server = dhcp_server_of(ack);
	lease->timer.expired = renew;
	list_append(&leases, &lease->link);
	set_times(lease, ack, clock_ms());
}
