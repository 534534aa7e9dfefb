/* SPDX-License-Identifier: BSD-2-Clause */
/* The SAN layer's own settings; those that DHCP carries stand in lib/setting_list.c. */
#include "lib/settings.h"

TABLE_ENTRY(setting, setting_san_readahead) = {
	.name = "san-readahead",
	.type = "uint32",
	.description =
		"KB read ahead of a sequential reader at most; 0 turns cache and read-ahead off",
};
TABLE_ENTRY(setting, setting_san_timeout) = {
	.name = "san-timeout",
	.type = "uint32",
	.description =
		"seconds to keep trying when the connection to a SAN disk is lost; 0: for ever",
};
TABLE_ENTRY(setting, setting_san_poll) = {
	.name = "san-poll",
	.type = "int8",
	.description = "0: do not serve the network from the timer interrupt",
};
TABLE_ENTRY(setting, setting_ibft_gateway) = {
	.name = "ibft-gateway",
	.type = "string",
	.description = "gateway in the iBFT: auto (only for a routed target), always, never",
};
