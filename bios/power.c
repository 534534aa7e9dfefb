/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset through the BIOS' restart vector; power-off by APM 1.2. */
#include "bios/power.h"
#include "bios/gate.h"
#include "bios/clock.h"
#include "bios/io.h"

#define RESET_FLAG ((volatile uint16_t *)0x472)
#define WARM	   0x1234

void power_reboot(bool warm)
{
	*RESET_FLAG = warm ? WARM : 0;
	/* A full reset where the chipset has the port; else the keyboard controller; else the
	 * BIOS' own entry. */
	out8(0xcf9, 0x02);
	out8(0xcf9, warm ? 0x06 : 0x0e);
	clock_delay_us(50000);
	out8(0x64, 0xfe);
	clock_delay_us(50000);
	real_jump(0xf000, 0xfff0, 0, 0x7c00);
}

void apm_power_off(void)
{
	struct real_regs regs = {.eax = 0x5300};

	bios_call(0x15, &regs); /* installation check */
	if ((regs.eflags & FLAG_CARRY) || (regs.ebx & 0xffff) != 0x504d)
		return;
	regs = (struct real_regs){.eax = 0x5301};
	bios_call(0x15, &regs); /* connect, real mode */
	regs = (struct real_regs){.eax = 0x530e, .ecx = 0x0102};
	bios_call(0x15, &regs); /* driver version 1.2 */
	regs = (struct real_regs){.eax = 0x5308, .ebx = 1, .ecx = 1};
	bios_call(0x15, &regs); /* power management on */
	regs = (struct real_regs){.eax = 0x5307, .ebx = 1, .ecx = 3};
	bios_call(0x15, &regs); /* all devices off */
	clock_delay_us(500000);
}
