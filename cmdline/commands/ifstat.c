/* SPDX-License-Identifier: BSD-2-Clause */
/* ifstat and bind: what cards there are, and trying a driver on an unknown one. */
#include "cmdline/commands/net.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"

/** No card at all: say what is there instead. */
static void print_none(void)
{
	print("No network card that this firmware can drive.\n");
	if (!nic_print_unknown())
		print("  There is no PCI network device; look whether it is enabled in the BIOS "
		      "setup.\n");
	else
		print("  Try: bind VENDOR:DEVICE DRIVER\n");
}

static int run_ifstat(struct call *call)
{
	struct nic *cards[CARDS_MAX];
	int count, i;

	if (list_empty(&nics) && !call->argc) {
		print_none();
		return 0;
	}
	count = cards_of(call, cards);
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
	.max_args = ARGS_ANY,
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
