/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways out. A machine that is left without a kept SAN drive is given back
 * as it was found: no vector hooked, no memory hidden, cards quiet.
 */
#include "acpi/power.h"
#include "bios/clock.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "bios/power.h"
#include "boot/boot.h"
#include "boot/boot_timer.h"
#include "boot/pxe.h"
#include "lib/log.h"
#include "nic/nic.h"
#include "netstack/http.h"
#include "netstack/tcp.h"
#include "san/guest.h"
#include "san/san.h"

#define BOOT_STUB 0x7a00u
#define TEXT_MS	  100u

/* Somebody hooked a vector over us: his handler calls our stub, which needs both homes. */
static void unhide(void)
{
	memmap_unhide();
	if (!gate_any_hooked())
		return;
	print("A program hooked an interrupt vector over ours: our memory stays reserved\n");
	memmap_hide();
}

static void let_go(void)
{
	tcp_abort_all();
	nic_close_all();
	unhide();
}

void leave_prepare(void)
{
	boot_timer_stop();
	http_close_idle();
	if (pxe_nic) { /* a program asked us, and does not come back */
		pxe_stop();
		real_keep_guest();
		guest_running(false);
	}
	san_prepare_exit();
	if (san_any_hooked())
		return;
	let_go();
}

/* A serial console, or a BIOS that copies its screen to one, still has the last characters. */
static void let_text_out(void)
{
	uint64_t end = clock_ms() + TEXT_MS;

	while (clock_ms() < end)
		real_idle();
}

void leave_for_power(void)
{
	http_close_idle();
	san_unhook_all();
	let_go();
	let_text_out();
}

int power_off(void)
{
	apm_power_off();
	return acpi_power_off();
}

void leave_to_bios(void)
{
	leave_prepare();
	real_interrupt(0x18);
}

void leave_to_bootstrap(void)
{
	leave_prepare();
	real_interrupt(0x19);
}

void leave_to_boot_sector(unsigned drive)
{
	/* real_jump() clears the registers: sti; mov dl,drive; jmp 0:7c00 */
	const uint8_t jump[] = {0xfb, 0xb2, (uint8_t)drive, 0xea, 0x00, 0x7c, 0x00, 0x00};

	memcpy(physical(BOOT_STUB, sizeof(jump)), jump, sizeof(jump));
	real_jump(0, BOOT_STUB, 0, 0x7c00);
}

void leave_to_flat(uint32_t entry, uint32_t eax, uint32_t ebx)
{
	flat_call(entry, eax, ebx);
	guest_running(false);
	memmap_unhide();
}

void leave_to_kernel16(uint16_t segment, uint16_t stack_offset)
{
	real_jump(segment + 0x20, 0, segment, stack_offset);
}
