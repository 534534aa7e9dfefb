/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF programs as segments: System V ABI, chapters 4 and 5; i386 supplement; for 64 bits the AMD64
 * one. */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include "boot/flat.h"

bool elf_probe(const uint8_t *data, size_t len);
/**
 * Read program headers and entry of @data into @plan. With @allow64 the file may also be a 64-bit
 * one, whose entry is 32-bit code all the same (Multiboot). 0 or an error after fail().
 */
int elf_load(const uint8_t *data, size_t len, bool allow64, struct flat_plan *plan);

/** The section headers, as they lie in the file. */
struct elf_sections {
	const uint8_t *table;
	uint32_t count, entry_size, names; /* index of the section with the names */
};
/** False when there are none, or they do not lie in the file. */
bool elf_find_sections(const uint8_t *data, size_t len, struct elf_sections *sections);

#endif
