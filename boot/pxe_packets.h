/* SPDX-License-Identifier: BSD-2-Clause */
/* The DHCP packets that programs ask for (boot/pxe_packets.c). */
#ifndef BOOT_PXE_PACKETS_H
#define BOOT_PXE_PACKETS_H

#include "lib/base.h"
#include "lib/uri.h"
#include "nic/nic.h"

#define PXE_PACKETS	3 /* DHCPDISCOVER, DHCPACK, the reply of a proxy or boot server */
#define PXE_PACKET_SIZE (236u + 1024u)

/** Make all of them for @nic, and a program from @uri (or NULL). May wait for a DNS server. */
void pxe_packets_build(uint8_t packets[PXE_PACKETS][PXE_PACKET_SIZE], struct nic *nic,
		       const struct uri *uri);

#endif
