/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCSI commands in flight.
 *
 * A block request is cut into pieces of at most piece_blocks; each piece is a
 * task with a slot of session->tasks, whose index is the low byte of its task
 * tag (the rest counts up, so that an answer to an earlier use never matches).
 *
 *	free -> ready -> sent -> (draining ->) free
 *
 * Data-In goes from TCP straight to the request's buffer; since we negotiate
 * in-order data, each PDU must begin where the last one ended, and nothing the
 * target says can make us write anywhere else. Data-Out leaves from the request's
 * buffer without a copy, so a write is finished only when TCP has let go of
 * its bytes: a task that is answered earlier drains first.
 *
 * When the connection is lost, sent tasks go back to ready in the order in which
 * they were sent. Writes among them may be done twice, with the same data, and
 * nothing that came after was acknowledged: that is not visible to anybody.
 */
#include "bios/heap.h"
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/log.h"

#define ATTR_SIMPLE   1
#define ATTR_ORDERED  2
#define COMMAND_READ  0x40
#define COMMAND_WRITE 0x20

#define AGAIN_MAX   16u /* retries at once */
#define SENDS_MAX   20u /* over lost connections */
#define LATER_MS    500u
#define ANSWER_MS   30000u
#define LUN_BACK_MS 30000u /* after a reconnection a target may still be setting its disks up */

#define SYNCHRONIZE_CACHE_10 0x35

struct iscsi_task *iscsi_task_find(struct iscsi_session *session, uint32_t itt)
{
	struct iscsi_task *task = &session->tasks[itt & 0xff];

	if ((itt & 0xff) >= ISCSI_TASKS || task->itt != itt || !task->in_flight)
		return NULL;
	return task;
}

static struct iscsi_task *new_task(struct iscsi_session *session)
{
	struct iscsi_task *task = list_first(&session->free, struct iscsi_task, link);
	uint32_t itt;

	if (!task)
		return NULL;
	list_remove(&task->link);
	itt = task->itt;
	memset(task, 0, sizeof(*task));
	task->itt = itt;
	list_init(&task->link);
	return task;
}

static void free_task(struct iscsi_session *session, struct iscsi_task *task)
{
	list_remove(&task->link);
	task->in_flight = false;
	task->io = NULL;
	task->command = NULL;
	task->buffer = NULL;
	list_append(&session->free, &task->link);
}

/* ---- Completion ---- */

static void finish_io(struct iscsi_io *io)
{
	struct block_request *request = io->request;

	if (io->outstanding || io->issued < io->total)
		return;
	list_remove(&io->link);
	if (request) {
		request->priv = NULL;
		request->rc = io->rc;
		request->done = true;
	}
	heap_free(io);
}

/* The rest of @io need not be tried any more. */
static void stop_io(struct iscsi_session *session, struct iscsi_io *io, int rc)
{
	io->rc = rc;
	io->issued = io->total;
	list_remove(&io->link);
	list_append(&session->active, &io->link);
}

static void complete_task(struct iscsi_session *session, struct iscsi_task *task)
{
	struct iscsi_io *io = task->io;

	if (!task->rc)
		iscsi_session_working(session);
	if (task->command) {
		task->command->rc = task->rc;
		task->command->received = task->moved;
		task->command->done = true;
	}
	if (io) {
		io->outstanding--;
		if (task->rc && !io->rc)
			stop_io(session, io, task->rc);
	}
	free_task(session, task);
	if (io)
		finish_io(io);
}

static bool data_acknowledged(const struct iscsi_session *session, const struct iscsi_task *task)
{
	uint64_t unsent = iscsi_transport->unsent(session->conn);

	return task->sent_mark + unsent <= session->queued_total;
}

static void finish_task(struct iscsi_session *session, struct iscsi_task *task, int rc)
{
	task->rc = rc;
	task->in_flight = false;
	list_remove(&task->link);
	if (task->direction == DATA_OUT && !data_acknowledged(session, task))
		list_append(&session->draining, &task->link);
	else
		complete_task(session, task);
}

void iscsi_tasks_release(struct iscsi_session *session)
{
	struct iscsi_task *task, *next;

	list_for_each_safe(task, next, &session->draining, link)
		if (data_acknowledged(session, task))
			complete_task(session, task);
}

