/* SPDX-License-Identifier: BSD-2-Clause */
/* Local disks: the table of drives, which one is chosen, partitions, and what is entered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/physical.h"
#include "boot/localboot.h"
#include "cmdline/command.h"
#include "boot/partitions.h"
#include "lib/error.h"
#include "san/bios_disk.h"
#include "test/host/host.h"

#define SECTORS 4096u

static uint8_t memory[0x10000];

/* A disk of the BIOS. */
static struct disk {
	bool there, extensions, removable, broken;
	const char *bus;
	uint32_t block_size;
	uint64_t blocks;
	uint8_t heads, track_len;
	uint8_t data[SECTORS * 512];
} disks[4];

static unsigned entered_drive, entered_si, reads_by_lba, reads_by_chs;

static bool read_disk(struct disk *d, uint64_t lba, uint16_t offset)
{
	if (d->broken || (lba + 1) * d->block_size > sizeof(d->data))
		return false;
	memcpy(memory + offset, d->data + lba * d->block_size, d->block_size);
	return true;
}

static bool serve(struct disk *d, struct real_regs *regs)
{
	uint8_t *p = memory + (regs->esi & 0xffff);
	uint32_t cylinder = (regs->ecx >> 8 & 0xff) | (regs->ecx & 0xc0) << 2;

	switch (regs->eax >> 8 & 0xff) {
	case 0x00:
		return true;
	case 0x02:
		reads_by_chs++;
		return read_disk(d,
				 ((uint64_t)cylinder * d->heads + (regs->edx >> 8 & 0xff)) *
						 d->track_len +
					 (regs->ecx & 0x3f) - 1,
				 (uint16_t)regs->ebx);
	case 0x08:
		regs->ecx = 9u << 8 | d->track_len;
		regs->edx = (d->heads - 1u) << 8 | 1;
		return d->heads;
	case 0x41:
		regs->ebx = 0xaa55;
		regs->ecx = 1;
		return d->extensions;
	case 0x42:
		reads_by_lba++;
		return d->extensions && read_disk(d, get_le64(p + 8), get_le16(p + 4));
	case 0x48:
		p = low_buffer();
		put_le16(p + 2, d->removable ? 4 : 0);
		put_le64(p + 16, d->blocks);
		put_le16(p + 24, (uint16_t)d->block_size);
		put_le16(p + 30, d->bus ? 0xbedd : 0);
		memcpy(p + 40, d->bus ? d->bus : "        ", 8);
		return d->extensions;
	default:
		return false;
	}
}

static void bios(uint8_t number, struct real_regs *regs)
{
	unsigned i = (regs->edx & 0xff) - 0x80;

	assert_int_equal(number, 0x13);
	if (i < ARRAY_SIZE(disks) && disks[i].there && serve(&disks[i], regs)) {
		regs->eflags &= ~FLAG_CARRY;
	} else {
		regs->eflags |= FLAG_CARRY;
		regs->eax = 0x0100;
	}
}

static int enter(uint16_t segment, uint16_t offset, uint16_t ss, uint16_t sp,
		 struct real_regs *regs)
{
	assert_int_equal(offset, 0x7c00);
	entered_drive = regs->edx & 0xff;
	entered_si = regs->esi & 0xffff;
	return GUEST_INT18;
}

static struct disk *add(unsigned i)
{
	struct disk *d = &disks[i];

	memset(d, 0, sizeof(*d));
	d->there = d->extensions = true;
	d->block_size = 512;
	d->blocks = SECTORS;
	d->bus = "ATA     ";
	d->heads = 16;
	d->track_len = 63;
	if (memory[BDA_DISK_COUNT] <= i)
		memory[BDA_DISK_COUNT] = (uint8_t)(i + 1);
	return d;
}

static void bootable(struct disk *d, uint64_t lba)
{
	uint8_t *sector = d->data + lba * d->block_size;

	sector[0] = 0xeb;
	put_le16(sector + 510, 0xaa55);
}

static void table(struct disk *d, uint64_t lba, unsigned i, uint8_t type, uint32_t start,
		  uint32_t count)
{
	uint8_t *sector = d->data + lba * d->block_size, *entry = sector + 446 + 16 * i;

	entry[4] = type;
	put_le32(entry + 8, start);
	put_le32(entry + 12, count);
	put_le16(sector + 510, 0xaa55);
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	memset(memory, 0, sizeof(memory));
	memset(disks, 0, sizeof(disks));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	host_bios_call = bios;
	host_real_enter = enter;
	entered_drive = entered_si = reads_by_lba = reads_by_chs = 0;
	return 0;
}

static int teardown(void **state)
{
	physical_memory = NULL;
	physical_memory_size = 0;
	return 0;
}

static void said(const char *text)
{
	if (!strstr(host_output(), text))
		print_error("missing: %s\nin: %s\n", text, host_output());
	assert_non_null(strstr(host_output(), text));
}

/* ---- Which disk ---- */

static void the_first_that_can_be_booted(void **state)
{
	add(0)->removable = true;
	bootable(&disks[0], 0);
	add(1)->bus = "USB     ";
	bootable(&disks[1], 0);
	add(2);
	put_le16(disks[2].data + 510, 0xaa55); /* a table, and no code */
	bootable(add(3), 0);
	assert_int_equal(localboot(LOCALBOOT_FIRST, 0), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_drive, 0x83);
	said("0x82: drive 0x82 is not bootable by a BIOS");
	said("Booting from drive 0x83 (2048 KiB, ATA, hard disk)\n");
	/* One that is named is booted whatever it is. */
	assert_int_equal(localboot(0x81, 0), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_drive, 0x81);
}

static void the_table(void **state)
{
	bootable(add(0), 0);
	disks[0].removable = true;
	add(1)->extensions = false;
	disks[1].blocks = 0;
	add(2)->blocks = 1ull << 32;
	assert_int_equal(localboot(LOCALBOOT_FIRST, 0), E_LOCAL_NOT_BOOTABLE);
	said("Disks that the BIOS offers:\n"
	     "  0x80  2048 KiB      ATA       removable disk\n"
	     "  0x81  5040 KiB                hard disk\n"
	     "  0x82  2048 GiB      ATA       hard disk\n");
}

static void nothing_there(void **state)
{
	assert_int_equal(command_line("localboot --partition 0"), E_INVALID);
	assert_int_equal(command_line("localboot --partition 0x100000001"), E_INVALID);
	assert_int_equal(localboot(LOCALBOOT_FIRST, 0), E_LOCAL_NO_DISK);
	said("Disks that the BIOS offers: none\n");
	assert_int_equal(localboot(LOCALBOOT_FIRST, 2), E_LOCAL_NO_DISK);
	assert_int_equal(localboot(0x80, 0), E_SAN_READ);
	assert_int_equal(entered_drive, 0);
}

static void a_broken_disk_is_passed_over(void **state)
{
	bootable(add(0), 0);
	disks[0].broken = true;
	bootable(add(1), 0);
	assert_int_equal(localboot(LOCALBOOT_FIRST, 0), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_drive, 0x81);
	said("0x80: the BIOS cannot read sector 0 of drive 0x80 (INT 13h status 01)");
}

static void drive_names(void **state)
{
	static const char *const bad[] = {"hd", "hd200", "fd2", "sda", "", "0x7f", "0x1000"};
	unsigned drive;

	assert_int_equal(localboot_drive("hd1", &drive), 0);
	assert_int_equal(drive, 0x81);
	assert_int_equal(localboot_drive("fd0", &drive), 0);
	assert_int_equal(drive, 0);
	assert_int_equal(localboot_drive("0x82", &drive), 0);
	assert_int_equal(drive, 0x82);
	assert_int_equal(localboot_drive("0", &drive), 0); /* habit of other firmware */
	assert_int_equal(drive, 0x80);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_not_equal(localboot_drive(bad[i], &drive), 0);
}

