/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings store: resolution row by row, names and tags, types, masks, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

/* A setting that two imaginary cards compute. */
static long compute_probe(const char *scope, uint8_t *raw, size_t max)
{
	if (strcmp(scope, "net0") != 0 && strcmp(scope, "net1") != 0)
		return -1;
	raw[0] = (uint8_t)scope[3];
	return 1;
}
TABLE_ENTRY(setting, setting_probe) = {
	.name = "test-probe",
	.type = "string",
	.description = "for this test",
	.compute = compute_probe,
};

static long compute_home(const char *scope, uint8_t *raw, size_t max)
{
	if (*scope)
		return -1;
	raw[0] = 7;
	return 1;
}
TABLE_ENTRY(setting, setting_home) = {
	.name = "test-home",
	.type = "int8",
	.description = "for this test",
	.compute = compute_home,
	.home = "attic",
};

/* A virtual scope: "echo/NAME" is NAME, except "echo/none". */
static long read_echo(const char *name, const char **type, uint8_t *raw, size_t max)
{
	size_t len = strlen(name);

	if (!strcmp(name, "none") || len > max)
		return -1;
	memcpy(raw, name, len);
	if (!*type)
		*type = "string";
	return (long)len;
}
TABLE_ENTRY(setting_provider, provider_echo) = {"echo", "for this test", read_echo};
TABLE_ENTRY(setting_provider, provider_attic) = {"attic", "for this test", NULL};
TABLE_ENTRY(setting, setting_alias) = {
	.name = "test-alias",
	.type = "hex",
	.description = "for this test",
	.home = "echo",
	.alias = "ab",
};

static uint8_t clock_hand;

static int store_hand(const uint8_t *raw, size_t len)
{
	clock_hand = len ? raw[0] : 0;
	return 0;
}

static long compute_hand(const char *scope, uint8_t *raw, size_t max)
{
	raw[0] = clock_hand;
	return *scope ? -1 : 1;
}
TABLE_ENTRY(setting, setting_hand) = {
	.name = "test-hand",
	.type = "uint8",
	.description = "for this test",
	.home = "attic",
	.compute = compute_hand,
	.store = store_hand,
};

static unsigned applied;

static void count_apply(void)
{
	applied++;
	setting_store("applied", "1", SOURCE_SCRIPT);
}
TABLE_ENTRY(setting_applicator, applicator) = {count_apply};

static int setup(void **state)
{
	host_reset();
	settings_reset();
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	assert_int_equal(host_heap_blocks(), 0);
	return 0;
}

static void set(const char *name, const char *text)
{
	assert_int_equal(setting_store(name, text, SOURCE_SCRIPT), 0);
}

static void sent(const char *scope, const char *name, const char *text)
{
	assert_int_equal(setting_store_raw(scope, name, NULL, text, strlen(text), SOURCE_DHCP), 0);
}

/* "SCOPE/NAME:TYPE=VALUE" of what @name resolves to, "" when nothing. */
static const char *resolve(const char *name)
{
	static char out[512];
	struct setting_value value;
	char text[256];

	out[0] = 0;
	if (setting_fetch(name, &value) || setting_show(&value, text, sizeof(text)) < 0)
		return out;
	format(out, sizeof(out), "%s/%s:%s=%s", value.scope, value.name, value.type->name, text);
	return out;
}

#define RESOLVES(name, expected) assert_string_equal(resolve(name), expected)

/* ---- Resolution of "net0/x" ---- */

static void test_card_own(void **state)
{
	sent("net0.dhcp", "filename", "dhcp");
	set("filename", "global");
	set("net0/filename", "own");
	RESOLVES("net0/filename", "net0/filename:string=own");
	RESOLVES("net1/filename", "/filename:string=global");
}

static void test_card_user_global_beats_server(void **state)
{
	sent("net0.dhcp", "filename", "dhcp");
	RESOLVES("net0/filename", "net0.dhcp/filename:string=dhcp");
	set("filename", "global");
	RESOLVES("net0/filename", "/filename:string=global");
	RESOLVES("net0.dhcp/filename", "net0.dhcp/filename:string=dhcp");
	set("filename", "");
	RESOLVES("net0/filename", "net0.dhcp/filename:string=dhcp");
}

