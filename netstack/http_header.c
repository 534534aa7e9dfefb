/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 responses: the header's fields, and the state machine that finds
 * where header, body, chunks and the next response begin (RFC 9112).
 *
 * The header is collected whole, up to 64 KB, and then read line by line: a
 * server's bytes may arrive one at a time, and a field may be folded over
 * lines. The body is passed on as it comes.
 */
#include "netstack/http.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/text.h"
#include "bios/heap.h"

#define OVERHEAD_MAX HTTP_HEADER_MAX /* chunk extensions and trailers of one response */

/* ---- Fields ---- */

/* A piece of the header, not NUL-terminated. */
struct token {
	const char *p;
	size_t len;
};

static struct token trim(struct token t)
{
	while (t.len && is_space((unsigned char)t.p[0])) {
		t.p++;
		t.len--;
	}
	while (t.len && is_space((unsigned char)t.p[t.len - 1]))
		t.len--;
	return t;
}

static bool token_is(struct token t, const char *word)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		if (!word[i] || to_lower((unsigned char)t.p[i]) != to_lower((unsigned char)word[i]))
			return false;
	}
	return !word[t.len];
}

/* Take the part in front of @separator off @t; the whole when there is none. */
static struct token split(struct token *t, char separator)
{
	const char *p = t->len ? memchr(t->p, separator, t->len) : NULL;
	struct token first = {t->p, p ? (size_t)(p - t->p) : t->len};

	t->p += p ? first.len + 1 : first.len;
	t->len -= p ? first.len + 1 : first.len;
	return trim(first);
}

/* Decimal digits and nothing else, up to 64 bits. */
static bool token_number(struct token t, uint64_t *value)
{
	char text[24];

	if (!t.len || t.len >= sizeof(text) || !is_digit((unsigned char)t.p[0]))
		return false;
	memcpy(text, t.p, t.len);
	text[t.len] = '\0';
	return text_to_u64(text, 10, value);
}

/* Copy what fits and can be sent back; a value that does not is as good as none. */
static void token_copy(struct token t, char *out, size_t size)
{
	size_t i;

	out[0] = '\0';
	if (t.len >= size)
		return;
	for (i = 0; i < t.len; i++) {
		if (!is_print((unsigned char)t.p[i]))
			return;
	}
	memcpy(out, t.p, t.len);
	out[t.len] = '\0';
}

static int field_length(struct http_response *r, struct token value)
{
	struct token rest = value;
	uint64_t length;

	/* Repeated equal values are one (RFC 9110 section 8.6); different ones are an attack. */
	while (rest.len) {
		if (!token_number(split(&rest, ','), &length) || length == HTTP_UNKNOWN ||
		    (r->length != HTTP_UNKNOWN && r->length != length))
			return fail(E_HTTP_PROTOCOL, "bad Content-Length \"%.*s\"",
				    (int)min(value.len, (size_t)40), value.p);
		r->length = length;
	}
	return 0;
}

static int field_transfer_encoding(struct http_response *r, struct token value)
{
	while (value.len) {
		struct token coding = split(&value, ',');

		if (token_is(coding, "identity"))
			continue;
		if (r->chunked || !token_is(coding, "chunked"))
			return fail(E_HTTP_PROTOCOL, "transfer coding \"%.*s\" is not supported",
				    (int)min(coding.len, (size_t)40), coding.p);
		r->chunked = true;
	}
	return 0;
}

/* bytes FIRST-LAST/TOTAL, TOTAL may be *; a 416 says bytes STAR/TOTAL. */
static void field_content_range(struct http_response *r, struct token value)
{
	struct token unit = split(&value, ' '), range = split(&value, '/'), total = trim(value);
	struct token first = split(&range, '-'), last = trim(range);

	if (!token_is(unit, "bytes"))
		return;
	r->range_total = HTTP_UNKNOWN;
	if (!token_is(total, "*") && !token_number(total, &r->range_total))
		return;
	r->has_range = token_number(first, &r->range_first) && token_number(last, &r->range_last) &&
		       r->range_first <= r->range_last && r->range_last < r->range_total;
}

