/* SPDX-License-Identifier: BSD-2-Clause */
/* Network bootstrap programs: what is one, the machine that it gets, the DHCP packets that it sees,
 * how it ends. */
#include <stdio.h>
#include "test/unit/pxe_program.h"
#include "bios/heap.h"
#include "boot/image.h"
#include "boot/nbp.h"
#include "boot/pxe_packets.h"
#include "boot/pxe_params.h"
#include "netstack/fetch.h"
#include "san/guest.h"

static const uint8_t program[] = {0xb8, 0x00, 0x00, 0xcb}; /* mov ax, 0; retf */
static unsigned entered;
static void (*inside)(void); /* what the program does */
static uint16_t returned_ax;
static int how; /* it ends: what real_enter() returns */
static jmp_buf left;

static void sent(struct nic *card, const struct tx_frame *frame)
{
}

static void leave(int rc)
{
	longjmp(left, rc);
}

static int enter(uint16_t segment, uint16_t offset, uint16_t stack_segment, uint16_t stack_offset,
		 struct real_regs *regs)
{
	const uint8_t *stack = physical(stack_offset, 4);
	struct segoff bang = pxe_bang(), pxenv = pxe_pxenv();
	int rc;

	entered++;
	assert_int_equal(segment, 0);
	assert_int_equal(offset, 0x7c00);
	assert_int_equal(stack_segment, 0);
	assert_true(stack_offset + 4u <= 0x7c00);
	assert_memory_equal(stack, &bang, 4);
	assert_int_equal(regs->es, pxenv.segment);
	assert_int_equal((uint16_t)regs->ebx, pxenv.offset);
	assert_true(host_memmap_hidden && host_images_hidden && guest_is_running());
	rc = setjmp(left);
	if (rc)
		return rc;
	if (inside)
		inside();
	regs->eax = returned_ax;
	return how;
}

static int setup(void **state)
{
	program_start(sent);
	pxe_stop(); /* each program starts its own */
	put_le16(physical(0x413, 2), 624);
	host_real_enter = enter;
	host_real_leave = leave;
	entered = 0;
	inside = NULL;
	returned_ax = 0;
	how = 0;
	return 0;
}

static int teardown(void **state)
{
	struct image *image, *next;

	list_for_each_safe(image, next, &images, link)
		image_free(image);
	program_stop();
	assert_int_equal(host_image_used(), 0);
	return 0;
}

static struct image *add(const char *name, const char *address, const void *data, size_t len)
{
	struct uri *uri = address ? uri_parse(address) : NULL;
	uint8_t *copy = image_memory_alloc(len ? len : 1);
	struct image *image;

	memcpy(copy, data, len);
	image = image_add(name, uri, copy, len, len ? len : 1);
	uri_free(uri);
	return image;
}

static int run(const char *address)
{
	return image_execute(add("nbp", address, program, sizeof(program)));
}

/* ---- What is one ---- */

static void unknown_files_stay_initrds_until_run(void **state)
{
	struct image *image = add("p", NULL, program, sizeof(program));

	assert_null(image->type);
	assert_int_equal(image->role, IMAGE_INITRD);
	assert_string_equal(image_type_to_run(image)->name, "PXE-NBP");
	assert_int_equal(image_execute(image), 0);
	assert_int_equal(entered, 1);
	assert_memory_equal(physical(0x7c00, 4), program, 4);
}

static void refused(const char *name, const void *data, size_t len, const char *why)
{
	assert_int_equal(image_execute(add(name, NULL, data, len)), E_IMAGE_TYPE);
	assert_non_null(strstr(error_text(), why));
	assert_int_equal(entered, 0);
}

static void what_is_no_program(void **state)
{
	static uint8_t large[NBP_SIZE_MAX + 1], large_efi[NBP_SIZE_MAX + 1], efi[512];

	refused("empty", "", 0, "empty");
	refused("iso", large, 4096, "neither");
	refused("page", "<html>\r\n<h1>404</h1>", 16, "text");
	refused("utf8", "Nicht gef\xc3\xbcnden\n", 16, "text");
	memset(large, 1, sizeof(large));
	refused("large", large, sizeof(large), "neither");
	memcpy(efi, "MZ", 2);
	put_le32(efi + 0x3c, 0x80);
	memcpy(efi + 0x80, "PE\0\0", 4);
	put_le16(efi + 0x80 + 4 + 20 + 68, 10);
	refused("efi", efi, sizeof(efi), "EFI");
	memcpy(large_efi, efi, sizeof(efi));
	refused("large efi", large_efi, sizeof(large_efi), "EFI");
	put_le32(efi + 0x3c, 0xfffffff0);
	assert_int_equal(image_execute(add("mz", NULL, efi, sizeof(efi))), 0);
}

static void it_needs_the_network(void **state)
{
	nic_close_all();
	assert_int_equal(run(NULL), E_NBP_NO_CARD);
	assert_int_equal(entered, 0);
}

static void it_must_fit(void **state)
{
	static uint8_t large[400 * 1024];

	memset(large, 0x90, sizeof(large));
	put_le16(physical(0x413, 2), 400);
	assert_int_equal(image_execute(add("large", NULL, large, sizeof(large))), E_NBP_SIZE);
	put_le16(physical(0x413, 2), 431);
	assert_int_equal(image_execute(add("large", NULL, large, sizeof(large))), 0);
	assert_non_null(strstr(host_output(), "only 400 KB of base memory"));
}

/* A program raised 40:13 over us, and asks for the next one. */
static void it_never_overwrites_us(void **state)
{
	static uint8_t large[NBP_SIZE_MAX];

	memset(large, 0x90, sizeof(large));
	put_le16(physical(0x413, 2), 640);
	assert_int_equal(image_execute(add("large", NULL, large, sizeof(large))), E_NBP_SIZE);
	assert_int_equal(entered, 0);
}

/* ---- How it ends ---- */

static void it_returns_a_status(void **state)
{
	returned_ax = 0x1234;
	assert_int_equal(run(NULL), E_NBP_STATUS);
	assert_non_null(strstr(error_text(), "1234"));
	assert_false(host_memmap_hidden || guest_is_running());
	assert_null(pxe_nic);
}

static void it_gives_up(void **state)
{
	how = 1;
	assert_int_equal(run(NULL), E_NBP_GAVE_UP);
	assert_false(host_memmap_hidden || guest_is_running());
}

static void unload(void)
{
	assert_int_equal(call_plain(PXENV_UNLOAD_STACK), 0);
	assert_int_equal(call_plain(PXENV_STOP_UNDI), 0);
	assert_false(net0->open);
}

static void it_gave_all_back_and_returns(void **state)
{
	inside = unload;
	assert_int_equal(run(NULL), 0);
	assert_true(net0->open);
	assert_false(host_memmap_hidden || guest_is_running());
}

/* ---- One starts another ---- */

static void start_another(void)
{
	uint8_t *memory = physical(0x7c00, 64);
	uint8_t other[] = {0x31, 0xc0, 0x00, 0xcb};

	inside = NULL;
	memory[40] = 0x77;
	assert_int_equal(image_execute(add("other", NULL, other, sizeof(other))), 0);
	assert_int_equal(entered, 2);
	assert_memory_equal(memory, program, sizeof(program));
	assert_int_equal(memory[40], 0x77);
	assert_true(host_memmap_hidden && guest_is_running() && pxe_nic == net0);
	assert_int_equal(call_plain(PXENV_STOP_BASE), 0);
}

static void an_inner_one_gives_base_memory_back(void **state)
{
	inside = start_another;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(entered, 2);
	assert_false(host_memmap_hidden || guest_is_running());
}

static uint32_t packets_server(void)
{
	struct segoff p;

	return get_be32(pxe_packet(2, &p) + 20);
}

static void start_from_elsewhere(void)
{
	inside = NULL;
	assert_int_equal(packets_server(), 0xc000024d);
	assert_int_equal(run("tftp://192.0.2.78/other.0"), 0);
	assert_int_equal(packets_server(), 0xc000024d);
}

static void the_outer_one_keeps_its_packets(void **state)
{
	inside = start_from_elsewhere;
	assert_int_equal(run("tftp://192.0.2.77/first.0"), 0);
	assert_int_equal(entered, 2);
}

static int innermost_rc;

static void start_again(void)
{
	int rc = run(NULL);

	if (rc)
		innermost_rc = rc;
}

/* A menu whose "back" starts the menu again. */
static void nesting_has_an_end(void **state)
{
	inside = start_again;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(entered, 4);
	assert_int_equal(innermost_rc, E_SAN_NESTED);
	inside = NULL;
	assert_int_equal(run(NULL), 0);
}

