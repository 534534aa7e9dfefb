/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, TFTP functions (PXE 2.1, section 3.3), and RESTART_TFTP (section 3.2.6).
 *
 * A name may be a whole address (http://…): then server and port of the call are
 * not used. A file that is read packet by packet comes as a stream
 * (netstack/stream.h); READ_FILE writes straight into the program's memory.
 * Multicast is not done: READ_FILE takes the file by unicast even when a group is
 * given, and READ_FILE_PMODE is not supported.
 */
#include "boot/nbp.h"
#include "boot/pxe.h"
#include "boot/pxe_params.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/text.h"
#include "netstack/fetch.h"
#include "netstack/stream.h"
#include "netstack/tftp.h"

#define PACKET_MIN 512u
#define PACKET_MAX 16384u

/* The one file that is open. */
static struct stream *stream;
static uint16_t packet_size, packet_number;

static void tftp_stop(void)
{
	stream_close(stream);
	stream = NULL;
}
TABLE_ENTRY(pxe_part, pxe_tftp_part) = {.stop = tftp_stop, .base_code = true};

/* ---- Names ---- */

/* The address of the file called @field on @server; server and port in network order. NULL after
 * fail(). */
static struct uri *address(const char *field, uint32_t server, uint16_t port)
{
	char name[PXE_NAME_MAX + 1], *text;
	struct uri *uri;

	memcpy(name, field, PXE_NAME_MAX);
	name[PXE_NAME_MAX] = '\0';
	if (strstr(name, "://"))
		return uri_parse(name);
	text = tftp_address(be32(server), be16(port), name);
	uri = text ? uri_parse(text) : NULL;
	heap_free(text);
	return uri;
}

static int open_stream(const char *name, uint32_t server, uint16_t port, struct stream **result)
{
	struct uri *uri = address(name, server, port);
	int rc;

	*result = NULL;
	if (!uri)
		return E_URI_INVALID;
	rc = stream_open(uri, result);
	uri_free(uri);
	return rc;
}

/* ---- Packet by packet ---- */

/* A program that opens another file has done with the last one, whether it says so or not. */
static uint16_t serve_open(void *parameters)
{
	struct pxe_tftp_open *p = parameters;

	if (p->packet_size < PACKET_MIN)
		return PXENV_STATUS_TFTP_INVALID_PACKET_SIZE;
	tftp_stop();
	packet_size = p->packet_size = (uint16_t)min(p->packet_size, PACKET_MAX);
	packet_number = 0;
	return pxe_status_of(open_stream(p->name, p->server, p->port, &stream));
}
TABLE_ENTRY(pxe_call, call_tftp_open) = {
	.opcode = PXENV_TFTP_OPEN,
	.name = "TFTP_OPEN",
	.size = sizeof(struct pxe_tftp_open),
	.serve = serve_open,
};

static uint16_t serve_close(void *parameters)
{
	if (!stream)
		return PXENV_STATUS_TFTP_CLOSED;
	tftp_stop();
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_tftp_close) = {
	.opcode = PXENV_TFTP_CLOSE,
	.name = "TFTP_CLOSE",
	.size = sizeof(struct pxe_status_only),
	.serve = serve_close,
};

/* The packet that is not full is the last one. */
static uint16_t serve_read(void *parameters)
{
	struct pxe_tftp_read *p = parameters;
	void *buffer = pxe_target(p->buffer, packet_size);
	uint16_t status;
	long len;

	p->buffer_size = 0;
	if (!stream)
		return PXENV_STATUS_TFTP_CLOSED;
	if (!buffer)
		return PXENV_STATUS_FAILURE;
	len = stream_fill(stream, buffer, packet_size);
	if (len < 0) {
		tftp_stop();
		status = pxe_status_of((int)len);
		return status == PXENV_STATUS_TFTP_OPEN_TIMEOUT ? PXENV_STATUS_TFTP_READ_TIMEOUT
								: status;
	}
	p->packet_number = ++packet_number;
	p->buffer_size = (uint16_t)len;
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_tftp_read) = {
	.opcode = PXENV_TFTP_READ,
	.name = "TFTP_READ",
	.size = sizeof(struct pxe_tftp_read),
	.serve = serve_read,
};

static uint16_t serve_get_fsize(void *parameters)
{
	struct pxe_tftp_get_fsize *p = parameters;
	struct stream *file;
	uint64_t size;
	int rc = open_stream(p->name, p->server, 0, &file);

	if (!file)
		return pxe_status_of(rc);
	size = stream_size(file);
	stream_close(file);
	if (size > UINT32_MAX)
		return PXENV_STATUS_TFTP_NO_FILESIZE;
	p->size = (uint32_t)size;
	return PXENV_STATUS_SUCCESS;
}
TABLE_ENTRY(pxe_call, call_tftp_get_fsize) = {
	.opcode = PXENV_TFTP_GET_FSIZE,
	.name = "TFTP_GET_FSIZE",
	.size = sizeof(struct pxe_tftp_get_fsize),
	.serve = serve_get_fsize,
};

/* ---- Whole files ---- */

/* Fetch into the @room bytes at @data; their number in *@len. */
static int read_file(const struct pxe_tftp_read_file *p, void *data, uint32_t room, uint32_t *len)
{
	struct uri *uri = address(p->name, p->server, p->server_port);
	struct fetch f = {
		.uri = uri,
		.retries = fetch_retries(),
		.quiet = true,
		.lent = true,
		.data = data,
		.capacity = room,
	};
	int rc;

	if (!uri)
		return E_URI_INVALID;
	rc = fetch_run(&f);
	if (!rc) {
		*len = (uint32_t)f.len;
		fetch_release(&f);
	}
	uri_free(uri);
	return rc;
}

static uint16_t serve_read_file(void *parameters)
{
	struct pxe_tftp_read_file *p = parameters;
	uint32_t len = 0;
	void *data = pxe_target_linear(p->buffer, p->buffer_size);
	int rc;

	if (!data)
		return PXENV_STATUS_FAILURE;
	rc = read_file(p, data, p->buffer_size, &len);
	p->buffer_size = len;
	return pxe_status_of(rc);
}
TABLE_ENTRY(pxe_call, call_tftp_read_file) = {
	.opcode = PXENV_TFTP_READ_FILE,
	.name = "TFTP_READ_FILE",
	.size = sizeof(struct pxe_tftp_read_file),
	.serve = serve_read_file,
};

/* Returns only when there is no such program. */
static uint16_t serve_restart(void *parameters)
{
	uint8_t *program = heap_alloc(NBP_SIZE_MAX);
	uint32_t len = 0;
	int rc = program ? read_file(parameters, program, NBP_SIZE_MAX, &len) : E_NO_MEMORY;

	if (!rc && len)
		nbp_restart(program, len);
	heap_free(program);
	return rc ? pxe_status_of(rc) : PXENV_STATUS_FAILURE;
}
TABLE_ENTRY(pxe_call, call_restart_tftp) = {
	.opcode = PXENV_RESTART_TFTP,
	.name = "RESTART_TFTP",
	.size = sizeof(struct pxe_tftp_read_file),
	.serve = serve_restart,
};
