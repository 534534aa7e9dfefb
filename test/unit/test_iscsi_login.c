/* SPDX-License-Identifier: BSD-2-Clause */
/* iSCSI paths, names, text, CHAP and the login stages as pure functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/lun.h"
#include "lib/settings.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	settings_reset();
	return 0;
}

/* ---- Paths ---- */

static void path_ok(const char *text, const char *host, uint16_t port, uint64_t lun,
		    const char *target)
{
	struct iscsi_path path;

	assert_int_equal(iscsi_path_parse(text, &path), 0);
	assert_string_equal(path.host, host);
	assert_int_equal(path.port, port);
	assert_true(get_be64(path.lun) == lun);
	assert_string_equal(path.target, target);
}

static void path_bad(const char *text, const char *why)
{
	struct iscsi_path path;

	assert_int_equal(iscsi_path_parse(text, &path), E_ISCSI_PATH);
	assert_non_null(strstr(error_text(), why));
}

static void classic_paths(void **state)
{
	path_ok("iscsi:192.0.2.1::::iqn.2004-01.com.example:disk1", "192.0.2.1", 3260, 0,
		"iqn.2004-01.com.example:disk1");
	path_ok("iscsi:san.example.com:6:3261:1:iqn.x:a:b:c", "san.example.com", 3261,
		0x0001000000000000, "iqn.x:a:b:c");
	path_ok("iSCSI:h:::10:iqn.x", "h", 3260, 0x0010000000000000, "iqn.x");
	path_ok("iscsi:h:::0xf0:iqn.x", "h", 3260, 0x00f0000000000000, "iqn.x");
	path_ok("iscsi:h:::4752-3A4F-6b7e-2F99:iqn.x", "h", 3260, 0x47523a4f6b7e2f99, "iqn.x");
	path_ok("iscsi:h:::1-2:iqn.x", "h", 3260, 0x0001000200000000, "iqn.x");
}

static void url_paths(void **state)
{
	path_ok("iscsi://192.0.2.1/iqn.2004-01.com.example:disk1", "192.0.2.1", 3260, 0,
		"iqn.2004-01.com.example:disk1");
	path_ok("iscsi://h:860/iqn.x/10", "h", 860, 0x000a000000000000, "iqn.x");
	path_ok("iscsi://h/iqn.x%3Ay/0x10", "h", 3260, 0x0010000000000000, "iqn.x:y");
	path_ok("iscsi://h/iqn.x/300", "h", 3260, 0x412c000000000000, "iqn.x");
	path_ok("iscsi://h/iqn.x/", "h", 3260, 0, "iqn.x");
	path_ok("iscsi://h/iqn.x/0001-0002", "h", 3260, 0x0001000200000000, "iqn.x");
}

static void bad_paths(void **state)
{
	char text[400], name[224] = "";

	path_bad("iscsi:[fe80::1]::::iqn.x", "IPv6");
	path_bad("iscsi://[fe80::1]:3260/iqn.x", "IPv6");
	path_bad("iscsi:", "missing");
	path_bad("iscsi:h", "missing");
	path_bad("iscsi:h::::", "iqn");
	path_bad("iscsi:::::iqn.x", "server");
	path_bad("iscsi:h::0::iqn.x", "port");
	path_bad("iscsi:h::65536::iqn.x", "port");
	path_bad("iscsi:h::32x::iqn.x", "port");
	path_bad("iscsi:h:::12345:iqn.x", "LUN");
	path_bad("iscsi:h:::g:iqn.x", "LUN");
	path_bad("iscsi:h:::1-2-3-4-5:iqn.x", "LUN");
	path_bad("iscsi:h:::1-:iqn.x", "LUN");
	path_bad("iscsi:a b::::iqn.x", "character");
	path_bad("iscsi:h::::iqn x", "blanks");
	path_bad("iscsi://h", "missing");
	path_bad("iscsi://h/", "missing");
	path_bad("iscsi://h/iqn.x/16384", "LUN");
	path_bad("iscsi://h/iqn.x/1/2", "LUN");
	path_bad("http://h/", "iscsi:");
	memset(text, 'a', sizeof(text));
	memcpy(text, "iscsi:h::::", 11);
	text[11 + 224] = '\0';
	path_bad(text, "longer");
	text[11 + 223] = '\0';
	path_ok(text, "h", 3260, 0, text + 11);
	/* An escaped character is one character, and a NUL is none. */
	path_bad("iscsi://h/iqn.x%00y", "control");
	memcpy(text, "iscsi://h/%41", 13);
	memset(text + 13, 'A', 222);
	text[13 + 222] = '\0';
	memset(name, 'A', 223);
	path_ok(text, "h", 3260, 0, name);
	strcat(text, "A");
	path_bad(text, "longer");
}

