/* SPDX-License-Identifier: BSD-2-Clause */
/* CDs: boot catalogs (san/eltorito.c), finding and loading (san/cd.c), booting and INT 13h AH=4Bh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "san/cd.h"
#include "san/int13.h"
#include "san/san.h"
#include "test/host/block.h"
#include "test/host/host.h"
#include <cmocka.h>

#define MEMORY	0x120000u
#define SECTORS 400u /* of 2048 bytes */
#define CATALOG 40u
#define IMAGE	50u
#define PACKET	0x600u

static uint8_t memory[MEMORY], data[SECTORS * CD_SECTOR];
static struct host_block disk;
static const char *const path[] = {"mem:"};
static struct real_regs entered;
static uint16_t entered_segment, entered_offset;
static unsigned enters;
static void (*while_running)(void); /* what the program that was booted does */

static void bios(uint8_t number, struct real_regs *regs)
{
	assert_int_equal(number, 0x13);
	host_interrupt(GATE_INT13, regs);
}

static int enter(uint16_t segment, uint16_t offset, uint16_t ss, uint16_t sp,
		 struct real_regs *regs)
{
	entered = *regs;
	entered_segment = segment;
	entered_offset = offset;
	enters++;
	if (while_running)
		while_running();
	return 1;
}

static uint8_t *sector(unsigned lba)
{
	return data + lba * CD_SECTOR;
}

static void seal(uint8_t *entry)
{
	uint16_t sum = 0;

	put_le16(entry + 28, 0);
	for (unsigned i = 0; i < 32; i += 2)
		sum = (uint16_t)(sum + get_le16(entry + i));
	put_le16(entry + 28, (uint16_t)-sum);
}

static void validation(uint8_t platform)
{
	uint8_t *p = sector(CATALOG);

	memset(p, 0, 32);
	p[0] = 1;
	p[1] = platform;
	memcpy(p + 4, "test", 4);
	p[30] = 0x55;
	p[31] = 0xaa;
	seal(p);
}

static void entry(unsigned index, uint8_t kind, uint8_t media, uint16_t segment, uint16_t sectors,
		  uint32_t lba)
{
	uint8_t *p = sector(CATALOG) + index * 32;

	memset(p, 0, 32);
	p[0] = kind;
	p[1] = media;
	put_le16(p + 2, segment);
	put_le16(p + 6, sectors);
	put_le32(p + 8, lba);
}

static void header(unsigned index, uint8_t kind, uint8_t platform, uint16_t count)
{
	uint8_t *p = sector(CATALOG) + index * 32;

	memset(p, 0, 32);
	p[0] = kind;
	p[1] = platform;
	put_le16(p + 2, count);
}

static void descriptor(unsigned lba, uint8_t type)
{
	uint8_t *p = sector(lba);

	memset(p, 0, CD_SECTOR);
	p[0] = type;
	memcpy(p + 1, "CD001\1", 6);
	if (type)
		return;
	strcpy((char *)p + 7, "EL TORITO SPECIFICATION");
	put_le32(p + 0x47, CATALOG);
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	memset(memory, 0xcc, sizeof(memory));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	memory[BDA_DISK_COUNT] = 1;
	put_le16(memory + BDA_BASE_MEMORY, 630);
	srand(5);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rand();
	memset(data, 0, 512);
	memset(sector(CATALOG), 0, CD_SECTOR);
	descriptor(16, 1);
	descriptor(17, 0);
	descriptor(18, 255);
	validation(0);
	entry(1, 0x88, 0, 0, 4, IMAGE);
	host_block_init(&disk, data, SECTORS * 4, 512);
	disk.dev.read_only = true;
	host_bios_call = bios;
	host_real_enter = enter;
	enters = 0;
	while_running = NULL;
	return 0;
}

static int teardown(void **state)
{
	san_unhook_all();
	physical_memory = NULL;
	physical_memory_size = 0;
	return host_heap_used() != 0;
}

static struct san_drive *hook(unsigned number)
{
	int rc;

