/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/clock.h on the host: real or virtual time. */
#include <time.h>
#include "test/host/host.h"
#include "bios/clock.h"

uint32_t host_turn_us = 1000;
uint64_t host_unix_epoch = 1700000000;
void (*host_turn)(void);

static bool is_virtual;
static uint64_t virtual_us;
static uint64_t shift; /* by clock_set_unix(), modulo 2^64 */

static uint64_t real_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void host_clock_set_ms(uint64_t ms)
{
	is_virtual = true;
	virtual_us = ms * 1000;
}

void host_clock_advance_us(uint64_t us)
{
	virtual_us += us;
}

void host_clock_advance_ms(uint64_t ms)
{
	virtual_us += ms * 1000;
}

void host_clock_real(void)
{
	is_virtual = false;
}

bool host_clock_is_virtual(void)
{
	return is_virtual;
}

uint64_t clock_us(void)
{
	static uint64_t start;

	if (is_virtual)
		return virtual_us++;
	if (!start)
		start = real_us() - 1000;
	return real_us() - start;
}

uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

void clock_delay_us(uint32_t us)
{
	uint64_t end = clock_us() + us;

	if (is_virtual)
		virtual_us += us;
	while (clock_us() < end)
		;
}

uint64_t clock_unix(void)
{
	return host_unix_epoch + shift + clock_us() / 1000000;
}

void clock_set_unix(uint64_t seconds)
{
	shift = seconds - clock_us() / 1000000 - host_unix_epoch;
}

void clock_reset_unix(void)
{
	shift = 0;
}
