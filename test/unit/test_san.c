/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooking, keeping, leaving and booting: san/hook.c, san/boot.c, san/guest.c, san/describe.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "san/drives.h"
#include "san/guest.h"
#include "san/san.h"
#include "test/host/block.h"
#include "test/host/host.h"
#include <cmocka.h>

#define MEMORY	  0x120000u
#define BLOCKS	  65536u
#define IBFT_HOME 0x9e000u

static uint8_t memory[MEMORY], data[BLOCKS * 512], bios_sector[512];
static struct host_block disk, second;
static const char *const one[] = {"mem:a"};
static const char *const two[] = {"mem:a", "mem:b"};
static struct real_regs entered;
static unsigned enters, ticks;
static bool hidden_while_running, tick_while_running;

static void bios(uint8_t number, struct real_regs *regs)
{
	assert_int_equal(number, 0x13);
	host_interrupt(GATE_INT13, regs);
}

static void bios_disk(enum gate_vector vector, struct real_regs *regs)
{
	regs->eflags |= FLAG_CARRY;
	regs->eax = 0x0100;
	if ((regs->edx & 0xff) != 0x80)
		return;
	regs->eflags &= ~FLAG_CARRY;
	regs->eax = 0;
	memcpy(memory + 0x7c00, bios_sector, 512);
}

static int enter(uint16_t segment, uint16_t offset, uint16_t ss, uint16_t sp,
		 struct real_regs *regs)
{
	assert_int_equal(segment, 0);
	assert_int_equal(offset, 0x7c00);
	entered = *regs;
	enters++;
	hidden_while_running = host_memmap_hidden;
	tick_while_running = host_gate_handler(GATE_INT08) != NULL;
	if (tick_while_running) {
		struct real_regs tick = {.eflags = FLAG_IF};

		assert_true(host_gate_handler(GATE_INT08)(&tick));
		ticks++;
	}
	return 1;
}

static void describe(struct host_block *block, const char *target, uint32_t address)
{
	struct ibft_params *p = &block->params;

	memset(p, 0, sizeof(*p));
	strcpy(p->initiator, "iqn.2010-04.org.ipxe:host1");
	memcpy(p->nic.mac, "\x52\x54\x00\x12\x34\x56", 6);
	p->target_count = 1;
	strcpy(p->target[0].name, target);
	p->target[0].address = address;
	p->target[0].port = 3260;
}

static int setup(void **state)
{
	struct nic *card;

	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	memset(memory, 0, sizeof(memory));
	memset(data, 0, sizeof(data));
	memset(bios_sector, 0, sizeof(bios_sector));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	memory[BDA_DISK_COUNT] = 1;
	host_bios_call = bios;
	host_gate_previous = bios_disk;
	host_real_enter = enter;
	enters = ticks = 0;
	host_block_init(&disk, data, BLOCKS, 512);
	host_block_init(&second, data, BLOCKS, 512);
	strcpy(disk.dev.description, "memory disk A");
	describe(&disk, "iqn.example:a", 0xc0000202);
	describe(&second, "iqn.example:b", 0xc0000203);
	card = host_card_add(0, NULL);
	assert_int_equal(nic_open(card), 0);
	setting_store("net0/ip", "192.0.2.57", SOURCE_DHCP);
	setting_store("net0/netmask", "255.255.255.0", SOURCE_DHCP);
	setting_store("net0/gateway", "192.0.2.1", SOURCE_DHCP);
	setting_store("net0/dns", "192.0.2.53", SOURCE_DHCP);
	host_output_clear();
	return 0;
}

static int teardown(void **state)
{
	guest_running(false);
	san_unhook_all();
	nic_close_all();
	host_card_reset();
	settings_reset();
	physical_memory = NULL;
	physical_memory_size = 0;
	return 0;
}

static void hook(struct host_block *block, bool describe_it)
{
	host_block_offer(block);
	assert_int_equal(san_hook(0x80, one, 1, describe_it), 0);
}

static void said(const char *text)
{
	if (!strstr(host_output(), text))
		print_error("missing: %s\nin: %s\n", text, host_output());
	assert_non_null(strstr(host_output(), text));
}

