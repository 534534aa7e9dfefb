/* SPDX-License-Identifier: BSD-2-Clause */
/* The target of iscsi_target.h. What it sends is delivered in pieces of awkward sizes. */
#include <stdlib.h>
#include "iscsi/iscsi.h"
#include "lib/crc32c.h"
#include "lib/error.h"
#include "lib/format.h"
#include "test/host/host.h"
#include "test/host/iscsi_target.h"

#define STREAM_MAX (8u << 20)
#define WRITES_MAX 64

struct stream {
	uint8_t *data;
	size_t len;
};

struct tcp_conn {
	const struct tcp_handlers *handlers;
	void *ctx;
	bool connected;
	unsigned queued;
	size_t unsent;
	uint8_t *direct;
	uint64_t direct_left;
};

/* What the initiator queued, not yet taken: references as tcp_send() got them. */
static struct {
	const uint8_t *data;
	size_t len;
	bool copy;
} queue[65536];

struct pending_write {
	bool used;
	uint32_t itt, ttt, len, got, asked;
	uint64_t offset;
	bool unsolicited;
};

struct iscsi_target target;
static struct tcp_conn *conn;
static struct stream in, out;
static struct pending_write writes[WRITES_MAX];
static uint32_t stat_sn, exp_cmd_sn, next_ttt;
static bool full, digests_on;
static unsigned seen; /* commands on this connection */
static uint8_t chap_id, chap_challenge[16];
static struct iscsi_text login_text, answer_text, scratch;
static size_t answer_sent;
static uint8_t answer_flags;

static void append(struct stream *s, const void *data, size_t len)
{
	if (!len)
		return;
	if (s->len + len > STREAM_MAX)
		abort();
	s->data = realloc(s->data, s->len + len);
	memcpy(s->data + s->len, data, len);
	s->len += len;
}

static void consume(struct stream *s, size_t len)
{
	memmove(s->data, s->data + len, s->len - len);
	s->len -= len;
}

/* ---- The transport ---- */

static void forget_connection(void)
{
	for (unsigned i = 0; conn && i < conn->queued; i++)
		if (queue[i].copy)
			free((void *)queue[i].data);
	free(conn);
	conn = NULL;
	in.len = out.len = 0;
	memset(writes, 0, sizeof(writes));
}

static struct tcp_conn *fake_connect(uint32_t address, uint16_t port,
				     const struct tcp_handlers *handlers, void *ctx,
				     const struct tcp_options *options)
{
	forget_connection();
	if (target.no_route) {
		fail(E_TCP_NO_ROUTE, "no card has a route there");
		return NULL;
	}
	target.connections++;
	target.connect_address = address;
	target.connect_port = port;
	conn = calloc(1, sizeof(*conn));
	conn->handlers = handlers;
	conn->ctx = ctx;
	full = digests_on = false;
	stat_sn = 100;
	seen = 0;
	iscsi_text_clear(&login_text);
	return conn;
}

static bool fake_is_connected(const struct tcp_conn *c)
{
	return c->connected;
}

static void *fake_ctx(const struct tcp_conn *c)
{
	return c->ctx;
}

static int fake_send(struct tcp_conn *c, const void *data, size_t len, bool copy)
{
	void *own = NULL;

	if (target.send_error)
		return target.send_error;
	if (c->queued == ARRAY_SIZE(queue))
		return fail(E_NO_MEMORY, "queue full");
	if (copy) {
		own = malloc(len ? len : 1);
		memcpy(own, data, len);
	}
	queue[c->queued].data = copy ? own : data;
	queue[c->queued].len = len;
	queue[c->queued++].copy = copy;
	c->unsent += len;
	return 0;
}

static size_t fake_unsent(const struct tcp_conn *c)
{
	return c->unsent;
}

static void fake_direct(struct tcp_conn *c, void *buf, uint64_t len)
{
	c->direct = buf;
	c->direct_left = len;
}

static void fake_close(struct tcp_conn *c)
{
	forget_connection();
}

static void fake_abort(struct tcp_conn *c)
{
	target.aborts++;
	forget_connection();
}

