; SPDX-License-Identifier: BSD-2-Clause
; The entry of flat.c, and in front of it the header that -DHEADER=n names:
; 0 none (plain ELF), 1 Multiboot, 2 Multiboot with addresses (a flat binary),
; 3 Multiboot2, 4 Multiboot2 with an unknown compulsory tag, 5 Multiboot with an
; unknown demand, 6 Multiboot2 that may be moved, 7 none, entered by bz_setup.asm.
bits 32
extern program, __bss_start, _end
global _start

section .head
_start:
%if HEADER = 1
	align 4
	dd	0x1badb002, 7, -(0x1badb002 + 7)
	dd	0, 0, 0, 0, 0, 0, 1024, 768, 32	; a video mode, to be ignored
%elif HEADER = 2
header:	dd	0x1badb002, 0x10003, -(0x1badb002 + 0x10003)
	dd	header, _start, __bss_start, _end, entry
%elif HEADER = 5
	dd	0x1badb002, 0x80, -(0x1badb002 + 0x80)
%elif HEADER = 3 || HEADER = 4 || HEADER = 6
	align 8
header:	dd	0xe85250d6, 0, end_header - header, -(0xe85250d6 + end_header - header)
	dw	1, 0			; information: what a kernel asks for
	dd	24, 1, 3, 6, 14
	align 8
	dw	5, 1			; graphics, optional
	dd	20, 1024, 768, 32
	align 8
	dw	6, 0			; aligned modules
	dd	8
%if HEADER = 4
	dw	99, 0
	dd	8
%elif HEADER = 6
	dw	10, 0			; may lie anywhere above 48 MB
	dd	24, 0x3000000, 0xffffffff, 0x1000, 1
%endif
	align 8
	dw	0, 0
	dd	8
end_header:
%endif
	align 16
entry:
%if HEADER != 6				; moved: it cannot say more than that
	push	ebx
	push	eax
	call	program
	add	esp, 8
	ret
%else
	call	.here
.here:	pop	esi
	and	esi, 0xfffff000
	mov	edi, esi
	mov	ecx, 32
.digit:	mov	eax, edi
	shl	edi, 4
	shr	eax, 28
	cmp	al, 10
	jb	.put
	add	al, 'a' - '0' - 10
.put:	add	al, '0'
	mov	ah, al
	mov	dx, 0x2fd
.wait:	in	al, dx
	test	al, 0x20
	jz	.wait
	mov	dx, 0x2f8
	mov	al, ah
	out	dx, al
	sub	ecx, 4
	jnz	.digit
	ret
%endif
global entry
