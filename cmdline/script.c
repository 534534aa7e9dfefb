/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts: their first line, logical lines, labels, and the walk from line to
 * line. A line whose status is not 0 ends the script with that status.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "netstack/net.h"

/* ---- The first line ---- */

/* Offset of the first character behind a byte order mark and blank lines. */
static size_t skip_blank(const char *text, size_t len)
{
	size_t i = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (i < len && is_space((uint8_t)text[i]))
		i++;
	return i;
}

bool script_probe(const char *text, size_t len)
{
	size_t i = skip_blank(text, len);

	if (len - i < 6 ||
	    (memcmp(text + i, "#!ipxe", 6) != 0 && memcmp(text + i, "#!gpxe", 6) != 0))
		return false;
	return len - i == 6 || is_space((uint8_t)text[i + 6]);
}

unsigned script_version(const char *text, size_t len)
{
	size_t i = skip_blank(text, len);
	unsigned version = 0;

	if (!script_probe(text, len))
		return 0;
	for (i += 6; i < len && (text[i] == ' ' || text[i] == '\t'); i++)
		;
	for (; i < len && is_digit((uint8_t)text[i]) && version < 1000; i++)
		version = version * 10 + (unsigned)(text[i] - '0');
	return version && (i == len || is_space((uint8_t)text[i])) ? version : 1;
}

/* ---- Lines ---- */

/* The physical line at @lines->next; its length without LF and CR. */
static const char *physical_line(struct lines *lines, size_t *len)
{
	const char *start = lines->text + lines->next;
	const char *end = memchr(start, '\n', lines->len - lines->next);

	*len = end ? (size_t)(end - start) : lines->len - lines->next;
	lines->next += *len + (end ? 1 : 0);
	lines->number++;
	if (*len && start[*len - 1] == '\r')
		(*len)--;
	return start;
}

struct lines lines_of(const char *text, size_t len)
{
	bool marked = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3);

	return (struct lines){.text = text, .len = len, .next = marked ? 3 : 0};
}

/* The next physical line; true when it ends in a backslash, which is not in *@len. */
static bool continued_line(struct lines *lines, const char **text, size_t *len)
{
	*text = physical_line(lines, len);
	if (!*len || (*text)[*len - 1] != '\\')
		return false;
	(*len)--;
	return true;
}

int lines_next(struct lines *lines, char **line, unsigned *number)
{
	struct lines ahead = *lines;
	size_t used = 0, len;
	const char *text;
	bool more = ahead.next < ahead.len;

	*line = NULL;
	if (!more)
		return 0;
	*number = lines->number + 1;
	while (more) {
		if (ahead.next >= ahead.len)
			return fail(E_SCRIPT_LINE, "the script ends in a backslash");
		more = continued_line(&ahead, &text, &len);
	}
	if (ahead.next - lines->next > LINE_BYTES_MAX)
		return fail(E_SCRIPT_LINE, "the line is longer than %u KB", LINE_BYTES_MAX / 1024);
	*line = heap_alloc(ahead.next - lines->next + 1);
	if (!*line)
		return fail(E_NO_MEMORY, "no memory for a line of the script");
	do {
		more = continued_line(lines, &text, &len);
		memcpy(*line + used, text, len);
		used += len;
	} while (more);
	(*line)[used] = 0;
	return 0;
}

const char *line_label(const char *line, size_t *len)
{
	while (is_space((uint8_t)*line))
		line++;
	if (*line != ':')
		return NULL;
	line++;
	for (*len = 0; line[*len] && !is_space((uint8_t)line[*len]);)
		(*len)++;
	return line;
}

char *line_commands(char *line)
{
	size_t len;
	const char *label = line_label(line, &len);

	return label ? line + (label - line) + len : line;
}

/* ---- Labels ---- */

/* Place @from before the line of @label; first match wins. */
static bool find_label(struct lines *from, const char *label)
{
	struct lines at = lines_of(from->text, from->len);
	char *line;
	unsigned number;

	for (;;) {
		struct lines before = at;
		size_t len;
		const char *name;
		bool found;

		if (lines_next(&at, &line, &number) || !line)
			return false;
		name = line_label(line, &len);
		found = name && strlen(label) == len && !memcmp(name, label, len);
		heap_free(line);
		if (found) {
			*from = before;
			return true;
		}
	}
}

struct frame *frame_of_labels(void)
{
	struct frame *frame = current_frame;

	while (frame && !frame->lines)
		frame = frame->parent;
	return frame;
}

/*
 * Going round and round is what scripts do while they wait for something, so
 * each jump also is a turn of waiting: the cards are served and Ctrl-C works.
 */
int script_goto(const char *label)
{
	struct frame *frame = frame_of_labels();
	int rc;

	if (!frame)
		return fail(E_SCRIPT_OUTSIDE, "Not in a script");
	rc = wait_turn(DEADLINE_NEVER);
	if (rc)
		return rc;
	if (!find_label(frame->lines, label))
		return fail(E_SCRIPT_LABEL, "%s has no label \":%.60s\"",
			    frame->script ? frame->script : "the block", label);
	blocks_jumped(frame);
	for (struct frame *shell = current_frame; shell != frame; shell = shell->parent) {
		shell->stopped = shell->left_by_goto = true;
		shell->status = 0;
	}
	line_stop();
	return 0;
}

/* ---- Running ---- */

int lines_run(struct frame *frame)
{
	int rc = 0;

	while (!rc && !frame->stopped && !image_is_replaced()) {
		char *line;

		rc = lines_next(frame->lines, &line, &frame->line);
		if (rc)
			line_failed(rc);
		if (rc || !line)
			break;
		if (frame->extended)
			rc = blocks_run(frame, line_commands(line));
		else
			rc = command_line(line_commands(line));
		heap_free(line);
	}
	blocks_leave(frame);
	return frame->stopped ? frame->status : rc;
}

int script_run(const char *name, const char *text, size_t len)
{
	struct lines lines = lines_of(text, len);
	struct frame frame = {
		.script = name, .lines = &lines, .extended = script_version(text, len) == 2};
	int rc = frame_enter(&frame);

	if (rc)
		return rc;
	script_check(name, text, len);
	rc = lines_run(&frame);
	report_failure(rc);
	frame_leave(&frame);
	if (!current_frame)
		command_forget();
	return rc;
}
