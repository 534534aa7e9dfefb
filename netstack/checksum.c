/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum, RFC 1071.
 *
 * Words are added as they lie in memory, 32 bits at a time into a 64-bit
 * accumulator: each word costs an addition and an add-with-carry of the upper
 * half, with no dependence of one word on the flags of the one before, which
 * is what a long chain of ADC would have (slow where the machine is emulated).
 */
#include "netstack/net.h"

static inline uint32_t word(const uint8_t *p)
{
	return get_le32(p);
}

uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t total = sum;

	for (; len >= 32; len -= 32, p += 32) {
		total += word(p);
		total += word(p + 4);
		total += word(p + 8);
		total += word(p + 12);
		total += word(p + 16);
		total += word(p + 20);
		total += word(p + 24);
		total += word(p + 28);
	}
	for (; len >= 4; len -= 4, p += 4)
		total += word(p);
	if (len & 2) {
		total += get_le16(p);
		p += 2;
	}
	if (len & 1)
		total += *p;
	total = (uint32_t)total + (total >> 32);
	return (uint32_t)total + (uint32_t)(total >> 32);
}

uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t checksum_pseudo(uint32_t source, uint32_t dest, uint8_t protocol, uint32_t len)
{
	uint64_t total = (uint64_t)be32(source) + be32(dest) + be16(protocol) + be16((uint16_t)len);

	total = (uint32_t)total + (total >> 32);
	return (uint32_t)total + (uint32_t)(total >> 32);
}

/* The sum of data that begins at an odd offset has its bytes swapped (RFC 1071 section 2 (B)). */
static uint32_t swap_sum(uint32_t sum)
{
	return be16((uint16_t)~checksum_fold(sum));
}

bool ip_checksum_ok(const struct ip_packet *packet)
{
	uint32_t sum;
	bool odd = false;

	if (packet->csum_ok)
		return true;
	sum = checksum_pseudo(packet->source, packet->dest, packet->protocol, packet->len);
	for (uint32_t i = 0; i < packet->parts; i++) {
		uint32_t part = checksum_add(0, packet->part[i].data, packet->part[i].len);

		if (odd)
			part = swap_sum(part);
		sum = checksum_add(sum, &part, sizeof(part));
		odd ^= packet->part[i].len & 1;
	}
	return checksum_fold(sum) == 0;
}