static void test_card_loader_global_after_server(void **state)
{
	assert_int_equal(setting_store("filename", "loader", SOURCE_LOADER), 0);
	RESOLVES("net0/filename", "/filename:string=loader");
	sent("net0.dhcp", "filename", "dhcp");
	RESOLVES("net0/filename", "net0.dhcp/filename:string=dhcp");
}

static void test_card_not_other_card(void **state)
{
	sent("net1.dhcp", "filename", "dhcp1");
	RESOLVES("net0/filename", "");
	RESOLVES("net1/filename", "net1.dhcp/filename:string=dhcp1");
	sent("net10.dhcp", "filename", "dhcp10");
	set("net1.dhcp/filename", "");
	RESOLVES("net1/filename", "");
}

static void test_card_computed(void **state)
{
	set("test-probe", "global");
	RESOLVES("net0/test-probe", "net0/test-probe:string=0");
	RESOLVES("net2/test-probe", "/test-probe:string=global");
	set("net0/test-probe", "user");
	RESOLVES("net0/test-probe", "net0/test-probe:string=user");
	set("test-probe", "");
	RESOLVES("test-probe", "net0/test-probe:string=user");
	set("net0/test-probe", "");
	RESOLVES("test-probe", "net0/test-probe:string=0");
	settings_set_netx("net1");
	RESOLVES("test-probe", "net1/test-probe:string=1");
	RESOLVES("net0/test-home", "attic/test-home:int8=7");
	RESOLVES("attic/test-home", "attic/test-home:int8=7");
	RESOLVES("cellar/test-home", "");
}

/* ---- Resolution of "x" ---- */

static void test_global_first(void **state)
{
	sent("net0.dhcp", "root-path", "dhcp");
	set("net0/root-path", "own");
	set("root-path", "global");
	RESOLVES("root-path", "/root-path:string=global");
}

static void test_unscoped_cards(void **state)
{
	sent("net1.dhcp", "root-path", "one");
	sent("net0.dhcp", "root-path", "zero");
	RESOLVES("root-path", "net0.dhcp/root-path:string=zero");
	settings_set_netx("net1");
	RESOLVES("root-path", "net1.dhcp/root-path:string=one");
	set("net1/root-path", "own one");
	RESOLVES("root-path", "net1/root-path:string=own one");
	settings_set_netx(NULL);
	RESOLVES("root-path", "net0.dhcp/root-path:string=zero");
	settings_set_netx("net2");
	RESOLVES("root-path", "net0.dhcp/root-path:string=zero");
}

static void test_unscoped_others(void **state)
{
	set("later.dhcp/filename", "c");
	set("mine/filename", "b");
	RESOLVES("filename", "later.dhcp/filename:string=c");
	sent("pxebs", "filename", "bs");
	RESOLVES("filename", "pxebs/filename:string=bs");
	sent("proxydhcp", "filename", "proxy");
	RESOLVES("filename", "proxydhcp/filename:string=proxy");
	sent("net7.dhcp", "filename", "card");
	RESOLVES("filename", "net7.dhcp/filename:string=card");
}

/* ---- netX ---- */

static void test_netx(void **state)
{
	set("netX/filename", "a");
	RESOLVES("net0/filename", "net0/filename:string=a");
	settings_set_netx("net1");
	RESOLVES("netX/filename", "");
	sent("net1.dhcp", "filename", "b");
	RESOLVES("netX/filename", "net1.dhcp/filename:string=b");
	RESOLVES("netX.dhcp/filename", "net1.dhcp/filename:string=b");
	setting_store_raw("netX", "175.8", NULL, "\1", 1, SOURCE_SCRIPT);
	RESOLVES("net1/keep-san", "net1/keep-san:int8=1");
	set("netXtra/filename", "c");
	RESOLVES("netXtra/filename", "netXtra/filename:string=c");
}

