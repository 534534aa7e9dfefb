/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion of the word at the cursor. What may stand there is read off the
 * command's own usage text: "<setting>", "<interface>", "<card>", "<image>",
 * "<label>", "<command>", "<scope>", "<area>" and "<code>" name what is offered.
 * A word that needs quotes is offered with them.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "nic/nic.h"

#define WORD_MAX 120

struct search {
	struct completions *found;
	char word[WORD_MAX]; /* what is there already */
	char head[WORD_MAX]; /* of it, what every candidate keeps: "net0/", "--x=${" */
	const char *tail;    /* behind each candidate */
	char quote;	     /* the word was begun with, or 0 */
	bool expanding;	     /* inside ${…}: what stands before is as it was typed */
};

/* The word @text as it is to be typed. */
static void spell(const struct search *s, const char *text, const char *tail, char *out,
		  size_t size)
{
	if (s->expanding || (s->quote && !strchr(tail, ' '))) /* it goes on */
		format(out, size, "%s%s", s->quote ? (const char[]){s->quote, 0} : "", text);
	else
		word_quote(text, s->quote, out, size);
	format_append(out, size, "%s", tail);
}

/* Offer head + @name + tail; the list stays sorted, without repetitions. */
static void offer(struct search *s, const char *name, const char *tail)
{
	struct completions *c = s->found;
	char whole[WORD_MAX], text[2 * WORD_MAX];
	unsigned at = 0;
	char *copy;

	if (format(whole, sizeof(whole), "%s%s", s->head, name) >= sizeof(whole) ||
	    !text_starts(whole, s->word) || c->count == COMPLETIONS_MAX)
		return;
	spell(s, whole, tail, text, sizeof(text));
	while (at < c->count && strcmp(c->word[at], text) < 0)
		at++;
	if (at < c->count && !strcmp(c->word[at], text))
		return;
	copy = text_dup(text);
	if (!copy)
		return;
	memmove(c->word + at + 1, c->word + at, (c->count - at) * sizeof(*c->word));
	c->word[at] = copy;
	c->count++;
}

/* ---- What there is of each kind ---- */

static void offer_commands(struct search *s)
{
	const struct command *command;

	table_for_each(command, command)
		offer(s, command->name, s->tail);
}

static void offer_options(struct search *s, const struct command *command)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		char text[WORD_MAX];

		format(text, sizeof(text), "--%s", command->options[i].long_name);
		offer(s, text, s->tail);
	}
	offer(s, "--help", s->tail);
}

static void offer_interfaces(struct search *s, const char *tail)
{
	struct nic *nic;

	list_for_each(nic, &nics, link)
		offer(s, nic->name, tail);
}

static void offer_images(struct search *s)
{
	struct image *image;

	list_for_each(image, &images, link) {
		if (!image->running)
			offer(s, image->name, s->tail);
	}
}

static void offer_labels(struct search *s)
{
	const struct frame *frame = frame_of_labels();
	struct lines lines;
	char *line;
	unsigned number;

	if (!frame)
		return;
	lines = lines_of(frame->lines->text, frame->lines->len);
	while (!lines_next(&lines, &line, &number) && line) {
		char name[WORD_MAX];
		size_t len;
		const char *label = line_label(line, &len);

		if (label && len < sizeof(name)) {
			memcpy(name, label, len);
			name[len] = 0;
			offer(s, name, s->tail);
		}
		heap_free(line);
	}
}

static void offer_codes(struct search *s)
{
	for (int i = 1; i < ERROR_COUNT; i++)
		offer(s, error_entry(-i)->code, s->tail);
}

/* The last of "tcp,dhcp". */
static void offer_areas(struct search *s)
{
	const char *comma = strrchr(s->word, ',');

	format(s->head, sizeof(s->head), "%.*s", comma ? (int)(comma + 1 - s->word) : 0, s->word);
	for (unsigned i = 0; log_area_name(i); i++)
		offer(s, log_area_name(i), s->tail);
	offer(s, "all", s->tail);
	offer(s, "none", s->tail);
}

