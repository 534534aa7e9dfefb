/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chips of the RTL8169 family and what each generation of them needs.
 *
 * A chip tells its generation by the XID: bits 31:20 of the transmit
 * configuration register, without two bits that belong to the inter-frame gap.
 * PCI ids say little: all chips from 2005 to today are 10ec:8168.
 */
#include "nic/r8169.h"

/* Receive configuration: DMA bursts without limit, the FIFO threshold on old chips, on later ones
 * how frames are fetched and written. */
#define RCR_OLD	  0x0000e700
#define RCR_8168C 0x0000c700
#define RCR_8168D 0x00008700
#define RCR_8168G 0x0000cf00
#define RCR_8125A 0x40000700
#define RCR_8125B 0x40000f00

#define PCI   R8169_PCI
#define FAST  R8169_FAST
#define D     R8169_PLL
#define DP    (D | R8169_MDIO_GATE)
#define E     (D | R8169_OOB)
#define E_VL  (E | R8169_ERI_MAC | R8169_AUTO_FIFO | R8169_TX_EMPTY | R8169_ASPM)
#define G     (E | R8169_ERI_MAC | R8169_AUTO_FIFO | R8169_ASPM | R8169_GATE)
#define G2500 (E | R8169_ASPM | R8169_GATE | R8169_2500)

/* The first match counts. */
static const struct r8169_generation generations[] = {
	{0x7cf, 0x641, "RTL8125B", RCR_8125B, G2500 | R8169_IDLE_FLAGS},
	{0x7cf, 0x609, "RTL8125A", RCR_8125A, G2500},
	{0x7cf, 0x54b, "RTL8117", RCR_8168G, G},
	{0x7cf, 0x54a, "RTL8168FP", RCR_8168G, G},
	{0x7cf, 0x502, "RTL8168EP", RCR_8168G, G},
	{0x7cf, 0x541, "RTL8168H", RCR_8168G, G},
	{0x7cf, 0x5c8, "RTL8411B", RCR_8168G, G},
	{0x7cf, 0x509, "RTL8168GU", RCR_8168G, G},
	{0x7cf, 0x4c0, "RTL8168G", RCR_8168G, G},
	{0x7c8, 0x488, "RTL8411", RCR_8168C, E_VL},
	{0x7c8, 0x480, "RTL8168F", RCR_8168C, E_VL},
	{0x7c8, 0x2c8, "RTL8168E-VL", RCR_8168C, E_VL | R8169_ERI_FILTER},
	{0x7c8, 0x2c0, "RTL8168E", RCR_8168D, E},
	{0x7cf, 0x28a, "RTL8168DP", RCR_8168D, DP},
	{0x7cf, 0x28b, "RTL8168DP", RCR_8168D, DP},
	{0x7c8, 0x280, "RTL8168D", RCR_8168D, D},
	{0x7c8, 0x3c8, "RTL8168CP", RCR_8168C, 0},
	{0x7c8, 0x3c0, "RTL8168C", RCR_8168C, 0},
	{0x7c8, 0x380, "RTL8168B", RCR_OLD, R8169_FIFO_HANGS},
	{0x7c8, 0x300, "RTL8168B", RCR_OLD, R8169_FIFO_HANGS},
	{0x7c8, 0x448, "RTL8106E", RCR_8168D, FAST | E},
	{0x7c8, 0x440, "RTL8402", RCR_8168D, FAST | E},
	{0x7c8, 0x408, "RTL8105E", RCR_8168D, FAST | E},
	{0x7cf, 0x340, "RTL8101E", RCR_OLD, FAST},
	{0x7cf, 0x240, "RTL8101E", RCR_OLD, FAST},
	{0x7c8, 0x340, "RTL8101E", RCR_OLD, FAST},
	{0x7c8, 0x348, "RTL8102E", RCR_8168D, FAST},
	{0x7c8, 0x248, "RTL8102E", RCR_8168D, FAST},
	{0xfc8, 0x980, "RTL8169SC", RCR_OLD, PCI},
	{0xfc8, 0x180, "RTL8169SC", RCR_OLD, PCI},
	{0xfc8, 0x100, "RTL8169SB", RCR_OLD, PCI},
	{0xfc8, 0x040, "RTL8110S", RCR_OLD, PCI},
	{0xfc8, 0x008, "RTL8169S", RCR_OLD, PCI},
	{0xfcf, 0x748, "RTL8139C+", RCR_OLD, PCI | FAST | R8169_CPLUS},
};

const struct r8169_generation *r8169_generation(uint16_t xid)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(generations); i++) {
		if ((xid & generations[i].mask) == generations[i].xid)
			return &generations[i];
	}
	return NULL;
}
