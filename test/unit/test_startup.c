/* SPDX-License-Identifier: BSD-2-Clause */
/* Which script runs first, and how concatenated initrds are taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "boot/boot.h"
#include "boot/startup.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

static uint8_t initrd[256];

static int reset(void **state)
{
	while (!list_empty(&images))
		image_free(list_first(&images, struct image, link));
	settings_reset();
	memset(initrd, 0, sizeof(initrd));
	loader.initrd = initrd;
	loader.initrd_len = 0;
	return 0;
}

static struct image *start_with(const void *data, size_t len)
{
	memcpy(initrd, data, len);
	loader.initrd_len = len;
	return startup_images("", 0, NULL);
}

static void assert_content(const struct image *image, const char *text)
{
	assert_non_null(image);
	assert_int_equal(image->len, strlen(text));
	assert_memory_equal(image->data, text, image->len);
}

static void test_script(void **state)
{
	assert_content(start_with("#!ipxe\necho\n", 12), "#!ipxe\necho\n");
	assert_null(image_find("<INITRD2>"));
}

static void test_choice_is_said(void **state)
{
	host_output_clear();
	start_with("#!ipxe\n", 7);
	assert_non_null(strstr(host_output(), "Script: initrd\n"));
	setting_store("quiet", "1", SOURCE_CMDLINE);
	host_output_clear();
	start_with("#!ipxe\n", 7);
	assert_string_equal(host_output(), "");
}

static void test_blank_lines_in_front(void **state)
{
	const char *const starts[] = {"\r\n\r\n", "\n", "\n\n\n\n\n\n\n\n", "\xef\xbb\xbf"};

	for (unsigned i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		char text[64];

		reset(state);
		strcpy(text, starts[i]);
		strcat(text, "#!ipxe\r\necho\r\n");
		assert_content(start_with(text, strlen(text)), text);
		assert_null(image_find("<INITRD2>"));
	}
}

static void test_padded(void **state)
{
	assert_content(start_with("#!ipxe\nab\n\0\0"
				  "070701xx",
				  20),
		       "#!ipxe\nab\n");
	assert_content(image_find("<INITRD2>"), "070701xx");
}

static void test_not_padded(void **state)
{
	assert_content(start_with("#!ipxe\nabcd\n#!ipxe\nz\n", 21), "#!ipxe\nabcd\n");
	assert_content(image_find("<INITRD2>"), "#!ipxe\nz\n");
	reset(state);
	assert_content(start_with("#!ipxe\nabcd\n\x1f\x8b\x08x", 16), "#!ipxe\nabcd\n");
	assert_content(image_find("<INITRD2>"), "\x1f\x8b\x08x");
}

static void test_text_that_looks_like_an_archive(void **state)
{
	const char *text = "#!ipxe\necho  070701 BZh\necho #!ipxe\n";

	assert_content(start_with(text, strlen(text)), text);
	assert_null(image_find("<INITRD2>"));
}

static void test_no_script(void **state)
{
	assert_null(start_with("070701abc", 9));
	assert_content(image_find("<INITRD>"), "070701abc");
}

static void test_precedence(void **state)
{
	memcpy(initrd, "#!ipxe\n", 7);
	loader.initrd_len = 7;
	assert_string_equal(startup_images("#!ipxe\nembedded\n", 16, text_dup("dhcp"))->name,
			    "<EMBED>");
	reset(state);
	memcpy(initrd, "#!ipxe\n", 7);
	loader.initrd_len = 7;
	assert_string_equal(startup_images("", 0, text_dup("dhcp"))->name, "<CMDLINE>");
	assert_non_null(image_find("<INITRD>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_script, reset),
		cmocka_unit_test_setup(test_choice_is_said, reset),
		cmocka_unit_test_setup(test_blank_lines_in_front, reset),
		cmocka_unit_test_setup(test_padded, reset),
		cmocka_unit_test_setup(test_not_padded, reset),
		cmocka_unit_test_setup(test_text_that_looks_like_an_archive, reset),
		cmocka_unit_test_setup(test_no_script, reset),
		cmocka_unit_test_setup(test_precedence, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
