/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI logical unit numbers: eight bytes, SAM-5 section 4.7. */
#ifndef LIB_LUN_H
#define LIB_LUN_H

#include "lib/base.h"

#define LUN_PERIPHERAL_MAX 0xffu
#define LUN_FLAT	   0x4000u
#define LUN_FLAT_MAX	   0x3fffu

/** @lun as people write it: a number where it is one, else groups of four digits. Returns @buf
 * (24 bytes suffice). */
const char *lun_text(const uint8_t lun[8], char *buf, size_t size);

#endif