static const struct iscsi_transport fake = {
	.connect = fake_connect,
	.is_connected = fake_is_connected,
	.ctx = fake_ctx,
	.send = fake_send,
	.unsent = fake_unsent,
	.direct = fake_direct,
	.close = fake_close,
	.abort = fake_abort,
};

bool iscsi_target_connected(void)
{
	return conn && conn->connected;
}

void iscsi_target_break(int rc)
{
	const struct tcp_handlers *handlers = conn->handlers;

	if (rc)
		fail(rc, "connection reset by the target");
	handlers->closed(conn, rc);
}

void iscsi_target_raw(const void *data, size_t len)
{
	append(&out, data, len);
}

/* Deliver what waits. The connection may go away in the middle. */
static void deliver(void)
{
	while (conn && out.len) {
		struct tcp_conn *c = conn;
		size_t n = min(out.len, target.chunk);
		uint8_t *piece;

		if (c->direct_left) {
			n = min(n, (size_t)c->direct_left);
			piece = c->direct;
			memcpy(piece, out.data, n);
			c->direct += n;
			c->direct_left -= n;
			target.direct_bytes += n;
			consume(&out, n);
			c->handlers->receive(c, piece, n);
			continue;
		}
		piece = malloc(n); /* exactly, so that reading beyond is seen */
		memcpy(piece, out.data, n);
		consume(&out, n);
		c->handlers->receive(c, piece, n);
		free(piece);
	}
}

/* ---- PDUs ---- */

static void send_pdu(uint8_t *bhs, const void *data, uint32_t len)
{
	uint8_t zero[4] = {0};
	uint32_t padding = -len & 3;
	uint8_t digest[4];

	put_be24(bhs + BHS_DATA_LENGTH, len);
	put_be32(bhs + BHS_EXP_CMD_SN, exp_cmd_sn);
	put_be32(bhs + BHS_MAX_CMD_SN, exp_cmd_sn + target.window);
	if (target.mangle)
		target.mangle(bhs);
	append(&out, bhs, BHS_SIZE);
	if (digests_on) {
		put_le32(digest, crc32c(0, bhs, BHS_SIZE));
		append(&out, digest, 4);
	}
	append(&out, data, len);
	append(&out, zero, padding);
	if (digests_on && len) {
		put_le32(digest, crc32c(crc32c(0, data, len), zero, padding));
		append(&out, digest, 4);
	}
}

void iscsi_target_send(uint8_t *bhs, const void *data, uint32_t len)
{
	put_be32(bhs + BHS_STAT_SN, stat_sn++);
	send_pdu(bhs, data, len);
}

static void send_response(uint32_t itt, uint8_t status, uint8_t key, uint8_t asc)
{
	uint8_t bhs[BHS_SIZE];
	uint8_t sense[20] = {0, 18, 0x70, 0, key, [14] = asc};

	bhs_init(bhs, OP_SCSI_RESPONSE, FLAG_FINAL);
	bhs[3] = status;
	put_be32(bhs + BHS_ITT, itt);
	iscsi_target_send(bhs, sense, status == 2 ? sizeof(sense) : 0);
}

static void send_data_in(uint32_t itt, const uint8_t *data, uint32_t len, uint32_t expected)
{
	uint32_t offset = 0, data_sn = 0;

	len = min(len, expected);
	while (offset < len) {
		uint32_t n = min(len - offset, target.data_in);
		bool last = offset + n == len;
		uint8_t bhs[BHS_SIZE];

		/* Every other command has its status in the last data PDU. */
		bhs_init(bhs, OP_DATA_IN, last ? FLAG_FINAL : 0);
		put_be32(bhs + BHS_ITT, itt);
		put_be32(bhs + BHS_TTT, NO_TAG);
		put_be32(bhs + BHS_DATA_SN, data_sn++);
		put_be32(bhs + BHS_OFFSET, offset);
		if (last && target.commands % 2) {
			bhs[BHS_FLAGS] |= 1;
			iscsi_target_send(bhs, data + offset, n);
			return;
		}
		send_pdu(bhs, data + offset, n);
		offset += n;
	}
	send_response(itt, 0, 0, 0);
}

