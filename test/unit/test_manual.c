/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual against the source: docs/errors.md is the error catalogue (`make docs` writes it),
 * every code of the catalogue is used, every command has its place, and every way in which the
 * cases of test/scripts differ from iPXE is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/text.h"

#define PAGE_MAX (256 * 1024)

/* ---- Files ---- */

/* The whole of the file at @path appended to @text. */
static void read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = strlen(text);

	assert_non_null(file);
	len += fread(text + len, 1, size - len - 1, file);
	assert_true(len < size - 1);
	text[len] = 0;
	fclose(file);
}

/* Call @use with the contents of every file that matches @pattern. */
static void for_files(const char *pattern, void (*use)(const char *text))
{
	char *text = malloc(PAGE_MAX);
	glob_t paths;

	assert_int_equal(glob(pattern, GLOB_BRACE, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		text[0] = 0;
		read_file(paths.gl_pathv[i], text, PAGE_MAX);
		use(text);
	}
	globfree(&paths);
	free(text);
}

/* ---- docs/errors.md ---- */

static const char intro[] =
	"# Error codes\n\n"
	"Written by `make docs` from the `errors.def` files; `explain CODE` says the same.\n"
	"A failure's line ends with its code. What to do stands in front of it, unless the\n"
	"sentence itself says something better.\n";

/* Print @text into a cell of a table. */
static void cell(FILE *page, const char *text)
{
	for (; *text; text++)
		fprintf(page, *text == '|' || *text == '<' ? "\\%c" : "%c", *text);
}

static void write_page(FILE *page)
{
	size_t area = 0;
	const char *last = "";

	fputs(intro, page);
	for (unsigned i = 1; i < ERROR_COUNT; i++) {
		const struct error_entry *entry = error_entry(-(int)i);

		if (strncmp(entry->code, last, area) != 0 || !*last) {
			area = (size_t)(strrchr(entry->code, '-') - entry->code) + 1;
			fprintf(page,
				"\n## %.*s\n\n| code | meaning | what to do |\n|---|---|---|\n",
				(int)area - 1, entry->code);
		}
		last = entry->code;
		fprintf(page, "| `%s` | ", entry->code);
		cell(page, entry->meaning);
		fputs(" | ", page);
		cell(page, entry->advice);
		fputs(" |\n", page);
	}
}

static void test_errors_page(void **state)
{
	static char committed[PAGE_MAX];
	char *fresh;
	size_t len;
	bool same;
	FILE *page = open_memstream(&fresh, &len);

	write_page(page);
	fclose(page);
	if (getenv("WRITE_DOCS")) {
		page = fopen("docs/errors.md", "w");
		assert_non_null(page);
		fputs(fresh, page);
		fclose(page);
	}
	read_file("docs/errors.md", committed, sizeof(committed));
	same = !strcmp(fresh, committed);
	free(fresh);
	if (!same)
		print_message("docs/errors.md is not up to date: run `make docs`\n");
	assert_true(same);
}

/* ---- Codes in the source ---- */

static struct {
	const char *name;
	bool used;
} codes[] = {
#define ERROR(area, number, name, meaning, advice) {#name, false},
#include "lib/errors.h"
#undef ERROR
};

static bool is_name_character(char c)
{
	return is_alpha((uint8_t)c) || is_digit((uint8_t)c) || c == '_';
}

/* Does @text contain "@prefix@name" that no longer name continues? */
static bool mentions(const char *text, const char *prefix, const char *name)
{
	char word[64];
	size_t len = (size_t)snprintf(word, sizeof(word), "%s%s", prefix, name);

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
		if (!is_name_character(p[len]))
			return true;
	}
	return false;
}

static void mark_codes(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (!codes[i].used)
			codes[i].used = mentions(text, "E_", codes[i].name) ||
					mentions(text, "ERROR_INDEX_", codes[i].name);
	}
}

static void test_codes_are_used(void **state)
{
	unsigned unused = 0;

	for_files(
		"{lib,bzimage,bios,nic,netstack,iscsi,san,acpi,boot,cmdline,cmdline/commands}/*.c",
		mark_codes);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (!codes[i].used) {
			print_message("E_%s is used nowhere\n", codes[i].name);
			unused++;
		}
	}
	assert_int_equal(unused, 0);
}

static void test_advice(void **state)
{
	for (unsigned i = 1; i < ERROR_COUNT; i++) {
		const struct error_entry *entry = error_entry(-(int)i);

		assert_true(*entry->meaning && *entry->advice);
		assert_ptr_equal(error_find(entry->code), entry);
	}
}

/* ---- Commands ---- */

static char *pages;

static void add_page(const char *text)
{
	strcat(pages, text);
}

/* Is `NAME followed by something that ends a word, in back quotes, on some page? */
static bool is_documented(const char *name)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "`%s", name);
	for (const char *p = strstr(pages, quoted); p; p = strstr(p + 1, quoted)) {
		if (p[strlen(quoted)] == '`' || p[strlen(quoted)] == ' ')
			return true;
	}
	return false;
}

static void test_commands_are_documented(void **state)
{
	const struct command *command;
	unsigned missing = 0;

	pages = calloc(1, 8 * PAGE_MAX);
	for_files("docs/*.md", add_page);
	table_for_each(command, command) {
		if (!is_documented(command->name)) {
			print_message("command %s stands in no docs/*.md\n", command->name);
			missing++;
		}
	}
	free(pages);
	assert_int_equal(missing, 0);
}

/* ---- Differences from iPXE ---- */

static char *scripts_page;
static unsigned untold;

static void check_differences(const char *text)
{
	char reason[200];

	for (const char *p = strstr(text, " (differs: "); p; p = strstr(p + 1, " (differs: ")) {
		p += strlen(" (differs: ");
		snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(p, "\n") - 1, p);
		if (!strstr(scripts_page, reason)) {
			print_message("docs/scripts.md does not say: %s\n", reason);
			untold++;
		}
	}
}

static void test_differences_are_told(void **state)
{
	scripts_page = calloc(1, PAGE_MAX);
	read_file("docs/scripts.md", scripts_page, PAGE_MAX);
	for_files("test/scripts/*.txt", check_differences);
	free(scripts_page);
	assert_int_equal(untold, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_page),
		cmocka_unit_test(test_codes_are_used),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_commands_are_documented),
		cmocka_unit_test(test_differences_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
