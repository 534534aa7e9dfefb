/* SPDX-License-Identifier: BSD-2-Clause */
/* The Intel gigabit chip of e1000_device.h. */
#include <assert.h>
#include "test/host/e1000_device.h"
#include "nic/mii.h"

#define m	  e1000_model
#define R(offset) e1000_model_reg(offset)

struct e1000_model e1000_model;
const uint8_t e1000_model_mac[ETH_ALEN] = {0x00, 0x1b, 0x21, 0x01, 0x02, 0x03};

uint32_t *e1000_model_reg(unsigned offset)
{
	return &m.reg[offset / 4];
}

/* ---- Reset, EEPROM ---- */

static void reset(void)
{
	m.resets++;
	if (!m.pci && *R(STATUS) & STATUS_GIO_MASTER_ENABLE && !m.master_stuck)
		m.bad++;
	if (m.i219 && m.dma_ran && !(*R(FEXTNVM11) & FEXTNVM11_RST_HANG))
		m.reset_stuck = true;
	m.dma_ran = false;
	*R(RCTL) = 0;
	*R(TCTL) = m.tctl_stuck ? TCTL_EN : TCTL_PSP;
	*R(E1000_IMS) = 0;
	*R(RDT) = *R(RDH) = *R(TDT) = *R(TDH) = 0;
	*R(RXDCTL) = *R(TXDCTL) = *R(SRRCTL) = 0;
	*R(EECD) |= EECD_AUTO_RD;
	*R(FEXTNVM11) = 0;
	if (!m.no_eeprom && !m.eeprom_large) {
		*R(RAL0) = get_le32(e1000_model_mac);
		*R(RAH0) = get_le16(e1000_model_mac + 4) | RAH_AV;
	} else {
		*R(RAL0) = *R(RAH0) = 0;
	}
	if (!m.pci)
		*R(STATUS) |= STATUS_GIO_MASTER_ENABLE;
	m.reset_reads = m.reset_stuck ? ~0u : 3;
}

static void write_ctrl(uint32_t value)
{
	if (value & CTRL_GIO_MASTER_DISABLE && !m.master_stuck)
		*R(STATUS) &= ~(uint32_t)STATUS_GIO_MASTER_ENABLE;
	if (value & CTRL_RST) {
		reset();
		value &= ~(uint32_t)CTRL_GIO_MASTER_DISABLE;
	}
	if (value & CTRL_PHY_RST) {
		m.phy_resets++;
		if (!m.link_needs_phy)
			*R(STATUS) |= STATUS_LU;
	}
	*R(CTRL) = value;
}

static void write_eerd(uint32_t value)
{
	unsigned shift = m.eeprom_large ? 2 : 8, word = (value & 0xffff) >> shift;

	if (!m.no_eeprom && word < 3)
		*R(EERD) = (uint32_t)m.eeprom[word] << 16 |
			   (m.eeprom_large ? EERD_DONE_LARGE : EERD_DONE_SMALL);
	else
		*R(EERD) = value;
}

/* ---- PHY ---- */

/** Did the driver ask for the PHY's bus? */
static bool has_turn(void)
{
	switch (m.turns) {
	case TURNS_SWFLAG:
		return *R(EXTCNF_CTRL) & EXTCNF_SWFLAG;
	case TURNS_SWSM:
		return *R(SWSM) & SWSM_SWESMBI;
	case TURNS_SYNC:
		return *R(SW_FW_SYNC) & (*R(STATUS) & 1u << STATUS_PORT_SHIFT ? 4 : 2);
	default:
		return true;
	}
}

static void write_mdic(uint32_t value)
{
	unsigned phy_reg = value >> MDIC_REG_SHIFT & 31;

	if (!has_turn())
		m.bad++;
	/* On a PCH other registers of the PHY are at address 1. */
	if (m.phy_address == 2 && (value >> MDIC_PHY_SHIFT & 31) == 1) {
		*R(MDIC) = (value & 0xffff0000) | 0x1234 | MDIC_READY;
		m.bad += (value & MDIC_WRITE) != 0;
		return;
	}
	if ((int)(value >> MDIC_PHY_SHIFT & 31) != m.phy_address) {
		*R(MDIC) = value | MDIC_READY | MDIC_ERROR;
		return;
	}
	if (value & MDIC_WRITE) {
		m.phy[phy_reg] = (uint16_t)value;
		if (phy_reg == MII_CONTROL && value & MII_CONTROL_RESTART) {
			m.renegotiations++;
			*R(STATUS) |= STATUS_LU | STATUS_FD | 2u << STATUS_SPEED_SHIFT;
		}
	}
	*R(MDIC) = (value & 0xffff0000) | m.phy[phy_reg] | MDIC_READY;
}

