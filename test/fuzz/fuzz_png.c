/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures. */
#include "bios/console.h"
#include "lib/picture.h"
#include "test/host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct picture picture;
	struct console_graphics graphics = {
		.width = 64, .height = 48, .depth = 32, .picture = &picture};

	host_reset();
	host_image_limit(64u << 20);
	if (!picture_decode(data, size, &picture)) {
		console_graphics(&graphics);
		picture_release(&picture);
	}
	host_reset();
	return 0;
}
