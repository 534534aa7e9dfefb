/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a TCP connection, as a script: builds segments, hands them to
 * the stack through a fake card, and keeps what the stack sends. Shared by the
 * TCP tests and the fuzz target; functions are static because each program uses
 * some of them.
 */
#ifndef TEST_UNIT_TCP_PEER_H
#define TEST_UNIT_TCP_PEER_H

#include <stdio.h>
#include <stdlib.h>
#include "lib/random.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "netstack/tcp.h"
#include "netstack/tcp_internal.h"
#include "test/host/host.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

#define OUR_IP	  0xc0000202 /* 192.0.2.2 */
#define PEER_IP	  0xc0000201
#define PEER_PORT 3260

/** A segment, either way; all numbers in host order. */
struct peer_segment {
	uint32_t seq, ack;
	uint16_t source_port, dest_port;
	uint16_t window;
	uint8_t flags;
	bool has_ts;
	uint32_t tsval, tsecr;
	uint16_t mss;
	int shift; /* -1: no option */
	bool sack_permitted;
	unsigned sack_count;
	uint32_t sack[4][2];
	uint32_t len;
	uint16_t gso_size;
	bool csum_ok;
	uint8_t *data;
};

#ifndef PEER_SENT
#define PEER_SENT 4096
#endif
static struct peer_segment peer_sent[PEER_SENT];
static unsigned peer_sent_first, peer_sent_count;
static bool peer_keep = true; /* false: peer_on_segment only */
static void (*peer_on_segment)(const struct peer_segment *seg);

static struct nic *peer_nic;
static uint8_t peer_mac[ETH_ALEN] = {2, 0, 0, 0, 0, 1}; /* frames to another one get lost */

/* The state of the scripted peer. */
static uint32_t peer_seq, peer_ack, peer_isn = 1000;
static uint16_t our_port, peer_port = PEER_PORT;
static uint16_t peer_window = 65535;
static bool peer_ts, peer_bad_csum;
static uint32_t peer_tsval = 5000, peer_tsecr;
static uint32_t our_isn;

/* ---- What the stack sends ---- */

static void peer_parse_options(struct peer_segment *seg, const uint8_t *p, unsigned len)
{
	unsigned i = 0;

	while (i < len && p[i]) {
		unsigned n = p[i] == 1 ? 1 : p[i + 1];

		switch (p[i]) {
		case 2:
			seg->mss = get_be16(p + i + 2);
			break;
		case 3:
			seg->shift = p[i + 2];
			break;
		case 4:
			seg->sack_permitted = true;
			break;
		case 5:
			for (unsigned k = i + 2; k + 8 <= i + n; k += 8) {
				seg->sack[seg->sack_count][0] = get_be32(p + k);
				seg->sack[seg->sack_count++][1] = get_be32(p + k + 4);
			}
			break;
		case 8:
			seg->has_ts = true;
			seg->tsval = get_be32(p + i + 2);
			seg->tsecr = get_be32(p + i + 6);
			break;
		}
		i += n;
	}
}

static bool peer_checksum_ok(struct nic *nic, const struct tx_frame *frame, const uint8_t *tcp,
			     uint32_t len)
{
	uint32_t sum = checksum_pseudo(OUR_IP, PEER_IP, IP_TCP, len);

	if (nic->features & NIC_TX_CSUM)
		return frame->csum_start == 34 && frame->csum_offset == 16 &&
		       (get_le16(tcp + 16) ^ checksum_fold(sum)) == 0xffff;
	return !frame->csum_start && !checksum_fold(checksum_add(sum, tcp, len));
}

