/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 client (RFC 9110, 9112) with basic and digest authentication
 * (RFC 7617, 7616).
 *
 * http_run() makes one request and everything that it takes: connection from
 * the pool or a new one, each of the server's addresses, redirects, a password.
 * The caller looks at the final response in header(), says where the body
 * goes, and gets it through body():
 *
 *	struct http_request r = {.uri = uri, .header = look, .body = take, .turn = turn};
 *	rc = http_run(&r);
 *	... r.response.status ...
 *	http_request_free(&r);
 */
#ifndef NETSTACK_HTTP_H
#define NETSTACK_HTTP_H

#include "lib/base.h"
#include "lib/uri.h"

#define HTTP_PORT	80
#define HTTP_HEADER_MAX 65536u /* bytes of a response's status line and header */
#define HTTP_UNKNOWN	UINT64_MAX

/* ---- Authentication (http_auth.c) ---- */

enum http_scheme { HTTP_AUTH_NONE, HTTP_AUTH_BASIC, HTTP_AUTH_DIGEST };
enum http_algorithm { HTTP_MD5, HTTP_MD5_SESS, HTTP_SHA256, HTTP_SHA256_SESS };

/** What a server asks for; the best it offers. */
struct http_challenge {
	enum http_scheme scheme;
	enum http_algorithm algorithm;
	bool qop_auth; /* qop="auth" offered: RFC 7616; else the older RFC 2069 form */
	bool stale;    /* the password was right, the nonce is old */
	char realm[256], nonce[512], opaque[512];
	bool has_opaque;
	uint32_t count; /* requests made with this nonce */
};

/** Look at one WWW-Authenticate value (one or more challenges); keeps the best so far. */
void http_challenge_parse(struct http_challenge *best, const char *value, size_t len);
/**
 * Write the value of an Authorization header for @challenge. @cnonce: a random
 * text of the client. Returns its length, or a negative error after fail().
 */
long http_authorization(struct http_challenge *challenge, const char *user, const char *password,
			const char *method, const char *target, const char *cnonce, char *out,
			size_t size);

/* ---- Responses (http_header.c) ---- */

struct http_response {
	unsigned status;
	char reason[64]; /* printable */
	bool http10;
	bool keep_alive;
	bool chunked;
	uint64_t length;			       /* Content-Length, or HTTP_UNKNOWN */
	bool has_range;				       /* Content-Range: bytes first-last/total */
	uint64_t range_first, range_last, range_total; /* total may be HTTP_UNKNOWN */
	bool accept_ranges;
	uint32_t retry_after; /* seconds, 0: none */
	char *location;	      /* as sent (heap), or NULL */
	char etag[128];	      /* strong entity tag with its quotes, or "" */
	char last_modified[64];
	struct http_challenge challenge;
};

/** Parse status line and header in @text (without the empty line). 0 or an error after fail().
 * @response is set whole; free it with http_response_free(). */
int http_response_parse(struct http_response *response, const char *text, size_t len);
void http_response_free(struct http_response *response);

enum http_parse_state {
	HTTP_IN_HEADER,
	HTTP_IN_BODY,	    /* a known length */
	HTTP_IN_CLOSE_BODY, /* until the connection closes */
	HTTP_IN_CHUNK_SIZE,
	HTTP_IN_CHUNK,
	HTTP_IN_CHUNK_END,
	HTTP_IN_TRAILER,
	HTTP_COMPLETE,
	HTTP_BROKEN,
};

/** A response being received, fed with bytes in pieces of any size. */
struct http_parser {
	enum http_parse_state state;
	struct http_response response;
	bool no_body; /* answer to HEAD */
	char *text;   /* header collected so far */
	size_t text_len, text_size;
	size_t line_len;   /* of the line being read: 0 at its start */
	uint64_t left;	   /* of body or chunk */
	uint32_t overhead; /* bytes of chunk headers and trailers: bounded */
	bool size_digits, size_done;
	int rc; /* of HTTP_BROKEN */
	/** The header of a response other than 1xx is there: 0, or an error to stop. */
	int (*header)(struct http_parser *parser);
	/** Bytes of the body: 0, or an error to stop. */
	int (*body)(struct http_parser *parser, const uint8_t *data, size_t len);
	void *ctx;
};

void http_parser_start(struct http_parser *parser, bool no_body);
/** Feed @len bytes; returns how many belong to this response (all, unless it is complete). */
size_t http_parser_feed(struct http_parser *parser, const uint8_t *data, size_t len);
/** The connection has ended: completes a body that ends so, else breaks. */
void http_parser_end(struct http_parser *parser);
void http_parser_free(struct http_parser *parser);

/* ---- Requests (http.c) ---- */

struct http_request {
	/* asked by the caller */
	const char *method; /* NULL: GET */
	const struct uri *uri;
	bool range; /* ask for bytes range_first to range_last (HTTP_UNKNOWN: to the end) */
	uint64_t range_first, range_last;
	const char *if_range;	  /* validator, or NULL */
	const char *headers;	  /* more header lines, each with its CRLF, or NULL */
	const char *content_type; /* with content: a POST */
	const uint8_t *content;	  /* must stay until http_run() returns */
	size_t content_len;
	/** Judge a final response (not a redirect, not a password question): 0 takes the body,
	 * an error ends the request. NULL: any 2xx. */
	int (*header)(struct http_request *request, const struct http_response *response);
	/** In-order bytes of the body. NULL: thrown away. */
	int (*body)(struct http_request *request, const uint8_t *data, size_t len);
	/** One turn of waiting: 0 or an error after fail(). NULL: 30 s of patience. */
	int (*turn)(struct http_request *request);
	void *ctx;
	/* may be set in header(): bytes of a body of known length go straight here; body() is
	 * then called with pointers into it */
	uint8_t *direct;
	/* the result */
	struct http_response response;
	struct uri *final_uri; /* after redirects */
	bool final;	       /* on failure: trying again is of no use */
	const char *login;     /* during header(): the user name that went along, or NULL */
};

/** 0, or an error after fail(); the response's status is judged by header(). */
int http_run(struct http_request *request);
void http_request_free(struct http_request *request);
/** For header(): an error whose sentence says the status in words ("HTTP 404 Not Found"). Sets
 * @request->final. */
int http_status_error(struct http_request *request, const struct http_response *response);
struct stream_ops;
/** Reading a file piece by piece (http_stream.c). */
extern const struct stream_ops http_stream_ops;

/* Parts of one file over a connection of the caller's own, for those who cannot wait in
 * http_run(). */
struct http_parts;
struct tcp_conn;
/** After a successful http_run(): GETs to where it ended, with the same login. NULL: no memory. */
struct http_parts *http_parts_new(const struct http_request *request);
/** Ask for the bytes @first to @last. 0 or an error after fail(). */
int http_parts_ask(struct http_parts *parts, struct tcp_conn *tcp, uint64_t first, uint64_t last);
/** An answer that is none of 2xx: 0 when asking again (with the password) may help, else an error
 * after fail(); @final: trying again is of no use. */
int http_parts_refused(struct http_parts *parts, const struct http_response *response, bool *final);
/** A part came: passwords may be asked for anew. */
void http_parts_accepted(struct http_parts *parts);
void http_parts_free(struct http_parts *parts);
/** Close idle connections (an interface goes away, somebody else takes over the machine). */
void http_close_idle(void);

#endif
