/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS answers: to a fixed question, whose id and name each input is given so that it gets past
 * them. */
#include "test/host/host.h"
#include "netstack/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t message[4096];
	uint8_t wire[DNS_NAME_MAX + 1];
	struct dns_answer answer;
	uint32_t addresses[4];
	size_t len;

	if (!dns_encode_name("host.lab.example", wire))
		return 0;
	dns_parse(data, size, 0x1234, wire, addresses, 4, &answer);
	/* Behind a correct question; the first bytes give the counts. */
	len = dns_build_query(message, 0x1234, wire);
	if (size < 4 || size - 4 > sizeof(message) - len)
		return 0;
	message[2] = 0x81;
	message[3] = data[0] & 0x0f;
	message[7] = data[1];
	memcpy(message + len, data + 4, size - 4);
	dns_parse(message, len + size - 4, 0x1234, wire, addresses, 4, &answer);
	return 0;
}
