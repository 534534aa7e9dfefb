/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/uri.c: the tables of RFC 3986 section 5.4, components byte for byte, hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/uri.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	return 0;
}

static void resolves(const char *reference, const char *expected)
{
	struct uri *base = uri_parse("http://a/b/c/d;p?q"), *uri = uri_resolve(base, reference);

	assert_non_null(uri);
	assert_string_equal(uri->text, expected);
	uri_free(uri);
	uri_free(base);
}

static void test_rfc3986_normal(void **state)
{
	static const char *const table[][2] = {
		{"g:h", "g:h"},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{"g#s", "http://a/b/c/g#s"},
		{"g?y#s", "http://a/b/c/g?y#s"},
		{";x", "http://a/b/c/;x"},
		{"g;x", "http://a/b/c/g;x"},
		{"g;x?y#s", "http://a/b/c/g;x?y#s"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../", "http://a/"},
		{"../../g", "http://a/g"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		resolves(table[i][0], table[i][1]);
}

static void test_rfc3986_abnormal(void **state)
{
	static const char *const table[][2] = {
		{"../../../g", "http://a/g"},
		{"../../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{".g", "http://a/b/c/.g"},
		{"g..", "http://a/b/c/g.."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"g?y/./x", "http://a/b/c/g?y/./x"},
		{"g?y/../x", "http://a/b/c/g?y/../x"},
		{"g#s/./x", "http://a/b/c/g#s/./x"},
		{"g#s/../x", "http://a/b/c/g#s/../x"},
		{"http:g", "http:g"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		resolves(table[i][0], table[i][1]);
}

static void test_base_without_path(void **state)
{
	struct uri *base = uri_parse("tftp://192.0.2.1"), *uri = uri_resolve(base, "x/y");

	assert_string_equal(uri->text, "tftp://192.0.2.1/x/y");
	uri_free(uri);
	uri = uri_resolve(NULL, "x/y");
	assert_false(uri_is_absolute(uri));
	assert_string_equal(uri->path, "x/y");
	uri_free(uri);
	uri_free(base);
}

static void test_login_and_ipv6_survive_resolving(void **state)
{
	struct uri *base = uri_parse("http://us%40er:p:w@[2001:db8::1]:8080/d/f?q");
	struct uri *uri = uri_resolve(base, "g");

	assert_string_equal(uri->text, "http://us%40er:p:w@[2001:db8::1]:8080/d/g");
	assert_string_equal(uri->host, "2001:db8::1");
	assert_int_equal(uri->port, 8080);
	assert_string_equal(uri->user, "us%40er");
	assert_string_equal(uri->password, "p:w");
	uri_free(uri);
	uri_free(base);
}

static void test_components(void **state)
{
	struct uri *uri = uri_parse("HTTP://user:pass@h:81/p%2Fq/r%20s?a=b&c=/?d#f?g#h");

	assert_string_equal(uri->scheme, "http");
	assert_null(uri->opaque);
	assert_string_equal(uri->user, "user");
	assert_string_equal(uri->password, "pass");
	assert_string_equal(uri->host, "h");
	assert_int_equal(uri->port, 81);
	assert_string_equal(uri->path, "/p%2Fq/r%20s");
	assert_string_equal(uri->query, "a=b&c=/?d");
	assert_string_equal(uri->fragment, "f?g#h");
	assert_string_equal(uri->text, "HTTP://user:pass@h:81/p%2Fq/r%20s?a=b&c=/?d#f?g#h");
	uri_free(uri);

	uri = uri_parse("tftp://h");
	assert_string_equal(uri->path, "");
	assert_null(uri->user);
	assert_null(uri->query);
	assert_int_equal(uri->port, 0);
	uri_free(uri);

	uri = uri_parse("http://u@h:/?");
	assert_string_equal(uri->user, "u");
	assert_null(uri->password);
	assert_string_equal(uri->query, "");
	uri_free(uri);

	uri = uri_parse("tftp:///pxelinux.0");
	assert_string_equal(uri->host, "");
	assert_string_equal(uri->path, "/pxelinux.0");
	uri_free(uri);
}

static void test_opaque(void **state)
{
	struct uri *uri = uri_parse("iscsi:192.0.2.10:::1:iqn.2004-01.com.example:disk1");

	assert_string_equal(uri->scheme, "iscsi");
	assert_string_equal(uri->opaque, "192.0.2.10:::1:iqn.2004-01.com.example:disk1");
	assert_null(uri->path);
	uri_free(uri);
	uri = uri_parse("data:text/plain,#!ipxe?a");
	assert_string_equal(uri->opaque, "text/plain,#!ipxe?a");
	uri_free(uri);
	/* With a slash it has a path, though no authority. */
	uri = uri_parse("file:/a/b.ipxe");
	assert_null(uri->opaque);
	assert_null(uri->host);
	assert_string_equal(uri->path, "/a/b.ipxe");
	uri_free(uri);
	uri = uri_parse("a/b:c");
	assert_null(uri->scheme);
	assert_string_equal(uri->path, "a/b:c");
	uri_free(uri);
	uri = uri_parse(":x");
	assert_null(uri->scheme);
	uri_free(uri);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"http://h:99999/", "http://h:x/",	  "http://h:0/",
		"http://[::1/",	   "http://[::1]x/",	  "http://h/\r\nX",
		"http://h/a\tb",   "http://h:123456789/", "http://h:-1/",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct uri *uri = uri_parse(bad[i]);

		if (uri)
			print_error("accepted: %s\n", bad[i]);
		assert_null(uri);
		assert_true(strlen(error_text()) > 10);
	}
}

static void test_long(void **state)
{
	enum { LEN = 20000 };
	char *text = malloc(70000);
	struct uri *base = uri_parse("http://h/x"), *uri;

	strcpy(text, "/signed?");
	memset(text + 8, 'z', LEN);
	text[8 + LEN] = 0;
	uri = uri_resolve(base, text);
	assert_int_equal(strlen(uri->query), LEN);
	uri_free(uri);
	memset(text, 'z', 66000);
	text[66000] = 0;
	assert_null(uri_parse(text));
	uri_free(base);
	free(text);
}

static void test_redacted(void **state)
{
	char buf[64], small[8];
	struct uri *uri = uri_parse("http://user:secret@h:80/p?token=1#f");

	assert_string_equal(uri_redacted(uri, buf, sizeof(buf)), "http://h:80/p");
	assert_string_equal(uri_redacted(uri, small, sizeof(small)), "http://");
	uri_free(uri);
	/* A script that puts a secret into the path. */
	setting_store("password", "p@ssword", SOURCE_SCRIPT);
	uri = uri_parse("http://h/p%40ssword/cGFzcw/x/cEBzc3dvcmQ=");
	assert_string_equal(uri_redacted(uri, buf, sizeof(buf)), "http://h/***/cGFzcw/x/***");
	uri_free(uri);
	uri = uri_parse("x:p@ssword");
	assert_string_equal(uri_redacted(uri, small, sizeof(small)), "x:***");
	uri_free(uri);
	settings_reset();
}

static void test_hidden_passwords(void **state)
{
	static const char *const table[][2] = {
		{"http://u:secret@h/p", "http://u:***@h/p"},
		{"GET http://u:se:c@r@h:80/x@y http://v:w@i/",
		 "GET http://u:***@h:80/x@y http://v:***@i/"},
		{"http://u:sec/ret@h/", "http://u:***@h/"},
		{"http://u:@h/", "http://u:***@h/"},
		{"http://h:80/a@b", "http://h:80/a@b"},
		{"http://h/a:b@c", "http://h/a:b@c"},
		{"http://u@h:99999/", "http://u@h:99999/"},
		{"iscsi:192.0.2.1::::iqn.a", "iscsi:192.0.2.1::::iqn.a"},
		{"", ""},
		{"://", "://"},
		{"x://:@", "x://:***@"},
	};
	char buf[64], small[12];

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		assert_string_equal(uri_hide_passwords(table[i][0], buf, sizeof(buf)), table[i][1]);
	assert_string_equal(uri_hide_passwords("http://user:pw@h/", small, sizeof(small)),
			    "http://user");
	assert_string_equal(uri_hide_passwords("http://u:pw@h/", small, sizeof(small)),
			    "http://u:**");
	assert_null(uri_parse("http://u:secret@h:x/"));
	assert_null(strstr(error_text(), "secret"));
	assert_null(uri_parse("http://u:sec/ret@h/"));
	assert_null(strstr(error_text(), "ret"));
}

static void test_basename(void **state)
{
	static const char *const table[][2] = {
		{"http://h/a/vmlinuz?x=/y", "vmlinuz"},
		{"http://h/a%20b", "a b"},
		{"http://h/", ""},
		{"http://h", ""},
		{"x", "x"},
		{"tftp://h//pxe/x.0", "x.0"},
		{"http://h/a%2", "a%2"},
	};
	char buf[64];

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		struct uri *uri = uri_parse(table[i][0]);

		assert_string_equal(uri_basename(uri, buf, sizeof(buf)), table[i][1]);
		uri_free(uri);
	}
}

static void test_coding(void **state)
{
	char buf[32], small[6];

	assert_int_equal(uri_encode("a b/\xff~", 6, "/", buf, sizeof(buf)), 10);
	assert_string_equal(buf, "a%20b/%FF~");
	assert_int_equal(uri_encode("a b/c", 5, "", small, sizeof(small)), 9);
	assert_string_equal(small, "a%20b");
	assert_int_equal(uri_encode("\0", 1, "/", buf, sizeof(buf)), 3);
	assert_int_equal(uri_decode("%41%zz%4", buf, sizeof(buf)), 6);
	assert_string_equal(buf, "A%zz%4");
	assert_int_equal(uri_decode("abcdef", small, 4), 3);
	assert_string_equal(small, "abc");
}

/* Every allocation may fail: no leak, no half-made URI. */
static void test_out_of_memory(void **state)
{
	unsigned before = host_heap_blocks();
	struct uri *uri;

	for (unsigned n = 1; n < 12; n++) {
		host_heap_fail(n, true);
		uri = uri_parse("http://u:p@h/p?q#f");
		host_heap_fail(0, false);
		if (uri)
			uri_free(uri);
		assert_int_equal(host_heap_blocks(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rfc3986_normal, setup),
		cmocka_unit_test_setup(test_rfc3986_abnormal, setup),
		cmocka_unit_test_setup(test_base_without_path, setup),
		cmocka_unit_test_setup(test_login_and_ipv6_survive_resolving, setup),
		cmocka_unit_test_setup(test_components, setup),
		cmocka_unit_test_setup(test_opaque, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_long, setup),
		cmocka_unit_test_setup(test_redacted, setup),
		cmocka_unit_test_setup(test_hidden_passwords, setup),
		cmocka_unit_test_setup(test_basename, setup),
		cmocka_unit_test_setup(test_coding, setup),
		cmocka_unit_test_setup(test_out_of_memory, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
