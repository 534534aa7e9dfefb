/* SPDX-License-Identifier: BSD-2-Clause */
/* Editing a line: what keys do to it, and what the screen shows; characters of several bytes. */
#include "test/unit/shell_test.h"
#include "cmdline/tui.h"
#include "lib/ansi.h"
#include "lib/utf8.h"

static void test_line_editing(void **state)
{
	static const struct {
		const char *keys, *line;
	} rows[] = {
		{"abc\r", "abc"},
		{"abc\b\bX\r", "aX"},
		{"abc\x7f\n", "ab"},
		{"bc\x01"
		 "a\x05"
		 "d\r",
		 "abcd"},
		{"abc\x02\x02X\x06Y\r", "aXbYc"},
		{"abc\x01\x04\r", "bc"},
		{"one two\x17three\r", "one three"},
		{"one two  \x17\r", "one "},
		{"abcdef\x02\x02\x0b\r", "abcd"},
		{"abcdef\x02\x02\x15\r", "ef"},
		{"\b\x04\x02\x17\x15\x0b\x06\x1b\x0cok\r", "ok"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *line;

		host_keys(rows[i].keys);
		line = line_read("? ", "", false);
		assert_non_null(line);
		assert_string_equal(line, rows[i].line);
		heap_free(line);
	}
	host_key(KEY_LEFT);
	host_key(KEY_LEFT);
	host_key(KEY_DELETE);
	host_key(KEY_HOME);
	host_keys("<");
	host_key(KEY_END);
	host_keys(">\r");
	{
		char *line = line_read("", "abc", false);

		assert_string_equal(line, "<ac>");
		heap_free(line);
	}
}

/* What a terminal of 80 columns shows of the output so far; it must never wrap. */
static const char *screen(void)
{
	static char line[128];
	size_t column = 0;

	memset(line, 0, sizeof(line));
	for (const char *p = host_output(); *p; p++) {
		if (*p == '\b') {
			assert_true(column > 0);
			column--;
		} else if (*p != '\n') {
			line[column++] = *p;
			assert_in_range(column, 1, 79);
		}
	}
	while (strlen(line) && line[strlen(line) - 1] == ' ')
		line[strlen(line) - 1] = 0;
	return line;
}

static void test_screen(void **state)
{
	char *line;

	host_keys("abcdef\b\b\x01xy\x05z\r");
	heap_free(line_read("> ", "", false));
	assert_string_equal(screen(), "> xyabcdz");
	host_output_clear();
	host_keys("geheim\b\r");
	line = line_read("Password: ", "", true);
	assert_string_equal(line, "gehei");
	heap_free(line);
	assert_string_equal(screen(), "Password: *****");
	assert_null(strstr(host_output(), "g"));
	/* Far longer than the screen. */
	host_output_clear();
	host_keys("start");
	for (unsigned i = 0; i < 200; i++)
		host_keys("0123456789");
	host_keys("\x01!\x05?\r");
	line = line_read("> ", "", false);
	assert_int_equal(strlen(line), 2007);
	assert_int_equal(line[0], '!');
	assert_int_equal(line[2006], '?');
	heap_free(line);
	assert_int_equal(screen()[0], '>');
}

static void test_screen_limit(void **state)
{
	char keys[4200];
	char *line;

	memset(keys, 'k', sizeof(keys) - 1);
	keys[sizeof(keys) - 1] = 0;
	/* Not taken while something of it is lost. */
	host_keys("x\r\b\r");
	line = line_read("> ", keys, false);
	assert_int_equal(strlen(line), 4095);
	heap_free(line);
	assert_non_null(strstr(host_output(), "The line is full"));
	host_output_clear();
}

static void test_cancel_line(void **state)
{
	host_keys("abc\x03");
	assert_null(line_read("> ", "", false));
	assert_int_equal(error_code(), E_CANCELLED);
}

/* ---- Characters of several bytes ---- */

#define E_ACUTE	  "\xc3\xa9"	 /* 0x82 of code page 437 */
#define DASH	  "\xe2\x80\x93" /* U+2013 */
#define HAN	  "\xe5\xad\x97" /* two columns on a terminal */
#define G_CLEF	  "\xf0\x9d\x84\x9e"
#define LEFT	  "\x02"
#define REPEAT(s) s s s s s s s s s s

static void test_utf8(void **state)
{
	static const char *const broken[] = {
		"\xc3",
		"\x80",
		"\xc0\x80",
		"\xe2\x80",
		"\xe0\x80\x80",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xf0\x80\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
	};
	uint32_t c;
	char out[3];

	assert_int_equal(utf8_decode(E_ACUTE "x", &c), 2);
	assert_int_equal(c, 0xe9);
	assert_int_equal(utf8_decode(G_CLEF, &c), 4);
	assert_int_equal(c, 0x1d11e);
	assert_int_equal(utf8_decode("x", &c), 1);
	assert_int_equal(c, 'x');
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		assert_int_equal(utf8_decode(broken[i], &c), 1);
		assert_int_equal(c, UTF8_INVALID);
	}
	assert_int_equal(utf8_count("a" E_ACUTE DASH G_CLEF "\xff"), 5);
	assert_int_equal(utf8_prefix("a" E_ACUTE DASH, 2), 3);
	assert_int_equal(utf8_prefix("a" E_ACUTE, 9), 3);
	assert_int_equal(utf8_length_before("a" E_ACUTE, 3), 2);
	assert_int_equal(utf8_length_before("a\xa9", 2), 1);
	assert_int_equal(utf8_length_before(G_CLEF, 4), 4);
	for (size_t len = 1; len < 4; len++)
		assert_int_equal(utf8_whole("a" DASH, len), 1);
	assert_int_equal(utf8_whole("a" DASH, 4), 4);
	for (unsigned i = 0x80; i < 0x100; i++) {
		size_t len = utf8_encode(cp437_code_point((uint8_t)i), out);

		assert_int_equal(utf8_decode(out, &c), len);
		assert_int_equal(cp437(c), i);
	}
}

