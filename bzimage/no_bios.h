/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BZIMAGE_NO_BIOS_H
#define BZIMAGE_NO_BIOS_H

#include "lib/base.h"

/** Show @text by every means that needs no BIOS, and stop. @boot_params may be NULL. */
void no_bios_stop(const uint8_t *boot_params, const char *text) __attribute__((noreturn));

#endif
