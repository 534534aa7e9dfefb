/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image type "gzip": a compressed kernel or script that is to be run. Its
 * content runs in its place, under its name. As initrd an archive is passed on
 * as it is: kernels unpack theirs.
 */
#include "boot/gzip.h"
#include "boot/image.h"
#include "bios/heap.h"
#include "lib/error.h"

static int check_content(const struct image *content)
{
	if (!content->type)
		return fail(E_IMAGE_TYPE,
			    "the archive holds neither a script nor a kernel that can be started");
	if (gzip_probe(content->data, content->len))
		return fail(E_IMAGE_TYPE, "the archive holds another archive");
	return 0;
}

/* The content as an image, called like the archive and with its arguments; NULL after fail(). */
static struct image *unpack(const struct image *archive)
{
	struct extracted content;
	struct image *image;
	int rc = gzip_extract(archive->data, archive->len, &content);

	if (rc) {
		fail_context(rc, "%s", archive->name);
		return NULL;
	}
	image = image_add(archive->name, archive->uri, content.data, content.len, content.capacity);
	if (!image) {
		image_memory_free(content.data, content.capacity);
		return NULL;
	}
	rc = check_content(image);
	if (!rc)
		rc = image_set_cmdline(image, archive->cmdline);
	if (!rc)
		return image;
	image_free(image);
	fail_context(rc, "%s", archive->name);
	return NULL;
}

static bool gzip_image_probe(const struct image *image)
{
	return gzip_probe(image->data, image->len);
}

static int gzip_execute(struct image *archive)
{
	struct image *image = unpack(archive);

	if (!image)
		return error_code();
	image->autofree = true;
	return image_execute(image);
}

static int gzip_plan(struct image *archive)
{
	struct image *image = unpack(archive);
	int rc;

	if (!image)
		return error_code();
	rc = image_plan(image);
	image_free(image);
	return rc;
}

TABLE_ENTRY(image_type, image_type_gzip) = {
	.name = "gzip",
	.order = 50,
	.role = IMAGE_INITRD,
	.probe = gzip_image_probe,
	.execute = gzip_execute,
	.plan = gzip_plan,
};
