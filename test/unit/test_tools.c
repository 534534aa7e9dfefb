/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that ask about machine, images and network: digests, imgset, imgmem, cpuid, pciscan,
 * nstat, ipstat, lotest, ntp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "bios/physical.h"
#include "boot/image.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "netstack/sntp.h"
#include "test/host/host.h"

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	return 0;
}

static int teardown(void **state)
{
	while (!list_empty(&images))
		image_free(list_first(&images, struct image, link));
	assert_int_equal(host_image_used(), 0);
	settings_reset();
	host_card_reset();
	return 0;
}

static void add(const char *name, const char *text, size_t len)
{
	uint8_t *copy = image_memory_alloc(len + 1);

	memcpy(copy, text, len);
	assert_non_null(image_add(name, NULL, copy, len, len + 1));
}

static const char *output(const char *line)
{
	host_output_clear();
	command_line(line);
	return host_output();
}

static const char *value(const char *name)
{
	static char text[256];

	setting_text("", name, text, sizeof(text));
	return text;
}

/* ---- Images ---- */

static void digests(void **state)
{
	add("abc", "abc", 3);
	assert_string_equal(output("md5sum abc"), "900150983cd24fb0d6963f7d28e17f72  abc\n");
	assert_string_equal(output("sha1sum abc"),
			    "a9993e364706816aba3e25717850c26c9cd0d89d  abc\n");
	assert_string_equal(output("sha224sum abc"),
			    "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7  abc\n");
	assert_string_equal(output("sha256sum abc"),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9"
			    "cb410ff61f20015ad  abc\n");
	assert_memory_equal(output("sha384sum abc"), "cb00753f45a35e8bb5a03d699ac65007272c32ab",
			    40);
	assert_memory_equal(output("sha512sum abc"), "ddaf35a193617abacc417349ae20413112e6fa4e",
			    40);
	assert_int_equal(command_line("md5sum --set sum abc && iseq ${sum} "
				      "900150983cd24fb0d6963f7d28e17f72"),
			 0);
}

static void a_digest_can_be_cancelled(void **state)
{
	static char big[3 << 20];

	add("big", big, sizeof(big));
	host_keys("\x03");
	assert_int_equal(command_line("sha512sum big"), E_CANCELLED);
}

static void content_of_an_image_in_a_setting(void **state)
{
	add("text", "hello world\r\n", 13);
	assert_int_equal(command_line("imgset --keep greeting text"), 0);
	assert_string_equal(value("greeting"), "hello world");
	assert_non_null(image_find("text"));
	assert_int_equal(command_line("imgset greeting text"), 0);
	assert_null(image_find("text"));
	add("address", "192.0.2.7\n", 10);
	assert_int_equal(command_line("imgset net9/ip:ipv4 address"), 0);
	assert_int_equal(setting_ipv4("net9", "ip"), 0xc0000207);
	add("binary", "a\0b", 3);
	assert_int_equal(command_line("imgset x binary"), E_SETTING_VALUE);
	assert_non_null(image_find("binary"));
}

static void a_piece_of_memory_as_an_image(void **state)
{
	static uint8_t memory[1024];
	const struct image *image;

	memcpy(memory + 512, "here", 4);
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	assert_int_equal(command_line("imgmem --name piece 0x200 4"), 0);
	image = image_find("piece");
	assert_non_null(image);
	assert_int_equal(image->len, 4);
	assert_memory_equal(image->data, "here", 4);
	assert_int_equal(command_line("imgmem --name first 0 4"), 0);
	assert_int_equal(image_find("first")->len, 4);
	assert_int_equal(command_line("imgmem 0x200 1000"), E_INVALID);
	assert_int_equal(command_line("imgmem x 4"), E_INVALID);
	assert_int_equal(command_line("imgmem 0 0"), E_INVALID);
}

/* ---- Machine ---- */

static void processor_features(void **state)
{
	assert_int_equal(command_line("cpuid 0"), 0); /* a floating point unit */
	assert_int_equal(command_line("cpuid --ext 29"), 0);
	assert_int_equal(command_line("cpuid 20"), E_FALSE); /* reserved */
	assert_int_equal(command_line("cpuid 32"), E_INVALID);
}

