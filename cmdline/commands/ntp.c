/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp: set the clock from a server. */
#include "bios/clock.h"
#include "cmdline/command.h"
#include "netstack/sntp.h"

static int run_ntp(struct call *call)
{
	uint64_t seconds;
	int rc = sntp_query(call->argv[0], &seconds);

	if (!rc)
		clock_set_unix(seconds);
	return rc;
}
TABLE_ENTRY(command, cmd_ntp) = {
	.name = "ntp",
	.arguments = "<server>",
	.summary = "Set the clock from an NTP server: ntp ${ntp}",
	.min_args = 1,
	.max_args = 1,
	.run = run_ntp,
};
