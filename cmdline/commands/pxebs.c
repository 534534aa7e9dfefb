/* SPDX-License-Identifier: BSD-2-Clause */
/* pxebs: PXE boot server discovery. */
#include "cmdline/command.h"
#include "cmdline/commands/net.h"
#include "lib/error.h"
#include "lib/text.h"
#include "netstack/pxe_offer.h"

static int run_pxebs(struct call *call)
{
	struct nic *nic;
	uint32_t type;
	int rc = card_of(call->argv[0], &nic);

	if (rc)
		return rc;
	if (!text_to_u32(call->argv[1], 0, 0xffff, &type))
		return fail(E_INVALID, "\"%.40s\" is no type of boot server: 0 to 65535",
			    call->argv[1]);
	return boot_server_discover(nic, (uint16_t)type);
}

TABLE_ENTRY(command, cmd_pxebs) = {
	.name = "pxebs",
	.arguments = "<card> <type>",
	.summary = "Find a PXE boot server of a type",
	.min_args = 2,
	.max_args = 2,
	.run = run_pxebs,
	.details = "What it says is readable as pxebs/filename, pxebs/next-server and so on.",
};
