/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile partition tables into geometry_guess(). */
#include <stdlib.h>
#include "san/geometry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t sector[512] = {0};
	struct geometry g;
	uint64_t blocks = 0;

	memcpy(&blocks, data, size < 8 ? size : 8);
	if (size > 8)
		memcpy(sector + 446, data + 8, size - 8 < 64 ? size - 8 : 64);
	put_le16(sector + 510, 0xaa55);
	geometry_guess(sector, blocks, &g);
	if (g.heads < 1 || g.heads > 255 || g.sectors < 1 || g.sectors > 63 || g.cylinders < 1 ||
	    g.cylinders > 1024)
		abort();
	return 0;
}
