/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PXE API: its two structures, the installation check, and the dispatcher.
 *
 * A program finds the API by PXENV+ (ES:BX at its start, or INT 1Ah AX=5650h) or
 * by !PXE (on its stack, or from PXENV+), both in the low block (bios/low.asm),
 * which is our code and our data segment. Calls from 16-bit protected mode are
 * not served: !PXE's EntryPointESP is zero, as the specification allows for a
 * stack that runs in real mode only, and so are PXENV+'s PMOffset and PMSelector.
 *
 * The structures carry their signatures only while the API is offered: a program
 * that scans base memory must not find one that nobody serves.
 */
#include "boot/pxe.h"
#include "boot/pxe_packets.h"
#include "bios/console.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"
#include "san/guest.h"

#define INT1A_CHECK    0x5650u
#define INT1A_PRESENT  0x564eu
#define API_VERSION    0x0201u
#define REAL_MODE_END  0x100000u
#define STATUS_CALLOUT 0xffffffffu /* we never call the program back */

/* Section 4.3 of the specification. */
struct pxenv {
	uint8_t signature[6]; /* "PXENV+" */
	uint16_t version;
	uint8_t length, checksum;
	struct segoff entry;
	uint32_t pm_offset;
	uint16_t pm_selector;
	uint16_t stack_seg, stack_size;
	uint16_t bc_code_seg, bc_code_size;
	uint16_t bc_data_seg, bc_data_size;
	uint16_t undi_data_seg, undi_data_size;
	uint16_t undi_code_seg, undi_code_size;
	struct segoff bang;
} PACKED;

struct segment_descriptor {
	uint16_t segment;
	uint32_t address;
	uint16_t size;
} PACKED;

/* Section 4.4: stack, UNDI data, UNDI code, the same writable, BC data, BC code, the same writable.
 */
#define SEGMENTS 7

struct bang_pxe {
	uint8_t signature[4]; /* "!PXE" */
	uint8_t length, checksum, revision, reserved;
	struct segoff undi_rom_id, base_rom_id;
	struct segoff entry_sp, entry_esp;
	uint32_t status_callout;
	uint8_t reserved2, segment_count;
	uint16_t first_selector;
	struct segment_descriptor segment[SEGMENTS];
} PACKED;

_Static_assert(sizeof(struct pxenv) == 0x2c && sizeof(struct bang_pxe) == 0x58, "PXE 2.1");

/* What lies in the low block; both structures on a paragraph boundary. */
struct home {
	struct pxenv pxenv __attribute__((aligned(16)));
	struct bang_pxe bang __attribute__((aligned(16)));
	uint8_t packets[PXE_PACKETS][PXE_PACKET_SIZE];
};

_Static_assert(sizeof(struct home) <= LOW_PXE_SIZE, "room in the low block");

struct nic *pxe_nic;
const struct uri *pxe_uri;

/* ---- Structures ---- */

static struct home *home(void)
{
	return low_pxe();
}

static struct segoff far_pointer(const void *p)
{
	struct pxe_entries entries;

	low_pxe_entries(&entries);
	return (struct segoff){
		.offset = (uint16_t)(physical_address(p) - ((uint32_t)entries.segment << 4)),
		.segment = entries.segment,
	};
}

struct segoff pxe_pxenv(void)
{
	return far_pointer(&home()->pxenv);
}

struct segoff pxe_bang(void)
{
	return far_pointer(&home()->bang);
}

uint8_t *pxe_packet(unsigned type, struct segoff *p)
{
	uint8_t *packet = home()->packets[type - 1];

	*p = far_pointer(packet);
	return packet;
}

/* The byte that makes the sum of all @len bytes zero. */
static uint8_t complement(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += byte[i];
	return (uint8_t)-sum;
}

