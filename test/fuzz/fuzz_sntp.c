/* SPDX-License-Identifier: BSD-2-Clause */
/* NTP answers, as they come and with the nonce that gets them past the first check. */
#include "test/host/host.h"
#include "netstack/sntp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t seconds;

	sntp_parse(data, size, size >= 32 ? get_be64(data + 24) : 0, &seconds);
	return 0;
}
