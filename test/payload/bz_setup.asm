; SPDX-License-Identifier: BSD-2-Clause
; The 16-bit half of a Linux kernel around flat.c, of protocol -DVERSION=0x0200
; and so on (0: before 2.00, without magic number), as zImage with -DLOW=1.
; Its protected-mode half of -DPARAGRAPHS lies behind it.
bits 16
org 0
%if LOW
BASE	equ 0x10000
%else
BASE	equ 0x100000
%endif
	times 0x1f1-($-$$) db 0
	db	1			; setup_sects
	dw	0
	dd	PARAGRAPHS
	dw	0, 0, 0
	dw	0xaa55
	jmp	short start
%if VERSION
	db	"HdrS"
	dw	VERSION
	dd	0
	dw	0, 0
	db	0
	db	!LOW			; LOADED_HIGH
	dw	0x8000
	dd	BASE
	dd	0, 0, 0
	dw	0
	db	0, 0
	dd	0
	dd	0x7fffffff
	dd	0x1000
	db	0, 0
	dw	0
	dd	255
%endif
	times 0x270-($-$$) db 0
start:	cli
	mov	ax, cs
	sub	ax, 0x20
	mov	ds, ax
	xor	ebx, ebx
	mov	bx, ax
	shl	ebx, 4			; what the program is told: where the setup part lies
	lea	eax, [ebx+gdt]
	mov	[gdtr+2], eax
	o32 lgdt [gdtr]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	mov	ax, 0x10
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	lea	esp, [ebx+0x9000]
	mov	eax, 0x2e6b7a62
	jmp	dword 8:BASE
	align 8
gdt:	dq	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	dw	23
	dd	0
	times 1024-($-$$) db 0
