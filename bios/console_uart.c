/* SPDX-License-Identifier: BSD-2-Clause */
/* A 16550 UART as console: polled, 8n1. */
#include "bios/console_internal.h"
#include "bios/clock.h"
#include "bios/io.h"

#define UART_DATA 0 /* also divisor low */
#define UART_IER  1 /* also divisor high */
#define UART_FCR  2
#define UART_LCR  3
#define UART_MCR  4
#define UART_LSR  5
#define UART_SCR  7

#define LCR_8N1	  0x03
#define LCR_DLAB  0x80
#define LSR_READY 0x01
#define LSR_EMPTY 0x20

static uint16_t base;
static bool output, used;

static uint16_t find(unsigned index)
{
	static const uint16_t ports[2] = {0x3f8, 0x2f8};
	uint16_t port;

	if (index >= ARRAY_SIZE(ports))
		return 0;
	port = ports[index];
	out8(port + UART_SCR, 0x5a);
	return in8(port + UART_SCR) == 0x5a ? port : 0;
}

bool uart_listen(unsigned index)
{
	base = find(index);
	output = false;
	return base;
}

bool uart_init(unsigned index, uint32_t baud)
{
	uint16_t found = find(index);
	uint32_t divisor;

	if (!found)
		return false;
	base = found;
	output = true;
	out8(base + UART_IER, 0);
	if (baud) {
		divisor = max(115200 / baud, 1u);
		out8(base + UART_LCR, LCR_8N1 | LCR_DLAB);
		out8(base + UART_DATA, (uint8_t)divisor);
		out8(base + UART_IER, (uint8_t)(divisor >> 8));
	}
	out8(base + UART_LCR, LCR_8N1);
	out8(base + UART_FCR, 0x07);
	out8(base + UART_MCR, 0x03);
	return true;
}

void uart_leave(void)
{
	base = 0;
	output = false;
}

bool uart_active(void)
{
	return output;
}

static void uart_put(char c)
{
	uint64_t end = clock_us() + 20000;

	while (!(in8(base + UART_LSR) & LSR_EMPTY) && clock_us() < end)
		;
	out8(base + UART_DATA, (uint8_t)c);
}

void uart_write(const char *text, size_t len)
{
	for (; output && len--; text++) {
		if (*text == '\n')
			uart_put('\r');
		uart_put(*text);
	}
}

bool uart_present(void)
{
	return base;
}

bool uart_waiting(void)
{
	return base && (in8(base + UART_LSR) & LSR_READY);
}

int uart_byte(void)
{
	if (!uart_waiting())
		return -1;
	used = true;
	return in8(base + UART_DATA);
}

bool uart_is_used(void)
{
	return used;
}
