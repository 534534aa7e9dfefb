/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processor says of itself. */
#ifndef LIB_CPU_H
#define LIB_CPU_H

#include "lib/base.h"

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/** CPUID @leaf, @subleaf; zeroes for a leaf that the processor does not have. */
static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf & 0x80000000u), "c"(0));
	if (leaf > r.eax)
		return (struct cpuid){0};
	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

#endif
