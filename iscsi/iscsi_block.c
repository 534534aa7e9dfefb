/* SPDX-License-Identifier: BSD-2-Clause */
/* An iSCSI disk as a block device of the SAN layer. */
#include "bios/heap.h"
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/lun.h"
#include "lib/settings.h"
#include "lib/text.h"

static struct iscsi_session *session_of(struct block_device *dev)
{
	return dev->priv;
}

static void block_submit(struct block_device *dev, struct block_request *request)
{
	iscsi_submit(session_of(dev), request);
}

static void block_cancel(struct block_device *dev, struct block_request *request)
{
	iscsi_cancel(session_of(dev), request);
}

static void block_close(struct block_device *dev)
{
	iscsi_session_free(session_of(dev));
	heap_free(dev);
}

static const char *state_text(const struct iscsi_session *session)
{
	switch (session->state) {
	case SESSION_FULL:
		return session->lost_at ? "re-established" : "connected";
	case SESSION_CONNECTING:
	case SESSION_LOGIN:
		return "connecting";
	case SESSION_DOWN:
		return "lost, retrying";
	default:
		return "logging out";
	}
}

static void block_report(struct block_device *dev)
{
	const struct iscsi_session *session = session_of(dev);
	const struct iscsi_params *params = &session->params;
	unsigned in_flight = 0;
	const struct iscsi_task *task;

	list_for_each(task, &session->sent, link)
		in_flight++;
	print("  iscsi session to " IPV4_FMT ":%u: %s, initiator %s (from %s)\n",
	      IPV4_ARG(session->hop.address), (unsigned)session->hop.port, state_text(session),
	      session->initiator.name, session->initiator.source);
	print("  segments to %u KB, bursts to %u KB, first %u KB%s%s, digests %s/%s, CHAP %s\n",
	      (unsigned)params->max_send / 1024, (unsigned)params->max_burst / 1024,
	      (unsigned)params->first_burst / 1024,
	      params->immediate_data ? ", immediate data" : "",
	      params->initial_r2t ? "" : ", unsolicited data",
	      params->header_digest ? "CRC32C" : "none", params->data_digest ? "CRC32C" : "none",
	      session->chap_type == 0	? "no"
	      : session->chap_type == 1 ? "one-way"
					: "mutual");
	print("  %u commands in flight, %u reconnections, %u commands retried\n", in_flight,
	      (unsigned)session->reconnects, (unsigned)session->retried);
	if (session->lost_at)
		print("  last failure: %s\n", session->why);
}

/* ---- iBFT: what the session knows; san/describe.c adds the card's settings ---- */

static void block_describe(struct block_device *dev, struct ibft_params *params)
{
	const struct iscsi_session *session = session_of(dev);
	const struct nic *nic = nic_find(session->scope);
	struct ibft_target *target = &params->target[0];

	memset(params, 0, sizeof(*params));
	text_copy(params->initiator, sizeof(params->initiator), session->initiator.name);
	if (nic) {
		memcpy(params->nic.mac, nic->mac, sizeof(params->nic.mac));
		params->nic.pci_busdevfn = nic->pci.busdevfn;
		params->nic.address = nic->netif ? nic->netif->address : 0;
	}
	params->target_count = 1;
	target->address = session->portal.address;
	target->port = session->portal.port;
	memcpy(target->lun, session->path.lun, sizeof(target->lun));
	text_copy(target->name, sizeof(target->name), session->path.target);
	target->chap_type = session->chap_type;
	if (session->chap_type >= 1) {
		text_copy(target->username, sizeof(target->username), session->auth.username);
		text_copy(target->password, sizeof(target->password), session->auth.password);
	}
	if (session->chap_type >= 2) {
		text_copy(target->reverse_username, sizeof(target->reverse_username),
			  session->auth.reverse_username);
		text_copy(target->reverse_password, sizeof(target->reverse_password),
			  session->auth.reverse_password);
	}
}

static const struct block_ops iscsi_block_ops = {
	.submit = block_submit,
	.cancel = block_cancel,
	.describe = block_describe,
	.report = block_report,
	.close = block_close,
};

/* ---- The scheme ---- */

static int bring_up(struct iscsi_session *session, struct block_device *dev)
{
	char lun[24];
	int rc = iscsi_session_login(session);

	if (rc)
		return rc;
	if (session->chap_type)
		iscsi_auth_warn(&session->auth);
	rc = scsi_bring_up(session, dev);
	if (rc)
		return rc;
	dev->ops = &iscsi_block_ops;
	dev->priv = session;
	format(dev->description, sizeof(dev->description), "iscsi  %s  lun %s  at " IPV4_FMT ":%u",
	       session->path.target, lun_text(session->path.lun, lun, sizeof(lun)),
	       IPV4_ARG(session->hop.address), (unsigned)session->hop.port);
	return 0;
}

static struct block_device *iscsi_open(const char *root_path)
{
	struct iscsi_path path;
	struct iscsi_session *session;
	struct block_device *dev;

	if (iscsi_path_parse(root_path, &path))
		return NULL;
	dev = heap_zalloc(sizeof(*dev));
	if (!dev) {
		fail(E_NO_MEMORY, "no memory for an iSCSI disk");
		return NULL;
	}
	session = iscsi_session_new(&path, false);
	if (!session) {
		heap_free(dev);
		return NULL;
	}
	if (bring_up(session, dev)) {
		iscsi_session_free(session);
		heap_free(dev);
		return NULL;
	}
	return dev;
}

TABLE_ENTRY(san_scheme, scheme_iscsi) = {.name = "iscsi", .open = iscsi_open};

TABLE_ENTRY(setting, setting_iscsi_digest) = {
	.name = "iscsi-digest",
	.type = "string",
	.description = "iSCSI digests: crc32c asks for them, none refuses them; unset: as the "
		       "target likes",
};
