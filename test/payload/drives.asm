; A boot sector that says on COM2 which disks there are: for 80h to 83h and E0h
; how their first sector begins (at byte 3: a name of eight characters), the
; count at 40:75, and the one that AH=08h returns. Then it gives up.

	bits 16
	org 0x7c00

%define BUFFER 0x9000

	jmp short start
	nop
name:	db "NAMELESS"

%include "serial.inc"

start:
	boot_sector
	mov [drive], dl
	say `\r\nDRIVES from=`
	mov al, [drive]
	call put_hex8
	mov dl, 0x80
.next:
	call show
	inc dl
	cmp dl, 0x84
	jb .next
	mov dl, 0xe0
	call show
	say " count="
	mov al, [0x475]
	call put_hex8
	mov ah, 8
	mov dl, [drive]
	int 0x13
	mov al, dl
	call put_hex8
	call newline
	int 0x18

drive:	db 0

; " NN:NAME" of drive dl, by CHS.
show:
	mov al, ' '
	call putc
	mov al, dl
	call put_hex8
	mov al, ':'
	call putc
	push dx
	mov ax, 0x0201
	mov cx, 1
	mov dh, 0
	mov bx, BUFFER
	int 0x13
	pop dx
	mov si, none
	jc .print
	mov byte [BUFFER + 11], 0
	mov si, BUFFER + 3
.print:
	jmp puts
none:	db "none", 0

	times 510 - ($ - $$) db 0
	dw 0xaa55
