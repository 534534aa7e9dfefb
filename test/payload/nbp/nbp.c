// SPDX-License-Identifier: BSD-2-Clause
// A network bootstrap program that tests the PXE API under it.
//
// Every check runs twice: by the entry point of PXENV+ (ES:DI) and by that of !PXE (stack). Each
// call is made with known registers, must keep all but AX and the carry flag, and must not write
// outside its parameter block. Findings go to COM2, one a line: OK or BAD, the entry, the name, and
// what was found.
//
// What it does is told by its command line (FILE_CMDLINE):
//   all checks  returns 0
//   status      no checks; returns 33h
//   restart     has itself loaded anew by RESTART_TFTP; returns 0
//   unload      UNLOAD_STACK, then looks at what is left of the stack; INT 18h
#include "nbp.h"

#define COM2 0x2f8

extern uint32_t env_entry, pxe_entry;
extern uint16_t call_flags;
extern struct {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint16_t ds, es, fs, gs, ss, sp, flags, lost;
} seen;
void api_call(uint32_t via_pxe, uint32_t opcode, far_t block);

struct pxenv env;
struct pxe pxe;
uint8_t block[256], scratch[2048];

static bool via_pxe;
static unsigned findings, bad_findings;
static char command_line[256];

void *memcpy(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;
	while (size--)
		*out++ = *in++;
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint8_t *out = to;
	while (size--)
		*out++ = value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;
	for (; size; left++, right++, size--) {
		if (*left != *right)
			return *left - *right;
	}
	return 0;
}

uint32_t sum(uint32_t start, const void *data, size_t size)
{
	const uint8_t *in = data;
	while (size--)
		start = (start << 1 | start >> 31) + *in++;
	return start;
}

static void put(char c)
{
	uint8_t ready;
	do
		__asm__ volatile("inb %w1, %b0" : "=a"(ready) : "d"(COM2 + 5));
	while (!(ready & 0x20));
	__asm__ volatile("outb %b0, %w1" : : "a"(c), "d"(COM2));
}

void say(const char *text)
{
	while (*text)
		put(*text++);
}

void say_hex(uint32_t value, unsigned digits)
{
	while (digits--)
		put("0123456789abcdef"[value >> 4 * digits & 15]);
}

bool finding(const char *name, bool good, uint32_t got, uint32_t wanted)
{
	findings++;
	say(good ? "OK " : "BAD ");
	say(via_pxe ? "pxe " : "env ");
	say(name);
	say(" got=");
	say_hex(got, 8);
	if (!good) {
		bad_findings++;
		say(" wanted=");
		say_hex(wanted, 8);
	}
	say("\r\n");
	return good;
}

uint32_t ticks(void)
{
	uint32_t now;
	far_copy((uint32_t)&now, 0x46c, sizeof(now));
	return now;
}

bool high_copy(void *to, uint32_t from, uint16_t size)
{
	static struct {
		uint16_t limit, base_low;
		uint8_t base_middle, access, flags, base_high;
	} PACKED gdt[6];
	uint32_t target = (uint32_t)to;
	memset(gdt, 0, sizeof(gdt));
	gdt[2].limit = gdt[3].limit = 0xffff;
	gdt[2].access = gdt[3].access = 0x93;
	gdt[2].base_low = from;
	gdt[2].base_middle = from >> 16;
	gdt[2].base_high = from >> 24;
	gdt[3].base_low = target;
	gdt[3].base_middle = target >> 16;
	struct registers r = {.eax = 0x8700, .ecx = size / 2, .esi = (uint32_t)gdt};
	bios_call(0x15, &r);
	return !(r.flags & 1);
}

uint16_t call(uint16_t opcode)
{
	api_call(via_pxe, opcode, (far_t)block);
	return seen.eax;
}

// What must hold after every call; says what does not.
static bool call_was_clean(const struct step *step, uint16_t exit)
{
	uint16_t status = ((struct bare *)block)->status;
	bool agree = exit == (status != SUCCESS);
	bool guarded = true;
	for (unsigned i = step->size; i < sizeof(block); i++)
		guarded &= block[i] == 0xe7;
	if (seen.lost) {
		say("  registers changed: ");
		say_hex(seen.lost, 4);
	}
	if (!agree) {
		say("  AX and Status disagree: ");
		say_hex(exit, 4);
	}
	if (!guarded)
		say("  the call wrote behind its parameter block");
	if (!agree || !guarded || seen.lost)
		say("\r\n");
	return agree && guarded && !seen.lost;
}

static bool status_is(uint16_t status, uint16_t wanted)
{
	switch (wanted) {
	case ANY_STATUS:
		return true;
	case ANY_FAILURE:
		return status != SUCCESS;
	default:
		return status == wanted;
	}
}