/* ---- Sending ---- */

static bool send_data_out(struct iscsi_session *session, struct iscsi_task *task, uint32_t ttt,
			  uint32_t len)
{
	uint32_t data_sn = 0;

	while (len) {
		uint32_t n = min(len, session->params.max_send);
		uint8_t bhs[BHS_SIZE];

		bhs_init(bhs, OP_DATA_OUT, n == len ? FLAG_FINAL : 0);
		memcpy(bhs + BHS_LUN, session->path.lun, 8);
		put_be32(bhs + BHS_ITT, task->itt);
		put_be32(bhs + BHS_TTT, ttt);
		put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
		put_be32(bhs + BHS_DATA_SN, data_sn++);
		put_be32(bhs + BHS_OFFSET, task->moved);
		if (!iscsi_send_pdu(session, bhs, task->buffer + task->moved, n, false))
			return false;
		task->moved += n;
		len -= n;
	}
	task->sent_mark = session->queued_total;
	return true;
}

static bool send_task(struct iscsi_session *session, struct iscsi_task *task)
{
	const struct iscsi_params *params = &session->params;
	uint32_t immediate = 0, unsolicited = 0;
	uint8_t bhs[BHS_SIZE];
	uint8_t flags = task->ordered ? ATTR_ORDERED : ATTR_SIMPLE;

	if (task->direction == DATA_IN && task->length)
		flags |= COMMAND_READ;
	if (task->direction == DATA_OUT) {
		uint32_t burst = min(task->length, params->first_burst);

		flags |= COMMAND_WRITE;
		if (params->immediate_data)
			immediate = min(burst, params->max_send);
		unsolicited = params->initial_r2t ? immediate : burst;
	}
	if (unsolicited == immediate)
		flags |= FLAG_FINAL;
	task->itt = ++session->generation << 8 | (task->itt & 0xff);
	bhs_init(bhs, OP_SCSI_COMMAND, flags);
	memcpy(bhs + BHS_LUN, session->path.lun, 8);
	put_be32(bhs + BHS_ITT, task->itt);
	put_be32(bhs + BHS_EXPECTED, task->length);
	put_be32(bhs + BHS_CMD_SN, session->cmd_sn);
	put_be32(bhs + BHS_EXP_STAT_SN, session->exp_stat_sn);
	memcpy(bhs + BHS_CDB, task->cdb, sizeof(task->cdb));
	list_remove(&task->link);
	list_append(&session->sent, &task->link);
	task->in_flight = true;
	task->sent_at = clock_ms();
	task->sends++;
	task->moved = 0;
	if (!iscsi_send_pdu(session, bhs, task->buffer, immediate, false))
		return false;
	session->cmd_sn++;
	task->moved = immediate;
	task->sent_mark = session->queued_total;
	return send_data_out(session, task, NO_TAG, unsolicited - immediate);
}

static void begin_io_task(struct iscsi_session *session, struct iscsi_io *io,
			  struct iscsi_task *task)
{
	struct block_request *request = io->request;
	uint32_t count = min(io->total - io->issued, session->piece_blocks);
	uint64_t offset = (uint64_t)io->issued * session->block_size;

	task->io = io;
	if (request->op == BLOCK_FLUSH) {
		task->cdb[0] = SYNCHRONIZE_CACHE_10;
		task->ordered = true;
		count = 1;
	} else {
		scsi_read_write(task->cdb, request->op == BLOCK_WRITE, request->lba + io->issued,
				count);
		task->direction = request->op == BLOCK_WRITE ? DATA_OUT : DATA_IN;
		task->length = count * session->block_size;
		if (request->op != BLOCK_VERIFY)
			task->buffer = (uint8_t *)request->buffer + offset;
	}
	io->issued += count;
	io->outstanding++;
	list_append(&session->ready, &task->link);
	if (io->issued == io->total) {
		list_remove(&io->link);
		list_append(&session->active, &io->link);
	}
}

/* The next task that may go now; retries that pause are passed over. */
static struct iscsi_task *next_ready(struct iscsi_session *session, uint64_t now)
{
	struct iscsi_task *task;

	list_for_each(task, &session->ready, link)
		if (task->not_before <= now)
			return task;
	return NULL;
}

