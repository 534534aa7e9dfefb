/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PXE API, UNDI functions (PXE 2.1, section 3.6): states, addresses, filters,
 * information. Sending and receiving are in boot/pxe_undi_frames.c.
 *
 * The program believes that it owns the card. It does not: a SAN drive may be in
 * use over the same card, so closing and shutting down take the program's frames
 * away and close the card only when no drive is hooked. Opening begins a queue
 * beside our stack (netstack/frame_queue.h).
 *
 * Programs come to a card that is initialised, because the base code used it.
 *
 * No interrupts: cards are polled. IntNumber is 0 and the service flags lack
 * "interrupt supported", which makes programs call ISR by themselves.
 */
#include "boot/pxe_undi.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "san/san.h"

#define HARDWARE_ETHERNET 1
#define NIC_TYPE_PCI	  2
#define RX_BUFFERS	  64
#define TX_BUFFERS	  16
#define FILTERS		  (FLTR_DIRECTED | FLTR_BRDCST | FLTR_PRMSC | FLTR_SRC_RTG)
#define SPEED_UNKNOWN	  100u	/* Mbit/s */
#define SPEED_MAX	  4294u /* that fit into 32 bits of bit/s */

/* Service flags, as NDIS 2 has them. */
enum {
	SUPPORTED_BROADCAST = 0x0001,
	SUPPORTED_MULTICAST = 0x0002,
	SUPPORTED_SET_STATION_ADDRESS = 0x0010,
	SUPPORTED_RESET = 0x0400,
	SUPPORTED_OPEN_CLOSE = 0x0800,
};

static enum undi_state state;
static struct undi_groups groups;
static bool address_changed;
static struct nic_counters counted_from;
static uint32_t overflowed_from;

unsigned undi_sent;

enum undi_state undi_state(void)
{
	return state;
}

static void state_at_least(enum undi_state wanted)
{
	if (state < wanted)
		state = wanted;
}

static void state_at_most(enum undi_state wanted)
{
	if (state > wanted)
		state = wanted;
}

/* ---- The card beneath ---- */

static uint16_t card_open(void)
{
	nic_reopen(&pxe_nic, 1);
	return pxe_nic->open ? PXENV_STATUS_SUCCESS : PXENV_STATUS_UNDI_CANNOT_INITIALIZE_NIC;
}

/** Quiet, unless a SAN drive needs it. */
static void card_close(void)
{
	if (san_any_hooked())
		log_debug("pxe", 1, "%s stays open: a SAN drive is hooked", pxe_nic->name);
	else
		nic_close(pxe_nic);
}

static void end_queue(void)
{
	frame_queue_close();
	undi_sent = 0;
	overflowed_from = 0;
}

/* ---- Groups and filters ---- */

static bool groups_are_good(const struct undi_groups *wanted)
{
	if (wanted->count > QUEUE_GROUPS)
		return false;
	for (unsigned i = 0; i < wanted->count; i++) {
		if (!(wanted->address[i][0] & 1))
			return false;
	}
	return true;
}

static void use_groups(void)
{
	uint8_t list[QUEUE_GROUPS][ETH_ALEN];

	for (unsigned i = 0; i < groups.count; i++)
		memcpy(list[i], groups.address[i], ETH_ALEN);
	frame_queue_groups(list, groups.count);
}

static uint16_t set_groups(const struct undi_groups *wanted)
{
	if (!groups_are_good(wanted))
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	groups = *wanted;
	if (state == UNDI_OPENED)
		use_groups();
	return PXENV_STATUS_SUCCESS;
}

static void use_filter(unsigned filter)
{
	unsigned wanted = 0;

	if (filter & FLTR_DIRECTED)
		wanted |= QUEUE_DIRECTED;
	if (filter & FLTR_BRDCST)
		wanted |= QUEUE_BROADCAST;
	if (filter & FLTR_PRMSC)
		wanted |= QUEUE_ALL;
	/* Nobody opens a card to receive nothing. */
	frame_queue_filter(wanted ? wanted : QUEUE_DIRECTED | QUEUE_BROADCAST);
}

uint16_t undi_begin(unsigned filter)
{
	if (state != UNDI_OPENED) {
		if (frame_queue_open(pxe_nic))
			return PXENV_STATUS_OUT_OF_RESOURCES;
		state = UNDI_OPENED;
		undi_sent = 0;
		overflowed_from = 0;
	}
	use_groups();
	use_filter(filter);
	return PXENV_STATUS_SUCCESS;
}

/* ---- States ---- */

static uint16_t startup(void *parameters)
{
	state_at_least(UNDI_STARTED);
	return PXENV_STATUS_SUCCESS;
}

static uint16_t initialize(void *parameters)
{
	uint16_t status = card_open();

	if (!status)
		state_at_least(UNDI_INITIALIZED);
	return status;
}

static uint16_t reset_adapter(void *parameters)
{
	const struct undi_set_groups *p = parameters;
	uint32_t len;

	if (state < UNDI_INITIALIZED)
		return PXENV_STATUS_UNDI_INVALID_STATE;
	while (state == UNDI_OPENED && frame_queue_first(&len))
		frame_queue_drop();
	undi_sent = 0;
	return set_groups(&p->groups);
}

static uint16_t open_undi(void *parameters)
{
	const struct undi_open *p = parameters;

	if (state < UNDI_INITIALIZED)
		return PXENV_STATUS_UNDI_INVALID_STATE;
	if (p->filter & ~FILTERS || !groups_are_good(&p->groups))
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	groups = p->groups;
	return undi_begin(p->filter);
}

static uint16_t close_undi(void *parameters)
{
	end_queue();
	state_at_most(UNDI_INITIALIZED);
	return PXENV_STATUS_SUCCESS;
}

static uint16_t shutdown(void *parameters)
{
	end_queue();
	if (state >= UNDI_INITIALIZED)
		card_close();
	state_at_most(UNDI_STARTED);
	return PXENV_STATUS_SUCCESS;
}

static uint16_t cleanup(void *parameters)
{
	shutdown(parameters);
	state = UNDI_STOPPED;
	return PXENV_STATUS_SUCCESS;
}

/* ---- Addresses ---- */

static uint16_t set_groups_call(void *parameters)
{
	const struct undi_set_groups *p = parameters;

	return state < UNDI_INITIALIZED ? PXENV_STATUS_UNDI_INVALID_STATE : set_groups(&p->groups);
}

static uint16_t set_filter(void *parameters)
{
	const struct undi_packet_filter *p = parameters;

	if (state != UNDI_OPENED)
		return PXENV_STATUS_UNDI_INVALID_STATE;
	if (p->filter & ~FILTERS)
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	use_filter(p->filter);
	return PXENV_STATUS_SUCCESS;
}

/** Make @address, or with NULL its own again, the address of the card. */
static uint16_t change_address(const uint8_t *address)
{
	bool was_open = pxe_nic->open;

	if (setting_store_raw(pxe_nic->name, "mac", NULL, address, address ? ETH_ALEN : 0,
			      SOURCE_SCRIPT))
		return PXENV_STATUS_OUT_OF_RESOURCES;
	address_changed = address;
	nic_close(pxe_nic);
	return was_open ? card_open() : PXENV_STATUS_SUCCESS;
}

static uint16_t set_station_address(void *parameters)
{
	const struct undi_station_address *p = parameters;

	if (!nic_mac_valid(p->address))
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	if (!memcmp(p->address, pxe_nic->mac, ETH_ALEN))
		return PXENV_STATUS_SUCCESS;
	if (state == UNDI_OPENED || san_any_hooked())
		return PXENV_STATUS_UNDI_INVALID_STATE;
	return change_address(p->address);
}

/* RFC 1112, section 6.4. */
static uint16_t get_group_address(void *parameters)
{
	struct undi_group_address *p = parameters;
	uint32_t ip = be32(p->ip);

	if (ip >> 28 != 14)
		return PXENV_STATUS_UNDI_INVALID_PARAMETER;
	memset(p->address, 0, sizeof(p->address));
	put_be24(p->address, 0x01005e);
	put_be24(p->address + 3, ip & 0x7fffff);
	return PXENV_STATUS_SUCCESS;
}

/* ---- Information ---- */

static uint16_t base_io(const struct pci_device *pci)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pci->bar); i++) {
		if (pci->bar[i].io)
			return (uint16_t)pci->bar[i].address;
	}
	return 0;
}

static uint16_t get_information(void *parameters)
{
	struct undi_information *p = parameters;

	*p = (struct undi_information){
		.base_io = base_io(&pxe_nic->pci),
		.mtu = (uint16_t)undi_mtu(),
		.hardware = HARDWARE_ETHERNET,
		.address_len = ETH_ALEN,
		.rx_buffers = RX_BUFFERS,
		.tx_buffers = TX_BUFFERS,
	};
	memcpy(p->address, pxe_nic->mac, ETH_ALEN);
	memcpy(p->permanent_address, pxe_nic->permanent_mac, ETH_ALEN);
	return PXENV_STATUS_SUCCESS;
}

