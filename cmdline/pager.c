/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging of what a command prints in the shell.
 *
 * Only output in one go stops at the end of a page: a command that waits for
 * something (the network, a key) shows its progress, and must not stand still
 * because nobody presses a key. Nothing stops inside a script.
 */
#include "cmdline/interpreter.h"
#include "bios/console.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/net.h"

static struct {
	bool on;
	bool enough; /* the reader wants no more of this command's output */
	unsigned line, column;
	unsigned turns; /* wait_turns when the first of these lines came */
	void (*output)(const char *text, size_t len);
} pager;

static void ask(unsigned rows)
{
	static const char more[] = "--more--", erase[] = "\r        \r";
	int key;

	pager.output(more, sizeof(more) - 1);
	do
		key = key_wait(DEADLINE_NEVER);
	while (key != ' ' && key != KEY_ENTER && key != '\n' && key != KEY_DOWN &&
	       key != KEY_PAGE_DOWN && key != 'q' && key != KEY_ESC && key >= 0);
	pager.output(erase, sizeof(erase) - 1);
	pager.enough = key == 'q' || key == KEY_ESC || key < 0;
	pager.line = key == ' ' || key == KEY_PAGE_DOWN ? 0 : rows - 2;
	pager.turns = wait_turns;
}

static void page_write(const char *text, size_t len)
{
	unsigned rows, columns;

	console_size(&rows, &columns);
	for (size_t from = 0, i = 0; i < len && !pager.enough; i++) {
		bool full = text[i] == '\n' || ++pager.column >= columns;

		if (full) {
			pager.line++;
			pager.column = 0;
		}
		if (full && pager.line >= rows - 1) {
			pager.output(text + from, i + 1 - from);
			from = i + 1;
			ask(rows);
		}
		if (i + 1 == len && !pager.enough)
			pager.output(text + from, len - from);
	}
}

static void pager_write(const char *text, size_t len)
{
	bool waiting = wait_turns & 1;

	if (waiting || !current_frame || current_frame->script) {
		pager.output(text, len);
		return;
	}
	if (pager.turns != wait_turns) {
		pager.turns = wait_turns;
		pager.line = pager.column = 0;
		pager.enough = false;
	}
	page_write(text, len);
}

void pager_start(void)
{
	if (pager.on)
		return;
	pager.output = log_output;
	pager.on = true;
	pager.enough = false;
	pager.line = pager.column = 0;
	pager.turns = wait_turns;
	log_output = pager_write;
}

void pager_stop(void)
{
	if (!pager.on)
		return;
	log_output = pager.output;
	pager.on = false;
}
