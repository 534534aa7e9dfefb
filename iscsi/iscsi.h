/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iSCSI initiator, RFC 7143. What the rest of the house may use stands
 * first; the parts of the initiator follow, from the pure ones upwards:
 *
 *	iscsi_uri, iscsi_names	paths, names and secrets
 *	iscsi_text, iscsi_chap	key=value text, CHAP
 *	iscsi_login		the two login stages as a function from answer to request
 *	iscsi_pdu		the stream of bytes cut into PDUs
 *	iscsi_conn		TCP connection, login exchange, loss and reconnection
 *	iscsi_session		full feature phase: PDUs to and from the target
 *	iscsi_task		SCSI commands in flight: data transfer, status, retries
 *	iscsi_scsi		bringing a disk up: INQUIRY, READ CAPACITY…
 *	iscsi_block		the block device
 *	iscsi_list		discovery sessions
 */
#ifndef ISCSI_ISCSI_H
#define ISCSI_ISCSI_H

#include "lib/base.h"
#include "lib/list.h"
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "san/block.h"

#define ISCSI_PORT     3260
#define ISCSI_NAME_MAX 223 /* RFC 7143 section 4.2.7.1 */

/* ---- Paths and names (iscsi_uri.c, iscsi_names.c) ---- */

struct iscsi_path {
	char host[256];
	uint16_t port;
	uint8_t lun[8];
	char target[ISCSI_NAME_MAX + 1];
	bool decimal_lun; /* iscsi:// form: LUNs are written in decimal */
};

/** Parse either form of an iSCSI path; 0, or an error after fail(). */
int iscsi_path_parse(const char *text, struct iscsi_path *path);
/** Parse "HOST[:PORT]" of @len characters; 0, or an error after fail(). */
int iscsi_portal_parse(const char *s, size_t len, char *host, size_t size, uint16_t *port);
/** Parse a LUN: empty is 0; 0x… and dashed groups are hexadecimal, the rest by @decimal. */
bool iscsi_lun_parse(const char *s, size_t len, bool decimal, uint8_t lun[8]);
void iscsi_lun_from_number(uint32_t number, uint8_t lun[8]);

struct iscsi_initiator {
	char name[320];
	const char *source; /* "hostname", "uuid", "initiator-iqn, DHCP" */
};

/** The initiator's name for card @scope ("net0"); 0, or an error after fail(). */
int iscsi_initiator_name(const char *scope, struct iscsi_initiator *initiator);

#define ISCSI_SECRET_SIZE 128 /* as the iBFT keeps them */

struct iscsi_auth {
	char username[ISCSI_SECRET_SIZE], password[ISCSI_SECRET_SIZE];
	char reverse_username[ISCSI_SECRET_SIZE], reverse_password[ISCSI_SECRET_SIZE];
};

/** Credentials for card @scope; an error after fail() when they do not fit together. */
int iscsi_auth_settings(const char *scope, struct iscsi_auth *auth);
/** Print warnings about secrets that other initiators will not take. */
void iscsi_auth_warn(const struct iscsi_auth *auth);

/** Print the targets of portal @portal ("HOST[:PORT]"): `iscsi-list`. 0 or an error. */
int iscsi_list(const char *portal);

/* ---- Key=value text (iscsi_text.c) ---- */

#define ISCSI_TEXT_MAX	   65536u /* bytes of one text, all its PDUs together */
#define ISCSI_TEXT_SEGMENT 8192u  /* bytes a PDU before the target declared more */

/** Text under construction or collected; a NUL always follows data[len]. */
struct iscsi_text {
	char *data;
	size_t len, size;
};

void iscsi_text_clear(struct iscsi_text *text);
void iscsi_text_free(struct iscsi_text *text);
/** Room for @len more bytes at data + len; E_NO_MEMORY or E_ISCSI_PROTOCOL (over the cap). */
int iscsi_text_reserve(struct iscsi_text *text, size_t len);
/** Append "key=value"; 0 or an error. */
int iscsi_text_add(struct iscsi_text *text, const char *key, const char *value);
int iscsi_text_add_number(struct iscsi_text *text, const char *key, uint32_t value);
int iscsi_text_add_binary(struct iscsi_text *text, const char *key, const void *data, size_t len);

struct iscsi_text_reader {
	char *p, *end;
};
/** Begin reading @text, which is cut up in place. */
void iscsi_text_begin(struct iscsi_text_reader *reader, struct iscsi_text *text);
/** 1 and the next pair, 0 at the end, or an error after fail(). */
int iscsi_text_next(struct iscsi_text_reader *reader, const char **key, const char **value);