/* ---- Other scopes: exactly there, and below ---- */

static void test_plain_scope(void **state)
{
	set("x", "global");
	RESOLVES("mine/x", "");
	set("mine.child/x", "child");
	RESOLVES("mine/x", "mine.child/x:string=child");
	set("mine/x", "own");
	RESOLVES("mine/x", "mine/x:string=own");
	RESOLVES("mine.child/x", "mine.child/x:string=child");
	set("net0-20/x", "vlan");
	RESOLVES("net0-20/x", "net0-20/x:string=vlan");
	RESOLVES("net0-20/y", "");
	set("y", "global");
	RESOLVES("net0-20/y", "/y:string=global");
}

static void test_card_names(void **state)
{
	assert_true(setting_scope_is_card("net0"));
	assert_true(setting_scope_is_card("net12-4094"));
	assert_false(setting_scope_is_card("net"));
	assert_false(setting_scope_is_card("net0.dhcp"));
	assert_false(setting_scope_is_card("net0-"));
	assert_false(setting_scope_is_card("network"));
	assert_false(setting_scope_is_card(""));
}

/* ---- Virtual scopes ---- */

static void test_virtual_scope(void **state)
{
	RESOLVES("echo/a.b", "echo/a.b:string=a.b");
	RESOLVES("echo/67", "echo/67:string=67");
	RESOLVES("echo/67:hex", "echo/67:hex=36:37");
	RESOLVES("echo/0000:00:03.0.0:hex",
		 "echo/0000:00:03.0.0:hex=30:30:30:30:3a:30:30:3a:30:33:2e:30:2e:30");
	RESOLVES("echo/a:nosuch", "echo/a:nosuch:string=a:nosuch");
	RESOLVES("echo/none", "");
	RESOLVES("echo/", "");
	RESOLVES("attic/anything", "");
	RESOLVES("test-alias", "echo/test-alias:hex=61:62");
	RESOLVES("net0/test-alias", "echo/test-alias:hex=61:62");
	RESOLVES("echo/test-alias:string", "echo/test-alias:string=ab");
	RESOLVES("echo/ab", "echo/test-alias:hex=61:62");
	RESOLVES("echo/ab:string", "echo/test-alias:string=ab");
	set("test-alias", "0c");
	RESOLVES("test-alias", "/test-alias:hex=0c");
	RESOLVES("echo/test-alias", "echo/test-alias:hex=61:62");
}

static void test_virtual_scope_is_fixed(void **state)
{
	assert_int_equal(setting_store("echo/x", "y", SOURCE_SCRIPT), E_SETTING_FIXED);
	assert_int_equal(setting_store("echo/x", "", SOURCE_SCRIPT), E_SETTING_FIXED);
	assert_int_equal(setting_store("attic/test-home", "1", SOURCE_SCRIPT), E_SETTING_FIXED);
	assert_int_equal(setting_unset("echo/x"), E_SETTING_FIXED);
	assert_int_equal(setting_store_raw("echo", "x", NULL, "y", 1, SOURCE_SCRIPT),
			 E_SETTING_FIXED);
	set("test-home", "1");
	RESOLVES("test-home", "/test-home:int8=1");
}

static void test_computed_that_can_be_set(void **state)
{
	set("test-hand", "5");
	RESOLVES("test-hand", "attic/test-hand:uint8=0x5");
	set("attic/test-hand", "6");
	RESOLVES("test-hand", "attic/test-hand:uint8=0x6");
	set("test-hand", "");
	RESOLVES("test-hand", "attic/test-hand:uint8=0x0");
	set("mine/test-hand", "7");
	RESOLVES("mine/test-hand", "mine/test-hand:uint8=0x7");
	assert_int_equal(clock_hand, 0);
}

/* ---- Masks ---- */

