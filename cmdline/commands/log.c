/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug and log: what the firmware does, shown without a rebuild and without a
 * reboot, and what it said so far, on the screen or saved on a server.
 */
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/http.h"

#define LINE_BYTES 1024

/* ---- debug ---- */

static int run_debug(struct call *call)
{
	for (int i = 0; i < call->argc; i++) {
		size_t len;
		const char *wrong = log_wrong_area(call->argv[i], &len);

		if (wrong)
			return fail(
				E_NOT_FOUND,
				"\"%.*s\": write AREA or AREA:LEVEL, level 0 to 2; Tab lists the "
				"areas",
				(int)(len < 40 ? len : 40), wrong);
		log_enable(call->argv[i]);
	}
	print("debug: ");
	log_print_enabled();
	return 0;
}
TABLE_ENTRY(command, cmd_debug) = {
	.name = "debug",
	.arguments = "[<area>[:<level>]...]",
	.summary = "Show what parts of the firmware do: debug tcp dhcp:2",
	.max_args = ARGS_ANY,
	.run = run_debug,
	.details = "Level 1 tells events, level 2 every packet, level 0 nothing. \"all\" is every "
		   "area, \"none\" ends it all.",
};

/* ---- log ---- */

/* The lines of the ring as one heap text; NULL after fail(). */
static char *log_text(size_t *len)
{
	const char *first, *second;
	size_t first_len, second_len, n = 0;
	uint32_t position = 0;
	char *text;

	log_ring(&first, &first_len, &second, &second_len);
	text = heap_alloc(first_len + second_len + LINE_BYTES);
	if (!text) {
		fail(E_NO_MEMORY, "out of memory for the log's text");
		return NULL;
	}
	while (n < first_len + second_len && log_line(&position, text + n, LINE_BYTES - 1)) {
		n += strlen(text + n);
		text[n++] = '\n';
	}
	*len = n;
	return text;
}

static int put(const char *address, const char *text, size_t len)
{
	struct http_request request = {
		.method = "PUT",
		.content_type = "text/plain",
		.content = (const uint8_t *)text,
		.content_len = len,
	};
	struct uri *uri = uri_resolve(image_current_uri(), address);
	char shown[160];
	int rc;

	if (!uri)
		return fail_context(E_URI_INVALID, "%.80s", address);
	uri_redacted(uri, shown, sizeof(shown));
	request.uri = uri;
	rc = http_run(&request);
	http_request_free(&request);
	uri_free(uri);
	if (rc)
		return fail_context(rc, "PUT %s", shown);
	print("%u bytes of log saved as %s\n", (unsigned)len, shown);
	return 0;
}

static const struct option log_options[] = {
	{'s', "save", OPTION_TEXT, "store the log at this http:// address (by PUT)"}};

static int run_log(struct call *call)
{
	size_t len;
	char *text = log_text(&len);
	int rc = 0;

	if (!text)
		return E_NO_MEMORY;
	if (call->option[0].given)
		rc = put(call->option[0].text, text, len);
	else
		log_output(text, len); /* not print(): it would log the log */
	heap_free(text);
	return rc;
}
TABLE_ENTRY(command, cmd_log) = {
	.name = "log",
	.arguments = "",
	.summary = "Show the last 64 KB of what was said, debug messages of level 1 included",
	.options = log_options,
	.option_count = ARRAY_SIZE(log_options),
	.run = run_log,
};
