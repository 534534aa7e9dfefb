/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset, and power-off by APM; see acpi/power.h for the other way. */
#ifndef BIOS_POWER_H
#define BIOS_POWER_H

#include "lib/base.h"

/** Restart the machine; @warm asks the BIOS to skip its memory test. Does not return. */
void power_reboot(bool warm) __attribute__((noreturn));
/** Switch the machine off by APM 1.2; returns when the BIOS has none, or did not do it. */
void apm_power_off(void);

#endif
