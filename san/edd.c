/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The INT 13h extensions, AH=41h to 4Eh: "Enhanced Disk Drive Specification"
 * version 3.0 (Phoenix) and T13 EDD-4, whose longer forms are given to callers
 * with room for them.
 */
#include "san/guest.h"
#include "san/int13.h"

/* Disk address packet. */
enum dap {
	DAP_SIZE = 0,
	DAP_COUNT = 2,	/* byte in EDD 1.x to 4, a word to those who set the next byte too */
	DAP_BUFFER = 4, /* offset, segment */
	DAP_LBA = 8,
	DAP_FLAT = 16,	  /* 64-bit address, EDD 3.0 */
	DAP_COUNT32 = 24, /* EDD-4 */
	DAP_MIN = 16,
	DAP_WITH_FLAT = 24,
	DAP_WITH_COUNT32 = 32,
};
#define DAP_IS_COUNT32 0xffu
#define DAP_IS_FLAT    0xffffffffu

/* Result of AH=48h. */
enum parameters {
	PARAM_SIZE = 0,
	PARAM_FLAGS = 2,
	PARAM_CYLINDERS = 4,
	PARAM_HEADS = 8,
	PARAM_SECTORS = 12,
	PARAM_TOTAL = 16,
	PARAM_BLOCK_SIZE = 24,
	PARAM_DPTE = 26,
	PARAM_KEY = 30,
	PARAM_PATH_LENGTH = 32,
	PARAM_BUS = 36,
	PARAM_INTERFACE = 40,
	PARAM_INTERFACE_PATH = 48,
	PARAM_DEVICE_PATH = 56,
	PARAM_MIN = 26,	 /* EDD 1.x */
	PARAM_EDD2 = 30, /* with DPTE pointer */
	PARAM_EDD3 = 66, /* with device path */
	PARAM_EDD4 = 74, /* with a 16-byte device path */
};
#define PARAM_FLAG_DMA_TRANSPARENT 0x01u
#define PARAM_FLAG_CHS_VALID	   0x02u
#define PARAM_FLAG_WRITE_VERIFY	   0x08u
#define PARAM_PATH_KEY		   0xbeddu
#define CHS_BLOCKS_MAX		   15482880u /* beyond it the geometry is not to be used */

#define EDD_VERSION	   0x30u
#define EDD_PACKET_ACCESS  0x01u /* 42h-44h, 47h, 48h */
#define EDD_SUBSET	   0x04u /* 48h, 4Eh */
#define EDD_64BIT	   0x08u /* flat buffer addresses */
#define VERIFY_AFTER_WRITE 0x02u

struct packet {
	uint8_t *raw;
	uint32_t count;
	uint64_t lba, address;
	bool count32, count16;
};

/* ---- Disk address packets ---- */

static uint8_t *packet_memory(const struct real_regs *regs, uint8_t size)
{
	return guest_memory(guest_address(regs->ds, (uint16_t)regs->esi), size);
}

/*
 * The count is a byte up to 7Fh, or FFh for the doubleword of EDD-4; callers
 * that take it for a word, as earlier versions printed it, are understood too.
 */
static bool packet_read(const struct real_regs *regs, struct packet *packet)
{
	uint8_t *raw = packet_memory(regs, DAP_MIN);
	uint8_t size = raw ? raw[DAP_SIZE] : 0;

	if (size < DAP_MIN)
		return false;
	raw = packet_memory(regs, size);
	if (!raw)
		return false;
	*packet = (struct packet){.raw = raw, .lba = get_le64(raw + DAP_LBA)};
	packet->count = get_le16(raw + DAP_COUNT);
	packet->count16 = packet->count > 0xff;
	packet->count32 = packet->count == DAP_IS_COUNT32 && size >= DAP_WITH_COUNT32;
	if (packet->count32)
		packet->count = get_le32(raw + DAP_COUNT32);
	packet->address = guest_address(get_le16(raw + DAP_BUFFER + 2), get_le16(raw + DAP_BUFFER));
	if (packet->count32 || get_le32(raw + DAP_BUFFER) == DAP_IS_FLAT) {
		if (size < DAP_WITH_FLAT)
			return false;
		packet->address = get_le64(raw + DAP_FLAT);
	}
	return true;
}

/* The caller reads from the packet how many blocks went through: all or none. */
static void packet_failed(const struct packet *packet)
{
	if (packet->count32)
		put_le32(packet->raw + DAP_COUNT32, 0);
	else if (packet->count16)
		put_le16(packet->raw + DAP_COUNT, 0);
	else
		packet->raw[DAP_COUNT] = 0;
}

static int packet_transfer(struct san_drive *drive, const struct real_regs *regs, enum block_op op,
			   bool check)
{
	struct packet packet;
	int status;

	if (!packet_read(regs, &packet))
		return INT13_INVALID;
	status = int13_transfer(drive, op, packet.lba, packet.count, packet.address);
	if (!status && check)
		status = int13_transfer(drive, BLOCK_VERIFY, packet.lba, packet.count, 0);
	if (status)
		packet_failed(&packet);
	return status;
}

int int13_41(struct san_drive *drive, struct real_regs *regs)
{
	if ((regs->ebx & 0xffff) != 0x55aa)
		return INT13_INVALID;
	set_word(&regs->ebx, 0xaa55);
	set_word(&regs->ecx, EDD_PACKET_ACCESS | EDD_SUBSET | EDD_64BIT);
	set_ah(regs, EDD_VERSION);
	regs->eflags &= ~FLAG_CARRY;
	return INT13_AS_IS;
}

int int13_42(struct san_drive *drive, struct real_regs *regs)
{
	return packet_transfer(drive, regs, BLOCK_READ, false);
}

