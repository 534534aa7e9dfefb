/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's own memory and string functions, against byte loops, at every
 * alignment and overlap. They are compiled here under other symbol names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len) __asm__("firmware_memcpy");
void *memmove(void *dst, const void *src, size_t len) __asm__("firmware_memmove");
void *memset(void *dst, int value, size_t len) __asm__("firmware_memset");
int memcmp(const void *a, const void *b, size_t len) __asm__("firmware_memcmp");
void *memchr(const void *s, int c, size_t len) __asm__("firmware_memchr");
size_t strlen(const char *s) __asm__("firmware_strlen");
size_t strnlen(const char *s, size_t max) __asm__("firmware_strnlen");
int strcmp(const char *a, const char *b) __asm__("firmware_strcmp");
int strncmp(const char *a, const char *b, size_t max) __asm__("firmware_strncmp");
char *strchr(const char *s, int c) __asm__("firmware_strchr");
char *strrchr(const char *s, int c) __asm__("firmware_strrchr");
char *strstr(const char *s, const char *needle) __asm__("firmware_strstr");
#include "lib/freestanding/string.c"

#define SIZE 256u

static uint8_t ours[SIZE], expected[SIZE];

static void fill(void)
{
	for (unsigned i = 0; i < SIZE; i++)
		ours[i] = expected[i] = (uint8_t)(i * 7 + 3);
}

static void same(void)
{
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(ours[i], expected[i]);
}

static int direction_flag(void)
{
	uint32_t flags;

	__asm__ volatile("pushfl\n\tpopl %0" : "=r"(flags));
	return flags >> 10 & 1;
}

static void move_case(unsigned to, unsigned from, unsigned len)
{
	uint8_t copy[SIZE];

	fill();
	for (unsigned i = 0; i < len; i++)
		copy[i] = expected[from + i];
	for (unsigned i = 0; i < len; i++)
		expected[to + i] = copy[i];
	assert_ptr_equal(memmove(ours + to, ours + from, len), ours + to);
	same();
	assert_int_equal(direction_flag(), 0);
}

static void test_memmove(void **state)
{
	for (unsigned len = 0; len < 90; len++)
		for (unsigned from = 60; from < 64; from++)
			for (unsigned to = 40; to < 84; to++)
				move_case(to, from, len);
}

static void copy_case(unsigned to, unsigned from, unsigned len)
{
	static uint8_t source[SIZE];

	fill();
	for (unsigned i = 0; i < SIZE; i++)
		source[i] = (uint8_t)~i;
	for (unsigned i = 0; i < len; i++)
		expected[to + i] = source[from + i];
	assert_ptr_equal(memcpy(ours + to, source + from, len), ours + to);
	same();
}

static void test_memcpy(void **state)
{
	for (unsigned len = 0; len < 140; len++)
		for (unsigned align = 0; align < 16; align++)
			copy_case(40 + align % 4, 8 + align / 4, len);
}

static void test_memset(void **state)
{
	for (unsigned len = 0; len < 40; len++)
		for (unsigned align = 0; align < 4; align++) {
			fill();
			for (unsigned i = 0; i < len; i++)
				expected[32 + align + i] = 0xa5;
			assert_ptr_equal(memset(ours + 32 + align, 0x1a5, len), ours + 32 + align);
			same();
		}
}

/* The compiler computes these functions of literals itself; of this it knows nothing. */
static const char *literal(const char *text)
{
	const char *volatile hidden = text;

	return hidden;
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void test_compare(void **state)
{
	assert_int_equal(sign(memcmp(literal("ab\x80"), "ab\x01", 3)), 1);
	assert_int_equal(memcmp(literal("abc"), "abd", 2), 0);
	assert_int_equal(memcmp(literal("a"), "b", 0), 0);
	assert_int_equal(sign(strcmp(literal("a"), "ab")), -1);
	assert_int_equal(sign(strcmp(literal("\xff"), "a")), 1);
	assert_int_equal(strcmp(literal(""), ""), 0);
	assert_int_equal(strncmp(literal("abc"), "abd", 2), 0);
	assert_int_equal(sign(strncmp(literal("abc"), "abd", 3)), -1);
	assert_int_equal(strncmp(literal("a"), "a", 100), 0);
	assert_int_equal(strncmp(literal("a"), "b", 0), 0);
}

static void test_search(void **state)
{
	const char *text = literal("hello, hello");

	assert_int_equal(strlen(text), 12);
	assert_int_equal(strnlen(text, 5), 5);
	assert_int_equal(strnlen(literal("ab"), 5), 2);
	assert_ptr_equal(strchr(text, 'l'), text + 2);
	assert_ptr_equal(strrchr(text, 'l'), text + 10);
	assert_ptr_equal(strchr(text, 0), text + 12);
	assert_ptr_equal(strrchr(text, 0), text + 12);
	assert_null(strchr(text, 'z'));
	assert_null(strrchr(text, 'z'));
	assert_ptr_equal(strstr(text, "lo,"), text + 3);
	assert_ptr_equal(strstr(text, ""), text);
	assert_null(strstr(text, "hello!"));
	assert_null(strstr(literal(""), "a"));
	assert_ptr_equal(memchr(text, 'o', 12), text + 4);
	assert_null(memchr(text, 'o', 4));
	text = literal("\x80");
	assert_ptr_equal(memchr(text, 0x180, 1), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmove), cmocka_unit_test(test_memcpy),
		cmocka_unit_test(test_memset),	cmocka_unit_test(test_compare),
		cmocka_unit_test(test_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