/** What firmware holds does not stick. */
static uint32_t stick(unsigned offset, uint32_t value)
{
	if (offset == SWSM) {
		if (value & SWSM_SWESMBI && !m.owns_smbi)
			m.bad++;
		m.owns_smbi = m.owns_smbi && value & SWSM_SMBI;
	}
	if (!m.firmware_holds_phy)
		return value;
	if (offset == EXTCNF_CTRL)
		return value & ~(uint32_t)EXTCNF_SWFLAG;
	if (offset == SWSM)
		return value & ~(uint32_t)SWSM_SWESMBI;
	return value;
}

/* ---- Transmit ---- */

static void frame_out(const uint8_t *data, uint32_t len)
{
	assert(m.sent_count < E1000_MODEL_SENT && len <= 2048);
	memcpy(m.sent[m.sent_count], data, len);
	m.sent_len[m.sent_count++] = len;
}

static void sum_into(uint8_t *frame, uint32_t from, uint32_t len, uint32_t at)
{
	uint32_t sum = 0;

	for (uint32_t i = from; i < len; i++)
		sum += (i - from) & 1 ? frame[i] : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_be16(frame + at, (uint16_t)~sum);
}

/** Cut what was put together as the context says. */
static void segment_out(uint32_t command, uint32_t options)
{
	uint32_t tucss = m.context[1] & 255, tucso = m.context[1] >> 8 & 255;
	uint32_t ipcss = m.context[0] & 255, ipcso = m.context[0] >> 8 & 255;
	uint32_t mss = m.context[3] >> 16, header = m.context[3] >> 8 & 255, done, pieces = 0;
	static uint8_t frame[70000];

	if (!(command & TX_TSE)) {
		if (options & TX_TXSM)
			sum_into(m.segment, tucss, m.segment_len, tucso);
		frame_out(m.segment, m.segment_len);
		return;
	}
	assert(m.segment_len - header == (m.context[2] & 0xfffff));
	for (done = header; done < m.segment_len; done += mss, pieces++) {
		uint32_t n = min(mss, m.segment_len - done), len = header + n;

		memcpy(frame, m.segment, header);
		memcpy(frame + header, m.segment + done, n);
		put_be16(frame + ipcss + 2, (uint16_t)(len - ipcss));
		put_be32(frame + tucss + 4, get_be32(frame + tucss + 4) + pieces * mss);
		sum_into(frame, ipcss, tucss, ipcso);
		put_be16(frame + tucso,
			 (uint16_t)((get_be16(frame + tucso) + (len - tucss)) % 0xffff));
		sum_into(frame, tucss, len, tucso);
		frame_out(frame, len);
	}
}

void e1000_model_transmit(void)
{
	struct e1000_tx_desc *ring = (void *)(uintptr_t)*R(TDBAL);
	uint32_t count = *R(TDLEN) / 16;

	if (!(*R(TCTL) & TCTL_EN) || m.transmitter_stuck)
		return;
	while (*R(TDH) != *R(TDT)) {
		struct e1000_tx_desc *d = &ring[*R(TDH)];
		uint32_t len = d->command & (d->command & TX_DEXT ? 0xfffff : 0xffff);

		*R(TDH) = (*R(TDH) + 1) % count;
		if ((d->command & TX_DEXT) && !(d->command >> 20 & 15)) {
			memcpy(m.context, d, sizeof(*d));
			m.contexts++;
			continue;
		}
		assert(len <= 16288);
		memcpy(m.segment + m.segment_len, (void *)(uintptr_t)d->address, len);
		m.segment_len += len;
		if (d->command & TX_EOP) {
			segment_out(d->command & TX_DEXT ? d->command : 0,
				    d->command & TX_DEXT ? d->status : 0);
			m.segment_len = 0;
		}
		if (d->command & TX_RS)
			d->status |= TX_DD;
	}
}

/* ---- Registers ---- */

static uint32_t read_queue(unsigned offset)
{
	uint32_t value = *R(offset);

	if (m.igb && value & QUEUE_ENABLE && (m.queue_stuck || m.queue_reads)) {
		m.queue_reads -= m.queue_reads > 0;
		return value & ~(uint32_t)QUEUE_ENABLE;
	}
	return value;
}

