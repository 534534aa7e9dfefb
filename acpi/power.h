/* SPDX-License-Identifier: BSD-2-Clause */
/* Power-off by ACPI. */
#ifndef ACPI_POWER_H
#define ACPI_POWER_H

/** Enter sleep state S5; returns only with an error after fail(). */
int acpi_power_off(void);

#endif
