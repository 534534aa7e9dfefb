/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS messages, apart from the waiting: for dns.c and the tests. */
#ifndef NETSTACK_DNS_H
#define NETSTACK_DNS_H

#include "lib/base.h"

#define DNS_NAME_MAX  255 /* RFC 1035 section 2.3.4, as on the wire */
#define DNS_QUERY_MAX (12 + DNS_NAME_MAX + 4)
#define DNS_SERVFAIL  2 /* response code: the server could not find out */

enum dns_verdict {
	DNS_NOT_OURS,  /* no answer to this question: ignore it */
	DNS_ADDRESSES, /* addresses were found */
	DNS_ALIAS,     /* an alias whose addresses are not in the message: ask for it */
	DNS_NO_SUCH,   /* the name, or an address of it, does not exist */
	DNS_FAILED,    /* the server cannot or will not say */
};

struct dns_answer {
	enum dns_verdict verdict;
	unsigned count;
	uint8_t rcode;
	uint8_t alias[DNS_NAME_MAX + 1]; /* wire format, without compression */
};

/** Text @name to wire format in @wire (DNS_NAME_MAX bytes); its length, or 0 when it is none. */
size_t dns_encode_name(const char *name, uint8_t *wire);
/** Write the query for addresses of @wire; its length. */
size_t dns_build_query(uint8_t *query, uint16_t id, const uint8_t *wire);
/** Read the answer to the query @id for @wire; at most @max addresses (host order). */
void dns_parse(const void *data, size_t len, uint16_t id, const uint8_t *wire, uint32_t *addresses,
	       unsigned max, struct dns_answer *answer);

#endif
