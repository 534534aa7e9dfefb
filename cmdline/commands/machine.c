/* SPDX-License-Identifier: BSD-2-Clause */
/* cpuid pciscan: questions about the machine that scripts decide by. */
#include "bios/pci.h"
#include "cmdline/command.h"
#include "lib/cpu.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"

/* ---- cpuid ---- */

enum { EXT, AMD, ECX };

static const struct option cpuid_options[] = {
	[EXT] = {'e', "ext", OPTION_FLAG, "the extended features, leaf 0x80000001"},
	[AMD] = {'a', "amd", OPTION_FLAG, "the same"},
	[ECX] = {'c', "ecx", OPTION_FLAG, "a bit of register ECX instead of EDX"},
};

static int run_cpuid(struct call *call)
{
	bool extended = call->option[EXT].given || call->option[AMD].given;
	struct cpuid features = cpuid(extended ? 0x80000001u : 1, 0);
	uint32_t bit, value = call->option[ECX].given ? features.ecx : features.edx;

	if (!text_to_u32(call->argv[0], 0, 31, &bit))
		return fail(E_INVALID, "\"%.60s\": not a bit, 0 to 31", call->argv[0]);
	if (value >> bit & 1)
		return 0;
	return fail(E_FALSE, "the processor does not have feature bit %u", bit);
}
TABLE_ENTRY(command, cmd_cpuid) = {
	.name = "cpuid",
	.arguments = "<bit>",
	.summary = "Succeed when the processor has a feature: cpuid --ext 29 is 64-bit mode",
	.options = cpuid_options,
	.option_count = ARRAY_SIZE(cpuid_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_cpuid,
	.test = true,
};

/* ---- pciscan ---- */

/* The setting holds the function that was found last; without it the scan begins. */
static int run_pciscan(struct call *call)
{
	char *slash = strrchr(call->argv[0], '/');
	const char *scope = slash ? call->argv[0] : "", *name = slash ? slash + 1 : call->argv[0];
	struct pci_device dev;
	uint64_t next = 0;
	uint8_t raw[4];

	if (slash)
		*slash = '\0';
	if (setting_exists(scope, name))
		next = setting_number(scope, name, 0) + 1;
	if (next > UINT16_MAX || !pci_next(&dev, (uint32_t)next)) {
		setting_store_raw(scope, name, NULL, NULL, 0, SOURCE_SCRIPT);
		return fail(E_NOT_FOUND, "no more PCI devices");
	}
	put_be32(raw, dev.busdevfn);
	return setting_store_raw(scope, name, "busdevfn", raw, sizeof(raw), SOURCE_SCRIPT);
}
TABLE_ENTRY(command, cmd_pciscan) = {
	.name = "pciscan",
	.arguments = "<setting>",
	.summary = "Store the next PCI function's location; fails behind the last one",
	.min_args = 1,
	.max_args = 1,
	.run = run_pciscan,
	.test = true,
};