/** Decode 0x… (hexadecimal) or 0b… (base64); returns the length or -1. */
long iscsi_binary_decode(const char *value, uint8_t *out, size_t max);

/* ---- CHAP, RFC 1994 (iscsi_chap.c) ---- */

enum { CHAP_MD5 = 5, CHAP_SHA1 = 6, CHAP_SHA256 = 7 };
#define CHAP_RESPONSE_MAX  32
#define CHAP_CHALLENGE_MAX 1024

/** Response to @challenge; returns its length, 0 for an unknown @algorithm. */
size_t chap_response(unsigned algorithm, uint8_t id, const char *secret, const void *challenge,
		     size_t len, uint8_t out[CHAP_RESPONSE_MAX]);

/* ---- Login stages (iscsi_login.c) ---- */

#define ISCSI_RECV_SEGMENT 262144u /* MaxRecvDataSegmentLength that we declare */
#define ISCSI_MAX_BURST	   1048576u
#define ISCSI_FIRST_BURST  262144u

enum iscsi_stage { STAGE_SECURITY = 0, STAGE_OPERATIONAL = 1, STAGE_FULL = 3 };

/** What was negotiated. */
struct iscsi_params {
	bool header_digest, data_digest;
	bool initial_r2t, immediate_data;
	uint32_t max_burst, first_burst;
	uint32_t max_send; /* the target's MaxRecvDataSegmentLength */
};

/** Setting iscsi-digest: we take what the target wants, ask for CRC32C, or refuse it. */
enum iscsi_digest { DIGEST_TARGET, DIGEST_CRC32C, DIGEST_NONE };

enum iscsi_login_step { LOGIN_METHOD, LOGIN_ALGORITHM, LOGIN_RESPONSE, LOGIN_LEAVE };

struct iscsi_login {
	/* Given by the caller. */
	const char *initiator;
	const char *target; /* NULL: discovery */
	const struct iscsi_auth *auth;
	enum iscsi_digest digest;
	/* The next request. */
	struct iscsi_text out;
	enum iscsi_stage stage;
	bool transit; /* T bit: to the following stage */
	/* Results. */
	struct iscsi_params params;
	uint8_t chap_type;  /* as in the iBFT: 0 none, 1 CHAP, 2 mutual */
	char redirect[300]; /* TargetAddress */
	/* Inside. */
	enum iscsi_login_step step;
	char method[16];
	unsigned algorithm;
	char chap_name[256];
	uint8_t challenge[CHAP_CHALLENGE_MAX], response[CHAP_RESPONSE_MAX];
	size_t challenge_len, response_len;
	bool have_id, have_response, have_name;
	uint8_t id;
	uint8_t our_id, our_challenge[CHAP_RESPONSE_MAX];
	bool target_proven;
	unsigned unknown_keys;
};

enum { LOGIN_MORE = 0, LOGIN_DONE = 1 };

/** Make the first request. 0 or an error. */
int iscsi_login_start(struct iscsi_login *login);
/** Take the target's complete @text with its @flags byte, and make the next request: LOGIN_MORE,
 * LOGIN_DONE (full feature phase), or an error after fail(). */
int iscsi_login_answer(struct iscsi_login *login, uint8_t flags, struct iscsi_text *text);
/** Only remember TargetAddress of @text, the body of a redirection. */
int iscsi_login_redirect(struct iscsi_login *login, struct iscsi_text *text);
void iscsi_login_free(struct iscsi_login *login);
/** The error, with its sentence recorded, for login status @status (class << 8 | detail). */
int iscsi_login_failure(uint16_t status, const char *initiator, const char *target,
			const struct iscsi_auth *auth);

/* ---- PDUs (iscsi_pdu.c) ---- */

#define BHS_SIZE 48

enum iscsi_opcode {
	OP_NOP_OUT = 0x00,
	OP_SCSI_COMMAND = 0x01,
	OP_LOGIN = 0x03,
	OP_TEXT = 0x04,
	OP_DATA_OUT = 0x05,
	OP_LOGOUT = 0x06,
	OP_NOP_IN = 0x20,
	OP_SCSI_RESPONSE = 0x21,
	OP_LOGIN_RESPONSE = 0x23,
	OP_TEXT_RESPONSE = 0x24,
	OP_DATA_IN = 0x25,
	OP_LOGOUT_RESPONSE = 0x26,
	OP_R2T = 0x31,
	OP_ASYNC = 0x32,
	OP_REJECT = 0x3f,
};

