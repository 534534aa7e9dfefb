/* SPDX-License-Identifier: BSD-2-Clause */
/* Image type "script": #!ipxe by its first line, and the command line's script by its name. */
#include "boot/image.h"
#include "cmdline/command.h"

static bool script_image_probe(const struct image *image)
{
	/* What the user wrote on the kernel command line has no first line to tell by. */
	return !strcmp(image->name, "<CMDLINE>") ||
	       script_probe((const char *)image->data, image->len);
}

static int script_image_execute(struct image *image)
{
	return script_run(image->name, (const char *)image->data, image->len);
}

TABLE_ENTRY(image_type, image_type_script) = {
	.name = "script",
	.order = 10,
	.role = IMAGE_SCRIPT,
	.probe = script_image_probe,
	.execute = script_image_execute,
};
