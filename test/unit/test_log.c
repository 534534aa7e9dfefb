/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: its lines, the commands debug, log and report, and syslog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "boot/boot.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "test/host/host.h"

#define SERVER 0xc0000201u /* 192.0.2.1 */

static const uint8_t server_mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x01};

static char messages[4096]; /* what the syslog server got, a line each */
static unsigned received;

/* Our card's other end: answers ARP for the server, keeps what goes to port 514. */
static void server(struct nic *nic, const struct tx_frame *frame)
{
	const uint8_t *p = frame->data;
	uint8_t reply[60] = {0};

	if (get_be16(p + 12) == ETHERTYPE_ARP && get_be16(p + 20) == 1 &&
	    get_be32(p + 38) == SERVER) {
		memcpy(reply, p + 6, ETH_ALEN);
		memcpy(reply + 6, server_mac, ETH_ALEN);
		memcpy(reply + 12, p + 12, 8);
		put_be16(reply + 20, 2);
		memcpy(reply + 22, server_mac, ETH_ALEN);
		put_be32(reply + 28, SERVER);
		memcpy(reply + 32, p + 22, 10);
		host_card_inject(nic, reply, sizeof(reply));
	} else if (get_be16(p + 12) == ETHERTYPE_IPV4 && p[23] == IP_UDP &&
		   get_be16(p + 36) == 514) {
		received++;
		if (strlen(messages) > sizeof(messages) / 2)
			messages[0] = 0;
		format_append(messages, sizeof(messages), "%.*s\n", get_be16(p + 38) - 8, p + 42);
	}
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	log_enable("none");
	messages[0] = 0;
	received = 0;
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	host_card_reset();
	return 0;
}

static void assert_next(uint32_t *position, const char *expected)
{
	char line[64];

	assert_true(log_line(position, line, sizeof(line)));
	assert_string_equal(line, expected);
}

static void lines_as_they_stood_on_the_screen(void **state)
{
	uint32_t position = log_end();
	char line[64];

	print("plain\n\n");
	print("10%%\r20%%\r100%% ok\n");
	print("wiped\r\n");
	print("\033[1;31mred\033[0m\a and\033[K\tblack\n");
	print("ab\b\bcd\b\b\b\bx\n");
	print("escape at the end\033[12\n");
	print("not complete");
	assert_next(&position, "plain");
	assert_next(&position, "");
	assert_next(&position, "100% ok");
	assert_next(&position, "wiped");
	assert_next(&position, "red andblack");
	assert_next(&position, "x");
	assert_next(&position, "escape at the end");
	assert_false(log_line(&position, line, sizeof(line)));
	print("\n");
	assert_next(&position, "not complete");
	assert_int_equal(position, log_end());
}

static void long_lines_are_cut(void **state)
{
	uint32_t position = log_end();
	char line[8];

	print("0123456789\nnext\n");
	assert_true(log_line(&position, line, sizeof(line)));
	assert_string_equal(line, "0123456");
	assert_next(&position, "next");
}

static void a_lost_position_goes_on_with_the_oldest_line(void **state)
{
	uint32_t position = log_end();
	char line[64];

	for (unsigned i = 0; i < 20000; i++)
		print("line %u\n", i);
	assert_true(log_line(&position, line, sizeof(line)));
	assert_memory_equal(line, "line 1", 6);
	for (unsigned i = 0; position != log_end(); i++)
		assert_true(log_line(&position, line, sizeof(line)));
	assert_string_equal(line, "line 19999");
	/* One endless line: nothing in the ring begins where a line begins. */
	position = log_end() - 200000;
	for (unsigned i = 0; i < 70000; i++)
		print("x");
	assert_false(log_line(&position, line, sizeof(line)));
	print("\n");
}

static void debug_command(void **state)
{
	command_line("debug tcp dhcp:2");
	assert_string_equal(host_output(), "debug: tcp:1,dhcp:2\n");
	assert_true(log_enabled("dhcp", 2));
	host_output_clear();
	command_line("debug dhcp:0 all");
	assert_string_equal(host_output(), "debug: all:1,dhcp:0\n");
	assert_false(log_enabled("dhcp", 1));
	assert_true(log_enabled("arp", 1));
	assert_int_equal(command_line("debug tpc"), E_NOT_FOUND);
	host_output_clear();
	command_line("debug none");
	assert_string_equal(host_output(), "debug: none\n");
}

static void log_shows_what_was_said_and_does_not_log_itself(void **state)
{
	uint32_t end;

	command_line("echo a-needle");
	log_debug("http", 1, "not on the screen");
	assert_null(strstr(host_output(), "not on the screen"));
	end = log_end();
	host_output_clear();
	assert_int_equal(command_line("log"), 0);
	assert_non_null(strstr(host_output(), "\na-needle\nhttp: not on the screen\n"));
	assert_int_equal(log_end(), end);
}

/* A debug message has a line of its own, also in the middle of another one. */
static void debug_in_an_unfinished_line(void **state)
{
	uint32_t position = log_end();

	log_enable("tcp");
	host_output_clear();
	print("http://host/file...");
	log_debug("tcp", 1, "shown");
	log_debug("http", 1, "kept");
	print(" ok\n");
	assert_string_equal(host_output(), "http://host/file...\ntcp: shown\n ok\n");
	assert_next(&position, "http://host/file...");
	assert_next(&position, "tcp: shown");
	assert_next(&position, "http: kept");
	assert_next(&position, " ok");
}

