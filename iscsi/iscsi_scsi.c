/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SCSI commands that a boot disk needs (SPC-4, SBC-3), what their status
 * means, and bringing a disk up after login.
 */
#include "iscsi/iscsi.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/lun.h"

#define COMMAND_MS 30000u

enum scsi_opcode {
	TEST_UNIT_READY = 0x00,
	INQUIRY = 0x12,
	MODE_SENSE_6 = 0x1a,
	READ_CAPACITY_10 = 0x25,
	READ_10 = 0x28,
	WRITE_10 = 0x2a,
	SYNCHRONIZE_CACHE_10 = 0x35,
	READ_16 = 0x88,
	WRITE_16 = 0x8a,
	SERVICE_ACTION_IN_16 = 0x9e,
	REPORT_LUNS = 0xa0,
};
#define READ_CAPACITY_16 0x10 /* service action */

enum scsi_status {
	STATUS_GOOD = 0x00,
	STATUS_CHECK_CONDITION = 0x02,
	STATUS_CONDITION_MET = 0x04,
	STATUS_BUSY = 0x08,
	STATUS_RESERVATION_CONFLICT = 0x18,
	STATUS_TASK_SET_FULL = 0x28,
	STATUS_ACA_ACTIVE = 0x30,
	STATUS_TASK_ABORTED = 0x40,
};

enum sense_key {
	KEY_NO_SENSE,
	KEY_RECOVERED,
	KEY_NOT_READY,
	KEY_MEDIUM_ERROR,
	KEY_HARDWARE_ERROR,
	KEY_ILLEGAL_REQUEST,
	KEY_UNIT_ATTENTION,
	KEY_DATA_PROTECT,
	KEY_ABORTED_COMMAND = 0x0b,
};
#define ASC_LUN_NOT_SUPPORTED 0x25
#define ASC_NO_MEDIUM	      0x3a

enum device_type { TYPE_DISK = 0x00, TYPE_CD = 0x05, TYPE_CONTROLLER = 0x0c, TYPE_RBC = 0x0e };

#define INQUIRY_LENGTH	  96u
#define VERSION_SPC3	  5
#define PAGE_BLOCK_LIMITS 0xb0
#define WRITE_PROTECT	  0x80 /* MODE SENSE header, device-specific parameter */
#define LUNS_LENGTH	  2048u
#define LUNS_SHOWN	  16u
#define PIECE_BYTES	  (1024u * 1024u)

/* ---- Status ---- */

bool scsi_sense_parse(const uint8_t *data, size_t len, struct scsi_sense *sense)
{
	*sense = (struct scsi_sense){0};
	if (len < 4)
		return false;
	switch (data[0] & 0x7f) {
	case 0x70:
	case 0x71:
		sense->key = data[2] & 15;
		sense->asc = len > 12 ? data[12] : 0;
		sense->ascq = len > 13 ? data[13] : 0;
		return true;
	case 0x72:
	case 0x73:
		sense->key = data[1] & 15;
		sense->asc = data[2];
		sense->ascq = data[3];
		return true;
	default:
		return false;
	}
}

static enum scsi_verdict judge_sense(const struct scsi_sense *sense)
{
	switch (sense->key) {
	case KEY_NO_SENSE:
	case KEY_RECOVERED:
		return SCSI_OK;
	case KEY_NOT_READY:
		return sense->asc == ASC_NO_MEDIUM ? SCSI_FAIL : SCSI_LATER;
	case KEY_UNIT_ATTENTION:
	case KEY_ABORTED_COMMAND:
		return SCSI_AGAIN;
	default:
		return SCSI_FAIL;
	}
}

enum scsi_verdict scsi_judge(uint8_t status, const struct scsi_sense *sense)
{
	switch (status) {
	case STATUS_GOOD:
	case STATUS_CONDITION_MET:
		return SCSI_OK;
	case STATUS_CHECK_CONDITION:
		return judge_sense(sense);
	case STATUS_BUSY:
	case STATUS_TASK_SET_FULL:
	case STATUS_ACA_ACTIVE:
		return SCSI_LATER;
	case STATUS_TASK_ABORTED:
		return SCSI_AGAIN;
	default:
		return SCSI_FAIL;
	}
}

static const char *command_name(uint8_t opcode)
{
	switch (opcode) {
	case READ_10:
	case READ_16:
		return "reading the disk";
	case WRITE_10:
	case WRITE_16:
		return "writing to the disk";
	case SYNCHRONIZE_CACHE_10:
		return "flushing the disk's cache";
	case READ_CAPACITY_10:
	case SERVICE_ACTION_IN_16:
		return "asking for the disk's size";
	case INQUIRY:
		return "asking what the disk is";
	case TEST_UNIT_READY:
		return "waiting for the disk";
	default:
		return "a disk command";
	}
}

