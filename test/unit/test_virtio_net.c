/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-net against a device model: transports, layouts, wrap-around, offloads, hostile hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/clock.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "nic/nic.h"
#include "test/host/virtio_device.h"

#include <linux/virtio_net.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define F(bit) (1ull << (bit))
#define OFFLOADS                                                                                   \
	(F(VIRTIO_NET_F_CSUM) | F(VIRTIO_NET_F_GUEST_CSUM) | F(VIRTIO_NET_F_GUEST_TSO4) |          \
	 F(VIRTIO_NET_F_HOST_TSO4) | F(VIRTIO_NET_F_MRG_RXBUF))
#define USUAL (OFFLOADS | F(VIRTIO_NET_F_MAC) | F(VIRTIO_NET_F_STATUS) | F(VIRTIO_F_ANY_LAYOUT))

static struct virtio_model model;
static struct nic *nic;
static uint8_t received[70000];
static size_t received_len;
static unsigned received_frames, received_parts;
static uint32_t received_flags;
static uint16_t received_csum_start, received_csum_offset, received_gso_size;
static bool close_on_receive;

static void receive(struct nic *from, const struct rx_frame *frame)
{
	size_t at = 0;

	received_frames++;
	received_parts = frame->parts;
	received_flags = frame->flags;
	received_csum_start = frame->csum_start;
	received_csum_offset = frame->csum_offset;
	received_gso_size = frame->gso_size;
	for (unsigned i = 0; i < frame->parts; i++) {
		memcpy(received + at, frame->part[i].data, frame->part[i].len);
		at += frame->part[i].len;
	}
	assert_int_equal(at, frame->len);
	received_len = at;
	if (close_on_receive)
		nic_close(from);
}

static int setup(void **state)
{
	host_probe_start(receive);
	received_frames = 0;
	close_on_receive = false;
	nic = NULL;
	return 0;
}

/** Forget the cards that probing made. */
static int teardown(void **state)
{
	host_probe_end();
	return 0;
}

static void start(enum virtio_model_kind kind, uint64_t features, uint16_t size)
{
	virtio_model_init(&model, kind, 0x0018, features, size);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_non_null(nic);
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(model.bad, 0);
}

static void send_frame(size_t len, uint8_t fill)
{
	struct tx_frame *frame = nic_tx_get(nic, len);

	assert_non_null(frame);
	memset(frame->data, fill, len);
	frame->len = (uint32_t)len;
	nic_tx_send(nic, frame);
}

/** A frame each way. */
static void exchange(void)
{
	size_t header = virtio_model_header(&model);
	uint8_t out[4096], in[1514];
	long n;

	send_frame(600, 0x5a);
	nic_flush(nic);
	n = virtio_model_sent(&model, out, sizeof(out));
	assert_int_equal(n, (long)(header + 600));
	assert_int_equal(out[0], 0);
	assert_int_equal(out[header], 0x5a);
	assert_int_equal(out[header + 599], 0x5a);
	memset(in, 0xa5, sizeof(in));
	assert_true(virtio_model_deliver(&model, in, sizeof(in), 0, 0));
	nic_poll_all();
	assert_int_equal(received_len, sizeof(in));
	assert_memory_equal(received, in, sizeof(in));
	assert_int_equal(received_flags, 0);
	assert_int_equal(model.bad, 0);
}

static void test_transports(void **state)
{
	for (int kind = MODEL_LEGACY; kind <= MODEL_TRANSITIONAL; kind++) {
		static const uint8_t mac[] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};

		setup(NULL);
		start(kind, USUAL, 256);
		assert_memory_equal(nic->mac, mac, 6);
		assert_true(nic->link_up);
		assert_string_equal(nic->chip, kind == MODEL_LEGACY ? "virtio-net (legacy)"
								    : "virtio-net (modern)");
		exchange();
		nic_close(nic);
		assert_int_equal(model.status, 0);
		assert_int_equal(get_le16(model.pci->config + 4) & 4, 0);
		teardown(NULL);
	}
}

static void test_layouts(void **state)
{
	/* Old devices want the header apart; mergeable buffers lift that for receive only. */
	start(MODEL_LEGACY, F(VIRTIO_NET_F_MAC), 64);
	assert_int_equal(virtio_model_header(&model), 10);
	exchange();
	teardown(NULL);
	setup(NULL);
	start(MODEL_LEGACY, F(VIRTIO_NET_F_MRG_RXBUF), 64);
	assert_int_equal(virtio_model_header(&model), 12);
	exchange();
}

