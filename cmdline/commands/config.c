/* SPDX-License-Identifier: BSD-2-Clause */
/* config */
#include "cmdline/menu.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"

static int run_config(struct call *call)
{
	char scope[32] = "";

	if (call->argc && !text_copy(scope, sizeof(scope), call->argv[0]))
		return fail(E_SETTING_NAME, "%.60s: no such scope", call->argv[0]);
	if (*scope && scope[strlen(scope) - 1] == '/')
		scope[strlen(scope) - 1] = 0;
	return config_run(scope);
}
TABLE_ENTRY(command, cmd_config) = {
	.name = "config",
	.arguments = "[<scope>]",
	.summary = "Look at the settings and edit them on the full screen",
	.max_args = 1,
	.run = run_config,
	.details = "Enter edits a setting or opens a scope, Ctrl-D deletes, Ctrl-X leaves.\n"
		   "Letters lead to the names that begin so.",
};
