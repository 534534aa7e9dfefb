/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls from protected mode into the BIOS, and from real mode into C. */
#ifndef BIOS_GATE_H
#define BIOS_GATE_H

#include "bios/physical.h"
#include "lib/base.h"

/** Registers of a real-mode call, in and out; layout known to bios/gate.asm. */
struct real_regs {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint16_t ds, es;
	uint32_t eflags;
};

#define FLAG_CARRY 0x0001u
#define FLAG_ZERO  0x0040u
#define FLAG_IF	   0x0200u

/** Execute software interrupt @number with @regs; interrupts are enabled while it runs. */
void bios_call(uint8_t number, struct real_regs *regs);
/** Far call to real-mode @segment:@offset (a procedure that ends in retf), or an interrupt
 * handler when @as_interrupt (flags are pushed). */
void real_call(uint16_t segment, uint16_t offset, bool as_interrupt, struct real_regs *regs);

/** A buffer of LOW_BUFFER_SIZE bytes below 1 MB for BIOS calls; valid until the next user. */
void *low_buffer(void);
#define LOW_BUFFER_SIZE 2048u
/** Split a linear address below 1 MB; the offset is below 16. */
static inline uint16_t real_segment(const void *p)
{
	return (uint16_t)((uintptr_t)p >> 4);
}
static inline uint16_t real_offset(const void *p)
{
	return (uint16_t)((uintptr_t)p & 15);
}
/** Linear address of segment:offset. */
static inline void *real_linear(uint16_t segment, uint16_t offset)
{
	return (void *)(((uintptr_t)segment << 4) + offset);
}

/**
 * Interrupt hooks. A handler runs in C with the caller's registers; it returns
 * true when it served the call (the registers, with FLAG_CARRY and FLAG_ZERO in
 * eflags, go back to the caller), false to pass it on, with changed registers,
 * to the previous owner of the vector.
 */
enum gate_vector {
	GATE_INT08,
	GATE_INT13,
	GATE_INT15,
	GATE_INT18,
	GATE_INT19,
	GATE_INT1A, /* AX=5650h only */
	GATE_VECTORS
};
typedef bool (*gate_handler)(struct real_regs *regs);

/** Hook @vector; the previous owner is kept for passing on. */
void gate_hook(enum gate_vector vector, gate_handler handler);
/** Give the vector back; false when somebody hooked over us (the stub then just passes on). */
bool gate_unhook(enum gate_vector vector);
bool gate_hooked(enum gate_vector vector);
/** Does a vector still lead to us, a foreign hook over ours included? */
bool gate_any_hooked(void);
/** Would gate_unhook() succeed for every vector that is hooked? */
bool gate_on_top(void);
/** Call the previous owner of @vector with @regs. */
void gate_previous(enum gate_vector vector, struct real_regs *regs);

/**
 * The PXE API's entries. Both call @handler with the function's number in BX and
 * the parameters at ES:DI; it sets AX and FLAG_CARRY and returns true. NULL: calls
 * are refused with AX=1.
 */
void gate_serve_pxe(gate_handler handler);
/** Where programs call it: the low block's segment, which is its code and data segment, and the
 * offsets of the entries. Offset 0 of the segment is another way into pxenv. */
struct pxe_entries {
	uint16_t segment, size;
	uint16_t pxenv, bang; /* parameters in registers; on the stack */
};
void low_pxe_entries(struct pxe_entries *entries);
/** LOW_PXE_SIZE bytes of the low block, 16-byte aligned, for what the PXE API shows to programs. */
void *low_pxe(void);
#define LOW_PXE_SIZE 3936u

/**
 * Enter a boot sector or NBP at @segment:@offset with @regs, a far return address
 * pushed on the stack at @stack_segment:@stack_offset. Returns how the program gave
 * up: INT 18h and INT 19h are hooked meanwhile; after a far return its registers are
 * in @regs. Guests may nest.
 */
enum guest_end { GUEST_RETURNED, GUEST_INT18, GUEST_INT19, GUEST_ENDS };
int real_enter(uint16_t segment, uint16_t offset, uint16_t stack_segment, uint16_t stack_offset,
	       struct real_regs *regs);

/** From a handler: abandon the innermost guest, whose real_enter() returns @rc (from GUEST_ENDS
 * on). */
void real_leave(int rc) __attribute__((noreturn));

/** INT 18h and INT 19h are the BIOS' own again: guests only come back by a far return. */
void real_keep_guest(void);

/** Jump to @segment:@offset for good, interrupts off, all data segments = @data_segment. */
void real_jump(uint16_t segment, uint16_t offset, uint16_t data_segment, uint16_t stack_offset)
	__attribute__((noreturn));
/** Call flat 32-bit code at @entry, interrupts off, with these registers and a stack of ours; comes
 * back when it returns. */
void flat_call(uint32_t entry, uint32_t eax, uint32_t ebx);
/** Hand the machine to the BIOS' INT 18h (next boot device) or INT 19h (boot order anew). */
void real_interrupt(uint8_t number) __attribute__((noreturn));
/** A moment in real mode with interrupts on, so that the BIOS' clock and keyboard run. */
void real_idle(void);

/** IBFT_MAX bytes in the low block, 16-byte aligned; NULL when it lies below 0x80000, where
 * operating systems do not look for the iBFT. */
void *low_ibft(void);

/** Base memory that the resident low block occupies: [start, end). */
void low_block(uint32_t *start, uint32_t *end);

/** Base memory that a guest may use: from behind the BIOS data area up to 40:13, and never into the
 * low block, whatever a program wrote there. */
#define GUEST_BASE_START 0x500u
static inline uint32_t guest_base_end(void)
{
	uint32_t start, end;

	low_block(&start, &end);
	return min(get_le16(physical(BDA_BASE_MEMORY, 2)) * 1024u, start);
}

#endif