void run_steps(const struct step *steps, unsigned count)
{
	for (const struct step *step = steps; step < steps + count; step++) {
		uint32_t start = ticks();
		uint16_t exit, status;
		do {
			memset(block, 0xe7, sizeof(block));
			memcpy(block, step->block, step->size);
			call_flags ^= 0x0200; // with interrupts on and off by turns
			exit = call(step->opcode);
			status = ((struct bare *)block)->status;
		} while (step->patience && status == step->meanwhile &&
			 ticks() - start < SECONDS(step->patience));
		bool clean = call_was_clean(step, exit);
		bool also = !status_is(status, step->status) || !step->also || step->also();
		if (!also)
			say("  its result is wrong\r\n");
		finding(step->name, status_is(status, step->status) && clean && also, status,
			step->status);
	}
}

static void read_command_line(void)
{
	struct file_cmdline *p = (void *)block;
	*p = (struct file_cmdline){.size = sizeof(command_line), .buffer = (far_t)command_line};
	if (call(FILE_CMDLINE) != 0)
		say("NBP: no FILE_CMDLINE\r\n");
}

static bool command_line_has(const char *word)
{
	size_t length = 0;
	while (word[length])
		length++;
	for (const char *at = command_line; at + length < command_line + sizeof(command_line);
	     at++) {
		if (memcmp(at, word, length) == 0)
			return true;
	}
	return false;
}

// The vectors and the size of base memory: nothing that is called may change them.
static uint32_t low_memory_sum(void)
{
	uint16_t base;
	far_copy((uint32_t)scratch, 0, 0x400);
	far_copy((uint32_t)&base, 0x413, sizeof(base));
	return sum(base, scratch, 0x400);
}

static void check_everything(void)
{
	uint32_t before = low_memory_sum();
	check_structures();
	for (int pass = 0; pass < 2; pass++) {
		via_pxe = pass;
		check_san("san-before");
		check_preboot();
		check_udp();
		check_tftp();
		check_san("san-after-tftp");
		check_undi();
		check_file();
		check_hostile();
		// What was there works still.
		check_udp();
		check_san("san-at-the-end");
		uint32_t after = low_memory_sum();
		finding("low-memory-unchanged", after == before, after, before);
	}
}

static bool answers_int1a(void)
{
	struct registers r = {.eax = 0x5650};
	bios_call(0x1a, &r);
	return (r.eax & 0xffff) == 0x564e;
}

static const struct step unload_steps[] = {
	STEP("undi-shutdown", UNDI_SHUTDOWN, SUCCESS, bare),
	STEP("unload-stack", UNLOAD_STACK, SUCCESS, unload_stack),
	STEP("stop-undi-beside-a-disk", STOP_UNDI, KEEP_UNDI, bare),
};

static void unload(void)
{
	RUN(unload_steps);
	finding("int-1a-is-silent", !answers_int1a(), answers_int1a(), 0);
	check_san("san-after-unload");
	say("NBP-UNLOADED bad=");
	say_hex(bad_findings, 4);
	say("\r\n");
	bios_call(0x18, &(struct registers){0});
}

// The mark that tells the second start from the first: it lies where no program is loaded to.
#define MARK_ADDRESS 0x600
static const char mark[] = "nbp-restarts";

static const struct step restart_steps[] = {
	STEP("restart-returned", RESTART_TFTP, SUCCESS, tftp_read_file, .name = "nbp.0",
	     .buffer = 0x7c00, .size = 0x8000, .server = SERVER, .server_port = PORT(69)),
};

static void restart(void)
{
	far_copy((uint32_t)scratch, MARK_ADDRESS, sizeof(mark));
	if (memcmp(scratch, mark, sizeof(mark)) == 0) {
		say("NBP-RESTARTED\r\n");
		return;
	}
	far_copy(MARK_ADDRESS, (uint32_t)mark, sizeof(mark));
	RUN(restart_steps);
	finding("restarted", false, 0, 0);
}

uint32_t nbp_main(void);

uint32_t nbp_main(void)
{
	far_copy((uint32_t)&env, linear(from_env), sizeof(env));
	far_copy((uint32_t)&pxe, linear(from_stack), sizeof(pxe));
	env_entry = env.entry;
	pxe_entry = pxe.entry_sp;
	say("NBP-STARTED\r\n");
	read_command_line();
	if (command_line_has("status"))
		return 0x33;
	if (command_line_has("restart"))
		restart();
	else if (command_line_has("unload"))
		unload();
	else
		check_everything();
	say("NBP-END findings=");
	say_hex(findings, 4);
	say(" bad=");
	say_hex(bad_findings, 4);
	say("\r\n");
	return 0;
}
