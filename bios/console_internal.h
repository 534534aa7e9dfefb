/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices behind bios/console.h. */
#ifndef BIOS_CONSOLE_INTERNAL_H
#define BIOS_CONSOLE_INTERNAL_H

#include "bios/console.h"

/** Start with the defaults: BIOS screen and keyboard, and COM1 where the BIOS does not already
 * redirect its screen to it. */
void console_init(void);

/* The BIOS screen (console_bios.c). */
void bios_screen_init(void);
/** Does INT 10h go somewhere else than to a video card (serial redirection)? */
bool bios_screen_redirected(void);
void bios_screen_write(const char *text, size_t len);
unsigned bios_screen_rows(void);
unsigned bios_screen_columns(void);
/** Next key of the BIOS keyboard as console_key() gives it, or -1. */
int bios_keyboard_key(void);
/** Are there keys in the BIOS' own queue? False also when it does not keep them in its data area.
 */
bool bios_keyboard_waiting(void);

/* The video card's linear framebuffer (console_vesa.c). */
/** Set the mode that fits @graphics and open lib/framebuffer.h on it. */
int vesa_open(const struct console_graphics *graphics);
/** Close it and set text mode. */
void vesa_close(void);

/* UARTs (console_uart.c). */
/** Use COM1 or COM2 (@index 0 or 1) at @baud (0: leave the divisor alone); false: none there,
 * and nothing changed. */
bool uart_init(unsigned index, uint32_t baud);
/** Only take keys from COM1 or COM2, which the BIOS has set up and writes to itself. */
bool uart_listen(unsigned index);
/** Neither write nor listen. */
void uart_leave(void);
void uart_write(const char *text, size_t len);
/** Is there a line that keys may come from? */
bool uart_present(void);
/** Next received byte, or -1. */
int uart_byte(void);
/** Is there one? */
bool uart_waiting(void);
/** Does uart_write() write anywhere? */
bool uart_active(void);
/** Did anybody ever type there? */
bool uart_is_used(void);

#endif
