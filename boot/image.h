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
	bool selected;		       /* `kernel`: what `boot` starts */
	bool autofree;
	bool running; /* executing: hidden from imgstat, not freed */
};

/** A kind of image; one TABLE_ENTRY each. Probed in the order of `order`. */
struct image_type {
	const char *name; /* "script", "bzImage" */
	int order;
	/** Its probe takes nearly anything: asked for only when @image is to be run and is of no
	 * other kind, and says nothing about its role. */
	bool fallback;
	enum image_role role; /* of such images when nothing else says what they are for */
	/** Does @image look like this kind? */
	bool (*probe)(const struct image *image);
	/** Run it. A script returns its status; a kernel returns only on failure. */
	int (*execute)(struct image *image);
	/** Print where everything would go, and go nowhere; 0 or an error after fail(). NULL: there
	 * is nothing to say. */
	int (*plan)(struct image *image);
};
TABLE(image_type);

extern struct list images;

/**
 * Register bytes as an image under @name (copied strings; data is taken over). Names
 * need not differ: files of different directories may go into one initrd. The role is
 * guessed from the content: what is neither script, kernel, picture nor certificate is
 * an initrd. NULL after fail().
 */
struct image *image_add(const char *name, const struct uri *uri, uint8_t *data, size_t len,
			size_t capacity);
/** The first image called @name that is not running, or NULL. */
struct image *image_find(const char *name);
/** Free @image; a running one goes when it ends. */
void image_free(struct image *image);
int image_set_cmdline(struct image *image, const char *cmdline);
void image_select(struct image *image);
struct image *image_selected(void);
/** The kind that @image would be run as; NULL after fail(). */
const struct image_type *image_type_to_run(const struct image *image);
/** Execute by type; handles `running`, autofree, the current URI. */
int image_execute(struct image *image);
/** `boot --dry-run`: print what image_execute() would do. 0 or an error after fail(). */
int image_plan(struct image *image);
/** The image that goes to @kernel as initrd or module after @previous (NULL: the first), in order
 * of registration; NULL: no more. */
struct image *image_next_initrd(const struct image *kernel, const struct image *previous);
/** Tail call: when the running script ends, @image runs in its place. */
void image_replace(struct image *image);
/** Was that asked for? The running script then ends before its next line. */
bool image_is_replaced(void);
/** The innermost running image, or NULL. */
const struct image *image_current(void);
/** Is @image text (ASCII or UTF-8) as far as its first bytes tell? Error pages are. */
bool image_is_text(const struct image *image);
/** `imgstat` line. */
void image_print(const struct image *image);
/** Print the image's arguments, secrets as ***. */
void image_print_cmdline(const struct image *image);

struct image_request {
	const char *uri;  /* resolved against the running image's */
	const char *name; /* NULL: last path component */
	unsigned timeout_ms, retries;
	const char *sha256; /* sum that the content must have, or NULL */
	bool quiet;
};
/** Download and register; 0 or an error after fail(). */
int image_download(const struct image_request *request, struct image **image);
/** The image called @request->uri, else a download. 0 or an error after fail(). */
int image_acquire(const struct image_request *request, struct image **image);
/** URI of the running image, or NULL; what `${cwuri}` shows. */
const struct uri *image_current_uri(void);

#endif
