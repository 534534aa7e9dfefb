/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCP replies: parsing, judging, and storing them as settings with routes. */
#include "test/host/host.h"
#include "lib/settings.h"
#include "netstack/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dhcp_reply reply;
	static struct nic *nic;
	uint32_t hop;

	if (!nic) {
		host_clock_set_ms(1000);
		nic = host_card_add(0, NULL);
		nic_open(nic);
	}
	host_output_clear();
	if (!dhcp_parse(&reply, data, size))
		return 0;
	dhcp_has_boot_info(&reply);
	dhcp_priority(&reply);
	dhcp_server_of(&reply);
	netif_configure_hold(true);
	dhcp_store("net0.dhcp", &reply);
	netif_configure_hold(false);
	netif_route(0x08080808, &hop);
	netif_print_routes();
	settings_reset();
	return 0;
}
