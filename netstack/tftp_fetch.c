/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheme tftp: the receiver (tftp.c) on a UDP socket, for a whole file or
 * piece by piece.
 *
 * Piece by piece, a window of blocks is acknowledged when it was read, so that
 * the server waits for the reader. Servers give up after some seconds without
 * an acknowledgement: then the file is asked for again, and what was read
 * already is thrown away.
 */
#include "netstack/tftp.h"
#include "netstack/stream.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/text.h"

#define UDP_OVERHEAD  28 /* IPv4 and UDP headers */
#define DATA_HEADER   4
#define WINDOW_MAX    64
#define STREAM_WINDOW 16
#define STALL_MS      30000u
#define SERVERS_MAX   8
#define NAME_MAX      512

struct transfer {
	struct tftp tftp;
	struct udp_socket socket;
};

static void socket_receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
			   const uint8_t *data, size_t len)
{
	struct transfer *x = socket->ctx;

	if (source == x->tftp.server)
		tftp_receive(&x->tftp, source_port, data, len);
}

static void socket_unreachable(struct udp_socket *socket, uint32_t dest, uint16_t port, int code)
{
	struct transfer *x = socket->ctx;

	if (dest == x->tftp.server)
		tftp_refused(&x->tftp, code);
}

/* A datagram that cannot be sent now is one that got lost: the timer repeats it. */
static void socket_send(struct tftp *t, uint16_t port, const void *packet, size_t len)
{
	struct transfer *x = container_of(t, struct transfer, tftp);
	int rc = udp_send(&x->socket, t->server, port, packet, len);

	if (rc)
		log_debug("tftp", 1, "cannot send: %s", error_text());
}

/* ---- Addresses ---- */

char *tftp_address(uint32_t server, uint16_t port, const char *name)
{
	size_t size = 3 * strlen(name) + 40;
	char *text = heap_alloc(size);

	if (!text) {
		fail(E_NO_MEMORY, "out of memory for a file's address");
		return NULL;
	}
	format(text, size, "tftp://" IPV4_FMT, IPV4_ARG(server));
	if (port)
		format_append(text, size, ":%u", port);
	format_append(text, size, "/");
	uri_encode(name, strlen(name), "/!$&'()*+,;=:@", text + strlen(text), size - strlen(text));
	return text;
}

/* The file's name and the addresses of its server; their number or an error after fail(). */
static int look_up(const struct uri *uri, char *name, size_t size, uint32_t *servers, unsigned max)
{
	const char *path = uri->path;
	size_t len;

	if (*path == '/')
		path++;
	len = uri_decode(path, name, size);
	if (!uri->host || !*uri->host)
		return fail(E_TFTP_ADDRESS,
			    "the address names no TFTP server (is next-server set?)");
	if (!len || strlen(name) != len)
		return fail(E_TFTP_ADDRESS, "the address names no file");
	if (len == size - 1)
		return fail(E_TFTP_ADDRESS, "the file name is longer than %u bytes",
			    (unsigned)size - 2);
	return dns_resolve(uri->host, servers, max);
}

/* Make @x ready for tftp_start(). */
static int prepare(struct transfer *x, struct fetch *f, const char *name, uint32_t server,
		   unsigned window)
{
	uint32_t next_hop;
	struct netif *netif = netif_route(server, &next_hop);
	uint32_t mtu = netif && netif->mtu >= 576 ? netif->mtu : 576;
	int rc;

	if (!netif)
		return netif_no_route(server);
	memset(x, 0, sizeof(*x));
	x->tftp.fetch = f;
	x->tftp.send = socket_send;
	x->tftp.server = server;
	text_copy(x->tftp.name, sizeof(x->tftp.name), name);
	x->tftp.server_port = f->uri->port ? f->uri->port : TFTP_PORT;
	x->tftp.want_blksize = (uint16_t)min(mtu - UDP_OVERHEAD - DATA_HEADER, 65464u);
	x->tftp.want_window = (uint16_t)window;
	rc = udp_open(&x->socket, 0, NULL, socket_receive, x);
	if (!rc)
		x->socket.unreachable = socket_unreachable;
	return rc;
}

static bool is_over(const struct tftp *t)
{
	return t->state == TFTP_DONE || t->state == TFTP_FAILED;
}

/* ---- Whole files ---- */

/* One transfer from one address, from the beginning: TFTP cannot resume. */
static int fetch_from(struct fetch *f, const char *name, uint32_t server)
{
	/* Loss that broke the last attempt may come from a burst that somebody cannot take. */
	unsigned window = max(WINDOW_MAX >> min(f->attempt, 6u), 1);
	struct transfer x;
	int rc = prepare(&x, f, name, server, window);

	if (rc)
		return rc;
	tftp_start(&x.tftp);
	while (!rc && !is_over(&x.tftp)) {
		rc = fetch_turn(f);
		tftp_tick(&x.tftp);
	}
	tftp_give_up(&x.tftp);
	udp_close(&x.socket);
	return rc ? rc : x.tftp.rc;
}

static int tftp_fetch(struct fetch *f)
{
	uint32_t servers[SERVERS_MAX] = {0};
	char name[NAME_MAX];
	int rc = 0, count = look_up(f->uri, name, sizeof(name), servers, SERVERS_MAX);

	f->final = count < 0;
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		rc = fetch_from(f, name, servers[i]);
		if (rc != E_TFTP_NO_ANSWER)
			break;
	}
	return rc;
}

