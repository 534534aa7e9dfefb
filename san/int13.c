/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INT 13h: dispatch, the functions of the AT BIOS (AH=00h to 16h), and passing
 * calls for other drives on to the BIOS.
 *
 * Data moves between the device and the caller's buffer at its linear address,
 * so neither 64 KB boundaries nor the size of the buffer matter. What would
 * overwrite ourselves is refused.
 */
#include "san/int13.h"
#include "san/emulation.h"
#include "san/guest.h"
#include "bios/console.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"

#define FAILURES_SHOWN 8u /* a drive prints; the others go to the log */
#define VERIFY_SCRATCH (32u * 1024)
#define ALL_EMULATIONS 0x7fu
#define INT_1E	       0x78u /* pointer to the diskette parameter table */

enum { FLOPPY_1200K = 2, FLOPPY_1440K = 4, FLOPPY_2880K = 6 }; /* AH=08h, BL */
enum { TYPE_FLOPPY = 1, TYPE_HARD_DISK = 3 };		       /* AH=15h, AH */

/* ---- Failures ---- */

static int status_of(int rc, enum block_op op)
{
	switch (rc) {
	case 0:
		return INT13_OK;
	case E_SAN_READ_ONLY:
	case E_SCSI_PROTECTED:
		return INT13_WRITE_PROTECTED;
	case E_SAN_OUT_OF_RANGE:
		return INT13_NOT_FOUND;
	case E_SCSI_MEDIUM:
		return op == BLOCK_WRITE ? INT13_WRITE_FAULT : INT13_UNCORRECTABLE;
	case E_SCSI_HARDWARE:
		return INT13_CONTROLLER;
	case E_SCSI_NOT_READY:
	case E_SCSI_NO_MEDIUM:
		return INT13_NOT_READY;
	case E_TIMEOUT:
	case E_ISCSI_LOST:
	case E_ISCSI_TIMEOUT:
	case E_SAN_LOST:
		return INT13_TIMEOUT;
	}
	return op == BLOCK_WRITE ? INT13_WRITE_FAULT : INT13_NOT_FOUND;
}

/* The guest only sees a number: the user gets the sentence. */
static void explain(struct san_drive *drive, enum block_op op, uint64_t lba, uint32_t count, int rc)
{
	static const char *const verbs[] = {
		[BLOCK_READ] = "reading",
		[BLOCK_WRITE] = "writing",
		[BLOCK_FLUSH] = "flushing",
		[BLOCK_VERIFY] = "verifying",
	};

	drive->rc = rc;
	if (drive->failures++ < FAILURES_SHOWN)
		print("\n0x%02x: %s %u blocks at %llu failed: %s (%s)\n", drive->number, verbs[op],
		      count, (unsigned long long)lba, error_sentence(rc), error_entry(rc)->code);
	else
		log_debug("san", 1, "0x%02x: %s %u blocks at %llu failed: %s", drive->number,
			  verbs[op], count, (unsigned long long)lba, error_sentence(rc));
}

static int refuse_write(struct san_drive *drive)
{
	drive->rc = E_SAN_READ_ONLY;
	if (!drive->read_only_explained)
		print("\n0x%02x: the disk is read-only: what is written to it is refused (%s)\n",
		      drive->number, error_entry(E_SAN_READ_ONLY)->code);
	drive->read_only_explained = true;
	return INT13_WRITE_PROTECTED;
}

/* ---- Transfers ---- */

/* A device that cannot verify is read instead. */
static int verify(struct san_drive *drive, uint64_t lba, uint32_t count)
{
	static uint8_t scratch[VERIFY_SCRATCH];
	int rc = block_run(drive->dev, BLOCK_VERIFY, lba, count, NULL);

	while (rc == E_NOT_SUPPORTED && count) {
		uint32_t piece = min(count, VERIFY_SCRATCH / drive->dev->block_size);
		int read = block_run(drive->dev, BLOCK_READ, lba, piece, scratch);

		if (read)
			return read;
		lba += piece;
		count -= piece;
	}
	return rc == E_NOT_SUPPORTED ? 0 : rc;
}

static int run(struct san_drive *drive, enum block_op op, uint64_t lba, uint32_t count, void *data)
{
	switch (op) {
	case BLOCK_READ:
		drive->reads += count;
		return cache_read(drive->cache, lba, count, data);
	case BLOCK_WRITE:
		drive->writes += count;
		return cache_write(drive->cache, lba, count, data);
	default:
		return verify(drive, lba, count);
	}
}

