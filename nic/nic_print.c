/* SPDX-License-Identifier: BSD-2-Clause */
/* What a card looks like to the user: the classic two lines, and more on demand. */
#include "nic/nic.h"
#include "lib/format.h"
#include "lib/log.h"

void nic_print(struct nic *nic)
{
	const struct nic_counters *c = &nic->counters;

	print("%s: " MAC_FMT " using %s on 0000:" PCI_LOC_FMT " (Ethernet) [%s]\n", nic->name,
	      MAC_ARG(nic->open ? nic->mac : nic->permanent_mac), nic->driver->name,
	      PCI_LOC(&nic->pci), nic->open ? "open" : "closed");
	print("  [Link:%s, TX:%llu TXE:%u RX:%llu RXE:%u]\n", nic->link_up ? "up" : "down",
	      (unsigned long long)c->tx_packets, c->tx_errors, (unsigned long long)c->rx_packets,
	      c->rx_errors);
}

void nic_print_details(struct nic *nic)
{
	const struct nic_counters *c = &nic->counters;

	print("  %s %04x:%04x rev %02x", nic->chip, nic->pci.vendor, nic->pci.device,
	      nic->pci.revision);
	if (nic->link_up && nic->speed)
		print(", %u Mbit/s %s duplex", nic->speed, nic->full_duplex ? "full" : "half");
	print(", MTU %u\n", nic->mtu);
	if (nic->features)
		print("  Offload:%s%s%s\n", nic->features & NIC_RX_CSUM ? " rx-csum" : "",
		      nic->features & NIC_TX_CSUM ? " tx-csum" : "",
		      nic->features & NIC_TSO4 ? " tso" : "");
	print("  TX %llu bytes, RX %llu bytes, dropped %u", (unsigned long long)c->tx_bytes,
	      (unsigned long long)c->rx_bytes, c->rx_dropped);
	if (nic->restarts)
		print(", brought up again %u times", nic->restarts);
	print("\n");
	if (nic->restart)
		print("  Being brought up again: %s\n", nic->restart);
	if (nic->open && !nic->restart && nic->ops->report)
		nic->ops->report(nic);
}