static void lun_texts(void **state)
{
	static const struct {
		uint64_t lun;
		const char *text;
	} cases[] = {
		{0, "0"},
		{0x0001000000000000, "1"},
		{0x00ff000000000000, "255"},
		{0x412c000000000000, "300"},
		{0x0101000000000000, "0101-0000-0000-0000"},
		{0x0001000200000000, "0001-0002-0000-0000"},
		{0x8001000000000000, "8001-0000-0000-0000"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t lun[8];
		char buf[24];

		put_be64(lun, cases[i].lun);
		assert_string_equal(lun_text(lun, buf, sizeof(buf)), cases[i].text);
	}
}

/* ---- Names and secrets ---- */

static void initiator_names(void **state)
{
	struct iscsi_initiator initiator;
	char long_name[300];

	setting_store("hostname", "host1", SOURCE_DHCP);
	assert_int_equal(iscsi_initiator_name("", &initiator), 0);
	assert_string_equal(initiator.name, "iqn.2010-04.org.ipxe:host1");
	assert_string_equal(initiator.source, "hostname");
	setting_store("initiator-iqn", "iqn.2004-01.com.example:me", SOURCE_CMDLINE);
	assert_int_equal(iscsi_initiator_name("", &initiator), 0);
	assert_string_equal(initiator.name, "iqn.2004-01.com.example:me");
	assert_string_equal(initiator.source, "initiator-iqn, command line");
	setting_store("net0/initiator-iqn", "iqn.other:me", SOURCE_SCRIPT);
	assert_int_equal(iscsi_initiator_name("net0", &initiator), 0);
	assert_string_equal(initiator.name, "iqn.other:me");
	setting_store("initiator-iqn", "iqn with blank", SOURCE_SCRIPT);
	assert_int_equal(iscsi_initiator_name("", &initiator), E_ISCSI_INITIATOR);
	memset(long_name, 'x', 224);
	long_name[224] = '\0';
	setting_store("initiator-iqn", long_name, SOURCE_SCRIPT);
	assert_int_equal(iscsi_initiator_name("", &initiator), E_ISCSI_INITIATOR);
	long_name[223] = '\0';
	setting_store("initiator-iqn", long_name, SOURCE_SCRIPT);
	assert_int_equal(iscsi_initiator_name("", &initiator), 0);
}

static void secrets_that_do_not_fit(void **state)
{
	struct iscsi_auth auth;

	setting_store("username", "joe", SOURCE_SCRIPT);
	setting_store("password", "secretsecret", SOURCE_SCRIPT);
	assert_int_equal(iscsi_auth_settings("", &auth), 0);
	assert_string_equal(auth.username, "joe");
	setting_store("reverse-username", "target", SOURCE_SCRIPT);
	assert_int_equal(iscsi_auth_settings("", &auth), E_ISCSI_SECRETS);
	setting_store("reverse-password", "secretsecret", SOURCE_SCRIPT);
	assert_int_equal(iscsi_auth_settings("", &auth), 0);
	iscsi_auth_warn(&auth);
	assert_non_null(strstr(host_output(), "the same"));
	setting_store("password", "", SOURCE_SCRIPT);
	assert_int_equal(iscsi_auth_settings("", &auth), E_ISCSI_SECRETS);
}

static void secret_lengths_are_warned_of(void **state)
{
	struct iscsi_auth auth = {.password = "elevenchars"};

	iscsi_auth_warn(&auth);
	assert_non_null(strstr(host_output(), "11 characters"));
	host_output_clear();
	strcpy(auth.password, "twelve chars");
	iscsi_auth_warn(&auth);
	assert_string_equal(host_output(), "");
}

/* ---- Text ---- */

static void text_reads_what_it_wrote(void **state)
{
	struct iscsi_text text = {0};
	struct iscsi_text_reader reader;
	const char *key, *value;

	assert_int_equal(iscsi_text_add(&text, "A", "1=2"), 0);
	assert_int_equal(iscsi_text_add_number(&text, "B", 4294967295u), 0);
	assert_int_equal(iscsi_text_add_binary(&text, "C", "\x00\xff", 2), 0);
	iscsi_text_begin(&reader, &text);
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 1);
	assert_string_equal(key, "A");
	assert_string_equal(value, "1=2");
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 1);
	assert_string_equal(value, "4294967295");
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 1);
	assert_string_equal(value, "0x00ff");
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 0);
	iscsi_text_free(&text);
	assert_int_equal(host_heap_blocks(), 0);
}