	host_block_offer(&disk);
	rc = san_hook(number, path, 1, false);
	if (rc)
		print_error("%s\n", error_text());
	assert_int_equal(rc, 0);
	return drive_find(number);
}

static uint8_t call(struct real_regs *regs)
{
	int13_handler(regs);
	return reg_ah(regs);
}

/* ---- Catalogs ---- */

static struct eltorito boot;

static int parse(void)
{
	/* Of its exact size, so that ASan sees what lies beyond. */
	uint8_t *catalog = malloc(CD_SECTOR);
	int rc;

	memcpy(catalog, sector(CATALOG), CD_SECTOR);
	rc = eltorito_parse(catalog, &boot);
	free(catalog);
	return rc;
}

static void test_catalog(void **state)
{
	assert_int_equal(parse(), 0);
	assert_int_equal(boot.media, MEDIA_NO_EMULATION);
	assert_int_equal(boot.segment, 0x7c0);
	assert_int_equal(boot.sectors, 4);
	assert_true(boot.lba == IMAGE);
	entry(1, 0x88, 0x22, 0x1234, 1, 99);
	assert_int_equal(parse(), 0);
	assert_int_equal(boot.media, MEDIA_1440K);
	assert_int_equal(boot.segment, 0x1234);
}

static void test_damaged_catalogs(void **state)
{
	sector(CATALOG)[5] ^= 1;
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
	validation(0);
	sector(CATALOG)[31] = 0;
	seal(sector(CATALOG));
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
	validation(0);
	entry(1, 0x00, 0, 0, 4, IMAGE);
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
	assert_non_null(strstr(error_text(), "nothing for BIOS machines"));
	entry(1, 0x88, 5, 0, 4, IMAGE);
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
}

/* A section may say that it has more entries than the sector holds. */
static void test_sections(void **state)
{
	validation(0xef);
	entry(1, 0x88, 0, 0, 4, 1);
	header(2, 0x90, 0xef, 1);
	entry(3, 0x88, 0, 0, 4, 2);
	header(4, 0x91, 0, 2);
	entry(5, 0x00, 0, 0, 4, 3);
	entry(6, 0x88, 0, 0, 8, IMAGE);
	assert_int_equal(parse(), 0);
	assert_true(boot.lba == IMAGE && boot.sectors == 8);
	header(4, 0x91, 0xef, 0xffff);
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
	header(4, 0x90, 0xef, 0xffff); /* and another section is to follow */
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
	header(4, 0x91, 0, 0xffff);
	entry(6, 0, 0, 0, 0, 0);
	assert_int_equal(parse(), E_SAN_CD_CATALOG);
}

/* ---- Finding ---- */

static void test_sectors_become_2048(void **state)
{
	struct san_drive *drive = hook(0x80);

	assert_true(drive->cd.found);
	assert_int_equal(drive->dev->block_size, 2048);
	assert_true(drive->dev->blocks == SECTORS);
	for (unsigned lba = 0; lba < 30; lba += 3) {
		struct real_regs regs = {.edx = 0x80, .eax = 0x4200, .esi = PACKET};

		memset(memory + PACKET, 0, 16);
		memory[PACKET] = 16;
		memory[PACKET + 2] = 3;
		put_le16(memory + PACKET + 6, 0x2000);
		put_le32(memory + PACKET + 8, lba);
		assert_int_equal(call(&regs), 0);
		assert_memory_equal(memory + 0x20000, sector(lba), 3 * 2048);
	}
}

static void test_cd_of_2048(void **state)
{
	host_block_init(&disk, data, SECTORS, 2048);
	assert_true(hook(0x80)->cd.found);
}

static void test_hard_disk_with_an_old_cd(void **state)
{
	put_le16(data + 510, 0xaa55);
	assert_true(hook(0x80)->cd.found); /* read-only: a hybrid ISO */
	san_unhook(0x80);
	disk.dev.read_only = false;
	assert_false(hook(0x80)->cd.found);
	assert_int_equal(drive_find(0x80)->dev->block_size, 512);
	san_unhook(0x80);
	put_le16(data + 510, 0);
	assert_true(hook(0x80)->cd.found);
}

