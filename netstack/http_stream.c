/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP in pieces: one GET with Range a piece, over a connection that is kept;
 * If-Range makes sure that all pieces are of the same file. A piece that breaks
 * off goes on where it broke.
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

struct http_stream {
	uint64_t first; /* offset of the piece in hand */
	size_t capacity;
	char validator[160]; /* entity tag or date that all pieces must match; "": none known */
	bool in_pieces;
	uint64_t progress; /* clock_ms() */
};

static struct http_stream *http_of(struct stream *s)
{
	return s->priv;
}

/* ---- A piece ---- */

/** The first answer decides: pieces, a whole file that fits into one, or (an error) neither. */
static int look_first(struct stream *s, struct http_request *request, const struct http_response *r)
{
	struct http_stream *h = http_of(s);
	const char *validator = r->etag[0] ? r->etag : r->last_modified;

	if (r->status == 206 && r->has_range && !r->range_first && r->range_total != HTTP_UNKNOWN) {
		h->in_pieces = true;
		s->size = r->range_total;
		text_copy(h->validator, sizeof(h->validator), validator);
	} else if (r->status == 200 && !r->chunked && r->length <= h->capacity) {
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
	struct http_stream *h = http_of(s);

	if (!h->first && !s->len)
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
	struct http_stream *h = http_of(s);

	if (len > h->capacity - s->len) {
		request->final = true;
		return fail(E_HTTP_RANGE, "the server sends more than it was asked for");
	}
	memcpy(s->piece + s->len, data, len);
	s->len += len;
	h->progress = clock_ms();
	return 0;
}

static int turn(struct http_request *request)
{
	struct http_stream *h = http_of(request->ctx);
	int rc = wait_turn(h->progress + STALL_MS);

	if (rc == E_TIMEOUT)
		return fail(E_FETCH_STALLED, "nothing arrived for %u s", STALL_MS / 1000);
	return rc;
}

/** Ask for what is missing of the piece at h->first. */
static int ask(struct stream *s, bool *final)
{
	struct http_stream *h = http_of(s);
	uint64_t end = h->first + h->capacity;
	struct http_request request = {
		.uri = s->uri,
		.range = true,
		.range_first = h->first + s->len,
		.range_last = (h->in_pieces ? min(end, s->size) : end) - 1,
		.if_range = h->validator[0] ? h->validator : NULL,
		.header = look,
		.body = take,
		.turn = turn,
		.ctx = s,
	};
	int rc;

	h->progress = clock_ms();
	rc = http_run(&request);
	*final = request.final || rc == E_CANCELLED || rc == E_NO_MEMORY;
	http_request_free(&request);
	return rc;
}

/** Fetch the piece that begins at @first, with retries. */
static int fetch_piece(struct stream *s, uint64_t first)
{
	struct http_stream *h = http_of(s);
	unsigned retries = fetch_retries();
	bool final = false;
	size_t wanted;
	int rc;

	h->first = first;
	s->len = s->at = 0;
	for (;;) {
		if (!h->in_pieces)
			s->len = 0;
		rc = ask(s, &final);
		wanted = (size_t)min((uint64_t)h->capacity, s->size - h->first);
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
	return rc;
}

/* ---- The scheme ---- */

static int begin(struct stream *s)
{
	size_t fit = heap_free_bytes(NULL) / MEMORY_SHARE;
	struct http_stream *h = heap_zalloc(sizeof(*h));
	int rc;

	s->priv = h;
	if (!h)
		return fail(E_NO_MEMORY, "no memory to open a file");
	h->capacity = max(min(fit, (size_t)PIECE), (size_t)PIECE_MIN);
	s->piece = heap_alloc(h->capacity);
	if (!s->piece)
		return fail(E_NO_MEMORY, "no memory for %zu bytes of a file", h->capacity);
	rc = fetch_piece(s, 0);
	return rc == E_HTTP_RANGE && !h->in_pieces ? STREAM_ONLY_WHOLE : rc;
}

static int more(struct stream *s)
{
	struct http_stream *h = http_of(s);
	uint64_t next = h->first + s->len;

	if (next >= s->size)
		return 0;
	return fetch_piece(s, next);
}

static void end(struct stream *s)
{
	heap_free(s->priv);
}

const struct stream_ops http_stream_ops = {begin, more, end};
