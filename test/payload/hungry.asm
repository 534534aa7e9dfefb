; SPDX-License-Identifier: BSD-2-Clause
; A boot sector that takes all memory above 1 MB that INT 15h E820h shows, overwrites it by INT 15h
; AH=87h, and gives the machine back.

	bits 16
	org 0x7c00

	jmp 0:start

%include "serial.inc"

%define CHUNK 0x8000
%define SOURCE 0x20000

start:
	cli
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x7c00
	sti
	cld
	push word SOURCE >> 4
	pop es
	xor di, di
	mov cx, CHUNK
	mov al, 0xaa
	rep stosb
	push ds
	pop es

	xor ebx, ebx
next:
	mov eax, 0xe820
	mov edx, 0x534d4150
	mov ecx, 20
	mov di, entry
	int 0x15
	jc done
	cmp dword [entry + 16], 1
	jne skip
	cmp dword [entry + 4], 0
	jne skip
	mov esi, [entry]
	cmp esi, 0x100000
	jb skip
	mov edi, [entry + 8]
	add edi, esi
fill:
	mov ecx, edi
	sub ecx, esi
	cmp ecx, CHUNK
	jbe last
	mov ecx, CHUNK
last:
	shr cx, 1		; words
	mov eax, esi
	mov [target + 2], ax
	shr eax, 16
	mov [target + 4], al
	mov [target + 7], ah
	pushad
	mov ah, 0x87
	mov si, gdt
	int 0x15
	popad
	add esi, CHUNK
	cmp esi, edi
	jb fill
skip:
	test ebx, ebx
	jnz next
done:
	say `HUNGRY-FED\r\n`
	int 0x18

	align 8, db 0
gdt:	dq 0, 0
	dw 0xffff, SOURCE & 0xffff
	db SOURCE >> 16, 0x93, 0, 0
target:	dw 0xffff, 0
	db 0, 0x93, 0, 0
	dq 0, 0

entry:	times 20 db 0
	times 510 - ($ - $$) db 0
	dw 0xaa55
