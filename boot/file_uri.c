/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheme file: files on the machine's own media, by INT 13h.
 *
 *	file:///boot/vmlinuz		on the medium we came from, else on any
 *	file://0x80/boot/vmlinuz	on this drive
 *
 * No boot loader tells from which drive it was started. So all are looked at, and
 * the first one that has the file counts: on each the whole drive (a floppy
 * disk, a CD, a stick without partitions), then its partitions. Where a file
 * was found, the next one is looked for first.
 */
#include "boot/bios_volume.h"
#include "boot/boot.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"
#include "netstack/fetch.h"

#define PARTITIONS_MAX 128u
#define PIECE	       0xf000u
#define PATH_SIZE      512u

enum { LOADER_SYSLINUX = 0x31, LOADER_EXTLINUX = 0x34 };

static int last_drive = -1; /* where a file was found */

int file_drive(void)
{
	return last_drive;
}

struct search {
	const char *path;
	struct bios_volume drive;
	struct fs_file file;
	unsigned file_systems; /* seen, without the file */
	bool broken;	       /* the drive in hand cannot be read, or Ctrl-C was pressed */
	char tried[160];       /* " 0xe0 0x80" */
	int rc;		       /* of a drive or file system that could not be read; the last */
	char why[200];
};

/* ---- Looking ---- */

/* Keep an error that is more than "not here". */
static void note(struct search *s, int rc)
{
	if (rc == E_FILE_NOT_FOUND)
		s->file_systems++;
	if (rc == E_FILE_NOT_FOUND || rc == E_FILE_NO_FS)
		return;
	s->broken = rc == E_FILE_DRIVE || rc == E_CANCELLED;
	s->rc = rc;
	text_copy(s->why, sizeof(s->why), error_sentence(rc));
}

static bool try_volume(struct search *s)
{
	const struct filesystem *fs;

	table_for_each(filesystem, fs) {
		int rc;

		s->file = (struct fs_file){.volume = &s->drive.volume, .fs = fs};
		rc = fs->open(&s->drive.volume, s->path, &s->file);
		if (!rc)
			return true;
		note(s, rc);
		if (s->broken)
			break;
	}
	return false;
}

/* The whole drive, then its partitions; logical ones, and those of GPT beyond the fourth, are
 * numbered without gaps. */
static bool try_partitions(struct search *s)
{
	struct volume *volume = &s->drive.volume;
	unsigned before = s->file_systems;

	for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
		int rc = bios_volume_partition(&s->drive, i, &volume->start, &volume->size);

		if (rc == E_LOCAL_PARTITION && i <= 4)
			continue;
		if (rc && rc != E_LOCAL_PARTITION)
			note(s, rc);
		if (rc || !volume->size)
			break;
		if (try_volume(s))
			return true;
		/* What is one as a whole has no partitions, though its boot code may look so. */
		if (s->broken || (!i && s->file_systems != before))
			break;
	}
	return false;
}

static bool try_drive(struct search *s, uint8_t number)
{
	int rc = bios_volume_open(&s->drive, number);

	format_append(s->tried, sizeof(s->tried), " 0x%02x", number);
	s->broken = false;
	if (rc)
		note(s, rc);
	if (rc || !try_partitions(s))
		return false;
	last_drive = number;
	return true;
}

static bool try_all(struct search *s)
{
	bool from_disk =
		loader.loader_type == LOADER_SYSLINUX || loader.loader_type == LOADER_EXTLINUX;
	uint8_t numbers[BIOS_VOLUMES_MAX];
	unsigned count;

	if (last_drive >= 0 && try_drive(s, (uint8_t)last_drive))
		return true;
	count = bios_volumes(from_disk ? DISKS_FIRST : CDS_FIRST, numbers);
	for (unsigned i = 0; i < count && s->rc != E_CANCELLED; i++) {
		if (numbers[i] != last_drive && try_drive(s, numbers[i]))
			return true;
	}
	return false;
}

static int not_found(const struct search *s)
{
	if (!s->tried[0])
		return fail(E_FILE_DRIVE, "the BIOS has no drive with a medium");
	if (s->rc == E_CANCELLED)
		return fail(s->rc, "%s", s->why);
	/* An empty drive is no reason when others could be read. */
	if (s->rc && (s->rc != E_FILE_DRIVE || !s->file_systems))
		return fail(s->rc, "not found on drive%s; %s", s->tried, s->why);
	if (!s->file_systems)
		return fail(E_FILE_NO_FS, "neither FAT nor ISO 9660 on drive%s", s->tried);
	return fail(E_FILE_NOT_FOUND, "no such file on drive%s%s%s", s->tried, s->rc ? "; " : "",
		    s->why);
}

static int find(struct search *s, const char *host)
{
	uint32_t drive;

	if (!host || !*host)
		return try_all(s) ? 0 : not_found(s);
	if (!text_to_u32(host, 0, 0xff, &drive))
		return fail(E_FILE_DRIVE, "\"%s\" is not a drive's number, such as 0x80", host);
	return try_drive(s, (uint8_t)drive) ? 0 : not_found(s);
}

/* ---- Reading ---- */

static int read_piece(struct fetch *f, struct search *s, uint64_t offset, uint64_t len)
{
	int rc = 0;

	while (!rc && len) {
		uint32_t n = (uint32_t)min(len, (uint64_t)PIECE);

		rc = volume_read(&s->drive.volume, offset, f->data + f->len, n);
		if (rc)
			break;
		f->len += n;
		offset += n;
		len -= n;
		rc = fetch_turn(f);
	}
	return rc;
}

static int read_all(struct fetch *f, struct search *s)
{
	int rc = fetch_expect(f, s->file.size);

	while (!rc && s->file.left) {
		uint64_t offset, len;

		rc = s->file.fs->next(&s->file, &offset, &len);
		if (!rc)
			rc = read_piece(f, s, offset, len);
	}
	return rc;
}

/* With the drive, so that what the file names is looked for there. */
static struct uri *found_uri(const struct search *s, const char *path)
{
	char text[3 * PATH_SIZE + 16];

	format(text, sizeof(text), "file://0x%02x%s%s", s->drive.disk.number,
	       *path == '/' ? "" : "/", path);
	return uri_parse(text);
}

static int file_fetch(struct fetch *f)
{
	struct search *s = heap_zalloc(sizeof(*s));
	const char *given = f->uri->opaque ? f->uri->opaque : f->uri->path;
	char path[PATH_SIZE];
	int rc;

	if (!s)
		return fail(E_NO_MEMORY, "out of memory for a file's name");
	f->final = true; /* the BIOS has tried several times itself */
	fetch_restart(f);
	s->path = path;
	rc = uri_decode(given, path, sizeof(path)) < sizeof(path) - 1
		     ? find(s, f->uri->host)
		     : fail(E_FILE_NOT_FOUND, "the file's name is too long");
	if (!rc) {
		log_debug("file", 1, "%s: %llu bytes on drive 0x%02x, %s", path,
			  (unsigned long long)s->file.size, s->drive.disk.number, s->file.fs->name);
		rc = read_all(f, s);
	}
	if (!rc) {
		f->final_uri = found_uri(s, given);
		rc = f->final_uri ? 0 : E_NO_MEMORY;
	}
	heap_free(s);
	return rc;
}

TABLE_ENTRY(uri_scheme, scheme_file) = {.name = "file", .fetch = file_fetch, .opaque = true};