static void try_unload_inside(void)
{
	assert_int_equal(call_plain(PXENV_UNLOAD_STACK), 0);
	assert_int_equal(call_plain(PXENV_STOP_UNDI), PXENV_STATUS_KEEP_UNDI);
}

static void start_one_that_unloads(void)
{
	inside = try_unload_inside;
	assert_int_equal(run(NULL), 0);
}

static void an_inner_one_cannot_unload(void **state)
{
	inside = start_one_that_unloads;
	assert_int_equal(run(NULL), 0);
	assert_int_equal(entered, 2);
}

/* ---- RESTART_TFTP ---- */

/* A scheme of this test: any address holds a program of three bytes. */
static int fetch_three(struct fetch *f)
{
	int rc = fetch_expect(f, 3);

	if (rc)
		return rc;
	memcpy(f->data, "\xb4\0\xcb", 3);
	f->len = 3;
	return 0;
}
TABLE_ENTRY(uri_scheme, scheme_three) = {.name = "three", .fetch = fetch_three};

static void restart(void)
{
	struct pxe_tftp_read_file p = {.name = "three://host/next.0"};

	if (entered > 1)
		return;
	call(PXENV_RESTART_TFTP, &p, sizeof(p));
	assert_true(false); /* it does not return */
}

static void another_takes_its_place(void **state)
{
	size_t before = host_heap_used();
	struct image *image = add("nbp", NULL, program, sizeof(program));

	inside = restart;
	returned_ax = 7;
	assert_int_equal(image_execute(image), E_NBP_STATUS);
	assert_int_equal(entered, 2);
	assert_memory_equal(physical(0x7c00, 3), "\xb4\0\xcb", 3);
	image_free(image);
	assert_int_equal(host_heap_used(), before);
}

/* ---- The packets that it sees ---- */

static uint8_t packet[PXE_PACKETS][PXE_PACKET_SIZE];

static void copy_packets(void)
{
	struct segoff p;

	for (unsigned i = 0; i < PXE_PACKETS; i++)
		memcpy(packet[i], pxe_packet(i + 1, &p), PXE_PACKET_SIZE);
}

/* Option @tag of packet @type as text; NULL when it is not there. */
static const char *option(unsigned type, uint8_t tag)
{
	static char text[256];
	const uint8_t *p = packet[type - 1] + 240;

	while (*p != 255 && *p != tag)
		p += *p ? p[1] + 2 : 1;
	if (*p == 255)
		return NULL;
	memcpy(text, p + 2, p[1]);
	text[p[1]] = '\0';
	return text;
}

static void set_by(const char *name, const char *text, enum setting_source source)
{
	assert_int_equal(setting_store(name, text, source), 0);
}

static void server_says(void)
{
	set_by("net0.dhcp/filename", "from-dhcp.0", SOURCE_DHCP);
	set_by("net0.dhcp/next-server", "192.0.2.9", SOURCE_DHCP);
	set_by("net0.dhcp/root-path", "iscsi:x", SOURCE_DHCP);
	set_by("net0.dhcp/hostname", "box", SOURCE_DHCP);
	set_by("net0.dhcp/54:ipv4", "192.0.2.1", SOURCE_DHCP);
	set_by("net0.dhcp/224:string", "private", SOURCE_DHCP);
	inside = copy_packets;
}

static void packets_follow_the_server(void **state)
{
	server_says();
	assert_int_equal(run(NULL), 0);
	for (unsigned type = 2; type <= 3; type++) {
		const uint8_t *p = packet[type - 1];

		assert_int_equal(p[0], 2);
		assert_int_equal(get_be32(p + 4), get_be32(packet[0] + 4));
		assert_int_equal(get_be32(p + 16), 0xc0000239);
		assert_int_equal(get_be32(p + 20), 0xc0000209);
		assert_string_equal((const char *)p + 108, "from-dhcp.0");
		assert_string_equal(option(type, 53), "\5");
		assert_string_equal(option(type, 67), "from-dhcp.0");
		assert_string_equal(option(type, 17), "iscsi:x");
		assert_string_equal(option(type, 12), "box");
		assert_string_equal(option(type, 224), "private");
		assert_memory_equal(option(type, 54), "\xc0\0\2\1", 4);
		assert_memory_equal(option(type, 1), "\xff\xff\xff\0", 4);
		assert_null(option(type, 209));
	}
	assert_string_equal(option(1, 53), "\1");
	assert_string_equal(option(1, 77), "iPXE");
}

