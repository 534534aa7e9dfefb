/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TFTP client: RFC 1350 with options (RFC 2347), block size (2348), size
 * (2349) and windows (7440).
 *
 * The server sends a window of blocks, we acknowledge the last one that came
 * in order. A block that is missing is told at once, once, by acknowledging the
 * one before it; the server starts again behind that. In between, blocks out of
 * order are dropped: the server will repeat them whatever we keep.
 *
 * The block size is what fits one frame, so that nothing is fragmented. Block
 * numbers have 16 bits on the wire and 64 here. Data goes from the datagram to
 * its final place in the image.
 *
 * A duplicate of the last block is answered, since our ACK may be lost, but not
 * more often than our own timer would: two ends that answer each other's
 * duplicates double the traffic for the rest of the transfer.
 */
#include "netstack/tftp.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

enum { OP_RRQ = 1, OP_DATA = 3, OP_ACK = 4, OP_ERROR = 5, OP_OACK = 6 };
enum {
	ERR_UNDEFINED,
	ERR_NOT_FOUND,
	ERR_ACCESS,
	ERR_FULL,
	ERR_ILLEGAL,
	ERR_TID,
	ERR_EXISTS,
	ERR_USER,
	ERR_OPTION
};

#define BLKSIZE_PLAIN 512
#define BLKSIZE_MIN   8
#define RTO_FIRST_MS  1000
#define RTO_MIN_MS    200
#define RTO_MAX_MS    4000
#define ASK_TRIES     6

static void stop(struct tftp *t, int rc)
{
	t->state = TFTP_FAILED;
	t->rc = rc;
}

/* ---- Sending ---- */

static void arm(struct tftp *t, bool again)
{
	uint64_t now = clock_ms();

	t->sent_at = again ? 0 : now;
	t->deadline = now + t->rto;
}

static size_t add_text(uint8_t *packet, size_t len, const char *text)
{
	size_t n = strlen(text) + 1;

	if (len + n > TFTP_REQUEST_MAX)
		return len;
	memcpy(packet + len, text, n);
	return len + n;
}

static size_t add_option(uint8_t *packet, size_t len, const char *name, unsigned value)
{
	char text[12];

	format(text, sizeof(text), "%u", value);
	len = add_text(packet, len, name);
	return add_text(packet, len, text);
}

static void send_request(struct tftp *t, bool again)
{
	uint8_t packet[TFTP_REQUEST_MAX];
	size_t len = 2;

	put_be16(packet, OP_RRQ);
	len = add_text(packet, len, t->name);
	len = add_text(packet, len, "octet");
	if (!t->plain) {
		len = add_option(packet, len, "tsize", 0);
		len = add_option(packet, len, "blksize", t->want_blksize);
		if (t->want_window > 1)
			len = add_option(packet, len, "windowsize", t->want_window);
	}
	t->send(t, t->server_port, packet, len);
	arm(t, again);
}

static void send_ack(struct tftp *t, bool again)
{
	uint8_t packet[4];

	put_be16(packet, OP_ACK);
	put_be16(packet + 2, (uint16_t)(t->block + t->wire_shift));
	t->send(t, t->tid, packet, sizeof(packet));
	t->unacked = 0;
	arm(t, again);
}

static void send_error(struct tftp *t, uint16_t port, uint16_t code, const char *text)
{
	uint8_t packet[64];
	size_t len = min(strlen(text) + 1, sizeof(packet) - 4);

	put_be16(packet, OP_ERROR);
	put_be16(packet + 2, code);
	memcpy(packet + 4, text, len);
	packet[4 + len - 1] = 0;
	t->send(t, port, packet, 4 + len);
}

void tftp_start(struct tftp *t)
{
	t->state = TFTP_ASKED;
	t->tid = 0;
	t->rc = 0;
	t->blksize = BLKSIZE_PLAIN;
	t->window = 1;
	t->block = 0;
	t->wire_shift = 0;
	t->unacked = 0;
	t->gap_told = false;
	t->resent_at = 0;
	t->srtt = t->rttvar = 0;
	t->rto = RTO_FIRST_MS;
	t->tries = 0;
	t->taken = 0;
	t->starved = false;
	fetch_restart(t->fetch);
	send_request(t, false);
}

void tftp_go_on(struct tftp *t)
{
	struct fetch *f = t->fetch;

	t->taken += f->len;
	f->len = 0;
	if (t->state == TFTP_DATA && (t->unacked >= t->window || t->starved))
		send_ack(t, false);
	t->starved = false;
}

