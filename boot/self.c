/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot loops. A DHCP server that does not tell us from the machine's own PXE ROM
 * gives us the boot file that began it all: this firmware, or the boot loader that
 * starts this firmware, which will start it again, and so on for ever.
 *
 * Told by content: our version in a bzImage's header. By name: boot loaders say
 * under which name they loaded us. And by a mark: before a boot file of DHCP's runs,
 * its address is noted, as a hash, in the BIOS data area; if this firmware starts
 * within the next minutes, and DHCP gives that same file, it leads here. The time
 * is there for firmware that leaves that memory alone when the machine is restarted,
 * and for people, who may want to come back.
 */
#include "boot/self.h"
#include "bios/clock.h"
#include "bios/physical.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"

/* 40:F0 to 40:FF belong to whoever wants them; low.asm tests address line 20 with the first word.
 */
#define MARK_ADDRESS 0x4f4u
#define MARK_MAGIC   0x6b72616du
#define MARK_SECONDS 180u

#define HEADER_MAGIC	0x202u
#define VERSION_POINTER 0x20eu /* from here, 0x200 less than the offset */

struct mark {
	uint32_t magic, hash, time;
};

static struct mark found; /* at start */

/* ---- By a mark ---- */

static struct mark *mark_place(void)
{
	static struct mark none;
	struct mark *mark = physical(MARK_ADDRESS, sizeof(*mark));

	return mark ? mark : &none;
}

/* FNV-1a */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

void self_start(void)
{
	found = *mark_place();
	self_unmark();
}

void self_mark(const char *filename)
{
	*mark_place() = (struct mark){MARK_MAGIC, hash_of(filename), (uint32_t)clock_unix()};
}

void self_unmark(void)
{
	*mark_place() = (struct mark){0};
}

static bool led_here(const char *filename)
{
	return found.magic == MARK_MAGIC && found.hash == hash_of(filename) &&
	       (uint32_t)clock_unix() - found.time < MARK_SECONDS;
}

/* ---- By its name ---- */

/* The last component of a path or address, without what follows a '?'. */
static void last_part(const char *path, char *name, size_t size)
{
	size_t len = 0, at;

	while (path[len] && path[len] != '?' && path[len] != '#')
		len++;
	at = len;
	while (at && path[at - 1] != '/' && path[at - 1] != '\\' && path[at - 1] != ':')
		at--;
	len = min(len - at, size - 1);
	memcpy(name, path + at, len);
	name[len] = '\0';
}

bool self_started_by(const char *filename, char *why, size_t size)
{
	char name[128], loaded_as[256], image[128];

	last_part(filename, name, sizeof(name));
	setting_text("", "BOOT_IMAGE", loaded_as, sizeof(loaded_as));
	last_part(loaded_as, image, sizeof(image));
	if (name[0] && text_equal_nocase(name, image))
		format(why, size, "DHCP names %s, and this firmware was started as that", name);
	else if (led_here(filename))
		format(why, size, "DHCP names %s, which has just started this firmware", name);
	else
		return false;
	return true;
}

/* ---- By its content ---- */

bool self_is(const struct image *image)
{
	char ours[80];
	size_t at, len = format(ours, sizeof(ours), "ipxe.lkrn %s", version) + 1;

	if (image->len < VERSION_POINTER + 2 || memcmp(image->data + HEADER_MAGIC, "HdrS", 4) != 0)
		return false;
	at = 0x200u + get_le16(image->data + VERSION_POINTER);
	return len <= sizeof(ours) && at + len <= image->len &&
	       !memcmp(image->data + at, ours, len);
}
