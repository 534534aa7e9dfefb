/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot loops: does the network offer us what we are, or what started us? */
#ifndef BOOT_SELF_H
#define BOOT_SELF_H

#include "boot/image.h"

/** At start: take the mark that self_mark() may have left, and wipe it. */
void self_start(void);
/** The program from @filename (an address) is about to run; it may start this firmware again. */
void self_mark(const char *filename);
void self_unmark(void);
/** Would running @filename start this firmware again, by its name or by its mark? @why, of @size
 * bytes, gets the reason, for a sentence. */
bool self_started_by(const char *filename, char *why, size_t size);
/** Is @image this very firmware, in this version? */
bool self_is(const struct image *image);

#endif