static void test_unset(void **state)
{
	sent("net0.dhcp", "filename", "dhcp");
	assert_int_equal(setting_unset("net0/filename"), 0);
	RESOLVES("net0/filename", "");
	RESOLVES("filename", "");
	RESOLVES("net0.dhcp/filename", "net0.dhcp/filename:string=dhcp");
	set("net0/filename", "back");
	RESOLVES("filename", "net0/filename:string=back");
	assert_int_equal(setting_unset("filename"), 0);
	RESOLVES("filename", "");
	RESOLVES("net0/filename", "net0/filename:string=back");
	RESOLVES("net1/filename", "");
	set("filename", "");
	RESOLVES("filename", "net0/filename:string=back");
}

/* ---- Tags ---- */

static void test_tags(void **state)
{
	sent("net0.dhcp", "filename", "boot");
	sent("net0.dhcp", "43.9", "\x80\x01");
	sent("net0.dhcp", "224", "site");
	assert_int_equal(setting_store_raw("net0.dhcp", "keep-san", NULL, "\1", 1, SOURCE_DHCP), 0);
	RESOLVES("67", "net0.dhcp/filename:string=boot");
	RESOLVES("net0.dhcp/67:hex", "net0.dhcp/filename:hex=62:6f:6f:74");
	RESOLVES("175.8", "net0.dhcp/keep-san:int8=1");
	RESOLVES("0xaf.010", "net0.dhcp/keep-san:int8=1");
	RESOLVES("net0.dhcp/43.9:hex", "net0.dhcp/43.9:hex=80:01");
	RESOLVES("224", "net0.dhcp/224:string=site");
	set("175.189", "0x81");
	RESOLVES("san-drive", "/san-drive:uint8=0x81");
	set("209:string", "pxelinux.cfg");
	RESOLVES("209", "/209:string=pxelinux.cfg");
	set("256", "not a tag");
	RESOLVES("256", "/256:string=not a tag");
	RESOLVES("1.2.3.4.5", "");
	RESOLVES("67.", "");
}

/* Inside an option that a server sent, at any depth; hostile lengths give nothing. */
static void test_encapsulated(void **state)
{
	static const uint8_t relay[] = "\1\4port\0\2\7\3\2ab\4\1z\5\0\377\0\6\1x";
	static const uint8_t cut[] = "\1\5port";

	setting_store_raw("net0.dhcp", "82", NULL, relay, sizeof(relay) - 1, SOURCE_DHCP);
	RESOLVES("82.1", "net0.dhcp/82.1:string=port");
	RESOLVES("net0/82.0x1:hexraw", "net0.dhcp/82.1:hexraw=706f7274");
	RESOLVES("82.2.3", "net0.dhcp/82.2.3:string=ab");
	RESOLVES("82.2.4", "net0.dhcp/82.2.4:string=z");
	RESOLVES("82.5", "net0.dhcp/82.5:string=");
	RESOLVES("82.6", ""); /* behind the end */
	RESOLVES("82.7", "");
	RESOLVES("82.2.5", "");
	set("net0.dhcp/82.1", "mine");
	RESOLVES("82.1", "net0.dhcp/82.1:string=mine");
	set("net0.dhcp/82.1", "");
	assert_int_equal(setting_unset("net0/82.1"), 0);
	RESOLVES("82.1", "");
	setting_store_raw("net1.dhcp", "82", NULL, cut, sizeof(cut) - 1, SOURCE_DHCP);
	RESOLVES("net1/82.1", "");
}

/* What is secret, and what has something secret inside. */
static void test_secrets(void **state)
{
	struct setting_value value;

	set("net0/password", "geheim");
	setting_store_raw("net0.dhcp", "175", NULL, "\277\1x", 3, SOURCE_DHCP);
	setting_store_raw("net0.dhcp", "43", NULL, "\277\1x", 3, SOURCE_DHCP);
	assert_true(setting_is_secret("net7/175.191:hex"));
	assert_true(setting_is_secret("net7.dhcp/175"));
	assert_true(setting_is_secret("password:nosuchtype"));
	assert_false(setting_is_secret("43"));
	assert_int_equal(setting_fetch("password:hex", &value), 0);
	assert_true(setting_value_is_secret(&value));
	assert_int_equal(setting_fetch("175:hex", &value), 0);
	assert_true(setting_value_is_secret(&value));
	assert_int_equal(setting_fetch("43:hex", &value), 0);
	assert_false(setting_value_is_secret(&value));
}

