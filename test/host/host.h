/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine as unit tests, fuzz targets and build/hostnet see it: stand-ins
 * for bios/ with handles to steer them. Every file of this directory is linked
 * into each of those programs.
 *
 * Time is real until host_clock_set_ms() makes it virtual. Virtual time moves
 * by itself, so that nothing blocks: each look at the clock costs 1 us, and each
 * turn of waiting (wait_turn() asks console_break() for Ctrl-C) costs
 * host_turn_us, 1 ms unless changed. So does console_key() without a key.
 */
#ifndef TEST_HOST_HOST_H
#define TEST_HOST_HOST_H

#include "lib/base.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "bios/pci.h"
#include "nic/nic.h"

/** Everything below back to its initial state (cards excepted: host_card_reset()); what a cmocka
 * setup function calls. */
void host_reset(void);
/* Its parts. */
void host_console_reset(void);
void host_pci_reset(void);
void host_machine_reset(void);

/* ---- Time ---- */

/** Virtual time from here on, beginning at @ms. */
void host_clock_set_ms(uint64_t ms);
/** Let virtual time pass. */
void host_clock_advance_ms(uint64_t ms);
void host_clock_advance_us(uint64_t us);
void host_clock_real(void);
bool host_clock_is_virtual(void);
/** Virtual time that one turn of waiting takes. */
extern uint32_t host_turn_us;
/** What clock_unix() says (plus the time gone by); 1700000000 unless set. */
extern uint64_t host_unix_epoch;
/** Called once in every turn of waiting: a scripted peer does its work here. May be NULL. */
extern void (*host_turn)(void);

/* ---- Console ---- */

/** All output since the last clear, NUL-terminated (the oldest is dropped beyond 256 KB). */
const char *host_output(void);
void host_output_clear(void);
/** Also write output to stdout; on from the start when HOST_VERBOSE is in the environment. */
extern bool host_echo;
/** Do keys come faster than they can be shown? Else people type them. */
extern bool host_pasting;
/** What a terminal of 24 × 80 shows of that: the text of @row without blanks at its end (code page
 * 437), the VGA attribute of a cell, and where the cursor is (false: hidden). */
const char *host_screen_row(unsigned row);
uint8_t host_screen_attribute(unsigned row, unsigned column);
bool host_screen_cursor(unsigned *row, unsigned *column);
/** Queue keys: characters of @text, or one KEY_… value. */
void host_keys(const char *text);
void host_key(int key);

/* ---- Memory ---- */

/** Heap allocations number @n (1: the next) fails; @all: and every later one. 0: none fails. */
void host_heap_fail(unsigned n, bool all);
/** Bytes the heap and the image memory may hold in all; 0: no limit. */
void host_heap_limit(size_t bytes);
void host_image_limit(size_t bytes);
/** Bytes and blocks in use now: leaks show as a difference. */
size_t host_heap_used(void);
unsigned host_heap_blocks(void);
size_t host_image_used(void);
/** Map memory below 1 MB at its real addresses, for code that uses real_linear(). Returns the
 * lowest address mapped (0 or 0x10000), or -1. */
long host_low_memory(void);

/** The firmware's map: 640 KB and 16 MB to 256 MB unless set. */
void host_memmap_set(const struct memory_range *ranges, unsigned count);
extern bool host_memmap_hidden, host_images_hidden;
/** What guests do not see of that map while it is hidden; length 0: nothing. */
extern struct memory_range host_hidden_range;

/* ---- PCI ---- */

struct host_pci {
	uint16_t busdevfn;
	uint8_t config[256]; /* little endian, as on the bus */
	uint32_t bar_size[6];
	void *bar_memory[6]; /* what pci_map() returns; NULL: the BAR's address itself */
	/** Sees every write after it was stored; may be NULL. */
	void (*written)(struct host_pci *dev, unsigned offset, unsigned size, uint32_t value);
};
#define HOST_PCI_MAX 32
/** A new function with @vendor:@device; its config space is the test's to fill. */
struct host_pci *host_pci_add(uint16_t busdevfn, uint16_t vendor, uint16_t device, uint32_t class);

/* ---- Registers: unset hooks read all ones, or plain memory for MMIO ---- */

extern uint32_t (*host_port_in)(uint16_t port, unsigned size);
extern void (*host_port_out)(uint16_t port, unsigned size, uint32_t value);
extern uint32_t (*host_mmio_in)(uintptr_t address, unsigned size);
extern void (*host_mmio_out)(uintptr_t address, unsigned size, uint32_t value);

/* ---- BIOS calls ---- */

/** Answers bios_call(); unset: every call fails with the carry flag. */
extern void (*host_bios_call)(uint8_t number, struct real_regs *regs);
extern void (*host_real_call)(uint16_t segment, uint16_t offset, bool as_interrupt,
			      struct real_regs *regs);
/** Answers gate_previous(); unset: carry flag. */
extern void (*host_gate_previous)(enum gate_vector vector, struct real_regs *regs);
/** Answers real_enter(); unset: returns 1 at once. */
extern int (*host_real_enter)(uint16_t segment, uint16_t offset, uint16_t stack_segment,
			      uint16_t stack_offset, struct real_regs *regs);
/** Called by real_leave(); must not return (longjmp). */
extern void (*host_real_leave)(int rc);
/** A program has hooked vectors over ours: they cannot be given back. */
extern bool host_foreign_hook;
/** The handler hooked on @vector, or NULL. */
gate_handler host_gate_handler(enum gate_vector vector);
/** Call @vector as a guest would: the hooked handler, or gate_previous(). */
void host_interrupt(enum gate_vector vector, struct real_regs *regs);
/** Call the PXE API as an NBP would: BX, ES:DI; AX is 1 when nobody serves it. */
void host_pxe_call(struct real_regs *regs);
extern uint32_t host_low_block_start, host_low_block_end;

/* ---- Ways out ---- */

/** Called by power_reboot() and leave_to_…() with their name; must not
 * return (longjmp). Unset: the program ends with status 70. */
extern void (*host_left)(const char *how);
extern int (*host_power_off)(void);

/* ---- A network card ---- */

/**
 * Register a card (with PCI function 00:1f.N, MAC 52:54:00:12:34:56 + N) whose frames go to
 * @sent when they are sent. It is not open yet.
 */
struct nic *host_card_add(uint32_t features,
			  void (*sent)(struct nic *nic, const struct tx_frame *frame));
/** Forget all cards that were registered. */
void host_card_reset(void);
/** Queue a frame for reception by the next poll; false when 64 wait already. */
bool host_card_inject(struct nic *nic, const void *frame, size_t len);
/** The same, in parts as a card with mergeable buffers delivers it, with NIC_RX_… @flags. */
bool host_card_inject_parts(struct nic *nic, const void *frame, size_t len, size_t first,
			    uint32_t flags);
/** Plug and unplug the cable. */
void host_card_link(struct nic *nic, bool up);

/* ---- Drivers: cards that probing finds ---- */

/** A fresh machine, without cards, whose frames go to @receive. */
void host_probe_start(void (*receive)(struct nic *nic, const struct rx_frame *frame));
/** Close all cards that probing made, and forget them. */
void host_probe_end(void);
/** Send a frame of @len bytes @fill; false when there is no buffer. */
bool host_send(struct nic *nic, size_t len, uint8_t fill);

/** A card over the Linux TAP device @name (created when absent); NULL after fail(). @offload:
 * with virtio-net headers: checksums and TSO in both directions. */
struct nic *host_tap_add(const char *name, bool offload);

#endif