/* ---- SCSI ---- */

static void ask_for_data(struct pending_write *w)
{
	uint8_t bhs[BHS_SIZE];
	uint32_t n = min(w->len - w->got, min(target.r2t, target.max_burst));

	bhs_init(bhs, OP_R2T, FLAG_FINAL);
	w->ttt = next_ttt++;
	w->asked = w->got + n;
	put_be32(bhs + BHS_ITT, w->itt);
	put_be32(bhs + BHS_TTT, w->ttt);
	put_be32(bhs + BHS_STAT_SN, stat_sn);
	put_be32(bhs + BHS_OFFSET, w->got);
	put_be32(bhs + BHS_DESIRED, n);
	target.r2ts++;
	send_pdu(bhs, NULL, 0);
}

static void write_progress(struct pending_write *w)
{
	if (w->got == w->len) {
		w->used = false;
		send_response(w->itt, 0, 0, 0);
	} else if (w->got == w->asked) {
		ask_for_data(w);
	}
}

static void begin_write(const uint8_t *bhs, const uint8_t *data, uint32_t len, uint64_t lba)
{
	struct pending_write *w = writes;

	while (w->used)
		if (++w == writes + WRITES_MAX)
			abort();
	*w = (struct pending_write){
		.used = true,
		.itt = get_be32(bhs + BHS_ITT),
		.len = get_be32(bhs + BHS_EXPECTED),
		.ttt = NO_TAG,
		.offset = lba * TARGET_BLOCK,
		.got = len,
	};
	if (len)
		target.immediates++;
	memcpy(target.disk + w->offset, data, len);
	w->asked = bhs[BHS_FLAGS] & FLAG_FINAL ? len : min(w->len, target.first_burst);
	write_progress(w);
}

static void data_out(const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	for (struct pending_write *w = writes; w < writes + WRITES_MAX; w++) {
		if (!w->used || w->itt != get_be32(bhs + BHS_ITT))
			continue;
		target.data_outs++;
		if (get_be32(bhs + BHS_TTT) != w->ttt || get_be32(bhs + BHS_OFFSET) != w->got ||
		    len > w->asked - w->got || len > target.max_recv ||
		    (w->got + len == w->asked) != !!(bhs[BHS_FLAGS] & FLAG_FINAL))
			abort();
		memcpy(target.disk + w->offset + w->got, data, len);
		w->got += len;
		if (w->got == w->asked)
			write_progress(w);
		return;
	}
	abort();
}

static void read_write(const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	const uint8_t *cdb = bhs + BHS_CDB;
	bool wide = cdb[0] & 0x80;
	uint64_t lba = wide ? get_be64(cdb + 2) : get_be32(cdb + 2);
	uint32_t count = wide ? get_be32(cdb + 10) : get_be16(cdb + 7);

	if (lba + count > TARGET_BLOCKS || count * TARGET_BLOCK != get_be32(bhs + BHS_EXPECTED))
		send_response(get_be32(bhs + BHS_ITT), 2, 5, 0x21);
	else if ((cdb[0] & 0x7f) == 0x2a || cdb[0] == 0x8a)
		begin_write(bhs, data, len, lba);
	else
		send_data_in(get_be32(bhs + BHS_ITT), target.disk + lba * TARGET_BLOCK,
			     count * TARGET_BLOCK, count * TARGET_BLOCK);
}

