/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lotest: two cards connected by a cable test each other. Frames of growing
 * size with pseudo-random content go from one to the other, and each must
 * arrive as it was sent before the next one goes.
 */
#include "cmdline/commands/net.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/text.h"
#include "netstack/net.h"

#define ETHERTYPE_TEST 0x88b5 /* IEEE 802: local experimental use */
#define PAYLOAD_MIN    46
#define WAIT_MS	       1000
#define SHOW_EVERY     1000

enum { MTU, BROADCAST, COUNT };

static const struct option lotest_options[] = {
	[MTU] = {'m', "mtu", OPTION_NUMBER, "largest payload, the card's MTU unless given"},
	[BROADCAST] = {'b', "broadcast", OPTION_FLAG, "send to everybody"},
	[COUNT] = {'c', "count", OPTION_NUMBER, "frames to send; until Ctrl-C unless given"},
};

static struct {
	struct nic *nic; /* the receiver, or NULL */
	uint8_t data[NIC_FRAME_MAX];
	uint32_t len;
	bool arrived, damaged;
} expected;

static void receive(struct nic *nic, const struct rx_frame *frame, uint32_t offset)
{
	uint32_t at = 0;

	if (nic != expected.nic)
		return;
	expected.damaged |= frame->len - offset < expected.len;
	for (uint32_t i = 0; i < frame->parts && at < expected.len; i++) {
		uint32_t skip = i ? 0 : offset;
		uint32_t n = min(frame->part[i].len - skip, expected.len - at);

		expected.damaged |= memcmp(frame->part[i].data + skip, expected.data + at, n) != 0;
		at += n;
	}
	expected.arrived = true;
}
TABLE_ENTRY(ethertype, lotest_ethertype) = {ETHERTYPE_TEST, receive};

static int send_one(struct nic *from, const uint8_t *dest, uint32_t len)
{
	struct tx_frame *frame = nic_tx_get(from, ETH_HEADER + len);

	if (!frame)
		return fail(E_NO_MEMORY, "%s has no free transmit buffer", from->name);
	for (uint32_t i = 0; i < len; i += 4)
		put_le32(expected.data + i, random_u32());
	expected.len = len;
	expected.arrived = expected.damaged = false;
	ethernet_header(from, frame, dest, ETHERTYPE_TEST);
	memcpy(frame->data + ETH_HEADER, expected.data, len);
	frame->len = ETH_HEADER + len;
	nic_tx_send(from, frame);
	return 0;
}

/* Frames until @count, or Ctrl-C when that is 0. */
static int test(struct nic *from, struct nic *to, uint32_t mtu, bool broadcast, uint64_t count)
{
	static const uint8_t everybody[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint32_t len = PAYLOAD_MIN;
	uint64_t sent;
	int rc = 0;

	for (sent = 0; !count || sent < count; sent++) {
		rc = send_one(from, broadcast ? everybody : to->mac, len);
		if (!rc)
			rc = wait_until(expected.arrived, clock_ms() + WAIT_MS);
		if (rc)
			break;
		if (expected.damaged)
			return fail(E_NET_LOOPBACK, "frame %llu, %u bytes: damaged on the way",
				    (unsigned long long)sent + 1, len);
		len = len < mtu ? len + 1 : PAYLOAD_MIN;
		if (sent % SHOW_EVERY == 0)
			print("\r%llu frames", (unsigned long long)sent);
	}
	print("\r%llu frames from %s to %s are whole\n", (unsigned long long)sent, from->name,
	      to->name);
	if (rc == E_TIMEOUT)
		return fail(E_NET_LOOPBACK, "frame %llu, %u bytes: did not arrive",
			    (unsigned long long)sent + 1, len);
	return rc == E_CANCELLED && sent ? 0 : rc;
}

static int run_lotest(struct call *call)
{
	struct nic *cards[NIC_CARDS_MAX];
	uint32_t mtu;
	int rc = cards_of(call, cards);

	if (rc < 0)
		return rc;
	mtu = min(cards[0]->mtu, (uint32_t)NIC_FRAME_MAX - ETH_HEADER - 4);
	if (call->option[MTU].given &&
	    (call->option[MTU].number < PAYLOAD_MIN || call->option[MTU].number > mtu))
		return fail(E_INVALID, "the MTU must be %u to %u", PAYLOAD_MIN, mtu);
	if (call->option[MTU].given)
		mtu = (uint32_t)call->option[MTU].number;
	for (int i = 0; i < 2 && rc >= 0; i++)
		rc = nic_open(cards[i]);
	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++) {
		rc = link_wait(&cards[i], 1, WAIT_MS * 15, true);
		if (rc)
			return rc;
	}
	expected.nic = cards[1];
	rc = test(cards[0], cards[1], mtu, call->option[BROADCAST].given,
		  call->option[COUNT].number);
	expected.nic = NULL;
	return rc;
}
TABLE_ENTRY(command, cmd_lotest) = {
	.name = "lotest",
	.arguments = "<sending interface> <receiving interface>",
	.summary = "Test two cards that a cable connects",
	.options = lotest_options,
	.option_count = ARRAY_SIZE(lotest_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_lotest,
};
