/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File systems (lib/fat.c, iso9660.c), built here byte by byte; the BIOS' drives
 * (boot/bios_volume.c) and the scheme file: over a scripted INT 13h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/console.h"
#include "bios/physical.h"
#include "lib/filesystem.h"
#include "boot/bios_volume.h"
#include "boot/boot.h"
#include "boot/image.h"
#include "boot/startup.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "test/host/host.h"

#define MEMORY	  0x120000u
#define DISK_SIZE (64u << 20)

static uint8_t memory[MEMORY];
static uint8_t *disk; /* DISK_SIZE bytes */
static struct fs_file file;

static int read_disk(struct volume *volume, uint64_t offset, void *data, uint32_t len)
{
	assert_true(offset <= DISK_SIZE && len <= DISK_SIZE - offset);
	memcpy(data, disk + offset, len);
	return 0;
}

static struct volume volume;

/* ---- A scripted BIOS ---- */

static struct {
	uint8_t number; /* of the only drive that can be read */
	uint8_t empty;	/* of one without a medium; 0: none */
	uint32_t sector_size;
	bool edd, booted_cd;
	unsigned fail_reads; /* the next so many */
	unsigned calls, reads, empty_reads, resets, largest;
	uint8_t asked[64]; /* drives that were read */
} bios;

#define HEADS	4u
#define SECTORS 32u

static void answer(struct real_regs *regs, uint8_t ah)
{
	regs->eax = (regs->eax & ~0xff00u) | (uint32_t)ah << 8;
	regs->eflags = (regs->eflags & ~FLAG_CARRY) | (ah ? FLAG_CARRY : 0);
}

static uint8_t bios_read(uint64_t lba, uint32_t count, uint32_t to)
{
	uint64_t at = lba * bios.sector_size, len = (uint64_t)count * bios.sector_size;

	bios.asked[bios.reads++ % sizeof(bios.asked)] = bios.number;
	bios.largest = max(bios.largest, count);
	if (bios.fail_reads) {
		bios.fail_reads--;
		return 0x20;
	}
	if (at > DISK_SIZE || len > DISK_SIZE - at)
		return 0x04;
	assert_true(to >> 16 == (to + len - 1) >> 16); /* DMA */
	memcpy(memory + to, disk + at, (size_t)len);
	return 0;
}

static void answer_empty(struct real_regs *regs)
{
	switch (regs->eax >> 8 & 0xff) {
	case 0x08:
		regs->ecx = SECTORS | 0xff00;
		regs->edx = (HEADS - 1) << 8 | 1;
		answer(regs, 0);
		break;
	case 0x02:
	case 0x42:
		bios.empty_reads++;
		answer(regs, 0x31);
		break;
	default:
		answer(regs, 1);
	}
}

