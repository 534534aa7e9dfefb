/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 requests: what is sent, and what is made of the answer: redirects
 * and passwords. One request after the other goes out (http_conn.c) until an
 * answer is the final one.
 */
#include "netstack/http_internal.h"
#include "netstack/tcp.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"
#include "bios/heap.h"

#define REDIRECT_MAX 10
#define LOGIN_MAX    3 /* answers to password questions of one request */

/* The last server that asked for a password: the next request brings it unasked. */
static struct {
	char host[256];
	uint16_t port;
	struct http_challenge challenge;
} known;

/* ---- The request ---- */

struct text {
	char *p;
	size_t len, size;
	bool full;
};

static void add(struct text *t, const char *fmt, ...) PRINTF(2, 3);
static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += vformat(t->p + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (t->len >= t->size) {
		t->full = true;
		t->len = t->size - 1;
	}
}

/* What follows GET: path and query as they were given. Only bytes that cannot stand in a
 * request line are encoded. */
static char *request_target(const struct uri *uri)
{
	size_t max = strlen(uri->path) + (uri->query ? strlen(uri->query) : 0) + 2, n = 0;
	const char *part[2] = {*uri->path ? uri->path : "/", uri->query}, *p;
	char *target = heap_alloc(3 * max + 1);
	unsigned i;

	for (i = 0; target && i < 2 && part[i]; i++) {
		if (i)
			target[n++] = '?';
		for (p = part[i]; *p; p++) {
			if (*p > ' ' && *p < 0x7f)
				target[n++] = *p;
			else
				n += format(target + n, 4, "%%%02X", (unsigned char)*p);
		}
	}
	if (target)
		target[n] = '\0';
	return target;
}

static bool same_server(const struct uri *a, const struct uri *b)
{
	return http_uri_port(a) == http_uri_port(b) && text_equal_nocase(a->host, b->host);
}

const char *http_method(const struct run *run)
{
	if (run->request->method && !run->plain)
		return run->request->method;
	return http_has_content(run) ? "POST" : "GET";
}

static int add_authorization(struct run *run, struct text *t, const char *target)
{
	const size_t size = 2048 + 2 * strlen(target);
	char cnonce[17], *value;
	long len;

	if (run->challenge.scheme == HTTP_AUTH_NONE || !run->has_user)
		return 0;
	value = heap_alloc(size);
	if (!value)
		return fail(E_NO_MEMORY, "out of memory for an HTTP request");
	format(cnonce, sizeof(cnonce), "%08x%08x", random_u32(), random_u32());
	len = http_authorization(&run->challenge, run->user, run->password, http_method(run),
				 target, cnonce, value, size);
	if (len >= 0)
		add(t, "Authorization: %s\r\n", value);
	heap_free(value);
	return len < 0 ? (int)len : 0;
}

static int write_request(struct run *run, struct text *t, const char *target)
{
	const struct http_request *r = run->request;
	const struct uri *uri = run->uri;

	add(t, "%s %s HTTP/1.1\r\n", http_method(run), target);
	add(t, strchr(uri->host, ':') ? "Host: [%s]" : "Host: %s", uri->host);
	if (http_uri_port(uri) != HTTP_PORT)
		add(t, ":%u", http_uri_port(uri));
	add(t, "\r\nUser-Agent: iPXE/%s\r\nConnection: keep-alive\r\n", version);
	if (r->range && r->range_last == HTTP_UNKNOWN)
		add(t, "Range: bytes=%llu-\r\n", (unsigned long long)r->range_first);
	else if (r->range)
		add(t, "Range: bytes=%llu-%llu\r\n", (unsigned long long)r->range_first,
		    (unsigned long long)r->range_last);
	if (r->if_range)
		add(t, "If-Range: %s\r\n", r->if_range);
	/* They may hold a secret that is meant for one server. */
	if (r->headers && same_server(uri, r->uri))
		add(t, "%s", r->headers);
	if (http_has_content(run))
		add(t, "Content-Type: %s\r\nContent-Length: %u\r\n", r->content_type,
		    (unsigned)r->content_len);
	return add_authorization(run, t, target);
}

