/* SPDX-License-Identifier: BSD-2-Clause */
/* lint */
#include "boot/image.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/log.h"

static int lint_image(const struct image *image)
{
	unsigned count = script_lint(image->name, (const char *)image->data, image->len);

	if (count)
		return fail(E_SCRIPT_MISTAKES, "%s has %u mistake%s", image->name, count,
			    count == 1 ? "" : "s");
	print("%s: no mistakes found\n", image->name);
	return 0;
}

static int run_lint(struct call *call)
{
	struct image_request request = {.uri = call->argv[0], .quiet = true};
	struct image *image = image_find(call->argv[0]);
	int rc;

	if (image)
		return lint_image(image);
	rc = image_download(&request, &image);
	if (rc)
		return rc;
	rc = lint_image(image);
	image_free(image);
	return rc;
}
TABLE_ENTRY(command, cmd_lint) = {
	.name = "lint",
	.arguments = "<uri|image>",
	.summary = "Look through a script for mistakes without running it",
	.min_args = 1,
	.max_args = 1,
	.run = run_lint,
	.details = "Prints line and column of each. What depends on ${...} is not looked at.",
};
