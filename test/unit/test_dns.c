/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver: messages, hostile answers, and the behaviour with several servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "test/host/host.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "netstack/dns.h"
#include "netstack/net.h"

static struct nic *nic;
static const uint8_t server_mac[ETH_ALEN] = {2, 2, 2, 2, 2, 2};

/* What each server (by its last octet) does with a query; NULL: silence. It writes the answer
 * section behind the copied question and returns its length. */
typedef size_t (*responder)(const char *name, uint8_t *answer, uint8_t *header);
static responder servers[256];
static unsigned queries;
static char names[16][260];
static uint16_t last_id, last_port;

static void name_of(const uint8_t *wire, char *text)
{
	size_t at = 0;

	while (wire[at]) {
		memcpy(text, wire + at + 1, wire[at]);
		text += wire[at];
		at += wire[at] + 1u;
		*text++ = wire[at] ? '.' : '\0';
	}
	*text = '\0';
}

static void reply_frame(const struct tx_frame *request, size_t payload, uint8_t *f)
{
	uint8_t *ip = f + 14, *udp = ip + 20;

	memcpy(f, nic->mac, 6);
	memcpy(f + 6, server_mac, 6);
	put_be16(f + 12, ETHERTYPE_IPV4);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(28 + payload));
	ip[8] = 64;
	ip[9] = IP_UDP;
	memcpy(ip + 12, request->data + 30, 4);
	memcpy(ip + 16, request->data + 26, 4);
	put_le16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
	memcpy(udp, request->data + 36, 2);
	memcpy(udp + 2, request->data + 34, 2);
	put_be16(udp + 4, (uint16_t)(8 + payload));
	put_be16(udp + 6, 0);
	host_card_inject(nic, f, 42 + payload);
}

static void answer_arp(const uint8_t *request)
{
	uint8_t f[60] = {0};

	memcpy(f, request, 42);
	memcpy(f, request + 6, 6);
	memcpy(f + 6, server_mac, 6);
	put_be16(f + 20, 2);
	memcpy(f + 22, server_mac, 6);
	memcpy(f + 28, request + 38, 4);
	memcpy(f + 32, request + 22, 10);
	host_card_inject(nic, f, sizeof(f));
}

static void serve(struct nic *card, const struct tx_frame *frame)
{
	const uint8_t *query = frame->data + 42;
	uint8_t f[1500];
	uint8_t *message = f + 42;
	size_t len = frame->len - 42;
	char name[260];
	responder respond;

	if (get_be16(frame->data + 12) == ETHERTYPE_ARP) {
		answer_arp(frame->data);
		return;
	}
	name_of(query + 12, name);
	if (queries < ARRAY_SIZE(names))
		strcpy(names[queries], name);
	queries++;
	last_id = get_be16(query);
	last_port = get_be16(frame->data + 34);
	respond = servers[frame->data[33]];
	if (!respond)
		return;
	memcpy(message, query, len);
	message[2] = 0x81;
	message[3] = 0x80;
	len += respond(name, message + len, message);
	reply_frame(frame, len, f);
}

static size_t put_record(uint8_t *p, uint16_t name_pointer, uint16_t type, const void *data,
			 size_t len)
{
	put_be16(p, name_pointer);
	put_be16(p + 2, type);
	put_be16(p + 4, 1);
	put_be32(p + 6, 60);
	put_be16(p + 10, (uint16_t)len);
	memcpy(p + 12, data, len);
	return 12 + len;
}

static size_t two_addresses(const char *name, uint8_t *answer, uint8_t *header)
{
	static const uint8_t a[] = {192, 0, 2, 80}, b[] = {192, 0, 2, 81};
	size_t len = put_record(answer, 0xc00c, 1, a, 4);

	put_be16(header + 6, 2);
	return len + put_record(answer + len, 0xc00c, 1, b, 4);
}

static size_t no_such(const char *name, uint8_t *answer, uint8_t *header)
{
	header[3] = 0x83;
	return 0;
}

static size_t refuse(const char *name, uint8_t *answer, uint8_t *header)
{
	header[3] = 0x85;
	return 0;
}

static size_t cannot(const char *name, uint8_t *answer, uint8_t *header)
{
	header[3] = 0x82;
	return 0;
}

static size_t only_in_lab(const char *name, uint8_t *answer, uint8_t *header)
{
	if (strcmp(name, "host.lab.example"))
		return no_such(name, answer, header);
	return two_addresses(name, answer, header);
}

