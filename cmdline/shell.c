/* SPDX-License-Identifier: BSD-2-Clause */
/* The interactive shell. */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"

static struct history history;

static int read_and_run(struct frame *frame)
{
	int rc;
	char *line = line_edit("iPXE> ", "", false, &history, DEADLINE_NEVER, &rc);

	/* Ctrl-C gives up the line, not the shell. */
	if (rc == E_CANCELLED)
		return 0;
	if (!line)
		return rc;
	history_add(&history, line);
	frame->line++;
	rc = command_line(line);
	/* In the shell every answer is for the user: also that of a test. */
	report_failure(rc);
	heap_free(line);
	return 0;
}

int shell_run(void)
{
	struct frame frame = {0};
	int rc;

	if (setting_number("", "lock", 0)) {
		rc = fail(E_CMD_LOCKED, "no shell: lock=1 is set");
		report_failure(rc);
		return rc;
	}
	rc = frame_enter(&frame);
	if (rc)
		return rc;
	while (!rc && !frame.stopped && !image_is_replaced())
		rc = read_and_run(&frame);
	frame_leave(&frame);
	return rc ? rc : frame.status;
}

TABLE_ENTRY(setting, setting_lock) = {
	.name = "lock",
	.type = "int8",
	.description = "1: no shell and no Ctrl-B",
};
