/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP responses in pieces: the first byte of the input sets their size. */
#include <stdlib.h>
#include "netstack/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t body_len;

static int on_body(struct http_parser *parser, const uint8_t *data, size_t len)
{
	body_len += len;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_parser p = {.body = on_body};
	char out[900];
	size_t piece, at = 1, n;

	if (size < 2)
		return 0;
	piece = data[0] ? data[0] : size;
	body_len = 0;
	http_parser_start(&p, false);
	while (at < size && p.state != HTTP_COMPLETE && p.state != HTTP_BROKEN) {
		n = size - at < piece ? size - at : piece;
		at += http_parser_feed(&p, data + at, n);
	}
	http_parser_end(&p);
	if (body_len > size)
		abort();
	if (p.response.challenge.scheme != HTTP_AUTH_NONE)
		http_authorization(&p.response.challenge, "us\"er", "password", "GET", "/x",
				   "cnonce", out, sizeof(out));
	http_parser_free(&p);
	return 0;
}