/* www.example -> (alias) www.target, with the address in the same message when asked so. */
static size_t alias(const char *name, uint8_t *answer, uint8_t *header)
{
	static const uint8_t target[] = {3, 'w', 'w', 'w', 6, 't', 'a', 'r', 'g', 'e', 't', 0};
	static const uint8_t a[] = {10, 9, 8, 7};
	size_t question = strlen(name) + 2 + 4;
	size_t len;

	if (!strcmp(name, "www.target"))
		return two_addresses(name, answer, header);
	len = put_record(answer, 0xc00c, 5, target, sizeof(target));
	put_be16(header + 6, 1);
	if (!strcmp(name, "with.address")) {
		put_be16(header + 6, 2);
		len += put_record(answer + len, (uint16_t)(0xc000 | (12 + question + 12)), 1, a, 4);
	}
	return len;
}

static size_t endless_alias(const char *name, uint8_t *answer, uint8_t *header)
{
	uint8_t target[] = {1, (uint8_t)('a' + queries % 20), 1, 'x', 0};

	put_be16(header + 6, 1);
	return put_record(answer, 0xc00c, 5, target, sizeof(target));
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(10000);
	settings_reset();
	queries = 0;
	memset(servers, 0, sizeof(servers));
	nic = host_card_add(0, serve);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT), 0);
	assert_int_equal(setting_store_raw("", "dns", "ipv4", "\xc0\0\2\1", 4, SOURCE_SCRIPT), 0);
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	host_card_reset();
	return 0;
}

static uint32_t found[4];

static void dotted_quads_need_no_server(void **state)
{
	settings_reset();
	assert_int_equal(dns_resolve("192.0.2.9", found, 4), 1);
	assert_int_equal(found[0], 0xc0000209);
	assert_int_equal(dns_resolve("name.example", found, 4), E_DNS_NO_SERVER);
	assert_int_equal(queries, 0);
}

static void several_addresses(void **state)
{
	servers[1] = two_addresses;
	assert_int_equal(dns_resolve("Host.Example.", found, 4), 2);
	assert_int_equal(found[0], 0xc0000250);
	assert_int_equal(found[1], 0xc0000251);
	assert_int_equal(dns_resolve("host.example", found, 1), 1);
	assert_string_equal(names[0], "Host.Example");
}

static void id_and_port_change(void **state)
{
	uint16_t id, port;

	servers[1] = two_addresses;
	assert_int_equal(dns_resolve("a.b", found, 4), 2);
	id = last_id;
	port = last_port;
	assert_int_equal(dns_resolve("a.b", found, 4), 2);
	assert_true(id != last_id || port != last_port);
	assert_true(port >= 49152);
}

static void search_list_for_short_names(void **state)
{
	servers[1] = only_in_lab;
	assert_int_equal(dns_resolve("host", found, 4), E_DNS_NOT_FOUND);
	queries = 0;
	setting_store("domain", "lab.example", SOURCE_SCRIPT);
	assert_int_equal(dns_resolve("host", found, 4), 2);
	assert_int_equal(queries, 1);
	queries = 0;
	setting_store("dnssl", "other.example lab.example", SOURCE_SCRIPT);
	assert_int_equal(dns_resolve("host", found, 4), 2);
	assert_int_equal(queries, 2);
	assert_string_equal(names[0], "host.other.example");
	assert_int_equal(dns_resolve("host.", found, 4), E_DNS_NOT_FOUND);
}

static void one_good_server_is_enough(void **state)
{
	uint64_t start = clock_ms();

	setting_store_raw("", "dns", "ipv4", "\xc0\0\2\1\xc0\0\2\2\xc0\0\2\3", 12, SOURCE_SCRIPT);
	servers[2] = refuse;
	servers[3] = two_addresses;
	assert_int_equal(dns_resolve("a.b", found, 4), 2);
	assert_true(clock_ms() - start < 100);
	/* A "no" is believed when the others stay silent. */
	servers[3] = no_such;
	start = clock_ms();
	assert_int_equal(dns_resolve("a.b", found, 4), E_DNS_NOT_FOUND);
	assert_true(clock_ms() - start < 1500);
	servers[3] = NULL;
	assert_int_equal(dns_resolve("a.b", found, 4), E_DNS_REFUSED);
	/* That may pass, and is worth another attempt. */
	servers[2] = cannot;
	assert_int_equal(dns_resolve("a.b", found, 4), E_DNS_FAILED);
}

static void silence_ends_after_its_time(void **state)
{
	uint64_t start = clock_ms();

	assert_int_equal(dns_resolve("a.b", found, 4), E_DNS_NO_ANSWER);
	assert_true(clock_ms() - start >= 15000 && clock_ms() - start < 15500);
	assert_int_equal(queries, 4);
	assert_non_null(strstr(error_text(), "192.0.2.1"));
	assert_non_null(strstr(error_text(), "a.b"));
	host_keys("\003");
	assert_int_equal(dns_resolve("a.b", found, 4), E_CANCELLED);
}