static void test_no_cd(void **state)
{
	descriptor(17, 255);
	assert_false(hook(0x80)->cd.found);
	san_unhook(0x80);
	for (unsigned i = 17; i < SECTORS; i++) /* descriptors without end */
		descriptor(i, 2);
	assert_false(hook(0x80)->cd.found);
	san_unhook(0x80);
	host_block_init(&disk, data, 40, 512);
	assert_false(hook(0x80)->cd.found);
}

/* A CD's number is no hard disk's: the count stays. */
static void test_number_e0(void **state)
{
	struct real_regs regs = {.edx = 0xe0, .eax = 0x4100, .ebx = 0x55aa};

	hook(0xe0);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	assert_int_equal(call(&regs), 0x30);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	san_unhook(0xe0);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
}

/* ---- Booting ---- */

static void test_boot(void **state)
{
	hook(0xe0);
	assert_int_equal(san_boot(0xe0), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_int_equal(entered_segment, 0x7c0);
	assert_int_equal(entered_offset, 0);
	assert_int_equal(entered.edx, 0xe0);
	assert_memory_equal(memory + 0x7c00, sector(IMAGE), 2048);
	assert_int_equal(memory[0x7c00 + 2048], 0xcc);
}

static void test_boot_image_of_odd_size(void **state)
{
	entry(1, 0x88, 0, 0x2000, 5, IMAGE);
	hook(0x80);
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	assert_int_equal(entered_segment, 0x2000);
	assert_memory_equal(memory + 0x20000, sector(IMAGE), 5 * 512);
	assert_int_equal(memory[0x20000 + 5 * 512], 0xcc);
}

static void test_boot_images_that_do_not_fit(void **state)
{
	static const struct {
		uint16_t segment, sectors;
		uint32_t lba;
		int rc;
	} cases[] = {
		{0x7c0, 0xffff, 0, E_SAN_CD_CATALOG},	 /* 32 MB */
		{0x9d00, 40, IMAGE, E_SAN_CD_CATALOG},	 /* over what lies at the end */
		{0xffff, 4, IMAGE, E_SAN_CD_CATALOG},	 /* above */
		{0x0001, 4, IMAGE, E_SAN_CD_CATALOG},	 /* over interrupt vectors */
		{0, 4, SECTORS, E_SAN_OUT_OF_RANGE},	 /* beyond the end */
		{0, 5, SECTORS - 1, E_SAN_OUT_OF_RANGE}, /* half of it */
		{0, 4, 0xffffffff, E_SAN_OUT_OF_RANGE},
	};

	hook(0x80);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		entry(1, 0x88, 0, cases[i].segment, cases[i].sectors, cases[i].lba);
		assert_int_equal(san_boot(0x80), cases[i].rc);
	}
	put_le32(sector(17) + 0x47, 0xfffffff0);
	san_unhook(0x80);
	hook(0x80);
	assert_int_equal(san_boot(0x80), E_SAN_OUT_OF_RANGE);
	assert_int_equal(enters, 0);
}

/* ---- Emulation ---- */

static struct real_regs at(unsigned drive, unsigned ax)
{
	return (struct real_regs){.eax = ax, .edx = drive, .esi = PACKET};
}

/* CHS read of one sector to 2000:0000. */
static uint8_t read_chs(unsigned drive, unsigned cylinder, unsigned head, unsigned sector_number)
{
	struct real_regs regs = at(drive, 0x0201);

	regs.ecx = cylinder << 8 | sector_number;
	regs.edx |= head << 8;
	regs.es = 0x2000;
	return call(&regs);
}

static const uint8_t *image(unsigned lba)
{
	return sector(IMAGE) + lba * 512;
}

/* The BIOS' own drives: which of them was asked. */
static unsigned bios_asked;

static void bios_drive(enum gate_vector vector, struct real_regs *regs)
{
	bios_asked = regs->edx & 0xff;
	regs->eflags &= ~FLAG_CARRY;
	regs->eax = 0;
}

