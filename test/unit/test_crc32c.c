/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C against the examples of RFC 3720 appendix B.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/crc32c.h"

/* The RFC prints the digest's bytes in the order in which they are sent: lowest first. */
static const struct {
	const char *what;
	uint8_t data[48];
	size_t len;
	uint32_t crc;
} vectors[] = {
	{"32 zeroes", {0}, 32, 0x8a9136aa},
	{"SCSI READ(10) command",
	 {0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
	  0,	0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0},
	 48,
	 0xd9963a56},
};

static void both(const void *data, size_t len, uint32_t crc)
{
	assert_int_equal(crc32c(0, data, len), crc);
	assert_int_equal(crc32c_by_tables(0, data, len), crc);
}

static void rfc_vectors(void **state)
{
	uint8_t data[32];

	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++)
		both(vectors[i].data, vectors[i].len, vectors[i].crc);
	memset(data, 0xff, sizeof(data));
	both(data, sizeof(data), 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		data[i] = (uint8_t)i;
	both(data, sizeof(data), 0x46dd794e);
	for (unsigned i = 0; i < 32; i++)
		data[i] = (uint8_t)(31 - i);
	both(data, sizeof(data), 0x113fdb5c);
	both("123456789", 9, 0xe3069283);
}

static void both_ways_agree_in_any_split(void **state)
{
	uint8_t data[259];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + (i >> 3));
	for (size_t from = 0; from < 9; from++) {
		uint32_t whole = crc32c_by_tables(0, data + from, sizeof(data) - from);

		for (size_t cut = from; cut <= sizeof(data); cut++) {
			uint32_t a = crc32c(0, data + from, cut - from);
			uint32_t b = crc32c_by_tables(0, data + from, cut - from);

			assert_int_equal(a, b);
			assert_int_equal(crc32c(a, data + cut, sizeof(data) - cut), whole);
		}
	}
	assert_int_equal(crc32c(0, data, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_vectors),
		cmocka_unit_test(both_ways_agree_in_any_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
