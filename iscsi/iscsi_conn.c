/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session's connection: TCP, the login exchange, loss and reconnection.
 *
 * Everything here is a state machine driven from net_poll(), because a lost
 * connection is repaired while somebody else's boot loader runs. The first login
 * uses the same machine and simply waits for it (iscsi_session_login).
 *
 * Handlers that TCP calls never close the connection: they mark the session
 * with iscsi_session_fault(), and the poller gives the connection up.
 *
 * A reconnection logs in with the same ISID and TSIH 0: the target takes that as
 * the reinstatement of the old session (RFC 7143 section 6.3.5), ends whatever it
 * still holds of it, and then we send everything again that was not answered.
 */
#include "bios/heap.h"
#include "iscsi/iscsi.h"
#include "lib/crc32c.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"

#define TICK_MS		 250u
#define PAUSE_SEEN_MS	 2000u /* nobody polled us for so long: the guest was busy */
#define ATTEMPT_MS	 60000u
#define CONNECT_MS	 15000u
#define RECONNECT_MS	 5000u
#define TCP_WINDOW	 (1024u * 1024u) /* for what comes out of order, and long paths */
#define TCP_TIMEOUT_MS	 15000u
#define LOGIN_ANSWER_MS	 15000u
#define LOGOUT_MS	 2000u
#define PING_AFTER_MS	 5000u /* commands in flight, and silence */
#define PING_IDLE_MS	 30000u
#define PING_ANSWER_MS	 10000u
#define PING_BUDGET	 16u
#define LOGIN_ROUNDS_MAX 64u
#define REDIRECTS_MAX	 5u
#define RETRY_MAX_MS	 5000u
#define ADDRESSES_MAX	 4u

#define LOGIN_CONTINUE 0x40 /* C bit */

#define PORTAL_FMT    IPV4_FMT ":%u"
#define PORTAL_ARG(p) IPV4_ARG((p)->address), (unsigned)(p)->port

const struct iscsi_transport iscsi_tcp = {
	.connect = tcp_connect,
	.is_connected = tcp_is_connected,
	.ctx = tcp_ctx,
	.send = tcp_send,
	.unsent = tcp_unsent,
	.direct = tcp_direct,
	.close = tcp_close,
	.abort = tcp_abort,
};
const struct iscsi_transport *iscsi_transport = &iscsi_tcp;

static struct list sessions = LIST_INIT(sessions);

static const char *target_name(const struct iscsi_session *session)
{
	return session->discovery ? NULL : session->path.target;
}

/* ---- Sending ---- */

bool iscsi_send_pdu(struct iscsi_session *session, uint8_t bhs[BHS_SIZE], const void *data,
		    uint32_t len, bool copy)
{
	uint8_t header[BHS_SIZE + 4];
	uint8_t trailer[8] = {0};
	size_t header_len = BHS_SIZE;
	uint32_t trailer_len = -len & 3;
	int rc;

	if (session->dead || !session->conn)
		return false;
	put_be24(bhs + BHS_DATA_LENGTH, len);
	memcpy(header, bhs, BHS_SIZE);
	if (session->rx.header_digest) {
		put_le32(header + BHS_SIZE, crc32c(0, bhs, BHS_SIZE));
		header_len += 4;
	}
	if (len && session->rx.data_digest) {
		put_le32(trailer + trailer_len, crc32c(crc32c(0, data, len), trailer, trailer_len));
		trailer_len += 4;
	}
	rc = iscsi_transport->send(session->conn, header, header_len, true);
	if (!rc && len)
		rc = iscsi_transport->send(session->conn, data, len, copy);
	if (!rc && trailer_len)
		rc = iscsi_transport->send(session->conn, trailer, trailer_len, true);
	if (rc) {
		iscsi_session_fault(session, rc);
		return false;
	}
	session->queued_total += header_len + len + trailer_len;
	return true;
}

/* ---- Login exchange ---- */

