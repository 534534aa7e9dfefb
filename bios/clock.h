/* SPDX-License-Identifier: BSD-2-Clause */
/* Monotonic time since start. */
#ifndef BIOS_CLOCK_H
#define BIOS_CLOCK_H

#include "lib/base.h"

uint64_t clock_us(void);
uint64_t clock_ms(void);
/** Busy wait without polling anything, for hardware settling times. */
void clock_delay_us(uint32_t us);
/** Seconds since 1970 from the RTC, shifted by what clock_set_unix() was told. */
uint64_t clock_unix(void);
/** Shift clock_unix() so that it reads @seconds now; the RTC stays as it is. */
void clock_set_unix(uint64_t seconds);
/** Let clock_unix() read the RTC as it is again. */
void clock_reset_unix(void);

#endif