static void offer_stored(const char *scope, const struct setting_value *value, void *ctx)
{
	struct search *s = ctx;
	char text[WORD_MAX];

	format(text, sizeof(text), "%s%s%s", scope, *scope ? "/" : "", value->name);
	offer(s, text, s->tail);
	format(text, sizeof(text), "%s/", scope);
	if (*scope)
		offer(s, text, "");
}

/* @scope as it was typed: "net0/" or "". A virtual one has only what is at home in it. */
static void offer_predefined(struct search *s, const char *scope)
{
	const struct setting *setting;
	char text[WORD_MAX], name[WORD_MAX];
	bool computed;

	format(text, sizeof(text), "%.*s", (int)strlen(scope) - (*scope != 0), scope);
	computed = setting_provider_find(text);
	table_for_each(setting, setting) {
		if (computed && ((!setting->compute && !setting->alias) ||
				 strcmp(text, setting->home ? setting->home : "builtin") != 0))
			continue;
		format(name, sizeof(name), "%s%s", scope, setting->name);
		offer(s, name, s->tail);
	}
}

static void offer_virtual_scopes(struct search *s)
{
	const struct setting_provider *provider;

	table_for_each(setting_provider, provider)
		offer(s, provider->scope, "/");
}

static void offer_types(struct search *s, const char *name, size_t len)
{
	const struct setting_type *type;
	char text[WORD_MAX];

	table_for_each(setting_type, type) {
		format(text, sizeof(text), "%.*s%s", (int)len, name, type->name);
		offer(s, text, s->tail);
	}
}

/* [SCOPE/]NAME[:TYPE], behind s->head. */
static void offer_settings(struct search *s)
{
	const char *name = s->word + strlen(s->head);
	const char *slash = strrchr(name, '/'), *colon = strrchr(name, ':');
	char scope[WORD_MAX] = "";

	if (colon) {
		offer_types(s, name, (size_t)(colon + 1 - name));
		return;
	}
	if (slash) {
		format(scope, sizeof(scope), "%.*s", (int)(slash + 1 - name), name);
	} else {
		offer_interfaces(s, "/");
		offer_virtual_scopes(s);
	}
	offer(s, "netX", "/");
	offer_predefined(s, scope);
	settings_walk(offer_stored, s);
}

/* ---- What belongs where ---- */

/* The @n-th "<…>" of usage text @arguments, or the last one. */
static void argument_kind(const char *arguments, unsigned n, char *kind, size_t size)
{
	const char *open = strchr(arguments, '<'), *end;

	while (open && n-- && strchr(open + 1, '<'))
		open = strchr(open + 1, '<');
	end = open ? strchr(open, '>') : NULL;
	format(kind, size, "%.*s", end ? (int)(end - open - 1) : 0, end ? open + 1 : "");
}

static void offer_argument(struct search *s, const struct command *command, unsigned n)
{
	char kind[40];

	argument_kind(command->arguments ? command->arguments : "", n, kind, sizeof(kind));
	if (strstr(kind, "setting"))
		offer_settings(s);
	if (strstr(kind, "interface") || strstr(kind, "card"))
		offer_interfaces(s, s->tail);
	if (strstr(kind, "image"))
		offer_images(s);
	if (strstr(kind, "label"))
		offer_labels(s);
	if (strstr(kind, "command"))
		offer_commands(s);
	if (strstr(kind, "scope"))
		offer_interfaces(s, s->tail);
	if (strstr(kind, "code"))
		offer_codes(s);
	if (strstr(kind, "area"))
		offer_areas(s);
}

