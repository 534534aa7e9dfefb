/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back doors of the RTL8169 model: 32-bit registers that hold an address, data
 * and a flag (bit 31), through which a driver reaches the PHY, extended
 * registers, the PCIe PHY, configuration space and fuses. A write is asked for
 * with the flag set, and done when it reads 0; a read the other way round.
 */
#include "test/r8169/model.h"

#define FLAG 0x80000000u

/* MAC OCP: a state machine's "busy" bits, always idle here. */
#define OCP_8125_BUSY 0xe00eu

bool sim_door_is(const struct rtl *r, unsigned reg)
{
	switch (reg) {
	case REG_PHYAR:
		return true;
	case REG_GPHY_OCP:
	case REG_OCPDR:
		return chip_is(r, CHIP_OCP);
	case REG_OCPAR:
		return chip_is(r, CHIP_PCIE) && !chip_is(r, CHIP_OCP);
	case REG_CSIAR:
	case REG_ERIAR:
	case REG_EPHYAR:
	case REG_EFUSEAR:
		return chip_is(r, CHIP_PCIE);
	default:
		return false;
	}
}

static bool stuck(struct rtl *r, unsigned reg)
{
	switch (reg) {
	case REG_PHYAR:
		return sim_fault_strikes(r, RTL_FAULT_PHYAR_STUCK);
	case REG_GPHY_OCP:
		return sim_fault_strikes(r, RTL_FAULT_OCP_STUCK);
	case REG_CSIAR:
	case REG_ERIAR:
	case REG_EPHYAR:
	case REG_EFUSEAR:
		return sim_fault_strikes(r, RTL_FAULT_ERI_STUCK);
	default:
		return false;
	}
}

/* A space whose data goes through the register before the door, with byte enables. */
static uint32_t wide(struct rtl *r, uint8_t *space, unsigned data, uint32_t value)
{
	uint8_t *at = space + (value & 0xffc);
	unsigned i;

	if (!(value & FLAG)) {
		set_reg32(r, data, get32(at));
		return value | FLAG;
	}
	for (i = 0; i < 4; i++)
		if (value >> (12 + i) & 1)
			at[i] = r->regs[data + i];
	return value & ~FLAG;
}

/* A space of 16-bit words whose data is in the door's low half. */
static uint32_t narrow(uint16_t *word, uint32_t value)
{
	if (!(value & FLAG))
		return FLAG | (value & 0x7fff0000) | *word;
	*word = (uint16_t)value;
	return value & ~FLAG;
}

static uint32_t phyar(struct rtl *r, uint32_t value)
{
	unsigned reg = value >> 16 & 31;

	if (!(value & FLAG))
		return FLAG | (value & 0x1f0000) | sim_phy_read(r, reg);
	sim_phy_write(r, reg, (uint16_t)value);
	return value & ~FLAG;
}

static uint32_t gphy_ocp(struct rtl *r, uint32_t value)
{
	unsigned address = value >> 15 & 0xfffe;

	if (!(value & FLAG))
		return FLAG | (value & 0x7fff0000) | sim_phy_ocp_read(r, address);
	sim_phy_ocp_write(r, address, (uint16_t)value);
	return value & ~FLAG;
}

/* Has no flag to wait for: the data is there at the next read. */
static uint32_t mac_ocp(struct rtl *r, uint32_t value)
{
	unsigned address = value >> 15 & 0xfffe;
	uint16_t *word = &r->mac_ocp[address >> 1];

	if (value & FLAG)
		*word = (uint16_t)value;
	return (value & 0x7fff0000) | (address == OCP_8125_BUSY ? 0 : *word);
}

void sim_door_write(struct rtl *r, unsigned reg, uint32_t value)
{
	if (stuck(r, reg)) {
		set_reg32(r, reg, value);
		return;
	}
	switch (reg) {
	case REG_PHYAR:
		value = phyar(r, value);
		break;
	case REG_GPHY_OCP:
		value = gphy_ocp(r, value);
		break;
	case REG_OCPDR:
		value = mac_ocp(r, value);
		break;
	case REG_ERIAR:
		value = wide(r, r->eri[value >> 16 & 3], REG_ERIDR, value);
		break;
	case REG_CSIAR:
		value = wide(r, r->csi, REG_CSIDR, value);
		break;
	case REG_EPHYAR:
		value = narrow(&r->ephy[value >> 16 & 127], value);
		break;
	case REG_EFUSEAR:
		value = value & FLAG ? value & ~FLAG : FLAG | (value & 0x3ff00) | 0xff;
		break;
	default: /* OCPAR of the 8168DP and before: nothing behind it */
		value ^= FLAG;
		break;
	}
	set_reg32(r, reg, value);
}
