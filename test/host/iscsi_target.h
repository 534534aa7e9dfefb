/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An iSCSI target in memory, behind the initiator's transport functions instead
 * of TCP: it does what a test tells it, right or wrong, and counts what it saw.
 */
#ifndef TEST_HOST_ISCSI_TARGET_H
#define TEST_HOST_ISCSI_TARGET_H

#include "iscsi/iscsi.h"

#define TARGET_BLOCKS 4096u
#define TARGET_BLOCK  512u

struct iscsi_target {
	/* Behaviour; iscsi_target_reset() sets what a decent target does. */
	const char *username, *password; /* NULL: no CHAP */
	const char *reverse_username, *reverse_password;
	unsigned algorithm; /* CHAP_… */
	bool initial_r2t, no_immediate, digests;
	uint32_t max_recv, max_burst, first_burst;
	uint32_t window;		  /* commands allowed beyond the present one */
	uint16_t login_status;		  /* != 0: refuse so */
	char redirect[64];		  /* for login_status 0x0101 or 0x0102 */
	unsigned redirects;		  /* so many times */
	bool split_login;		  /* answers in pieces with the C bit */
	bool refuse;			  /* connections */
	bool no_route;			  /* connecting fails at once */
	int send_error;			  /* of the transport, which records no sentence for it */
	bool silent;			  /* nothing is answered */
	bool silent_data;		  /* SCSI commands are not answered */
	unsigned drops;			  /* so many times the connection breaks … */
	unsigned drop_after;		  /* … after so many commands */
	unsigned attention, busy, no_lun; /* so many commands get that */
	uint8_t device_type;
	bool write_protected;
	uint32_t data_in; /* bytes a Data-In PDU */
	uint32_t r2t;	  /* bytes asked for at once */
	size_t chunk;	  /* bytes delivered at once */
	/** Sees each PDU before it is sent, and may change it. */
	void (*mangle)(uint8_t *bhs);
	/* What happened. */
	unsigned connections, logins, commands, in_flight_max, pongs, data_outs, r2ts, immediates;
	unsigned logouts, aborts, flushes;
	uint32_t direct_bytes; /* placed by the transport */
	uint32_t connect_address;
	uint16_t connect_port;
	uint8_t isid[6];
	uint8_t disk[TARGET_BLOCKS * TARGET_BLOCK];
};
extern struct iscsi_target target;

/** The target as new, and as the transport of sessions to come. */
void iscsi_target_reset(void);
/** Read what the initiator sent, answer it. Runs by itself in each turn of waiting. */
void iscsi_target_step(void);
/** The connection breaks (@rc as tcp's closed() gets it). */
void iscsi_target_break(int rc);
/** Send a PDU of the test's own making, status number filled in. */
void iscsi_target_send(uint8_t *bhs, const void *data, uint32_t len);
/** Send raw bytes. */
void iscsi_target_raw(const void *data, size_t len);
bool iscsi_target_connected(void);

#endif
