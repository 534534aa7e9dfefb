/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Request parameters: the input's lines are fields and header lines (those that begin with 'H'),
 * keys and values in turn, and an address that may ask for them. What is made of them must stay
 * in the place of a request that it is meant for.
 */
#include <stdlib.h>
#include "bios/heap.h"
#include "lib/text.h"
#include "lib/uri.h"
#include "netstack/params.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As many fields as were added, of characters that mean nothing else there. */
static void check_form(const struct params *params, unsigned fields)
{
	char *form = params_form(params);
	unsigned equals = 0, ands = 0;

	if (!form)
		return;
	for (const char *p = form; *p; p++) {
		if (!is_print((uint8_t)*p) || *p == ' ' || *p == '#' || *p == '?')
			abort();
		equals += *p == '=';
		ands += *p == '&';
	}
	if (equals != fields || (fields && ands != fields - 1))
		abort();
	heap_free(form);
}

/* Each CRLF ends a line, and there are no others. */
static void check_headers(const struct params *params, unsigned count)
{
	char *headers = params_headers(params);
	unsigned lines = 0;

	if (!headers)
		return;
	for (const char *p = headers; *p; p++) {
		if (p[0] == '\r' && p[1] == '\n') {
			lines++;
			p++;
		} else if (*p == '\r' || *p == '\n') {
			abort();
		}
	}
	if (lines != count)
		abort();
	heap_free(headers);
}

static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = 0;
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size), *at = text;
	struct uri *uri = uri_parse(next_line(&at));
	unsigned fields = 0, headers = 0;
	struct params *params, *named;
	int rc;

	params_create(*at ? at : "other", "GET");
	named = params_find(*at ? at : "other");
	params_create("", NULL);
	params = params_find("");
	while (*at) {
		char *key = next_line(&at), *value = next_line(&at);
		bool header = *key == 'H';

		if (!params_add(params, key, value, header)) {
			fields += !header;
			headers += header;
		}
	}
	check_form(params, fields);
	check_headers(params, headers);
	if (uri)
		params_of(uri, &rc);
	uri_free(uri);
	heap_free(text);
	params_free(params);
	params_free(named);
	host_console_reset();
	return 0;
}