static void test_no_mac(void **state)
{
	start(MODEL_MODERN_MEMORY, OFFLOADS, 64);
	assert_true(nic_mac_valid(nic->mac));
	assert_int_equal(nic->mac[0] & 2, 2);
}

static void test_queue_sizes(void **state)
{
	static const uint16_t sizes[] = {4, 16, 256, 1024, 32768};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (int kind = MODEL_LEGACY; kind <= MODEL_MODERN_MEMORY; kind++) {
			setup(NULL);
			start(kind, USUAL, sizes[i]);
			if (kind == MODEL_LEGACY)
				assert_int_equal(model.queue[0].size, sizes[i]);
			else
				assert_true(model.queue[0].size <= 512);
			exchange();
			teardown(NULL);
		}
	}
	/* Sizes that no split ring can have. */
	for (unsigned bad = 0; bad < 3; bad++) {
		static const uint16_t wrong[] = {0, 255, 1};

		setup(NULL);
		virtio_model_init(&model, MODEL_LEGACY, 0x18, F(VIRTIO_NET_F_MAC), wrong[bad]);
		assert_int_equal(nic_probe_all(), 1);
		assert_int_equal(nic_open(nic_find("net0")), E_NIC_RING);
		assert_non_null(strstr(error_text(), "net0"));
		teardown(NULL);
	}
	/* A modern device with an odd size is driven with the next lower power of two. */
	setup(NULL);
	start(MODEL_MODERN_MEMORY, USUAL, 200);
	assert_int_equal(model.queue[0].size, 128);
	exchange();
}

static void test_refusals(void **state)
{
	size_t before = host_heap_used();

	virtio_model_init(&model, MODEL_MODERN_MEMORY, 0x18, USUAL, 64);
	assert_int_equal(nic_probe_all(), 1);
	before = host_heap_used();
	model.refuse_features = true;
	assert_int_equal(nic_open(nic_find("net0")), E_NIC_FEATURES);
	model.refuse_features = false;
	assert_int_equal(host_heap_used(), before);
	model.reset_stuck = true;
	model.status = 7;
	assert_int_equal(nic_open(nic_find("net0")), E_NIC_RESET);
	model.reset_stuck = false;
	assert_int_equal(nic_open(nic_find("net0")), 0);
	nic_close_all();
	assert_int_equal(host_heap_used(), before);
	teardown(NULL);

	setup(NULL);
	virtio_model_init(&model, MODEL_LEGACY, 0x18, USUAL, 64);
	model.refuse_address = true;
	assert_int_equal(nic_probe_all(), 1);
	assert_int_equal(nic_open(nic_find("net0")), E_NIC_RING);
	teardown(NULL);

	/* Modern registers without VERSION_1: not a device to talk to. */
	setup(NULL);
	virtio_model_init(&model, MODEL_MODERN_MEMORY, 0x18, USUAL, 64);
	model.offered &= ~F(VIRTIO_F_VERSION_1);
	assert_int_equal(nic_probe_all(), 0);
	assert_non_null(strstr(host_output(), "VIRTIO_F_VERSION_1"));
}

/* Bound to somebody else's card with an I/O BAR: refused before a port is written. */
static void test_foreign_card(void **state)
{
	struct host_pci *pci = host_pci_add(0x0018, 0x1022, 0x2000, 0x020000);

	put_le32(pci->config + 0x10, 0xc001);
	assert_int_equal(nic_bind(0x1022, 0x2000, "virtio-net"), E_NIC_CHIP);
	assert_non_null(strstr(error_text(), "this is no virtio device"));
}

static void test_left_running(void **state)
{
	/* An operating system left the device working, its rings in memory that is ours now. */
	for (int kind = MODEL_LEGACY; kind <= MODEL_TRANSITIONAL; kind++) {
		teardown(NULL);
		setup(NULL);
		virtio_model_init(&model, kind, 0x18, USUAL, 64);
		model.status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			       VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK;
		model.accepted = model.offered;
		model.isr = 3;
		model.queue[0].enabled = model.queue[1].enabled = true;
		model.queue[0].desc = model.queue[0].used = 0x1000;
		assert_int_equal(nic_probe_all(), 1);
		assert_int_equal(model.status, 0);
		assert_false(model.queue[0].enabled);
		nic = nic_find("net0");
		assert_int_equal(nic_open(nic), 0);
		exchange();
	}
}

