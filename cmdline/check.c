/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mistakes in a script that can be seen without running it: commands that do not
 * exist, options that they do not have, jumps to labels that are not there,
 * quotes and blocks without an end, a line that cannot be read. What contains
 * ${…} is only known when it runs.
 *
 * Before a script runs these are warnings, since old scripts may hide anything in
 * places that are never reached. `lint` prints all of them, and those that iPXE
 * passes over in silence.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"

#define WARNINGS_MAX 10
#define LABELS_MAX   1024 /* a script with more is not checked for them */
#define BLOCKS_MAX   64	  /* inside each other; deeper ones are not checked */

struct check {
	const char *name; /* of the script */
	bool lint;
	bool extended;
	struct lines at;  /* begins with the line that is looked at … */
	const char *line; /* … which is this one */
	unsigned count;	  /* of mistakes */
	unsigned label_count;
	uint32_t label[LABELS_MAX]; /* hashes */
	unsigned depth;
	struct {
		enum keyword keyword;
		struct lines at;
		bool has_else;
	} block[BLOCKS_MAX];
};

/* ---- Reports ---- */

/* Line and column of byte @offset of the logical line that @at begins with. */
static void find_place(struct lines at, size_t offset, unsigned *line, unsigned *column)
{
	for (;;) {
		const char *start = at.text + at.next;
		const char *end = memchr(start, '\n', at.len - at.next);
		size_t len = end ? (size_t)(end - start) : at.len - at.next;
		size_t used = len && start[len - 1] == '\r' ? len - 1 : len;
		bool more = end && used && start[used - 1] == '\\';

		at.number++;
		if (!more || offset < used - 1)
			break;
		offset -= used - 1;
		at.next += len + 1;
	}
	*line = at.number;
	*column = (unsigned)offset + 1;
}

static void PRINTF(4, 5)
	mistake(struct check *check, struct lines at, size_t offset, const char *fmt, ...)
{
	unsigned line, column;
	va_list ap;

	if (check->count++ >= WARNINGS_MAX && !check->lint)
		return;
	find_place(at, offset, &line, &column);
	print("%s:%u:%u: %s", check->name, line, column, check->lint ? "" : "warning: ");
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n");
}

/* A mistake at @p, which points into the line. */
#define mistake_at(check, p, ...)                                                                  \
	mistake(check, (check)->at, (size_t)((p) - (check)->line), __VA_ARGS__)

/* ---- Labels ---- */

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

/* ---- Commands ---- */

static bool has_value(const char *word)
{
	return strstr(word, "${") != NULL;
}

/* What iPXE takes without a word. */
static void check_word(struct check *check, const char *raw)
{
	const char *open = strstr(raw, "${");

	if (open && !strchr(open, '}'))
		mistake_at(check, open, "there is no } behind ${");
	if (text_starts(raw, "\xe2\x80\x93") || text_starts(raw, "\xe2\x80\x94"))
		mistake_at(check, raw, "a typographic dash: write - or --");
}

/* As options_check(), which moves the words about: a copy of the list is theirs. */
static int check_options(const struct command *command, char **words, int count, int *bad)
{
	size_t size = (size_t)count * sizeof(*words);
	char **copy = heap_alloc(size);
	int rc;

	if (!copy)
		return 0;
	memcpy(copy, words, size);
	rc = options_check(command, copy, count, bad);
	heap_free(copy);
	return rc;
}

/* A command: @words without quotes, and @raw ones for their places. */
static void check_call(struct check *check, char **words, char **raw, int count)
{
	const struct command *command = command_find(words[0]);
	int bad = 0;

	if (!*words[0] || has_value(words[0]))
		return;
	if (!command)
		mistake_at(check, raw[0], "%.60s: command not found", words[0]);
	else if (check_options(command, words, count, &bad))
		mistake_at(check, raw[bad], "%s: %s", words[0], error_text());
	else if (!strcmp(words[0], "goto") && !has_value(words[1]) &&
		 !may_have_label(check, words[1]))
		mistake_at(check, raw[1], "goto: there is no label \":%.60s\"", words[1]);
	else if (!strcmp(words[0], "time") && words[1][0] != '-')
		check_call(check, words + 1, raw + 1, count - 1);
}

static void check_command(struct check *check, const struct words *words)
{
	char **values;

	if (!words->count)
		return;
	for (int i = 0; i < words->count && check->lint; i++)
		check_word(check, words->word[i]);
	values = words_values(words, check->extended, false);
	if (!values)
		return;
	check_call(check, values, words->word, words->count);
	words_free(values, words->count);
}

/* @commands, a part of the line, is cut into pieces. */
static void check_commands(struct check *check, char *commands)
{
	int max = lexer_words_max(strlen(commands));
	struct words words = {.word = heap_alloc((size_t)max * sizeof(char *))};

	if (!words.word)
		return;
	do {
		if (lexer_next(&commands, &words, max, check->extended)) {
			mistake_at(check, commands, "%s", error_text());
			break;
		}
		check_command(check, &words);
	} while (words.next != THEN_END);
	heap_free(words.word);
}

/* ---- Blocks ---- */

static void open_block(struct check *check, enum keyword keyword)
{
	if (check->depth < BLOCKS_MAX) {
		check->block[check->depth].keyword = keyword;
		check->block[check->depth].at = check->at;
		check->block[check->depth].has_else = false;
	}
	check->depth++;
}

/* Is a block of @opener the innermost one? One that is too deep to know is not complained about. */
static bool in_block(const struct check *check, enum keyword opener)
{
	return check->depth > BLOCKS_MAX ||
	       (check->depth && check->block[check->depth - 1].keyword == opener);
}

static void close_block(struct check *check, enum keyword opener, const char *p)
{
	if (in_block(check, opener))
		check->depth--;
	else
		mistake_at(check, p, "%s without %s", opener == KEYWORD_IF ? "endif" : "endfor",
			   opener == KEYWORD_IF ? "if" : "for");
}

static void check_condition(struct check *check, char *p, char *rest)
{
	if (line_is_empty(rest))
		mistake_at(check, p, "if has no condition");
	else
		check_commands(check, rest);
}

static void check_else(struct check *check, char *p, char *rest)
{
	const char *condition;

	if (!in_block(check, KEYWORD_IF)) {
		mistake_at(check, p, "else without if");
		return;
	}
	if (check->depth <= BLOCKS_MAX && check->block[check->depth - 1].has_else)
		mistake_at(check, p, "else behind else");
	if (keyword_of(rest, &condition) == KEYWORD_IF) {
		check_condition(check, p, rest + (condition - rest));
		return;
	}
	if (check->depth <= BLOCKS_MAX)
		check->block[check->depth - 1].has_else = true;
	if (!line_is_empty(rest))
		mistake_at(check, p, "only \"if\" may follow else in its line");
}

static void check_for(struct check *check, char *p, char *rest)
{
	int max = lexer_words_max(strlen(rest));
	struct words words = {.word = heap_alloc((size_t)max * sizeof(char *))};

	open_block(check, KEYWORD_FOR);
	if (!words.word)
		return;
	if (lexer_next(&rest, &words, max, true))
		mistake_at(check, rest, "%s", error_text());
	else if (words.count < 2 || strcmp(words.word[1], "in") != 0 || words.next != THEN_END)
		mistake_at(check, p, "\"for\" is followed by NAME in WORDS, and nothing else");
	heap_free(words.word);
}

static void check_block_line(struct check *check, char *commands)
{
	const char *behind;
	enum keyword keyword = keyword_of(commands, &behind);
	char *rest = commands + (behind - commands);
	char *p = commands;

	while (is_space((uint8_t)*p))
		p++;
	if (keyword == KEYWORD_IF) {
		open_block(check, keyword);
		check_condition(check, p, rest);
	} else if (keyword == KEYWORD_ELSE) {
		check_else(check, p, rest);
	} else if (keyword == KEYWORD_ENDIF) {
		close_block(check, KEYWORD_IF, p);
	} else if (keyword == KEYWORD_FOR) {
		check_for(check, p, rest);
	} else if (keyword == KEYWORD_ENDFOR) {
		close_block(check, KEYWORD_FOR, p);
	} else {
		check_commands(check, commands);
	}
}

static void check_open_blocks(struct check *check)
{
	for (unsigned i = min(check->depth, (unsigned)BLOCKS_MAX); i--;)
		mistake(check, check->block[i].at, 0, "%s",
			check->block[i].keyword == KEYWORD_IF ? "if without endif"
							      : "for without endfor");
}

/* ---- All of it ---- */

static void check_version(struct check *check, const char *text, size_t len)
{
	unsigned version = script_version(text, len);

	if (version > 2)
		mistake(check, check->at, 0, "#!ipxe %u is read as #!ipxe: there is #!ipxe 2",
			version);
	if (!version && check->lint && strcmp(check->name, "<CMDLINE>") != 0)
		mistake(check, check->at, 0, "the first line is not #!ipxe");
}

static void check_lines(struct check *check)
{
	for (;;) {
		struct lines next = check->at;
		unsigned number;
		char *line;

		if (lines_next(&next, &line, &number)) {
			mistake(check, check->at, 0, "%s", error_text());
			return;
		}
		if (!line)
			break;
		check->line = line;
		if (check->extended)
			check_block_line(check, line_commands(line));
		else
			check_commands(check, line_commands(line));
		heap_free(line);
		check->at = next;
	}
	check_open_blocks(check);
}

static unsigned check_script(const char *name, const char *text, size_t len, bool lint)
{
	struct check *check = heap_zalloc(sizeof(*check));
	unsigned count;

	/* Without memory for warnings the script itself will have something to say. */
	if (!check)
		return 0;
	check->name = name;
	check->lint = lint;
	check->extended = script_version(text, len) == 2;
	check->at = lines_of(text, len);
	collect_labels(check, check->at);
	check_version(check, text, len);
	check_lines(check);
	count = check->count;
	if (count > WARNINGS_MAX && !lint)
		print("%s: %u more warnings\n", name, count - WARNINGS_MAX);
	heap_free(check);
	error_clear();
	return count;
}

void script_check(const char *name, const char *text, size_t len)
{
	check_script(name, text, len, false);
}

unsigned script_lint(const char *name, const char *text, size_t len)
{
	return check_script(name, text, len, true);
}