static void aliases_are_followed(void **state)
{
	servers[1] = alias;
	assert_int_equal(dns_resolve("with.address", found, 4), 1);
	assert_int_equal(found[0], 0x0a090807);
	assert_int_equal(queries, 1);
	assert_int_equal(dns_resolve("www.example", found, 4), 2);
	assert_int_equal(queries, 3);
	assert_string_equal(names[2], "www.target");
	servers[1] = endless_alias;
	queries = 0;
	assert_int_equal(dns_resolve("q.x", found, 4), E_DNS_LOOP);
	assert_true(queries <= 8);
}

static void names_are_checked(void **state)
{
	char name[400];

	servers[1] = two_addresses;
	assert_int_equal(dns_resolve("", found, 4), E_DNS_NAME);
	assert_int_equal(dns_resolve(".", found, 4), E_DNS_NAME);
	assert_int_equal(dns_resolve("a..b", found, 4), E_DNS_NAME);
	assert_int_equal(dns_resolve(".a.b", found, 4), E_DNS_NAME);
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	memcpy(name + 61, ".a", 3);
	assert_int_equal(dns_resolve(name, found, 4), 2);
	memset(name, 'a', 64);
	memcpy(name + 64, ".a", 3);
	assert_int_equal(dns_resolve(name, found, 4), E_DNS_NAME);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[399] = '\0';
	assert_int_equal(dns_resolve(name, found, 4), E_DNS_NAME);
	name[250] = '\0';
	assert_int_equal(dns_resolve(name, found, 4), 2);
}

/* ---- Messages ---- */

static uint8_t wire[DNS_NAME_MAX + 1];
static uint8_t message[600];
static struct dns_answer answer;

static size_t start_message(void)
{
	size_t len;

	assert_int_equal(dns_encode_name("a.b", wire), 5);
	len = dns_build_query(message, 77, wire);
	message[2] |= 0x80;
	return len;
}

static enum dns_verdict verdict(size_t len)
{
	/* On the heap, exactly as long: the sanitizer sees what lies behind. */
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, message, len);
	dns_parse(copy, len, 77, wire, found, 4, &answer);
	free(copy);
	return answer.verdict;
}

static void only_the_answer_to_our_question(void **state)
{
	static const uint8_t a[] = {1, 2, 3, 4};
	size_t len = start_message();

	message[7] = 1;
	len += put_record(message + len, 0xc00c, 1, a, 4);
	assert_int_equal(verdict(len), DNS_ADDRESSES);
	for (size_t i = 0; i < len; i++)
		assert_true(verdict(i) == DNS_NOT_OURS || verdict(i) == DNS_NO_SUCH);
	message[13] = 'A';
	assert_int_equal(verdict(len), DNS_ADDRESSES);
	message[13] = 'c';
	assert_int_equal(verdict(len), DNS_NOT_OURS);
	message[13] = 'a';
	message[1]++;
	assert_int_equal(verdict(len), DNS_NOT_OURS);
	message[1]--;
	message[2] &= 0x7f;
	assert_int_equal(verdict(len), DNS_NOT_OURS);
	message[2] |= 0x80;
	message[5] = 2;
	assert_int_equal(verdict(len), DNS_NOT_OURS);
}

static void compression_leads_backwards_only(void **state)
{
	static const uint8_t a[] = {1, 2, 3, 4};
	size_t question = start_message(), len;

	message[7] = 1;
	len = question + put_record(message + question, (uint16_t)(0xc000 | question), 1, a, 4);
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	put_be16(message + question, (uint16_t)(0xc000 | (question + 8)));
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	put_be16(message + question, 0xffff);
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	/* The question itself may not be compressed against anything behind it. */
	put_be16(message + 12, 0xc00c);
	assert_int_equal(verdict(len), DNS_NOT_OURS);
}

static void records_of_others_do_not_count(void **state)
{
	static const uint8_t a[] = {1, 2, 3, 4};
	size_t question = start_message(), len;

	message[7] = 1;
	len = question + put_record(message + question, 0xc00e, 1, a, 4); /* "b" */
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	len = question + put_record(message + question, 0xc00c, 28, a, 4);
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	len = question + put_record(message + question, 0xc00c, 1, a, 3);
	assert_int_equal(verdict(len), DNS_NO_SUCH);
	/* An alias of itself. */
	len = question + put_record(message + question, 0xc00c, 5, "\xc0\x0c", 2);
	assert_int_equal(verdict(len), DNS_ALIAS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dotted_quads_need_no_server),
		TEST(several_addresses),
		TEST(id_and_port_change),
		TEST(search_list_for_short_names),
		TEST(one_good_server_is_enough),
		TEST(silence_ends_after_its_time),
		TEST(aliases_are_followed),
		TEST(names_are_checked),
		cmocka_unit_test(only_the_answer_to_our_question),
		cmocka_unit_test(compression_leads_backwards_only),
		cmocka_unit_test(records_of_others_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
