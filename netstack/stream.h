/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file at a URI, read from its beginning to its end in pieces, for those who
 * have no memory for the whole: the program that asks may own all memory that
 * downloads otherwise use.
 */
#ifndef NETSTACK_STREAM_H
#define NETSTACK_STREAM_H

#include "lib/base.h"
#include "lib/uri.h"

struct stream;

/** Open the file at @uri as *@stream; waits for its first piece. 0 or an error after fail(). */
int stream_open(const struct uri *uri, struct stream **stream);
/** Bytes of the whole file; STREAM_UNKNOWN where the server does not say. */
uint64_t stream_size(const struct stream *s);
#define STREAM_UNKNOWN UINT64_MAX
/** Copy the next bytes, at most @len, to @to; waits when the next piece must be fetched. Their
 * number, 0 at the end, or a negative error after fail(). */
long stream_read(struct stream *s, void *to, size_t len);
/** The same, until there are @len or the file ends. */
long stream_fill(struct stream *s, void *to, size_t len);
/** NULL is harmless. */
void stream_close(struct stream *s);

/* ---- For schemes: uri_scheme.stream ---- */

/** Of begin(): the server sends no pieces. */
#define STREAM_ONLY_WHOLE 1

struct stream_ops {
	/** Get the first piece, and the size where it is told. 0, STREAM_ONLY_WHOLE, or an error
	 * after fail(). */
	int (*begin)(struct stream *s);
	/** All of the piece has been read (at == len): get the next one, or leave it so at the end
	 * of the file. 0 or an error after fail(). */
	int (*more)(struct stream *s);
	/** Give up priv; also after begin() failed. */
	void (*end)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	struct uri *uri;
	uint64_t size;
	uint8_t *piece; /* heap; freed by the stream */
	size_t len, at; /* bytes of it that are there, and that were read */
	void *priv;
};

#endif
