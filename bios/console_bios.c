/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BIOS screen (INT 10h) and keyboard (INT 16h). lib/ansi.c reads the control
 * sequences; here is what they do to a screen that only the BIOS may touch: it
 * knows which adapter shows it, and a BIOS that redirects its screen to a serial
 * line sees every call.
 */
#include "bios/console.h"
#include "bios/console_internal.h"
#include "bios/gate.h"
#include "lib/ansi.h"
#include "lib/utf8.h"

#define BDA_COLUMNS ((volatile uint16_t *)0x44a)
#define BDA_ROWS    ((volatile uint8_t *)0x484)
#define PLAIN	    0x07 /* attribute: grey on black */
#define BEL	    0x07
#define GET_MODE    0x0f00

/* INT 10h is served by something: without a video card it may lead to a bare IRET. */
static bool present;
/* There may be cells of other attributes than PLAIN. */
static bool coloured;
/* Bytes of a typed character that are still to be taken. */
static char typed[3];
static size_t typed_len;

unsigned bios_screen_rows(void)
{
	return *BDA_ROWS ? *BDA_ROWS + 1u : 25;
}

unsigned bios_screen_columns(void)
{
	return *BDA_COLUMNS ? *BDA_COLUMNS : 80;
}

static void screen_size(unsigned *rows, unsigned *columns)
{
	*rows = bios_screen_rows();
	*columns = bios_screen_columns();
}

static void int10(struct real_regs *regs)
{
	bios_call(0x10, regs);
}

static void cursor_get(unsigned *row, unsigned *column)
{
	struct real_regs regs = {.eax = 0x0300};

	int10(&regs);
	*row = regs.edx >> 8 & 0xff;
	*column = regs.edx & 0xff;
}

static void cursor_set(unsigned row, unsigned column)
{
	struct real_regs regs = {.eax = 0x0200, .edx = row << 8 | column};

	int10(&regs);
}

static void cursor_show(bool on)
{
	struct real_regs regs = {.eax = 0x0100, .ecx = on ? 0x0607 : 0x2000};

	int10(&regs);
}

static void put_blanks(unsigned row, unsigned column, unsigned count, uint8_t attribute)
{
	struct real_regs regs = {.eax = 0x0900 | ' ', .ebx = attribute, .ecx = count};

	cursor_set(row, column);
	int10(&regs);
}

/*
 * An "upward scroll" of a window by all its lines. Of those a BIOS that redirects its screen
 * (SeaBIOS) sends on only that of the whole screen; so other windows get blanks instead.
 */
static void clear_cells(unsigned row, unsigned column, unsigned rows, unsigned columns,
			const struct ansi_style *style)
{
	uint8_t attribute = ansi_vga_attribute(style);
	struct real_regs scroll = {
		.eax = 0x0600,
		.ebx = (uint32_t)attribute << 8,
		.ecx = row << 8 | column,
		.edx = (row + rows - 1) << 8 | (column + columns - 1),
	};
	unsigned cursor_row, cursor_column;

	if (!bios_screen_redirected() || rows == bios_screen_rows()) {
		int10(&scroll);
		return;
	}
	cursor_get(&cursor_row, &cursor_column);
	for (unsigned r = row; r < row + rows; r++)
		put_blanks(r, column, columns, attribute);
	cursor_set(cursor_row, cursor_column);
}

static void put(uint8_t c, const struct ansi_style *style)
{
	uint8_t attribute = ansi_vga_attribute(style);
	struct real_regs cell = {.eax = 0x0900 | c, .ebx = attribute, .ecx = 1};
	struct real_regs teletype = {.eax = 0x0e00 | c, .ebx = attribute & 0x0f};

	coloured |= attribute != PLAIN;
	/* Teletype output keeps the attribute that is there: lay ours down first. */
	if (coloured && c != '\n' && c != '\r' && c != '\b' && c != BEL)
		int10(&cell);
	int10(&teletype);
}

static const struct ansi_screen screen = {
	.size = screen_size,
	.where = cursor_get,
	.move = cursor_set,
	.put = put,
	.clear = clear_cells,
	.cursor = cursor_show,
};
static struct ansi ansi = ANSI_INIT(&screen);

void bios_screen_write(const char *text, size_t len)
{
	ansi_write(&ansi, text, len);
}

void bios_screen_init(void)
{
	struct real_regs regs = {.eax = GET_MODE};

	int10(&regs);
	present = (regs.eax & 0xffff) != GET_MODE;
	/* A boot loader may have left a graphics mode. */
	if ((regs.eax & 0x7f) != 3 && (regs.eax & 0x7f) != 7 && (regs.eax & 0x7f) != 2) {
		regs = (struct real_regs){.eax = 0x0003};
		int10(&regs);
	}
}

bool bios_screen_redirected(void)
{
	uint16_t segment = *(volatile uint16_t *)(0x10 * 4 + 2);

	return present && (segment < 0xc000 || segment >= 0xc800);
}

bool bios_keyboard_waiting(void)
{
	const volatile uint16_t *head_tail = (const volatile uint16_t *)0x41a;

	return typed_len || head_tail[0] != head_tail[1];
}

static int next_typed(void)
{
	int byte = (uint8_t)typed[0];

	memmove(typed, typed + 1, --typed_len);
	return byte;
}

/* A keyboard gives characters of code page 437; from a serial line that a BIOS reads comes whatever
 * the terminal there sends, which is UTF-8. */
static int character(uint8_t c)
{
	if (c < 0x80 || bios_screen_redirected())
		return c;
	typed_len = utf8_encode(cp437_code_point(c), typed);
	return next_typed();
}

int bios_keyboard_key(void)
{
	static const struct {
		uint8_t scan;
		int key;
	} special[] = {
		{0x48, KEY_UP},	       {0x50, KEY_DOWN},    {0x4d, KEY_RIGHT},
		{0x4b, KEY_LEFT},      {0x4f, KEY_END},	    {0x47, KEY_HOME},
		{0x53, KEY_DELETE},    {0x52, KEY_INSERT},  {0x49, KEY_PAGE_UP},
		{0x51, KEY_PAGE_DOWN}, {0x85, KEY_F1 + 10}, {0x86, KEY_F1 + 11},
	};
	struct real_regs regs = {.eax = 0x1100};
	uint8_t ascii, scan;

	if (typed_len)
		return next_typed();
	bios_call(0x16, &regs);
	if (regs.eflags & FLAG_ZERO)
		return -1;
	regs = (struct real_regs){.eax = 0x1000};
	bios_call(0x16, &regs);
	ascii = (uint8_t)regs.eax;
	scan = (uint8_t)(regs.eax >> 8);
	/* 0xe0 marks a grey key, unless it was typed by its number. */
	if (ascii && (ascii != 0xe0 || !scan))
		return character(ascii);
	if (scan >= 0x3b && scan <= 0x44)
		return KEY_F1 + scan - 0x3b;
	for (unsigned i = 0; i < ARRAY_SIZE(special); i++)
		if (special[i].scan == scan)
			return special[i].key;
	return -1;
}
