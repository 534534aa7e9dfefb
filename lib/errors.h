/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole error catalogue, one file a room; see lib/error.h. Included several times. */
#include "lib/errors.def"
#include "bios/errors.def"
#include "nic/errors.def"
#include "netstack/errors.def"
#include "iscsi/errors.def"
#include "san/errors.def"
#include "acpi/errors.def"
#include "boot/errors.def"
#include "cmdline/errors.def"
