/* SPDX-License-Identifier: BSD-2-Clause */
/* help explain */
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/log.h"

#define COLUMN_WIDTH 14
#define COLUMNS	     5

/* The name that follows @after in alphabetical order, or NULL. */
static const struct command *next_by_name(const char *after)
{
	const struct command *c, *best = NULL;

	table_for_each(command, c) {
		if (strcmp(c->name, after) > 0 && (!best || strcmp(c->name, best->name) < 0))
			best = c;
	}
	return best;
}

static void list_commands(void)
{
	const struct command *c;
	unsigned column = 0;

	print("Commands:\n\n");
	for (c = next_by_name(""); c; c = next_by_name(c->name)) {
		bool last = ++column % COLUMNS == 0;

		print("  %-*s%s", last ? 0 : COLUMN_WIDTH, c->name, last ? "\n" : "");
	}
	print("%s\n\"help COMMAND\" tells more.\n", column % COLUMNS ? "\n" : "");
}

static int run_help(struct call *call)
{
	const struct command *command;

	if (!call->argc) {
		list_commands();
		return 0;
	}
	command = command_find(call->argv[0]);
	if (!command)
		return fail(E_CMD_NOT_FOUND, "there is no command \"%.60s\"", call->argv[0]);
	command_help(command);
	return 0;
}
TABLE_ENTRY(command, cmd_help) = {
	.name = "help",
	.arguments = "[<command>]",
	.summary = "List the commands, or describe one",
	.max_args = 1,
	.run = run_help,
};

static int run_explain(struct call *call)
{
	const char *code = call->argc ? call->argv[0] : last_failure.code;
	const struct error_entry *entry = error_find(code);

	if (!entry && !call->argc)
		return fail(E_NOT_FOUND, "nothing has failed yet");
	if (!entry)
		return fail(E_NOT_FOUND, "\"%.40s\" is no error code that this version knows",
			    code);
	print("%s: %s\nWhat to do: %s\n", entry->code, entry->meaning, entry->advice);
	if (!call->argc)
		print("It said: %s\n", last_failure.text);
	return 0;
}
TABLE_ENTRY(command, cmd_explain) = {
	.name = "explain",
	.arguments = "[<code>]",
	.summary = "Say what an error code means and what to do; the last failure's without one",
	.max_args = 1,
	.run = run_explain,
};
