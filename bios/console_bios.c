/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BIOS screen (INT 10h) and keyboard (INT 16h).
 *
 * The screen understands the ANSI sequences that scripts and menus use (ECMA-48):
 * CUP, ED 2, EL 0, SGR, cursor on and off, cursor left and right.
 */
#include "bios/console.h"
#include "bios/console_internal.h"
#include "bios/gate.h"

#define BDA_COLUMNS ((volatile uint16_t *)0x44a)
#define BDA_ROWS    ((volatile uint8_t *)0x484)

static uint8_t attribute = 0x07;

static struct {
	enum { PLAIN, ESCAPE, CSI } state;
	unsigned params[8];
	unsigned count;
	bool private;
} parser;

static unsigned rows(void)
{
	return *BDA_ROWS ? *BDA_ROWS + 1u : 25;
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
	struct real_regs regs = {
		.eax = 0x0200,
		.edx = min(row, rows() - 1) << 8 | min(column, *BDA_COLUMNS - 1u),
	};

	int10(&regs);
}

static void clear_screen(void)
{
	struct real_regs regs = {
		.eax = 0x0600,
		.ebx = (uint32_t)attribute << 8,
		.edx = (rows() - 1) << 8 | (*BDA_COLUMNS - 1u),
	};

	int10(&regs);
	cursor_set(0, 0);
}

/* @count characters @c with the current attribute at the cursor, which stays. */
static void put_at_cursor(char c, unsigned count)
{
	struct real_regs regs = {.eax = 0x0900 | (uint8_t)c, .ebx = attribute, .ecx = count};

	int10(&regs);
}

static void teletype(char c)
{
	struct real_regs regs = {.eax = 0x0e00 | (uint8_t)c, .ebx = attribute & 0x0f};

	/* Teletype output keeps the attribute that is there: lay ours down first. */
	if (attribute != 0x07 && (uint8_t)c >= ' ')
		put_at_cursor(c, 1);
	int10(&regs);
}

static void select_graphic_rendition(void)
{
	static const uint8_t vga_colour[8] = {0, 4, 2, 6, 1, 5, 3, 7};

	for (unsigned i = 0; i < max(parser.count, 1u); i++) {
		unsigned p = parser.params[i];

		if (p == 0)
			attribute = 0x07;
		else if (p == 1)
			attribute |= 0x08;
		else if (p == 22)
			attribute &= ~0x08;
		else if (p == 7)
			attribute = (uint8_t)((attribute & 0x88) | (attribute & 7) << 4 |
					      (attribute >> 4 & 7));
		else if (p >= 30 && p <= 37)
			attribute = (uint8_t)((attribute & 0xf8) | vga_colour[p - 30]);
		else if (p == 39)
			attribute = (attribute & 0xf8) | 7;
		else if (p >= 40 && p <= 47)
			attribute = (uint8_t)((attribute & 0x8f) | vga_colour[p - 40] << 4);
		else if (p == 49)
			attribute &= 0x8f;
	}
}

static void control_sequence(char final)
{
	unsigned row, column, n = max(parser.params[0], 1u);
	struct real_regs cursor = {.eax = 0x0100, .ecx = final == 'h' ? 0x0607 : 0x2000};

	cursor_get(&row, &column);
	switch (final) {
	case 'H':
		cursor_set(n - 1, max(parser.params[1], 1u) - 1);
		break;
	case 'J':
		if (parser.params[0] == 2)
			clear_screen();
		break;
	case 'K':
		put_at_cursor(' ', *BDA_COLUMNS - column);
		break;
	case 'C':
		cursor_set(row, column + n);
		break;
	case 'D':
		cursor_set(row, column > n ? column - n : 0);
		break;
	case 'm':
		select_graphic_rendition();
		break;
	case 'h':
	case 'l':
		if (parser.private && parser.params[0] == 25)
			int10(&cursor);
		break;
	}
}

static void screen_byte(char c)
{
	switch (parser.state) {
	case PLAIN:
		if (c == '\033') {
			parser.state = ESCAPE;
		} else {
			if (c == '\n')
				teletype('\r');
			teletype(c);
		}
		break;
	case ESCAPE:
		parser.state = c == '[' ? CSI : PLAIN;
		memset(parser.params, 0, sizeof(parser.params));
		parser.count = 0;
		parser.private = false;
		break;
	case CSI:
		if (c == '?') {
			parser.private = true;
		} else if (c >= '0' && c <= '9') {
			if (!parser.count)
				parser.count = 1;
			if (parser.params[parser.count - 1] < 1000)
				parser.params[parser.count - 1] =
					parser.params[parser.count - 1] * 10 + (unsigned)(c - '0');
		} else if (c == ';') {
			parser.count =
				min(max(parser.count, 1u) + 1, (unsigned)ARRAY_SIZE(parser.params));
		} else if (c >= '@') {
			parser.state = PLAIN;
			control_sequence(c);
		}
		break;
	}
}

void bios_screen_write(const char *text, size_t len)
{
	while (len--)
		screen_byte(*text++);
}

void bios_screen_init(void)
{
	struct real_regs regs = {.eax = 0x0f00};

	int10(&regs);
	/* A boot loader may have left a graphics mode. */
	if ((regs.eax & 0x7f) != 3 && (regs.eax & 0x7f) != 7 && (regs.eax & 0x7f) != 2) {
		regs = (struct real_regs){.eax = 0x0003};
		int10(&regs);
	}
}

bool bios_screen_redirected(void)
{
	uint16_t segment = *(volatile uint16_t *)(0x10 * 4 + 2);

	return segment < 0xc000 || segment >= 0xc800;
}

bool bios_keyboard_waiting(void)
{
	const volatile uint16_t *head_tail = (const volatile uint16_t *)0x41a;

	return head_tail[0] != head_tail[1];
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

	bios_call(0x16, &regs);
	if (regs.eflags & FLAG_ZERO)
		return -1;
	regs = (struct real_regs){.eax = 0x1000};
	bios_call(0x16, &regs);
	ascii = (uint8_t)regs.eax;
	scan = (uint8_t)(regs.eax >> 8);
	if (ascii && ascii != 0xe0)
		return ascii;
	if (scan >= 0x3b && scan <= 0x44)
		return KEY_F1 + scan - 0x3b;
	for (unsigned i = 0; i < ARRAY_SIZE(special); i++)
		if (special[i].scan == scan)
			return special[i].key;
	return -1;
}
