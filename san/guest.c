/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory and the timer interrupt.
 *
 * Between two disk calls a boot loader computes, shows menus and waits for
 * keys. Meanwhile the target wants its NOP-Ins answered, TCP its ACKs, and the
 * lease its renewal: so the timer interrupt, 18 times a second, runs the network
 * until nothing more arrives, for 2 ms at most. The loader loses under 4 % of
 * its time while data streams in, and next to nothing otherwise.
 */
#include "san/guest.h"
#include "bios/clock.h"
#include "bios/console.h"
#include "bios/gate.h"
#include "bios/heap.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "nic/nic.h"

#define TICK_BUDGET_US 2000u
#define HMA_END	       0x110000u /* what a real-mode pointer reaches */

bool guest_call_active;
static bool running;

/* ---- Memory ---- */

static bool overlaps(uint64_t start, uint64_t end, uint64_t other_start, uint64_t other_end)
{
	return start < other_end && other_start < end;
}

/* Bytes of [start, end) that lie in RAM ranges of @ranges. */
static uint64_t ram_within(const struct memory_range *ranges, unsigned count, uint64_t start,
			   uint64_t end)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t from = max(start, ranges[i].base);
		uint64_t to = min(end, ranges[i].base + ranges[i].length);

		if (ranges[i].type == 1 && from < to)
			sum += to - from;
	}
	return sum;
}

/* RAM of the firmware's map that the guest does not see is what we took. */
static bool is_ours(uint64_t start, uint64_t end)
{
	struct memory_range seen[MEMMAP_MAX];
	const struct memory_range *firmware;
	unsigned count = memmap_firmware(&firmware), seen_count;

	seen_count = memmap_hidden() ? memmap_visible(seen, MEMMAP_MAX)
				     : memmap_usable(seen, MEMMAP_MAX);
	return ram_within(firmware, count, start, end) != ram_within(seen, seen_count, start, end);
}

void *guest_memory(uint64_t address, uint64_t len)
{
	uint32_t low_start, low_end;

	if (len > UINT32_MAX || address > UINT32_MAX - len)
		return NULL;
	low_block(&low_start, &low_end);
	if (overlaps(address, address + len, low_start, low_end))
		return NULL;
	if (address + len > HMA_END && is_ours(max(address, (uint64_t)HMA_END), address + len))
		return NULL;
	return physical(address, len);
}

/* ---- Time ---- */

static uint64_t frames_received(void)
{
	uint64_t sum = 0;
	struct nic *nic;

	list_for_each(nic, &nics, link)
		sum += nic->counters.rx_packets;
	return sum;
}

/* INT 08h; the BIOS' own handler has run already, so the call is always "served". */
static bool timer_tick(struct real_regs *regs)
{
	uint64_t end = clock_us() + TICK_BUDGET_US, before;

	if (!running || guest_call_active)
		return true;
	guest_call_active = true;
	console_defer(true);
	do {
		before = frames_received();
		net_poll();
	} while (frames_received() != before && clock_us() < end);
	console_defer(false);
	guest_call_active = false;
	return true;
}

void guest_running(bool is_running)
{
	if (is_running == running)
		return;
	running = is_running;
	wait_cancelled_at = DEADLINE_NEVER; /* the boot got somewhere */
	if (!running)
		gate_unhook(GATE_INT08);
	else if (setting_number("", "san-poll", 1))
		gate_hook(GATE_INT08, timer_tick);
}

bool guest_is_running(void)
{
	return running;
}

/* ---- Programs that start programs ---- */

/* Each takes 828 bytes of the low block's 5 KB stack (gate_enter): the rest is for the BIOS. */
#define GUESTS_MAX 4u

static unsigned guests;

static int save_base_memory(struct guest_outer *outer)
{
	uint32_t start, end;

	low_block(&start, &end);
	outer->size = start - GUEST_BASE_START;
	outer->base_memory = heap_alloc(outer->size);
	if (!outer->base_memory)
		return fail(E_NO_MEMORY, "out of memory to keep the running program");
	memcpy(outer->base_memory, physical(GUEST_BASE_START, outer->size), outer->size);
	return 0;
}

int guest_begin(struct guest_outer *outer, bool serve)
{
	int rc;

	if (guests == GUESTS_MAX)
		return fail(E_SAN_NESTED, "%u programs wait for each other already", guests);
	*outer = (struct guest_outer){.running = running, .hidden = memmap_hidden()};
	rc = outer->running ? save_base_memory(outer) : 0;
	if (!rc)
		rc = memmap_hide();
	if (rc) {
		heap_free(outer->base_memory);
		return rc;
	}
	memmap_hide_images();
	guests++;
	if (serve)
		guest_running(true);
	return 0;
}

void guest_end(struct guest_outer *outer)
{
	guests--;
	guest_running(outer->running);
	if (!outer->hidden)
		memmap_unhide();
	else if (!memmap_hide() && outer->running)
		memmap_hide_images();
	if (outer->base_memory)
		memcpy(physical(GUEST_BASE_START, outer->size), outer->base_memory, outer->size);
	heap_free(outer->base_memory);
}