static unsigned asked_for(unsigned number)
{
	struct real_regs regs = at(number, 0x0201);

	bios_asked = 0xfff;
	host_interrupt(GATE_INT13, &regs);
	assert_int_equal(regs.edx & 0xff, number);
	return bios_asked;
}

static void floppy_runs(void)
{
	struct real_regs regs = at(0, 0x0800);
	const uint8_t *p = memory + PACKET;

	assert_int_equal(entered.edx, 0);
	assert_int_equal(entered_segment, 0);
	assert_int_equal(entered_offset, 0x7c00);
	assert_memory_equal(memory + 0x7c00, image(0), 512);
	assert_int_equal(memory[0x7c00 + 512], 0xcc);
	put_le32(memory + 0x78, 0xf000efc7);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(regs.ebx & 0xff, 4);
	assert_int_equal(regs.ecx, 79 << 8 | 18);
	assert_int_equal(regs.edx, 1 << 8 | 2); /* two floppy drives now */
	assert_int_equal(regs.es << 16 | regs.edi, 0xf000efc7);
	assert_int_equal(get_le16(memory + BDA_EQUIPMENT), 0x4761);
	/* Sectors at every place within those of the CD, across and whole. */
	for (unsigned lba = 0; lba < 40; lba++) {
		assert_int_equal(read_chs(0, lba / 36, lba / 18 % 2, lba % 18 + 1), 0);
		assert_memory_equal(memory + 0x20000, image(lba), 512);
	}
	regs = at(0, 0x0211);
	regs.ecx = 2;
	regs.es = 0x2000;
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(memory + 0x20000, image(1), 17 * 512);
	assert_int_equal(read_chs(0, 80, 0, 1), INT13_NOT_FOUND);
	regs = at(0, 0x1500);
	assert_int_equal(call(&regs), 1);
	regs = at(0, 0x0301);
	regs.ecx = 1;
	assert_int_equal(call(&regs), INT13_WRITE_PROTECTED);
	regs = at(0, 0x4100);
	regs.ebx = 0x55aa;
	assert_int_equal(call(&regs), INT13_INVALID);
	/* The others: A: is B:, hard disks stay, the CD is no hard disk. */
	assert_int_equal(asked_for(1), 0);
	assert_int_equal(asked_for(0x80), 0x80);
	assert_int_equal(memory[BDA_DISK_COUNT], 1);
	regs = at(0xe0, 0x4b01);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(p[1], MEDIA_1440K);
	assert_int_equal(p[2], 0);
	assert_int_equal(get_le32(p + 4), IMAGE);
	assert_int_equal(get_le32(p + 16) & 0xffffff, 1 << 16 | 18 << 8 | 79);
}

static void test_floppy(void **state)
{
	entry(1, 0x88, MEDIA_1440K, 0, 1, IMAGE);
	put_le16(memory + BDA_EQUIPMENT, 0x4721); /* one floppy drive, and other things */
	host_gate_previous = bios_drive;
	while_running = floppy_runs;
	hook(0x80);
	host_output_clear();
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_non_null(strstr(host_output(), "Drive 0x00 is the CD's image of a 1.44 MB floppy "
					      "disk, read-only; the CD is drive 0xe0"));
	assert_int_equal(get_le16(memory + BDA_EQUIPMENT), 0x4721);
	assert_int_equal(asked_for(0), 0);
	assert_non_null(drive_find(0x80));
	assert_null(drive_find(0xe0));
}