static void peer_capture(struct nic *nic, const struct tx_frame *frame)
{
	const uint8_t *ip = frame->data + ETH_HEADER, *tcp = ip + 20;
	uint32_t len = get_be16(ip + 2) - 20u, header = (tcp[12] >> 4) * 4u;
	struct peer_segment seg = {
		.source_port = get_be16(tcp),
		.dest_port = get_be16(tcp + 2),
		.seq = get_be32(tcp + 4),
		.ack = get_be32(tcp + 8),
		.flags = tcp[13],
		.window = get_be16(tcp + 14),
		.shift = -1,
		.len = len - header,
		.gso_size = frame->gso_size,
		.csum_ok = peer_checksum_ok(nic, frame, tcp, len),
	};

	struct peer_segment *slot;

	peer_parse_options(&seg, tcp + 20, header - 20);
	if (seg.gso_size && frame->header_len != 34 + header)
		abort();
	if (frame->len != 34 + len || (!seg.gso_size && frame->len > 1514))
		abort();
	seg.data = malloc(seg.len + 1);
	memcpy(seg.data, tcp + header, seg.len);
	if (peer_on_segment)
		peer_on_segment(&seg);
	if (!peer_keep || peer_sent_count == PEER_SENT) {
		free(seg.data);
		return;
	}
	slot = &peer_sent[(peer_sent_first + peer_sent_count++) % PEER_SENT];
	free(slot->data);
	*slot = seg;
}

static void peer_answer_arp(struct nic *nic, const uint8_t *request)
{
	uint8_t frame[60] = {0};

	if (get_be16(request + 20) != 1 || get_be32(request + 38) != PEER_IP)
		return;
	memcpy(frame, nic->mac, ETH_ALEN);
	memcpy(frame + 6, peer_mac, ETH_ALEN);
	memcpy(frame + 12, request + 12, 8);
	put_be16(frame + 20, 2);
	memcpy(frame + 22, peer_mac, ETH_ALEN);
	put_be32(frame + 28, PEER_IP);
	memcpy(frame + 32, request + 22, 10);
	host_card_inject(nic, frame, sizeof(frame));
}

static void peer_frame_sent(struct nic *nic, const struct tx_frame *frame)
{
	uint16_t type = get_be16(frame->data + 12);

	if (!(frame->data[0] & 1) && memcmp(frame->data, peer_mac, ETH_ALEN))
		return;
	if (type == ETHERTYPE_ARP)
		peer_answer_arp(nic, frame->data);
	else if (type == ETHERTYPE_IPV4 && frame->data[ETH_HEADER + 9] == IP_TCP)
		peer_capture(nic, frame);
}

/** The oldest segment not looked at, or NULL. It stays valid until PEER_SENT later ones. */
static struct peer_segment *peer_next(void)
{
	struct peer_segment *seg = &peer_sent[peer_sent_first];

	if (!peer_sent_count)
		return NULL;
	peer_sent_first = (peer_sent_first + 1) % PEER_SENT;
	peer_sent_count--;
	return seg;
}

static void peer_forget(void)
{
	peer_sent_first = peer_sent_count = 0;
	for (unsigned i = 0; i < PEER_SENT; i++) {
		free(peer_sent[i].data);
		peer_sent[i].data = NULL;
	}
}

/* ---- What the peer sends ---- */

static unsigned peer_options(uint8_t *p, const struct peer_segment *seg)
{
	unsigned n = 0;

	if (seg->mss) {
		p[n] = 2;
		p[n + 1] = 4;
		put_be16(p + n + 2, seg->mss);
		n += 4;
	}
	if (seg->shift >= 0) {
		p[n] = 1;
		p[n + 1] = 3;
		p[n + 2] = 3;
		p[n + 3] = (uint8_t)seg->shift;
		n += 4;
	}
	if (seg->sack_permitted) {
		p[n] = p[n + 1] = 1;
		p[n + 2] = 4;
		p[n + 3] = 2;
		n += 4;
	}
	if (seg->has_ts) {
		p[n] = p[n + 1] = 1;
		p[n + 2] = 8;
		p[n + 3] = 10;
		put_be32(p + n + 4, seg->tsval);
		put_be32(p + n + 8, seg->tsecr);
		n += 12;
	}
	if (seg->sack_count) {
		p[n] = p[n + 1] = 1;
		p[n + 2] = 5;
		p[n + 3] = (uint8_t)(2 + 8 * seg->sack_count);
		for (unsigned i = 0; i < seg->sack_count; i++) {
			put_be32(p + n + 4 + 8 * i, seg->sack[i][0]);
			put_be32(p + n + 8 + 8 * i, seg->sack[i][1]);
		}
		n += 4 + 8 * seg->sack_count;
	}
	return n;
}

