/* SPDX-License-Identifier: BSD-2-Clause */
/* Text with control sequences onto both kinds of screen; key sequences; text of menus. */
#include "bios/console.h"
#include "cmdline/tui.h"
#include "lib/framebuffer.h"
#include "lib/keys.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *next, *end;

static int next_byte(void)
{
	return next < end ? *next++ : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct console_graphics small = {.width = 100,
						      .height = 100,
						      .depth = 32,
						      .left = 3,
						      .right = 5,
						      .top = 7,
						      .bottom = 11};
	struct ansi ansi = ANSI_INIT(&framebuffer_screen);
	char text[200];

	host_reset();
	console_write((const char *)data, size);
	host_screen_row(0); /* interprets the output, and checks positions */
	if (console_graphics(&small))
		return 0;
	ansi_write(&ansi, (const char *)data, size);
	size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = 0;
	tui_open(text);
	tui_put(5, 5, 20, PAIR_NORMAL, text, 3);
	tui_put(23, 0, 80, PAIR_NORMAL, text, TUI_NO_MARK);
	tui_close();
	host_screen_row(0);
	next = data;
	end = data + size;
	while (next < end)
		key_after_escape(next_byte);
	return 0;
}
