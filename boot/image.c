/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of images, and running them.
 *
 * While an image runs it is hidden: it has no name to be found by, and imgfree
 * leaves it alone. Images run inside each other (a script chains a script), and
 * the innermost one with an address is what relative addresses mean.
 */
#include <bearssl.h>
#include "boot/image.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/secrets.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/fetch.h"

#define CMDLINE_SHOWN 4096 /* bytes; kernels take 2048 */
#define TEXT_SAMPLE   256  /* bytes that tell text from a program */

struct list images = LIST_INIT(images);

/* The running image, inside of another, … */
struct running {
	struct running *outer;
	struct image *image;
	struct image *replacement;
};
static struct running *running;

/* ---- The list ---- */

static const struct image_type *probe(const struct image *image, bool fallback)
{
	const struct image_type *type, *best = NULL;

	table_for_each(image_type, type) {
		if (type->fallback == fallback && type->probe(image) &&
		    (!best || type->order < best->order))
			best = type;
	}
	return best;
}

static bool begins(const struct image *image, const char *magic, size_t len)
{
	return image->len >= len && !memcmp(image->data, magic, len);
}

/* What cannot be run and is no picture or certificate is taken for a kernel's initrd. */
static enum image_role guess_role(const struct image *image)
{
	if (image->type)
		return image->type->role;
	if (begins(image, "\x89PNG\r\n", 6) || begins(image, "-----BEGIN ", 11) ||
	    begins(image, "P6\n", 3) || begins(image, "\xff\xd8\xff", 3))
		return IMAGE_OTHER;
	return IMAGE_INITRD;
}

static void clean_name(char *name)
{
	for (; *name; name++) {
		if (!is_print((unsigned char)*name) && (unsigned char)*name < 0x80)
			*name = '_';
	}
}

static void image_destroy(struct image *image)
{
	list_remove(&image->link);
	heap_free(image->name);
	heap_free(image->cmdline);
	uri_free(image->uri);
	if (image->capacity)
		image_memory_free(image->data, image->capacity);
	heap_free(image);
}

struct image *image_add(const char *name, const struct uri *uri, uint8_t *data, size_t len,
			size_t capacity)
{
	struct image *image = heap_zalloc(sizeof(*image));

	if (!image) {
		fail(E_NO_MEMORY, "out of memory for image \"%s\"", name);
		return NULL;
	}
	list_init(&image->link);
	image->name = text_dup(name);
	image->uri = uri ? uri_dup(uri) : NULL;
	if (!image->name || (uri && !image->uri)) {
		fail(E_NO_MEMORY, "out of memory for image \"%s\"", name);
		image_destroy(image);
		return NULL;
	}
	clean_name(image->name);
	image->data = data;
	image->len = len;
	image->capacity = capacity;
	image->type = probe(image, false);
	image->role = guess_role(image);
	list_append(&images, &image->link);
	return image;
}

struct image *image_find(const char *name)
{
	struct image *image;

	list_for_each(image, &images, link) {
		if (!image->running && !strcmp(image->name, name))
			return image;
	}
	return NULL;
}

void image_free(struct image *image)
{
	struct running *r;

	if (image->running) {
		image->autofree = true;
		return;
	}
	for (r = running; r; r = r->outer) {
		if (r->replacement == image)
			r->replacement = NULL;
	}
	image_destroy(image);
}

int image_set_cmdline(struct image *image, const char *cmdline)
{
	char *copy = NULL;

	if (cmdline && *cmdline) {
		copy = text_dup(cmdline);
		if (!copy)
			return fail(E_NO_MEMORY, "out of memory for the arguments of \"%s\"",
				    image->name);
	}
	heap_free(image->cmdline);
	image->cmdline = copy;
	return 0;
}

void image_select(struct image *image)
{
	struct image *other;

	list_for_each(other, &images, link)
		other->selected = false;
	image->selected = true;
}

