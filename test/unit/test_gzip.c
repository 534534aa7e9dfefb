/* SPDX-License-Identifier: BSD-2-Clause */
/* boot/gzip.c and imgextract: whole files, several members, damage at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "boot/gzip.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "test/host/host.h"

/* printf 'hello\n' | gzip -n; the same with a name, a comment, an extra field and a header sum's
 * place. */
static const uint8_t plain[] = {0x1f, 0x8b, 8,	  0,	0,    0,    0,	  0,	0,
				3,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00,
				0x20, 0x30, 0x3a, 0x36, 6,    0,    0,	  0};
static const uint8_t decorated[] = {0x1f, 0x8b, 8,    0x1e, 0,	  0,	0,    0,    0,	  3,
				    2,	  0,	'x',  'y',  'n',  0,	'c',  'o',  0,	  0xaa,
				    0xbb, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20,
				    0x30, 0x3a, 0x36, 6,    0,	  0,	0};
static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	return 0;
}

static int teardown(void **state)
{
	while (!list_empty(&images))
		image_free(list_first(&images, struct image, link));
	assert_int_equal(host_image_used(), 0);
	return 0;
}

static void assert_extracts(const uint8_t *data, size_t len, const char *text)
{
	struct extracted out;

	assert_int_equal(gzip_extract(data, len, &out), 0);
	assert_int_equal(out.len, strlen(text));
	assert_memory_equal(out.data, text, out.len);
	image_memory_free(out.data, out.capacity);
}

static void whole_files(void **state)
{
	uint8_t both[sizeof(plain) + sizeof(decorated) + 100] = {0};

	assert_true(gzip_probe(plain, sizeof(plain)));
	assert_false(gzip_probe(plain, 2));
	assert_extracts(plain, sizeof(plain), "hello\n");
	assert_extracts(decorated, sizeof(decorated), "hello\n");
	memcpy(both, plain, sizeof(plain));
	memcpy(both + sizeof(plain), decorated, sizeof(decorated));
	assert_extracts(both, sizeof(both), "hello\nhello\n"); /* padding behind them */
}

/* Whatever is accepted is the content; a few bits mean nothing (time, system, padding). */
static void damage(void **state)
{
	const size_t stream = 10, sum = sizeof(plain) - 8;
	uint8_t copy[sizeof(plain)];
	struct extracted out;

	for (size_t len = 0; len < sizeof(plain); len++)
		assert_int_equal(gzip_extract(plain, len, &out), E_GZIP_DAMAGED);
	for (size_t bit = 0; bit < 8 * sizeof(plain); bit++) {
		int rc;

		memcpy(copy, plain, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		rc = gzip_extract(copy, sizeof(copy), &out);
		if (bit / 8 < 3 || bit / 8 >= sum)
			assert_int_not_equal(rc, 0);
		if (bit / 8 > 3 && bit / 8 < stream)
			assert_int_equal(rc, 0);
		if (rc)
			continue;
		assert_int_equal(out.len, 6);
		assert_memory_equal(out.data, "hello\n", 6);
		image_memory_free(out.data, out.capacity);
	}
}

static void no_room(void **state)
{
	struct extracted out;

	host_image_limit(1000);
	assert_int_equal(gzip_extract(plain, sizeof(plain), &out), E_NO_MEMORY);
	host_image_limit(0);
}

static void add(const char *name, const uint8_t *data, size_t len)
{
	uint8_t *copy = image_memory_alloc(len);

	memcpy(copy, data, len);
	assert_non_null(image_add(name, NULL, copy, len, len));
}

static void command(void **state)
{
	add("hello.gz", plain, sizeof(plain));
	assert_int_equal(command_line("imgextract --keep hello.gz"), 0);
	assert_int_equal(image_find("hello")->len, 6);
	assert_non_null(image_find("hello.gz"));
	assert_int_equal(command_line("imgextract --name other hello.gz"), 0);
	assert_null(image_find("hello.gz"));
	assert_memory_equal(image_find("other")->data, "hello\n", 6);
	assert_int_equal(command_line("imgextract other"), E_GZIP_DAMAGED);
	assert_non_null(image_find("other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(whole_files),
		TEST(damage),
		TEST(no_room),
		TEST(command),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
