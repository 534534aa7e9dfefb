/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset and power-off. */
#ifndef BIOS_POWER_H
#define BIOS_POWER_H

#include "lib/base.h"

/** Restart the machine; @warm asks the BIOS to skip its memory test. Does not return. */
void power_reboot(bool warm) __attribute__((noreturn));
/** APM, then ACPI S5; returns an error when neither works. */
int power_off(void);

#endif
