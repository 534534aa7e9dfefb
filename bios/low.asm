; SPDX-License-Identifier: BSD-2-Clause
;
; The low block: everything of ours that must lie below 1 MB. It is assembled
; as a flat binary with offsets from 0, copied by gate.c to a paragraph at the
; top of base memory, and run there with CS = that paragraph.
;
; Two ways lead through it (gate32.asm is the other bank):
;
;   C calls the BIOS:  gate_call -> to_real -> rm_call -> BIOS -> rm_returned -> to_flat -> pm_returned
;   real mode calls C: INT stub -> to_flat -> pm_interrupt -> C -> to_real -> rm_resume -> retf
;
; Both keep their state on the stacks, so that they nest in any order.
; Segment registers leave here with 4 GB limits always: a guest in big real
; mode loses nothing, and one in plain real mode does not notice.

%include "bios/low.inc"

bits 16
org 0

head:
	; low.gdt; the bases of code16 and canary are set by gate.c
	jmp	near pxe_entry	; the null descriptor is free; some NBPs call UNDI_CS:0
	times 8-($-head) db 0
	dq 0x00cf9b000000ffff	; code32: flat
	dq 0x00cf93000000ffff	; data32: flat
	dq 0x00009b000000ffff	; code16: this block
	dq 0x008f93000000ffff	; data16: base 0, 4 GB, 16-bit stack pointer
	dq 0x00c0930000000000	; canary: %gs of libraries built with a stack protector
	times low.gdtr-($-head) db 0
	dw 47			; low.gdtr
	dd 0
	dw 0x3ff		; low.idtr_real
	dd 0
	times low.to_real-($-head) db 0
	dd to_real
	dw SEL_CODE16
	dw rm_dispatch
	times low.old+6*4-($-head) db 0
	dw pxe_refuse, 0	; the segment is set by gate.c
	dw stub_08, stub_13, stub_15, stub_18, stub_19, stub_1a, pxe_entry
	dw pxe_entry_sp
	dw pxe
	dw plain_iret
	dw rm_call, rm_resume, rm_enter, rm_jump
	dw stack_top
	dw buffer
	dw ibft
	dw block_end
	times low_size-($-head) db 0

; ---------------------------------------------------------------------------
; Data. What is written often comes first and the code last, with a page or more
; of what is written seldom in between: a processor, and even more an emulator,
; must look twice at each write near to code that it runs.
	align 16
	times 5120 db 0
stack_top:
buffer:	times 2048 db 0
	align 16
ibft:	times 1024 db 0
pxe:	times 3936 db 0

; ---------------------------------------------------------------------------
; Mode switches

; 16-bit protected mode, CS = SEL_CODE16. Goes to real mode and continues at DI.
; ESI, EDX, ECX are carried along.
to_real:
	mov	ax, SEL_DATA16
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax
	mov	eax, cr0
	and	al, 0xfe
	mov	cr0, eax
	jmp	far [cs:low.rm_dispatch]
rm_dispatch:
	o32 lidt [cs:low.idtr_real]
	jmp	di

; Real mode, interrupts off. Goes to the 32-bit far pointer at CS:BX.
; ESI, EDI, EDX, ECX are carried along.
to_flat:
	o32 lgdt [cs:low.gdtr]
	o32 lidt [cs:low.idtr_flat]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	far dword [cs:bx]

; ---------------------------------------------------------------------------
; Address line 20. AL = 1 when it was off and is on now, else 0.
; The test word is in the inter-application area 40:F0, seen again 1 MB above.
; Uses AX, CX, FS, GS.
a20_on:
	xor	ax, ax
	mov	fs, ax
	dec	ax
	mov	gs, ax
	call	a20_test
	jnz	.was_on
	in	al, 0x92		; fast gate
	or	al, 2
	and	al, 0xfe
	out	0x92, al
	mov	cx, 1000
.wait:	call	a20_test
	jnz	.now_on
	loop	.wait
	mov	ax, 0x2401		; the BIOS knows better
	pushf
	push	ds
	int	0x15
	cli
	pop	ds
	popf
.now_on:
	mov	al, 1
	ret
.was_on:
	xor	ax, ax
	ret
a20_test:				; NZ: on
	mov	ax, [fs:0x4f0]
	cmp	ax, [gs:0x500]
	jne	.done
	inc	word [fs:0x4f0]
	mov	ax, [fs:0x4f0]
	cmp	ax, [gs:0x500]
	pushf
	dec	word [fs:0x4f0]
	popf
.done:	ret

; ---------------------------------------------------------------------------
; C calls the BIOS. ESI = offset of the call frame on our stack.
rm_call:
	mov	ax, cs
	mov	ss, ax
	mov	esp, esi
	mov	bp, sp
	cmp	byte [bp+call.interrupt], 0
	je	.far
	push	word 0x0202		; what iret pops: interrupts on
.far:	push	cs
	push	word rm_returned
	push	dword [bp+call.target]
	mov	eax, [bp+0]
	mov	ebx, [bp+4]
	mov	ecx, [bp+8]
	mov	edx, [bp+12]
	mov	esi, [bp+16]
	mov	edi, [bp+20]
	mov	ds, [bp+28]
	mov	es, [bp+30]
	mov	ebp, [bp+24]
	retf