static void small_command(const uint8_t *bhs)
{
	const uint8_t *cdb = bhs + BHS_CDB;
	uint32_t itt = get_be32(bhs + BHS_ITT), expected = get_be32(bhs + BHS_EXPECTED);
	uint8_t data[96] = {0};

	switch (cdb[0]) {
	case 0x00:
		send_response(itt, 0, 0, 0);
		break;
	case 0x12:
		data[0] = get_be16(bhs + BHS_LUN) == 1 ? target.device_type : 0x7f;
		data[2] = 5;
		if (cdb[1]) {
			data[1] = 0xb0;
			put_be32(data + 8, 1024);
		}
		send_data_in(itt, data, 64, expected);
		break;
	case 0x1a:
		data[2] = target.write_protected ? 0x80 : 0;
		send_data_in(itt, data, 4, expected);
		break;
	case 0x25:
		put_be32(data, TARGET_BLOCKS - 1);
		put_be32(data + 4, TARGET_BLOCK);
		send_data_in(itt, data, 8, expected);
		break;
	case 0x35:
		target.flushes++;
		send_response(itt, 0, 0, 0);
		break;
	case 0xa0:
		put_be32(data, 16);
		put_be16(data + 8, 1);
		put_be16(data + 16, 0x412c);
		send_data_in(itt, data, 24, expected);
		break;
	default:
		send_response(itt, 2, 5, 0x20);
	}
}

static bool is_transfer(uint8_t opcode)
{
	return opcode == 0x28 || opcode == 0x2a || opcode == 0x88 || opcode == 0x8a;
}

static bool take_one(unsigned *count)
{
	if (!*count)
		return false;
	--*count;
	return true;
}

static void command(const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	uint32_t itt = get_be32(bhs + BHS_ITT);

	if (get_be32(bhs + BHS_CMD_SN) != exp_cmd_sn)
		abort();
	exp_cmd_sn++;
	target.commands++;
	seen++;
	if (target.silent_data)
		return;
	if (is_transfer(bhs[BHS_CDB]) && take_one(&target.attention))
		send_response(itt, 2, 6, 0x29);
	else if (is_transfer(bhs[BHS_CDB]) && take_one(&target.no_lun))
		send_response(itt, 2, 5, 0x25);
	else if (is_transfer(bhs[BHS_CDB]) && take_one(&target.busy))
		send_response(itt, 8, 0, 0);
	else if (is_transfer(bhs[BHS_CDB]))
		read_write(bhs, data, len);
	else
		small_command(bhs);
}

/* ---- Login ---- */

static const char *login_key(const char *key)
{
	struct iscsi_text_reader reader;
	const char *k, *v;

	iscsi_text_clear(&scratch);
	if (iscsi_text_reserve(&scratch, login_text.len))
		return NULL;
	memcpy(scratch.data, login_text.data, login_text.len);
	scratch.len = login_text.len;
	iscsi_text_begin(&reader, &scratch);
	while (iscsi_text_next(&reader, &k, &v) > 0)
		if (!strcmp(k, key))
			return v;
	return NULL;
}

static void send_login_answer(uint16_t status)
{
	uint8_t bhs[BHS_SIZE];
	size_t left = answer_text.len - answer_sent;
	size_t n = target.split_login ? min(left, (size_t)7) : left;
	bool more = n < left;

	bhs_init(bhs, OP_LOGIN_RESPONSE, more ? (answer_flags & 0x0c) | 0x40 : answer_flags);
	put_be16(bhs + 14, 0x55);
	put_be32(bhs + BHS_ITT, ITT_LOGIN);
	put_be16(bhs + 36, status);
	iscsi_target_send(bhs, answer_text.data ? answer_text.data + answer_sent : NULL,
			  (uint32_t)n);
	answer_sent += n;
	if (!more && !status && (answer_flags & 0x83) == 0x83) {
		full = true;
		target.logins++;
		digests_on = target.digests;
	}
}

static void refuse_login(void)
{
	iscsi_text_clear(&answer_text);
	answer_sent = 0;
	answer_flags = 0;
	if (target.login_status >> 8 == 1)
		iscsi_text_add(&answer_text, "TargetAddress", target.redirect);
	send_login_answer(target.login_status);
}

/* Is CHAP_R of the request right? */
static bool password_right(void)
{
	uint8_t want[32], got[32];
	const char *r = login_key("CHAP_R");
	long len = r ? iscsi_binary_decode(r, got, sizeof(got)) : -1;
	size_t n =
		chap_response(target.algorithm, chap_id, target.password, chap_challenge, 16, want);

	return len == (long)n && !memcmp(got, want, n) &&
	       !strcmp(login_key("CHAP_N"), target.username);
}

