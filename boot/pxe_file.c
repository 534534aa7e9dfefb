/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, the gPXE extensions E0h to E8h: files by URI, and commands of ours.
 * There is no specification; this is what PXELINUX (URLs as file names) and its
 * modules gpxecmd.c32 and sanboot.c32 rely on.
 *
 * FILE_OPEN waits until the server has answered, so that a file is always ready
 * to be read, and FILE_READ never says "try again". FILE_EXIT_HOOK is not there:
 * it belongs to a boot ROM, which has somebody to return to.
 */
#include "boot/image.h"
#include "boot/pxe.h"
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"
#include "netstack/stream.h"

enum {
	PXENV_FILE_OPEN = 0xe0,
	PXENV_FILE_CLOSE = 0xe1,
	PXENV_FILE_SELECT = 0xe2,
	PXENV_FILE_READ = 0xe3,
	PXENV_GET_FILE_SIZE = 0xe4,
	PXENV_FILE_EXEC = 0xe5,
	PXENV_FILE_API_CHECK = 0xe6,
	PXENV_FILE_CMDLINE = 0xe8,
};

#define FILES	       16
#define TEXT_MAX       4096u
#define CHECK_ASK      0x91d447b2u
#define CHECK_ANSWER   0xe9c17b20u
#define CHECK_PROVIDER 0x45585067u /* "gPXE" */
#define READY_TO_READ  0x0001
#define SIZE_MAX_32    0xffffffffu

struct file_open {
	uint16_t status;
	uint16_t handle;
	struct segoff name;
	uint32_t reserved;
} PACKED;

struct file_close {
	uint16_t status;
	uint16_t handle;
} PACKED;

struct file_select {
	uint16_t status;
	uint16_t handle;
	uint16_t ready;
} PACKED;

struct file_read {
	uint16_t status;
	uint16_t handle;
	uint16_t size;
	struct segoff buffer;
} PACKED;

struct get_file_size {
	uint16_t status;
	uint16_t handle;
	uint32_t size;
} PACKED;

struct file_exec {
	uint16_t status;
	struct segoff command;
} PACKED;

struct file_api_check {
	uint16_t status;
	uint16_t size;
	uint32_t magic;
	uint32_t provider;
	uint32_t mask;
	uint32_t flags;
} PACKED;

struct file_cmdline {
	uint16_t status;
	uint16_t size;
	struct segoff buffer;
} PACKED;

/* ---- Handles: an index + 1 ---- */

static struct stream *files[FILES];

static struct stream *file_of(uint16_t handle)
{
	return handle >= 1 && handle <= FILES ? files[handle - 1] : NULL;
}

static uint16_t free_handle(void)
{
	for (uint16_t i = 0; i < FILES; i++) {
		if (!files[i])
			return i + 1;
	}
	return 0;
}

static void close_handle(uint16_t handle)
{
	stream_close(files[handle - 1]);
	files[handle - 1] = NULL;
}

static void close_all(void)
{
	for (uint16_t i = 0; i < FILES; i++)
		close_handle(i + 1);
}

TABLE_ENTRY(pxe_part, file_part) = {.stop = close_all, .base_code = true};

/** The text at @p on the heap, or NULL and the reason in *@status. */
static char *text_at(struct segoff p, uint16_t *status)
{
	char *text = heap_alloc(TEXT_MAX);

	*status = PXENV_STATUS_OUT_OF_RESOURCES;
	if (text && pxe_text(p, text, TEXT_MAX))
		return text;
	if (text) {
		log_debug("pxe", 1, "the text at %04x:%04x does not end", p.segment, p.offset);
		*status = PXENV_STATUS_FAILURE;
	}
	heap_free(text);
	return NULL;
}

/* ---- Files ---- */

static int open_name(const char *name, struct stream **stream)
{
	struct uri *uri = uri_resolve(image_current_uri(), name);
	int rc = uri ? stream_open(uri, stream) : error_code();

	uri_free(uri);
	return rc;
}

static uint16_t file_open(void *parameters)
{
	struct file_open *p = parameters;
	uint16_t handle = free_handle(), status;
	char *name;

	if (!handle)
		return PXENV_STATUS_OUT_OF_RESOURCES;
	name = text_at(p->name, &status);
	if (!name)
		return status;
	status = pxe_status_of(open_name(name, &files[handle - 1]));
	heap_free(name);
	p->handle = status ? 0 : handle;
	return status;
}