static void packets_match_the_chained_address(void **state)
{
	server_says();
	assert_int_equal(run("tftp://192.0.2.77/boot/a%20b.0"), 0);
	assert_int_equal(get_be32(packet[1] + 20), 0xc000024d);
	assert_string_equal((const char *)packet[1] + 108, "boot/a b.0");
	assert_string_equal((const char *)packet[1] + 44, "192.0.2.77");
	assert_string_equal(option(2, 67), "boot/a b.0");
	assert_string_equal(option(2, 66), "192.0.2.77");
	assert_int_equal(run("http://192.0.2.78/boot/pxelinux.0"), 0);
	assert_int_equal(get_be32(packet[1] + 20), 0xc000024e);
	assert_string_equal((const char *)packet[1] + 108, "http://192.0.2.78/boot/pxelinux.0");
	assert_string_equal(option(3, 67), "http://192.0.2.78/boot/pxelinux.0");
}

static void packets_follow_the_user_before_all(void **state)
{
	server_says();
	set_by("209:string", "pxelinux.cfg/menu", SOURCE_SCRIPT);
	set_by("net0/210:string", "http://192.0.2.1/prefix/", SOURCE_SCRIPT);
	set_by("filename", "mine.0", SOURCE_SCRIPT);
	set_by("next-server", "192.0.2.100", SOURCE_SCRIPT);
	set_by("net0/224:string", "own", SOURCE_CMDLINE);
	assert_int_equal(run("tftp://192.0.2.77/boot/x.0"), 0);
	assert_int_equal(get_be32(packet[1] + 20), 0xc0000264);
	assert_string_equal((const char *)packet[1] + 108, "mine.0");
	assert_string_equal(option(2, 67), "mine.0");
	assert_string_equal(option(2, 209), "pxelinux.cfg/menu");
	assert_string_equal(option(2, 210), "http://192.0.2.1/prefix/");
	assert_string_equal(option(2, 224), "own");
	assert_string_equal(option(3, 209), "pxelinux.cfg/menu");
}

static void a_proxys_values_are_in_its_packet(void **state)
{
	server_says();
	set_by("proxydhcp/filename", "proxy.0", SOURCE_DHCP);
	set_by("proxydhcp/next-server", "192.0.2.44", SOURCE_DHCP);
	set_by("hostname", "users", SOURCE_SCRIPT);
	set_by("proxydhcp/hostname", "proxys", SOURCE_DHCP);
	assert_int_equal(run(NULL), 0);
	assert_string_equal(option(2, 67), "from-dhcp.0");
	assert_string_equal(option(3, 67), "proxy.0");
	assert_int_equal(get_be32(packet[2] + 20), 0xc000022c);
	assert_string_equal(option(3, 12), "users");
	assert_string_equal(option(3, 17), "iscsi:x");
}

/* What programs need goes in, however much else there is. */
static void packets_are_bounded(void **state)
{
	char name[16], text[256];

	memset(text, 'x', 255);
	text[255] = '\0';
	for (unsigned tag = 200; tag < 250; tag++) {
		sprintf(name, "%u:string", tag);
		set_by(name, text, SOURCE_SCRIPT);
	}
	set_by("filename", text, SOURCE_SCRIPT);
	inside = copy_packets;
	assert_int_equal(run(NULL), 0);
	assert_non_null(option(2, 209));
	assert_non_null(option(2, 210));
	assert_int_equal(packet[1][108 + 126], 'x');
	assert_int_equal(packet[1][108 + 127], 0);
	assert_non_null(memchr(packet[1] + 240, 255, PXE_PACKET_SIZE - 240));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_files_stay_initrds_until_run),
		TEST(what_is_no_program),
		TEST(it_needs_the_network),
		TEST(it_must_fit),
		TEST(it_never_overwrites_us),
		TEST(it_returns_a_status),
		TEST(it_gives_up),
		TEST(it_gave_all_back_and_returns),
		TEST(an_inner_one_gives_base_memory_back),
		TEST(the_outer_one_keeps_its_packets),
		TEST(nesting_has_an_end),
		TEST(an_inner_one_cannot_unload),
		TEST(another_takes_its_place),
		TEST(packets_follow_the_server),
		TEST(packets_match_the_chained_address),
		TEST(packets_follow_the_user_before_all),
		TEST(a_proxys_values_are_in_its_packet),
		TEST(packets_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
