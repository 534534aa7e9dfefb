/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A target in full feature phase that sends anything. A disk is opened on the
 * scripted target, requests are put in flight, and then the input takes over: raw
 * bytes, or PDUs whose tag is replaced by one that is in flight, so that the
 * fuzzer gets past the tag check. Buffers are exact, so any write outside is seen.
 */
#include <stdlib.h>
#include "iscsi/iscsi.h"
#include "lib/settings.h"
#include "test/host/host.h"
#include "test/host/iscsi_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS 3
#define BLOCKS	 9

static struct block_device *open_disk(void)
{
	const struct san_scheme *scheme;

	table_for_each(san_scheme, scheme)
		if (!strcmp(scheme->name, "iscsi"))
			return scheme->open("iscsi:192.0.2.10:::1:iqn.x");
	return NULL;
}

static void turns(unsigned count)
{
	while (count--) {
		net_poll();
		iscsi_target_step();
		host_clock_advance_ms(100);
	}
}

/* One PDU of at most @size bytes from the input; returns the bytes used. */
static size_t send_one(struct iscsi_session *session, const uint8_t *data, size_t size)
{
	uint8_t bhs[BHS_SIZE];
	unsigned which = data[0] & 3;
	struct iscsi_task *task;
	uint32_t len;

	if (size < 1 + BHS_SIZE)
		return size;
	memcpy(bhs, data + 1, BHS_SIZE);
	list_for_each(task, &session->sent, link) {
		if (!which--) {
			put_be32(bhs + BHS_ITT, task->itt);
			if (data[0] & 4)
				put_be32(bhs + BHS_OFFSET, task->moved);
			break;
		}
	}
	if (data[0] & 8)
		bhs[BHS_AHS_LENGTH] = 0;
	len = (uint32_t)min(size - 1 - BHS_SIZE, (size_t)data[0] * 32);
	if (data[0] & 16)
		put_be24(bhs + BHS_DATA_LENGTH, len);
	iscsi_target_raw(bhs, BHS_SIZE);
	iscsi_target_raw(data + 1 + BHS_SIZE, len);
	if (data[0] & 16)
		iscsi_target_raw("\0\0\0", -len & 3);
	return 1 + BHS_SIZE + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_request requests[REQUESTS];
	uint8_t *buffers[REQUESTS];
	struct block_device *dev;

	if (!size)
		return 0;
	host_clock_set_ms(100000);
	host_turn_us = 10000;
	setting_store("hostname", "fuzz", SOURCE_SCRIPT);
	setting_store("san-timeout", "5", SOURCE_SCRIPT);
	iscsi_target_reset();
	target.digests = data[0] & 1;
	target.initial_r2t = data[0] & 2;
	target.chunk = 1 + (data[0] >> 2) * 23;
	dev = open_disk();
	if (!dev)
		abort();
	target.silent_data = true;
	for (unsigned i = 0; i < REQUESTS; i++) {
		buffers[i] = calloc(BLOCKS, 512);
		requests[i] = (struct block_request){
			.op = i == 1 ? BLOCK_WRITE : BLOCK_READ,
			.lba = i,
			.count = BLOCKS,
			.buffer = buffers[i],
		};
		dev->ops->submit(dev, &requests[i]);
	}
	turns(2);
	data++;
	size--;
	while (size && iscsi_target_connected()) {
		size_t used = send_one(dev->priv, data, size);

		data += used;
		size -= used;
		turns(1);
	}
	target.refuse = true;
	turns(3);
	for (unsigned i = 0; i < REQUESTS; i++) {
		dev->ops->cancel(dev, &requests[i]);
		free(buffers[i]);
	}
	turns(2);
	dev->ops->close(dev);
	iscsi_target_reset();
	if (host_heap_used() > 1 << 20)
		abort();
	return 0;
}
