/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole network stack and shell as a Linux process, over TAP devices:
 *
 *	hostnet [--offload] [--verbose] TAP[,TAP...] [setting=value...] -- COMMAND LINE
 *
 * Each TAP becomes a card (net0, net1, ...). The exit status is 0 when the command
 * line succeeded.
 */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "cmdline/command.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"

static void usage(void)
{
	fprintf(stderr, "usage: hostnet [--offload] [--verbose] TAP[,TAP...] [setting=value...] -- "
			"COMMAND LINE\n");
	exit(2);
}

static void add_cards(char *names, bool offload)
{
	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		if (!host_tap_add(name, offload))
			usage();
	}
}

static void store(char *assignment)
{
	char *value = strchr(assignment, '=');

	if (!value)
		usage();
	*value++ = '\0';
	if (setting_store(assignment, value, SOURCE_CMDLINE))
		fprintf(stderr, "hostnet: cannot set %s\n", assignment);
}

static void join(char *line, size_t size, char **words)
{
	line[0] = '\0';
	for (; *words; words++) {
		size_t len = strlen(line);

		snprintf(line + len, size - len, "%s%s", len ? " " : "", *words);
	}
}

static void print_drops(void)
{
	const struct net_drops *d = &net_drops;

	printf("drops: ethernet %u short %u address %u type; ipv4 %u header %u checksum %u address "
	       "%u protocol %u fragment; udp %u length %u checksum %u port; %u icmp; %u arp; "
	       "%u no buffer; %u unresolved\n",
	       d->ethernet_short, d->ethernet_address, d->ethernet_type, d->ipv4_header,
	       d->ipv4_checksum, d->ipv4_address, d->ipv4_protocol, d->ipv4_fragment, d->udp_length,
	       d->udp_checksum, d->udp_port, d->icmp, d->arp, d->no_buffer, d->unresolved);
}

int main(int argc, char **argv)
{
	static char line[4096];
	bool offload = false, verbose = false;
	int i = 1, rc;

	host_echo = true;
	for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strcmp(argv[i], "--offload"))
			offload = true;
		else if (!strcmp(argv[i], "--verbose"))
			verbose = true;
		else
			usage();
	}
	if (i == argc)
		usage();
	if (verbose)
		log_enable("net:2,arp:2,dhcp:2,dns:2,tcp:2,nic:2,fetch:2,tftp:2,http:2");
	add_cards(argv[i++], offload);
	for (; i < argc && strcmp(argv[i], "--"); i++)
		store(argv[i]);
	if (i >= argc - 1)
		usage();
	join(line, sizeof(line), argv + i + 1);
	rc = command_line(line);
	/* What the protocols do in the background: the last ACK, FIN. */
	for (uint64_t end = clock_ms() + 50; clock_ms() < end;)
		net_poll();
	nic_close_all();
	if (verbose)
		print_drops();
	return rc ? 1 : 0;
}
