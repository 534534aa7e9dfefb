/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile real-mode program: INT 13h with any registers, on memory that it
 * filled as it likes. Our resident memory must stay as it is.
 */
#include <stdlib.h>
#include "bios/physical.h"
#include "san/emulation.h"
#include "san/int13.h"
#include "san/san.h"
#include "test/host/block.h"
#include "test/host/host.h"

#define MEMORY	   0x120000u
#define BLOCKS	   4096u
#define CD_SECTORS 60u
#define OURS	   0x9b000u
#define OURS_END   0x9f000u

static uint8_t memory[MEMORY], disk_data[BLOCKS * 512];
static uint8_t cd_data[CD_SECTORS * CD_SECTOR];
static struct host_block disk, cd;

/* A CD with a floppy disk's image, which programs may end and begin as they like. */
static void add_cd(const char *const *path)
{
	uint8_t *catalog = cd_data + 20 * CD_SECTOR;
	uint16_t sum = 0;

	memcpy(cd_data + 16 * CD_SECTOR, "\0CD001\1EL TORITO SPECIFICATION", 30);
	cd_data[16 * CD_SECTOR + 0x47] = 20;
	memcpy(catalog, "\1", 1);
	put_le16(catalog + 30, 0xaa55);
	for (unsigned i = 0; i < 32; i += 2)
		sum = (uint16_t)(sum + get_le16(catalog + i));
	put_le16(catalog + 28, (uint16_t)-sum);
	host_block_init(&cd, cd_data, CD_SECTORS, CD_SECTOR);
	cd.dev.read_only = true;
	host_block_offer(&cd);
	if (san_hook(DRIVE_CD, path, 1, false) || !drive_find(DRIVE_CD)->cd.found ||
	    emulation_begin(drive_find(DRIVE_CD),
			    &(struct eltorito){.media = MEDIA_1440K, .lba = 22}))
		abort();
}

static void start(void)
{
	static const char *const path[] = {"mem:"};

	physical_memory = memory;
	physical_memory_size = MEMORY;
	host_clock_set_ms(1000);
	memory[BDA_DISK_COUNT] = 1;
	host_block_init(&disk, disk_data, BLOCKS, 512);
	host_block_offer(&disk);
	if (san_hook(0x80, path, 1, true))
		abort();
	add_cd(path);
}

static uint16_t take16(const uint8_t **p, const uint8_t *end)
{
	uint16_t v = 0;

	if (end - *p >= 2) {
		v = get_le16(*p);
		*p += 2;
	}
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size;
	static uint8_t ours[OURS_END - OURS];

	if (!physical_memory)
		start();
	memcpy(ours, memory + OURS, sizeof(ours));
	disk.logged = cd.logged = 0;
	host_output_clear();
	while (end - p >= 16) {
		struct real_regs regs = {
			.eax = take16(&p, end),
			.ebx = take16(&p, end),
			.ecx = take16(&p, end),
			.edx = take16(&p, end),
			.esi = take16(&p, end),
			.ds = take16(&p, end),
			.es = take16(&p, end),
		};
		unsigned len = take16(&p, end) & 63;
		uint8_t *packet = physical(((uint32_t)regs.ds << 4) + (regs.esi & 0xffff), 64);

		if (len > (size_t)(end - p))
			len = (unsigned)(end - p);
		if (packet && !(packet < memory + OURS_END && packet + 64 > memory + OURS))
			memcpy(packet, p, len);
		p += len;
		host_interrupt(GATE_INT13, &regs);
		if (memcmp(ours, memory + OURS, sizeof(ours)))
			abort();
	}
	return 0;
}
