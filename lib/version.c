/* SPDX-License-Identifier: BSD-2-Clause */
/* The version, in a file of its own: a new commit recompiles just this. */
#include "lib/version.h"

const char version[] = VERSION;
