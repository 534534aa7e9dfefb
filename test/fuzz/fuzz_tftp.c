/* SPDX-License-Identifier: BSD-2-Clause */
/* TFTP packets: the input is one byte (odd: read piece by piece), and then a sequence of (port
 * selector, length, bytes). */
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
	static uint8_t window[16 * 1468];
	bool pieces = size && data[0] & 1;
	struct fetch f = {.quiet = true, .lent = pieces, .window = pieces};
	struct tftp t = {
		.fetch = &f,
		.send = on_send,
		.name = "f",
		.server_port = TFTP_PORT,
		.want_blksize = 1468,
		.want_window = 16,
		.hold = pieces,
	};

	host_clock_set_ms(1000);
	host_image_limit(1 << 20);
	if (pieces) {
		f.data = window;
		f.capacity = sizeof(window);
	}
	if (size) {
		data++;
		size--;
	}
	tftp_start(&t);
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		uint8_t *packet = malloc(len ? len : 1);

		memcpy(packet, data + 2, len);
		tftp_receive(&t, (uint16_t)(40000 + (data[0] & 1)), packet, len);
		free(packet);
		if (data[0] & 0x80)
			host_clock_advance_ms(500);
		if (pieces && data[0] & 0x40)
			tftp_go_on(&t);
		tftp_tick(&t);
		data += 2 + len;
		size -= 2 + len;
	}
	if (f.len > f.capacity)
		abort();
	fetch_release(&f);
	return 0;
}
