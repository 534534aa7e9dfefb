/* SPDX-License-Identifier: BSD-2-Clause */
/* PXE API: UDP and TFTP against a scripted host on the wire. */
#define _GNU_SOURCE
#include <stdio.h>
#include "test/unit/pxe_program.h"
#include "boot/pxe_params.h"
#include "lib/text.h"
#include "netstack/dhcp.h"

#define SERVER	  0xc0000201u /* 192.0.2.1 */
#define OUR_IP	  0xc0000239u
#define DATA_PORT 30000
#define FILE_MAX  120000u
#define BUFFER	  PROGRAM_DATA
#define HIGH	  0x120000u /* above 1 MB */

static const uint8_t server_mac[ETH_ALEN] = {2, 2, 2, 2, 2, 2};

/* ---- The host on the wire ---- */

/* The last datagram that was no TFTP, as it was sent. */
static struct {
	uint32_t dest;
	uint16_t source_port, dest_port;
	uint8_t data[1500];
	size_t len;
	unsigned count;
} heard;

static struct {
	uint8_t file[FILE_MAX];
	size_t size;
	char name[200];		    /* that was asked for */
	uint16_t port;		    /* where */
	bool silent, plain, hidden; /* no answers; no options; no size */
	uint16_t error;		    /* answer to a request, with this code + 1 */
	unsigned lose;		    /* block that gets lost, once */
	unsigned break_at;	    /* block in whose place an error comes */
	bool break_once;
	unsigned requests;
	uint16_t client;
	unsigned blksize, window, sent, acked, given_up;
} tftp;

static void say(uint32_t source, uint16_t from, uint32_t dest, uint16_t to, const void *data,
		size_t len)
{
	uint8_t f[1600], *ip = f + 14, *udp = ip + 20;

	memcpy(f, net0->mac, 6);
	memcpy(f + 6, server_mac, 6);
	put_be16(f + 12, ETHERTYPE_IPV4);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(28 + len));
	ip[8] = 64;
	ip[9] = IP_UDP;
	put_be32(ip + 12, source);
	put_be32(ip + 16, dest);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
	put_be16(udp, from);
	put_be16(udp + 2, to);
	put_be16(udp + 4, (uint16_t)(8 + len));
	put_be16(udp + 6, 0);
	memcpy(udp + 8, data, len);
	host_card_inject(net0, f, 42 + len);
}

static void answer_arp(const uint8_t *request)
{
	uint8_t f[60] = {0};

	if (get_be16(request + 20) != 1 || get_be32(request + 38) != SERVER)
		return;
	memcpy(f, request, 42);
	memcpy(f, request + 6, 6);
	memcpy(f + 6, server_mac, 6);
	put_be16(f + 20, 2);
	memcpy(f + 22, server_mac, 6);
	memcpy(f + 28, request + 38, 4);
	memcpy(f + 32, request + 22, 10);
	host_card_inject(net0, f, sizeof(f));
}

static void send_error(uint16_t code)
{
	uint8_t packet[16] = {0, 5, 0, (uint8_t)code, 'n', 'o'};

	say(SERVER, DATA_PORT, OUR_IP, tftp.client, packet, sizeof(packet));
}

static void send_block(unsigned number)
{
	uint8_t packet[1500] = {0, 3};
	size_t at = (number - 1) * tftp.blksize, len;

	if (at > tftp.size)
		return;
	len = min(tftp.size - at, (size_t)tftp.blksize);
	put_be16(packet + 2, (uint16_t)number);
	memcpy(packet + 4, tftp.file + at, len);
	tftp.sent = max(tftp.sent, number);
	if (number == tftp.break_at) {
		if (tftp.break_once)
			tftp.break_at = 0;
		send_error(0);
	} else if (number == tftp.lose) {
		tftp.lose = 0;
	} else {
		say(SERVER, DATA_PORT, OUR_IP, tftp.client, packet, 4 + len);
	}
}

static void send_window(void)
{
	for (unsigned i = 1; i <= tftp.window; i++)
		send_block(tftp.acked + i);
}

static unsigned asked_option(const uint8_t *packet, size_t len, const char *name)
{
	const uint8_t *at = memmem(packet, len, name, strlen(name) + 1);

	return at ? (unsigned)atoi((const char *)at + strlen(name) + 1) : 0;
}

