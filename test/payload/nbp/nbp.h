// SPDX-License-Identifier: BSD-2-Clause
// The test NBP's framework: steps, findings, and the few services that checks need.
#pragma once

#include "pxe.h"

// One call of the API with what must come of it. Tables of steps are run from top to bottom.
struct step {
	const char *name;
	const void *block; // the parameter block to begin with
	uint16_t opcode, size;
	uint16_t status;   // the Status that is wanted, or one of the below
	uint16_t patience; // seconds for which the call is repeated while Status is `meanwhile`
	uint16_t meanwhile;
	bool (*also)(void); // what else must hold; looks at `block`
};

#define ANY_STATUS  0xfffe // the specification leaves it open: nothing else may happen
#define ANY_FAILURE 0xffff

// STEP(name, opcode, status, type of the block, its fields...); the last two may be one macro.
#define STEP(...) STEP_FULL(0, 0, NULL, __VA_ARGS__)
#define STEP_ALSO(name, opcode, status, also, ...)                                                 \
	STEP_FULL(0, 0, also, name, opcode, status, __VA_ARGS__)
#define STEP_WAIT(name, opcode, status, patience, meanwhile, also, ...)                            \
	STEP_FULL(patience, meanwhile, also, name, opcode, status, __VA_ARGS__)
#define STEP_FULL(...) STEP_FULL_(__VA_ARGS__)
#define STEP_FULL_(patience, meanwhile, also, name, opcode, status, type, ...)                     \
	{                                                                                          \
		name, &(const struct type){__VA_ARGS__}, opcode, sizeof(struct type), status,      \
			patience, meanwhile, also                                                  \
	}
#define RUN(steps) run_steps(steps, sizeof(steps) / sizeof((steps)[0]))

// The parameter block of the step that ran last, as the call left it.
extern uint8_t block[256];

// Room for what a check receives; each check takes it as it needs it.
extern uint8_t scratch[2048];

// Runs steps; each is a finding.
void run_steps(const struct step *steps, unsigned count);

// Calls the API with `block` as it is; returns AX. The finding is the caller's.
uint16_t call(uint16_t opcode);

// Tells a finding: one line on COM2, OK or BAD, with the values that say why.
bool finding(const char *name, bool good, uint32_t got, uint32_t wanted);

// Says something on COM2 that is no finding.
void say(const char *text);
void say_hex(uint32_t value, unsigned digits);

// Timer ticks of the BIOS, 18.2 in a second.
uint32_t ticks(void);
#define SECONDS(n) ((n)*18u + 2)

struct registers {
	uint32_t eax, ebx, ecx, edx, esi, edi, flags, es;
};

// An INT call; registers are as it left them.
void bios_call(uint32_t number, struct registers *registers);

// Copies between any places below 1 MB.
void far_copy(uint32_t to, uint32_t from, uint32_t size);

// Copies from above 1 MB, by INT 15h AH=87h; size is even.
bool high_copy(void *to, uint32_t from, uint16_t size);

struct memory_range {
	uint64_t start, size;
	uint32_t kind;
} PACKED;

// One entry of the memory map, by INT 15h E820h; *position is 0 at first, and again after the last.
bool e820_next(struct memory_range *entry, uint32_t *position);

static inline uint32_t linear(far_t pointer)
{
	return (pointer >> 16 << 4) + (pointer & 0xffff);
}

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

// A sum that depends on the order: rotate left by one, add the byte.
uint32_t sum(uint32_t start, const void *data, size_t size);

// Our structures and registers at the start.
extern struct pxenv env;
extern struct pxe pxe;
extern far_t from_env, from_stack;

// The checks, by subject.
void check_structures(void);
void check_preboot(void);
void check_udp(void);
void check_tftp(void);
void check_undi(void);
void check_file(void);
void check_san(const char *when);
void check_hostile(void);

#define SERVER IP(192, 0, 2, 1)
