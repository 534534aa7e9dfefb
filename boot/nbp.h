/* SPDX-License-Identifier: BSD-2-Clause */
/* Network bootstrap programs (boot/nbp.c). */
#ifndef BOOT_NBP_H
#define BOOT_NBP_H

#include "lib/base.h"

#define NBP_SIZE_MAX (0xa0000u - 0x7c00u)

/** From a call of the PXE API: the @len bytes at @program (heap, taken over) run in the place of
 * the program that called. */
void nbp_restart(uint8_t *program, size_t len) __attribute__((noreturn));

/** Was the running program started by another one, which waits for its end? */
bool nbp_is_nested(void);

#endif