void tftp_give_up(struct tftp *t)
{
	if (t->tid && t->state != TFTP_DONE && t->state != TFTP_FAILED)
		send_error(t, t->tid, ERR_UNDEFINED, "transfer given up");
}

void tftp_refused(struct tftp *t, int code)
{
	if (t->state == TFTP_ASKED)
		stop(t, fail(E_TFTP_NO_ANSWER,
			     IPV4_FMT " has no TFTP server on UDP port %u "
				      "(ICMP unreachable, code %d)",
			     IPV4_ARG(t->server), t->server_port, code));
	else if (t->state == TFTP_DATA && t->hold)
		stop(t, fail(E_TFTP_SERVER, "the server " IPV4_FMT " has ended the transfer",
			     IPV4_ARG(t->server)));
}

/* ---- Timing ---- */

/* An answer to the last packet came: take its time, unless it was sent twice (Karn). */
static void answered(struct tftp *t)
{
	uint32_t rtt, error;

	t->tries = 0;
	if (!t->sent_at)
		return;
	rtt = (uint32_t)min(clock_ms() - t->sent_at, (uint64_t)RTO_MAX_MS);
	t->sent_at = 0;
	if (!t->srtt) {
		t->srtt = max(rtt, 1u);
		t->rttvar = rtt / 2;
	} else {
		error = rtt > t->srtt ? rtt - t->srtt : t->srtt - rtt;
		t->rttvar = (3 * t->rttvar + error) / 4;
		t->srtt = max((7 * t->srtt + rtt) / 8, 1u);
	}
	t->rto = min(max(t->srtt + 4 * t->rttvar, (uint32_t)RTO_MIN_MS), (uint32_t)RTO_MAX_MS);
}

void tftp_tick(struct tftp *t)
{
	if (t->state == TFTP_DONE || t->state == TFTP_FAILED || clock_ms() < t->deadline)
		return;
	t->rto = min(t->rto * 2, (uint32_t)RTO_MAX_MS);
	t->tries++;
	if (t->state == TFTP_DATA) {
		t->gap_told = true;
		send_ack(t, true);
	} else if (t->tries < ASK_TRIES) {
		send_request(t, true);
	} else {
		stop(t, fail(E_TFTP_NO_ANSWER,
			     "no answer on UDP port %u of " IPV4_FMT " to %u requests for \"%s\"",
			     t->server_port, IPV4_ARG(t->server), ASK_TRIES, t->name));
	}
}

/* ---- Receiving ---- */

static void refuse(struct tftp *t, const char *what)
{
	send_error(t, t->tid, ERR_ILLEGAL, what);
	stop(t, fail(E_TFTP_PROTOCOL, "the server " IPV4_FMT " broke the protocol: %s",
		     IPV4_ARG(t->server), what));
}

/* Next NUL-terminated text of an option list; NULL at its end. */
static const char *take_text(struct cursor *c)
{
	const uint8_t *start = c->p;
	const uint8_t *nul = cursor_left(c) ? memchr(start, 0, cursor_left(c)) : NULL;

	if (!nul)
		return NULL;
	c->p = nul + 1;
	return (const char *)start;
}

/* One acknowledged option: 0, E_TFTP_PROTOCOL when its value was not asked for, or no memory. */
static int take_option(struct tftp *t, const char *name, uint64_t value)
{
	if (text_equal_nocase(name, "blksize")) {
		if (value < BLKSIZE_MIN || value > t->want_blksize)
			return E_TFTP_PROTOCOL;
		t->blksize = (uint16_t)value;
	} else if (text_equal_nocase(name, "windowsize")) {
		if (!value || value > t->want_window)
			return E_TFTP_PROTOCOL;
		t->window = (uint16_t)value;
	} else if (text_equal_nocase(name, "tsize") && value) {
		return fetch_expect(t->fetch, value);
	}
	return 0;
}

static int take_options(struct tftp *t, struct cursor *c)
{
	const char *name, *text;
	uint64_t value;
	int rc = 0;

	while (!rc && (name = take_text(c)) && (text = take_text(c)))
		rc = text_to_u64(text, 10, &value) ? take_option(t, name, value) : E_TFTP_PROTOCOL;
	return rc;
}

static void receive_oack(struct tftp *t, struct cursor *c)
{
	int rc;

	if (t->state == TFTP_DATA) {
		if (!t->block)
			send_ack(t, true);
		return;
	}
	rc = take_options(t, c);
	if (rc == E_TFTP_PROTOCOL) {
		send_error(t, t->tid, ERR_OPTION, "option value was not asked for");
		t->plain = true;
		tftp_start(t);
	} else if (rc) {
		send_error(t, t->tid, ERR_FULL, "out of memory");
		stop(t, rc);
	} else {
		answered(t);
		t->state = TFTP_DATA;
		send_ack(t, false);
	}
}

