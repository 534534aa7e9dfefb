/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks by INT 13h: functions 02h and 08h, and the extensions (T13 1572D, EDD-3)
 * 41h, 42h, 48h. Whatever is booted reads in the same way, from the BIOS' disks
 * and from SAN drives alike.
 *
 * Sector 0 is read by function 02h, which every BIOS has, unless sectors are not
 * of 512 bytes.
 */
#include "san/bios_disk.h"
#include "san/drives.h"
#include "bios/gate.h"
#include "bios/physical.h"
#include "lib/error.h"

#define SECTOR_ADDRESS 0x7c00u
#define SECTOR_MAX     4096u
#define PACKET_ADDRESS 0x7a00u /* a boot sector's stack, later */
#define PACKET_SIZE    16u
#define READ_TRIES     3
#define NO_MEDIUM      0x31u /* status, EDD-3 */
#define TRANSFER_MAX   127u  /* EDD-3 */
#define CYLINDERS_MAX  1024u
#define CDS	       16u
#define BLOCKS_MAX     (1ull << 48) /* more, such as all ones, means that the BIOS does not know */

/* The answer of AH=48h: offsets, and its length in EDD-3. */
#define PARAMETERS_SIZE 74u
#define P_FLAGS		2
#define P_SECTORS	16
#define P_SECTOR_SIZE	24
#define P_PATH_KEY	30
#define P_INTERFACE	40
#define PATH_KEY	0xbeddu
#define FLAG_REMOVABLE	0x0004u

/* One call; false when it failed. */
static bool call(unsigned number, uint32_t eax, struct real_regs *regs)
{
	regs->eax = eax;
	regs->edx = (regs->edx & ~0xffu) | number;
	bios_call(0x13, regs);
	return !(regs->eflags & FLAG_CARRY);
}

/* ---- What there is ---- */

static bool has_extensions(unsigned number)
{
	struct real_regs regs = {.ebx = 0x55aa};

	return call(number, 0x4100, &regs) && (regs.ebx & 0xffff) == 0xaa55 && regs.ecx & 1;
}

/* Heads, track length and, for what it is worth, the size. */
static bool ask_geometry(struct bios_disk *disk)
{
	struct real_regs regs = {0};
	uint32_t cylinders;

	if (!call(disk->number, 0x0800, &regs) || !(regs.ecx & 0x3f))
		return false;
	disk->track_len = regs.ecx & 0x3f;
	disk->heads = (regs.edx >> 8 & 0xff) + 1;
	cylinders = ((regs.ecx >> 8 & 0xff) | (regs.ecx & 0xc0) << 2) + 1;
	disk->blocks = (uint64_t)cylinders * disk->heads * disk->track_len;
	return true;
}

/* The name of the bus as the BIOS has it, padded with blanks. */
static void take_bus(struct bios_disk *disk, const uint8_t *name)
{
	unsigned len = 0;

	while (len < sizeof(disk->bus) - 1 && name[len] > ' ' && name[len] < 0x7f) {
		disk->bus[len] = (char)name[len];
		len++;
	}
	disk->bus[len] = '\0';
}

static bool ask_parameters(struct bios_disk *disk)
{
	struct real_regs regs = {0};
	uint8_t *p = low_buffer();

	memset(p, 0, PARAMETERS_SIZE);
	put_le16(p, PARAMETERS_SIZE);
	regs.ds = real_segment(p);
	regs.esi = real_offset(p);
	if (!call(disk->number, 0x4800, &regs))
		return false;
	disk->removable = get_le16(p + P_FLAGS) & FLAG_REMOVABLE;
	if (get_le16(p + P_SECTOR_SIZE))
		disk->block_size = get_le16(p + P_SECTOR_SIZE);
	if (get_le64(p + P_SECTORS))
		disk->blocks = get_le64(p + P_SECTORS) <= BLOCKS_MAX ? get_le64(p + P_SECTORS) : 0;
	if (get_le16(p + P_PATH_KEY) == PATH_KEY)
		take_bus(disk, p + P_INTERFACE);
	return true;
}

static bool probe_bios_disk(struct bios_disk *disk)
{
	bool answers = ask_geometry(disk);

	if (disk->number < DRIVE_FIRST) {
		disk->removable = true;
		return answers;
	}
	disk->extensions = has_extensions(disk->number);
	if (disk->extensions && ask_parameters(disk))
		answers = true;
	disk->cd = disk->number >= DRIVE_CD && disk->block_size == CD_SECTOR;
	return answers;
}

static bool probe_san_drive(struct bios_disk *disk, const struct san_drive *drive)
{
	disk->san = disk->extensions = true;
	disk->cd = drive->cd.found;
	disk->block_size = drive->dev->block_size;
	disk->blocks = drive->dev->blocks;
	return true;
}

bool bios_disk_probe(unsigned number, struct bios_disk *disk)
{
	const struct san_drive *drive = drive_find(number);

	*disk = (struct bios_disk){.number = number, .block_size = 512};
	return drive ? probe_san_drive(disk, drive) : probe_bios_disk(disk);
}

