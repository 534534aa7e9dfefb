/* SPDX-License-Identifier: BSD-2-Clause */
/* The house's front and back door: start-up, autoboot, and leaving the machine to others. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "lib/base.h"
#include "nic/nic.h"

/** What the loader handed over, copied from the boot_params or setup header at entry. */
struct loader_info {
	char cmdline[4096];
	uint8_t *initrd;
	size_t initrd_len;
	uint8_t loader_type;
	bool entry32; /* started by the 32-bit protocol */
};
extern struct loader_info loader;

/** Boot as DHCP says: root-path and filename, the way iPXE does. */
int autoboot(struct nic **cards, unsigned count);
/** `boot` with URI given by DHCP: hook @root_path (NULL none), run @filename (NULL none). */
int boot_uri(const char *filename, const char *root_path);

/** Quiesce before another program gets the machine: cards, TCP, SAN (kept or unhooked), console. */
void leave_prepare(void);
/** Quiesce before a reset or power-off: nothing is kept, sessions end, DMA is off. */
void leave_for_power(void);
/** Switch the machine off, by APM, else ACPI; returns only with an error after fail(). */
int power_off(void);
/** Go back to the BIOS (INT 18h): next boot device. Does not return. */
void leave_to_bios(void) __attribute__((noreturn));
/** Enter a flat 32-bit program; comes back when it returns, with what leave_prepare() hid shown. */
void leave_to_flat(uint32_t entry, uint32_t eax, uint32_t ebx);
/** Have the BIOS begin its boot order anew (INT 19h). Does not return. */
void leave_to_bootstrap(void) __attribute__((noreturn));
/** Enter the boot sector of @drive that lies at 0:7C00, for good. leave_prepare() was called before
 * it was loaded. */
void leave_to_boot_sector(unsigned drive) __attribute__((noreturn));
/** Jump to a 16-bit kernel entry; does not return. */
void leave_to_kernel16(uint16_t segment, uint16_t stack_offset) __attribute__((noreturn));

#endif