/* A block other than the one that is due. @ahead: its distance. */
static void out_of_order(struct tftp *t, uint16_t ahead)
{
	uint64_t now = clock_ms();

	if (ahead < 0x8000) {
		if (!t->gap_told) {
			t->gap_told = true;
			send_ack(t, true);
		}
	} else if (ahead == 0xffff && now - t->resent_at >= t->rto / 2) {
		t->resent_at = now;
		send_ack(t, true);
	}
}

static void finish(struct tftp *t)
{
	struct fetch *f = t->fetch;

	send_ack(t, false);
	t->state = TFTP_DONE;
	if (f->total && t->taken + f->len < f->total)
		stop(t,
		     fail(E_TFTP_SHORT, "the file ended after %llu of %llu bytes",
			  (unsigned long long)(t->taken + f->len), (unsigned long long)f->total));
}

static void receive_data(struct tftp *t, struct cursor *c)
{
	struct fetch *f = t->fetch;
	uint16_t wire = cursor_be16(c), ahead;
	size_t len = cursor_left(c);
	int rc;

	if (c->bad || len > t->blksize) {
		refuse(t, "data block of a wrong size");
		return;
	}
	t->state = TFTP_DATA;
	ahead = (uint16_t)(wire - (uint16_t)(t->block + 1 + t->wire_shift));
	if (ahead == 1 && wire == 1 && t->window == 1 && t->block) {
		/* This server counts 65535, 1: number 0 is left out. */
		t->wire_shift++;
		ahead = 0;
	}
	if (ahead) {
		out_of_order(t, ahead);
		return;
	}
	if (t->hold && len > f->capacity - f->len) {
		t->starved = true;
		return;
	}
	rc = fetch_room(f, f->len + len);
	if (rc) {
		send_error(t, t->tid, ERR_FULL, "out of memory");
		stop(t, rc);
		return;
	}
	if (len)
		memcpy(f->data + f->len, c->p, len);
	f->len += len;
	t->block++;
	t->gap_told = false;
	answered(t);
	if (len < t->blksize)
		finish(t);
	else if (++t->unacked >= t->window && !t->hold)
		send_ack(t, false);
	else
		t->deadline = clock_ms() + t->rto;
}

/* The server's text: printable ASCII only, cut. */
static void sanitize(char *out, size_t size, struct cursor *c)
{
	size_t n = 0;

	while (n + 1 < size && cursor_left(c) && *c->p) {
		uint8_t byte = cursor_u8(c);

		out[n++] = is_print(byte) ? (char)byte : '.';
	}
	out[n] = '\0';
}

static void receive_error(struct tftp *t, struct cursor *c)
{
	uint16_t code = cursor_be16(c);
	char text[120];
	int rc = E_TFTP_SERVER;

	sanitize(text, sizeof(text), c);
	if (t->state == TFTP_ASKED && !t->plain && code != ERR_NOT_FOUND && code != ERR_ACCESS) {
		/* Code 8 refuses the options; old servers say so with others. */
		t->plain = true;
		tftp_start(t);
		return;
	}
	if (code == ERR_NOT_FOUND)
		rc = E_TFTP_NOT_FOUND;
	else if (code == ERR_ACCESS)
		rc = E_TFTP_ACCESS;
	t->fetch->final = code != ERR_UNDEFINED && code != ERR_FULL && code != ERR_TID;
	stop(t, fail(rc, "server " IPV4_FMT " says: %s (TFTP error %u) to \"%s\"",
		     IPV4_ARG(t->server), *text ? text : error_entry(rc)->meaning, code, t->name));
}

void tftp_receive(struct tftp *t, uint16_t port, const uint8_t *data, size_t len)
{
	struct cursor c = cursor(data, len);
	uint16_t op = cursor_be16(&c);

	if (c.bad || !port || t->state == TFTP_DONE || t->state == TFTP_FAILED)
		return;
	if (t->tid && port != t->tid) {
		/* A second answer to a repeated request must not end the first transfer. */
		send_error(t, port, ERR_TID, "unknown transfer");
		return;
	}
	switch (op) {
	case OP_DATA:
		t->tid = port;
		receive_data(t, &c);
		break;
	case OP_OACK:
		if (t->plain)
			break;
		t->tid = port;
		receive_oack(t, &c);
		break;
	case OP_ERROR:
		receive_error(t, &c);
		break;
	default:
		break;
	}
}
