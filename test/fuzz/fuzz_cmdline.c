/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel command line as a boot loader may hand it over. */
#include <stdlib.h>
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = text_dup_len((const char *)data, size);
	char *script = cmdline_seed(line);

	if (script && !*script)
		abort();
	heap_free(script);
	heap_free(line);
	settings_reset();
	host_console_reset();
	return 0;
}
