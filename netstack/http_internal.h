/* SPDX-License-Identifier: BSD-2-Clause */
/* What http.c (requests, redirects, logins) and http_conn.c (connections) share. */
#ifndef NETSTACK_HTTP_INTERNAL_H
#define NETSTACK_HTTP_INTERNAL_H

#include "netstack/http.h"

struct connection;
struct tcp_conn;

/* Verdicts about a response, besides 0 and errors. */
enum verdict { FINAL, REDIRECTED, LOGIN, STALE };

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

static inline uint16_t http_uri_port(const struct uri *uri)
{
	return uri->port ? uri->port : HTTP_PORT;
}
static inline bool http_has_content(const struct run *run)
{
	return run->request->content_type && !run->plain;
}
/** The method with which @run asks now. */
const char *http_method(const struct run *run);
/** Send the request as it stands. 0 or an error after fail(). */
int http_send_request(struct run *run, struct tcp_conn *tcp);
/** What a response's header means for @run: FINAL, REDIRECTED or LOGIN. */
enum verdict http_judge(struct run *run, const struct http_response *response);
/** One request to run->uri and its response, which run->exchange.verdict judges. 0 or an error
 * after fail(). */
int http_exchange(struct run *run);

#endif
