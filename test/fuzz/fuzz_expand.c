/* SPDX-License-Identifier: BSD-2-Clause */
/* ${…}: the first line is expanded, the others are values of a, b, c… */
#include <stdlib.h>
#include <string.h>
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size);
	char *line = strchr(text, '\n');
	char name[2] = "a";
	char *result;

	if (line)
		*line++ = 0;
	while (line && name[0] <= 'h') {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = 0;
		setting_store(name, line, SOURCE_SCRIPT);
		name[0]++;
		line = next;
	}
	error_clear();
	result = expand(text);
	if (result ? strlen(result) > max((size_t)EXPANSION_MAX, size) : !error_code())
		abort();
	heap_free(result);
	heap_free(text);
	settings_reset();
	return 0;
}
