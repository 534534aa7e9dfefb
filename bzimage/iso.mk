# SPDX-License-Identifier: BSD-2-Clause
# `make iso`: build/ipxe.iso, a hybrid image for CD and USB stick, started by ISOLINUX.
# `make iso SCRIPT=file` puts a script beside the kernel, as its initrd.

ISOLINUX_BIN ?= /usr/lib/ISOLINUX/isolinux.bin
ISOHYBRID_MBR ?= /usr/lib/ISOLINUX/isohdpfx.bin
LDLINUX_C32 ?= /usr/lib/syslinux/modules/bios/ldlinux.c32

iso: $(B)/ipxe.iso

$(B)/ipxe.iso: $(B)/ipxe.lkrn $(SCRIPT) FORCE
	$(Q)rm -rf $(B)/iso && mkdir -p $(B)/iso
	$(Q)cp $(B)/ipxe.lkrn $(ISOLINUX_BIN) $(LDLINUX_C32) $(B)/iso/
	$(Q)printf 'DEFAULT ipxe\nPROMPT 0\nLABEL ipxe\nKERNEL ipxe.lkrn\n' > $(B)/iso/isolinux.cfg
ifdef SCRIPT
	$(Q)cp $(SCRIPT) $(B)/iso/script.ipxe
	$(Q)echo 'INITRD script.ipxe' >> $(B)/iso/isolinux.cfg
endif
	$(Q)xorriso -as mkisofs -quiet -V IPXE -o $@ -b isolinux.bin -c boot.cat -no-emul-boot \
		-boot-load-size 4 -boot-info-table -isohybrid-mbr $(ISOHYBRID_MBR) $(B)/iso
	@echo "  ISO   $@"
