/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI logical unit numbers; see lib/lun.h. */
#include "lib/lun.h"
#include "lib/format.h"

const char *lun_text(const uint8_t lun[8], char *buf, size_t size)
{
	uint32_t first = get_be16(lun);
	bool simple = !get_be16(lun + 2) && !get_be32(lun + 4);
	unsigned method = first >> 14;

	if (simple && method <= 1 && (method == 1 || first <= LUN_PERIPHERAL_MAX))
		format(buf, size, "%u", (unsigned)(first & LUN_FLAT_MAX));
	else
		format(buf, size, "%04x-%04x-%04x-%04x", (unsigned)first, get_be16(lun + 2),
		       get_be16(lun + 4), get_be16(lun + 6));
	return buf;
}
