/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uniform resource identifiers, RFC 3986.
 *
 * Components are kept exactly as written (still percent-encoded), so that a
 * redirect's Location reaches the server byte for byte.
 */
#ifndef LIB_URI_H
#define LIB_URI_H

#include "lib/base.h"

struct uri {
	char *text;	/* the whole URI as given (owned) */
	char *scheme;	/* lower case; NULL: relative reference */
	char *opaque;	/* "scheme:opaque" without a slash: all after the colon; else NULL */
	char *user;	/* percent-encoded; NULL when absent */
	char *password; /* percent-encoded; NULL when absent */
	char *host;	/* without brackets; NULL when there is no authority */
	uint16_t port;	/* 0: none given */
	char *path; /* with its leading slash when present; "" when absent; never NULL unless opaque
		     */
	char *query;	/* without '?'; NULL when absent */
	char *fragment; /* without '#'; NULL when absent */
};

/** Parse @text; heap-allocated, free with uri_free(). NULL after fail(). */
struct uri *uri_parse(const char *text);
/** Resolve reference @text against @base (may be NULL), RFC 3986 section 5.2. */
struct uri *uri_resolve(const struct uri *base, const char *text);
/** @uri without its fragment and with @query behind its own; NULL after fail(). */
struct uri *uri_with_query(const struct uri *uri, const char *query);
struct uri *uri_dup(const struct uri *uri);
void uri_free(struct uri *uri);
bool uri_is_absolute(const struct uri *uri);
/** @uri as text without user, password and query, without the content of data:, and other secrets
 * as
 * ***, for messages. Returns @buf. */
const char *uri_redacted(const struct uri *uri, char *buf, size_t size);
/** Copy @text, cut at @size, with *** for the password of each address in it, also of addresses
 * that cannot be parsed. Returns @buf. */
const char *uri_hide_passwords(const char *text, char *buf, size_t size);
/** Last component of the path (decoded), or ""; of an address without a path its scheme; the
 * default image name. Returns @buf. */
const char *uri_basename(const struct uri *uri, char *buf, size_t size);
/** Percent-decode @s into @out (NUL-terminated); returns the length, cut at @size - 1. */
size_t uri_decode(const char *s, char *out, size_t size);
/** Percent-encode all but RFC 3986 unreserved characters and those in @keep. */
size_t uri_encode(const char *s, size_t len, const char *keep, char *out, size_t size);

#endif