struct image *image_selected(void)
{
	struct image *image;

	list_for_each(image, &images, link) {
		if (image->selected && !image->running)
			return image;
	}
	return NULL;
}

struct image *image_next_initrd(const struct image *kernel, const struct image *previous)
{
	struct image *image;
	bool behind = !previous;

	list_for_each(image, &images, link) {
		if (behind && image->role == IMAGE_INITRD && !image->running && image != kernel)
			return image;
		behind |= image == previous;
	}
	return NULL;
}

void image_print_cmdline(const struct image *image)
{
	char *text = image->cmdline ? heap_alloc(CMDLINE_SHOWN) : NULL;

	if (text) {
		secrets_hide(image->cmdline, text, CMDLINE_SHOWN);
		print("%s", text);
	}
	heap_free(text);
}

void image_print(const struct image *image)
{
	const struct image_type *type = image->type;

	if (!type && image->role != IMAGE_INITRD)
		type = probe(image, true);
	print("%s : %u bytes", image->name, (unsigned)image->len);
	if (type)
		print(" [%s]", type->name);
	if (image->role == IMAGE_INITRD)
		print(" [INITRD]");
	if (image->selected)
		print(" [SELECTED]");
	if (image->autofree)
		print(" [AUTOFREE]");
	if (image->cmdline) {
		print(" \"");
		image_print_cmdline(image);
		print("\"");
	}
	print("\n");
}

/* ---- Running ---- */

/* Length of the UTF-8 character at @p of which @left bytes are there; 0: none, or a control
 * character that no text has. */
static size_t text_character(const uint8_t *p, size_t left)
{
	size_t len = *p < 0x80	 ? 1
		     : *p < 0xc2 ? 0
		     : *p < 0xe0 ? 2
		     : *p < 0xf0 ? 3
		     : *p < 0xf5 ? 4
				 : 0;

	if (len == 1 && *p < ' ' && (!*p || !strchr("\t\n\f\r\x1b", *p)))
		return 0;
	for (size_t i = 1; i < min(len, left); i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

bool image_is_text(const struct image *image)
{
	size_t end = min(image->len, (size_t)TEXT_SAMPLE), at = 0, len;

	while (at < end) {
		len = text_character(image->data + at, end - at);
		if (!len)
			return false;
		at += len;
	}
	return end > 0;
}

const struct image_type *image_type_to_run(const struct image *image)
{
	const struct image_type *type = image->type ? image->type : probe(image, true);

	if (!type)
		fail(E_IMAGE_TYPE, "%s: neither a script nor a kernel that can be started%s",
		     image->name,
		     !image->len	    ? ": it is empty"
		     : image_is_text(image) ? ": it is text, perhaps a server's error page"
					    : "");
	return type;
}

/* The kind that @image is to be run as; NULL after fail(). */
static const struct image_type *check_runnable(const struct image *image)
{
	const struct image_type *type = image_type_to_run(image);

	if (type && image->running) {
		fail(E_IMAGE_RUNNING, "%s: is running already", image->name);
		return NULL;
	}
	return type;
}

static int execute_one(struct image *image, struct image **replacement)
{
	struct running self = {.outer = running, .image = image};
	const struct image_type *type = check_runnable(image);
	int rc;

	*replacement = NULL;
	if (!type)
		return error_code();
	image->running = true;
	running = &self;
	rc = type->execute(image);
	running = self.outer;
	image->running = false;
	*replacement = self.replacement;
	if (image->autofree)
		image_free(image);
	return rc;
}

int image_execute(struct image *image)
{
	struct image *next = NULL;
	int rc;

	do {
		rc = execute_one(image, &next);
		image = next;
	} while (image);
	return rc;
}

int image_plan(struct image *image)
{
	const struct image_type *type = check_runnable(image);
	int rc;

	if (!type)
		return error_code();
	if (!type->plan) {
		print("%s [%s] would run\n", image->name, type->name);
		return 0;
	}
	image->running = true;
	rc = type->plan(image);
	image->running = false;
	return rc;
}

void image_replace(struct image *image)
{
	if (running)
		running->replacement = image;
}

bool image_is_replaced(void)
{
	return running && running->replacement;
}

const struct image *image_current(void)
{
	return running ? running->image : NULL;
}

const struct uri *image_current_uri(void)
{
	const struct running *r;

	for (r = running; r; r = r->outer) {
		if (r->image->uri)
			return r->image->uri;
	}
	return NULL;
}

/* ---- Downloading ---- */

/*
 * @text as an address: relative to the running image, or, with none, to the
 * TFTP server that DHCP named.
 */
static struct uri *resolve(const char *text)
{
	const struct uri *current = image_current_uri();
	struct uri *base = NULL, *uri;
	uint32_t server;
	char root[32];

	server = current ? 0 : setting_ipv4("", "next-server");
	if (server) {
		format(root, sizeof(root), "tftp://" IPV4_FMT "/", IPV4_ARG(server));
		base = uri_parse(root);
	}
	uri = uri_resolve(base ? base : current, text);
	uri_free(base);
	return uri;
}

static int parse_digest(const char *sha256, uint8_t wanted[br_sha256_SIZE])
{
	if (hex_decode(sha256, strlen(sha256), wanted, br_sha256_SIZE) == br_sha256_SIZE)
		return 0;
	return fail(E_INVALID, "--sha256 %.80s: not a sum of 64 hexadecimal digits", sha256);
}

static int check_digest(const uint8_t wanted[br_sha256_SIZE], const uint8_t *data, size_t len)
{
	br_sha256_context context;
	uint8_t sum[br_sha256_SIZE];
	char hex[2 * br_sha256_SIZE + 1];
	unsigned i;

	br_sha256_init(&context);
	br_sha256_update(&context, data, len);
	br_sha256_out(&context, sum);
	if (!memcmp(sum, wanted, sizeof(sum)))
		return 0;
	for (i = 0; i < sizeof(sum); i++)
		format(hex + 2 * i, 3, "%02x", sum[i]);
	return fail(E_IMAGE_DIGEST, "the content's SHA-256 sum is %s", hex);
}

static int download(const struct image_request *request, struct fetch *f, struct image **image)
{
	char basename[128], text[160];
	const char *name = request->name;
	uint8_t wanted[br_sha256_SIZE];
	int rc = request->sha256 ? parse_digest(request->sha256, wanted) : 0;

	if (!rc)
		rc = fetch_run(f);
	if (rc)
		return rc;
	if (request->sha256)
		rc = check_digest(wanted, f->data, (size_t)f->len);
	if (rc) {
		fail_context(rc, "%s", uri_redacted(f->uri, text, sizeof(text)));
	} else {
		if (!name)
			name = uri_basename(f->uri->opaque ? f->final_uri : f->uri, basename,
					    sizeof(basename));
		/* An address without a path is none that others are relative to. */
		*image = image_add(name, f->final_uri->opaque ? NULL : f->final_uri, f->data,
				   (size_t)f->len, (size_t)f->capacity);
		if (*image)
			f->data = NULL; /* it is the image's now */
		else
			rc = E_NO_MEMORY;
	}
	fetch_release(f);
	return rc;
}

int image_download(const struct image_request *request, struct image **image)
{
	struct uri *uri = resolve(request->uri);
	struct fetch f = {
		.uri = uri,
		.timeout_ms = request->timeout_ms,
		.retries = request->retries,
		.quiet = request->quiet,
	};
	int rc = uri ? download(request, &f, image) : E_URI_INVALID;

	uri_free(uri);
	return rc;
}

int image_acquire(const struct image_request *request, struct image **image)
{
	*image = image_find(request->uri);
	return *image ? 0 : image_download(request, image);
}
