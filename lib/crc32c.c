/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32C, RFC 7143 section 13.1: the reflected polynomial 0x82f63b78.
 *
 * Every byte of an iSCSI session with digests passes here, so there are two
 * ways: the crc32 instruction of SSE4.2, which works on general registers and
 * so needs no SSE set-up, and slice-by-8, whose tables (8 KB) are made at first
 * use. In 32-bit mode the instruction takes 4 bytes every 3 clocks; that is
 * far above what a network card brings, so streams are not interleaved.
 */
#include "lib/crc32c.h"
#include "lib/cpu.h"

#define POLYNOMIAL 0x82f63b78u

static uint32_t table[8][256];

static void make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (unsigned k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

uint32_t crc32c_by_tables(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	if (!table[0][1])
		make_tables();
	crc = ~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint32_t low = get_le32(p) ^ crc, high = get_le32(p + 4);

		crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^
		      table[4][low >> 24] ^ table[3][high & 255] ^ table[2][high >> 8 & 255] ^
		      table[1][high >> 16 & 255] ^ table[0][high >> 24];
	}
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
	return ~crc;
}

static uint32_t by_instruction(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len >= 4; p += 4, len -= 4) {
		uint32_t word = get_le32(p);

		__asm__("crc32l %1, %0" : "+r"(crc) : "r"(word));
	}
	while (len--) {
		uint8_t byte = *p++;

		__asm__("crc32b %1, %0" : "+r"(crc) : "q"(byte));
	}
	return ~crc;
}

/* Is CPUID there (EFLAGS.ID can be toggled), and does it report SSE4.2? */
static bool have_instruction(void)
{
	uint32_t before, after;

	__asm__ volatile("pushfl\n\tpopl %0\n\tmovl %0, %1\n\txorl $0x200000, %1\n\t"
			 "pushl %1\n\tpopfl\n\tpushfl\n\tpopl %1\n\tpushl %0\n\tpopfl"
			 : "=&r"(before), "=&r"(after)
			 :
			 : "cc");
	if (!((before ^ after) & 0x200000))
		return false;
	return cpuid(1, 0).ecx >> 20 & 1;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	static int instruction = -1;

	if (instruction < 0)
		instruction = have_instruction();
	return instruction ? by_instruction(crc, data, len) : crc32c_by_tables(crc, data, len);
}
