/* SPDX-License-Identifier: BSD-2-Clause */
/* imgset imgmem: an image's content into a setting, memory into an image. */
#include "bios/heap.h"
#include "bios/physical.h"
#include "cmdline/commands/imgdata.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/fetch.h"

int imgdata_acquire(const struct call *call, const char *name, struct image **image)
{
	struct image_request request = {
		.uri = name,
		.timeout_ms = (unsigned)call->option[IMGDATA_TIMEOUT].number,
		.retries = fetch_retries(),
		.quiet = call->option[IMGDATA_QUIET].given,
	};

	return image_acquire(&request, image);
}

void imgdata_done(const struct call *call, struct image *image)
{
	if (!call->option[IMGDATA_KEEP].given)
		image_free(image);
}

/* ---- imgset ---- */

static const struct option imgset_options[] = {IMGDATA_OPTION_ROWS};

/* Text takes the type that the setting asks for; a last line's end does not belong to it. */
static int store(const char *setting, const struct image *image)
{
	size_t len = image->len;
	char *text;
	int rc;

	if (len > SETTING_MAX)
		return fail(E_SETTING_VALUE, "%s has %u bytes, a setting holds %u", image->name,
			    (unsigned)len, SETTING_MAX);
	if (memchr(image->data, 0, len))
		return fail(E_SETTING_VALUE, "%s is not text", image->name);
	while (len && (image->data[len - 1] == '\n' || image->data[len - 1] == '\r'))
		len--;
	text = text_dup_len((const char *)image->data, len);
	if (!text)
		return fail(E_NO_MEMORY, "out of memory for the content of %s", image->name);
	rc = setting_store(setting, text, SOURCE_SCRIPT);
	heap_free(text);
	return rc;
}

static int run_imgset(struct call *call)
{
	struct image *image;
	int rc = imgdata_acquire(call, call->argv[1], &image);

	if (rc)
		return rc;
	rc = store(call->argv[0], image);
	if (!rc)
		imgdata_done(call, image);
	return rc;
}
TABLE_ENTRY(command, cmd_imgset) = {
	.name = "imgset",
	.arguments = "<setting> <uri|image>",
	.summary = "Store the content of an image in a setting",
	.options = imgset_options,
	.option_count = ARRAY_SIZE(imgset_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_imgset,
};

/* ---- imgmem ---- */

static const struct option imgmem_options[] = {{'n', "name", OPTION_TEXT, "name of the image"}};

static int run_imgmem(struct call *call)
{
	const char *name = call->option[0].given ? call->option[0].text : call->argv[0];
	uint32_t address, len;
	uint8_t *copy;

	if (!text_to_u32(call->argv[0], 0, UINT32_MAX, &address) ||
	    !text_to_u32(call->argv[1], 0, UINT32_MAX, &len) || !len)
		return fail(E_INVALID, "%.40s %.40s: not an address and a length", call->argv[0],
			    call->argv[1]);
	if (!physical_exists(address, len))
		return fail(E_INVALID, "0x%x with %u bytes does not lie below 4 GB", address, len);
	copy = image_memory_alloc(len);
	if (!copy)
		return fail(E_NO_MEMORY, "no memory for an image of %u bytes", len);
	memcpy(copy, physical(address, len), len);
	if (image_add(name, NULL, copy, len, len))
		return 0;
	image_memory_free(copy, len);
	return E_NO_MEMORY;
}
TABLE_ENTRY(command, cmd_imgmem) = {
	.name = "imgmem",
	.arguments = "<address> <length>",
	.summary = "Make an image of a piece of memory",
	.options = imgmem_options,
	.option_count = ARRAY_SIZE(imgmem_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_imgmem,
};