#define OP_MASK	     0x3f
#define OP_IMMEDIATE 0x40
#define FLAG_FINAL   0x80
#define NO_TAG	     0xffffffffu

/* Bytes of the basic header segment, RFC 7143 section 11.2. */
enum bhs_offset {
	BHS_FLAGS = 1,
	BHS_AHS_LENGTH = 4,
	BHS_DATA_LENGTH = 5,
	BHS_LUN = 8,
	BHS_ITT = 16,
	BHS_TTT = 20,
	BHS_EXPECTED = 20, /* SCSI Command: expected data transfer length */
	BHS_CMD_SN = 24,   /* to the target */
	BHS_STAT_SN = 24,  /* from the target */
	BHS_EXP_STAT_SN = 28,
	BHS_EXP_CMD_SN = 28,
	BHS_CDB = 32,
	BHS_MAX_CMD_SN = 32,
	BHS_DATA_SN = 36,
	BHS_R2T_SN = 36,
	BHS_OFFSET = 40,
	BHS_RESIDUAL = 44,
	BHS_DESIRED = 44, /* R2T: desired data transfer length */
};

enum iscsi_rx_state { RX_HEADER, RX_DATA, RX_TRAILER };

/**
 * The receiving side of a connection. The bytes of the stream go in, in pieces
 * of any size; header() is called with each basic header and says where the
 * data segment goes (rx->dest, NULL: nowhere), complete() when all of the PDU
 * has come. A non-zero return of either stops the stream for good.
 */
struct iscsi_rx {
	int (*header)(struct iscsi_rx *rx);
	int (*complete)(struct iscsi_rx *rx);
	uint32_t max_data; /* longest data segment accepted */
	bool header_digest, data_digest;
	enum iscsi_rx_state state;
	uint8_t bhs[BHS_SIZE + 255 * 4 + 4]; /* with additional headers and digest */
	uint32_t have, want;
	uint32_t data_len, data_have;
	uint8_t *dest;
	uint32_t keep; /* bytes of the data segment that fit at dest; more are dropped */
	bool placed;   /* iscsi_rx_direct() was told of this data segment */
	uint32_t crc;
	uint8_t trailer[8]; /* padding and data digest */
};

void iscsi_rx_reset(struct iscsi_rx *rx);
/** Take @len bytes; 0, or the error that stopped it. */
int iscsi_rx_feed(struct iscsi_rx *rx, const uint8_t *data, size_t len);
/** Where the next bytes of the stream belong: their number, and @place. 0: not known, or told
 * before. */
uint32_t iscsi_rx_direct(struct iscsi_rx *rx, uint8_t **place);

static inline uint8_t *bhs_init(uint8_t bhs[BHS_SIZE], uint8_t opcode, uint8_t flags)
{
	memset(bhs, 0, BHS_SIZE);
	bhs[0] = opcode;
	bhs[BHS_FLAGS] = flags;
	return bhs;
}

/* ---- Sessions ---- */

/** How a session reaches TCP; a scripted target stands in for it in tests. */
struct iscsi_transport {
	struct tcp_conn *(*connect)(uint32_t address, uint16_t port,
				    const struct tcp_handlers *handlers, void *ctx,
				    const struct tcp_options *options);
	bool (*is_connected)(const struct tcp_conn *conn);
	void *(*ctx)(const struct tcp_conn *conn);
	int (*send)(struct tcp_conn *conn, const void *data, size_t len, bool copy);
	size_t (*unsent)(const struct tcp_conn *conn);
	void (*direct)(struct tcp_conn *conn, void *buf, uint64_t len);
	void (*close)(struct tcp_conn *conn);
	void (*abort)(struct tcp_conn *conn);
};
extern const struct iscsi_transport iscsi_tcp;
extern const struct iscsi_transport *iscsi_transport;

enum iscsi_state {
	SESSION_CLOSED,	    /* nothing goes on; before the first login, or it failed */
	SESSION_CONNECTING, /* TCP handshake */
	SESSION_LOGIN,
	SESSION_FULL,	  /* full feature phase */
	SESSION_DRAINING, /* the target asked us to log out: finishing what is in flight */
	SESSION_LOGOUT,	  /* logout request sent */
	SESSION_DOWN,	  /* lost; connects again at retry_at */
};

enum iscsi_direction { DATA_NONE, DATA_IN, DATA_OUT };

/** A command of our own while a disk is brought up. Failure sense stays in sense fields. */
struct scsi_command {
	uint8_t cdb[16];
	void *buffer;
	uint32_t length; /* of data in */
	bool done;
	int rc;
	uint32_t received;
	uint8_t status, sense_key, asc, ascq;
};