int int13_transfer(struct san_drive *drive, enum block_op op, uint64_t lba, uint32_t count,
		   uint64_t address)
{
	void *data = NULL;
	int rc;

	if (!count)
		return INT13_OK;
	if (!block_in_range(drive->dev, lba, count))
		return INT13_NOT_FOUND;
	if (op == BLOCK_WRITE && drive->dev->read_only)
		return refuse_write(drive);
	if (op != BLOCK_VERIFY) {
		data = guest_memory(address, (uint64_t)count * drive->dev->block_size);
		if (!data)
			return INT13_DMA_BOUNDARY;
	}
	rc = run(drive, op, lba, count, data);
	if (rc)
		explain(drive, op, lba, count, rc);
	else
		drive->failures = 0;
	return status_of(rc, op);
}

/* LBA of CH, CL, DH; false when the geometry has no such sector. */
static bool chs_to_lba(const struct san_drive *drive, const struct real_regs *regs, uint64_t *lba)
{
	const struct geometry *g = &drive->geometry;
	uint32_t sector = regs->ecx & 0x3f, head = regs->edx >> 8 & 0xff;
	uint32_t cylinder = (regs->ecx >> 8 & 0xff) | (regs->ecx & 0xc0) << 2;

	if (drive->dev->block_size != 512 || !sector || sector > g->sectors || head >= g->heads ||
	    cylinder >= g->cylinders)
		return false;
	*lba = ((uint64_t)cylinder * g->heads + head) * g->sectors + sector - 1;
	return true;
}

static int chs_transfer(struct san_drive *drive, struct real_regs *regs, enum block_op op)
{
	uint8_t count = reg_al(regs);
	uint64_t lba;
	int status = INT13_INVALID;

	if (drive->dev->block_size == 512) {
		status = INT13_NOT_FOUND;
		if (chs_to_lba(drive, regs, &lba))
			status = int13_transfer(drive, op, lba, count,
						guest_address(regs->es, (uint16_t)regs->ebx));
	}
	if (status)
		set_al(regs, 0);
	return status;
}

/* ---- AH=00h to 16h ---- */

/* Reset, recalibrate, test ready, diagnostics: the session needs none of it. */
static int int13_00(struct san_drive *drive, struct real_regs *regs)
{
	return INT13_OK;
}

static int int13_01(struct san_drive *drive, struct real_regs *regs)
{
	/* Some callers look into AL, as the PC/AT's manual says, the others into AH. */
	set_al(regs, drive->status);
	set_ah(regs, drive->status);
	regs->eflags = (regs->eflags & ~FLAG_CARRY) | (drive->status ? FLAG_CARRY : 0);
	return INT13_AS_IS;
}

static int int13_02(struct san_drive *drive, struct real_regs *regs)
{
	return chs_transfer(drive, regs, BLOCK_READ);
}

static int int13_03(struct san_drive *drive, struct real_regs *regs)
{
	return chs_transfer(drive, regs, BLOCK_WRITE);
}

static int int13_04(struct san_drive *drive, struct real_regs *regs)
{
	return chs_transfer(drive, regs, BLOCK_VERIFY);
}

/* Format a track: the sectors of this disk are formatted, as on every disk since IDE. */
static int int13_05(struct san_drive *drive, struct real_regs *regs)
{
	struct real_regs first = *regs;
	uint64_t lba;

	first.ecx = (first.ecx & ~0x3fu) | 1;
	if (!chs_to_lba(drive, &first, &lba))
		return INT13_NOT_FOUND;
	return drive->dev->read_only ? refuse_write(drive) : INT13_OK;
}

/* Of a floppy drive also its type, and the parameters that INT 1Eh points to. */
static void floppy_parameters(const struct san_drive *drive, struct real_regs *regs)
{
	const uint8_t *table = physical(INT_1E, 4);

	regs->ebx |= drive->geometry.sectors == 15   ? FLOPPY_1200K
		     : drive->geometry.sectors == 18 ? FLOPPY_1440K
						     : FLOPPY_2880K;
	if (!table)
		return;
	set_word(&regs->edi, get_le16(table));
	regs->es = get_le16(table + 2);
}

static int int13_08(struct san_drive *drive, struct real_regs *regs)
{
	const struct geometry *g = &drive->geometry;
	uint32_t last = g->cylinders - 1;

	if (drive->dev->block_size != 512)
		return INT13_INVALID;
	set_al(regs, 0);
	regs->ebx &= ~0xffu;
	set_word(&regs->ecx, (last & 0xff) << 8 | (last >> 2 & 0xc0) | g->sectors);
	set_word(&regs->edx, (g->heads - 1) << 8 | drives_count(drive->number));
	if (drive_is_floppy(drive))
		floppy_parameters(drive, regs);
	return INT13_OK;
}

static int int13_0c(struct san_drive *drive, struct real_regs *regs)
{
	struct real_regs first = *regs;
	uint64_t lba;

	first.ecx = (first.ecx & ~0x3fu) | 1;
	return chs_to_lba(drive, &first, &lba) ? INT13_OK : INT13_SEEK_FAILED;
}

