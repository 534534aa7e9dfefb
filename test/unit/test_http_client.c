/* SPDX-License-Identifier: BSD-2-Clause */
/* netstack/http.c, http_fetch.c and fetch.c against a scripted HTTP server behind the real TCP:
 * connections reused and gone stale, redirects, logins, breaks with resume, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "netstack/fetch.h"
#include "netstack/params.h"
#include "test/unit/http_server.h"

static int setup(void **state)
{
	http_server_start();
	return 0;
}

static int teardown(void **state)
{
	http_server_stop();
	return 0;
}

/* ---- The client ---- */

static struct fetch f;

static int get(const char *path, unsigned retries)
{
	char text[300];
	struct uri *uri;
	int rc;

	snprintf(text, sizeof(text), strchr(path, ':') ? "%s" : SERVER "%s", path);
	/* Not redundant: a user may stand in front of the host. */
	uri = uri_parse(text);
	f = (struct fetch){.uri = uri, .retries = retries};
	host_output_clear();
	rc = fetch_run(&f);
	uri_free(uri);
	return rc;
}

static void assert_got(const char *text)
{
	assert_true(f.len == strlen(text));
	assert_memory_equal(f.data, text, strlen(text));
	fetch_release(&f);
}

static void test_get(void **state)
{
	say(OK("5", "hello"), KEEP);
	assert_int_equal(get("/a%2Fb/c d?x=%20&y=/?", 0), 0);
	assert_got("hello");
	assert_int_equal(strncmp(requests[0], "GET /a%2Fb/c%20d?x=%20&y=/? HTTP/1.1\r\n", 37), 0);
	assert_true(asked(0, "\r\nHost: 192.0.2.1:3260\r\n"));
	assert_true(asked(0, "\r\nUser-Agent: iPXE/"));
	assert_true(asked(0, "\r\nConnection: keep-alive\r\n"));
	assert_non_null(strstr(host_output(), SERVER "/a%2Fb/c d... ok"));
}

static void test_connection_is_reused(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		say(OK("2", "ok"), KEEP);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(get("/x", 0), 0);
		assert_got("ok");
	}
	assert_int_equal(connections, 1);
	assert_int_equal(request_count, 3);
}

/* The card has another address by now: what is said from the old one gets no answer. */
static void test_connection_of_an_old_address(void **state)
{
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x", 0), 0);
	assert_got("ok");
	setting_store("net0/ip", "192.0.2.77", SOURCE_SCRIPT);
	netif_configure_all();
	assert_int_not_equal(get("/x", 0), 0); /* the scripted server knows one address only */
	assert_int_not_equal(connections, 1);
	assert_int_equal(request_count, 1);
}

/* The server closed the idle connection: noticed before or after the next request went out. */
static void test_stale_connection(void **state)
{
	close_idle = true;
	say(OK("2", "ok"), KEEP);
	say(OK("3", "two"), KEEP);
	assert_int_equal(get("/x", 0), 0);
	assert_got("ok");
	pass_ms(100);
	assert_int_equal(get("/y", 0), 0);
	assert_got("two");
	assert_int_equal(connections, 2);
}

static void test_stale_reset_on_request(void **state)
{
	say(OK("2", "ok"), KEEP);
	say("", RESET);
	say(OK("3", "two"), KEEP);
	assert_int_equal(get("/x", 0), 0);
	assert_got("ok");
	assert_int_equal(get("/y", 0), 0);
	assert_got("two");
	assert_int_equal(connections, 2);
	assert_true(asked(1, "GET /y ") && asked(2, "GET /y "));
}

static void test_chunked_and_close(void **state)
{
	say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	    KEEP);
	say("HTTP/1.1 200 OK\r\n\r\nuntil the end", CLOSE);
	assert_int_equal(get("/c", 0), 0);
	assert_got("abcde");
	assert_int_equal(get("/e", 0), 0);
	assert_got("until the end");
	assert_int_equal(connections, 1);
}

static void test_redirect_byte_for_byte(void **state)
{
	say("HTTP/1.1 302 Found\r\nLocation: /s%2Fg?sig=a+b/c=~;%41&t=%2f\r\nContent-Length: "
	    "4\r\n\r\nbody",
	    KEEP);
	say("HTTP/1.1 307 T\r\nLocation: rel?q\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/d/x", 0), 0);
	assert_string_equal(f.final_uri->text, SERVER "/rel?q");
	assert_got("ok");
	assert_true(asked(1, "GET /s%2Fg?sig=a+b/c=~;%41&t=%2f HTTP/1.1\r\n"));
	assert_int_equal(connections, 1);
}