static void serve_request(const uint8_t *packet, size_t len)
{
	uint8_t oack[128] = {0, 6};
	int n = 2;

	text_copy(tftp.name, sizeof(tftp.name), (const char *)packet + 2);
	tftp.requests++;
	tftp.sent = tftp.acked = 0;
	tftp.blksize = 512;
	tftp.window = 1;
	if (tftp.error) {
		send_error(tftp.error - 1);
		return;
	}
	if (tftp.plain) {
		send_window();
		return;
	}
	tftp.blksize = asked_option(packet, len, "blksize");
	tftp.window = asked_option(packet, len, "windowsize");
	n += sprintf((char *)oack + n, "blksize%c%u", 0, tftp.blksize) + 1;
	n += sprintf((char *)oack + n, "windowsize%c%u", 0, tftp.window) + 1;
	if (!tftp.hidden)
		n += sprintf((char *)oack + n, "tsize%c%u", 0, (unsigned)tftp.size) + 1;
	say(SERVER, DATA_PORT, OUR_IP, tftp.client, oack, (size_t)n);
}

static void hear_tftp(uint16_t port, const uint8_t *packet, size_t len)
{
	switch (packet[1]) {
	case 1:
		tftp.port = port;
		serve_request(packet, len);
		break;
	case 4:
		tftp.acked = get_be16(packet + 2);
		send_window();
		break;
	case 5:
		tftp.given_up++;
	}
}

static void on_sent(struct nic *card, const struct tx_frame *frame)
{
	const uint8_t *ip = frame->data + 14, *udp = ip + 20;
	uint16_t port;
	size_t len;

	if (get_be16(frame->data + 12) == ETHERTYPE_ARP) {
		answer_arp(frame->data);
		return;
	}
	port = get_be16(udp + 2);
	len = get_be16(udp + 4) - 8u;
	if (port == 69 || port == 6969 || port == DATA_PORT) {
		tftp.client = get_be16(udp);
		if (!tftp.silent)
			hear_tftp(port, udp + 8, len);
		return;
	}
	heard.dest = get_be32(ip + 16);
	heard.source_port = get_be16(udp);
	heard.dest_port = port;
	heard.len = len;
	memcpy(heard.data, udp + 8, len);
	heard.count++;
}

static int setup(void **state)
{
	memset(&heard, 0, sizeof(heard));
	memset(&tftp, 0, sizeof(tftp));
	tftp.size = 100000;
	for (size_t i = 0; i < FILE_MAX; i++)
		tftp.file[i] = (uint8_t)(i * 7 + i / 251);
	program_start(on_sent);
	assert_int_equal(setting_store("fetch-retries", "0", SOURCE_SCRIPT), 0);
	return 0;
}

static int teardown(void **state)
{
	program_stop();
	return 0;
}

/* ---- UDP ---- */

static uint16_t open_udp(void)
{
	struct pxe_udp_open p = {.source = be32(OUR_IP)};

	return call(PXENV_UDP_OPEN, &p, sizeof(p));
}

static uint16_t write_udp(uint32_t dest, uint16_t source_port, uint16_t port, struct segoff buffer,
			  uint16_t len)
{
	struct pxe_udp_write p = {
		.dest = be32(dest),
		.source_port = be16(source_port),
		.dest_port = be16(port),
		.buffer_size = len,
		.buffer = buffer,
	};

	return call(PXENV_UDP_WRITE, &p, sizeof(p));
}

static struct pxe_udp_read got;

static uint16_t read_udp(uint32_t dest, uint16_t port, struct segoff buffer, uint16_t size)
{
	got = (struct pxe_udp_read){
		.dest = be32(dest),
		.dest_port = be16(port),
		.buffer_size = size,
		.buffer = buffer,
	};
	return call(PXENV_UDP_READ, &got, sizeof(got));
}

static void udp_opens_once(void **state)
{
	assert_int_equal(read_udp(0, 0, far(BUFFER), 100), PXENV_STATUS_UDP_CLOSED);
	assert_int_equal(write_udp(SERVER, 1, 2, far(BUFFER), 4), PXENV_STATUS_UDP_CLOSED);
	assert_int_equal(call_plain(PXENV_UDP_CLOSE), PXENV_STATUS_UDP_CLOSED);
	assert_int_equal(open_udp(), 0);
	assert_int_equal(open_udp(), PXENV_STATUS_UDP_OPEN);
	assert_int_equal(call_plain(PXENV_UDP_CLOSE), 0);
	assert_int_equal(open_udp(), 0);
}

