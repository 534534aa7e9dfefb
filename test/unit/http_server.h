/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP server as a script, behind the real TCP: one answer per request,
 * whatever it asks. Functions are static because each program uses some of them.
 */
#ifndef TEST_UNIT_HTTP_SERVER_H
#define TEST_UNIT_HTTP_SERVER_H

#include "netstack/http.h"
#include "test/unit/tcp_peer.h"

#define SERVER "http://192.0.2.1:3260"

enum after { KEEP, CLOSE, RESET };

static struct {
	const char *text;
	enum after after;
} answers[16];
static unsigned answer_count, answer_next;

static char requests[16][2048];
static unsigned request_count, connections;
static char incoming[4096];
static size_t incoming_len;
static bool close_idle; /* close after an answer, without saying so */

static void say(const char *text, enum after after)
{
	answers[answer_count].text = text;
	answers[answer_count++].after = after;
}

static void answer(void)
{
	const char *text = answers[answer_next].text;
	enum after after = answers[answer_next].after;
	size_t len = strlen(text);

	answer_next++;
	for (size_t at = 0; at < len;) {
		uint32_t n = (uint32_t)(len - at < 1000 ? len - at : 1000);
		struct peer_segment seg = peer_segment(TCP_ACK | TCP_PSH, peer_seq, text + at, n);

		peer_send_raw(&seg, 0);
		peer_seq += n;
		at += n;
	}
	if (after == RESET || after == CLOSE || close_idle) {
		struct peer_segment seg = peer_segment(
			after == RESET ? TCP_RST | TCP_ACK : TCP_FIN | TCP_ACK, peer_seq, NULL, 0);

		peer_send_raw(&seg, 0);
		peer_seq++;
	}
}

/* Header and, where it says so, content. */
static bool is_whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	return end && (!length || strlen(end + 4) >= strtoul(length + 16, NULL, 10));
}

static void take_data(const struct peer_segment *seg)
{
	struct peer_segment ack;

	if (!seg->len || seg->seq != peer_ack || seg->source_port != our_port)
		return;
	memcpy(incoming + incoming_len, seg->data, seg->len);
	incoming_len += seg->len;
	incoming[incoming_len] = 0;
	peer_ack += seg->len;
	ack = peer_segment(TCP_ACK, peer_seq, NULL, 0);
	peer_send_raw(&ack, 0);
	if (!is_whole(incoming))
		return;
	strcpy(requests[request_count++], incoming);
	incoming_len = 0;
	if (answer_next < answer_count)
		answer();
}

static void server_turn(void)
{
	struct peer_segment *seg, reply;

	while ((seg = peer_next())) {
		if (seg->flags == TCP_SYN) {
			connections++;
			our_port = seg->source_port;
			peer_port = seg->dest_port;
			peer_isn += 100000;
			peer_seq = peer_isn;
			peer_ack = seg->seq + 1;
			incoming_len = 0;
			reply = peer_segment(TCP_SYN | TCP_ACK, peer_seq, NULL, 0);
			reply.mss = 1460;
			peer_send_raw(&reply, 0);
			peer_seq++;
		} else {
			take_data(seg);
		}
	}
}

/** A card with an address, and the server beside it. */
static void http_server_start(void)
{
	peer_start(0);
	host_turn = server_turn;
	answer_count = answer_next = request_count = connections = 0;
	incoming_len = 0;
	close_idle = false;
}

static void http_server_stop(void)
{
	http_close_idle();
	host_turn = NULL;
	peer_stop();
}

/** Did request number @n say @text? */
static bool asked(unsigned n, const char *text)
{
	return n < request_count && strstr(requests[n], text);
}

#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

#endif
