/* SPDX-License-Identifier: BSD-2-Clause */
/* imgextract: the content of a gzip image as an image of its own. */
#include "bios/heap.h"
#include "boot/gzip.h"
#include "cmdline/commands/imgdata.h"
#include "lib/error.h"
#include "lib/text.h"

enum { NAME = IMGDATA_OPTIONS };

static const struct option imgextract_options[] = {
	IMGDATA_OPTION_ROWS,
	[NAME] = {'n', "name", OPTION_TEXT, "name of the new image"},
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
	struct image *archive;
	char name[128];
	int rc = imgdata_acquire(call, call->argv[0], &archive);

	if (rc)
		return rc;
	inner_name(archive->name, name, sizeof(name));
	rc = extract(archive, call->option[NAME].given ? call->option[NAME].text : name);
	if (!rc)
		imgdata_done(call, archive);
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