static void int13(uint8_t number, struct real_regs *regs)
{
	uint8_t *packet = memory + ((regs->ds * 16u + (regs->esi & 0xffff)) & 0xfffff);
	uint32_t c = (regs->ecx >> 8 & 0xff) | (regs->ecx & 0xc0) << 2, s = regs->ecx & 0x3f;

	assert_int_equal(number, 0x13);
	bios.calls++;
	if (bios.empty && (uint8_t)regs->edx == bios.empty) {
		answer_empty(regs);
		return;
	}
	if ((uint8_t)regs->edx != bios.number) {
		answer(regs, 1);
		return;
	}
	switch (regs->eax >> 8 & 0xff) {
	case 0x00:
		bios.resets++;
		answer(regs, 0);
		break;
	case 0x02:
		answer(regs,
		       bios_read(((uint64_t)c * HEADS + (regs->edx >> 8 & 0xff)) * SECTORS + s - 1,
				 regs->eax & 0xff, regs->es * 16u + (regs->ebx & 0xffff)));
		break;
	case 0x08:
		regs->ecx = SECTORS | 0xff00;
		regs->edx = (HEADS - 1) << 8 | 1;
		answer(regs, bios.sector_size == 512 ? 0 : 1);
		break;
	case 0x41:
		regs->ebx = 0xaa55;
		regs->ecx = 5;
		answer(regs, bios.edd ? 0 : 1);
		break;
	case 0x42:
		answer(regs, bios_read(get_le64(packet + 8), get_le16(packet + 2),
				       get_le16(packet + 6) * 16u + get_le16(packet + 4)));
		break;
	case 0x48:
		packet = low_buffer();
		put_le64(packet + 16, DISK_SIZE / bios.sector_size);
		put_le16(packet + 24, (uint16_t)bios.sector_size);
		answer(regs, bios.edd ? 0 : 1);
		break;
	case 0x4b:
		packet = low_buffer();
		packet[1] = 0;
		packet[2] = bios.number;
		answer(regs, bios.booted_cd ? 0 : 1);
		break;
	default:
		answer(regs, 1);
	}
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	memset(memory, 0, sizeof(memory));
	physical_memory = memory;
	physical_memory_size = sizeof(memory);
	memory[BDA_DISK_COUNT] = 1;
	disk = calloc(1, DISK_SIZE);
	memset(&bios, 0, sizeof(bios));
	bios.number = 0x80;
	bios.sector_size = 512;
	bios.edd = true;
	host_bios_call = int13;
	host_memmap_hidden = false;
	loader.loader_type = 0xb0;
	volume = (struct volume){.read = read_disk, .size = DISK_SIZE};
	return 0;
}

static int teardown(void **state)
{
	struct image *image, *next;

	list_for_each_safe(image, next, &images, link)
		image_free(image);
	physical_memory = NULL;
	physical_memory_size = 0;
	free(disk);
	return host_image_used() != 0;
}

/* ---- FAT ---- */

static struct {
	uint64_t at; /* of the file system on the disk */
	unsigned bits, cluster_size;
	uint64_t table, root, data;
} fat;

/* 1 sector reserved, 1 FAT of @fat_sectors, @root entries, @sectors in all. */
static void make_fat(uint64_t at, unsigned bits, unsigned cluster_sectors, unsigned fat_sectors,
		     unsigned root, uint32_t sectors)
{
	uint8_t *b = disk + at;

	b[0] = 0xeb;
	put_le16(b + 11, 512);
	b[13] = (uint8_t)cluster_sectors;
	put_le16(b + 14, 1);
	b[16] = 1;
	put_le16(b + 17, (uint16_t)root);
	put_le32(b + 32, sectors);
	put_le16(b + 510, 0xaa55);
	if (bits == 32)
		put_le32(b + 36, fat_sectors);
	else
		put_le16(b + 22, (uint16_t)fat_sectors);
	put_le32(b + 44, bits == 32 ? 2 : 0);
	fat.at = at;
	fat.bits = bits;
	fat.cluster_size = cluster_sectors * 512;
	fat.table = at + 512;
	fat.root = fat.table + fat_sectors * 512;
	fat.data = fat.root + root * 32;
}

static void set_fat(uint32_t cluster, uint32_t next)
{
	uint8_t *p = disk + fat.table;

	if (fat.bits == 32)
		put_le32(p + cluster * 4, next | 0xa0000000);
	else if (fat.bits == 16)
		put_le16(p + cluster * 2, (uint16_t)next);
	else if (cluster & 1)
		put_le16(p + cluster * 3 / 2,
			 (uint16_t)((get_le16(p + cluster * 3 / 2) & 0x000f) | next << 4));
	else
		put_le16(p + cluster * 3 / 2,
			 (uint16_t)((get_le16(p + cluster * 3 / 2) & 0xf000) | (next & 0xfff)));
}

static uint8_t *cluster_at(uint32_t cluster)
{
	return disk + fat.data + (cluster - 2) * fat.cluster_size;
}

static void put_short(uint8_t *entry, const char *name11, uint8_t attributes, uint32_t cluster,
		      uint32_t size)
{
	memcpy(entry, name11, 11);
	entry[11] = attributes;
	put_le16(entry + 20, (uint16_t)(cluster >> 16));
	put_le16(entry + 26, (uint16_t)cluster);
	put_le32(entry + 28, size);
}

