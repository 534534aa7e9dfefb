/* SPDX-License-Identifier: BSD-2-Clause */
/* TFTP packets: the input is a sequence of (port selector, length, bytes). */
#include <stdlib.h>
#include "netstack/tftp.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_send(struct tftp *t, uint16_t port, const void *packet, size_t len)
{
	if (len > TFTP_REQUEST_MAX || !port)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fetch f = {.quiet = true};
	struct tftp t = {
		.fetch = &f,
		.send = on_send,
		.name = "f",
		.server_port = TFTP_PORT,
		.want_blksize = 1468,
		.want_window = 16,
	};

	host_clock_set_ms(1000);
	host_image_limit(1 << 20);
	tftp_start(&t);
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		uint8_t *packet = malloc(len ? len : 1);

		memcpy(packet, data + 2, len);
		tftp_receive(&t, (uint16_t)(40000 + (data[0] & 1)), packet, len);
		free(packet);
		if (data[0] & 0x80)
			host_clock_advance_ms(500);
		tftp_tick(&t);
		data += 2 + len;
		size -= 2 + len;
	}
	if (f.len > f.capacity)
		abort();
	fetch_release(&f);
	return 0;
}
