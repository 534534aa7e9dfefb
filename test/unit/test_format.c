/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/format.c against the results that C11 7.21.6.1 prescribes, and against the host's printf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/format.h"

#define CHECK(expected, ...)                                                                       \
	do {                                                                                       \
		char out[256];                                                                     \
		size_t len = format(out, sizeof(out), __VA_ARGS__);                                \
		assert_string_equal(out, expected);                                                \
		assert_int_equal(len, strlen(expected));                                           \
	} while (0)

static void test_integers(void **state)
{
	CHECK("0", "%d", 0);
	CHECK("-2147483648", "%d", (int)0x80000000);
	CHECK("4294967295", "%u", 0xffffffffu);
	CHECK("18446744073709551615", "%llu", ~0ull);
	CHECK("-9223372036854775808", "%lld", (long long)(1ull << 63));
	CHECK("4294967296", "%llu", 1ull << 32);
	CHECK("dead BEEF", "%x %X", 0xdead, 0xbeef);
}

static void test_flags(void **state)
{
	CHECK("[   42]", "[%5d]", 42);
	CHECK("[42   ]", "[%-5d]", 42);
	CHECK("[00042]", "[%05d]", 42);
	CHECK("[-0042]", "[%05d]", -42);
	CHECK("[+42]", "[%+d]", 42);
	CHECK("[ 42]", "[% d]", 42);
	CHECK("[0x2a]", "[%#x]", 42);
	CHECK("[0]", "[%#x]", 0);
	CHECK("[0x002a]", "[%#06x]", 42);
	CHECK("[052]", "[%#o]", 42);
	CHECK("[  042]", "[%5.3d]", 42);
	CHECK("[]", "[%.0d]", 0);
	CHECK("[42   ]", "[%*d]", -5, 42);
	CHECK("[  042]", "[%*.*d]", 5, 3, 42);
}

static void test_sizes(void **state)
{
	CHECK("ff", "%hhx", 0x1ff);
	CHECK("-1", "%hhd", 255);
	CHECK("ffff", "%hx", 0x1ffff);
	CHECK("7", "%zu", (size_t)7);
	CHECK("-7", "%td", (ptrdiff_t)-7);
	CHECK("123456789abcdef0", "%jx", (uintmax_t)0x123456789abcdef0ull);
	CHECK("12", "%ld", 12l);
}

static void test_strings(void **state)
{
	char unterminated[3] = {'a', 'b', 'c'};
	const char *volatile nothing = NULL;

	CHECK("abc", "%.*s", 3, unterminated);
	CHECK("[  ab]", "[%4.2s]", "abc");
	CHECK("[ab  ]", "[%-4s]", "ab");
	CHECK("(null)", "%s", nothing);
	CHECK("[  x]", "[%3c]", 'x');
	CHECK("100%", "%d%%", 100);
	CHECK("0x1234", "%p", (void *)0x1234);
	CHECK("192.0.2.1 52:54:00:12:34:56", IPV4_FMT " " MAC_FMT, IPV4_ARG(0xc0000201u),
	      MAC_ARG(((uint8_t[]){0x52, 0x54, 0, 0x12, 0x34, 0x56})));
}

/* Results are cut at the buffer, never past it, and the whole length is returned. */
static void test_cut(void **state)
{
	char out[8] = "zzzzzzz";

	assert_int_equal(format(out, 4, "%s", "abcdef"), 6);
	assert_string_equal(out, "abc");
	assert_int_equal(out[4], 'z');
	assert_int_equal(format(out, 1, "%d", 12345), 5);
	assert_string_equal(out, "");
	assert_int_equal(format(NULL, 0, "%100d", 1), 100);
}

static void test_append(void **state)
{
	char out[8] = "ab";

	format_append(out, sizeof(out), "%s", "cd");
	assert_string_equal(out, "abcd");
	format_append(out, sizeof(out), "%s", "efghij");
	assert_string_equal(out, "abcdefg");
	format_append(out, sizeof(out), "x");
	assert_string_equal(out, "abcdefg");
}

/* A format string that ends in the middle of a conversion ends the text. */
static void test_broken_format(void **state)
{
	const char *volatile broken[] = {"a%", "a%-", "a%5", "a%l", "a%."};
	char out[16];

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		format(out, sizeof(out), broken[i]);
#pragma GCC diagnostic pop
		assert_string_equal(out, "a");
	}
}

/* Every combination of flags, widths and precisions against the host's library. */
static void test_against_host(void **state)
{
	static const char *const flags[] = {"",	  "-",	"0",  "+",  " ", "#",
					    "-0", "+0", "0#", "-#", "+-"};
	static const char *const counts[] = {"", "1", "12", ".", ".0", ".1", ".7", "12.5", "3.9"};
	static const long long values[] = {0,
					   1,
					   -1,
					   255,
					   4294967295ll,
					   4294967296ll,
					   -4294967297ll,
					   999999999999999999ll,
					   (long long)(1ull << 63)};
	char fmt[32], ours[128], theirs[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (size_t f = 0; f < ARRAY_SIZE(flags); f++)
		for (size_t c = 0; c < ARRAY_SIZE(counts); c++)
			for (const char *conv = "diuxXo"; *conv; conv++)
				for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
					snprintf(fmt, sizeof(fmt), "%%%s%sll%c", flags[f],
						 counts[c], *conv);
					size_t n = format(ours, sizeof(ours), fmt, values[v]);
					int expected =
						snprintf(theirs, sizeof(theirs), fmt, values[v]);

					if (strcmp(ours, theirs) != 0)
						print_message("format \"%s\"\n", fmt);
					assert_string_equal(ours, theirs);
					assert_int_equal(n, expected);
				}
#pragma GCC diagnostic pop
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),      cmocka_unit_test(test_flags),
		cmocka_unit_test(test_sizes),	      cmocka_unit_test(test_strings),
		cmocka_unit_test(test_cut),	      cmocka_unit_test(test_append),
		cmocka_unit_test(test_broken_format), cmocka_unit_test(test_against_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
