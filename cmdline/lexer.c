/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words. They end at white space; there is no quoting. A word that is exactly
 * "&&", "||" or ";" ends a command, and one that begins with '#' ends the line.
 * This is decided before expansion, so that no value is ever taken for syntax.
 */
#include "cmdline/interpreter.h"
#include "lib/text.h"

/* Cut the next word off *@line; NULL at its end. */
static char *next_word(char **line)
{
	char *p = *line;
	char *word;

	while (is_space((uint8_t)*p))
		p++;
	word = p;
	while (*p && !is_space((uint8_t)*p))
		p++;
	if (*p)
		*p++ = 0;
	*line = p;
	return *word ? word : NULL;
}

void lexer_next(char **line, struct words *words, int max)
{
	char *word;

	words->count = 0;
	words->next = THEN_END;
	while ((word = next_word(line))) {
		if (*word == '#') {
			*line += strlen(*line);
			return;
		}
		if (!strcmp(word, "&&"))
			words->next = THEN_AND;
		else if (!strcmp(word, "||"))
			words->next = THEN_OR;
		else if (!strcmp(word, ";"))
			words->next = THEN_ALWAYS;
		else if (words->count < max)
			words->word[words->count++] = word;
		if (words->next != THEN_END)
			return;
	}
}