/** A block request in work: cut into pieces, each a task. */
struct iscsi_io {
	struct list link;
	struct block_request *request;
	uint32_t issued; /* blocks given to tasks; FLUSH counts as one block */
	uint32_t total;
	unsigned outstanding; /* tasks */
	int rc;
	uint64_t since; /* clock_ms() of submission */
};

/** A SCSI command in flight. */
struct iscsi_task {
	struct list link;
	uint32_t itt; /* generation << 8 | index */
	uint8_t cdb[16];
	bool ordered;
	enum iscsi_direction direction;
	uint8_t *buffer; /* NULL with DATA_IN: data is dropped */
	uint32_t length;
	uint32_t moved;	     /* bytes received; or handed to TCP */
	uint64_t sent_mark;  /* queued_total after our last byte */
	uint64_t not_before; /* clock_ms(): a retry waits until then */
	uint64_t sent_at;    /* clock_ms() */
	bool in_flight;
	unsigned retries, sends;
	int rc; /* while draining */
	struct iscsi_io *io;
	struct scsi_command *command; /* neither: cancelled */
};

#define ISCSI_TASKS 32

struct iscsi_portal {
	uint32_t address;
	uint16_t port;
};

struct iscsi_session {
	struct list link;
	enum iscsi_state state;
	struct tcp_conn *conn;
	bool dead;	 /* the connection has to be given up: the poller does */
	bool redirected; /* … and the next one goes to hop at once */
	int rc;		 /* why it ended; 0: logged out */
	char why[320];	 /* the sentence to rc */

	struct iscsi_path path;
	struct iscsi_initiator initiator;
	struct iscsi_auth auth;
	bool discovery;
	char scope[8];		    /* the card's name */
	struct iscsi_portal portal; /* where reconnections begin */
	struct iscsi_portal hop;    /* where this attempt goes */
	unsigned redirects;
	bool redirect_by_name; /* login.redirect wants a look-up, which only straight-line code can
				*/
	char redirect_host[256];   /* resolved before … */
	uint32_t redirect_address; /* … to this */

	uint8_t isid[6];
	struct iscsi_login login;
	struct iscsi_params params;
	uint8_t chap_type;
	size_t login_sent;  /* bytes of login.out that went */
	bool login_partial; /* more of it follows (C bit) */
	unsigned login_rounds;
	struct iscsi_text text; /* text collected from the target */

	struct iscsi_rx rx;
	uint8_t small[512]; /* data segments that are neither text nor disk data */
	uint32_t cmd_sn, exp_cmd_sn, max_cmd_sn, exp_stat_sn;
	uint64_t queued_total; /* bytes ever given to TCP on this connection */

	bool text_done; /* discovery: the answer is complete */
	unsigned text_rounds;

	struct iscsi_task *tasks;
	struct list free, ready, sent, draining;
	struct list waiting, active; /* ios: not yet wholly / wholly given to tasks */
	uint32_t generation;
	uint32_t block_size; /* 0: the disk is not up yet */
	uint64_t blocks;
	uint32_t piece_blocks; /* largest command */

	struct net_timer timer;
	bool recover; /* logged in once: losses are repaired */
	bool lost_shown;
	uint64_t lost_at; /* clock_ms(), 0: working */
	uint64_t retry_at;
	unsigned failures; /* attempts since a command last succeeded */
	uint64_t deadline; /* of the state */
	bool received;	   /* anything since the last tick */
	uint64_t last_rx, last_tick;
	uint64_t progressed; /* clock_ms(): data or status of some command came, or was asked for */
	unsigned wait_ms;    /* the target asked us to stay away so long */
	uint64_t ping_sent;  /* 0: none outstanding */
	uint64_t timeout_ms; /* san-timeout, 0: for ever */
	unsigned ping_budget; /* answers to the target's pings allowed until the next tick */
	uint32_t reconnects, retried;
};

/* iscsi_conn.c */

