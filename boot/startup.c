/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start-up: images from the loader, and the precedence
 *
 *	embedded script > command-line script > initrd script > scriptlet >
 *	autoexec.ipxe on the boot medium > autoboot
 *
 * What is not used stays registered and can be chained by name.
 */
#include "boot/startup.h"
#include "boot/boot.h"
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define SCRIPT_MAX  (1u << 20) /* a larger initrd is no script, whatever it begins with */
#define INITRDS_MAX 16

static struct image *add_text(const char *name, const char *text, size_t len)
{
	uint8_t *copy = image_memory_alloc(len + 1);
	struct image *image;

	if (!copy) {
		print("%s: no memory for this script; it is ignored\n", name);
		return NULL;
	}
	memcpy(copy, text, len);
	image = image_add(name, NULL, copy, len, len + 1);
	if (image) {
		image->role = IMAGE_SCRIPT;
	} else {
		print("%s; it is ignored\n", error_text());
		image_memory_free(copy, len + 1);
	}
	return image;
}

/* Does a cpio, gzip, xz, zstd, lzma, lz4 or bzip2 stream begin at @p? */
static bool archive_begins(const uint8_t *p, size_t left)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magic[] = {{"070701", 6},
		     {"070702", 6},
		     {"\x1f\x8b", 2},
		     {"\xfd"
		      "7zXZ",
		      5},
		     {"\x28\xb5\x2f\xfd", 4},
		     {"\x5d\0\0", 3},
		     {"\x02\x21\x4c\x18", 4},
		     {"BZh", 3}};

	for (unsigned i = 0; i < ARRAY_SIZE(magic); i++)
		if (left >= magic[i].len && !memcmp(p, magic[i].bytes, magic[i].len))
			return true;
	return false;
}

static bool script_begins(const uint8_t *p, size_t left)
{
	return left > 6 && (!memcmp(p, "#!ipxe", 6) || !memcmp(p, "#!gpxe", 6));
}

/*
 * Does what the loader put behind a script begin at @at? A loader that is given
 * several initrds pads each with NULs to 4 bytes. One that needs no padding ends
 * where an archive or another script begins on such a boundary; what looks like
 * text counts only at the start of a line.
 */
static bool next_begins(const uint8_t *data, size_t at, size_t len)
{
	bool line_start = data[at - 1] == '\n';

	if (!data[at])
		return true;
	if (at % 4 || (is_print(data[at]) && !line_start))
		return false;
	return archive_begins(data + at, len - at) || script_begins(data + at, len - at);
}

/* Length of the script at the start of @data, blank lines in front of it included. */
static size_t script_length(const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at < len && !script_begins(data + at, len - at))
		at++;
	for (at++; at < len; at++)
		if (next_begins(data, at, len))
			return at;
	return len;
}

static struct image *add_initrds(void)
{
	struct image *script = NULL;
	uint8_t *data = loader.initrd;
	size_t left = loader.initrd_len;
	char name[16] = "<INITRD>";

	for (unsigned i = 1; left && i < INITRDS_MAX; i++) {
		bool text = left < SCRIPT_MAX && script_probe((const char *)data, left);
		size_t len = text ? script_length(data, left) : left;
		struct image *image = text ? add_text(name, (const char *)data, len)
					   : image_add(name, NULL, data, len, 0);

		if (!text)
			print("%s: %u bytes from the loader, not a script (no #!ipxe line)\n", name,
			      (unsigned)len);
		if (image && text && !script)
			script = image;
		data += len;
		left -= len;
		for (; left && !*data; left--)
			data++;
		format(name, sizeof(name), "<INITRD%u>", i + 1);
	}
	return script;
}

static void say_choice(const char *chosen, const struct image *cmdline, const struct image *initrd)
{
	if (setting_number("", "quiet", 0))
		return;
	print("Script: %s", chosen);
	if (cmdline && strcmp(chosen, "command line") != 0)
		print(" (not used: <CMDLINE>)");
	if (initrd && strcmp(chosen, "initrd") != 0)
		print(" (not used: <INITRD>)");
	print("\n");
}

struct image *startup_images(const char *embedded, size_t embedded_len, char *words)
{
	struct image *embed = NULL, *cmdline = NULL, *initrd, *script;
	bool scriptlet = setting_exists("", "scriptlet");

	if (embedded_len)
		embed = add_text("<EMBED>", embedded, embedded_len);
	if (words)
		cmdline = add_text("<CMDLINE>", words, strlen(words));
	heap_free(words);
	initrd = add_initrds();
	script = embed ? embed : cmdline ? cmdline : initrd;
	if (!script && !scriptlet) {
		script = autoexec_find();
		say_choice(script ? script->uri->text : "none, autoboot", NULL, NULL);
		return script;
	}
	say_choice(embed     ? "embedded"
		   : cmdline ? "command line"
		   : initrd  ? "initrd"
			     : "scriptlet",
		   cmdline, initrd);
	return script;
}

int startup_run(struct image *script)
{
	struct nic *cards[NIC_CARDS_MAX];
	char scriptlet[1024];

	if (script)
		return image_execute(script);
	if (setting_text("", "scriptlet", scriptlet, sizeof(scriptlet)))
		return command_line(scriptlet);
	return autoboot(cards, nic_all(cards));
}
