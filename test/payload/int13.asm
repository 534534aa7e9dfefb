; A boot-sector program that uses the disk it was started from through INT 13h.
;
; The first sector loads the rest by AH=42h. What it does is told by the
; parameters at the start of the second sector, which the test fills in:
;
;   mode 1  integrity: every function, many sizes and buffer positions, errors
;   mode 2  benchmark: phases framed by START and END markers
;   mode 3  endurance: passes over the region, a pause of timer ticks between
;   mode 4  big real mode: are segment limits of 4 GB kept across calls and ticks
;
; Findings are lines on COM2. Sums are order-sensitive (rotate and add), so that
; the host can compute the same from its file. What is written depends on the
; place: dword n of the disk becomes n * 0x9e3779b1 + seed.

	bits 16
	org 0x7c00

%define SECTORS 16
%define BUFFER 0x20000

	jmp 0:start

%include "serial.inc"

start:
	boot_sector
	mov [drive], dl
	say `\r\nINT13-LOADED\r\n`
	mov si, first
	mov ah, 0x42
	int 0x13
	jnc main
	push ax
	say "INT13-LOAD-FAILED "
	pop ax
	call put_hex16
	call newline
	hlt

drive:	db 0
	align 4, db 0
first:	db 16, 0
	dw SECTORS - 1
	dw 0x7e00, 0
	dq 1

	times 510 - ($ - $$) db 0
	dw 0xaa55

; --- Parameters, at byte 512 of the disk -----------------------------------

magic:		db "I13T"
mode:		dw 1
ending:		dw 0		; 0 end the machine, 1 INT 18h, 2 halt
read_lba:	dd 0
read_count:	dd 0		; sectors, a multiple of nothing in particular
write_lba:	dd 0
seed:		dd 0
disk_size:	dd 0		; sectors of the whole disk
passes:		dw 1
pause:		dw 0		; timer ticks between passes
phases:		dw 0xffff	; bits: which phases of the benchmark to run

%include "disk.inc"

; --- Main --------------------------------------------------------------------

main:
	cmp dword [magic], "I13T"
	jne finish
	call identify
	mov ax, [mode]
	cmp ax, 1
	je integrity
	cmp ax, 2
	je benchmark
	cmp ax, 3
	je endurance
	cmp ax, 4
	je big_real

finish:
	say `INT13-END\r\n`
	cmp word [ending], 1
	je .give_up
	ja .halt
	mov dx, 0xf4
	xor al, al
	out dx, al
.give_up:
	int 0x18
.halt:
	hlt
	jmp .halt

; What the BIOS says about the drive: 08h, 15h, 41h, 48h.
identify:
	say "DRIVE "
	mov al, [drive]
	call put_hex8
	mov ah, 8
	mov dl, [drive]
	xor di, di
	mov es, di
	int 0x13
	setc [result + 1]
	mov [result], ah
	push dx
	movzx eax, cl
	and al, 63
	mov [track], eax
	movzx eax, dh
	inc ax
	mov [heads], eax
	say `\r\nFN08 sectors=`
	mov al, [track]
	call put_hex8
	say " heads="
	mov ax, [heads]
	call put_hex16
	say " cylinders="
	mov al, cl
	shr al, 6
	mov ah, al
	mov al, ch
	inc ax
	call put_hex16
	say " drives="
	pop dx
	mov al, dl
	call put_hex8
	call put_result

	say `\r\nFN15 `
	mov ah, 0x15
	mov dl, [drive]
	int 0x13
	mov [result], ah
	setc [result + 1]
	push dx
	mov ax, cx
	call put_hex16
	pop ax
	call put_hex16
	call put_result

	say `\r\nFN41 bx=`
	mov ah, 0x41
	mov bx, 0x55aa
	mov dl, [drive]
	int 0x13
	mov [result], ah
	setc [result + 1]
	mov ax, bx
	call put_hex16
	say " cx="
	mov ax, cx
	call put_hex16
	call put_result

	say `\r\nFN48 size=`
	mov di, 0x8000 + 0x4000		; behind us, below the buffers
	mov cx, 64
	mov al, 0xee
	push di
	rep stosb
	pop si
	mov word [si], 0x42
	mov ah, 0x48
	mov dl, [drive]
	int 0x13
	mov [result], ah
	setc [result + 1]
	mov ax, [si]
	call put_hex16
	say " flags="
	mov ax, [si + 2]
	call put_hex16
	say " total="
	mov eax, [si + 20]
	call put_hex32
	mov eax, [si + 16]
	call put_hex32
	say " bytes="
	mov ax, [si + 24]
	call put_hex16
	call put_result
	call newline
	ret

; --- Mode 1 --------------------------------------------------------------------