static void debug_refuses_what_it_does_not_know(void **state)
{
	static const char *const wrong[] = {"nosuch", "tcp:3",	"tcp:x",
					    "tcp:",   "tcp:12", "dhcp,tcp:9"};

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		char line[40];

		format(line, sizeof(line), "debug %s", wrong[i]);
		assert_int_equal(command_line(line), E_NOT_FOUND);
	}
	assert_non_null(strstr(host_output(), "\"tcp:9\": write AREA or AREA:LEVEL"));
	assert_false(log_enabled("dhcp", 1));
	assert_int_equal(command_line("debug tcp:2,,dhcp:0 all:1"), 0);
	assert_true(log_enabled("tcp", 2));
}

static void report_names_the_last_failures_once(void **state)
{
	const char *place;

	report_failure(fail(E_TIMEOUT, "the moon did not answer"));
	command_line("report");
	host_output_clear();
	assert_int_equal(command_line("report"), 0);
	place = strstr(host_output(), "the moon did not answer");
	assert_non_null(place);
	assert_null(strstr(place + 1, "the moon did not answer"));
	assert_non_null(strstr(host_output(), "ipxe.lkrn "));
	assert_non_null(strstr(host_output(), "No network card"));
}

static void report_keeps_long_failures_apart(void **state)
{
	char moon[301];

	memset(moon, 'o', 300);
	moon[300] = 0;
	report_failure(fail(E_TIMEOUT, "the m%sn did not answer", moon));
	report_failure(fail(E_TIMEOUT, "the sun neither"));
	host_output_clear();
	assert_int_equal(command_line("report"), 0);
	assert_non_null(strstr(host_output(), "reachable (E-GEN-03)\n  report: the sun neither; "));
}

static void report_keeps_secrets_of_the_command_line(void **state)
{
	static const char line[] = "net0/password=geheim x=1 'net0/password:string=ge heim' dhcp";
	memcpy(loader.cmdline, line, sizeof(line));
	host_output_clear();
	assert_int_equal(command_line("report"), 0);
	assert_non_null(strstr(host_output(), "Command line: net0/password=*** x=1 "
					      "net0/password:string=*** dhcp\n"));
	loader.cmdline[0] = 0;
}

static void poll(unsigned turns)
{
	while (turns--) {
		net_poll();
		host_clock_advance_ms(10);
	}
}

static void set(const char *name, const char *value)
{
	assert_int_equal(setting_store(name, value, SOURCE_SCRIPT), 0);
}

static void syslog_gets_the_lines_when_there_is_a_route(void **state)
{
	struct nic *nic;

	for (unsigned i = 0; i < 400; i++) /* earlier tests' lines would go out too */
		print("%200s\n", "");
	print("before the network\n");
	set("log-server", "192.0.2.1");
	nic = host_card_add(0, server);
	assert_int_equal(nic_open(nic), 0);
	poll(20);
	assert_int_equal(received, 0);
	set("net0/netmask", "255.255.255.0");
	set("net0/ip", "192.0.2.57");
	poll(200);
	assert_non_null(strstr(messages, "<14>192.0.2.57 ipxe: before the network\n"));
	messages[0] = 0;
	set("hostname", "pc7");
	print("50%%\r100%%\n");
	report_failure(fail(E_TIMEOUT, "nobody answers"));
	poll(20);
	assert_memory_equal(messages, "<14>pc7 ipxe: 100%\n<11>pc7 ipxe: ", 33);
	assert_non_null(strstr(messages, "nobody answers"));
	/* A name as a server may send it is one word. */
	messages[0] = 0;
	setting_store_raw("", "hostname", NULL, "p\x1b[2J c\n7", 9, SOURCE_DHCP);
	print("again\n");
	poll(20);
	assert_string_equal(messages, "<14>p-[2J-c-7 ipxe: again\n");
	messages[0] = 0;
	setting_store("log-server", "", SOURCE_SCRIPT);
	print("not sent\n");
	poll(20);
	assert_string_equal(messages, "");
}

/* What sending says must not be sent in turn, for ever. */
static void syslog_does_not_feed_itself(void **state)
{
	struct nic *nic = host_card_add(0, server);
	unsigned before;

	assert_int_equal(nic_open(nic), 0);
	set("net0/netmask", "255.255.255.0");
	set("net0/ip", "192.0.2.57");
	set("syslog", "192.0.2.1");
	poll(300);
	log_enable("all:2");
	print("once\n");
	poll(20);
	before = received;
	poll(100);
	assert_int_equal(received, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(lines_as_they_stood_on_the_screen),
		TEST(long_lines_are_cut),
		TEST(a_lost_position_goes_on_with_the_oldest_line),
		TEST(debug_command),
		TEST(log_shows_what_was_said_and_does_not_log_itself),
		TEST(debug_in_an_unfinished_line),
		TEST(debug_refuses_what_it_does_not_know),
		TEST(report_names_the_last_failures_once),
		TEST(report_keeps_long_failures_apart),
		TEST(report_keeps_secrets_of_the_command_line),
		TEST(syslog_gets_the_lines_when_there_is_a_route),
		TEST(syslog_does_not_feed_itself),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
