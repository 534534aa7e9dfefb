// SPDX-License-Identifier: BSD-2-Clause
// UNDI functions (PXE 2.1 chapter 4): frames by hand, ARP and ICMP echo, received by polling the
// ISR function; states and wrong arguments.
#include "nbp.h"

enum { HEADER = 14, ARP_SIZE = 28, IP_SIZE = 20, ICMP_SIZE = 8, ECHO_SIZE = 40 };

static uint8_t mac[6], server_mac[6], frame[1600];
static uint16_t frame_size, header_size;
static uint8_t frame_protocol, frame_kind;
static uint32_t own_ip;

static struct undi_descriptor descriptor;

// --- Receiving -----------------------------------------------------------------------------------

static uint16_t isr(uint16_t function, struct undi_isr *answer)
{
	struct undi_isr *p = (void *)block;
	*p = (struct undi_isr){.function = function};
	uint16_t exit = call(UNDI_ISR);
	*answer = *p;
	return exit;
}

// Waits for a frame that matches, serving the "interrupt" as the specification has it: START says
// whether it was ours; then PROCESS, and NEXT until there is no more.
static bool receive(bool (*matches)(void), unsigned seconds)
{
	uint32_t start = ticks();
	bool found = false;
	uint16_t got = 0;
	while (!found && ticks() - start < SECONDS(seconds)) {
		struct undi_isr answer;
		if (isr(ISR_START, &answer) != 0)
			return false;
		if (answer.function != ISR_OURS)
			continue;
		uint16_t function = ISR_PROCESS;
		do {
			if (isr(function, &answer) != 0)
				return false;
			function = ISR_NEXT;
			if (answer.function != ISR_RECEIVED)
				continue;
			if (got + answer.buffer_size > (int)sizeof(frame))
				return false;
			far_copy((uint32_t)frame + got, linear(answer.frame), answer.buffer_size);
			got += answer.buffer_size;
			if (got < answer.frame_size)
				continue; // a long frame comes in pieces
			frame_size = got;
			header_size = answer.header_size;
			frame_protocol = answer.protocol;
			frame_kind = answer.kind;
			got = 0;
			found |= matches();
		} while (answer.function != ISR_DONE);
	}
	return found;
}

// --- Sending -------------------------------------------------------------------------------------

static uint16_t transmit(uint8_t protocol, uint8_t broadcast, const uint8_t *to)
{
	struct undi_transmit *p = (void *)block;
	*p = (struct undi_transmit){.protocol = protocol,
				    .broadcast = broadcast,
				    .destination = (far_t)to,
				    .descriptor = (far_t)&descriptor};
	call(UNDI_TRANSMIT);
	return p->status;
}

static const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct arp {
	uint16_t hardware, protocol;
	uint8_t hardware_size, protocol_size;
	uint16_t operation;
	uint8_t sender[6];
	uint32_t sender_ip;
	uint8_t target[6];
	uint32_t target_ip;
} PACKED;

static struct {
	uint8_t to[6], from[6];
	uint16_t type;
	struct arp arp;
	uint8_t padding[18];
} PACKED request;

static void make_request(void)
{
	memset(&request, 0, sizeof(request));
	memcpy(request.to, broadcast_mac, 6);
	memcpy(request.from, mac, 6);
	request.type = PORT(0x0806);
	request.arp = (struct arp){PORT(1), PORT(0x0800), 6, 4, PORT(1), {0}, own_ip, {0}, SERVER};
	memcpy(request.arp.sender, mac, 6);
}

static bool is_arp_reply(void)
{
	const struct arp *reply = (const void *)(frame + HEADER);
	if (frame_size < HEADER + ARP_SIZE || memcmp(frame + 12, "\x08\x06", 2) != 0 ||
	    reply->operation != PORT(2) || reply->sender_ip != SERVER)
		return false;
	memcpy(server_mac, reply->sender, 6);
	return true;
}

// Asks for the server's address: the payload only, the header is the UNDI's work.
static void arp(const char *name)
{
	make_request();
	descriptor = (struct undi_descriptor){.immediate_size = ARP_SIZE,
					      .immediate = (far_t)&request.arp};
	uint16_t status = transmit(PROTOCOL_ARP, TO_ALL, NULL);
	finding(name, status == SUCCESS && receive(is_arp_reply, 10), status, SUCCESS);
}