static void field_connection(struct http_response *r, struct token value)
{
	while (value.len) {
		struct token option = split(&value, ',');

		if (token_is(option, "close"))
			r->keep_alive = false;
		else if (token_is(option, "keep-alive"))
			r->keep_alive = true;
	}
}

static int field_location(struct http_response *r, struct token value)
{
	if (r->location)
		return 0;
	r->location = text_dup_len(value.p, value.len);
	return r->location ? 0 : fail(E_NO_MEMORY, "out of memory for a redirect");
}

static int field(struct http_response *r, struct token name, struct token value)
{
	uint64_t number;

	if (token_is(name, "content-length"))
		return field_length(r, value);
	if (token_is(name, "transfer-encoding"))
		return field_transfer_encoding(r, value);
	if (token_is(name, "location"))
		return field_location(r, value);
	if (token_is(name, "content-range"))
		field_content_range(r, value);
	else if (token_is(name, "connection"))
		field_connection(r, value);
	else if (token_is(name, "accept-ranges"))
		r->accept_ranges = token_is(value, "bytes");
	else if (token_is(name, "www-authenticate"))
		http_challenge_parse(&r->challenge, value.p, value.len);
	else if (token_is(name, "last-modified"))
		token_copy(value, r->last_modified, sizeof(r->last_modified));
	else if (token_is(name, "etag") && value.len && value.p[0] == '"')
		token_copy(value, r->etag, sizeof(r->etag));
	else if (token_is(name, "retry-after") && token_number(value, &number))
		r->retry_after = (uint32_t)min(number, (uint64_t)UINT32_MAX);
	return 0;
}

/* ---- The header ---- */

/* HTTP/1.1 404 Not Found */
static int status_line(struct http_response *r, struct token line)
{
	struct token version = split(&line, ' '), code, reason;
	uint64_t status;
	size_t i;

	line = trim(line);
	code = split(&line, ' ');
	reason = trim(line);
	if (version.len != 8 || memcmp(version.p, "HTTP/1.", 7) || code.len != 3 ||
	    !token_number(code, &status) || status < 100)
		return fail(E_HTTP_PROTOCOL, "the server's answer is not HTTP/1");
	r->status = (unsigned)status;
	r->http10 = version.p[7] == '0';
	r->keep_alive = !r->http10;
	for (i = 0; i < reason.len && i + 1 < sizeof(r->reason); i++)
		r->reason[i] = is_print((unsigned char)reason.p[i]) ? reason.p[i] : '.';
	r->reason[i] = '\0';
	return 0;
}

/* Next line with its continuations, which are joined in place by blanks. */
static bool next_line(char **text, char *end, struct token *line)
{
	char *p = *text, *lf;

	if (p >= end)
		return false;
	line->p = p;
	for (;;) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf) {
			p = end;
			*text = end;
			break;
		}
		if (lf + 1 < end && (lf[1] == ' ' || lf[1] == '\t') && line->p != lf) {
			if (lf > line->p && lf[-1] == '\r')
				lf[-1] = ' ';
			*lf = ' ';
			p = lf + 1;
			continue;
		}
		p = lf;
		*text = lf + 1;
		break;
	}
	line->len = (size_t)(p - line->p);
	*line = trim(*line);
	return true;
}

static int parse_lines(struct http_response *r, char *text, size_t len)
{
	char *end = text + len;
	struct token line, name;
	int rc;

	if (!next_line(&text, end, &line))
		return fail(E_HTTP_PROTOCOL, "the server's answer is empty");
	rc = status_line(r, line);
	while (!rc && next_line(&text, end, &line)) {
		name = split(&line, ':');
		rc = field(r, name, trim(line));
	}
	return rc;
}

int http_response_parse(struct http_response *response, const char *text, size_t len)
{
	char *copy = text_dup_len(text, len);
	int rc;

	memset(response, 0, sizeof(*response));
	response->length = HTTP_UNKNOWN;
	if (!copy)
		return fail(E_NO_MEMORY, "out of memory for an HTTP header");
	rc = parse_lines(response, copy, len);
	heap_free(copy);
	return rc;
}