static bool table_present(void)
{
	return acpi_scan_ibft(0) != 0;
}

static void test_hook_describes(void **state)
{
	struct ibft_params params;

	hook(&disk, true);
	said("Registered SAN device 0x80\n0x80: memory disk A\n      32.0 MiB, 512-byte sectors");
	said("initiator iqn.2010-04.org.ipxe:host1");
	said("iBFT at 0x9e000: net0 52:54:00:12:34:56 pci ");
	said("192.0.2.57/24 dhcp, no gateway (target on link)");
	said("kept when this script ends: no");
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_string_equal(params.target[0].name, "iqn.example:a");
	assert_int_equal(params.nic.dns1, 0xc0000235);
	assert_int_equal(params.nic.origin, 3);
	host_output_clear();
	assert_int_equal(san_unhook(0x80), 0);
	said("Unregistered SAN device 0x80\n");
	assert_false(table_present());
	assert_int_equal(disk.closed, 1);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	for (unsigned i = 0; i < IBFT_MAX; i++) /* secrets do not stay behind */
		assert_int_equal(memory[IBFT_HOME + i], 0);
}

static void test_gateway(void **state)
{
	static const struct {
		const char *policy;
		uint32_t target, gateway;
	} cases[] = {
		{"", 0xc0000202, 0},
		{"auto", 0xc0000302, 0xc0000201},
		{"always", 0xc0000202, 0xc0000201},
		{"never", 0xc0000302, 0},
		{"sometimes", 0xc0000302, 0xc0000201},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ibft_params params;

		setting_store("ibft-gateway", cases[i].policy, SOURCE_SCRIPT);
		describe(&disk, "iqn.example:a", cases[i].target);
		hook(&disk, true);
		assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
		assert_int_equal(params.nic.gateway, cases[i].gateway);
		san_unhook(0x80);
	}
	said("Warning: ibft-gateway=sometimes");
}

/* One target on link, the other behind the router: as second path, and as second drive. */
static void test_gateway_for_any_target(void **state)
{
	struct ibft_params params;

	describe(&second, "iqn.example:b", 0xc0000302);
	host_block_offer(&disk);
	host_block_offer(&second);
	assert_int_equal(san_hook(0x80, two, 2, true), 0);
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.target_count, 2);
	assert_int_equal(params.nic.gateway, 0xc0000201);
	said("gateway 192.0.2.1");
	san_unhook(0x80);
	hook(&disk, true);
	host_block_offer(&second);
	assert_int_equal(san_hook(0x81, one, 1, true), 0);
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.target_count, 2);
	assert_int_equal(params.nic.gateway, 0xc0000201);
}

static void test_no_describe(void **state)
{
	hook(&disk, false);
	assert_false(table_present());
	said("no iBFT (--no-describe)");
}

static void test_static_address(void **state)
{
	struct ibft_params params;

	setting_store("net0/ip", "192.0.2.57", SOURCE_SCRIPT);
	hook(&disk, true);
	said("/24 static");
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.nic.origin, 1);
}

static void test_hook_failures(void **state)
{
	const char *unknown[] = {"smb:server/disk"}, *none[] = {"disk"}, *empty[] = {""};
	unsigned blocks = host_heap_blocks();

	assert_int_equal(san_hook(0x80, one, 1, true), E_NOT_FOUND);
	assert_string_equal(error_text(),
			    "Could not open SAN device: mem:a: no memory disk is offered");
	assert_int_equal(san_hook(0x80, unknown, 1, true), E_SAN_SCHEME);
	assert_int_equal(san_hook(0x80, none, 1, true), E_SAN_SCHEME);
	assert_int_equal(san_hook(0x80, empty, 1, true), E_SAN_SCHEME);
	assert_int_equal(san_hook(0x10, one, 1, true), E_SAN_DRIVE_NUMBER);
	disk.fail_rc = E_SCSI_MEDIUM;
	disk.fail_lba = 0;
	host_block_offer(&disk);
	assert_int_equal(san_hook(0x80, one, 1, true), E_SCSI_MEDIUM);
	assert_int_equal(disk.closed, 1);
	disk.fail_rc = 0;
	disk.dev.block_size = 520;
	host_block_offer(&disk);
	assert_int_equal(san_hook(0x80, one, 1, true), E_SAN_BLOCK_SIZE);
	disk.dev.block_size = 512;
	disk.params.initiator[0] = '\0';
	host_block_offer(&disk);
	assert_int_equal(san_hook(0x80, one, 1, true), E_IBFT_INCOMPLETE);
	assert_non_null(strstr(error_text(), "Could not describe SAN devices"));
	assert_int_equal(disk.closed, 3);
	assert_false(san_any_hooked());
	assert_null(host_gate_handler(GATE_INT13));
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	assert_int_equal(host_heap_blocks(), blocks);
}

