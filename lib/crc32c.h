/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C (Castagnoli) as used by iSCSI digests, RFC 7143 section 13.1. */
#ifndef LIB_CRC32C_H
#define LIB_CRC32C_H

#include "lib/base.h"

/** CRC of @data continued from @crc (0 to begin). */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
/** The same without the processor's instruction. */
uint32_t crc32c_by_tables(uint32_t crc, const void *data, size_t len);

#endif
