/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/error.c: sentences, stable codes and numbers; lib/log.c: the ring and the areas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"

static void test_sentence(void **state)
{
	assert_int_equal(fail(E_TIMEOUT, "%s did not answer", "192.0.2.1"), E_TIMEOUT);
	assert_string_equal(error_text(), "192.0.2.1 did not answer");
	assert_int_equal(fail_context(E_TIMEOUT, "tftp://%s/x", "h"), E_TIMEOUT);
	assert_string_equal(error_text(), "tftp://h/x: 192.0.2.1 did not answer");
	fail(E_TIMEOUT, "again: %s", error_text());
	assert_string_equal(error_text(), "again: tftp://h/x: 192.0.2.1 did not answer");
}

/* A code that recorded nothing must not be explained with an older failure's sentence. */
static void test_foreign_sentence(void **state)
{
	fail(E_NOT_FOUND, "no such image");
	assert_string_equal(error_sentence(E_CANCELLED), error_entry(E_CANCELLED)->meaning);
	fail_context(E_CANCELLED, "sleep");
	assert_string_equal(error_text(), "sleep: cancelled from the keyboard");
	error_clear();
	assert_string_equal(error_text(), "");
	assert_string_equal(error_sentence(E_CANCELLED), "cancelled from the keyboard");
}

static void test_long_sentence(void **state)
{
	char longest[2000];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	fail(E_INVALID, "%s", longest);
	fail_context(E_INVALID, "%s", longest);
	assert_in_range(strlen(error_text()), 100, 1999);
}

static void test_codes(void **state)
{
	assert_string_equal(error_entry(E_NO_MEMORY)->code, "E-GEN-01");
	assert_ptr_equal(error_find("e-gen-02"), error_entry(E_CANCELLED));
	assert_null(error_find("E-GEN-2"));
	assert_null(error_find(""));
	assert_string_equal(error_entry(-100000)->code, "E-GEN-07");
	assert_string_equal(error_entry(12345)->code, "E-GEN-07");
}

/* Codes and numbers identify an error for ever: both must be unique in the whole catalogue. */
static void test_unique(void **state)
{
	for (int i = 1; i < ERROR_COUNT; i++) {
		assert_true(error_errno(-i) > 0 && error_errno(-i) < 0x80000000u);
		for (int j = 1; j < i; j++) {
			assert_int_not_equal(error_errno(-i), error_errno(-j));
			assert_string_not_equal(error_entry(-i)->code, error_entry(-j)->code);
		}
	}
	assert_int_equal(error_errno(0), 0);
	assert_int_equal(error_errno(5), 5);
	assert_int_equal(error_errno(E_TIMEOUT) & 0xffff, 3);
}

static char shown[4096];

/* What a server said may be part of a sentence; what it can do to a terminal may not. */
static void test_control_characters(void **state)
{
	fail(E_INTERNAL, "it says \"%s\"", "a\x1b[2Jb\r\n\x7f\xc3\xa4");
	assert_string_equal(error_text(), "it says \"a?[2Jb???\xc3\xa4\"");
	fail_context(E_INTERNAL, "a\tb");
	assert_string_equal(error_text(), "a?b: it says \"a?[2Jb???\xc3\xa4\"");
}

static void show(const char *text, size_t len)
{
	format_append(shown, sizeof(shown), "%.*s", (int)len, text);
}

static void test_debug_areas(void **state)
{
	log_output = show;
	shown[0] = 0;
	log_enable("tcp,dhcp:2,");
	log_debug("tcp", 1, "one");
	log_debug("tcp", 2, "two");
	log_debug("dhcp", 2, "three");
	log_debug("arp", 1, "four");
	assert_string_equal(shown, "tcp: one\ndhcp: three\n");
	assert_true(log_enabled("dhcp", 2));
	assert_false(log_enabled("tcp", 2));
	log_enable("tcp:2");
	assert_true(log_enabled("tcp", 2));
	log_enable("all");
	assert_true(log_enabled("arp", 1));
	log_enable("a:,:::,,b:x,averyveryverylongareaname:3");
	assert_true(log_enabled("b", 1));
}

static void test_ring(void **state)
{
	const char *first, *second;
	size_t first_len, second_len;

	for (unsigned i = 0; i < 20000; i++)
		print("%05u\n", i);
	log_ring(&first, &first_len, &second, &second_len);
	assert_int_equal(first_len + second_len, 65536);
	assert_memory_equal(second_len ? second + second_len - 6 : first + first_len - 6, "19999\n",
			    6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence),      cmocka_unit_test(test_foreign_sentence),
		cmocka_unit_test(test_long_sentence), cmocka_unit_test(test_codes),
		cmocka_unit_test(test_unique),	      cmocka_unit_test(test_debug_areas),
		cmocka_unit_test(test_ring),	      cmocka_unit_test(test_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