static void prove_ourselves(void)
{
	uint8_t challenge[64], response[32];
	const char *c = login_key("CHAP_C");
	long len;

	if (!c || !target.reverse_password)
		return;
	len = iscsi_binary_decode(c, challenge, sizeof(challenge));
	iscsi_text_add(&answer_text, "CHAP_N", target.reverse_username);
	iscsi_text_add_binary(&answer_text, "CHAP_R", response,
			      chap_response(target.algorithm, (uint8_t)atoi(login_key("CHAP_I")),
					    target.reverse_password, challenge, (size_t)len,
					    response));
}

static bool security_answer(void)
{
	if (!target.username) {
		iscsi_text_add(&answer_text, "AuthMethod", "None");
	} else if (login_key("AuthMethod")) {
		iscsi_text_add(&answer_text, "AuthMethod", "CHAP");
	} else if (login_key("CHAP_A")) {
		for (unsigned i = 0; i < sizeof(chap_challenge); i++)
			chap_challenge[i] = (uint8_t)(i * 11 + target.connections);
		chap_id = (uint8_t)(target.connections + 5);
		iscsi_text_add_number(&answer_text, "CHAP_A", target.algorithm);
		iscsi_text_add_number(&answer_text, "CHAP_I", chap_id);
		iscsi_text_add_binary(&answer_text, "CHAP_C", chap_challenge, 16);
	} else if (login_key("CHAP_R")) {
		if (!password_right())
			return false;
		prove_ourselves();
	}
	return true;
}

static void operational_answer(void)
{
	if (!login_key("MaxBurstLength"))
		return;
	iscsi_text_add(&answer_text, "HeaderDigest", target.digests ? "CRC32C" : "None");
	iscsi_text_add(&answer_text, "DataDigest", target.digests ? "CRC32C" : "None");
	iscsi_text_add(&answer_text, "InitialR2T", target.initial_r2t ? "Yes" : "No");
	iscsi_text_add(&answer_text, "ImmediateData", target.no_immediate ? "No" : "Yes");
	iscsi_text_add_number(&answer_text, "MaxRecvDataSegmentLength", target.max_recv);
	iscsi_text_add_number(&answer_text, "MaxBurstLength", target.max_burst);
	iscsi_text_add_number(&answer_text, "FirstBurstLength", target.first_burst);
}

static void login(const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	uint8_t flags = bhs[BHS_FLAGS];
	uint16_t denied = 0x0201;

	memcpy(target.isid, bhs + 8, 6);
	exp_cmd_sn = get_be32(bhs + BHS_CMD_SN);
	if (answer_sent < answer_text.len && !len) {
		send_login_answer(0);
		return;
	}
	if (iscsi_text_reserve(&login_text, len))
		return;
	memcpy(login_text.data + login_text.len, data, len);
	login_text.len += len;
	answer_sent = 0;
	iscsi_text_clear(&answer_text);
	answer_flags = flags & 0x0c;
	if (flags & 0x40) {
		send_login_answer(0);
		return;
	}
	if (target.login_status && (target.login_status >> 8 != 1 || take_one(&target.redirects))) {
		refuse_login();
		return;
	}
	answer_flags = flags & 0x8f;
	if ((flags >> 2 & 3) == STAGE_SECURITY && !security_answer()) {
		iscsi_text_clear(&answer_text);
		answer_flags = 0;
		send_login_answer(denied);
	} else {
		if ((flags >> 2 & 3) == STAGE_OPERATIONAL)
			operational_answer();
		send_login_answer(0);
	}
	iscsi_text_clear(&login_text);
}

/* ---- Taking the initiator's stream apart ---- */

