/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for ports, sequence numbers, transaction ids and challenges:
 * HMAC-DRBG (SHA-256) seeded from RDRAND where present, the time stamp
 * counter, the RTC and the cards' addresses.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include "lib/base.h"

/** Mix @len bytes of entropy into the generator. */
void random_seed(const void *data, size_t len);
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);

#endif
