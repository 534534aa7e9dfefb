/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate between protected mode and the BIOS: the C side of low.asm and
 * gate32.asm. It installs the low block, calls the BIOS, and hands interrupts
 * of real-mode programs to C handlers.
 */
#include "bios/gate.h"
#include "bios/console.h"
#include "bios/low.h"
#include "bios/vectors.h"
#include "lib/log.h"

/* Ways from real mode into C: the vectors, and the PXE API. */
enum { PXE_API = GATE_VECTORS, ENTRIES };

/* The low block's head; low.inc has the same layout. */
struct low_head {
	uint64_t gdt[6];
	uint16_t gdtr_limit;
	uint32_t gdtr_base;
	uint8_t idtr_real[6];
	uint16_t idtr_flat_limit;
	uint32_t idtr_flat_base;
	struct {
		uint32_t offset;
		uint16_t selector;
	} PACKED pm_returned, pm_interrupt, to_real;
	uint16_t rm_dispatch_offset, rm_dispatch_segment;
	uint32_t pm_esp;
	uint32_t base;
	uint16_t rm_sp;
	uint8_t depth;
	uint8_t tick_wanted;
	uint16_t guest_frame;
	uint32_t old[ENTRIES];
	uint16_t stub[ENTRIES];
	uint16_t pxe_entry_sp;
	uint16_t pxe;
	uint16_t iret;
	uint16_t rm_call, rm_resume, rm_enter, rm_jump;
	uint16_t stack_top;
	uint16_t buffer;
	uint16_t ibft;
	uint16_t size;
} PACKED;

_Static_assert(sizeof(struct real_regs) == 36, "gate32.asm copies nine doublewords");

/* What enter_c of low.asm left on the interrupted program's stack. */
struct interrupt_frame {
	uint16_t a20_was_off;
	uint8_t gdtr[6], idtr[6];
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint16_t ds, es, fs, gs;
	uint32_t next; /* in: vector index; out: where retf continues */
	uint16_t ip, cs, flags;
} PACKED;

/* gate32.asm */
extern const uint8_t low_blob[], low_blob_end[];
extern const uint32_t exception_stubs[32];
void gate_call(struct real_regs *regs, uint32_t target, uint32_t interrupt);
int gate_enter(struct real_regs *regs, uint32_t target, uint32_t interrupt, uint32_t ss,
	       uint32_t sp);
void gate_enter_leave(int rc) __attribute__((noreturn));
void gate_jump(uint32_t target, uint32_t segment, uint32_t sp) __attribute__((noreturn));
void gate_flat(uint32_t entry, uint32_t eax, uint32_t ebx);
void pm_returned(void);
void pm_interrupt(void);
void gate_interrupt(struct interrupt_frame *frame);

uint32_t low_base;

static const uint8_t vector_number[GATE_VECTORS] = {0x08, 0x13, 0x15, 0x18, 0x19, 0x1a};
static gate_handler handlers[ENTRIES];
static bool hooked[GATE_VECTORS];

/* %gs:0x14 is the stack-protector canary of Debian's library builds. */
static uint32_t canary[6] = {0, 0, 0, 0, 0, 0x00aa55c3};
static uint64_t idt[32] __attribute__((aligned(8)));

static struct low_head *low_head(void)
{
	return (struct low_head *)low_base;
}

/* One entry of the BIOS' vector table. */
static volatile uint32_t *vector(uint8_t number)
{
	return (volatile uint32_t *)(number * 4u);
}

/* ---- Installation ---- */

uint32_t low_size(void)
{
	return ALIGN_UP(((const struct low_head *)low_blob)->size, 1024u);
}

static uint64_t descriptor_with_base(uint64_t descriptor, uint32_t base)
{
	return descriptor | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(base >> 24) << 56;
}

