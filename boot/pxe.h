/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PXE API (Preboot Execution Environment specification 2.1): what a network
 * bootstrap program (NBP) may ask of us.
 *
 * Each function is one TABLE_ENTRY(pxe_call, …) in the file of its group:
 * boot/pxe_preboot.c, pxe_udp.c, pxe_tftp.c, pxe_undi*.c, pxe_file.c. The
 * dispatcher (boot/pxe.c) checks and copies the caller's parameter block, and
 * logs each call (debug=pxe). Every byte of it is the program's: pointers inside
 * go through pxe_target() and pxe_text().
 */
#ifndef BOOT_PXE_H
#define BOOT_PXE_H

#include "lib/base.h"
#include "lib/table.h"
#include "lib/uri.h"
#include "nic/nic.h"

/** What a call returns in AX; the reason stands in the block's first word. */
enum { PXENV_EXIT_SUCCESS = 0, PXENV_EXIT_FAILURE = 1 };

enum pxe_status {
	PXENV_STATUS_SUCCESS = 0x00,
	PXENV_STATUS_FAILURE = 0x01,
	PXENV_STATUS_BAD_FUNC = 0x02,
	PXENV_STATUS_UNSUPPORTED = 0x03,
	PXENV_STATUS_KEEP_UNDI = 0x04,
	PXENV_STATUS_KEEP_ALL = 0x05,
	PXENV_STATUS_OUT_OF_RESOURCES = 0x06,
	PXENV_STATUS_ARP_TIMEOUT = 0x11,
	PXENV_STATUS_UDP_CLOSED = 0x18,
	PXENV_STATUS_UDP_OPEN = 0x19,
	PXENV_STATUS_TFTP_CLOSED = 0x1a,
	PXENV_STATUS_TFTP_OPEN = 0x1b,
	PXENV_STATUS_MCOPY_PROBLEM = 0x20,
	PXENV_STATUS_TFTP_CANNOT_ARP_ADDRESS = 0x30,
	PXENV_STATUS_TFTP_OPEN_TIMEOUT = 0x32,
	PXENV_STATUS_TFTP_UNKNOWN_OPCODE = 0x33,
	PXENV_STATUS_TFTP_READ_TIMEOUT = 0x35,
	PXENV_STATUS_TFTP_ERROR_OPCODE = 0x36,
	PXENV_STATUS_TFTP_CANNOT_OPEN_CONNECTION = 0x38,
	PXENV_STATUS_TFTP_CANNOT_READ_FROM_CONNECTION = 0x39,
	PXENV_STATUS_TFTP_TOO_MANY_PACKAGES = 0x3a,
	PXENV_STATUS_TFTP_FILE_NOT_FOUND = 0x3b,
	PXENV_STATUS_TFTP_ACCESS_VIOLATION = 0x3c,
	PXENV_STATUS_TFTP_NO_MCAST_ADDRESS = 0x3d,
	PXENV_STATUS_TFTP_NO_FILESIZE = 0x3e,
	PXENV_STATUS_TFTP_INVALID_PACKET_SIZE = 0x3f,
	PXENV_STATUS_DHCP_TIMEOUT = 0x51,
	PXENV_STATUS_DHCP_NO_IP_ADDRESS = 0x52,
	PXENV_STATUS_DHCP_NO_BOOTFILE_NAME = 0x53,
	PXENV_STATUS_DHCP_BAD_IP_ADDRESS = 0x54,
	PXENV_STATUS_UNDI_INVALID_FUNCTION = 0x60,
	PXENV_STATUS_UNDI_MEDIATEST_FAILED = 0x61,
	PXENV_STATUS_UNDI_CANNOT_INIT_NIC_FOR_MCAST = 0x62,
	PXENV_STATUS_UNDI_CANNOT_INITIALIZE_NIC = 0x63,
	PXENV_STATUS_UNDI_CANNOT_INITIALIZE_PHY = 0x64,
	PXENV_STATUS_UNDI_CANNOT_READ_CONFIG_DATA = 0x65,
	PXENV_STATUS_UNDI_CANNOT_READ_INIT_DATA = 0x66,
	PXENV_STATUS_UNDI_BAD_MAC_ADDRESS = 0x67,
	PXENV_STATUS_UNDI_BAD_EEPROM_CHECKSUM = 0x68,
	PXENV_STATUS_UNDI_ERROR_SETTING_ISR = 0x69,
	PXENV_STATUS_UNDI_INVALID_STATE = 0x6a,
	PXENV_STATUS_UNDI_TRANSMIT_ERROR = 0x6b,
	PXENV_STATUS_UNDI_INVALID_PARAMETER = 0x6c,
};

/** A real-mode far pointer as it lies in memory. */
struct segoff {
	uint16_t offset, segment;
} PACKED;

/** One function of the API. */
struct pxe_call {
	uint16_t opcode;
	const char *name; /* "GET_CACHED_INFO", for the log */
	uint16_t size;	  /* of the parameter block, at most PXE_BLOCK_MAX */
	bool polled;	  /* called again and again: that it fails is no news for the log */
	/**
	 * Do it. @parameters: a copy of the caller's block, its first word (the status)
	 * still as the caller left it; copied back afterwards. Returns a pxe_status,
	 * which the dispatcher writes into that first word.
	 */
	uint16_t (*serve)(void *parameters);
};
TABLE(pxe_call);
#define PXE_BLOCK_MAX 256u

/** A part of the API that has state of its own: begins with a program, ends with it. */
struct pxe_part {
	/** The API becomes available over pxe_nic; may be NULL. */
	void (*start)(void);
	/** The program ended: close all that it opened. Called again when there is nothing to
	 * close. May be NULL. */
	void (*stop)(void);
	bool base_code; /* stops with UNLOAD_STACK already; UNDI does not */
};
TABLE(pxe_part);

/** The card that the API serves; NULL while it is not offered. */
extern struct nic *pxe_nic;

/** What the program was loaded from; NULL when that is not known. */
extern const struct uri *pxe_uri;

/** Offer the API over @nic, which is open and has an address, to a program from @uri (or NULL),
 * which lives as long: PXENV+, !PXE and INT 1Ah. */
void pxe_start(struct nic *nic, const struct uri *uri);
/** Take it back: the structures lose their signatures, INT 1Ah is given back. */
void pxe_stop(void);
/** UNLOAD_STACK: INT 1Ah is given back and the base code's parts stop. False when another program
 * hooked INT 1Ah over us: nothing is changed then. */
bool pxe_unload_base(void);
/** Far pointers that a program is started with. */
struct segoff pxe_pxenv(void);
struct segoff pxe_bang(void);

/** Around what of a call works as outside of one: keys are ours, disk and API may be called. */
void pxe_command_begin(void);
void pxe_command_end(void);
/** The cached packet of @type, 1 to 3, in the low block: PXE_PACKET_SIZE bytes at @p. */
uint8_t *pxe_packet(unsigned type, struct segoff *p);

/**
 * The @len bytes of the program's memory at @p, below 1 MB, to read and to write;
 * NULL when they do not lie there or overlap what is ours.
 */
void *pxe_target(struct segoff p, uint32_t len);
/** The same for a linear address below 4 GB; above 1 MB only RAM that the memory map shows. */
void *pxe_target_linear(uint32_t address, uint32_t len);
/** Copy the NUL-terminated text at @p (anywhere below 1 MB) to @out; false when it does not end
 * within @size bytes. */
bool pxe_text(struct segoff p, char *out, size_t size);
/** The status that tells a program of the failure @rc (0: success); its sentence goes to the log.
 */
uint16_t pxe_status_of(int rc);

#endif