int http_send_request(struct run *run, struct tcp_conn *tcp)
{
	const struct http_request *r = run->request;
	char *target = request_target(run->uri);
	struct text t = {0};
	int rc = E_NO_MEMORY;

	if (target) {
		t.size = 8192 + 3 * strlen(target) + strlen(run->uri->host);
		t.p = heap_alloc(t.size);
	}
	if (t.p)
		rc = write_request(run, &t, target);
	else
		fail(rc, "out of memory for an HTTP request");
	if (!rc) {
		add(&t, "\r\n");
		rc = t.full ? fail(E_HTTP_ADDRESS, "the request is too long")
			    : tcp_send(tcp, t.p, t.len, true);
	}
	if (!rc && http_has_content(run) && r->content_len)
		rc = tcp_send(tcp, r->content, r->content_len, true);
	heap_free(t.p);
	heap_free(target);
	return rc;
}

/* ---- Redirects and logins ---- */

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool can_login(struct run *run, const struct http_response *r)
{
	if (r->challenge.scheme == HTTP_AUTH_NONE || !run->has_user || run->logins >= LOGIN_MAX)
		return false;
	/* The same question again means that the answer was wrong; unless what was answered was a
	 * question of an earlier request. */
	return !run->logins || r->challenge.stale;
}

enum verdict http_judge(struct run *run, const struct http_response *r)
{
	if (is_redirect(r->status) && r->location)
		return REDIRECTED;
	return r->status == 401 && can_login(run, r) ? LOGIN : FINAL;
}

