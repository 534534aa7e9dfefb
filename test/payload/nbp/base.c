// SPDX-License-Identifier: BSD-2-Clause
// Preboot, UDP and TFTP functions (PXE 2.1 sections 3.3, 3.5 and 3.6), and calls that there are
// not.
#include "nbp.h"

static uint8_t text[32] = "a datagram of the test NBP";

// --- Preboot ------------------------------------------------------------------------------------

static const struct bootp *packet(void)
{
	return (const void *)scratch;
}

// The value of a DHCP option in the cached packet, or NULL; length is at value[-1].
static const uint8_t *option(uint8_t tag)
{
	const uint8_t *at = packet()->options + 4, *end = scratch + 1472;
	while (at + 1 < end && *at != 255) {
		if (*at == tag)
			return at + 2;
		at += *at == 0 ? 1 : 2 + at[1];
	}
	return NULL;
}

static bool option_is(uint8_t tag, const char *value)
{
	const uint8_t *found = option(tag);
	if (!found)
		return false;
	for (size_t i = 0; i < found[-1]; i++) {
		if (found[i] != (uint8_t)value[i])
			return false;
	}
	return value[found[-1]] == 0;
}

static bool packet_is(uint8_t op, uint8_t message)
{
	static const uint8_t cookie[4] = {0x63, 0x82, 0x53, 0x63};
	const struct cached_info *p = (const void *)block;
	const uint8_t *kind = option(53);
	return p->size >= 240 && p->size <= 1472 && packet()->op == op && packet()->htype == 1 &&
	       packet()->hlen == 6 && memcmp(packet()->options, cookie, 4) == 0 &&
	       (message == 0 || (kind && *kind == message));
}

static bool is_discover(void)
{
	return packet_is(1, 1);
}

// What the script set is what the NBP sees.
static bool is_ack(void)
{
	return packet_is(2, 5) && (packet()->yiaddr & 0xffffff) == (SERVER & 0xffffff) &&
	       packet()->siaddr == IP(192, 0, 2, 77) &&
	       memcmp(packet()->file, "chosen/by.script", 17) == 0 &&
	       option_is(209, "pxelinux.cfg/chosen") &&
	       option_is(210, "http://192.0.2.1/chosen/") && option_is(12, "nbp-host") &&
	       option(1) && option(3) && option(51) && option(54);
}

static bool is_reply(void)
{
	return packet_is(2, 0);
}

static bool is_pointer(void)
{
	const struct cached_info *p = (const void *)block;
	far_copy((uint32_t)scratch, linear(p->buffer), p->size < 1472 ? p->size : 1472);
	return p->buffer != 0 && p->limit >= p->size && packet_is(2, 5);
}

static bool is_clipped(void)
{
	const struct cached_info *p = (const void *)block;
	return p->size <= 100 && scratch[100] == 0x77 && scratch[0] == 2;
}

#define CACHED(kind, bytes) cached_info, .type = kind, .size = bytes, .buffer = (far_t)scratch

static const struct step preboot_steps[] = {
	STEP_ALSO("cached-discover", GET_CACHED_INFO, SUCCESS, is_discover, CACHED(1, 1472)),
	STEP_ALSO("cached-ack", GET_CACHED_INFO, SUCCESS, is_ack, CACHED(2, 1472)),
	STEP_ALSO("cached-reply", GET_CACHED_INFO, SUCCESS, is_reply, CACHED(3, 1472)),
	STEP_ALSO("cached-ack-pointer", GET_CACHED_INFO, SUCCESS, is_pointer, CACHED(2, 0)),
	STEP("cached-type-0", GET_CACHED_INFO, ANY_FAILURE, CACHED(0, 1472)),
	STEP("cached-type-4", GET_CACHED_INFO, ANY_FAILURE, CACHED(4, 1472)),
	STEP("cached-type-ffff", GET_CACHED_INFO, ANY_FAILURE, CACHED(0xffff, 1472)),
	STEP("start-undi", START_UNDI, SUCCESS, start_undi),
	STEP("start-base", START_BASE, ANY_STATUS, bare),
	STEP("stop-base", STOP_BASE, ANY_STATUS, bare),
	STEP("restart-tftp-without-file", RESTART_TFTP, ANY_FAILURE, tftp_read_file,
	     .name = "no/such/file", .buffer = 0x7c00, .size = 0x1000, .server = SERVER),
	STEP("opcode-16h", 0x16, UNSUPPORTED, bare),
	STEP("opcode-26h", 0x26, UNSUPPORTED, bare),
	STEP("opcode-34h", 0x34, UNSUPPORTED, bare),
	STEP("opcode-7fh", 0x7f, UNSUPPORTED, bare),
	STEP("opcode-e9h", 0xe9, UNSUPPORTED, bare),
	STEP("opcode-ffffh", 0xffff, UNSUPPORTED, bare),
};

static const struct step clipped_steps[] = {
	STEP_ALSO("cached-ack-clipped", GET_CACHED_INFO, SUCCESS, is_clipped, CACHED(2, 100)),
};

