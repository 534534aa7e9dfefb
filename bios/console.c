/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: output to all its devices, keys from any of them, Ctrl-C.
 *
 * Looking for a key costs a trip to real mode, so it is done at most every
 * 20 ms, or every 4 ms when a key is all that we wait for; the trip also lets
 * the BIOS' timer interrupt run. A key that can be seen without one is taken at once.
 */
#include "bios/console.h"
#include "bios/console_internal.h"
#include "bios/clock.h"
#include "bios/gate.h"
#include "lib/ansi.h"
#include "lib/framebuffer.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define LOOK_EVERY_US 20000u
#define WAIT_EVERY_US 4000u
#define ESCAPE_US     50000u /* bytes of one escape sequence come closer together */
#define BURST_US      5000u  /* and so do those of a pasted text, on a busy emulator too */

static bool bios_on = true;
static bool devices_chosen; /* by setting console, and not by us */
static bool uart_for_bios;  /* writes what the BIOS would redirect, in graphics */
static struct ansi graphics_ansi;
static bool break_ignored, break_seen;
static uint64_t last_look;

static bool deferred;
static char kept[1024];
static size_t kept_len;

static uint16_t queue[8192]; /* a pasted script */
static unsigned queue_head, queue_tail;

static void look(unsigned every_us);

void console_init(void)
{
	bios_screen_init();
	/* A BIOS that redirects its screen also fetches keys from the line, but only 18 times a
	 * second and into a buffer of 15: what is pasted would be lost. */
	if (bios_screen_redirected())
		uart_listen(0);
	else
		uart_init(0, 115200);
	log_output = console_write;
}

void console_defer(bool defer)
{
	deferred = defer;
}

void console_flush(void)
{
	size_t len = kept_len;

	kept_len = 0;
	if (len)
		console_write(kept, len);
}

/* Each call of the BIOS may fetch keys from a redirected line into its buffer of 15: keep that
 * empty, or what is pasted while a line is printed would be lost. */
static void bios_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((uart_waiting() || bios_keyboard_waiting()) && !break_ignored)
			look(0);
		bios_screen_write(text + i, 1);
	}
}

void console_write(const char *text, size_t len)
{
	if (deferred) {
		len = min(len, sizeof(kept) - kept_len);
		memcpy(kept + kept_len, text, len);
		kept_len += len;
		return;
	}
	console_flush();
	if (framebuffer_is_open())
		ansi_write(&graphics_ansi, text, len);
	else if (bios_on)
		bios_write(text, len);
	uart_write(text, len);
}

/*
 * A terminal on the serial line has 24 rows of 80 columns. A screen of more is used in full as
 * long as nobody asked for the line or typed there.
 */
void console_size(unsigned *rows, unsigned *columns)
{
	bool serial = uart_active() || (bios_on && bios_screen_redirected());

	if (framebuffer_is_open()) {
		framebuffer_size(rows, columns);
		serial &= uart_is_used() || devices_chosen;
	} else {
		*rows = bios_screen_rows();
		*columns = bios_screen_columns();
	}
	if (serial || (!bios_on && !framebuffer_is_open())) {
		*rows = min(*rows, 24u);
		*columns = min(*columns, 80u);
	}
}

/* ---- Graphics ---- */

int console_graphics(const struct console_graphics *graphics)
{
	int rc;

	console_text_mode();
	rc = vesa_open(graphics);
	if (rc)
		return rc;
	graphics_ansi = (struct ansi)ANSI_INIT(&framebuffer_screen);
	/* A BIOS that copies its screen to a serial line has none to copy now. */
	if (bios_on && bios_screen_redirected() && !uart_active()) {
		uart_init(0, 0);
		uart_for_bios = true;
	}
	return 0;
}

void console_text_mode(void)
{
	if (!framebuffer_is_open())
		return;
	vesa_close();
	if (uart_for_bios)
		uart_listen(0);
	uart_for_bios = false;
}

void console_guest_left(void)
{
	if (bios_on)
		bios_screen_init();
}

bool console_has_picture(void)
{
	return framebuffer_has_picture();
}

void console_colours(int32_t foreground, int32_t background)
{
	if (framebuffer_is_open())
		framebuffer_colours(foreground, background);
}

/* ---- Keys ---- */

static int uart_wait_byte(void)
{
	int byte;
	uint64_t end = clock_us() + ESCAPE_US;

	while ((byte = uart_byte()) < 0 && clock_us() < end)
		;
	return byte;
}

/*
 * A BIOS that reads the same line does so when its timer ticks, within any call of it, and keeps 15
 * keys. So the line is read dry before the BIOS is called, unless the BIOS already has some of it.
 */