static int int13_15(struct san_drive *drive, struct real_regs *regs)
{
	uint32_t sectors = (uint32_t)min(drive->dev->blocks, (uint64_t)UINT32_MAX);

	if (drive_is_floppy(drive)) {
		set_ah(regs, TYPE_FLOPPY);
	} else {
		set_word(&regs->ecx, sectors >> 16);
		set_word(&regs->edx, sectors);
		set_ah(regs, TYPE_HARD_DISK);
	}
	regs->eflags &= ~FLAG_CARRY;
	return INT13_AS_IS;
}

static const int13_function functions[] = {
	[0x00] = int13_00, [0x01] = int13_01, [0x02] = int13_02, [0x03] = int13_03,
	[0x04] = int13_04, [0x05] = int13_05, [0x08] = int13_08, [0x09] = int13_00,
	[0x0c] = int13_0c, [0x0d] = int13_00, [0x10] = int13_00, [0x11] = int13_00,
	[0x14] = int13_00, [0x15] = int13_15, [0x16] = int13_00, [0x41] = int13_41,
	[0x42] = int13_42, [0x43] = int13_43, [0x44] = int13_44, [0x45] = int13_45,
	[0x46] = int13_46, [0x47] = int13_47, [0x48] = int13_48, [0x49] = int13_49,
	[0x4a] = int13_4a, [0x4b] = int13_4b, [0x4d] = int13_4d, [0x4e] = int13_4e,
};

/* The extensions are for hard disks and CDs, but for those that emulate floppy disks. */
static int13_function function_of(const struct san_drive *drive, uint8_t ah)
{
	if (ah >= ARRAY_SIZE(functions) ||
	    (drive_is_floppy(drive) && ah >= 0x41 && (ah < 0x4a || ah > 0x4d)))
		return NULL;
	return functions[ah];
}

/* ---- Dispatch ---- */

static void set_status(struct san_drive *drive, struct real_regs *regs, int status)
{
	uint8_t *bda = physical(BDA_DISK_STATUS, 1);

	drive->status = (uint8_t)status;
	if (bda)
		*bda = (uint8_t)status;
	set_ah(regs, (uint8_t)status);
	regs->eflags = (regs->eflags & ~FLAG_CARRY) | (status ? FLAG_CARRY : 0);
}

static void serve(struct san_drive *drive, struct real_regs *regs)
{
	uint8_t ah = reg_ah(regs);
	int13_function function = function_of(drive, ah);
	int status;

	drive->calls++;
	drive->rc = 0;
	/* A disk call out of the middle of another one, from an interrupt handler. */
	if (guest_call_active) {
		set_ah(regs, INT13_NOT_READY);
		regs->eflags |= FLAG_CARRY;
		return;
	}
	guest_call_active = true;
	console_ignore_break(guest_is_running());
	console_flush();
	status = function ? function(drive, regs) : INT13_INVALID;
	if (status != INT13_AS_IS)
		set_status(drive, regs, status);
	console_ignore_break(false);
	guest_call_active = false;
	if (log_enabled("int13", 1))
		log_debug("int13", 1, "0x%02x AH=%02x: status %02x", drive->number, ah,
			  drive->status);
}

/*
 * A disk of the BIOS, under the number that the BIOS knows. AH=08h returns the
 * number of disks in DL, which is ours to tell; AH=15h the size in CX:DX; all
 * others leave DL alone, so the caller finds his own number there.
 */
static bool pass_on(struct real_regs *regs, uint8_t number, uint8_t target)
{
	uint8_t ah = reg_ah(regs);
	bool carry;

	if (target == number && (ah != 0x08 || number < DRIVE_FIRST))
		return false;
	regs->edx = (regs->edx & ~0xffu) | target;
	gate_previous(GATE_INT13, regs);
	carry = regs->eflags & FLAG_CARRY;
	if (ah == 0x08 && !carry)
		regs->edx = (regs->edx & ~0xffu) | drives_count(number);
	else if (ah != 0x15 || carry || reg_ah(regs) != 3)
		regs->edx = (regs->edx & ~0xffu) | number;
	return true;
}

/* The drive for a caller's @number, or NULL. To end an emulation it need not be known: 7Fh. */
static struct san_drive *drive_called(uint8_t ah, uint8_t number, unsigned *target)
{
	struct san_drive *drive;

	if (ah == 0x4b && number == ALL_EMULATIONS) {
		list_for_each(drive, &san_drives, link) {
			if (drive->image_of)
				return drive;
		}
	}
	return drive_route(number, target);
}

bool int13_handler(struct real_regs *regs)
{
	uint8_t number = (uint8_t)regs->edx;
	struct san_drive *drive;
	unsigned target;

	drives_sync();
	drive = drive_called(reg_ah(regs), number, &target);
	if (!drive)
		return pass_on(regs, number, (uint8_t)target);
	serve(drive, regs);
	if (drive->ended)
		emulation_end(drive->image_of);
	return true;
}
