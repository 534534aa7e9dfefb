/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads: memory, retries and the progress line, the same for every scheme.
 *
 * The content goes straight into the block of image memory that the caller
 * gets. When its size is known beforehand the block is reserved once, so that
 * TCP may write into it; else it grows by doubling.
 *
 * A transfer that broke is tried again with growing pauses. The scheme says
 * what it could keep: f->len bytes are there when it is called again.
 *
 * The line: "URI..." at once, redrawn with bar, amount, rate and time left at
 * most five times a second, and at the end "URI... ok". A transfer long enough
 * to have been drawn gets a line of summary. Where the console is slow (a BIOS
 * that sends each character over a serial line takes 50 ms for a line) it is
 * redrawn less often: nothing arrives while we draw.
 */
#include "netstack/fetch.h"
#include "netstack/net.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "bios/heap.h"

#define STALL_MS       30000u
#define RETRIES	       3u
#define SHOW_FIRST_MS  1000u
#define SHOW_MS	       200u
#define SHOW_SHARE     32u /* drawing takes at most this part of the time */
#define PAUSE_FIRST_MS 1000u
#define PAUSE_MAX_MS   16000u
#define PAGE	       4096u
#define GROW_FIRST     (256u * 1024)
#define COLUMNS	       79u
#define ADDRESSABLE    0xfffff000ull /* bytes that a 32-bit machine can address at all */

TABLE_ENTRY(setting, setting_fetch_retries) = {
	.name = "fetch-retries",
	.type = "uint8",
	.description = "Attempts after the first when a download breaks off",
};

unsigned fetch_retries(void)
{
	return (unsigned)min(setting_number("", "fetch-retries", RETRIES), 255u);
}

const struct uri_scheme *uri_scheme_find(const char *name)
{
	const struct uri_scheme *scheme;

	table_for_each(uri_scheme, scheme) {
		if (!strcmp(scheme->name, name))
			return scheme;
	}
	return NULL;
}

/* ---- Memory ---- */

/* Tenths of a megabyte (10^6 bytes), rounded up: a need must not read smaller than it is. */
static unsigned tenths(uint64_t bytes)
{
	return (unsigned)min(bytes / 100000 + (bytes % 100000 != 0), (uint64_t)UINT32_MAX);
}

static bool resize(struct fetch *f, uint64_t size)
{
	uint8_t *data;

	/* First: the sizes that servers name may be so large that rounding up makes them small. */
	if (size > ADDRESSABLE)
		return false;
	size = ALIGN_UP(size, PAGE);
	data = f->data ? image_memory_resize(f->data, (size_t)f->capacity, (size_t)size)
		       : image_memory_alloc((size_t)size);
	if (!data)
		return false;
	f->data = data;
	f->capacity = size;
	return true;
}

int fetch_room(struct fetch *f, uint64_t total)
{
	uint64_t more = max(f->capacity, (uint64_t)GROW_FIRST), have;

	if (f->max_size && total > f->max_size) {
		f->final = true;
		return fail(E_FETCH_TOO_BIG, "the content has more than the %u.%u MB allowed here",
			    tenths(f->max_size) / 10, tenths(f->max_size) % 10);
	}
	if (total <= f->capacity)
		return 0;
	if (f->lent) {
		f->final = true;
		return fail(E_FETCH_TOO_BIG, "the content has more than the %u bytes of the buffer",
			    (unsigned)f->capacity);
	}
	/* Growing may move it all: of an unknown size ever so much more at once as there is room
	 * for. */
	for (; !f->total && more >= PAGE; more /= 2) {
		if (resize(f, max(total, f->capacity + more)))
			return 0;
	}
	if (resize(f, total))
		return 0;
	f->final = true;
	have = image_memory_largest() + f->capacity;
	if (!f->total)
		return fail(E_FETCH_NO_ROOM,
			    "the content has more than %u.%u MB, which fill the largest free block "
			    "of memory below 4 GB",
			    tenths(f->len) / 10, tenths(f->len) % 10);
	return fail(E_FETCH_NO_ROOM,
		    "needs %u.%u MB of memory below 4 GB, the largest free block has %u.%u MB",
		    tenths(total) / 10, tenths(total) % 10, tenths(have) / 10, tenths(have) % 10);
}

int fetch_expect(struct fetch *f, uint64_t total)
{
	f->total = total;
	return f->window ? 0 : fetch_room(f, total);
}

void fetch_restart(struct fetch *f)
{
	f->len = f->total = f->first_len = f->progress_len = 0;
}

