/* SPDX-License-Identifier: BSD-2-Clause */
/* gzip files: headers, members, sums that are never right by chance but sizes that may be. */
#include "test/host/host.h"
#include "bios/heap.h"
#include "boot/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct extracted out;

	host_image_limit(1 << 20);
	if (!gzip_extract(data, size, &out))
		image_memory_free(out.data, out.capacity);
	return 0;
}
