/* SPDX-License-Identifier: BSD-2-Clause */
/* Block devices of any kind, as the SAN layer uses them. Asynchronous inside. */
#ifndef SAN_BLOCK_H
#define SAN_BLOCK_H

#include "lib/base.h"
#include "lib/list.h"
#include "lib/table.h"
#include "acpi/ibft.h"

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_VERIFY };

/** One request. The submitter owns it and its buffer until done. */
struct block_request {
	struct list link; /* the device's */
	enum block_op op;
	uint64_t lba;
	uint32_t count; /* blocks */
	void *buffer;	/* count * block_size bytes */
	bool done;
	int rc;
	void *priv; /* the device's */
};

struct block_device {
	const struct block_ops *ops;
	void *priv;
	char description[160]; /* "iscsi  iqn.…:disk1  lun 1  at 192.0.2.10:3260" */
	uint32_t block_size;   /* 512, 2048 or 4096 */
	uint64_t blocks;
	uint32_t max_blocks; /* largest useful request */
	bool read_only;
};

struct block_ops {
	/** Queue @request; it completes from net_poll(). Reconnection and retries within
	 * `san-timeout` are the device's own business: a request fails only for good. */
	void (*submit)(struct block_device *dev, struct block_request *request);
	/** Forget @request (it will not be touched again). */
	void (*cancel)(struct block_device *dev, struct block_request *request);
	/** Fill in what the iBFT says of this device; NULL: it has no table. */
	void (*describe)(struct block_device *dev, struct ibft_params *params);
	/** Print the session's state for `san`; may be NULL. */
	void (*report)(struct block_device *dev);
	/** Log out and free everything. */
	void (*close)(struct block_device *dev);
};

/** A kind of SAN URI ("iscsi"); one TABLE_ENTRY each. */
struct san_scheme {
	const char *name;
	/** Open @root_path (text: SAN paths are not ordinary URIs). Waits; NULL after fail(). */
	struct block_device *(*open)(const char *root_path);
};
TABLE(san_scheme);

/** Do blocks @lba to @lba + @count lie on the disk? */
static inline bool block_in_range(const struct block_device *dev, uint64_t lba, uint64_t count)
{
	return lba <= dev->blocks && count <= dev->blocks - lba;
}

/** Transfers that run side by side. */
#define BLOCK_BATCH 8
struct block_batch {
	struct block_device *dev;
	struct block_request requests[BLOCK_BATCH];
	unsigned used;
	int rc; /* of the first that failed */
};

void block_batch_init(struct block_batch *batch, struct block_device *dev);
/** Submit a transfer in pieces that suit the device; waits only when the batch is full. 0, or the
 * error of an earlier piece. */
int block_batch_add(struct block_batch *batch, enum block_op op, uint64_t lba, uint32_t count,
		    void *buffer);
/** Wait for all of it (what is unfinished on Ctrl-C is cancelled); 0 or the first error. The
 * batch is then empty and may go on. */
int block_batch_wait(struct block_batch *batch);

/** How long a device of @card tries to get its lost connection back: setting san-timeout, in ms;
 * 0: for ever. */
uint64_t block_timeout_ms(const char *card);

/** Submit and wait; 0 or an error after fail(). */
int block_run(struct block_device *dev, enum block_op op, uint64_t lba, uint32_t count,
	      void *buffer);

#endif
