/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages (RFC 1035): the query, and reading an answer.
 *
 * A hostile answer must not cost more than its length: compression pointers
 * only lead backwards, their number is limited, and so is the length of a chain
 * of aliases.
 */
#include "netstack/dns.h"
#include "lib/cursor.h"
#include "lib/text.h"

#define HEADER	       12
#define FLAG_RESPONSE  0x8000u
#define FLAG_RECURSE   0x0100u
#define RCODE_MASK     0x000fu
#define RCODE_NONE     0
#define RCODE_NXDOMAIN 3
#define TYPE_A	       1
#define TYPE_CNAME     5
#define CLASS_IN       1
#define LABEL_MAX      63
#define POINTER	       0xc0u
#define POINTERS_MAX   16
#define ALIASES_MAX    16
#define RECORDS_MAX    128

size_t dns_encode_name(const char *name, uint8_t *wire)
{
	size_t at = 0;

	while (*name) {
		const char *dot = strchr(name, '.');
		size_t len = dot ? (size_t)(dot - name) : strlen(name);

		if (!len || len > LABEL_MAX || at + len + 2 > DNS_NAME_MAX)
			return 0;
		wire[at++] = (uint8_t)len;
		memcpy(wire + at, name, len);
		at += len;
		name += dot ? len + 1 : len;
	}
	if (!at)
		return 0;
	wire[at++] = 0;
	return at;
}

static size_t wire_len(const uint8_t *wire)
{
	size_t at = 0;

	while (wire[at])
		at += wire[at] + 1u;
	return at + 1;
}

size_t dns_build_query(uint8_t *query, uint16_t id, const uint8_t *wire)
{
	size_t len = wire_len(wire);

	memset(query, 0, HEADER);
	put_be16(query, id);
	put_be16(query + 2, FLAG_RECURSE);
	put_be16(query + 4, 1);
	memcpy(query + HEADER, wire, len);
	put_be16(query + HEADER + len, TYPE_A);
	put_be16(query + HEADER + len + 2, CLASS_IN);
	return HEADER + len + 4;
}

/* Read the name at @c of message @data into @wire; @c ends behind it. */
static bool read_name(struct cursor *c, const uint8_t *data, uint8_t *wire)
{
	struct cursor at = *c;
	const uint8_t *limit = c->end;
	unsigned pointers = 0;
	size_t used = 0;

	for (;;) {
		const uint8_t *here = at.p;
		uint8_t len = cursor_u8(&at);

		if ((len & POINTER) == POINTER) {
			size_t target = (size_t)(len & ~POINTER) << 8 | cursor_u8(&at);

			if (!pointers++)
				c->p = at.p;
			limit = min(limit, here);
			if (at.bad || pointers > POINTERS_MAX || data + target >= limit)
				break;
			limit = data + target;
			at = cursor(limit, (size_t)(c->end - limit));
			continue;
		}
		if (at.bad || len > LABEL_MAX || used + len + 1u > DNS_NAME_MAX)
			break;
		wire[used++] = len;
		if (!len) {
			if (!pointers)
				c->p = at.p;
			return true;
		}
		here = cursor_take(&at, len);
		if (!here)
			break;
		memcpy(wire + used, here, len);
		used += len;
	}
	c->bad = true;
	return false;
}

/* Case does not count in names (RFC 4343); length bytes are below the letters. */
static bool same_name(const uint8_t *a, const uint8_t *b)
{
	size_t len = wire_len(a);

	if (wire_len(b) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (to_lower(a[i]) != to_lower(b[i]))
			return false;
	}
	return true;
}

struct record {
	uint8_t name[DNS_NAME_MAX + 1];
	uint16_t type, class;
	struct cursor data;
};

static bool read_record(struct cursor *c, const uint8_t *data, struct record *r)
{
	if (!read_name(c, data, r->name))
		return false;
	r->type = cursor_be16(c);
	r->class = cursor_be16(c);
	cursor_skip(c, 4);
	r->data = cursor_sub(c, cursor_be16(c));
	return !c->bad;
}

/* Collect the addresses of @name among the records, or find the alias that it is. */
static bool scan(const struct cursor *records, unsigned count, const uint8_t *data,
		 const uint8_t *name, uint32_t *addresses, unsigned max, struct dns_answer *answer,
		 uint8_t *alias)
{
	struct cursor c = *records;
	bool is_alias = false;
	struct record r = {.type = 0};

	for (unsigned i = 0; i < count && read_record(&c, data, &r); i++) {
		if (r.class != CLASS_IN || !same_name(r.name, name))
			continue;
		if (r.type == TYPE_A && cursor_left(&r.data) == 4 && answer->count < max) {
			addresses[answer->count++] = cursor_be32(&r.data);
		} else if (r.type == TYPE_CNAME && !is_alias) {
			/* The alias may be compressed against the whole message. */
			struct cursor target = {.p = r.data.p, .end = r.data.end};

			is_alias = read_name(&target, data, alias);
		}
	}
	return is_alias;
}

static void follow(const struct cursor *records, unsigned count, const uint8_t *data,
		   const uint8_t *wire, uint32_t *addresses, unsigned max,
		   struct dns_answer *answer)
{
	uint8_t name[DNS_NAME_MAX + 1] = {0}, alias[DNS_NAME_MAX + 1] = {0};
	bool moved = false;

	memcpy(name, wire, wire_len(wire));
	for (unsigned i = 0; i < ALIASES_MAX; i++) {
		bool is_alias = scan(records, count, data, name, addresses, max, answer, alias);

		if (answer->count) {
			answer->verdict = DNS_ADDRESSES;
			return;
		}
		if (!is_alias)
			break;
		memcpy(name, alias, wire_len(alias));
		moved = true;
	}
	answer->verdict = moved ? DNS_ALIAS : DNS_NO_SUCH;
	memcpy(answer->alias, name, wire_len(name));
}

void dns_parse(const void *data, size_t len, uint16_t id, const uint8_t *wire, uint32_t *addresses,
	       unsigned max, struct dns_answer *answer)
{
	struct cursor c = cursor(data, len);
	uint16_t answer_id = cursor_be16(&c), flags = cursor_be16(&c);
	uint16_t questions = cursor_be16(&c), records = cursor_be16(&c);
	uint8_t question[DNS_NAME_MAX + 1] = {0};

	memset(answer, 0, sizeof(*answer));
	cursor_skip(&c, 4);
	if (c.bad || answer_id != id || !(flags & FLAG_RESPONSE) || questions != 1 ||
	    !read_name(&c, data, question) || !same_name(question, wire) ||
	    cursor_be16(&c) != TYPE_A || cursor_be16(&c) != CLASS_IN || c.bad)
		return;
	answer->rcode = flags & RCODE_MASK;
	if (answer->rcode == RCODE_NXDOMAIN) {
		answer->verdict = DNS_NO_SUCH;
		return;
	}
	if (answer->rcode != RCODE_NONE) {
		answer->verdict = DNS_FAILED;
		return;
	}
	follow(&c, min(records, (uint16_t)RECORDS_MAX), data, wire, addresses, max, answer);
}
