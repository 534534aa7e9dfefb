/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of commands, as getopt_long() reads them: -n, -nk, -t 5, -t5,
 * --timeout 5, --timeout=5; "--" ends them. --help is there always.
 *
 * Typographic dashes, as web pages make them of "--", are understood where they
 * stand in front of an option's name.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"

#define HELP_COLUMNS 80

static const struct option help_option = {'h', "help", OPTION_FLAG, "this help"};

/* What is being parsed. */
struct parser {
	const struct command *command;
	char **words;
	int count;
	int next; /* index of the word to read next */
	struct call *call;
	bool help;
	bool checking; /* ${…} stands in the words: their values are not known yet */
	bool unsure;   /* a word may turn out to be an option */
};

/* ---- Usage ---- */

static const char *argument_name(const struct option *o)
{
	return o->kind == OPTION_KEY ? "key" : o->long_name;
}

static void usage_text(const struct command *command, char *buf, size_t size)
{
	format(buf, size, "%s", command->name);
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct option *o = &command->options[i];

		format_append(buf, size, " [");
		if (o->short_name)
			format_append(buf, size, "-%c|", o->short_name);
		format_append(buf, size, "--%s", o->long_name);
		if (o->kind != OPTION_FLAG)
			format_append(buf, size, " <%s>", argument_name(o));
		format_append(buf, size, "]");
	}
	if (command->arguments && *command->arguments)
		format_append(buf, size, " %s", command->arguments);
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (text[len] && text[len] != ' ' && text[len] != '\n')
		len++;
	return len;
}

/* Print @text, broken at blanks so that no row is longer than the screen; rows but the first begin
 * with @indent blanks. */
static void print_wrapped(const char *text, unsigned indent, unsigned column)
{
	while (*text) {
		size_t len = word_len(text);

		if (column > indent && column + len >= HELP_COLUMNS) {
			print("\n%*s", (int)indent, "");
			column = indent;
		}
		print("%.*s", (int)len, text);
		column += (unsigned)len;
		text += len;
		if (*text == '\n') {
			print("\n%*s", (int)indent, "");
			column = indent;
			text++;
		} else if (*text) {
			if (column + 1 + word_len(text + 1) < HELP_COLUMNS)
				print(" ");
			column++;
			text++;
		}
	}
	print("\n");
}

void command_help(const struct command *command)
{
	char usage[512];

	usage_text(command, usage, sizeof(usage));
	print("Usage:\n\n  ");
	print_wrapped(usage, 4, 2);
	print("\n%s.\n", command->summary);
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct option *o = &command->options[i];
		char left[40] = "    ";

		if (o->short_name)
			format(left, sizeof(left), "-%c, ", o->short_name);
		format_append(left, sizeof(left), "--%s", o->long_name);
		if (o->kind != OPTION_FLAG)
			format_append(left, sizeof(left), " <%s>", argument_name(o));
		print("  %-28s ", left);
		print_wrapped(o->help, 31, 31);
	}
	if (!command->details)
		return;
	print("\n");
	print_wrapped(command->details, 0, 0);
}

static int fail_usage(const struct parser *p, const char *what, const char *word)
{
	char usage[320];

	usage_text(p->command, usage, sizeof(usage));
	return fail(E_CMD_USAGE, "%s%s%.60s%s; usage: %s", what, *word ? " \"" : "", word,
		    *word ? "\"" : "", usage);
}

/* ---- Values ---- */

static bool parse_integer(const char *text, uint64_t *number)
{
	bool negative = *text == '-';

	if (!text_to_u64(text + negative, 0, number))
		return false;
	if (negative)
		*number = 0 - *number;
	return true;
}

static int set_value(struct parser *p, const struct option *o, const char *text)
{
	unsigned index = (unsigned)(o - p->command->options);
	uint64_t number = 0;

	if (o == &help_option) {
		p->help = true;
		return 0;
	}
	if (p->checking && strstr(text, "${"))
		number = 0;
	else if (o->kind == OPTION_KEY && text[0] && !text[1])
		number = (uint8_t)text[0];
	else if (o->kind != OPTION_TEXT && o->kind != OPTION_FLAG && !parse_integer(text, &number))
		return fail(E_CMD_USAGE, "--%s: \"%.60s\": invalid integer value", o->long_name,
			    text);
	if (o->kind == OPTION_MS)
		number = min(number, (uint64_t)OPTION_MS_MAX);
	p->call->option[index].given = true;
	p->call->option[index].text = text;
	p->call->option[index].number = number;
	return 0;
}

/* The value of @o in the next word, which must not look like an option. */
static int take_value(struct parser *p, const struct option *o)
{
	if (p->next >= p->count || p->words[p->next][0] == '-')
		return fail_usage(p, "a value is missing behind option", o->long_name);
	return set_value(p, o, p->words[p->next++]);
}

/* ---- Names ---- */

static const struct option *find_long(const struct command *command, const char *name, size_t len)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct option *o = &command->options[i];

		if (strlen(o->long_name) == len && !memcmp(o->long_name, name, len))
			return o;
	}
	return len == 4 && !memcmp(name, "help", 4) ? &help_option : NULL;
}

static const struct option *find_short(const struct command *command, char c)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		if (command->options[i].short_name == c)
			return &command->options[i];
	}
	return c == 'h' ? &help_option : NULL;
}