static int failure_code(const struct scsi_sense *sense)
{
	switch (sense->key) {
	case KEY_NOT_READY:
		return sense->asc == ASC_NO_MEDIUM ? E_SCSI_NO_MEDIUM : E_SCSI_NOT_READY;
	case KEY_MEDIUM_ERROR:
		return E_SCSI_MEDIUM;
	case KEY_HARDWARE_ERROR:
		return E_SCSI_HARDWARE;
	case KEY_ILLEGAL_REQUEST:
		return sense->asc == ASC_LUN_NOT_SUPPORTED ? E_ISCSI_LUN : E_SCSI_ILLEGAL;
	case KEY_DATA_PROTECT:
		return E_SCSI_PROTECTED;
	default:
		return E_SCSI_FAILED;
	}
}

int scsi_failure(uint8_t opcode, uint8_t status, const struct scsi_sense *sense)
{
	const char *name = command_name(opcode);
	int code;

	if (status == STATUS_RESERVATION_CONFLICT)
		return fail(E_SCSI_RESERVED, "%s failed: another machine has reserved it", name);
	if (status == STATUS_BUSY || status == STATUS_TASK_SET_FULL)
		return fail(E_SCSI_NOT_READY, "%s failed: the target stays busy", name);
	if (status != STATUS_CHECK_CONDITION)
		return fail(E_SCSI_FAILED, "%s failed: SCSI status 0x%02x", name, status);
	code = failure_code(sense);
	return fail(code, "%s failed: %s (sense %x/%02x/%02x)", name, error_entry(code)->meaning,
		    sense->key, sense->asc, sense->ascq);
}

/* ---- Commands ---- */

void scsi_read_write(uint8_t cdb[16], bool write, uint64_t lba, uint32_t count)
{
	memset(cdb, 0, 16);
	if (lba + count <= UINT32_MAX && count <= UINT16_MAX) {
		cdb[0] = write ? WRITE_10 : READ_10;
		put_be32(cdb + 2, (uint32_t)lba);
		put_be16(cdb + 7, (uint16_t)count);
	} else {
		cdb[0] = write ? WRITE_16 : READ_16;
		put_be64(cdb + 2, lba);
		put_be32(cdb + 10, count);
	}
}

static int inquiry(struct iscsi_session *session, int page, uint8_t data[INQUIRY_LENGTH],
		   uint32_t *received)
{
	struct scsi_command command = {
		.cdb = {INQUIRY, page >= 0, page >= 0 ? (uint8_t)page : 0, 0, INQUIRY_LENGTH},
		.buffer = data,
		.length = INQUIRY_LENGTH,
	};
	int rc;

	memset(data, 0, INQUIRY_LENGTH);
	rc = scsi_run(session, &command, COMMAND_MS);
	*received = command.received;
	return rc;
}

/* "1, 2" of the target's REPORT LUNS without the one asked for, or "". True: some number is
 * written differently in the classic form of paths. */
static bool list_luns(struct iscsi_session *session, char *text, size_t size)
{
	static uint8_t data[LUNS_LENGTH];
	struct scsi_command command = {
		.cdb = {REPORT_LUNS},
		.buffer = data,
		.length = LUNS_LENGTH,
	};
	uint8_t asked[8];
	bool differs = false;
	struct cursor c;
	uint32_t count;
	int rc;

	*text = '\0';
	put_be32(command.cdb + 6, LUNS_LENGTH);
	/* REPORT LUNS is answered by LUN 0 whether or not a disk is there. */
	memcpy(asked, session->path.lun, 8);
	memset(session->path.lun, 0, 8);
	rc = scsi_run(session, &command, COMMAND_MS);
	memcpy(session->path.lun, asked, 8);
	if (rc)
		return false;
	c = cursor(data, command.received);
	count = cursor_be32(&c) / 8;
	cursor_skip(&c, 4);
	for (uint32_t i = 0; i < count && i < LUNS_SHOWN; i++) {
		const uint8_t *lun = cursor_take(&c, 8);
		char number[24];

		if (!lun)
			break;
		if (!memcmp(lun, asked, 8))
			continue;
		differs |= get_be16(lun) >= 10;
		format_append(text, size, "%s%s", *text ? ", " : "",
			      lun_text(lun, number, sizeof(number)));
	}
	return differs && !session->path.decimal_lun;
}

static int wrong_lun(struct iscsi_session *session, int code, const char *what)
{
	char luns[256], asked[24];
	bool differs = list_luns(session, luns, sizeof(luns));

	lun_text(session->path.lun, asked, sizeof(asked));
	if (!*luns)
		return fail(code, "LUN %s %s", asked, what);
	return fail(code, "LUN %s %s; the target has: %s%s", asked, what, luns,
		    differs ? " (write 10 and above in hexadecimal)" : "");
}

