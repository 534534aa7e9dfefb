; SPDX-License-Identifier: BSD-2-Clause
; The real-mode half of the test NBP: how it is entered and left, and calls with known registers.
; All of ours lies in segment 0; C functions are called with 32-bit frames (gcc -m16).

	bits 16

extern nbp_main, bss_start, bss_end
global _start, api_call, bios_call, far_copy, from_env, from_stack, env_entry, pxe_entry, seen
global call_flags

%define PATTERN 0xa5a50000

section .entry
_start:
	jmp 0:begin

section .text
begin:
	mov [cs:caller_sp], sp
	mov [cs:caller_ss], ss
	mov [cs:from_env], bx
	mov [cs:from_env + 2], es
	mov bp, sp
	mov eax, [bp + 4]
	mov [cs:from_stack], eax
	xor eax, eax
	mov ds, ax
	mov es, ax
	cld
	mov edi, bss_start
	mov ecx, bss_end
	sub ecx, edi
	a32 rep stosb
	mov ss, ax
	mov esp, stack_top
	sti
	call dword nbp_main
	; Nothing but the stack is the caller's: the registers are left as an NBP may leave them.
	mov ss, [caller_ss]
	movzx esp, word [caller_sp]
	mov bx, 0xdead
	mov ds, bx
	mov es, bx
	mov fs, bx
	mov gs, bx
	mov ebx, 0xdeadbeef
	mov esi, ebx
	mov edi, ebx
	mov ebp, ebx
	std
	retf

; void api_call(uint32_t via_pxe, uint32_t opcode, far_t block)
; What the registers are afterwards is in `seen`. Interrupts as call_flags says.
api_call:
	pushad
	push ds
	push es
	push fs
	push gs
	mov ebp, esp
	mov [frame], esp
	; above the segments, 8 bytes, pushad's 32, and the return address
	mov eax, [ebp + 44]
	mov ebx, [ebp + 48]
	mov edi, [ebp + 52]
	push word [call_flags]
	popf
	test eax, eax
	jnz .stack
	; PXENV+: BX is the opcode, ES:DI the block.
	mov eax, edi
	shr eax, 16
	mov es, ax
	or ebx, PATTERN
	and edi, 0xffff
	or edi, PATTERN
	mov dword [wanted.ebx], ebx
	mov dword [wanted.edi], edi
	mov [wanted.es], es
	call load
	call far [cs:env_entry]
	jmp .back
.stack:
	; !PXE: the C convention, the caller takes its arguments off the stack.
	push edi
	push bx
	mov dword [wanted.ebx], PATTERN | 0x0b0b
	mov ebx, [wanted.ebx]
	mov dword [wanted.edi], PATTERN | 0x0d0d
	mov edi, [wanted.edi]
	mov word [wanted.es], 0x2222
	mov es, [wanted.es]
	call load
	call far [cs:pxe_entry]
	add sp, 6
.back:
	pushf
	mov [cs:seen.eax], eax
	pop word [cs:seen.flags]
	mov [cs:seen.ebx], ebx
	mov [cs:seen.ecx], ecx
	mov [cs:seen.edx], edx
	mov [cs:seen.esi], esi
	mov [cs:seen.edi], edi
	mov [cs:seen.ebp], ebp
	mov [cs:seen.ds], ds
	mov [cs:seen.es], es
	mov [cs:seen.fs], fs
	mov [cs:seen.gs], gs
	mov [cs:seen.sp], sp
	mov ax, ss
	mov [cs:seen.ss], ax
	xor ax, ax
	mov ss, ax
	mov esp, [cs:frame]
	cld
	sti
	pop gs
	pop fs
	pop es
	pop ds
	call compare
	popad
	o32 ret

