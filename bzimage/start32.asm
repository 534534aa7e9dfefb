; SPDX-License-Identifier: BSD-2-Clause
;
; Where both entries of the boot protocol meet: 32-bit flat protected mode,
; interrupts off, ESI = boot_params (or our own setup header).
;
; The image is linked at 0 with relative relocations only. It first makes
; itself runnable where the loader put it, asks C for its home at the top of
; memory (bzimage/early.c), moves there, and starts main().
;
; EBP = "rt16" when we came through setup.asm, else this is the 32-bit protocol.

bits 32
extern early_main		; uint32_t early_main(void *boot_params, uint32_t entry, uint32_t here, uint32_t size)
extern main
extern __bss_start, _end, __rel_start, __rel_end, __bss_end, stack_top
global _start

; Address of @2 in the image whose base is in EBX. The distance is a link-time
; constant, so this works before, between and after the two relocations.
%macro address 2
	jmp	short %%over
%%distance:
	dd	%2 - $
%%over:
	lea	%1, [ebx+%%distance-_start]
	add	%1, [ebx+%%distance-_start]
%endmacro

section .head exec progbits
_start:
	cli
	cld
	call	.here
.here:	pop	ebx
	sub	ebx, .here - _start	; EBX = where we are
	address	esp, stack_top
	mov	edx, ebx		; relocate from 0 to here
	call	relocate
	call	clear_bss
	lea	eax, [ebx+early_gdt-_start]
	mov	[ebx+early_gdtr-_start+2], eax
	lgdt	[ebx+early_gdtr-_start]
	push	dword 0x08
	lea	eax, [ebx+.own_gdt-_start]
	push	eax
	retf
.own_gdt:
	mov	ax, 0x10
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax
	address	eax, _end		; the image in memory, with its zeroed part
	sub	eax, ebx
	push	eax
	push	ebx
	push	ebp
	push	esi
	call	early_main		; EAX = home
	mov	edx, eax
	; copy all but the zeroed part
	mov	esi, ebx
	mov	edi, eax
	address	ecx, __bss_start
	sub	ecx, ebx
	shr	ecx, 2
	rep movsd
	xchg	ebx, edx
	neg	edx
	add	edx, ebx		; EBX = home, EDX = distance moved
	call	relocate
	call	clear_bss
	address	esp, stack_top
	address	eax, main
	xor	ebp, ebp
	call	eax			; at home; does not return

; Add EDX to every word that the relocation table of the image at EBX names.
relocate:
	pushad
	address	esi, __rel_start
	address	edi, __rel_end
.next:	cmp	esi, edi
	jae	.done
	mov	eax, [esi]		; Elf32_Rel: r_offset, r_info; only R_386_RELATIVE (8) occurs
	add	[ebx+eax], edx
	add	esi, 8
	jmp	.next
.done:	popad
	ret

clear_bss:
	pushad
	address	edi, __bss_start
	address	ecx, __bss_end
	sub	ecx, edi
	shr	ecx, 2
	xor	eax, eax
	rep stosd
	popad
	ret

align 8
early_gdt:
	dq 0
	dq 0x00cf9b000000ffff
	dq 0x00cf93000000ffff
early_gdtr:
	dw 23
	dd 0
