/* SPDX-License-Identifier: BSD-2-Clause */
/* Image type "script": #!ipxe by its first line, and the command line's script by its name. */
#include "boot/image.h"
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"

static bool script_image_probe(const struct image *image)
{
	/* What the user wrote on the kernel command line has no first line to tell by. */
	return !strcmp(image->name, "<CMDLINE>") ||
	       script_probe((const char *)image->data, image->len);
}

/* A program that the script starts may use all memory but our homes, and may come back: the text is
 * kept on the heap meanwhile. */
static int script_image_execute(struct image *image)
{
	size_t len = image->len;
	char *text = heap_alloc(len + 1);
	int rc;

	if (!text)
		return fail(E_NO_MEMORY, "%s: out of memory for %u bytes of script", image->name,
			    (unsigned)len);
	memcpy(text, image->data, len);
	rc = script_run(image->name, text, len);
	heap_free(text);
	return rc;
}

TABLE_ENTRY(image_type, image_type_script) = {
	.name = "script",
	.order = 10,
	.role = IMAGE_SCRIPT,
	.probe = script_image_probe,
	.execute = script_image_execute,
};
