/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 requests: connections, redirects and passwords around the parser.
 *
 * One connection per server is kept open between requests. A server may close
 * it at any moment, also just when the next request is on its way: a reused
 * connection that ends, or stays silent, before the first byte of an answer is
 * replaced by a new one, and the request goes out again.
 *
 * As soon as the header tells the length of a body whose place the caller
 * knows, that place becomes TCP's: payload is then written there by the receive
 * path itself, in order or not, and the parser only counts it.
 */
#include "netstack/http.h"
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"
#include "bios/heap.h"

#define REDIRECT_MAX	 10
#define LOGIN_MAX	 3	/* answers to password questions of one request */
#define DRAIN_MAX	 65536u /* body thrown away to keep a connection */
#define POOL_MAX	 4
#define IDLE_MS		 60000u
#define STALE_MS	 5000u /* a reused connection must answer within */
#define STALL_MS	 30000u
#define CONNECT_FIRST_MS 4000u /* patience with an address when there are others */
#define CONNECT_LAST_MS	 15000u
#define ADDRESSES	 8

/* Verdicts about a response, besides 0 and errors. */
enum verdict { FINAL, REDIRECTED, LOGIN, STALE };

struct exchange;

struct connection {
	struct list link; /* idle ones */
	char *host;
	uint16_t port;
	struct tcp_conn *tcp;
	struct exchange *exchange; /* being answered, or NULL */
	bool reused;
	bool closed; /* by the peer, or died with close_rc */
	bool dirty;  /* bytes came that nobody had asked for */
	int close_rc;
	char close_text[160];
	uint64_t idle_since;
};

/* One request and its response on one connection. */
struct exchange {
	struct http_parser parser;
	struct run *run;
	struct connection *conn;
	enum verdict verdict;
	bool answered;
	bool discard; /* the body is of no interest */
	bool placed;  /* TCP has the body's place */
	uint64_t received;
};

/* A whole http_run(). */
struct run {
	struct http_request *request;
	struct uri *uri; /* where it goes now */
	bool plain;	 /* redirected: a GET without content from here on */
	struct exchange exchange;
	struct http_challenge challenge;
	unsigned redirects, logins;
	char user[128], password[128];
	bool has_user;
	uint64_t deadline; /* when the caller has no turn() */
};

static struct list idle = LIST_INIT(idle);

/* The last server that asked for a password: the next request brings it unasked. */
static struct {
	char host[256];
	uint16_t port;
	struct http_challenge challenge;
} known;

/* ---- Connections ---- */

static uint16_t uri_port(const struct uri *uri)
{
	return uri->port ? uri->port : HTTP_PORT;
}

static void connection_free(struct connection *c, bool reset)
{
	list_remove(&c->link);
	if (c->tcp && (reset || c->close_rc))
		tcp_abort(c->tcp);
	else if (c->tcp)
		tcp_close(c->tcp);
	heap_free(c->host);
	heap_free(c);
}

void http_close_idle(void)
{
	struct connection *c, *next;

	list_for_each_safe(c, next, &idle, link)
		connection_free(c, false);
}

/* Keep @c for the next request to its server. */
static void connection_keep(struct connection *c)
{
	struct connection *old;
	unsigned count = 0;

	c->exchange = NULL;
	c->idle_since = clock_ms();
	list_append(&idle, &c->link);
	list_for_each(old, &idle, link)
		count++;
	if (count > POOL_MAX)
		connection_free(list_first(&idle, struct connection, link), false);
}

static struct connection *connection_reuse(const char *host, uint16_t port)
{
	struct connection *c, *next;

	list_for_each_safe(c, next, &idle, link) {
		bool usable = !c->closed && !c->dirty && tcp_has_route(c->tcp) &&
			      clock_ms() - c->idle_since < IDLE_MS;

		if (!usable) {
			connection_free(c, c->dirty);
		} else if (c->port == port && text_equal_nocase(c->host, host)) {
			list_remove(&c->link);
			c->reused = true;
			return c;
		}
	}
	return NULL;
}

/* ---- What TCP tells ---- */

static void place_body(struct exchange *e)
{
	struct http_parser *p = &e->parser;
	struct http_request *request = e->run->request;

	if (e->placed && p->state != HTTP_IN_BODY) {
		e->placed = false;
		tcp_direct(e->conn->tcp, NULL, 0);
	} else if (!e->placed && !e->discard && p->state == HTTP_IN_BODY && request->direct) {
		e->placed = true;
		tcp_direct(e->conn->tcp, request->direct + e->received, p->left);
	}
}

static void on_receive(struct tcp_conn *tcp, const uint8_t *data, size_t len)
{
	struct connection *c = tcp_ctx(tcp);
	struct exchange *e = c->exchange;
	size_t used;

	if (!e) {
		c->dirty = true;
		return;
	}
	e->answered = true;
	e->run->deadline = clock_ms() + STALL_MS;
	used = http_parser_feed(&e->parser, data, len);
	if (used < len)
		c->dirty = true;
	place_body(e);
}