static int device_key(void)
{
	int key = -1;

	if (bios_on && (bios_keyboard_waiting() || !uart_waiting()))
		key = bios_keyboard_key();
	if (key >= 0 || (bios_on && bios_keyboard_waiting()))
		return key;
	key = uart_byte();
	if (key == KEY_RUBOUT)
		return KEY_BACKSPACE;
	return key == KEY_ESC ? key_after_escape(uart_wait_byte) : key;
}

/* What is pasted comes in bursts. */
static void await_burst(void)
{
	uint64_t end = clock_us() + BURST_US;

	while (uart_present() && !uart_waiting() && clock_us() < end)
		;
}

/* A full queue takes no more keys, but Ctrl-C, which makes all before it void. */
static void enqueue(uint16_t key)
{
	unsigned next = (queue_head + 1) % ARRAY_SIZE(queue);

	if (next == queue_tail && key != KEY_CTRL_C)
		return;
	if (next == queue_tail)
		queue_tail = queue_head;
	queue[queue_head] = key;
	queue_head = next;
}

static void look(unsigned every_us)
{
	int key;

	if (!uart_waiting() && !bios_keyboard_waiting() && clock_us() - last_look < every_us)
		return;
	last_look = clock_us();
	if (break_ignored) {
		real_idle();
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(queue) && (key = device_key()) >= 0; i++) {
		if (key == KEY_CTRL_C)
			break_seen = true;
		enqueue((uint16_t)key);
		await_burst();
	}
}

bool console_typed_ahead(void)
{
	look(LOOK_EVERY_US);
	return queue_head != queue_tail;
}

int console_key(void)
{
	int key;

	look(queue_head == queue_tail ? WAIT_EVERY_US : LOOK_EVERY_US);
	if (queue_head == queue_tail)
		return -1;
	key = queue[queue_tail];
	queue_tail = (queue_tail + 1) % ARRAY_SIZE(queue);
	if (key == KEY_CTRL_C)
		break_seen = false;
	return key;
}

/* What was typed up to the Ctrl-C belonged to the thing that is being stopped. */
bool console_break(void)
{
	look(LOOK_EVERY_US);
	if (!break_seen || break_ignored)
		return false;
	break_seen = false;
	while (queue_head != queue_tail) {
		int key = queue[queue_tail];

		queue_tail = (queue_tail + 1) % ARRAY_SIZE(queue);
		if (key == KEY_CTRL_C)
			break;
	}
	return true;
}

void console_ignore_break(bool ignore)
{
	break_ignored = ignore;
}

/* ---- console=vga,ttyS0,115200n8: Linux' words, several devices in one list ---- */

static void select_devices(char *list)
{
	bool vga = false, serial = false, first = false;
	char *word = list, *next;

	for (; word; word = next) {
		unsigned index;
		uint32_t baud = 115200;

		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		if (text_equal_nocase(word, "vga") || text_equal_nocase(word, "bios") ||
		    text_equal_nocase(word, "tty0") || text_equal_nocase(word, "tty1")) {
			vga = true;
		} else if (text_starts_nocase(word, "ttyS") || text_starts_nocase(word, "com")) {
			index = (unsigned)(word[strlen(word) - 1] -
					   (text_starts_nocase(word, "com") ? '1' : '0'));
			if (next && is_digit(*next)) { /* 115200n8 */
				for (baud = 0; is_digit(*next) && baud < 1000000; next++)
					baud = baud * 10 + (uint32_t)(*next - '0');
				next = strchr(next, ',');
				if (next)
					next++;
			}
			if (uart_init(index, baud)) {
				serial = true;
				first = index == 0;
			} else {
				print("console: no UART %s\n", word);
			}
		} else if (*word) {
			print("console: unknown device \"%s\": use vga, ttyS0 or ttyS1\n", word);
		}
	}
	if (!vga && !serial) /* a misspelt name must not leave somebody without a console */
		return;
	bios_on = vga || !serial;
	devices_chosen = true;
	/* What the BIOS copies to its serial line (COM1, as far as anybody can know) appears there
	 * once, also when both are asked for. */
	if (bios_on && bios_screen_redirected() && (first || !serial))
		uart_listen(0);
	else if (!serial)
		uart_leave();
}

static void apply_console(void)
{
	static char applied[64];
	char list[64];

	if (!setting_text("", "console", list, sizeof(list)) || !strcmp(list, applied))
		return;
	text_copy(applied, sizeof(applied), list);
	select_devices(list);
}

TABLE_ENTRY(setting, setting_console) = {
	.name = "console",
	.type = "string",
	.description = "Console devices: vga, ttyS0,115200n8, or both",
};
TABLE_ENTRY(setting_applicator, console_applicator) = {apply_console};
