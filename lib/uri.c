/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uniform resource identifiers, RFC 3986.
 *
 * A URI is cut into components and nothing else: no decoding, no case folding
 * (but for the scheme), no normalisation. A redirect to a signed address
 * therefore reaches the next server byte for byte. Only a relative reference
 * is rewritten, by section 5.2, since it has no other meaning.
 */
#include "lib/uri.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/secrets.h"
#include "lib/text.h"
#include "bios/heap.h"

#define URI_MAX	     65536u /* bytes of one URI */
#define REDACTED_MAX 2048   /* of one that is shown: more than fits on a screen */

/* A run of bytes inside the text being parsed. p NULL: the component is absent. */
struct span {
	const char *p;
	size_t len;
};

static bool is_scheme_char(int c)
{
	return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

static bool is_unreserved(int c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Length of the scheme in front of a colon, or 0. */
static size_t scheme_length(const char *text)
{
	size_t n = 0;

	if (!is_alpha((unsigned char)text[0]))
		return 0;
	while (is_scheme_char((unsigned char)text[n]))
		n++;
	return text[n] == ':' ? n : 0;
}

static const char *find_any(const char *s, size_t len, const char *stop)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (strchr(stop, s[i]))
			return s + i;
	}
	return s + len;
}

static bool dup_span(char **out, struct span s)
{
	if (!s.p)
		return true;
	*out = text_dup_len(s.p, s.len);
	return *out;
}

static int parse_port(struct uri *uri, struct span s)
{
	char digits[8];
	uint32_t port;

	if (!s.len)
		return 0;
	if (s.len >= sizeof(digits))
		return E_URI_INVALID;
	memcpy(digits, s.p, s.len);
	digits[s.len] = '\0';
	if (!text_to_u32(digits, 10, 65535, &port) || !port)
		return E_URI_INVALID;
	uri->port = (uint16_t)port;
	return 0;
}

/* [user[:password]@]host[:port] */
static int parse_authority(struct uri *uri, struct span a)
{
	struct span user = {0}, password = {0}, host = a, port = {0};
	const char *at, *end = a.p + a.len, *p;

	for (at = end; at > a.p && at[-1] != '@'; at--)
		;
	if (at > a.p) {
		user.p = a.p;
		user.len = (size_t)(at - 1 - a.p);
		p = find_any(user.p, user.len, ":");
		if (p < user.p + user.len) {
			password.p = p + 1;
			password.len = (size_t)(at - 1 - password.p);
			user.len = (size_t)(p - user.p);
		}
		host.p = at;
		host.len = (size_t)(end - at);
	}
	if (host.len && host.p[0] == '[') {
		p = find_any(host.p, host.len, "]");
		if (p == end || (p + 1 < end && p[1] != ':'))
			return E_URI_INVALID;
		if (p + 1 < end) {
			port.p = p + 2;
			port.len = (size_t)(end - port.p);
		}
		host.p++;
		host.len = (size_t)(p - host.p);
	} else {
		p = find_any(host.p, host.len, ":");
		if (p < end) {
			port.p = p + 1;
			port.len = (size_t)(end - port.p);
		}
		host.len = (size_t)(p - host.p);
	}
	if (parse_port(uri, port))
		return E_URI_INVALID;
	if (!dup_span(&uri->user, user) || !dup_span(&uri->password, password) ||
	    !dup_span(&uri->host, host))
		return E_NO_MEMORY;
	return 0;
}

