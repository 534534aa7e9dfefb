/* SPDX-License-Identifier: BSD-2-Clause */
/* localboot: the disks that are in the machine. */
#include "boot/localboot.h"
#include "cmdline/command.h"
#include "lib/error.h"

enum { PARTITION, LIST };

static const struct option options[] = {
	[PARTITION] = {'p', "partition", OPTION_NUMBER,
		       "boot this partition by its own boot sector"},
	[LIST] = {'l', "list", OPTION_FLAG, "only list the disks that the BIOS offers"},
};

static int run_localboot(struct call *call)
{
	uint64_t partition = call->option[PARTITION].number;
	unsigned drive = LOCALBOOT_FIRST;
	int rc = 0;

	if (call->option[LIST].given) {
		localboot_list();
		return 0;
	}
	if (call->option[PARTITION].given && (!partition || partition > UINT16_MAX))
		return fail(E_INVALID, "--partition %.20s: partitions are counted from 1",
			    call->option[PARTITION].text);
	if (call->argc)
		rc = localboot_drive(call->argv[0], &drive);
	return rc ? rc : localboot(drive, (unsigned)partition);
}

TABLE_ENTRY(command, cmd_localboot) = {
	.name = "localboot",
	.arguments = "[<drive>]",
	.summary = "Boot a disk of this machine",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.max_args = 1,
	.run = run_localboot,
	.details =
		"Without a drive: the first hard disk that is neither a SAN drive nor removable\n"
		"and can be booted. Drives are 0x80, 0x81, or hd0, hd1; fd0 is the first floppy.\n"
		"A boot sector that gives up comes back to the script.",
};
