/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheme data: (RFC 2397): the address holds the content itself.
 *
 *	data:[MEDIATYPE][;base64],CONTENT
 *
 * Content is percent-encoded, or base64 (itself percent-encoded where needed).
 * The media type is not looked at: what an image is follows from its bytes. A
 * '#' belongs to the content, since scripts begin with one.
 */
#include "netstack/fetch.h"
#include "lib/error.h"
#include "lib/text.h"

static bool ends_in(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && text_starts_nocase(text + len - n, end);
}

static int data_fetch(struct fetch *f)
{
	const char *text = f->uri->opaque ? f->uri->opaque : "";
	const char *comma = strchr(text, ',');
	size_t size = comma ? strlen(comma + 1) + 1 : 0;
	long len;
	int rc;

	f->final = true;
	if (!comma)
		return fail(E_FETCH_DATA, "no comma between the media type and the content");
	fetch_restart(f);
	rc = fetch_room(f, size);
	if (rc)
		return rc;
	len = (long)uri_decode(comma + 1, (char *)f->data, size);
	/* Decoded in place: four characters become three bytes. */
	if (ends_in(text, (size_t)(comma - text), ";base64"))
		len = base64_decode((const char *)f->data, (size_t)len, f->data, size);
	if (len < 0)
		return fail(E_FETCH_DATA, "the content is not base64");
	f->len = f->total = (uint64_t)len;
	return 0;
}

TABLE_ENTRY(uri_scheme, scheme_data) = {.name = "data", .fetch = data_fetch, .opaque = true};
