/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and ${…}: cmdline/lexer.c, cmdline/expand.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	settings_reset();
	error_clear();
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	assert_int_equal(host_heap_blocks(), 0);
	return 0;
}

/* The line as "[a][b] && [c]", to see how it was cut. */
static const char *cut(const char *text)
{
	static const char *const separators[] = {"", " && ", " || ", " ; "};
	static char out[256];
	char *copy = text_dup(text), *line = copy;
	char *word[32];
	struct words words = {.word = word};

	out[0] = 0;
	do {
		lexer_next(&line, &words, 32, false);
		for (int i = 0; i < words.count; i++)
			format_append(out, sizeof(out), "[%s]", words.word[i]);
		format_append(out, sizeof(out), "%s", separators[words.next]);
	} while (words.next != THEN_END);
	heap_free(copy);
	return out;
}

static void test_words(void **state)
{
	assert_string_equal(cut(""), "");
	assert_string_equal(cut("  a\t b  "), "[a][b]");
	assert_string_equal(cut("a && b || c ; d"), "[a] && [b] || [c] ; [d]");
	assert_string_equal(cut("a&&b;c"), "[a&&b;c]");
	assert_string_equal(cut("a ||"), "[a] || ");
	assert_string_equal(cut("|| a"), " || [a]");
	assert_string_equal(cut("a # b && c"), "[a]");
	assert_string_equal(cut("a#b #c"), "[a#b]");
	assert_string_equal(cut("#!ipxe"), "");
	assert_string_equal(cut("a && # b"), "[a] && ");
	assert_string_equal(cut("kernel foo=\"a  b\" 'c'"), "[kernel][foo=\"a][b\"]['c']");
	assert_string_equal(cut("a ${x y} \\"), "[a][${x][y}][\\]");
}

static void expands(const char *text, const char *expected)
{
	char *out = expand(text);

	assert_non_null(out);
	assert_string_equal(out, expected);
	heap_free(out);
}

static void test_expansion(void **state)
{
	setting_store("a", "1", SOURCE_SCRIPT);
	setting_store("b", "a", SOURCE_SCRIPT);
	setting_store("c", "x ${a} y", SOURCE_SCRIPT);
	setting_store("menu-1", "first", SOURCE_SCRIPT);
	setting_store("net0/ip", "192.0.2.1", SOURCE_SCRIPT);
	expands("", "");
	expands("plain", "plain");
	expands("${a}", "1");
	expands("<${a}${b}>", "<1a>");
	expands("${${b}}", "1");
	expands("${menu-${a}}", "first");
	expands("${c}", "x 1 y");
	expands("${net0/ip}:${net0/ip:hexraw}", "192.0.2.1:c0000201");
	expands("${nothing}|${net7.dhcp/67:hex}|${a:nonsense}|${}|${/}|${a b}", "|||||");
	expands("${a", "${a");
	expands("${ ${a}", "${ 1");
	expands("}${a}", "}1");
	expands("$a {a} $", "$a {a} $");
	expands("${x${y}}", "");
	/* A value may supply the beginning of another expansion. */
	setting_store("open", "${", SOURCE_SCRIPT);
	expands("${open}a}", "1");
}

/* Values that contain themselves, and values that grow without end. */
static void test_limits(void **state)
{
	char big[3001];
	char *out;

	setting_store("self", "${self}", SOURCE_SCRIPT);
	assert_null(expand("${self}"));
	assert_int_equal(error_code(), E_EXPAND);
	setting_store("ping", "${pong}", SOURCE_SCRIPT);
	setting_store("pong", "x${ping}", SOURCE_SCRIPT);
	assert_null(expand("${ping}"));
	memset(big, 'y', 3000);
	big[3000] = 0;
	setting_store("big", big, SOURCE_SCRIPT);
	setting_store("bomb", "${big}${big}${big}${big}${bomb}", SOURCE_SCRIPT);
	error_clear();
	assert_null(expand("${bomb}"));
	assert_int_equal(error_code(), E_EXPAND);
	out = expand("${big:hex}");
	assert_int_equal(strlen(out), 3000 * 3 - 1);
	heap_free(out);
}

static void test_no_memory(void **state)
{
	setting_store("a", "1", SOURCE_SCRIPT);
	for (unsigned n = 1; n <= 3; n++) {
		error_clear();
		host_heap_fail(n, false);
		assert_null(expand("${a}"));
		assert_int_equal(error_code(), E_NO_MEMORY);
	}
	host_heap_fail(0, false);
}

/* ---- Options ---- */

static const struct option options[] = {
	{'n', "n", OPTION_FLAG, ""},	 {'t', "timeout", OPTION_NUMBER, ""},
	{'k', "key", OPTION_KEY, ""},	 {0, "name", OPTION_TEXT, ""},
	{'q', "quiet", OPTION_FLAG, ""},
};
static const struct command few = {
	.name = "few", .options = options, .option_count = 5, .min_args = 1, .max_args = 2};