static int identify(struct iscsi_session *session, struct block_device *dev, unsigned *version)
{
	uint8_t data[INQUIRY_LENGTH];
	uint32_t received;
	int rc = inquiry(session, -1, data, &received);

	if (rc == E_ISCSI_LUN)
		return wrong_lun(session, rc, "is not there");
	if (rc)
		return rc;
	if (received < 8)
		return fail(E_ISCSI_DEVICE, "the disk's answer to INQUIRY is too short");
	if (data[0] >> 5)
		return wrong_lun(session, E_ISCSI_LUN, "is not there");
	*version = data[2];
	switch (data[0] & 31) {
	case TYPE_DISK:
	case TYPE_RBC:
		return 0;
	case TYPE_CD:
		dev->read_only = true;
		return 0;
	case TYPE_CONTROLLER:
		return wrong_lun(session, E_ISCSI_DEVICE, "is the target's controller, not a disk");
	default:
		return wrong_lun(session, E_ISCSI_DEVICE, "is not a disk");
	}
}

static int wait_ready(struct iscsi_session *session)
{
	struct scsi_command command = {.cdb = {TEST_UNIT_READY}};

	return scsi_run(session, &command, COMMAND_MS);
}

static int capacity_16(struct iscsi_session *session, struct block_device *dev)
{
	uint8_t data[32] = {0};
	struct scsi_command command = {
		.cdb = {SERVICE_ACTION_IN_16, READ_CAPACITY_16},
		.buffer = data,
		.length = sizeof(data),
	};
	uint64_t last;
	int rc;

	put_be32(command.cdb + 10, sizeof(data));
	rc = scsi_run(session, &command, COMMAND_MS);
	if (rc)
		return rc;
	if (command.received < 12)
		return fail(E_ISCSI_DEVICE, "the disk's answer to READ CAPACITY(16) is too short");
	last = get_be64(data);
	if (last == UINT64_MAX)
		return fail(E_ISCSI_DEVICE, "the disk reports an impossible size");
	dev->blocks = last + 1;
	dev->block_size = get_be32(data + 8);
	return 0;
}

static int capacity(struct iscsi_session *session, struct block_device *dev)
{
	uint8_t data[8] = {0};
	struct scsi_command command = {
		.cdb = {READ_CAPACITY_10},
		.buffer = data,
		.length = sizeof(data),
	};
	int rc = scsi_run(session, &command, COMMAND_MS);

	if (rc)
		return rc;
	if (command.received < sizeof(data))
		return fail(E_ISCSI_DEVICE, "the disk's answer to READ CAPACITY is too short");
	if (get_be32(data) == UINT32_MAX)
		return capacity_16(session, dev);
	dev->blocks = (uint64_t)get_be32(data) + 1;
	dev->block_size = get_be32(data + 4);
	return 0;
}

/* The answer is optional: disks without mode pages are taken to be writable. */
static bool write_protected(struct iscsi_session *session)
{
	uint8_t data[4] = {0};
	struct scsi_command command = {
		.cdb = {MODE_SENSE_6, 0x08, 0x3f, 0, sizeof(data)},
		.buffer = data,
		.length = sizeof(data),
	};

	return !scsi_run(session, &command, COMMAND_MS) && command.received == sizeof(data) &&
	       data[2] & WRITE_PROTECT;
}

static uint32_t largest_piece(struct iscsi_session *session, uint32_t block_size, unsigned version)
{
	uint8_t data[INQUIRY_LENGTH];
	uint32_t blocks = PIECE_BYTES / block_size;
	uint32_t received, limit;

	if (version < VERSION_SPC3 || inquiry(session, PAGE_BLOCK_LIMITS, data, &received) ||
	    received < 12 || data[1] != PAGE_BLOCK_LIMITS)
		return blocks;
	limit = get_be32(data + 8);
	return limit && limit < blocks ? limit : blocks;
}

int scsi_bring_up(struct iscsi_session *session, struct block_device *dev)
{
	unsigned version = 0;
	int rc = identify(session, dev, &version);

	if (!rc)
		rc = wait_ready(session);
	if (!rc)
		rc = capacity(session, dev);
	if (rc)
		return rc;
	if (dev->block_size != 512 && dev->block_size != 2048 && dev->block_size != 4096)
		return fail(E_ISCSI_BLOCK_SIZE,
			    "the disk has blocks of %u bytes; 512, 2048 and 4096 are supported",
			    (unsigned)dev->block_size);
	if (!dev->read_only)
		dev->read_only = write_protected(session);
	session->block_size = dev->block_size;
	session->blocks = dev->blocks;
	session->piece_blocks = largest_piece(session, dev->block_size, version);
	dev->max_blocks = session->piece_blocks;
	return 0;
}
