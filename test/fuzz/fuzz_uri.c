/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: any text parses or is refused; what parses survives resolving and printing. */
#include "bios/heap.h"
#include "lib/text.h"
#include "lib/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size), buf[100];
	struct uri *base = uri_parse("http://u:p@[::1]:8080/a/b/c?q"), *uri, *resolved, *again;

	uri = uri_parse(text);
	resolved = uri_resolve(base, text);
	if (uri) {
		uri_redacted(uri, buf, sizeof(buf));
		uri_basename(uri, buf, sizeof(buf));
		again = uri_resolve(uri, "../x/./y?z");
		uri_free(again);
	}
	uri_encode(text, strlen(text), "/", buf, sizeof(buf));
	uri_free(resolved);
	uri_free(uri);
	uri_free(base);
	heap_free(text);
	return 0;
}
