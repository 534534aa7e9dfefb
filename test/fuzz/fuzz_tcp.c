/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP after a handshake: the input is a script of segments with numbers near the
 * valid ones, raw segments, calls of the user and time passing. The direct window
 * and the references in the send queue lie in blocks of their own, so that the
 * sanitizer sees every byte that is read or written outside them.
 */
#define PEER_SENT 16
#include "lib/cursor.h"
#include "test/unit/tcp_peer.h"

#define OPS 200

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct tcp_conn *conn;
static uint8_t *direct, *sent;
static uint32_t direct_size;

static void fuzz_receive(struct tcp_conn *c, const uint8_t *bytes, size_t len)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	/* What arrives also decides what its user does. */
	if (len && bytes[0] == 0xab) {
		conn = NULL;
		tcp_abort(c);
	} else if (len && bytes[0] == 0xcd) {
		conn = NULL;
		tcp_close(c);
	} else if (len > 1 && bytes[0] == 0xdd) {
		tcp_direct(c, direct, min((uint32_t)bytes[1] * 64, direct_size));
	} else if (len && bytes[0] == 0x55) {
		tcp_send(c, sent, 3000, bytes[len - 1] & 1);
	}
}

static void fuzz_closed(struct tcp_conn *c, int rc)
{
}

static const struct tcp_handlers handlers = {fuzz_receive, fuzz_closed};

static void segment(struct cursor *c)
{
	static uint8_t tcp[70000];
	struct peer_segment seg;
	uint8_t kind = cursor_u8(c);
	uint32_t offset = cursor_le16(c), len = cursor_le16(c) >> (kind & 7);
	const uint8_t *bytes;

	if (kind & 0x80)
		offset <<= 4;
	seg = peer_segment(cursor_u8(c), peer_seq + offset - 256, NULL, 0);
	seg.ack = peer_ack + (uint32_t)(int16_t)cursor_le16(c);
	seg.window = cursor_le16(c);
	if (kind & 0x40) {
		seg.sack_count = 3;
		for (unsigned i = 0; i < 3; i++) {
			seg.sack[i][0] = peer_ack + cursor_le16(c);
			seg.sack[i][1] = peer_ack + cursor_le16(c);
		}
	}
	seg.tsval += kind & 0x20 ? cursor_le16(c) : 0;
	memset(tcp, 0x55, len);
	bytes = len >= 8 ? cursor_take(c, 8) : NULL;
	if (bytes)
		memcpy(tcp, bytes, 8);
	seg.data = tcp;
	seg.len = len;
	peer_send_raw(&seg, kind & 8 ? 34 + 60 + len / 3 : 0);
}

static void raw(struct cursor *c)
{
	uint32_t len = min((uint32_t)cursor_u8(c), (uint32_t)cursor_left(c));
	const uint8_t *bytes = cursor_take(c, len);
	uint8_t tcp[256] = {0};

	if (!bytes || len < 4)
		return;
	memcpy(tcp, bytes, len);
	put_be16(tcp, PEER_PORT);
	put_be16(tcp + 2, our_port);
	peer_inject(tcp, len, 0, NIC_RX_CSUM_OK);
}

static void user(struct cursor *c)
{
	uint8_t what = cursor_u8(c);

	if (!conn)
		return;
	switch (what & 7) {
	case 0:
		tcp_send(conn, sent, what * 20u, true);
		break;
	case 1:
		tcp_send(conn, sent, what * 20u, false);
		break;
	case 2:
		tcp_direct(conn, direct, min(what * 512u, direct_size));
		break;
	case 3:
		tcp_direct(conn, NULL, 0);
		break;
	case 4:
		tcp_unreachable(PEER_IP, PEER_PORT, our_port, what >> 3);
		break;
	case 5:
		host_heap_fail(1, false);
		break;
	case 6:
		if (what == 6)
			tcp_close(conn);
		else if (what == 14)
			tcp_abort(conn);
		if (what <= 14)
			conn = NULL;
		break;
	}
}

static void start(uint8_t kind)
{
	static const struct peer_offer offers[] = {
		{1460, 7, true, true},
		{1460, 0, true, false},
		{0, -1, false, false},
		{100, 14, false, true},
	};
	struct tcp_options options = {.window = 16384, .timeout_ms = 3000, .keepalive = kind & 4};

	peer_start(kind & 8 ? NIC_TX_CSUM | NIC_TSO4 : 0);
	peer_keep = true;
	peer_isn = kind & 16 ? 0xffffff00 : 1000;
	conn = tcp_connect(PEER_IP, PEER_PORT, &handlers, NULL, &options);
	peer_accept(&offers[kind & 3]);
	peer_forget();
	peer_keep = false;
	direct_size = 20000;
	direct = malloc(direct_size);
	sent = malloc(255 * 20);
	memset(sent, 'x', 255 * 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cursor c = cursor(input, size);

	start(cursor_u8(&c));
	for (unsigned i = 0; i < OPS && cursor_left(&c); i++) {
		uint8_t op = cursor_u8(&c);

		if (op < 0xa0)
			segment(&c);
		else if (op < 0xb0)
			raw(&c);
		else if (op < 0xd8)
			user(&c);
		else
			host_clock_advance_ms(1u << (op & 7) << (op & 7) / 2);
		if (op & 1)
			net_poll();
		/* what the peer may believe moves with what was sent */
		if (op & 2 && conn)
			peer_ack = conn->snd_nxt;
		if (op & 4 && conn)
			peer_seq = conn->rcv_nxt;
		if (i % 40 == 39)
			net_poll();
	}
	net_poll();
	if (conn)
		tcp_abort(conn);
	free(direct);
	free(sent);
	peer_stop();
	/* A background close may have outlived the script; nothing else may. */
	if (!list_empty(&tcp_conns))
		abort();
	return 0;
}
