/* SPDX-License-Identifier: BSD-2-Clause */
/* The chips of the RTL8169 model: what tells one generation from another. */
#include "test/r8169/model.h"

#include <string.h>

#define PCIE  CHIP_PCIE
#define C     (CHIP_PCIE | CHIP_TX2)
#define E     (C | CHIP_MSIX)
#define EVL   (E | CHIP_EVL)
#define G     (EVL | CHIP_OCP)
#define R8125 (E | CHIP_OCP | CHIP_8125 | CHIP_PAD)

static const struct rtl_chip chips[] = {
	{"8169s", 0x8169, 0x008, 0x10, 0x001cc910, 0},
	{"8110s", 0x8169, 0x040, 0x10, 0x001cc910, 0},
	{"8169sb", 0x8169, 0x100, 0x10, 0x001cc910, 0},
	{"8169sc", 0x8167, 0x180, 0x10, 0x001cc910, CHIP_NO_GIGABIT},
	{"8169sce", 0x8167, 0x980, 0x10, 0x001cc910, CHIP_NO_GIGABIT},
	{"8101e", 0x8136, 0x340, 0x01, 0x00008201, PCIE | CHIP_FAST},
	{"8168b", 0x8168, 0x380, 0x01, 0x001cc912, PCIE | CHIP_OVERFLOW},
	{"8168c", 0x8168, 0x3c0, 0x02, 0x001cc912, C},
	{"8168cp", 0x8168, 0x3c8, 0x02, 0x001cc912, C},
	{"8168d", 0x8168, 0x281, 0x03, 0x001cc914, C},
	{"8168e", 0x8168, 0x2c1, 0x06, 0x001cc915, E},
	{"8168evl", 0x8168, 0x2c8, 0x06, 0x001cc915, EVL | CHIP_PAD | CHIP_ERI_FILTER},
	{"8168f", 0x8168, 0x480, 0x09, 0x001cc915, EVL},
	{"8106e", 0x8136, 0x448, 0x07, 0x001cc816, E | CHIP_FAST},
	{"8168g", 0x8168, 0x4c0, 0x0c, 0x001cc800, G},
	{"8168gu", 0x8168, 0x509, 0x10, 0x001cc800, G},
	{"8168h", 0x8168, 0x541, 0x15, 0x001cc800, G},
	{"8125a", 0x8125, 0x609, 0x04, 0x001cc800, R8125},
	{"8125b", 0x8125, 0x641, 0x05, 0x001cc800, R8125},
};
#define CHIP_COUNT (sizeof(chips) / sizeof(chips[0]))

const struct rtl_chip *sim_chip_find(const char *name)
{
	size_t i;

	for (i = 0; i < CHIP_COUNT; i++)
		if (name && strcmp(chips[i].name, name) == 0)
			return &chips[i];
	return NULL;
}

const char *rtl_chip_name(size_t index)
{
	return index < CHIP_COUNT ? chips[index].name : NULL;
}

const char *rtl_chip_list(void)
{
	static char list[CHIP_COUNT * 10];
	size_t i, at = 0;

	for (i = 0; i < CHIP_COUNT; i++) {
		size_t len = strlen(chips[i].name);

		if (at + len + 2 > sizeof(list))
			break;
		if (at)
			list[at++] = ' ';
		memcpy(list + at, chips[i].name, len + 1);
		at += len;
	}
	return list;
}