#define EDITS(keys, line, screen)                                                                  \
	do {                                                                                       \
		assert_string_equal(edit(keys), line);                                             \
		assert_string_equal(host_screen_row(0), screen);                                   \
	} while (0)

static void test_characters(void **state)
{
	EDITS("h" E_ACUTE "!\r", "h" E_ACUTE "!", "> h\x82!");
	/* A character is one step, and one thing to delete. */
	EDITS("a" E_ACUTE "b" LEFT LEFT "x\r", "ax" E_ACUTE "b",
	      "> ax\x82"
	      "b");
	EDITS("a" E_ACUTE "b" LEFT "\bx\r", "axb", "> axb");
	EDITS("a" E_ACUTE "b" LEFT LEFT "\x04x\r", "axb", "> axb");
	EDITS("a" DASH DASH "\b-\r", "a" DASH "-", "> a--");
	EDITS("\x01" E_ACUTE "\x06\x06" E_ACUTE LEFT LEFT LEFT "<\r", "<" E_ACUTE E_ACUTE,
	      "> <\x82\x82");
	EDITS("one " E_ACUTE E_ACUTE "\x17two\r", "one two", "> one two");
	/* What is not shown in one column everywhere is not shown. */
	EDITS("a" HAN G_CLEF "b" LEFT LEFT "\bc\r", "ac" G_CLEF "b", "> ac?b");
	/* Nor is what a terminal takes for a control sequence. */
	EDITS("a\xc2\x9b"
	      "2J\r",
	      "a\xc2\x9b"
	      "2J",
	      "> a?2J");
	/* Bytes that are no characters are no keys. */
	EDITS("a\xe2\x80z\xa9\xff\xc3\xc3\xa9\xed\xa0\x80y\r", "az" E_ACUTE "y", "> az\x82y");
}

static void test_characters_in_a_long_line(void **state)
{
	unsigned row, column;
	char *line = edit(REPEAT(REPEAT(E_ACUTE)) LEFT LEFT "\x04x\r");

	assert_string_equal(line + 196, "x" E_ACUTE);
	assert_int_equal(utf8_count(line), 100);
	assert_int_equal(strlen(host_screen_row(0)), 62);
	assert_string_equal(host_screen_row(0) + 60, "x\x82");
	assert_string_equal(host_screen_row(1), "");
	host_screen_cursor(&row, &column);
	assert_int_equal(row, 1);
	/* Back to its beginning. */
	line = edit(REPEAT(REPEAT(E_ACUTE)) "\x01<\r");
	assert_string_equal(host_screen_row(0) + 75, "\x82\x82\x82\x82");
	assert_int_equal(strlen(host_screen_row(0)), 79);
	assert_memory_equal(line, "<" E_ACUTE, 3);
}

static void test_characters_in_the_history(void **state)
{
	history_add(&history, "echo caf" E_ACUTE);
	history_add(&history, "echo " DASH);
	EDITS("\x12" E_ACUTE "\x05!\r", "echo caf" E_ACUTE "!", "> echo caf\x82!");
	EDITS("\x12" E_ACUTE "\b" DASH "\r", "echo " DASH, "> echo -");
	EDITS("\x10\x10\b" DASH "\r", "echo caf" DASH, "> echo caf-");
}

/* Full: a character that does not fit is not begun. */
static void test_characters_are_not_cut(void **state)
{
	char text[8];
	struct line_text line = {.text = text, .size = sizeof(text)};

	line_text_set(&line, "abcdef" E_ACUTE);
	assert_string_equal(text, "abcdef");
	for (const char *p = DASH; *p; p++)
		line_text_key(&line, (uint8_t)*p);
	assert_string_equal(text, "abcdef");
	line_text_key(&line, 'g');
	assert_string_equal(text, "abcdefg");
	line_text_set(&line, DASH DASH DASH);
	assert_string_equal(text, DASH DASH);
}

/* What is shown of the line that is edited on a full screen, in 6 columns. */
static void test_characters_on_the_full_screen(void **state)
{
	char text[32];
	struct line_text line = {.text = text, .size = sizeof(text)};
	unsigned row, column;

	line_text_set(&line, "a" E_ACUTE HAN "b");
	tui_edit(2, 4, 6, &line, false, true);
	assert_string_equal(host_screen_row(2), "    a\x82?b");
	assert_true(host_screen_cursor(&row, &column));
	assert_int_equal(column, 8);
	line_text_set(&line, E_ACUTE E_ACUTE E_ACUTE "wxyz");
	tui_edit(2, 4, 6, &line, false, true);
	assert_string_equal(host_screen_row(2), "    \x82wxyz");
	host_screen_cursor(&row, &column);
	assert_int_equal(column, 9);
	tui_edit(2, 4, 6, &line, true, false);
	assert_string_equal(host_screen_row(2), "    ******");
}

/* A command as a web page shows it, pasted. */
static void test_pasted_dash(void **state)
{
	host_keys("echo " DASH "n no line\rexit\r");
	shell_run();
	assert_non_null(strstr(host_output(), "warning: typographic dash"));
	assert_non_null(strstr(host_output(), "no lineiPXE>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line_editing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_screen_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_utf8, setup, teardown),
		cmocka_unit_test_setup_teardown(test_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_characters_in_a_long_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_characters_in_the_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_characters_are_not_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_characters_on_the_full_screen, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_pasted_dash, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
