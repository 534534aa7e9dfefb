/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI ids of the RTL8169 family and of cards with an 8139C+. Which chip it
 * really is, the driver reads from the chip (r8169_generations.c); a new id is
 * a line here.
 */
#include "nic/r8169.h"

#define REALTEK 0x10ec

static const struct nic_id r8169_ids[] = {
	{0x0001, 0x8168, "RTL8168 clone", 0},
	{REALTEK, 0x2502, "RTL8168", 0},
	{REALTEK, 0x2600, "RTL8168", 0},
	{REALTEK, 0x3000, "RTL8125", 0},
	{REALTEK, 0x8125, "RTL8125", 0},
	{REALTEK, 0x8129, "RTL8169", 0},
	{REALTEK, 0x8136, "RTL8101E", 0},
	{REALTEK, 0x8138, "RTL8139", 0},
	{REALTEK, 0x8139, "RTL8139", 0},
	{REALTEK, 0x8161, "RTL8168", 0},
	{REALTEK, 0x8162, "RTL8168", 0},
	{REALTEK, 0x8167, "RTL8169SC", 0},
	{REALTEK, 0x8168, "RTL8168", 0},
	{REALTEK, 0x8169, "RTL8169", 0},
	{0x10ff, 0x8168, "NCube RTL8168", 0},
	{0x1113, 0x1211, "SMC2-1211TX", 0},
	{0x1186, 0x1300, "D-Link DFE-530TX+", 0},
	{0x1186, 0x1340, "D-Link DFE-690TXD", 0},
	{0x1186, 0x4300, "D-Link DGE-528T", 0},
	{0x1186, 0x4302, "D-Link DGE-530T", 0},
	{0x1259, 0xa117, "Allied Telesyn 8139", 0},
	{0x1259, 0xa11e, "Allied Telesyn 81xx", 0},
	{0x1259, 0xc107, "Allied Telesyn 8169", 0},
	{0x126c, 0x1211, "Northern Telecom 8139", 0},
	{0x13d1, 0xab06, "Abocom FE2000VX", 0},
	{0x1432, 0x9130, "Edimax 8139", 0},
	{0x14ea, 0xab06, "Planex FNW-3603-TX", 0},
	{0x14ea, 0xab07, "Planex FNW-3800-TX", 0},
	{0x1500, 0x1360, "Delta Electronics 8139", 0},
	{0x16ec, 0x0116, "USR997902", 0},
	{0x1737, 0x1032, "Linksys EG1032", 0},
	{0x018a, 0x0106, "LevelOne FPC-0106TX", 0},
	{0x021b, 0x8139, "Compaq HNE-300", 0},
	{0x02ac, 0x1012, "SpeedStream 1012", 0},
	{0x0357, 0x000a, "TTTech TTP-Monitoring", 0},
	{0x11db, 0x1234, "Sega 8139", 0},
	{0x1743, 0x8139, "Peppercon ROL/F-100", 0},
	{0x4033, 0x1360, "Addtron 8139", 0},
	{0xffff, 0x8139, "RTL8139 clone", 0},
};

TABLE_ENTRY(nic_driver, r8169_driver) = {
	.name = "r8169",
	.ids = r8169_ids,
	.id_count = ARRAY_SIZE(r8169_ids),
	.probe = r8169_probe,
};