static void udp_write(void **state)
{
	memcpy(physical(BUFFER, 16), "datagram", 8);
	assert_int_equal(open_udp(), 0);
	assert_int_equal(write_udp(SERVER, 1234, 4321, far(BUFFER), 8), 0);
	for (unsigned i = 0; i < 5; i++)
		net_poll(); /* ARP */
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.dest, SERVER);
	assert_int_equal(heard.source_port, 1234);
	assert_int_equal(heard.dest_port, 4321);
	assert_int_equal(heard.len, 8);
	assert_memory_equal(heard.data, "datagram", 8);
	assert_int_equal(write_udp(SERVER, 0, 9, far(BUFFER), 0), 0);
	assert_int_equal(heard.source_port, 2069);
	assert_int_equal(heard.len, 0);
	assert_int_equal(write_udp(0xffffffff, 68, 67, far(BUFFER), 8), 0);
	assert_int_equal(heard.dest, 0xffffffff);
	assert_int_equal(heard.dest_port, 67);
}

static void udp_write_refused(void **state)
{
	assert_int_equal(open_udp(), 0);
	assert_int_equal(write_udp(SERVER, 1, 2, pxe_pxenv(), 4), PXENV_STATUS_FAILURE);
	assert_int_equal(write_udp(SERVER, 1, 2, (struct segoff){0xfff0, 0xf000}, 17),
			 PXENV_STATUS_FAILURE);
	assert_int_equal(write_udp(SERVER, 1, 2, far(BUFFER), 0xffff), PXENV_STATUS_FAILURE);
	assert_int_equal(write_udp(0x08080808, 1, 2, far(BUFFER), 4), PXENV_STATUS_FAILURE);
	assert_int_equal(heard.count, 0);
}

static void udp_read(void **state)
{
	uint8_t *buffer = physical(BUFFER, 100);

	assert_int_equal(open_udp(), 0);
	assert_int_equal(read_udp(0, 0, far(BUFFER), 100), PXENV_STATUS_FAILURE);
	say(SERVER, 500, OUR_IP, 7000, "first", 5);
	say(SERVER, 501, OUR_IP, 7001, "second", 6);
	say(SERVER, 502, OUR_IP, 7000, "third", 5);
	/* By port: the others stay. */
	assert_int_equal(read_udp(OUR_IP, 7001, far(BUFFER), 100), 0);
	assert_int_equal(got.buffer_size, 6);
	assert_memory_equal(buffer, "second", 6);
	assert_int_equal(be32(got.source), SERVER);
	assert_int_equal(be32(got.dest), OUR_IP);
	assert_int_equal(be16(got.source_port), 501);
	assert_int_equal(be16(got.dest_port), 7001);
	assert_int_equal(read_udp(0, 7001, far(BUFFER), 100), PXENV_STATUS_FAILURE);
	/* Any port, cut to the buffer. */
	memset(buffer, 0xee, 8);
	assert_int_equal(read_udp(0, 0, far(BUFFER), 3), 0);
	assert_int_equal(got.buffer_size, 3);
	assert_memory_equal(buffer, "fir\xee", 4);
	assert_int_equal(read_udp(0xc0000299, 7000, far(BUFFER), 100), PXENV_STATUS_FAILURE);
	assert_int_equal(read_udp(0, 7000, pxe_pxenv(), 100), PXENV_STATUS_FAILURE);
	assert_int_equal(read_udp(0, 7000, far(BUFFER), 100), 0);
	assert_memory_equal(buffer, "third", 5);
}

static void udp_keeps_the_newest(void **state)
{
	size_t before;

	assert_int_equal(open_udp(), 0);
	before = host_heap_used();
	for (uint32_t i = 0; i < 200; i++) {
		say(SERVER, 1, OUR_IP, 7000, &i, 4);
		net_poll();
	}
	for (uint32_t i = 136; i < 200; i++) {
		assert_int_equal(read_udp(0, 7000, far(BUFFER), 4), 0);
		assert_int_equal(get_le32(physical(BUFFER, 4)), i);
	}
	assert_int_equal(read_udp(0, 7000, far(BUFFER), 4), PXENV_STATUS_FAILURE);
	say(SERVER, 1, OUR_IP, 7000, "x", 1);
	net_poll();
	assert_int_equal(call_plain(PXENV_UDP_CLOSE), 0);
	assert_int_equal(host_heap_used(), before);
	say(SERVER, 1, OUR_IP, 7000, "x", 1);
	net_poll();
	assert_int_equal(host_heap_used(), before);
}

