; SPDX-License-Identifier: BSD-2-Clause
; A network bootstrap program that starts itself again by FILE_EXEC, without end, and returns what
; the call returned.
bits 16
org 0x7c00
	push	es
	push	bx
	mov	ax, [es:bx+10]
	mov	[api], ax
	mov	ax, [es:bx+12]
	mov	[api+2], ax
	push	cs
	pop	es
	mov	di, block
	mov	bx, 0xe5
	call	far [cs:api]
	pop	bx
	pop	es
	retf
api:	dw 0,0
block:	dw 0, command, 0
command: db "chain http://192.0.2.1/nest.0",0
