/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP authentication: Basic (RFC 7617) and Digest (RFC 7616, with the older
 * RFC 2069 form for servers that offer no qop). Digest wins over Basic and
 * SHA-256 over MD5, whatever order the server lists them in.
 */
#include <bearssl.h>
#include "netstack/http.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

static const char *const algorithm_names[] = {
	[HTTP_MD5] = "MD5",
	[HTTP_MD5_SESS] = "MD5-sess",
	[HTTP_SHA256] = "SHA-256",
	[HTTP_SHA256_SESS] = "SHA-256-sess",
};

/* ---- Reading a challenge ---- */

struct scan {
	const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (is_space((unsigned char)*s->p) || *s->p == ','))
		s->p++;
}

static bool is_token_char(int c)
{
	return is_print(c) && !strchr("()<>@,;:\\\"/[]?={} ", c);
}

/* A token into @out; false when there is none or it is too long. */
static bool take_token(struct scan *s, char *out, size_t size)
{
	size_t n = 0;

	while (s->p < s->end && is_token_char((unsigned char)*s->p)) {
		if (n + 1 < size)
			out[n] = *s->p;
		n++;
		s->p++;
	}
	out[min(n, size - 1)] = '\0';
	return n && n < size;
}

/* A token or a quoted string, without its quoting; false when it does not fit. */
static bool take_value(struct scan *s, char *out, size_t size)
{
	size_t n = 0;
	bool fits = true;

	if (s->p >= s->end || *s->p != '"') {
		/* Unquoted values are read up to a comma: some servers leave quotes out. */
		while (s->p < s->end && *s->p != ',' && !is_space((unsigned char)*s->p)) {
			fits = n + 1 < size;
			if (fits)
				out[n++] = *s->p;
			s->p++;
		}
		out[n] = '\0';
		return fits;
	}
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		fits = fits && n + 1 < size && is_print((unsigned char)*s->p);
		if (fits)
			out[n++] = *s->p;
	}
	out[n] = '\0';
	if (s->p >= s->end)
		return false;
	s->p++;
	return fits;
}

static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	while (*list) {
		while (*list == ' ' || *list == ',')
			list++;
		for (n = 0; list[n] && list[n] != ',' && list[n] != ' '; n++)
			;
		if (n == len && text_starts_nocase(list, word))
			return true;
		list += n;
	}
	return false;
}

/* One parameter of a challenge; false when the challenge cannot be answered with it. */
static bool parameter(struct http_challenge *c, const char *name, struct scan *s)
{
	char text[128];
	unsigned i;

	if (text_equal_nocase(name, "realm"))
		return take_value(s, c->realm, sizeof(c->realm));
	if (text_equal_nocase(name, "nonce"))
		return take_value(s, c->nonce, sizeof(c->nonce));
	if (text_equal_nocase(name, "opaque")) {
		c->has_opaque = true;
		return take_value(s, c->opaque, sizeof(c->opaque));
	}
	if (!take_value(s, text, sizeof(text)))
		return !text_equal_nocase(name, "qop") && !text_equal_nocase(name, "algorithm");
	if (text_equal_nocase(name, "stale")) {
		c->stale = text_equal_nocase(text, "true");
	} else if (text_equal_nocase(name, "qop")) {
		c->qop_auth = list_has(text, "auth");
		return c->qop_auth;
	} else if (text_equal_nocase(name, "algorithm")) {
		for (i = 0; i < ARRAY_SIZE(algorithm_names); i++) {
			if (text_equal_nocase(text, algorithm_names[i])) {
				c->algorithm = (enum http_algorithm)i;
				return true;
			}
		}
		return false;
	}
	return true;
}

static unsigned strength(const struct http_challenge *c)
{
	return (unsigned)c->scheme * 8 +
	       (c->scheme == HTTP_AUTH_DIGEST ? (unsigned)c->algorithm : 0);
}

/* The parameters behind a scheme's name; leaves @s at the next scheme. */
static bool parameters(struct http_challenge *c, struct scan *s)
{
	bool usable = true;
	char name[32];

	for (;;) {
		struct scan before;
		bool named;

		skip_blanks(s);
		before = *s;
		named = take_token(s, name, sizeof(name));
		while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
			s->p++;
		if (!named || s->p >= s->end || *s->p != '=') {
			/* Another scheme begins here, or nonsense: let the caller see. */
			*s = before;
			return usable;
		}
		s->p++;
		while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
			s->p++;
		if (!parameter(c, name, s))
			usable = false;
	}
}

void http_challenge_parse(struct http_challenge *best, const char *value, size_t len)
{
	struct scan s = {value, value + len};
	char scheme[32];

	for (;;) {
		struct http_challenge c = {.scheme = HTTP_AUTH_NONE};
		const char *before;
		bool usable;

		skip_blanks(&s);
		before = s.p;
		take_token(&s, scheme, sizeof(scheme));
		if (text_equal_nocase(scheme, "basic"))
			c.scheme = HTTP_AUTH_BASIC;
		else if (text_equal_nocase(scheme, "digest"))
			c.scheme = HTTP_AUTH_DIGEST;
		usable = parameters(&c, &s);
		if (c.scheme == HTTP_AUTH_DIGEST && !c.nonce[0])
			usable = false;
		if (usable && strength(&c) > strength(best))
			*best = c;
		if (s.p >= s.end)
			return;
		if (s.p == before)
			s.p++;
	}
}

