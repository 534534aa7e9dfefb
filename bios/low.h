/* SPDX-License-Identifier: BSD-2-Clause */
/* Installing the low block (bios/low.asm); used at start only. */
#ifndef BIOS_LOW_H
#define BIOS_LOW_H

#include "lib/base.h"

/** Bytes that the low block needs below the end of base memory. */
uint32_t low_size(void);
/** Copy the low block to @base (a paragraph boundary) and load its descriptor tables. Called at
 * the load address and again at home, where the addresses differ. */
void low_install(uint32_t base);

#endif