static void send_login(struct iscsi_session *session, bool with_text)
{
	struct iscsi_login *login = &session->login;
	size_t left = with_text ? login->out.len - session->login_sent : 0;
	uint32_t len = (uint32_t)min(left, (size_t)ISCSI_TEXT_SEGMENT);
	const char *data = len ? login->out.data + session->login_sent : NULL;
	enum iscsi_stage next = login->stage == STAGE_SECURITY ? STAGE_OPERATIONAL : STAGE_FULL;
	uint8_t bhs[BHS_SIZE];
	uint8_t flags = (uint8_t)(login->stage << 2);

	session->login_sent += len;
	session->login_partial = left > len;
	if (session->login_partial)
		flags |= LOGIN_CONTINUE;
	else if (with_text && login->transit)
		flags |= FLAG_FINAL | next;
	bhs_init(bhs, OP_LOGIN | OP_IMMEDIATE, flags);
	memcpy(bhs + 8, session->isid, sizeof(session->isid));
	put_be32(bhs + BHS_ITT, ITT_LOGIN);
	put_be32(bhs + BHS_CMD_SN, session->cmd_sn);
	put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
	iscsi_send_pdu(session, bhs, data, len, true);
	session->deadline = clock_ms() + LOGIN_ANSWER_MS;
}

static void send_login_request(struct iscsi_session *session)
{
	session->login_sent = 0;
	send_login(session, true);
}

static void begin_login(struct iscsi_session *session)
{
	int rc;

	session->state = SESSION_LOGIN;
	session->cmd_sn = session->exp_cmd_sn = 1;
	session->max_cmd_sn = 0;
	session->exp_stat_sn = 0;
	session->login_rounds = 0;
	session->login.initiator = session->initiator.name;
	session->login.target = target_name(session);
	session->login.auth = &session->auth;
	iscsi_text_clear(&session->text);
	rc = iscsi_login_start(&session->login);
	if (rc)
		iscsi_session_fault(session, rc);
	else
		send_login_request(session);
}

static void full_feature(struct iscsi_session *session)
{
	session->state = SESSION_FULL;
	session->params = session->login.params;
	session->chap_type = session->login.chap_type;
	session->rx.header_digest = session->params.header_digest;
	session->rx.data_digest = session->params.data_digest;
	session->rx.max_data = ISCSI_RECV_SEGMENT;
	session->received = true;
	session->ping_sent = 0;
	session->ping_budget = PING_BUDGET;
	session->wait_ms = 0;
	if (session->recover)
		session->reconnects++;
	if (session->lost_shown)
		print("SAN: connection to " PORTAL_FMT " re-established\n",
		      PORTAL_ARG(&session->hop));
	session->lost_shown = false;
	log_debug("iscsi", 1,
		  "full feature: MaxBurst %u FirstBurst %u segment %u R2T %d immediate %d digests "
		  "%d %d",
		  (unsigned)session->params.max_burst, (unsigned)session->params.first_burst,
		  (unsigned)session->params.max_send, session->params.initial_r2t,
		  session->params.immediate_data, session->params.header_digest,
		  session->params.data_digest);
}

static int redirect(struct iscsi_session *session, bool permanent)
{
	char address[300], host[sizeof(session->redirect_host)];
	char *comma;
	uint16_t port;
	uint32_t ip;
	int rc = iscsi_login_redirect(&session->login, &session->text);

	if (rc)
		return rc;
	if (session->redirects++ == REDIRECTS_MAX)
		return fail(E_ISCSI_REDIRECT, "target %s redirected us more than %u times",
			    session->path.target, REDIRECTS_MAX);
	text_copy(address, sizeof(address), session->login.redirect);
	comma = strchr(address, ','); /* portal group tag */
	if (comma)
		*comma = '\0';
	rc = iscsi_portal_parse(address, strlen(address), host, sizeof(host), &port);
	if (rc) {
		text_copy(session->why, sizeof(session->why), error_text());
		return fail(E_ISCSI_REDIRECT, "target %s redirects us: %s", session->path.target,
			    session->why);
	}
	log_debug("iscsi", 1, "redirected to %s port %u", host, port);
	if (text_to_ipv4(host, &ip)) {
		session->hop.address = ip;
	} else if (!strcmp(host, session->redirect_host)) {
		session->hop.address = session->redirect_address;
	} else if (!session->recover) {
		text_copy(session->redirect_host, sizeof(session->redirect_host), host);
		session->redirect_by_name = true;
	} else {
		return fail(E_ISCSI_REDIRECT,
			    "target %s redirects to %s, whose address is not known",
			    session->path.target, host);
	}
	session->hop.port = port;
	if (permanent && !session->redirect_by_name)
		session->portal = session->hop;
	session->redirected = true;
	return fail(E_ISCSI_REDIRECT, "target %s redirects to %s", session->path.target, host);
}

