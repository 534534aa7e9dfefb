/* SPDX-License-Identifier: BSD-2-Clause */
/* boot/image.c and the image commands: roles, names, running inside each other, tail calls; boot by
 * DHCP settings as far as it goes without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "boot/boot.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	return 0;
}

static int teardown(void **state)
{
	struct image *image, *next;

	list_for_each_safe(image, next, &images, link)
		image_free(image);
	assert_int_equal(host_image_used(), 0);
	return 0;
}

static struct image *add_bytes(const char *name, const void *data, size_t len)
{
	size_t capacity = len ? len : 1;
	uint8_t *copy = image_memory_alloc(capacity);
	struct image *image;

	memcpy(copy, data, len);
	image = image_add(name, NULL, copy, len, capacity);
	assert_non_null(image);
	return image;
}

static struct image *add(const char *name, const char *text)
{
	return add_bytes(name, text, strlen(text));
}

static bool printed(const char *text)
{
	return strstr(host_output(), text) != NULL;
}

static void test_roles(void **state)
{
	uint8_t kernel[1024] = {0};

	kernel[0x1fe] = 0x55;
	kernel[0x1ff] = 0xaa;
	memcpy(kernel + 0x202, "HdrS", 4);
	assert_int_equal(add("s", "#!ipxe\n")->role, IMAGE_SCRIPT);
	assert_int_equal(add_bytes("k", kernel, sizeof(kernel))->role, IMAGE_KERNEL);
	assert_int_equal(add("p", "\x89PNG\r\n\x1a\n")->role, IMAGE_OTHER);
	assert_int_equal(add("c", "-----BEGIN CERTIFICATE-----")->role, IMAGE_OTHER);
	assert_int_equal(add("i", "070701")->role, IMAGE_INITRD);
	assert_int_equal(add("e", "")->role, IMAGE_INITRD);
	assert_string_equal(image_find("k")->type->name, "bzImage");
	assert_string_equal(add("<CMDLINE>", "echo x")->type->name, "script");
}

static void test_names(void **state)
{
	struct image *first = add("same", "1"), *second = add("same", "22");

	assert_ptr_equal(image_find("same"), first);
	image_free(first);
	assert_ptr_equal(image_find("same"), second);
	assert_string_equal(add("a\x1b[2J", "x")->name, "a_[2J");
	assert_null(image_find("other"));
}

static void test_stat_and_args(void **state)
{
	add("i", "070701");
	add("s", "#!ipxe\n");
	assert_int_equal(command_line("imgargs i /path  mode=1 && kernel s a b"), 0);
	host_output_clear();
	assert_int_equal(command_line("imgstat"), 0);
	assert_string_equal(host_output(), "i : 6 bytes [INITRD] \"/path mode=1\"\n"
					   "s : 7 bytes [script] [SELECTED] \"a b\"\n");
	assert_int_equal(command_line("imgargs i"), 0);
	assert_null(image_find("i")->cmdline);
	assert_true(command_line("imgstat nosuch") != 0);
	assert_true(command_line("imgfree nosuch") != 0);
	assert_int_equal(command_line("imgfree i"), 0);
	assert_null(image_find("i"));
	assert_int_equal(command_line("imgfree"), 0);
	assert_true(list_empty(&images));
}

/* Content in the address itself, RFC 2397. */
static void test_data_uris(void **state)
{
	assert_int_equal(command_line("chain data:,%23!ipxe%0Aecho%20percent%20form"), 0);
	assert_true(printed("data:... ok\n") && printed("percent form"));
	assert_int_equal(
		command_line("chain data:text/plain;base64,IyFpcHhlCmVjaG8gZnJvbSBiYXNlNjQK"), 0);
	assert_true(printed("data:text/plain;base64... ok\n") && printed("from base64"));
	/* Unencoded, and with a relative address inside: there is nothing that it is relative to.
	 */
	assert_true(command_line("chain --name n data:,#!ipxe%0aimgfetch%20-q%20x") != 0);
	assert_true(printed("x: not a full address"));
	assert_int_equal(image_find("n")->len, 20);
	assert_int_equal(command_line("imgfree && imgfetch -q data:;BASE64,%2B/8= && imgstat"), 0);
	assert_true(printed("data : 2 bytes"));
	assert_memory_equal(image_find("data")->data, "\xfb\xff", 2);
	assert_int_equal(command_line("imgfetch -q --name z data:,a%00b"), 0);
	assert_int_equal(image_find("z")->len, 3);
	assert_int_equal(command_line("imgfetch -q --name e data:,"), 0);
	assert_int_equal(image_find("e")->len, 0);
	assert_true(command_line("imgfetch -q data:text/plain") != 0);
	assert_true(printed("no comma"));
	assert_true(command_line("imgfetch -q data:;base64,a*b") != 0);
	assert_true(printed("not base64"));
}