void check_preboot(void)
{
	RUN(preboot_steps);
	memset(scratch, 0x77, sizeof(scratch));
	RUN(clipped_steps);
}

// --- UDP -----------------------------------------------------------------------------------------

#define ECHO   PORT(7007)
#define ANSWER .size = sizeof(scratch), .buffer = (far_t)scratch

static bool is_echo(void)
{
	const struct udp_read *p = (const void *)block;
	return p->source == SERVER && p->source_port == ECHO && p->size == sizeof(text) &&
	       memcmp(scratch, text, sizeof(text)) == 0;
}

static bool is_echo_to_2069(void)
{
	const struct udp_read *p = (const void *)block;
	return is_echo() && p->destination_port == PORT(2069);
}

// The second of two datagrams: the first went to a port that was not asked for.
static bool is_short_echo(void)
{
	const struct udp_read *p = (const void *)block;
	return p->destination_port == PORT(3000) && p->size == 5 && memcmp(scratch, text, 5) == 0;
}

static bool fits_ten_bytes(void)
{
	const struct udp_read *p = (const void *)block;
	return scratch[10] == 0x77 && (p->status != SUCCESS || p->size <= 10);
}

#define SEND(from, bytes)                                                                          \
	udp_write, .destination = SERVER, .source_port = PORT(from), .destination_port = ECHO,     \
		   .size = bytes, .buffer = (far_t)text

static const struct step udp_steps[] = {
	STEP("udp-read-when-closed", UDP_READ, UDP_IS_CLOSED, udp_read, ANSWER),
	STEP("udp-write-when-closed", UDP_WRITE, UDP_IS_CLOSED, SEND(3000, 32)),
	STEP("udp-close-when-closed", UDP_CLOSE, UDP_IS_CLOSED, bare),
	STEP("udp-open", UDP_OPEN, SUCCESS, udp_open),
	STEP("udp-open-twice", UDP_OPEN, UDP_IS_OPEN, udp_open),
	STEP("udp-read-nothing", UDP_READ, FAILURE, udp_read, ANSWER),
	STEP("udp-write", UDP_WRITE, SUCCESS, SEND(0, 32)),
	STEP_WAIT("udp-read", UDP_READ, SUCCESS, 10, FAILURE, is_echo_to_2069, udp_read, ANSWER),
	STEP("udp-write-to-3001", UDP_WRITE, SUCCESS, SEND(3001, 32)),
	STEP("udp-write-to-3000", UDP_WRITE, SUCCESS, SEND(3000, 5)),
	STEP_WAIT("udp-read-by-port", UDP_READ, SUCCESS, 10, FAILURE, is_short_echo, udp_read,
		  .destination_port = PORT(3000), ANSWER),
	STEP("udp-write-empty", UDP_WRITE, SUCCESS, SEND(3000, 0)),
	STEP("udp-write-too-long", UDP_WRITE, ANY_STATUS, SEND(3000, 65000)),
	STEP("udp-write-nowhere", UDP_WRITE, ANY_STATUS, udp_write, .destination = 0,
	     .destination_port = ECHO, .size = 32, .buffer = (far_t)text),
	STEP("udp-close", UDP_CLOSE, SUCCESS, bare),
};

static const struct step udp_small_steps[] = {
	STEP("udp-open-again", UDP_OPEN, SUCCESS, udp_open),
	STEP("udp-write-again", UDP_WRITE, SUCCESS, SEND(3002, 32)),
	STEP_WAIT("udp-read-small-buffer", UDP_READ, ANY_STATUS, 10, FAILURE, fits_ten_bytes,
		  udp_read, .destination_port = PORT(3002), .size = 10, .buffer = (far_t)scratch),
	STEP("udp-close-again", UDP_CLOSE, SUCCESS, bare),
};

void check_udp(void)
{
	RUN(udp_steps);
	memset(scratch, 0x77, sizeof(scratch));
	RUN(udp_small_steps);
}

// --- TFTP ----------------------------------------------------------------------------------------

#define FILE_SIZE 20001
#define HIGH	  0x280000
#define URL	  "http://192.0.2.1/nbp-data"

// Byte i of the file nbp-data.
static uint32_t file_sum(void)
{
	uint32_t total = 0;
	for (uint32_t i = 0; i < FILE_SIZE; i++) {
		uint8_t byte = i * 31 + (i >> 8);
		total = sum(total, &byte, 1);
	}
	return total;
}

static bool packet_size_kept(void)
{
	return ((const struct tftp_open *)block)->packet_size == 512;
}

static bool packet_size_sane(void)
{
	uint16_t size = ((const struct tftp_open *)block)->packet_size;
	return size >= 512 && size <= 1408;
}

static bool size_is_right(void)
{
	return ((const struct tftp_size *)block)->size == FILE_SIZE;
}

static bool file_is_in_place(void)
{
	uint32_t total = 0;
	for (uint32_t at = 0; at < FILE_SIZE; at += 1000) {
		if (!high_copy(scratch, HIGH + at, 1002))
			return false;
		total = sum(total, scratch, FILE_SIZE - at < 1000 ? FILE_SIZE - at : 1000);
	}
	return ((const struct tftp_read_file *)block)->size == FILE_SIZE && total == file_sum();
}

