/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, UDP functions (PXE 2.1, section 3.4).
 *
 * A program names the port only when it reads, so while UDP is open all
 * datagrams that are not for a socket of ours are kept, the oldest dropped when
 * there are too many. Reading never waits. Those for other ports stay: programs
 * have several transfers under way, each on its own port.
 */
#include "boot/pxe.h"
#include "boot/pxe_params.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/list.h"
#include "netstack/net.h"

#define KEPT_MAX     64u
#define SOURCE_USUAL 2069u /* the specification's source port when none is given */
#define BROADCAST    0xffffffffu

struct datagram {
	struct list link;
	uint32_t source, dest;
	uint16_t source_port, dest_port;
	size_t len;
	uint8_t data[];
};

static bool is_open;
static struct list kept = LIST_INIT(kept);
static unsigned kept_count;

/* ---- Receiving ---- */

static void drop(struct datagram *d)
{
	list_remove(&d->link);
	kept_count--;
	heap_free(d);
}

static void keep(const struct ip_packet *packet, uint16_t source_port, uint16_t dest_port,
		 const uint8_t *data, size_t len)
{
	struct datagram *d;

	if (packet->nic != pxe_nic)
		return;
	d = list_first(&kept, struct datagram, link);
	if (d && kept_count == KEPT_MAX)
		drop(d);
	d = heap_alloc(sizeof(*d) + len);
	if (!d) {
		net_drops.no_buffer++;
		return;
	}
	d->source = packet->source;
	d->dest = packet->dest;
	d->source_port = source_port;
	d->dest_port = dest_port;
	d->len = len;
	memcpy(d->data, data, len);
	list_append(&kept, &d->link);
	kept_count++;
}

static void udp_stop(void)
{
	struct datagram *d;

	while ((d = list_first(&kept, struct datagram, link)))
		drop(d);
	udp_unclaimed = NULL;
	is_open = false;
}
TABLE_ENTRY(pxe_part, pxe_udp_part) = {.stop = udp_stop, .base_code = true};

/* ---- Calls ---- */

static uint16_t serve_open(void *parameters)
{
	if (is_open)
		return PXENV_STATUS_UDP_OPEN;
	is_open = true;
	udp_unclaimed = keep;
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_udp_open) = {
	.opcode = PXENV_UDP_OPEN,
	.name = "UDP_OPEN",
	.size = sizeof(struct pxe_udp_open),
	.serve = serve_open,
};

static uint16_t serve_close(void *parameters)
{
	if (!is_open)
		return PXENV_STATUS_UDP_CLOSED;
	udp_stop();
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_udp_close) = {
	.opcode = PXENV_UDP_CLOSE,
	.name = "UDP_CLOSE",
	.size = sizeof(struct pxe_status_only),
	.serve = serve_close,
};

/* Address and port that the program gave are what a datagram must be for; zero: any. */
static struct datagram *find(const struct pxe_udp_read *p)
{
	uint32_t dest = be32(p->dest);
	uint16_t port = be16(p->dest_port);
	struct datagram *d;

	list_for_each(d, &kept, link) {
		if ((!dest || d->dest == dest) && (!port || d->dest_port == port))
			return d;
	}
	return NULL;
}

static uint16_t serve_read(void *parameters)
{
	struct pxe_udp_read *p = parameters;
	struct datagram *d;
	uint8_t *buffer;

	if (!is_open)
		return PXENV_STATUS_UDP_CLOSED;
	net_poll();
	d = find(p);
	if (!d)
		return PXENV_STATUS_FAILURE;
	p->buffer_size = (uint16_t)min(d->len, (size_t)p->buffer_size);
	buffer = pxe_target(p->buffer, p->buffer_size);
	if (!buffer)
		return PXENV_STATUS_FAILURE;
	memcpy(buffer, d->data, p->buffer_size);
	p->source = be32(d->source);
	p->dest = be32(d->dest);
	p->source_port = be16(d->source_port);
	p->dest_port = be16(d->dest_port);
	drop(d);
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_udp_read) = {
	.opcode = PXENV_UDP_READ,
	.name = "UDP_READ",
	.size = sizeof(struct pxe_udp_read),
	.polled = true,
	.serve = serve_read,
};

/* The program's gateway is not asked: our routes know better. */
static uint16_t serve_write(void *parameters)
{
	struct pxe_udp_write *p = parameters;
	struct netif *netif = netif_for(pxe_nic);
	struct udp_socket socket = {.port = p->source_port ? be16(p->source_port) : SOURCE_USUAL};
	uint32_t dest = be32(p->dest);
	uint16_t port = be16(p->dest_port);
	const void *data = pxe_target(p->buffer, p->buffer_size);
	int rc;

	if (!is_open)
		return PXENV_STATUS_UDP_CLOSED;
	if (!data || !netif)
		return PXENV_STATUS_FAILURE;
	if (dest == BROADCAST)
		rc = udp_broadcast(&socket, pxe_nic, netif->address, port, data, p->buffer_size);
	else
		rc = udp_send(&socket, dest, port, data, p->buffer_size);
	net_poll(); /* rings the doorbell */
	return pxe_status_of(rc);
}
TABLE_ENTRY(pxe_call, call_udp_write) = {
	.opcode = PXENV_UDP_WRITE,
	.name = "UDP_WRITE",
	.size = sizeof(struct pxe_udp_write),
	.serve = serve_write,
};