static void test_select(void **state)
{
	add("a", "#!ipxe\necho running a\n");
	add("b", "#!ipxe\necho running b\n");
	assert_true(command_line("boot") != 0);
	assert_true(printed("no image is selected"));
	assert_int_equal(command_line("kernel a && kernel b && boot"), 0);
	assert_true(printed("running b") && !printed("running a"));
	assert_int_equal(command_line("boot a"), 0);
	assert_true(printed("running a"));
}

static void test_unknown_type(void **state)
{
	add("i", "just bytes");
	assert_true(command_line("chain i") != 0);
	assert_true(printed("i: neither a script nor a kernel"));
	assert_true(command_line("chain --replace i") != 0);
}

/* A chained script is a subroutine; its status is chain's; while it runs it is hidden. */
static void test_subroutine(void **state)
{
	add("outer", "#!ipxe\nchain inner || echo inner said ${errno}\nimgstat\necho back\n");
	add("inner", "#!ipxe\necho inside\nimgfree\nexit 5\n");
	assert_int_equal(command_line("chain outer"), 0);
	assert_true(printed("inside") && printed("inner said 0x5") && printed("back"));
	assert_false(printed("outer : "));
	assert_non_null(image_find("outer"));
	assert_non_null(image_find("inner"));
	assert_true(command_line("chain inner") != 0);
}

static void test_recursion(void **state)
{
	add("self", "#!ipxe\nchain self\n");
	assert_true(command_line("chain self") != 0);
}

static void test_replace(void **state)
{
	add("a", "#!ipxe\necho in a\nchain --replace b && echo same line\necho next line\n");
	add("b", "#!ipxe\necho in b\nexit 3\n");
	add("top", "#!ipxe\nchain a || echo a ended with ${errno}\n");
	assert_int_equal(command_line("chain top"), 0);
	assert_true(printed("in a") && printed("in b") && printed("a ended with 0x3"));
	assert_false(printed("same line") || printed("next line"));
	/* Without a script around it, it is an ordinary chain. */
	host_output_clear();
	assert_true(command_line("chain --replace b") != 0);
	assert_true(printed("in b"));
}

static void test_replacement_freed(void **state)
{
	add("a", "#!ipxe\nchain --autofree b\nchain --replace --autofree c\n");
	add("b", "#!ipxe\necho in b\n");
	add("c", "#!ipxe\necho in c\n");
	assert_int_equal(command_line("chain a"), 0);
	assert_true(printed("in b") && printed("in c"));
	assert_null(image_find("b"));
	assert_null(image_find("c"));
	assert_non_null(image_find("a"));
}

static void test_download_errors(void **state)
{
	assert_true(command_line("imgfetch nothing.ipxe") != 0);
	assert_true(printed("not a full address"));
	assert_true(command_line("imgfetch --sha256 abc http://192.0.2.1/x") != 0);
	assert_true(printed("64 hexadecimal digits"));
	host_output_clear();
	setting_store("next-server", "192.0.2.1", SOURCE_SCRIPT);
	assert_true(command_line("imgfetch some/file") != 0);
	assert_true(printed("tftp://192.0.2.1/some/file..."));
	assert_true(list_empty(&images));
}

static void test_boot_uri_fails(void **state)
{
	assert_true(boot_uri("http://192.0.2.1/x", NULL) < 0);
	assert_true(autoboot(NULL, 0) < 0);
	assert_non_null(strstr(error_text(), "network card"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roles),	    TEST(test_names),	       TEST(test_stat_and_args),
		TEST(test_data_uris),	    TEST(test_unknown_type),   TEST(test_subroutine),
		TEST(test_select),	    TEST(test_unknown_type),   TEST(test_subroutine),
		TEST(test_recursion),	    TEST(test_replace),	       TEST(test_replacement_freed),
		TEST(test_download_errors), TEST(test_boot_uri_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