static void on_closed(struct tcp_conn *tcp, int rc)
{
	struct connection *c = tcp_ctx(tcp);

	c->closed = true;
	c->close_rc = rc;
	if (rc)
		text_copy(c->close_text, sizeof(c->close_text), error_text());
}

static const struct tcp_handlers handlers = {.receive = on_receive, .closed = on_closed};

static int turn(struct run *run)
{
	int rc;

	if (run->request->turn)
		return run->request->turn(run->request);
	rc = wait_turn(run->deadline);
	if (rc == E_TIMEOUT)
		return fail(E_FETCH_STALLED, "nothing arrived for %u s", STALL_MS / 1000);
	return rc ? fail(rc, "cancelled with Ctrl-C") : 0;
}

static int connect_to(struct run *run, struct connection *c, uint32_t address, unsigned patience)
{
	struct tcp_options options = {.connect_ms = patience};
	uint32_t next_hop;
	int rc = 0;

	if (!netif_route(address, &next_hop))
		return netif_no_route(address);
	c->closed = false;
	c->close_rc = 0;
	c->tcp = tcp_connect(address, c->port, &handlers, c, &options);
	if (!c->tcp)
		return fail(E_NO_MEMORY, "out of memory for a connection to %s", c->host);
	while (!rc && !tcp_is_connected(c->tcp) && !c->closed)
		rc = turn(run);
	if (!rc && !c->closed)
		return 0;
	tcp_abort(c->tcp);
	c->tcp = NULL;
	if (rc)
		return rc;
	/* The sentence of the connection's end names both ends and what went wrong. */
	return fail(c->close_rc ? c->close_rc : E_HTTP_BUSY, "%s",
		    c->close_rc ? c->close_text : "the server closed the connection at once");
}

/* A new connection to the first of the server's addresses that answers. */
static int connection_open(struct run *run, struct connection **out)
{
	const char *host = run->uri->host;
	uint32_t addresses[ADDRESSES];
	int count = dns_resolve(host, addresses, ARRAY_SIZE(addresses)), i, rc = count;
	struct connection *c;

	if (count <= 0)
		return count < 0 ? count : fail(E_HTTP_ADDRESS, "%s has no address", host);
	c = heap_zalloc(sizeof(*c));
	if (c)
		c->host = text_dup(host);
	if (!c || !c->host) {
		heap_free(c);
		return fail(E_NO_MEMORY, "out of memory for a connection to %s", host);
	}
	list_init(&c->link);
	c->port = uri_port(run->uri);
	for (i = 0; i < count; i++) {
		run->deadline = clock_ms() + STALL_MS;
		rc = connect_to(run, c, addresses[i],
				i + 1 < count ? CONNECT_FIRST_MS : CONNECT_LAST_MS);
		if (!rc || rc == E_CANCELLED || rc == E_FETCH_STALLED)
			break;
		if (i + 1 < count)
			log_debug("http", 1, "%s; trying the next address", error_text());
	}
	if (rc) {
		connection_free(c, true);
		return rc;
	}
	*out = c;
	return 0;
}

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
	return uri_port(a) == uri_port(b) && text_equal_nocase(a->host, b->host);
}

static bool has_content(const struct run *run)
{
	return run->request->content_type && !run->plain;
}

static const char *method_of(const struct run *run)
{
	if (run->request->method && !run->plain)
		return run->request->method;
	return has_content(run) ? "POST" : "GET";
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
	len = http_authorization(&run->challenge, run->user, run->password, method_of(run), target,
				 cnonce, value, size);
	if (len >= 0)
		add(t, "Authorization: %s\r\n", value);
	heap_free(value);
	return len < 0 ? (int)len : 0;
}

static int write_request(struct run *run, struct text *t, const char *target)
{
	const struct http_request *r = run->request;
	const struct uri *uri = run->uri;

	add(t, "%s %s HTTP/1.1\r\n", method_of(run), target);
	add(t, strchr(uri->host, ':') ? "Host: [%s]" : "Host: %s", uri->host);
	if (uri_port(uri) != HTTP_PORT)
		add(t, ":%u", uri_port(uri));
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
	if (has_content(run))
		add(t, "Content-Type: %s\r\nContent-Length: %u\r\n", r->content_type,
		    (unsigned)r->content_len);
	return add_authorization(run, t, target);
}

static int send_request(struct run *run, struct tcp_conn *tcp)
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
	if (!rc && has_content(run) && r->content_len)
		rc = tcp_send(tcp, r->content, r->content_len, true);
	heap_free(t.p);
	heap_free(target);
	return rc;
}