/* The long name @name (ASCII) in front of the short entry; returns the latter's place. */
static uint8_t *put_long(uint8_t *entry, const char *name, const char *name11)
{
	static const uint8_t places[] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	size_t len = strlen(name), parts = (len + 12) / 13;
	uint8_t sum = 0;

	for (unsigned i = 0; i < 11; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + (uint8_t)name11[i]);
	for (size_t part = parts; part; part--, entry += 32) {
		entry[0] = (uint8_t)(part | (part == parts ? 0x40 : 0));
		entry[11] = 0x0f;
		entry[13] = sum;
		for (unsigned i = 0; i < 13; i++) {
			size_t n = (part - 1) * 13 + i;

			put_le16(entry + places[i], n < len    ? (uint8_t)name[n]
						    : n == len ? 0
							       : 0xffff);
		}
	}
	return entry;
}

static int open_as(const char *name, const char *path)
{
	const struct filesystem *fs;

	error_clear();
	table_for_each(filesystem, fs) {
		file = (struct fs_file){.volume = &volume, .fs = fs};
		if (!strcmp(fs->name, name))
			return fs->open(&volume, path, &file);
	}
	return E_INTERNAL;
}

static int open_fat(const char *path)
{
	return open_as("FAT", path);
}

/* Reads it whole and compares with @size bytes, which repeat the cluster's number. */
static int read_back(unsigned *pieces)
{
	*pieces = 0;
	while (file.left) {
		uint64_t offset, len;
		int rc = file.fs->next(&file, &offset, &len);

		if (rc)
			return rc;
		assert_true(len && offset + len <= DISK_SIZE);
		(*pieces)++;
	}
	return 0;
}

/* A directory in two clusters that are apart, a file in three pieces. */
static void fill_fat(void)
{
	uint8_t *root = fat.bits == 32 ? cluster_at(2) : disk + fat.root;

	if (fat.bits == 32)
		set_fat(2, 0x0fffffff);
	put_short(root, "LABEL      ", 0x08, 0, 0);
	put_short(root + 32, "\xe5LD     TXT", 0, 9, 9);
	put_short(root + 64, "DIR        ", 0x10, 3, 0);
	put_short(root + 96, "EMPTY   TXT", 0, 0, 0);
	put_short(put_long(root + 128, "Boot Script of mine.ipxe", "BOOTSC~1IPX"), "BOOTSC~1IPX", 0,
		  20, 2 * fat.cluster_size);
	set_fat(3, 7);
	set_fat(7, 0x0fffffff);
	for (unsigned i = 0; i < fat.cluster_size / 32; i++)
		put_short(cluster_at(3) + i * 32, "OTHER   BIN", 0, 30, 1);
	put_short(cluster_at(7), "FILE    BIN", 0, 10, 4 * fat.cluster_size + 5);
	set_fat(10, 11);
	set_fat(11, 12);
	set_fat(12, 8);
	set_fat(8, 15);
	set_fat(15, 0x0fffffff);
	set_fat(20, 21);
	set_fat(21, 0x0fffffff);
}

