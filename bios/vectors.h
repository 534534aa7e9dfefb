/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt vector table around guests, whose memory another program gets afterwards. */
#ifndef BIOS_VECTORS_H
#define BIOS_VECTORS_H

#include "lib/base.h"

#define VECTORS 256u

struct vector_table {
	uint32_t entry[VECTORS]; /* segment << 16 | offset */
};

/** A guest begins: note the table in @before. Vectors that lead to an outer guest, whose memory the
 * new one gets, are what they were before that. */
void vectors_guest_begins(struct vector_table *before);
/** It ended: vectors that lead into its memory are again as noted, and so are those of the outer
 * guest, whose memory is put back. */
void vectors_guest_ended(const struct vector_table *before);

#endif
