/* SPDX-License-Identifier: BSD-2-Clause */
/* Images: what was downloaded or handed over by the loader, and how each kind is executed. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "lib/base.h"
#include "lib/list.h"
#include "lib/table.h"
#include "lib/uri.h"

enum image_role { IMAGE_OTHER, IMAGE_KERNEL, IMAGE_INITRD, IMAGE_SCRIPT };

struct image {
	struct list link;
	char *name;
	struct uri *uri; /* where it came from; relative URIs inside resolve against it; or NULL */
	uint8_t *data;
	size_t len;
	size_t capacity; /* of image memory to free; 0: not ours to free */
	char *cmdline;	 /* arguments, or NULL */
	enum image_role role;
	const struct image_type *type; /* NULL: unknown */
	bool selected;	/* `kernel`: what `boot` starts */
	bool autofree;
	bool running; /* executing: hidden from imgstat, not freed */
};

/** A kind of image; one TABLE_ENTRY each. Probed in the order of `order`. */
struct image_type {
	const char *name; /* "script", "bzImage" */
	int order;
	/** Does @image look like this kind? */
	bool (*probe)(const struct image *image);
	/** Run it. A script returns its status; a kernel returns only on failure. */
	int (*execute)(struct image *image);
};
TABLE(image_type);

extern struct list images;

/** Register bytes as an image under @name (copied strings; data is taken over). NULL after fail(). */
struct image *image_add(const char *name, const struct uri *uri, uint8_t *data, size_t len,
			size_t capacity);
struct image *image_find(const char *name);
void image_free(struct image *image);
int image_set_cmdline(struct image *image, const char *cmdline);
void image_select(struct image *image);
struct image *image_selected(void);
/** Execute by type; handles `running`, autofree, the current URI. */
int image_execute(struct image *image);
/** Tail call: when the running script ends, @image runs in its place. */
void image_replace(struct image *image);
/** `imgstat` line. */
void image_print(const struct image *image);

/**
 * Download @uri_text (resolved against the running image's URI) and register it.
 * @name NULL: last path component. NULL after fail().
 */
struct image *image_download(const char *uri_text, const char *name, unsigned timeout_ms,
			     unsigned retries, const char *sha256, bool quiet);
/** URI of the running image, or NULL; what `${cwuri}` shows. */
const struct uri *image_current_uri(void);

#endif