void http_response_free(struct http_response *response)
{
	heap_free(response->location);
	response->location = NULL;
}

/* ---- The state machine ---- */

static void broken(struct http_parser *p, int rc)
{
	p->state = HTTP_BROKEN;
	p->rc = rc;
}

void http_parser_start(struct http_parser *p, bool no_body)
{
	http_response_free(&p->response);
	memset(&p->response, 0, sizeof(p->response));
	p->state = HTTP_IN_HEADER;
	p->no_body = no_body;
	p->text_len = 0;
	p->line_len = 0;
	p->left = 0;
	p->overhead = 0;
	p->size_digits = p->size_done = false;
	p->rc = 0;
}

void http_parser_free(struct http_parser *p)
{
	http_response_free(&p->response);
	heap_free(p->text);
	p->text = NULL;
	p->text_len = p->text_size = 0;
}

/* Which body follows, RFC 9112 section 6.3. */
static void begin_body(struct http_parser *p)
{
	const struct http_response *r = &p->response;

	if (p->no_body || r->status == 204 || r->status == 304) {
		p->state = HTTP_COMPLETE;
	} else if (r->chunked) {
		p->state = HTTP_IN_CHUNK_SIZE;
	} else if (r->length != HTTP_UNKNOWN) {
		p->left = r->length;
		p->state = p->left ? HTTP_IN_BODY : HTTP_COMPLETE;
	} else {
		p->response.keep_alive = false;
		p->state = HTTP_IN_CLOSE_BODY;
	}
}

static void header_complete(struct http_parser *p)
{
	int rc = http_response_parse(&p->response, p->text, p->text_len);

	if (!rc && p->response.status == 101)
		rc = fail(E_HTTP_PROTOCOL, "the server wants to switch protocols");
	if (rc) {
		broken(p, rc);
		return;
	}
	if (p->response.status < 200) {
		/* 1xx is news on the way; the answer follows. The cap on header bytes holds for
		 * all of them together. */
		p->overhead += (uint32_t)p->text_len;
		if (p->overhead > HTTP_HEADER_MAX)
			broken(p, fail(E_HTTP_PROTOCOL, "too many interim responses"));
		http_response_free(&p->response);
		p->text_len = 0;
		return;
	}
	rc = p->header ? p->header(p) : 0;
	if (rc)
		broken(p, rc);
	else
		begin_body(p);
}

static bool grow_text(struct http_parser *p, size_t len)
{
	size_t size = p->text_size ? p->text_size : 1024;
	char *text;

	while (size < p->text_len + len)
		size *= 2;
	if (size == p->text_size)
		return true;
	text = heap_realloc(p->text, size);
	if (!text)
		return false;
	p->text = text;
	p->text_size = size;
	return true;
}

/* Take header bytes up to and with the next line feed. */
static size_t feed_header(struct http_parser *p, const uint8_t *data, size_t len)
{
	const uint8_t *lf = memchr(data, '\n', len);
	size_t n = lf ? (size_t)(lf - data) + 1 : len, line;

	if (p->text_len + n > HTTP_HEADER_MAX) {
		broken(p, fail(E_HTTP_PROTOCOL, "the response's header exceeds %u bytes",
			       HTTP_HEADER_MAX));
		return n;
	}
	if (!grow_text(p, n)) {
		broken(p, fail(E_NO_MEMORY, "out of memory for an HTTP header"));
		return n;
	}
	memcpy(p->text + p->text_len, data, n);
	p->text_len += n;
	p->line_len += n;
	if (!lf)
		return n;
	line = p->line_len;
	p->line_len = 0;
	if (line == 1 || (line == 2 && p->text[p->text_len - 2] == '\r')) {
		p->text_len -= line;
		/* Empty lines in front of a status line are leftovers of a sloppy server. */
		if (p->text_len)
			header_complete(p);
	}
	return n;
}