static void test_memory_failures(void **state)
{
	size_t before;

	virtio_model_init(&model, MODEL_MODERN_MEMORY, 0x18, USUAL, 64);
	assert_int_equal(nic_probe_all(), 1);
	before = host_heap_used();
	for (unsigned n = 1; n < 7; n++) {
		int rc;

		host_heap_fail(n, true);
		rc = nic_open(nic_find("net0"));
		host_heap_fail(0, false);
		if (!rc)
			nic_close_all();
		else
			assert_int_equal(rc, E_NO_MEMORY);
		assert_int_equal(host_heap_used(), before);
		assert_int_equal(model.status, 0);
	}
}

static void test_ring_wrap(void **state)
{
	uint8_t frame[60], out[256];

	start(MODEL_MODERN_MEMORY, USUAL | F(VIRTIO_RING_F_EVENT_IDX), 64);
	/* Past the 16-bit wrap of both rings' indices. */
	for (unsigned i = 0; i < 66000; i++) {
		memset(frame, (int)i, sizeof(frame));
		put_le32(frame, i);
		assert_true(virtio_model_deliver(&model, frame, sizeof(frame), 0, 0));
		send_frame(60, (uint8_t)i);
		nic_poll_all();
		nic_flush(nic);
		assert_memory_equal(received, frame, sizeof(frame));
		assert_int_equal(virtio_model_sent(&model, out, sizeof(out)), 72);
		assert_int_equal(out[12], (uint8_t)i);
	}
	assert_int_equal(received_frames, 66000);
	assert_int_equal(nic->counters.rx_packets, 66000);
	assert_int_equal(nic->counters.rx_errors, 0);
	assert_int_equal(virtio_model_waiting(&model, 0), 64);
}

/** A hundred frames of 64 KB, each in @parts pieces. */
static void large_receive(size_t heap, unsigned parts)
{
	static uint8_t frame[65549];

	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7 + i / 251);
	host_heap_limit(host_heap_used() + heap);
	start(MODEL_MODERN_MEMORY, USUAL, 256);
	assert_true(model.accepted & F(VIRTIO_NET_F_GUEST_TSO4));
	for (unsigned i = 0; i < 100; i++) {
		assert_true(virtio_model_deliver(&model, frame, sizeof(frame),
						 VIRTIO_NET_HDR_F_NEEDS_CSUM,
						 VIRTIO_NET_HDR_GSO_TCPV4));
		nic_poll_all();
	}
	assert_int_equal(received_frames, 100);
	assert_int_equal(received_parts, parts);
	assert_int_equal(received_len, sizeof(frame));
	assert_memory_equal(received, frame, sizeof(frame));
	assert_int_equal(received_flags, NIC_RX_CSUM_OK);
	assert_true(virtio_model_waiting(&model, 0) >= 128);
}

/** What a program with a stack of its own must be told: what of the frame is not done yet. */
static void test_what_is_left_to_do(void **state)
{
	static const uint8_t frame[3000];

	start(MODEL_MODERN_MEMORY, USUAL, 256);
	model.csum_start = 34;
	model.csum_offset = 16;
	model.gso_size = 1448;
	assert_true(virtio_model_deliver(&model, frame, sizeof(frame), VIRTIO_NET_HDR_F_NEEDS_CSUM,
					 VIRTIO_NET_HDR_GSO_TCPV4));
	nic_poll_all();
	assert_int_equal(received_csum_start, 34);
	assert_int_equal(received_csum_offset, 16);
	assert_int_equal(received_gso_size, 1448);
	/* The fields mean nothing without their flags. */
	assert_true(virtio_model_deliver(&model, frame, 60, VIRTIO_NET_HDR_F_DATA_VALID,
					 VIRTIO_NET_HDR_GSO_NONE));
	nic_poll_all();
	assert_int_equal(received_csum_start, 0);
	assert_int_equal(received_csum_offset, 0);
	assert_int_equal(received_gso_size, 0);
}

static void test_large_receive(void **state)
{
	large_receive(16 << 20, 9);
	teardown(NULL);
	setup(NULL);
	large_receive(3 << 20, 17);
}

