/* SPDX-License-Identifier: BSD-2-Clause */
/* acpi/ibft.c: the bytes by the specification's offsets, the way back, and damaged tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "acpi/ibft.h"
#include "lib/error.h"
#include "test/host/host.h"
#include <cmocka.h>

static uint8_t table[IBFT_MAX];
static struct ibft_params params, parsed;

static int setup(void **state)
{
	static const uint8_t lun[8] = {0, 1};
	struct ibft_target *t = &params.target[0];

	host_reset();
	memset(&params, 0, sizeof(params));
	strcpy(params.initiator, "iqn.2010-04.org.ipxe:host1");
	memcpy(params.nic.mac, "\x52\x54\x00\x12\x34\x56", 6);
	params.nic.pci_busdevfn = 0x0118;
	params.nic.address = 0xc0000239;
	params.nic.prefix = 24;
	params.nic.origin = 3;
	params.nic.dns1 = 0xc0000235;
	params.nic.dhcp_server = 0xc0000201;
	params.nic.vlan = 100;
	strcpy(params.nic.hostname, "host1");
	params.target_count = 1;
	t->address = 0xc000020a;
	t->port = 3260;
	memcpy(t->lun, lun, 8);
	t->chap_type = 2;
	strcpy(t->name, "iqn.2004-01.com.example:disk1");
	strcpy(t->username, "user");
	strcpy(t->password, "secretsecret1");
	strcpy(t->reverse_username, "target");
	strcpy(t->reverse_password, "secretsecret2");
	return 0;
}

static uint8_t sum(size_t len)
{
	uint8_t s = 0;

	for (size_t i = 0; i < len; i++)
		s = (uint8_t)(s + table[i]);
	return s;
}

static void assert_string_at(unsigned field, const char *text)
{
	assert_int_equal(get_le16(table + field), strlen(text));
	assert_string_equal((char *)table + get_le16(table + field + 2), text);
}

/* Offsets counted by hand from the specification's tables. */
static void test_golden_bytes(void **state)
{
	static const uint8_t address[16] = {[10] = 0xff, 0xff, 192, 0, 2, 57};
	static const uint8_t zero[16];
	long len = ibft_build(&params, table, sizeof(table));

	assert_true(len > 0);
	/* Header: signature, length, revision 1, checksum. */
	assert_memory_equal(table, "iBFT", 4);
	assert_int_equal(get_le32(table + 4), len);
	assert_int_equal(table[8], 1);
	assert_int_equal(sum((size_t)len), 0);
	/* Control at 0x30: id 1, version 1, length 18; one NIC, one target. */
	assert_memory_equal(table + 0x30, "\x01\x01\x12\x00\x00\x00\x00\x00", 8);
	assert_int_equal(get_le16(table + 0x38), 0x48);
	assert_int_equal(get_le16(table + 0x3a), 0x98);
	assert_int_equal(get_le16(table + 0x3c), 0x100);
	assert_int_equal(get_le16(table + 0x3e), 0);
	assert_int_equal(get_le16(table + 0x40), 0);
	/* Initiator: id 2, length 74, valid and boot-selected; name at +70. */
	assert_memory_equal(table + 0x48, "\x02\x01\x4a\x00\x00\x03", 6);
	assert_string_at(0x48 + 70, "iqn.2010-04.org.ipxe:host1");
	/* NIC: id 3, length 102. */
	assert_memory_equal(table + 0x98, "\x03\x01\x66\x00\x00\x03", 6);
	assert_memory_equal(table + 0x98 + 6, address, 16);
	assert_int_equal(table[0x98 + 22], 24);
	assert_int_equal(table[0x98 + 23], 3);
	assert_memory_equal(table + 0x98 + 24, zero, 16); /* no gateway */
	assert_int_equal(table[0x98 + 40 + 15], 0x35);
	assert_memory_equal(table + 0x98 + 56, zero, 16);
	assert_int_equal(table[0x98 + 72 + 15], 1);
	assert_int_equal(get_le16(table + 0x98 + 88), 100);
	assert_memory_equal(table + 0x98 + 90, "\x52\x54\x00\x12\x34\x56", 6);
	assert_int_equal(get_le16(table + 0x98 + 96), 0x0118);
	assert_string_at(0x98 + 98, "host1");
	/* Target: id 4, length 54. */
	assert_memory_equal(table + 0x100, "\x04\x01\x36\x00\x00\x03", 6);
	assert_int_equal(table[0x100 + 6 + 15], 10);
	assert_int_equal(get_le16(table + 0x100 + 22), 3260);
	assert_memory_equal(table + 0x100 + 24, "\0\1\0\0\0\0\0\0", 8);
	assert_int_equal(table[0x100 + 32], 2);
	assert_int_equal(table[0x100 + 33], 0);
	assert_string_at(0x100 + 34, "iqn.2004-01.com.example:disk1");
	assert_string_at(0x100 + 38, "user");
	assert_string_at(0x100 + 42, "secretsecret1");
	assert_string_at(0x100 + 46, "target");
	assert_string_at(0x100 + 50, "secretsecret2");
}