/* ---- Answering ---- */

struct digest {
	const br_hash_class *class;
	br_hash_compat_context context;
};

static void digest_begin(struct digest *d, enum http_algorithm algorithm)
{
	d->class = algorithm >= HTTP_SHA256 ? &br_sha256_vtable : &br_md5_vtable;
	d->class->init(&d->context.vtable);
}

static void digest_add(struct digest *d, const char *text)
{
	d->class->update(&d->context.vtable, text, strlen(text));
}

/* The texts joined by colons; NULL ends the list. */
static void digest_join(struct digest *d, const char *const *texts)
{
	unsigned i;

	for (i = 0; texts[i]; i++) {
		if (i)
			digest_add(d, ":");
		digest_add(d, texts[i]);
	}
}

#define DIGEST_HEX 65

static void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
	uint8_t raw[32];
	size_t len = (d->class->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK, i;

	d->class->out(&d->context.vtable, raw);
	for (i = 0; i < len; i++)
		format(hex + 2 * i, 3, "%02x", raw[i]);
}

static void digest_of(enum http_algorithm algorithm, const char *const *texts, char hex[DIGEST_HEX])
{
	struct digest d;

	digest_begin(&d, algorithm);
	digest_join(&d, texts);
	digest_end(&d, hex);
}

/* Append `, name="value"` with quotes and backslashes escaped. */
static void append_quoted(char *out, size_t size, const char *name, const char *value)
{
	size_t len;

	format_append(out, size, "%s=\"", name);
	for (len = strlen(out); *value && len + 2 < size; value++) {
		if (*value == '"' || *value == '\\')
			out[len++] = '\\';
		out[len++] = *value;
	}
	out[min(len, size - 1)] = '\0';
	format_append(out, size, "\"");
}

static long digest_authorization(struct http_challenge *c, const char *user, const char *password,
				 const char *method, const char *target, const char *cnonce,
				 char *out, size_t size)
{
	char a1[DIGEST_HEX], a2[DIGEST_HEX], response[DIGEST_HEX], count[9];
	enum http_algorithm algorithm = c->algorithm;

	c->count++;
	format(count, sizeof(count), "%08x", (unsigned)c->count);
	digest_of(algorithm, (const char *const[]){user, c->realm, password, NULL}, a1);
	if (algorithm == HTTP_MD5_SESS || algorithm == HTTP_SHA256_SESS)
		digest_of(algorithm, (const char *const[]){a1, c->nonce, cnonce, NULL}, a1);
	digest_of(algorithm, (const char *const[]){method, target, NULL}, a2);
	if (c->qop_auth)
		digest_of(algorithm,
			  (const char *const[]){a1, c->nonce, count, cnonce, "auth", a2, NULL},
			  response);
	else
		digest_of(algorithm, (const char *const[]){a1, c->nonce, a2, NULL}, response);
	format(out, size, "Digest ");
	append_quoted(out, size, "username", user);
	append_quoted(out, size, ", realm", c->realm);
	append_quoted(out, size, ", nonce", c->nonce);
	append_quoted(out, size, ", uri", target);
	append_quoted(out, size, ", response", response);
	format_append(out, size, ", algorithm=%s", algorithm_names[algorithm]);
	if (c->has_opaque)
		append_quoted(out, size, ", opaque", c->opaque);
	if (c->qop_auth)
		format_append(out, size, ", qop=auth, nc=%s", count);
	if (c->qop_auth || algorithm == HTTP_MD5_SESS || algorithm == HTTP_SHA256_SESS)
		append_quoted(out, size, ", cnonce", cnonce);
	if (strlen(out) + 1 >= size)
		return fail(E_HTTP_AUTH,
			    "address, user name or challenge are too long for a login");
	return (long)strlen(out);
}

static long basic_authorization(const char *user, const char *password, char *out, size_t size)
{
	char both[513];
	size_t len = format(both, sizeof(both), "%s:%s", user, password);

	if (len >= sizeof(both) || size < 8 + (len + 2) / 3 * 4)
		return fail(E_HTTP_AUTH, "user name and password have more than %u characters",
			    (unsigned)sizeof(both) - 2);
	memcpy(out, "Basic ", 6);
	return 6 + (long)base64_encode(both, len, out + 6, size - 6);
}

long http_authorization(struct http_challenge *challenge, const char *user, const char *password,
			const char *method, const char *target, const char *cnonce, char *out,
			size_t size)
{
	switch (challenge->scheme) {
	case HTTP_AUTH_BASIC:
		return basic_authorization(user, password, out, size);
	case HTTP_AUTH_DIGEST:
		return digest_authorization(challenge, user, password, method, target, cnonce, out,
					    size);
	default:
		return fail(E_HTTP_AUTH, "the server wants a kind of login that is not supported "
					 "(only Basic and Digest are)");
	}
}
