/* SPDX-License-Identifier: BSD-2-Clause */
/* imgextract: the content of a gzip image as an image of its own. */
#include "bios/heap.h"
#include "boot/gzip.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/text.h"
#include "netstack/fetch.h"

enum { NAME, KEEP, TIMEOUT, QUIET };

static const struct option imgextract_options[] = {
	[NAME] = {'n', "name", OPTION_TEXT, "name of the new image"},
	[KEEP] = {'k', "keep", OPTION_FLAG, "keep the archive; else it is freed"},
	[TIMEOUT] = {'t', "timeout", OPTION_MS, "give up after this many ms without progress"},
	[QUIET] = {'q', "quiet", OPTION_FLAG, "no progress line"},
};

/* "initrd.gz" becomes "initrd". */
static void inner_name(const char *archive, char *name, size_t size)
{
	size_t len = strlen(archive);

	text_copy(name, size, archive);
	if (len > 3 && len < size && text_equal_nocase(archive + len - 3, ".gz"))
		name[len - 3] = '\0';
}

static int extract(const struct image *archive, const char *name)
{
	struct extracted content = {0};
	int rc = gzip_probe(archive->data, archive->len)
			 ? gzip_extract(archive->data, archive->len, &content)
			 : fail(E_GZIP_DAMAGED, "not a gzip file");

	if (rc)
		return fail_context(rc, "%s", archive->name);
	if (image_add(name, archive->uri, content.data, content.len, content.capacity))
		return 0;
	image_memory_free(content.data, content.capacity);
	return E_NO_MEMORY;
}

static int run_imgextract(struct call *call)
{
	struct image_request request = {
		.uri = call->argv[0],
		.timeout_ms = (unsigned)call->option[TIMEOUT].number,
		.retries = fetch_retries(),
		.quiet = call->option[QUIET].given,
	};
	struct image *archive;
	char name[128];
	int rc = image_acquire(&request, &archive);

	if (rc)
		return rc;
	inner_name(archive->name, name, sizeof(name));
	rc = extract(archive, call->option[NAME].given ? call->option[NAME].text : name);
	if (!rc && !call->option[KEEP].given)
		image_free(archive);
	return rc;
}
TABLE_ENTRY(command, cmd_imgextract) = {
	.name = "imgextract",
	.arguments = "<uri|image>",
	.summary = "Unpack a gzip image",
	.options = imgextract_options,
	.option_count = ARRAY_SIZE(imgextract_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_imgextract,
};
