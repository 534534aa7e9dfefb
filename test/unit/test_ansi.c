/* SPDX-License-Identifier: BSD-2-Clause */
/* Control sequences, UTF-8, and key sequences of terminals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/console.h"
#include "lib/ansi.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	return 0;
}

static void show(const char *text)
{
	host_output_clear();
	console_write(text, strlen(text));
}

static void cursor_is(unsigned row, unsigned column)
{
	unsigned r, c;

	host_screen_cursor(&r, &c);
	assert_int_equal(r, row);
	assert_int_equal(c, column);
}

static void test_positions(void **state)
{
	show("\033[3;5HX\033[HY\033[2;2fZ");
	assert_string_equal(host_screen_row(2), "    X");
	assert_string_equal(host_screen_row(0), "Y");
	assert_string_equal(host_screen_row(1), " Z");
	show("\033[10;10H\033[2A\033[3B\033[4C\033[D");
	cursor_is(10, 12);
	show("\033[5;5H\033[20G");
	cursor_is(4, 19);
	/* Nothing leaves the screen. */
	show("\033[99;999H");
	cursor_is(23, 79);
	show("\033[99A\033[99D");
	cursor_is(0, 0);
	show("\033[99B\033[999C");
	cursor_is(23, 79);
	show("\033[0;0H");
	cursor_is(0, 0);
	show("\033[99999999999999999999;1H");
	cursor_is(23, 0);
	show("\033[;;;;;;;;;;;;;;;;;;;;5H");
	cursor_is(0, 0);
}

static void test_erasing(void **state)
{
	show("abcdef\033[1;4H\033[K");
	assert_string_equal(host_screen_row(0), "abc");
	show("abcdef\033[1;4H\033[1K");
	assert_string_equal(host_screen_row(0), "    ef");
	show("abcdef\033[1;4H\033[2K");
	assert_string_equal(host_screen_row(0), "");
	show("one\ntwo\nthree\033[2;2H\033[J");
	assert_string_equal(host_screen_row(0), "one");
	assert_string_equal(host_screen_row(1), "t");
	assert_string_equal(host_screen_row(2), "");
	show("one\ntwo\nthree\033[2;2H\033[1J");
	assert_string_equal(host_screen_row(0), "");
	assert_string_equal(host_screen_row(1), "  o");
	assert_string_equal(host_screen_row(2), "three");
	show("one\ntwo\033[2J");
	assert_string_equal(host_screen_row(0), "");
	cursor_is(0, 0);
}

static void test_styles(void **state)
{
	static const struct {
		const char *sequence;
		uint8_t attribute;
	} rows[] = {
		{"", 0x07},
		{"\033[1m", 0x0f},
		{"\033[31m", 0x04},
		{"\033[1;33;44m", 0x1e},
		{"\033[7m", 0x70},
		{"\033[7m\033[27m", 0x07},
		{"\033[1m\033[22m", 0x07},
		{"\033[37;44m\033[0m", 0x07},
		{"\033[34;41m\033[39m", 0x47},
		{"\033[34;41m\033[49m", 0x01},
		{"\033[91m", 0x0c},
		{"\033[31m\033[m", 0x07},
		/* 256 colours are none of ours, and what stands behind belongs to them. */
		{"\033[38;5;1m", 0x07},
		{"\033[48;2;1;31;41m", 0x07},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		show(rows[i].sequence);
		console_write("X", 1);
		assert_int_equal(host_screen_attribute(0, 0), rows[i].attribute);
	}
}

static void test_cursor(void **state)
{
	unsigned row, column;

	show("\033[?25l");
	assert_false(host_screen_cursor(&row, &column));
	show("\033[?25l\033[?25h");
	assert_true(host_screen_cursor(&row, &column));
	show("\033[25l"); /* another mode */
	assert_true(host_screen_cursor(&row, &column));
}

static void test_unknown_sequences(void **state)
{
	show("a\033[5Xb\033[>1;2cc\033(Bd\033[3\nx");
	assert_string_equal(host_screen_row(0), "abcBdx");
}

static void test_utf8(void **state)
{
	show("\xc3\xa4\xe2\x80\x93\xe2\x94\x82\xe4\xb8\xad\xf0\x9f\x98\x80.");
	assert_string_equal(host_screen_row(0), "\x84-\xb3??.");
	/* No UTF-8: as it is. */
	show("\xc3(\xb3\xff\xe2\x80|");
	assert_string_equal(host_screen_row(0), "\xc3(\xb3\xff\xe2\x80|");
	assert_int_equal(cp437('A'), 'A');
	assert_int_equal(cp437(0xa0), 0xff);
	assert_int_equal(cp437(0x2022), 0xf9);
}

/* ---- Keys ---- */

static const char *bytes;

static int next_byte(void)
{
	return *bytes ? (uint8_t)*bytes++ : -1;
}

static void test_keys(void **state)
{
	static const struct {
		const char *bytes;
		int key;
	} rows[] = {
		{"", KEY_ESC},
		{"\033", KEY_ESC},
		{"[", KEY_ESC},
		{"[A", KEY_UP},
		{"OB", KEY_DOWN},
		{"[C", KEY_RIGHT},
		{"[D", KEY_LEFT},
		{"[H", KEY_HOME},
		{"OF", KEY_END},
		{"[1~", KEY_HOME},
		{"[2~", KEY_INSERT},
		{"[3~", KEY_DELETE},
		{"[4~", KEY_END},
		{"[5~", KEY_PAGE_UP},
		{"[6~", KEY_PAGE_DOWN},
		{"[7~", KEY_HOME},
		{"[8~", KEY_END},
		{"OP", KEY_F1},
		{"OS", KEY_F1 + 3},
		{"[11~", KEY_F1},
		{"[15~", KEY_F1 + 4},
		{"[17~", KEY_F1 + 5},
		{"[21~", KEY_F1 + 9},
		{"[23~", KEY_F1 + 10},
		{"[24~", KEY_F1 + 11},
		{"[1;5C", KEY_RIGHT},
		{"[3;2~", KEY_DELETE},
		{"[Z", KEY_UP},
		{"[16~", KEY_UNKNOWN},
		{"[200~", KEY_UNKNOWN},
		{"x", KEY_UNKNOWN},
		{"\x03", KEY_CTRL_C},
		{"[1\x03", KEY_CTRL_C},
		{"[E", KEY_UNKNOWN},
		{"[99999999999~", KEY_UNKNOWN},
		{"[1", KEY_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bytes = rows[i].bytes;
		assert_int_equal(key_after_escape(next_byte), rows[i].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_positions, setup),
		cmocka_unit_test_setup(test_erasing, setup),
		cmocka_unit_test_setup(test_styles, setup),
		cmocka_unit_test_setup(test_cursor, setup),
		cmocka_unit_test_setup(test_unknown_sequences, setup),
		cmocka_unit_test_setup(test_utf8, setup),
		cmocka_unit_test_setup(test_keys, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
