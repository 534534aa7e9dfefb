/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in pieces. HTTP: one GET with Range a piece, over a connection that is
 * kept; If-Range makes sure that all pieces are of the same file. A piece that
 * breaks off goes on where it broke.
 *
 * A server that knows no ranges, and every other scheme, gives the file as a whole:
 * if that is more than a piece it must go to image memory, although somebody else
 * may believe that this memory is his.
 */
#include "netstack/stream.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "netstack/fetch.h"
#include "netstack/http.h"
#include "netstack/net.h"

#define PIECE	     (512u * 1024)
#define PIECE_MIN    (16u * 1024)
#define MEMORY_SHARE 8u /* of the heap that is free */
#define STALL_MS     30000u
#define PAUSE_MS     1000u

struct stream {
	struct uri *uri;
	uint64_t size;
	/* The piece in hand. */
	uint8_t *piece;
	size_t capacity, len, at;
	uint64_t first;
	char validator[160]; /* entity tag or date that all pieces must match; "": none known */
	bool in_pieces;
	uint64_t progress; /* clock_ms() */
	bool in_whole;
	struct fetch whole;
};

/* ---- A piece ---- */

/** The first answer decides: pieces, a whole file that fits into one, or (an error) neither. */
static int look_first(struct stream *s, struct http_request *request, const struct http_response *r)
{
	const char *validator = r->etag[0] ? r->etag : r->last_modified;

	if (r->status == 206 && r->has_range && !r->range_first && r->range_total != HTTP_UNKNOWN) {
		s->in_pieces = true;
		s->size = r->range_total;
		text_copy(s->validator, sizeof(s->validator), validator);
	} else if (r->status == 200 && !r->chunked && r->length <= s->capacity) {
		s->size = r->length;
	} else if (r->status / 100 == 2 || r->status == 416) {
		return E_HTTP_RANGE;
	} else {
		return http_status_error(request, r);
	}
	return 0;
}

static int look(struct http_request *request, const struct http_response *r)
{
	struct stream *s = request->ctx;

	if (!s->first && !s->len)
		return look_first(s, request, r);
	if (r->status / 100 != 2)
		return http_status_error(request, r);
	if (r->status == 206 && r->has_range && r->range_first == request->range_first &&
	    r->range_total == s->size)
		return 0;
	request->final = true;
	return fail(E_HTTP_RANGE, "the file has changed on the server while it was being read");
}

static int take(struct http_request *request, const uint8_t *data, size_t len)
{
	struct stream *s = request->ctx;

	if (len > s->capacity - s->len) {
		request->final = true;
		return fail(E_HTTP_RANGE, "the server sends more than it was asked for");
	}
	memcpy(s->piece + s->len, data, len);
	s->len += len;
	s->progress = clock_ms();
	return 0;
}

static int turn(struct http_request *request)
{
	struct stream *s = request->ctx;
	int rc = wait_turn(s->progress + STALL_MS);

	if (rc == E_TIMEOUT)
		return fail(E_FETCH_STALLED, "nothing arrived for %u s", STALL_MS / 1000);
	return rc;
}

/** Ask for what is missing of the piece at s->first. */
static int ask(struct stream *s, bool *final)
{
	uint64_t end = s->first + s->capacity;
	struct http_request request = {
		.uri = s->uri,
		.range = true,
		.range_first = s->first + s->len,
		.range_last = (s->in_pieces ? min(end, s->size) : end) - 1,
		.if_range = s->validator[0] ? s->validator : NULL,
		.header = look,
		.body = take,
		.turn = turn,
		.ctx = s,
	};
	int rc;

	s->progress = clock_ms();
	rc = http_run(&request);
	*final = request.final || rc == E_CANCELLED || rc == E_NO_MEMORY;
	http_request_free(&request);
	return rc;
}

/** Fetch the piece that begins at @first, with retries. */
static int fetch_piece(struct stream *s, uint64_t first)
{
	unsigned retries = fetch_retries();
	bool final = false;
	char text[128];
	size_t wanted;
	int rc;

	s->first = first;
	s->len = s->at = 0;
	for (;;) {
		if (!s->in_pieces)
			s->len = 0;
		rc = ask(s, &final);
		wanted = (size_t)min((uint64_t)s->capacity, s->size - s->first);
		if (!rc && s->len < wanted)
			rc = fail(E_HTTP_SHORT,
				  "the server ended the transfer after %zu of %zu bytes", s->len,
				  wanted);
		if (!rc || final || rc == E_HTTP_RANGE || !retries--)
			break;
		log_debug("http", 1, "%s; asking again", error_sentence(rc));
		rc = wait_until(false, clock_ms() + PAUSE_MS);
		if (rc == E_CANCELLED)
			break;
	}
	return rc ? fail_context(rc, "%s", uri_redacted(s->uri, text, sizeof(text))) : 0;
}

/* ---- The whole ---- */

static int fetch_whole(struct stream *s)
{
	int rc;

	s->whole.uri = s->uri;
	s->whole.retries = fetch_retries();
	s->whole.quiet = true;
	rc = fetch_run(&s->whole);
	if (rc)
		return rc;
	heap_free(s->piece);
	s->in_whole = true;
	s->piece = s->whole.data;
	s->capacity = s->len = (size_t)s->whole.len;
	s->size = s->len;
	s->first = s->at = 0;
	return 0;
}

/* ---- For users ---- */

static int begin(struct stream *s)
{
	size_t fit = heap_free_bytes(NULL) / MEMORY_SHARE;
	int rc;

	if (!s->uri->scheme || strcmp(s->uri->scheme, "http") != 0)
		return fetch_whole(s);
	s->capacity = max(min(fit, (size_t)PIECE), (size_t)PIECE_MIN);
	s->piece = heap_alloc(s->capacity);
	if (!s->piece)
		return fail(E_NO_MEMORY, "no memory for %zu bytes of a file", s->capacity);
	rc = fetch_piece(s, 0);
	if (rc == E_HTTP_RANGE && !s->in_pieces)
		rc = fetch_whole(s);
	return rc;
}

int stream_open(const struct uri *uri, struct stream **stream)
{
	struct stream *s = heap_zalloc(sizeof(*s));
	int rc;

	if (s)
		s->uri = uri_dup(uri);
	if (!s || !s->uri) {
		heap_free(s);
		return fail(E_NO_MEMORY, "no memory to open a file");
	}
	rc = begin(s);
	if (rc) {
		stream_close(s);
		return rc;
	}
	*stream = s;
	return 0;
}

uint64_t stream_size(const struct stream *s)
{
	return s->size;
}

long stream_read(struct stream *s, void *to, size_t len)
{
	int rc;

	if (s->at == s->len && s->first + s->len < s->size) {
		rc = fetch_piece(s, s->first + s->len);
		if (rc)
			return rc;
	}
	len = min(len, s->len - s->at);
	if (len)
		memcpy(to, s->piece + s->at, len);
	s->at += len;
	return (long)len;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->in_whole)
		fetch_release(&s->whole);
	else
		heap_free(s->piece);
	uri_free(s->uri);
	heap_free(s);
}
