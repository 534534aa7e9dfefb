/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that were typed before. */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/text.h"

void history_add(struct history *history, const char *line)
{
	char *copy;

	if (!*line || (history->count && !strcmp(history->line[history->count - 1], line)))
		return;
	copy = text_dup(line);
	if (!copy)
		return;
	if (history->count == HISTORY_MAX) {
		heap_free(history->line[0]);
		history->count--;
		memmove(history->line, history->line + 1, history->count * sizeof(char *));
	}
	history->line[history->count++] = copy;
}

void history_clear(struct history *history)
{
	while (history->count)
		heap_free(history->line[--history->count]);
}

unsigned history_find(const struct history *history, const char *part, unsigned before)
{
	while (before--) {
		if (strstr(history->line[before], part))
			return before;
	}
	return HISTORY_NONE;
}
