/* SPDX-License-Identifier: BSD-2-Clause */
/* What ipv4.c and ipv4_reassembly.c share. */
#ifndef NETSTACK_IPV4_H
#define NETSTACK_IPV4_H

#include "netstack/net.h"

/** Hand a whole datagram to its protocol. */
void ipv4_deliver(const struct ip_packet *packet);
/** A fragment: @packet's payload belongs at @offset of datagram @id; @more are to follow. The
 * datagram is delivered when it is whole. */
void ipv4_fragment(const struct ip_packet *packet, uint16_t id, uint32_t offset, bool more);

#endif