/* Does @word, an option of @command, take its value from the next word? */
static bool wants_value(const struct command *command, const char *word)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct option *o = &command->options[i];
		bool is_long = text_starts(word, "--") && !strcmp(word + 2, o->long_name);
		bool is_short =
			o->short_name && word[0] == '-' && word[1] == o->short_name && !word[2];

		if (is_long || is_short)
			return o->kind != OPTION_FLAG;
	}
	return false;
}

/* The words of a command in front of the one that is completed. */
static void offer_for(struct search *s, char **words, int count)
{
	const struct command *command;
	unsigned arguments = 0;
	bool value = false;

	if (count && !strcmp(words[0], "if")) {
		words++;
		count--;
	}
	if (!count) {
		offer_commands(s);
		return;
	}
	command = command_find(words[0]);
	if (!command)
		return;
	for (int i = 1; i < count; i++) {
		bool option = !value && words[i][0] == '-' && words[i][1];

		arguments += !option && !value;
		value = option && wants_value(command, words[i]);
	}
	if (value)
		return;
	if (s->word[0] == '-')
		offer_options(s, command);
	else
		offer_argument(s, command, arguments);
}

/* The word as it stands, and inside it an open "${". */
static bool inside_expansion(struct search *s)
{
	char *open = NULL, *p = s->word;

	while ((p = strstr(p, "${")) != NULL) {
		open = p;
		p += 2;
	}
	if (!open || strchr(open, '}') || s->quote == '\'')
		return false;
	s->expanding = true;
	format(s->head, sizeof(s->head), "%.*s", (int)(open + 2 - s->word), s->word);
	s->tail = "}";
	return true;
}

/* The words of the command that @line ends in; false when a quote, at *@open, is not closed. */
static bool cut(char *line, struct words *words, int max, size_t *open)
{
	char *rest = line;

	do {
		if (lexer_next(&rest, words, max, true)) {
			*open = (size_t)(rest - line);
			return false;
		}
	} while (words->next != THEN_END);
	return true;
}

/* What @line has from @start to @cursor, into s->word; false when that is not the part of a word
 * that there could be. */
static bool take_word(struct search *s, const char *line, size_t start, size_t cursor)
{
	if (start < cursor && (line[start] == '"' || line[start] == '\''))
		s->quote = line[start++];
	if (cursor - start >= sizeof(s->word))
		return false;
	memcpy(s->word, line + start, cursor - start);
	s->word[cursor - start] = 0;
	return !s->quote || (!strchr(s->word, s->quote) && !strchr(s->word, '\\'));
}

static void complete_word(struct search *s, const char *line, size_t cursor, struct words *words,
			  int max)
{
	size_t *start = &s->found->start;
	char *copy = text_dup_len(line, *start);
	bool whole = copy && cut(copy, words, max, start);

	if (copy && !whole && (!*start || is_space((uint8_t)line[*start - 1]))) {
		/* The word holds blanks, behind a quote. */
		heap_free(copy);
		copy = text_dup_len(line, *start);
		whole = copy && cut(copy, words, max, start);
	}
	if (whole && take_word(s, line, *start, cursor)) {
		if (inside_expansion(s))
			offer_settings(s);
		else
			offer_for(s, words->word, words->count);
	}
	heap_free(copy);
}

void complete(const char *line, size_t cursor, struct completions *c)
{
	struct search s = {.found = c, .tail = " "};
	struct words words = {.next = THEN_ALWAYS};
	int max = lexer_words_max(cursor);

	*c = (struct completions){.start = cursor};
	while (c->start && !is_space((uint8_t)line[c->start - 1]))
		c->start--;
	c->word = heap_alloc((COMPLETIONS_MAX + 1) * sizeof(*c->word));
	words.word = heap_alloc((size_t)max * sizeof(*words.word));
	if (c->word && words.word)
		complete_word(&s, line, cursor, &words, max);
	heap_free(words.word);
}

void completions_free(struct completions *c)
{
	while (c->count)
		heap_free(c->word[--c->count]);
	heap_free(c->word);
	c->word = NULL;
}