static void check_fat(void)
{
	unsigned pieces;
	uint64_t offset, len;

	assert_int_equal(open_fat("/dir/file.bin"), 0);
	assert_true(file.size == 4 * fat.cluster_size + 5);
	assert_int_equal(file.fs->next(&file, &offset, &len), 0);
	assert_true(volume.start + offset == fat.data + 8 * fat.cluster_size);
	assert_true(len == 3 * fat.cluster_size);
	assert_int_equal(file.fs->next(&file, &offset, &len), 0);
	assert_true(volume.start + offset == fat.data + 6 * fat.cluster_size);
	assert_int_equal(file.fs->next(&file, &offset, &len), 0);
	assert_true(len == 5 && !file.left);
	assert_int_equal(open_fat("boot script of MINE.ipxe"), 0);
	assert_int_equal(read_back(&pieces), 0);
	assert_int_equal(pieces, 1);
	assert_int_equal(open_fat("//BOOTSC~1.IPX"), 0);
	assert_int_equal(open_fat("/empty.txt"), 0);
	assert_true(!file.size && !file.left);
	assert_int_equal(open_fat("/dir"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/label"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/old.txt"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/empty.txt/x"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/nothing/file.bin"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/boot script of mine.ipx"), E_FILE_NOT_FOUND);
	assert_int_equal(open_as("ISO 9660", "/empty.txt"), E_FILE_NO_FS);
}

static void test_fat12(void **state)
{
	make_fat(0, 12, 1, 9, 224, 2880);
	fill_fat();
	check_fat();
}

static void test_fat16_in_a_partition(void **state)
{
	volume.start = 63 * 512;
	volume.size = DISK_SIZE - volume.start;
	make_fat(volume.start, 16, 4, 64, 512, 60000);
	fill_fat();
	check_fat();
}

static void test_fat32(void **state)
{
	make_fat(0, 32, 1, 600, 0, 70000);
	fill_fat();
	check_fat();
}

static void test_damaged_fat(void **state)
{
	unsigned pieces;

	make_fat(0, 16, 4, 64, 512, 60000);
	fill_fat();
	set_fat(12, 0xffff); /* too early */
	assert_int_equal(open_fat("/dir/file.bin"), 0);
	assert_int_equal(read_back(&pieces), E_FILE_DAMAGED);
	set_fat(12, 10); /* a circle: as long as the size says */
	assert_int_equal(open_fat("/dir/file.bin"), 0);
	assert_int_equal(read_back(&pieces), 0);
	set_fat(7, 3); /* a directory without end */
	assert_int_equal(open_fat("/dir/nothing"), E_FILE_NOT_FOUND);
	put_le16(disk + fat.root + 64 + 26, 0xffff); /* that begins outside */
	assert_int_equal(open_fat("/dir/nothing"), E_FILE_DAMAGED);
	volume.size = 100000; /* the disk is shorter than it says */
	assert_int_equal(open_fat("boot script of mine.ipxe"), 0);
	put_le16(disk + fat.root + 64 + 26, 1000);
	assert_int_equal(open_fat("/dir/nothing"), E_FILE_DAMAGED);
	disk[13] = 3;
	assert_int_equal(open_fat("/empty.txt"), E_FILE_NO_FS);
	disk[13] = 4;
	put_le16(disk + 14, 0);
	assert_int_equal(open_fat("/empty.txt"), E_FILE_NO_FS);
}

/* A long name whose entries belong to another short one is none. */
static void test_stray_long_names(void **state)
{
	uint8_t *root;

	make_fat(0, 12, 1, 9, 224, 2880);
	root = disk + fat.root;
	put_short(put_long(root, "A name of another.txt", "OTHER~1 TXT"), "FILE    TXT", 0, 5, 1);
	assert_int_equal(open_fat("/A name of another.txt"), E_FILE_NOT_FOUND);
	assert_int_equal(open_fat("/file.txt"), 0);
	root[0] = 0x43; /* three parts are said to follow */
	assert_int_equal(open_fat("/file.txt"), 0);
	root[0] = 0x7f;
	assert_int_equal(open_fat("/file.txt"), 0);
}

/* ---- ISO 9660 ---- */

#define CD(lba) (disk + (lba)*2048u)

static void put_descriptor(unsigned lba, uint8_t type, unsigned root)
{
	uint8_t *d = CD(lba);

	d[0] = type;
	memcpy(d + 1, "CD001\1", 6);
	d[156] = 34;
	put_le32(d + 156 + 2, root);
	put_le32(d + 156 + 10, 2048);
	d[156 + 25] = 2;
	d[156 + 32] = 1;
	if (type == 2)
		memcpy(d + 88, "%/E", 3);
}

/* Append a record to the directory in sector @dir; @susp: what follows the name. */
static void put_record(unsigned dir, const void *name, unsigned name_len, uint8_t flags,
		       unsigned lba, uint32_t size, const void *susp, unsigned susp_len)
{
	uint8_t *r = CD(dir);
	unsigned pad = !(name_len & 1);

	while (r[0])
		r += r[0];
	r[0] = (uint8_t)(33 + name_len + pad + susp_len);
	put_le32(r + 2, lba);
	put_le32(r + 10, size);
	r[25] = flags;
	r[32] = (uint8_t)name_len;
	memcpy(r + 33, name, name_len);
	memcpy(r + 33 + name_len + pad, susp, susp_len);
}

static void make_iso(void)
{
	static const uint8_t continued[] = {'N', 'M', 9, 1, 1, 'R', 'o', 'c', 'k'};
	static const uint8_t more[] = {'N', 'M', 15,  1,   0,	' ', 'R', 'i',
				       'd', 'g', 'e', '.', 't', 'x', 't'};
	uint8_t area[9 + 28] = {0};

	put_descriptor(16, 1, 20);
	put_descriptor(17, 2, 30);
	put_descriptor(18, 255, 0);
	put_record(20, "\0", 1, 2, 20, 2048, "SP\7\1\xbe\xef\0", 7);
	put_record(20, "\1", 1, 2, 20, 2048, "", 0);
	put_record(20, "PLAIN.TXT;1", 11, 0, 40, 100, "", 0);
	put_record(20, "NODOT.;1", 8, 0, 41, 100, "", 0);
	put_record(20, "SUB", 3, 2, 21, 4096, "", 0);
	/* A name in two places: NM here, CE to the rest. */
	memcpy(area, continued, sizeof(continued));
	memcpy(area + 9, "CE\x1c\1", 4);
	put_le32(area + 9 + 4, 50);
	put_le32(area + 9 + 12, 100);
	put_le32(area + 9 + 20, sizeof(more));
	memcpy(CD(50) + 100, more, sizeof(more));
	put_record(20, "ROCK.TXT;1", 10, 0, 42, 5000, area, sizeof(area));
	/* The second sector of a directory. */
	put_record(21, "\0", 1, 2, 21, 4096, "", 0);
	put_record(22, "DEEP.BIN;1", 10, 0, 43, 7, "", 0);
	put_record(20, "HUGE.BIN;1", 10, 0x80, 44, 0xfffff800, "", 0);
	put_record(30, "\0J\0o\0l\0i\0e\0t\0 \0\xfc\0.\0t\0x\0t\0;\0001", 26, 0, 45, 9, "", 0);
}

static int open_iso(const char *path)
{
	return open_as("ISO 9660", path);
}

static void test_iso(void **state)
{
	uint64_t offset, len;

	make_iso();
	assert_int_equal(open_iso("/plain.txt"), 0);
	assert_int_equal(file.fs->next(&file, &offset, &len), 0);
	assert_true(offset == 40 * 2048 && len == 100 && !file.left);
	assert_int_equal(open_iso("/nodot"), 0);
	assert_int_equal(open_iso("/Rock Ridge.txt"), 0);
	assert_true(file.place == 42 * 2048 && file.size == 5000);
	assert_int_equal(open_iso("/ROCK.TXT"), E_FILE_NOT_FOUND); /* it has another name */
	assert_int_equal(open_iso("/sub/deep.bin"), 0);
	assert_int_equal(open_iso("/Joliet \xc3\xbc.txt"), 0);
	assert_true(file.place == 45 * 2048);
	assert_int_equal(open_iso("/sub"), E_FILE_NOT_FOUND);
	assert_int_equal(open_iso("/plain.txt/x"), E_FILE_NOT_FOUND);
	assert_int_equal(open_iso("/huge.bin"), E_NOT_SUPPORTED);
	assert_int_equal(open_fat("/plain.txt"), E_FILE_NO_FS);
}

/* The same letters win over the same name in another case. */
static void test_iso_case(void **state)
{
	put_descriptor(16, 1, 20);
	put_descriptor(17, 255, 0);
	put_record(20, "A.TXT", 5, 0, 40, 1, "NM\12\1\0A.txt", 10);
	put_record(20, "B.TXT", 5, 0, 41, 1, "NM\12\1\0a.txt", 10);
	assert_int_equal(open_iso("/a.txt"), 0);
	assert_true(file.place == 41 * 2048);
	assert_int_equal(open_iso("/A.TXT"), 0);
	assert_true(file.place == 40 * 2048);
}

static void test_damaged_iso(void **state)
{
	uint8_t *ce;

	make_iso();
	volume.size = 46 * 2048; /* the continuation lies beyond */
	assert_int_equal(open_iso("/nothing"), E_FILE_DAMAGED);
	volume.size = DISK_SIZE;
	/* One that leads to itself. */
	ce = CD(50) + 100;
	memcpy(ce, "CE\x1c\1", 4);
	put_le32(ce + 4, 50);
	put_le32(ce + 12, 100);
	put_le32(ce + 20, 28);
	for (uint8_t *r = CD(20); r[0]; r += r[0]) {
		if (r[33] == 'R')
			put_le32(r + 33 + 10 + 1 + 9 + 20, 28);
	}
	assert_int_equal(open_iso("/nothing"), E_FILE_NOT_FOUND);
	CD(20)[0] = 20; /* a record shorter than its fields: the sector's rest is skipped */
	assert_int_equal(open_iso("/plain.txt"), E_FILE_NOT_FOUND);
	put_le32(CD(16) + 156 + 10, 0xffffffff); /* a directory without end */
	assert_true(open_iso("/plain.txt") != 0);
	memset(CD(16), 0, 2048);
	assert_int_equal(open_iso("/plain.txt"), E_FILE_NO_FS);
}

/* ---- file: ---- */

static bool printed(const char *text)
{
	return strstr(host_output(), text) != NULL;
}

static void make_stick(void)
{
	make_fat(0, 16, 4, 64, 512, 60000);
	fill_fat();
	memcpy(cluster_at(20), "#!ipxe\necho from the stick ${cwuri}\n", 36);
	memset(cluster_at(20) + 36, '\n', 2 * fat.cluster_size - 36);
	for (unsigned i = 0; i < 3 * fat.cluster_size; i++)
		cluster_at(10)[i] = (uint8_t)(i * 7);
	memset(cluster_at(8), 8, fat.cluster_size);
	memset(cluster_at(15), 15, fat.cluster_size);
}

static void check_file(void)
{
	struct image *image = image_find("file.bin");

	assert_non_null(image);
	assert_int_equal(image->len, 4 * fat.cluster_size + 5);
	assert_memory_equal(image->data, cluster_at(10), 3 * fat.cluster_size);
	assert_int_equal(image->data[3 * fat.cluster_size], 8);
	assert_int_equal(image->data[image->len - 1], 15);
	image_free(image);
}

static void test_file_by_packets(void **state)
{
	make_stick();
	assert_int_equal(command_line("imgfetch file:///dir/file.bin"), 0);
	check_file();
	assert_int_equal(command_line("chain file:/boot%20script%20of%20mine.ipxe"), 0);
	assert_true(printed("from the stick file://0x80/boot%20script%20of%20mine.ipxe"));
	assert_int_equal(command_line("imgfetch file:dir/file.bin"), 0);
	check_file();
	assert_true(command_line("imgfetch file:///nothing") != 0);
	assert_true(printed("no such file on drive 0x80"));
	assert_true(command_line("imgfetch file://0x81/dir/file.bin") != 0);
	assert_true(printed("the BIOS has no drive 0x81"));
	assert_true(command_line("imgfetch file://stick/dir/file.bin") != 0);
	assert_true(printed("is not a drive's number"));
	/* Somebody else's memory. */
	host_memmap_hidden = true;
	assert_true(command_line("imgfetch file:///dir/file.bin") != 0);
}

static void test_file_by_chs(void **state)
{
	make_stick();
	bios.edd = false;
	assert_int_equal(command_line("imgfetch file://128/dir/file.bin"), 0);
	check_file();
	assert_true(bios.largest <= SECTORS);
}

static void put_partition(uint64_t table, unsigned i, uint8_t type, uint32_t start, uint32_t size)
{
	uint8_t *p = disk + table * 512 + 446 + i * 16;

	p[4] = type;
	put_le32(p + 8, start);
	put_le32(p + 12, size);
	put_le16(disk + table * 512 + 510, 0xaa55);
}

/* In a logical partition, behind others that hold something else or nothing. */
static void test_file_in_a_partition(void **state)
{
	put_partition(0, 0, 0x83, 63, 1000);
	put_partition(0, 2, 5, 2000, 90000);
	put_partition(2000, 0, 0x83, 63, 500);
	put_partition(2000, 1, 5, 1000, 70000);
	put_partition(3000, 0, 6, 63, 60000);
	make_fat(3063 * 512, 16, 4, 64, 512, 60000);
	fill_fat();
	assert_int_equal(command_line("imgfetch file:///dir/file.bin"), 0);
	assert_true(command_line("imgfetch file:///nothing") != 0);
	assert_true(printed("no such file on drive 0x80"));
	/* A partition that ends beyond the disk, with a file system that does so too. */
	put_le32(disk + 3063 * 512 + 32, 0xffffffff);
	put_le32(disk + 3000 * 512 + 446 + 12, 0xffffffff);
	assert_true(command_line("imgfetch file:///nothing") != 0);
	memset(disk, 0, 512);
	host_output_clear();
	assert_true(command_line("imgfetch file:///nothing") != 0);
	assert_true(printed("neither FAT nor ISO 9660 on drive 0x80"));
}

static void test_read_errors(void **state)
{
	make_stick();
	bios.fail_reads = 2;
	assert_int_equal(command_line("imgfetch file:///dir/file.bin"), 0);
	assert_int_equal(bios.resets, 2);
	check_file();
	bios.fail_reads = 1000;
	bios.reads = 0;
	assert_true(command_line("imgfetch file:///dir/file.bin") != 0);
	assert_true(printed("the BIOS cannot read sector 0 of drive 0x80"));
	/* One sector, tried thrice, each time that the drive is looked at: no more. */
	assert_true(bios.reads <= 2 * 3);
}

/* A drive without a medium costs one read, and what comes behind it is looked at whole. */
static void test_empty_drive_in_front(void **state)
{
	make_fat(63 * 512, 16, 4, 64, 512, 60000);
	fill_fat();
	put_partition(0, 0, 6, 63, 60000);
	memory[BDA_DISK_COUNT] = 2;
	bios.empty = 0x80;
	bios.number = 0x81;
	assert_int_equal(command_line("imgfetch file:///dir/file.bin"), 0);
	assert_int_equal(bios.empty_reads, 1);
	assert_int_equal(command_line("imgfetch file:///nothing"), E_FILE_NOT_FOUND);
	assert_true(printed("no such file on drive 0x81 0x80; there is no medium in drive 0x80"));
}

/* A directory that leads in a circle takes long on a slow drive. */
static void test_search_is_interrupted(void **state)
{
	make_stick();
	host_key(KEY_CTRL_C);
	assert_int_equal(command_line("imgfetch file:///nothing"), E_CANCELLED);
	assert_true(bios.reads <= 1);
}

/* A GPT whose entries lie beyond what can be counted in bytes. */
static void test_gpt_beyond_everything(void **state)
{
	struct bios_volume v;
	uint64_t start, size;

	put_partition(0, 0, 0xee, 1, 0xffffffff);
	memcpy(disk + 512, "EFI PART", 8);
	put_le64(disk + 512 + 72, 1ull << 60);
	put_le32(disk + 512 + 80, 4);
	put_le32(disk + 512 + 84, 128);
	assert_int_equal(bios_volume_open(&v, 0x80), 0);
	assert_int_equal(bios_volume_partition(&v, 1, &start, &size), E_FILE_DAMAGED);
}

static void test_file_on_a_cd(void **state)
{
	make_iso();
	memcpy(CD(40), "of the CD", 9);
	bios.number = 0xef;
	bios.sector_size = 2048;
	bios.booted_cd = true;
	assert_int_equal(command_line("imgfetch file:///plain.txt"), 0);
	assert_memory_equal(image_find("plain.txt")->data, "of the CD", 9);
	assert_string_equal(image_find("plain.txt")->uri->text, "file://0xef/plain.txt");
	/* Some BIOSes give it numbers like this, and wrong sizes. */
	bios.number = 0x9f;
	assert_int_equal(command_line("imgfree && imgfetch file:///plain.txt"), 0);
	/* Not the CD that was booted, but one that the BIOS knows. */
	bios.number = 0xef;
	bios.booted_cd = false;
	assert_int_equal(command_line("imgfree && imgfetch file:///plain.txt"), 0);
	/* What is neither counted nor a CD is not looked at. */
	bios.number = 0x9f;
	bios.sector_size = 512;
	bios.reads = 0;
	assert_true(command_line("imgfetch file:///plain.txt") != 0);
	assert_int_equal(bios.reads, 0);
}

static void test_floppy_only_with_a_medium(void **state)
{
	make_fat(0, 12, 1, 9, 224, 2880);
	fill_fat();
	bios.number = 0;
	bios.edd = false;
	memory[BDA_DISK_COUNT] = 0;
	memory[BDA_EQUIPMENT] = 1;
	assert_true(command_line("imgfetch file:///dir/file.bin") != 0);
	assert_int_equal(bios.reads, 0);
	memory[0x490] = 0x17;
	assert_int_equal(command_line("imgfetch file:///dir/file.bin"), 0);
	memory[0x490] = 0;
	assert_int_equal(command_line("imgfree && imgfetch file://0/dir/file.bin"), 0);
}

/* ---- autoexec.ipxe ---- */

static void put_autoexec(uint32_t size)
{
	uint8_t *root = disk + fat.root + 7 * 32;

	put_short(put_long(root, "autoexec.ipxe", "AUTOEX~1IPX"), "AUTOEX~1IPX", 0, 30, size);
	set_fat(30, 0xffff);
}

static void make_autoexec(const char *text)
{
	put_autoexec((uint32_t)strlen(text));
	memcpy(cluster_at(30), text, strlen(text));
}

static void test_autoexec(void **state)
{
	struct image *script;

	make_stick();
	assert_null(startup_images("", 0, NULL));
	assert_true(printed("Script: none, autoboot\n"));
	make_autoexec("#!ipxe\necho autoexec runs\n");
	script = startup_images("", 0, NULL);
	assert_non_null(script);
	assert_true(printed("Script: file://0x80/autoexec.ipxe\n"));
	assert_int_equal(startup_run(script), 0);
	assert_true(printed("autoexec runs"));
	/* Whoever gives a script is obeyed, and the drives are left alone. */
	bios.calls = 0;
	assert_non_null(startup_images("#!ipxe\n", 7, NULL));
	setting_store("scriptlet", "echo x", SOURCE_CMDLINE);
	assert_null(startup_images("", 0, NULL));
	settings_reset();
	setting_store("autoexec", "0", SOURCE_CMDLINE);
	assert_null(startup_images("", 0, NULL));
	settings_reset();
	loader.loader_type = 0x32; /* PXELINUX */
	assert_null(startup_images("", 0, NULL));
	assert_int_equal(bios.calls, 0);
	loader.loader_type = 0x31;
	memcpy(cluster_at(30), "MZ", 2);
	assert_null(startup_images("", 0, NULL));
	assert_true(printed("file://0x80/autoexec.ipxe: not a script"));
	/* One that is there and cannot be read. */
	put_autoexec(1 << 20);
	host_output_clear();
	assert_null(startup_images("", 0, NULL));
	assert_true(printed("file:///autoexec.ipxe: the file's chain of clusters ends too early; "
			    "autoexec.ipxe is ignored\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_fat12),
		T(test_fat16_in_a_partition),
		T(test_fat32),
		T(test_damaged_fat),
		T(test_stray_long_names),
		T(test_iso),
		T(test_iso_case),
		T(test_damaged_iso),
		T(test_file_by_packets),
		T(test_file_by_chs),
		T(test_file_in_a_partition),
		T(test_read_errors),
		T(test_file_on_a_cd),
		T(test_floppy_only_with_a_medium),
		T(test_empty_drive_in_front),
		T(test_search_is_interrupted),
		T(test_gpt_beyond_everything),
		T(test_autoexec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
