/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that may hold secrets; see lib/secrets.h. */
#include "lib/secrets.h"
#include "bios/heap.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/uri.h"

#define READ_MAX  2048 /* of the text: more than is ever shown, so that no secret is cut before */
#define SHORT_MAX 3    /* shorter secrets are hidden only where they are whole words */

struct scratch {
	char text[3 * READ_MAX + 1];
	char encoded[READ_MAX];
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

static void hide(struct scratch *s, const void *secret, size_t len)
{
	size_t left = strlen(s->text);
	char *p = s->text;

	while (left >= len) {
		size_t after = left - len;

		if (memcmp(p, secret, len) || !stands_alone(s->text, p, len) ||
		    (size_t)(p - s->text) + 3 + after >= sizeof(s->text)) {
			p++;
			left--;
			continue;
		}
		memmove(p + 3, p + len, after + 1);
		memset(p, '*', 3);
		p += 3;
		left = after;
	}
}

static void hide_value(const char *scope, const struct setting_value *value, void *ctx)
{
	static const char *const types[] = {"uristring", "hex", "hexhyp", "hexraw", "base64"};
	struct scratch *s = ctx;

	if (!setting_value_is_secret(value) || !value->len)
		return;
	hide(s, value->raw, value->len);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		long len = setting_type_find(types[i])->show(value->raw, value->len, s->encoded,
							     sizeof(s->encoded));

		/* "31" says nothing of the secret "1". */
		if (len > SHORT_MAX && (size_t)len < sizeof(s->encoded))
			hide(s, s->encoded, (size_t)len);
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
