; SPDX-License-Identifier: BSD-2-Clause
; The disk of `make run`: a boot sector that says where it came from, by reading the text from
; sector 1 of its own drive through INT 13h, and gives the machine back at a key.
bits 16
org 0x7c00
	xor	ax, ax
	mov	ds, ax
	mov	[drive], dl
	mov	ah, 0x42
	mov	si, packet
	int	0x13
	mov	si, failed
	jc	.say
	mov	si, 0x7e00
.say:	call	puts
	xor	ax, ax
	int	0x16
	int	0x18
puts:	lodsb
	test	al, al
	jz	.done
	mov	ah, 0x0e
	mov	bx, 7
	int	0x10
	jmp	puts
.done:	ret
packet:	db 16, 0
	dw 1, 0x7e00, 0
	dq 1
drive:	db 0
failed:	db 13, 10, "INT 13h failed", 13, 10, 0
	times 510-($-$$) db 0
	dw 0xaa55
	db 13, 10, "  Hello from sector 1 of the iSCSI disk, read through INT 13h.", 13, 10
	db "  Any key gives the machine back.", 13, 10, 0
	times 1024-($-$$) db 0
