/* SPDX-License-Identifier: BSD-2-Clause */
/* set clear unset show read inc dec */
#include "bios/clock.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"

/* Hexadecimal with delimiters is the longest way to write a value. */
#define SHOWN_MAX (SETTING_MAX * 3 + 1)

static int run_set(struct call *call)
{
	char *text = join_args(call, 1);
	int rc;

	if (!text)
		return E_NO_MEMORY;
	if (strchr(call->argv[0], '=') && !*text)
		print("set: warning: write \"set NAME VALUE\" with a blank, not \"%.60s\"\n",
		      call->argv[0]);
	rc = setting_store(call->argv[0], text, SOURCE_SCRIPT);
	heap_free(text);
	return rc;
}
TABLE_ENTRY(command, cmd_set) = {
	.name = "set",
	.arguments = "<setting> [<value>...]",
	.summary = "Set a setting; without a value, remove it",
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_set,
	.details = "A setting is [SCOPE/]NAME[:TYPE]: net0/filename, keep-san, 67:string.",
};

static int run_clear(struct call *call)
{
	return setting_store(call->argv[0], "", SOURCE_SCRIPT);
}
TABLE_ENTRY(command, cmd_clear) = {
	.name = "clear",
	.arguments = "<setting>",
	.summary = "Remove a setting; what a server sent shows again",
	.min_args = 1,
	.max_args = 1,
	.run = run_clear,
};

static int run_unset(struct call *call)
{
	return setting_unset(call->argv[0]);
}
TABLE_ENTRY(command, cmd_unset) = {
	.name = "unset",
	.arguments = "<setting>",
	.summary = "Let a setting read as unset, although a server sent a value",
	.min_args = 1,
	.max_args = 1,
	.run = run_unset,
	.details = "clear or set undoes it.",
};

/* ---- show ---- */

static const struct option show_options[] = {{'q', "quiet", OPTION_FLAG, "only the value"}};