static void take(struct iscsi_text *text, const char *data, size_t len)
{
	iscsi_text_clear(text);
	assert_int_equal(iscsi_text_reserve(text, len), 0);
	memcpy(text->data, data, len);
	text->len = len;
	text->data[len] = '\0';
}

static void odd_text(void **state)
{
	struct iscsi_text text = {0};
	struct iscsi_text_reader reader;
	const char *key, *value;

	take(&text, "A=1\0\0\0B=", 8); /* padded with NULs, last one without */
	iscsi_text_begin(&reader, &text);
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 1);
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 1);
	assert_string_equal(key, "B");
	assert_string_equal(value, "");
	assert_int_equal(iscsi_text_next(&reader, &key, &value), 0);
	take(&text, "nonsense", 8);
	iscsi_text_begin(&reader, &text);
	assert_int_equal(iscsi_text_next(&reader, &key, &value), E_ISCSI_PROTOCOL);
	take(&text, "=x", 3);
	iscsi_text_begin(&reader, &text);
	assert_int_equal(iscsi_text_next(&reader, &key, &value), E_ISCSI_PROTOCOL);
	assert_int_equal(iscsi_text_reserve(&text, ISCSI_TEXT_MAX), E_ISCSI_PROTOCOL);
	iscsi_text_free(&text);
}

static void binary_values(void **state)
{
	uint8_t out[4];

	assert_int_equal(iscsi_binary_decode("0x01fF", out, 4), 2);
	assert_memory_equal(out, "\x01\xff", 2);
	assert_int_equal(iscsi_binary_decode("0X1ff", out, 4), 2);
	assert_memory_equal(out, "\x01\xff", 2);
	assert_int_equal(iscsi_binary_decode("0bAf8=", out, 4), 2);
	assert_memory_equal(out, "\x01\xff", 2);
	assert_int_equal(iscsi_binary_decode("0x0102030405", out, 4), -1);
	assert_int_equal(iscsi_binary_decode("0x010203040", out, 4), -1);
	assert_int_equal(iscsi_binary_decode("0xg0", out, 4), -1);
	assert_int_equal(iscsi_binary_decode("12", out, 4), -1);
	assert_int_equal(iscsi_binary_decode("", out, 4), -1);
	assert_int_equal(iscsi_binary_decode("0", out, 4), -1);
}

/* ---- CHAP: independently computed with Python's hashlib ---- */

static void chap_vectors(void **state)
{
	static const uint8_t challenge[] = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3};
	static const uint8_t md5[] = {0x08, 0xf9, 0xe4, 0x02, 0x64, 0x3b, 0x45, 0x9c,
				      0x25, 0x9e, 0x03, 0x97, 0x0d, 0xe2, 0xe1, 0x9c};
	static const uint8_t sha1[] = {0x29, 0xb7, 0x37, 0x0d, 0x9a, 0x73, 0x66, 0x9c, 0x9e, 0xde,
				       0x5c, 0xcd, 0x9c, 0x92, 0xf5, 0x83, 0xe3, 0x1f, 0x76, 0xde};
	static const uint8_t sha256[] = {0x6a, 0x1b, 0x4e, 0x34, 0x67, 0xc2, 0xc3, 0x24,
					 0x3c, 0xce, 0xbf, 0x7d, 0xc6, 0x36, 0x91, 0xa2,
					 0x50, 0xdc, 0x16, 0xac, 0x80, 0xa7, 0xd9, 0xf6,
					 0x94, 0x8c, 0xa9, 0x48, 0x84, 0xc9, 0x8b, 0xe0};
	uint8_t out[CHAP_RESPONSE_MAX];

	assert_int_equal(chap_response(CHAP_MD5, 0x42, "password1234", challenge, 8, out), 16);
	assert_memory_equal(out, md5, 16);
	assert_int_equal(chap_response(CHAP_SHA1, 0x42, "password1234", challenge, 8, out), 20);
	assert_memory_equal(out, sha1, 20);
	assert_int_equal(chap_response(CHAP_SHA256, 0x42, "password1234", challenge, 8, out), 32);
	assert_memory_equal(out, sha256, 32);
	assert_int_equal(chap_response(8, 0x42, "password1234", challenge, 8, out), 0);
}

/* ---- Login stages ---- */

#define T	0x80
#define SEC	0x00
#define OPER	0x04
#define TO_OPER (T | SEC | 1)
#define TO_FULL (T | OPER | 3)

static struct iscsi_auth auth;
static struct iscsi_login login;
static struct iscsi_text answer;

static int login_setup(void **state)
{
	setup(state);
	memset(&auth, 0, sizeof(auth));
	memset(&login, 0, sizeof(login));
	memset(&answer, 0, sizeof(answer));
	login.initiator = "iqn.me";
	login.target = "iqn.you";
	login.auth = &auth;
	return 0;
}

static int login_teardown(void **state)
{
	iscsi_login_free(&login);
	iscsi_text_free(&answer);
	assert_int_equal(host_heap_blocks(), 0);
	return 0;
}

/* The target answers with @text, keys separated by blanks. */
static int say(uint8_t flags, const char *text)
{
	size_t len = strlen(text);

	take(&answer, text, len ? len + 1 : 0);
	for (size_t i = 0; i < len; i++)
		if (answer.data[i] == ' ')
			answer.data[i] = '\0';
	return iscsi_login_answer(&login, flags, &answer);
}

/* Value of @key in our request, or NULL. */
static const char *asked(const char *key)
{
	static struct iscsi_text copy;
	static char value_copy[256];
	struct iscsi_text_reader reader;
	const char *k, *v;

	take(&copy, login.out.data, login.out.len);
	iscsi_text_begin(&reader, &copy);
	while (iscsi_text_next(&reader, &k, &v) > 0) {
		if (!strcmp(k, key)) {
			format(value_copy, sizeof(value_copy), "%s", v);
			iscsi_text_free(&copy);
			return value_copy;
		}
	}
	iscsi_text_free(&copy);
	return NULL;
}

static void login_without_chap(void **state)
{
	assert_int_equal(iscsi_login_start(&login), 0);
	assert_string_equal(asked("AuthMethod"), "None");
	assert_string_equal(asked("TargetName"), "iqn.you");
	assert_string_equal(asked("SessionType"), "Normal");
	assert_true(login.transit);
	assert_int_equal(say(TO_OPER, "AuthMethod=None TargetPortalGroupTag=1"), LOGIN_MORE);
	assert_int_equal(login.stage, STAGE_OPERATIONAL);
	assert_string_equal(asked("InitialR2T"), "No");
	assert_string_equal(asked("HeaderDigest"), "None,CRC32C");
	assert_true(login.transit);
	assert_int_equal(say(TO_FULL,
			     "HeaderDigest=None DataDigest=CRC32C InitialR2T=No ImmediateData=Yes "
			     "MaxRecvDataSegmentLength=65536 MaxBurstLength=16776192 "
			     "FirstBurstLength=131072 DataPDUInOrder=Yes"),
			 LOGIN_DONE);
	assert_false(login.params.header_digest);
	assert_true(login.params.data_digest);
	assert_false(login.params.initial_r2t);
	assert_true(login.params.immediate_data);
	assert_int_equal(login.params.max_send, 65536);
	assert_int_equal(login.params.max_burst, ISCSI_MAX_BURST);
	assert_int_equal(login.params.first_burst, 131072);
	assert_int_equal(login.chap_type, 0);
}

static void defaults_where_the_target_is_silent(void **state)
{
	iscsi_login_start(&login);
	assert_int_equal(say(SEC, ""), LOGIN_MORE); /* not yet: ask once more */
	assert_int_equal(login.out.len, 0);
	assert_true(login.transit);
	assert_int_equal(say(TO_OPER, ""), LOGIN_MORE);
	assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
	assert_true(login.params.initial_r2t);
	assert_int_equal(login.params.max_send, 8192);
	assert_int_equal(login.params.max_burst, 262144);
	assert_int_equal(login.params.first_burst, 65536);
}

