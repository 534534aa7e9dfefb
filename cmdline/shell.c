/* SPDX-License-Identifier: BSD-2-Clause */
/* The interactive shell. */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "boot/boot_timer.h"
#include "boot/image.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"

static struct history history;

/* @line and @more, which are taken, in two lines; NULL without memory. */
static char *append_line(char *line, char *more)
{
	size_t len = strlen(line);
	char *whole = heap_realloc(line, len + strlen(more) + 2);

	if (whole) {
		whole[len] = '\n';
		memcpy(whole + len + 1, more, strlen(more) + 1);
	} else {
		heap_free(line);
	}
	heap_free(more);
	return whole;
}

/* Read on until the block that @line begins is whole. Takes @line; NULL when it was given up. */
static char *read_block(char *line)
{
	while (line && blocks_are_open(line)) {
		int rc;
		char *more = line_edit("> ", "", false, &history, DEADLINE_NEVER, &rc);

		if (!more) { /* without memory there is a sentence, and else nothing to say */
			report_failure(rc == E_NO_MEMORY ? rc : 0);
			heap_free(line);
			return NULL;
		}
		history_add(&history, more);
		line = append_line(line, more);
		if (!line)
			report_failure(
				fail(E_NO_MEMORY, "no memory for the block; nothing of it ran"));
	}
	return line;
}

static int run_block(struct frame *frame, const char *text)
{
	struct lines lines = lines_of(text, strlen(text));
	int rc;

	frame->lines = &lines;
	rc = lines_run(frame);
	frame->lines = NULL;
	return rc;
}

static int read_and_run(struct frame *frame)
{
	int rc;
	char *line = line_edit("iPXE> ", "", false, &history, DEADLINE_NEVER, &rc);

	/* Ctrl-C gives up the line, not the shell; the end of boot-timeout does. */
	if (rc == E_CANCELLED && !boot_timer_expired())
		return 0;
	if (!line)
		return rc;
	history_add(&history, line);
	frame->line++;
	line = read_block(line);
	if (!line)
		return 0;
	pager_start();
	rc = strchr(line, '\n') ? run_block(frame, line) : command_line(line);
	/* In the shell every answer is for the user: also that of a test. */
	report_failure(rc);
	pager_stop();
	heap_free(line);
	return 0;
}

bool shell_locked(void)
{
	return setting_number("", "lock", 0) != 0;
}

int shell_run(void)
{
	struct frame frame = {.extended = true};
	int rc;

	if (shell_locked()) {
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
	if (frame.left_by_goto)
		line_stop();
	return rc ? rc : frame.status;
}

TABLE_ENTRY(setting, setting_lock) = {
	.name = "lock",
	.type = "int8",
	.description = "1: no shell and no Ctrl-B",
};
