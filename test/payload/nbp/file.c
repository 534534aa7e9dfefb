// SPDX-License-Identifier: BSD-2-Clause
// The gPXE extensions: files by URI, commands of the firmware, its command line.
#include "nbp.h"

#define URL	  "http://192.0.2.1/nbp-data"
#define FILE_SIZE 20001

static const char url[] = URL, missing[] = "http://192.0.2.1/no/such/file", empty[] = "",
		  nonsense[] = "nonsense://x/y";
static const char set_command[] = "set said-by-nbp hello-from-the-nbp",
		  bad_command[] = "no-such-command", failing_command[] = "iseq a b",
		  chain_command[] = "chain tftp://192.0.2.1/nbp.0 status";
static char line[64];
static uint16_t handle;

static bool is_gpxe(void)
{
	const struct file_check *p = (const void *)block;
	return p->magic == 0xe9c17b20 && p->size >= 18 && (p->mask & 0x17f) == 0x17f;
}

static bool keeps_handle(void)
{
	handle = ((const struct file_open *)block)->handle;
	return true;
}

static bool has_command_line(void)
{
	const struct file_cmdline *p = (const void *)block;
	return p->size > 0 && memcmp(line, "all checks", 10) == 0;
}

static bool line_is_clipped(void)
{
	return line[4] == 0x77;
}

#define CHECK(bytes, number) file_check, .size = bytes, .magic = number
#define OPEN(uri)	     file_open, .name = (far_t)(uri)
#define EXEC(text)	     file_exec, .command = (far_t)(text)
#define READ(number)	     file_read, .handle = number, .size = sizeof(scratch), .buffer = (far_t)scratch

static const struct step file_steps[] = {
	STEP_ALSO("file-api-check", FILE_API_CHECK, SUCCESS, is_gpxe, CHECK(20, 0x91d447b2)),
	STEP("file-api-check-wrong-magic", FILE_API_CHECK, ANY_FAILURE, CHECK(20, 0x12345678)),
	STEP("file-api-check-too-small", FILE_API_CHECK, ANY_FAILURE, CHECK(4, 0x91d447b2)),
	STEP("file-open-no-scheme", FILE_OPEN, ANY_FAILURE, OPEN(nonsense)),
	STEP("file-open-empty", FILE_OPEN, ANY_STATUS, OPEN(empty)),
	STEP("file-read-no-handle", FILE_READ, ANY_FAILURE, READ(0x7777)),
	STEP("file-select-no-handle", FILE_SELECT, ANY_FAILURE, file_select, .handle = 0xffff),
	STEP("file-size-no-handle", GET_FILE_SIZE, ANY_FAILURE, file_size, .handle = 0x1234),
	STEP("file-close-no-handle", FILE_CLOSE, ANY_FAILURE, file_handle, .handle = 0x4321),
	STEP("file-exec", FILE_EXEC, SUCCESS, EXEC(set_command)),
	STEP("file-exec-unknown", FILE_EXEC, ANY_FAILURE, EXEC(bad_command)),
	STEP("file-exec-failing", FILE_EXEC, ANY_FAILURE, EXEC(failing_command)),
	// Another one in our place, which says no; then we are back.
	STEP("file-exec-nbp", FILE_EXEC, ANY_FAILURE, EXEC(chain_command)),
	STEP_ALSO("file-cmdline", FILE_CMDLINE, SUCCESS, has_command_line, file_cmdline,
		  .size = sizeof(line), .buffer = (far_t)line),
	STEP("file-exit-hook", FILE_EXIT_HOOK, ANY_STATUS, file_exec),
};

static const struct step clipped_line[] = {
	STEP_ALSO("file-cmdline-clipped", FILE_CMDLINE, ANY_STATUS, line_is_clipped, file_cmdline,
		  .size = 4, .buffer = (far_t)line),
};

static const struct step open_file[] = {
	STEP_ALSO("file-open", FILE_OPEN, SUCCESS, keeps_handle, OPEN(url)),
};
static const struct step open_missing[] = {
	STEP_ALSO("file-open-missing", FILE_OPEN, ANY_STATUS, keeps_handle, OPEN(missing)),
};

static uint16_t read_file(uint16_t *size)
{
	struct file_read *p = (void *)block;
	uint32_t start = ticks();
	do {
		*p = (struct file_read){
			.handle = handle, .size = sizeof(scratch), .buffer = (far_t)scratch};
		call(FILE_READ);
	} while (p->status == TFTP_IS_OPEN && ticks() - start < SECONDS(20));
	*size = p->size;
	return p->status;
}

static void close_file(const char *name, bool open)
{
	struct file_handle *p = (void *)block;
	*p = (struct file_handle){.handle = handle};
	call(FILE_CLOSE);
	finding(name, (p->status == SUCCESS) == open, p->status, open ? SUCCESS : FAILURE);
}

static void read_to_the_end(void)
{
	uint32_t length = 0, total = 0, wanted = 0;
	uint16_t size, status;
	for (uint32_t i = 0; i < FILE_SIZE; i++) {
		uint8_t byte = i * 31 + (i >> 8);
		wanted = sum(wanted, &byte, 1);
	}
	while ((status = read_file(&size)) == SUCCESS && size != 0 && size <= sizeof(scratch)) {
		length += size;
		total = sum(total, scratch, size);
	}
	finding("file-read-end", status == SUCCESS, status, SUCCESS);
	finding("file-read-length", length == FILE_SIZE, length, FILE_SIZE);
	finding("file-read-sum", total == wanted, total, wanted);
}

static void size_and_select(void)
{
	struct file_size *p = (void *)block;
	*p = (struct file_size){.handle = handle};
	call(GET_FILE_SIZE);
	finding("file-size", p->status == SUCCESS && p->size == FILE_SIZE, p->size, FILE_SIZE);
	struct file_select *q = (void *)block;
	uint32_t start = ticks();
	do {
		*q = (struct file_select){.handle = handle};
		call(FILE_SELECT);
	} while (q->status == SUCCESS && !(q->ready & 1) && ticks() - start < SECONDS(20));
	finding("file-select", q->status == SUCCESS && (q->ready & 1), q->ready, 1);
}

void check_file(void)
{
	RUN(file_steps);
	memset(line, 0x77, sizeof(line));
	RUN(clipped_line);
	RUN(open_file);
	size_and_select();
	read_to_the_end();
	close_file("file-close", true);
	close_file("file-close-twice", false);
	RUN(open_file);
	close_file("file-close-unread", true);
	uint16_t size;
	RUN(open_missing);
	if (((struct file_open *)block)->status == SUCCESS) {
		uint16_t status = read_file(&size);
		finding("file-read-missing", status != SUCCESS, status, FILE_NOT_FOUND);
		close_file("file-close-missing", true);
	}
}
