/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the prompt share: lines typed at it, with a history. */
#ifndef TEST_UNIT_SHELL_TEST_H
#define TEST_UNIT_SHELL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "test/host/host.h"

static struct history history;

static inline int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	history_clear(&history);
	return 0;
}

static inline int teardown(void **state)
{
	settings_reset();
	history_clear(&history);
	while (!list_empty(&images))
		image_free(list_first(&images, struct image, link));
	host_card_reset();
	return 0;
}

/* The line that @keys make, with history. */
static inline char *edit(const char *keys)
{
	static char text[512];
	int rc;
	char *line;

	host_output_clear();
	host_keys(keys);
	line = line_edit("> ", "", false, &history, DEADLINE_NEVER, &rc);
	assert_non_null(line);
	strncpy(text, line, sizeof(text) - 1);
	heap_free(line);
	return text;
}

#endif
