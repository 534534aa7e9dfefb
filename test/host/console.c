/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/console.h on the host: output into a buffer, keys from a queue. */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "bios/console.h"
#include "lib/error.h"
#include "lib/framebuffer.h"
#include "lib/log.h"

#define OUTPUT_MAX (256 * 1024)

bool host_echo;
bool host_pasting;

static char output[OUTPUT_MAX + 1];
static size_t output_len;
static int keys[4096];
static unsigned key_count;
static bool ignore_break;
static void *graphics_memory;

/* Weak, so that a test may be linked without lib/log.c. */
extern __typeof__(log_output) log_output __attribute__((weak));

const char *host_output(void)
{
	return output;
}

void host_output_clear(void)
{
	output_len = 0;
	output[0] = '\0';
}

void console_write(const char *text, size_t len)
{
	if (host_echo) {
		fwrite(text, 1, len, stdout);
		fflush(stdout);
	}
	if (len > OUTPUT_MAX) {
		text += len - OUTPUT_MAX;
		len = OUTPUT_MAX;
	}
	if (output_len + len > OUTPUT_MAX) {
		size_t drop = output_len + len - OUTPUT_MAX;

		memmove(output, output + drop, output_len - drop);
		output_len -= drop;
	}
	memcpy(output + output_len, text, len);
	output_len += len;
	output[output_len] = '\0';
}

void host_key(int key)
{
	if (key_count < ARRAY_SIZE(keys))
		keys[key_count++] = key;
}

void host_keys(const char *text)
{
	while (*text)
		host_key((unsigned char)*text++);
}

static void remove_key(unsigned index)
{
	key_count--;
	memmove(keys + index, keys + index + 1, (key_count - index) * sizeof(keys[0]));
}

int console_key(void)
{
	int key = -1;

	if (key_count) {
		key = keys[0];
		remove_key(0);
	} else if (host_clock_is_virtual()) {
		host_clock_advance_us(host_turn_us);
	}
	return key;
}

bool console_typed_ahead(void)
{
	return host_pasting && key_count;
}

bool console_break(void)
{
	if (host_clock_is_virtual())
		host_clock_advance_us(host_turn_us);
	if (host_turn)
		host_turn();
	for (unsigned i = 0; i < key_count && !ignore_break; i++) {
		if (keys[i] == KEY_CTRL_C) {
			remove_key(i);
			return true;
		}
	}
	return false;
}

void console_size(unsigned *rows, unsigned *columns)
{
	*rows = 24;
	*columns = 80;
}

/* A screen of the size that was asked for, in memory. */
int console_graphics(const struct console_graphics *graphics)
{
	static uint8_t font[256 * GLYPH_HEIGHT];
	struct framebuffer fb = {
		.width = graphics->width,
		.height = graphics->height,
		.pitch = graphics->width * 4,
		.bytes = 4,
		.red = {16, 8},
		.green = {8, 8},
		.blue = {0, 8},
		.font = font,
		.left = graphics->left,
		.right = graphics->right,
		.top = graphics->top,
		.bottom = graphics->bottom,
	};
	int rc;

	console_text_mode();
	if (graphics->width > 2048 || graphics->height > 2048)
		return fail(E_NO_GRAPHICS, "no such mode");
	graphics_memory = fb.pixels = calloc(fb.height, fb.pitch);
	rc = framebuffer_open(&fb, graphics->picture);
	if (rc)
		console_text_mode();
	return rc;
}

void console_text_mode(void)
{
	framebuffer_close();
	free(graphics_memory);
	graphics_memory = NULL;
}

bool console_has_picture(void)
{
	return framebuffer_has_picture();
}

void console_colours(int32_t foreground, int32_t background)
{
	framebuffer_colours(foreground, background);
}

void console_defer(bool defer)
{
}

void console_flush(void)
{
}

void console_ignore_break(bool ignore)
{
	ignore_break = ignore;
}

__attribute__((constructor)) static void console_start(void)
{
	host_echo = getenv("HOST_VERBOSE") != NULL;
	if (&log_output)
		log_output = console_write;
}

void host_console_reset(void)
{
	host_output_clear();
	console_text_mode();
	key_count = 0;
	ignore_break = false;
}
