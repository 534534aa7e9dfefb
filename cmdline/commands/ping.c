/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that ask the network about a host: ping, nslookup. */
#include "cmdline/command.h"
#include "netstack/net.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"

#define PING_SIZE    64
#define PING_COUNT   4
#define PING_TIMEOUT 1000
#define PING_PAUSE   1000

enum { OPTION_SIZE, OPTION_TIMEOUT, OPTION_COUNT, OPTION_QUIET };

static const struct option ping_options[] = {
	[OPTION_SIZE] = {'s', "size", OPTION_NUMBER, "bytes of data, 64 unless given"},
	[OPTION_TIMEOUT] = {'t', "timeout", OPTION_MS, "milliseconds to wait for each reply"},
	[OPTION_COUNT] = {'c', "count", OPTION_NUMBER, "requests to send, 4 unless given"},
	[OPTION_QUIET] = {'q', "quiet", OPTION_FLAG, "print nothing"},
};

static uint64_t number_or(const struct call *call, unsigned option, uint64_t fallback)
{
	return call->option[option].given ? call->option[option].number : fallback;
}

static void print_reply(const struct ping *ping)
{
	if (ping->answered)
		print("%u bytes from " IPV4_FMT ": seq=%u time=%u.%03u ms\n",
		      (unsigned)ping->reply_len - 8, IPV4_ARG(ping->dest), ping->sequence,
		      (unsigned)ping->rtt_us / 1000, (unsigned)ping->rtt_us % 1000);
	else if (ping->unreachable)
		print("seq=%u: " IPV4_FMT " is unreachable (ICMP code %d)\n", ping->sequence,
		      IPV4_ARG(ping->dest), ping->unreachable - 1);
	else
		print("seq=%u: no reply from " IPV4_FMT "\n", ping->sequence, IPV4_ARG(ping->dest));
}

/* Send @count requests, one a second; the number of replies, or an error. */
static int ping_loop(struct ping *ping, const struct call *call)
{
	uint64_t count = number_or(call, OPTION_COUNT, PING_COUNT);
	uint64_t timeout = number_or(call, OPTION_TIMEOUT, PING_TIMEOUT);
	size_t size = (size_t)min(number_or(call, OPTION_SIZE, PING_SIZE), (uint64_t)65535);
	int replies = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t next = clock_ms() + PING_PAUSE;
		int rc = ping_send(ping, size);

		if (rc)
			return rc;
		rc = wait_until(ping->answered || ping->unreachable, clock_ms() + timeout);
		if (rc != E_CANCELLED && !call->option[OPTION_QUIET].given)
			print_reply(ping);
		replies += ping->answered;
		if (rc != E_CANCELLED && i + 1 < count)
			rc = wait_until(false, next);
		if (rc == E_CANCELLED)
			return replies ? replies : fail(rc, "ping was cancelled");
	}
	return replies;
}

static int fail_silent(const char *host, uint32_t address)
{
	char text[16];
	bool named;

	format(text, sizeof(text), IPV4_FMT, IPV4_ARG(address));
	named = strcmp(host, text) != 0;
	return fail(E_NET_NO_REPLY, "no reply from %s%s%s%s%s", host, named ? " (" : "",
		    named ? text : "", named ? ")" : "",
		    arp_unanswered(address) ? ": it is on this network and does not answer ARP"
					    : "");
}

static int run_ping(struct call *call)
{
	struct ping ping = {0};
	int rc = dns_resolve(call->argv[0], &ping.dest, 1);

	if (rc < 0)
		return rc;
	rc = ping_loop(&ping, call);
	ping_end(&ping);
	if (rc < 0)
		return rc;
	return rc ? 0 : fail_silent(call->argv[0], ping.dest);
}
TABLE_ENTRY(command, cmd_ping) = {
	.name = "ping",
	.arguments = "<host>",
	.summary = "Send ICMP echo requests",
	.options = ping_options,
	.option_count = ARRAY_SIZE(ping_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_ping,
};

static int run_nslookup(struct call *call)
{
	uint32_t address;
	char text[16];
	int rc = dns_resolve(call->argv[1], &address, 1);

	if (rc < 0)
		return rc;
	format(text, sizeof(text), IPV4_FMT, IPV4_ARG(address));
	return setting_store(call->argv[0], text, SOURCE_SCRIPT);
}
TABLE_ENTRY(command, cmd_nslookup) = {
	.name = "nslookup",
	.arguments = "<setting> <name>",
	.summary = "Look a name up and store its address in a setting",
	.min_args = 2,
	.max_args = 2,
	.run = run_nslookup,
};