static void every_pci_function_once(void **state)
{
	host_pci_add(0x0010, 0x8086, 0x1237, 0x060000);
	host_pci_add(0x0018, 0x8086, 0x100e, 0x020000);
	assert_int_equal(command_line("pciscan pci"), 0);
	assert_string_equal(value("pci"), "0000:00:02.0");
	assert_int_equal(command_line("pciscan pci"), 0);
	assert_string_equal(value("pci"), "0000:00:03.0");
	assert_int_equal(command_line("pciscan pci"), E_NOT_FOUND);
	assert_false(setting_exists("", "pci"));
}

/* ---- Network ---- */

static struct nic *cards[2];
static bool damage, lose;

static void to_the_other(struct nic *nic, const struct tx_frame *frame)
{
	uint8_t copy[2000];

	memcpy(copy, frame->data, frame->len);
	if (damage)
		copy[frame->len - 1] ^= 1;
	if (!lose)
		host_card_inject(cards[nic == cards[0]], copy, frame->len);
}

static void loopback(void **state)
{
	damage = lose = false;
	cards[0] = host_card_add(0, to_the_other);
	cards[1] = host_card_add(0, to_the_other);
	host_card_link(cards[0], true);
	host_card_link(cards[1], true);
	assert_int_equal(command_line("lotest --count 2000 net0 net1"), 0);
	assert_non_null(strstr(host_output(), "2000 frames from net0 to net1 are whole\n"));
	assert_int_equal(command_line("lotest --broadcast --count 10 --mtu 100 net1 net0"), 0);
	damage = true;
	assert_int_equal(command_line("lotest --count 10 net0 net1"), E_NET_LOOPBACK);
	damage = false;
	lose = true;
	assert_int_equal(command_line("lotest --count 10 net0 net1"), E_NET_LOOPBACK);
	assert_int_equal(command_line("lotest --mtu 9000 net0 net1"), E_INVALID);
	assert_int_equal(command_line("lotest net0 net7"), E_NET_NO_CARD);
}

static void counters(void **state)
{
	assert_string_equal(output("nstat"), "No neighbour is known\n");
	assert_memory_equal(output("ipstat"), "Frames: ", 8);
}

static void time_answers(void **state)
{
	uint8_t reply[48] = {0x24, 2};
	uint64_t seconds;

	put_be64(reply + 24, 77);
	put_be32(reply + 40, 2208988800u + 1000000);
	assert_int_equal(sntp_parse(reply, sizeof(reply), 77, &seconds), 0);
	assert_true(seconds == 1000000);
	assert_int_equal(sntp_parse(reply, sizeof(reply), 78, &seconds), E_SNTP_REPLY);
	assert_int_equal(sntp_parse(reply, 47, 77, &seconds), E_SNTP_REPLY);
	put_be32(reply + 40, 1000); /* after February 2036 */
	assert_int_equal(sntp_parse(reply, sizeof(reply), 77, &seconds), 0);
	assert_true(seconds == (1ull << 32) - 2208988800u + 1000);
	reply[0] = 0xe4;
	assert_int_equal(sntp_parse(reply, sizeof(reply), 77, &seconds), E_SNTP_REFUSED);
	reply[0] = 0x24;
	reply[1] = 0;
	memcpy(reply + 12, "RATE", 4);
	assert_int_equal(sntp_parse(reply, sizeof(reply), 77, &seconds), E_SNTP_REFUSED);
	assert_non_null(strstr(error_text(), "RATE"));
	reply[0] = 0x23;
	assert_int_equal(sntp_parse(reply, sizeof(reply), 77, &seconds), E_SNTP_REPLY);
}

/* An address that was asked for as such is named once. */
static void ping_says_who_is_silent(void **state)
{
	assert_int_equal(nic_open(host_card_add(0, NULL)), 0);
	setting_store("net0/netmask", "255.255.255.0", SOURCE_SCRIPT);
	setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT);
	output("ping --count 1 192.0.2.77");
	assert_non_null(strstr(host_output(), "no reply from 192.0.2.77: it is on this network "
					      "and does not answer ARP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(ping_says_who_is_silent),
		TEST(digests),
		TEST(a_digest_can_be_cancelled),
		TEST(content_of_an_image_in_a_setting),
		TEST(a_piece_of_memory_as_an_image),
		TEST(processor_features),
		TEST(every_pci_function_once),
		TEST(loopback),
		TEST(counters),
		TEST(time_answers),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
