/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, preboot functions (PXE 2.1, section 3.2): what there is of the stack,
 * and giving it back.
 */
#include "boot/nbp.h"
#include "boot/pxe.h"
#include "boot/pxe_packets.h"
#include "boot/pxe_params.h"
#include "bios/gate.h"
#include "bios/memmap.h"
#include "netstack/tcp.h"
#include "san/guest.h"
#include "san/san.h"

/* Nothing to load: driver and base code are ours, and running. */
static uint16_t nothing_to_do(void *parameters)
{
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_start_undi) = {
	.opcode = PXENV_START_UNDI,
	.name = "START_UNDI",
	.size = sizeof(struct pxe_start_undi),
	.serve = nothing_to_do,
};

/* There is one base code, and once unloaded it does not come back. */
static uint16_t start_base(void *parameters)
{
	return gate_hooked(GATE_INT1A) ? PXENV_STATUS_SUCCESS : PXENV_STATUS_UNSUPPORTED;
}
TABLE_ENTRY(pxe_call, call_start_base) = {
	.opcode = PXENV_START_BASE,
	.name = "START_BASE",
	.size = sizeof(struct pxe_status_only),
	.serve = start_base,
};

TABLE_ENTRY(pxe_call, call_stop_base) = {
	.opcode = PXENV_STOP_BASE,
	.name = "STOP_BASE",
	.size = sizeof(struct pxe_status_only),
	.serve = nothing_to_do,
};

/* ---- Cached packets ---- */

/* Without room for a copy the program gets a pointer to ours. */
static uint16_t get_cached_info(void *parameters)
{
	struct pxe_get_cached_info *p = parameters;
	bool wants_copy = p->buffer_size && (p->buffer.segment || p->buffer.offset);
	struct segoff ours;
	uint8_t *packet, *copy;

	if (p->packet_type < 1 || p->packet_type > PXE_PACKETS)
		return PXENV_STATUS_UNSUPPORTED;
	packet = pxe_packet(p->packet_type, &ours);
	p->buffer_limit = PXE_PACKET_SIZE;
	if (!wants_copy) {
		p->buffer = ours;
		p->buffer_size = PXE_PACKET_SIZE;
		return PXENV_STATUS_SUCCESS;
	}
	p->buffer_size = (uint16_t)min(p->buffer_size, PXE_PACKET_SIZE);
	copy = pxe_target(p->buffer, p->buffer_size);
	if (!copy)
		return PXENV_STATUS_FAILURE;
	memcpy(copy, packet, p->buffer_size);
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_get_cached_info) = {
	.opcode = PXENV_GET_CACHED_INFO,
	.name = "GET_CACHED_INFO",
	.size = sizeof(struct pxe_get_cached_info),
	.serve = get_cached_info,
};

/* ---- Giving the machine back ---- */

static uint16_t unload_stack(void *parameters)
{
	return pxe_unload_base() ? PXENV_STATUS_SUCCESS : PXENV_STATUS_KEEP_ALL;
}
TABLE_ENTRY(pxe_call, call_unload_stack) = {
	.opcode = PXENV_UNLOAD_STACK,
	.name = "UNLOAD_STACK",
	.size = sizeof(struct pxe_status_only),
	.serve = unload_stack,
};

/* Vectors, hidden memory and cards go back, as when we leave the machine. Not 40:13, from which
 * programs see what base memory they may free. */
static void give_back(void)
{
	pxe_stop();
	guest_running(false);
	real_keep_guest();
	memmap_unhide_map();
	tcp_abort_all();
	nic_close_all();
}

/* The last call of a program that starts an operating system: from here on all memory but the
 * program's own may be overwritten. Not while somebody needs us: a SAN drive, a program that
 * started this one, one that hooked a vector over ours. */
static uint16_t stop_undi(void *parameters)
{
	if (gate_hooked(GATE_INT1A) || san_any_hooked() || nbp_is_nested() || !gate_on_top())
		return PXENV_STATUS_KEEP_UNDI;
	give_back();
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_stop_undi) = {
	.opcode = PXENV_STOP_UNDI,
	.name = "STOP_UNDI",
	.size = sizeof(struct pxe_status_only),
	.serve = stop_undi,
};