static void first_burst_fits_into_burst(void **state)
{
	iscsi_login_start(&login);
	say(TO_OPER, "");
	assert_int_equal(say(TO_FULL, "MaxBurstLength=0x1000 FirstBurstLength=65536"), LOGIN_DONE);
	assert_int_equal(login.params.first_burst, 4096);
}

static void bad_answers(void **state)
{
	static const char *const bad[] = {
		"MaxBurstLength=511", "MaxBurstLength=16777216", "MaxBurstLength=99999999999",
		"InitialR2T=yes",     "HeaderDigest=SHA",	 "MaxRecvDataSegmentLength=0",
		"DataPDUInOrder=No",  "InitialR2T=Reject",	 "FirstBurstLength=-1",
		"AuthMethod",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		iscsi_login_start(&login);
		assert_int_equal(say(TO_OPER, ""), LOGIN_MORE);
		assert_true(say(TO_FULL, bad[i]) < 0);
	}
	login.digest = DIGEST_NONE;
	iscsi_login_start(&login);
	say(TO_OPER, "");
	assert_int_equal(say(TO_FULL, "HeaderDigest=CRC32C"), E_ISCSI_NEGOTIATION);
}

static void unknown_keys_are_answered(void **state)
{
	char many[2000] = "";

	iscsi_login_start(&login);
	say(TO_OPER, "");
	assert_int_equal(say(OPER, "IFMarker=No X-com.example=1 InitialR2T=No OFMarker=Reject"),
			 E_ISCSI_NEGOTIATION);
	iscsi_login_start(&login);
	say(TO_OPER, "");
	assert_int_equal(say(OPER, "X-com.example=1 X-gone=NotUnderstood InitialR2T=No"),
			 LOGIN_MORE);
	assert_string_equal(asked("X-com.example"), "NotUnderstood");
	assert_null(asked("X-gone"));
	assert_null(asked("InitialR2T"));
	assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
	assert_false(login.params.initial_r2t);
	for (unsigned i = 0; i < 40; i++)
		format_append(many, sizeof(many), "X-%u=1 ", i);
	iscsi_login_start(&login);
	assert_int_equal(say(TO_OPER, many), E_ISCSI_PROTOCOL);
}

static void stages_in_order(void **state)
{
	iscsi_login_start(&login);
	assert_int_equal(say(TO_FULL, ""), E_ISCSI_PROTOCOL); /* another stage than ours */
	iscsi_login_start(&login);
	assert_int_equal(say(T | SEC | 3, ""), E_ISCSI_PROTOCOL); /* beyond what we asked */
	strcpy(auth.username, "joe");
	strcpy(auth.password, "secret");
	iscsi_login_start(&login);
	assert_false(login.transit);
	assert_int_equal(say(TO_OPER, "AuthMethod=None"), E_ISCSI_PROTOCOL); /* T without our T */
}

static void digest_setting_orders_the_offer(void **state)
{
	login.digest = DIGEST_CRC32C;
	iscsi_login_start(&login);
	say(TO_OPER, "");
	assert_string_equal(asked("DataDigest"), "CRC32C,None");
}

static void discovery_offers_less(void **state)
{
	login.target = NULL;
	iscsi_login_start(&login);
	assert_string_equal(asked("SessionType"), "Discovery");
	assert_null(asked("TargetName"));
	say(TO_OPER, "");
	assert_null(asked("InitialR2T"));
	assert_string_equal(asked("MaxRecvDataSegmentLength"), "262144");
}

static void chap_target_unwanted(void **state)
{
	iscsi_login_start(&login);
	assert_true(say(SEC, "AuthMethod=CHAP") < 0);
}

static void chap_one_way(void **state)
{
	uint8_t response[CHAP_RESPONSE_MAX], sent[CHAP_RESPONSE_MAX];

	strcpy(auth.username, "joe");
	strcpy(auth.password, "secret");
	iscsi_login_start(&login);
	assert_string_equal(asked("AuthMethod"), "CHAP,None");
	assert_int_equal(say(SEC, "AuthMethod=CHAP"), LOGIN_MORE);
	assert_string_equal(asked("CHAP_A"), "5,6,7");
	assert_false(login.transit);
	assert_int_equal(say(SEC, "CHAP_A=5 CHAP_I=255 CHAP_C=0bAAECAw=="), LOGIN_MORE);
	assert_string_equal(asked("CHAP_N"), "joe");
	assert_null(asked("CHAP_C"));
	assert_true(login.transit);
	chap_response(CHAP_MD5, 255, "secret", "\0\1\2\3", 4, response);
	assert_int_equal(iscsi_binary_decode(asked("CHAP_R"), sent, sizeof(sent)), 16);
	assert_memory_equal(sent, response, 16);
	assert_int_equal(say(TO_OPER, ""), LOGIN_MORE);
	assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
	assert_int_equal(login.chap_type, 1);
}

