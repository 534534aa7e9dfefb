/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INT 13h AH=4Ah, 4Bh and 4Dh: "El Torito" Bootable CD-ROM Format Specification
 * 1.0, section 4. AH=4Ch (emulate and boot) would have to leave the call that
 * it is in, and is refused: who has a use for it emulates and jumps himself.
 */
#include "san/emulation.h"
#include "san/guest.h"
#include "san/int13.h"

/* The specification packet. */
enum spec {
	SPEC_SIZE = 0,
	SPEC_MEDIA = 1,
	SPEC_DRIVE = 2,
	SPEC_LBA = 4,
	SPEC_SEGMENT = 12,
	SPEC_SECTORS = 14,
	SPEC_CYLINDERS = 16, /* as CH, CL and DH of AH=08h */
	SPEC_CL = 17,
	SPEC_HEADS = 18,
	SPEC_PACKET_SIZE = 19,
};

/* The command packet of AH=4Dh. */
enum catalog_packet {
	CATALOG_SIZE = 0,
	CATALOG_COUNT = 1,
	CATALOG_BUFFER = 2,
	CATALOG_FIRST = 6,
	CATALOG_PACKET_SIZE = 8,
};

#define MEDIA_MASK 0x0fu
enum { TERMINATE, STATUS_ONLY }; /* AL of AH=4Bh */

static uint8_t *packet(const struct real_regs *regs, unsigned size)
{
	return guest_memory(guest_address(regs->ds, (uint16_t)regs->esi), size);
}

static void fill(const struct san_drive *cd, uint8_t *p)
{
	const struct eltorito *boot = &cd->cd.boot;
	const struct san_drive *emulated = cd->emulated;

	memset(p, 0, SPEC_PACKET_SIZE);
	p[SPEC_SIZE] = SPEC_PACKET_SIZE;
	p[SPEC_MEDIA] = (uint8_t)boot->media;
	p[SPEC_DRIVE] = (uint8_t)(emulated ? emulated->number : cd->number);
	put_le32(p + SPEC_LBA, boot->lba);
	put_le16(p + SPEC_SEGMENT, boot->segment);
	put_le16(p + SPEC_SECTORS, boot->sectors);
	if (!emulated)
		return;
	p[SPEC_CYLINDERS] = (uint8_t)(emulated->geometry.cylinders - 1);
	p[SPEC_CL] = (uint8_t)(((emulated->geometry.cylinders - 1) >> 2 & 0xc0u) |
			       emulated->geometry.sectors);
	p[SPEC_HEADS] = (uint8_t)(emulated->geometry.heads - 1);
}

/* Begin an emulation, of any image on the CD. */
int int13_4a(struct san_drive *drive, struct real_regs *regs)
{
	struct san_drive *cd = emulation_cd(drive);
	const uint8_t *p = packet(regs, SPEC_PACKET_SIZE);
	struct eltorito boot;

	if (!cd || cd->emulated || reg_al(regs) || !p || p[SPEC_SIZE] < SPEC_PACKET_SIZE)
		return INT13_INVALID;
	boot = (struct eltorito){
		.media = (enum eltorito_media)(p[SPEC_MEDIA] & MEDIA_MASK),
		.lba = get_le32(p + SPEC_LBA),
		.segment = cd->cd.boot.segment,
		.sectors = 1,
	};
	if (boot.media == MEDIA_NO_EMULATION || boot.media > MEDIA_HARD_DISK ||
	    p[SPEC_DRIVE] != (boot.media == MEDIA_HARD_DISK ? DRIVE_FIRST : 0) ||
	    emulation_begin(cd, &boot))
		return INT13_INVALID;
	cd->cd.boot = boot;
	return INT13_OK;
}

/*
 * End the emulation, or not, and say what was booted. Where there is none to
 * end that is no failure: programs ask so whether they were booted from a CD.
 */
int int13_4b(struct san_drive *drive, struct real_regs *regs)
{
	struct san_drive *cd = emulation_cd(drive);
	uint8_t *p = packet(regs, SPEC_PACKET_SIZE);

	if (!cd || reg_al(regs) > STATUS_ONLY || !p)
		return INT13_INVALID;
	fill(cd, p);
	if (!cd->emulated)
		return cd->cd.boot.media == MEDIA_NO_EMULATION ? INT13_OK : INT13_INVALID;
	if (reg_al(regs) != TERMINATE)
		return INT13_OK;
	if (drive == cd)
		emulation_end(cd);
	else
		drive->ended = true;
	return INT13_OK;
}

/* Sectors of the boot catalog. */
int int13_4d(struct san_drive *drive, struct real_regs *regs)
{
	struct san_drive *cd = emulation_cd(drive);
	const uint8_t *p = packet(regs, CATALOG_PACKET_SIZE);

	if (!cd || reg_al(regs) || !p || p[CATALOG_SIZE] < CATALOG_PACKET_SIZE)
		return INT13_INVALID;
	return int13_transfer(
		cd, BLOCK_READ, (uint64_t)cd->cd.catalog + get_le16(p + CATALOG_FIRST),
		p[CATALOG_COUNT],
		guest_address(get_le16(p + CATALOG_BUFFER + 2), get_le16(p + CATALOG_BUFFER)));
}
