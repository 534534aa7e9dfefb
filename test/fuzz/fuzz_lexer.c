/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line cut into commands and words, with quotes and without: no word is longer than
 * the line, what words mean without expansion is no longer than they are, and options of
 * a command with every kind of option are read from them.
 */
#include <stdlib.h>
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option options[] = {{'f', "flag", OPTION_FLAG, ""},
					{'t', "text", OPTION_TEXT, ""},
					{'n', "number", OPTION_NUMBER, ""},
					{'k', "key", OPTION_KEY, ""}};

static int run(struct call *call)
{
	char *joined = join_args(call, 0);

	if (!joined)
		abort();
	heap_free(joined);
	return 0;
}

static const struct command command = {.name = "fuzz",
				       .arguments = "<text>",
				       .summary = "Fuzz",
				       .options = options,
				       .option_count = ARRAY_SIZE(options),
				       .max_args = ARGS_ANY,
				       .run = run};

static void try_command(const struct words *words, bool quoting)
{
	char **values = words_values(words, quoting, false);
	char **copy;
	struct call call;
	int bad = -1;

	if (!values)
		abort();
	for (int i = 0; i < words->count; i++) {
		if (strlen(values[i]) > strlen(words->word[i]))
			abort();
	}
	copy = heap_alloc((size_t)words->count * sizeof(*copy));
	memcpy(copy, values, (size_t)words->count * sizeof(*copy));
	options_check(&command, copy, words->count, &bad);
	if (bad < 0 || bad >= words->count)
		abort();
	memcpy(copy, values, (size_t)words->count * sizeof(*copy));
	if (options_parse(&command, copy, words->count, &call) == 0)
		run(&call);
	heap_free(copy);
	words_free(values, words->count);
}

static void try_line(const char *text, bool quoting)
{
	char *copy = text_dup(text), *line = copy;
	int max = lexer_words_max(strlen(text));
	struct words words = {.word = heap_alloc((size_t)max * sizeof(char *))};

	do {
		if (lexer_next(&line, &words, max, quoting)) {
			if (!quoting || (*line != '"' && *line != '\''))
				abort();
			break;
		}
		if (words.count)
			try_command(&words, quoting);
	} while (words.next != THEN_END);
	heap_free(words.word);
	heap_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size);

	try_line(text, false);
	try_line(text, true);
	heap_free(text);
	host_console_reset();
	return 0;
}
