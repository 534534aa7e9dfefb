/* SPDX-License-Identifier: BSD-2-Clause */
/* Text drawn as pixels over a picture, and pictures themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/framebuffer.h"
#include "lib/picture.h"
#include "test/host/host.h"
#include "test/unit/png.h"

#define WIDTH  64u
#define HEIGHT 64u
#define GUARD  256

static uint8_t font[256 * GLYPH_HEIGHT];
static uint8_t memory[GUARD + WIDTH * HEIGHT * 4 + GUARD];
static struct framebuffer fb;
static struct ansi ansi;

/* Three pixel formats: 8:8:8 in 32 bits, in 24 bits, and 5:6:5. */
static void format_is(unsigned bits)
{
	memset(memory, 0x5a, sizeof(memory));
	fb = (struct framebuffer){
		.pixels = memory + GUARD,
		.width = WIDTH,
		.height = HEIGHT,
		.pitch = WIDTH * bits / 8,
		.bytes = bits / 8,
		.font = font,
		.red = {16, 8},
		.green = {8, 8},
		.blue = {0, 8},
	};
	if (bits == 16) {
		fb.red = (struct pixel_field){11, 5};
		fb.green = (struct pixel_field){5, 6};
		fb.blue = (struct pixel_field){0, 5};
	}
}

static int setup(void **state)
{
	host_reset();
	/* 'A' is a block of 4 x 4 pixels in the corner of its cell. */
	memset(font, 0, sizeof(font));
	memset(font + 'A' * GLYPH_HEIGHT, 0xf0, 4);
	format_is(32);
	ansi = (struct ansi)ANSI_INIT(&framebuffer_screen);
	return 0;
}

static int teardown(void **state)
{
	framebuffer_close();
	for (unsigned i = 0; i < GUARD; i++) {
		assert_int_equal(memory[i], 0x5a);
		assert_int_equal(memory[sizeof(memory) - 1 - i], 0x5a);
	}
	assert_int_equal(host_image_used(), 0);
	return 0;
}

static uint32_t pixel(unsigned x, unsigned y)
{
	const uint8_t *at = fb.pixels + y * fb.pitch + x * fb.bytes;
	uint32_t v = 0;

	memcpy(&v, at, fb.bytes);
	return v;
}

static void write_text(const char *text)
{
	ansi_write(&ansi, text, strlen(text));
}

static void test_text(void **state)
{
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	write_text("\033[?25l A");
	assert_int_equal(pixel(0, 0), 0);
	assert_int_equal(pixel(8, 0), 0xaaaaaa);
	assert_int_equal(pixel(11, 3), 0xaaaaaa);
	assert_int_equal(pixel(12, 3), 0);
	assert_int_equal(pixel(8, 4), 0);
	write_text("\033[2;1H\033[1;33;44mA\033[0;7mA");
	assert_int_equal(pixel(0, 16), 0xffff55);
	assert_int_equal(pixel(4, 16), 0x0000aa);
	assert_int_equal(pixel(8, 16), 0x000000);
	assert_int_equal(pixel(12, 16), 0xaaaaaa);
	framebuffer_colours(0x123456, 0x654321);
	write_text("\033[0mA");
	assert_int_equal(pixel(16, 16), 0x123456);
	assert_int_equal(pixel(20, 16), 0x654321);
	framebuffer_colours(-1, -1);
	write_text("\033[0mA");
	assert_int_equal(pixel(24, 16), 0xaaaaaa);
}

static void test_formats(void **state)
{
	format_is(24);
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	write_text("\033[?25l\033[36mA");
	assert_int_equal(pixel(0, 0), 0x00aaaa);
	assert_int_equal(pixel(4, 0), 0);
	framebuffer_close();
	format_is(16);
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	write_text("\033[1;37mA");
	assert_int_equal(pixel(0, 0), 0xffff);
	write_text("\033[0;31mA");
	assert_int_equal(pixel(8, 0), 0xa800);
	/* The pitch may be more than the pixels need; what lies behind is left alone. */
	framebuffer_close();
	format_is(16);
	fb.width = 40;
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	for (unsigned x = 40; x < WIDTH; x++)
		assert_int_equal(pixel(x, 10), 0x5a5a);
}

static void test_scrolling(void **state)
{
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	write_text("\033[?25l\n\n\nA");
	assert_int_equal(pixel(0, 48), 0xaaaaaa);
	write_text("\n");
	assert_int_equal(pixel(0, 32), 0xaaaaaa);
	assert_int_equal(pixel(0, 48), 0);
	/* At the end of a line too; nothing is written outside, whatever comes. */
	write_text("AAAAAAAAA");
	assert_int_equal(pixel(0, 16), 0xaaaaaa);
	assert_int_equal(pixel(56, 32), 0xaaaaaa);
	assert_int_equal(pixel(0, 48), 0xaaaaaa);
	write_text("\033[99;99HA\033[K\033[J\033[1J\tA\b\b\b\b\b\b\b\b\b\b\b\b\aA");
	write_text("\033[2J");
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(pixel(i % WIDTH, i / WIDTH), 0);
}

