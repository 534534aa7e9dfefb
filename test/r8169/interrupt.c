/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of the RTL8169 model: status and mask, and the ways to the processor (INTx, MSI,
 * MSI-X). */
#include "test/r8169/model.h"

#define MSIX_ENABLE	 0x80u
#define MSIX_MASK_ALL	 0x40u
#define VECTOR_MASKED	 0x01u
#define COMMAND_INTX_OFF 0x400u
#define STATUS_INTX	 0x08u

uint32_t sim_isr_get(const struct rtl *r)
{
	return chip_is(r, CHIP_8125) ? reg32(r, REG_8125_ISR) : reg16(r, REG_ISR);
}

static uint32_t imr_get(const struct rtl *r)
{
	return chip_is(r, CHIP_8125) ? reg32(r, REG_8125_IMR) : reg16(r, REG_IMR);
}

void sim_isr_raise(struct rtl *r, uint32_t bits)
{
	if (chip_is(r, CHIP_8125))
		set_reg32(r, REG_8125_ISR, sim_isr_get(r) | bits);
	else
		set_reg16(r, REG_ISR, sim_isr_get(r) | bits);
	sim_irq_update(r);
}

static void count_interrupt(struct rtl *r)
{
	r->count.interrupts++;
	if (r->quiet)
		sim_mistake(r, "interrupt after the card was closed");
}

static void send_message(struct rtl *r, uint64_t address, uint32_t data)
{
	count_interrupt(r);
	r->ops.msi(r->ops.ctx, address, data);
}

/* All causes use vector 0. */
void sim_msix_deliver(struct rtl *r)
{
	if ((get32(r->msix_table + 12) & VECTOR_MASKED) ||
	    (r->config[r->cap_msix + 3] & MSIX_MASK_ALL)) {
		r->msix_pending = true;
		return;
	}
	r->msix_pending = false;
	send_message(r, get64(r->msix_table), get32(r->msix_table + 8));
}

void sim_irq_update(struct rtl *r)
{
	bool level = sim_isr_get(r) & imr_get(r);
	bool rise = level && !r->irq_level;
	bool msix = r->cap_msix && r->config[r->cap_msix + 3] & MSIX_ENABLE;
	bool msi = r->cap_msi && r->config[r->cap_msi + 2] & 1;
	bool intx = level && !msi && !msix && !(get16(r->config + 4) & COMMAND_INTX_OFF);

	r->irq_level = level;
	if (rise && msix)
		sim_msix_deliver(r);
	else if (rise && msi)
		send_message(r, get64(r->config + r->cap_msi + 4),
			     get16(r->config + r->cap_msi + 12));
	r->config[6] = (uint8_t)((r->config[6] & ~STATUS_INTX) | (level ? STATUS_INTX : 0));
	if (intx != r->intx_level) {
		r->intx_level = intx;
		if (intx)
			count_interrupt(r);
		r->ops.intx(r->ops.ctx, intx);
	}
}
