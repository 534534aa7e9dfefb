/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iBFT as bytes: building and decoding.
 *
 * A 48-byte ACPI header, the control structure, then initiator, NIC and
 * targets, each beginning on 8 bytes, then a heap of NUL-terminated strings.
 * Structures refer to each other and to strings by their offset from the
 * table's start. IPv4 addresses are IPv4-mapped IPv6 addresses; an unset one is
 * all zero, which every reader takes for "none".
 */
#include "acpi/ibft.h"
#include "acpi/tables.h"
#include "lib/error.h"

enum {
	ID_CONTROL = 1,
	ID_INITIATOR = 2,
	ID_NIC = 3,
	ID_TARGET = 4,
};
#define IBFT_REVISION	   1
#define STRUCTURE_VERSION  1
#define FLAG_VALID	   0x01
#define FLAG_BOOT_SELECTED 0x02

/* ACPI header. */
enum {
	HDR_LENGTH = 4,
	HDR_REVISION = 8,
	HDR_CHECKSUM = 9,
	HDR_OEM_ID = 10,
	HDR_OEM_TABLE_ID = 16,
	HDR_SIZE = 48,
};

/* Every structure begins so. */
enum { STD_ID = 0, STD_VERSION = 1, STD_LENGTH = 2, STD_INDEX = 4, STD_FLAGS = 5, STD_SIZE = 6 };

enum {
	CTL_EXTENSIONS = 6,
	CTL_INITIATOR = 8,
	CTL_NIC0 = 10,
	CTL_TARGET0 = 12,
	CTL_NIC1 = 14,
	CTL_TARGET1 = 16,
	CTL_SIZE = 18,
};
enum { INI_NAME = 70, INI_SIZE = 74 };
enum {
	NIC_ADDRESS = 6,
	NIC_PREFIX = 22,
	NIC_ORIGIN = 23,
	NIC_GATEWAY = 24,
	NIC_DNS1 = 40,
	NIC_DNS2 = 56,
	NIC_DHCP = 72,
	NIC_VLAN = 88,
	NIC_MAC = 90,
	NIC_PCI = 96,
	NIC_HOSTNAME = 98,
	NIC_SIZE = 102,
};
enum {
	TGT_ADDRESS = 6,
	TGT_PORT = 22,
	TGT_LUN = 24,
	TGT_CHAP = 32,
	TGT_NIC = 33,
	TGT_NAME = 34,
	TGT_CHAP_NAME = 38,
	TGT_CHAP_SECRET = 42,
	TGT_REVERSE_NAME = 46,
	TGT_REVERSE_SECRET = 50,
	TGT_SIZE = 54,
};

/* ---- Building ---- */

struct builder {
	uint8_t *table;
	size_t size, used;
	bool full;
};

/* Room for a structure; its offset, and the pointer NULL when the table is full. */
static uint8_t *add_structure(struct builder *b, uint8_t id, uint8_t index, uint16_t len,
			      uint8_t flags, uint16_t *offset)
{
	size_t at = ALIGN_UP(b->used, 8u);
	uint8_t *p = b->table + at;

	if (at > b->size || len > b->size - at) {
		b->full = true;
		return NULL;
	}
	b->used = at + len;
	*offset = (uint16_t)at;
	p[STD_ID] = id;
	p[STD_VERSION] = STRUCTURE_VERSION;
	put_le16(p + STD_LENGTH, len);
	p[STD_INDEX] = index;
	p[STD_FLAGS] = flags;
	return p;
}

/* Write length and offset of @text at @field; an empty text stays 0/0. */
static void add_string(struct builder *b, uint8_t *field, const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return;
	if (len >= b->size - b->used) {
		b->full = true;
		return;
	}
	memcpy(b->table + b->used, text, len + 1);
	put_le16(field, (uint16_t)len);
	put_le16(field + 2, (uint16_t)b->used);
	b->used += len + 1;
}

static void put_address(uint8_t *p, uint32_t address)
{
	if (!address)
		return;
	put_be16(p + 10, 0xffff);
	put_be32(p + 12, address);
}

static void fill_nic(uint8_t *p, const struct ibft_nic *nic)
{
	put_address(p + NIC_ADDRESS, nic->address);
	p[NIC_PREFIX] = nic->prefix;
	p[NIC_ORIGIN] = nic->origin;
	put_address(p + NIC_GATEWAY, nic->gateway);
	put_address(p + NIC_DNS1, nic->dns1);
	put_address(p + NIC_DNS2, nic->dns2);
	put_address(p + NIC_DHCP, nic->dhcp_server);
	put_le16(p + NIC_VLAN, nic->vlan);
	memcpy(p + NIC_MAC, nic->mac, sizeof(nic->mac));
	put_le16(p + NIC_PCI, nic->pci_busdevfn);
}

