/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting on-fail: what happens when the boot failed. */
#ifndef BOOT_ON_FAIL_H
#define BOOT_ON_FAIL_H

#include "lib/base.h"

/** Complain about a value of on-fail that means nothing: at once, not when it is needed. */
void on_fail_check(void);
/**
 * Do what on-fail asks for, or @fallback when it is unset or means nothing. Returns when the boot
 * is to be tried again.
 */
void on_fail_act(const char *fallback);

#endif
