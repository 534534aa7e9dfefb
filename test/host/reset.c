/* SPDX-License-Identifier: BSD-2-Clause */
/* The host machine as it was when the program started. */
#include "test/host/host.h"
#include "bios/clock.h"

void host_reset(void)
{
	host_console_reset();
	host_pci_reset();
	host_machine_reset();
	host_clock_real();
	host_turn_us = 1000;
	host_turn = NULL;
	host_unix_epoch = 1700000000;
	clock_reset_unix();
	host_heap_fail(0, false);
	host_heap_limit(0);
	host_image_limit(0);
	host_memmap_set(NULL, 0);
	host_memmap_hidden = host_images_hidden = false;
}