static bool is_clean(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

/*
 * Who we are to the server of run->uri: what its address says; for the server
 * that was asked first also what the first address or the settings say. Another
 * server, to which we were redirected, gets none of that.
 */
static void find_user(struct run *run)
{
	const struct uri *first = run->request->uri, *from = run->uri;

	run->has_user = false;
	if (!from->user && same_server(from, first))
		from = first;
	if (from->user) {
		uri_decode(from->user, run->user, sizeof(run->user));
		uri_decode(from->password ? from->password : "", run->password,
			   sizeof(run->password));
		run->has_user = true;
	} else if (from == first) {
		run->has_user = setting_text("", "username", run->user, sizeof(run->user)) > 0;
		setting_text("", "password", run->password, sizeof(run->password));
	}
	if (!is_clean(run->user))
		run->has_user = false;
	run->request->login = run->has_user ? run->user : NULL;
}

static void recall_challenge(struct run *run)
{
	memset(&run->challenge, 0, sizeof(run->challenge));
	if (known.port == http_uri_port(run->uri) && text_equal_nocase(known.host, run->uri->host))
		run->challenge = known.challenge;
}

static void remember_challenge(const struct run *run)
{
	if (run->challenge.scheme == HTTP_AUTH_NONE || !run->has_user)
		return;
	known.challenge = run->challenge;
	known.port = http_uri_port(run->uri);
	if (!text_copy(known.host, sizeof(known.host), run->uri->host))
		known.port = 0;
}

static int check_uri(struct http_request *request, const struct uri *uri)
{
	char text[160];

	uri_redacted(uri, text, sizeof(text));
	if (uri->scheme && !strcmp(uri->scheme, "http") && uri->host && uri->host[0])
		return 0;
	request->final = true;
	if (uri->scheme && !strcmp(uri->scheme, "https"))
		return fail(E_FETCH_TLS, "redirected to %s: this build has no TLS", text);
	return fail(E_HTTP_ADDRESS, "\"%s\" is not an http://host/ address", text);
}

static int follow(struct run *run)
{
	struct http_request *request = run->request;
	const struct http_response *r = &run->exchange.parser.response;
	struct uri *next;
	char text[128];

	request->final = true;
	next = uri_resolve(run->uri, r->location);
	if (!next)
		return fail_context(E_URI_INVALID, "HTTP %u, redirected", r->status);
	if (++run->redirects > REDIRECT_MAX) {
		fail(E_HTTP_REDIRECT, "redirected %u times, at last to %s", REDIRECT_MAX,
		     uri_redacted(next, text, sizeof(text)));
		uri_free(next);
		return E_HTTP_REDIRECT;
	}
	request->final = false;
	log_debug("http", 1, "HTTP %u: redirected to %s", r->status,
		  uri_redacted(next, text, sizeof(text)));
	/* RFC 9110 section 15.4: 307 and 308 repeat the request, the others ask with GET. */
	if (r->status < 307)
		run->plain = http_has_content(run) || run->plain;
	uri_free(run->uri);
	run->uri = next;
	return check_uri(request, next);
}

static int run_request(struct run *run)
{
	int rc = check_uri(run->request, run->uri);

	if (rc)
		return rc;
	find_user(run);
	recall_challenge(run);
	for (;;) {
		rc = http_exchange(run);
		if (rc)
			return rc;
		remember_challenge(run);
		switch (run->exchange.verdict) {
		case REDIRECTED:
			rc = follow(run);
			if (rc)
				return rc;
			find_user(run);
			recall_challenge(run);
			break;
		case LOGIN:
			run->logins++;
			run->challenge = run->exchange.parser.response.challenge;
			break;
		default:
			return 0;
		}
	}
}

int http_run(struct http_request *request)
{
	struct run *run = heap_zalloc(sizeof(*run));
	int rc;

	request->final = false;
	if (!run)
		return fail(E_NO_MEMORY, "out of memory for an HTTP request");
	run->request = request;
	run->uri = uri_dup(request->uri);
	rc = run->uri ? run_request(run) : E_NO_MEMORY;
	if (rc == E_HTTP_PROTOCOL)
		request->final = true;
	http_request_free(request);
	request->response = run->exchange.parser.response;
	run->exchange.parser.response.location = NULL;
	request->final_uri = run->uri;
	http_parser_free(&run->exchange.parser);
	request->login = NULL;
	memset(run->password, 0, sizeof(run->password));
	heap_free(run);
	return rc;
}

/* ---- Parts of the same, again and again ---- */

struct http_parts {
	struct http_request request;
	struct run run;
	struct uri *first; /* the address that was given */
};

struct http_parts *http_parts_new(const struct http_request *request)
{
	struct http_parts *parts = heap_zalloc(sizeof(*parts));

	if (!parts)
		return NULL;
	parts->first = uri_dup(request->uri);
	parts->run.uri = uri_dup(request->final_uri);
	if (!parts->first || !parts->run.uri) {
		http_parts_free(parts);
		return NULL;
	}
	parts->request.uri = parts->first;
	parts->request.range = true;
	parts->run.request = &parts->request;
	find_user(&parts->run);
	recall_challenge(&parts->run);
	return parts;
}

int http_parts_ask(struct http_parts *parts, struct tcp_conn *tcp, uint64_t first, uint64_t last)
{
	parts->request.range_first = first;
	parts->request.range_last = last;
	return http_send_request(&parts->run, tcp);
}

int http_parts_refused(struct http_parts *parts, const struct http_response *response, bool *final)
{
	struct run *run = &parts->run;
	int rc;

	if (response->status == 401 && can_login(run, response)) {
		run->logins++;
		run->challenge = response->challenge;
		*final = false;
		return 0;
	}
	rc = http_status_error(&parts->request, response);
	*final = parts->request.final;
	return rc;
}

void http_parts_accepted(struct http_parts *parts)
{
	parts->run.logins = 0;
}

void http_parts_free(struct http_parts *parts)
{
	if (!parts)
		return;
	uri_free(parts->first);
	uri_free(parts->run.uri);
	memset(parts->run.password, 0, sizeof(parts->run.password));
	heap_free(parts);
}

void http_request_free(struct http_request *request)
{
	http_response_free(&request->response);
	uri_free(request->final_uri);
	request->final_uri = NULL;
}

int http_status_error(struct http_request *request, const struct http_response *r)
{
	request->final = r->status < 500 ? r->status != 408 && r->status != 429
					 : r->status == 501 || r->status == 505;
	if (r->status == 401 && !request->login)
		return fail(E_HTTP_AUTH,
			    "HTTP 401 %s: the server wants a user name and a password "
			    "(realm \"%s\")",
			    r->reason, r->challenge.realm);
	if (r->status == 401 && r->challenge.scheme == HTTP_AUTH_NONE)
		return fail(E_HTTP_AUTH,
			    "HTTP 401 %s: the server wants a kind of login that is not "
			    "supported (only Basic and Digest are)",
			    r->reason);
	if (r->status == 401)
		return fail(E_HTTP_AUTH,
			    "HTTP 401 %s: the server refused the password of user "
			    "\"%s\" (realm \"%s\")",
			    r->reason, request->login, r->challenge.realm);
	if (r->status == 404 || r->status == 410)
		return fail(E_HTTP_NOT_FOUND, "HTTP %u %s", r->status, r->reason);
	if (r->status == 429 || r->status == 503)
		return fail(E_HTTP_BUSY, "HTTP %u %s", r->status, r->reason);
	return fail(E_HTTP_STATUS, "HTTP %u %s", r->status, r->reason);
}
