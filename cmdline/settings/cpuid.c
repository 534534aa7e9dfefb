/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor says of itself (Intel SDM volume 2, CPUID): the scope
 * cpuid/REGISTER.FUNCTION[.SUBLEAF] and the settings cpuvendor and cpumodel.
 */
#include "lib/cpu.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"

#define BRAND_FIRST 0x80000002u
#define BRAND_LEN   48u

/* REGISTER: eax ebx ecx edx, or 0 to 3. */
static bool parse_register(const char *name, size_t len, unsigned *number)
{
	static const char *const names[] = {"eax", "ebx", "ecx", "edx"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if ((len == 3 && !memcmp(name, names[i], 3)) ||
		    (len == 1 && name[0] == (char)('0' + i))) {
			*number = i;
			return true;
		}
	}
	return false;
}

static long read_cpuid(const char *name, const char **type, uint8_t *raw, size_t max)
{
	const char *dot = strchr(name, '.');
	uint32_t leaf[2] = {0};
	unsigned number;
	struct cpuid answer;

	if (!dot || !parse_register(name, (size_t)(dot - name), &number) ||
	    !setting_parts(dot + 1, leaf, 2) || max < 4)
		return E_NOT_FOUND;
	answer = cpuid(leaf[0], leaf[1]);
	put_be32(raw, (const uint32_t[]){answer.eax, answer.ebx, answer.ecx, answer.edx}[number]);
	if (!*type)
		*type = "uint32";
	return 4;
}
TABLE_ENTRY(setting_provider, provider_cpuid) = {
	.scope = "cpuid",
	.description = "REGISTER.FUNCTION[.SUBLEAF] of the CPUID instruction",
	.read = read_cpuid,
};

static long compute_cpuvendor(const char *scope, uint8_t *raw, size_t max)
{
	struct cpuid answer = cpuid(0, 0);

	if (*scope || max < 12)
		return E_NOT_FOUND;
	put_le32(raw, answer.ebx);
	put_le32(raw + 4, answer.edx);
	put_le32(raw + 8, answer.ecx);
	return 12;
}
TABLE_ENTRY(setting, setting_cpuvendor) = {
	.name = "cpuvendor",
	.type = "string",
	.description = "maker of the processor: GenuineIntel, AuthenticAMD…",
	.home = "cpuid",
	.compute = compute_cpuvendor,
};

/* The brand string: NUL-terminated, and on some processors with blanks before. */
static long compute_cpumodel(const char *scope, uint8_t *raw, size_t max)
{
	uint8_t brand[BRAND_LEN] = {0};
	size_t start = 0, len;

	for (unsigned i = 0; i < 3; i++) {
		struct cpuid part = cpuid(BRAND_FIRST + i, 0);

		put_le32(brand + 16 * i, part.eax);
		put_le32(brand + 16 * i + 4, part.ebx);
		put_le32(brand + 16 * i + 8, part.ecx);
		put_le32(brand + 16 * i + 12, part.edx);
	}
	while (start < BRAND_LEN && brand[start] == ' ')
		start++;
	len = strnlen((const char *)brand + start, BRAND_LEN - start);
	if (*scope || !len || len > max)
		return E_NOT_FOUND;
	memcpy(raw, brand + start, len);
	return (long)len;
}
TABLE_ENTRY(setting, setting_cpumodel) = {
	.name = "cpumodel",
	.type = "string",
	.description = "the processor's name for itself",
	.home = "cpuid",
	.compute = compute_cpumodel,
};