static void test_round_trip(void **state)
{
	for (unsigned chap = 0; chap < 3; chap++) {
		struct ibft_params expected;

		setup(NULL);
		params.target_count = 2;
		params.target[1] = params.target[0];
		strcpy(params.target[1].name, "iqn.other");
		params.target[0].chap_type = params.target[1].chap_type = (uint8_t)chap;
		params.nic.gateway = 0xc0000201;
		params.nic.dns2 = 0x08080808;
		expected = params;
		for (unsigned i = 0; i < 2; i++) { /* secrets only where they are used */
			if (chap < 1)
				expected.target[i].username[0] = expected.target[i].password[0] = 0;
			if (chap < 2)
				expected.target[i].reverse_username[0] =
					expected.target[i].reverse_password[0] = 0;
		}
		assert_true(ibft_build(&params, table, sizeof(table)) > 0);
		assert_int_equal(ibft_parse(table, sizeof(table), &parsed), 0);
		assert_int_equal(parsed.target_count, 2);
		assert_string_equal(parsed.initiator, expected.initiator);
		assert_memory_equal(parsed.nic.mac, expected.nic.mac, 6);
		assert_int_equal(parsed.nic.gateway, expected.nic.gateway);
		assert_int_equal(parsed.nic.dns2, expected.nic.dns2);
		assert_string_equal(parsed.nic.hostname, expected.nic.hostname);
		for (unsigned i = 0; i < 2; i++) {
			assert_string_equal(parsed.target[i].name, expected.target[i].name);
			assert_string_equal(parsed.target[i].username, expected.target[i].username);
			assert_string_equal(parsed.target[i].password, expected.target[i].password);
			assert_string_equal(parsed.target[i].reverse_username,
					    expected.target[i].reverse_username);
			assert_string_equal(parsed.target[i].reverse_password,
					    expected.target[i].reverse_password);
			assert_int_equal(parsed.target[i].chap_type, chap);
		}
	}
}

static void test_incomplete(void **state)
{
	params.initiator[0] = '\0';
	assert_int_equal(ibft_build(&params, table, sizeof(table)), E_IBFT_INCOMPLETE);
	setup(NULL);
	params.target_count = 0;
	assert_int_equal(ibft_build(&params, table, sizeof(table)), E_IBFT_INCOMPLETE);
	params.target_count = 3;
	assert_int_equal(ibft_build(&params, table, sizeof(table)), E_IBFT_INCOMPLETE);
	setup(NULL);
	params.target[0].name[0] = '\0';
	assert_int_equal(ibft_build(&params, table, sizeof(table)), E_IBFT_INCOMPLETE);
}

/* Every size: it fits whole, or says so and writes nothing outside. */
static void test_space(void **state)
{
	long needed = ibft_build(&params, table, sizeof(table));

	for (size_t size = 0; size < sizeof(table); size++) {
		uint8_t *p = malloc(size + 1);
		long len = ibft_build(&params, p, size);

		if (size >= (size_t)needed)
			assert_int_equal(len, needed);
		else
			assert_int_equal(len, E_IBFT_SPACE);
		free(p);
	}
	memset(params.initiator, 'i', 223);
	memset(params.target[0].name, 't', 223);
	memset(params.target[0].username, 'u', 127);
	memset(params.target[0].password, 'p', 127);
	memset(params.target[0].reverse_username, 'r', 127);
	assert_int_equal(ibft_build(&params, table, sizeof(table)), E_IBFT_SPACE);
	params.target[0].chap_type = 0;
	assert_true(ibft_build(&params, table, sizeof(table)) > 0);
}

