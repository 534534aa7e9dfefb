; A boot sector that prints the machine's memory as the BIOS calls tell it:
; INT 15h E820, E801 and 88h, and INT 12h. One line each, then the machine ends.

	bits 16
	org 0x7c00

	jmp 0:start

%include "serial.inc"

start:
	boot_sector
	say `\r\nMEMMAP-BEGIN\r\n`

	xor ebx, ebx
next:
	mov eax, 0xe820
	mov edx, 0x534d4150
	mov ecx, 24
	mov di, entry
	mov dword [entry + 20], 1
	int 0x15
	jc e801
	cmp eax, 0x534d4150
	jne e801
	say "e820 "
	mov eax, [entry + 4]
	call put_hex32
	mov eax, [entry]
	call put_hex32
	mov al, ' '
	call putc
	mov eax, [entry + 12]
	call put_hex32
	mov eax, [entry + 8]
	call put_hex32
	mov al, ' '
	call putc
	mov ax, [entry + 16]
	call put_hex16
	call newline
	test ebx, ebx
	jnz next

e801:
	mov ax, 0xe801
	xor cx, cx
	xor dx, dx
	int 0x15
	jc old
	push bx
	say "e801 "
	call put_hex16
	mov al, ' '
	call putc
	pop ax
	call put_hex16
	call newline
old:
	mov ah, 0x88
	int 0x15
	say "88 "
	call put_hex16
	call newline
	int 0x12
	say "int12 "
	call put_hex16
	say `\r\nMEMMAP-END\r\n`
	mov dx, 0xf4
	xor al, al
	out dx, al
stop:
	hlt
	jmp stop

	times 510 - ($ - $$) db 0
	dw 0xaa55
entry	equ 0x8000