static int login_text(struct iscsi_session *session, uint8_t flags)
{
	int rc;

	if (flags & LOGIN_CONTINUE) {
		if (flags & FLAG_FINAL || session->login_partial)
			return fail(E_ISCSI_PROTOCOL,
				    "iSCSI login: the target mixes up C and T bits");
		send_login(session, false);
		return 0;
	}
	if (session->login_partial) {
		send_login(session, true);
		return 0;
	}
	rc = iscsi_login_answer(&session->login, flags, &session->text);
	iscsi_text_clear(&session->text);
	if (rc < 0)
		return rc;
	if (rc == LOGIN_DONE)
		full_feature(session);
	else
		send_login_request(session);
	return 0;
}

int iscsi_conn_login_response(struct iscsi_session *session, const uint8_t *bhs)
{
	uint16_t status = get_be16(bhs + 36);

	if (session->state != SESSION_LOGIN || get_be32(bhs + BHS_ITT) != ITT_LOGIN)
		return fail(E_ISCSI_PROTOCOL,
			    "the target sent a login response that nobody asked for");
	session->text.len += session->rx.data_len;
	if (session->text.data)
		session->text.data[session->text.len] = '\0';
	if (status >> 8 == 1 && !session->discovery)
		return redirect(session, (status & 255) == 2);
	if (status)
		return iscsi_login_failure(status, session->initiator.name, target_name(session),
					   &session->auth);
	if (bhs[3])
		return iscsi_login_failure(0x0205, session->initiator.name, target_name(session),
					   &session->auth);
	if (session->login_rounds++ == LOGIN_ROUNDS_MAX)
		return fail(E_ISCSI_PROTOCOL, "iSCSI login did not end after %u rounds",
			    LOGIN_ROUNDS_MAX);
	return login_text(session, bhs[BHS_FLAGS]);
}

/* ---- Attempts, loss, and trying again ---- */

static void on_receive(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	struct iscsi_session *session = iscsi_transport->ctx(conn);
	int rc;

	if (session->dead)
		return;
	session->received = true;
	rc = iscsi_rx_feed(&session->rx, data, len);
	if (rc < 0)
		iscsi_session_fault(session, rc);
	else if (!session->dead)
		iscsi_session_direct(session);
}

static void on_closed(struct tcp_conn *conn, int rc)
{
	struct iscsi_session *session = iscsi_transport->ctx(conn);

	if (session->dead)
		return;
	if (session->state == SESSION_LOGOUT)
		rc = 0;
	else if (!rc && session->state == SESSION_LOGIN)
		rc = fail(E_ISCSI_CLOSED,
			  "target %s at " PORTAL_FMT " closed the connection during login",
			  session->path.target, PORTAL_ARG(&session->hop));
	else if (!rc)
		rc = fail(E_ISCSI_LOST, "the target closed the connection");
	iscsi_session_fault(session, rc);
}

static const struct tcp_handlers handlers = {
	.receive = on_receive,
	.closed = on_closed,
};

void iscsi_session_direct(struct iscsi_session *session)
{
	uint8_t *place;
	uint32_t len = iscsi_rx_direct(&session->rx, &place);

	if (len)
		iscsi_transport->direct(session->conn, place, len);
}

