/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile volume descriptors and boot catalogs. */
#include <stdlib.h>
#include "san/eltorito.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of their exact size, so that ASan sees what lies beyond. */
	uint8_t *sector = malloc(CD_SECTOR);
	struct eltorito boot;
	uint32_t catalog;
	uint16_t sum = 0;

	if (!sector)
		return 0;
	memset(sector, 0, CD_SECTOR);
	memcpy(sector, data, size < CD_SECTOR ? size : CD_SECTOR);
	iso_descriptor_kind(sector, &catalog);
	/* Past the checksum, which chance does not find. */
	sector[0] = 1;
	sector[28] = sector[29] = 0;
	sector[30] = 0x55;
	sector[31] = 0xaa;
	for (unsigned i = 0; i < 32; i += 2)
		sum = (uint16_t)(sum + get_le16(sector + i));
	put_le16(sector + 28, (uint16_t)-sum);
	if (!eltorito_parse(sector, &boot) && (boot.media > MEDIA_HARD_DISK || !boot.segment))
		abort();
	free(sector);
	return 0;
}
