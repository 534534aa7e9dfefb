/* SPDX-License-Identifier: BSD-2-Clause */
/* reboot poweroff */
#include "bios/power.h"
#include "boot/boot.h"
#include "cmdline/command.h"

static const struct option reboot_options[] = {
	{'w', "warm", OPTION_FLAG, "skip the BIOS' memory test"},
	{'s', "setup", OPTION_FLAG,
	 "accepted and ignored: a BIOS cannot be told to open its setup"}};

static int run_reboot(struct call *call)
{
	leave_for_power();
	power_reboot(call->option[0].given);
}
TABLE_ENTRY(command, cmd_reboot) = {
	.name = "reboot",
	.arguments = "",
	.summary = "Restart the machine",
	.options = reboot_options,
	.option_count = ARRAY_SIZE(reboot_options),
	.run = run_reboot,
};

static int run_poweroff(struct call *call)
{
	leave_for_power();
	return power_off();
}
TABLE_ENTRY(command, cmd_poweroff) = {
	.name = "poweroff",
	.arguments = "",
	.summary = "Switch the machine off",
	.run = run_poweroff,
};
