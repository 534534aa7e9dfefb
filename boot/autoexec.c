/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * autoexec.ipxe in the root directory of the medium that we were started from:
 * for CDs and sticks, where a script can be edited without touching the boot
 * loader's configuration.
 */
#include "boot/bios_volume.h"
#include "boot/boot.h"
#include "boot/startup.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"

#define ADDRESS "file:///autoexec.ipxe"

enum { LOADER_PXELINUX = 0x32, FAMILY_ETHERBOOT = 0x60 };

static int medium = -1;

int autoexec_drive(void)
{
	return medium;
}

TABLE_ENTRY(setting, setting_autoexec) = {
	.name = "autoexec",
	.type = "uint8",
	.description = "0: do not look for autoexec.ipxe on the boot medium",
};

/* What came over the network has no medium. */
static bool has_medium(void)
{
	return loader.loader_type != LOADER_PXELINUX &&
	       (loader.loader_type & 0xf0) != FAMILY_ETHERBOOT;
}

struct image *autoexec_find(void)
{
	struct image_request request = {.uri = ADDRESS, .quiet = true};
	struct image *image;
	int rc;

	if (!has_medium() || !setting_number("", "autoexec", 1))
		return NULL;
	rc = image_download(&request, &image);
	if (rc) {
		/* That there is none is the rule, and no word worth; one that cannot be read is. */
		if (file_drive() >= 0 && rc != E_CANCELLED)
			print("%s; autoexec.ipxe is ignored\n", error_text());
		else
			log_debug("file", 1, "%s", error_text());
		error_clear();
		return NULL;
	}
	if (image->role == IMAGE_SCRIPT) {
		medium = file_drive();
		return image;
	}
	print("%s: not a script (no #!ipxe line); it is ignored\n", image->uri->text);
	image_free(image);
	return NULL;
}