load:
	mov eax, PATTERN | 0x0a0a
	mov ecx, PATTERN | 0x0c0c
	mov edx, PATTERN | 0x0e0e
	mov esi, PATTERN | 0x1010
	mov ebp, PATTERN | 0x0f0f
	push word 0x3333
	pop fs
	push word 0x4444
	pop gs
	push word 0x1111
	pop ds
	ret

; The bits of seen.lost: which registers came back changed.
compare:
	xor bx, bx
%macro check 3
	cmp %2 [seen.%1], %3
	je %%same
	or bx, 1 << bit
%%same:
%assign bit bit + 1
%endmacro
%assign bit 0
	mov eax, [wanted.ebx]
	check ebx, dword, eax
	check ecx, dword, PATTERN | 0x0c0c
	check edx, dword, PATTERN | 0x0e0e
	check esi, dword, PATTERN | 0x1010
	mov eax, [wanted.edi]
	check edi, dword, eax
	check ebp, dword, PATTERN | 0x0f0f
	check ds, word, 0x1111
	mov ax, [wanted.es]
	check es, word, ax
	check fs, word, 0x3333
	check gs, word, 0x4444
	check ss, word, 0
	mov eax, [frame]
	check sp, word, ax
	; interrupts and direction
	mov ax, [seen.flags]
	xor ax, [call_flags]
	and ax, 0x0600
	jz .flags_kept
	or bx, 1 << bit
.flags_kept:
	mov [seen.lost], bx
	ret

; void bios_call(uint32_t number, struct registers *)
bios_call:
	pushad
	push ds
	push es
	mov ebp, esp
	mov eax, [ebp + 40]
	mov [.number], al
	mov ebp, [ebp + 44]
	mov ax, [ebp + 28]
	mov es, ax
	mov eax, [ebp]
	mov ebx, [ebp + 4]
	mov ecx, [ebp + 8]
	mov edx, [ebp + 12]
	mov esi, [ebp + 16]
	mov edi, [ebp + 20]
	push ebp
	jmp .fresh
.fresh:
	db 0xcd
.number:
	db 0
	pop ebp
	push ds
	push word 0
	pop ds
	mov [ebp], eax
	mov [ebp + 4], ebx
	mov [ebp + 8], ecx
	mov [ebp + 12], edx
	mov [ebp + 16], esi
	mov [ebp + 20], edi
	mov [ebp + 28], es
	pushf
	pop word [ebp + 24]
	pop ds
	sti
	cld
	pop es
	pop ds
	popad
	o32 ret

; void far_copy(uint32_t to, uint32_t from, uint32_t size): below 1 MB, any size
far_copy:
	pushad
	push ds
	push es
	mov ebp, esp
	mov ebx, [ebp + 40]
	mov edx, [ebp + 44]
	mov ecx, [ebp + 48]
	jecxz .done
.byte:
	mov eax, edx
	shr eax, 4
	mov ds, ax
	mov si, dx
	and si, 15
	mov eax, ebx
	shr eax, 4
	mov es, ax
	mov di, bx
	and di, 15
	movsb
	inc ebx
	inc edx
	a32 loop .byte
.done:
	pop es
	pop ds
	popad
	o32 ret

section .data
	align 4
caller_sp:	dw 0
caller_ss:	dw 0
from_env:	dd 0		; ES:BX at our entry: PXENV+
from_stack:	dd 0		; on the stack above the return address: !PXE
env_entry:	dd 0
pxe_entry:	dd 0
call_flags:	dw 0x0202
frame:		dd 0
wanted:
.ebx:		dd 0
.edi:		dd 0
.es:		dw 0
	align 4
seen:
.eax:		dd 0
.ebx:		dd 0
.ecx:		dd 0
.edx:		dd 0
.esi:		dd 0
.edi:		dd 0
.ebp:		dd 0
.ds:		dw 0
.es:		dw 0
.fs:		dw 0
.gs:		dw 0
.ss:		dw 0
.sp:		dw 0
.flags:		dw 0
.lost:		dw 0

section .bss
	resb 3072
stack_top:
