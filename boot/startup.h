/* SPDX-License-Identifier: BSD-2-Clause */
/* Which script runs first, and what the boot loader handed over as images. */
#ifndef BOOT_STARTUP_H
#define BOOT_STARTUP_H

#include "boot/image.h"

/**
 * Register what came with us: the embedded script (@embedded, may be empty),
 * the command line's script part (@words, heap, or NULL) as <CMDLINE>, the
 * loader's initrd as <INITRD> (<INITRD2>… for what was concatenated). Prints
 * which one runs; without any of them and without the setting scriptlet it is autoexec.ipxe from
 * the boot medium. Returns the script to run, NULL: scriptlet or autoboot.
 */
struct image *startup_images(const char *embedded, size_t embedded_len, char *words);
/** autoexec.ipxe from the medium that we were started from, registered as an image; NULL when there
 * is none, which is no failure. */
struct image *autoexec_find(void);
/** The drive of that medium; -1: none was found. */
int autoexec_drive(void);
/** Run @script; without one the setting scriptlet, else autoboot. */
int startup_run(struct image *script);

#endif