/* ---- Piece by piece ---- */

struct tftp_stream {
	struct transfer transfer;
	struct fetch fetch;   /* its data is the stream's buffer, of one window */
	uint64_t read;	      /* bytes that were read before the file was asked for again */
	uint64_t asked_again; /* at this many: not twice at the same place */
};

/* Wait for more bytes than are known of, or the end. */
static int wait_for_block(struct stream *stream)
{
	struct tftp_stream *s = stream->priv;
	struct tftp *t = &s->transfer.tftp;
	uint64_t deadline = clock_ms() + STALL_MS;
	int rc = 0;

	while (!rc && !is_over(t) && s->fetch.len == stream->len) {
		rc = wait_turn(deadline);
		tftp_tick(t);
	}
	if (rc)
		return fail(rc == E_CANCELLED ? rc : E_FETCH_STALLED, "nothing arrived for %u s",
			    STALL_MS / 1000);
	return t->state == TFTP_FAILED ? t->rc : 0;
}

/* The transfer broke off, all that came was read: begin anew, unless there was no progress since.
 */
static bool ask_again(struct stream *stream, int rc)
{
	struct tftp_stream *s = stream->priv;
	struct tftp *t = &s->transfer.tftp;
	uint64_t read = t->taken + stream->len;

	if (rc == E_CANCELLED || read <= s->asked_again)
		return false;
	log_debug("tftp", 1, "%s; asking again", error_sentence(rc));
	tftp_give_up(t);
	s->read = s->asked_again = read;
	stream->at = stream->len = 0;
	tftp_start(t);
	return true;
}

/* Make what came readable, without what was read before; false when that is all of it. */
static bool show_new(struct stream *stream)
{
	struct tftp_stream *s = stream->priv;
	struct tftp *t = &s->transfer.tftp;
	uint64_t end = t->taken + s->fetch.len;

	if (end <= s->read && t->state != TFTP_DONE) {
		tftp_go_on(t);
		return false;
	}
	stream->len = (size_t)s->fetch.len;
	if (s->read > t->taken)
		stream->at = max(stream->at, (size_t)min(s->read, end) - (size_t)t->taken);
	if (s->fetch.total)
		stream->size = s->fetch.total;
	else if (t->state == TFTP_DONE)
		stream->size = end;
	return true;
}

static int wait_for_data(struct stream *stream)
{
	const struct tftp_stream *s = stream->priv;
	const struct tftp *t = &s->transfer.tftp;
	int rc;

	do {
		rc = wait_for_block(stream);
		if (rc && !ask_again(stream, rc))
			return rc;
		if (!rc && t->state == TFTP_DONE && t->taken + s->fetch.len < s->read)
			return fail(E_TFTP_SHORT, "the file has become shorter on the server");
	} while (rc || !show_new(stream));
	return 0;
}

static int stream_more(struct stream *stream)
{
	struct tftp_stream *s = stream->priv;
	struct tftp *t = &s->transfer.tftp;

	/* Blocks of the same window may have come since. */
	if (s->fetch.len == stream->len) {
		if (t->state == TFTP_DONE)
			return 0;
		stream->at = stream->len = 0;
		tftp_go_on(t);
	}
	return wait_for_data(stream);
}

static int start_stream(struct stream *stream, const char *name, uint32_t server)
{
	struct tftp_stream *s = stream->priv;
	struct tftp *t = &s->transfer.tftp;
	int rc = prepare(&s->transfer, &s->fetch, name, server, STREAM_WINDOW);

	if (rc)
		return rc;
	s->fetch.capacity = t->want_blksize * STREAM_WINDOW;
	stream->piece = heap_alloc((size_t)s->fetch.capacity);
	if (!stream->piece)
		return fail(E_NO_MEMORY, "out of memory for reading a file");
	s->fetch.data = stream->piece;
	t->hold = true;
	tftp_start(t);
	return wait_for_data(stream);
}

static void end_stream(struct stream *stream)
{
	struct tftp_stream *s = stream->priv;

	tftp_give_up(&s->transfer.tftp);
	udp_close(&s->transfer.socket);
}

static int stream_begin(struct stream *stream)
{
	struct tftp_stream *s = heap_zalloc(sizeof(*s));
	uint32_t servers[SERVERS_MAX] = {0};
	char name[NAME_MAX];
	int count, rc = 0;

	stream->priv = s;
	if (!s)
		return fail(E_NO_MEMORY, "out of memory for reading a file");
	s->fetch = (struct fetch){.uri = stream->uri, .quiet = true, .lent = true, .window = true};
	count = look_up(stream->uri, name, sizeof(name), servers, SERVERS_MAX);
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		rc = start_stream(stream, name, servers[i]);
		if (rc != E_TFTP_NO_ANSWER)
			break;
		end_stream(stream);
		heap_free(stream->piece);
		stream->piece = NULL;
	}
	return rc;
}

static void stream_end(struct stream *stream)
{
	if (stream->priv)
		end_stream(stream);
	heap_free(stream->priv);
}

static const struct stream_ops tftp_stream_ops = {stream_begin, stream_more, stream_end};

TABLE_ENTRY(uri_scheme, scheme_tftp) = {
	.name = "tftp",
	.fetch = tftp_fetch,
	.stream = &tftp_stream_ops,
};