int int13_43(struct san_drive *drive, struct real_regs *regs)
{
	if (reg_al(regs) > VERIFY_AFTER_WRITE)
		return INT13_INVALID;
	return packet_transfer(drive, regs, BLOCK_WRITE, reg_al(regs) == VERIFY_AFTER_WRITE);
}

int int13_44(struct san_drive *drive, struct real_regs *regs)
{
	return packet_transfer(drive, regs, BLOCK_VERIFY, false);
}

/* Lock: a disk that cannot be taken out is neither locked nor unlocked. */
int int13_45(struct san_drive *drive, struct real_regs *regs)
{
	if (reg_al(regs) > 2)
		return INT13_INVALID;
	set_al(regs, 0);
	return INT13_OK;
}

int int13_46(struct san_drive *drive, struct real_regs *regs)
{
	return INT13_NOT_REMOVABLE;
}

int int13_47(struct san_drive *drive, struct real_regs *regs)
{
	struct packet packet;

	if (!packet_read(regs, &packet))
		return INT13_INVALID;
	return block_in_range(drive->dev, packet.lba, 1) ? INT13_OK : INT13_SEEK_FAILED;
}

int int13_49(struct san_drive *drive, struct real_regs *regs)
{
	return INT13_OK;
}

/* DMA and prefetch modes of ATA disks: nothing to change, and no other drive is affected. */
int int13_4e(struct san_drive *drive, struct real_regs *regs)
{
	if (reg_al(regs) > 6)
		return INT13_INVALID;
	set_al(regs, 0);
	return INT13_OK;
}

/* ---- AH=48h ---- */

static uint16_t parameters_size(uint16_t room)
{
	if (room >= PARAM_EDD4)
		return PARAM_EDD4;
	if (room >= PARAM_EDD3)
		return PARAM_EDD3;
	return room >= PARAM_EDD2 ? PARAM_EDD2 : PARAM_MIN;
}

/*
 * EDD knows no iSCSI. The nearest truth: a SCSI disk behind the network card,
 * with the logical unit's number. EDD 3.0 has a byte for it, EDD-4 (after a
 * word for the target's id on a bus, which there is none) all eight bytes.
 */
static void device_path(const struct san_drive *drive, uint8_t *p, uint16_t size)
{
	const struct ibft_params *about = &drive->ibft;
	const uint8_t *lun = about->target[0].lun;
	uint8_t sum = 0;

	put_le16(p + PARAM_KEY, PARAM_PATH_KEY);
	p[PARAM_PATH_LENGTH] = (uint8_t)(size - PARAM_KEY);
	memcpy(p + PARAM_BUS, "PCI ", 4);
	memcpy(p + PARAM_INTERFACE, "SCSI    ", 8);
	p[PARAM_INTERFACE_PATH] = (uint8_t)(about->nic.pci_busdevfn >> 8);
	p[PARAM_INTERFACE_PATH + 1] = about->nic.pci_busdevfn >> 3 & 31;
	p[PARAM_INTERFACE_PATH + 2] = about->nic.pci_busdevfn & 7;
	p[PARAM_INTERFACE_PATH + 3] = 0xff; /* no channel */
	if (size >= PARAM_EDD4)
		put_le64(p + PARAM_DEVICE_PATH + 2, get_be16(lun) & 0x3fff);
	else
		p[PARAM_DEVICE_PATH] = lun[1];
	for (unsigned i = PARAM_KEY; i < size; i++)
		sum = (uint8_t)(sum + p[i]);
	p[size - 1] = (uint8_t)-sum;
}

static void fill_parameters(const struct san_drive *drive, uint8_t *p, uint16_t size)
{
	const struct block_device *dev = drive->dev;
	const struct geometry *g = &drive->geometry;
	uint16_t flags = PARAM_FLAG_DMA_TRANSPARENT | PARAM_FLAG_WRITE_VERIFY;
	uint64_t cylinders = dev->blocks / (g->heads * g->sectors);

	memset(p, 0, size);
	if (dev->block_size == 512 && dev->blocks <= CHS_BLOCKS_MAX)
		flags |= PARAM_FLAG_CHS_VALID;
	put_le16(p + PARAM_SIZE, size);
	put_le16(p + PARAM_FLAGS, flags);
	put_le32(p + PARAM_CYLINDERS, (uint32_t)min(cylinders, (uint64_t)UINT32_MAX));
	put_le32(p + PARAM_HEADS, g->heads);
	put_le32(p + PARAM_SECTORS, g->sectors);
	put_le64(p + PARAM_TOTAL, dev->blocks);
	put_le16(p + PARAM_BLOCK_SIZE, (uint16_t)dev->block_size);
	if (size >= PARAM_EDD2)
		put_le32(p + PARAM_DPTE, 0xffffffff);
	if (size >= PARAM_EDD3)
		device_path(drive, p, size);
}

int int13_48(struct san_drive *drive, struct real_regs *regs)
{
	uint32_t address = guest_address(regs->ds, (uint16_t)regs->esi);
	uint8_t *p = guest_memory(address, PARAM_MIN);
	uint16_t size;

	if (!p || get_le16(p + PARAM_SIZE) < PARAM_MIN)
		return INT13_INVALID;
	size = parameters_size(get_le16(p + PARAM_SIZE));
	/* The path is known only for a device that describes itself. */
	if (size >= PARAM_EDD3 && !drive->ibft.target_count)
		size = PARAM_EDD2;
	p = guest_memory(address, size);
	if (!p)
		return INT13_INVALID;
	fill_parameters(drive, p, size);
	return INT13_OK;
}