static void arp_frame(void)
{
	make_request();
	descriptor = (struct undi_descriptor){.immediate_size = sizeof(request),
					      .immediate = (far_t)&request};
	uint16_t status = transmit(PROTOCOL_RAW, TO_ADDRESS, broadcast_mac);
	finding("undi-transmit-whole-frame", status == SUCCESS && receive(is_arp_reply, 10), status,
		SUCCESS);
	finding("undi-frame-header", header_size == HEADER, header_size, HEADER);
	finding("undi-frame-protocol", frame_protocol == PROTOCOL_ARP, frame_protocol,
		PROTOCOL_ARP);
	finding("undi-frame-directed", frame_kind == 0, frame_kind, 0);
	finding("undi-frame-for-us", memcmp(frame, mac, 6) == 0, 0, 0);
}

static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *word = data;
	uint32_t total = 0;
	for (; size; size -= 2)
		total += *word++;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static struct {
	uint8_t version, service;
	uint16_t size, id, fragment;
	uint8_t ttl, protocol;
	uint16_t checksum;
	uint32_t source, destination;
} PACKED ip;
static struct {
	struct {
		uint8_t type, code;
		uint16_t checksum, id, sequence;
	} PACKED head;
	uint8_t data[ECHO_SIZE];
} PACKED echo;

static bool is_echo_reply(void)
{
	const uint8_t *icmp = frame + HEADER + IP_SIZE;
	return frame_size >= HEADER + IP_SIZE + ICMP_SIZE + ECHO_SIZE &&
	       memcmp(frame + 12, "\x08\x00", 2) == 0 && frame[HEADER + 9] == 1 && icmp[0] == 0 &&
	       memcmp(icmp + ICMP_SIZE, echo.data, ECHO_SIZE) == 0;
}

// A packet in three pieces, to one address.
static void ping(const char *name)
{
	ip = (typeof(ip)){.version = 0x45,
			  .size = PORT(IP_SIZE + ICMP_SIZE + ECHO_SIZE),
			  .ttl = 64,
			  .protocol = 1,
			  .source = own_ip,
			  .destination = SERVER};
	ip.checksum = checksum(&ip, sizeof(ip));
	echo.head = (typeof(echo.head)){.type = 8, .id = 0x4e42, .sequence = PORT(1)};
	for (unsigned i = 0; i < ECHO_SIZE; i++)
		echo.data[i] = i * 3;
	echo.head.checksum = checksum(&echo, sizeof(echo));
	descriptor = (struct undi_descriptor){.immediate_size = IP_SIZE,
					      .immediate = (far_t)&ip,
					      .count = 2,
					      .block = {{1, 0, ICMP_SIZE, (far_t)&echo.head},
							{1, 0, ECHO_SIZE, (far_t)echo.data}}};
	uint16_t status = transmit(PROTOCOL_IP, TO_ADDRESS, server_mac);
	finding(name, status == SUCCESS && receive(is_echo_reply, 10), status, SUCCESS);
}

// --- Steps ---------------------------------------------------------------------------------------

static bool information_is_right(void)
{
	const struct undi_information *p = (const void *)block;
	memcpy(mac, p->current, 6);
	return p->mtu == 1500 && p->hardware_type == 1 && p->address_size == 6 && !(mac[0] & 1) &&
	       memcmp(p->current, p->permanent, 6) == 0 && memcmp(mac, "\x52\x54\x00", 3) == 0 &&
	       p->interrupt < 16;
}

static bool nic_is_pci(void)
{
	const struct undi_nic_type *p = (const void *)block;
	return p->type == 2 && p->vendor != 0 && p->vendor != 0xffff && p->class[0] == 2;
}

static bool interface_is_ethernet(void)
{
	const struct undi_interface *p = (const void *)block;
	return (memcmp(p->type, "DIX+802.3", 10) == 0 || memcmp(p->type, "Ethernet", 9) == 0) &&
	       p->speed != 0;
}

static bool mcast_is(const char *wanted)
{
	return memcmp(((const struct undi_mcast_address *)block)->address, wanted, 6) == 0;
}