static void build_pxenv(struct pxenv *pxenv, const struct pxe_entries *entries)
{
	uint16_t segment = entries->segment, size = entries->size;

	*pxenv = (struct pxenv){
		.signature = "PXENV+",
		.version = API_VERSION,
		.length = sizeof(*pxenv),
		.entry = {entries->pxenv, segment},
		.stack_seg = segment,
		.stack_size = size,
		.bc_code_seg = segment,
		.bc_code_size = size,
		.bc_data_seg = segment,
		.bc_data_size = size,
		.undi_data_seg = segment,
		.undi_data_size = size,
		.undi_code_seg = segment,
		.undi_code_size = size,
		.bang = pxe_bang(),
	};
	pxenv->checksum = complement(pxenv, sizeof(*pxenv));
}

static void build_bang(struct bang_pxe *bang, const struct pxe_entries *entries)
{
	*bang = (struct bang_pxe){
		.signature = "!PXE",
		.length = sizeof(*bang),
		.entry_sp = {entries->bang, entries->segment},
		.status_callout = STATUS_CALLOUT,
		.segment_count = SEGMENTS,
	};
	for (unsigned i = 0; i < SEGMENTS; i++)
		bang->segment[i] = (struct segment_descriptor){
			.segment = entries->segment,
			.address = (uint32_t)entries->segment << 4,
			.size = entries->size,
		};
	bang->checksum = complement(bang, sizeof(*bang));
}

/* ---- Offering it ---- */

/* INT 1Ah AX=5650h. */
static bool installation_check(struct real_regs *regs)
{
	struct segoff p = pxe_pxenv();

	if ((uint16_t)regs->eax != INT1A_CHECK)
		return false;
	regs->eax = (regs->eax & ~0xffffu) | INT1A_PRESENT;
	regs->ebx = (regs->ebx & ~0xffffu) | p.offset;
	regs->es = p.segment;
	regs->edx = physical_address(&home()->pxenv);
	regs->eflags &= ~FLAG_CARRY;
	return true;
}

static void stop_parts(bool all)
{
	const struct pxe_part *part;

	table_for_each(pxe_part, part) {
		if (part->stop && (all || part->base_code))
			part->stop();
	}
}

bool pxe_unload_base(void)
{
	if (!gate_unhook(GATE_INT1A)) {
		gate_hook(GATE_INT1A, installation_check);
		return false;
	}
	stop_parts(false);
	return true;
}

void pxe_stop(void)
{
	if (!pxe_nic)
		return;
	stop_parts(true);
	gate_unhook(GATE_INT1A);
	gate_serve_pxe(NULL);
	memset(home(), 0, sizeof(struct home));
	pxe_nic = NULL;
	pxe_uri = NULL;
}

/* ---- The program's memory ---- */

/* Is [start, end) RAM, as the map has it that the program sees? */
static bool is_shown_as_ram(uint64_t start, uint64_t end)
{
	struct memory_range map[MEMMAP_MAX];
	unsigned count = memmap_visible(map, MEMMAP_MAX);

	for (unsigned i = 0; i < count; i++) { /* ascending */
		if (map[i].type == 1 && map[i].base <= start)
			start = max(start, map[i].base + map[i].length);
	}
	return start >= end;
}

void *pxe_target_linear(uint32_t address, uint32_t len)
{
	uint64_t end = (uint64_t)address + len;

	/* Below that, ROMs and other programs lie in what is not RAM. */
	if (end > REAL_MODE_END &&
	    !is_shown_as_ram(max((uint64_t)address, (uint64_t)REAL_MODE_END), end))
		return NULL;
	return guest_memory(address, len);
}

void *pxe_target(struct segoff p, uint32_t len)
{
	uint32_t address = guest_address(p.segment, p.offset);

	if (address > REAL_MODE_END || len > REAL_MODE_END - address)
		return NULL;
	return guest_memory(address, len);
}

bool pxe_text(struct segoff p, char *out, size_t size)
{
	uint32_t address = guest_address(p.segment, p.offset);

	for (size_t i = 0; i < size && address + i < REAL_MODE_END; i++) {
		const char *c = physical(address + i, 1);

		if (!c)
			return false;
		out[i] = *c;
		if (!*c)
			return true;
	}
	return false;
}