/* The number behind @number that there may be. */
static unsigned next_number(unsigned number)
{
	number++;
	if (number < DRIVE_FIRST && number >= drives_count(0))
		number = DRIVE_FIRST;
	if (number < DRIVE_CD && number >= DRIVE_FIRST + drives_count(DRIVE_FIRST))
		number = DRIVE_CD;
	return number;
}

unsigned bios_disks(struct bios_disk *disks, unsigned max)
{
	unsigned count = 0;

	for (unsigned number = 0; number < DRIVE_CD + CDS && count < max;
	     number = next_number(number)) {
		if (bios_disk_probe(number, &disks[count]))
			count++;
	}
	return count;
}

/* ---- Reading ---- */

static bool by_chs(const struct bios_disk *disk, uint64_t lba, uint32_t count)
{
	uint64_t cylinder_len = (uint64_t)disk->heads * disk->track_len;

	if (disk->block_size != 512)
		return false;
	if (!lba && count == 1)
		return true;
	return !disk->extensions && cylinder_len && lba / cylinder_len < CYLINDERS_MAX;
}

/* Below 64 KB with segment 0, as boot sectors are read. */
static uint16_t segment_of(uint32_t address)
{
	return (uint16_t)(address >> 16 ? address >> 4 : 0);
}

static uint16_t offset_of(uint32_t address)
{
	return (uint16_t)(address - segment_of(address) * 16u);
}

static bool read_chs(const struct bios_disk *disk, uint64_t lba, uint32_t count, uint32_t address,
		     struct real_regs *regs)
{
	uint32_t track = lba ? (uint32_t)lba / disk->track_len : 0;
	uint32_t sector = lba ? (uint32_t)lba % disk->track_len + 1 : 1;
	uint32_t cylinder = lba ? track / disk->heads : 0, head = lba ? track % disk->heads : 0;

	*regs = (struct real_regs){
		.es = segment_of(address),
		.ebx = offset_of(address),
		.ecx = (cylinder & 0xff) << 8 | (cylinder >> 2 & 0xc0) | sector,
		.edx = head << 8,
	};
	return call(disk->number, 0x0200 | count, regs);
}

static bool read_lba(const struct bios_disk *disk, uint64_t lba, uint32_t count, uint32_t address,
		     struct real_regs *regs)
{
	uint8_t *packet = physical(PACKET_ADDRESS, PACKET_SIZE);

	memset(packet, 0, PACKET_SIZE);
	packet[0] = PACKET_SIZE;
	packet[2] = (uint8_t)count;
	put_le16(packet + 4, offset_of(address));
	put_le16(packet + 6, segment_of(address));
	put_le64(packet + 8, lba);
	*regs = (struct real_regs){.esi = PACKET_ADDRESS};
	return call(disk->number, 0x4200, regs);
}

static int fail_read(const struct bios_disk *disk, uint64_t lba, uint8_t status)
{
	const struct san_drive *drive = drive_find(disk->number);

	if (drive)
		return drive->rc ? drive->rc : fail(E_SAN_READ, "INT 13h status %02x", status);
	if (status == NO_MEDIUM)
		return fail(E_SAN_READ, "there is no medium in drive 0x%02x", disk->number);
	return fail(E_SAN_READ,
		    "the BIOS cannot read sector %llu of drive 0x%02x (INT 13h status %02x); it "
		    "may not exist, or not be in the firmware's boot order",
		    (unsigned long long)lba, disk->number, status);
}

uint32_t bios_disk_most(const struct bios_disk *disk, uint64_t lba, uint32_t count)
{
	count = min(count, TRANSFER_MAX);
	if (disk->extensions || !disk->track_len)
		return count;
	return min(count, disk->track_len - (uint32_t)(lba % disk->track_len));
}

int bios_disk_transfer(const struct bios_disk *disk, uint64_t lba, uint32_t count, uint32_t address)
{
	/* A SAN drive's device has tried for san-timeout by itself. */
	unsigned tries = disk->san ? 1 : READ_TRIES;
	bool chs = by_chs(disk, lba, count);
	struct real_regs regs = {0};
	uint8_t status = 0;

	if (!chs && !disk->extensions)
		return fail(E_SAN_READ,
			    "sector %llu of drive 0x%02x is beyond what the BIOS can read",
			    (unsigned long long)lba, disk->number);
	for (unsigned i = 0; i < tries && status != NO_MEDIUM; i++) {
		struct real_regs reset = {0};

		if (chs ? read_chs(disk, lba, count, address, &regs)
			: read_lba(disk, lba, count, address, &regs))
			return 0;
		status = (uint8_t)(regs.eax >> 8);
		if (!disk->san)
			call(disk->number, 0, &reset);
	}
	return fail_read(disk, lba, status);
}

const uint8_t *bios_disk_read(const struct bios_disk *disk, uint64_t lba)
{
	if (disk->block_size > SECTOR_MAX) {
		fail(E_SAN_READ, "drive 0x%02x has sectors of %u bytes", disk->number,
		     disk->block_size);
		return NULL;
	}
	if (bios_disk_transfer(disk, lba, 1, SECTOR_ADDRESS))
		return NULL;
	return physical(SECTOR_ADDRESS, disk->block_size);
}
