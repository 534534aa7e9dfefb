/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A memory disk behind a simulated wire. A request is executed when it
 * completes, so that reads and writes in flight together really race.
 */
#include <stdlib.h>
#include "bios/clock.h"
#include "lib/error.h"
#include "netstack/net.h"
#include "test/host/block.h"

struct pending {
	uint64_t due;
	struct host_block *block;
	struct block_request *request;
	struct pending *next;
};

static struct pending *all;
static struct host_block *offers[8];
static unsigned offer_count;

static void submit(struct block_device *dev, struct block_request *request)
{
	struct host_block *block = dev->priv;
	struct pending *p = malloc(sizeof(*p)), **tail = &all;
	uint64_t now = clock_us(), start = now > block->link_free ? now : block->link_free;

	if (block->logged < sizeof(block->log) / sizeof(block->log[0]))
		block->log[block->logged++] =
			(struct host_request){request->op, request->lba, request->count};
	if (block->bytes_per_ms)
		start += (uint64_t)request->count * dev->block_size * 1000 / block->bytes_per_ms;
	block->link_free = start;
	*p = (struct pending){.due = start + block->latency_us, .block = block, .request = request};
	if (block->shuffle)
		p->due += (uint64_t)(rand() % 4) * block->latency_us;
	while (*tail)
		tail = &(*tail)->next;
	*tail = p;
	request->done = false;
	block->pending++;
	if (block->pending > block->pending_max)
		block->pending_max = block->pending;
}

static void cancel(struct block_device *dev, struct block_request *request)
{
	struct host_block *block = dev->priv;

	for (struct pending **p = &all; *p; p = &(*p)->next) {
		if ((*p)->request == request) {
			struct pending *gone = *p;

			*p = gone->next;
			free(gone);
			block->pending--;
			block->cancelled++;
			return;
		}
	}
}

static void execute(struct host_block *block, struct block_request *r)
{
	size_t size = block->dev.block_size;

	if (block->fail_rc && block->fail_lba >= r->lba && block->fail_lba < r->lba + r->count) {
		r->rc = fail(block->fail_rc, "the memory disk fails at %u",
			     (unsigned)block->fail_lba);
		return;
	}
	if (r->op == BLOCK_VERIFY && block->no_verify)
		r->rc = fail(E_NOT_SUPPORTED, "the memory disk does not verify");
	for (uint32_t i = 0; i < r->count && (r->op == BLOCK_READ || r->op == BLOCK_WRITE); i++) {
		uint8_t *at = block->data + (size_t)((r->lba + i) % block->data_blocks) * size;
		uint8_t *buffer = (uint8_t *)r->buffer + i * size;

		memcpy(r->op == BLOCK_READ ? buffer : at, r->op == BLOCK_READ ? at : buffer, size);
	}
}

static void poll(void)
{
	struct pending **p = &all;

	while (*p) {
		struct pending *ready = *p;

		if (ready->due > clock_us()) {
			p = &ready->next;
			continue;
		}
		*p = ready->next;
		ready->block->pending--;
		execute(ready->block, ready->request);
		ready->request->done = true;
		free(ready);
	}
}
TABLE_ENTRY(net_poller, host_block_poller) = {.poll = poll};

static void describe(struct block_device *dev, struct ibft_params *params)
{
	*params = ((struct host_block *)dev->priv)->params;
}

static void close_device(struct block_device *dev)
{
	((struct host_block *)dev->priv)->closed++;
}

static const struct block_ops ops = {
	.submit = submit,
	.cancel = cancel,
	.describe = describe,
	.close = close_device,
};

void host_block_init(struct host_block *block, void *data, uint64_t blocks, uint32_t block_size)
{
	memset(block, 0, sizeof(*block));
	block->data = data;
	block->data_blocks = blocks;
	block->dev = (struct block_device){
		.ops = &ops,
		.priv = block,
		.description = "memory disk",
		.block_size = block_size,
		.blocks = blocks,
		.max_blocks = 512 * 1024 / block_size,
	};
}

void host_block_offer(struct host_block *block)
{
	if (offer_count < sizeof(offers) / sizeof(offers[0]))
		offers[offer_count++] = block;
}

static struct block_device *open_memory(const char *root_path)
{
	struct host_block *block = offer_count ? offers[0] : NULL;

	if (!strcmp(root_path, "mem:cancelled")) {
		fail(E_CANCELLED, "cancelled");
		return NULL;
	}
	if (offer_count)
		memmove(offers, offers + 1, --offer_count * sizeof(offers[0]));
	if (block)
		return &block->dev;
	fail(E_NOT_FOUND, "%s: no memory disk is offered", root_path);
	return NULL;
}
TABLE_ENTRY(san_scheme, host_block_scheme) = {.name = "mem", .open = open_memory};
