/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts into a QEMU without KVM, whose proxy device has no way for them:
 * messages (MSI) are bus writes by QEMU's qtest protocol, INTx drives the inputs
 * of the two 8259 and of the I/O APIC, whose names QMP tells (machine "pc").
 */
#ifndef TEST_R8169_QEMU_INTERRUPTS_H
#define TEST_R8169_QEMU_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

/** Speak qtest and QMP on these sockets; both may be polled for input. */
void interrupts_start(int qtest, int qmp);
void interrupts_qtest_input(void);
void interrupts_qmp_input(void);

/** Drive the interrupt line @line (0 to 15). With @wait a falling line has fallen on return: only
 * while QEMU's main loop is free, that is, while a processor of the guest waits for us. */
void interrupts_line(unsigned line, bool level, bool wait);
void interrupts_message(uint64_t address, uint32_t data);

#endif
