/* SPDX-License-Identifier: BSD-2-Clause */
/* bios/io.h, bios/gate.h, bios/power.h and the ways out of boot/boot.h on the host. */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "bios/io.h"
#include "bios/power.h"
#include "boot/boot.h"
#include "lib/error.h"

uint32_t (*host_port_in)(uint16_t port, unsigned size);
void (*host_port_out)(uint16_t port, unsigned size, uint32_t value);
uint32_t (*host_mmio_in)(uintptr_t address, unsigned size);
void (*host_mmio_out)(uintptr_t address, unsigned size, uint32_t value);

#define PORT_ACCESS(bits)                                                                          \
	uint##bits##_t in##bits(uint16_t port)                                                     \
	{                                                                                          \
		return (uint##bits##_t)(host_port_in ? host_port_in(port, bits / 8) : ~0u);        \
	}                                                                                          \
	void out##bits(uint16_t port, uint##bits##_t value)                                        \
	{                                                                                          \
		if (host_port_out)                                                                 \
			host_port_out(port, bits / 8, value);                                      \
	}                                                                                          \
	uint##bits##_t mmio_read##bits(const volatile void *address)                               \
	{                                                                                          \
		if (host_mmio_in)                                                                  \
			return (uint##bits##_t)host_mmio_in((uintptr_t)address, bits / 8);         \
		return *(const volatile uint##bits##_t *)address;                                  \
	}                                                                                          \
	void mmio_write##bits(volatile void *address, uint##bits##_t value)                        \
	{                                                                                          \
		if (host_mmio_out)                                                                 \
			host_mmio_out((uintptr_t)address, bits / 8, value);                        \
		else                                                                               \
			*(volatile uint##bits##_t *)address = value;                               \
	}
PORT_ACCESS(8)
PORT_ACCESS(16)
PORT_ACCESS(32)

/* ---- The gate ---- */

void (*host_bios_call)(uint8_t number, struct real_regs *regs);
void (*host_real_call)(uint16_t segment, uint16_t offset, bool as_interrupt,
		       struct real_regs *regs);
void (*host_gate_previous)(enum gate_vector vector, struct real_regs *regs);
int (*host_real_enter)(uint16_t segment, uint16_t offset, uint16_t stack_segment,
		       uint16_t stack_offset, struct real_regs *regs);
uint32_t host_low_block_start = 0x9b000, host_low_block_end = 0x9f000;

bool host_foreign_hook;
static gate_handler handlers[GATE_VECTORS];

void bios_call(uint8_t number, struct real_regs *regs)
{
	if (host_bios_call)
		host_bios_call(number, regs);
	else
		regs->eflags |= FLAG_CARRY;
}

void real_call(uint16_t segment, uint16_t offset, bool as_interrupt, struct real_regs *regs)
{
	if (host_real_call)
		host_real_call(segment, offset, as_interrupt, regs);
	else
		regs->eflags |= FLAG_CARRY;
}

void *low_buffer(void)
{
	static uint8_t buffer[LOW_BUFFER_SIZE] __attribute__((aligned(16)));

	return buffer;
}

void gate_hook(enum gate_vector vector, gate_handler handler)
{
	handlers[vector] = handler;
}

bool gate_unhook(enum gate_vector vector)
{
	handlers[vector] = NULL;
	return !host_foreign_hook;
}

bool gate_hooked(enum gate_vector vector)
{
	return handlers[vector] != NULL;
}

void gate_previous(enum gate_vector vector, struct real_regs *regs)
{
	if (host_gate_previous)
		host_gate_previous(vector, regs);
	else
		regs->eflags |= FLAG_CARRY;
}

static gate_handler pxe_handler;

void gate_serve_pxe(gate_handler handler)
{
	pxe_handler = handler;
}

void host_pxe_call(struct real_regs *regs)
{
	if (pxe_handler) {
		pxe_handler(regs);
		return;
	}
	regs->eax = (regs->eax & ~0xffffu) | 1;
	regs->eflags |= FLAG_CARRY;
}

void low_pxe_entries(struct pxe_entries *entries)
{
	*entries = (struct pxe_entries){
		.segment = (uint16_t)(host_low_block_start >> 4),
		.size = (uint16_t)(host_low_block_end - host_low_block_start),
		.pxenv = 0x200,
		.bang = 0x210,
	};
}

gate_handler host_gate_handler(enum gate_vector vector)
{
	return handlers[vector];
}

void host_interrupt(enum gate_vector vector, struct real_regs *regs)
{
	if (!handlers[vector] || !handlers[vector](regs))
		gate_previous(vector, regs);
}

int real_enter(uint16_t segment, uint16_t offset, uint16_t stack_segment, uint16_t stack_offset,
	       struct real_regs *regs)
{
	if (host_real_enter)
		return host_real_enter(segment, offset, stack_segment, stack_offset, regs);
	return 1;
}

void (*host_real_leave)(int rc);

void real_leave(int rc)
{
	if (host_real_leave)
		host_real_leave(rc);
	abort();
}

void real_keep_guest(void)
{
}

bool gate_on_top(void)
{
	return !host_foreign_hook;
}

void low_block(uint32_t *start, uint32_t *end)
{
	*start = host_low_block_start;
	*end = host_low_block_end;
}

/* ---- Ways out ---- */

void (*host_left)(const char *how);
int (*host_power_off)(void);

static void left(const char *how) __attribute__((noreturn));
static void left(const char *how)
{
	if (host_left)
		host_left(how);
	printf("the program left the machine: %s\n", how);
	exit(70);
}

void power_reboot(bool warm)
{
	left("power_reboot");
}

void real_idle(void)
{
	left("real_idle");
}

int power_off(void)
{
	return host_power_off ? host_power_off() : E_NOT_SUPPORTED;
}

/* Weak: boot/leave.c may be linked too. */
__attribute__((weak)) struct loader_info loader;

__attribute__((weak)) void leave_prepare(void)
{
}

__attribute__((weak)) void leave_for_power(void)
{
}

__attribute__((weak)) void leave_to_bios(void)
{
	left("leave_to_bios");
}

__attribute__((weak)) void leave_to_flat(uint32_t entry, uint32_t eax, uint32_t ebx)
{
	if (host_left)
		host_left("leave_to_flat");
}

__attribute__((weak)) void leave_to_bootstrap(void)
{
	left("leave_to_bootstrap");
}

__attribute__((weak)) void leave_to_boot_sector(unsigned drive)
{
	left("leave_to_boot_sector");
}

__attribute__((weak)) void leave_to_kernel16(uint16_t segment, uint16_t stack_offset)
{
	left("leave_to_kernel16");
}

void host_machine_reset(void)
{
	host_port_in = NULL;
	host_port_out = NULL;
	host_mmio_in = NULL;
	host_mmio_out = NULL;
	host_bios_call = NULL;
	host_real_call = NULL;
	host_gate_previous = NULL;
	host_real_enter = NULL;
	host_real_leave = NULL;
	host_foreign_hook = false;
	host_low_block_start = 0x9b000;
	host_low_block_end = 0x9f000;
	memset(handlers, 0, sizeof(handlers));
	pxe_handler = NULL;
	host_left = NULL;
	host_power_off = NULL;
}