/* ---- Types ---- */

static void test_types(void **state)
{
	static const struct {
		const char *type, *text, *shown, *hex;
	} rows[] = {
		{"string", "a b", "a b", "61:20:62"},
		{"uristring", "a%20b%2f", "a%20b%2F", "61:20:62:2f"},
		{"ipv4", "192.0.2.1", "192.0.2.1", "c0:00:02:01"},
		{"ipv6", "2001:DB8:0:0:0:0:2:1", "2001:db8::2:1",
		 "20:01:0d:b8:00:00:00:00:00:00:00:00:00:02:00:01"},
		{"ipv6", "::", "::", "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"},
		{"int8", "-1", "-1", "ff"},
		{"int8", "0x80", "-128", "80"},
		{"int8", "257", "1", "01"},
		{"int16", "-2", "-2", "ff:fe"},
		{"int32", "010", "8", "00:00:00:08"},
		{"uint8", "0", "0x0", "00"},
		{"uint16", "4660", "0x1234", "12:34"},
		{"uint32", "-1", "0xffffffff", "ff:ff:ff:ff"},
		{"hex", "01:aB", "01:ab", "01:ab"},
		{"hex", "01ab", "01:ab", "01:ab"},
		{"hexhyp", "01-ab", "01-ab", "01:ab"},
		{"hexraw", "01ab", "01ab", "01:ab"},
		{"base64", "aGk=", "aGk=", "68:69"},
		{"uuid", "00112233-4455-6677-8899-aabbccddeeff",
		 "00112233-4455-6677-8899-aabbccddeeff",
		 "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"},
		{"guid", "00112233-4455-6677-8899-aabbccddeeff",
		 "00112233-4455-6677-8899-aabbccddeeff",
		 "33:22:11:00:55:44:77:66:88:99:aa:bb:cc:dd:ee:ff"},
		{"dnssl", "ab.c  d", "ab.c d", "02:61:62:01:63:00:01:64:00"},
	};
	char name[32], expected[128];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		format(name, sizeof(name), "t/v:%s", rows[i].type);
		set(name, rows[i].text);
		format(expected, sizeof(expected), "t/v:%s=%s", rows[i].type, rows[i].shown);
		RESOLVES("t/v", expected);
		format(expected, sizeof(expected), "t/v:hex=%s", rows[i].hex);
		RESOLVES("t/v:hex", expected);
	}
}

