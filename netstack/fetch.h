/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads: a URI's content into image memory, whatever its scheme.
 *
 * A scheme (http, tftp, …) is one file with one TABLE_ENTRY(uri_scheme, …).
 */
#ifndef NETSTACK_FETCH_H
#define NETSTACK_FETCH_H

#include "lib/base.h"
#include "lib/table.h"
#include "lib/uri.h"

/** One download. The scheme fills data and len through fetch_room()/fetch_got(). */
struct fetch {
	/* asked by the caller */
	const struct uri *uri;
	unsigned timeout_ms; /* without progress; 0: 30 s */
	unsigned retries;    /* attempts after the first */
	bool quiet;	     /* no progress line */
	uint64_t max_size;   /* refuse more; 0: what memory holds */
	bool lent;	     /* data and capacity are the caller's, to be filled and kept */
	bool window;	     /* with lent: it holds no more than what was not taken yet */
	/* the result */
	struct uri *final_uri; /* after redirects (owned by the fetch) */
	uint8_t *data;	       /* image memory: image_memory_free(data, capacity) */
	uint64_t len;	       /* contiguous bytes from the start that are there */
	uint64_t capacity;
	uint64_t total; /* expected size, 0 while unknown */
	/* between attempts, for the scheme */
	unsigned attempt;    /* 0 first */
	bool final;	     /* set by the scheme: trying again is of no use */
	unsigned retry_ms;   /* set by the scheme: the server asked for this pause */
	char validator[160]; /* HTTP: entity tag or date that a resumed transfer must match */
	/* progress line */
	uint64_t started, last_shown, last_progress;
	uint64_t progress_len, first_len;
	unsigned shown_width; /* columns of the line on the screen */
	uint32_t draw_ms;     /* what drawing it took */
};

struct uri_scheme {
	const char *name;
	/** Fetch from f->len on (resume) to the end. 0 or an error after fail(). */
	int (*fetch)(struct fetch *f);
	bool opaque; /* addresses of the form "scheme:something" */
	/** For netstack/stream.h; NULL: files are fetched whole. */
	const struct stream_ops *stream;
};
TABLE(uri_scheme);

/** Attempts after the first that a download gets: setting fetch-retries, else 3. */
unsigned fetch_retries(void);
/** Download f->uri with retries and progress line; on failure nothing is kept. */
int fetch_run(struct fetch *f);
/** Free the data of a finished fetch. */
void fetch_release(struct fetch *f);

/* For schemes. */
/** Make room for @total bytes in all (known size: exactly; else growing). 0 or E_NO_MEMORY
 * after fail() saying how much was needed and how much is free. */
int fetch_room(struct fetch *f, uint64_t total);
/** Announce the expected total size and reserve it. */
int fetch_expect(struct fetch *f, uint64_t total);
/** One turn of waiting inside a fetch: net_poll, progress line, Ctrl-C, stall watchdog. 0, or
 * E_CANCELLED or E_FETCH_STALLED after fail(). */
int fetch_turn(struct fetch *f);
/** What arrived so far is of no use: begin with the first byte (the memory stays). */
void fetch_restart(struct fetch *f);
/** The server said something that is not content: the stall watchdog starts anew. */
void fetch_alive(struct fetch *f);
/** Registered scheme called @name, or NULL. */
const struct uri_scheme *uri_scheme_find(const char *name);

#endif
