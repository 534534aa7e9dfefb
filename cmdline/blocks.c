/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of lines, in scripts that begin with "#!ipxe 2" and in the shell:
 *
 *	if COMMANDS … [else if COMMANDS …] [else …] endif
 *	for NAME in WORDS … endfor
 *
 * The keywords are literal and stand at the beginning of their line, behind a
 * label at most. Nothing is kept of an if: its branches are found by looking
 * ahead. A loop that runs is on the frame's list, so that its endfor knows what
 * comes next; goto ends those that it leaves.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"

#define LOOPS_MAX 16 /* inside each other */

struct loop {
	struct loop *outer;
	char **words; /* what stands in the line; [0] is the variable, [1] is "in" */
	int word_count;
	char **value; /* pointers into words: what the variable becomes */
	int count, next;
	struct lines body;   /* the line behind for */
	struct lines behind; /* the line behind endfor */
};

/* ---- Keywords ---- */

enum keyword keyword_of(const char *commands, const char **rest)
{
	static const char *const names[] = {
		[KEYWORD_IF] = "if",   [KEYWORD_ELSE] = "else",	    [KEYWORD_ENDIF] = "endif",
		[KEYWORD_FOR] = "for", [KEYWORD_ENDFOR] = "endfor",
	};

	while (is_space((uint8_t)*commands))
		commands++;
	for (unsigned i = KEYWORD_IF; i < ARRAY_SIZE(names); i++) {
		*rest = commands + strlen(names[i]);
		if (text_starts(commands, names[i]) && (!**rest || is_space((uint8_t) * *rest)))
			return (enum keyword)i;
	}
	return KEYWORD_NONE;
}

bool line_is_empty(const char *rest)
{
	while (is_space((uint8_t)*rest))
		rest++;
	return !*rest || *rest == '#';
}

/*
 * Move @at behind the line with the @closer of the block that it stands in, or
 * with the else before that. *@line gets that line (heap).
 */
static int find_end(struct lines *at, enum keyword opener, enum keyword closer, bool or_else,
		    char **line, unsigned *number)
{
	unsigned depth = 0;

	for (;;) {
		const char *rest;
		enum keyword keyword;
		int rc = lines_next(at, line, number);

		if (rc)
			return rc;
		if (!*line) {
			fail(E_SCRIPT_BLOCK, "no %s follows",
			     closer == KEYWORD_ENDIF ? "endif" : "endfor");
			return E_SCRIPT_BLOCK;
		}
		keyword = keyword_of(line_commands(*line), &rest);
		if (!depth && (keyword == closer || (or_else && keyword == KEYWORD_ELSE)))
			return 0;
		depth += keyword == opener;
		depth -= keyword == closer;
		heap_free(*line);
	}
}

/* ---- if ---- */

/* Skip to the endif, of which the line is not needed. */
static int skip_to_endif(struct frame *frame)
{
	char *line;
	unsigned number;
	int rc = find_end(frame->lines, KEYWORD_IF, KEYWORD_ENDIF, false, &line, &number);

	if (!rc)
		heap_free(line);
	return rc ? line_failed(rc) : 0;
}

/* Run a condition: 1 when it held (or took the script elsewhere), 0 when not, or an error. */
static int condition(struct frame *frame, const char *commands)
{
	if (line_is_empty(commands))
		return line_failed(fail(E_SCRIPT_BLOCK, "if has no condition"));
	return !command_line(commands) || frame->stopped;
}

/* To the next branch of an if whose condition did not hold; *@line is "" when its lines run. */
static int next_branch(struct frame *frame, char **line)
{
	int rc = find_end(frame->lines, KEYWORD_IF, KEYWORD_ENDIF, true, line, &frame->line);
	const char *rest, *after;
	enum keyword keyword;

	if (rc)
		return line_failed(rc);
	keyword = keyword_of(line_commands(*line), &rest);
	if (keyword == KEYWORD_ELSE && keyword_of(rest, &after) == KEYWORD_IF) {
		memmove(*line, after, strlen(after) + 1);
		return 0;
	}
	if (keyword == KEYWORD_ELSE && !line_is_empty(rest))
		rc = line_failed(fail(E_SCRIPT_BLOCK, "only \"if\" may follow else in its line"));
	(*line)[0] = 0;
	return rc;
}

static int run_if(struct frame *frame, const char *commands)
{
	struct lines ahead = *frame->lines;
	unsigned number;
	char *line;
	int rc = wait_turn(DEADLINE_NEVER); /* as goto does: looking ahead takes time */

	if (rc)
		return line_failed(fail_context(rc, "if"));
	rc = find_end(&ahead, KEYWORD_IF, KEYWORD_ENDIF, false, &line, &number);
	if (rc)
		return line_failed(rc);
	heap_free(line);
	line = text_dup(commands);
	if (!line)
		return line_failed(fail(E_NO_MEMORY, "no memory for a line of the script"));
	do {
		rc = condition(frame, line);
		if (rc)
			break;
		heap_free(line);
		line = NULL;
		rc = next_branch(frame, &line);
	} while (!rc && *line);
	heap_free(line);
	return rc > 0 ? 0 : rc;
}

/* ---- for ---- */

static void loop_free(struct loop *loop)
{
	if (loop->words)
		words_free(loop->words, loop->word_count);
	heap_free(loop->value);
	heap_free(loop);
}

static void loop_pop(struct frame *frame)
{
	struct loop *loop = frame->loops;

	frame->loops = loop->outer;
	loop_free(loop);
}

