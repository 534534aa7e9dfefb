/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, preboot functions (PXE 2.1, section 3.2): what there is of the stack,
 * and giving it back.
 */
#include "boot/pxe.h"
#include "boot/pxe_params.h"

/* Nothing to load: the driver is ours, and running. */
static uint16_t start_undi(void *parameters)
{
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_start_undi) = {
	.opcode = PXENV_START_UNDI,
	.name = "START_UNDI",
	.size = sizeof(struct pxe_start_undi),
	.serve = start_undi,
};

/* The base code gives its memory back when the program ends. */
static uint16_t stop_base(void *parameters)
{
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_stop_base) = {
	.opcode = PXENV_STOP_BASE,
	.name = "STOP_BASE",
	.size = sizeof(struct pxe_status_only),
	.serve = stop_base,
};