static int parse_hierarchical(struct uri *uri, const char *p)
{
	const char *end = p + strlen(p), *stop;
	struct span path, query = {0}, fragment = {0};
	int rc;

	if (p[0] == '/' && p[1] == '/') {
		p += 2;
		stop = find_any(p, (size_t)(end - p), "/?#");
		rc = parse_authority(uri, (struct span){p, (size_t)(stop - p)});
		if (rc)
			return rc;
		p = stop;
	}
	stop = find_any(p, (size_t)(end - p), "?#");
	path = (struct span){p, (size_t)(stop - p)};
	if (*stop == '?') {
		p = stop + 1;
		stop = find_any(p, (size_t)(end - p), "#");
		query = (struct span){p, (size_t)(stop - p)};
	}
	if (*stop == '#')
		fragment = (struct span){stop + 1, (size_t)(end - stop - 1)};
	if (!dup_span(&uri->path, path) || !dup_span(&uri->query, query) ||
	    !dup_span(&uri->fragment, fragment))
		return E_NO_MEMORY;
	return 0;
}

static int parse_into(struct uri *uri, const char *text)
{
	size_t n = scheme_length(text), i;

	uri->text = text_dup(text);
	if (!uri->text)
		return E_NO_MEMORY;
	if (!n)
		return parse_hierarchical(uri, text);
	uri->scheme = text_dup_len(text, n);
	if (!uri->scheme)
		return E_NO_MEMORY;
	for (i = 0; i < n; i++)
		uri->scheme[i] = (char)to_lower((unsigned char)uri->scheme[i]);
	text += n + 1;
	if (text[0] == '/')
		return parse_hierarchical(uri, text);
	uri->opaque = text_dup(text);
	return uri->opaque ? 0 : E_NO_MEMORY;
}

/* The last '@' in [@from, @to), or NULL. */
static const char *last_at(const char *from, const char *to)
{
	while (to > from) {
		if (*--to == '@')
			return to;
	}
	return NULL;
}

/*
 * Where the password begins and ends in what follows "//", or false. One with an unencoded slash
 * makes the address invalid, and is a secret all the same: without an '@' in its place, what
 * stands behind a colon and is no port counts as one.
 */
static bool find_password(const char *authority, const char **start, const char **end)
{
	const char *stop = find_any(authority, strlen(authority), "/?# \t");
	const char *p = find_any(authority, (size_t)(stop - authority), ":");

	if (p == stop)
		return false;
	*start = ++p;
	*end = last_at(p, stop);
	while (is_digit((unsigned char)*p))
		p++;
	if (!*end && p != stop)
		*end = last_at(p, find_any(p, strlen(p), " \t"));
	return *end;
}

const char *uri_hide_passwords(const char *text, char *buf, size_t size)
{
	const char *start, *end;
	size_t n = 0;

	while (*text && n + 1 < size) {
		if (!text_starts(text, "://") || !find_password(text + 3, &start, &end)) {
			buf[n++] = *text++;
			continue;
		}
		n += format(buf + n, size - n, "%.*s***", (int)(start - text), text);
		n = min(n, size - 1);
		text = end;
	}
	if (size)
		buf[n] = '\0';
	return buf;
}

struct uri *uri_parse(const char *text)
{
	char shown[200];
	struct uri *uri;
	const char *p;
	int rc;

	for (p = text; *p; p++) {
		/* A line break in an address would end a line of the request that carries it. */
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			fail(E_URI_INVALID, "address \"%.60s\": control character at position %u",
			     uri_hide_passwords(text, shown, sizeof(shown)),
			     (unsigned)(p - text + 1));
			return NULL;
		}
	}
	if ((size_t)(p - text) > URI_MAX) {
		fail(E_URI_INVALID, "address \"%.60s...\": longer than %u bytes",
		     uri_hide_passwords(text, shown, sizeof(shown)), URI_MAX);
		return NULL;
	}
	uri = heap_zalloc(sizeof(*uri));
	rc = uri ? parse_into(uri, text) : E_NO_MEMORY;
	if (!rc)
		return uri;
	if (rc == E_URI_INVALID)
		fail(rc, "address \"%s\": the part between // and the path is not host[:port]",
		     uri_hide_passwords(text, shown, sizeof(shown)));
	else
		fail(rc, "address \"%.60s\": out of memory",
		     uri_hide_passwords(text, shown, sizeof(shown)));
	uri_free(uri);
	return NULL;
}