static void test_out_of_memory(void **state)
{
	unsigned blocks = host_heap_blocks();

	for (unsigned n = 1; n < 4; n++) {
		host_block_offer(&disk);
		host_heap_fail(n, true);
		assert_int_equal(san_hook(0x80, one, 1, true), E_NO_MEMORY);
		host_heap_fail(0, false);
		assert_int_equal(host_heap_blocks(), blocks);
		assert_int_equal(disk.closed, n);
	}
}

static void test_in_use(void **state)
{
	hook(&disk, true);
	assert_int_equal(san_hook(0x80, one, 1, true), E_SAN_DRIVE_IN_USE);
	assert_non_null(strstr(error_text(), "memory disk A"));
	assert_true(table_present()); /* the first is as it was */
}

static void test_several_paths(void **state)
{
	struct ibft_params params;

	host_block_offer(NULL); /* the first path is dead */
	host_block_offer(&second);
	assert_int_equal(san_hook(0x80, two, 2, true), 0);
	said("Path 1 of 2: mem:a: no memory disk is offered");
	san_unhook(0x80);
	host_block_offer(&disk);
	host_block_offer(&second);
	assert_int_equal(san_hook(0x80, two, 2, true), 0);
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.target_count, 2);
	assert_string_equal(params.target[1].name, "iqn.example:b");
	assert_int_equal(second.closed, 2);
	san_unhook(0x80);
	assert_int_equal(san_hook(0x80, two, 2, true), E_SAN_NO_PATH);
}

static void test_cancel_ends_all_paths(void **state)
{
	const char *paths[] = {"mem:cancelled", "mem:b"};

	assert_int_equal(san_hook(0x80, paths, 2, true), E_CANCELLED);
	assert_false(san_any_hooked());
}

static void test_two_drives_one_table(void **state)
{
	struct ibft_params params;

	hook(&disk, true);
	host_block_offer(&second);
	assert_int_equal(san_hook(0x81, one, 1, true), 0);
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.target_count, 2);
	san_unhook(0x80);
	assert_int_equal(ibft_parse(memory + IBFT_HOME, IBFT_MAX, &params), 0);
	assert_int_equal(params.target_count, 1);
	assert_string_equal(params.target[0].name, "iqn.example:b");
}

/* ---- Keeping ---- */

