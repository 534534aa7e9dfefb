; SPDX-License-Identifier: BSD-2-Clause
; The script embedded by `make EMBED=file`; empty otherwise.
section .rodata
global embedded_script, embedded_script_end
embedded_script:
	incbin "build/gen/embed.bin"
embedded_script_end:
