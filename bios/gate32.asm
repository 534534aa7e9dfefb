; SPDX-License-Identifier: BSD-2-Clause
;
; The protected-mode bank of the gate: see bios/low.asm for the other one and
; bios/gate.c for what C makes of it. Flat 32-bit code, interrupts off.

%include "bios/low.inc"

bits 32
extern low_base			; uint32_t: linear address of the low block (gate.c)
extern gate_interrupt		; void gate_interrupt(struct interrupt_frame *)
global gate_call, gate_enter, gate_enter_leave, gate_jump, gate_flat
global pm_returned, pm_interrupt
global low_blob, low_blob_end

RM_SLACK equ 768		; real-mode stack that a BIOS service may use before it calls us

section .rodata
low_blob:
	incbin "build/bios/low.bin"
low_blob_end:

section .text

%macro load_flat_segments 0
	mov	ax, SEL_DATA32
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	ss, ax
	mov	ax, SEL_CANARY
	mov	gs, ax
%endmacro

; Build the call frame on the real-mode stack. After: EBX = low block,
; ESI = frame offset, EBP = caller's arguments. Expects pushad done and the
; arguments regs, target, interrupt above it.
%macro build_frame 0
	mov	ebp, esp
	add	ebp, 36
	mov	ebx, [low_base]
	movzx	edx, word [ebx+low.rm_sp]
	sub	edx, call_size
	and	edx, ~3
	lea	edi, [ebx+edx]
	mov	esi, [ebp]
	mov	ecx, 9
	rep movsd
	lea	edi, [ebx+edx]
	mov	[edi+call.pm_esp], esp
	mov	eax, [ebx+low.pm_esp]
	mov	[edi+call.old_pm_esp], eax
	mov	ax, [ebx+low.rm_sp]
	mov	[edi+call.old_rm_sp], ax
	movzx	ax, byte [ebx+low.depth]
	mov	[edi+call.old_depth], ax
	mov	eax, [ebp+4]
	mov	[edi+call.target], eax
	mov	eax, [ebp+8]
	mov	[edi+call.interrupt], eax
	lea	eax, [edx-RM_SLACK]
	mov	[ebx+low.rm_sp], ax
	lea	eax, [esp-64]
	and	eax, ~15
	mov	[ebx+low.pm_esp], eax
	mov	esi, edx
%endmacro

; void gate_call(struct real_regs *regs, uint32_t target, uint32_t interrupt)
gate_call:
	pushad
	build_frame
	inc	byte [ebx+low.depth]
	movzx	edi, word [ebx+low.rm_call]
	jmp	far [ebx+low.to_real]

; ESI = offset of the call frame.
pm_returned:
	load_flat_segments
	mov	ebx, [low_base]
	add	esi, ebx
	mov	esp, [esi+call.pm_esp]
	mov	eax, [esi+call.old_pm_esp]
	mov	[ebx+low.pm_esp], eax
	mov	ax, [esi+call.old_rm_sp]
	mov	[ebx+low.rm_sp], ax
	mov	al, [esi+call.old_depth]
	mov	[ebx+low.depth], al
	mov	edi, [esp+36]
	mov	ecx, 9
	rep movsd
	popad
	ret

; int gate_enter(struct real_regs *regs, uint32_t target, uint32_t interrupt, uint32_t ss, uint32_t sp)
; Runs a guest: timer ticks and interrupts enter C again. Returns 0 when the
; guest made a far return, or what gate_enter_leave() was given.
gate_enter:
	pushad
	build_frame
	mov	byte [ebx+low.depth], 0
	mov	[ebx+low.guest_frame], si
	mov	edx, [ebp+12]
	mov	ecx, [ebp+16]
	mov	dword [esp+28], 0	; EAX of popad: the far return's result
	movzx	edi, word [ebx+low.rm_enter]
	jmp	far [ebx+low.to_real]

