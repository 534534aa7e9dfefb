/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look through a script before it runs: commands that do not exist, jumps to
 * labels that are not there, a line that cannot be read. These are warnings,
 * since old scripts may hide anything in places that are never reached; what
 * contains ${…} is only known when it runs.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"

#define WARNINGS_MAX 10
#define LABELS_MAX   1024 /* a script with more is not checked for them */

struct check {
	const char *name; /* of the script */
	unsigned line;
	unsigned warnings;
	unsigned label_count;
	uint32_t label[LABELS_MAX]; /* hashes */
};

static void PRINTF(2, 3) warn(struct check *check, const char *fmt, ...)
{
	va_list ap;

	if (check->warnings++ >= WARNINGS_MAX)
		return;
	print("%s:%u: warning: ", check->name, check->line);
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n");
}

/* FNV-1a: that two labels of a script share one only costs a warning. */
static uint32_t hash(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h;
}

static void collect_labels(struct check *check, struct lines lines)
{
	char *line;
	unsigned number;

	while (!lines_next(&lines, &line, &number) && line) {
		size_t len;
		const char *name = line_label(line, &len);

		if (name && check->label_count < LABELS_MAX)
			check->label[check->label_count++] = hash(name, len);
		heap_free(line);
	}
}

static bool may_have_label(const struct check *check, const char *name)
{
	uint32_t wanted = hash(name, strlen(name));

	for (unsigned i = 0; i < check->label_count; i++) {
		if (check->label[i] == wanted)
			return true;
	}
	return check->label_count == LABELS_MAX;
}

static void check_command(struct check *check, const struct words *words)
{
	const char *command = words->count ? words->word[0] : "";

	if (!*command || strstr(command, "${"))
		return;
	if (!command_find(command))
		warn(check, "%.60s: command not found", command);
	if (!strcmp(command, "goto") && words->count == 2 && !strstr(words->word[1], "${") &&
	    !may_have_label(check, words->word[1]))
		warn(check, "goto: there is no label \":%.60s\"", words->word[1]);
}

static void check_line(struct check *check, char *line)
{
	int max = lexer_words_max(strlen(line));
	struct words words = {.word = heap_alloc((size_t)max * sizeof(char *))};

	if (!words.word)
		return;
	do {
		lexer_next(&line, &words, max);
		check_command(check, &words);
	} while (words.next != THEN_END);
	heap_free(words.word);
}

/* "#!ipxe 2" asks for more than there is. */
static void check_version(struct check *check, const char *line)
{
	const char *p = line;

	while (is_space((uint8_t)*p))
		p++;
	if (!text_starts(p, "#!ipxe"))
		return;
	for (p += 6; is_space((uint8_t)*p);)
		p++;
	if (*p == '2')
		warn(check, "\"#!ipxe 2\" is read as \"#!ipxe\": no quoting, if or for yet");
}

static void check_lines(struct check *check, struct lines lines)
{
	bool first = true;
	char *line;

	for (;;) {
		if (lines_next(&lines, &line, &check->line)) {
			warn(check, "%s", error_text());
			return;
		}
		if (!line)
			return;
		if (first)
			check_version(check, line);
		first = false;
		check_line(check, line_commands(line));
		heap_free(line);
	}
}

void script_check(const char *name, const char *text, size_t len)
{
	struct check *check = heap_zalloc(sizeof(*check));

	/* Without memory for warnings the script itself will have something to say. */
	if (!check)
		return;
	check->name = name;
	collect_labels(check, lines_of(text, len));
	check_lines(check, lines_of(text, len));
	if (check->warnings > WARNINGS_MAX)
		print("%s: %u more warnings\n", name, check->warnings - WARNINGS_MAX);
	heap_free(check);
}
