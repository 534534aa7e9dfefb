/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the time stamp counter, calibrated at start against channel 2 of the
 * 8254 timer; the date from the MC146818 clock.
 */
#include "bios/clock.h"
#include "bios/clock_internal.h"
#include "bios/io.h"

#define PIT_HZ	       1193182u
#define PIT_CHANNEL2   0x42
#define PIT_COMMAND    0x43
#define PORT_B	       0x61
#define CALIBRATION_MS 1u /* less than a time slice of a busy host */
#define CALIBRATIONS   20u

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

static uint64_t started;
static uint32_t us_per_tick; /* microseconds per TSC tick, times 2^32 */
static uint64_t unix_shift;  /* seconds that the RTC is behind, modulo 2^64 */

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* TSC ticks in CALIBRATION_MS; 0 where there is no 8254. */
static uint64_t calibrate(void)
{
	const uint32_t count = PIT_HZ * CALIBRATION_MS / 1000;
	uint32_t guard = 100000; /* port reads: at most a tenth of a second */
	uint64_t begin;

	out8(PIT_COMMAND, 0xb0); /* channel 2, both bytes, mode 0 */
	out8(PIT_CHANNEL2, count & 0xff);
	begin = tsc();
	out8(PIT_CHANNEL2, count >> 8);
	while (!(in8(PORT_B) & 0x20) && --guard)
		;
	return guard ? tsc() - begin : 0;
}

void clock_init(void)
{
	uint8_t port_b = in8(PORT_B);
	uint64_t ticks, least = 0;

	out8(PORT_B, (uint8_t)((port_b & ~2u) | 1)); /* gate on, speaker off */
	/* An SMI, or a hypervisor with something better to do, can only make it longer. */
	for (unsigned i = 0; i < CALIBRATIONS; i++) {
		ticks = calibrate();
		if (!ticks)
			break;
		if (!least || ticks < least)
			least = ticks;
	}
	out8(PORT_B, port_b);
	if (!least)
		least = CALIBRATION_MS * 1000000; /* as good a guess as any: 1 GHz */
	if (least < CALIBRATION_MS * 1000 * 2)
		least = CALIBRATION_MS * 1000 * 2; /* no slower counter than 2 MHz exists */
	us_per_tick = (uint32_t)(((uint64_t)CALIBRATION_MS * 1000 << 32) / least);
	started = tsc();
}

uint64_t clock_us(void)
{
	uint64_t ticks = tsc() - started;

	return (ticks >> 32) * us_per_tick + ((ticks & 0xffffffff) * us_per_tick >> 32);
}

/* Called many times in each turn of waiting: divides what went by since a full millisecond not
 * long ago, which fits 32 bits. */
uint64_t clock_ms(void)
{
	static uint64_t full_us, full_ms;
	uint64_t since = clock_us() - full_us;

	if (since > 1000000) {
		full_ms += since / 1000;
		full_us += since - since % 1000;
		since %= 1000;
	}
	return full_ms + (uint32_t)since / 1000;
}

void clock_delay_us(uint32_t us)
{
	uint64_t end = clock_us() + us;

	while (clock_us() < end)
		__builtin_ia32_pause();
}

static uint8_t cmos(uint8_t index)
{
	out8(CMOS_INDEX, index);
	return in8(CMOS_DATA);
}

struct date {
	uint8_t second, minute, hour, day, month, year, century;
};

static struct date read_date(void)
{
	/* Wait out an update in progress; 10 ms at most, some machines have no RTC. */
	for (uint64_t end = clock_us() + 10000; (cmos(0x0a) & 0x80) && clock_us() < end;)
		;
	return (struct date){cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9), cmos(0x32)};
}

static unsigned binary(uint8_t v, bool bcd)
{
	return bcd ? (v >> 4) * 10u + (v & 15) : v;
}

/* Status B, bit 1: a 24-hour clock; otherwise bit 7 of the hour is PM, and 12 stands for 0. */
static unsigned hour_of_day(uint8_t hour, bool bcd, bool hours24)
{
	unsigned h = binary(hour & 0x7f, bcd);

	return hours24 ? h : h % 12 + (hour & 0x80 ? 12 : 0);
}

uint64_t clock_unix(void)
{
	static const uint16_t before_month[12] = {0,   31,  59,	 90,  120, 151,
						  181, 212, 243, 273, 304, 334};
	struct date date, again = read_date();
	bool bcd = !(cmos(0x0b) & 4);
	unsigned year, month, days;

	for (unsigned i = 0; i < 5; i++) {
		date = again;
		again = read_date();
		if (!memcmp(&date, &again, sizeof(date)))
			break;
	}
	year = binary(date.year, bcd) + 100 * binary(date.century, bcd);
	if (year < 1970 || year > 2200)
		year = 2000 + binary(date.year, bcd) % 100;
	month = binary(date.month, bcd);
	if (month < 1 || month > 12)
		month = 1;
	days = (year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400 +
	       before_month[month - 1] + binary(date.day, bcd) - 1;
	if (month > 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		days++;
	return days * 86400ull + hour_of_day(date.hour, bcd, cmos(0x0b) & 2) * 3600ull +
	       binary(date.minute, bcd) * 60 + binary(date.second, bcd) + unix_shift;
}

void clock_set_unix(uint64_t seconds)
{
	unix_shift += seconds - clock_unix();
}

void clock_reset_unix(void)
{
	unix_shift = 0;
}
