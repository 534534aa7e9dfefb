/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream of bytes cut into PDUs, RFC 7143 section 11.2.
 *
 * Bytes come in pieces that have nothing to do with PDUs. Headers are collected
 * in rx->bhs; a data segment goes straight to where header() said. The
 * connection may place those bytes there itself (iscsi_rx_direct), in which
 * case feeding them copies nothing and only keeps count and checksum.
 */
#include "iscsi/iscsi.h"
#include "lib/crc32c.h"
#include "lib/error.h"

#define DIGEST_SIZE 4u

void iscsi_rx_reset(struct iscsi_rx *rx)
{
	rx->state = RX_HEADER;
	rx->have = rx->data_len = rx->data_have = 0;
	rx->want = BHS_SIZE;
	rx->header_digest = rx->data_digest = false;
	rx->dest = NULL;
}

static void next_pdu(struct iscsi_rx *rx)
{
	rx->state = RX_HEADER;
	rx->have = 0;
	rx->want = BHS_SIZE;
	rx->dest = NULL;
}

/* Digests are sent with their lowest byte first, RFC 7143 section 13.1. */
static int check_digest(uint32_t crc, const uint8_t *digest, const char *what)
{
	if (get_le32(digest) == crc)
		return 0;
	return fail(E_ISCSI_DIGEST, "iSCSI %s digest is wrong: 0x%08x instead of 0x%08x", what,
		    (unsigned)get_le32(digest), (unsigned)crc);
}

static int end_of_data(struct iscsi_rx *rx)
{
	uint32_t padding = -rx->data_len & 3;

	rx->have = 0;
	rx->want = rx->data_len ? padding + (rx->data_digest ? DIGEST_SIZE : 0) : 0;
	rx->state = RX_TRAILER;
	return 0;
}

static int end_of_header(struct iscsi_rx *rx)
{
	uint32_t len = BHS_SIZE + rx->bhs[BHS_AHS_LENGTH] * 4u;
	int rc;

	if (rx->have == BHS_SIZE) {
		rx->want = len + (rx->header_digest ? DIGEST_SIZE : 0);
		if (rx->want > rx->have)
			return 0;
	}
	if (rx->header_digest) {
		rc = check_digest(crc32c(0, rx->bhs, len), rx->bhs + len, "header");
		if (rc)
			return rc;
	}
	rx->data_len = get_be24(rx->bhs + BHS_DATA_LENGTH);
	rx->data_have = rx->keep = rx->crc = 0;
	rx->dest = NULL;
	rx->placed = false;
	if (rx->data_len > rx->max_data)
		return fail(
			E_ISCSI_PROTOCOL,
			"the target sent a data segment of %u bytes where at most %u are allowed",
			(unsigned)rx->data_len, (unsigned)rx->max_data);
	rc = rx->header(rx);
	if (rc)
		return rc;
	rx->state = RX_DATA;
	return rx->data_len ? 0 : end_of_data(rx);
}

static int take_data(struct iscsi_rx *rx, const uint8_t *data, uint32_t len)
{
	if (rx->dest && rx->data_have < rx->keep) {
		uint8_t *to = rx->dest + rx->data_have;

		if (to != data)
			memcpy(to, data, min(len, rx->keep - rx->data_have));
	}
	if (rx->data_digest)
		rx->crc = crc32c(rx->crc, data, len);
	rx->data_have += len;
	return rx->data_have == rx->data_len ? end_of_data(rx) : 0;
}

static int end_of_pdu(struct iscsi_rx *rx)
{
	uint32_t padding = -rx->data_len & 3;
	int rc;

	if (rx->data_digest && rx->data_len) {
		rc = check_digest(crc32c(rx->crc, rx->trailer, padding), rx->trailer + padding,
				  "data");
		if (rc)
			return rc;
	}
	rc = rx->complete(rx);
	next_pdu(rx);
	return rc;
}

int iscsi_rx_feed(struct iscsi_rx *rx, const uint8_t *data, size_t len)
{
	int rc = 0;

	for (;;) {
		uint32_t n;

		if (rx->state == RX_TRAILER && rx->have == rx->want) {
			rc = end_of_pdu(rx);
			if (rc)
				return rc;
			continue;
		}
		if (!len)
			return 0;
		if (rx->state == RX_DATA) {
			n = (uint32_t)min(len, (size_t)(rx->data_len - rx->data_have));
			rc = take_data(rx, data, n);
		} else {
			uint8_t *to = rx->state == RX_HEADER ? rx->bhs : rx->trailer;

			n = (uint32_t)min(len, (size_t)(rx->want - rx->have));
			memcpy(to + rx->have, data, n);
			rx->have += n;
			if (rx->state == RX_HEADER && rx->have == rx->want)
				rc = end_of_header(rx);
		}
		if (rc)
			return rc;
		data += n;
		len -= n;
	}
}

uint32_t iscsi_rx_direct(struct iscsi_rx *rx, uint8_t **place)
{
	if (rx->state != RX_DATA || rx->placed || !rx->dest || rx->data_have >= rx->keep)
		return 0;
	rx->placed = true;
	*place = rx->dest + rx->data_have;
	return rx->keep - rx->data_have;
}
