/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in pieces, whatever the scheme. Pieces are heap: the program that reads
 * may own all the rest of memory. So is the whole file where there is no other
 * way: a server that knows no ranges, a scheme without pieces.
 */
#include "netstack/stream.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "netstack/fetch.h"

#define WHOLE_MIN (16u * 1024) /* tried even when the heap is nearly full */

/* ---- Whole files ---- */

static int whole_begin(struct stream *s)
{
	struct fetch f = {
		.uri = s->uri,
		.retries = fetch_retries(),
		.quiet = true,
		.lent = true,
	};
	size_t largest;
	uint8_t *fitting;
	int rc;

	heap_free_bytes(&largest);
	f.capacity = max(largest / 2, (size_t)WHOLE_MIN);
	f.data = s->piece = heap_alloc((size_t)f.capacity);
	if (!s->piece)
		return fail(E_NO_MEMORY, "no memory for a file");
	rc = fetch_run(&f);
	if (rc)
		return rc;
	s->size = s->len = (size_t)f.len;
	fitting = heap_realloc(s->piece, max(s->len, 1u));
	if (fitting)
		s->piece = fitting;
	fetch_release(&f);
	return 0;
}

static int whole_more(struct stream *s)
{
	return 0;
}

static void whole_end(struct stream *s)
{
}

static const struct stream_ops whole_ops = {whole_begin, whole_more, whole_end};

/* ---- For users ---- */

/* End what @s->ops has begun. */
static void end(struct stream *s)
{
	s->ops->end(s);
	heap_free(s->piece);
	s->piece = NULL;
	s->priv = NULL;
	s->len = s->at = 0;
	s->size = STREAM_UNKNOWN;
}

static int begin(struct stream *s)
{
	const struct uri_scheme *scheme = s->uri->scheme ? uri_scheme_find(s->uri->scheme) : NULL;
	int rc = STREAM_ONLY_WHOLE;

	s->size = STREAM_UNKNOWN;
	if (scheme && scheme->stream) {
		s->ops = scheme->stream;
		rc = s->ops->begin(s);
	}
	if (rc != STREAM_ONLY_WHOLE)
		return rc;
	if (s->ops)
		end(s);
	s->ops = &whole_ops;
	return s->ops->begin(s);
}

/* The failure with the address in front; fetch_run() has put it there already. */
static int with_address(const struct stream *s, int rc)
{
	char text[128];

	if (s->ops == &whole_ops)
		return rc;
	return fail_context(rc, "%s", uri_redacted(s->uri, text, sizeof(text)));
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
		rc = with_address(s, rc);
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
	int rc = s->at == s->len ? s->ops->more(s) : 0;

	if (rc)
		return with_address(s, rc);
	len = min(len, s->len - s->at);
	if (len)
		memcpy(to, s->piece + s->at, len);
	s->at += len;
	return (long)len;
}

long stream_fill(struct stream *s, void *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		long n = stream_read(s, (uint8_t *)to + done, len - done);

		if (n < 0)
			return n;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (long)done;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	end(s);
	uri_free(s->uri);
	heap_free(s);
}
