/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums over frames for the RTL8169 model: the Ethernet CRC, and the checksums of IP, TCP and UDP
 * that the chip fills in or verifies. */
#include "test/r8169/model.h"

#define TYPE_VLAN 0x8100u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define PROTO_TCP 6
#define PROTO_UDP 17
#define FRAGMENT  (-1)

/* Receive descriptor, opts1 */
#define RX_PROTO_TCP (1u << 17)
#define RX_PROTO_UDP (1u << 18)
#define RX_PROTO_IP  (3u << 17)
#define RX_IP_BAD    (1u << 16)
#define RX_UDP_BAD   (1u << 15)
#define RX_TCP_BAD   (1u << 14)

uint32_t sim_ethernet_crc(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffffu;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static uint32_t add(uint32_t sum, const uint8_t *data, size_t len)
{
	for (; len > 1; data += 2, len -= 2)
		sum += get_be16(data);
	return len ? sum + ((uint32_t)data[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct packet {
	int version;
	size_t ip, ip_len; /* header: offset and length */
	size_t l4, l4_len; /* segment */
	int proto;
	uint32_t pseudo; /* sum of the pseudo header */
};

static bool find_ipv4(const uint8_t *f, size_t len, struct packet *p)
{
	size_t total;

	if (len < p->ip + 20 || f[p->ip] >> 4 != 4)
		return false;
	total = get_be16(f + p->ip + 2);
	p->version = 4;
	p->ip_len = (size_t)(f[p->ip] & 15) * 4;
	if (p->ip_len < 20 || total < p->ip_len || total > len - p->ip)
		return false;
	p->l4 = p->ip + p->ip_len;
	p->l4_len = total - p->ip_len;
	p->proto = f[p->ip + 9];
	p->pseudo = add((uint32_t)p->proto + (uint32_t)p->l4_len, f + p->ip + 12, 8);
	if (get_be16(f + p->ip + 6) & 0x3fff)
		p->proto = FRAGMENT;
	return true;
}

static bool find_ipv6(const uint8_t *f, size_t len, struct packet *p)
{
	if (len < p->ip + 40)
		return false;
	p->version = 6;
	p->ip_len = 40;
	p->proto = f[p->ip + 6];
	p->l4 = p->ip + 40;
	p->l4_len = get_be16(f + p->ip + 4);
	if (p->l4_len > len - p->l4)
		return false;
	p->pseudo = add((uint32_t)p->proto + (uint32_t)p->l4_len, f + p->ip + 8, 32);
	return true;
}

static bool find_packet(const uint8_t *f, size_t len, struct packet *p)
{
	size_t at = 12;
	unsigned type;

	while (at + 6 <= len && get_be16(f + at) == TYPE_VLAN)
		at += 4;
	if (at + 2 > len)
		return false;
	type = get_be16(f + at);
	p->ip = at + 2;
	if (type == TYPE_IPV4)
		return find_ipv4(f, len, p);
	return type == TYPE_IPV6 && find_ipv6(f, len, p);
}

static bool has_tcp(const struct packet *p)
{
	return p->proto == PROTO_TCP && p->l4_len >= 20;
}

static bool has_udp(const struct packet *p)
{
	return p->proto == PROTO_UDP && p->l4_len >= 8;
}

bool sim_checksum_fill(uint8_t *frame, size_t len, bool ip, bool tcp, bool udp)
{
	struct packet p;
	uint8_t *field;
	uint16_t sum;

	if (!find_packet(frame, len, &p))
		return false;
	if (ip && p.version == 4) {
		field = frame + p.ip + 10;
		put_be16(field, 0);
		put_be16(field, fold(add(0, frame + p.ip, p.ip_len)));
	}
	if (tcp && has_tcp(&p))
		field = frame + p.l4 + 16;
	else if (udp && has_udp(&p))
		field = frame + p.l4 + 6;
	else
		return true;
	put_be16(field, 0);
	sum = fold(add(p.pseudo, frame + p.l4, p.l4_len));
	put_be16(field, sum || tcp ? sum : 0xffff);
	return true;
}

uint32_t sim_checksum_verify(const uint8_t *frame, size_t len)
{
	struct packet p;
	uint32_t bits = 0;
	bool good;

	if (!find_packet(frame, len, &p))
		return 0;
	if (p.version == 4 && fold(add(0, frame + p.ip, p.ip_len)))
		bits |= RX_IP_BAD;
	good = fold(add(p.pseudo, frame + p.l4, p.l4_len)) == 0;
	if (has_tcp(&p))
		return bits | RX_PROTO_TCP | (good ? 0 : RX_TCP_BAD);
	if (has_udp(&p)) {
		bool none = get_be16(frame + p.l4 + 6) == 0;

		return bits | RX_PROTO_UDP | (good || none ? 0 : RX_UDP_BAD);
	}
	return bits | RX_PROTO_IP;
}