static void test_keep_where_it_was_set(void **state)
{
	static const struct {
		const char *name;
		enum setting_source source;
		const char *shown;
	} cases[] = {
		{"net0/keep-san", SOURCE_CMDLINE, "yes (net0/keep-san, command line)"},
		{"keep-san", SOURCE_SCRIPT, "yes (keep-san, script)"},
		{"net0.dhcp/keep-san", SOURCE_DHCP, "yes (net0.dhcp/keep-san, DHCP)"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		setting_store(cases[i].name, "1", cases[i].source);
		host_output_clear();
		hook(&disk, true);
		said(cases[i].shown);
		assert_true(san_keeps(0x80));
		san_unhook(0x80);
		setting_store(cases[i].name, "", SOURCE_SCRIPT);
	}
	setting_store("keep-san", "0", SOURCE_SCRIPT);
	hook(&disk, true);
	said("no (keep-san, script)");
	assert_false(san_keeps(0x80));
	host_block_offer(&second);
	assert_int_equal(san_hook(0x81, one, 1, true), 0);
	san_set_keep(0x80);
	assert_true(san_keeps(0x80));
	assert_false(san_keeps(0x81));
	assert_false(san_keeps(0x82));
}

static void test_exit_without_keep(void **state)
{
	hook(&disk, true);
	host_output_clear();
	san_prepare_exit();
	said("SAN device 0x80 is not kept: keep-san is not set (set keep-san 1, or set "
	     "net0/keep-san 1)");
	said("Unregistered SAN device 0x80");
	assert_false(san_any_hooked());
	assert_false(table_present());
	assert_false(host_memmap_hidden);
	assert_null(host_gate_handler(GATE_INT13));
	assert_null(host_gate_handler(GATE_INT08));
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
}

static void test_exit_with_keep(void **state)
{
	setting_store("keep-san", "1", SOURCE_SCRIPT);
	hook(&disk, true);
	host_output_clear();
	san_prepare_exit();
	said("Preserving SAN device 0x80\n");
	assert_true(table_present());
	assert_true(host_memmap_hidden);
	assert_non_null(host_gate_handler(GATE_INT13));
	assert_non_null(host_gate_handler(GATE_INT08));
	assert_true(guest_is_running());
	host_output_clear();
	san_prepare_exit(); /* once more on the way out */
	assert_string_equal(host_output(), "");
}

static void test_poll_turned_off(void **state)
{
	setting_store("keep-san", "1", SOURCE_SCRIPT);
	setting_store("san-poll", "0", SOURCE_SCRIPT);
	hook(&disk, true);
	san_prepare_exit();
	assert_null(host_gate_handler(GATE_INT08));
	setting_store("san-poll", "", SOURCE_SCRIPT);
}

static void test_nothing_hooked(void **state)
{
	san_prepare_exit();
	assert_string_equal(host_output(), "");
	assert_false(guest_is_running());
	assert_int_equal(san_unhook(0x80), 0);
	said("SAN device 0x80 was not registered");
}

/* ---- Booting ---- */

static void test_boot(void **state)
{
	for (unsigned i = 0; i < 510; i++)
		data[i] = (uint8_t)i;
	put_le16(data + 510, 0xaa55);
	hook(&disk, true);
	host_output_clear();
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	said("Booting from SAN device 0x80\n");
	said("Boot from SAN device 0x80 failed: Operation canceled");
	assert_int_equal(enters, 1);
	assert_int_equal(entered.edx, 0x80);
	assert_int_equal(entered.eax | entered.ebx | entered.ecx | entered.esi | entered.edi |
				 entered.ebp | entered.ds | entered.es,
			 0);
	assert_true(entered.eflags & FLAG_IF);
	assert_memory_equal(memory + 0x7c00, data, 512);
	assert_true(hidden_while_running);
	assert_true(tick_while_running);
	assert_false(host_memmap_hidden);
	assert_null(host_gate_handler(GATE_INT08));
	assert_true(san_is_hooked(0x80)); /* unhooking is the caller's decision */
	assert_true(nic_find("net0")->open);
}

static void test_boot_blank(void **state)
{
	hook(&disk, true);
	assert_int_equal(san_boot(0x80), E_SAN_NO_SIGNATURE);
	said("Boot from SAN device 0x80 failed: drive 0x80 is not bootable");
	assert_int_equal(enters, 0);
	assert_false(host_memmap_hidden);
}

static void test_boot_iso(void **state)
{
	static const uint32_t sizes[] = {512, 2048, 4096};

	memcpy(data + 32769, "CD001", 5);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		host_block_init(&disk, data, sizeof(data) / sizes[i], sizes[i]);
		hook(&disk, true);
		assert_int_equal(san_boot(0x80), E_SAN_CD_IMAGE);
		san_unhook(0x80);
	}
}

