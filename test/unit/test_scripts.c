/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test/scripts: what each script prints, and its status. test/scripts/README.md
 * describes the format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

#define CASES_MAX 1000
#define FILES_MAX 4
#define TEXT_MAX  4096

struct part {
	char name[32];
	char text[TEXT_MAX];
	size_t len;
	unsigned blank; /* empty lines that count when another line follows */
};

struct script_case {
	char name[80];
	char place[80];
	struct part script, prints, file[FILES_MAX];
	unsigned files;
	char status[16];
	char keys[256];
	bool escapes;
};

static struct script_case *cases[CASES_MAX];
static struct CMUnitTest tests[CASES_MAX];
static size_t case_count;

/* ---- Reading ---- */

static void __attribute__((noreturn)) bad_file(const char *path, unsigned line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, what);
	exit(1);
}

/* Replace \r, \n, \t and \xNN, drop an end of line behind a backslash; returns the length. */
static size_t unescape(char *text)
{
	char *out = text;

	for (const char *p = text; *p; p++) {
		if (*p != '\\') {
			*out++ = *p;
		} else if (*++p == 'x') {
			*out++ = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 2;
		} else if (*p != '\n') {
			*out++ = (char)(*p == 'r'   ? '\r'
					: *p == 'n' ? '\n'
					: *p == 't' ? '\t'
						    : *p);
		}
	}
	*out = 0;
	return (size_t)(out - text);
}

static void add_line(struct part *part, const char *line)
{
	for (; part->blank; part->blank--)
		format_append(part->text, TEXT_MAX, "\n");
	format_append(part->text, TEXT_MAX, "%s\n", line);
}

/* "-- what argument" */
static struct part *directive(struct script_case *c, char *line)
{
	char *argument = strchr(line, ' ');

	if (argument)
		*argument++ = 0;
	else
		argument = line + strlen(line);
	if (!strcmp(line, "prints"))
		return &c->prints;
	if (!strcmp(line, "file") && c->files < FILES_MAX) {
		text_copy(c->file[c->files].name, sizeof(c->file[0].name), argument);
		return &c->file[c->files++];
	}
	if (!strcmp(line, "escapes")) {
		c->escapes = true;
	} else if (!strcmp(line, "status")) {
		text_copy(c->status, sizeof(c->status), argument);
	} else if (!strcmp(line, "keys")) {
		text_copy(c->keys, sizeof(c->keys), argument);
		unescape(c->keys);
	} else {
		return NULL;
	}
	return &c->script;
}

static struct script_case *new_case(const char *path, unsigned line, const char *title)
{
	struct script_case *c = calloc(1, sizeof(*c));
	const char *mark = strstr(title, " (");
	const char *base = strrchr(path, '/') + 1;

	if (!mark || case_count == CASES_MAX)
		bad_file(path, line, "a title is \"== NAME (MARK)\"");
	snprintf(c->name, sizeof(c->name), "%.*s: %.*s", (int)strcspn(base, "."), base,
		 (int)(mark - title), title);
	snprintf(c->place, sizeof(c->place), "%s:%u", path, line);
	strcpy(c->status, "ok");
	cases[case_count++] = c;
	return c;
}

static void read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct script_case *c = NULL;
	struct part *part = NULL;
	unsigned number = 0;
	char line[512];

	if (!file)
		bad_file(path, 0, "cannot be read");
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		number++;
		if (text_starts(line, "== ")) {
			c = new_case(path, number, line + 3);
			part = &c->script;
		} else if (c && text_starts(line, "-- ")) {
			part = directive(c, line + 3);
			if (!part)
				bad_file(path, number, "no such part of a case");
		} else if (part && *line == '\t') {
			add_line(part, line + 1);
		} else if (part && !*line) {
			part->blank++;
		} else if (*line && *line != '#') {
			bad_file(path, number, "a line is indented by one tab");
		}
	}
	fclose(file);
}

static void finish(struct script_case *c)
{
	struct part *parts[] = {&c->script, &c->file[0], &c->file[1], &c->file[2], &c->file[3]};

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i]->len = c->escapes ? unescape(parts[i]->text) : strlen(parts[i]->text);
}

/* ---- Running ---- */

static int run(struct script_case *c)
{
	struct image *image;
	int rc;

	for (unsigned i = 0; i < c->files; i++)
		assert_non_null(image_add(c->file[i].name, NULL, (uint8_t *)c->file[i].text,
					  c->file[i].len, 0));
	if (!script_probe(c->script.text, c->script.len)) {
		rc = command_line(c->script.text);
		report_failure(rc);
		return rc;
	}
	image = image_add("script", NULL, (uint8_t *)c->script.text, c->script.len, 0);
	assert_non_null(image);
	rc = image_execute(image);
	report_failure(rc);
	return rc;
}

static bool status_fits(const char *wanted, int rc)
{
	uint32_t number;

	if (!strcmp(wanted, "ok"))
		return rc == 0;
	if (!strcmp(wanted, "fail"))
		return rc != 0;
	if (text_to_u32(wanted, 10, INT32_MAX, &number))
		return rc == (int)number;
	return rc < 0 && !strcmp(error_entry(rc)->code, wanted);
}

static void print_indented(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		print_message("\t%.*s\n", (int)len, text);
		text += len + (text[len] != 0);
	}
}

static void test_case(void **state)
{
	struct script_case *c = *state;
	struct image *image, *next;
	unsigned blocks;
	bool fits;
	int rc;

	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	error_clear();
	last_failure = (struct last_failure){0};
	host_keys(c->keys);
	blocks = host_heap_blocks();
	rc = run(c);
	assert_null(current_frame);
	if (strlen(host_output()) && host_output()[strlen(host_output()) - 1] != '\n')
		console_write("\n", 1);
	fits = !strcmp(host_output(), c->prints.text) && status_fits(c->status, rc);
	if (!fits) {
		print_message("%s: printed, with status %d %s:\n", c->place, rc,
			      rc < 0 ? error_entry(rc)->code : "");
		print_indented(host_output());
	}
	list_for_each_safe(image, next, &images, link)
		image_free(image);
	settings_reset();
	assert_int_equal(host_heap_blocks(), blocks);
	assert_true(fits);
}

int main(void)
{
	glob_t paths;
	int failed;

	if (glob("test/scripts/*.txt", 0, NULL, &paths))
		bad_file("test/scripts", 0, "no cases: run this in the source directory");
	for (size_t i = 0; i < paths.gl_pathc; i++)
		read_file(paths.gl_pathv[i]);
	globfree(&paths);
	for (size_t i = 0; i < case_count; i++) {
		finish(cases[i]);
		tests[i] = (struct CMUnitTest){cases[i]->name, test_case, NULL, NULL, cases[i]};
	}
	failed = _cmocka_run_group_tests("scripts", tests, case_count, NULL, NULL);
	for (size_t i = 0; i < case_count; i++)
		free(cases[i]);
	return failed;
}
