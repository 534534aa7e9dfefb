/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameter blocks of the preboot, UDP and TFTP functions: PXE 2.1, sections 3.3 to 3.5. Addresses
 * and ports are in network order, as they lie in packets. */
#ifndef BOOT_PXE_PARAMS_H
#define BOOT_PXE_PARAMS_H

#include "boot/pxe.h"

enum pxe_opcode {
	PXENV_START_UNDI = 0x00,
	PXENV_STOP_UNDI = 0x15,
	PXENV_TFTP_OPEN = 0x20,
	PXENV_TFTP_CLOSE = 0x21,
	PXENV_TFTP_READ = 0x22,
	PXENV_TFTP_READ_FILE = 0x23,
	PXENV_TFTP_READ_FILE_PMODE = 0x24,
	PXENV_TFTP_GET_FSIZE = 0x25,
	PXENV_UDP_OPEN = 0x30,
	PXENV_UDP_CLOSE = 0x31,
	PXENV_UDP_READ = 0x32,
	PXENV_UDP_WRITE = 0x33,
	PXENV_UNLOAD_STACK = 0x70,
	PXENV_GET_CACHED_INFO = 0x71,
	PXENV_RESTART_TFTP = 0x73,
	PXENV_START_BASE = 0x75,
	PXENV_STOP_BASE = 0x76,
};

struct pxe_status_only {
	uint16_t status;
} PACKED;

/* UNLOAD_STACK, STOP_BASE, STOP_UNDI, START_BASE keep room behind the status in some headers, but
 * programs may give no more than the status. */

struct pxe_start_undi {
	uint16_t status;
	uint16_t ax, bx, dx, di, es;
} PACKED;

struct pxe_get_cached_info {
	uint16_t status;
	uint16_t packet_type;
	uint16_t buffer_size;
	struct segoff buffer;
	uint16_t buffer_limit;
} PACKED;

#define PXE_NAME_MAX 128

struct pxe_tftp_open {
	uint16_t status;
	uint32_t server, gateway;
	char name[PXE_NAME_MAX];
	uint16_t port;
	uint16_t packet_size;
} PACKED;

struct pxe_tftp_read {
	uint16_t status;
	uint16_t packet_number;
	uint16_t buffer_size;
	struct segoff buffer;
} PACKED;

struct pxe_tftp_read_file {
	uint16_t status;
	char name[PXE_NAME_MAX];
	uint32_t buffer_size;
	uint32_t buffer; /* linear address */
	uint32_t server, gateway, multicast;
	uint16_t client_port, server_port;
	uint16_t open_timeout; /* seconds */
	uint16_t reopen_delay;
} PACKED;

struct pxe_tftp_get_fsize {
	uint16_t status;
	uint32_t server, gateway;
	char name[PXE_NAME_MAX];
	uint32_t size;
} PACKED;

struct pxe_udp_open {
	uint16_t status;
	uint32_t source; /* our address */
} PACKED;

struct pxe_udp_read {
	uint16_t status;
	uint32_t source, dest;
	uint16_t source_port, dest_port;
	uint16_t buffer_size;
	struct segoff buffer;
} PACKED;

struct pxe_udp_write {
	uint16_t status;
	uint32_t dest, gateway;
	uint16_t source_port, dest_port;
	uint16_t buffer_size;
	struct segoff buffer;
} PACKED;

#endif