void low_install(uint32_t base)
{
	const struct low_head *blob = (const struct low_head *)low_blob;
	struct low_head *head = (struct low_head *)base;

	memcpy(head, low_blob, (size_t)(low_blob_end - low_blob));
	low_base = base;
	head->gdt[3] = descriptor_with_base(blob->gdt[3], base);
	head->gdt[5] = descriptor_with_base(blob->gdt[5], (uint32_t)canary) | 23;
	head->gdt[5] &= ~(1ull << 55); /* byte granularity */
	head->gdtr_base = base + offsetof(struct low_head, gdt);
	for (unsigned i = 0; i < 32; i++)
		idt[i] = (uint64_t)(exception_stubs[i] >> 16) << 48 | 0x8e00ull << 32 |
			 0x08ull << 16 | (exception_stubs[i] & 0xffff);
	head->idtr_flat_limit = sizeof(idt) - 1;
	head->idtr_flat_base = (uint32_t)idt;
	head->pm_returned.offset = (uint32_t)pm_returned;
	head->pm_returned.selector = 0x08;
	head->pm_interrupt.offset = (uint32_t)pm_interrupt;
	head->pm_interrupt.selector = 0x08;
	head->to_real.selector = 0x18;
	head->rm_dispatch_segment = (uint16_t)(base >> 4);
	head->base = base;
	head->rm_sp = head->stack_top;
	head->old[PXE_API] |= (base >> 4) << 16;
	head->depth = 1;
	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "ljmp $0x08, $1f\n"
			 "1:\tmovw $0x10, %%ax\n\t"
			 "movw %%ax, %%ds\n\t"
			 "movw %%ax, %%es\n\t"
			 "movw %%ax, %%fs\n\t"
			 "movw %%ax, %%ss\n\t"
			 "movw $0x28, %%ax\n\t"
			 "movw %%ax, %%gs"
			 :
			 : "m"(head->gdtr_limit), "m"(head->idtr_flat_limit)
			 : "eax", "memory");
}

/* ---- Calls into real mode ---- */

void bios_call(uint8_t number, struct real_regs *regs)
{
	gate_call(regs, *vector(number), 1);
}

void real_call(uint16_t segment, uint16_t offset, bool as_interrupt, struct real_regs *regs)
{
	gate_call(regs, (uint32_t)segment << 16 | offset, as_interrupt);
}

void *low_buffer(void)
{
	return (void *)(low_base + low_head()->buffer);
}

void *low_ibft(void)
{
	uint32_t address = low_base + low_head()->ibft;

	return address >= 0x80000 ? (void *)address : NULL;
}

void low_block(uint32_t *start, uint32_t *end)
{
	*start = low_base;
	*end = low_base + low_size();
}

void low_pxe_entries(struct pxe_entries *entries)
{
	const struct low_head *head = low_head();

	*entries = (struct pxe_entries){
		.segment = (uint16_t)(low_base >> 4),
		.size = (uint16_t)low_size(),
		.pxenv = head->stub[PXE_API],
		.bang = head->pxe_entry_sp,
	};
}

void *low_pxe(void)
{
	return (void *)(low_base + low_head()->pxe);
}

/* ---- Interrupts from real mode ---- */

void gate_hook(enum gate_vector v, gate_handler handler)
{
	struct low_head *head = low_head();

	handlers[v] = handler;
	if (v == GATE_INT08)
		head->tick_wanted = 1;
	if (hooked[v])
		return;
	head->old[v] = *vector(vector_number[v]);
	*vector(vector_number[v]) = (low_base >> 4) << 16 | head->stub[v];
	hooked[v] = true;
}

/* Does the vector lead to our stub? */
static bool on_top(enum gate_vector v)
{
	return *vector(vector_number[v]) == ((low_base >> 4) << 16 | low_head()->stub[v]);
}

bool gate_unhook(enum gate_vector v)
{
	struct low_head *head = low_head();

	handlers[v] = NULL;
	if (v == GATE_INT08)
		head->tick_wanted = 0;
	if (!hooked[v])
		return true;
	if (!on_top(v))
		return false;
	*vector(vector_number[v]) = head->old[v];
	hooked[v] = false;
	return true;
}

