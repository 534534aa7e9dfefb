/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BIOS_CLOCK_INTERNAL_H
#define BIOS_CLOCK_INTERNAL_H

/** Calibrate; clock_us() counts from here. */
void clock_init(void);

#endif
