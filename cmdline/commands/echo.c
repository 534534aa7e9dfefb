/* SPDX-License-Identifier: BSD-2-Clause */
/* echo */
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"

static const struct option echo_options[] = {{'n', "n", OPTION_FLAG, "no end of line"}};

static int run_echo(struct call *call)
{
	char *text = join_args(call, 0);

	if (!text)
		return E_NO_MEMORY;
	print("%s%s", text, call->option[0].given ? "" : "\n");
	heap_free(text);
	return 0;
}
TABLE_ENTRY(command, cmd_echo) = {
	.name = "echo",
	.arguments = "[<text>...]",
	.summary = "Print text",
	.options = echo_options,
	.option_count = ARRAY_SIZE(echo_options),
	.max_args = ARGS_ANY,
	.run = run_echo,
};