static void test_bad_values(void **state)
{
	static const char *const rows[][2] = {
		{"t/v:ipv4", "192.0.2"},
		{"t/v:ipv6", "1:2:3"},
		{"t/v:int8", "x"},
		{"t/v:int8", "-"},
		{"t/v:uint32", "0xg"},
		{"t/v:hex", "0:1"},
		{"t/v:hex", "zz"},
		{"t/v:hexraw", "01:02"},
		{"t/v:hexraw", "012"},
		{"t/v:hex", "01:"},
		{"t/v:base64", "!"},
		{"t/v:uuid", "0011"},
		{"t/v:busdevfn", "1"},
		{"t/v:uuid", "00112233-4455-6677-8899-aabbccddeef"},
		{"t/v:dnssl", "a..b"},
		{"t/v:uuid", "00112233+4455-6677-8899-aabbccddeeff"},
		{"t/v:float", "1"},
		{"/", "x"},
		{"a b", "x"},
		{"net0/", "x"},
		{":hex", "x"},
		{"", "x"},
		{"ip", "somewhere"},
		{"0123456789012345678901234567890123456789012345678901234567890123", "x"},
		{"01234567890123456789012345678901/x", "x"},
		{"t/v:", "x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		error_clear();
		assert_true(setting_store(rows[i][0], rows[i][1], SOURCE_SCRIPT) < 0);
		assert_true(strlen(error_text()) > 10);
		RESOLVES(rows[i][0], "");
	}
}

/* What servers send may have any length; reading it as the wrong type must give nothing. */
static void test_odd_raw(void **state)
{
	assert_int_equal(setting_store_raw("s", "a", NULL, "\x01\x02\x03", 3, SOURCE_DHCP), 0);
	RESOLVES("s/a:ipv4", "");
	RESOLVES("s/a:uuid", "");
	RESOLVES("s/a:ipv6", "");
	RESOLVES("s/a:int32", "s/a:int32=66051");
	RESOLVES("s/a:busdevfn", "s/a:busdevfn=0001:02:00.3");
	assert_int_equal(setting_store_raw("s", "a", NULL, "123456789", 9, SOURCE_DHCP), 0);
	RESOLVES("s/a:int32", "");
	RESOLVES("s/a:uint8", "");
	assert_int_equal(setting_store_raw("s", "a", NULL, "ab\0cd", 5, SOURCE_DHCP), 0);
	RESOLVES("s/a", "s/a:string=ab");
	assert_int_equal(setting_store_raw("s", "l", "ipv4", "\1\2\3\4\5\6\7\10", 8, SOURCE_DHCP),
			 0);
	RESOLVES("s/l", "s/l:ipv4=1.2.3.4");
}

/* RFC 3397 lists with compression, and lists made to trap a decoder. */
static void test_dnssl(void **state)
{
	static const uint8_t good[] = "\3eng\5apple\3com\0\11marketing\300\4";
	static const uint8_t loop[] = {0xc0, 0x00};
	static const uint8_t forward[] = {0xc0, 0x02, 1, 'a', 0};
	static const uint8_t cut[] = {5, 'a'};
	static const uint8_t half_pointer[] = {1, 'a', 0, 0xc0};
	static const uint8_t back_and_forth[] = {1, 'a', 0xc0, 0x00};
	uint8_t ladder[SETTING_MAX];

	setting_store_raw("s", "good", "dnssl", good, sizeof(good) - 1, SOURCE_DHCP);
	RESOLVES("s/good", "s/good:dnssl=eng.apple.com marketing.apple.com");
	setting_store_raw("s", "a", "dnssl", loop, sizeof(loop), SOURCE_DHCP);
	RESOLVES("s/a", "");
	setting_store_raw("s", "a", "dnssl", forward, sizeof(forward), SOURCE_DHCP);
	RESOLVES("s/a", "");
	setting_store_raw("s", "a", "dnssl", cut, sizeof(cut), SOURCE_DHCP);
	RESOLVES("s/a", "");
	setting_store_raw("s", "a", "dnssl", half_pointer, sizeof(half_pointer), SOURCE_DHCP);
	RESOLVES("s/a", "");
	setting_store_raw("s", "a", "dnssl", back_and_forth, sizeof(back_and_forth), SOURCE_DHCP);
	RESOLVES("s/a", "");
	memset(ladder, 1, sizeof(ladder));
	setting_store_raw("s", "a", "dnssl", ladder, sizeof(ladder), SOURCE_DHCP);
	RESOLVES("s/a", "");
}

/* ---- Shorthands ---- */

static void test_shorthands(void **state)
{
	char text[8];

	set("net0/keep-san", "1");
	set("san-timeout", "120");
	set("server", "192.0.2.9");
	set("odd", "12 apples");
	assert_int_equal(setting_number("net0", "keep-san", 0), 1);
	assert_int_equal(setting_number("net1", "keep-san", 5), 5);
	assert_int_equal(setting_number("net0", "san-timeout", 0), 120);
	assert_int_equal(setting_number("", "odd", 3), 3);
	assert_int_equal(setting_ipv4("net0", "server"), 0xc0000209);
	assert_int_equal(setting_ipv4("net0", "odd"), 0);
	assert_int_equal(setting_ipv4("net0", "nowhere"), 0);
	assert_int_equal(setting_text("net0", "server", text, sizeof(text)), 7);
	assert_string_equal(text, "192.0.2");
	assert_int_equal(setting_text("net0", "nowhere", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_true(setting_exists("net0", "keep-san"));
	assert_false(setting_exists("", "nowhere"));
}

/* ---- Leases, applicators, limits ---- */

static void test_clear_scope(void **state)
{
	sent("net0.dhcp", "filename", "a");
	sent("net0.dhcp.x", "filename", "b");
	sent("net0.dhcpv6", "filename", "c");
	settings_clear_scope("net0.dhcp");
	RESOLVES("net0.dhcp/filename", "");
	RESOLVES("net0.dhcp.x/filename", "");
	RESOLVES("net0.dhcpv6/filename", "net0.dhcpv6/filename:string=c");
}

static void test_applicators(void **state)
{
	applied = 0;
	set("a", "1");
	assert_int_equal(applied, 1);
	set("a", "1");
	assert_int_equal(applied, 1);
	set("a", "2");
	assert_int_equal(applied, 2);
	set("a", "");
	assert_int_equal(applied, 3);
	set("a", "");
	assert_int_equal(applied, 3);
	settings_clear_scope("nothing");
	assert_int_equal(applied, 3);
}

static void test_limits(void **state)
{
	char name[32];
	char big[SETTING_MAX + 2];
	int rc = 0;
	unsigned n;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	assert_int_equal(setting_store("big", big, SOURCE_SCRIPT), E_SETTING_VALUE);
	big[SETTING_MAX] = 0;
	for (n = 0; !rc && n < 100000; n++) {
		format(name, sizeof(name), "n%u", n);
		rc = setting_store(name, n < 70 ? big : "x", SOURCE_SCRIPT);
	}
	assert_int_equal(rc, E_SETTING_FULL);
	settings_reset();
	for (rc = 0, n = 0; !rc && n < 100000; n++) {
		format(name, sizeof(name), "s%u/a", n);
		rc = setting_store(name, "x", SOURCE_SCRIPT);
	}
	assert_int_equal(rc, E_SETTING_FULL);
	settings_reset();
	for (rc = 0, n = 0; !rc && n < 100000; n++) {
		format(name, sizeof(name), "n%u", n);
		rc = setting_store(name, "x", SOURCE_SCRIPT);
	}
	assert_int_equal(rc, E_SETTING_FULL);
}

/* Without memory the old value stays. */
static void test_no_memory(void **state)
{
	set("a", "old");
	host_heap_fail(1, true);
	assert_int_equal(setting_store("a", "new", SOURCE_SCRIPT), E_NO_MEMORY);
	host_heap_fail(0, false);
	RESOLVES("a", "/a:string=old");
	host_heap_fail(2, false);
	assert_true(setting_store("fresh/a", "new", SOURCE_SCRIPT) < 0);
	RESOLVES("fresh/a", "");
}

static void count_walk(const char *scope, const struct setting_value *value, void *ctx)
{
	format_append(ctx, 256, "%s/%s(%s) ", scope, value->name,
		      setting_source_name(value->source));
}

static void test_walk(void **state)
{
	char seen[256] = "";

	set("a", "1");
	sent("net0.dhcp", "filename", "x");
	setting_unset("net0/b");
	settings_walk(count_walk, seen);
	assert_string_equal(seen, "/a(script) /applied(script) net0.dhcp/filename(DHCP) ");
}

/* Tables are filled from everywhere: two entries of one name would hide each other. */
static void test_predefined(void **state)
{
	const struct setting *a, *b;

	table_for_each(setting, a) {
		if (!setting_type_find(a->type) || !a->description)
			print_message("setting %s\n", a->name);
		assert_non_null(setting_type_find(a->type));
		assert_non_null(a->description);
		for (b = __start_tbl_setting; b != a; b++) {
			assert_string_not_equal(a->name, b->name);
			assert_true(!a->tag || a->tag != b->tag);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_card_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_user_global_beats_server, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_card_loader_global_after_server, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_card_not_other_card, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_computed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_global_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unscoped_cards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unscoped_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netx, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_computed_that_can_be_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_virtual_scope_is_fixed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_virtual_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_encapsulated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_types, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dnssl, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shorthands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_applicators, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_predefined, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
