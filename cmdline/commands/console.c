/* SPDX-License-Identifier: BSD-2-Clause */
/* console colour cpair */
#include "bios/console.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/picture.h"
#include "lib/text.h"
#include "netstack/fetch.h"

/* ---- console ---- */

#define WIDTH  640
#define HEIGHT 480

enum { X, Y, LEFT, RIGHT, TOP, BOTTOM, DEPTH, PICTURE, KEEP, CONSOLE_OPTIONS };
static const struct option console_options[CONSOLE_OPTIONS] = {
	[X] = {'x', "x", OPTION_NUMBER, "width in pixels (default: the picture's)"},
	[Y] = {'y', "y", OPTION_NUMBER, "height in pixels (default: the picture's)"},
	[LEFT] = {'l', "left", OPTION_NUMBER, "pixels without text at the left"},
	[RIGHT] = {'r', "right", OPTION_NUMBER, "pixels without text at the right"},
	[TOP] = {'t', "top", OPTION_NUMBER, "pixels without text at the top"},
	[BOTTOM] = {'b', "bottom", OPTION_NUMBER, "pixels without text at the bottom"},
	[DEPTH] = {'d', "depth", OPTION_NUMBER,
		   "bits a pixel, at least (default: as many as there are)"},
	[PICTURE] = {'p', "picture", OPTION_TEXT, "address or image of a PNG picture"},
	[KEEP] = {'k', "keep", OPTION_FLAG, "keep the picture as an image"},
};

static unsigned number_or(const struct call *call, unsigned option, unsigned fallback)
{
	uint64_t number = call->option[option].number;

	return call->option[option].given ? (unsigned)min(number, (uint64_t)UINT16_MAX) : fallback;
}

static int switch_mode(const struct call *call, const struct picture *picture)
{
	struct console_graphics graphics = {
		.width = number_or(call, X, picture ? picture->width : WIDTH),
		.height = number_or(call, Y, picture ? picture->height : HEIGHT),
		.depth = number_or(call, DEPTH, 0),
		.left = number_or(call, LEFT, 0),
		.right = number_or(call, RIGHT, 0),
		.top = number_or(call, TOP, 0),
		.bottom = number_or(call, BOTTOM, 0),
		.picture = picture,
	};

	return console_graphics(&graphics);
}

static int switch_with_picture(const struct call *call)
{
	const char *name = call->option[PICTURE].text;
	struct image_request request = {.uri = name, .retries = fetch_retries()};
	struct picture picture;
	struct image *image;
	int rc = image_acquire(&request, &image);

	if (rc)
		return rc;
	rc = picture_decode(image->data, image->len, &picture);
	if (!call->option[KEEP].given)
		image_free(image);
	if (rc)
		return fail_context(rc, "%.100s", name);
	rc = switch_mode(call, &picture);
	picture_release(&picture);
	return rc;
}

static int run_console(struct call *call)
{
	bool any = false;

	for (unsigned i = 0; i < KEEP; i++)
		any |= call->option[i].given;
	if (call->option[PICTURE].given)
		return switch_with_picture(call);
	if (any)
		return switch_mode(call, NULL);
	console_text_mode();
	return 0;
}
TABLE_ENTRY(command, cmd_console) = {
	.name = "console",
	.arguments = "",
	.summary = "Show text as pixels, over a picture; without options, go back to text mode",
	.options = console_options,
	.option_count = CONSOLE_OPTIONS,
	.run = run_console,
	.details = "The smallest video mode that has so many pixels is used. Whatever boots next "
		   "finds text mode.",
};

/* ---- colour ---- */

enum { BASIC, RGB, COLOUR_OPTIONS };
static const struct option colour_options[COLOUR_OPTIONS] = {
	[BASIC] = {'b', "basic", OPTION_NUMBER, "one of the eight colours of text mode, 0 to 7"},
	[RGB] = {'r', "rgb", OPTION_NUMBER, "0xRRGGBB, where pixels are drawn"},
};

static int colour_number(const char *text, uint32_t *number)
{
	if (text_to_u32(text, 0, TUI_COLOURS - 1, number))
		return 0;
	return fail(E_INVALID, "\"%.40s\": no colour; they are 0 to %u", text, TUI_COLOURS - 1);
}

static int run_colour(struct call *call)
{
	uint32_t colour;
	unsigned basic;
	int32_t rgb;
	int rc = colour_number(call->argv[0], &colour);

	if (rc || !tui_colour_get(colour, &basic, &rgb))
		return rc;
	if (call->option[RGB].given)
		rgb = (int32_t)(call->option[RGB].number & 0xffffff);
	else if (call->option[BASIC].given)
		rgb = -1;
	if (call->option[BASIC].given)
		basic = (unsigned)min(call->option[BASIC].number, (uint64_t)255);
	if (!tui_colour(colour, basic, rgb))
		return fail(E_INVALID, "--basic %s: not 0 to 7, or 9", call->option[BASIC].text);
	return 0;
}
#define COLOUR(command_name)                                                                       \
	{                                                                                          \
		.name = command_name, .arguments = "<colour>",                                     \
		.summary = "Define what a colour of menus and forms looks like",                   \
		.options = colour_options, .option_count = COLOUR_OPTIONS, .min_args = 1,          \
		.max_args = 1, .run = run_colour,                                                  \
		.details = "0 black, 1 red, 2 green, 3 yellow, 4 blue, 5 magenta, 6 cyan, 7 "      \
			   "white, 9 the "                                                         \
			   "screen's own.\nOthers up to 15 are the user's."                        \
	}
TABLE_ENTRY(command, cmd_colour) = COLOUR("colour");

/* ---- cpair ---- */

enum { FOREGROUND, BACKGROUND, CPAIR_OPTIONS };
static const struct option cpair_options[CPAIR_OPTIONS] = {
	[FOREGROUND] = {'f', "foreground", OPTION_NUMBER, "colour of the text"},
	[BACKGROUND] = {'b', "background", OPTION_NUMBER, "colour below it"},
};

static int run_cpair(struct call *call)
{
	uint32_t pair;
	unsigned foreground, background;
	int rc = 0;

	if (!text_to_u32(call->argv[0], 0, TUI_PAIRS - 1, &pair) ||
	    !tui_pair_get(pair, &foreground, &background))
		return fail(E_INVALID, "\"%.40s\": no colour pair; they are 0 to %u", call->argv[0],
			    TUI_PAIRS - 1);
	if (call->option[FOREGROUND].given)
		rc = colour_number(call->option[FOREGROUND].text, &foreground);
	if (!rc && call->option[BACKGROUND].given)
		rc = colour_number(call->option[BACKGROUND].text, &background);
	if (!rc)
		tui_pair(pair, foreground, background);
	return rc;
}
TABLE_ENTRY(command, cmd_cpair) = {
	.name = "cpair",
	.arguments = "<pair>",
	.summary = "Define a pair of colours of menus and forms",
	.options = cpair_options,
	.option_count = CPAIR_OPTIONS,
	.min_args = 1,
	.max_args = 1,
	.run = run_cpair,
	.details = "0 default, 1 normal, 2 selected, 3 headings, 4 input, 5 errors, 6 addresses, 7 "
		   "PXE menu.",
};