rm_returned:
	push	ebp
	mov	bp, sp
	pushfd
	cli
	cld
	pop	dword [bp+4+32]
	mov	[bp+4+0], eax
	mov	[bp+4+4], ebx
	mov	[bp+4+8], ecx
	mov	[bp+4+12], edx
	mov	[bp+4+16], esi
	mov	[bp+4+20], edi
	mov	[bp+4+28], ds
	mov	[bp+4+30], es
	pop	dword [bp+4+24]
	call	a20_on
	movzx	esi, sp
	mov	bx, low.pm_returned
	jmp	to_flat

; Enter a guest: frame as for a call, but the target gets the stack DX:CX.
; ESI = offset of the frame. A far return of the guest comes back as a call does.
rm_enter:
	mov	ax, cs
	mov	ds, ax
	mov	ss, dx
	movzx	esp, cx
	push	cs
	push	word guest_returned
	push	word 0x0202		; iret into the guest with interrupts on
	push	word [si+call.target+2]
	push	word [si+call.target]
	mov	eax, [si+0]
	mov	ebx, [si+4]
	mov	ecx, [si+8]
	mov	edx, [si+12]
	mov	edi, [si+20]
	mov	ebp, [si+24]
	mov	es, [si+30]
	push	word [si+28]
	mov	esi, [si+16]
	pop	ds
	iret
guest_returned:
	cli
	mov	sp, cs
	mov	ss, sp
	movzx	esp, word [cs:low.guest_frame]
	jmp	rm_returned

; Leave for good: DX = segment for all data registers, CX = stack pointer,
; ESI = offset:segment to go to. Interrupts stay off.
rm_jump:
	mov	ds, dx
	mov	es, dx
	mov	fs, dx
	mov	gs, dx
	mov	ss, dx
	movzx	esp, cx
	push	esi
	xor	eax, eax
	xor	ebx, ebx
	xor	ecx, ecx
	xor	edx, edx
	xor	esi, esi
	xor	edi, edi
	xor	ebp, ebp
	retf

; ---------------------------------------------------------------------------
; Real mode calls C. Each stub pushes a doubleword: first the vector's index,
; on the way back the far address to continue at (plain_iret, or the previous
; owner of the vector).

stub_08:				; the BIOS first: it counts and ends the interrupt
	pushf
	call	far [cs:low.old+0*4]
	cmp	byte [cs:low.depth], 0
	jne	plain_iret
	cmp	byte [cs:low.tick_wanted], 0
	je	plain_iret
	push	dword 0
	jmp	enter_c
stub_13:
	push	dword 1
	jmp	enter_c
stub_15:				; only what the memory map needs: 4Fh is hot
	cmp	ax, 0xe820
	je	.ours
	cmp	ax, 0xe801
	je	.ours
	cmp	ax, 0xe881
	je	.ours
	cmp	ah, 0x88
	je	.ours
	cmp	ah, 0x8a
	je	.ours
	jmp	far [cs:low.old+2*4]
.ours:	push	dword 2
	jmp	enter_c
stub_18:
	push	dword 3
	jmp	enter_c
stub_19:
	push	dword 4
	jmp	enter_c
stub_1a:				; only the PXE installation check: the others are the clock's
	cmp	ax, 0x5650
	je	.ours
	jmp	far [cs:low.old+5*4]
.ours:	push	dword 5
	jmp	enter_c

; The PXE API. PXENV+: far call, BX = function, ES:DI = parameters. Made to look
; like an interrupt that returns to the retf.
pxe_entry:
	pushf
	push	cs
	push	word .done
	push	dword 6
	jmp	enter_c
.done:	retf
; !PXE: far call, function, offset and segment of the parameters on the stack;
; the caller removes them.
pxe_entry_sp:
	push	bp
	mov	bp, sp
	push	es
	push	di
	push	bx
	mov	bx, [bp+6]
	les	di, [bp+8]
	push	cs
	call	pxe_entry
	pop	bx
	pop	di
	pop	es
	pop	bp
	retf
pxe_refuse:				; nobody serves it
	push	bp
	mov	bp, sp
	or	byte [bp+6], 1		; carry
	pop	bp
	mov	ax, 1			; PXENV_EXIT_FAILURE
	iret

enter_c:
	push	gs
	push	fs
	push	es
	push	ds
	pushad
	mov	bp, sp
	smsw	ax
	test	al, 1
	jnz	.virtual86
	cli
	cld
	sub	sp, 12
	mov	bp, sp
	o32 sgdt [bp]
	o32 sidt [bp+6]
	call	a20_on
	push	ax
	mov	edi, esp
	xor	edx, edx
	mov	dx, ss
	mov	bx, low.pm_interrupt
	jmp	to_flat
.virtual86:				; a memory manager owns the machine: we can only pass on
	mov	ax, cs
	shl	eax, 16
	mov	ax, plain_iret		; the timer's previous owner has run already
	movzx	bx, byte [bp+40]
	shl	bx, 2
	jz	.next
	mov	eax, [cs:bx+low.old]
.next:	mov	[bp+40], eax
	popad
	pop	ds
	pop	es
	pop	fs
	pop	gs
	retf

; Back from C: DX:ESI = the interrupted program's stack as enter_c left it.
rm_resume:
	mov	ss, dx
	mov	esp, esi
	pop	cx
	test	cl, cl
	jz	.a20_done
	in	al, 0x92		; it was off: give it back so
	and	al, 0xfc
	out	0x92, al
.a20_done:
	mov	bp, sp
	o32 lgdt [bp]
	o32 lidt [bp+6]
	add	sp, 12
	popad
	pop	ds
	pop	es
	pop	fs
	pop	gs
	retf

plain_iret:
	iret

block_end:
