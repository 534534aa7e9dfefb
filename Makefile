# SPDX-License-Identifier: BSD-2-Clause
# Targets: all (build/ipxe.lkrn), iso, run, unit, fuzz, system, test, bench, lint, docs, clean.
# Variables: EMBED=script embeds a script; QEMU, QEMU_ACCEL, FUZZ_SECONDS, V=1.

CC     ?= gcc
NASM   ?= nasm
LD     ?= ld
PYTHON ?= /usr/bin/python3
B      := build
Q      := $(if $(V),,@)

ROOMS := lib bzimage bios nic netstack iscsi san acpi boot cmdline
# Rooms that touch the machine; everything else also compiles on the host.
MACHINE_ROOMS := bzimage bios

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo 0.1)

# --------------------------------------------------------------------------
# The firmware: 32-bit freestanding, linked as a PIE from non-PIC objects

GCC_INCLUDE := $(shell $(CC) -print-file-name=include)
ARCH_INCLUDE := $(shell $(CC) -print-multiarch)
LIBGCC    = $(shell $(CC) -m32 -print-libgcc-file-name)
LIBRARIES = $(foreach name,libbearssl libdeflate,\
	      $(firstword $(wildcard $(shell $(CC) -m32 -print-file-name=$(name).a) /usr/lib/i386-linux-gnu/$(name).a)))

WARN   := -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	  -Wshadow -Wwrite-strings -Werror=implicit-function-declaration -Werror=format
# Left alone, gcc -march=i686 turns every memcpy() of unknown size into `rep movsb`, in place: a byte
# an iteration under an emulator, slow to start on real processors.
STRING := -mmemcpy-strategy=libcall:-1:noalign -mmemset-strategy=libcall:-1:noalign
CFLAGS := -m32 -march=i686 -O2 -g -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fwrapv -fno-delete-null-pointer-checks --param=min-pagesize=0 -mno-sse -mno-mmx -mpreferred-stack-boundary=4 $(STRING) \
	  -ffunction-sections -fdata-sections $(WARN) -MMD -MP
INC    := -I. -isystem $(B)/gen -isystem lib/freestanding -nostdinc -isystem $(GCC_INCLUDE) \
	  -idirafter /usr/include/$(ARCH_INCLUDE) -idirafter /usr/include

SRC_C   := $(sort $(foreach r,$(ROOMS),$(wildcard $(r)/*.c $(r)/*/*.c)))
SRC_ASM := $(sort bios/gate32.asm bzimage/start32.asm bzimage/embed.asm)
OBJ     := $(SRC_C:%.c=$(B)/%.o) $(SRC_ASM:%.asm=$(B)/%.asm.o)

.PHONY: all clean iso run unit fuzz system test bench lint docs setup FORCE
all: $(B)/ipxe.lkrn

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) $(INC) $(DEFS) -c -o $@ $<

# Only lib/version.c has the version inside.
$(B)/gen/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@
VERSION_OBJ := $(addsuffix /lib/version.o,$(B) $(B)/host $(B)/fuzz/obj $(B)/tools/obj)
$(VERSION_OBJ): DEFS = -DVERSION='"$(VERSION)"'
$(VERSION_OBJ): $(B)/gen/version

# The embedded script, empty without EMBED=.
$(B)/gen/embed.bin: FORCE
	@mkdir -p $(@D)
	@cmp -s $(or $(EMBED),/dev/null) $@ || cat $(or $(EMBED),/dev/null) > $@
$(B)/bzimage/embed.asm.o: $(B)/gen/embed.bin

include bzimage/build.mk
include bzimage/iso.mk
-include test/tools/build.mk

# --------------------------------------------------------------------------
# The same code on the host, 32-bit too, with sanitizers

HOST_FLAGS := -m32 -O1 -g -std=gnu11 -fno-omit-frame-pointer -fno-strict-aliasing -fwrapv -DHOST_TEST -I. -MMD -MP $(WARN)
SANITIZE   := -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined
HOST_C     := $(filter-out $(foreach r,$(MACHINE_ROOMS),$(r)/%) lib/freestanding/% boot/main.c boot/leave.c,$(SRC_C)) \
	      $(wildcard test/host/*.c test/r8169/*.c)
UNIT_OBJ   := $(HOST_C:%.c=$(B)/host/%.o)
UNIT_BIN   := $(patsubst test/unit/%.c,$(B)/unit/%,$(wildcard test/unit/test_*.c))

$(B)/host/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_FLAGS) $(SANITIZE) $(DEFS) -c -o $@ $<
$(B)/unit/%: test/unit/%.c $(UNIT_OBJ)
	@mkdir -p $(@D)
	@echo "  HOST  $@"
	$(Q)$(CC) $(HOST_FLAGS) $(SANITIZE) -MF $@.d -o $@ $< $(UNIT_OBJ) -lcmocka $(LIBRARIES)

unit: $(UNIT_BIN)
	$(Q)sh test/run_unit $(UNIT_BIN)

# Objects are kept although only chains of rules mention them.
.SECONDARY:

FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 5
FUZZ_FLAGS   := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=alignment,pointer-overflow -fno-sanitize-recover=undefined
FUZZ_OBJ     := $(HOST_C:%.c=$(B)/fuzz/obj/%.o)
FUZZ_BIN     := $(patsubst test/fuzz/%.c,$(B)/fuzz/%,$(wildcard test/fuzz/fuzz_*.c))

$(B)/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(HOST_FLAGS) $(FUZZ_FLAGS) $(DEFS) -c -o $@ $<
$(B)/fuzz/%: test/fuzz/%.c $(FUZZ_OBJ)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	$(Q)$(FUZZ_CC) $(HOST_FLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -MF $@.d -o $@ $< $(FUZZ_OBJ) $(LIBRARIES)

fuzz: $(FUZZ_BIN)
	$(Q)sh test/run_fuzz $(FUZZ_SECONDS) $(FUZZ_BIN)

# --------------------------------------------------------------------------

system: all
	$(Q)sh test/run_system $(PYTHON)
test: all unit fuzz system
run: all
	$(PYTHON) test/run.py
bench: all
	$(PYTHON) test/bench/run.py
lint:
	sh test/lint
# The generated parts of the manual; the same program checks them in `make unit`.
docs: $(B)/unit/test_manual
	$(Q)WRITE_DOCS=1 $<
clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