/* ---- Partitions ---- */

static int boot_partition(unsigned number)
{
	entered_drive = 0;
	return localboot(LOCALBOOT_FIRST, number);
}

static void partitions_of_an_mbr(void **state)
{
	struct disk *d = add(0);

	table(d, 0, 0, 0x83, 100, 50);
	table(d, 0, 1, 0x0f, 1000, 2000);
	table(d, 1000, 0, 0x83, 10, 20);
	table(d, 1000, 1, 0x05, 500, 100);
	table(d, 1500, 0, 0x83, 10, 20);
	table(d, 1500, 1, 0x05, 700, 100); /* counted from the extended partition */
	table(d, 1700, 0, 0x83, 10, 20);
	bootable(d, 100);
	bootable(d, 1510);
	bootable(d, 1710);
	assert_int_equal(boot_partition(1), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_si, 0x7be);
	assert_int_equal(get_le32(memory + 0x7be + 8), 100);
	assert_int_equal(boot_partition(6), E_SAN_BOOT_RETURNED);
	assert_int_equal(get_le32(memory + 0x7be + 8), 1510);
	assert_int_equal(boot_partition(5), E_SAN_NO_SIGNATURE);
	assert_int_equal(boot_partition(2), E_LOCAL_PARTITION);
	assert_int_equal(boot_partition(7), E_SAN_BOOT_RETURNED);
	assert_int_equal(get_le32(memory + 0x7be + 8), 1710);
	assert_int_equal(boot_partition(8), E_LOCAL_PARTITION);
	assert_int_equal(boot_partition(4000000000u), E_LOCAL_PARTITION);
	assert_true(reads_by_lba > 0);
	/* A BIOS without the extensions: by cylinder, head and sector. */
	d->extensions = false;
	reads_by_lba = 0;
	assert_int_equal(boot_partition(6), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_drive, 0x80);
	assert_int_equal(reads_by_lba, 0);
}

static void partitions_of_a_gpt(void **state)
{
	struct disk *d = add(0);
	uint8_t *header = d->data + 512, *entry = d->data + 1024 + 4 * 128;

	table(d, 0, 0, 0xee, 1, SECTORS - 1);
	memcpy(header, "EFI PART", 8);
	put_le64(header + 72, 2);
	put_le32(header + 80, 128);
	put_le32(header + 84, 128);
	memset(entry, 0x11, 32);
	put_le64(entry + 32, 2048);
	put_le64(entry + 40, 2100);
	bootable(d, 2048);
	assert_int_equal(boot_partition(5), E_SAN_BOOT_RETURNED);
	assert_int_equal(get_le32(memory + 0x7be + 8), 2048);
	assert_int_equal(get_le32(memory + 0x7be + 12), 53);
	assert_int_equal(boot_partition(4), E_LOCAL_PARTITION);
	assert_int_equal(boot_partition(129), E_LOCAL_PARTITION);
	put_le64(entry + 32, 1ull << 40);
	put_le64(entry + 40, 1ull << 41);
	assert_int_equal(boot_partition(5), E_LOCAL_PARTITION);
	put_le32(header + 84, 100);
	assert_int_equal(boot_partition(5), E_LOCAL_PARTITION);
}

/* A chain that bites its tail ends. */
static void circles(void **state)
{
	struct disk *d = add(0);

	table(d, 0, 0, 0x05, 1000, 2000);
	table(d, 1000, 1, 0x05, 8, 8);
	table(d, 1008, 1, 0x05, 8, 8);
	assert_int_equal(boot_partition(5), E_LOCAL_PARTITION);
	assert_true(reads_by_lba < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(the_first_that_can_be_booted), TEST(the_table),   TEST(nothing_there),
		TEST(a_broken_disk_is_passed_over), TEST(drive_names), TEST(partitions_of_an_mbr),
		TEST(partitions_of_a_gpt),	    TEST(circles),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
