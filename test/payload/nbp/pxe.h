// SPDX-License-Identifier: BSD-2-Clause
// The PXE API as a network bootstrap program (NBP) sees it: opcodes, status codes and parameter
// blocks of Intel's "Preboot Execution Environment (PXE) Specification" 2.1, chapters 3 and 4, and
// of the gPXE extensions E0h to E8h. Written for the test, apart from what the firmware uses: a
// mistake in one of them does not hide in the other.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKED __attribute__((packed))

enum opcode {
	START_UNDI = 0x00,
	UNDI_STARTUP = 0x01,
	UNDI_CLEANUP,
	UNDI_INITIALIZE,
	UNDI_RESET_ADAPTER,
	UNDI_SHUTDOWN,
	UNDI_OPEN,
	UNDI_CLOSE,
	UNDI_TRANSMIT,
	UNDI_SET_MCAST_ADDRESS,
	UNDI_SET_STATION_ADDRESS,
	UNDI_SET_PACKET_FILTER,
	UNDI_GET_INFORMATION,
	UNDI_GET_STATISTICS,
	UNDI_CLEAR_STATISTICS,
	UNDI_INITIATE_DIAGS,
	UNDI_FORCE_INTERRUPT,
	UNDI_GET_MCAST_ADDRESS,
	UNDI_GET_NIC_TYPE,
	UNDI_GET_IFACE_INFO,
	UNDI_ISR,
	STOP_UNDI,
	TFTP_OPEN = 0x20,
	TFTP_CLOSE,
	TFTP_READ,
	TFTP_READ_FILE,
	TFTP_READ_FILE_PMODE,
	TFTP_GET_FSIZE,
	UDP_OPEN = 0x30,
	UDP_CLOSE,
	UDP_READ,
	UDP_WRITE,
	UNLOAD_STACK = 0x70,
	GET_CACHED_INFO,
	RESTART_TFTP = 0x73,
	START_BASE = 0x75,
	STOP_BASE,
	FILE_OPEN = 0xe0,
	FILE_CLOSE,
	FILE_SELECT,
	FILE_READ,
	GET_FILE_SIZE,
	FILE_EXEC,
	FILE_API_CHECK,
	FILE_EXIT_HOOK,
	FILE_CMDLINE,
};

enum status {
	SUCCESS = 0x00,
	FAILURE = 0x01,
	UNSUPPORTED = 0x03,
	KEEP_UNDI = 0x04,
	UDP_IS_CLOSED = 0x18,
	UDP_IS_OPEN = 0x19,
	TFTP_IS_CLOSED = 0x1a,
	TFTP_IS_OPEN = 0x1b,
	FILE_NOT_FOUND = 0x3b,
	INVALID_STATE = 0x6a,
	INVALID_PARAMETER = 0x6c,
};

// A real-mode pointer, segment in the high half. Our own data lies in segment 0: a pointer to it is
// its address.
typedef uint32_t far_t;
#define FAR(segment, offset) ((far_t)(segment) << 16 | (offset))

// Addresses and ports are in network order.
#define IP(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)
#define PORT(n)	       ((uint16_t)((n) >> 8 | ((n)&0xff) << 8))

struct pxenv {
	char signature[6];
	uint16_t version;
	uint8_t length, checksum;
	far_t entry;
	uint32_t pm_offset;
	uint16_t pm_selector;
	uint16_t segments[10];
	far_t pxe;
} PACKED;

struct segment {
	uint16_t segment;
	uint32_t base;
	uint16_t size;
} PACKED;

struct pxe {
	char signature[4];
	uint8_t length, checksum, revision, reserved;
	far_t undi_rom, base_rom, entry_sp, entry_esp, callout;
	uint8_t reserved2, segment_count;
	uint16_t first_selector;
	struct segment segments[7];
} PACKED;

struct bare {
	uint16_t status;
} PACKED;

struct start_undi {
	uint16_t status, ax, bx, dx, di, es;
} PACKED;

struct unload_stack {
	uint16_t status;
	uint8_t reserved[10];
} PACKED;

struct cached_info {
	uint16_t status, type, size;
	far_t buffer;
	uint16_t limit;
} PACKED;

struct bootp {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16];
	char sname[64], file[128];
	uint8_t options[1024];
} PACKED;