void iscsi_tasks_kick(struct iscsi_session *session)
{
	uint64_t now = clock_ms();

	while (session->state == SESSION_FULL && !session->dead &&
	       (int32_t)(session->max_cmd_sn - session->cmd_sn) >= 0) {
		struct iscsi_task *task = next_ready(session, now);
		struct iscsi_io *io = list_first(&session->waiting, struct iscsi_io, link);

		if (task) {
			if (!send_task(session, task))
				return;
			continue;
		}
		task = io ? new_task(session) : NULL;
		if (!task)
			return;
		begin_io_task(session, io, task);
	}
}

/* ---- From the target ---- */

static int bad_data(const char *what)
{
	return fail(E_ISCSI_PROTOCOL, "the target sent %s", what);
}

int iscsi_task_data_in(struct iscsi_session *session, struct iscsi_rx *rx)
{
	struct iscsi_task *task = iscsi_task_find(session, get_be32(rx->bhs + BHS_ITT));

	if (!task)
		return bad_data("data for a command that is not in flight");
	if (task->direction != DATA_IN)
		return bad_data("data for a command that reads none");
	if (get_be32(rx->bhs + BHS_OFFSET) != task->moved ||
	    rx->data_len > task->length - task->moved)
		return bad_data("data that lies outside the command's buffer or out of order");
	if (task->buffer) {
		rx->dest = task->buffer + task->moved;
		rx->keep = rx->data_len;
	}
	return 0;
}

static bool may_retry(const struct iscsi_session *session, const struct iscsi_task *task,
		      enum scsi_verdict verdict)
{
	if (verdict == SCSI_AGAIN)
		return task->retries < AGAIN_MAX;
	if (verdict != SCSI_LATER)
		return false;
	/* Our own commands have the deadline of scsi_run(). */
	return !task->io || !session->timeout_ms ||
	       clock_ms() - task->io->since < session->timeout_ms;
}

/* A disk that was there before the reconnection will be there again. */
static bool lun_may_return(const struct iscsi_session *session, const struct iscsi_task *task,
			   uint8_t status, const struct scsi_sense *sense)
{
	return task->io && session->reconnects && status == 2 && sense->key == 5 &&
	       sense->asc == 0x25 && clock_ms() - task->io->since < LUN_BACK_MS;
}

static void retry_task(struct iscsi_session *session, struct iscsi_task *task, unsigned pause_ms)
{
	task->retries++;
	session->retried++;
	task->sends = 0;
	task->in_flight = false;
	task->moved = 0;
	task->not_before = pause_ms ? clock_ms() + pause_ms : 0;
	list_remove(&task->link);
	list_append(&session->ready, &task->link);
}

/* Not every target knows SYNCHRONIZE CACHE; those that do not have no cache to flush. */
static bool flush_unknown(const struct iscsi_task *task, const struct scsi_sense *sense)
{
	return task->io && task->cdb[0] == SYNCHRONIZE_CACHE_10 && sense->key == 5;
}

/* The command is answered with @status; everything is moved that was going to be. */
static int task_status(struct iscsi_session *session, struct iscsi_task *task, uint8_t status,
		       const struct scsi_sense *sense)
{
	enum scsi_verdict verdict = scsi_judge(status, sense);
	int rc;

	if (task->command) {
		task->command->status = status;
		task->command->sense_key = sense->key;
		task->command->asc = sense->asc;
		task->command->ascq = sense->ascq;
	}
	if (!task->io && !task->command) {
		finish_task(session, task, 0);
		return 0;
	}
	if (verdict == SCSI_OK) {
		if (task->io && task->moved != task->length)
			return bad_data("good status for a command that is not finished");
		finish_task(session, task, 0);
		return 0;
	}
	if (lun_may_return(session, task, status, sense))
		verdict = SCSI_LATER;
	if (may_retry(session, task, verdict)) {
		retry_task(session, task, verdict == SCSI_LATER ? LATER_MS : 0);
		return 0;
	}
	rc = flush_unknown(task, sense) ? 0 : scsi_failure(task->cdb[0], status, sense);
	finish_task(session, task, rc);
	return 0;
}