; Every combination of sectors a call and place of the buffer.
sizes:	dw 1, 2, 7, 8, 63, 64, 127, 0
places:	dd BUFFER, BUFFER + 1, BUFFER + 14, 0x30000 - 512, 0x30000 - 127 * 512
	dd 0x2ff00, 0x2ffff, 0x3f00e, 0

integrity:
	mov si, places
.place:
	mov edi, [si]
	test edi, edi
	jz .chs
	add si, 4
	push si
	mov si, sizes
.size:
	lodsw
	mov bx, ax
	test bx, bx
	jz .next
	mov cl, 0x42
	call read_region
	jmp .size
.next:
	pop si
	jmp .place

.chs:
	mov cl, 2
	mov edi, BUFFER
	mov bx, 1
	call read_region
	mov bx, 17
	call read_region
	mov bx, 63
	call read_region
	mov edi, BUFFER + 0xfe00 - 0x200
	mov bx, 2
	call read_region

	; Each write goes to a slot of its own, 256 sectors apart.
	mov eax, [write_lba]
	mov si, writes
.write:
	mov bx, [si]
	test bx, bx
	jz .errors
	mov cl, [si + 2]
	mov edi, [si + 4]
	call write_once
	add eax, 256
	add si, 8
	jmp .write

.errors:
	say "READ-PAST-END"
	mov eax, [disk_size]
	mov [p_lba], eax
	mov word [p_count], 1
	mov edi, BUFFER
	mov ah, 0x42
	call extended
	call put_result
	say `\r\nSTATUS`
	mov ah, 1
	mov dl, [drive]
	int 0x13
	mov [result], ah
	setc [result + 1]
	call put_result
	say `\r\nREAD-ACROSS-END`
	dec dword [p_lba]
	mov word [p_count], 2
	mov ah, 0x42
	call extended
	call put_result
	say `\r\nREAD-LAST`
	mov word [p_count], 1
	mov ah, 0x42
	call extended
	call put_result
	say `\r\nWRITE-PAST-END`
	inc dword [p_lba]
	mov word [p_count], 1
	mov ah, 0x43
	call extended
	call put_result
	say `\r\nREAD-FAR-PAST-END`
	mov dword [p_lba + 4], 0x80000000
	mov word [p_count], 1
	mov ah, 0x42
	call extended
	call put_result
	mov dword [p_lba + 4], 0
	say `\r\nREAD-NOTHING`
	mov dword [p_lba], 0
	mov word [p_count], 0
	mov ah, 0x42
	call extended
	call put_result
	say `\r\nCHS-SECTOR-ZERO`
	mov ax, 0x0201
	mov cx, 0
	mov dh, 0
	mov bx, 0x9000
	call plain
	say `\r\nVERIFY`
	mov eax, [read_lba]
	mov [p_lba], eax
	mov word [p_count], 64
	mov ah, 0x44
	call extended
	call put_result
	say `\r\nSEEK`
	mov ah, 0x47
	call extended
	call put_result
	say `\r\nRESET`
	mov ah, 0
	call plain
	say `\r\nNO-SUCH-FUNCTION`
	mov ah, 0x99
	call plain
	say `\r\nREAD-AFTER-ERRORS\r\n`
	mov cl, 0x42
	mov bx, 64
	mov edi, BUFFER
	call read_region
	jmp finish

; A call with just registers; prints its result.
plain:
	mov dl, [drive]
	int 0x13
	mov [result], ah
	setc [result + 1]
	mov byte [bad_regs], 0
	jmp put_result

	align 4, db 0
writes:				; sectors, function, linear buffer
	dw 1, 0x43
	dd BUFFER
	dw 7, 0x43
	dd BUFFER + 1
	dw 8, 0x43
	dd 0x2ff00
	dw 63, 0x43
	dd 0x30000 - 63 * 512
	dw 64, 0x43
	dd 0x3f00e
	dw 127, 0x43
	dd BUFFER
	dw 127, 0x43
	dd 0x2ffff
	dw 1, 3
	dd BUFFER
	dw 1, 3
	dd 0x2fe00
	dw 0

; --- Mode 2 --------------------------------------------------------------------

; Each phase: START name, the work, END name sum=.... The sum takes one dword
; of every sector, which costs next to nothing and shows a wrong order.
%macro phase 2			; bit, name
%defstr PHASE %2
%strcat PHASE_START "START ", PHASE, `\r\n`
%strcat PHASE_END "END ", PHASE, " sum="
	test word [phases], 1 << %1
	jz %%skip
	say PHASE_START
	mov dword [sum], 0
	call work_%2
	say PHASE_END
	mov eax, [sum]
	call put_hex32
	call put_result
	call newline
%%skip:
%endmacro

benchmark:
	phase 0, read127
	phase 1, read1
	phase 2, random
	phase 3, write127
	phase 4, write8
	jmp finish

