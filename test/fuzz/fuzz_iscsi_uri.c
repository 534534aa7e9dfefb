/* SPDX-License-Identifier: BSD-2-Clause */
/* iSCSI paths, portals and LUNs. */
#include <stdlib.h>
#include "iscsi/iscsi.h"
#include "lib/lun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), host[16];
	struct iscsi_path path;
	uint8_t lun[8];
	uint16_t port;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!iscsi_path_parse(text, &path) && (!path.target[0] || !path.host[0] || !path.port))
		abort();
	iscsi_portal_parse(text, strlen(text), host, sizeof(host), &port);
	if (iscsi_lun_parse(text, strlen(text), true, lun)) {
		char buf[24];

		lun_text(lun, buf, sizeof(buf));
	}
	free(text);
	return 0;
}
