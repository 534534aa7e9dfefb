/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables: the input is the disk, behind a byte that says which partition. */
#include <stdlib.h>
#include "boot/partitions.h"
#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DISK_BLOCKS 4096u

static const uint8_t *input;
static size_t input_size;
static unsigned reads;

static const uint8_t *read_sector(void *ctx, uint64_t lba)
{
	static uint8_t sector[512];
	size_t at = (size_t)lba * 512;

	if (lba >= DISK_BLOCKS) {
		fail(E_SAN_READ, "beyond the disk");
		return NULL;
	}
	if (++reads > 200)
		abort();
	memset(sector, 0, sizeof(sector));
	if (at < input_size)
		memcpy(sector, input + at, min(input_size - at, sizeof(sector)));
	return sector;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct partitioned disk = {
		.read = read_sector, .block_size = 512, .blocks = DISK_BLOCKS, .name = "disk"};
	struct boot_volume volume;

	if (!size)
		return 0;
	input = data + 1;
	input_size = size - 1;
	reads = 0;
	if (!partition_find(&disk, data[0], &volume) && volume.lba >= DISK_BLOCKS)
		abort();
	return 0;
}