/* What a server sent may hold anything, sequences that move the cursor as well. */
static void print_harmless(char *text)
{
	for (char *p = text; *p; p++) {
		if (((uint8_t)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
			*p = '?';
	}
	print("%s", text);
}

static void print_value(const struct setting_value *value, bool quiet)
{
	const struct setting_type *type = setting_readable_type(value);
	char *text = heap_alloc(SHOWN_MAX);

	if (!quiet)
		print("%s%s%s:%s = ", value->scope, *value->scope ? "/" : "", value->name,
		      type->name);
	if (setting_value_is_secret(value))
		print("***");
	else if (text && type->show(value->raw, value->len, text, SHOWN_MAX) >= 0)
		print_harmless(text);
	if (!quiet)
		print(" (%s)", setting_source_name(value->source));
	print("\n");
	heap_free(text);
}

/* What `show` lists: of one scope, or all. */
struct listing {
	const char *scope; /* NULL: every one */
	bool quiet;
	unsigned count;
};

static void visit_print(const char *scope, const struct setting_value *value, void *ctx)
{
	struct listing *l = ctx;
	size_t len = l->scope ? strlen(l->scope) : 0;

	if (l->scope && (strncmp(scope, l->scope, len) != 0 || (scope[len] && scope[len] != '.')))
		return;
	print_value(value, l->quiet);
	l->count++;
}

/* What the scope computes. */
static void print_computed(struct listing *l)
{
	const struct setting *setting;
	struct setting_value value;
	char name[100];

	table_for_each(setting, setting) {
		format(name, sizeof(name), "%s/%s", l->scope, setting->name);
		if ((setting->compute || setting->alias) && !setting_fetch(name, &value) &&
		    !strcmp(value.scope, l->scope)) {
			print_value(&value, l->quiet);
			l->count++;
		}
	}
}

/* "net0/": all that the scope and those inside it hold. */
static int show_scope(const char *name, bool quiet)
{
	char scope[32];
	struct listing l = {.scope = scope, .quiet = quiet};

	format(scope, sizeof(scope), "%.*s", (int)strlen(name) - 1, name);
	if (!strcmp(scope, "netX"))
		setting_text(scope, "ifname", scope, sizeof(scope));
	print_computed(&l);
	settings_walk(visit_print, &l);
	if (!l.count)
		return fail(E_SETTING_NOT_FOUND, "there is no setting in \"%.80s\"", name);
	return 0;
}

static int run_show(struct call *call)
{
	struct listing all = {.quiet = call->option[0].given};
	struct setting_value value;
	const char *name = call->argc ? call->argv[0] : "";
	int rc;

	if (!*name) {
		settings_walk(visit_print, &all);
		return 0;
	}
	if (name[strlen(name) - 1] == '/')
		return show_scope(name, all.quiet);
	rc = setting_fetch(name, &value);
	if (rc && setting_check_name(name))
		return error_code();
	if (rc)
		return fail(rc, "Could not find \"%.80s\"", name);
	print_value(&value, all.quiet);
	return 0;
}
TABLE_ENTRY(command, cmd_show) = {
	.name = "show",
	.arguments = "[<setting>|<scope>/]",
	.summary = "Show a setting's value and where it comes from, or all that are set",
	.options = show_options,
	.option_count = ARRAY_SIZE(show_options),
	.max_args = 1,
	.run = run_show,
};

/* ---- read ---- */

static const struct option read_options[] = {
	{'t', "timeout", OPTION_MS, "give up after this many milliseconds"}};

static int run_read(struct call *call)
{
	const char *name = call->argv[0];
	uint64_t timeout = call->option[0].number;
	char *initial = heap_alloc(SHOWN_MAX);
	char *line;
	int rc;

	if (!initial)
		return fail(E_NO_MEMORY, "no memory to edit %.60s", name);
	setting_text("", name, initial, SHOWN_MAX);
	line = line_edit("", initial, setting_is_secret(name), NULL,
			 timeout ? clock_ms() + timeout : DEADLINE_NEVER, &rc);
	heap_free(initial);
	if (!line && rc == E_TIMEOUT)
		return fail(rc, "Enter was not pressed in %llu ms; || goes on all the same",
			    (unsigned long long)timeout);
	if (!line)
		return fail_context(rc, "%.60s", name);
	rc = setting_store_edited(name, line, SOURCE_SCRIPT);
	heap_free(line);
	return rc;
}
TABLE_ENTRY(command, cmd_read) = {
	.name = "read",
	.arguments = "<setting>",
	.summary = "Let the user edit a setting in one line",
	.options = read_options,
	.option_count = ARRAY_SIZE(read_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_read,
};

/* ---- inc dec ---- */

/* Type to count in when there is no value yet. */
static const char *initial_type(const char *name)
{
	const char *slash = strchr(name, '/');
	const struct setting *predefined = setting_find(slash ? slash + 1 : name);

	return predefined ? predefined->type : "int32";
}

/* What is counted: 0, or the value as a number; *@type gets the type to store it with, NULL when
 * @name says it. */
static int fetch_count(const char *name, int64_t *count, const char **type)
{
	struct setting_value value;
	char text[24];
	bool negative;
	uint64_t number;

	*count = 0;
	*type = strchr(name, ':') ? NULL : initial_type(name);
	if (setting_fetch(name, &value))
		return 0;
	if (*type)
		*type = value.type->name;
	if (setting_show(&value, text, sizeof(text)) < 0)
		text[0] = 0;
	negative = text[0] == '-';
	if (!text_to_u64(text + negative, 0, &number))
		return fail(E_INVALID, "%.60s is of type %s and not a number", name,
			    value.type->name);
	*count = negative ? -(int64_t)number : (int64_t)number;
	return 0;
}

static int add(struct call *call, int sign)
{
	const char *name = call->argv[0];
	const char *step_text = call->argc > 1 ? call->argv[1] : "1";
	bool negative = *step_text == '-';
	char full[100], text[24];
	const char *type;
	uint64_t step;
	int64_t count;
	int rc;

	if (!text_to_u64(step_text + negative, 0, &step))
		return fail(E_INVALID, "\"%.60s\": invalid integer value", step_text);
	rc = fetch_count(name, &count, &type);
	if (rc)
		return rc;
	count += (negative ? -sign : sign) * (int64_t)step;
	if (format(full, sizeof(full), "%s%s%s", name, type ? ":" : "", type ? type : "") >=
	    sizeof(full))
		return fail(E_SETTING_NAME, "%.60s: the name is too long", name);
	format(text, sizeof(text), "%lld", (long long)count);
	return setting_store(full, text, SOURCE_SCRIPT);
}

static int run_inc(struct call *call)
{
	return add(call, 1);
}
TABLE_ENTRY(command, cmd_inc) = {
	.name = "inc",
	.arguments = "<setting> [<increment>]",
	.summary = "Add to a number; one that is not set counts as 0",
	.min_args = 1,
	.max_args = 2,
	.run = run_inc,
};

static int run_dec(struct call *call)
{
	return add(call, -1);
}
TABLE_ENTRY(command, cmd_dec) = {
	.name = "dec",
	.arguments = "<setting> [<decrement>]",
	.summary = "Subtract from a number; one that is not set counts as 0",
	.min_args = 1,
	.max_args = 2,
	.run = run_dec,
};