static void test_redirect_loop(void **state)
{
	for (unsigned i = 0; i < 12; i++)
		say("HTTP/1.1 301 M\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", KEEP);
	assert_int_equal(get("/loop", 3), E_HTTP_REDIRECT);
	assert_int_equal(request_count, 11);
	assert_non_null(strstr(error_text(), "loop"));
}

static void test_redirect_refused(void **state)
{
	say("HTTP/1.1 301 M\r\nLocation: https://h/x\r\nContent-Length: 0\r\n\r\n", KEEP);
	say("HTTP/1.1 301 M\r\nLocation: gopher://h/x\r\nContent-Length: 0\r\n\r\n", KEEP);
	say("HTTP/1.1 301 M\r\nLocation: http://h:99999/\r\nContent-Length: 0\r\n\r\n", KEEP);
	say("HTTP/1.1 304 Not Modified\r\n\r\n", KEEP);
	assert_int_equal(get("/x", 3), E_FETCH_TLS);
	assert_int_equal(get("/x", 3), E_HTTP_ADDRESS);
	assert_int_equal(get("/x", 3), E_URI_INVALID);
	assert_int_equal(get("/x", 3), E_HTTP_STATUS);
	assert_int_equal(request_count, 4);
}

static void test_status(void **state)
{
	say("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry", KEEP);
	assert_int_equal(get("/x", 3), E_HTTP_NOT_FOUND);
	assert_int_equal(request_count, 1);
	assert_string_equal(error_text(), SERVER "/x: HTTP 404 Not Found");
	say("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", KEEP);
	assert_int_equal(get("/x", 3), E_HTTP_STATUS);
	assert_int_equal(request_count, 2);
	assert_int_equal(host_image_used(), 0);
}

static void test_server_errors_are_retried(void **state)
{
	uint64_t start = clock_ms();

	say("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", KEEP);
	say("HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x", 3), 0);
	assert_got("ok");
	assert_int_equal(request_count, 3);
	assert_true(clock_ms() - start >= 10000 && clock_ms() - start < 12000);
	assert_non_null(strstr(host_output(), "HTTP 503 Busy; attempt 3 of 4 in 9 s"));
}

static void test_retry_after_is_capped(void **state)
{
	uint64_t start = clock_ms();

	say("HTTP/1.1 429 Slow down\r\nRetry-After: 4000000000\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x", 1), 0);
	assert_got("ok");
	assert_true(clock_ms() - start < 62000);
}

static void test_resume(void **state)
{
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n\r\n0123", RESET);
	say("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: "
	    "6\r\n\r\n456789",
	    KEEP);
	assert_int_equal(get("/x", 1), 0);
	assert_got("0123456789");
	assert_true(asked(1, "\r\nRange: bytes=4-\r\n") && asked(1, "\r\nIf-Range: \"v1\"\r\n"));
}

/* A server that ignores Range, or has a new version of the file: from the beginning. */
static void test_resume_ignored(void **state)
{
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
	    "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n0123",
	    CLOSE);
	say(OK("6", "newone"), KEEP);
	assert_int_equal(get("/x", 1), 0);
	assert_got("newone");
	assert_true(asked(1, "If-Range: Mon, 01 Jan 2024 00:00:00 GMT\r\n"));
}

/* Without something to compare by, a resumed transfer could join two versions. */
static void test_no_validator(void **state)
{
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: W/\"weak\"\r\n\r\n0123", CLOSE);
	say(OK("10", "abcdefghij"), KEEP);
	assert_int_equal(get("/x", 1), 0);
	assert_got("abcdefghij");
	assert_false(asked(1, "Range:"));
}

static void test_wrong_part(void **state)
{
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n\r\n0123", RESET);
	say("HTTP/1.1 206 P\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
	    KEEP);
	say(OK("10", "abcdefghij"), KEEP);
	assert_int_equal(get("/x", 2), 0);
	assert_got("abcdefghij");
	assert_false(asked(2, "Range:"));
}

static void test_short_for_good(void **state)
{
	for (unsigned i = 0; i < 2; i++)
		say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", CLOSE);
	assert_int_equal(get("/x", 1), E_HTTP_SHORT);
	assert_int_equal(host_image_used(), 0);
}

#define ASK_BASIC                                                                                  \
	"HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 4\r\n\r\nnope"

