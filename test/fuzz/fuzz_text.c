/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small readers of text: addresses, numbers, base64, UTF-8, lists of debug areas, lines of the
 * log; and secrets, which must not be left in a text. The input's first line is the secret.
 */
#include <stdlib.h>
#include "bios/heap.h"
#include "lib/log.h"
#include "lib/secrets.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/utf8.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void addresses(const char *text)
{
	uint8_t address[16], again[16];
	char shown[48];
	uint32_t ipv4;
	uint64_t number;

	text_to_ipv4(text, &ipv4);
	text_to_u64(text, 0, &number);
	if (!text_to_ipv6(text, address))
		return;
	if (ipv6_to_text(address, shown, sizeof(shown)) >= sizeof(shown) ||
	    !text_to_ipv6(shown, again) || memcmp(address, again, 16) != 0)
		abort();
}

static void bytes(const char *text, size_t len)
{
	char *raw = malloc(len + 1), *encoded = malloc(2 * len + 8), *again = malloc(len + 1);
	long n = base64_decode(text, len, raw, len);

	if (n >= 0) {
		base64_encode(raw, (size_t)n, encoded, 2 * len + 8);
		if (base64_decode(encoded, strlen(encoded), again, len) != n ||
		    memcmp(raw, again, (size_t)n) != 0)
			abort();
	}
	hex_decode(text, len, raw, len);
	free(raw);
	free(encoded);
	free(again);
}

static void characters(const char *text, size_t len)
{
	size_t count = utf8_count(text), back = 0;

	if (count > len || utf8_prefix(text, count) != len)
		abort();
	for (size_t at = len; at; at -= utf8_length_before(text, at))
		back++;
	for (size_t i = 0; i <= len; i++) {
		if (utf8_whole(text, i) > i)
			abort();
	}
	/* Only where bytes are no characters may the way back count otherwise. */
	for (const char *p = text; *p && back != count;) {
		uint32_t c;

		p += utf8_decode(p, &c);
		if (c == UTF8_INVALID)
			back = count;
	}
	if (back != count)
		abort();
}

static void secrets(const char *secret, const char *text)
{
	char shown[1000];

	if (strlen(secret) < 4 || strchr(secret, '*') || strlen(text) > 900)
		return;
	setting_store_raw("", "password", NULL, secret, strlen(secret), SOURCE_SCRIPT);
	secrets_hide(text, shown, sizeof(shown));
	if (strstr(shown, secret))
		abort();
	settings_reset();
}

static void log_of(const char *text)
{
	uint32_t position = log_end();
	size_t len;
	char line[100];

	print("%s\n", text);
	while (log_line(&position, line, sizeof(line)))
		;
	log_wrong_area(text, &len);
	log_enable(text);
	log_enable("none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size), *rest = strchr(text, '\n');

	addresses(text);
	bytes(text, strlen(text));
	characters(text, strlen(text));
	log_of(text);
	if (rest) {
		*rest = 0;
		secrets(text, rest + 1);
	}
	heap_free(text);
	host_console_reset();
	return 0;
}
