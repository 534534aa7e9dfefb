; The boot image of a CD, as each kind of El Torito emulation has it: says on
; COM2 what drive it runs from and what INT 13h makes of that drive, of the CD
; and of the other drives, before and after it has ended the emulation.
;
; The rest of the image is the test's: each sector from FILLED on begins with
; eight characters of its own. The partition table of a hard disk's image lies
; where the first sector ends.

	bits 16
	org 0x7c00

%define SECTORS 5
%define BUFFER 0x9000

	jmp 0:start

%include "serial.inc"

start:
	boot_sector
	mov [drive], dl
	say `\r\nELTORITO drive=`
	mov al, [drive]
	call put_hex8
	mov ax, 0x0200 + SECTORS - 1	; the rest of us, by CHS
	mov cx, 2
	mov dh, 0
	mov bx, 0x7e00
	int 0x13
	jnc main
	say " LOAD-FAILED"
	int 0x18

drive:	db 0

	times 446 - ($ - $$) db 0
	times 510 - ($ - $$) db 0
	dw 0xaa55

main:
	mov ah, 8
	mov dl, [drive]
	xor di, di
	mov es, di
	xor bx, bx
	int 0x13
	push es
	pop word [table]
	push ds
	pop es
	mov [table + 2], di
	push dx
	push bx
	push cx
	say " cx="
	pop ax
	call put_hex16
	say " bl="
	pop ax
	call put_hex8
	say " dx="
	pop ax
	call put_hex16
	say " table="
	mov ax, [table]
	or ax, [table + 2]
	setnz al
	call put_hex8

	say `\r\nOWN `
	mov dl, [drive]
	mov cx, 0x0101			; cylinder 1, head 1, sector 1
	mov dh, 1
	call show_sector
	say " WRITE"
	mov ax, 0x0301
	mov cx, 0x0101
	mov dl, [drive]
	mov dh, 1
	mov bx, BUFFER
	int 0x13
	call put_status

	say `\r\nSTATUS`
	mov ax, 0x4b01
	mov dl, [drive]
	mov si, spec
	int 0x13
	call put_status
	say " media="
	mov al, [spec + 1]
	call put_hex8
	say " emulates="
	mov al, [spec + 2]
	call put_hex8
	say " chs="
	mov ax, [spec + 16]
	call put_hex16
	mov al, [spec + 18]
	call put_hex8

	say `\r\nCD `
	mov ah, 0x42
	mov dl, 0xe0
	mov si, packet
	int 0x13
	call put_status
	call space
	mov si, BUFFER + 1
	mov cx, 5
	call put_text

	call others
	say `\r\nEND`
	mov ax, 0x4b00
	mov dl, 0x7f
	mov si, spec
	int 0x13
	call put_status
	call others
	say `\r\nELTORITO-END\r\n`
	int 0x18

; Drives 00h, 80h, 81h: how their first sector begins; and how many there are.
others:
	say `\r\nDRIVES 00:`
	mov dl, 0
	call first_sector
	say " 80:"
	mov dl, 0x80
	call first_sector
	say " 81:"
	mov dl, 0x81
	call first_sector
	say " disks="
	mov al, [0x475]
	call put_hex8
	say " equipment="
	int 0x11
	and al, 0xc1
	jmp put_hex8

; The first sector of drive dl, or the sector at cx, dh.
first_sector:
	mov cx, 1
	mov dh, 0
show_sector:
	mov ax, 0x0201
	mov bx, BUFFER
	int 0x13
	jc .failed
	mov si, BUFFER
	mov cx, 8
	jmp put_text
.failed:
	say "failed"
	ret

; cx characters at si; what is not printable as a dot.
put_text:
	lodsb
	cmp al, ' '
	jb .dot
	cmp al, '~'
	jbe .print
.dot:
	mov al, '.'
.print:
	call putc
	loop put_text
	ret

space:
	mov al, ' '
	jmp putc

; " cf=N ah=NN" of the last call.
put_status:
	setc bl
	mov bh, ah
	say " cf="
	mov al, bl
	add al, '0'
	call putc
	say " ah="
	mov al, bh
	jmp put_hex8

table:	dw 0, 0
packet:	db 16, 0
	dw 1, BUFFER, 0
	dq 16
spec:	db 19
	times 18 db 0

%if $ - $$ > SECTORS * 512
%error "more sectors than the first one loads"
%endif
	times SECTORS * 512 - ($ - $$) db 0
