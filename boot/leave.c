/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways out. A machine that is left without a kept SAN drive is given back
 * as it was found: no vector hooked, no memory hidden, cards quiet.
 */
#include "bios/gate.h"
#include "bios/memmap.h"
#include "boot/boot.h"
#include "nic/nic.h"
#include "netstack/http.h"
#include "netstack/tcp.h"
#include "san/san.h"

void leave_prepare(void)
{
	san_prepare_exit();
	if (san_any_hooked())
		return;
	http_close_idle();
	tcp_abort_all();
	nic_close_all();
	memmap_unhide();
}

void leave_to_bios(void)
{
	leave_prepare();
	real_int18();
}

void leave_to_kernel16(uint16_t segment, uint16_t stack_offset)
{
	real_jump(segment + 0x20, 0, segment, stack_offset);
}
