/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: the commands of a line one after the other, strictly from left
 * to right by the status of the last one that ran; what remains of a failure
 * for ${errno}, ${error} and the report.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/secrets.h"
#include "lib/text.h"

#define COMMAND_SHOWN 120 /* bytes of a command in messages */

struct frame *current_frame;
struct last_failure last_failure;

/* The rest of the line is skipped: after goto and exit. */
static bool line_stopped;
/* What failed: the command with its arguments, as messages show it. */
static char current_command[COMMAND_SHOWN];
/* The failure that was printed last, so that a status on its way up is not printed again. */
static struct last_failure reported;

/* ---- Frames ---- */

int frame_enter(struct frame *frame)
{
	unsigned depth = 0;

	for (const struct frame *f = current_frame; f; f = f->parent)
		depth++;
	if (depth >= FRAMES_MAX)
		return fail(E_SCRIPT_DEPTH, "%u scripts and shells run inside each other already",
			    depth);
	frame->parent = current_frame;
	current_frame = frame;
	return 0;
}

void frame_leave(struct frame *frame)
{
	current_frame = frame->parent;
}

bool quoting_now(void)
{
	return current_frame && current_frame->extended;
}

void line_stop(void)
{
	line_stopped = true;
}

int script_stop(int status)
{
	line_stopped = true;
	if (current_frame) {
		current_frame->stopped = true;
		current_frame->status = status;
	}
	return status;
}

/* ---- Failures ---- */

static void describe(int rc, struct last_failure *failure)
{
	failure->rc = rc;
	if (rc > 0) {
		format(failure->text, sizeof(failure->text), "ended with status %d", rc);
		failure->code[0] = 0;
		return;
	}
	secrets_hide(error_sentence(rc), failure->text, sizeof(failure->text));
	text_copy(failure->code, sizeof(failure->code), error_entry(rc)->code);
}

void command_forget(void)
{
	current_command[0] = 0;
}

int line_failed(int rc)
{
	command_forget();
	reported.rc = 0;
	describe(rc, &last_failure);
	return rc;
}

/* @text without the address in front of it, when the command names that already. */
static const char *without_address(const char *text)
{
	const char *end = strstr(text, ": ");
	char address[COMMAND_SHOWN];
	size_t len = end ? (size_t)(end - text) : 0;

	if (!len || len >= sizeof(address))
		return text;
	memcpy(address, text, len);
	address[len] = '\0';
	return strstr(address, ":/") && strstr(current_command, address) ? end + 2 : text;
}

void report_failure(int rc)
{
	struct last_failure f;

	if (!rc)
		return;
	describe(rc, &f);
	if (reported.rc == rc && !strcmp(reported.text, f.text))
		return;
	reported = last_failure = f;
	if (current_frame && current_frame->script)
		print("%s:%u: ", current_frame->script, current_frame->line);
	if (*current_command)
		print("%s: ", current_command);
	print("%s", without_address(f.text));
	/* Behind a semicolon the sentence says itself what to do; who pressed Ctrl-C knows. */
	if (rc < 0 && rc != E_CANCELLED && !strstr(f.text, "; "))
		print("; %s", error_entry(rc)->advice);
	if (*f.code)
		print(" (%s)", f.code);
	print("\n");
	if (rc != E_CANCELLED) /* the user knows */
		tui_failure(current_command, f.text, f.code);
}

/* ---- One command ---- */

const struct command *command_find(const char *name)
{
	const struct command *c;

	table_for_each(command, c) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}

static int call_command(const struct command *command, char **words, int count)
{
	struct call call;
	int rc = options_parse(command, words, count, &call);

	if (rc == CALL_HELP) {
		command_help(command);
		return 0;
	}
	return rc ? rc : command->run(&call);
}

static int fail_not_found(const char *name)
{
	const char *rest;

	if (keyword_of(name, &rest) != KEYWORD_NONE)
		return fail(E_CMD_NOT_FOUND,
			    "command not found; if and for need the first line \"#!ipxe 2\", and "
			    "stand at the beginning of a line");
	return fail(E_CMD_NOT_FOUND, "command not found");
}

int command_run(char *const *expanded, int count)
{
	const struct command *command = command_find(expanded[0]);
	char **words;
	int rc;

	if (!command)
		return fail_not_found(expanded[0]);
	/* Parsing moves the words about; the owner's list stays whole. */
	words = heap_alloc((size_t)count * sizeof(*words));
	if (!words)
		return fail(E_NO_MEMORY, "no memory for a command of %d words", count);
	memcpy(words, expanded, (size_t)count * sizeof(*words));
	rc = call_command(command, words, count);
	heap_free(words);
	return rc;
}

/* A test that says no is not worth a line; one that could not be made is. */
static bool is_answer(const char *name, int rc)
{
	const struct command *command = command_find(name);

	return command && command->test && rc != E_CMD_USAGE && rc != E_NO_MEMORY &&
	       rc != E_INVALID;
}

static int run_command(const struct words *words)
{
	bool answer = false;
	char **expanded;
	int rc;

	if (!words->count)
		return 0;
	error_clear();
	reported.rc = 0;
	text_copy(current_command, sizeof(current_command), words->word[0]);
	expanded = words_values(words, quoting_now(), true);
	rc = expanded ? command_run(expanded, words->count) : error_code();
	if (rc)
		secrets_hide_words(expanded ? expanded : words->word, words->count, current_command,
				   sizeof(current_command));
	if (expanded) {
		answer = is_answer(expanded[0], rc);
		words_free(expanded, words->count);
	}
	if (!rc)
		return 0;
	if (rc == E_FALSE) /* ${error} keeps the failure that somebody asks about */
		last_failure.rc = rc;
	else
		describe(rc, &last_failure);
	if (rc < 0 && !answer)
		report_failure(rc);
	return rc;
}

/* ---- One line ---- */

static bool wanted(enum separator before, int rc)
{
	return before == THEN_ALWAYS || (before == THEN_AND ? rc == 0 : rc != 0);
}

static int run_words(char *line, struct words *words, int max)
{
	enum separator before = THEN_ALWAYS;
	int rc = 0;

	do {
		int broken = lexer_next(&line, words, max, quoting_now());

		if (broken)
			return line_failed(broken);
		if (wanted(before, rc))
			rc = run_command(words);
		before = words->next;
	} while (before != THEN_END && !line_stopped && !image_is_replaced());
	return rc;
}

int command_line(const char *line)
{
	struct words words = {0};
	int max = lexer_words_max(strlen(line));
	bool outer_stopped = line_stopped;
	char *copy = text_dup(line);
	int rc;

	words.word = heap_alloc((size_t)max * sizeof(*words.word));
	line_stopped = false;
	if (copy && words.word)
		rc = run_words(copy, &words, max);
	else
		rc = fail(E_NO_MEMORY, "no memory for a line of %zu bytes", strlen(line));
	line_stopped = outer_stopped;
	heap_free(words.word);
	heap_free(copy);
	return rc;
}