void fetch_release(struct fetch *f)
{
	if (f->data && !f->lent)
		image_memory_free(f->data, (size_t)f->capacity);
	uri_free(f->final_uri);
	f->data = NULL;
	f->final_uri = NULL;
	f->len = f->capacity = f->total = 0;
}

/* Give back what growing by doubling took too much. */
static void trim(struct fetch *f)
{
	if (f->lent)
		return;
	if (!f->len && f->data) {
		image_memory_free(f->data, (size_t)f->capacity);
		f->data = NULL;
		f->capacity = 0;
	} else if (ALIGN_UP(f->len, PAGE) < f->capacity) {
		resize(f, f->len);
	}
}

/* ---- The line on the screen ---- */

/* Redraw the line as @text, blanking what was longer before. */
static void redraw(struct fetch *f, const char *text)
{
	unsigned width = (unsigned)strlen(text);

	print("\r%s%*s", text, f->shown_width > width ? (int)(f->shown_width - width) : 0, "");
	f->shown_width = width;
}

static void show_start(struct fetch *f)
{
	char uri[256];

	if (f->quiet)
		return;
	uri_redacted(f->uri, uri, sizeof(uri));
	print("%s...", uri);
	f->shown_width = (unsigned)strlen(uri) + 3;
}

/* Bytes per millisecond since the start of this attempt, which are kB/s. */
static uint32_t rate(const struct fetch *f, uint64_t now)
{
	uint64_t elapsed = now - f->started;

	return (uint32_t)min((f->len - f->first_len) / (elapsed ? elapsed : 1),
			     (uint64_t)UINT32_MAX);
}

static void format_bar(char *out, unsigned percent)
{
	unsigned i;

	for (i = 0; i < 10; i++)
		out[i] = i * 10 < percent ? '#' : '.';
	out[10] = '\0';
}

static bool progress_due(const struct fetch *f, uint64_t now)
{
	if (!f->last_shown)
		return now - f->started >= SHOW_FIRST_MS;
	return now - f->last_shown >= max(SHOW_MS, f->draw_ms * SHOW_SHARE);
}

static void show_progress(struct fetch *f, uint64_t now)
{
	char uri[256], text[COLUMNS + 1], state[64], bar[12];
	uint32_t kbs = rate(f, now), seconds;
	unsigned percent;

	if (f->total && f->len <= f->total) {
		percent = (unsigned)(f->len * 100 / f->total);
		seconds = kbs ? (uint32_t)((f->total - f->len) / kbs / 1000) : 0;
		format_bar(bar, percent);
		format(state, sizeof(state), "%3u%% [%s] %u.%u/%u.%u MB %u.%u MB/s %u:%02u",
		       percent, bar, tenths(f->len) / 10, tenths(f->len) % 10,
		       tenths(f->total) / 10, tenths(f->total) % 10, kbs / 1000, kbs / 100 % 10,
		       seconds / 60, seconds % 60);
	} else if (!f->len) {
		format(state, sizeof(state), "waiting for %u s",
		       (unsigned)((now - f->started) / 1000));
	} else {
		format(state, sizeof(state), "%u.%u MB %u.%u MB/s", tenths(f->len) / 10,
		       tenths(f->len) % 10, kbs / 1000, kbs / 100 % 10);
	}
	uri_redacted(f->uri, uri, sizeof(uri));
	if (strlen(uri) + 4 + strlen(state) < COLUMNS) {
		format(text, sizeof(text), "%s... %s", uri, state);
	} else {
		/* The address leaves no room beside it: the line below it is redrawn. */
		if (!f->last_shown) {
			print("\n");
			f->shown_width = 0;
		}
		format(text, sizeof(text), "%s", state);
	}
	redraw(f, text);
	f->last_shown = clock_ms();
	f->draw_ms = (uint32_t)(f->last_shown - now);
}

static void show_end(struct fetch *f, const char *verdict)
{
	char text[272], uri[256];
	uint64_t elapsed = clock_ms() - f->started;
	uint32_t kbs = rate(f, clock_ms());

	if (f->quiet)
		return;
	if (!f->last_shown) {
		print(" %s\n", verdict);
		return;
	}
	format(text, sizeof(text), "%s... %s", uri_redacted(f->uri, uri, sizeof(uri)), verdict);
	redraw(f, text);
	print("\n");
	if (f->len)
		print("  %u.%u MB in %u.%u s, %u.%u MB/s\n", tenths(f->len) / 10,
		      tenths(f->len) % 10, (unsigned)(elapsed / 1000),
		      (unsigned)(elapsed % 1000 / 100), kbs / 1000, kbs / 100 % 10);
}

/* ---- Waiting ---- */

