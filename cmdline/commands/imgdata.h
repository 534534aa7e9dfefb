/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands share that take an image, use its content, and free it: imgset, imgextract. */
#ifndef CMDLINE_COMMANDS_IMGDATA_H
#define CMDLINE_COMMANDS_IMGDATA_H

#include "boot/image.h"
#include "cmdline/command.h"

/* The first options of their tables. */
enum { IMGDATA_KEEP, IMGDATA_TIMEOUT, IMGDATA_QUIET, IMGDATA_OPTIONS };
#define IMGDATA_OPTION_ROWS                                                                        \
	[IMGDATA_KEEP] = {'k', "keep", OPTION_FLAG, "keep the image; else it is freed"},           \
	[IMGDATA_TIMEOUT] = {'t', "timeout", OPTION_MS,                                            \
			     "give up after this many ms without progress"},                       \
	[IMGDATA_QUIET] = {'q', "quiet", OPTION_FLAG, "no progress line"}

/** The image called @name, else a download of that address. 0 or an error after fail(). */
int imgdata_acquire(const struct call *call, const char *name, struct image **image);
/** Free @image, unless --keep was given. */
void imgdata_done(const struct call *call, struct image *image);

#endif
