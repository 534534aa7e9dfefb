/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNDI, the network driver of the PXE API (PXE 2.1, section 3.6 and 4.5):
 * parameter blocks, and what boot/pxe_undi.c (states, addresses, information) and
 * boot/pxe_undi_frames.c (sending and receiving) share.
 */
#ifndef BOOT_PXE_UNDI_H
#define BOOT_PXE_UNDI_H

#include "boot/pxe.h"
#include "netstack/frame_queue.h"

enum undi_opcode {
	PXENV_UNDI_STARTUP = 0x01,
	PXENV_UNDI_CLEANUP = 0x02,
	PXENV_UNDI_INITIALIZE = 0x03,
	PXENV_UNDI_RESET_ADAPTER = 0x04,
	PXENV_UNDI_SHUTDOWN = 0x05,
	PXENV_UNDI_OPEN = 0x06,
	PXENV_UNDI_CLOSE = 0x07,
	PXENV_UNDI_TRANSMIT = 0x08,
	PXENV_UNDI_SET_MCAST_ADDRESS = 0x09,
	PXENV_UNDI_SET_STATION_ADDRESS = 0x0a,
	PXENV_UNDI_SET_PACKET_FILTER = 0x0b,
	PXENV_UNDI_GET_INFORMATION = 0x0c,
	PXENV_UNDI_GET_STATISTICS = 0x0d,
	PXENV_UNDI_CLEAR_STATISTICS = 0x0e,
	PXENV_UNDI_INITIATE_DIAGS = 0x0f,
	PXENV_UNDI_FORCE_INTERRUPT = 0x10,
	PXENV_UNDI_GET_MCAST_ADDRESS = 0x11,
	PXENV_UNDI_GET_NIC_TYPE = 0x12,
	PXENV_UNDI_GET_IFACE_INFO = 0x13,
	PXENV_UNDI_ISR = 0x14,
	/* UNDI_GET_STATE would be 0x15, which the specification gives to STOP_UNDI, too. */
};

#define UNDI_ADDRESS_MAX 16 /* bytes of a field for a MAC address */

struct undi_status {
	uint16_t status;
} PACKED;

struct undi_initialize {
	uint16_t status;
	uint32_t protocol_ini;
	uint8_t reserved[8];
} PACKED;

struct undi_groups {
	uint16_t count;
	uint8_t address[QUEUE_GROUPS][UNDI_ADDRESS_MAX];
} PACKED;

/* RESET_ADAPTER and SET_MCAST_ADDRESS */
struct undi_set_groups {
	uint16_t status;
	struct undi_groups groups;
} PACKED;

/* Filter bits of OPEN and SET_PACKET_FILTER. */
enum {
	FLTR_DIRECTED = 1,
	FLTR_BRDCST = 2,
	FLTR_PRMSC = 4,
	FLTR_SRC_RTG = 8,
};

struct undi_open {
	uint16_t status;
	uint16_t flag;
	uint16_t filter;
	struct undi_groups groups;
} PACKED;

enum { P_UNKNOWN, P_IP, P_ARP, P_RARP, P_OTHER };
enum { XMT_DESTADDR, XMT_BROADCAST };

struct undi_transmit {
	uint16_t status;
	uint8_t protocol;
	uint8_t flag;
	struct segoff dest;
	struct segoff tbd;
	uint32_t reserved[2];
} PACKED;

#define UNDI_BLOCKS 8
enum { UNDI_PHYSICAL, UNDI_SEGMENTED }; /* kinds of pointers */

/** Transmit buffer descriptor: the frame is the immediate data, then the blocks. */
struct undi_tbd {
	uint16_t immediate_len;
	struct segoff immediate;
	uint16_t count;
	struct {
		uint8_t kind;
		uint8_t reserved;
		uint16_t len;
		struct segoff data;
	} PACKED block[UNDI_BLOCKS];
} PACKED;

struct undi_station_address {
	uint16_t status;
	uint8_t address[UNDI_ADDRESS_MAX];
} PACKED;

struct undi_packet_filter {
	uint16_t status;
	uint8_t filter;
} PACKED;

struct undi_information {
	uint16_t status;
	uint16_t base_io;
	uint16_t interrupt;
	uint16_t mtu;
	uint16_t hardware;
	uint16_t address_len;
	uint8_t address[UNDI_ADDRESS_MAX];
	uint8_t permanent_address[UNDI_ADDRESS_MAX];
	uint16_t rom;
	uint16_t rx_buffers, tx_buffers;
} PACKED;

struct undi_statistics {
	uint16_t status;
	uint32_t sent, received, crc_errors, resource_errors;
} PACKED;

struct undi_group_address {
	uint16_t status;
	uint32_t ip; /* network order */
	uint8_t address[UNDI_ADDRESS_MAX];
} PACKED;

struct undi_nic_type {
	uint16_t status;
	uint8_t kind;
	uint16_t vendor, device;
	uint8_t base_class, sub_class, interface, revision;
	uint16_t busdevfn;
	uint16_t subsystem_vendor, subsystem_device;
} PACKED;

struct undi_iface_info {
	uint16_t status;
	char type[16];
	uint32_t speed; /* bit/s */
	uint32_t services;
	uint32_t reserved[4];
} PACKED;

/* What ISR is asked, and what it answers, in the same field. */
enum { ISR_IN_START = 1, ISR_IN_PROCESS, ISR_IN_GET_NEXT };
enum { ISR_OUT_OURS, ISR_OUT_NOT_OURS };
enum { ISR_OUT_DONE, ISR_OUT_TRANSMIT = 2, ISR_OUT_RECEIVE, ISR_OUT_BUSY };
enum { P_DIRECTED, P_BROADCAST, P_MULTICAST };

struct undi_isr {
	uint16_t status;
	uint16_t function;
	uint16_t buffer_len, frame_len, header_len;
	struct segoff frame;
	uint8_t protocol;
	uint8_t packet;
} PACKED;

/** States as the program sees them. The card itself may be open in each. */
enum undi_state { UNDI_STOPPED, UNDI_STARTED, UNDI_INITIALIZED, UNDI_OPENED };
enum undi_state undi_state(void);
#define UNDI_MTU 1500u /* what programs have room for */
/** Largest packet that the program may send. */
static inline uint32_t undi_mtu(void)
{
	return min(pxe_nic->mtu, UNDI_MTU);
}
/** Begin to receive for the program: what OPEN does. 0 or a status. */
uint16_t undi_begin(unsigned filter);
/** Frames that went, of which the program was not told yet. */
extern unsigned undi_sent;

#endif
