/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that may hold secrets, for messages. */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/format.h"
#include "lib/secrets.h"
#include "lib/settings.h"
#include "lib/text.h"

#define READ_MAX 2048 /* more than is ever shown, so that no secret is cut before */

/* Is words[@i] the value of a secret that is being set? */
static bool is_secret_word(char *const *words, int i)
{
	return i > 1 && !strcmp(words[0], "set") && setting_is_secret(words[1]);
}

void secrets_hide_words(char *const *words, int count, char *buf, size_t size)
{
	char *joined = heap_zalloc(READ_MAX);
	bool cut;

	text_copy(buf, size, words[0]);
	if (!joined)
		return;
	for (int i = 0; i < count; i++)
		format_append(joined, READ_MAX, "%s%s", i ? " " : "",
			      is_secret_word(words, i) ? "***" : words[i]);
	cut = strlen(joined) == READ_MAX - 1;
	secrets_hide(joined, joined, READ_MAX);
	if (*joined && !text_copy(buf, size, joined))
		cut = true;
	if (cut && size > 4)
		text_copy(buf + min(strlen(buf), size - 4), 4, "...");
	for (char *p = buf; *p; p++) {
		if ((uint8_t)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	heap_free(joined);
}
