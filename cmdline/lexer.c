/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words. They end at white space. A word that is exactly "&&", "||" or ";" ends
 * a command, and one that begins with '#' ends the line. This is decided before
 * expansion, so that no value is ever taken for syntax.
 *
 * With quoting (`#!ipxe 2` and the shell) "…" and '…' group, anywhere in a word.
 * Words are cut out with their quotes; word_value() takes those away and expands
 * what is not between apostrophes. A backslash between quotation marks takes its
 * meaning from a '"', '\' or '$' behind it.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* Does the backslash at @p take the meaning of the character behind it? */
static bool is_escape(const char *p)
{
	return p[0] == '\\' && (p[1] == '"' || p[1] == '\\' || p[1] == '$');
}

/* The quote that closes the one at @p, or NULL. */
static char *closing_quote(char *p)
{
	char quote = *p++;

	while (*p && *p != quote)
		p += quote == '"' && is_escape(p) ? 2 : 1;
	return *p ? p : NULL;
}

static int fail_open(const char *quote)
{
	return fail(E_SCRIPT_QUOTE, "no closing quote for %.40s", quote);
}

/* ---- Cutting ---- */

/* End of the word at @p; NULL when a quote is not closed, which *@open then points to. */
static char *word_end(char *p, bool quoting, const char **open)
{
	for (; *p && !is_space((uint8_t)*p); p++) {
		if (!quoting || !is_quote(*p))
			continue;
		*open = p;
		p = closing_quote(p);
		if (!p)
			return NULL;
	}
	return p;
}

static enum separator separator_of(const char *word)
{
	if (!strcmp(word, "&&"))
		return THEN_AND;
	if (!strcmp(word, "||"))
		return THEN_OR;
	return strcmp(word, ";") ? THEN_END : THEN_ALWAYS;
}

int lexer_next(char **line, struct words *words, int max, bool quoting)
{
	char *p = *line;

	words->count = 0;
	words->next = THEN_END;
	for (;;) {
		const char *open = NULL;
		char *word, *end;

		while (is_space((uint8_t)*p))
			p++;
		*line = p;
		if (!*p || *p == '#')
			break;
		word = p;
		end = word_end(p, quoting, &open);
		if (!end) {
			*line = word + (open - word);
			return fail_open(open);
		}
		p = end + (*end != 0);
		*end = 0;
		words->next = separator_of(word);
		if (words->next != THEN_END) {
			*line = p;
			return 0;
		}
		if (words->count < max)
			words->word[words->count++] = word;
	}
	*line += strlen(*line);
	return 0;
}

/* ---- What a word means ---- */

/* The first quote in @text, or its end. */
static char *first_quote(char *text)
{
	while (*text && !is_quote(*text))
		text++;
	return text;
}

bool word_is_quoted(const char *word)
{
	return strchr(word, '"') || strchr(word, '\'');
}

/* Append @len bytes of @part to *@text, which moves; expanded when @expanding. */
static int append(char **text, const char *part, size_t len, bool expanding)
{
	size_t before = strlen(*text);
	char *piece = text_dup_len(part, len);
	char *grown = NULL;
	int rc = 0;

	if (piece && expanding) {
		char *expanded = expand(piece);

		heap_free(piece);
		if (!expanded)
			return error_code();
		piece = expanded;
	}
	if (piece && before + strlen(piece) > EXPANSION_MAX)
		rc = fail(E_EXPAND, "a word is longer than %u KB", EXPANSION_MAX / 1024);
	else if (piece)
		grown = heap_realloc(*text, before + strlen(piece) + 1);
	if (grown) {
		memcpy(grown + before, piece, strlen(piece) + 1);
		*text = grown;
	}
	heap_free(piece);
	return grown || rc ? rc : fail(E_NO_MEMORY, "no memory for a word");
}

/* Append what stands between quotation marks, [@p, @end). */
static int append_quoted(char **text, const char *p, const char *end, bool expanding)
{
	int rc = 0;

	while (p < end && !rc) {
		const char *escape = p;

		while (escape < end && !is_escape(escape))
			escape++;
		rc = append(text, p, (size_t)(escape - p), expanding);
		if (!rc && escape < end)
			rc = append(text, escape + 1, 1, false);
		p = escape + 2;
	}
	return rc;
}

static int append_pieces(char **text, char *word, bool expanding)
{
	int rc = 0;

	while (*word && !rc) {
		char *quote = first_quote(word);
		char *end;

		if (quote > word) {
			rc = append(text, word, (size_t)(quote - word), expanding);
			word = quote;
			continue;
		}
		end = closing_quote(quote);
		if (!end)
			return fail_open(quote);
		if (*quote == '"')
			rc = append_quoted(text, quote + 1, end, expanding);
		else
			rc = append(text, quote + 1, (size_t)(end - quote - 1), false);
		word = end + 1;
	}
	return rc;
}

/* Would @text as it is be something else than one word that means itself? */
static bool needs_quotes(const char *text)
{
	if (!*text || *text == '#' || separator_of(text) != THEN_END || strstr(text, "${"))
		return true;
	while (*text && !is_space((uint8_t)*text) && !is_quote(*text))
		text++;
	return *text;
}

void word_quote(const char *text, char quote, char *out, size_t size)
{
	if (!quote && !needs_quotes(text)) {
		format(out, size, "%s", text);
		return;
	}
	if (strchr(text, '\''))
		quote = '"';
	else if (!quote)
		quote = '\'';
	format(out, size, "%c", quote);
	for (; *text; text++)
		format_append(out, size, "%s%c", quote == '"' && strchr("\"\\$", *text) ? "\\" : "",
			      *text);
	format_append(out, size, "%c", quote);
}

char *word_value(char *word, bool quoting, bool expanding)
{
	char *text;

	if (!quoting || !word_is_quoted(word))
		return expanding ? expand(word) : text_dup(word);
	text = text_dup("");
	if (!text) {
		fail(E_NO_MEMORY, "no memory for a word");
		return NULL;
	}
	if (!append_pieces(&text, word, expanding))
		return text;
	heap_free(text);
	return NULL;
}

void words_free(char **values, int count)
{
	for (int i = 0; i < count; i++)
		heap_free(values[i]);
	heap_free(values);
}

char **words_values(const struct words *words, bool quoting, bool expanding)
{
	char **values = heap_zalloc((size_t)words->count * sizeof(*values));

	if (!values) {
		fail(E_NO_MEMORY, "no memory for a command of %d words", words->count);
		return NULL;
	}
	for (int i = 0; i < words->count; i++) {
		values[i] = word_value(words->word[i], quoting, expanding);
		if (!values[i]) {
			words_free(values, i);
			return NULL;
		}
	}
	return values;
}