void uri_free(struct uri *uri)
{
	if (!uri)
		return;
	heap_free(uri->text);
	heap_free(uri->scheme);
	heap_free(uri->opaque);
	heap_free(uri->user);
	heap_free(uri->password);
	heap_free(uri->host);
	heap_free(uri->path);
	heap_free(uri->query);
	heap_free(uri->fragment);
	heap_free(uri);
}

struct uri *uri_dup(const struct uri *uri)
{
	return uri_parse(uri->text);
}

bool uri_is_absolute(const struct uri *uri)
{
	return uri->scheme;
}

/* RFC 3986 section 5.2.4, in place. */
static void remove_dot_segments(char *path)
{
	const char *in = path;
	char *out = path;

	while (*in) {
		if (text_starts(in, "../")) {
			in += 3;
		} else if (text_starts(in, "./")) {
			in += 2;
		} else if (text_starts(in, "/./")) {
			in += 2;
		} else if (!strcmp(in, "/.")) {
			*out++ = '/';
			in += 2;
		} else if (text_starts(in, "/../") || !strcmp(in, "/..")) {
			while (out > path && *--out != '/')
				;
			if (in[3]) {
				in += 3;
			} else {
				*out++ = '/';
				in += 3;
			}
		} else if (!strcmp(in, ".") || !strcmp(in, "..")) {
			in += strlen(in);
		} else {
			do
				*out++ = *in++;
			while (*in && *in != '/');
		}
	}
	*out = '\0';
}

/* Section 5.2.3: @reference in the place of the last segment of the base's path. */
static char *merge_paths(const struct uri *base, const char *reference)
{
	const char *path = base->path, *slash = strrchr(path, '/');
	size_t keep = slash ? (size_t)(slash - path) + 1 : 0, len = strlen(reference);
	bool root = base->host && !*path;
	char *merged = heap_alloc(keep + root + len + 1);

	if (!merged)
		return NULL;
	memcpy(merged, path, keep);
	if (root)
		merged[keep++] = '/';
	memcpy(merged + keep, reference, len + 1);
	return merged;
}

/* Section 5.3, into a heap string. @auth gives the authority, NULL none. */
static char *recompose(const char *scheme, const struct uri *auth, const char *path,
		       const char *query, const char *fragment)
{
	size_t size = strlen(scheme) + strlen(path) + (query ? strlen(query) : 0) +
		      (fragment ? strlen(fragment) : 0) + 24;
	char *text;

	if (auth)
		size += (auth->user ? strlen(auth->user) : 0) +
			(auth->password ? strlen(auth->password) : 0) + strlen(auth->host);
	text = heap_alloc(size);
	if (!text)
		return NULL;
	format(text, size, "%s:", scheme);
	if (auth) {
		format_append(text, size, "//%s%s%s%s", auth->user ? auth->user : "",
			      auth->password ? ":" : "", auth->password ? auth->password : "",
			      auth->user ? "@" : "");
		format_append(text, size, strchr(auth->host, ':') ? "[%s]" : "%s", auth->host);
		if (auth->port)
			format_append(text, size, ":%u", auth->port);
	}
	format_append(text, size, "%s%s%s%s%s", path, query ? "?" : "", query ? query : "",
		      fragment ? "#" : "", fragment ? fragment : "");
	return text;
}

struct uri *uri_resolve(const struct uri *base, const char *text)
{
	struct uri *ref = uri_parse(text), *result = NULL;
	const struct uri *auth;
	const char *query;
	char *path, *whole = NULL;

