/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot kernels, version 1 (multiboot.c) and 2 (multiboot2.c), and what both have in common. */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include "boot/flat.h"

/* What we call ourselves. Kernels that take "GRUB 2" for it do not skip the first word of command
 * lines. */
#define FLAT_LOADER_NAME "ipxe.lkrn"

/** Addresses in a header, for kernels in no format that is known otherwise. */
struct flat_addresses {
	uint32_t header_offset; /* in the file */
	uint32_t header_addr, load_addr, load_end, bss_end, entry;
};
/** One segment from them: @load_end 0 is the end of the file, @bss_end 0 no zeroed part. 0 or an
 * error after fail(). */
int flat_load_addresses(const struct flat_addresses *addresses, size_t len, struct flat_plan *plan);
/** KB of RAM from 0 and from 1 MB on, up to the first hole. */
uint32_t flat_memory_lower(const struct flat_plan *plan);
uint32_t flat_memory_upper(const struct flat_plan *plan);

/** Read header, segments and entry; 0 or an error after fail(). */
int multiboot_load(const uint8_t *data, size_t len, struct flat_plan *plan);
int multiboot2_load(const uint8_t *data, size_t len, struct flat_plan *plan);
/** struct flat_format's info(). */
size_t multiboot_info(const struct image *kernel, const struct flat_plan *plan, uint8_t *out,
		      size_t max);
size_t multiboot2_info(const struct image *kernel, const struct flat_plan *plan, uint8_t *out,
		       size_t max);

#endif