static void fill_target(struct builder *b, uint8_t *p, const struct ibft_target *target)
{
	put_address(p + TGT_ADDRESS, target->address);
	put_le16(p + TGT_PORT, target->port);
	memcpy(p + TGT_LUN, target->lun, sizeof(target->lun));
	p[TGT_CHAP] = target->chap_type;
	p[TGT_NIC] = 0;
	add_string(b, p + TGT_NAME, target->name);
	if (target->chap_type >= 1) {
		add_string(b, p + TGT_CHAP_NAME, target->username);
		add_string(b, p + TGT_CHAP_SECRET, target->password);
	}
	if (target->chap_type >= 2) {
		add_string(b, p + TGT_REVERSE_NAME, target->reverse_username);
		add_string(b, p + TGT_REVERSE_SECRET, target->reverse_password);
	}
}

static int check_params(const struct ibft_params *params)
{
	if (!params->initiator[0])
		return fail(E_IBFT_INCOMPLETE,
			    "iBFT: the initiator has no name; set initiator-iqn");
	if (!params->target_count || params->target_count > IBFT_TARGETS)
		return fail(E_IBFT_INCOMPLETE, "iBFT: %u targets, and the table describes 1 to %u",
			    params->target_count, IBFT_TARGETS);
	for (unsigned i = 0; i < params->target_count; i++) {
		if (!params->target[i].name[0] || params->target[i].chap_type > 2)
			return fail(E_IBFT_INCOMPLETE, "iBFT: target %u has no name", i);
	}
	return 0;
}

static void fill_header(struct builder *b)
{
	uint8_t *table = b->table;

	memcpy(table, "iBFT", 4);
	put_le32(table + HDR_LENGTH, (uint32_t)b->used);
	table[HDR_REVISION] = IBFT_REVISION;
	memcpy(table + HDR_OEM_ID, "LKRNBT", 6);
	memcpy(table + HDR_OEM_TABLE_ID, "IPXELKRN", 8);
	table[HDR_CHECKSUM] = (uint8_t)-acpi_sum(table, b->used);
}

long ibft_build(const struct ibft_params *params, void *buf, size_t size)
{
	struct builder b = {.table = buf, .size = min(size, (size_t)UINT16_MAX), .used = HDR_SIZE};
	const uint8_t flags = FLAG_VALID | FLAG_BOOT_SELECTED;
	uint8_t *control, *initiator, *nic, *target[IBFT_TARGETS] = {0};
	uint16_t at = 0, initiator_at = 0, nic_at = 0, target_at[IBFT_TARGETS] = {0};
	int rc = check_params(params);

	if (rc)
		return rc;
	memset(buf, 0, size);
	b.full = size < HDR_SIZE;
	control = add_structure(&b, ID_CONTROL, 0, CTL_SIZE, 0, &at);
	initiator = add_structure(&b, ID_INITIATOR, 0, INI_SIZE, flags, &initiator_at);
	nic = add_structure(&b, ID_NIC, 0, NIC_SIZE, flags, &nic_at);
	for (unsigned i = 0; i < params->target_count; i++)
		target[i] =
			add_structure(&b, ID_TARGET, (uint8_t)i, TGT_SIZE, flags, &target_at[i]);
	if (!b.full) {
		put_le16(control + CTL_INITIATOR, initiator_at);
		put_le16(control + CTL_NIC0, nic_at);
		put_le16(control + CTL_TARGET0, target_at[0]);
		put_le16(control + CTL_TARGET1, target_at[1]);
		add_string(&b, initiator + INI_NAME, params->initiator);
		fill_nic(nic, &params->nic);
		add_string(&b, nic + NIC_HOSTNAME, params->nic.hostname);
		for (unsigned i = 0; i < params->target_count; i++)
			fill_target(&b, target[i], &params->target[i]);
	}
	if (b.full) {
		memset(buf, 0, size);
		return fail(E_IBFT_SPACE,
			    "iBFT: names and secrets do not fit into the %u bytes of the table",
			    (unsigned)size);
	}
	fill_header(&b);
	return (long)b.used;
}

/* ---- Decoding ---- */

struct reader {
	const uint8_t *table;
	size_t len;
	char what[96]; /* first complaint; empty: none */
};

static void complain(struct reader *r, const char *what)
{
	if (!r->what[0])
		memcpy(r->what, what, min(strlen(what) + 1, sizeof(r->what)));
	r->what[sizeof(r->what) - 1] = '\0';
}

/* The structure at @offset, whose header must be right; NULL when it is not. */
static const uint8_t *structure(struct reader *r, uint16_t offset, uint8_t id, uint16_t len,
				const char *what)
{
	const uint8_t *p = r->table + offset;

	if (offset < HDR_SIZE || offset > r->len || len > r->len - offset || p[STD_ID] != id ||
	    p[STD_VERSION] != STRUCTURE_VERSION || get_le16(p + STD_LENGTH) < len ||
	    get_le16(p + STD_LENGTH) > r->len - offset) {
		complain(r, what);
		return NULL;
	}
	return p;
}

/* Copy the string whose length and offset lie at @field. */
static void read_string(struct reader *r, const uint8_t *field, char *out, size_t size,
			const char *what)
{
	uint16_t len = get_le16(field), offset = get_le16(field + 2);

	out[0] = '\0';
	if (!len)
		return;
	if (len >= size || offset < HDR_SIZE || offset > r->len || len >= r->len - offset ||
	    r->table[offset + len]) {
		complain(r, what);
		return;
	}
	memcpy(out, r->table + offset, len);
	out[len] = '\0';
}