void iscsi_session_fault(struct iscsi_session *session, int rc)
{
	if (session->dead)
		return;
	session->dead = true;
	session->rc = rc;
	text_copy(session->why, sizeof(session->why), rc ? error_sentence(rc) : "logged out");
	log_debug("iscsi", 1, "connection ends: %s", session->why);
}

static void schedule(struct iscsi_session *session, uint64_t now)
{
	uint64_t due = now + TICK_MS;

	if (session->state == SESSION_DOWN && session->retry_at < due)
		due = max(session->retry_at, now);
	net_timer_start(&session->timer, due);
}

/* What to do after an attempt or a working connection has ended. */
static void plan_retry(struct iscsi_session *session)
{
	uint64_t now = clock_ms();
	uint32_t pause = 0;

	if (!session->recover) {
		session->state = SESSION_CLOSED;
		net_timer_stop(&session->timer);
		return;
	}
	if (session->failures)
		pause = session->failures > 3 ? RETRY_MAX_MS : 500u << session->failures;
	if (session->rc && session->rc != E_CANCELLED && !session->lost_shown &&
	    !session->failures) {
		print("SAN: connection to " PORTAL_FMT " lost, retrying\n",
		      PORTAL_ARG(&session->portal));
		session->lost_shown = true;
	}
	if (!session->lost_at)
		session->lost_at = now;
	session->failures++;
	session->hop = session->portal;
	session->redirects = 0;
	session->state = SESSION_DOWN;
	session->retry_at = now + max(pause, session->wait_ms);
	schedule(session, now);
}

static void start_attempt(struct iscsi_session *session)
{
	struct tcp_options options = {
		.window = TCP_WINDOW,
		.connect_ms = session->recover ? RECONNECT_MS : CONNECT_MS,
		.timeout_ms = TCP_TIMEOUT_MS,
		.keepalive = true,
	};
	uint64_t now = clock_ms();

	session->dead = session->redirected = session->redirect_by_name = false;
	session->queued_total = 0;
	iscsi_rx_reset(&session->rx);
	session->rx.max_data = ISCSI_TEXT_MAX;
	session->state = SESSION_CONNECTING;
	session->deadline = now + options.connect_ms + 1000;
	session->last_tick = session->last_rx = now;
	session->conn = iscsi_transport->connect(session->hop.address, session->hop.port, &handlers,
						 session, &options);
	if (!session->conn) {
		iscsi_session_fault(session, error_code());
		session->dead = false;
		plan_retry(session);
		return;
	}
	schedule(session, now);
}

/* The poller's answer to iscsi_session_fault(). */
static void end_connection(struct iscsi_session *session)
{
	if (session->conn && session->rc)
		iscsi_transport->abort(session->conn);
	else if (session->conn)
		iscsi_transport->close(session->conn);
	session->conn = NULL;
	session->dead = false;
	iscsi_tasks_requeue(session);
	if (session->redirected && !session->redirect_by_name)
		start_attempt(session);
	else
		plan_retry(session);
}

void iscsi_session_drop(struct iscsi_session *session)
{
	session->rc = E_CANCELLED;
	session->redirected = false;
	end_connection(session);
}

void iscsi_session_working(struct iscsi_session *session)
{
	session->lost_at = 0;
	session->failures = 0;
}

void iscsi_session_logout(struct iscsi_session *session)
{
	uint8_t bhs[BHS_SIZE];

	bhs_init(bhs, OP_LOGOUT | OP_IMMEDIATE, FLAG_FINAL); /* reason 0: close the session */
	put_be32(bhs + BHS_ITT, ITT_LOGOUT);
	put_be32(bhs + BHS_CMD_SN, session->cmd_sn);
	put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
	session->state = SESSION_LOGOUT;
	session->deadline = clock_ms() + LOGOUT_MS;
	iscsi_send_pdu(session, bhs, NULL, 0, true);
}

/* ---- Time ---- */