/** Put TCP bytes @tcp of @len into a frame and queue it for reception, cut at @first bytes. */
static void peer_inject(const uint8_t *tcp, size_t len, size_t first, uint32_t flags)
{
	static uint8_t frame[70000];

	memcpy(frame, peer_nic->mac, ETH_ALEN);
	memcpy(frame + 6, peer_mac, ETH_ALEN);
	put_be16(frame + 12, ETHERTYPE_IPV4);
	memset(frame + 14, 0, 20);
	frame[14] = 0x45;
	put_be16(frame + 16, (uint16_t)(20 + len));
	frame[22] = 64;
	frame[23] = IP_TCP;
	put_be32(frame + 26, PEER_IP);
	put_be32(frame + 30, OUR_IP);
	put_le16(frame + 24, checksum_fold(checksum_add(0, frame + 14, 20)));
	memcpy(frame + 34, tcp, len);
	if (!host_card_inject_parts(peer_nic, frame, 34 + len, first ? first : 34 + len, flags))
		abort();
}

/** Send @seg with its own numbers; data is cut into card buffers at @first when that is not 0. */
static void peer_send_raw(const struct peer_segment *seg, size_t first)
{
	static uint8_t tcp[70000];
	uint32_t header, sum;

	memset(tcp, 0, 60);
	put_be16(tcp, seg->source_port);
	put_be16(tcp + 2, seg->dest_port);
	put_be32(tcp + 4, seg->seq);
	put_be32(tcp + 8, seg->ack);
	tcp[13] = seg->flags;
	put_be16(tcp + 14, seg->window);
	header = 20 + peer_options(tcp + 20, seg);
	tcp[12] = (uint8_t)(header / 4 << 4);
	if (seg->len)
		memcpy(tcp + header, seg->data, seg->len);
	sum = checksum_pseudo(PEER_IP, OUR_IP, IP_TCP, header + seg->len);
	put_le16(tcp + 16, checksum_fold(checksum_add(sum, tcp, header + seg->len)));
	if (peer_bad_csum)
		tcp[16] ^= 0x55;
	peer_inject(tcp, header + seg->len, first, 0);
}

/** A segment with the peer's current numbers, to be changed and sent with peer_send_raw(). */
static struct peer_segment peer_segment(uint8_t flags, uint32_t seq, const void *data, uint32_t len)
{
	return (struct peer_segment){
		.source_port = peer_port,
		.dest_port = our_port,
		.seq = seq,
		.ack = peer_ack,
		.flags = flags,
		.window = peer_window,
		.shift = -1,
		.has_ts = peer_ts,
		.tsval = peer_tsval,
		.tsecr = peer_tsecr,
		.data = (uint8_t *)(uintptr_t)data,
		.len = len,
	};
}

/** Send a segment and let the stack take it. */
static void peer_send(uint8_t flags, uint32_t seq, const void *data, uint32_t len)
{
	struct peer_segment seg = peer_segment(flags, seq, data, len);

	peer_send_raw(&seg, 0);
	net_poll();
}

/** An acknowledgement of everything below @ack, with SACK blocks. */
static void peer_ack_sack(uint32_t ack, unsigned blocks, const uint32_t (*sack)[2])
{
	struct peer_segment seg;

	peer_ack = ack;
	seg = peer_segment(TCP_ACK, peer_seq, NULL, 0);
	seg.sack_count = blocks;
	for (unsigned i = 0; i < blocks; i++) {
		seg.sack[i][0] = sack[i][0];
		seg.sack[i][1] = sack[i][1];
	}
	peer_send_raw(&seg, 0);
	net_poll();
}

/* ---- The stack's user ---- */

#define GOT_MAX (32u << 20)
static uint8_t *got;
static size_t got_len;
static unsigned got_calls, closed_calls;
static int closed_rc;
static void (*on_receive)(struct tcp_conn *conn, const uint8_t *data, size_t len);
static void (*on_closed)(struct tcp_conn *conn, int rc);

static void user_receive(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	if (got_len + len > GOT_MAX)
		abort();
	if (data != got + got_len)
		memcpy(got + got_len, data, len);
	got_len += len;
	got_calls++;
	if (on_receive)
		on_receive(conn, data, len);
}