static uint16_t get_statistics(void *parameters)
{
	const struct nic_counters *now = &pxe_nic->counters;
	uint32_t overflowed = frame_queue_counters().overflowed - overflowed_from;

	*(struct undi_statistics *)parameters = (struct undi_statistics){
		.sent = (uint32_t)(now->tx_packets - counted_from.tx_packets),
		.received = (uint32_t)(now->rx_packets - counted_from.rx_packets),
		.crc_errors = now->rx_errors - counted_from.rx_errors,
		.resource_errors = now->rx_dropped - counted_from.rx_dropped + overflowed,
	};
	return PXENV_STATUS_SUCCESS;
}

static uint16_t clear_statistics(void *parameters)
{
	counted_from = pxe_nic->counters;
	overflowed_from = frame_queue_counters().overflowed;
	return PXENV_STATUS_SUCCESS;
}

static uint16_t get_nic_type(void *parameters)
{
	const struct pci_device *pci = &pxe_nic->pci;

	*(struct undi_nic_type *)parameters = (struct undi_nic_type){
		.kind = NIC_TYPE_PCI,
		.vendor = pci->vendor,
		.device = pci->device,
		.base_class = (uint8_t)(pci->class >> 16),
		.sub_class = (uint8_t)(pci->class >> 8),
		.interface = (uint8_t)pci->class,
		.revision = pci->revision,
		.busdevfn = pci->busdevfn,
		.subsystem_vendor = pci->subsystem_vendor,
		.subsystem_device = pci->subsystem_device,
	};
	return PXENV_STATUS_SUCCESS;
}

static uint16_t get_iface_info(void *parameters)
{
	uint32_t mbit = pxe_nic->speed ? pxe_nic->speed : SPEED_UNKNOWN;

	*(struct undi_iface_info *)parameters = (struct undi_iface_info){
		.type = "DIX+802.3",
		.speed = min(mbit, SPEED_MAX) * 1000000u,
		.services = SUPPORTED_BROADCAST | SUPPORTED_MULTICAST |
			    SUPPORTED_SET_STATION_ADDRESS | SUPPORTED_RESET | SUPPORTED_OPEN_CLOSE,
	};
	return PXENV_STATUS_SUCCESS;
}

/* Cards have no diagnosis that we could start, and nobody waits for an interrupt. */
static uint16_t unsupported(void *parameters)
{
	return PXENV_STATUS_UNSUPPORTED;
}

/* ---- Beginning and end of a program ---- */

static void undi_start(void)
{
	state = UNDI_INITIALIZED;
	groups.count = 0;
	end_queue();
	clear_statistics(NULL);
}

static void undi_stop(void)
{
	end_queue();
	state = UNDI_STOPPED;
	if (address_changed)
		change_address(NULL);
	card_open();
}

TABLE_ENTRY(pxe_part, undi_part) = {.start = undi_start, .stop = undi_stop};

#define UNDI_CALL(function, block, handler)                                                        \
	TABLE_ENTRY(pxe_call, call_undi_##handler##_##function) = {                                \
		.opcode = PXENV_UNDI_##function,                                                   \
		.name = "UNDI_" #function,                                                         \
		.size = sizeof(struct block),                                                      \
		.serve = handler,                                                                  \
	}

UNDI_CALL(STARTUP, undi_status, startup);
UNDI_CALL(CLEANUP, undi_status, cleanup);
UNDI_CALL(INITIALIZE, undi_initialize, initialize);
UNDI_CALL(RESET_ADAPTER, undi_set_groups, reset_adapter);
UNDI_CALL(SHUTDOWN, undi_status, shutdown);
UNDI_CALL(OPEN, undi_open, open_undi);
UNDI_CALL(CLOSE, undi_status, close_undi);
UNDI_CALL(SET_MCAST_ADDRESS, undi_set_groups, set_groups_call);
UNDI_CALL(SET_STATION_ADDRESS, undi_station_address, set_station_address);
UNDI_CALL(SET_PACKET_FILTER, undi_packet_filter, set_filter);
UNDI_CALL(GET_INFORMATION, undi_information, get_information);
UNDI_CALL(GET_STATISTICS, undi_statistics, get_statistics);
UNDI_CALL(CLEAR_STATISTICS, undi_status, clear_statistics);
UNDI_CALL(INITIATE_DIAGS, undi_status, unsupported);
UNDI_CALL(FORCE_INTERRUPT, undi_status, unsupported);
UNDI_CALL(GET_MCAST_ADDRESS, undi_group_address, get_group_address);
UNDI_CALL(GET_NIC_TYPE, undi_nic_type, get_nic_type);
UNDI_CALL(GET_IFACE_INFO, undi_iface_info, get_iface_info);
