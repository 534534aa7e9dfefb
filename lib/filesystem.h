/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files on disks, read-only: what the parsers of file systems (fat.c, iso9660.c)
 * have in common. They see a disk through one callback. What they read is hostile:
 * any answer must end in bounded time.
 */
#ifndef LIB_FILESYSTEM_H
#define LIB_FILESYSTEM_H

#include "lib/base.h"
#include "lib/table.h"

/** A disk or a part of it. */
struct volume {
	/** Read @len bytes at @offset from the start of the disk; 0 or an error after fail(). */
	int (*read)(struct volume *volume, uint64_t offset, void *data, uint32_t len);
	uint64_t start, size; /* bytes; which part of the disk it is */
};

/** Read from @volume; what lies beyond its end is E_FILE_DAMAGED. 0 or an error after fail(). */
int volume_read(struct volume *volume, uint64_t offset, void *data, uint32_t len);

/** A file that was found. */
struct fs_file {
	struct volume *volume;
	const struct filesystem *fs;
	uint64_t size; /* bytes */
	uint64_t left; /* not yet given by next() */
	/* the file system's */
	uint64_t place;
	uint32_t cluster;
};

/** A kind of file system; one TABLE_ENTRY each. */
struct filesystem {
	const char *name;
	/** Find @path ("/a/b.txt"; case does not count) and fill @file. 0, E_FILE_NO_FS when
	 * @volume holds something else (no sentence), E_FILE_NOT_FOUND (no sentence), or another
	 * error after fail(). */
	int (*open)(struct volume *volume, const char *path, struct fs_file *file);
	/** Where the next piece of the file lies: @len bytes at @offset of the volume; for as long
	 * as file->left is not 0. 0 or an error after fail(). */
	int (*next)(struct fs_file *file, uint64_t *offset, uint64_t *len);
};
TABLE(filesystem);

/** The first component of *@path that is not empty; *@path goes behind it. Its length, 0 at the
 * end. */
size_t path_component(const char **path, const char **component);
/** Append code unit @unit of UTF-16 to @name as UTF-8; false when there is no room. */
bool name_append(char *name, size_t size, uint16_t unit);
/** Are @len bytes of @component the name @text, case of ASCII letters apart? */
bool name_is(const char *component, size_t len, const char *text);

#endif
