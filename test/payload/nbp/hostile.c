// SPDX-License-Identifier: BSD-2-Clause
// Pointers that lead nowhere: whatever the answer is, memory that is not the caller's buffer stays
// as it is.
#include "nbp.h"

#define AREA	  0x20000
#define AREA_SIZE 0x20000
#define CHUNK	  1024

void api_call(uint32_t via_pxe, uint32_t opcode, far_t at);

static const char command[] = "set said-by-nbp hello-from-the-nbp";

static void fill_area(void)
{
	memset(scratch, 0x5a, CHUNK);
	for (uint32_t at = AREA; at < AREA + AREA_SIZE; at += CHUNK)
		far_copy(at, (uint32_t)scratch, CHUNK);
}

// A buffer or block that begins at the end of a segment is refused or goes on linearly: it never
// goes on at the segment's start. What may be written of the area is this much behind its 64 KB
// boundary.
#define AT_THE_END FAR(0x2000, 0xfff8)
#define WINDOW	   0x2fff8
static bool area_is_kept(void)
{
	for (uint32_t at = AREA; at < AREA + AREA_SIZE; at += CHUNK) {
		far_copy((uint32_t)scratch, at, CHUNK);
		for (unsigned i = 0; i < CHUNK; i++) {
			if (scratch[i] != 0x5a && (at + i < WINDOW || at + i >= WINDOW + 1472))
				return false;
		}
	}
	return true;
}

static const struct step buffers[] = {
	STEP_ALSO("hostile-cached-null", GET_CACHED_INFO, ANY_STATUS, area_is_kept, cached_info,
		  .type = 2, .size = 1024),
	STEP_ALSO("hostile-cached-wraps", GET_CACHED_INFO, ANY_STATUS, area_is_kept, cached_info,
		  .type = 2, .size = 1472, .buffer = AT_THE_END),
	STEP_ALSO("hostile-cached-rom", GET_CACHED_INFO, ANY_STATUS, area_is_kept, cached_info,
		  .type = 2, .size = 1472, .buffer = FAR(0xf000, 0)),
	STEP_ALSO("hostile-cached-above-1-mb", GET_CACHED_INFO, ANY_STATUS, area_is_kept,
		  cached_info, .type = 2, .size = 1472, .buffer = FAR(0xffff, 0xfff0)),
	STEP_ALSO("hostile-file-open-null", FILE_OPEN, ANY_FAILURE, area_is_kept, file_open),
	STEP_ALSO("hostile-file-exec-null", FILE_EXEC, ANY_STATUS, area_is_kept, file_exec),
	STEP_ALSO("hostile-file-exec-endless", FILE_EXEC, ANY_FAILURE, area_is_kept, file_exec,
		  .command = FAR(0x2000, 1)),
	STEP_ALSO("hostile-cmdline-null", FILE_CMDLINE, ANY_STATUS, area_is_kept, file_cmdline,
		  .size = 256),
	STEP_ALSO("hostile-udp-open", UDP_OPEN, SUCCESS, area_is_kept, udp_open),
	STEP_ALSO("hostile-udp-write-null", UDP_WRITE, ANY_STATUS, area_is_kept, udp_write,
		  .destination = SERVER, .destination_port = PORT(7007), .size = 10),
	STEP_ALSO("hostile-udp-write-wraps", UDP_WRITE, ANY_STATUS, area_is_kept, udp_write,
		  .destination = SERVER, .destination_port = PORT(7008), .size = 100,
		  .buffer = AT_THE_END),
	STEP_ALSO("hostile-udp-close", UDP_CLOSE, SUCCESS, area_is_kept, bare),
	STEP_ALSO("hostile-tftp-file-into-firmware", TFTP_READ_FILE, ANY_FAILURE, area_is_kept,
		  tftp_read_file, .server = SERVER, .name = "nbp-data", .buffer = 0xfffff000,
		  .size = 30000, .server_port = PORT(69)),
	STEP_ALSO("hostile-tftp-file-into-vectors", TFTP_READ_FILE, ANY_FAILURE, area_is_kept,
		  tftp_read_file, .server = SERVER, .name = "nbp-data", .buffer = 0, .size = 30000,
		  .server_port = PORT(69)),
};

// The parameter block itself at a strange place.
static void block_at(const char *name, far_t at)
{
	for (uint32_t via = 0; via < 2; via++)
		api_call(via, GET_CACHED_INFO, at);
	finding(name, area_is_kept(), 0, 0);
}

// What the memory map keeps for the BIOS and the firmware: nothing is read from a server to there.
static void into_the_firmware(void)
{
	struct memory_range entry;
	uint32_t position = 0;
	do {
		if (!e820_next(&entry, &position))
			break;
		if (entry.kind != 2 || entry.start < 0x100000 || entry.start >= 0xf0000000)
			continue;
		struct tftp_read_file *p = (void *)block;
		memset(p, 0, sizeof(*p));
		memcpy(p->name, "nbp-data", 9);
		p->server = SERVER;
		p->buffer = entry.start;
		p->size = 30000;
		finding("hostile-into-reserved-memory", call(TFTP_READ_FILE) != 0, p->buffer, 0);
	} while (position);
	struct cached_info *q = (void *)block;
	*q = (struct cached_info){.type = 2, .size = 64, .buffer = pxe.entry_sp};
	finding("hostile-into-the-entry", call(GET_CACHED_INFO) != 0, q->buffer, 0);
}

void check_hostile(void)
{
	fill_area();
	RUN(buffers);
	block_at("hostile-block-null", 0);
	block_at("hostile-block-wraps", FAR(0x2000, 0xfffc));
	block_at("hostile-block-rom", FAR(0xf000, 0x100));
	block_at("hostile-block-end-of-memory", FAR(0xffff, 0xffff));
	into_the_firmware();
	// An odd address is nothing strange.
	static uint8_t odd[sizeof(struct file_exec) + 1];
	struct file_exec *exec = (void *)(odd + 1);
	*exec = (struct file_exec){.status = 0x7777, .command = (far_t)command};
	api_call(1, FILE_EXEC, (far_t)exec);
	finding("odd-block", exec->status == SUCCESS, exec->status, SUCCESS);
}
