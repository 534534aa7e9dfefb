/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/text.c: numbers, addresses, hexadecimal and base64, with hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "bios/heap.h"
#include "lib/text.h"

static void test_classes(void **state)
{
	unsigned spaces = 0, printable = 0;

	for (int c = 0; c < 256; c++) {
		spaces += is_space(c);
		printable += is_print(c);
		if (hex_digit(c) >= 0)
			assert_true(is_digit(c) || is_alpha(c));
	}
	assert_int_equal(spaces, 6);
	assert_int_equal(printable, 95);
	assert_int_equal(to_lower('Q'), 'q');
	assert_int_equal(to_lower('['), '[');
	assert_int_equal(to_lower(0xc4), 0xc4);
	assert_int_equal(hex_digit('g'), -1);
	assert_int_equal(hex_digit('F'), 15);
}

static void test_copies(void **state)
{
	char buf[4] = "zzz";
	char *copy = text_dup_len("abcdef", 3);

	assert_true(text_copy(buf, sizeof(buf), "abc"));
	assert_string_equal(buf, "abc");
	assert_false(text_copy(buf, sizeof(buf), "wxyz"));
	assert_string_equal(buf, "wxy");
	assert_false(text_copy(buf, 0, "a"));
	assert_string_equal(copy, "abc");
	heap_free(copy);
	assert_null(text_dup_len("x", SIZE_MAX));
}

static void test_words(void **state)
{
	const char *text = "  one\ttwo-is-long \n";
	char word[6];

	assert_true(text_next_word(&text, word, sizeof(word)));
	assert_string_equal(word, "one");
	assert_true(text_next_word(&text, word, sizeof(word)));
	assert_string_equal(word, "two-i");
	assert_false(text_next_word(&text, word, sizeof(word)));
	assert_string_equal(text, "");
}

static void test_compare(void **state)
{
	assert_true(text_equal_nocase("HtTp", "http"));
	assert_false(text_equal_nocase("http", "https"));
	assert_false(text_equal_nocase("https", "http"));
	assert_true(text_starts("net0/ip", "net0"));
	assert_false(text_starts("ne", "net0"));
	assert_true(text_starts_nocase("Content-Length: 5", "content-length:"));
	assert_false(text_starts_nocase("con", "content"));
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 0, true, 0},
		{"0x80", 0, true, 0x80},
		{"0X80", 0, true, 0x80},
		{"017", 0, true, 15},
		{"18", 0, true, 18},
		{"ff", 16, true, 255},
		{"0xff", 16, true, 255},
		{"18446744073709551615", 0, true, UINT64_MAX},
		{"0xffffffffffffffff", 0, true, UINT64_MAX},
		{"010", 10, true, 10},
		{"18446744073709551616", 0, false, 0},
		{"0x10000000000000000", 0, false, 0},
		{"99999999999999999999999999", 0, false, 0},
		{"", 0, false, 0},
		{"0x", 0, false, 0},
		{"08", 0, false, 0},
		{"-1", 0, false, 0},
		{"+1", 0, false, 0},
		{" 1", 0, false, 0},
		{"1 ", 0, false, 0},
		{"12a", 0, false, 0},
		{"0x1g", 0, false, 0},
		{"0x5", 10, false, 0},
	};
	uint32_t small;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 0;

		assert_int_equal(text_to_u64(rows[i].text, rows[i].base, &value), rows[i].ok);
		assert_true(value == rows[i].value);
	}
	assert_true(text_to_u32("65535", 10, 65535, &small));
	assert_int_equal(small, 65535);
	assert_false(text_to_u32("65536", 10, 65535, &small));
	assert_false(text_to_u32("4294967296", 10, UINT32_MAX, &small));
}

static void test_ipv4(void **state)
{
	static const char *const bad[] = {"",	       "1",	   "1.2.3",	 "1.2.3.4.5",
					  "1.2.3.256", "1.2.3.4 ", " 1.2.3.4",	 "1..3.4",
					  "a.b.c.d",   "1.2.3.-4", "1.2.3.0004", "1.2.3.4/24"};
	uint32_t addr = 0;

	assert_true(text_to_ipv4("192.0.2.57", &addr));
	assert_int_equal(addr, 0xc0000239);
	assert_true(text_to_ipv4("255.255.255.255", &addr));
	assert_int_equal(addr, 0xffffffff);
	assert_true(text_to_ipv4("0.0.0.0", &addr));
	assert_int_equal(addr, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_to_ipv4(bad[i], &addr));
}

static void test_hex(void **state)
{
	uint8_t out[4] = {0};

	assert_int_equal(hex_decode("deADbeef", 8, out, 4), 4);
	assert_memory_equal(out, "\xde\xad\xbe\xef", 4);
	assert_int_equal(hex_decode("", 0, out, 4), 0);
	assert_int_equal(hex_decode("abc", 3, out, 4), -1);
	assert_int_equal(hex_decode("0g", 2, out, 4), -1);
	assert_int_equal(hex_decode("0011223344", 10, out, 4), -1);
}

/* RFC 4648 section 10. */
static void test_base64(void **state)
{
	static const char *const vectors[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	static const char *const bad[] = {
		"Z", "Zm9vY", "Zg=", "Zg===", "=", "Zg==Zg==", "Zm9v====", "Z!=="};
	char text[16];
	uint8_t raw[16];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *plain = vectors[i][0], *coded = vectors[i][1];

		assert_int_equal(base64_encode(plain, strlen(plain), text, sizeof(text)),
				 strlen(coded));
		assert_string_equal(text, coded);
		assert_int_equal(base64_decode(coded, strlen(coded), raw, sizeof(raw)),
				 strlen(plain));
		assert_memory_equal(raw, plain, strlen(plain));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), raw, sizeof(raw)), -1);
	assert_int_equal(base64_decode("Zg", 2, raw, sizeof(raw)), 1);
	assert_int_equal(base64_decode("Zm9v\nYg==", 9, raw, sizeof(raw)), 4);
	assert_int_equal(base64_decode("Zm9v", 4, raw, 2), -1);
	assert_int_equal(base64_encode("foobar", 6, text, 5), 8);
	assert_string_equal(text, "Zm9v");
	assert_int_equal(base64_encode("\xff\xfe\xfd", 3, text, sizeof(text)), 4);
	assert_string_equal(text, "//79");
}

/* RFC 5952 sections 4 and 5, and what is no address. */
static void test_ipv6(void **state)
{
	static const char *const good[][2] = {
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:0db8::0001", "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"2001:DB8::ABCD", "2001:db8::abcd"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"::ffff:c000:201", "::ffff:192.0.2.1"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
	};
	static const char *const bad[] = {
		"",
		":",
		":::",
		"1",
		"1:2",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"g::",
		":1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:",
		"::1 ",
		"fe80::1%net0",
		"1.2.3.4",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3",
		"::1.2.3.4:5",
		"1:2:3:4::5:6:7:8",
		"[::1]",
	};
	uint8_t address[16];
	char text[48];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(text_to_ipv6(good[i][0], address));
		assert_int_equal(ipv6_to_text(address, text, sizeof(text)), strlen(good[i][1]));
		assert_string_equal(text, good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (text_to_ipv6(bad[i], address))
			print_message("%s\n", bad[i]);
		assert_false(text_to_ipv6(bad[i], address));
	}
	assert_int_equal(ipv6_to_text((const uint8_t *)"0123456789abcdef", text, 5), 39);
	assert_string_equal(text, "3031");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	cmocka_unit_test(test_classes),
		cmocka_unit_test(test_copies),	cmocka_unit_test(test_compare),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_hex),	cmocka_unit_test(test_base64),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
