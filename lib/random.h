/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for ports, sequence numbers, transaction ids and challenges:
 * HMAC-DRBG (SHA-256) seeded from RDRAND where present, the time stamp
 * counter, the RTC and the cards' addresses.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include "lib/base.h"

/** Mix @len bytes of entropy into the generator. The time stamp counter is added by itself. */
void random_seed(const void *data, size_t len);
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);

#ifdef HOST_TEST
/** Start over from @seed alone: the same numbers in every run, for fuzz targets and tests. */
void random_deterministic(uint32_t seed);
#endif

#endif
