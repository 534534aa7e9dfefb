/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is not ours, by its physical address: the BIOS data area, the
 * firmware's tables, a real-mode caller's buffers. On the host a test supplies
 * it as an array that begins at address 0.
 */
#ifndef BIOS_PHYSICAL_H
#define BIOS_PHYSICAL_H

#include "lib/base.h"

#ifdef HOST_TEST
extern uint8_t *physical_memory;
extern size_t physical_memory_size;
#endif

/** Do the @len bytes at @address lie below 4 GB? */
static inline bool physical_exists(uint64_t address, uint64_t len)
{
#ifdef HOST_TEST
	uint64_t end = physical_memory_size;
#else
	uint64_t end = 1ull << 32;
#endif
	return address <= end && len <= end - address;
}

/** The @len bytes at @address (which may be 0), or NULL when they do not lie below 4 GB. */
static inline void *physical(uint64_t address, uint64_t len)
{
	if (!physical_exists(address, len))
		return NULL;
#ifdef HOST_TEST
	return physical_memory + address;
#else
	uintptr_t p = (uintptr_t)address;

	/* The compiler takes constant low addresses for null pointers: hide the value. */
	__asm__("" : "+r"(p));
	return (void *)p;
#endif
}

/** The physical address of @p, which physical() returned. */
static inline uint32_t physical_address(const void *p)
{
#ifdef HOST_TEST
	return (uint32_t)((const uint8_t *)p - physical_memory);
#else
	return (uint32_t)(uintptr_t)p;
#endif
}

/* The BIOS data area. */
#define BDA_EBDA	0x40eu /* segment of the extended BIOS data area */
#define BDA_EQUIPMENT	0x410u /* floppy drives: bit 0 any, bits 6 and 7 how many, less one */
#define BDA_BASE_MEMORY 0x413u /* KB below 640 KB that programs may use */
#define BDA_DISK_STATUS 0x474u /* status of the last hard disk call */
#define BDA_DISK_COUNT	0x475u /* hard disks */

#endif
