; SPDX-License-Identifier: BSD-2-Clause
; A boot sector that says on COM2 from which drive it came and what it can read
; there: sector 2 of a floppy or hard disk, or, with -DCD, sector 16 of a CD.
bits 16
org 0x7c00
	jmp	start
%include "serial.inc"
start:	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 0x7c00
	mov	[drive], dl
	say	"BEGIN drive="
	mov	al, [drive]
	call	put_hex8
	mov	dl, [drive]
%ifdef CD
	mov	si, packet
	mov	ah, 0x42
%else
	mov	ax, 0x0201
	mov	bx, 0x8000
	mov	cx, 2
	mov	dh, 0
%endif
	int	0x13
	jc	.failed
	say	" text=["
	mov	byte [0x8006], 0
	mov	si, 0x8001
	call	puts
	say	"]"
.failed:
	call	newline
	say	"END"
	call	newline
	mov	al, 0
	out	0xf4, al
	hlt
packet:	db	16, 0
	dw	1, 0x8000, 0
	dq	16
drive:	db	0
	times 0x1be-($-$$) db 0
	db	0x80, 0, 2, 0, 0x0c, 3, 32, 3	; a partition, from which heads and sectors are guessed
	dd	1, 511
	times 510-($-$$) db 0
	dw	0xaa55
	db	" DISKS"
	times 2048-($-$$) db 0
