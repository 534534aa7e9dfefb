; SPDX-License-Identifier: BSD-2-Clause
;
; The 16-bit half of the bzImage: setup header of the Linux/x86 boot protocol
; 2.15 and the 16-bit entry (Documentation/arch/x86/boot.rst).
;
; The entry only turns A20 on, enters protected mode and jumps to the payload,
; where both entries meet (bzimage/start32.asm).
; Assembled with -DPAYLOAD_PARAGRAPHS, -DINIT_SIZE and -DVERSION_TEXT.

bits 16
org 0

SETUP_SECTORS equ 3

	times 0x1f1-($-$$) db 0
	db	SETUP_SECTORS		; 1f1 setup_sects
	dw	0			; 1f2 root_flags
	dd	PAYLOAD_PARAGRAPHS	; 1f4 syssize
	dw	0			; 1f8 ram_size
	dw	0xffff			; 1fa vid_mode: normal
	dw	0			; 1fc root_dev
	dw	0xaa55			; 1fe boot_flag
	jmp	short entry		; 200
	db	"HdrS"			; 202 header
	dw	0x020f			; 206 version
	dd	0			; 208 realmode_swtch
	dw	0			; 20c start_sys_seg
	dw	version-0x200		; 20e kernel_version
type_of_loader:
	db	0			; 210
	db	0x01			; 211 loadflags: LOADED_HIGH
	dw	0			; 212 setup_move_size
code32_start:
	dd	0x100000		; 214
	dd	0			; 218 ramdisk_image
	dd	0			; 21c ramdisk_size
	dd	0			; 220 bootsect_kludge
	dw	0			; 224 heap_end_ptr
	db	0, 0			; 226 ext_loader_ver, ext_loader_type
	dd	0			; 228 cmd_line_ptr
	dd	0xffffffff		; 22c initrd_addr_max
	dd	0x1000			; 230 kernel_alignment
	db	1			; 234 relocatable_kernel
	db	12			; 235 min_alignment
	dw	0			; 236 xloadflags: 32-bit entry only
	dd	4095			; 238 cmdline_size
	dd	0			; 23c hardware_subarch
	dq	0			; 240 hardware_subarch_data
	dd	0, 0			; 248 payload_offset, payload_length
	dq	0			; 250 setup_data
	dq	0x100000		; 258 pref_address
	dd	INIT_SIZE		; 260 init_size
	dd	0			; 264 handover_offset
	dd	0			; 268 kernel_info_offset

entry:
	cli
	cld
	mov	ax, cs
	sub	ax, 0x20		; CS = setup segment + 20h; the loader's DS may be anything
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 0x8000		; the loader left us the segment up to its heap
	call	a20_on
	jnc	.a20_ok
	mov	si, no_a20
	call	say
.halt:	sti
	hlt
	jmp	.halt
.a20_ok:
	xor	esi, esi
	mov	si, ds
	shl	esi, 4			; our header serves as boot_params
	lea	eax, [esi+gdt]
	mov	[gdtr+2], eax
	o32 lgdt [gdtr]
	mov	edi, [code32_start]
	mov	ebp, 0x36317472		; "rt16": tells the payload which way it was entered
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	mov	ax, 0x18
	mov	ds, ax
	mov	es, ax
	mov	fs, ax
	mov	gs, ax
	mov	ss, ax
	lea	eax, [esi+.flat]
	mov	[esi+far_flat], eax
	jmp	far dword [dword esi+far_flat]
bits 32
.flat:	jmp	edi
bits 16

; A20: test, BIOS, fast gate, keyboard controller; each with a limit. CF on failure.
a20_on:
	call	a20_test
	jnz	.on
	mov	ax, 0x2401
	int	0x15
	cli
	call	a20_test
	jnz	.on
	in	al, 0x92
	or	al, 2
	and	al, 0xfe
	out	0x92, al
	call	a20_wait
	jnz	.on
	call	kbc_ready
	mov	al, 0xd1
	out	0x64, al
	call	kbc_ready
	mov	al, 0xdf
	out	0x60, al
	call	kbc_ready
	call	a20_wait
	jnz	.on
	stc
	ret
.on:	clc
	ret
kbc_ready:				; a machine without one reads FFh: do not wait for ever
	mov	cx, 0xffff
.again:	in	al, 0x64
	test	al, 2
	loopnz	.again
	ret
a20_wait:
	mov	cx, 0xffff
.again:	push	cx
	call	a20_test
	pop	cx
	jnz	.done
	in	al, 0x80		; about a microsecond
	loop	.again
	xor	ax, ax			; ZF: still off
.done:	ret
a20_test:				; NZ: on. 0:04F0 against the same place 1 MB above
	push	ds
	push	es
	xor	ax, ax
	mov	ds, ax
	dec	ax
	mov	es, ax
	mov	ax, [0x4f0]
	cmp	ax, [es:0x500]
	jne	.done
	inc	word [0x4f0]
	mov	ax, [0x4f0]
	cmp	ax, [es:0x500]
	pushf
	dec	word [0x4f0]
	popf
.done:	pop	es
	pop	ds
	ret

say:	lodsb
	test	al, al
	jz	.done
	mov	ah, 0x0e
	mov	bx, 7
	int	0x10
	jmp	say
.done:	ret

	align 8
gdt:	dq	0, 0
	dq	0x00cf9b000000ffff	; 10h code
	dq	0x00cf93000000ffff	; 18h data
gdtr:	dw	31
	dd	0
far_flat:
	dd	0
	dw	0x10
no_a20:	db	13, 10, "ipxe.lkrn: address line A20 cannot be enabled; this machine cannot run us", 13, 10, 0
version:
	db	VERSION_TEXT, 0
	times (SETUP_SECTORS+1)*512-($-$$) db 0
