/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, UNDI functions TRANSMIT and ISR (PXE 2.1, section 3.6).
 *
 * TRANSMIT is done when the card has the frame: its end is reported by the next
 * ISR, for programs that wait for it.
 *
 * ISR is a poll in disguise. START answers "ours" when there is something to
 * report, which is what a program that shares an interrupt line expects to hear;
 * PROCESS and GET_NEXT hand out one event each. A received frame is shown in the
 * low block's buffer, whole, and stays there until the next ISR call: nothing
 * else of ours uses that buffer while a program runs.
 */
#include "boot/pxe_undi.h"
#include "bios/gate.h"
#include "netstack/net.h"

#define FRAME_MIN      60u
#define VLAN_TAG       4u
#define ETHERTYPE_RARP 0x8035

_Static_assert(QUEUE_FRAME_MAX <= LOW_BUFFER_SIZE, "a frame is shown in one piece");

/* ---- TRANSMIT ---- */

static uint32_t length_of(const struct undi_tbd *tbd)
{
	uint32_t len = tbd->immediate_len;

	for (unsigned i = 0; i < tbd->count; i++)
		len += tbd->block[i].len;
	return len;
}

/** Append @len bytes at @from to @frame; false when they are not the program's. */
static bool append(struct tx_frame *frame, const void *from, uint32_t len)
{
	if (!len)
		return true;
	if (!from)
		return false;
	memcpy(frame->data + frame->len, from, len);
	frame->len += len;
	return true;
}

static bool append_block(struct tx_frame *frame, const struct undi_tbd *tbd, unsigned i)
{
	uint32_t len = tbd->block[i].len;

	switch (tbd->block[i].kind) {
	case UNDI_SEGMENTED:
		return append(frame, pxe_target(tbd->block[i].data, len), len);
	case UNDI_PHYSICAL:
		return append(frame, pxe_target_linear(get_le32(&tbd->block[i].data), len), len);
	}
	return false;
}

static bool append_data(struct tx_frame *frame, const struct undi_tbd *tbd)
{
	if (!append(frame, pxe_target(tbd->immediate, tbd->immediate_len), tbd->immediate_len))
		return false;
	for (unsigned i = 0; i < tbd->count; i++) {
		if (!append_block(frame, tbd, i))
			return false;
	}
	return true;
}

/** Write the Ethernet header that @p asks for; false when it has no good destination. */
static bool append_header(struct tx_frame *frame, const struct undi_transmit *p)
{
	static const uint16_t type[] = {0, ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_RARP};
	static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t *dest = broadcast;

	if (p->protocol == P_UNKNOWN)
		return true; /* it is in the data */
	if (p->flag == XMT_DESTADDR)
		dest = pxe_target(p->dest, ETH_ALEN);
	if (!dest)
		return false;
	ethernet_header(pxe_nic, frame, dest, type[p->protocol]);
	frame->len = ETH_HEADER;
	return true;
}

/** Does the packet in @frame fit onto the network? A VLAN tag does not count. */
static bool fits(const struct tx_frame *frame)
{
	bool tagged = get_be16(frame->data + ETH_HEADER - 2) == ETHERTYPE_VLAN;

	return frame->len <= undi_mtu() + ETH_HEADER + (tagged ? VLAN_TAG : 0);
}

static uint16_t send(const struct undi_transmit *p, const struct undi_tbd *tbd)
{
	uint32_t len = length_of(tbd) + (p->protocol == P_UNKNOWN ? 0 : ETH_HEADER);
	struct tx_frame *frame;

	if (len < ETH_HEADER || len > UNDI_MTU + ETH_HEADER + VLAN_TAG)
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	frame = nic_tx_get(pxe_nic, max(len, FRAME_MIN));
	if (!frame)
		return PXENV_STATUS_OUT_OF_RESOURCES;
	if (!append_header(frame, p) || !append_data(frame, tbd) || !fits(frame)) {
		nic_tx_put(pxe_nic, frame);
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	}
	if (frame->len < FRAME_MIN) {
		memset(frame->data + frame->len, 0, FRAME_MIN - frame->len);
		frame->len = FRAME_MIN;
	}
	nic_tx_send(pxe_nic, frame);
	nic_flush(pxe_nic);
	undi_sent++;
	return PXENV_STATUS_SUCCESS;
}

static uint16_t transmit(void *parameters)
{
	const struct undi_transmit *p = parameters;
	const struct undi_tbd *callers = pxe_target(p->tbd, sizeof(*callers));
	struct undi_tbd tbd;
	uint16_t status;

	if (undi_state() < UNDI_INITIALIZED)
		return PXENV_STATUS_UNDI_INVALID_STATE;
	if (!callers || p->protocol > P_RARP || p->flag > XMT_BROADCAST)
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	tbd = *callers;
	if (tbd.count > UNDI_BLOCKS)
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	/* Some programs send without having opened, and wait for the answer. */
	status = undi_state() == UNDI_OPENED ? 0 : undi_begin(FLTR_DIRECTED | FLTR_BRDCST);
	return status ? status : send(p, &tbd);
}

TABLE_ENTRY(pxe_call, call_undi_transmit) = {
	.opcode = PXENV_UNDI_TRANSMIT,
	.name = "UNDI_TRANSMIT",
	.size = sizeof(struct undi_transmit),
	.serve = transmit,
};

/* ---- ISR ---- */

static uint8_t protocol_of(const uint8_t *frame)
{
	switch (get_be16(frame + ETH_HEADER - 2)) {
	case ETHERTYPE_IPV4:
		return P_IP;
	case ETHERTYPE_ARP:
		return P_ARP;
	case ETHERTYPE_RARP:
		return P_RARP;
	}
	return P_OTHER;
}

static uint8_t packet_kind(const uint8_t *frame)
{
	static const uint8_t broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!(frame[0] & 1))
		return P_DIRECTED;
	return memcmp(frame, broadcast, ETH_ALEN) ? P_MULTICAST : P_BROADCAST;
}

/** Show the program a frame of @len bytes. */
static void show(struct undi_isr *p, const uint8_t *frame, uint32_t len)
{
	uint8_t *place = low_buffer();

	memcpy(place, frame, len);
	p->function = ISR_OUT_RECEIVE;
	p->buffer_len = p->frame_len = (uint16_t)len;
	p->header_len = ETH_HEADER;
	p->frame = (struct segoff){real_offset(place), real_segment(place)};
	p->protocol = protocol_of(frame);
	p->packet = packet_kind(frame);
}

static void next_event(struct undi_isr *p)
{
	const uint8_t *frame;
	uint32_t len;

	p->function = ISR_OUT_DONE;
	if (undi_sent) {
		undi_sent--;
		p->function = ISR_OUT_TRANSMIT;
		return;
	}
	frame = frame_queue_first(&len);
	if (!frame)
		return;
	show(p, frame, len);
	frame_queue_drop();
}

static uint16_t isr(void *parameters)
{
	struct undi_isr *p = parameters;
	bool opened = undi_state() == UNDI_OPENED;
	uint32_t len;

	if (undi_state() < UNDI_INITIALIZED)
		return PXENV_STATUS_UNDI_INVALID_STATE;
	switch (p->function) {
	case ISR_IN_START:
		net_poll();
		p->function = opened && (undi_sent || frame_queue_first(&len)) ? ISR_OUT_OURS
									       : ISR_OUT_NOT_OURS;
		return PXENV_STATUS_SUCCESS;
	case ISR_IN_PROCESS:
		net_poll();
		break;
	case ISR_IN_GET_NEXT:
		break; /* what came meanwhile is for the next round: this one ends */
	default:
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	}
	p->buffer_len = p->frame_len = p->header_len = 0;
	p->protocol = p->packet = 0;
	if (opened)
		next_event(p);
	else
		p->function = ISR_OUT_DONE;
	return PXENV_STATUS_SUCCESS;
}

TABLE_ENTRY(pxe_call, call_undi_isr) = {
	.opcode = PXENV_UNDI_ISR,
	.name = "UNDI_ISR",
	.size = sizeof(struct undi_isr),
	.serve = isr,
};