static uint16_t file_close(void *parameters)
{
	const struct file_close *p = parameters;

	if (!file_of(p->handle))
		return PXENV_STATUS_TFTP_CLOSED;
	close_handle(p->handle);
	return PXENV_STATUS_SUCCESS;
}

static uint16_t file_select(void *parameters)
{
	struct file_select *p = parameters;

	if (!file_of(p->handle))
		return PXENV_STATUS_TFTP_CLOSED;
	p->ready = READY_TO_READ;
	return PXENV_STATUS_SUCCESS;
}

static uint16_t file_read(void *parameters)
{
	struct file_read *p = parameters;
	struct stream *file = file_of(p->handle);
	uint8_t *buffer = pxe_target(p->buffer, p->size);
	long n;

	if (!file)
		return PXENV_STATUS_TFTP_CLOSED;
	if (!buffer)
		return PXENV_STATUS_FAILURE;
	n = stream_fill(file, buffer, p->size);
	if (n < 0)
		return pxe_status_of((int)n);
	p->size = (uint16_t)n;
	return PXENV_STATUS_SUCCESS;
}

static uint16_t get_file_size(void *parameters)
{
	struct get_file_size *p = parameters;
	const struct stream *file = file_of(p->handle);

	if (!file)
		return PXENV_STATUS_TFTP_CLOSED;
	if (stream_size(file) >= SIZE_MAX_32)
		return PXENV_STATUS_TFTP_NO_FILESIZE;
	p->size = (uint32_t)stream_size(file);
	return PXENV_STATUS_SUCCESS;
}

/* ---- Commands ---- */

/** The command runs inside of the program's call. Most that matter (sanboot, chain of a kernel) do
 * not come back when they succeed. */
static uint16_t file_exec(void *parameters)
{
	const struct file_exec *p = parameters;
	const struct image *program = image_current();
	uint16_t status;
	char *command = text_at(p->command, &status);
	int rc;

	if (!command)
		return status;
	pxe_command_begin();
	rc = script_run(program ? program->name : "PXE API", command, strlen(command));
	pxe_command_end();
	heap_free(command);
	return pxe_status_of(rc);
}

static uint16_t api_check(void *parameters)
{
	struct file_api_check *p = parameters;
	const struct pxe_call *call;

	if (p->magic != CHECK_ASK)
		return PXENV_STATUS_BAD_FUNC;
	if (p->size < sizeof(*p))
		return PXENV_STATUS_OUT_OF_RESOURCES;
	*p = (struct file_api_check){
		.size = sizeof(*p),
		.magic = CHECK_ANSWER,
		.provider = CHECK_PROVIDER,
	};
	table_for_each(pxe_call, call) {
		if (call->opcode >= PXENV_FILE_OPEN && call->opcode < PXENV_FILE_OPEN + 32)
			p->mask |= 1u << (call->opcode - PXENV_FILE_OPEN);
	}
	return PXENV_STATUS_SUCCESS;
}

/** The program's own arguments, cut to its buffer; the answer says how long they are with their
 * NUL. */
static uint16_t file_cmdline(void *parameters)
{
	struct file_cmdline *p = parameters;
	const struct image *program = image_current();
	const char *text = program && program->cmdline ? program->cmdline : "";
	size_t len = min(strlen(text) + 1, (size_t)0xffff), fit = min(len, (size_t)p->size);
	char *buffer = pxe_target(p->buffer, p->size);

	if (!buffer)
		return PXENV_STATUS_FAILURE;
	if (fit) {
		memcpy(buffer, text, fit);
		buffer[fit - 1] = '\0';
	}
	p->size = (uint16_t)len;
	return PXENV_STATUS_SUCCESS;
}

#define FILE_CALL(function, handler)                                                               \
	TABLE_ENTRY(pxe_call, call_##handler) = {                                                  \
		.opcode = PXENV_##function,                                                        \
		.name = #function,                                                                 \
		.size = sizeof(struct handler),                                                    \
		.serve = handler,                                                                  \
	}

FILE_CALL(FILE_OPEN, file_open);
FILE_CALL(FILE_CLOSE, file_close);
FILE_CALL(FILE_SELECT, file_select);
FILE_CALL(FILE_READ, file_read);
FILE_CALL(GET_FILE_SIZE, get_file_size);
FILE_CALL(FILE_EXEC, file_exec);
FILE_CALL(FILE_CMDLINE, file_cmdline);
TABLE_ENTRY(pxe_call, call_api_check) = {
	.opcode = PXENV_FILE_API_CHECK,
	.name = "FILE_API_CHECK",
	.size = sizeof(struct file_api_check),
	.serve = api_check,
};
