/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting boot-timeout: the time within which a boot must have got somewhere. */
#ifndef BOOT_BOOT_TIMER_H
#define BOOT_BOOT_TIMER_H

#include "lib/base.h"

/** An attempt begins: from now on it has boot-timeout seconds. Does nothing without the setting. */
void boot_timer_start(void);
/** It got somewhere, or a person is there: no limit any more. */
void boot_timer_stop(void);
/** Is the time over? Every wait is cancelled then, as by Ctrl-C, until the timer is stopped. */
bool boot_timer_expired(void);
/** What boot-timeout asks for, in seconds; 0: no limit. */
uint32_t boot_timer_seconds(void);

#endif