static void pdu(const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	uint8_t answer[BHS_SIZE];

	switch (bhs[0] & OP_MASK) {
	case OP_LOGIN:
		login(bhs, data, len);
		break;
	case OP_SCSI_COMMAND:
		command(bhs, data, len);
		break;
	case OP_DATA_OUT:
		data_out(bhs, data, len);
		break;
	case OP_NOP_OUT:
		if (get_be32(bhs + BHS_ITT) == NO_TAG) {
			target.pongs++;
			break;
		}
		bhs_init(answer, OP_NOP_IN, FLAG_FINAL);
		put_be32(answer + BHS_ITT, get_be32(bhs + BHS_ITT));
		put_be32(answer + BHS_TTT, NO_TAG);
		iscsi_target_send(answer, NULL, 0);
		break;
	case OP_LOGOUT:
		target.logouts++;
		bhs_init(answer, OP_LOGOUT_RESPONSE, FLAG_FINAL);
		put_be32(answer + BHS_ITT, get_be32(bhs + BHS_ITT));
		iscsi_target_send(answer, NULL, 0);
		break;
	case OP_TEXT:
		bhs_init(answer, OP_TEXT_RESPONSE, FLAG_FINAL);
		put_be32(answer + BHS_ITT, get_be32(bhs + BHS_ITT));
		put_be32(answer + BHS_TTT, NO_TAG);
		iscsi_target_send(
			answer,
			"TargetName=iqn.one\0TargetAddress=192.0.2.1:3260,1\0TargetName=iqn.two",
			69);
		break;
	default:
		abort();
	}
}

/* One whole PDU of the stream, if there is one. */
static bool take_pdu(void)
{
	uint32_t len, header, whole;
	uint8_t *bhs, *data;
	bool digest = digests_on;

	if (in.len < BHS_SIZE)
		return false;
	len = get_be24(in.data + BHS_DATA_LENGTH);
	header = BHS_SIZE + (digest ? 4 : 0);
	whole = header + ALIGN_UP(len, 4) + (digest && len ? 4 : 0);
	if (in.len < whole)
		return false;
	bhs = malloc(BHS_SIZE);
	data = malloc(ALIGN_UP(len, 4) + 4);
	memcpy(bhs, in.data, BHS_SIZE);
	memcpy(data, in.data + header, whole - header);
	if (digest &&
	    (get_le32(in.data + BHS_SIZE) != crc32c(0, bhs, BHS_SIZE) ||
	     (len && get_le32(data + ALIGN_UP(len, 4)) != crc32c(0, data, ALIGN_UP(len, 4)))))
		abort();
	consume(&in, whole);
	pdu(bhs, data, len);
	free(bhs);
	free(data);
	return true;
}

static void take_queue(void)
{
	for (unsigned i = 0; i < conn->queued; i++) {
		append(&in, queue[i].data, queue[i].len);
		if (queue[i].copy)
			free((void *)queue[i].data);
	}
	conn->queued = 0;
	conn->unsent = 0;
}

void iscsi_target_step(void)
{
	struct tcp_conn *before = conn;

	if (!conn)
		return;
	if (!conn->connected) {
		if (target.refuse) {
			iscsi_target_break(E_ISCSI_LOST);
			return;
		}
		conn->connected = true;
		return;
	}
	take_queue();
	while (conn == before && !target.silent && take_pdu())
		if (target.drops && seen >= target.drop_after) {
			target.drops--;
			seen = 0;
			in.len = 0;
			deliver();
			if (conn == before)
				iscsi_target_break(E_ISCSI_LOST);
			return;
		}
	deliver();
}

void iscsi_target_reset(void)
{
	static bool filled; /* the disk keeps what was written */

	forget_connection();
	iscsi_text_free(&login_text);
	iscsi_text_free(&answer_text);
	iscsi_text_free(&scratch);
	free(in.data);
	free(out.data);
	in = out = (struct stream){0};
	answer_sent = 0;
	memset(&target, 0, offsetof(struct iscsi_target, disk));
	target.algorithm = CHAP_MD5;
	target.max_recv = 65536;
	target.max_burst = 262144;
	target.first_burst = 65536;
	target.window = 31;
	target.data_in = 65536;
	target.r2t = 262144;
	target.chunk = 1460;
	for (uint32_t i = 0; i < sizeof(target.disk) && !filled; i++)
		target.disk[i] = (uint8_t)(i * 7 + (i >> 9) * 13 + (i >> 16));
	filled = true;
	iscsi_transport = &fake;
	host_turn = iscsi_target_step;
}