static void test_login_from_uri(void **state)
{
	say(ASK_BASIC, KEEP);
	say(OK("2", "ok"), KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("http://Aladdin:open%20sesame@192.0.2.1:3260/x", 0), 0);
	assert_got("ok");
	assert_false(asked(0, "Authorization"));
	assert_true(asked(1, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	assert_int_equal(connections, 1);
	/* The next request brings it unasked. */
	assert_int_equal(get("http://Aladdin:open%20sesame@192.0.2.1:3260/y", 0), 0);
	assert_got("ok");
	assert_true(asked(2, "GET /y ") && asked(2, "Authorization: Basic QWxh"));
}

static void test_login_digest_from_settings(void **state)
{
	setting_store("username", "Mufasa", SOURCE_SCRIPT);
	setting_store("password", "Circle of Life", SOURCE_SCRIPT);
	say("HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"r\"\r\n"
	    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", "
	    "algorithm=SHA-256\r\n"
	    "Content-Length: 0\r\n\r\n",
	    KEEP);
	say("HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", "
	    "algorithm=SHA-256, stale=true\r\nContent-Length: 0\r\n\r\n",
	    KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x?y", 0), 0);
	assert_got("ok");
	assert_true(asked(1,
			  "Authorization: Digest username=\"Mufasa\", realm=\"r\", nonce=\"n1\", "
			  "uri=\"/x?y\""));
	assert_true(asked(2, "nonce=\"n2\"") && asked(2, "nc=00000001"));
}

static void test_login_refused(void **state)
{
	say(ASK_BASIC, KEEP);
	assert_int_equal(get("http://192.0.2.1:3260/x", 3), E_HTTP_AUTH);
	assert_non_null(strstr(error_text(), "wants a user name"));
	say(ASK_BASIC, KEEP);
	say(ASK_BASIC, KEEP);
	say(ASK_BASIC, KEEP);
	assert_int_equal(get("http://joe:wrong@192.0.2.1:3260/x", 3), E_HTTP_AUTH);
	assert_non_null(strstr(error_text(), "refused the password of user \"joe\""));
	assert_null(strstr(error_text(), "wrong"));
	assert_true(request_count <= 3);
}

/* A name with a line break must not write into the request. */
static void test_login_injection(void **state)
{
	say(ASK_BASIC, KEEP);
	assert_int_equal(get("http://a%0d%0aX:p@192.0.2.1:3260/x", 0), E_HTTP_AUTH);
	assert_int_equal(request_count, 1);
}

static void test_too_big(void **state)
{
	host_image_limit(1 << 20);
	say(OK("3000000000", ""), KEEP);
	assert_int_equal(get("/x", 3), E_FETCH_NO_ROOM);
	assert_non_null(strstr(error_text(), "needs 3000.0 MB"));
	assert_int_equal(request_count, 1);
	host_image_limit(0);
}

/* Sizes that wrap around when they are rounded up to pages: no memory would be behind them. */
static void test_absurd_length(void **state)
{
	say(OK("18446744073709551614", "boom"), KEEP);
	assert_int_equal(get("/x", 3), E_FETCH_NO_ROOM);
	say(OK("18446744073709547521", "boom"), KEEP);
	assert_int_equal(get("/x", 3), E_FETCH_NO_ROOM);
	say(OK("4294967295", "boom"), KEEP);
	assert_int_equal(get("/x", 3), E_FETCH_NO_ROOM);
	assert_int_equal(request_count, 3);
}

static void test_not_http(void **state)
{
	say("220 mail ESMTP\r\n\r\n", CLOSE);
	assert_int_equal(get("/x", 3), E_HTTP_PROTOCOL);
	assert_int_equal(request_count, 1);
}

static void test_stall(void **state)
{
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", KEEP);
	assert_int_equal(get("/x", 0), E_FETCH_STALLED);
}

/* Nothing received is no amount: for how long is what somebody wants to know. */
static void test_silence_is_shown_as_waiting(void **state)
{
	assert_int_equal(get("/x", 0), E_FETCH_STALLED);
	assert_non_null(strstr(host_output(), "/x... waiting for 1 s"));
	assert_non_null(strstr(host_output(), "waiting for 29 s"));
	assert_null(strstr(host_output(), "MB"));
	say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", KEEP);
	assert_int_equal(get("/x", 0), E_FETCH_STALLED);
	assert_non_null(strstr(host_output(), " 40% [####......] 0.1/0.1 MB"));
}

static void test_cancel(void **state)
{
	host_keys("\x03");
	assert_int_equal(get("/x", 3), E_CANCELLED);
	assert_string_equal(error_text(), "http://192.0.2.1:3260/x: cancelled with Ctrl-C");
	assert_true(request_count <= 1);
	/* In the pause before another attempt too, and by whom is told right. */
	say(OK("5", "abc"), CLOSE);
	wait_cancelled_at = clock_ms() + 500;
	assert_int_equal(get("/x", 3), E_CANCELLED);
	assert_string_equal(error_text(), "http://192.0.2.1:3260/x: cancelled by boot-timeout");
	wait_cancelled_at = DEADLINE_NEVER;
}

/* ---- Request parameters ---- */

static void make_params(const char *name, const char *method)
{
	assert_int_equal(params_create(name, method), 0);
	assert_int_equal(params_add(params_find(name), "mac", "52:54:00", false), 0);
	assert_int_equal(params_add(params_find(name), "X-Key", "a b", true), 0);
	assert_int_equal(params_add(params_find(name), "na me", "\xc3\xa4&=+%/~", false), 0);
}

#define FORM "mac=52%3A54%3A00&na+me=%C3%A4%26%3D%2B%25%2F%7E"

static void test_post(void **state)
{
	make_params("", NULL);
	say(OK("2", "ok"), KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x", 0), 0);
	assert_got("ok");
	/* Not over the kept connection: it may be dead, and this must not go out twice. */
	assert_int_equal(get("/register?a=b##params", 0), 0);
	assert_got("ok");
	assert_int_equal(connections, 2);
	assert_int_equal(strncmp(requests[1], "POST /register?a=b HTTP/1.1\r\n", 29), 0);
	assert_true(asked(1, "\r\nX-Key: a b\r\n"));
	assert_true(asked(1, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	assert_true(asked(1, "\r\nContent-Length: 47\r\n\r\n" FORM));
	params_free(params_find(""));
}

static void test_post_is_not_repeated(void **state)
{
	make_params("", NULL);
	say("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_not_equal(get("/x##params", 3), 0);
	assert_int_equal(request_count, 1);
	params_free(params_find(""));
}

static void test_post_redirected(void **state)
{
	make_params("p", "PUT");
	say("HTTP/1.1 307 T\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", KEEP);
	say("HTTP/1.1 303 T\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x##params=p", 0), 0);
	assert_got("ok");
	assert_int_equal(strncmp(requests[1], "PUT /y ", 7), 0);
	assert_true(asked(1, FORM));
	assert_int_equal(strncmp(requests[2], "GET /z ", 7), 0);
	assert_false(asked(2, "Content-Length"));
	assert_true(asked(2, "X-Key: a b"));
	params_free(params_find("p"));
}

static void test_header_lines_stay_with_their_server(void **state)
{
	make_params("", NULL);
	say("HTTP/1.1 307 T\r\nLocation: http://192.0.2.1:3261/y\r\nContent-Length: 0\r\n\r\n",
	    KEEP);
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x##params", 0), 0);
	assert_got("ok");
	assert_true(asked(0, "X-Key: a b"));
	assert_true(asked(1, "Host: 192.0.2.1:3261"));
	assert_false(asked(1, "X-Key"));
	params_free(params_find(""));
}

static void test_get_with_params(void **state)
{
	make_params("q", "GET");
	say(OK("2", "ok"), KEEP);
	assert_int_equal(get("/x?a=b##params=q", 0), 0);
	assert_got("ok");
	assert_int_equal(strncmp(requests[0], "GET /x?a=b&" FORM " HTTP/1.1\r\n", 69), 0);
	params_free(params_find("q"));
}

static void test_params_refused(void **state)
{
	assert_int_equal(get("/x##params=none", 3), E_HTTP_PARAMS);
	assert_int_equal(params_create("p", NULL), 0);
	assert_int_equal(params_add(params_find("p"), "X", "a\r\nb", true), E_HTTP_ADDRESS);
	assert_int_equal(params_add(params_find("p"), "X y", "a", true), E_HTTP_ADDRESS);
	assert_int_equal(params_add(params_find("p"), "", "a", true), E_HTTP_ADDRESS);
	assert_int_equal(request_count, 0);
	params_free(params_find("p"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get),
		TEST(test_post),
		TEST(test_post_is_not_repeated),
		TEST(test_post_redirected),
		TEST(test_header_lines_stay_with_their_server),
		TEST(test_get_with_params),
		TEST(test_params_refused),
		TEST(test_connection_is_reused),
		TEST(test_connection_of_an_old_address),
		TEST(test_stale_connection),
		TEST(test_stale_reset_on_request),
		TEST(test_chunked_and_close),
		TEST(test_redirect_byte_for_byte),
		TEST(test_redirect_loop),
		TEST(test_redirect_refused),
		TEST(test_status),
		TEST(test_server_errors_are_retried),
		TEST(test_retry_after_is_capped),
		TEST(test_resume),
		TEST(test_resume_ignored),
		TEST(test_no_validator),
		TEST(test_wrong_part),
		TEST(test_short_for_good),
		TEST(test_login_from_uri),
		TEST(test_login_digest_from_settings),
		TEST(test_login_refused),
		TEST(test_login_injection),
		TEST(test_too_big),
		TEST(test_absurd_length),
		TEST(test_not_http),
		TEST(test_stall),
		TEST(test_silence_is_shown_as_waiting),
		TEST(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
