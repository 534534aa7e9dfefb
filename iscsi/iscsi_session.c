/* SPDX-License-Identifier: BSD-2-Clause */
/* PDUs from the target: sorting them, following its counters, and the ones that are no disk data.
 */
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/log.h"

#define DATA_IN_STATUS	   0x01 /* S bit */
#define TEXT_CONTINUE	   0x40
#define TEXT_ROUNDS_MAX	   256u
#define SENSE_OFFSET	   2u
#define LOGOUT_WISH_MIN_MS 1000u
#define LOGOUT_WISH_MAX_MS 30000u
#define AWAY_MAX_S	   60u

enum async_event { ASYNC_SCSI, ASYNC_LOGOUT, ASYNC_DROP, ASYNC_DROP_ALL };

static struct iscsi_session *session_of(struct iscsi_rx *rx)
{
	return container_of(rx, struct iscsi_session, rx);
}

static int protocol(const char *what, unsigned opcode)
{
	return fail(E_ISCSI_PROTOCOL, "the target sent %s (opcode 0x%02x)", what, opcode);
}

int iscsi_session_header(struct iscsi_rx *rx)
{
	struct iscsi_session *session = session_of(rx);
	unsigned opcode = rx->bhs[0] & OP_MASK;
	int rc;

	if (session->state == SESSION_LOGIN && opcode != OP_LOGIN_RESPONSE && opcode != OP_REJECT)
		return protocol("something else than a login response", opcode);
	switch (opcode) {
	case OP_DATA_IN:
		return iscsi_task_data_in(session, rx);
	case OP_LOGIN_RESPONSE:
	case OP_TEXT_RESPONSE:
		rc = iscsi_text_reserve(&session->text, rx->data_len);
		if (rc)
			return rc;
		rx->dest = (uint8_t *)session->text.data + session->text.len;
		rx->keep = rx->data_len;
		return 0;
	default:
		rx->dest = session->small;
		rx->keep = min(rx->data_len, (uint32_t)sizeof(session->small));
		return 0;
	}
}

/* RFC 7143 section 4.2.2.1: older numbers, which overtaking PDUs may carry, are ignored. */
static void follow_window(struct iscsi_session *session, const uint8_t *bhs)
{
	uint32_t expected = get_be32(bhs + BHS_EXP_CMD_SN);
	uint32_t limit = get_be32(bhs + BHS_MAX_CMD_SN);

	if ((int32_t)(limit - (expected - 1)) < 0)
		return;
	if ((int32_t)(limit - session->max_cmd_sn) > 0)
		session->max_cmd_sn = limit;
	if ((int32_t)(expected - session->exp_cmd_sn) > 0)
		session->exp_cmd_sn = expected;
}

/* Does this PDU carry a status number of its own? */
static bool has_status(const uint8_t *bhs)
{
	switch (bhs[0] & OP_MASK) {
	case OP_DATA_IN:
		return bhs[BHS_FLAGS] & DATA_IN_STATUS;
	case OP_NOP_IN:
		return get_be32(bhs + BHS_ITT) != NO_TAG;
	case OP_R2T:
		return false;
	default:
		return true;
	}
}

static void follow_counters(struct iscsi_session *session, const uint8_t *bhs)
{
	uint32_t stat_sn = get_be32(bhs + BHS_STAT_SN);

	follow_window(session, bhs);
	if (!has_status(bhs))
		return;
	if (stat_sn != session->exp_stat_sn && session->state != SESSION_LOGIN)
		log_debug("iscsi", 1, "StatSN %u where %u was expected", (unsigned)stat_sn,
			  (unsigned)session->exp_stat_sn);
	session->exp_stat_sn = stat_sn + 1;
}

/* ---- Pings ---- */

static void send_nop(struct iscsi_session *session, uint32_t itt, uint32_t ttt, const uint8_t *lun)
{
	uint8_t bhs[BHS_SIZE];

	bhs_init(bhs, OP_NOP_OUT | OP_IMMEDIATE, FLAG_FINAL);
	memcpy(bhs + BHS_LUN, lun, 8);
	put_be32(bhs + BHS_ITT, itt);
	put_be32(bhs + BHS_TTT, ttt);
	put_be32(bhs + BHS_CMD_SN, session->cmd_sn);
	put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
	iscsi_send_pdu(session, bhs, NULL, 0, true);
}

void iscsi_session_ping(struct iscsi_session *session)
{
	send_nop(session, ITT_PING, NO_TAG, session->path.lun);
}

static void nop_in(struct iscsi_session *session, const uint8_t *bhs)
{
	uint32_t ttt = get_be32(bhs + BHS_TTT);

	if (get_be32(bhs + BHS_ITT) == ITT_PING)
		session->ping_sent = 0;
	if (ttt == NO_TAG)
		return;
	/* A flood of pings may not fill our memory with answers. */
	if (!session->ping_budget)
		return;
	session->ping_budget--;
	send_nop(session, NO_TAG, ttt, bhs + BHS_LUN);
}

