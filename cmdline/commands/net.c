/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands on network cards and their addresses: ifopen, ifclose, iflinkwait, dhcp, route. */
#include "cmdline/commands/net.h"
#include "netstack/net.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define LINK_WAIT_MS 15000

/* ---- Cards by name ---- */

static int unknown_card(const char *name)
{
	char known[160] = "";
	struct nic *nic;

	list_for_each(nic, &nics, link)
		format_append(known, sizeof(known), " %s", nic->name);
	return fail(E_NET_NO_CARD, "no card called %s; there is%s", name, known);
}

int card_of(const char *name, struct nic **nic)
{
	*nic = list_empty(&nics) ? NULL : nic_find(name);
	if (*nic)
		return 0;
	return list_empty(&nics) ? nic_none() : unknown_card(name);
}

int cards_of(const struct call *call, struct nic *cards[NIC_CARDS_MAX])
{
	if (list_empty(&nics))
		return nic_none();
	if (!call->argc)
		return (int)nic_all(cards);
	if (call->argc > NIC_CARDS_MAX)
		return fail(E_INVALID, "at most %u cards may be named", NIC_CARDS_MAX);
	for (int i = 0; i < call->argc; i++) {
		int rc = card_of(call->argv[i], &cards[i]);

		if (rc)
			return rc;
	}
	return call->argc;
}

/* ---- ifopen, ifclose, iflinkwait ---- */

static int open_card(struct nic *nic)
{
	int rc = nic_open(nic);

	if (rc)
		return rc;
	netif_configure_all();
	if (nic->netif && nic->netif->address)
		arp_announce(nic->netif);
	return 0;
}

/* With several cards, the last failure counts; the others are opened all the same. */
static int run_ifopen(struct call *call)
{
	struct nic *cards[NIC_CARDS_MAX];
	int count = cards_of(call, cards), rc = 0;

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		int error = open_card(cards[i]);

		if (error)
			rc = error;
	}
	return rc;
}
TABLE_ENTRY(command, cmd_ifopen) = {
	.name = "ifopen",
	.arguments = "[<card>...]",
	.summary = "Open network cards (all, unless named)",
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_ifopen,
};

static int run_ifclose(struct call *call)
{
	struct nic *cards[NIC_CARDS_MAX];
	int count = cards_of(call, cards);

	for (int i = 0; i < count; i++)
		netif_close(cards[i]);
	return count < 0 ? count : 0;
}
TABLE_ENTRY(command, cmd_ifclose) = {
	.name = "ifclose",
	.arguments = "[<card>...]",
	.summary = "Close network cards (all, unless named)",
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_ifclose,
};

static const struct option linkwait_options[] = {
	{'t', "timeout", OPTION_MS, "milliseconds to wait, 15000 unless given"},
};

/* All at once; the first link ends it. Cards opened for this that have none close again. */
static int run_iflinkwait(struct call *call)
{
	unsigned timeout = call->option[0].given ? (unsigned)call->option[0].number : LINK_WAIT_MS;
	struct nic *cards[NIC_CARDS_MAX];
	bool opened[NIC_CARDS_MAX] = {false};
	int count = cards_of(call, cards), usable = 0, rc = 0;

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		bool was_open = cards[i]->open;
		int error = open_card(cards[i]);

		opened[i] = !error && !was_open;
		usable += !error;
		if (error)
			rc = error;
	}
	if (usable)
		rc = link_wait(cards, (unsigned)count, timeout, true);
	for (int i = 0; i < count; i++) {
		if (!rc && opened[i] && !cards[i]->link_up)
			netif_close(cards[i]);
	}
	return rc;
}
TABLE_ENTRY(command, cmd_iflinkwait) = {
	.name = "iflinkwait",
	.arguments = "[<card>...]",
	.summary = "Wait until a card has a link",
	.options = linkwait_options,
	.option_count = ARRAY_SIZE(linkwait_options),
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_iflinkwait,
};

/* ---- dhcp ---- */

static const struct option dhcp_command_options[] = {
	{'c', "configurator", OPTION_TEXT, "how to configure: dhcp is the only way"},
	{'t', "timeout", OPTION_MS, "milliseconds of patience, 60000 unless given"},
};

static int run_dhcp(struct call *call)
{
	struct dhcp_options options = {.timeout_ms = (unsigned)call->option[1].number};
	struct nic *cards[NIC_CARDS_MAX];
	int count;

	if (call->option[0].given && strcmp(call->option[0].text, "dhcp") != 0)
		return fail(E_DHCP_CONFIGURATOR, "no configurator called %s; there is dhcp",
			    call->option[0].text);
	count = cards_of(call, cards);
	if (count < 0)
		return count;
	return dhcp_run(cards, (unsigned)count, &options);
}

static const char dhcp_details[] =
	"All cards (or those named) are opened and asked at the same time. The first\n"
	"answer that says what to boot wins, then any answer; the other cards are closed\n"
	"again. What the server said is readable as net0.dhcp/NAME.\n";

#define DHCP_COMMAND(entry, command_name, what)                                                    \
	TABLE_ENTRY(command, entry) = {                                                            \
		.name = command_name,                                                              \
		.arguments = "[<card>...]",                                                        \
		.summary = what,                                                                   \
		.options = dhcp_command_options,                                                   \
		.option_count = ARRAY_SIZE(dhcp_command_options),                                  \
		.max_args = ARGS_ANY,                                                              \
		.options_anywhere = true,                                                          \
		.run = run_dhcp,                                                                   \
		.details = dhcp_details,                                                           \
	}
DHCP_COMMAND(cmd_dhcp, "dhcp", "Get an address by DHCP");
DHCP_COMMAND(cmd_ifconf, "ifconf", "Configure network cards; the same as dhcp");

/* ---- route ---- */

static int run_route(struct call *call)
{
	netif_print_routes();
	return 0;
}
TABLE_ENTRY(command, cmd_route) = {
	.name = "route",
	.summary = "Show addresses and routes",
	.run = run_route,
};
