/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SNTP client (RFC 4330): one question, one answer, and the date is right to
 * the second, which is all that certificates and logs ask for. The request
 * carries a random number where its own time would stand, and the reply must
 * bring it back: nobody else can set our clock.
 */
#include "netstack/sntp.h"
#include "netstack/net.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/random.h"

#define NTP_PORT    123
#define PACKET	    48
#define TRIES	    4
#define WAIT_MS	    2000
#define CLIENT	    0x23 /* no leap warning, version 4, mode 3 */
#define MODE_SERVER 4
#define UNIX_EPOCH  2208988800u /* 1970 in seconds since 1900 */

struct query {
	uint64_t nonce;
	uint64_t seconds;
	int rc;
	bool done;
};

int sntp_parse(const uint8_t *data, size_t len, uint64_t nonce, uint64_t *seconds)
{
	struct cursor c = cursor(data, len);
	uint8_t mode = cursor_u8(&c), stratum = cursor_u8(&c);
	const uint8_t *reference;
	uint32_t since_1900;

	cursor_skip(&c, 10);
	reference = cursor_take(&c, 4);
	cursor_skip(&c, 8);
	if (cursor_be64(&c) != nonce || c.bad || (mode & 7) != MODE_SERVER)
		return fail(E_SNTP_REPLY, "not an answer to our question");
	cursor_skip(&c, 8);
	since_1900 = cursor_be32(&c);
	cursor_skip(&c, 4);
	if (c.bad)
		return fail(E_SNTP_REPLY, "an answer that ends too early");
	if (!stratum)
		return fail(E_SNTP_REFUSED, "the server refuses (%.4s)", (const char *)reference);
	if (mode >> 6 == 3 || !since_1900)
		return fail(E_SNTP_REFUSED, "the server's own clock is not set");
	/* Section 3: the count of seconds wraps in 2036; small numbers are behind that. */
	*seconds = (uint64_t)since_1900 + (since_1900 < UNIX_EPOCH ? 1ull << 32 : 0) - UNIX_EPOCH;
	return 0;
}

static void receive(struct udp_socket *socket, uint32_t source, uint16_t source_port,
		    const uint8_t *data, size_t len)
{
	struct query *q = socket->ctx;
	int rc = sntp_parse(data, len, q->nonce, &q->seconds);

	if (q->done || rc == E_SNTP_REPLY)
		return;
	q->rc = rc;
	q->done = true;
}

static void unreachable(struct udp_socket *socket, uint32_t dest, uint16_t port, int code)
{
	struct query *q = socket->ctx;

	q->rc = fail(E_SNTP_REFUSED, "nothing answers on its port 123 (ICMP code %d)", code);
	q->done = true;
}

static int ask(struct udp_socket *socket, struct query *q, uint32_t address)
{
	uint8_t request[PACKET] = {CLIENT};
	int rc = E_TIMEOUT;

	put_be64(request + PACKET - 8, q->nonce);
	for (unsigned i = 0; i < TRIES && rc == E_TIMEOUT; i++) {
		rc = udp_send(socket, address, NTP_PORT, request, sizeof(request));
		if (rc)
			return rc;
		rc = wait_until(q->done, clock_ms() + WAIT_MS);
	}
	if (rc == E_TIMEOUT)
		return fail(rc, "no answer from its port 123");
	return rc ? fail(rc, "cancelled") : q->rc;
}

int sntp_query(const char *server, uint64_t *seconds)
{
	struct query q = {.nonce = (uint64_t)random_u32() << 32 | random_u32()};
	struct udp_socket socket;
	uint32_t address;
	int rc = dns_resolve(server, &address, 1);

	if (rc < 0)
		return rc;
	rc = udp_open(&socket, 0, NULL, receive, &q);
	if (rc)
		return rc;
	socket.unreachable = unreachable;
	rc = ask(&socket, &q, address);
	udp_close(&socket);
	if (rc)
		return fail_context(rc, "NTP server %s", server);
	*seconds = q.seconds;
	return 0;
}