uint16_t pxe_status_of(int rc)
{
	if (rc)
		log_debug("pxe", 1, "%s (%s)", error_sentence(rc), error_entry(rc)->code);
	switch (rc) {
	case 0:
		return PXENV_STATUS_SUCCESS;
	case E_NO_MEMORY:
		return PXENV_STATUS_OUT_OF_RESOURCES;
	case E_TFTP_NOT_FOUND:
	case E_HTTP_NOT_FOUND:
		return PXENV_STATUS_TFTP_FILE_NOT_FOUND;
	case E_TFTP_ACCESS:
	case E_HTTP_AUTH:
		return PXENV_STATUS_TFTP_ACCESS_VIOLATION;
	case E_TFTP_NO_ANSWER:
		return PXENV_STATUS_TFTP_OPEN_TIMEOUT;
	case E_FETCH_STALLED:
		return PXENV_STATUS_TFTP_READ_TIMEOUT;
	case E_TFTP_SERVER:
		return PXENV_STATUS_TFTP_ERROR_OPCODE;
	}
	return PXENV_STATUS_FAILURE;
}

/* ---- Calls ---- */

static const struct pxe_call *find(uint16_t opcode)
{
	const struct pxe_call *call;

	table_for_each(pxe_call, call) {
		if (call->opcode == opcode)
			return call;
	}
	return NULL;
}

static uint16_t run(const struct pxe_call *call, struct segoff parameters)
{
	uint8_t block[PXE_BLOCK_MAX];
	void *caller = pxe_target(parameters, call->size);
	uint16_t status;
	int level;

	if (!caller) {
		log_debug("pxe", 1, "%s: parameters at %04x:%04x, which is not the program's",
			  call->name, parameters.segment, parameters.offset);
		return PXENV_STATUS_FAILURE;
	}
	memcpy(block, caller, call->size);
	status = call->serve(block);
	level = status && !call->polled ? 1 : 2;
	put_le16(block, status);
	memcpy(caller, block, call->size);
	log_debug("pxe", level, "%s: status %02x", call->name, status);
	return status;
}

static uint16_t refuse(uint16_t opcode, struct segoff parameters)
{
	uint8_t *caller = pxe_target(parameters, 2);

	log_debug("pxe", 1, "function %02x: not supported", opcode);
	if (caller)
		put_le16(caller, PXENV_STATUS_UNSUPPORTED);
	return PXENV_STATUS_UNSUPPORTED;
}

/* A call out of the middle of another one, from an interrupt handler of the program's, must wait
 * for its end: the network is in between. */
static uint16_t serve_one(uint16_t opcode, struct segoff parameters)
{
	const struct pxe_call *call = find(opcode);
	uint16_t status;

	if (guest_call_active)
		return PXENV_STATUS_FAILURE;
	guest_call_active = true;
	console_ignore_break(true); /* its keys are the program's */
	status = call ? run(call, parameters) : refuse(opcode, parameters);
	console_ignore_break(false);
	guest_call_active = false;
	return status;
}

static bool serve(struct real_regs *regs)
{
	struct segoff parameters = {(uint16_t)regs->edi, regs->es};
	uint16_t status = serve_one((uint16_t)regs->ebx, parameters);

	regs->eax = (regs->eax & ~0xffffu) | (status ? PXENV_EXIT_FAILURE : PXENV_EXIT_SUCCESS);
	regs->eflags = (regs->eflags & ~FLAG_CARRY) | (status ? FLAG_CARRY : 0);
	return true;
}

void pxe_command_begin(void)
{
	console_ignore_break(false);
	guest_call_active = false;
}

void pxe_command_end(void)
{
	console_ignore_break(true);
	guest_call_active = true;
}

void pxe_start(struct nic *nic, const struct uri *uri)
{
	struct pxe_entries entries;
	const struct pxe_part *part;

	low_pxe_entries(&entries);
	pxe_nic = nic;
	pxe_uri = uri;
	build_bang(&home()->bang, &entries);
	build_pxenv(&home()->pxenv, &entries);
	pxe_packets_build(home()->packets, nic, uri);
	gate_serve_pxe(serve);
	gate_hook(GATE_INT1A, installation_check);
	table_for_each(pxe_part, part) {
		if (part->start)
			part->start();
	}
}