static void end_of_emulation(void)
{
	struct real_regs regs = at(0, 0x4b01);
	uint8_t *p = memory + PACKET;

	assert_int_equal(call(&regs), 0); /* asked of the emulated drive */
	assert_int_equal(read_chs(0, 0, 0, 1), 0);
	regs = at(0x7f, 0x4b00);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(asked_for(0), 0); /* the BIOS' own again */
	assert_int_equal(get_le16(memory + BDA_EQUIPMENT), 0);
	regs = at(0xe0, 0x4b01);
	assert_int_equal(call(&regs), INT13_INVALID);
	/* Another image, as a hard disk. */
	memset(p, 0, 19);
	p[0] = 19;
	p[1] = MEDIA_HARD_DISK;
	p[2] = 0x80;
	put_le32(p + 4, IMAGE + 8);
	regs = at(0xe0, 0x4a00);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(read_chs(0x80, 0, 0, 1), 0);
	assert_memory_equal(memory + 0x20000, image(32), 512);
	regs = at(0xe0, 0x4a00);
	assert_int_equal(call(&regs), INT13_INVALID); /* one at a time */
	regs = at(0x80, 0x4b00);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(asked_for(0x80), 0x80);
	/* Images that there are not. */
	put_le32(p + 4, SECTORS);
	p[1] = MEDIA_HARD_DISK;
	p[2] = 0x80;
	regs = at(0xe0, 0x4a00);
	assert_int_equal(call(&regs), INT13_INVALID);
	put_le32(p + 4, IMAGE);
	p[2] = 0;
	regs = at(0xe0, 0x4a00);
	assert_int_equal(call(&regs), INT13_INVALID);
	p[1] = 5;
	regs = at(0xe0, 0x4a00);
	assert_int_equal(call(&regs), INT13_INVALID);
	/* The catalog. */
	memset(p, 0, 8);
	p[0] = 8;
	p[1] = 1;
	put_le16(p + 4, 0x3000);
	regs = at(0xe0, 0x4d00);
	assert_int_equal(call(&regs), 0);
	assert_memory_equal(memory + 0x30000, sector(CATALOG), CD_SECTOR);
}

