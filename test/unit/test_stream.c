/* SPDX-License-Identifier: BSD-2-Clause */
/* Files read in pieces, against a scripted HTTP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "lib/error.h"
#include "netstack/stream.h"
#include "test/unit/http_server.h"

#define PIECE 16384u /* with the heap of setup() */
#define SIZE  40000u

static char content[SIZE + 1];
static char parts[8][PIECE + 300];
static unsigned part_count;
static struct stream *stream;
static size_t heap_before;

static int setup(void **state)
{
	http_server_start();
	setting_store("fetch-retries", "1", SOURCE_SCRIPT);
	for (unsigned i = 0; i < SIZE; i++)
		content[i] = (char)('a' + (i * 7 + i / 26) % 26);
	part_count = 0;
	stream = NULL;
	/* A quarter of this is what a stream may have; TCP needs some of it, too. */
	heap_before = host_heap_used();
	host_heap_limit(heap_before + PIECE * 8);
	return 0;
}

static int teardown(void **state)
{
	stream_close(stream);
	http_server_stop();
	return 0;
}

/** Prepare an answer with the bytes from @first on: @len, of which only @sent are sent. */
static void say_part(unsigned first, unsigned len, unsigned sent, const char *more,
		     enum after after)
{
	char *text = parts[part_count++];
	int n = sprintf(text,
			"HTTP/1.1 206 Partial Content\r\nContent-Length: %u\r\nETag: \"v1\"\r\n%s"
			"Content-Range: bytes %u-%u/%u\r\n\r\n",
			len, more, first, first + len - 1, SIZE);

	memcpy(text + n, content + first, sent);
	text[n + (int)sent] = 0;
	say(text, after);
}

static int open_path(const char *path)
{
	char text[200];
	struct uri *uri;
	int rc;

	snprintf(text, sizeof(text), strchr(path, ':') ? "%s" : SERVER "%s", path);
	uri = uri_parse(text);
	rc = stream_open(uri, &stream);
	uri_free(uri);
	return rc;
}

/** Read to the end, @step bytes at a time; what stream_read() said last. */
static long read_all(char *to, size_t step, size_t *len)
{
	long n;

	for (*len = 0; (n = stream_read(stream, to + *len, step)) > 0;)
		*len += (size_t)n;
	return n;
}

static void expect_content(size_t step)
{
	static char got_text[SIZE + PIECE];
	size_t len;

	assert_int_equal(stream_size(stream), SIZE);
	assert_int_equal(read_all(got_text, step, &len), 0);
	assert_int_equal(len, SIZE);
	assert_memory_equal(got_text, content, SIZE);
	assert_int_equal(stream_read(stream, got_text, step), 0);
}

static void in_pieces(void **state)
{
	say_part(0, PIECE, PIECE, "", KEEP);
	say_part(PIECE, PIECE, PIECE, "", KEEP);
	say_part(2 * PIECE, SIZE - 2 * PIECE, SIZE - 2 * PIECE, "", KEEP);
	assert_int_equal(open_path("/x"), 0);
	expect_content(1000);
	assert_int_equal(connections, 1);
	assert_int_equal(request_count, 3);
	assert_true(asked(0, "\r\nRange: bytes=0-16383\r\n") && !asked(0, "If-Range"));
	assert_true(asked(1, "\r\nRange: bytes=16384-32767\r\n") &&
		    asked(1, "If-Range: \"v1\"\r\n"));
	assert_true(asked(2, "\r\nRange: bytes=32768-39999\r\n"));
	assert_int_equal(host_image_used(), 0);
}

static void a_piece_that_breaks_off_goes_on(void **state)
{
	say_part(0, PIECE, 5000, "", RESET);
	say_part(5000, PIECE - 5000, PIECE - 5000, "", KEEP);
	say_part(PIECE, PIECE, PIECE, "", KEEP);
	say_part(2 * PIECE, SIZE - 2 * PIECE, 100, "", CLOSE);
	say_part(2 * PIECE + 100, SIZE - 2 * PIECE - 100, SIZE - 2 * PIECE - 100, "", KEEP);
	assert_int_equal(open_path("/x"), 0);
	expect_content(65535);
	assert_true(asked(1, "\r\nRange: bytes=5000-16383\r\n"));
	assert_true(asked(4, "\r\nRange: bytes=32868-39999\r\n"));
}

