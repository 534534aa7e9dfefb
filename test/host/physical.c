/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory behind physical() on the host, and the places of iBFT and PXE API in it: none until a test
 * supplies it.
 */
#include "bios/gate.h"
#include "bios/physical.h"

#define IBFT_HOME 0x9e000u
#define PXE_HOME  0x9c000u

uint8_t *physical_memory;
size_t physical_memory_size;

__attribute__((weak)) void *low_ibft(void)
{
	return physical(IBFT_HOME, 1024);
}

void *low_pxe(void)
{
	return physical(PXE_HOME, LOW_PXE_SIZE);
}
