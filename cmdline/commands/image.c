/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands for images: imgfetch (module, initrd), imgselect (imgload, kernel),
 * imgexec (chain, boot), imgargs, imgstat, imgfree; and autoboot.
 */
#include "boot/boot.h"
#include "boot/image.h"
#include "bios/heap.h"
#include "cmdline/commands/net.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "netstack/fetch.h"

enum { NAME, TIMEOUT, QUIET, AUTOFREE, SHA256, RETRIES_OPTION, REPLACE, DRY_RUN, OPTIONS };

static const struct option options[OPTIONS] = {
	[NAME] = {'n', "name", OPTION_TEXT,
		  "name for the image instead of the address's last part"},
	[TIMEOUT] = {'t', "timeout", OPTION_MS, "give up after this many ms without progress"},
	[QUIET] = {'q', "quiet", OPTION_FLAG, "no progress line"},
	[AUTOFREE] = {'a', "autofree", OPTION_FLAG, "free the image when it has run"},
	[SHA256] = {0, "sha256", OPTION_TEXT, "sum that the content must have, else it is dropped"},
	[RETRIES_OPTION] = {0, "retries", OPTION_NUMBER, "attempts after the first (default 3)"},
	[REPLACE] = {'r', "replace", OPTION_FLAG,
		     "the running script ends and this runs in its place"},
	[DRY_RUN] = {0, "dry-run", OPTION_FLAG,
		     "print where kernel, initrds and modules would go, and do not start it"},
};
#define FETCH_OPTIONS REPLACE /* what follows is for imgexec only */

static int download(struct call *call, struct image **image)
{
	struct image_request request = {
		.uri = call->argv[0],
		.name = call->option[NAME].given ? call->option[NAME].text : NULL,
		.timeout_ms = (unsigned)call->option[TIMEOUT].number,
		.retries = call->option[RETRIES_OPTION].given
				   ? (unsigned)call->option[RETRIES_OPTION].number
				   : fetch_retries(),
		.sha256 = call->option[SHA256].given ? call->option[SHA256].text : NULL,
		.quiet = call->option[QUIET].given,
	};

	return image_download(&request, image);
}

/* Arguments behind the address become the image's, replacing older ones. */
static int take_arguments(struct call *call, struct image *image)
{
	char *text;
	int rc;

	if (call->option[AUTOFREE].given)
		image->autofree = true;
	if (call->argc < 2)
		return 0;
	text = join_args(call, 1);
	if (!text)
		return fail(E_NO_MEMORY, "out of memory for the arguments of %s", image->name);
	rc = image_set_cmdline(image, text);
	heap_free(text);
	return rc;
}

/* The image that argv[0] names, else a download. */
static int acquire(struct call *call, struct image **image)
{
	int rc = 0;

	*image = image_find(call->argv[0]);
	if (!*image) {
		rc = download(call, image);
		if (!rc && (*image)->role == IMAGE_INITRD)
			(*image)->role = IMAGE_OTHER;
	}
	return rc ? rc : take_arguments(call, *image);
}

static int fetch_as(struct call *call, bool is_initrd)
{
	struct image *image;
	int rc = download(call, &image);

	if (!rc)
		rc = take_arguments(call, image);
	/* A path to appear under in the initrd says what the image is for, whatever it holds. */
	if (!rc && (is_initrd || image->cmdline))
		image->role = IMAGE_INITRD;
	return rc;
}

static int run_imgfetch(struct call *call)
{
	return fetch_as(call, false);
}

/* The command's name says what the image is for. */
static int run_initrd(struct call *call)
{
	return fetch_as(call, true);
}

static int run_imgselect(struct call *call)
{
	struct image *image;
	int rc = acquire(call, &image);

	if (!rc)
		image_select(image);
	return rc;
}

/* End the running script, and shells in it, so that its replacement comes. */
static void stop_script(void)
{
	struct frame *frame;

	for (frame = current_frame; frame; frame = frame->parent) {
		frame->stopped = true;
		frame->status = 0;
		if (frame->script)
			break;
	}
}

static int run_imgexec(struct call *call)
{
	struct image *image = image_selected();
	int rc = 0;

	if (call->argc)
		rc = acquire(call, &image);
	if (rc)
		return rc;
	if (!image)
		return fail(E_IMAGE_NOT_SELECTED, "no image is selected");
	if (call->option[DRY_RUN].given)
		return image_plan(image);
	if (call->option[AUTOFREE].given)
		image->autofree = true;
	if (!call->option[REPLACE].given || !image_current())
		return image_execute(image);
	if (!image_type_to_run(image))
		return E_IMAGE_TYPE;
	image_replace(image);
	stop_script();
	return 0;
}