/* ---- Text, asynchronous messages, refusals ---- */

static void send_text(struct iscsi_session *session, uint32_t ttt, const char *text, uint32_t len)
{
	uint8_t bhs[BHS_SIZE];

	bhs_init(bhs, OP_TEXT | OP_IMMEDIATE, FLAG_FINAL);
	put_be32(bhs + BHS_ITT, ITT_TEXT);
	put_be32(bhs + BHS_TTT, ttt);
	put_be32(bhs + BHS_CMD_SN, session->cmd_sn);
	put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
	iscsi_send_pdu(session, bhs, text, len, true);
}

void iscsi_session_send_targets(struct iscsi_session *session)
{
	static const char request[] = "SendTargets=All";

	session->text_done = false;
	session->text_rounds = 0;
	iscsi_text_clear(&session->text);
	send_text(session, NO_TAG, request, sizeof(request));
}

static int text_response(struct iscsi_session *session, const uint8_t *bhs)
{
	uint32_t ttt = get_be32(bhs + BHS_TTT);

	if (!session->discovery || session->text_done || get_be32(bhs + BHS_ITT) != ITT_TEXT)
		return protocol("text that nobody asked for", OP_TEXT_RESPONSE);
	session->text.len += session->rx.data_len;
	session->text.data[session->text.len] = '\0';
	if (bhs[BHS_FLAGS] & FLAG_FINAL && !(bhs[BHS_FLAGS] & TEXT_CONTINUE)) {
		session->text_done = true;
		return 0;
	}
	if (ttt == NO_TAG || session->text_rounds++ == TEXT_ROUNDS_MAX)
		return protocol("text without an end", OP_TEXT_RESPONSE);
	send_text(session, ttt, NULL, 0);
	return 0;
}

static int async_message(struct iscsi_session *session, const uint8_t *bhs)
{
	unsigned event = bhs[36];
	uint32_t away = min((uint32_t)get_be16(bhs + 40), AWAY_MAX_S) * 1000;
	uint32_t patience = get_be16(bhs + 42) * 1000u;

	log_debug("iscsi", 1, "asynchronous message %u", event);
	switch (event) {
	case ASYNC_LOGOUT:
		if (session->state != SESSION_FULL)
			return 0;
		session->state = SESSION_DRAINING;
		session->deadline =
			clock_ms() + min(max(patience, LOGOUT_WISH_MIN_MS), LOGOUT_WISH_MAX_MS);
		return 0;
	case ASYNC_DROP:
	case ASYNC_DROP_ALL:
		session->wait_ms = away;
		return fail(E_ISCSI_LOST, "the target announced that it drops the connection");
	default:
		return 0;
	}
}

static int rejected(struct iscsi_session *session, const uint8_t *bhs)
{
	unsigned opcode = session->small[0] & OP_MASK;

	if (session->rx.data_len >= BHS_SIZE && opcode == OP_NOP_OUT) {
		session->ping_sent = 0;
		return 0;
	}
	return fail(E_ISCSI_REJECT,
		    "the target rejected our request (opcode 0x%02x), reason 0x%02x",
		    session->rx.data_len >= BHS_SIZE ? opcode : 0xffu, bhs[2]);
}

static int logout_response(struct iscsi_session *session)
{
	if (session->state != SESSION_LOGOUT)
		return protocol("a logout response that nobody asked for", OP_LOGOUT_RESPONSE);
	iscsi_session_fault(session, 0);
	return 1;
}

static int scsi_response(struct iscsi_session *session, const uint8_t *bhs)
{
	const uint8_t *sense = session->small + SENSE_OFFSET;
	uint32_t have = min(session->rx.data_len, (uint32_t)sizeof(session->small));
	uint32_t len = 0;

	if (have > SENSE_OFFSET)
		len = min((uint32_t)get_be16(session->small), have - SENSE_OFFSET);
	return iscsi_task_response(session, bhs, sense, len);
}

int iscsi_session_complete(struct iscsi_rx *rx)
{
	struct iscsi_session *session = session_of(rx);
	const uint8_t *bhs = rx->bhs;
	unsigned opcode = bhs[0] & OP_MASK;

	follow_counters(session, bhs);
	switch (opcode) {
	case OP_LOGIN_RESPONSE:
		return iscsi_conn_login_response(session, bhs);
	case OP_DATA_IN:
		return iscsi_task_data_in_done(session, rx);
	case OP_SCSI_RESPONSE:
		return scsi_response(session, bhs);
	case OP_R2T:
		return iscsi_task_r2t(session, bhs);
	case OP_NOP_IN:
		nop_in(session, bhs);
		return 0;
	case OP_TEXT_RESPONSE:
		return text_response(session, bhs);
	case OP_LOGOUT_RESPONSE:
		return logout_response(session);
	case OP_ASYNC:
		return async_message(session, bhs);
	case OP_REJECT:
		return rejected(session, bhs);
	default:
		return protocol("a PDU of unknown kind", opcode);
	}
}
