; SPDX-License-Identifier: BSD-2-Clause
; A network bootstrap program that hooks the timer and returns without saying so; with NEXT the
; one that is loaded over it, and has something else in the handler's place.
	bits 16
	org 0x7c00

	jmp start
start:
%ifndef NEXT
	xor ax, ax
	mov ds, ax
	mov word [0x1c * 4], handler
	mov [0x1c * 4 + 2], ax
%else
	mov cx, 4
ticks:
	hlt
	loop ticks
	xor ax, ax
%endif
	retf

	times 0x200 - ($ - $$) db 0x90
handler:
%ifndef NEXT
	iret
%else
	cli
	hlt
%endif