; void gate_enter_leave(int rc): from an interrupt handler, abandon the guest
; and return @rc from gate_enter.
gate_enter_leave:
	mov	eax, [esp+4]
	mov	ebx, [low_base]
	movzx	esi, word [ebx+low.guest_frame]
	mov	edx, [ebx+esi+call.pm_esp]
	mov	[edx+28], eax
	jmp	pm_returned

; void gate_jump(uint32_t target, uint32_t segment, uint32_t sp): leave for good.
gate_jump:
	mov	esi, [esp+4]
	mov	edx, [esp+8]
	mov	ecx, [esp+12]
	mov	ebx, [low_base]
	lea	eax, [esp-64]		; kept hooks enter C on what is left of this stack
	and	eax, ~15
	mov	[ebx+low.pm_esp], eax
	mov	byte [ebx+low.depth], 0
	movzx	edi, word [ebx+low.rm_jump]
	jmp	far [ebx+low.to_real]

; void gate_flat(uint32_t entry, uint32_t eax, uint32_t ebx): call a flat 32-bit program. Should it
; return, its descriptor tables and segments are of no interest any more.
gate_flat:
	pushad
	mov	esi, [low_base]
	push	dword [esi+low.pm_esp]
	lea	eax, [esp-64]		; kept hooks enter C on what is left of this stack
	and	eax, ~15
	sub	eax, 4096		; the program's share
	mov	[esi+low.pm_esp], eax
	mov	byte [esi+low.depth], 0
	mov	ebp, [esp+4+32+4]
	mov	eax, [esp+4+32+8]
	mov	ebx, [esp+4+32+12]
	mov	cx, SEL_DATA32
	mov	gs, cx
	xor	ecx, ecx
	xor	edx, edx
	xor	edi, edi
	call	ebp
	cli
	cld
	mov	esi, [low_base]
	lgdt	[esi+low.gdtr]
	lidt	[esi+low.idtr_flat]
	jmp	SEL_CODE32:.ours
.ours:	load_flat_segments
	mov	byte [esi+low.depth], 1
	pop	dword [esi+low.pm_esp]
	popad
	ret

; Real mode calls C. DX:EDI = the interrupted program's stack.
pm_interrupt:
	load_flat_segments
	mov	ebx, [low_base]
	mov	esp, [ebx+low.pm_esp]
	push	edx
	push	edi
	movzx	eax, word [ebx+low.rm_sp]
	push	eax
	movzx	eax, byte [ebx+low.depth]
	push	eax
	inc	byte [ebx+low.depth]
	movzx	eax, di			; frame: linear address of SS:SP
	mov	ecx, edx
	shl	ecx, 4
	add	eax, ecx
	cmp	ecx, ebx		; interrupted on our own real-mode stack: stay below it
	jne	.other_stack
	lea	ecx, [edi-32]
	cmp	cx, [ebx+low.rm_sp]
	jae	.other_stack
	mov	[ebx+low.rm_sp], cx
.other_stack:
	sub	esp, 12
	push	eax
	call	gate_interrupt
	add	esp, 16
	mov	ebx, [low_base]
	pop	eax
	mov	[ebx+low.depth], al
	pop	eax
	mov	[ebx+low.rm_sp], ax
	pop	esi
	pop	edx
	movzx	edi, word [ebx+low.rm_resume]
	jmp	far [ebx+low.to_real]

; ---------------------------------------------------------------------------
; Exceptions: a crash in our own code. crash() prints and stops.
extern crash
global exception_stubs
%assign vector 0
%rep 32
exception_%+vector:
%if vector = 8 || (vector >= 10 && vector <= 14) || vector = 17
%else
	push	dword 0
%endif
	push	dword vector
	jmp	exception
%assign vector vector+1
%endrep
exception:
	pushad
	cld
	mov	eax, esp
	and	esp, ~15
	sub	esp, 12
	push	eax
	call	crash
.stop:	hlt
	jmp	.stop

section .data
align 4
exception_stubs:
%assign vector 0
%rep 32
	dd exception_%+vector
%assign vector vector+1
%endrep
