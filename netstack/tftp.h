/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TFTP receiver: the transfer as a state machine without I/O of its own, so
 * that packets from a test or a fuzzer reach the code that ships.
 */
#ifndef NETSTACK_TFTP_H
#define NETSTACK_TFTP_H

#include "netstack/fetch.h"
#include "netstack/net.h"

#define TFTP_PORT	 69
#define TFTP_REQUEST_MAX 1024 /* bytes of a read request */

enum tftp_state { TFTP_ASKED, TFTP_DATA, TFTP_DONE, TFTP_FAILED };

struct tftp {
	struct fetch *fetch;
	/** Send @len bytes to the server's @port. */
	void (*send)(struct tftp *t, uint16_t port, const void *packet, size_t len);
	char name[512]; /* file, as it goes into the request */
	uint32_t server;
	uint16_t server_port; /* where requests go */
	uint16_t tid;	      /* the server's port of this transfer; 0 while unknown */
	uint16_t want_blksize, want_window;
	bool plain; /* ask without options */
	bool hold;  /* a full window is acknowledged by tftp_go_on() only */

	enum tftp_state state;
	int rc; /* of TFTP_FAILED */
	uint16_t blksize, window;
	uint64_t block;	     /* last block that is in place */
	uint64_t taken;	     /* bytes in front of those that fetch->data has */
	uint16_t wire_shift; /* wire number = block + this: servers that wrap to 1 */
	uint16_t unacked;    /* blocks in place since the last ACK */
	bool starved;	     /* with hold: a block came for which there was no room */
	bool gap_told;	     /* a block was missing, and the server knows */
	uint64_t resent_at;  /* duplicates were answered last */

	/* Retransmission, RFC 6298 with the times of a TFTP exchange. */
	uint64_t sent_at;  /* first transmission of the last packet; 0: retransmitted, not timed */
	uint64_t deadline; /* send it again then */
	uint32_t srtt, rttvar, rto;
	unsigned tries;
};

/** Ask for the file; t->fetch, send, name, server_port, want_… and plain are set. */
void tftp_start(struct tftp *t);
/** A datagram from the server's @port. */
void tftp_receive(struct tftp *t, uint16_t port, const uint8_t *data, size_t len);
/** Send again what was not answered in time. */
void tftp_tick(struct tftp *t);
/** With hold: all that fetch->data has was used, it is empty now; the server may send more. */
void tftp_go_on(struct tftp *t);
/** Nobody wants the rest: tell the server, if it is sending. */
void tftp_give_up(struct tftp *t);
/** The server's host said that it has no such port (ICMP, @code). */
void tftp_refused(struct tftp *t, int code);

/** The address (text, heap) of the file called @name, taken literally, on the server at @server;
 * @port 0: the usual one. NULL after fail(). */
char *tftp_address(uint32_t server, uint16_t port, const char *name);

#endif
