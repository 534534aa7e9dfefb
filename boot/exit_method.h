/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting exit-method: where the machine goes when the last script ended. */
#ifndef BOOT_EXIT_METHOD_H
#define BOOT_EXIT_METHOD_H

#include "lib/base.h"

/** Complain about a value of exit-method that means nothing: at once, not when it is needed. */
void exit_method_check(void);
/** Leave as exit-method says. */
void exit_leave(void) __attribute__((noreturn));
/** Leave by booting the first local disk; without one to INT 18h. */
void exit_to_disk(void) __attribute__((noreturn));
void exit_to_reset(void) __attribute__((noreturn));

#endif