static void chap_not_used(void **state)
{
	strcpy(auth.username, "joe");
	strcpy(auth.password, "secret");
	iscsi_login_start(&login);
	assert_int_equal(say(SEC, "AuthMethod=None"), LOGIN_MORE);
	assert_true(login.transit);
	assert_int_equal(say(TO_OPER, ""), LOGIN_MORE);
	assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
	assert_int_equal(login.chap_type, 0);
}

static void chap_malformed(void **state)
{
	static char long_challenge[2 * CHAP_CHALLENGE_MAX + 100];
	static const char *const bad[] = {
		"CHAP_A=5 CHAP_I=1",
		"CHAP_A=5 CHAP_C=0x00",
		"CHAP_I=1 CHAP_C=0x00",
		"CHAP_A=8 CHAP_I=1 CHAP_C=0x00",
		"CHAP_A=5 CHAP_I=256 CHAP_C=0x00",
		"CHAP_A=5 CHAP_I=1 CHAP_C=00",
		"CHAP_A=5 CHAP_I=1 CHAP_C=0x",
		"CHAP_A=5 CHAP_I=1 CHAP_C=0xzz",
		"CHAP_A=5 CHAP_I=1 CHAP_C=0b!",
		"CHAP_X=1",
		long_challenge,
	};

	strcpy(long_challenge, "CHAP_A=5 CHAP_I=1 CHAP_C=0x");
	memset(long_challenge + strlen(long_challenge), '0', 2 * CHAP_CHALLENGE_MAX + 2);
	strcpy(auth.username, "joe");
	strcpy(auth.password, "secret");
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		iscsi_login_start(&login);
		assert_int_equal(say(SEC, "AuthMethod=CHAP"), LOGIN_MORE);
		assert_true(say(SEC, bad[i]) < 0);
	}
}

/* Bring a mutual login to where the target has to prove itself. */
static void mutual_until_proof(unsigned algorithm)
{
	char text[80];

	strcpy(auth.username, "joe");
	strcpy(auth.password, "secret");
	strcpy(auth.reverse_username, "disk");
	strcpy(auth.reverse_password, "other secret");
	iscsi_login_start(&login);
	assert_string_equal(asked("AuthMethod"), "CHAP");
	assert_false(login.transit); /* a T here makes targets skip their proof */
	assert_int_equal(say(SEC, "AuthMethod=CHAP"), LOGIN_MORE);
	assert_false(login.transit);
	format(text, sizeof(text), "CHAP_A=%u CHAP_I=7 CHAP_C=0x0102", algorithm);
	assert_int_equal(say(SEC, text), LOGIN_MORE);
	assert_non_null(asked("CHAP_I"));
	assert_non_null(asked("CHAP_C"));
	assert_true(login.transit);
}

static int prove(uint8_t flags, unsigned algorithm, const char *name, const char *secret)
{
	struct iscsi_text proof = {0};
	uint8_t response[CHAP_RESPONSE_MAX];
	size_t len =
		chap_response(algorithm, login.our_id, secret, login.our_challenge, 16, response);
	int rc;

	iscsi_text_add(&proof, "CHAP_N", name);
	iscsi_text_add_binary(&proof, "CHAP_R", response, len);
	rc = iscsi_login_answer(&login, flags, &proof);
	iscsi_text_free(&proof);
	return rc;
}

static void chap_mutual(void **state)
{
	for (unsigned algorithm = CHAP_MD5; algorithm <= CHAP_SHA256; algorithm++) {
		mutual_until_proof(algorithm);
		assert_int_equal(prove(SEC, algorithm, "disk", "other secret"), LOGIN_MORE);
		assert_true(login.transit);
		assert_int_equal(say(TO_OPER, ""), LOGIN_MORE);
		assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
		assert_int_equal(login.chap_type, 2);
		/* The proof may also come together with the step to the next stage. */
		mutual_until_proof(algorithm);
		assert_int_equal(prove(TO_OPER, algorithm, "disk", "other secret"), LOGIN_MORE);
		assert_int_equal(login.stage, STAGE_OPERATIONAL);
		assert_int_equal(say(TO_FULL, ""), LOGIN_DONE);
		assert_int_equal(login.chap_type, 2);
	}
}

