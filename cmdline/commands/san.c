/* SPDX-License-Identifier: BSD-2-Clause */
/* sanhook, sanboot, sanunhook, san: SAN disks by hand. */
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"
#include "san/san.h"

enum san_option {
	OPT_DRIVE,
	OPT_NO_DESCRIBE,
	OPT_KEEP,
	OPT_FILENAME,
	OPT_EXTRA,
	OPT_LABEL,
	OPT_UUID
};

static const struct option san_options[] = {
	[OPT_DRIVE] = {'d', "drive", OPTION_NUMBER,
		       "BIOS drive number, 0x80 to 0xfe; 0xff: the next one"},
	[OPT_NO_DESCRIBE] = {'n', "no-describe", OPTION_FLAG, "do not put the disk into the iBFT"},
	[OPT_KEEP] = {'k', "keep", OPTION_FLAG, "keep the disk hooked when booting from it fails"},
	[OPT_FILENAME] = {'f', "filename", OPTION_TEXT, "boot file (UEFI only: ignored)"},
	[OPT_EXTRA] = {'e', "extra", OPTION_TEXT, "file that must exist (UEFI only: ignored)"},
	[OPT_LABEL] = {'l', "label", OPTION_TEXT, "volume label (UEFI only: ignored)"},
	[OPT_UUID] = {'u', "uuid", OPTION_TEXT, "volume UUID (UEFI only: ignored)"},
};

static int drive_of(const struct call *call, unsigned *drive)
{
	if (call->option[OPT_DRIVE].given)
		return san_drive_number(call->option[OPT_DRIVE].number, drive);
	*drive = san_default_drive();
	return 0;
}

static int hook(const struct call *call, unsigned drive)
{
	return san_hook(drive, (const char *const *)call->argv, (unsigned)call->argc,
			!call->option[OPT_NO_DESCRIBE].given);
}

static int run_sanhook(struct call *call)
{
	unsigned drive;
	int rc = drive_of(call, &drive);

	return rc ? rc : hook(call, drive);
}

static int run_sanunhook(struct call *call)
{
	unsigned drive;
	int rc = drive_of(call, &drive);

	return rc ? rc : san_unhook(drive);
}

static void note_ignored(const struct call *call)
{
	for (unsigned i = OPT_FILENAME; i <= OPT_UUID; i++) {
		if (call->option[i].given) {
			print("Note: --filename, --extra, --label and --uuid choose a UEFI boot "
			      "file; on a BIOS machine they are ignored\n");
			return;
		}
	}
}

/* After a drive that this command hooked did not boot. */
static void unhook_or_keep(const struct call *call, unsigned drive)
{
	if (call->option[OPT_KEEP].given)
		san_set_keep(drive);
	if (san_keeps(drive))
		print("Preserving SAN device 0x%02x\n", drive);
	else
		san_unhook(drive);
}

static int run_sanboot(struct call *call)
{
	unsigned drive;
	int rc = drive_of(call, &drive);

	if (rc)
		return rc;
	note_ignored(call);
	if (!call->argc)
		return san_boot(drive);
	rc = hook(call, drive);
	if (rc)
		return rc;
	if (san_skip_boot(drive))
		print("Skipping boot from SAN device 0x%02x\n", drive);
	else
		rc = san_boot(drive);
	unhook_or_keep(call, drive);
	return rc;
}

static int run_san(struct call *call)
{
	san_print();
	return 0;
}

TABLE_ENTRY(command, cmd_sanhook) = {
	.name = "sanhook",
	.arguments = "<root-path>...",
	.summary = "Attach a SAN disk as BIOS drive",
	.options = san_options,
	.option_count = OPT_KEEP,
	.min_args = 1,
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_sanhook,
	.details =
		"With several paths the first that answers is used. The disk stays attached for\n"
		"whatever boots next when keep-san is set (keep-san 1, or net0/keep-san 1).",
};
TABLE_ENTRY(command, cmd_sanboot) = {
	.name = "sanboot",
	.arguments = "[<root-path>...]",
	.summary = "Attach a SAN disk and boot from it; without a path, boot a drive that is there",
	.options = san_options,
	.option_count = ARRAY_SIZE(san_options),
	.min_args = 0,
	.max_args = ARGS_ANY,
	.options_anywhere = true,
	.run = run_sanboot,
	.details = "When booting fails the disk is detached again, unless --keep or keep-san say\n"
		   "otherwise. skip-san-boot=1 attaches without booting.",
};
TABLE_ENTRY(command, cmd_sanunhook) = {
	.name = "sanunhook",
	.arguments = "",
	.summary = "Detach a SAN disk",
	.options = san_options,
	.option_count = OPT_NO_DESCRIBE,
	.min_args = 0,
	.max_args = 0,
	.run = run_sanunhook,
};
TABLE_ENTRY(command, cmd_san) = {
	.name = "san",
	.arguments = "",
	.summary = "List the SAN drives, their sessions and counters",
	.min_args = 0,
	.max_args = 0,
	.run = run_san,
};
