/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP messages: reading and writing (RFC 2131, RFC 2132).
 *
 * Options may be split over several instances (RFC 3396), and spill over into
 * the fields file and sname (option 52): both are undone here, so that the rest
 * sees each option once and whole.
 */
#include "netstack/dhcp.h"
#include "lib/cursor.h"

#define OP_REQUEST     1
#define OP_REPLY       2
#define HTYPE_ETHER    1
#define MAGIC	       0x63825363u
#define SNAME_LEN      64
#define FILE_LEN       128
#define HEADER	       240 /* with the magic cookie */
#define OPTION_MAX     255
#define OVERLOAD_FILE  1
#define OVERLOAD_SNAME 2

/* ---- Reading ---- */

void dhcp_walk(const uint8_t *data, size_t len,
	       bool (*visit)(uint8_t tag, const uint8_t *value, size_t value_len, void *ctx),
	       void *ctx)
{
	struct cursor c = cursor(data, len);

	while (cursor_left(&c)) {
		uint8_t tag = cursor_u8(&c), value_len;
		const uint8_t *value;

		if (tag == TAG_PAD)
			continue;
		if (tag == TAG_END)
			return;
		value_len = cursor_u8(&c);
		value = cursor_take(&c, value_len);
		if (c.bad || !visit(tag, value, value_len, ctx))
			return;
	}
}

size_t dhcp_trim(const uint8_t *text, size_t len)
{
	const uint8_t *end = memchr(text, 0, len);

	if (end)
		len = (size_t)(end - text);
	while (len && (text[len - 1] == 0xff || text[len - 1] == ' '))
		len--;
	return len;
}

static bool find_overload(uint8_t tag, const uint8_t *value, size_t len, void *ctx)
{
	if (tag == TAG_OVERLOAD && len)
		*(uint8_t *)ctx = value[0];
	return true;
}

static bool measure(uint8_t tag, const uint8_t *value, size_t len, void *ctx)
{
	struct dhcp_reply *reply = ctx;

	reply->present[tag] = true;
	reply->length[tag] = (uint16_t)(reply->length[tag] + len);
	return true;
}

static bool collect(uint8_t tag, const uint8_t *value, size_t len, void *ctx)
{
	struct dhcp_reply *reply = ctx;

	memcpy(reply->data + reply->offset[tag] + reply->length[tag], value, len);
	reply->length[tag] = (uint16_t)(reply->length[tag] + len);
	return true;
}

/* The pieces of an option follow each other in the order: options, file, sname. */
static void join(struct dhcp_reply *reply, const struct cursor *fields, unsigned count)
{
	uint16_t at = 0;

	for (unsigned i = 0; i < count; i++)
		dhcp_walk(fields[i].p, cursor_left(&fields[i]), measure, reply);
	for (unsigned tag = 0; tag < 256; tag++) {
		reply->offset[tag] = at;
		at = (uint16_t)(at + reply->length[tag]);
		reply->length[tag] = 0;
	}
	for (unsigned i = 0; i < count; i++)
		dhcp_walk(fields[i].p, cursor_left(&fields[i]), collect, reply);
}

static void take_text(char *to, const uint8_t *field, size_t len)
{
	len = dhcp_trim(field, len);
	memcpy(to, field, len);
	to[len] = '\0';
}

