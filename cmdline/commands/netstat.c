/* SPDX-License-Identifier: BSD-2-Clause */
/* nstat ipstat: what the network stack knows of its neighbours, and what it threw away. */
#include "cmdline/command.h"
#include "lib/log.h"
#include "netstack/net.h"

static int run_nstat(struct call *call)
{
	arp_print();
	return 0;
}
TABLE_ENTRY(command, cmd_nstat) = {
	.name = "nstat",
	.arguments = "",
	.summary = "List the neighbours that ARP knows",
	.run = run_nstat,
};

static int run_ipstat(struct call *call)
{
	const struct net_drops *d = &net_drops;
	uint64_t in = 0, out = 0;
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		in += nic->counters.rx_packets;
		out += nic->counters.tx_packets;
	}
	print("Frames: %llu in, %llu out\n", (unsigned long long)in, (unsigned long long)out);
	print("Dropped, Ethernet: short %u, for others %u, of other types %u\n", d->ethernet_short,
	      d->ethernet_address, d->ethernet_type);
	print("Dropped, IPv4: header %u, checksum %u, for others %u, of other protocols %u, "
	      "fragments %u\n",
	      d->ipv4_header, d->ipv4_checksum, d->ipv4_address, d->ipv4_protocol,
	      d->ipv4_fragment);
	print("Dropped, UDP: length %u, checksum %u, no such port %u; ICMP %u; ARP %u\n",
	      d->udp_length, d->udp_checksum, d->udp_port, d->icmp, d->arp);
	print("Not sent: no buffer %u, no answer to ARP %u\n", d->no_buffer, d->unresolved);
	return 0;
}
TABLE_ENTRY(command, cmd_ipstat) = {
	.name = "ipstat",
	.arguments = "",
	.summary = "Show what the network stack received, sent, and threw away",
	.run = run_ipstat,
};
