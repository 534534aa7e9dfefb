/* SPDX-License-Identifier: BSD-2-Clause */
/* A block device in memory, with the delay and the speed of a network, on virtual time. */
#ifndef TEST_HOST_BLOCK_H
#define TEST_HOST_BLOCK_H

#include "san/block.h"

struct host_request {
	enum block_op op;
	uint64_t lba;
	uint32_t count;
};

struct host_block {
	struct block_device dev;
	uint8_t *data;	       /* blocks * block_size bytes, the test's */
	uint64_t data_blocks;  /* blocks that really exist, repeated over the disk's size */
	uint64_t latency_us;   /* a round trip */
	uint32_t bytes_per_ms; /* 0: no limit */
	bool shuffle;	       /* complete in any order */
	int fail_rc;	       /* for reads and writes that touch fail_lba */
	uint64_t fail_lba;
	bool no_verify;		   /* VERIFY is not supported */
	struct ibft_params params; /* what describe() says */
	/* What happened. */
	struct host_request log[4096];
	unsigned logged;
	unsigned pending, pending_max, cancelled, closed;
	/* Inside. */
	uint64_t link_free;
};

/** Make @block a disk of @blocks blocks of @block_size bytes over @data. */
void host_block_init(struct host_block *block, void *data, uint64_t blocks, uint32_t block_size);
/** The device that the scheme "mem:" opens next; NULL: it fails. One per open, in order. The path
 * "mem:cancelled" is given up from the keyboard. */
void host_block_offer(struct host_block *block);

#endif