static void user_closed(struct tcp_conn *conn, int rc)
{
	closed_calls++;
	closed_rc = rc;
	if (on_closed)
		on_closed(conn, rc);
}

static const struct tcp_handlers user_handlers = {user_receive, user_closed};

/* ---- Setting up ---- */

/** Virtual time passes, in turns short enough to count. */
static void pass_ms(unsigned ms)
{
	while (ms) {
		unsigned step = ms > 10 ? 10 : ms;

		host_clock_advance_ms(step);
		net_poll();
		ms -= step;
	}
}

static void peer_start(uint32_t features)
{
	host_reset();
	settings_reset();
	random_deterministic(1);
	host_clock_set_ms(100000);
	peer_nic = host_card_add(features, peer_frame_sent);
	nic_open(peer_nic);
	setting_store("net0/ip", "192.0.2.2", SOURCE_SCRIPT);
	setting_store("net0/netmask", "255.255.255.0", SOURCE_SCRIPT);
	netif_configure_all();
	if (!got)
		got = malloc(GOT_MAX);
	got_len = got_calls = closed_calls = 0;
	closed_rc = 12345;
	on_receive = NULL;
	on_closed = NULL;
	peer_on_segment = NULL;
	peer_keep = true;
	peer_window = 65535;
	peer_ts = peer_bad_csum = false;
	peer_isn = 1000;
	peer_tsval = 5000;
	memset(&tcp_stats, 0, sizeof(tcp_stats));
	/* A turn or two: ARP announcements. */
	net_poll();
	peer_forget();
}

static void peer_stop(void)
{
	struct tcp_conn *conn, *next;

	on_receive = NULL;
	on_closed = NULL;
	list_for_each_safe(conn, next, &tcp_conns, link)
		tcp_abort(conn);
	peer_forget();
	host_card_reset();
}

/** What the peer's SYN-ACK offers. */
struct peer_offer {
	uint16_t mss;
	int shift;
	bool sack, ts;
};
static const struct peer_offer offer_all = {1460, 7, true, true};
static const struct peer_offer offer_none = {0, -1, false, false};
static const struct peer_offer offer_sack = {1460, 7, true, false};

/** Answer the SYN of @conn. The SYN must be the next segment kept. */
static void peer_accept(const struct peer_offer *offer)
{
	struct peer_segment *syn, answer;

	for (unsigned i = 0; i < 20 && !peer_sent_count; i++)
		net_poll(); /* ARP first */
	syn = peer_next();
	if (!syn || syn->flags != TCP_SYN)
		abort();
	our_port = syn->source_port;
	our_isn = syn->seq;
	peer_ack = syn->seq + 1;
	peer_ts = offer->ts;
	peer_tsecr = syn->tsval;
	answer = peer_segment(TCP_SYN | TCP_ACK, peer_isn, NULL, 0);
	answer.mss = offer->mss;
	answer.shift = offer->shift;
	answer.sack_permitted = offer->sack;
	peer_send_raw(&answer, 0);
	peer_seq = peer_isn + 1;
	net_poll();
}

static struct tcp_conn *peer_connect(const struct peer_offer *offer,
				     const struct tcp_options *options)
{
	struct tcp_conn *conn = tcp_connect(PEER_IP, PEER_PORT, &user_handlers, NULL, options);

	peer_forget();
	peer_accept(offer);
	peer_forget(); /* the ACK of the handshake */
	return conn;
}

/** Byte number @i of a test stream. */
static inline uint8_t stream_byte(uint32_t i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16 ^ i >> 24);
}

static uint8_t *stream_at(uint32_t i, uint32_t len)
{
	static uint8_t buffer[1 << 16];

	for (uint32_t k = 0; k < len; k++)
		buffer[k] = stream_byte(i + k);
	return buffer;
}

/** The peer sends bytes [@offset, @offset + @len) of the test stream, which begins at isn + 1. */
static void peer_stream(uint32_t offset, uint32_t len)
{
	peer_send(TCP_ACK, peer_isn + 1 + offset, stream_at(offset, len), len);
}

static bool got_stream(size_t len)
{
	if (got_len != len)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		if (got[i] != stream_byte(i))
			return false;
	}
	return true;
}

#endif