static bool mcast_low(void)
{
	return mcast_is("\x01\x00\x5e\x01\x02\x03");
}

static bool mcast_high(void)
{
	return mcast_is("\x01\x00\x5e\x7f\xff\xff");
}

static bool has_counted(void)
{
	const struct undi_statistics *p = (const void *)block;
	return p->sent >= 3 && p->received >= 3;
}

static bool has_cleared(void)
{
	const struct undi_statistics *p = (const void *)block;
	return p->sent == 0;
}

static const struct step undi_questions[] = {
	STEP_ALSO("undi-information", UNDI_GET_INFORMATION, SUCCESS, information_is_right,
		  undi_information),
	STEP_ALSO("undi-nic-type", UNDI_GET_NIC_TYPE, SUCCESS, nic_is_pci, undi_nic_type),
	STEP_ALSO("undi-interface", UNDI_GET_IFACE_INFO, SUCCESS, interface_is_ethernet,
		  undi_interface),
	STEP_ALSO("undi-mcast-address", UNDI_GET_MCAST_ADDRESS, SUCCESS, mcast_low,
		  undi_mcast_address, .ip = IP(224, 1, 2, 3)),
	STEP_ALSO("undi-mcast-address-high", UNDI_GET_MCAST_ADDRESS, SUCCESS, mcast_high,
		  undi_mcast_address, .ip = IP(239, 255, 255, 255)),
	STEP("undi-mcast-address-of-a-host", UNDI_GET_MCAST_ADDRESS, ANY_STATUS, undi_mcast_address,
	     .ip = SERVER),
};

#define FILTER_BOTH 3 // directed and broadcast

static const struct step undi_open[] = {
	STEP("undi-open", UNDI_OPEN, SUCCESS, undi_open, .filter = FILTER_BOTH),
};

static const struct step undi_opened[] = {
	STEP_ALSO("undi-statistics", UNDI_GET_STATISTICS, SUCCESS, has_counted, undi_statistics),
	STEP("undi-clear-statistics", UNDI_CLEAR_STATISTICS, SUCCESS, bare),
	STEP_ALSO("undi-statistics-cleared", UNDI_GET_STATISTICS, SUCCESS, has_cleared,
		  undi_statistics),
	STEP("undi-filter", UNDI_SET_PACKET_FILTER, SUCCESS, undi_filter, .filter = FILTER_BOTH),
	STEP("undi-filter-promiscuous", UNDI_SET_PACKET_FILTER, SUCCESS, undi_filter, .filter = 4),
	STEP("undi-filter-unknown", UNDI_SET_PACKET_FILTER, ANY_STATUS, undi_filter,
	     .filter = 0xf0),
	STEP("undi-filter-back", UNDI_SET_PACKET_FILTER, SUCCESS, undi_filter,
	     .filter = FILTER_BOTH),
	STEP("undi-mcast", UNDI_SET_MCAST_ADDRESS, SUCCESS, undi_mcast,
	     .list = {1, {{1, 0, 0x5e, 1, 2, 3}}}),
	STEP("undi-mcast-none", UNDI_SET_MCAST_ADDRESS, SUCCESS, undi_mcast),
	STEP("undi-mcast-too-many", UNDI_SET_MCAST_ADDRESS, ANY_FAILURE, undi_mcast,
	     .list.count = 9),
	STEP("undi-mcast-far-too-many", UNDI_SET_MCAST_ADDRESS, ANY_FAILURE, undi_mcast,
	     .list.count = 0xffff),
	STEP("undi-station-when-open", UNDI_SET_STATION_ADDRESS, INVALID_STATE, undi_station,
	     .address = {0x52, 0x54, 0, 1, 2, 3}),
	STEP("undi-diags", UNDI_INITIATE_DIAGS, ANY_STATUS, bare),
	STEP("undi-force-interrupt", UNDI_FORCE_INTERRUPT, ANY_STATUS, bare),
	STEP("undi-isr-function-0", UNDI_ISR, ANY_FAILURE, undi_isr, .function = 0),
	STEP("undi-isr-function-9", UNDI_ISR, ANY_FAILURE, undi_isr, .function = 9),
};