static void test_damage_is_noticed(void **state)
{
	long len = ibft_build(&params, table, sizeof(table));

	for (long i = 0; i < len; i++) {
		table[i] ^= 0x10;
		assert_int_equal(ibft_parse(table, sizeof(table), &parsed), E_IBFT_DAMAGED);
		table[i] ^= 0x10;
	}
	for (size_t size = 0; size < (size_t)len; size++) {
		uint8_t *p = malloc(size + 1);

		memcpy(p, table, size);
		assert_int_equal(ibft_parse(p, size, &parsed), E_IBFT_DAMAGED);
		free(p);
	}
}

static void patched(unsigned offset, uint16_t value, const char *complaint)
{
	long len = ibft_build(&params, table, sizeof(table));

	put_le16(table + offset, value);
	table[9] = (uint8_t)(table[9] - sum((size_t)len));
	assert_int_equal(ibft_parse(table, sizeof(table), &parsed), E_IBFT_DAMAGED);
	if (!strstr(error_text(), complaint))
		print_error("%s instead of %s\n", error_text(), complaint);
	assert_non_null(strstr(error_text(), complaint));
}

static void test_hostile_offsets(void **state)
{
	static const uint16_t bad[] = {0, 1, 0x2f, 0x3ff, 0x400, 0xfff0, 0xffff};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		patched(0x38, bad[i], "initiator structure");
		patched(0x3a, bad[i], "NIC structure");
		patched(0x3c, bad[i], bad[i] ? "target structure" : "no target");
		patched(0x48 + 72, bad[i], "initiator's name");
		patched(0x100 + 36, bad[i], "target's name");
	}
	patched(0x48 + 70, 224, "initiator's name"); /* longer than a name may be */
	patched(0x48 + 70, 25, "initiator's name");  /* no NUL where it ends */
	patched(0x32, 0x11, "control structure");
	patched(0x98 + 22, 33, "prefix");
	patched(0x98 + 6, 0xfe80, "not IPv4");
	patched(0x100 + 32, 3, "CHAP type");
}

static void test_print_hides_secrets(void **state)
{
	ibft_print(&params);
	assert_non_null(strstr(host_output(), "iqn.2004-01.com.example:disk1"));
	assert_non_null(strstr(host_output(), "192.0.2.57/24 (dhcp)"));
	assert_non_null(strstr(host_output(), "pci        01:03.0"));
	assert_non_null(strstr(host_output(), "gateway    none"));
	assert_non_null(strstr(host_output(), "lun        1\n"));
	assert_non_null(strstr(host_output(), "mutual CHAP"));
	assert_null(strstr(host_output(), "secretsecret"));
}

static bool warns(const char *text)
{
	host_output_clear();
	ibft_lint(&params, 0x9e000);
	return strstr(host_output(), text) != NULL;
}

static void test_lint(void **state)
{
	ibft_lint(&params, 0x9e000);
	assert_string_equal(host_output(), "");
	ibft_lint(&params, 0x7fff0);
	assert_non_null(strstr(host_output(), "operating systems look"));
	ibft_lint(&params, 0x9e008);
	assert_non_null(strstr(host_output(), "16-byte"));
	params.nic.gateway = 0xc0000201;
	assert_true(warns("on link"));
	params.nic.gateway = 0;
	params.target[0].address = 0x0a000001;
	assert_true(warns("no gateway"));
	setup(NULL);
	strcpy(params.target[0].password, "short");
	assert_true(warns("the CHAP password has 5 characters"));
	assert_false(warns("short "));
	setup(NULL);
	strcpy(params.target[0].reverse_password, params.target[0].password);
	assert_true(warns("both CHAP passwords are the same"));
	setup(NULL);
	strcpy(params.initiator, "host1");
	assert_true(warns("neither iqn."));
	setup(NULL);
	memset(params.nic.mac, 0, 6);
	assert_true(warns("MAC"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(test_golden_bytes),	     T(test_round_trip),
		T(test_incomplete),	     T(test_space),
		T(test_damage_is_noticed),   T(test_hostile_offsets),
		T(test_print_hides_secrets), T(test_lint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