/* ---- TFTP, packet by packet ---- */

static uint16_t open_file(const char *name, uint16_t packet_size, uint16_t *size)
{
	struct pxe_tftp_open p = {
		.server = be32(SERVER), .port = be16(69), .packet_size = packet_size};
	uint16_t status;

	strncpy(p.name, name, sizeof(p.name));
	status = call(PXENV_TFTP_OPEN, &p, sizeof(p));
	*size = p.packet_size;
	return status;
}

static struct pxe_tftp_read read_block;

static uint16_t read_file(struct segoff buffer)
{
	read_block = (struct pxe_tftp_read){.buffer = buffer};
	return call(PXENV_TFTP_READ, &read_block, sizeof(read_block));
}

/* Read the open file to its end and compare; @packet: full packets' size. */
static void expect_file(uint16_t packet)
{
	uint8_t *buffer = physical(BUFFER, packet + 1);
	size_t at = 0;

	for (uint16_t number = 1;; number++) {
		buffer[packet] = 0xee;
		assert_int_equal(read_file(far(BUFFER)), 0);
		assert_int_equal(read_block.packet_number, number);
		assert_int_equal(read_block.buffer_size, min(tftp.size - at, (size_t)packet));
		assert_memory_equal(buffer, tftp.file + at, read_block.buffer_size);
		assert_int_equal(buffer[packet], 0xee);
		/* The server is held back: at most a window is ahead of the reader. */
		at += read_block.buffer_size;
		assert_true(tftp.acked * tftp.blksize <= at + tftp.window * tftp.blksize ||
			    tftp.acked * tftp.blksize >= tftp.size);
		if (read_block.buffer_size < packet)
			break;
	}
	assert_int_equal(at, tftp.size);
}

static void tftp_reads(void **state)
{
	uint16_t size;

	assert_int_equal(open_file("dir/name with space", 1000, &size), 0);
	assert_int_equal(size, 1000);
	assert_string_equal(tftp.name, "dir/name with space");
	assert_int_equal(tftp.port, 69);
	expect_file(size);
	assert_int_equal(call_plain(PXENV_TFTP_CLOSE), 0);
	assert_int_equal(tftp.given_up, 0);
	assert_int_equal(call_plain(PXENV_TFTP_CLOSE), PXENV_STATUS_TFTP_CLOSED);
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_TFTP_CLOSED);
}

static void tftp_reads_with_loss(void **state)
{
	uint64_t start = clock_ms();
	uint16_t size;

	tftp.lose = 20;
	assert_int_equal(open_file("x", 1456, &size), 0);
	expect_file(size);
	assert_true(clock_ms() - start < 200); /* no timer had to help (200 ms at least) */
}

static void tftp_reads_from_old_servers(void **state)
{
	uint16_t size;

	tftp.plain = true;
	tftp.size = 5000;
	assert_int_equal(open_file("x", 512, &size), 0);
	expect_file(size);
}

static void tftp_ends_with_an_empty_packet(void **state)
{
	uint16_t size;

	tftp.size = 8192;
	assert_int_equal(open_file("x", 1024, &size), 0);
	expect_file(size);
	assert_int_equal(read_block.packet_number, 9);
	tftp.size = 0;
	assert_int_equal(open_file("x", 1024, &size), 0);
	expect_file(size);
}

static void tftp_open_refused(void **state)
{
	uint16_t size;

	assert_int_equal(open_file("x", 511, &size), PXENV_STATUS_TFTP_INVALID_PACKET_SIZE);
	tftp.error = 1 + 1;
	assert_int_equal(open_file("x", 512, &size), PXENV_STATUS_TFTP_FILE_NOT_FOUND);
	tftp.error = 2 + 1;
	assert_int_equal(open_file("x", 512, &size), PXENV_STATUS_TFTP_ACCESS_VIOLATION);
	tftp.error = 0;
	tftp.silent = true;
	assert_int_equal(open_file("x", 512, &size), PXENV_STATUS_TFTP_OPEN_TIMEOUT);
	assert_int_equal(open_file("", 512, &size), PXENV_STATUS_FAILURE);
	assert_int_equal(open_file("gopher://host/x", 512, &size), PXENV_STATUS_FAILURE);
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_TFTP_CLOSED);
}