work_read127:
	mov bx, 127
	mov byte [function], 0x42
	mov ecx, [read_count]
	mov eax, [read_lba]
	jmp sequential
work_read1:
	mov bx, 1
	mov byte [function], 0x42
	mov ecx, [read_count]
	shr ecx, 4		; a sixteenth: calls are what it measures
	mov eax, [read_lba]
	jmp sequential
work_write127:
	mov bx, 127
	mov byte [function], 0x43
	mov ecx, [read_count]
	shr ecx, 2
	mov eax, [write_lba]
	jmp sequential
work_write8:
	mov bx, 8
	mov byte [function], 0x43
	mov ecx, [read_count]
	shr ecx, 4
	mov eax, [write_lba]

; ecx sectors from eax on, bx a call, by [function].
sequential:
	mov edi, BUFFER
	mov [p_lba], eax
.call:
	movzx eax, bx
	cmp eax, ecx
	jbe .fits
	mov eax, ecx
.fits:
	mov [p_count], ax
	mov [wanted], ax
	mov ah, [function]
	call extended
	cmp byte [result + 1], 0
	jne .failed
	call sample
	movzx eax, word [wanted]
	add [p_lba], eax
	sub ecx, eax
	jnz .call
.failed:
	ret
function: db 0x42

; Adds the first dword of each sector in the buffer to the sum.
sample:
	pushad
	push ds
	mov cx, [wanted]
	mov edx, [sum]
	mov ax, BUFFER >> 4
	mov ds, ax
	xor si, si
.next:
	rol edx, 1
	add edx, [si]
	add si, 512
	loop .next
	pop ds
	mov [sum], edx
	popad
	ret

; 4 KB reads at places that a fixed sequence gives; a 128th of the region.
work_random:
	mov edi, BUFFER
	mov ecx, [read_count]
	shr ecx, 7
	mov dword [random], 12345
.call:
	mov eax, [random]
	imul eax, eax, 1664525
	add eax, 1013904223
	mov [random], eax
	shr eax, 8
	xor edx, edx
	mov ebx, [read_count]
	shr ebx, 3
	div ebx
	mov eax, edx
	shl eax, 3
	add eax, [read_lba]
	mov [p_lba], eax
	mov word [p_count], 8
	mov word [wanted], 8
	mov ah, 0x42
	call extended
	cmp byte [result + 1], 0
	jne .failed
	call sample
	dec ecx
	jnz .call
.failed:
	ret
random:	dd 0

; --- Mode 3 --------------------------------------------------------------------

endurance:
	movzx edx, word [passes]
	xor ecx, ecx
.pass:
	inc ecx
	say "PASS "
	mov ax, cx
	call put_hex16
	mov al, ' '
	call putc
	push ecx
	mov cl, 0x42
	mov bx, 64
	mov edi, BUFFER
	call read_region
	pop ecx
	call rest
	cmp ecx, edx
	jb .pass
	mov eax, [write_lba]
	mov bx, 127
	mov cl, 0x43
	mov edi, BUFFER
	call write_once
	jmp finish

; Sleeps for the pause: the timer interrupt is the only thing that runs.
rest:
	pushad
	mov dx, [pause]
	test dx, dx
	jz .done
	sti
	mov bx, [0x46c]
.tick:
	hlt
	mov ax, [0x46c]
	sub ax, bx
	cmp ax, dx
	jb .tick
.done:
	popad
	ret

; --- Mode 4 --------------------------------------------------------------------

; Loads fs with a 4 GB limit, as GRUB and HIMEM do, then looks above 1 MB after
; disk calls and after timer ticks. Where the limit was lost, the access faults.
big_real:
	cli
	mov word [0x0d * 4], .fault
	mov word [0x0d * 4 + 2], 0
	lgdt [gdt_pointer]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp short .protected
.protected:
	mov bx, 8
	mov fs, bx
	and al, 0xfe
	mov cr0, eax
	jmp 0:.real
.real:
	sti
	mov ebx, 0x200000
	mov eax, [fs:ebx]
	say `BIG-REAL-SET\r\n`
	mov cl, 0x42
	mov bx, 64
	mov edi, BUFFER
	call read_region
	call rest
	cli
	mov ebx, 0x200000
	mov eax, [fs:ebx]
	sti
	say `BIG-REAL-KEPT\r\n`
	jmp finish
.fault:
	xor ax, ax
	mov ds, ax
	say `BIG-REAL-LOST\r\n`
	jmp finish

	align 8, db 0
gdt:	dq 0
	dq 0x00cf92000000ffff
gdt_pointer:
	dw 15
	dd gdt

%if $ - $$ > SECTORS * 512
%error "more sectors than the first one loads"
%endif
	times SECTORS * 512 - ($ - $$) db 0