static void test_boot_large_sectors(void **state)
{
	static const uint32_t sizes[] = {2048, 4096};

	data[0] = 0xeb;
	put_le16(data + 510, 0xaa55);
	data[4000] = 0x77;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		host_block_init(&disk, data, sizeof(data) / sizes[i], sizes[i]);
		hook(&disk, true);
		assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
		assert_memory_equal(memory + 0x7c00, data, sizes[i]);
		san_unhook(0x80);
	}
	assert_int_equal(enters, 2);
}

static void test_boot_read_error(void **state)
{
	put_le16(data + 510, 0xaa55);
	hook(&disk, true);
	disk.fail_rc = E_ISCSI_LOST;
	assert_int_equal(san_boot(0x80), E_ISCSI_LOST);
	said("Boot from SAN device 0x80 failed: the memory disk fails");
}

static void test_boot_local(void **state)
{
	put_le16(bios_sector + 510, 0xaa55);
	assert_int_equal(san_boot(0x80), E_SAN_NO_CODE); /* zeros are no program */
	bios_sector[0] = 0xeb;
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_int_equal(entered.edx, 0x80);
	assert_true(nic_find("net0")->open); /* it came back with us */
	hook(&disk, true);
	assert_int_equal(san_boot(0x81), E_SAN_BOOT_RETURNED); /* there it is now */
	assert_int_equal(entered.edx, 0x81);
	assert_int_equal(san_boot(0x83), E_SAN_READ);
	said("Boot from SAN device 0x83 failed: the BIOS cannot read sector 0 of drive 0x83");
}

/* ---- Numbers ---- */

static void test_numbers(void **state)
{
	unsigned drive = 0;

	assert_int_equal(san_drive_number(0x80, &drive), 0);
	assert_int_equal(drive, 0x80);
	assert_int_equal(san_drive_number(0, &drive), 0);
	assert_int_equal(drive, 0x80);
	said("Note: drive 0 is the floppy");
	assert_int_equal(san_drive_number(0xff, &drive), 0);
	assert_int_equal(drive, 0x81);
	assert_int_equal(san_drive_number(0x7f, &drive), E_SAN_DRIVE_NUMBER);
	assert_int_equal(san_drive_number(0x180, &drive), E_SAN_DRIVE_NUMBER);
	assert_int_equal(san_drive_number(1ull << 32 | 0x80, &drive), E_SAN_DRIVE_NUMBER);
	assert_int_equal(san_default_drive(), 0x80);
	setting_store("san-drive", "0x82", SOURCE_SCRIPT);
	assert_int_equal(san_default_drive(), 0x82);
	setting_store("san-drive", "5", SOURCE_SCRIPT);
	assert_int_equal(san_default_drive(), 0x80);
}

static void test_skip_boot(void **state)
{
	hook(&disk, true);
	assert_false(san_skip_boot(0x80));
	setting_store("net0/skip-san-boot", "1", SOURCE_SCRIPT);
	assert_true(san_skip_boot(0x80));
	setting_store("net0/skip-san-boot", "", SOURCE_SCRIPT);
	setting_store("skip-san-boot", "1", SOURCE_SCRIPT);
	assert_true(san_skip_boot(0x80));
}

static void test_list(void **state)
{
	san_print();
	said("No SAN drive is hooked.");
	hook(&disk, true);
	host_output_clear();
	san_print();
	said("geometry 4/255/63, natural number 0x81 (there the BIOS' own disk answers)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_hook_describes),
		T(test_gateway),
		T(test_gateway_for_any_target),
		T(test_no_describe),
		T(test_static_address),
		T(test_hook_failures),
		T(test_out_of_memory),
		T(test_in_use),
		T(test_several_paths),
		T(test_cancel_ends_all_paths),
		T(test_two_drives_one_table),
		T(test_keep_where_it_was_set),
		T(test_exit_without_keep),
		T(test_exit_with_keep),
		T(test_poll_turned_off),
		T(test_nothing_hooked),
		T(test_boot),
		T(test_boot_blank),
		T(test_boot_iso),
		T(test_boot_large_sectors),
		T(test_boot_read_error),
		T(test_boot_local),
		T(test_numbers),
		T(test_skip_boot),
		T(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
