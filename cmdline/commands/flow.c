/* SPDX-License-Identifier: BSD-2-Clause */
/* goto exit isset iseq islt isgt prompt sleep time sync shell */
#include "bios/clock.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "lib/utf8.h"
#include "netstack/net.h"
#include "netstack/tcp.h"

static int run_goto(struct call *call)
{
	return script_goto(call->argv[0]);
}
TABLE_ENTRY(command, cmd_goto) = {
	.name = "goto",
	.arguments = "<label>",
	.summary = "Go on at the line :LABEL of the script, also from a shell that it opened",
	.min_args = 1,
	.max_args = 1,
	.run = run_goto,
};

static int run_exit(struct call *call)
{
	uint32_t status = 0;

	if (call->argc && !text_to_u32(call->argv[0], 0, UINT32_MAX, &status))
		return fail(E_INVALID, "\"%.60s\": invalid integer value", call->argv[0]);
	/* Negative numbers are the catalogue's. */
	return script_stop((int)(status & INT32_MAX));
}
TABLE_ENTRY(command, cmd_exit) = {
	.name = "exit",
	.arguments = "[<status>]",
	.summary = "End the script or the shell",
	.max_args = 1,
	.run = run_exit,
};

static int run_isset(struct call *call)
{
	if (*call->argv[0])
		return 0;
	return fail(E_FALSE, "the value is empty");
}
TABLE_ENTRY(command, cmd_isset) = {
	.name = "isset",
	.arguments = "<value>",
	.summary = "Succeed when the value is not empty: isset ${filename}",
	.min_args = 1,
	.max_args = 1,
	.run = run_isset,
	.test = true,
};

/* ---- iseq islt isgt ---- */

