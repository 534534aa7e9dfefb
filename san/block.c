/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running block requests to their end.
 *
 * A transfer is cut into pieces of the size that the device likes, and the
 * pieces run side by side. There is no deadline here: the device itself gives
 * up after `san-timeout`. Ctrl-C ends the wait at script time; inside a guest's
 * disk call it is ignored (see console_ignore_break()).
 */
#include "san/block.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "netstack/net.h"

#define BATCH_BLOCKS_DEFAULT 128
#define SAN_TIMEOUT_S	     120u

void block_batch_init(struct block_batch *batch, struct block_device *dev)
{
	batch->dev = dev;
	batch->used = 0;
	batch->rc = 0;
}

static bool batch_done(const struct block_batch *batch)
{
	for (unsigned i = 0; i < batch->used; i++) {
		if (!batch->requests[i].done)
			return false;
	}
	return true;
}

int block_batch_wait(struct block_batch *batch)
{
	int rc = wait_until(batch_done(batch), DEADLINE_NEVER);

	for (unsigned i = 0; i < batch->used; i++) {
		struct block_request *request = &batch->requests[i];

		if (!request->done)
			batch->dev->ops->cancel(batch->dev, request);
		else if (request->rc && !batch->rc)
			batch->rc = request->rc;
	}
	batch->used = 0;
	if (rc && !batch->rc)
		batch->rc = fail(rc, "a disk transfer was given up from the keyboard");
	return batch->rc;
}

int block_batch_add(struct block_batch *batch, enum block_op op, uint64_t lba, uint32_t count,
		    void *buffer)
{
	struct block_device *dev = batch->dev;
	uint32_t largest = dev->max_blocks ? dev->max_blocks : BATCH_BLOCKS_DEFAULT;
	uint8_t *p = buffer;

	while (count && !batch->rc) {
		struct block_request *request;
		uint32_t piece = min(count, largest);

		if (batch->used == ARRAY_SIZE(batch->requests) && block_batch_wait(batch))
			break;
		request = &batch->requests[batch->used++];
		*request =
			(struct block_request){.op = op, .lba = lba, .count = piece, .buffer = p};
		list_init(&request->link);
		dev->ops->submit(dev, request);
		lba += piece;
		count -= piece;
		if (p)
			p += (size_t)piece * dev->block_size;
	}
	return batch->rc;
}

uint64_t block_timeout_ms(const char *card)
{
	uint64_t seconds = setting_number(card, "san-timeout", SAN_TIMEOUT_S);

	return min(seconds, (uint64_t)UINT32_MAX) * 1000;
}

int block_run(struct block_device *dev, enum block_op op, uint64_t lba, uint32_t count,
	      void *buffer)
{
	struct block_batch batch;

	block_batch_init(&batch, dev);
	if (op == BLOCK_FLUSH) {
		struct block_request *request = &batch.requests[batch.used++];

		*request = (struct block_request){.op = op};
		list_init(&request->link);
		dev->ops->submit(dev, request);
	} else if (!block_in_range(dev, lba, count)) {
		return fail(E_SAN_OUT_OF_RANGE, "%u blocks at %llu: the disk has only %llu blocks",
			    count, (unsigned long long)lba, (unsigned long long)dev->blocks);
	} else {
		block_batch_add(&batch, op, lba, count, buffer);
	}
	return block_batch_wait(&batch);
}