struct udp_open {
	uint16_t status;
	uint32_t source;
} PACKED;

struct udp_read {
	uint16_t status;
	uint32_t source, destination;
	uint16_t source_port, destination_port, size;
	far_t buffer;
} PACKED;

struct udp_write {
	uint16_t status;
	uint32_t destination, gateway;
	uint16_t source_port, destination_port, size;
	far_t buffer;
} PACKED;

struct tftp_open {
	uint16_t status;
	uint32_t server, gateway;
	char name[128];
	uint16_t port, packet_size;
} PACKED;

struct tftp_read {
	uint16_t status, number, size;
	far_t buffer;
} PACKED;

struct tftp_read_file {
	uint16_t status;
	char name[128];
	uint32_t size, buffer; // a physical address
	uint32_t server, gateway, multicast;
	uint16_t client_port, server_port, timeout, reopen_delay;
} PACKED;

struct tftp_size {
	uint16_t status;
	uint32_t server, gateway;
	char name[128];
	uint32_t size;
} PACKED;

struct mcast_list {
	uint16_t count;
	uint8_t address[8][16];
} PACKED;

struct undi_initialize {
	uint16_t status;
	uint32_t protocol_ini;
	uint8_t reserved[8];
} PACKED;

struct undi_mcast {
	uint16_t status;
	struct mcast_list list;
} PACKED;

struct undi_open {
	uint16_t status, flag, filter;
	struct mcast_list list;
} PACKED;

enum { PROTOCOL_RAW, PROTOCOL_IP, PROTOCOL_ARP, PROTOCOL_RARP };
enum { TO_ADDRESS, TO_ALL };

struct undi_transmit {
	uint16_t status;
	uint8_t protocol, broadcast;
	far_t destination, descriptor;
	uint32_t reserved[2];
} PACKED;

struct undi_descriptor {
	uint16_t immediate_size;
	far_t immediate;
	uint16_t count;
	struct {
		uint8_t type, reserved;
		uint16_t size;
		far_t data;
	} PACKED block[8];
} PACKED;

struct undi_station {
	uint16_t status;
	uint8_t address[16];
} PACKED;

struct undi_filter {
	uint16_t status;
	uint8_t filter;
} PACKED;

struct undi_information {
	uint16_t status, io, interrupt, mtu, hardware_type, address_size;
	uint8_t current[16], permanent[16];
	uint16_t rom, receive_buffers, transmit_buffers;
} PACKED;

struct undi_statistics {
	uint16_t status;
	uint32_t sent, received, crc_errors, resource_errors;
} PACKED;

struct undi_mcast_address {
	uint16_t status;
	uint32_t ip;
	uint8_t address[16];
} PACKED;

struct undi_nic_type {
	uint16_t status;
	uint8_t type;
	uint16_t vendor, device;
	uint8_t class[3], revision;
	uint16_t place, subvendor, subdevice;
} PACKED;

struct undi_interface {
	uint16_t status;
	char type[16];
	uint32_t speed, services, reserved[4];
} PACKED;

enum { ISR_START = 1, ISR_PROCESS, ISR_NEXT };
enum { ISR_OURS, ISR_NOT_OURS };
enum { ISR_DONE = 0, ISR_SENT = 2, ISR_RECEIVED = 3, ISR_BUSY = 4 };

struct undi_isr {
	uint16_t status, function, buffer_size, frame_size, header_size;
	far_t frame;
	uint8_t protocol, kind;
} PACKED;

struct file_open {
	uint16_t status, handle;
	far_t name;
	uint32_t reserved;
} PACKED;

struct file_handle {
	uint16_t status, handle;
} PACKED;

struct file_select {
	uint16_t status, handle, ready;
} PACKED;

struct file_read {
	uint16_t status, handle, size;
	far_t buffer;
} PACKED;

struct file_size {
	uint16_t status, handle;
	uint32_t size;
} PACKED;

struct file_exec {
	uint16_t status;
	far_t command;
} PACKED;

struct file_check {
	uint16_t status, size;
	uint32_t magic, provider, mask, flags;
} PACKED;

struct file_cmdline {
	uint16_t status, size;
	far_t buffer;
} PACKED;
