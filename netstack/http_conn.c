/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP connections: one request and its response over one of them.
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
#include "netstack/http_internal.h"
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "bios/heap.h"

#define DRAIN_MAX	 65536u /* body thrown away to keep a connection */
#define POOL_MAX	 4
#define IDLE_MS		 60000u
#define STALE_MS	 5000u /* a reused connection must answer within */
#define STALL_MS	 30000u
#define CONNECT_FIRST_MS 4000u /* patience with an address when there are others */
#define CONNECT_LAST_MS	 15000u
#define ADDRESSES	 8

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

static struct list idle = LIST_INIT(idle);

/* ---- Connections ---- */

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
	return rc;
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
	c->port = http_uri_port(run->uri);
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

/* ---- One request and its response ---- */

/* The body of an answer that is none yet is thrown away, when it is small. */
static int drain(struct exchange *e, const struct http_response *r)
{
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

	e->verdict = http_judge(e->run, r);
	if (e->verdict != FINAL)
		return drain(e, r);
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
	http_parser_start(&e->parser, !strcmp(http_method(run), "HEAD"));
	run->request->direct = NULL;
	run->deadline = started + STALL_MS;
	c->exchange = e;
	rc = c->closed ? 0 : http_send_request(run, c->tcp);
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

/*
 * One request to run->uri, over a connection that was kept or a new one. What
 * carries content may have an effect and must not go out twice, as it would
 * after a kept connection turns out dead (RFC 9110 section 9.2.2).
 */
int http_exchange(struct run *run)
{
	struct connection *c = http_has_content(run)
				       ? NULL
				       : connection_reuse(run->uri->host, http_uri_port(run->uri));
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