static void tick_full(struct iscsi_session *session, uint64_t now)
{
	bool in_flight = !list_empty(&session->sent);
	uint64_t quiet = now - session->last_rx;

	session->ping_budget = PING_BUDGET;
	if (iscsi_tasks_stuck(session, now)) {
		iscsi_session_fault(session, fail(E_ISCSI_TIMEOUT,
						  "the target leaves a disk command unanswered"));
	} else if (session->ping_sent) {
		if (now - max(session->ping_sent, session->last_rx) > PING_ANSWER_MS)
			iscsi_session_fault(session, fail(E_ISCSI_TIMEOUT,
							  "the target does not answer any more"));
	} else if (quiet > (in_flight ? PING_AFTER_MS : PING_IDLE_MS)) {
		session->ping_sent = now;
		iscsi_session_ping(session);
	}
	iscsi_tasks_kick(session);
}

static void tick_waiting(struct iscsi_session *session, uint64_t now)
{
	if (session->state == SESSION_DRAINING) {
		if (list_empty(&session->sent) || now >= session->deadline)
			iscsi_session_logout(session);
	} else if (now >= session->deadline) {
		iscsi_session_fault(
			session, fail(E_ISCSI_TIMEOUT, "%s at " PORTAL_FMT " does not answer%s",
				      session->path.target[0] ? session->path.target : "the portal",
				      PORTAL_ARG(&session->hop),
				      session->state == SESSION_LOGIN ? " the login" : ""));
	}
}

/* Time in which nobody polled us does not count against the target. */
static void account_pause(struct iscsi_session *session, uint64_t now)
{
	uint64_t gap = now - session->last_tick;

	session->last_tick = now;
	if (gap > PAUSE_SEEN_MS) {
		struct iscsi_task *task;

		session->last_rx += gap;
		session->progressed += gap;
		session->deadline += gap;
		if (session->ping_sent)
			session->ping_sent += gap;
		list_for_each(task, &session->sent, link)
			task->sent_at += gap;
	}
	if (session->received)
		session->last_rx = now;
	session->received = false;
}

static void tick(struct net_timer *timer)
{
	struct iscsi_session *session = container_of(timer, struct iscsi_session, timer);
	uint64_t now = clock_ms();

	account_pause(session, now);
	schedule(session, now);
	if (session->dead)
		return;
	if (session->state == SESSION_FULL)
		tick_full(session, now);
	else if (session->state == SESSION_DOWN && now >= session->retry_at)
		start_attempt(session);
	else if (session->state != SESSION_DOWN)
		tick_waiting(session, now);
	iscsi_tasks_expire(session, now);
}

static void poll_session(struct iscsi_session *session)
{
	if (session->dead)
		end_connection(session);
	else if (session->state == SESSION_CONNECTING &&
		 iscsi_transport->is_connected(session->conn))
		begin_login(session);
	if (session->state != SESSION_FULL)
		return;
	if (!list_empty(&session->draining))
		iscsi_tasks_release(session);
	if (!list_empty(&session->ready) || !list_empty(&session->waiting))
		iscsi_tasks_kick(session);
}

static void poll_sessions(void)
{
	struct iscsi_session *session, *next;

	list_for_each_safe(session, next, &sessions, link)
		poll_session(session);
}

TABLE_ENTRY(net_poller, iscsi_poller) = {.poll = poll_sessions};

/* ---- Opening and closing ---- */

static enum iscsi_digest digest_setting(const char *scope)
{
	char value[16];

	setting_text(scope, "iscsi-digest", value, sizeof(value));
	if (text_equal_nocase(value, "crc32c"))
		return DIGEST_CRC32C;
	return text_equal_nocase(value, "none") ? DIGEST_NONE : DIGEST_TARGET;
}

static void init_tasks(struct iscsi_session *session)
{
	list_init(&session->free);
	list_init(&session->ready);
	list_init(&session->sent);
	list_init(&session->draining);
	list_init(&session->waiting);
	list_init(&session->active);
	for (unsigned i = 0; i < ISCSI_TASKS; i++) {
		session->tasks[i].itt = i;
		list_append(&session->free, &session->tasks[i].link);
	}
}

struct iscsi_session *iscsi_session_new(const struct iscsi_path *path, bool discovery)
{
	struct iscsi_session *session = heap_zalloc(sizeof(*session));
	struct iscsi_task *tasks = heap_zalloc(ISCSI_TASKS * sizeof(*tasks));

