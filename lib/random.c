/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers: HMAC-DRBG with SHA-256 (NIST SP 800-90A), from BearSSL.
 *
 * A machine that has just started knows few secrets. RDRAND gives good ones
 * where the CPU has it; elsewhere the time stamp counter is sampled whenever
 * somebody seeds (clock, RTC, card addresses, arrival of packets), so that the
 * state depends on when things happened and not only on what they were.
 * Nothing here fails or waits: without RDRAND the numbers are as good as the
 * seeds, which suffices for ports and sequence numbers.
 */
#include <bearssl.h>
#include "lib/cpu.h"
#include "lib/random.h"

static br_hmac_drbg_context drbg;
static bool ready;

#ifndef HOST_TEST

#define CPUID1_ECX_RDRAND (1u << 30)
#define CPUID1_EDX_TSC	  (1u << 4)
#define RDRAND_TRIES	  10 /* Intel's advice before giving up on a busy generator */

static bool rdrand(uint32_t *value)
{
	for (unsigned i = 0; i < RDRAND_TRIES; i++) {
		uint8_t ok;

		__asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(ok) : : "cc");
		if (ok)
			return true;
	}
	return false;
}

/* Some AMD CPUs answer all ones for ever after a suspend: such words add nothing, and do no harm,
 * because they are only mixed in. */
static size_t machine_entropy(uint32_t *words, size_t max, bool whole)
{
	struct cpuid features = cpuid(1, 0);
	size_t n = 0;

	if (features.edx & CPUID1_EDX_TSC) {
		uint64_t tsc = __builtin_ia32_rdtsc();

		words[n++] = (uint32_t)tsc;
		words[n++] = (uint32_t)(tsc >> 32);
	}
	if (whole && features.ecx & CPUID1_ECX_RDRAND)
		while (n < max && rdrand(&words[n]))
			n++;
	return n * sizeof(*words);
}

#else

#include <stdlib.h>
#include <sys/random.h>

static bool deterministic;

static size_t machine_entropy(uint32_t *words, size_t max, bool whole)
{
	if (deterministic)
		return 0;
	if (getrandom(words, max * sizeof(*words), 0) != (ssize_t)(max * sizeof(*words)))
		abort();
	return max * sizeof(*words);
}

void random_deterministic(uint32_t seed)
{
	deterministic = true;
	ready = true;
	br_hmac_drbg_init(&drbg, &br_sha256_vtable, &seed, sizeof(seed));
}

#endif

static void mix(bool whole)
{
	uint32_t words[16];
	size_t len = machine_entropy(words, ARRAY_SIZE(words), whole);

	if (!ready)
		br_hmac_drbg_init(&drbg, &br_sha256_vtable, words, len);
	else if (len)
		br_hmac_drbg_update(&drbg, words, len);
	ready = true;
}

void random_seed(const void *data, size_t len)
{
	mix(!ready);
	br_hmac_drbg_update(&drbg, data, len);
}

void random_bytes(void *out, size_t len)
{
	if (!ready)
		mix(true);
	br_hmac_drbg_generate(&drbg, out, len);
}

uint32_t random_u32(void)
{
	uint32_t value;

	random_bytes(&value, sizeof(value));
	return value;
}