static void chap_mutual_refuses_impostors(void **state)
{
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(prove(SEC, CHAP_MD5, "disk", "wrong"), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(prove(SEC, CHAP_MD5, "dusk", "other secret"), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(prove(SEC, CHAP_SHA1, "disk", "other secret"), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(say(SEC, ""), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(prove(TO_OPER, CHAP_MD5, "disk", "wrong"), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(say(SEC, "CHAP_N=disk"), E_ISCSI_TARGET_UNPROVEN);
	mutual_until_proof(CHAP_MD5);
	assert_int_equal(say(TO_OPER, ""), E_ISCSI_TARGET_UNPROVEN);
	iscsi_login_start(&login);
	assert_int_equal(say(SEC, "AuthMethod=None"), E_ISCSI_TARGET_UNPROVEN);
}

static void redirection_text(void **state)
{
	iscsi_login_start(&login);
	take(&answer, "TargetAddress=192.0.2.9:3260,1", 31);
	assert_int_equal(iscsi_login_redirect(&login, &answer), 0);
	assert_string_equal(login.redirect, "192.0.2.9:3260,1");
	take(&answer, "X=1", 4);
	assert_int_equal(iscsi_login_redirect(&login, &answer), E_ISCSI_REDIRECT);
}

static void refusals_in_words(void **state)
{
	assert_int_equal(iscsi_login_failure(0x0202, "iqn.me", "iqn.you", &auth),
			 E_ISCSI_LOGIN_0202);
	assert_string_equal(error_text(),
			    "target refused initiator iqn.me: add it to the target's list; "
			    "initiator-iqn sets another name");
	assert_string_equal(error_entry(E_ISCSI_LOGIN_0202)->code, "E-ISCSI-0202");
	assert_int_equal(iscsi_login_failure(0x0201, "iqn.me", "iqn.you", &auth),
			 E_ISCSI_LOGIN_0201);
	assert_non_null(strstr(error_text(), "wants a user name"));
	strcpy(auth.username, "joe");
	strcpy(auth.password, "hidden");
	iscsi_login_failure(0x0201, "iqn.me", "iqn.you", &auth);
	assert_non_null(strstr(error_text(), "\"joe\""));
	assert_null(strstr(error_text(), "hidden"));
	assert_int_equal(iscsi_login_failure(0x0203, "iqn.me", "iqn.you", &auth),
			 E_ISCSI_LOGIN_0203);
	assert_int_equal(iscsi_login_failure(0x7777, "iqn.me", NULL, &auth), E_ISCSI_LOGIN_OTHER);
}

#define LOGIN_TEST(f) cmocka_unit_test_setup_teardown(f, login_setup, login_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_paths),
		cmocka_unit_test(url_paths),
		cmocka_unit_test(bad_paths),
		cmocka_unit_test(lun_texts),
		cmocka_unit_test_setup(initiator_names, setup),
		cmocka_unit_test_setup(secrets_that_do_not_fit, setup),
		cmocka_unit_test_setup(secret_lengths_are_warned_of, setup),
		cmocka_unit_test(text_reads_what_it_wrote),
		cmocka_unit_test(odd_text),
		cmocka_unit_test(binary_values),
		cmocka_unit_test(chap_vectors),
		LOGIN_TEST(login_without_chap),
		LOGIN_TEST(defaults_where_the_target_is_silent),
		LOGIN_TEST(first_burst_fits_into_burst),
		LOGIN_TEST(bad_answers),
		LOGIN_TEST(unknown_keys_are_answered),
		LOGIN_TEST(stages_in_order),
		LOGIN_TEST(digest_setting_orders_the_offer),
		LOGIN_TEST(discovery_offers_less),
		LOGIN_TEST(chap_target_unwanted),
		LOGIN_TEST(chap_one_way),
		LOGIN_TEST(chap_not_used),
		LOGIN_TEST(chap_malformed),
		LOGIN_TEST(chap_mutual),
		LOGIN_TEST(chap_mutual_refuses_impostors),
		LOGIN_TEST(redirection_text),
		LOGIN_TEST(refusals_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
