/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that runs on top of us: its memory, and its time. */
#ifndef SAN_GUEST_H
#define SAN_GUEST_H

#include "lib/base.h"

/**
 * The @len bytes of a caller's buffer at linear address @address, or NULL when
 * they do not lie below 4 GB or overlap memory that is ours.
 */
void *guest_memory(uint64_t address, uint64_t len);
/** Linear address of a real-mode pointer. */
static inline uint32_t guest_address(uint16_t segment, uint16_t offset)
{
	return ((uint32_t)segment << 4) + offset;
}

/**
 * Another program gets (true) or gave back the machine while SAN drives are
 * hooked: meanwhile the timer interrupt serves the network.
 */
void guest_running(bool running);
bool guest_is_running(void);

/**
 * Around a program that is expected back, before it is loaded: our memory and the images are
 * hidden from it, and @serve: the timer interrupt serves the network. Programs may start others
 * (the PXE API's FILE_EXEC), four of them at most: when an inner one ends, base memory and all this
 * are as the outer one has them. 0 or an error after fail().
 */
struct guest_outer {
	bool running, hidden;
	uint8_t *base_memory; /* of the outer program, or NULL */
	size_t size;
};
int guest_begin(struct guest_outer *outer, bool serve);
void guest_end(struct guest_outer *outer);
/** Set while a call of the guest's (disk, PXE) is served: the timer interrupt leaves the network
 * alone, and calls from interrupt handlers are refused. */
extern bool guest_call_active;

#endif