static void tftp_breaks(void **state)
{
	size_t before = host_heap_used();
	uint16_t size;

	tftp.break_at = 20;
	assert_int_equal(open_file("x", 16384, &size), 0);
	assert_int_equal(read_file(far(BUFFER)), 0);
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_TFTP_ERROR_OPCODE);
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_TFTP_CLOSED);
	tftp.break_at = 0;
	assert_int_equal(open_file("x", 16384, &size), 0);
	assert_int_equal(read_file(far(BUFFER)), 0);
	tftp.silent = true;
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_TFTP_READ_TIMEOUT);
	assert_int_equal(host_heap_used(), before);
}

/* A server that gave up while nobody read is asked again, from the beginning. */
static void tftp_goes_on_after_a_break(void **state)
{
	uint16_t size;

	tftp.break_at = 40;
	tftp.break_once = true;
	assert_int_equal(open_file("x", 1000, &size), 0);
	expect_file(size);
	assert_int_equal(tftp.requests, 2);
	tftp.break_at = 68; /* the file has 69 blocks */
	tftp.requests = 0;
	assert_int_equal(open_file("x", 16384, &size), 0);
	expect_file(size);
	assert_int_equal(tftp.requests, 2);
	tftp.break_at = 40;
	assert_int_equal(open_file("x", 16384, &size), 0);
	assert_int_equal(read_file(far(BUFFER)), 0);
	assert_int_equal(read_file(far(BUFFER)), 0);
	tftp.size = 10000;
	assert_int_equal(read_file(far(BUFFER)), PXENV_STATUS_FAILURE);
	assert_non_null(strstr(error_text(), "shorter"));
}

static void tftp_read_refused(void **state)
{
	uint16_t size;

	assert_int_equal(open_file("x", 1024, &size), 0);
	assert_int_equal(read_file(pxe_pxenv()), PXENV_STATUS_FAILURE);
	assert_int_equal(read_file((struct segoff){0xffff, 0xffff}), PXENV_STATUS_FAILURE);
	assert_int_equal(read_file(far(0xffc01)), PXENV_STATUS_FAILURE);
	expect_file(size); /* nothing of the file was lost */
}

static void tftp_open_again_and_end(void **state)
{
	size_t before = host_heap_used();
	uint16_t size;

	assert_int_equal(open_file("a", 1024, &size), 0);
	assert_int_equal(open_file("b", 2048, &size), 0);
	assert_int_equal(tftp.given_up, 1);
	expect_file(size);
	assert_int_equal(open_file("c", 1024, &size), 0);
	pxe_stop();
	assert_int_equal(tftp.given_up, 2);
	assert_int_equal(host_heap_used(), before);
}

/* ---- Whole files ---- */

static struct pxe_tftp_read_file whole;

static uint16_t read_whole(const char *name, uint32_t address, uint32_t size)
{
	whole = (struct pxe_tftp_read_file){
		.server = be32(SERVER), .buffer = address, .buffer_size = size};
	strncpy(whole.name, name, sizeof(whole.name));
	return call(PXENV_TFTP_READ_FILE, &whole, sizeof(whole));
}

static void read_file_into_memory(void **state)
{
	size_t images = host_image_used();
	uint8_t *place = physical(HIGH, FILE_MAX);

	memset(place, 0xee, FILE_MAX);
	assert_int_equal(read_whole("x", HIGH, 100001), 0);
	assert_int_equal(whole.buffer_size, 100000);
	assert_memory_equal(place, tftp.file, 100000);
	assert_int_equal(place[100000], 0xee);
	/* Exactly fitting; by address; on a port of its own. */
	tftp.hidden = true;
	assert_int_equal(read_whole("tftp://192.0.2.1:6969/y", BUFFER, 100000), 0);
	assert_int_equal(tftp.port, 6969);
	assert_memory_equal(physical(BUFFER, 100000), tftp.file, 100000);
	assert_int_equal(host_image_used(), images);
}

