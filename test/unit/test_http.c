/* SPDX-License-Identifier: BSD-2-Clause */
/* netstack/http_header.c and http_auth.c: responses in pieces of every size, hostile servers, the
 * examples of RFC 7616, 7617 and 2069. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "netstack/http.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	return 0;
}

/* ---- The parser ---- */

static uint8_t body[1 << 17];
static size_t body_len;
static unsigned headers;
static int header_rc;

static int on_header(struct http_parser *parser)
{
	headers++;
	return header_rc;
}

static int on_body(struct http_parser *parser, const uint8_t *data, size_t len)
{
	assert_true(body_len + len <= sizeof(body));
	memcpy(body + body_len, data, len);
	body_len += len;
	return 0;
}

static void parser_init(struct http_parser *p, bool no_body)
{
	memset(p, 0, sizeof(*p));
	p->header = on_header;
	p->body = on_body;
	http_parser_start(p, no_body);
	body_len = 0;
	headers = 0;
	header_rc = 0;
}

/* Feed @text in two pieces cut at @cut (0: byte by byte) and check that all of it is used. */
static void feed(struct http_parser *p, const char *text, size_t len, size_t cut)
{
	size_t at = 0, n;

	while (at < len) {
		/* An exact copy, so that reading past its end is seen. */
		n = cut ? (at < cut ? cut : len) - at : 1;
		uint8_t *copy = malloc(n);

		memcpy(copy, text + at, n);
		at += http_parser_feed(p, copy, n);
		free(copy);
		if (p->state == HTTP_COMPLETE || p->state == HTTP_BROKEN)
			break;
	}
}

/* The same result however @text is cut. */
static void every_split(const char *text, bool no_body, bool end, enum http_parse_state state,
			unsigned status, const char *expected)
{
	size_t len = strlen(text), cut;
	struct http_parser p;

	for (cut = 0; cut < len; cut++) {
		parser_init(&p, no_body);
		feed(&p, text, len, cut);
		if (end)
			http_parser_end(&p);
		if (p.state != state || p.response.status != status ||
		    body_len != strlen(expected) || memcmp(body, expected, body_len))
			print_error("cut %u: state %d status %u body %.*s\n", (unsigned)cut,
				    p.state, p.response.status, (int)body_len, (char *)body);
		assert_int_equal(p.state, state);
		assert_int_equal(p.response.status, status);
		assert_int_equal(body_len, strlen(expected));
		assert_memory_equal(body, expected, body_len);
		http_parser_free(&p);
	}
}

static void test_length(void **state)
{
	every_split("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", false, false,
		    HTTP_COMPLETE, 200, "hello");
	every_split("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", false, false, HTTP_COMPLETE, 200,
		    "hello");
	every_split("HTTP/1.1 200\r\ncontent-length:5\r\n\r\nhello", false, false, HTTP_COMPLETE,
		    200, "hello");
	every_split("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, false, HTTP_COMPLETE,
		    200, "");
	every_split("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", false, false,
		    HTTP_COMPLETE, 200, "hello");
}

static void test_chunked(void **state)
{
	every_split("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\n\r\n",
		    false, false, HTTP_COMPLETE, 200, "hello world");
	every_split("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n"
		    "00A\n0123456789\n0\nTrailer: x\nAnother: y\n\n",
		    false, false, HTTP_COMPLETE, 200, "0123456789");
}

static void test_close_delimited(void **state)
{
	every_split("HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", false, true, HTTP_COMPLETE, 200,
		    "hello");
	every_split("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", false, true, HTTP_BROKEN,
		    200, "hello");
	every_split("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false,
		    true, HTTP_BROKEN, 200, "hello");
}