static void test_no_large_receive(void **state)
{
	/* Rings or heaps too small for a large frame, or no mergeable buffers: not negotiated. */
	start(MODEL_MODERN_MEMORY, USUAL, 16);
	assert_false(model.accepted & F(VIRTIO_NET_F_GUEST_TSO4));
	exchange();
	teardown(NULL);
	setup(NULL);
	host_heap_limit(host_heap_used() + 400000);
	start(MODEL_MODERN_MEMORY, USUAL, 256);
	assert_false(model.accepted & F(VIRTIO_NET_F_GUEST_TSO4));
	assert_false(nic->features & NIC_TSO4);
	assert_int_equal(nic->features_masked, NIC_TSO4);
	exchange();
	teardown(NULL);
	setup(NULL);
	start(MODEL_MODERN_MEMORY, USUAL & ~F(VIRTIO_NET_F_MRG_RXBUF), 256);
	assert_false(model.accepted & F(VIRTIO_NET_F_GUEST_TSO4));
	exchange();
}

static void test_features_left_alone(void **state)
{
	/* Everything is offered: rings stay split, nothing is taken that nobody uses; what a
	 * device may insist on is taken. */
	start(MODEL_MODERN_MEMORY, ~0ull, 64);
	assert_int_equal(model.accepted >> VIRTIO_F_RING_PACKED & 1, 0);
	assert_int_equal(model.accepted >> VIRTIO_RING_F_INDIRECT_DESC & 1, 0);
	assert_int_equal(model.accepted & (F(VIRTIO_NET_F_CTRL_VQ) | F(VIRTIO_NET_F_MQ) |
					   F(VIRTIO_NET_F_RSS) | F(VIRTIO_NET_F_STANDBY)),
			 0);
	assert_int_equal(model.accepted >> VIRTIO_F_ACCESS_PLATFORM & 1, 1);
	assert_int_equal(model.accepted >> VIRTIO_F_VERSION_1 & 1, 1);
	exchange();
}

static void test_dependent_offloads(void **state)
{
	start(MODEL_MODERN_MEMORY,
	      F(VIRTIO_NET_F_GUEST_TSO4) | F(VIRTIO_NET_F_HOST_TSO4) | F(VIRTIO_NET_F_MRG_RXBUF),
	      256);
	assert_int_equal(model.accepted & OFFLOADS, F(VIRTIO_NET_F_MRG_RXBUF));
	assert_int_equal(nic->features, 0);
}

static void test_checksum_flags(void **state)
{
	uint8_t frame[100] = {0};

	start(MODEL_MODERN_MEMORY, USUAL, 64);
	virtio_model_deliver(&model, frame, 100, VIRTIO_NET_HDR_F_DATA_VALID, 0);
	nic_poll_all();
	assert_int_equal(received_flags, NIC_RX_CSUM_OK);
	teardown(NULL);
	/* Flags that were not agreed on mean nothing. */
	setup(NULL);
	start(MODEL_MODERN_MEMORY, USUAL & ~F(VIRTIO_NET_F_GUEST_CSUM), 64);
	virtio_model_deliver(&model, frame, 100, VIRTIO_NET_HDR_F_DATA_VALID, 0);
	nic_poll_all();
	assert_int_equal(received_flags, 0);
}