static void read_file_refused(void **state)
{
	uint8_t *place = physical(HIGH, FILE_MAX);

	memset(place, 0xee, FILE_MAX);
	assert_int_equal(read_whole("x", HIGH, 99999), PXENV_STATUS_FAILURE);
	assert_int_equal(place[0], 0xee);
	tftp.hidden = true;
	assert_int_equal(read_whole("x", HIGH, 99999), PXENV_STATUS_FAILURE);
	assert_int_equal(place[99999], 0xee);
	assert_int_equal(read_whole("x", host_low_block_start, 100000), PXENV_STATUS_FAILURE);
	assert_int_equal(read_whole("x", 0xfffffff0, 100000), PXENV_STATUS_FAILURE);
	tftp.error = 1 + 1;
	assert_int_equal(read_whole("x", HIGH, 100000), PXENV_STATUS_TFTP_FILE_NOT_FOUND);
	assert_int_equal(whole.buffer_size, 0);
}

/* What the memory map does not show as RAM is not the program's: an image of ours, the BIOS's
 * tables. */
static void read_file_outside_of_ram(void **state)
{
	static const struct memory_range map[] = {{0, 0xa0000, 1, 1},
						  {0x100000, HIGH - 0x100000, 1, 1},
						  {HIGH, 0x1000, 2, 1},
						  {HIGH + 0x1000, 0x10000000, 1, 1}};
	uint8_t *place = physical(HIGH, FILE_MAX);

	host_memmap_set(map, ARRAY_SIZE(map));
	memset(place, 0xee, FILE_MAX);
	assert_int_equal(read_whole("x", HIGH, 100000), PXENV_STATUS_FAILURE);
	assert_int_equal(read_whole("x", HIGH - 0x1000, 100000), PXENV_STATUS_FAILURE);
	assert_int_equal(place[0], 0xee);
	assert_int_equal(read_whole("x", HIGH + 0x1000, 100000), 0);
}

static uint16_t file_size(const char *name, uint32_t *size)
{
	struct pxe_tftp_get_fsize p = {.server = be32(SERVER)};
	uint16_t status;

	strncpy(p.name, name, sizeof(p.name));
	status = call(PXENV_TFTP_GET_FSIZE, &p, sizeof(p));
	*size = p.size;
	return status;
}

static void get_fsize(void **state)
{
	uint16_t packet;
	uint32_t size;

	assert_int_equal(open_file("x", 1024, &packet), 0);
	assert_int_equal(file_size("x", &size), 0);
	assert_int_equal(size, 100000);
	assert_int_equal(tftp.given_up, 1); /* the size's transfer, not the open one */
	tftp.plain = true;
	assert_int_equal(file_size("x", &size), PXENV_STATUS_TFTP_NO_FILESIZE);
	tftp.size = 100; /* all of it came with the first answer */
	assert_int_equal(file_size("x", &size), 0);
	assert_int_equal(size, 100);
	tftp.error = 1 + 1;
	assert_int_equal(file_size("x", &size), PXENV_STATUS_TFTP_FILE_NOT_FOUND);
}

static void a_name_need_not_end(void **state)
{
	struct pxe_tftp_get_fsize p = {.server = be32(SERVER)};

	memset(p.name, 'n', sizeof(p.name));
	assert_int_equal(call(PXENV_TFTP_GET_FSIZE, &p, sizeof(p)), 0);
	assert_int_equal(strlen(tftp.name), 128);
}

static void multicast_is_not_there(void **state)
{
	struct pxe_tftp_read_file p = {0};

	assert_int_equal(call(PXENV_TFTP_READ_FILE_PMODE, &p, sizeof(p)), PXENV_STATUS_UNSUPPORTED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(udp_opens_once),
		TEST(udp_write),
		TEST(udp_write_refused),
		TEST(udp_read),
		TEST(udp_keeps_the_newest),
		TEST(tftp_reads),
		TEST(tftp_reads_with_loss),
		TEST(tftp_reads_from_old_servers),
		TEST(tftp_ends_with_an_empty_packet),
		TEST(tftp_open_refused),
		TEST(tftp_breaks),
		TEST(tftp_goes_on_after_a_break),
		TEST(tftp_read_refused),
		TEST(tftp_open_again_and_end),
		TEST(read_file_into_memory),
		TEST(read_file_refused),
		TEST(read_file_outside_of_ram),
		TEST(get_fsize),
		TEST(a_name_need_not_end),
		TEST(multicast_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