static bool parse_number(const char *text, int64_t *number)
{
	bool negative = *text == '-';
	uint64_t value;

	if (!text_to_u64(text + negative, 0, &value) || value > INT64_MAX) {
		fail(E_INVALID, "\"%.60s\" is not a number", text);
		return false;
	}
	*number = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

/* The order of two numbers in the arguments, -1, 0 or 1; false after fail(). */
static bool compare(const struct call *call, int *order)
{
	int64_t a, b;

	if (!parse_number(call->argv[0], &a) || !parse_number(call->argv[1], &b))
		return false;
	*order = (a > b) - (a < b);
	return true;
}

static const struct option iseq_options[] = {
	{'n', "number", OPTION_FLAG, "compare numbers: 0x10 equals 16"}};

static int run_iseq(struct call *call)
{
	int order = strcmp(call->argv[0], call->argv[1]);

	if (call->option[0].given && !compare(call, &order))
		return E_INVALID;
	if (!order)
		return 0;
	return fail(E_FALSE, "\"%.60s\" and \"%.60s\" are not equal", call->argv[0], call->argv[1]);
}
TABLE_ENTRY(command, cmd_iseq) = {
	.name = "iseq",
	.arguments = "<value1> <value2>",
	.summary = "Succeed when both values are equal",
	.options = iseq_options,
	.option_count = ARRAY_SIZE(iseq_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_iseq,
	.test = true,
};

static int run_islt(struct call *call)
{
	int order;

	if (!compare(call, &order))
		return E_INVALID;
	if (order < 0)
		return 0;
	return fail(E_FALSE, "%.40s is not less than %.40s", call->argv[0], call->argv[1]);
}
TABLE_ENTRY(command, cmd_islt) = {
	.name = "islt",
	.arguments = "<number1> <number2>",
	.summary = "Succeed when the first number is less than the second",
	.min_args = 2,
	.max_args = 2,
	.run = run_islt,
	.test = true,
};

static int run_isgt(struct call *call)
{
	int order;

	if (!compare(call, &order))
		return E_INVALID;
	if (order > 0)
		return 0;
	return fail(E_FALSE, "%.40s is not greater than %.40s", call->argv[0], call->argv[1]);
}
TABLE_ENTRY(command, cmd_isgt) = {
	.name = "isgt",
	.arguments = "<number1> <number2>",
	.summary = "Succeed when the first number is greater than the second",
	.min_args = 2,
	.max_args = 2,
	.run = run_isgt,
	.test = true,
};

/* ---- prompt ---- */

static const struct option prompt_options[] = {
	{'k', "key", OPTION_KEY, "the key that is waited for: a character or a number"},
	{'t', "timeout", OPTION_MS, "give up after this many milliseconds"}};

static void erase(const char *text)
{
	for (unsigned i = (unsigned)utf8_count(text); i; i--)
		print("\b \b");
}

static int ask(const struct call *call, const char *text)
{
	uint64_t timeout = call->option[1].number;
	int key;

	print("%s", text);
	key = key_wait(timeout ? clock_ms() + timeout : DEADLINE_NEVER);
	erase(text);
	if (key == E_TIMEOUT)
		return fail(key, "no key was pressed in %llu ms; || goes on all the same",
			    (unsigned long long)timeout);
	if (key < 0)
		return fail(key, "cancelled from the keyboard");
	if (call->option[0].given && (uint64_t)key != call->option[0].number)
		return fail(E_CANCELLED, "another key was pressed");
	return 0;
}

static int run_prompt(struct call *call)
{
	char *text = join_args(call, 0);
	int rc;

	if (!text)
		return E_NO_MEMORY;
	rc = ask(call, text);
	heap_free(text);
	return rc;
}
TABLE_ENTRY(command, cmd_prompt) = {
	.name = "prompt",
	.arguments = "[<text>...]",
	.summary = "Wait for a key",
	.options = prompt_options,
	.option_count = ARRAY_SIZE(prompt_options),
	.max_args = ARGS_ANY,
	.run = run_prompt,
	.test = true,
};

static int run_sleep(struct call *call)
{
	uint64_t end;
	uint32_t seconds;
	int rc;

	if (!text_to_u32(call->argv[0], 0, UINT32_MAX, &seconds))
		return fail(E_INVALID, "\"%.60s\": invalid integer value", call->argv[0]);
	end = clock_ms() + (uint64_t)seconds * 1000;
	rc = wait_until(false, end);
	if (rc == E_TIMEOUT)
		return 0;
	return rc;
}
TABLE_ENTRY(command, cmd_sleep) = {
	.name = "sleep",
	.arguments = "<seconds>",
	.summary = "Wait; the network goes on",
	.min_args = 1,
	.max_args = 1,
	.run = run_sleep,
};

static int run_time(struct call *call)
{
	uint64_t start = clock_ms(), ms;
	int rc = command_run(call->argv, call->argc);

	ms = clock_ms() - start;
	print("%s: %llu.%03u s\n", call->argv[0], (unsigned long long)(ms / 1000),
	      (unsigned)(ms % 1000));
	return rc;
}
TABLE_ENTRY(command, cmd_time) = {
	.name = "time",
	.arguments = "<command> [<arguments>...]",
	.summary = "Run a command and print how long it took",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_time,
};

static const struct option sync_options[] = {
	{'t', "timeout", OPTION_MS, "give up after this many milliseconds"}};

static int run_sync(struct call *call)
{
	uint64_t timeout = call->option[0].number;
	int rc = wait_until(!tcp_closing(), timeout ? clock_ms() + timeout : DEADLINE_NEVER);

	return rc ? fail(rc, "connections are still being closed") : 0;
}
TABLE_ENTRY(command, cmd_sync) = {
	.name = "sync",
	.arguments = "",
	.summary = "Wait until connections that were closed have ended",
	.options = sync_options,
	.option_count = ARRAY_SIZE(sync_options),
	.run = run_sync,
};

static int run_shell(struct call *call)
{
	return shell_run();
}
TABLE_ENTRY(command, cmd_shell) = {
	.name = "shell",
	.arguments = "",
	.summary = "Start an interactive shell; exit leaves it",
	.run = run_shell,
};