bool gate_hooked(enum gate_vector v)
{
	return hooked[v] && handlers[v];
}

bool gate_any_hooked(void)
{
	for (unsigned v = 0; v < GATE_VECTORS; v++)
		if (hooked[v])
			return true;
	return false;
}

bool gate_on_top(void)
{
	for (unsigned v = 0; v < GATE_VECTORS; v++) {
		if (hooked[v] && !on_top(v))
			return false;
	}
	return true;
}

void gate_previous(enum gate_vector v, struct real_regs *regs)
{
	gate_call(regs, hooked[v] ? low_head()->old[v] : *vector(vector_number[v]), 1);
}

void gate_serve_pxe(gate_handler handler)
{
	handlers[PXE_API] = handler;
}

void gate_interrupt(struct interrupt_frame *frame)
{
	struct low_head *head = low_head();
	unsigned v = frame->next;
	bool served = true;

	if (handlers[v]) {
		struct real_regs regs = {
			.eax = frame->eax,
			.ebx = frame->ebx,
			.ecx = frame->ecx,
			.edx = frame->edx,
			.esi = frame->esi,
			.edi = frame->edi,
			.ebp = frame->ebp,
			.ds = frame->ds,
			.es = frame->es,
			.eflags = frame->flags,
		};
		const uint32_t shown = FLAG_CARRY | FLAG_ZERO;

		served = handlers[v](&regs);
		frame->eax = regs.eax;
		frame->ebx = regs.ebx;
		frame->ecx = regs.ecx;
		frame->edx = regs.edx;
		frame->esi = regs.esi;
		frame->edi = regs.edi;
		frame->ebp = regs.ebp;
		frame->ds = regs.ds;
		frame->es = regs.es;
		if (served)
			frame->flags = (uint16_t)((frame->flags & ~shown) | (regs.eflags & shown));
	} else if (v != GATE_INT08) {
		served = false;
	}
	frame->next = served ? (low_base >> 4) << 16 | head->iret : head->old[v];
}

/* ---- Guests ---- */

static bool guest_int18(struct real_regs *regs)
{
	gate_enter_leave(GUEST_INT18);
}

static bool guest_int19(struct real_regs *regs)
{
	gate_enter_leave(GUEST_INT19);
}

int real_enter(uint16_t segment, uint16_t offset, uint16_t stack_segment, uint16_t stack_offset,
	       struct real_regs *regs)
{
	struct low_head *head = low_head();
	uint16_t outer_frame = head->guest_frame;
	bool nested = gate_hooked(GATE_INT18);
	struct vector_table before;
	int rc;

	console_text_mode();
	gate_hook(GATE_INT18, guest_int18);
	gate_hook(GATE_INT19, guest_int19);
	vectors_guest_begins(&before);
	rc = gate_enter(regs, (uint32_t)segment << 16 | offset, 0, stack_segment, stack_offset);
	head->guest_frame = outer_frame;
	vectors_guest_ended(&before);
	console_guest_left();
	if (!nested) {
		gate_unhook(GATE_INT18);
		gate_unhook(GATE_INT19);
	}
	return rc;
}

void real_leave(int rc)
{
	gate_enter_leave(rc);
}

void real_keep_guest(void)
{
	gate_unhook(GATE_INT18);
	gate_unhook(GATE_INT19);
}

void real_jump(uint16_t segment, uint16_t offset, uint16_t data_segment, uint16_t stack_offset)
{
	real_keep_guest();
	console_text_mode();
	gate_jump((uint32_t)segment << 16 | offset, data_segment, stack_offset);
}

void flat_call(uint32_t entry, uint32_t eax, uint32_t ebx)
{
	console_text_mode();
	gate_flat(entry, eax, ebx);
}

void real_interrupt(uint8_t number)
{
	real_keep_guest();
	console_text_mode();
	gate_jump(*vector(number), 0, 0x7c00);
}

void real_idle(void)
{
	struct real_regs regs = {0};

	real_call((uint16_t)(low_base >> 4), low_head()->iret, true, &regs);
}