static const struct command text = {
	.name = "text", .options = options, .option_count = 5, .max_args = ARGS_ANY};
static const struct command list = {.name = "list",
				    .options = options,
				    .option_count = 5,
				    .max_args = ARGS_ANY,
				    .options_anywhere = true};

static struct call call;
static char parse_buffer[256];
static char *parse_words_list[32];

static int parse(const struct command *command, const char *line)
{
	struct words words = {.word = parse_words_list};
	char *p = parse_buffer;

	text_copy(parse_buffer, sizeof(parse_buffer), line);
	lexer_next(&p, &words, 32, false);
	error_clear();
	return options_parse(command, words.word, words.count, &call);
}

static void test_option_forms(void **state)
{
	assert_int_equal(parse(&few, "few -nq -t5 --name=x=y a"), 0);
	assert_true(call.option[0].given && call.option[4].given);
	assert_int_equal(call.option[1].number, 5);
	assert_string_equal(call.option[3].text, "x=y");
	assert_int_equal(call.argc, 1);
	assert_string_equal(call.argv[0], "a");
	assert_int_equal(parse(&few, "few -nt 0x10 a b"), 0);
	assert_int_equal(call.option[1].number, 16);
	assert_int_equal(parse(&few, "few --timeout 010 --key 0x197 a"), 0);
	assert_int_equal(call.option[1].number, 8);
	assert_int_equal(call.option[2].number, 0x197);
	assert_int_equal(parse(&few, "few --key=5 a"), 0);
	assert_int_equal(call.option[2].number, '5');
	assert_int_equal(parse(&few, "few -- -n"), 0);
	assert_false(call.option[0].given);
	assert_string_equal(call.argv[0], "-n");
	assert_int_equal(parse(&few, "few -"), 0);
	assert_string_equal(call.argv[0], "-");
}

static void test_options_behind_arguments(void **state)
{
	assert_int_equal(parse(&few, "few a -n"), 0);
	assert_true(call.option[0].given);
	assert_int_equal(parse(&text, "text -n a -q --name x"), 0);
	assert_true(call.option[0].given);
	assert_false(call.option[4].given);
	assert_int_equal(call.argc, 4);
	assert_string_equal(call.argv[1], "-q");
	assert_int_equal(parse(&list, "list a -n b --timeout 3 c -- -q"), 0);
	assert_true(call.option[0].given);
	assert_int_equal(call.option[1].number, 3);
	assert_int_equal(call.argc, 4);
	assert_string_equal(call.argv[3], "-q");
}

static void test_option_errors(void **state)
{
	static const char *const bad[] = {
		"few -x a",	     "few --nothing a",	   "few --timeout",  "few -t",
		"few --timeout x a", "few --timeout -n a", "few --n=1 a",    "few",
		"few a b c",	     "few --name",	   "few --time 5 a", "few --timeout= a",
		"few --key ab a",    "few ---n a",	   "few -nx a",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(&few, bad[i]), E_CMD_USAGE);
		assert_true(strlen(error_text()) > 10);
	}
}

static void test_help_succeeds(void **state)
{
	assert_int_equal(parse(&few, "few --help"), CALL_HELP);
	assert_int_equal(parse(&few, "few -h"), CALL_HELP);
	command_help(&few);
	assert_non_null(strstr(host_output(), "few [-n|--n] [-t|--timeout <timeout>]"));
}

/* What browsers and word processors make of "--". */
static void test_typographic_dashes(void **state)
{
	assert_int_equal(parse(&few, "few \xe2\x80\x93timeout 7 a"), 0);
	assert_int_equal(call.option[1].number, 7);
	assert_non_null(strstr(host_output(), "warning: typographic dash"));
	assert_int_equal(parse(&few, "few \xe2\x80\x94name=z \xe2\x80\x93n a"), 0);
	assert_string_equal(call.option[3].text, "z");
	assert_true(call.option[0].given);
	assert_int_equal(parse(&few, "few \xe2\x80\x93-quiet a"), 0);
	assert_true(call.option[4].given);
	assert_int_equal(parse(&text, "text \xe2\x80\x93 a"), 0);
	assert_int_equal(call.argc, 2);
	assert_int_equal(parse(&text, "text \xe2\x80\x93stranger"), 0);
	assert_int_equal(call.argc, 1);
	assert_int_equal(parse(&text, "text \xe2\x80"), 0);
	assert_int_equal(call.argc, 1);
}

static void test_join(void **state)
{
	char *joined;

	parse(&text, "text  a   b c");
	joined = join_args(&call, 1);
	assert_string_equal(joined, "b c");
	heap_free(joined);
	joined = join_args(&call, 3);
	assert_string_equal(joined, "");
	heap_free(joined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expansion, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_option_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_options_behind_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_option_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help_succeeds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_typographic_dashes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_join, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