static void test_offloaded_transmit(void **state)
{
	static uint8_t out[70000];
	struct virtio_net_hdr_v1 *header = (void *)out;
	struct tx_frame *frame;

	start(MODEL_MODERN_MEMORY, USUAL, 64);
	assert_int_equal(nic->features, NIC_TX_CSUM | NIC_RX_CSUM | NIC_TSO4);
	frame = nic_tx_get(nic, 60000);
	assert_non_null(frame);
	assert_true(frame->large);
	memset(frame->data, 0x11, 60000);
	frame->len = 60000;
	frame->csum_start = 34;
	frame->csum_offset = 16;
	frame->gso_size = 1460;
	frame->header_len = 54;
	nic_tx_send(nic, frame);
	nic_flush(nic);
	assert_int_equal(virtio_model_sent(&model, out, sizeof(out)), 60012);
	assert_int_equal(header->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(header->gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(header->gso_size, 1460);
	assert_int_equal(header->hdr_len, 54);
	assert_int_equal(header->csum_start, 34);
	assert_int_equal(header->csum_offset, 16);
	/* The next frame in the same buffer inherits nothing. */
	nic_poll_all();
	send_frame(60, 1);
	nic_flush(nic);
	assert_int_equal(virtio_model_sent(&model, out, sizeof(out)), 72);
	assert_int_equal(header->flags, 0);
	assert_int_equal(header->gso_type, 0);
	assert_int_equal(header->csum_start, 0);
}

static void test_full_ring(void **state)
{
	struct tx_frame *all[64];
	uint8_t out[256];
	unsigned sent = 0;

	start(MODEL_MODERN_MEMORY, USUAL, 16);
	for (unsigned i = 0; i < 40; i++)
		send_frame(60, (uint8_t)i);
	nic_flush(nic);
	assert_int_equal(virtio_model_waiting(&model, 1), 16);
	while (virtio_model_sent(&model, out, sizeof(out)) > 0) {
		assert_int_equal(out[12], (uint8_t)sent);
		sent++;
		nic_poll_all();
		nic_flush(nic);
	}
	assert_int_equal(sent, 40);
	/* Nothing leaked: all buffers can be had again. */
	for (unsigned i = 0; i < 64; i++)
		assert_non_null(all[i] = nic_tx_get(nic, 1514));
	assert_null(nic_tx_get(nic, 1514));
	for (unsigned i = 0; i < 64; i++)
		nic_tx_put(nic, all[i]);
}

static void test_buffers_run_out(void **state)
{
	struct tx_frame *frame;
	uint8_t out[256];

	start(MODEL_MODERN_MEMORY, USUAL, 256);
	for (unsigned i = 0; i < 64; i++)
		send_frame(60, 0);
	nic_flush(nic);
	assert_null(nic_tx_get(nic, 60));
	while (virtio_model_sent(&model, out, sizeof(out)) > 0)
		;
	/* Done frames are found without waiting for the next poll. */
	frame = nic_tx_get(nic, 60);
	assert_non_null(frame);
	nic_tx_put(nic, frame);
}

static void test_doorbells(void **state)
{
	uint8_t frame[100] = {0}, out[256];
	uint32_t accesses;

	for (int event = 0; event < 2; event++) {
		setup(NULL);
		start(MODEL_MODERN_MEMORY, USUAL | (event ? F(VIRTIO_RING_F_EVENT_IDX) : 0), 256);
		assert_int_equal(model.queue[0].doorbells, 1);
		accesses = model.accesses;
		for (unsigned i = 0; i < 200; i++) {
			virtio_model_deliver(&model, frame, sizeof(frame), 0, 0);
			nic_poll_all();
		}
		/* 200 frames, and no register was touched. */
		assert_int_equal(received_frames, 200);
		assert_int_equal(model.accesses, accesses);
		/* One doorbell for a batch. */
		for (unsigned i = 0; i < 10; i++)
			send_frame(60, 0);
		assert_int_equal(model.queue[1].doorbells, 0);
		nic_flush(nic);
		assert_int_equal(model.queue[1].doorbells, 1);
		nic_flush(nic);
		assert_int_equal(model.queue[1].doorbells, 1);
		while (virtio_model_sent(&model, out, sizeof(out)) > 0)
			;
		teardown(NULL);
	}
}

static void test_starved_device_is_told(void **state)
{
	uint8_t frame[100] = {0};

	start(MODEL_LEGACY, USUAL, 64);
	while (virtio_model_deliver(&model, frame, sizeof(frame), 0, 0))
		;
	/* All buffers used: the device cleared NO_NOTIFY and sleeps. */
	for (unsigned i = 0; i < 4; i++)
		nic_poll_all();
	assert_int_equal(received_frames, 64);
	assert_true(model.queue[0].doorbells >= 2);
}

static void test_event_index_starved(void **state)
{
	uint8_t frame[100] = {0};
	struct virtio_model_queue *q = &model.queue[0];

	start(MODEL_MODERN_MEMORY, USUAL | F(VIRTIO_RING_F_EVENT_IDX), 64);
	while (virtio_model_deliver(&model, frame, sizeof(frame), 0, 0))
		;
	/* The device asks for a doorbell at the next buffer, as hosts do when they run dry. */
	*(uint16_t *)(uintptr_t)(q->used + 4 + 8u * q->size) = q->seen;
	nic_poll_all();
	assert_int_equal(q->doorbells, 2);
	nic_poll_all();
	assert_int_equal(q->doorbells, 2);
}

static void later(unsigned ms)
{
	host_clock_advance_ms(ms);
	nic_poll_all();
}

static void test_link(void **state)
{
	uint32_t accesses;

	for (int kind = MODEL_LEGACY; kind <= MODEL_TRANSITIONAL; kind++) {
		teardown(NULL);
		setup(NULL);
		start(kind, USUAL, 64);
		assert_true(nic->link_up);
		/* Nothing changed: one register is read, or the window's way to it. */
		accesses = model.accesses;
		later(100);
		assert_int_equal(model.accesses, accesses + 1);
		model.config[6] = 0;
		virtio_model_config_changed(&model);
		later(100);
		assert_false(nic->link_up);
		model.config[6] = VIRTIO_NET_S_LINK_UP;
		virtio_model_config_changed(&model);
		later(100);
		assert_true(nic->link_up);
		/* A device that does not say so. */
		model.config[6] = 0;
		later(100);
		assert_true(nic->link_up);
		later(1000);
		assert_false(nic->link_up);
	}
}

static void test_link_and_config(void **state)
{
	struct tx_frame *frame;

	start(MODEL_MODERN_MEMORY, USUAL | F(VIRTIO_NET_F_MTU) | F(VIRTIO_NET_F_SPEED_DUPLEX), 64);
	/* The configuration changes while it is read: read again. */
	put_le32(model.config + 12, 25000);
	virtio_model_config_changed(&model);
	model.generation_flips = 3;
	later(100);
	assert_true(nic->link_up);
	assert_int_equal(nic->speed, 25000);
	teardown(NULL);

	setup(NULL);
	virtio_model_init(&model, MODEL_MODERN_MEMORY, 0x18, USUAL | F(VIRTIO_NET_F_MTU), 64);
	put_le16(model.config + 10, 9000);
	assert_int_equal(nic_probe_all(), 1);
	nic = nic_find("net0");
	assert_int_equal(nic_open(nic), 0);
	assert_int_equal(nic->mtu, 9000);
	frame = nic_tx_get(nic, 9014);
	assert_true(frame && frame->size >= 9014);
	/* A frame that outlives the card is returned to it all the same. */
	nic_close(nic);
	nic_tx_put(nic, frame);
}

static void test_hostile_used(void **state)
{
	static const struct {
		uint32_t id, len;
		uint16_t ahead;
	} lies[] = {
		{1000, 60, 1}, /* no such descriptor */
		{0xffffffff, 60, 1},
		{0, 60, 300}, /* more than the ring holds */
		{0, 60, 0x8000},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
		setup(NULL);
		start(MODEL_MODERN_MEMORY, USUAL, 256);
		received_frames = 0;
		virtio_model_use(&model, 0, lies[i].id, lies[i].len);
		virtio_model_set_used_idx(&model, 0, lies[i].ahead);
		nic_poll_all();
		assert_int_equal(received_frames, 0);
		/* Brought up again, and works. */
		nic_poll_all();
		assert_int_equal(nic->restarts, 1);
		assert_non_null(strstr(host_output(), "bringing the card up again"));
		exchange();
		teardown(NULL);
	}
}

static void test_hostile_entries(void **state)
{
	struct vring_desc *desc;
	uint16_t id;

	/* The same buffer twice in one frame. */
	start(MODEL_MODERN_MEMORY, USUAL, 64);
	desc = (void *)(uintptr_t)model.queue[0].desc;
	((struct virtio_net_hdr_v1 *)(uintptr_t)desc[5].addr)->num_buffers = 2;
	virtio_model_use(&model, 0, 5, 100);
	virtio_model_use(&model, 0, 5, 100);
	virtio_model_set_used_idx(&model, 0, 2);
	nic_poll_all();
	assert_int_equal(received_frames, 0);
	assert_string_equal(nic->restart, "the device returned a buffer that it was not given");
	nic_poll_all();
	exchange();
	/* Lengths beyond the buffer, and shorter than the header. */
	received_frames = 0;
	id = virtio_model_next_id(&model, 0);
	model.queue[0].seen++;
	virtio_model_use(&model, 0, id, 0xfffffff0);
	id = virtio_model_next_id(&model, 0);
	model.queue[0].seen++;
	virtio_model_use(&model, 0, id, 3);
	virtio_model_set_used_idx(&model, 0, model.queue[0].used_idx);
	nic_poll_all();
	assert_int_equal(received_frames, 0);
	assert_int_equal(nic->counters.rx_errors, 3);
	assert_int_equal(virtio_model_waiting(&model, 0), 64);
	exchange();
}

/** Deliver one buffer whose header claims @num_buffers, of which @given follow. */
static void claim(uint16_t num_buffers, unsigned given)
{
	struct vring_desc *desc = (void *)(uintptr_t)model.queue[0].desc;
	uint16_t id = virtio_model_next_id(&model, 0);
	struct virtio_net_hdr_v1 *header = (void *)(uintptr_t)desc[id].addr;

	memset(header, 0, sizeof(*header));
	header->num_buffers = num_buffers;
	model.queue[0].seen++;
	virtio_model_use(&model, 0, id, 100);
	while (given--) {
		id = virtio_model_next_id(&model, 0);
		model.queue[0].seen++;
		virtio_model_use(&model, 0, id, 4096);
	}
	virtio_model_set_used_idx(&model, 0, model.queue[0].used_idx);
	nic_poll_all();
}

static void test_hostile_merge(void **state)
{
	start(MODEL_MODERN_MEMORY, USUAL, 256);
	claim(0, 0);
	assert_int_equal(nic->counters.rx_errors, 1);
	claim(65535, 3);
	assert_int_equal(nic->counters.rx_errors, 2);
	claim(60, 59);
	assert_int_equal(nic->counters.rx_errors, 3);
	assert_int_equal(received_frames, 0);
	/* Every buffer is back. */
	assert_int_equal(virtio_model_waiting(&model, 0), 256);
	claim(20, 19); /* longer than any packet */
	assert_int_equal(nic->counters.rx_errors, 4);
	claim(16, 15);
	assert_int_equal(received_frames, 1);
	assert_int_equal(received_len, 88 + 15 * 4096);
	exchange();
}

static void test_close_inside_receive(void **state)
{
	uint8_t frame[100] = {0};

	start(MODEL_MODERN_MEMORY, USUAL, 64);
	virtio_model_deliver(&model, frame, sizeof(frame), 0, 0);
	virtio_model_deliver(&model, frame, sizeof(frame), 0, 0);
	close_on_receive = true;
	nic_poll_all();
	assert_int_equal(received_frames, 1);
	assert_false(nic->open);
	close_on_receive = false;
	assert_int_equal(nic_open(nic), 0);
	exchange();
}

static void test_needs_reset(void **state)
{
	start(MODEL_MODERN_MEMORY, USUAL, 64);
	model.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_model_config_changed(&model);
	later(100);
	nic_poll_all();
	assert_int_equal(nic->restarts, 1);
	exchange();
}

static void test_reopen(void **state)
{
	size_t before;

	start(MODEL_TRANSITIONAL, USUAL, 256);
	nic_close(nic);
	before = host_heap_used();
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(nic_open(nic), 0);
		exchange();
		send_frame(100, 1);
		nic_close(nic);
		assert_int_equal(host_heap_used(), before);
	}
}

static void test_user_mac(void **state)
{
	static const uint8_t wanted[] = {0x02, 1, 2, 3, 4, 5};
	static const uint8_t own[] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};

	start(MODEL_LEGACY, USUAL, 64);
	nic_close(nic);
	assert_int_equal(setting_store("net0/mac", "02:01:02:03:04:05", SOURCE_SCRIPT), 0);
	assert_int_equal(nic_open(nic), 0);
	assert_memory_equal(nic->mac, wanted, 6);
	assert_memory_equal(model.config, wanted, 6);
	nic_close(nic);
	assert_int_equal(setting_store("net0/mac", "", SOURCE_SCRIPT), 0);
	assert_int_equal(nic_open(nic), 0);
	assert_memory_equal(nic->mac, own, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_transports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_layouts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_mac, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_card, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_running, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_left_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_receive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_large_receive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_features_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dependent_offloads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checksum_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offloaded_transmit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_buffers_run_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_doorbells, setup, teardown),
		cmocka_unit_test_setup_teardown(test_starved_device_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_event_index_starved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_and_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_inside_receive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_needs_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_mac, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
