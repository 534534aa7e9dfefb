/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheme http: a download is one GET; after a break the rest is asked for
 * by Range. If-Range makes the server send the whole again when the file has
 * changed meanwhile, or when it knows no ranges: both are a 200, and begin anew.
 */
#include "netstack/fetch.h"
#include "netstack/http.h"
#include "netstack/params.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/text.h"

#define RETRY_AFTER_MAX 60u /* seconds that a server can make us wait */

/* What the file must still be for a resumed transfer to fit. */
static void keep_validator(struct fetch *f, const struct http_response *r)
{
	const char *text = r->etag[0] ? r->etag : r->last_modified;

	if (!text_copy(f->validator, sizeof(f->validator), text))
		f->validator[0] = '\0';
}

static int look_whole(struct fetch *f, struct http_request *request, const struct http_response *r)
{
	int rc;

	fetch_restart(f);
	keep_validator(f, r);
	if (r->chunked || r->length == HTTP_UNKNOWN)
		return 0;
	rc = fetch_expect(f, r->length);
	request->direct = f->data;
	return rc;
}

static int look_part(struct fetch *f, struct http_request *request, const struct http_response *r)
{
	bool known = r->range_total != HTTP_UNKNOWN;
	uint64_t first = f->len;
	int rc;

	if (!request->range || !r->has_range || r->range_first != f->len ||
	    (known && f->total && r->range_total != f->total) ||
	    (r->length != HTTP_UNKNOWN && !r->chunked &&
	     r->length != r->range_last - r->range_first + 1)) {
		fetch_restart(f);
		return fail(E_HTTP_RANGE,
			    "asked for the rest from byte %llu, the server sent "
			    "another part",
			    (unsigned long long)first);
	}
	rc = known ? fetch_expect(f, r->range_total) : 0;
	if (!rc && !r->chunked && r->length != HTTP_UNKNOWN) {
		rc = fetch_room(f, r->range_last + 1);
		if (!rc)
			request->direct = f->data + f->len;
	}
	return rc;
}

static int look(struct http_request *request, const struct http_response *r)
{
	struct fetch *f = request->ctx;

	if (r->status == 206)
		return look_part(f, request, r);
	if (r->status / 100 == 2)
		return look_whole(f, request, r);
	if (r->status == 416 && request->range) {
		fetch_restart(f);
		return fail(E_HTTP_RANGE, "the file is shorter than what already arrived");
	}
	if (r->status == 429 || r->status == 503)
		f->retry_ms = min(r->retry_after, RETRY_AFTER_MAX) * 1000;
	return http_status_error(request, r);
}

static int take(struct http_request *request, const uint8_t *data, size_t len)
{
	struct fetch *f = request->ctx;
	int rc;

	if (!request->direct) {
		rc = fetch_room(f, f->len + len);
		if (rc)
			return rc;
		memcpy(f->data + f->len, data, len);
	}
	f->len += len;
	return 0;
}

static int turn(struct http_request *request)
{
	return fetch_turn(request->ctx);
}

/* One request, which goes on where an earlier one broke off, unless it has content. */
static int request_content(struct fetch *f, struct http_request *request)
{
	int rc;

	if (f->len && f->validator[0] && !request->content_type) {
		request->range = true;
		request->range_first = f->len;
		request->range_last = HTTP_UNKNOWN;
		request->if_range = f->validator;
	} else {
		fetch_restart(f);
	}
	rc = http_run(request);
	/* Content may have had its effect although the answer was lost. */
	if (request->final || request->content_type)
		f->final = true;
	if (!rc && f->total && f->len != f->total)
		rc = fail(E_HTTP_SHORT, "the server ended the transfer after %llu of %llu bytes",
			  (unsigned long long)f->len, (unsigned long long)f->total);
	if (!rc) {
		f->final_uri = request->final_uri;
		request->final_uri = NULL;
	}
	http_request_free(request);
	return rc;
}

/* Fields of a GET go into its query, those of other methods are the content. */
static int with_params(struct fetch *f, struct http_request *request, const struct params *params)
{
	char *form = params_form(params), *headers = form ? params_headers(params) : NULL;
	struct uri *uri = NULL;
	int rc = headers ? 0 : E_NO_MEMORY;

	request->headers = headers;
	if (!rc && !strcmp(params->method, "GET")) {
		uri = uri_with_query(f->uri, form);
		request->uri = uri;
		rc = uri ? 0 : E_NO_MEMORY;
	} else if (!rc) {
		request->method = params->method;
		request->content_type = "application/x-www-form-urlencoded";
		request->content = (const uint8_t *)form;
		request->content_len = strlen(form);
	}
	if (!rc)
		rc = request_content(f, request);
	uri_free(uri);
	heap_free(headers);
	heap_free(form);
	return rc;
}

static int http_fetch(struct fetch *f)
{
	struct http_request request = {
		.uri = f->uri, .header = look, .body = take, .turn = turn, .ctx = f};
	const struct params *params;
	int rc;

	params = params_of(f->uri, &rc);
	if (!rc)
		rc = params ? with_params(f, &request, params) : request_content(f, &request);
	else
		f->final = true;
	return rc;
}

TABLE_ENTRY(uri_scheme, scheme_http) = {
	.name = "http",
	.fetch = http_fetch,
	.stream = &http_stream_ops,
};
