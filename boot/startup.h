/* SPDX-License-Identifier: BSD-2-Clause */
/* Which script runs first, and what the boot loader handed over as images. */
#ifndef BOOT_STARTUP_H
#define BOOT_STARTUP_H

#include "boot/image.h"

/**
 * Register what came with us: the embedded script (@embedded, may be empty),
 * the command line's script part (@words, heap, or NULL) as <CMDLINE>, the
 * loader's initrd as <INITRD> (<INITRD2>… for what was concatenated). Prints
 * which one runs. Returns the script to run, NULL: scriptlet or autoboot.
 */
struct image *startup_images(const char *embedded, size_t embedded_len, char *words);
/** Run @script; without one the setting scriptlet, else autoboot. */
int startup_run(struct image *script);

#endif
