/* SPDX-License-Identifier: BSD-2-Clause */
/* The error catalogue and the record of the last failure; see lib/error.h. */
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define CODE_SIZE     20
#define SENTENCE_SIZE 640

static const struct catalogue_line {
	const char *area;
	uint16_t number;
	const char *meaning;
	const char *advice;
} catalogue[ERROR_COUNT] = {
	[ERROR_NONE] = {"GEN", 0, "no error", "nothing to do"},
#define ERROR(area, number, name, meaning, advice)                                                 \
	[ERROR_INDEX_##name] = {#area, number, meaning, advice},
#include "lib/errors.h"
#undef ERROR
};

/* The preprocessor cannot write a number with leading zeroes: codes are made at first use. */
static char codes[ERROR_COUNT][CODE_SIZE];
static struct error_entry entries[ERROR_COUNT];

static char sentence[SENTENCE_SIZE];
static int sentence_code;

static void make_entries(void)
{
	if (entries[0].code)
		return;
	for (unsigned i = 0; i < ERROR_COUNT; i++) {
		const struct catalogue_line *line = &catalogue[i];

		format(codes[i], CODE_SIZE, line->number < 100 ? "E-%s-%02u" : "E-%s-%04u",
		       line->area, line->number);
		entries[i] = (struct error_entry){codes[i], line->meaning, line->advice};
	}
}

/* Catalogue index of @code; a number that is none of ours counts as an internal error. */
static unsigned index_of(int code)
{
	if (code <= 0 && code > -(int)ERROR_COUNT)
		return (unsigned)-code;
	return ERROR_INDEX_INTERNAL;
}

const struct error_entry *error_entry(int code)
{
	make_entries();
	return &entries[index_of(code)];
}

const struct error_entry *error_find(const char *text)
{
	make_entries();
	for (unsigned i = 1; i < ERROR_COUNT; i++) {
		if (text_equal_nocase(text, codes[i]))
			return &entries[i];
	}
	return NULL;
}

/* Sentences quote servers and targets: no control character of theirs reaches the screen. */
static void tame(char *text)
{
	for (; *text; text++) {
		if ((uint8_t)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/* Arguments may point into the old sentence, so the new one is made aside. */
static int record(int code, const char *context, const char *text)
{
	char fresh[SENTENCE_SIZE];

	format(fresh, sizeof(fresh), "%s%s%s", context, *context ? ": " : "", text);
	tame(fresh);
	memcpy(sentence, fresh, sizeof(sentence));
	sentence_code = code;
	return code;
}

int fail(int code, const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	return record(code, "", text);
}

int fail_context(int code, const char *fmt, ...)
{
	char context[SENTENCE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vformat(context, sizeof(context), fmt, ap);
	va_end(ap);
	return record(code, context, error_sentence(code));
}

const char *error_text(void)
{
	return sentence;
}

int error_code(void)
{
	return sentence_code;
}

const char *error_sentence(int code)
{
	if (code == sentence_code && *sentence)
		return sentence;
	return catalogue[index_of(code)].meaning;
}

void error_clear(void)
{
	sentence[0] = 0;
	sentence_code = 0;
}

/*
 * The number must not change when the catalogue grows, so it is made from the
 * area's name (FNV-1a folded to 15 bits) and the number inside the area, not
 * from the position. A positive code is a script's own `exit N`.
 */
uint32_t error_errno(int code)
{
	const struct catalogue_line *line;
	uint32_t hash = 2166136261u;

	if (code >= 0)
		return (uint32_t)code;
	line = &catalogue[index_of(code)];
	for (const char *p = line->area; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	return ((hash >> 15 ^ hash) & 0x7fff) << 16 | line->number;
}
