# SPDX-License-Identifier: BSD-2-Clause
# From objects to build/ipxe.lkrn: link at 0 as a PIE, strip to binary, put the setup half in front.

$(B)/bios/low.bin: bios/low.asm bios/low.inc
	@mkdir -p $(@D)
	@echo "  NASM  $<"
	$(Q)$(NASM) -f bin -o $@ $<
$(B)/bios/gate32.asm.o: $(B)/bios/low.bin bios/low.inc

$(B)/%.asm.o: %.asm
	@mkdir -p $(@D)
	@echo "  NASM  $<"
	$(Q)$(NASM) -f elf32 -o $@ $<

$(B)/ipxe.elf: $(OBJ) bzimage/ipxe.lds
	@echo "  LD    $@"
	$(Q)$(LD) -m elf_i386 -pie -z notext -z noexecstack --no-dynamic-linker --gc-sections --no-warn-rwx-segments \
		-Bsymbolic -T bzimage/ipxe.lds -Map $(B)/ipxe.map -o $@ $(OBJ) $(LIBRARIES) $(LIBGCC)
	$(Q)sh bzimage/check_relocations $@

$(B)/payload.bin: $(B)/ipxe.elf
	$(Q)objcopy -O binary $< $@
	$(Q)truncate -s %16 $@

$(B)/setup.bin: bzimage/setup.asm $(B)/payload.bin
	@echo "  NASM  $<"
	$(Q)$(NASM) -f bin -DPAYLOAD_PARAGRAPHS=$$(( $$(stat -c %s $(B)/payload.bin) / 16 )) \
		-DINIT_SIZE=0x$$(nm $(B)/ipxe.elf | awk '$$3 == "_end" { print $$1 }') \
		-DVERSION_TEXT="'ipxe.lkrn $(VERSION)'" -o $@ $<

$(B)/ipxe.lkrn: $(B)/setup.bin $(B)/payload.bin
	$(Q)cat $^ > $@
	@echo "  IMAGE $@ ($$(stat -c %s $@) bytes)"