static void test_interim(void **state)
{
	every_split("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		    false, false, HTTP_COMPLETE, 200, "ok");
	every_split("HTTP/1.1 101 Switching\r\n\r\n", false, false, HTTP_BROKEN, 101, "");
}

static void test_no_body(void **state)
{
	every_split("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, false,
		    HTTP_COMPLETE, 204, "");
	every_split("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, false, HTTP_COMPLETE, 200,
		    "");
}

/* What follows a complete response is not eaten. */
static void test_pipelined(void **state)
{
	const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404";
	struct http_parser p;

	parser_init(&p, false);
	assert_int_equal(http_parser_feed(&p, (const uint8_t *)text, strlen(text)),
			 strlen(text) - 12);
	assert_int_equal(p.state, HTTP_COMPLETE);
	http_parser_free(&p);
}

static void test_header_error_stops(void **state)
{
	const char *text = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
	struct http_parser p;

	parser_init(&p, false);
	header_rc = E_HTTP_NOT_FOUND;
	http_parser_feed(&p, (const uint8_t *)text, strlen(text));
	assert_int_equal(p.state, HTTP_BROKEN);
	assert_int_equal(p.rc, E_HTTP_NOT_FOUND);
	assert_int_equal(body_len, 0);
	assert_int_equal(headers, 1);
	http_parser_free(&p);
}

static void test_hostile(void **state)
{
	static const char *const bad[] = {
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 -20 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5,6\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
	};
	struct http_parser p;
	size_t cut;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		for (cut = 0; cut < strlen(bad[i]); cut++) {
			parser_init(&p, false);
			feed(&p, bad[i], strlen(bad[i]), cut);
			if (p.state != HTTP_BROKEN)
				print_error("accepted: %s\n", bad[i]);
			assert_int_equal(p.state, HTTP_BROKEN);
			assert_int_equal(p.rc, E_HTTP_PROTOCOL);
			http_parser_free(&p);
		}
	}
}

/* Headers, chunk extensions and trailers without end are cut off. */
static void test_endless(void **state)
{
	static const char *const start[] = {
		"HTTP/1.1 200 OK\r\nX: ",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
	};
	uint8_t block[1000];
	struct http_parser p;
	unsigned turns;

	memset(block, 'a', sizeof(block));
	for (unsigned i = 0; i < ARRAY_SIZE(start); i++) {
		parser_init(&p, false);
		http_parser_feed(&p, (const uint8_t *)start[i], strlen(start[i]));
		for (turns = 0; turns < 200 && p.state != HTTP_BROKEN; turns++)
			http_parser_feed(&p, block, sizeof(block));
		assert_int_equal(p.state, HTTP_BROKEN);
		assert_true(p.text_size <= 2 * HTTP_HEADER_MAX);
		http_parser_free(&p);
	}
	parser_init(&p, false);
	for (turns = 0; turns < 5000 && p.state != HTTP_BROKEN; turns++)
		http_parser_feed(&p, (const uint8_t *)"HTTP/1.1 100 Continue\r\n\r\n", 25);
	assert_int_equal(p.state, HTTP_BROKEN);
	http_parser_free(&p);
}

/* Many chunks are fine, however small: only what exceeds the content is limited. */
static void test_many_chunks(void **state)
{
	const char *header = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct http_parser p;

	parser_init(&p, false);
	http_parser_feed(&p, (const uint8_t *)header, strlen(header));
	for (unsigned i = 0; i < 100000; i++)
		http_parser_feed(&p, (const uint8_t *)"1\r\nx\r\n", 6);
	http_parser_feed(&p, (const uint8_t *)"0\r\n\r\n", 5);
	assert_int_equal(p.state, HTTP_COMPLETE);
	assert_int_equal(body_len, 100000);
	http_parser_free(&p);
}

static void parse(struct http_response *r, const char *text, int rc)
{
	assert_int_equal(http_response_parse(r, text, strlen(text)), rc);
}

static void test_fields(void **state)
{
	struct http_response r;

	parse(&r,
	      "HTTP/1.1 206 Partial  Content\r\nContent-Range: bytes 10-19/9999999999\r\n"
	      "Content-Length:10\r\nETag: \"a b\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 "
	      "GMT\r\n"
	      "Accept-Ranges: bytes\r\nRetry-After: 7\r\nConnection: Upgrade, Close\r\n",
	      0);
	assert_int_equal(r.status, 206);
	assert_string_equal(r.reason, "Partial  Content");
	assert_true(r.has_range);
	assert_true(r.range_first == 10 && r.range_last == 19 && r.range_total == 9999999999ull);
	assert_string_equal(r.etag, "\"a b\"");
	assert_string_equal(r.last_modified, "Mon, 01 Jan 2024 00:00:00 GMT");
	assert_true(r.accept_ranges);
	assert_int_equal(r.retry_after, 7);
	assert_false(r.keep_alive);
	http_response_free(&r);

	parse(&r,
	      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nETag: W/\"weak\"\r\n"
	      "Content-Range: bytes 5-2/10\r\n",
	      0);
	assert_true(r.keep_alive && r.http10 && !r.has_range);
	assert_string_equal(r.etag, "");
	http_response_free(&r);

	parse(&r, "HTTP/1.1 416 Range\r\nContent-Range: bytes */77\r\n", 0);
	assert_false(r.has_range);
	assert_true(r.range_total == 77);
	http_response_free(&r);

	parse(&r, "HTTP/1.1 200 \x1b[2J\x07 ok\r\n", 0);
	assert_string_equal(r.reason, ".[2J. ok");
	http_response_free(&r);
}

/* A NUL in a name is not the end of the name that we compare with. */
static void test_embedded_nul(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nconnection\0\0\0\0\0\0\0\0\0\0: close\r\n";
	struct http_response r;

	assert_int_equal(http_response_parse(&r, text, sizeof(text) - 1), 0);
	assert_true(r.keep_alive);
	http_response_free(&r);
}

/* A redirect reaches us byte for byte; a folded field is one line. */
static void test_location(void **state)
{
	struct http_response r;

	parse(&r, "HTTP/1.1 302 Found\r\nLocation: http://h/a%2Fb;c?sig=x%3D+/=~&y=%20#f \r\n", 0);
	assert_string_equal(r.location, "http://h/a%2Fb;c?sig=x%3D+/=~&y=%20#f");
	http_response_free(&r);
	parse(&r, "HTTP/1.1 302 Found\r\nX: a\r\n b\r\nLocation:\r\n\thttp://h/\r\nY: z\r\n", 0);
	assert_string_equal(r.location, "http://h/");
	http_response_free(&r);
}

/* ---- Authentication ---- */

static void challenge(struct http_challenge *c, const char *value)
{
	memset(c, 0, sizeof(*c));
	http_challenge_parse(c, value, strlen(value));
}

static void test_challenges(void **state)
{
	struct http_challenge c;

	challenge(&c, "Basic realm=\"a \\\"b\\\" c\"");
	assert_int_equal(c.scheme, HTTP_AUTH_BASIC);
	assert_string_equal(c.realm, "a \"b\" c");

	challenge(&c, "Basic realm=\"x\", Digest realm=\"y\", nonce=\"n\", qop=\"auth-int, auth\", "
		      "algorithm=SHA-256, Negotiate");
	assert_int_equal(c.scheme, HTTP_AUTH_DIGEST);
	assert_int_equal(c.algorithm, HTTP_SHA256);
	assert_true(c.qop_auth);
	assert_string_equal(c.realm, "y");

	challenge(&c, "Digest realm=\"y\", nonce=\"n\", algorithm=MD5, stale=TRUE,opaque=\"\"");
	http_challenge_parse(&c, "Digest realm=z,nonce=m,algorithm=SHA-512-256", 44);
	assert_string_equal(c.realm, "y");
	assert_true(c.stale && c.has_opaque && !c.qop_auth);

	/* Without nonce, or with nothing but auth-int, there is no answer. */
	challenge(&c, "Digest realm=\"y\"");
	assert_int_equal(c.scheme, HTTP_AUTH_NONE);
	challenge(&c, "Digest realm=\"y\", nonce=\"n\", qop=\"auth-int\"");
	assert_int_equal(c.scheme, HTTP_AUTH_NONE);
	challenge(&c, "NTLM");
	assert_int_equal(c.scheme, HTTP_AUTH_NONE);
}

static void test_challenge_garbage(void **state)
{
	static const char text[] =
		"Digest =,\"\\\", realm=\"unterminated, nonce=\"\x01\",,, = = Basic \"";
	struct http_challenge c;

	for (size_t i = 0; i < sizeof(text); i++) {
		char *copy = malloc(sizeof(text) - i);

		memcpy(copy, text + i, sizeof(text) - i);
		memset(&c, 0, sizeof(c));
		http_challenge_parse(&c, copy, sizeof(text) - i);
		free(copy);
	}
}

static void test_basic(void **state)
{
	struct http_challenge c;
	char out[128];

	challenge(&c, "Basic realm=\"WallyWorld\"");
	assert_int_equal(
		http_authorization(&c, "Aladdin", "open sesame", "GET", "/", "x", out, sizeof(out)),
		34);
	assert_string_equal(out, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	assert_true(http_authorization(&c, "Aladdin", "open sesame", "GET", "/", "x", out, 20) < 0);
}

/* RFC 7616 section 3.9.1 */
static void test_digest_rfc7616(void **state)
{
	static const struct {
		const char *algorithm, *response;
	} table[] = {
		{"MD5", "response=\"8ca523f5e9506fed4657c9700eebdbec\""},
		{"SHA-256",
		 "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""},
	};
	struct http_challenge c;
	char value[300], out[800];

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		snprintf(value, sizeof(value),
			 "Digest realm=\"http-auth@example.org\", "
			 "qop=\"auth, auth-int\", algorithm=%s, "
			 "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
			 "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
			 table[i].algorithm);
		challenge(&c, value);
		assert_true(http_authorization(&c, "Mufasa", "Circle of Life", "GET",
					       "/dir/index.html",
					       "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", out,
					       sizeof(out)) > 0);
		assert_non_null(strstr(out, table[i].response));
		assert_non_null(strstr(out, "nc=00000001"));
		assert_non_null(
			strstr(out, "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
		http_authorization(&c, "Mufasa", "Circle of Life", "GET", "/", "x", out,
				   sizeof(out));
		assert_non_null(strstr(out, "nc=00000002"));
	}
}

/* RFC 2069 (with its erratum 749): no qop. */
static void test_digest_rfc2069(void **state)
{
	struct http_challenge c;
	char out[600];

	challenge(&c, "Digest realm=\"testrealm@host.com\", "
		      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
		      "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
	assert_true(http_authorization(&c, "Mufasa", "CircleOfLife", "GET", "/dir/index.html", "x",
				       out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "response=\"1949323746fe6a43ef61f9606e7febea\""));
	assert_null(strstr(out, "nc="));
}

static void test_digest_quoting_and_size(void **state)
{
	struct http_challenge c;
	char out[400];

	challenge(&c, "Digest realm=\"a\\\"b\", nonce=\"n\"");
	assert_true(http_authorization(&c, "us\\er\"", "p", "GET", "/", "x", out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "username=\"us\\\\er\\\"\""));
	assert_non_null(strstr(out, "realm=\"a\\\"b\""));
	for (size_t size = 8; size < 100; size++)
		assert_true(http_authorization(&c, "user", "p", "GET", "/", "x", out, size) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_length, setup),
		cmocka_unit_test_setup(test_chunked, setup),
		cmocka_unit_test_setup(test_close_delimited, setup),
		cmocka_unit_test_setup(test_interim, setup),
		cmocka_unit_test_setup(test_no_body, setup),
		cmocka_unit_test_setup(test_pipelined, setup),
		cmocka_unit_test_setup(test_header_error_stops, setup),
		cmocka_unit_test_setup(test_hostile, setup),
		cmocka_unit_test_setup(test_endless, setup),
		cmocka_unit_test_setup(test_many_chunks, setup),
		cmocka_unit_test_setup(test_fields, setup),
		cmocka_unit_test_setup(test_embedded_nul, setup),
		cmocka_unit_test_setup(test_location, setup),
		cmocka_unit_test_setup(test_challenges, setup),
		cmocka_unit_test_setup(test_challenge_garbage, setup),
		cmocka_unit_test_setup(test_basic, setup),
		cmocka_unit_test_setup(test_digest_rfc7616, setup),
		cmocka_unit_test_setup(test_digest_rfc2069, setup),
		cmocka_unit_test_setup(test_digest_quoting_and_size, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
