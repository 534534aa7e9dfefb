/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory behind physical() on the host: none until a test supplies it. */
#include "bios/physical.h"

uint8_t *physical_memory;
size_t physical_memory_size;
