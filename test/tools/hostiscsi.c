/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initiator as a Linux process, over a TAP device with a static address:
 *
 *	hostiscsi TAP setting=value... -- PATH                 say what is there
 *	hostiscsi TAP setting=value... -- PATH read FILE DEPTH KB
 *	hostiscsi TAP setting=value... -- PATH write FILE DEPTH KB
 *
 * Transfers the whole disk (or the whole file) with DEPTH requests of KB each in
 * flight, and prints the rate.
 */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "san/block.h"

#define DEPTH_MAX 64u

static struct block_device *dev;
static struct block_request requests[DEPTH_MAX];

static int fault(const char *what)
{
	fprintf(stderr, "hostiscsi: %s: %s\n", what, error_text());
	return 1;
}

static struct block_device *open_path(const char *path)
{
	const struct san_scheme *scheme;

	table_for_each(san_scheme, scheme)
		if (!strcmp(scheme->name, "iscsi"))
			return scheme->open(path);
	return NULL;
}

static int transfer(enum block_op op, uint8_t *data, uint64_t blocks, unsigned depth,
		    uint32_t piece)
{
	uint64_t next = 0;
	unsigned busy = 0;

	for (unsigned i = 0; i < depth; i++)
		requests[i].done = true;
	while (next < blocks || busy) {
		busy = 0;
		for (unsigned i = 0; i < depth; i++) {
			struct block_request *r = &requests[i];

			if (r->done && r->rc)
				return r->rc;
			if (r->done && next < blocks) {
				*r = (struct block_request){
					.op = op,
					.lba = next,
					.count = (uint32_t)min((uint64_t)piece, blocks - next),
					.buffer = data + next * dev->block_size,
				};
				next += r->count;
				dev->ops->submit(dev, r);
			}
			busy += !r->done;
		}
		net_poll();
	}
	return 0;
}

static int run(const char *verb, const char *name, unsigned depth, unsigned kb)
{
	bool write = !strcmp(verb, "write");
	size_t size = (size_t)dev->blocks * dev->block_size;
	uint8_t *data = malloc(size);
	FILE *file = fopen(name, write ? "rb" : "wb");
	uint64_t start;
	int rc;

	if (!data || !file)
		return 1;
	if (write)
		size = fread(data, 1, size, file);
	start = clock_us();
	rc = transfer(write ? BLOCK_WRITE : BLOCK_READ, data, size / dev->block_size,
		      min(depth, DEPTH_MAX), kb * 1024 / dev->block_size);
	if (rc)
		return fault(verb);
	start = clock_us() - start;
	printf("%s %zu MiB, depth %u, %u KB: %.1f MiB/s\n", verb, size >> 20, depth, kb,
	       (double)size / (double)start * 1e6 / 1048576);
	if (!write && fwrite(data, 1, size, file) != size)
		rc = 1;
	fclose(file);
	free(data);
	return rc;
}

int main(int argc, char **argv)
{
	struct nic *nic;
	int i = 2, rc = 0;

	host_echo = true;
	if (getenv("DEBUG"))
		log_enable(getenv("DEBUG"));
	nic = argc > 3 ? host_tap_add(argv[1], getenv("OFFLOAD") != NULL) : NULL;
	if (!nic)
		return 2;
	for (; i < argc && strcmp(argv[i], "--"); i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return 2;
		*value++ = '\0';
		setting_store(argv[i], value, SOURCE_CMDLINE);
	}
	if (++i >= argc)
		return 2;
	if (nic_open(nic))
		return fault("card");
	netif_configure_all();
	dev = open_path(argv[i]);
	if (!dev)
		return fault(error_entry(0)->code);
	printf("%s\n%llu blocks of %u%s\n", dev->description, (unsigned long long)dev->blocks,
	       (unsigned)dev->block_size, dev->read_only ? ", read only" : "");
	if (i + 4 < argc)
		rc = run(argv[i + 1], argv[i + 2], (unsigned)atoi(argv[i + 3]),
			 (unsigned)atoi(argv[i + 4]));
	dev->ops->report(dev);
	dev->ops->close(dev);
	for (uint64_t end = clock_ms() + 50; clock_ms() < end;)
		net_poll();
	nic_close_all();
	return rc ? 1 : 0;
}
