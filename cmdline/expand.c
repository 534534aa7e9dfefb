/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expansion of ${…}: the first "}" and the nearest "${" before it are replaced
 * by the setting's value, and the search begins anew, so that names can be
 * built from other values (${menu-${i}}) and values are expanded themselves.
 * What has no value disappears; an unfinished "${" stays as it is.
 * A value may contain its own name, also by a server's malice: replacements and
 * length are limited.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"

#define REPLACEMENTS_MAX 256
/* Hexadecimal with delimiters is the longest way to write a value. */
#define VALUE_TEXT_MAX (SETTING_MAX * 3 + 1)

/* Scratch space, too large for the stack. */
struct value_space {
	struct setting_value value;
	char text[VALUE_TEXT_MAX];
};

static bool find_innermost(char *text, char **start, char **end)
{
	*start = NULL;
	for (char *p = text; *p; p++) {
		if (p[0] == '$' && p[1] == '{')
			*start = p;
		if (*p == '}' && *start) {
			*end = p;
			return true;
		}
	}
	return false;
}

/* Text of the setting called @name; "" when it has none. */
static void value_text(const char *name, struct value_space *space)
{
	if (setting_fetch(name, &space->value) ||
	    setting_show(&space->value, space->text, sizeof(space->text)) < 0)
		space->text[0] = 0;
}

/* @text with [start, end] replaced by @value; frees @text. */
static char *replace(char *text, const char *start, const char *end, const char *value)
{
	size_t before = (size_t)(start - text);
	size_t middle = strlen(value);
	size_t after = strlen(end + 1);
	char *fresh = NULL;

	if (before + middle + after > EXPANSION_MAX)
		fail(E_EXPAND, "the value of ${...} is longer than %u KB", EXPANSION_MAX / 1024);
	else if (!(fresh = heap_alloc(before + middle + after + 1)))
		fail(E_NO_MEMORY, "no memory to expand ${...}");
	if (fresh) {
		memcpy(fresh, text, before);
		memcpy(fresh + before, value, middle);
		memcpy(fresh + before + middle, end + 1, after + 1);
	}
	heap_free(text);
	return fresh;
}

static char *expand_all(char *text, struct value_space *space)
{
	char *start, *end;

	for (unsigned n = 0; text && find_innermost(text, &start, &end); n++) {
		if (n == REPLACEMENTS_MAX) {
			fail(E_EXPAND, "%.40s: a value seems to contain itself (%u replacements)",
			     start, n);
			heap_free(text);
			return NULL;
		}
		*end = 0;
		value_text(start + 2, space);
		text = replace(text, start, end, space->text);
	}
	return text;
}

char *expand(const char *text)
{
	struct value_space *space;
	char *copy = text_dup(text);

	if (!copy)
		fail(E_NO_MEMORY, "no memory to expand ${...}");
	if (!copy || !strstr(text, "${"))
		return copy;
	space = heap_alloc(sizeof(*space));
	if (!space) {
		fail(E_NO_MEMORY, "no memory to expand ${...}");
		heap_free(copy);
		return NULL;
	}
	copy = expand_all(copy, space);
	heap_free(space);
	return copy;
}