bool dhcp_parse(struct dhcp_reply *reply, const void *data, size_t len)
{
	struct cursor c = cursor(data, min(len, (size_t)DHCP_PACKET_MAX));
	struct cursor fields[3];
	const uint8_t *sname, *file, *type;
	uint8_t overload = 0;
	unsigned count = 0;
	size_t type_len;

	memset(reply, 0, sizeof(*reply));
	if (cursor_u8(&c) != OP_REPLY || cursor_u8(&c) != HTYPE_ETHER || cursor_u8(&c) != ETH_ALEN)
		return false;
	cursor_skip(&c, 1);
	reply->xid = cursor_be32(&c);
	cursor_skip(&c, 8);
	reply->yiaddr = cursor_be32(&c);
	reply->siaddr = cursor_be32(&c);
	cursor_skip(&c, 4);
	if (cursor_left(&c) < 16 + SNAME_LEN + FILE_LEN)
		return false;
	memcpy(reply->chaddr, cursor_take(&c, 16), ETH_ALEN);
	sname = cursor_take(&c, SNAME_LEN);
	file = cursor_take(&c, FILE_LEN);
	if (cursor_be32(&c) == MAGIC && !c.bad) {
		fields[count++] = c;
		dhcp_walk(c.p, cursor_left(&c), find_overload, &overload);
	}
	if (overload & OVERLOAD_FILE)
		fields[count++] = cursor(file, FILE_LEN);
	else
		take_text(reply->file, file, FILE_LEN);
	reply->file_full = strlen(reply->file) >= FILE_LEN - 1;
	if (overload & OVERLOAD_SNAME)
		fields[count++] = cursor(sname, SNAME_LEN);
	else
		take_text(reply->server_name, sname, SNAME_LEN);
	join(reply, fields, count);
	type = dhcp_option(reply, TAG_TYPE, &type_len);
	reply->type = type && type_len ? type[0] : DHCP_BOOTP;
	return true;
}

const uint8_t *dhcp_option(const struct dhcp_reply *reply, uint8_t tag, size_t *len)
{
	*len = reply->length[tag];
	return reply->present[tag] ? reply->data + reply->offset[tag] : NULL;
}

uint32_t dhcp_option_u32(const struct dhcp_reply *reply, uint8_t tag, uint32_t fallback)
{
	size_t len;
	const uint8_t *value = dhcp_option(reply, tag, &len);

	return value && len >= 4 ? get_be32(value) : fallback;
}

struct search {
	uint8_t tag;
	const uint8_t *value;
	size_t len;
};

static bool match(uint8_t tag, const uint8_t *value, size_t len, void *ctx)
{
	struct search *s = ctx;

	if (tag != s->tag)
		return true;
	s->value = value;
	s->len = len;
	return false;
}

const uint8_t *dhcp_suboption(const struct dhcp_reply *reply, uint8_t tag, uint8_t sub, size_t *len)
{
	struct search s = {.tag = sub};
	size_t outer_len;
	const uint8_t *outer = dhcp_option(reply, tag, &outer_len);

	if (outer)
		dhcp_walk(outer, outer_len, match, &s);
	*len = s.len;
	return s.value;
}

/* ---- Writing ---- */

void dhcp_begin(struct dhcp_writer *w, uint8_t *buf, size_t size, const uint8_t *mac)
{
	memset(buf, 0, HEADER);
	buf[0] = OP_REQUEST;
	buf[1] = HTYPE_ETHER;
	buf[2] = ETH_ALEN;
	memcpy(buf + 28, mac, ETH_ALEN);
	put_be32(buf + HEADER - 4, MAGIC);
	*w = (struct dhcp_writer){buf, size, HEADER};
}

/* Long values are split (RFC 3396); what does not fit before the end option is left out. */
void dhcp_put(struct dhcp_writer *w, uint8_t tag, const void *value, size_t len)
{
	const uint8_t *from = value;

	do {
		size_t piece = min(len, (size_t)OPTION_MAX);

		if (w->len + 2 + piece + 1 > w->size)
			return;
		w->data[w->len] = tag;
		w->data[w->len + 1] = (uint8_t)piece;
		memcpy(w->data + w->len + 2, from, piece);
		w->len += 2 + piece;
		from += piece;
		len -= piece;
	} while (len);
}

void dhcp_put_u32(struct dhcp_writer *w, uint8_t tag, uint32_t value)
{
	uint8_t raw[4];

	put_be32(raw, value);
	dhcp_put(w, tag, raw, sizeof(raw));
}

size_t dhcp_end(struct dhcp_writer *w)
{
	w->data[w->len++] = TAG_END;
	return w->len;
}
