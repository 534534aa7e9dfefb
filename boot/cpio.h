/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of a cpio archive in the "newc" format, to hand a file to a kernel inside its initrd. */
#ifndef BOOT_CPIO_H
#define BOOT_CPIO_H

#include "lib/base.h"

struct cpio_file {
	char path[512];
	uint32_t mode;	/* permission bits; 0644 unless given */
	unsigned mkdir; /* how many of its parent directories are made, nearest first */
};

/** Parse an initrd's arguments, "PATH [mode=OCTAL] [mkdir=N]". 0 or an error after fail(). */
int cpio_parse(const char *arguments, struct cpio_file *file);
/**
 * Write what stands in front of the content of @file (@size bytes of content):
 * directories, then the file's header, padded to 4 bytes. Returns its length;
 * nothing beyond @max is written.
 */
size_t cpio_header(const struct cpio_file *file, uint32_t size, uint8_t *out, size_t max);

#endif
