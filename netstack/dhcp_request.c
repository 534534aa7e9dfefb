/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the DHCP client says: the options by which servers recognise an iPXE
 * client (user class, option 175 with feature tags, RFC 4578 client data).
 * Configurations in the field match on these, so they stay as they are.
 */
#include "netstack/dhcp.h"
#include "lib/format.h"
#include "lib/settings.h"

#define FLAG_BROADCAST 0x8000u
#define MAX_MESSAGE    1472
#define UUID_LEN       16

/* Sub-options of option 175 that we send. */
#define IPXE_BUSID   177
#define IPXE_VERSION 235
#define BUS_TYPE_PCI 1

TABLE_ENTRY(setting, setting_client_id) = {
	.name = "client-id",
	.type = "hex",
	.tag = TAG_CLIENT_ID,
	.description = "DHCP client identifier to send",
};

static const uint8_t parameters[] = {
	1,   3,	  6,   7,   12,	 15,  17,  26,	42,  43,  60,  66,  67,
	119, 121, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203,
};

/* What this firmware can do: feature tags and their versions. */
static const struct {
	uint8_t tag, version;
} features[] = {
	{0x10, 2}, /* PXE extensions */
	{0x11, 1}, /* iscsi */
	{0x13, 1}, /* http */
	{0x15, 1}, /* tftp */
	{0x17, 1}, /* dns */
	{0x18, 1}, /* bzImage */
};

/* The iPXE release whose behaviour this follows. */
static const uint8_t version[] = {2, 0, 0};

/* A setting that the user made; what a server sent earlier is not echoed back to it. */
static bool user_setting(const struct nic *nic, const char *name, struct setting_value *value)
{
	char path[48];

	format(path, sizeof(path), "%s/%s", nic->name, name);
	return !setting_fetch(path, value) && value->source != SOURCE_DHCP;
}

static void put_text(struct dhcp_writer *w, uint8_t tag, const struct nic *nic, const char *name,
		     const char *usual)
{
	static struct setting_value value;

	if (user_setting(nic, name, &value))
		dhcp_put(w, tag, value.raw, value.len);
	else
		dhcp_put(w, tag, usual, strlen(usual));
}

static uint8_t *put_suboption(uint8_t *at, uint8_t tag, const void *value, uint8_t len)
{
	at[0] = tag;
	at[1] = len;
	memcpy(at + 2, value, len);
	return at + 2 + len;
}

static void put_features(struct dhcp_writer *w, const struct nic *nic)
{
	uint8_t busid[5] = {BUS_TYPE_PCI};
	uint8_t value[2 + sizeof(busid) + 3 * ARRAY_SIZE(features) + 2 + sizeof(version)];
	uint8_t *at;

	put_be16(busid + 1, nic->pci.vendor);
	put_be16(busid + 3, nic->pci.device);
	at = put_suboption(value, IPXE_BUSID, busid, sizeof(busid));
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++)
		at = put_suboption(at, features[i].tag, &features[i].version, 1);
	at = put_suboption(at, IPXE_VERSION, version, sizeof(version));
	dhcp_put(w, TAG_IPXE, value, (size_t)(at - value));
}

static void put_client_id(struct dhcp_writer *w, const struct nic *nic)
{
	static struct setting_value value;
	uint8_t id[1 + ETH_ALEN] = {1};

	memcpy(id + 1, nic->mac, ETH_ALEN);
	if (user_setting(nic, "client-id", &value))
		dhcp_put(w, TAG_CLIENT_ID, value.raw, value.len);
	else
		dhcp_put(w, TAG_CLIENT_ID, id, sizeof(id));
}
/* RFC 4578 wants the first three fields of the UUID in little endian, as SMBIOS has them. */
static void put_uuid(struct dhcp_writer *w)
{
	static struct setting_value value;
	uint8_t id[1 + UUID_LEN] = {0};
	uint8_t *uuid = id + 1;

	if (setting_fetch("uuid", &value) || value.len != UUID_LEN)
		return;
	memcpy(uuid, value.raw, UUID_LEN);
	put_le32(uuid, get_be32(value.raw));
	put_le16(uuid + 4, get_be16(value.raw + 4));
	put_le16(uuid + 6, get_be16(value.raw + 6));
	dhcp_put(w, TAG_CLIENT_UUID, id, sizeof(id));
}

/* The boot item: type and layer, and an end option, as PXE 2.1 has it. */
static void put_boot_item(struct dhcp_writer *w, uint16_t type)
{
	uint8_t item[] = {PXE_BOOT_ITEM, 4, 0, 0, 0, 0, TAG_END};

	put_be16(item + 2, type);
	dhcp_put(w, TAG_VENDOR_INFO, item, sizeof(item));
}

size_t dhcp_build(const struct dhcp_request *request, uint8_t *buf)
{
	static const uint8_t arch[] = {0, 0};	      /* x86 BIOS */
	static const uint8_t interface[] = {1, 2, 1}; /* UNDI 2.1 */
	static const uint8_t size[] = {MAX_MESSAGE >> 8, MAX_MESSAGE & 0xff};
	uint8_t type = request->type;
	struct dhcp_writer w;

	dhcp_begin(&w, buf, DHCP_PACKET_MAX, request->nic->mac);
	put_be32(buf + 4, request->xid);
	put_be16(buf + 8, request->secs);
	put_be16(buf + 10, request->broadcast ? FLAG_BROADCAST : 0);
	put_be32(buf + 12, request->ciaddr);
	dhcp_put(&w, TAG_TYPE, &type, 1);
	dhcp_put(&w, TAG_MAX_SIZE, size, sizeof(size));
	dhcp_put(&w, TAG_CLIENT_ARCH, arch, sizeof(arch));
	dhcp_put(&w, TAG_CLIENT_NDI, interface, sizeof(interface));
	put_text(&w, TAG_VENDOR_CLASS, request->nic, "vendor-class",
		 "PXEClient:Arch:00000:UNDI:002001");
	put_text(&w, TAG_USER_CLASS, request->nic, "user-class", "iPXE");
	dhcp_put(&w, TAG_PARAMETERS, parameters, sizeof(parameters));
	put_features(&w, request->nic);
	put_client_id(&w, request->nic);
	put_uuid(&w);
	if (request->server_id)
		dhcp_put_u32(&w, TAG_SERVER_ID, request->server_id);
	if (request->requested)
		dhcp_put_u32(&w, TAG_REQUESTED_ADDRESS, request->requested);
	if (request->asks_boot_server)
		put_boot_item(&w, request->boot_server_type);
	return dhcp_end(&w);
}