void fetch_alive(struct fetch *f)
{
	f->last_progress = clock_ms();
}

int fetch_turn(struct fetch *f)
{
	unsigned patience = f->timeout_ms ? f->timeout_ms : STALL_MS;
	uint64_t now;
	int rc = wait_turn(f->last_progress + patience);

	if (f->len != f->progress_len) {
		f->progress_len = f->len;
		fetch_alive(f);
	} else if (rc == E_TIMEOUT) {
		/* A patience that the user gave is one for all attempts together. */
		f->final = f->timeout_ms != 0;
		return fail(E_FETCH_STALLED, "nothing arrived for %u.%u s", patience / 1000,
			    patience % 1000 / 100);
	}
	if (rc == E_CANCELLED) {
		f->final = true;
		return rc;
	}
	now = clock_ms();
	if (!f->quiet && progress_due(f, now))
		show_progress(f, now);
	return 0;
}

/* Wait before attempt @next; its number and the reason, @rc, are shown. */
static int pause_before(struct fetch *f, unsigned next, int rc)
{
	unsigned ms = min(PAUSE_FIRST_MS << min(next - 1, 8u), PAUSE_MAX_MS);
	uint64_t until;

	if (f->retry_ms)
		ms = f->retry_ms;
	if (!f->quiet) {
		print("%s%s; attempt %u of %u in %u s", f->last_shown ? "\n" : " ",
		      error_sentence(rc), next + 1, f->retries + 1, (ms + 999) / 1000);
		if (f->len)
			print(", %u.%u MB kept", tenths(f->len) / 10, tenths(f->len) % 10);
		print("\n");
	}
	f->retry_ms = 0;
	f->shown_width = 0;
	f->last_shown = 0;
	until = clock_ms() + ms;
	rc = wait_until(false, until);
	return rc == E_CANCELLED ? rc : 0;
}

/* Failures that another attempt cannot change. */
static bool is_final(const struct fetch *f, int rc)
{
	static const int final[] = {
		E_CANCELLED,  E_NO_MEMORY,     E_NET_NO_ROUTE, E_NET_NO_ADDRESS, E_NET_NO_CARD,
		E_NET_CLOSED, E_DNS_NO_SERVER, E_DNS_NAME,     E_DNS_NOT_FOUND,	 E_DNS_REFUSED,
	};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(final); i++) {
		if (rc == final[i])
			return true;
	}
	return f->final;
}

static int attempt(struct fetch *f, const struct uri_scheme *scheme)
{
	uri_free(f->final_uri);
	f->final_uri = NULL;
	f->started = clock_ms();
	f->first_len = f->progress_len = f->len;
	if (!f->timeout_ms || !f->attempt)
		fetch_alive(f);
	show_start(f);
	return scheme->fetch(f);
}

/* Why @uri cannot be downloaded, whatever server it names. */
static int no_scheme(const struct uri *uri)
{
	char text[128];

	uri_redacted(uri, text, sizeof(text));
	if (!uri->scheme)
		return fail(E_FETCH_SCHEME,
			    "%s: not a full address: it has no http:// or tftp:// in front, and "
			    "there is no running script to resolve it against",
			    text);
	if (!strcmp(uri->scheme, "https"))
		return fail(E_FETCH_TLS, "%s: this build has no TLS; serve the file by http", text);
	return fail(E_FETCH_SCHEME, "%s: no way to download from \"%s:\"", text, uri->scheme);
}

static int run_attempts(struct fetch *f, const struct uri_scheme *scheme)
{
	int rc;

	for (f->attempt = 0;; f->attempt++) {
		rc = attempt(f, scheme);
		if (!rc || is_final(f, rc) || f->attempt >= f->retries)
			return rc;
		rc = pause_before(f, f->attempt + 1, rc);
		if (rc)
			return rc;
	}
}

int fetch_run(struct fetch *f)
{
	const struct uri_scheme *scheme = f->uri->scheme ? uri_scheme_find(f->uri->scheme) : NULL;
	char uri[128];
	int rc;

	if (!scheme || (f->uri->opaque && !scheme->opaque))
		return no_scheme(f->uri);
	rc = run_attempts(f, scheme);
	if (!rc && !f->final_uri) {
		f->final_uri = uri_dup(f->uri);
		rc = f->final_uri ? 0 : E_NO_MEMORY;
	}
	show_end(f, rc ? "failed" : "ok");
	if (rc) {
		fetch_release(f);
		return fail_context(rc, "%s", uri_redacted(f->uri, uri, sizeof(uri)));
	}
	trim(f);
	return 0;
}