int iscsi_task_data_in_done(struct iscsi_session *session, struct iscsi_rx *rx)
{
	struct iscsi_task *task = iscsi_task_find(session, get_be32(rx->bhs + BHS_ITT));
	const struct scsi_sense none = {0};

	if (!task)
		return 0; /* cancelled and gone since its header came */
	session->progressed = clock_ms();
	task->moved += rx->data_len;
	if (!(rx->bhs[BHS_FLAGS] & 0x01))
		return 0;
	return task_status(session, task, rx->bhs[3], &none);
}

int iscsi_task_response(struct iscsi_session *session, const uint8_t *bhs, const uint8_t *sense,
			uint32_t sense_len)
{
	struct iscsi_task *task = iscsi_task_find(session, get_be32(bhs + BHS_ITT));
	struct scsi_sense parsed = {0};

	if (!task)
		return bad_data("a response to a command that is not in flight");
	session->progressed = clock_ms();
	if (bhs[2]) /* response code 1: target failure; the command may be repeated */
		parsed.key = 0x0b;
	else
		scsi_sense_parse(sense, sense_len, &parsed);
	return task_status(session, task, bhs[2] ? 2 : bhs[3], &parsed);
}

int iscsi_task_r2t(struct iscsi_session *session, const uint8_t *bhs)
{
	struct iscsi_task *task = iscsi_task_find(session, get_be32(bhs + BHS_ITT));
	uint32_t ttt = get_be32(bhs + BHS_TTT);
	uint32_t desired = get_be32(bhs + BHS_DESIRED);

	if (!task)
		return bad_data("a request for data of a command that is not in flight");
	if (task->direction != DATA_OUT || ttt == NO_TAG ||
	    get_be32(bhs + BHS_OFFSET) != task->moved || !desired ||
	    desired > task->length - task->moved || desired > session->params.max_burst)
		return bad_data("a request for data outside the command's buffer or out of order");
	session->progressed = clock_ms();
	send_data_out(session, task, ttt, desired);
	return 0;
}

/* ---- Loss and time ---- */

static bool is_cancelled(const struct iscsi_task *task)
{
	return !task->io && !task->command;
}

void iscsi_tasks_requeue(struct iscsi_session *session)
{
	struct iscsi_task *task, *next;
	struct list *after = &session->ready;

	list_for_each_safe(task, next, &session->draining, link)
		complete_task(session, task);
	list_for_each_safe(task, next, &session->sent, link) {
		task->in_flight = false;
		task->moved = 0;
		task->sent_mark = 0;
		if (is_cancelled(task)) {
			free_task(session, task);
		} else if (task->sends >= SENDS_MAX) {
			task->rc = fail(
				E_ISCSI_LOST,
				"the connection broke %u times in a row under a disk command: %s",
				SENDS_MAX, session->why);
			complete_task(session, task);
		} else {
			list_remove(&task->link);
			list_insert_after(after, &task->link);
			after = &task->link;
		}
	}
}

bool iscsi_tasks_stuck(const struct iscsi_session *session, uint64_t now)
{
	const struct iscsi_task *task;

	list_for_each(task, &session->sent, link) {
		uint64_t since = max(task->sent_at, session->progressed);

		if (now > since && now - since > ANSWER_MS)
			return true;
	}
	return false;
}

/* Take the tasks of @io away. True: TCP or the target may still want data from its buffer. */
static bool detach_tasks(struct iscsi_session *session, struct iscsi_io *io)
{
	bool in_use = false;

	for (unsigned i = 0; i < ISCSI_TASKS; i++) {
		struct iscsi_task *task = &session->tasks[i];

		if (task->io != io)
			continue;
		if (session->rx.dest && task->in_flight &&
		    get_be32(session->rx.bhs + BHS_ITT) == task->itt) {
			session->rx.dest = NULL;
			iscsi_transport->direct(session->conn, NULL, 0);
		}
		if (task->direction == DATA_OUT && session->conn &&
		    (task->in_flight || !data_acknowledged(session, task)))
			in_use = true;
		if (task->in_flight) {
			task->io = NULL;
			task->buffer = NULL;
		} else {
			free_task(session, task);
		}
	}
	io->outstanding = 0;
	io->issued = io->total;
	return in_use;
}

