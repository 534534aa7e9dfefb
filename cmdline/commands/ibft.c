/* SPDX-License-Identifier: BSD-2-Clause */
/* ibft: what an operating system will read about its disk, from the memory where it will read it.
 */
#include "acpi/ibft.h"
#include "bios/physical.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"

/* The table as it lies in memory at @address, decoded, verified, doubted. */
static int show(uint32_t address, bool ours)
{
	static struct ibft_params params;
	const void *table = physical(address, IBFT_MAX);
	int rc;

	print("iBFT at 0x%x, %s\n", address,
	      !ours		   ? "not ours"
	      : acpi_ibft_listed() ? "found by scan and listed in ACPI"
				   : "found by scan");
	if (!table)
		return fail(E_IBFT_DAMAGED, "no memory at 0x%x", address);
	rc = ibft_parse(table, IBFT_MAX, &params);
	if (rc)
		return fail_context(rc, "0x%x", address);
	ibft_print(&params);
	ibft_lint(&params, address);
	return 0;
}

static int run_ibft(struct call *call)
{
	size_t len;
	const void *table = acpi_ibft(&len);
	uint32_t ours = table ? physical_address(table) : 0;
	uint32_t first = acpi_scan_ibft(0);
	int rc = 0;

	if (!ours && !first)
		return fail(E_IBFT_NONE, "no iBFT: no SAN disk is hooked that has one");
	if (first && first != ours) {
		rc = show(first, false);
		if (ours)
			print("Warning: this one comes first in a scan\n");
	}
	return ours ? show(ours, true) : rc;
}

TABLE_ENTRY(command, cmd_ibft) = {
	.name = "ibft",
	.arguments = "",
	.summary = "Show and check the iSCSI Boot Firmware Table",
	.min_args = 0,
	.max_args = 0,
	.run = run_ibft,
};