#define TFTP_NAME(file, bytes)                                                                     \
	tftp_open, .server = SERVER, .name = file, .port = PORT(69), .packet_size = bytes
#define TO_HIGH(file, bytes)                                                                       \
	tftp_read_file, .server = SERVER, .name = file, .buffer = HIGH, .size = bytes,             \
			.client_port = PORT(0), .server_port = PORT(69), .timeout = 5
#define SIZE_OF(file) tftp_size, .server = SERVER, .name = file

static const struct step tftp_steps[] = {
	STEP("tftp-read-when-closed", TFTP_READ, TFTP_IS_CLOSED, tftp_read,
	     .buffer = (far_t)scratch),
	STEP("tftp-close-when-closed", TFTP_CLOSE, ANY_STATUS, bare),
	STEP_ALSO("tftp-size", TFTP_GET_FSIZE, SUCCESS, size_is_right, SIZE_OF("nbp-data")),
	STEP_ALSO("tftp-size-uri", TFTP_GET_FSIZE, SUCCESS, size_is_right, SIZE_OF(URL)),
	STEP("tftp-size-missing", TFTP_GET_FSIZE, ANY_FAILURE, SIZE_OF("no/such/file")),
	STEP("tftp-size-no-name", TFTP_GET_FSIZE, ANY_FAILURE, SIZE_OF("")),
	STEP_ALSO("tftp-read-file", TFTP_READ_FILE, SUCCESS, file_is_in_place,
		  TO_HIGH("nbp-data", 30000)),
	STEP_ALSO("tftp-read-file-exact", TFTP_READ_FILE, SUCCESS, file_is_in_place,
		  TO_HIGH("nbp-data", FILE_SIZE)),
	STEP_ALSO("tftp-read-file-uri", TFTP_READ_FILE, SUCCESS, file_is_in_place,
		  TO_HIGH(URL, 30000)),
	STEP("tftp-read-file-too-long", TFTP_READ_FILE, ANY_FAILURE, TO_HIGH("nbp-data", 10000)),
	STEP("tftp-read-file-missing", TFTP_READ_FILE, ANY_FAILURE, TO_HIGH("no/such/file", 30000)),
	STEP("tftp-read-file-pmode", TFTP_READ_FILE_PMODE, UNSUPPORTED, bare),
	STEP("tftp-open-missing", TFTP_OPEN, FILE_NOT_FOUND, TFTP_NAME("no/such/file", 512)),
	STEP("tftp-open-no-name", TFTP_OPEN, ANY_FAILURE, TFTP_NAME("", 512)),
};

static const struct step open_512[] = {
	STEP_ALSO("tftp-open-512", TFTP_OPEN, SUCCESS, packet_size_kept,
		  TFTP_NAME("nbp-data", 512)),
	STEP("tftp-open-twice", TFTP_OPEN, ANY_STATUS, TFTP_NAME("nbp-data", 512)),
};
static const struct step open_1408[] = {
	STEP_ALSO("tftp-open-1408", TFTP_OPEN, SUCCESS, packet_size_sane,
		  TFTP_NAME("nbp-data", 1408)),
};
static const struct step open_uri[] = {
	STEP_ALSO("tftp-open-uri", TFTP_OPEN, SUCCESS, packet_size_sane, TFTP_NAME(URL, 1408)),
};
static const struct step tftp_close[] = {
	STEP("tftp-close", TFTP_CLOSE, SUCCESS, bare),
};
static const struct step tftp_read_step[] = {
	STEP("tftp-read-first", TFTP_READ, SUCCESS, tftp_read, .buffer = (far_t)scratch,
	     .size = sizeof(scratch)),
};

// Reads the file that open_*[] opened, packet by packet, to the short one at its end.
static void read_to_the_end(const char *name, uint16_t packet_size)
{
	uint32_t length = 0, total = 0;
	uint16_t number = 0, size;
	bool in_order = true;
	do {
		struct tftp_read *p = (void *)block;
		*p = (struct tftp_read){.size = sizeof(scratch), .buffer = (far_t)scratch};
		if (call(TFTP_READ) != 0) {
			finding(name, false, p->status, SUCCESS);
			return;
		}
		in_order &= p->number == ++number && p->size <= sizeof(scratch);
		size = p->size;
		length += size;
		total = sum(total, scratch, size <= sizeof(scratch) ? size : 0);
	} while (size == packet_size);
	finding(name, in_order && length == FILE_SIZE && total == file_sum(), length, FILE_SIZE);
}

static void read_whole(const char *name)
{
	uint16_t packet_size = ((const struct tftp_open *)block)->packet_size;
	read_to_the_end(name, packet_size);
	RUN(tftp_close);
}

void check_tftp(void)
{
	RUN(tftp_steps);
	RUN(open_512);
	RUN(tftp_read_step);
	RUN(tftp_close); // in the middle
	run_steps(open_512, 1);
	read_whole("tftp-read-512");
	RUN(open_1408);
	read_whole("tftp-read-1408");
	RUN(open_uri);
	read_whole("tftp-read-uri");
}