#define TRANSMIT                                                                                   \
	undi_transmit, .destination = (far_t)broadcast_mac, .descriptor = (far_t)&descriptor

static const struct step transmit_too_many_pieces[] = {
	STEP("undi-transmit-9-pieces", UNDI_TRANSMIT, ANY_FAILURE, TRANSMIT),
};
static const struct step transmit_too_long[] = {
	STEP("undi-transmit-too-long", UNDI_TRANSMIT, ANY_FAILURE, TRANSMIT),
};
static const struct step transmit_sum_too_long[] = {
	STEP("undi-transmit-sum-too-long", UNDI_TRANSMIT, ANY_FAILURE, TRANSMIT),
};
static const struct step transmit_empty[] = {
	STEP("undi-transmit-empty", UNDI_TRANSMIT, ANY_STATUS, TRANSMIT),
	STEP("undi-transmit-protocol-9", UNDI_TRANSMIT, ANY_FAILURE, TRANSMIT, .protocol = 9),
	STEP("undi-transmit-null-descriptor", UNDI_TRANSMIT, ANY_STATUS, undi_transmit,
	     .destination = (far_t)broadcast_mac),
};

static void transmit_wrong(void)
{
	descriptor = (struct undi_descriptor){
		.immediate_size = sizeof(request), .immediate = (far_t)&request, .count = 9};
	RUN(transmit_too_many_pieces);
	descriptor = (struct undi_descriptor){.immediate_size = 1600, .immediate = (far_t)&request};
	RUN(transmit_too_long);
	descriptor = (struct undi_descriptor){.count = 8};
	for (unsigned i = 0; i < 8; i++)
		descriptor.block[i] = (typeof(descriptor.block[0])){1, 0, 0xffff, (far_t)&request};
	RUN(transmit_sum_too_long);
	descriptor = (struct undi_descriptor){0};
	RUN(transmit_empty);
}

static const struct step undi_reset[] = {
	STEP("undi-reset", UNDI_RESET_ADAPTER, SUCCESS, undi_mcast),
};

static const struct step undi_close[] = {
	STEP("undi-close", UNDI_CLOSE, SUCCESS, bare),
	STEP("undi-isr-when-closed", UNDI_ISR, ANY_STATUS, undi_isr, .function = ISR_START),
};

static const struct step undi_shutdown[] = {
	STEP("undi-shutdown", UNDI_SHUTDOWN, SUCCESS, bare),
	STEP("undi-transmit-when-shut-down", UNDI_TRANSMIT, INVALID_STATE, TRANSMIT),
	STEP("undi-open-when-shut-down", UNDI_OPEN, INVALID_STATE, undi_open,
	     .filter = FILTER_BOTH),
	STEP("undi-cleanup", UNDI_CLEANUP, ANY_STATUS, bare),
};

static const struct step undi_start_again[] = {
	STEP("undi-startup", UNDI_STARTUP, SUCCESS, bare),
	STEP("undi-initialize", UNDI_INITIALIZE, SUCCESS, undi_initialize),
	STEP("undi-station-bad", UNDI_SET_STATION_ADDRESS, ANY_STATUS, undi_station,
	     .address = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
};

// The lease that our firmware has, from the cached acknowledgement.
static uint32_t leased_address(void)
{
	struct bootp *packet = (void *)scratch;
	struct cached_info *p = (void *)block;
	*p = (struct cached_info){.type = 2, .size = sizeof(*packet), .buffer = (far_t)packet};
	call(GET_CACHED_INFO);
	return packet->yiaddr;
}

void check_undi(void)
{
	own_ip = leased_address();
	RUN(undi_questions);
	RUN(undi_open);
	arp("undi-arp");
	arp_frame();
	ping("undi-ping-in-pieces");
	RUN(undi_opened);
	transmit_wrong();
	check_san("san-while-undi-is-open");
	ping("undi-ping-after-san");
	RUN(undi_reset);
	arp("undi-arp-after-reset");
	RUN(undi_close);
	RUN(undi_open);
	arp("undi-arp-opened-again");
	RUN(undi_close);
	RUN(undi_shutdown);
	check_san("san-after-undi-shutdown");
	RUN(undi_start_again);
	RUN(undi_open);
	ping("undi-ping-started-again");
	RUN(undi_close);
}
