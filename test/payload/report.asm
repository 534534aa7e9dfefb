; SPDX-License-Identifier: BSD-2-Clause
; A boot sector that reports on COM2 who it is and how it was entered, and then gives up or ends
; the machine:
;	BOOT tag=disk1 dl=80 si=07be lba=00000800 base=027f
; lba is that of the partition entry at DS:SI; base the kilobytes of INT 12h.
bits 16
org 0x7c00
	jmp	near start
tag:	times 8 db 0		; offset 3, filled in by the test
ending:	db 0			; offset 11: 0 INT 18h, 1 far return, 2 INT 19h, 3 end of the machine
%include "serial.inc"
start:
	pushf
	cld
	mov	[cs:entered_si], si
	mov	[cs:entered_dl], dl
	xor	ax, ax
	mov	ds, ax
	say	"BOOT tag="
	mov	si, tag
	call	puts
	say	" dl="
	mov	al, [entered_dl]
	call	put_hex8
	say	" si="
	mov	ax, [entered_si]
	call	put_hex16
	say	" lba="
	mov	si, [entered_si]
	mov	eax, [si+8]
	call	put_hex32
	say	" base="
	int	0x12
	call	put_hex16
	say	" if="
	pop	ax
	shr	ax, 9
	and	al, 1
	call	put_hex8
	call	newline
	mov	al, [ending]
	test	al, al
	jz	.int18
	dec	al
	jz	.return
	dec	al
	jz	.int19
	mov	al, 0x10
	out	0xf4, al
	hlt
.return:
	retf
.int19:	int	0x19
.int18:	int	0x18
entered_si: dw 0
entered_dl: db 0
	times 440-($-$$) db 0
