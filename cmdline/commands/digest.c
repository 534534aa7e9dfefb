/* SPDX-License-Identifier: BSD-2-Clause */
/* md5sum sha1sum sha224sum sha256sum sha384sum sha512sum: what an image's bytes add up to. */
#include <bearssl.h>
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/fetch.h"
#include "netstack/net.h"

#define DIGEST_MAX 64
#define SLICE	   (1u << 20) /* Ctrl-C is looked at between slices */

static const struct option digest_options[] = {
	{'s', "set", OPTION_TEXT, "store the sum in this setting instead of printing it"}};

static int sum(const br_hash_class *class, const struct image *image, uint8_t *out)
{
	br_hash_compat_context context;

	class->init(&context.vtable);
	for (size_t at = 0; at < image->len; at += SLICE) {
		class->update(&context.vtable, image->data + at, min(image->len - at, SLICE));
		if (wait_turn(DEADLINE_NEVER))
			return fail(E_CANCELLED, "%s: cancelled", image->name);
	}
	class->out(&context.vtable, out);
	return 0;
}

static int run_digest(struct call *call, const br_hash_class *class)
{
	size_t len = class->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
	char hex[2 * DIGEST_MAX + 1];
	uint8_t out[DIGEST_MAX] = {0};
	struct image *image;
	int rc = 0;

	for (int i = 0; i < call->argc && !rc; i++) {
		struct image_request request = {.uri = call->argv[i], .retries = fetch_retries()};

		rc = image_acquire(&request, &image);
		if (!rc)
			rc = sum(class, image, out);
		if (rc)
			return rc;
		for (size_t byte = 0; byte < len; byte++)
			format(hex + 2 * byte, 3, "%02x", out[byte]);
		if (call->option[0].given)
			rc = setting_store(call->option[0].text, hex, SOURCE_SCRIPT);
		else
			print("%s  %s\n", hex, image->name);
	}
	return rc;
}

#define DIGEST(id, class)                                                                          \
	static int run_##id(struct call *call)                                                     \
	{                                                                                          \
		return run_digest(call, &(class));                                                 \
	}                                                                                          \
	TABLE_ENTRY(command, cmd_##id) = {                                                         \
		.name = #id,                                                                       \
		.arguments = "<uri|image>...",                                                     \
		.summary = "Print or store the sum of an image",                                   \
		.options = digest_options,                                                         \
		.option_count = ARRAY_SIZE(digest_options),                                        \
		.min_args = 1,                                                                     \
		.max_args = ARGS_ANY,                                                              \
		.options_anywhere = true,                                                          \
		.run = run_##id,                                                                   \
	}
DIGEST(md5sum, br_md5_vtable);
DIGEST(sha1sum, br_sha1_vtable);
DIGEST(sha224sum, br_sha224_vtable);
DIGEST(sha256sum, br_sha256_vtable);
DIGEST(sha384sum, br_sha384_vtable);
DIGEST(sha512sum, br_sha512_vtable);