static int run_imgargs(struct call *call)
{
	struct image *image;
	int rc = acquire(call, &image);

	if (!rc && call->argc < 2)
		rc = image_set_cmdline(image, NULL);
	return rc;
}

static int named(const char *name, struct image **image)
{
	*image = image_find(name);
	return *image ? 0 : fail(E_IMAGE_NOT_FOUND, "%s: no such image", name);
}

static int run_imgstat(struct call *call)
{
	struct image *image;
	int rc = 0, i;

	for (i = 0; i < call->argc && !rc; i++) {
		rc = named(call->argv[i], &image);
		if (!rc)
			image_print(image);
	}
	if (call->argc)
		return rc;
	list_for_each(image, &images, link) {
		if (!image->running)
			image_print(image);
	}
	return 0;
}

static int run_imgfree(struct call *call)
{
	struct image *image, *next;
	int rc = 0, i;

	for (i = 0; i < call->argc && !rc; i++) {
		rc = named(call->argv[i], &image);
		if (!rc)
			image_free(image);
	}
	if (call->argc)
		return rc;
	list_for_each_safe(image, next, &images, link) {
		if (!image->running)
			image_free(image);
	}
	return 0;
}

static int run_autoboot(struct call *call)
{
	struct nic *cards[NIC_CARDS_MAX];
	int count = cards_of(call, cards);

	return count < 0 ? count : autoboot(cards, (unsigned)count);
}

#define FETCH_DETAILS                                                                              \
	"The address may be relative to the running script's. A broken transfer is tried again\n"  \
	"and resumed. See docs/commands-images.md."
#define IMGFETCH(command_name, text, function)                                                     \
	{                                                                                          \
		.name = command_name, .arguments = "<uri> [<arguments>...]", .summary = (text),    \
		.options = options, .option_count = FETCH_OPTIONS, .min_args = 1,                  \
		.max_args = ARGS_ANY, .run = (function), .details = FETCH_DETAILS                  \
	}
#define IMGSELECT(command_name)                                                                    \
	{                                                                                          \
		.name = command_name, .arguments = "<uri|image> [<arguments>...]",                 \
		.summary = "Select the image that boot starts, downloading it when needed",        \
		.options = options, .option_count = FETCH_OPTIONS, .min_args = 1,                  \
		.max_args = ARGS_ANY, .run = run_imgselect, .details = FETCH_DETAILS               \
	}
#define IMGEXEC(command_name)                                                                      \
	{                                                                                          \
		.name = command_name, .arguments = "[<uri|image> [<arguments>...]]",               \
		.summary = "Run an image: the named one, downloaded when needed, or the selected", \
		.options = options, .option_count = OPTIONS, .min_args = 0, .max_args = ARGS_ANY,  \
		.run = run_imgexec, .details = FETCH_DETAILS                                       \
	}

TABLE_ENTRY(command, command_imgfetch) = IMGFETCH(
	"imgfetch", "Download an image; arguments are its path in a kernel's initrd", run_imgfetch);
TABLE_ENTRY(command, command_module) = IMGFETCH(
	"module", "Download a module for the kernel; arguments are its command line", run_initrd);
TABLE_ENTRY(command, command_initrd) = IMGFETCH(
	"initrd", "Download an initrd; arguments are its path in the kernel's initrd", run_initrd);
TABLE_ENTRY(command, command_imgselect) = IMGSELECT("imgselect");
TABLE_ENTRY(command, command_imgload) = IMGSELECT("imgload");
TABLE_ENTRY(command, command_kernel) = IMGSELECT("kernel");
TABLE_ENTRY(command, command_imgexec) = IMGEXEC("imgexec");
TABLE_ENTRY(command, command_chain) = IMGEXEC("chain");
TABLE_ENTRY(command, command_boot) = IMGEXEC("boot");
TABLE_ENTRY(command, command_imgargs) = {
	.name = "imgargs",
	.arguments = "<uri|image> [<arguments>...]",
	.summary = "Replace an image's arguments; none clears them",
	.options = options,
	.option_count = FETCH_OPTIONS,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_imgargs,
};
TABLE_ENTRY(command, command_imgstat) = {
	.name = "imgstat",
	.arguments = "[<image>...]",
	.summary = "List images with size, type and arguments",
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_imgstat,
};
TABLE_ENTRY(command, command_imgfree) = {
	.name = "imgfree",
	.arguments = "[<image>...]",
	.summary = "Free images: the named ones, or all",
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_imgfree,
};
TABLE_ENTRY(command, command_autoboot) = {
	.name = "autoboot",
	.arguments = "[<interface>...]",
	.summary = "Boot as DHCP says: root-path and filename",
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_autoboot,
};