static void test_emulation_ends(void **state)
{
	entry(1, 0x88, MEDIA_2880K, 0, 0, IMAGE);
	host_gate_previous = bios_drive;
	put_le16(memory + BDA_EQUIPMENT, 0);
	while_running = end_of_emulation;
	hook(0xe0);
	assert_int_equal(san_boot(0xe0), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_non_null(drive_find(0xe0));
}

static void hard_disk_runs(void)
{
	struct real_regs regs = at(0x80, 0x0800);

	assert_int_equal(entered.edx, 0x80);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(regs.ecx & 0x3f, 32);
	assert_int_equal(regs.edx, 3 << 8 | 3);
	assert_int_equal(memory[BDA_DISK_COUNT], 3);
	/* 81h and 82h are the BIOS' disks. */
	assert_int_equal(asked_for(0x81), 0x80);
	assert_int_equal(asked_for(0x82), 0x81);
	assert_int_equal(asked_for(0), 0);
	assert_int_equal(read_chs(0x80, 1, 2, 5), 0);
	assert_memory_equal(memory + 0x20000, image((1 * 4 + 2) * 32 + 4), 512);
	regs = at(0x80, 0x4100);
	regs.ebx = 0x55aa;
	assert_int_equal(call(&regs), 0x30);
	memset(memory + PACKET, 0, 26);
	memory[PACKET] = 26;
	regs = at(0x80, 0x4800);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(get_le32(memory + PACKET + 16), 384); /* as the table says */
}

static void test_hard_disk(void **state)
{
	uint8_t *p = sector(IMAGE) + 446;

	memset(p, 0, 64);
	memcpy(p, "\x80\x01\x01\x00\x01\x03\x20\x02", 8); /* 0/1/1 to 2/3/32 */
	put_le32(p + 8, 32);
	put_le32(p + 12, 352);
	p[64] = 0x55;
	p[65] = 0xaa;
	entry(1, 0x88, MEDIA_HARD_DISK, 0, 1, IMAGE);
	memory[BDA_DISK_COUNT] = 2;
	host_gate_previous = bios_drive;
	while_running = hard_disk_runs;
	hook(0x80);
	assert_int_equal(memory[BDA_DISK_COUNT], 3);
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_int_equal(memory[BDA_DISK_COUNT], 3);
	assert_int_equal(asked_for(0x82), 0x80); /* swapped again, with the CD */
	san_unhook(0x80);
	assert_int_equal(memory[BDA_DISK_COUNT], 2);
}

static void small_image_runs(void)
{
	struct real_regs regs = at(0, 0x0200 | 4);

	assert_int_equal(read_chs(0, 0, 0, 4), 0);
	assert_int_equal(read_chs(0, 0, 0, 9), INT13_NOT_FOUND); /* beyond the CD's end */
	regs.ecx = 7;
	regs.es = 0x2000;
	assert_int_equal(call(&regs), INT13_NOT_FOUND);
}

static void test_image_at_the_end(void **state)
{
	entry(1, 0x88, MEDIA_1200K, 0x2000, 3, SECTORS - 2);
	while_running = small_image_runs;
	hook(0x80);
	assert_int_equal(san_boot(0x80), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
	assert_int_equal(entered_segment, 0x2000);
	entry(1, 0x88, MEDIA_1200K, 0, 1, SECTORS);
	assert_int_equal(san_boot(0x80), E_SAN_CD_CATALOG);
	entry(1, 0x88, MEDIA_1200K, 0, 9, SECTORS - 2);
	assert_int_equal(san_boot(0x80), E_SAN_OUT_OF_RANGE);
	assert_int_equal(get_le16(memory + BDA_EQUIPMENT), 0xcccc);
	assert_int_equal(enters, 1);
	assert_non_null(drive_find(0x80));
}

/* A CD whose own sectors have 2048 bytes: there is none of 512 below to read. */
static void test_floppy_on_a_real_cd(void **state)
{
	host_block_init(&disk, data, SECTORS, 2048);
	entry(1, 0x88, MEDIA_1440K, 0, 1, IMAGE);
	put_le16(memory + BDA_EQUIPMENT, 0x4721);
	host_gate_previous = bios_drive;
	while_running = floppy_runs;
	hook(0xe0);
	assert_int_equal(san_boot(0xe0), E_SAN_BOOT_RETURNED);
	assert_int_equal(enters, 1);
}

/* ---- AH=4Bh ---- */

static void test_status_packet(void **state)
{
	struct real_regs regs = {.edx = 0xe0, .eax = 0x4b01, .esi = PACKET};
	const uint8_t *p = memory + PACKET;

	hook(0xe0);
	san_boot(0xe0);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(p[0], 0x13);
	assert_int_equal(p[1], 0);
	assert_int_equal(p[2], 0xe0);
	assert_int_equal(get_le32(p + 4), IMAGE);
	assert_int_equal(get_le16(p + 0x0c), 0x7c0);
	assert_int_equal(get_le16(p + 0x0e), 4);
	assert_int_equal(p[0x13], 0xcc);
	regs = (struct real_regs){.edx = 0xe0, .eax = 0x4b00, .esi = PACKET};
	assert_int_equal(call(&regs), 0);
	regs = (struct real_regs){.edx = 0xe0, .eax = 0x4b02, .esi = PACKET};
	assert_int_equal(call(&regs), INT13_INVALID);
	san_unhook(0xe0);
	descriptor(17, 255);
	hook(0xe0);
	regs = (struct real_regs){.edx = 0xe0, .eax = 0x4b01, .esi = PACKET};
	assert_int_equal(call(&regs), INT13_INVALID);
}

static void test_parameters(void **state)
{
	struct real_regs regs = {.edx = 0xe0, .eax = 0x4800, .esi = PACKET};

	hook(0xe0);
	put_le16(memory + PACKET, 26);
	assert_int_equal(call(&regs), 0);
	assert_int_equal(get_le16(memory + PACKET + 24), 2048);
	assert_true(get_le64(memory + PACKET + 16) == SECTORS);
	assert_int_equal(get_le16(memory + PACKET + 2) & 2, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_catalog),
		T(test_damaged_catalogs),
		T(test_sections),
		T(test_sectors_become_2048),
		T(test_cd_of_2048),
		T(test_hard_disk_with_an_old_cd),
		T(test_no_cd),
		T(test_number_e0),
		T(test_boot),
		T(test_boot_image_of_odd_size),
		T(test_boot_images_that_do_not_fit),
		T(test_floppy),
		T(test_emulation_ends),
		T(test_hard_disk),
		T(test_image_at_the_end),
		T(test_floppy_on_a_real_cd),
		T(test_status_packet),
		T(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