static uint32_t read_address(struct reader *r, const uint8_t *p, const char *what)
{
	static const uint8_t zero[16];

	if (!memcmp(p, zero, 16))
		return 0;
	if (memcmp(p, zero, 10) || get_be16(p + 10) != 0xffff)
		complain(r, what);
	return get_be32(p + 12);
}

static void read_nic(struct reader *r, const uint8_t *p, struct ibft_nic *nic)
{
	nic->address = read_address(r, p + NIC_ADDRESS, "the NIC's address is not IPv4");
	nic->prefix = p[NIC_PREFIX];
	nic->origin = p[NIC_ORIGIN];
	nic->gateway = read_address(r, p + NIC_GATEWAY, "the gateway is not IPv4");
	nic->dns1 = read_address(r, p + NIC_DNS1, "the first DNS server is not IPv4");
	nic->dns2 = read_address(r, p + NIC_DNS2, "the second DNS server is not IPv4");
	nic->dhcp_server = read_address(r, p + NIC_DHCP, "the DHCP server is not IPv4");
	nic->vlan = get_le16(p + NIC_VLAN);
	memcpy(nic->mac, p + NIC_MAC, sizeof(nic->mac));
	nic->pci_busdevfn = get_le16(p + NIC_PCI);
	read_string(r, p + NIC_HOSTNAME, nic->hostname, sizeof(nic->hostname),
		    "the host name lies outside the table");
	if (nic->prefix > 32)
		complain(r, "the NIC's prefix is longer than 32 bits");
}

static void read_target(struct reader *r, const uint8_t *p, struct ibft_target *target)
{
	const char *what = "a CHAP name or secret lies outside the table";

	target->address = read_address(r, p + TGT_ADDRESS, "the target's address is not IPv4");
	target->port = get_le16(p + TGT_PORT);
	memcpy(target->lun, p + TGT_LUN, sizeof(target->lun));
	target->chap_type = p[TGT_CHAP];
	if (target->chap_type > 2)
		complain(r, "the target's CHAP type is unknown");
	read_string(r, p + TGT_NAME, target->name, sizeof(target->name),
		    "the target's name lies outside the table");
	read_string(r, p + TGT_CHAP_NAME, target->username, sizeof(target->username), what);
	read_string(r, p + TGT_CHAP_SECRET, target->password, sizeof(target->password), what);
	read_string(r, p + TGT_REVERSE_NAME, target->reverse_username,
		    sizeof(target->reverse_username), what);
	read_string(r, p + TGT_REVERSE_SECRET, target->reverse_password,
		    sizeof(target->reverse_password), what);
}

static void read_structures(struct reader *r, struct ibft_params *params)
{
	const uint8_t *control =
		structure(r, HDR_SIZE, ID_CONTROL, CTL_SIZE, "the control structure is damaged");
	const uint8_t *p;

	if (!control)
		return;
	p = structure(r, get_le16(control + CTL_INITIATOR), ID_INITIATOR, INI_SIZE,
		      "the initiator structure is damaged");
	if (p)
		read_string(r, p + INI_NAME, params->initiator, sizeof(params->initiator),
			    "the initiator's name lies outside the table");
	p = structure(r, get_le16(control + CTL_NIC0), ID_NIC, NIC_SIZE,
		      "the NIC structure is damaged");
	if (p)
		read_nic(r, p, &params->nic);
	for (unsigned i = 0; i < IBFT_TARGETS; i++) {
		uint16_t offset = get_le16(control + (i ? CTL_TARGET1 : CTL_TARGET0));

		if (!offset)
			break;
		p = structure(r, offset, ID_TARGET, TGT_SIZE, "a target structure is damaged");
		if (!p)
			break;
		read_target(r, p, &params->target[i]);
		params->target_count = i + 1;
	}
	if (!params->target_count)
		complain(r, "no target is described");
}

int ibft_parse(const void *table, size_t len, struct ibft_params *params)
{
	struct reader r = {.table = table, .len = len};
	uint32_t length;

	memset(params, 0, sizeof(*params));
	if (len < HDR_SIZE || memcmp(table, "iBFT", 4))
		return fail(E_IBFT_DAMAGED, "iBFT: no table with this signature");
	length = get_le32(r.table + HDR_LENGTH);
	if (length < HDR_SIZE || length > len)
		return fail(E_IBFT_DAMAGED, "iBFT: the header says %u bytes, there is room for %u",
			    length, (unsigned)len);
	r.len = length;
	if (acpi_sum(r.table, length))
		return fail(E_IBFT_DAMAGED, "iBFT: the checksum is wrong");
	if (r.table[HDR_REVISION] != IBFT_REVISION)
		return fail(E_IBFT_DAMAGED, "iBFT: revision %u, and we know revision %u",
			    r.table[HDR_REVISION], IBFT_REVISION);
	read_structures(&r, params);
	return r.what[0] ? fail(E_IBFT_DAMAGED, "iBFT: %s", r.what) : 0;
}