static size_t name_length(const char *name)
{
	const char *equals = strchr(name, '=');

	return equals ? (size_t)(equals - name) : strlen(name);
}

/* @name: behind the dashes of "--name" or "--name=value". */
static int parse_long(struct parser *p, const char *name)
{
	size_t len = name_length(name);
	const struct option *o = find_long(p->command, name, len);

	if (!o)
		return fail_usage(p, "there is no option", name);
	if (name[len] == '=') {
		if (o->kind == OPTION_FLAG)
			return fail_usage(p, "no value belongs to option", o->long_name);
		return set_value(p, o, name + len + 1);
	}
	return o->kind == OPTION_FLAG ? set_value(p, o, "") : take_value(p, o);
}

/* @letters: behind the dash of "-nk", "-t5" or "-t". */
static int parse_short(struct parser *p, const char *letters)
{
	int rc = 0;

	for (; *letters && !rc; letters++) {
		char letter[2] = {*letters, 0};
		const struct option *o = find_short(p->command, *letters);

		if (!o)
			return fail_usage(p, "there is no option", letter);
		if (o->kind != OPTION_FLAG)
			return letters[1] ? set_value(p, o, letters + 1) : take_value(p, o);
		rc = set_value(p, o, "");
	}
	return rc;
}

/* ---- Typographic dashes ---- */

/* Length of the dashes of any kind that @word begins with; *@odd when one is typographic
 * (U+2013 or U+2014). */
static size_t dashes(const char *word, bool *odd)
{
	size_t n = 0;

	*odd = false;
	for (;;) {
		if (word[n] == '-') {
			n++;
		} else if (text_starts(word + n, "\xe2\x80\x93") ||
			   text_starts(word + n, "\xe2\x80\x94")) {
			*odd = true;
			n += 3;
		} else {
			return n;
		}
	}
}

/* Is @word an option behind typographic dashes? *@name is where its name begins. */
static bool is_odd_option(const struct parser *p, const char *word, const char **name)
{
	bool odd;

	*name = word + dashes(word, &odd);
	if (!odd || !**name)
		return false;
	return (*name)[1] ? find_long(p->command, *name, name_length(*name)) != NULL
			  : find_short(p->command, **name) != NULL;
}

static int parse_odd(struct parser *p, const char *name)
{
	if (!p->checking)
		print("%s: warning: typographic dash in front of \"%s\" read as \"%s\"\n",
		      p->command->name, name, name[1] ? "--" : "-");
	return name[1] ? parse_long(p, name) : parse_short(p, name);
}

/* ---- The whole call ---- */

static bool arguments_are_text(const struct command *command)
{
	return command->max_args >= ARGS_ANY && !command->options_anywhere;
}

/* "-10" is a number unless the command has an option of that name. */
static bool is_short_options(const struct command *command, const char *word)
{
	return word[0] == '-' && word[1] &&
	       (!is_digit((uint8_t)word[1]) || find_short(command, word[1]));
}

static int parse_words(struct parser *p)
{
	struct call *call = p->call;
	bool options = true;
	int rc = 0;

	while (p->next < p->count && !rc) {
		char *word = p->words[p->next++];
		const char *name;

		if (options && is_odd_option(p, word, &name)) {
			rc = parse_odd(p, name);
		} else if (options && !strcmp(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1] == '-') {
			rc = parse_long(p, word + 2);
		} else if (options && is_short_options(p->command, word)) {
			rc = parse_short(p, word + 1);
		} else {
			p->unsure |= p->checking && text_starts(word, "${");
			call->argv[call->argc++] = word;
			if (arguments_are_text(p->command))
				options = false;
		}
	}
	return rc;
}

static int parse(struct parser *p)
{
	const struct command *command = p->command;
	int rc;

	memset(p->call, 0, sizeof(*p->call));
	p->call->command = command;
	p->call->argv = p->words; /* arguments move down over words that were read already */
	p->next = 1;
	rc = parse_words(p);
	if (rc)
		return rc;
	if (p->help)
		return CALL_HELP;
	p->next = 1; /* the command itself is what is wrong */
	if (p->call->argc < command->min_args && !p->unsure)
		return fail_usage(p, "too few arguments", "");
	if (p->call->argc > command->max_args && !p->unsure)
		return fail_usage(p, "too many arguments", "");
	return 0;
}

int options_parse(const struct command *command, char **words, int count, struct call *call)
{
	struct parser p = {.command = command, .words = words, .count = count, .call = call};

	return parse(&p);
}

int options_check(const struct command *command, char **words, int count, int *bad)
{
	struct call call;
	struct parser p = {.command = command,
			   .words = words,
			   .count = count,
			   .call = &call,
			   .checking = true};
	int rc = parse(&p);

	*bad = p.next - 1;
	return rc < 0 ? rc : 0;
}

char *join_args(const struct call *call, int from)
{
	size_t len = 1;
	char *text;

	for (int i = from; i < call->argc; i++)
		len += strlen(call->argv[i]) + 1;
	text = heap_zalloc(len);
	if (!text) {
		fail(E_NO_MEMORY, "no memory for %zu bytes of arguments", len);
		return NULL;
	}
	len = 0;
	for (int i = from; i < call->argc; i++) {
		size_t n = strlen(call->argv[i]);

		if (i > from)
			text[len++] = ' ';
		memcpy(text + len, call->argv[i], n);
		len += n;
	}
	return text;
}