static void retries_end(void **state)
{
	say_part(0, PIECE, PIECE, "", KEEP);
	say_part(PIECE, PIECE, 10, "", RESET);
	say_part(PIECE + 10, PIECE - 10, 10, "", RESET);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_read(stream, content, SIZE), PIECE);
	assert_true(stream_read(stream, content, SIZE) < 0);
	assert_int_equal(request_count, 3);
	assert_non_null(strstr(error_text(), SERVER "/x: "));
}

static void a_changed_file_is_noticed(void **state)
{
	say_part(0, PIECE, PIECE, "", KEEP);
	say(OK("5", "other"), KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_read(stream, content, SIZE), PIECE);
	assert_int_equal(stream_read(stream, content, SIZE), E_HTTP_RANGE);
	assert_non_null(strstr(error_text(), "has changed"));
	assert_int_equal(request_count, 2);
}

static void another_part_is_refused(void **state)
{
	say_part(0, PIECE, PIECE, "", KEEP);
	say_part(PIECE + 1, PIECE, PIECE, "", KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_read(stream, content, SIZE), PIECE);
	assert_int_equal(stream_read(stream, content, SIZE), E_HTTP_RANGE);
}

static void more_than_asked_for_is_refused(void **state)
{
	say_part(0, PIECE + 100, PIECE + 100, "", KEEP);
	assert_int_equal(open_path("/x"), E_HTTP_RANGE);
	assert_int_equal(host_image_used(), 0);
}

/* A server without ranges: a file comes whole, if the heap can hold it. */
static void without_ranges(void **state)
{
	static char whole[SIZE + 100];
	char text[100];
	size_t len;

	say(OK("5", "hello"), KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_size(stream), 5);
	assert_int_equal(read_all(text, 2, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(host_image_used(), 0);
	stream_close(stream);
	stream = NULL;
	sprintf(whole, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n%s", SIZE, content);
	host_heap_limit(0);
	host_heap_limit(host_heap_used() + PIECE * 8);
	say(whole, KEEP);
	say(whole, KEEP);
	assert_int_equal(open_path("/x"), 0);
	expect_content(999);
	stream_close(stream);
	stream = NULL;
	assert_int_equal(host_image_used(), 0);
	host_heap_limit(host_heap_used() + PIECE * 4);
	say(whole, KEEP);
	say(whole, KEEP);
	assert_int_equal(open_path("/x"), E_FETCH_TOO_BIG);
	assert_null(stream);
}

static void a_small_file_is_begun_again(void **state)
{
	say(OK("11", "hello"), RESET);
	say(OK("11", "hello-again"), KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_read(stream, content, 100), 11);
	assert_memory_equal(content, "hello-again", 11);
}

static void empty_files(void **state)
{
	say(OK("0", ""), KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_size(stream), 0);
	assert_int_equal(stream_read(stream, content, 100), 0);
	stream_close(stream);
	stream = NULL;
	say("HTTP/1.1 416 Range\r\nContent-Length: 0\r\n\r\n", KEEP);
	say(OK("0", ""), KEEP);
	assert_int_equal(open_path("/x"), 0);
	assert_int_equal(stream_read(stream, content, 100), 0);
}

static void what_is_missing_is_said(void **state)
{
	say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", KEEP);
	assert_int_equal(open_path("/x"), E_HTTP_NOT_FOUND);
	assert_string_equal(error_text(), SERVER "/x: HTTP 404 Not Found");
	assert_int_equal(open_path("gopher://h/x"), E_FETCH_SCHEME);
}

static void other_schemes_come_whole(void **state)
{
	assert_int_equal(open_path("data:,inside"), 0);
	assert_int_equal(stream_size(stream), 6);
	assert_int_equal(stream_read(stream, content, 4), 4);
	assert_int_equal(stream_read(stream, content, 4), 2);
	assert_int_equal(stream_read(stream, content, 4), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_pieces),
		TEST(a_piece_that_breaks_off_goes_on),
		TEST(retries_end),
		TEST(a_changed_file_is_noticed),
		TEST(another_part_is_refused),
		TEST(more_than_asked_for_is_refused),
		TEST(without_ranges),
		TEST(a_small_file_is_begun_again),
		TEST(empty_files),
		TEST(what_is_missing_is_said),
		TEST(other_schemes_come_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