	if (!ref || ref->scheme || !base || base->opaque || !base->scheme)
		return ref;
	auth = ref->host ? ref : base->host ? base : NULL;
	query = ref->query;
	if (ref->host || ref->path[0] == '/') {
		path = text_dup(ref->path);
	} else if (!ref->path[0]) {
		path = text_dup(base->path);
		query = ref->query ? ref->query : base->query;
	} else {
		path = merge_paths(base, ref->path);
	}
	if (path) {
		/* An empty reference means the base's path, which stays as it was written. */
		if (ref->host || ref->path[0])
			remove_dot_segments(path);
		whole = recompose(base->scheme, auth, path, query, ref->fragment);
	}
	if (whole)
		result = uri_parse(whole);
	else
		fail(E_NO_MEMORY, "no memory for an address");
	heap_free(whole);
	heap_free(path);
	uri_free(ref);
	return result;
}

struct uri *uri_with_query(const struct uri *uri, const char *query)
{
	size_t size = (uri->query ? strlen(uri->query) + 1 : 0) + strlen(query) + 1;
	char *joined = heap_alloc(size), *whole = NULL;
	struct uri *result;

	if (joined) {
		format(joined, size, "%s%s%s", uri->query ? uri->query : "",
		       uri->query && *query ? "&" : "", query);
		whole = recompose(uri->scheme, uri, uri->path, *joined ? joined : NULL, NULL);
	}
	result = whole ? uri_parse(whole) : NULL;
	if (!whole)
		fail(E_NO_MEMORY, "no memory for an address");
	heap_free(whole);
	heap_free(joined);
	return result;
}

/* Of the content that follows "data:" only what it is. */
static size_t opaque_shown(const struct uri *uri)
{
	size_t len = uri->opaque ? strlen(uri->opaque) : 0;

	if (len && uri->scheme && !strcmp(uri->scheme, "data"))
		len = (size_t)(find_any(uri->opaque, len, ",") - uri->opaque);
	return len;
}

const char *uri_redacted(const struct uri *uri, char *buf, size_t size)
{
	/* No secret may be cut before it is found. */
	char *whole = heap_zalloc(REDACTED_MAX);

	buf[0] = 0;
	if (!whole)
		return buf;
	format(whole, REDACTED_MAX, "%s%s%.*s", uri->scheme ? uri->scheme : "",
	       uri->scheme ? ":" : "", (int)opaque_shown(uri), uri->opaque ? uri->opaque : "");
	if (uri->host) {
		format_append(whole, REDACTED_MAX, strchr(uri->host, ':') ? "//[%s]" : "//%s",
			      uri->host);
		if (uri->port)
			format_append(whole, REDACTED_MAX, ":%u", uri->port);
	}
	format_append(whole, REDACTED_MAX, "%s", uri->path ? uri->path : "");
	secrets_hide(whole, buf, size);
	heap_free(whole);
	return buf;
}

const char *uri_basename(const struct uri *uri, char *buf, size_t size)
{
	const char *path = uri->opaque ? uri->scheme : uri->path;
	const char *slash = strrchr(path, '/');

	uri_decode(slash ? slash + 1 : path, buf, size);
	return buf;
}

size_t uri_decode(const char *s, char *out, size_t size)
{
	size_t n = 0;

	if (!size)
		return 0;
	while (*s && n < size - 1) {
		if (s[0] == '%' && hex_digit((unsigned char)s[1]) >= 0 &&
		    hex_digit((unsigned char)s[2]) >= 0) {
			out[n++] = (char)(hex_digit((unsigned char)s[1]) << 4 |
					  hex_digit((unsigned char)s[2]));
			s += 3;
		} else {
			out[n++] = *s++;
		}
	}
	out[n] = '\0';
	return n;
}

size_t uri_encode(const char *s, size_t len, const char *keep, char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0, i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = is_unreserved(c) || (c && strchr(keep, c));
		const char text[3] = {plain ? (char)c : '%', digits[c >> 4], digits[c & 15]};
		size_t j, count = plain ? 1 : 3;

		for (j = 0; j < count; j++, n++) {
			if (n + 1 < size)
				out[n] = text[j];
		}
	}
	if (size)
		out[min(n, size - 1)] = '\0';
	return n;
}
