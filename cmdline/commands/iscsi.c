/* SPDX-License-Identifier: BSD-2-Clause */
/* The command iscsi-list. */
#include "cmdline/command.h"
#include "iscsi/iscsi.h"

static int run_iscsi_list(struct call *call)
{
	return iscsi_list(call->argv[0]);
}

TABLE_ENTRY(command, cmd_iscsi_list) = {
	.name = "iscsi-list",
	.arguments = "<host>[:<port>]",
	.summary = "List the targets of an iSCSI server",
	.min_args = 1,
	.max_args = 1,
	.run = run_iscsi_list,
	.details =
		"Logs in to a discovery session (with username and password where the server wants "
		"them) and prints every target name with its addresses.",
};
