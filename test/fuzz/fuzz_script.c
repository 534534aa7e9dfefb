/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts, plain and extended, with all commands there are but reboot (which does
 * not return): lint, running, and as lines typed in the shell. Time is virtual, and
 * somebody leans on Ctrl-C, so that nothing waits for ever.
 */
#include <string.h>
#include "bios/console.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "cmdline/interpreter.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

#define PATIENCE 200 /* turns of waiting until every further one brings Ctrl-C */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned turns;

static void lean_on_ctrl_c(void)
{
	if (++turns % 20 == 0 || turns > PATIENCE)
		host_key(KEY_CTRL_C);
	if (turns % 30 == 0)
		host_keys("exit\r");
}

static int no_power_off(void)
{
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_dup_len((const char *)data, size);
	struct image *image, *next;

	host_reset();
	host_clock_set_ms(1000);
	host_turn = lean_on_ctrl_c;
	host_power_off = no_power_off;
	turns = 0;
	if (!strstr(text, "reboot") && memchr(data, 0, size) == NULL) {
		script_probe(text, size);
		script_lint("fuzz", text, size);
		script_run("fuzz", text, size);
		blocks_are_open(text);
	}
	list_for_each_safe(image, next, &images, link)
		image_free(image);
	settings_reset();
	heap_free(text);
	return 0;
}