static void test_cursor(void **state)
{
	assert_int_equal(framebuffer_open(&fb, NULL), 0);
	assert_int_equal(pixel(0, 15), 0xaaaaaa);
	write_text("A");
	assert_int_equal(pixel(0, 15), 0);
	assert_int_equal(pixel(8, 15), 0xaaaaaa);
	write_text("\033[?25l");
	assert_int_equal(pixel(8, 15), 0);
}

/* A picture whose pixels tell where they are from. */
static int open_picture(unsigned width, unsigned height, struct picture *picture)
{
	struct png png = png_begin(width, height, 6);
	int rc;

	for (unsigned y = 0; y < height; y++) {
		png_row(&png);
		for (unsigned x = 0; x < width; x++)
			png_pixel(&png, (uint8_t)x, (uint8_t)y, 0x40, 255);
	}
	png_end(&png);
	rc = picture_decode(png.data, png.len, picture);
	free(png.data);
	return rc;
}

static void test_picture_behind_text(void **state)
{
	struct picture picture;

	assert_int_equal(open_picture(WIDTH, HEIGHT, &picture), 0);
	fb.left = 8;
	fb.top = 16;
	fb.right = 9;
	fb.bottom = 3;
	assert_int_equal(framebuffer_open(&fb, &picture), 0);
	picture_release(&picture);
	assert_true(framebuffer_has_picture());
	assert_int_equal(pixel(3, 5), 0x030540);
	write_text("\033[?25lA\033[44mA\033[0m");
	assert_int_equal(pixel(8, 16), 0xaaaaaa);
	assert_int_equal(pixel(13, 16), 0x0d1040); /* seen through */
	assert_int_equal(pixel(16, 16), 0xaaaaaa);
	assert_int_equal(pixel(20, 16), 0x0000aa);
	write_text("\033[2J");
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(pixel(i % WIDTH, i / WIDTH),
				 (i % WIDTH) << 16 | (i / WIDTH) << 8 | 0x40);
}

static void test_picture_sizes(void **state)
{
	struct picture picture;

	/* A larger one: its middle; a smaller one: in the middle, over black. */
	assert_int_equal(open_picture(WIDTH + 20, HEIGHT + 10, &picture), 0);
	assert_int_equal(framebuffer_open(&fb, &picture), 0);
	assert_int_equal(pixel(30, 40), 0x282d40);
	picture_release(&picture);
	assert_int_equal(open_picture(10, 10, &picture), 0);
	assert_int_equal(framebuffer_open(&fb, &picture), 0);
	assert_int_equal(pixel(26, 40), 0);
	assert_int_equal(pixel(27, 30), 0x000340);
	assert_int_equal(pixel(36, 36), 0x090940);
	assert_int_equal(pixel(37, 36), 0);
	picture_release(&picture);
}

static void test_margins(void **state)
{
	fb.left = 60;
	assert_int_equal(framebuffer_open(&fb, NULL), E_INVALID);
	fb.left = 0;
	fb.top = UINT32_MAX;
	fb.bottom = 17;
	assert_int_equal(framebuffer_open(&fb, NULL), E_INVALID);
	assert_false(framebuffer_is_open());
}

static void test_no_memory(void **state)
{
	struct picture picture;

	host_heap_fail(1, true);
	assert_int_equal(framebuffer_open(&fb, NULL), E_NO_MEMORY);
	host_heap_fail(0, false);
	assert_int_equal(open_picture(WIDTH, HEIGHT, &picture), 0);
	host_image_limit(host_image_used() + 100);
	assert_int_equal(framebuffer_open(&fb, &picture), E_NO_MEMORY);
	host_image_limit(0);
	picture_release(&picture);
	host_image_limit(1000);
	assert_int_equal(open_picture(WIDTH, HEIGHT, &picture), E_PICTURE);
	host_image_limit(0);
}

static void test_bad_pictures(void **state)
{
	struct picture picture;
	struct png png = png_begin(4, 4, 2);

	assert_int_equal(picture_decode("GIF89a  ", 9, &picture), E_PICTURE);
	assert_int_equal(picture_decode("", 0, &picture), E_PICTURE);
	assert_int_equal(picture_decode(png.data, 8, &picture), E_PICTURE);
	png_end(&png); /* rows are missing */
	assert_int_equal(picture_decode(png.data, png.len, &picture), E_PICTURE);
	free(png.data);
	/* A chunk that claims to go on far behind the end. */
	png = png_begin(4, 4, 2);
	png_chunk(&png, "zTXt", "text", 4);
	put_be32(png.data + png.len - 16, 0x60000000);
	png_end(&png);
	assert_int_equal(picture_decode(png.data, png.len, &picture), E_PICTURE);
	free(png.data);
	png = png_begin(5000, 1, 2);
	png_end(&png);
	assert_int_equal(picture_decode(png.data, png.len, &picture), E_PICTURE);
	free(png.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scrolling, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cursor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_picture_behind_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_picture_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_margins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_pictures, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