/* ---- The response ---- */

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

static int drain(struct exchange *e, const struct http_response *r, enum verdict verdict)
{
	e->verdict = verdict;
	e->discard = true;
	return r->chunked || (r->length != HTTP_UNKNOWN && r->length <= DRAIN_MAX)
		       ? 0
		       : fail(E_HTTP_STATUS, "the body of a redirect is too long");
}

static int on_header(struct http_parser *parser)
{
	struct exchange *e = parser->ctx;
	struct http_request *request = e->run->request;
	const struct http_response *r = &parser->response;

	if (is_redirect(r->status) && r->location)
		return drain(e, r, REDIRECTED);
	if (r->status == 401 && can_login(e->run, r))
		return drain(e, r, LOGIN);
	if (request->header)
		return request->header(request, r);
	return r->status / 100 == 2 ? 0 : http_status_error(request, r);
}

static int on_body(struct http_parser *parser, const uint8_t *data, size_t len)
{
	struct exchange *e = parser->ctx;
	struct http_request *request = e->run->request;

	if (e->discard) {
		e->received += len;
		return e->received <= DRAIN_MAX ? 0 : E_HTTP_STATUS;
	}
	if (request->direct && parser->state == HTTP_IN_BODY) {
		uint8_t *place = request->direct + e->received;

		if (place != data)
			memcpy(place, data, len);
		data = place;
	}
	e->received += len;
	return request->body ? request->body(request, data, len) : 0;
}

static bool is_finished(const struct exchange *e)
{
	return e->parser.state == HTTP_COMPLETE || e->parser.state == HTTP_BROKEN;
}

static bool is_stale(const struct exchange *e, uint64_t started)
{
	return e->conn->reused && !e->answered &&
	       (e->conn->closed || clock_ms() - started > STALE_MS);
}

/* Request and response over @c, which is used up: kept for the next one or closed. */
static int exchange_run(struct run *run, struct connection *c)
{
	struct exchange *e = &run->exchange;
	uint64_t started = clock_ms();
	int rc;

	e->run = run;
	e->conn = c;
	e->verdict = FINAL;
	e->answered = e->discard = e->placed = false;
	e->received = 0;
	e->parser.header = on_header;
	e->parser.body = on_body;
	e->parser.ctx = e;
	http_parser_start(&e->parser, !strcmp(method_of(run), "HEAD"));
	run->request->direct = NULL;
	run->deadline = started + STALL_MS;
	c->exchange = e;
	rc = c->closed ? 0 : send_request(run, c->tcp);
	while (!rc && !is_finished(e) && !c->closed && !is_stale(e, started))
		rc = turn(run);
	if (!rc && is_stale(e, started)) {
		e->verdict = STALE;
		connection_free(c, true);
		return 0;
	}
	if (!rc && !is_finished(e)) {
		if (c->close_rc)
			rc = fail(E_HTTP_SHORT, "%s", c->close_text);
		else
			http_parser_end(&e->parser);
	}
	if (!rc && e->parser.state == HTTP_BROKEN)
		rc = e->verdict == FINAL ? e->parser.rc : 0;
	if (!rc && e->parser.state == HTTP_COMPLETE && e->parser.response.keep_alive &&
	    !c->closed && !c->dirty)
		connection_keep(c);
	else
		connection_free(c, rc || e->parser.state != HTTP_COMPLETE);
	return rc;
}

/* ---- Redirects and logins ---- */

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
	if (known.port == uri_port(run->uri) && text_equal_nocase(known.host, run->uri->host))
		run->challenge = known.challenge;
}

static void remember_challenge(const struct run *run)
{
	if (run->challenge.scheme == HTTP_AUTH_NONE || !run->has_user)
		return;
	known.challenge = run->challenge;
	known.port = uri_port(run->uri);
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
		run->plain = has_content(run) || run->plain;
	uri_free(run->uri);
	run->uri = next;
	return check_uri(request, next);
}

/*
 * One request to run->uri, over a connection that was kept or a new one. What
 * carries content may have an effect and must not go out twice, as it would
 * after a kept connection turns out dead (RFC 9110 section 9.2.2).
 */
static int ask(struct run *run)
{
	struct connection *c =
		has_content(run) ? NULL : connection_reuse(run->uri->host, uri_port(run->uri));
	int rc;

	if (c) {
		rc = exchange_run(run, c);
		if (rc || run->exchange.verdict != STALE)
			return rc;
		c = NULL;
	}
	rc = connection_open(run, &c);
	return c ? exchange_run(run, c) : rc;
}

static int run_request(struct run *run)
{
	int rc = check_uri(run->request, run->uri);

	if (rc)
		return rc;
	find_user(run);
	recall_challenge(run);
	for (;;) {
		rc = ask(run);
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
	return send_request(&parts->run, tcp);
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
