# SPDX-License-Identifier: BSD-2-Clause
# Tools that run the firmware's code on the host. build/hostnet and build/hostiscsi are optimised,
# build/hostnet-asan has the sanitizers of the unit tests.

TOOL_FLAGS = $(filter-out -O1,$(HOST_FLAGS)) -O2
TOOL_C    := $(filter-out $(foreach r,$(MACHINE_ROOMS),$(r)/%) lib/freestanding/% boot/main.c boot/leave.c,$(SRC_C)) \
	     $(wildcard test/host/*.c)
TOOL_OBJ  := $(TOOL_C:%.c=$(B)/tools/obj/%.o)

$(B)/tools/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_FLAGS) $(DEFS) -c -o $@ $<
$(B)/hostnet $(B)/hostiscsi: $(B)/%: test/tools/%.c $(TOOL_OBJ)
	@echo "  HOST  $@"
	$(Q)$(CC) $(TOOL_FLAGS) -MF $@.d -o $@ $< $(TOOL_OBJ) $(LIBRARIES)
$(B)/hostnet-asan: test/tools/hostnet.c $(TOOL_C:%.c=$(B)/host/%.o)
	@echo "  HOST  $@"
	$(Q)$(CC) $(HOST_FLAGS) $(SANITIZE) -MF $@.d -o $@ $< $(TOOL_C:%.c=$(B)/host/%.o) $(LIBRARIES)
