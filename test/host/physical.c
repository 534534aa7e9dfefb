/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory behind physical() on the host, and the iBFT's place in it: none until a test supplies it.
 */
#include "bios/gate.h"
#include "bios/physical.h"

#define IBFT_HOME 0x9e000u

uint8_t *physical_memory;
size_t physical_memory_size;

__attribute__((weak)) void *low_ibft(void)
{
	return physical(IBFT_HOME, 1024);
}
