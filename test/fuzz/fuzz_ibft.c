/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile tables into ibft_parse(); what it accepts must survive building and parsing again. */
#include <stdlib.h>
#include "acpi/ibft.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ibft_params params, again;
	static uint8_t table[8192];
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, data, size);
	/* Let the fuzzer past signature, length, revision and checksum. */
	if (size >= 48) {
		uint8_t sum = 0;

		memcpy(copy, "iBFT", 4);
		put_le32(copy + 4, (uint32_t)size);
		copy[8] = 1;
		copy[9] = 0;
		for (size_t i = 0; i < size; i++)
			sum = (uint8_t)(sum + copy[i]);
		copy[9] = (uint8_t)-sum;
	}
	if (!ibft_parse(copy, size, &params)) {
		host_output_clear();
		ibft_print(&params);
		ibft_lint(&params, 0x9e000);
		if (ibft_build(&params, table, sizeof(table)) > 0 &&
		    ibft_parse(table, sizeof(table), &again))
			abort();
	}
	free(copy);
	return 0;
}
