/* SPDX-License-Identifier: BSD-2-Clause */
/* gzip files (RFC 1952): what they hold, as image memory. */
#ifndef BOOT_GZIP_H
#define BOOT_GZIP_H

#include "lib/base.h"

/** Image memory that belongs to the caller: image_memory_free(data, capacity). */
struct extracted {
	uint8_t *data;
	size_t len, capacity;
};

/** Does @data begin like a gzip file? */
bool gzip_probe(const uint8_t *data, size_t len);
/** Unpack all members of the gzip file @data, one behind the other; padding with NULs behind them
 * is passed over. 0, or an error after fail() with nothing left allocated. */
int gzip_extract(const uint8_t *data, size_t len, struct extracted *out);

#endif
