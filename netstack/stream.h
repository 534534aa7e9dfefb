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
/** Bytes of the whole file. */
uint64_t stream_size(const struct stream *s);
/** Copy the next bytes, at most @len, to @to; waits when the next piece must be fetched. Their
 * number, 0 at the end, or a negative error after fail(). */
long stream_read(struct stream *s, void *to, size_t len);
/** NULL is harmless. */
void stream_close(struct stream *s);

#endif
