/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that may hold secrets, for the screen: values of secret settings and passwords in addresses
 * become ***. The values are looked for wherever they came from (${password}, a setting made of it,
 * typed again), since a message is as likely to be photographed as to be read.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/uri.h"

#define READ_MAX  2048 /* of the text: more than is ever shown, so that no secret is cut before */
#define SHORT_MAX 3    /* shorter secrets are hidden only where they are whole words */

struct scratch {
	char text[3 * READ_MAX + 1];
};

static bool is_word(char c)
{
	return is_alpha((uint8_t)c) || is_digit((uint8_t)c);
}

/* Does the secret of @len bytes at @p stand for itself there? */
static bool stands_alone(const char *text, const char *p, size_t len)
{
	return len > SHORT_MAX || ((p == text || !is_word(p[-1])) && !is_word(p[len]));
}

static void hide_value(const char *scope, const struct setting_value *value, void *ctx)
{
	struct scratch *s = ctx;
	size_t left = strlen(s->text);
	char *p = s->text;

	if (!setting_value_is_secret(value) || !value->len)
		return;
	while (left >= value->len) {
		size_t after = left - value->len;

		if (memcmp(p, value->raw, value->len) || !stands_alone(s->text, p, value->len) ||
		    (size_t)(p - s->text) + 3 + after >= sizeof(s->text)) {
			p++;
			left--;
			continue;
		}
		memmove(p + 3, p + value->len, after + 1);
		memset(p, '*', 3);
		p += 3;
		left = after;
	}
}

void secrets_hide(const char *text, char *buf, size_t size)
{
	struct scratch *s = heap_alloc(sizeof(*s));

	/* Without memory rather nothing than a secret. */
	if (!s) {
		buf[0] = 0;
		return;
	}
	uri_hide_passwords(text, s->text, READ_MAX);
	settings_walk(hide_value, s);
	text_copy(buf, size, s->text);
	heap_free(s);
}

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