/* True: TCP or the target may still want data from a buffer whose owner was told of the failure. */
static bool expire_list(struct iscsi_session *session, struct list *list, uint64_t now)
{
	struct iscsi_io *io, *next;
	bool in_use = false;

	list_for_each_safe(io, next, list, link) {
		if (now - max(io->since, session->lost_at) <= session->timeout_ms)
			continue;
		in_use |= detach_tasks(session, io);
		io->rc = fail(E_ISCSI_LOST, "no connection to the target for %u s: %s",
			      (unsigned)(session->timeout_ms / 1000), session->why);
		finish_io(io);
	}
	return in_use;
}

void iscsi_tasks_expire(struct iscsi_session *session, uint64_t now)
{
	bool in_use;

	if (!session->timeout_ms || !session->lost_at || session->state == SESSION_FULL)
		return;
	in_use = expire_list(session, &session->waiting, now);
	in_use |= expire_list(session, &session->active, now);
	/* As in iscsi_cancel(). */
	if (in_use)
		iscsi_session_drop(session);
}

/* ---- Users ---- */

static void refuse(struct block_request *request, int rc)
{
	request->rc = rc;
	request->done = true;
}

void iscsi_submit(struct iscsi_session *session, struct block_request *request)
{
	struct iscsi_io *io;

	request->done = false;
	request->rc = 0;
	request->priv = NULL;
	if (request->op != BLOCK_FLUSH) {
		if (request->lba > session->blocks ||
		    request->count > session->blocks - request->lba) {
			refuse(request,
			       fail(E_ISCSI_RANGE,
				    "block %llu is beyond the end of the disk (%llu blocks)",
				    (unsigned long long)request->lba + request->count - 1,
				    (unsigned long long)session->blocks));
			return;
		}
		if (!request->count) {
			refuse(request, 0);
			return;
		}
	}
	io = heap_zalloc(sizeof(*io));
	if (!io) {
		refuse(request, fail(E_NO_MEMORY, "no memory for a disk request"));
		return;
	}
	io->request = request;
	io->total = request->op == BLOCK_FLUSH ? 1 : request->count;
	io->since = clock_ms();
	request->priv = io;
	list_append(&session->waiting, &io->link);
	iscsi_tasks_kick(session);
}

void iscsi_cancel(struct iscsi_session *session, struct block_request *request)
{
	struct iscsi_io *io = request->priv;
	bool in_use;

	if (!io || request->done)
		return;
	in_use = detach_tasks(session, io);
	io->request = NULL;
	finish_io(io);
	request->priv = NULL;
	/* Data on its way to TCP cannot be taken back: only the end of the connection stops it. */
	if (in_use)
		iscsi_session_drop(session);
}

static void abandon_list(struct list *list)
{
	struct iscsi_io *io, *next;

	list_for_each_safe(io, next, list, link) {
		io->outstanding = 0;
		io->issued = io->total;
		io->rc = E_CANCELLED;
		finish_io(io);
	}
}

void iscsi_tasks_abandon(struct iscsi_session *session)
{
	abandon_list(&session->waiting);
	abandon_list(&session->active);
}

int scsi_run(struct iscsi_session *session, struct scsi_command *command, unsigned timeout_ms)
{
	struct iscsi_task *task = new_task(session);
	uint64_t deadline = clock_ms() + timeout_ms;
	int rc;

	if (!task)
		return fail(E_NO_MEMORY, "too many disk commands in flight");
	memcpy(task->cdb, command->cdb, sizeof(task->cdb));
	task->direction = command->length ? DATA_IN : DATA_NONE;
	task->buffer = command->buffer;
	task->length = command->length;
	task->command = command;
	command->done = false;
	list_append(&session->ready, &task->link);
	iscsi_tasks_kick(session);
	rc = wait_until(command->done, deadline);
	if (!rc)
		return command->rc;
	task->command = NULL;
	if (task->in_flight)
		iscsi_session_drop(session);
	else
		free_task(session, task);
	if (rc == E_TIMEOUT && command->status)
		return scsi_failure(
			command->cdb[0], command->status,
			&(struct scsi_sense){command->sense_key, command->asc, command->ascq});
	return rc == E_CANCELLED
		       ? fail(rc, "disk command cancelled")
		       : fail(E_ISCSI_TIMEOUT, "the target does not answer disk commands%s%s",
			      session->lost_at ? ": " : "", session->lost_at ? session->why : "");
}