/** New session to @path's target; NULL after fail(). */
struct iscsi_session *iscsi_session_new(const struct iscsi_path *path, bool discovery);
/** Resolve, connect, log in; waits. 0 or an error after fail(). */
int iscsi_session_login(struct iscsi_session *session);
/** Log out where that is possible, close, free. Requests must have been cancelled. */
void iscsi_session_free(struct iscsi_session *session);
/** Mark the connection as lost because of @rc; its sentence is kept when one was recorded. */
void iscsi_session_fault(struct iscsi_session *session, int rc);
/** Give the connection up now (not from its own handlers) and connect again, without a word. */
void iscsi_session_drop(struct iscsi_session *session);
/** Something worked: the loss is over. */
void iscsi_session_working(struct iscsi_session *session);
/** The target's answer to a login request; 0, or the error that ends the attempt. */
int iscsi_conn_login_response(struct iscsi_session *session, const uint8_t *bhs);
/** Begin to log out, to connect again or to close. */
void iscsi_session_logout(struct iscsi_session *session);
/** Queue a PDU: header and data leave together. @copy as for tcp_send(). False: it failed, and the
 * session is marked lost. */
bool iscsi_send_pdu(struct iscsi_session *session, uint8_t bhs[BHS_SIZE], const void *data,
		    uint32_t len, bool copy);
/** Let TCP put the rest of a data segment straight to its place. */
void iscsi_session_direct(struct iscsi_session *session);

/* iscsi_session.c */

/** The rx hooks. */
int iscsi_session_header(struct iscsi_rx *rx);
int iscsi_session_complete(struct iscsi_rx *rx);
/** Ask a discovery session's portal for its targets; text_done says that all is in text. */
void iscsi_session_send_targets(struct iscsi_session *session);
/** Send a NOP-Out that the target has to answer. */
void iscsi_session_ping(struct iscsi_session *session);
/** Fixed tags of requests that are no tasks; their low byte is beyond any task's index. */
#define ITT_LOGIN  0xfe
#define ITT_PING   0xfd
#define ITT_LOGOUT 0xfc
#define ITT_TEXT   0xfb

/* iscsi_task.c */

/** Send what the window and the free tasks allow. */
void iscsi_tasks_kick(struct iscsi_session *session);
/** The connection is gone: everything in flight will be sent again, in order. */
void iscsi_tasks_requeue(struct iscsi_session *session);
/** Has a command waited for its answer for too long, while no other one moved either? */
bool iscsi_tasks_stuck(const struct iscsi_session *session, uint64_t now);
/** Finish writes whose data TCP has let go. */
void iscsi_tasks_release(struct iscsi_session *session);
/** Fail what waited longer than san-timeout for the session to come back. */
void iscsi_tasks_expire(struct iscsi_session *session, uint64_t now);
/** Task with tag @itt that was sent and not yet answered, or NULL. */
struct iscsi_task *iscsi_task_find(struct iscsi_session *session, uint32_t itt);
/** PDUs for a task. 0, or an error that ends the connection. */
int iscsi_task_data_in(struct iscsi_session *session, struct iscsi_rx *rx);
int iscsi_task_data_in_done(struct iscsi_session *session, struct iscsi_rx *rx);
int iscsi_task_r2t(struct iscsi_session *session, const uint8_t *bhs);
int iscsi_task_response(struct iscsi_session *session, const uint8_t *bhs, const uint8_t *sense,
			uint32_t sense_len);
void iscsi_submit(struct iscsi_session *session, struct block_request *request);
void iscsi_cancel(struct iscsi_session *session, struct block_request *request);
/** The session ends: requests that nobody cancelled fail. */
void iscsi_tasks_abandon(struct iscsi_session *session);
/** Run @command and wait; 0 or an error after fail(). Unit attentions and busy are retried. */
int scsi_run(struct iscsi_session *session, struct scsi_command *command, unsigned timeout_ms);

/* iscsi_scsi.c */

enum scsi_verdict {
	SCSI_OK,
	SCSI_AGAIN, /* repeat at once */
	SCSI_LATER, /* repeat after a pause */
	SCSI_FAIL,
};
struct scsi_sense {
	uint8_t key, asc, ascq;
};
/** Sense data in fixed or descriptor format (SPC-4 section 4.5); false when there is none. */
bool scsi_sense_parse(const uint8_t *data, size_t len, struct scsi_sense *sense);
/** What to do about a command's @status. */
enum scsi_verdict scsi_judge(uint8_t status, const struct scsi_sense *sense);
/** The error, with its sentence recorded, for a failed command. */
int scsi_failure(uint8_t opcode, uint8_t status, const struct scsi_sense *sense);
/** CDB for reading or writing @count blocks at @lba. */
void scsi_read_write(uint8_t cdb[16], bool write, uint64_t lba, uint32_t count);
/** Wait until the disk is ready and learn its size; fills @dev. 0 or an error after fail(). */
int scsi_bring_up(struct iscsi_session *session, struct block_device *dev);

#endif
