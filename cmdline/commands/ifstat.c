/* SPDX-License-Identifier: BSD-2-Clause */
/* ifstat and bind: what cards there are, and trying a driver on an unknown one. */
#include "cmdline/commands/net.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "nic/mii.h"

/** The PHY's registers, or why they cannot be read. */
static int show_phy(struct nic *nic)
{
	nic_print(nic);
	if (!nic->ops->phy_read)
		return fail(E_NIC_NO_PHY, "%s: the %s driver gives no access to a PHY", nic->name,
			    nic->driver->name);
	if (!nic->open)
		return fail(E_NET_CLOSED, "%s is closed; run ifopen %s first", nic->name,
			    nic->name);
	mii_print(nic);
	return 0;
}

/* With several cards, the last failure counts; the others are shown all the same. */
static int show_phys(struct nic **cards, int count)
{
	int rc = 0;

	for (int i = 0; i < count; i++) {
		int error = show_phy(cards[i]);

		if (error && count > 1)
			print("  %s\n", error_text());
		if (error)
			rc = error;
	}
	return rc;
}

static const struct option ifstat_options[] = {
	{0, "phy", OPTION_FLAG, "the registers of the PHY, in numbers and in words"},
};

static int run_ifstat(struct call *call)
{
	struct nic *cards[NIC_CARDS_MAX];
	int count, i;

	count = cards_of(call, cards);
	if (count == E_NIC_NONE)
		return 0; /* what was printed is the answer */
	if (call->option[0].given && count > 0)
		return show_phys(cards, count);
	for (i = 0; i < count; i++) {
		nic_print(cards[i]);
		nic_print_details(cards[i]);
	}
	if (count > 0 && !call->argc)
		nic_print_unknown();
	return count < 0 ? count : 0;
}
TABLE_ENTRY(command, cmd_ifstat) = {
	.name = "ifstat",
	.arguments = "[<card>...]",
	.summary = "Show network cards: link, speed, counters, chip",
	.options = ifstat_options,
	.option_count = ARRAY_SIZE(ifstat_options),
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_ifstat,
};

static int run_bind(struct call *call)
{
	char text[16], *colon;
	uint32_t vendor, device;

	text_copy(text, sizeof(text), call->argv[0]);
	colon = strchr(text, ':');
	if (colon)
		*colon++ = '\0';
	if (!colon || !text_to_u32(text, 16, 0xffff, &vendor) ||
	    !text_to_u32(colon, 16, 0xffff, &device))
		return fail(E_INVALID, "\"%.20s\" is not a PCI id such as 8086:1234",
			    call->argv[0]);
	return nic_bind((uint16_t)vendor, (uint16_t)device, call->argv[1]);
}
TABLE_ENTRY(command, cmd_bind) = {
	.name = "bind",
	.arguments = "<vendor>:<device> <driver>",
	.summary = "Let a driver take a PCI id that it does not know",
	.min_args = 2,
	.max_args = 2,
	.run = run_bind,
	.details =
		"For cards that are newer than this firmware: ifstat lists them with the nearest\n"
		"driver. The same at start: bind=8086:1234:e1000 on the kernel command line.\n",
};