static uint32_t mmio_in(uintptr_t address, unsigned size)
{
	unsigned offset = (unsigned)(address - E1000_MODEL_BAR);
	uint32_t value = *R(offset);

	assert(size == 4);
	m.reads++;
	if (m.gone)
		return 0xffffffff;
	if (offset == E1000_ICR)
		m.bad++;
	if (offset == CTRL && m.reset_reads) {
		if (!--m.reset_reads)
			*R(CTRL) &= ~(uint32_t)CTRL_RST;
		return *R(CTRL);
	}
	if (offset == RXDCTL || offset == TXDCTL)
		return read_queue(offset);
	if (offset == SWSM) {
		m.owns_smbi = m.owns_smbi || !(value & SWSM_SMBI);
		*R(SWSM) |= SWSM_SMBI;
	}
	if (offset >= CRCERRS && offset < CRCERRS + 0x100)
		*R(offset) = 0; /* counters clear when read */
	return value;
}

/** The tail of @queue moves: it must be running. */
static void check_tail(unsigned queue, uint32_t value)
{
	if (m.igb && value && (!(*R(queue) & QUEUE_ENABLE) || m.queue_reads))
		m.bad++;
	m.dma_ran = true;
}

static void mmio_out(uintptr_t address, unsigned size, uint32_t value)
{
	unsigned offset = (unsigned)(address - E1000_MODEL_BAR);

	assert(size == 4);
	m.writes++;
	if (offset != STATUS && offset != CTRL)
		*R(offset) = stick(offset, value);
	if (offset == CTRL)
		write_ctrl(value);
	else if (offset == EERD)
		write_eerd(value);
	else if (offset == MDIC)
		write_mdic(value);
	else if (offset == RDT)
		check_tail(RXDCTL, value);
	else if (offset == TDT) {
		check_tail(TXDCTL, value);
		e1000_model_transmit();
	}
}

/* ---- Receive ---- */

static void write_back(struct e1000_rx_desc *desc, uint16_t len, uint8_t status, uint8_t errors)
{
	if (!m.igb) {
		desc->legacy.length = len;
		desc->legacy.errors = errors;
		desc->legacy.status = status;
		return;
	}
	desc->address = 0x123456789abcdef0; /* hash, packet type */
	desc->advanced.length = len;
	desc->advanced.vlan = 0x5555;
	desc->advanced.status = (uint32_t)errors << 24 | status;
}

bool e1000_model_deliver(const void *data, uint16_t len, uint8_t status, uint8_t errors)
{
	struct e1000_rx_desc *ring = (void *)(uintptr_t)*R(RDBAL);
	uint32_t count = *R(RDLEN) / 16, head = *R(RDH);

	if (!(*R(RCTL) & RCTL_EN) || head == *R(RDT))
		return false;
	if (m.igb && *R(SRRCTL) >> 25 != 1)
		m.bad++;
	memcpy((void *)(uintptr_t)ring[head].address, data, min(len, (uint16_t)2048));
	write_back(&ring[head], len, status, errors);
	*R(RDH) = (head + 1) % count;
	return true;
}

/* ---- On the bus ---- */

void e1000_model_init(void)
{
	static const uint16_t phy[] = {0x1140, 0x796d, 0x0141, 0x0c20, 0x0de1, 0xcde1, 1, 0,
				       0,      0x0200, 0x3800, 0,      0,      0,      0, 0x3000};
	unsigned i;

	memset(&m, 0, sizeof(m));
	memcpy(m.phy, phy, sizeof(phy));
	for (i = 0; i < 3; i++)
		m.eeprom[i] = get_le16(e1000_model_mac + 2 * i);
	m.phy_address = 1;
	host_mmio_in = mmio_in;
	host_mmio_out = mmio_out;
	*R(STATUS) = STATUS_LU | STATUS_FD | 2u << STATUS_SPEED_SHIFT;
	*R(PBA) = 0x30;
}

struct host_pci *e1000_model_plug(uint16_t device)
{
	struct host_pci *pci = host_pci_add(0x0018, 0x8086, device, 0x020000);

	put_le32(pci->config + 0x10, E1000_MODEL_BAR);
	pci->bar_size[0] = 0x20000;
	switch (device) {
	case 0x105e: /* 82571EB */
		m.turns = TURNS_SWSM;
		break;
	case 0x1049: /* 82566MM */
	case 0x10d3: /* 82574L */
		m.turns = TURNS_SWFLAG;
		break;
	case 0x1502: /* 82579LM */
	case 0x15fb: /* I219-LM */
		m.turns = TURNS_SWFLAG;
		m.phy_address = m.phy_address < 0 ? -1 : 2;
		m.i219 = device == 0x15fb;
		break;
	case 0x10c9: /* 82576 */
	case 0x1521: /* I350 */
	case 0x1533: /* I210 */
	case 0x15f3: /* I225-V */
	case 0x1f41: /* I354 */
		m.turns = TURNS_SYNC;
		m.igb = true;
		break;
	default:
		m.pci = true;
	}
	if (!m.pci)
		*R(STATUS) |= STATUS_GIO_MASTER_ENABLE;
	return pci;
}