static size_t feed_data(struct http_parser *p, const uint8_t *data, size_t len)
{
	size_t n = p->state == HTTP_IN_CLOSE_BODY ? len : (size_t)min((uint64_t)len, p->left);
	int rc = p->body ? p->body(p, data, n) : 0;

	if (rc) {
		broken(p, rc);
		return n;
	}
	if (p->state == HTTP_IN_CLOSE_BODY)
		return n;
	p->left -= n;
	if (!p->left)
		p->state = p->state == HTTP_IN_CHUNK ? HTTP_IN_CHUNK_END : HTTP_COMPLETE;
	return n;
}

static void chunk_size_end(struct http_parser *p)
{
	if (!p->size_digits) {
		broken(p, fail(E_HTTP_PROTOCOL, "chunk without a size"));
		return;
	}
	p->size_digits = p->size_done = false;
	p->line_len = 0;
	p->state = p->left ? HTTP_IN_CHUNK : HTTP_IN_TRAILER;
}

/* One byte of "1a2b;extension CR LF". */
static void chunk_size_byte(struct http_parser *p, uint8_t byte)
{
	int digit = hex_digit(byte);

	if (byte == '\n') {
		chunk_size_end(p);
	} else if (p->size_done) {
		return;
	} else if (digit >= 0) {
		if (p->left >> 59)
			broken(p, fail(E_HTTP_PROTOCOL, "chunk of more than 2^63 bytes"));
		p->left = p->left << 4 | (unsigned)digit;
		p->size_digits = true;
	} else if (byte == ';' || byte == '\r' || byte == ' ' || byte == '\t') {
		p->size_done = true;
	} else {
		broken(p, fail(E_HTTP_PROTOCOL, "chunk size is not a hexadecimal number"));
	}
}

/* The line end behind a chunk's data. */
static void chunk_end_byte(struct http_parser *p, uint8_t byte)
{
	if (byte == '\n')
		p->state = HTTP_IN_CHUNK_SIZE;
	else if (byte != '\r')
		broken(p, fail(E_HTTP_PROTOCOL, "chunk is longer than its size says"));
}

/* Fields behind the last chunk are read over, up to an empty line. */
static void trailer_byte(struct http_parser *p, uint8_t byte)
{
	if (byte == '\n') {
		if (!p->line_len)
			p->state = HTTP_COMPLETE;
		p->line_len = 0;
	} else if (byte != '\r') {
		p->line_len++;
	}
}

static size_t feed_overhead(struct http_parser *p, uint8_t byte)
{
	if (p->state == HTTP_IN_CHUNK_SIZE)
		chunk_size_byte(p, byte);
	else if (p->state == HTTP_IN_CHUNK_END)
		chunk_end_byte(p, byte);
	else
		trailer_byte(p, byte);
	/* Each chunk pays for its own size line; only what exceeds that is limited. */
	if (p->state == HTTP_IN_CHUNK)
		p->overhead = 0;
	else if (++p->overhead > OVERHEAD_MAX)
		broken(p, fail(E_HTTP_PROTOCOL, "chunk extensions or trailer exceed %u bytes",
			       OVERHEAD_MAX));
	return 1;
}

size_t http_parser_feed(struct http_parser *p, const uint8_t *data, size_t len)
{
	size_t used = 0;

	while (used < len && p->state != HTTP_COMPLETE && p->state != HTTP_BROKEN) {
		switch (p->state) {
		case HTTP_IN_HEADER:
			used += feed_header(p, data + used, len - used);
			break;
		case HTTP_IN_BODY:
		case HTTP_IN_CLOSE_BODY:
		case HTTP_IN_CHUNK:
			used += feed_data(p, data + used, len - used);
			break;
		default:
			used += feed_overhead(p, data[used]);
			break;
		}
	}
	return used;
}

void http_parser_end(struct http_parser *p)
{
	if (p->state == HTTP_IN_CLOSE_BODY)
		p->state = HTTP_COMPLETE;
	else if (p->state == HTTP_IN_HEADER && !p->text_len)
		broken(p, fail(E_HTTP_SHORT, "the server closed the connection without an answer"));
	else if (p->state != HTTP_COMPLETE && p->state != HTTP_BROKEN)
		broken(p, fail(E_HTTP_SHORT, "the server closed the connection in mid-transfer"));
}