	if (!session || !tasks) {
		heap_free(session);
		heap_free(tasks);
		fail(E_NO_MEMORY, "no memory for an iSCSI session");
		return NULL;
	}
	session->tasks = tasks;
	session->path = *path;
	session->discovery = discovery;
	session->rx.header = iscsi_session_header;
	session->rx.complete = iscsi_session_complete;
	session->timer.expired = tick;
	list_init(&session->timer.link);
	init_tasks(session);
	/* ISID of type "random", RFC 7143 section 11.12.5. */
	random_bytes(session->isid, sizeof(session->isid));
	session->isid[0] = 0x80;
	list_append(&sessions, &session->link);
	return session;
}

static int read_settings(struct iscsi_session *session, uint32_t address)
{
	uint32_t next_hop;
	struct netif *netif = netif_route(address, &next_hop);
	int rc;

	text_copy(session->scope, sizeof(session->scope), netif ? netif->nic->name : "");
	rc = iscsi_initiator_name(session->scope, &session->initiator);
	if (!rc)
		rc = iscsi_auth_settings(session->scope, &session->auth);
	session->login.digest = digest_setting(session->scope);
	session->timeout_ms = block_timeout_ms(session->scope);
	return rc;
}

static int follow_name(struct iscsi_session *session)
{
	uint32_t address;
	int count = dns_resolve(session->redirect_host, &address, 1);

	if (count <= 0)
		return count ? count : E_ISCSI_REDIRECT;
	session->redirect_address = address;
	session->hop.address = address;
	return 0;
}

/* One attempt at session->portal, with its redirections; waits. */
static int try_portal(struct iscsi_session *session)
{
	int rc;

	session->hop = session->portal;
	session->redirects = 0;
	do {
		uint64_t deadline = clock_ms() + ATTEMPT_MS;

		start_attempt(session);
		rc = wait_until(session->state == SESSION_FULL || session->state == SESSION_CLOSED,
				deadline);
		if (rc) {
			iscsi_session_drop(session);
			return rc == E_CANCELLED
				       ? fail(rc, "login to %s cancelled", session->path.host)
				       : fail(E_ISCSI_TIMEOUT, "login to %s took too long",
					      session->path.host);
		}
		if (session->state == SESSION_FULL)
			return 0;
		if (!session->redirect_by_name)
			return fail(session->rc, "%s", session->why);
		rc = follow_name(session);
	} while (!rc);
	return rc;
}

int iscsi_session_login(struct iscsi_session *session)
{
	uint32_t addresses[ADDRESSES_MAX];
	int count = dns_resolve(session->path.host, addresses, ADDRESSES_MAX);
	int rc = count;

	if (!count)
		rc = fail(E_ISCSI_PATH, "%s has no IPv4 address", session->path.host);
	for (int i = 0; i < count; i++) {
		rc = read_settings(session, addresses[i]);
		if (rc)
			return rc;
		session->portal = (struct iscsi_portal){addresses[i], session->path.port};
		rc = try_portal(session);
		if (!rc) {
			session->recover = !session->discovery;
			return 0;
		}
		if (rc == E_CANCELLED)
			break;
	}
	return rc;
}

void iscsi_session_free(struct iscsi_session *session)
{
	session->recover = false;
	session->lost_shown = true; /* nothing to say any more */
	if (session->state == SESSION_FULL) {
		iscsi_session_logout(session);
		if (wait_until(session->state == SESSION_CLOSED, session->deadline))
			log_debug("iscsi", 1, "no answer to logout");
	}
	if (session->conn)
		iscsi_transport->abort(session->conn);
	net_timer_stop(&session->timer);
	list_remove(&session->link);
	iscsi_tasks_abandon(session);
	iscsi_login_free(&session->login);
	iscsi_text_free(&session->text);
	memset(&session->auth, 0, sizeof(session->auth));
	heap_free(session->tasks);
	heap_free(session);
}