/* The values that @word has: itself when it was @quoted, else its parts between white space. */
static void split_value(struct loop *loop, char *word, bool quoted)
{
	if (quoted) {
		loop->value[loop->count++] = word;
		return;
	}
	while (*word) {
		while (is_space((uint8_t)*word))
			word++;
		if (*word)
			loop->value[loop->count++] = word;
		while (*word && !is_space((uint8_t)*word))
			word++;
		if (*word)
			*word++ = 0;
	}
}

/* Expand the words of the line, and make the values of them. */
static int loop_values(struct loop *loop, const struct words *words)
{
	int max = 0;

	loop->words = words_values(words, true, true);
	if (!loop->words)
		return error_code();
	loop->word_count = words->count;
	for (int i = 2; i < words->count; i++)
		max += 1 + lexer_words_max(strlen(loop->words[i]));
	loop->value = heap_alloc(((size_t)max + 1) * sizeof(*loop->value));
	if (!loop->value)
		return fail(E_NO_MEMORY, "no memory for a loop over %d words", max);
	for (int i = 2; i < words->count; i++)
		split_value(loop, loop->words[i], word_is_quoted(words->word[i]));
	return 0;
}

/* Read "NAME in WORDS…". */
static int loop_words(struct loop *loop, char *text)
{
	int max = lexer_words_max(strlen(text));
	struct words words = {.word = heap_alloc((size_t)max * sizeof(*words.word))};
	int rc;

	if (!words.word)
		return fail(E_NO_MEMORY, "no memory for a line of %zu bytes", strlen(text));
	rc = lexer_next(&text, &words, max, true);
	if (!rc && (words.count < 2 || strcmp(words.word[1], "in") != 0 || words.next != THEN_END))
		rc = fail(E_SCRIPT_BLOCK, "\"for\" is followed by NAME in WORDS, and nothing else");
	if (!rc)
		rc = loop_values(loop, &words);
	heap_free(words.word);
	return rc;
}

/* The next round, or out. */
static int loop_step(struct frame *frame)
{
	struct loop *loop = frame->loops;
	int rc;

	if (loop->next == loop->count) {
		*frame->lines = loop->behind;
		loop_pop(frame);
		return 0;
	}
	rc = setting_store(loop->words[0], loop->value[loop->next++], SOURCE_SCRIPT);
	if (!rc)
		rc = wait_turn(DEADLINE_NEVER); /* the cards are served, and Ctrl-C works */
	*frame->lines = loop->body;
	return rc ? fail_context(rc, "for %.60s", loop->words[0]) : 0;
}

static int loop_enter(struct frame *frame, struct loop *loop, char *text)
{
	unsigned depth = 0, number;
	char *line;
	int rc;

	for (const struct loop *l = frame->loops; l; l = l->outer)
		depth++;
	if (depth >= LOOPS_MAX)
		return fail(E_SCRIPT_DEPTH,
			    "%u loops run inside each other already; put some into a script of "
			    "their own",
			    depth);
	loop->body = loop->behind = *frame->lines;
	rc = find_end(&loop->behind, KEYWORD_FOR, KEYWORD_ENDFOR, false, &line, &number);
	if (rc)
		return rc;
	heap_free(line);
	return loop_words(loop, text);
}

static int run_for(struct frame *frame, const char *rest)
{
	struct loop *loop = heap_zalloc(sizeof(*loop));
	char *text = text_dup(rest);
	int rc;

	if (!loop || !text) {
		heap_free(loop);
		heap_free(text);
		return line_failed(fail(E_NO_MEMORY, "no memory for a loop"));
	}
	rc = loop_enter(frame, loop, text);
	heap_free(text);
	if (rc) {
		loop_free(loop);
		return line_failed(rc);
	}
	loop->outer = frame->loops;
	frame->loops = loop;
	rc = loop_step(frame);
	return rc ? line_failed(rc) : 0;
}

/* An endfor whose loop was entered by goto has no next round. */
static int run_endfor(struct frame *frame)
{
	int rc = 0;

	if (frame->loops && frame->loops->behind.next == frame->lines->next)
		rc = loop_step(frame);
	return rc ? line_failed(rc) : 0;
}

void blocks_jumped(struct frame *frame)
{
	size_t at = frame->lines->next;

	while (frame->loops && (at < frame->loops->body.next || at >= frame->loops->behind.next))
		loop_pop(frame);
}

void blocks_leave(struct frame *frame)
{
	while (frame->loops)
		loop_pop(frame);
}

/* ---- A line ---- */

int blocks_run(struct frame *frame, char *commands)
{
	const char *rest;

	switch (keyword_of(commands, &rest)) {
	case KEYWORD_IF:
		return run_if(frame, rest);
	case KEYWORD_ELSE: /* the branch before it has run */
		return skip_to_endif(frame);
	case KEYWORD_ENDIF:
		return 0;
	case KEYWORD_FOR:
		return run_for(frame, rest);
	case KEYWORD_ENDFOR:
		return run_endfor(frame);
	default:
		return command_line(commands);
	}
}

bool blocks_are_open(const char *text)
{
	struct lines lines = lines_of(text, strlen(text));
	int depth = 0;
	unsigned number;
	char *line;

	while (!lines_next(&lines, &line, &number) && line) {
		const char *rest;
		enum keyword keyword = keyword_of(line_commands(line), &rest);

		depth += keyword == KEYWORD_IF || keyword == KEYWORD_FOR;
		depth -= keyword == KEYWORD_ENDIF || keyword == KEYWORD_ENDFOR;
		heap_free(line);
	}
	return depth > 0;
}
