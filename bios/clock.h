/* SPDX-License-Identifier: BSD-2-Clause */
/* Monotonic time since start. */
#ifndef BIOS_CLOCK_H
#define BIOS_CLOCK_H

#include "lib/base.h"

uint64_t clock_us(void);
uint64_t clock_ms(void);
/** Busy wait without polling anything, for hardware settling times. */
void clock_delay_us(uint32_t us);
/** Seconds since 1970 from the RTC. */
uint64_t clock_unix(void);

#endif
