/* SPDX-License-Identifier: BSD-2-Clause */
/* The time from a server: SNTP version 4 (RFC 4330). */
#ifndef NETSTACK_SNTP_H
#define NETSTACK_SNTP_H

#include "lib/base.h"

/** Ask @server (name or address) for the time; @seconds since 1970. Waits at most some 8 s.
 * 0, or an error after fail(). */
int sntp_query(const char *server, uint64_t *seconds);

/**
 * Time of a server's reply to the request that carried @nonce in its transmit timestamp, or an
 * error after fail(): E_SNTP_REPLY when it is none, E_SNTP_REFUSED for a kiss-of-death.
 */
int sntp_parse(const uint8_t *data, size_t len, uint64_t nonce, uint64_t *seconds);

#endif
