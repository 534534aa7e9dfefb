/* SPDX-License-Identifier: BSD-2-Clause */
/* UNDI: every function with good and bad parameters, and in the wrong state. */
#include "test/unit/pxe_program.h"
#include "boot/pxe_undi.h"
#include "san/san.h"
#include "test/host/block.h"

#define FRAME	(PROGRAM_DATA)
#define TBD	(PROGRAM_DATA + 0x4000)
#define DEST	(PROGRAM_DATA + 0x5000)
#define SECTORS 8u

static const uint8_t peer[ETH_ALEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t all[ETH_ALEN] = {255, 255, 255, 255, 255, 255};
static const uint8_t group[ETH_ALEN] = {1, 0, 0x5e, 1, 2, 3};

static struct {
	unsigned count;
	uint32_t len;
	uint8_t data[2048];
} went;

static void sent(struct nic *card, const struct tx_frame *frame)
{
	went.count++;
	went.len = frame->len;
	memcpy(went.data, frame->data, frame->len);
}

static int setup(void **state)
{
	program_start(sent);
	memset(&went, 0, sizeof(went));
	return 0;
}

static int teardown(void **state)
{
	program_stop();
	return 0;
}

/* ---- The program's calls ---- */

static uint16_t undi_open_call(uint16_t filter)
{
	struct undi_open p = {.filter = filter};

	return call(PXENV_UNDI_OPEN, &p, sizeof(p));
}

static uint16_t undi_initialize(void)
{
	struct undi_initialize p = {0};

	return call(PXENV_UNDI_INITIALIZE, &p, sizeof(p));
}

static uint16_t isr(uint16_t function, struct undi_isr *p)
{
	memset(p, 0xee, sizeof(*p));
	p->function = function;
	return call(PXENV_UNDI_ISR, p, sizeof(*p));
}

/** What ISR answers to @function. */
static uint16_t isr_says(uint16_t function)
{
	struct undi_isr p;

	assert_int_equal(isr(function, &p), 0);
	return p.function;
}

/** Transmit @tbd by @protocol; the frame's bytes are at FRAME. */
static uint16_t transmit(const struct undi_tbd *tbd, uint8_t protocol, uint8_t flag)
{
	struct undi_transmit p = {
		.protocol = protocol, .flag = flag, .dest = far(DEST), .tbd = far(TBD)};

	memcpy(physical(TBD, sizeof(*tbd)), tbd, sizeof(*tbd));
	memcpy(physical(DEST, ETH_ALEN), peer, ETH_ALEN);
	return call(PXENV_UNDI_TRANSMIT, &p, sizeof(p));
}

static void fill_frame(void)
{
	uint8_t *frame = physical(FRAME, 0x4000);

	for (unsigned i = 0; i < 0x4000; i++)
		frame[i] = (uint8_t)(i * 5 + i / 256);
}

static void inject(const uint8_t *dest, uint16_t type, uint8_t mark, size_t len)
{
	uint8_t frame[2000] = {0};

	memcpy(frame, dest, ETH_ALEN);
	memcpy(frame + 6, peer, ETH_ALEN);
	put_be16(frame + 12, type);
	memset(frame + 14, mark, len - 14);
	assert_true(host_card_inject(net0, frame, len));
}

/* ---- States ---- */

static void comes_initialised(void **state)
{
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
	assert_int_equal(undi_open_call(FLTR_DIRECTED | FLTR_BRDCST), 0);
	assert_int_equal(undi_open_call(FLTR_DIRECTED | FLTR_BRDCST), 0);
	assert_int_equal(call_plain(PXENV_UNDI_CLOSE), 0);
	assert_int_equal(call_plain(PXENV_UNDI_CLOSE), 0);
	assert_false(frame_queue_has(net0));
}

static void after_shutdown_nothing_works(void **state)
{
	struct undi_isr isr_block;
	struct undi_set_groups groups = {0};
	struct undi_packet_filter filter = {.filter = 1};
	const struct undi_tbd tbd = {.immediate_len = 60, .immediate = far(FRAME)};

	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(call_plain(PXENV_UNDI_SHUTDOWN), 0);
	assert_false(net0->open);
	assert_false(frame_queue_has(net0));
	assert_int_equal(undi_open_call(1), PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(isr(ISR_IN_START, &isr_block), PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(call(PXENV_UNDI_RESET_ADAPTER, &groups, sizeof(groups)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(call(PXENV_UNDI_SET_MCAST_ADDRESS, &groups, sizeof(groups)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(call(PXENV_UNDI_SET_PACKET_FILTER, &filter, sizeof(filter)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	/* … and begins anew. */
	assert_int_equal(call_plain(PXENV_UNDI_CLEANUP), 0);
	assert_int_equal(call_plain(PXENV_UNDI_STARTUP), 0);
	assert_int_equal(undi_open_call(1), PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(undi_initialize(), 0);
	assert_true(net0->open);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
}

static void filters_need_an_open_card(void **state)
{
	struct undi_packet_filter filter = {.filter = 1};

	assert_int_equal(call(PXENV_UNDI_SET_PACKET_FILTER, &filter, sizeof(filter)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(call(PXENV_UNDI_SET_PACKET_FILTER, &filter, sizeof(filter)), 0);
	filter.filter = 0x10;
	assert_int_equal(call(PXENV_UNDI_SET_PACKET_FILTER, &filter, sizeof(filter)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(undi_open_call(0x10), PXENV_STATUS_UNDI_INVALID_PARAMETER);
}

static void the_card_is_back_after_the_program(void **state)
{
	struct nic *other = host_card_add(0, sent);

	assert_int_equal(nic_open(other), 0);
	assert_ptr_equal(nic_latest(), other);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(call_plain(PXENV_UNDI_SHUTDOWN), 0);
	assert_false(net0->open);
	assert_int_equal(undi_initialize(), 0);
	assert_ptr_equal(nic_latest(), other); /* netX is what it was */
	assert_int_equal(call_plain(PXENV_UNDI_SHUTDOWN), 0);
	pxe_stop();
	assert_true(net0->open);
	assert_ptr_equal(nic_latest(), other);
	assert_false(frame_queue_has(net0));
}

static void a_san_drive_keeps_the_card(void **state)
{
	static uint8_t data[SECTORS * 512];
	static const char *const path[] = {"mem:"};
	static struct host_block disk;
	struct undi_station_address p = {.address = {2, 1, 2, 3, 4, 5}};

	host_block_init(&disk, data, SECTORS, 512);
	host_block_offer(&disk);
	assert_int_equal(san_hook(0x80, path, 1, false), 0);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(call_plain(PXENV_UNDI_SHUTDOWN), 0);
	assert_int_equal(call_plain(PXENV_UNDI_CLEANUP), 0);
	assert_true(net0->open);
	assert_false(frame_queue_has(net0));
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	san_unhook_all();
}

/* ---- Sending ---- */

static void data_from_many_blocks(void **state)
{
	const uint8_t *frame = physical(FRAME, 0x4000);
	struct undi_tbd tbd = {.immediate_len = 20, .immediate = far(FRAME), .count = UNDI_BLOCKS};
	uint32_t at = 20;

	fill_frame();
	for (unsigned i = 0; i < UNDI_BLOCKS; i++) {
		tbd.block[i].kind = i & 1 ? UNDI_SEGMENTED : UNDI_PHYSICAL;
		tbd.block[i].len = (uint16_t)(i * 11); /* one is empty */
		if (i & 1)
			tbd.block[i].data = far(FRAME + at);
		else
			put_le32(&tbd.block[i].data, FRAME + at);
		at += i * 11;
	}
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	assert_int_equal(went.count, 1);
	assert_int_equal(went.len, at);
	assert_memory_equal(went.data, frame, at);
}

static void headers_by_protocol(void **state)
{
	static const uint16_t type[] = {0, 0x0800, 0x0806, 0x8035};
	const struct undi_tbd tbd = {.immediate_len = 100, .immediate = far(FRAME)};

	fill_frame();
	for (uint8_t protocol = P_IP; protocol <= P_RARP; protocol++) {
		assert_int_equal(transmit(&tbd, protocol, XMT_DESTADDR), 0);
		assert_memory_equal(went.data, peer, ETH_ALEN);
		assert_memory_equal(went.data + 6, net0->mac, ETH_ALEN);
		assert_int_equal(get_be16(went.data + 12), type[protocol]);
		assert_int_equal(went.len, 114);
		assert_memory_equal(went.data + 14, physical(FRAME, 100), 100);
		assert_int_equal(transmit(&tbd, protocol, XMT_BROADCAST), 0);
		assert_memory_equal(went.data, all, ETH_ALEN);
	}
	assert_int_equal(went.count, 6);
}

static void short_frames_are_padded(void **state)
{
	struct undi_tbd tbd = {.immediate_len = 14, .immediate = far(FRAME)};

	fill_frame();
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	assert_int_equal(went.len, 60);
	for (unsigned i = 14; i < 60; i++)
		assert_int_equal(went.data[i], 0);
	tbd.immediate_len = 13;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd.immediate_len = 0;
	assert_int_equal(transmit(&tbd, P_IP, 0), 0);
	assert_int_equal(went.len, 60);
}

static void lengths_are_checked(void **state)
{
	struct undi_tbd tbd = {.immediate_len = 1514, .immediate = far(FRAME)};

	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	assert_int_equal(went.len, 1514);
	tbd.immediate_len = 1515;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd.immediate_len = 1501;
	assert_int_equal(transmit(&tbd, P_IP, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	/* A VLAN tag is not part of the packet. */
	put_be16(physical(FRAME + 12, 2), ETHERTYPE_VLAN);
	tbd.immediate_len = 1518;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	assert_int_equal(went.len, 1518);
	tbd.immediate_len = 1519;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	net0->mtu = 1400;
	tbd.immediate_len = 1419;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	net0->mtu = 1500;
	tbd.count = UNDI_BLOCKS;
	for (unsigned i = 0; i < UNDI_BLOCKS; i++)
		tbd.block[i].len = 0xffff;
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd = (struct undi_tbd){
		.immediate_len = 60, .immediate = far(FRAME), .count = UNDI_BLOCKS + 1};
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(went.count, 2);
}

static void pointers_are_checked(void **state)
{
	struct undi_tbd tbd = {.immediate_len = 60, .immediate = {0xfff0, 0xffff}};
	struct undi_transmit p = {.protocol = P_UNKNOWN, .tbd = {0xfff0, 0xffff}};

	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd = (struct undi_tbd){
		.count = 1,
		.block = {{.kind = UNDI_SEGMENTED, .len = 60, .data = {0xfff0, 0xffff}}}};
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd.block[0].kind = 2;
	tbd.block[0].data = far(FRAME);
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd.block[0].kind = UNDI_PHYSICAL;
	put_le32(&tbd.block[0].data, host_low_block_start);
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(call(PXENV_UNDI_TRANSMIT, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	tbd = (struct undi_tbd){.immediate_len = 60, .immediate = far(FRAME)};
	assert_int_equal(transmit(&tbd, P_OTHER, 0), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(transmit(&tbd, P_IP, 2), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	memcpy(physical(TBD, sizeof(tbd)), &tbd, sizeof(tbd));
	p = (struct undi_transmit){.protocol = P_IP, .tbd = far(TBD), .dest = {0xffff, 0xffff}};
	assert_int_equal(call(PXENV_UNDI_TRANSMIT, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(went.count, 0);
	/* Every buffer was given back. */
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
}

static void sending_opens(void **state)
{
	const struct undi_tbd tbd = {.immediate_len = 60, .immediate = far(FRAME)};

	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	inject(net0->mac, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
	assert_int_equal(isr_says(ISR_IN_PROCESS), ISR_OUT_TRANSMIT);
	assert_int_equal(isr_says(ISR_IN_GET_NEXT), ISR_OUT_RECEIVE);
	assert_int_equal(isr_says(ISR_IN_GET_NEXT), ISR_OUT_DONE);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
}

/* ---- Receiving ---- */

static void a_frame_is_shown_whole(void **state)
{
	struct undi_isr p;
	const uint8_t *shown = low_buffer();

	assert_int_equal(undi_open_call(FLTR_DIRECTED | FLTR_BRDCST), 0);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
	inject(net0->mac, 0x0800, 0x55, 1514);
	inject(all, 0x0806, 0x66, 60);
	inject(net0->mac, 0x1234, 0x77, 61);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
	assert_int_equal(isr(ISR_IN_PROCESS, &p), 0);
	assert_int_equal(p.function, ISR_OUT_RECEIVE);
	assert_int_equal(p.buffer_len, 1514);
	assert_int_equal(p.frame_len, 1514);
	assert_int_equal(p.header_len, 14);
	assert_int_equal(p.protocol, P_IP);
	assert_int_equal(p.packet, P_DIRECTED);
	assert_int_equal(p.frame.offset, real_offset(shown));
	assert_int_equal(p.frame.segment, real_segment(shown));
	assert_memory_equal(shown, net0->mac, ETH_ALEN);
	assert_int_equal(shown[1513], 0x55);
	assert_int_equal(isr(ISR_IN_GET_NEXT, &p), 0);
	assert_int_equal(p.function, ISR_OUT_RECEIVE);
	assert_int_equal(p.frame_len, 60);
	assert_int_equal(p.protocol, P_ARP);
	assert_int_equal(p.packet, P_BROADCAST);
	assert_int_equal(shown[59], 0x66);
	assert_int_equal(isr(ISR_IN_GET_NEXT, &p), 0);
	assert_int_equal(p.frame_len, 61);
	assert_int_equal(p.protocol, P_OTHER);
	assert_int_equal(isr(ISR_IN_GET_NEXT, &p), 0);
	assert_int_equal(p.function, ISR_OUT_DONE);
	assert_int_equal(p.frame_len, 0);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
}

/* A program that looks without START, and one that goes on after what came meanwhile. */
static void process_polls_get_next_does_not(void **state)
{
	assert_int_equal(undi_open_call(FLTR_DIRECTED), 0);
	inject(net0->mac, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_GET_NEXT), ISR_OUT_DONE);
	assert_int_equal(isr_says(ISR_IN_PROCESS), ISR_OUT_RECEIVE);
}

static void isr_functions_are_checked(void **state)
{
	struct undi_isr p;

	assert_int_equal(undi_open_call(FLTR_DIRECTED), 0);
	assert_int_equal(isr(0, &p), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(isr(4, &p), PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(isr(0xffff, &p), PXENV_STATUS_UNDI_INVALID_PARAMETER);
}

static void filters_and_groups(void **state)
{
	struct undi_set_groups groups = {.groups = {.count = 1}};
	struct undi_packet_filter filter = {.filter = FLTR_PRMSC};
	struct undi_isr p;

	assert_int_equal(undi_open_call(FLTR_DIRECTED), 0);
	inject(all, 0x1234, 1, 60);
	inject(group, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
	memcpy(groups.groups.address[0], group, ETH_ALEN);
	assert_int_equal(call(PXENV_UNDI_SET_MCAST_ADDRESS, &groups, sizeof(groups)), 0);
	inject(group, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
	assert_int_equal(isr(ISR_IN_PROCESS, &p), 0);
	assert_int_equal(p.packet, P_MULTICAST);
	/* A reset drops what waits. */
	inject(group, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
	groups.groups.count = 0;
	assert_int_equal(call(PXENV_UNDI_RESET_ADAPTER, &groups, sizeof(groups)), 0);
	inject(group, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
	assert_int_equal(call(PXENV_UNDI_SET_PACKET_FILTER, &filter, sizeof(filter)), 0);
	inject(group, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
	/* A list that lies. */
	groups.groups.count = QUEUE_GROUPS + 1;
	assert_int_equal(call(PXENV_UNDI_SET_MCAST_ADDRESS, &groups, sizeof(groups)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	assert_int_equal(call(PXENV_UNDI_RESET_ADAPTER, &groups, sizeof(groups)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	groups.groups.count = 1;
	memcpy(groups.groups.address[0], peer, ETH_ALEN);
	assert_int_equal(call(PXENV_UNDI_SET_MCAST_ADDRESS, &groups, sizeof(groups)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
}

static void no_filter_means_the_usual_one(void **state)
{
	assert_int_equal(undi_open_call(0), 0);
	inject(all, 0x1234, 1, 60);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_OURS);
}

/* ---- Addresses and information ---- */

static void multicast_addresses(void **state)
{
	struct undi_group_address p = {.ip = be32(0xe3818283)};
	static const uint8_t want[ETH_ALEN] = {1, 0, 0x5e, 1, 0x82, 0x83};

	assert_int_equal(call(PXENV_UNDI_GET_MCAST_ADDRESS, &p, sizeof(p)), 0);
	assert_memory_equal(p.address, want, ETH_ALEN);
	p.ip = be32(0xc0000201);
	assert_int_equal(call(PXENV_UNDI_GET_MCAST_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	p.ip = be32(0xf0000001);
	assert_int_equal(call(PXENV_UNDI_GET_MCAST_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
}

static void station_address(void **state)
{
	struct undi_station_address p = {.address = {2, 1, 2, 3, 4, 5}};
	uint8_t own[ETH_ALEN];

	memcpy(own, net0->mac, ETH_ALEN);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_STATE);
	assert_int_equal(call_plain(PXENV_UNDI_CLOSE), 0);
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)), 0);
	assert_memory_equal(net0->mac, p.address, ETH_ALEN);
	assert_true(net0->open);
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)), 0);
	p.address[0] = 1;
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	memset(p.address, 0, sizeof(p.address));
	assert_int_equal(call(PXENV_UNDI_SET_STATION_ADDRESS, &p, sizeof(p)),
			 PXENV_STATUS_UNDI_INVALID_PARAMETER);
	pxe_stop();
	assert_memory_equal(net0->mac, own, ETH_ALEN);
}

static void information(void **state)
{
	struct undi_information info;
	struct undi_nic_type type;
	struct undi_iface_info iface;

	net0->pci.class = 0x020000;
	net0->pci.revision = 3;
	net0->pci.subsystem_vendor = 0x1111;
	net0->pci.subsystem_device = 0x2222;
	net0->pci.bar[2].io = true;
	net0->pci.bar[2].address = 0xc040;
	assert_int_equal(call(PXENV_UNDI_GET_INFORMATION, &info, sizeof(info)), 0);
	assert_int_equal(info.base_io, 0xc040);
	assert_int_equal(info.interrupt, 0);
	assert_int_equal(info.mtu, 1500);
	assert_int_equal(info.hardware, 1);
	assert_int_equal(info.address_len, 6);
	assert_memory_equal(info.address, net0->mac, ETH_ALEN);
	assert_memory_equal(info.permanent_address, net0->permanent_mac, ETH_ALEN);
	net0->mtu = 9000;
	assert_int_equal(call(PXENV_UNDI_GET_INFORMATION, &info, sizeof(info)), 0);
	assert_int_equal(info.mtu, 1500);
	net0->mtu = 1400;
	assert_int_equal(call(PXENV_UNDI_GET_INFORMATION, &info, sizeof(info)), 0);
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(call(PXENV_UNDI_GET_NIC_TYPE, &type, sizeof(type)), 0);
	assert_int_equal(type.kind, 2);
	assert_int_equal(type.vendor, 0x1234);
	assert_int_equal(type.device, 0x5678);
	assert_int_equal(type.base_class, 2);
	assert_int_equal(type.sub_class, 0);
	assert_int_equal(type.revision, 3);
	assert_int_equal(type.busdevfn, 0x00f8);
	assert_int_equal(type.subsystem_vendor, 0x1111);
	assert_int_equal(type.subsystem_device, 0x2222);
	assert_int_equal(call(PXENV_UNDI_GET_IFACE_INFO, &iface, sizeof(iface)), 0);
	assert_string_equal(iface.type, "DIX+802.3");
	assert_int_equal(iface.speed, 1000000000);
	assert_int_equal(iface.services & 0x1000, 0); /* no interrupts */
	net0->speed = 10000;
	assert_int_equal(call(PXENV_UNDI_GET_IFACE_INFO, &iface, sizeof(iface)), 0);
	assert_int_equal(iface.speed, 4294000000u);
	net0->speed = 0;
	assert_int_equal(call(PXENV_UNDI_GET_IFACE_INFO, &iface, sizeof(iface)), 0);
	assert_int_equal(iface.speed, 100000000);
}

static struct undi_statistics statistics(void)
{
	struct undi_statistics p;

	assert_int_equal(call(PXENV_UNDI_GET_STATISTICS, &p, sizeof(p)), 0);
	return p;
}

static void statistics_count_from_the_last_clear(void **state)
{
	const struct undi_tbd tbd = {.immediate_len = 60, .immediate = far(FRAME)};

	assert_int_equal(statistics().sent, 0);
	assert_int_equal(undi_open_call(1), 0);
	assert_int_equal(transmit(&tbd, P_UNKNOWN, 0), 0);
	for (unsigned i = 0; i < 300; i++) {
		inject(net0->mac, 0x1234, 1, 60);
		net_poll();
	}
	net0->counters.rx_errors += 5;
	net0->counters.rx_dropped += 7;
	assert_int_equal(statistics().sent, 1);
	assert_int_equal(statistics().received, 300);
	assert_int_equal(statistics().crc_errors, 5);
	assert_int_equal(statistics().resource_errors, 7 + frame_queue_counters().overflowed);
	assert_true(frame_queue_counters().overflowed >= 44);
	assert_int_equal(call_plain(PXENV_UNDI_CLEAR_STATISTICS), 0);
	assert_int_equal(statistics().sent, 0);
	assert_int_equal(statistics().received, 0);
	assert_int_equal(statistics().crc_errors, 0);
	assert_int_equal(statistics().resource_errors, 0);
	assert_int_equal(call_plain(PXENV_UNDI_CLOSE), 0);
	assert_int_equal(statistics().resource_errors, 0);
}

static void unsupported_functions(void **state)
{
	assert_int_equal(call_plain(PXENV_UNDI_INITIATE_DIAGS), PXENV_STATUS_UNSUPPORTED);
	assert_int_equal(call_plain(PXENV_UNDI_FORCE_INTERRUPT), PXENV_STATUS_UNSUPPORTED);
}

static void without_memory(void **state)
{
	host_heap_fail(1, true);
	assert_int_equal(undi_open_call(1), PXENV_STATUS_OUT_OF_RESOURCES);
	host_heap_fail(0, false);
	assert_int_equal(isr_says(ISR_IN_START), ISR_OUT_NOT_OURS);
	assert_int_equal(undi_open_call(1), 0);
}

/* The sizes of the specification: programs allocate exactly these. */
_Static_assert(sizeof(struct undi_initialize) == 14, "PXE 2.1");
_Static_assert(sizeof(struct undi_set_groups) == 132, "PXE 2.1");
_Static_assert(sizeof(struct undi_open) == 136, "PXE 2.1");
_Static_assert(sizeof(struct undi_transmit) == 20, "PXE 2.1");
_Static_assert(sizeof(struct undi_tbd) == 72, "PXE 2.1");
_Static_assert(sizeof(struct undi_station_address) == 18, "PXE 2.1");
_Static_assert(sizeof(struct undi_packet_filter) == 3, "PXE 2.1");
_Static_assert(sizeof(struct undi_information) == 50, "PXE 2.1");
_Static_assert(sizeof(struct undi_statistics) == 18, "PXE 2.1");
_Static_assert(sizeof(struct undi_group_address) == 22, "PXE 2.1");
_Static_assert(sizeof(struct undi_nic_type) == 17, "PXE 2.1");
_Static_assert(sizeof(struct undi_iface_info) == 42, "PXE 2.1");
_Static_assert(sizeof(struct undi_isr) == 16, "PXE 2.1");

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_initialised),
		TEST(after_shutdown_nothing_works),
		TEST(filters_need_an_open_card),
		TEST(the_card_is_back_after_the_program),
		TEST(a_san_drive_keeps_the_card),
		TEST(data_from_many_blocks),
		TEST(headers_by_protocol),
		TEST(short_frames_are_padded),
		TEST(lengths_are_checked),
		TEST(pointers_are_checked),
		TEST(sending_opens),
		TEST(a_frame_is_shown_whole),
		TEST(process_polls_get_next_does_not),
		TEST(isr_functions_are_checked),
		TEST(filters_and_groups),
		TEST(no_filter_means_the_usual_one),
		TEST(multicast_addresses),
		TEST(station_address),
		TEST(information),
		TEST(statistics_count_from_the_last_clear),
		TEST(unsupported_functions),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
