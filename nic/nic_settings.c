/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that a card computes about itself: net0/mac, net0/chip, net0/busid, … */
#include "nic/nic.h"
#include "lib/settings.h"

/** The card of @scope; NULL for the global scope and for scopes that are no card. */
static const struct nic *card(const char *scope)
{
	return *scope ? nic_find(scope) : NULL;
}

static long put_bytes(const void *from, size_t len, uint8_t *raw, size_t max)
{
	if (len > max)
		return -1;
	memcpy(raw, from, len);
	return (long)len;
}

static long put_text(const char *text, uint8_t *raw, size_t max)
{
	return put_bytes(text, strlen(text), raw, max);
}

static long compute_mac(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);

	return nic ? put_bytes(nic->open ? nic->mac : nic->permanent_mac, ETH_ALEN, raw, max) : -1;
}

static long compute_hwaddr(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);

	return nic ? put_bytes(nic->permanent_mac, ETH_ALEN, raw, max) : -1;
}

static long compute_bustype(const char *scope, uint8_t *raw, size_t max)
{
	return card(scope) ? put_text("PCI", raw, max) : -1;
}

static long compute_busloc(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);
	uint8_t number[4];

	if (!nic)
		return -1;
	put_be32(number, nic->pci.busdevfn);
	return put_bytes(number, sizeof(number), raw, max);
}

static long compute_busid(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);
	uint8_t id[5] = {1}; /* 1: PCI */

	if (!nic)
		return -1;
	put_be16(id + 1, nic->pci.vendor);
	put_be16(id + 3, nic->pci.device);
	return put_bytes(id, sizeof(id), raw, max);
}

static long compute_linktype(const char *scope, uint8_t *raw, size_t max)
{
	return card(scope) ? put_text("Ethernet", raw, max) : -1;
}

static long compute_chip(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);

	return nic ? put_text(nic->chip, raw, max) : -1;
}

static long compute_ifname(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = card(scope);

	return nic ? put_text(nic->name, raw, max) : -1;
}

TABLE_ENTRY(setting, setting_mac) = {
	.name = "mac",
	.type = "hex",
	.description = "MAC address; set it to open the card with another one",
	.compute = compute_mac,
};
TABLE_ENTRY(setting, setting_hwaddr) = {
	.name = "hwaddr",
	.type = "hex",
	.description = "Hardware address that the card was made with",
	.compute = compute_hwaddr,
};
TABLE_ENTRY(setting, setting_bustype) = {
	.name = "bustype",
	.type = "string",
	.description = "Bus type",
	.compute = compute_bustype,
};
TABLE_ENTRY(setting, setting_busloc) = {
	.name = "busloc",
	.type = "uint32",
	.description = "Bus location (bus, device, function as one number)",
	.compute = compute_busloc,
};
TABLE_ENTRY(setting, setting_busid) = {
	.name = "busid",
	.type = "hex",
	.tag = SETTING_TAG(175, 177),
	.description = "Bus type and PCI vendor and device id",
	.compute = compute_busid,
};
TABLE_ENTRY(setting, setting_linktype) = {
	.name = "linktype",
	.type = "string",
	.description = "Link-layer type",
	.compute = compute_linktype,
};
TABLE_ENTRY(setting, setting_chip) = {
	.name = "chip",
	.type = "string",
	.description = "Chip name",
	.compute = compute_chip,
};
TABLE_ENTRY(setting, setting_ifname) = {
	.name = "ifname",
	.type = "string",
	.description = "Interface name",
	.compute = compute_ifname,
};
TABLE_ENTRY(setting, setting_nic) = {
	.name = "nic",
	.type = "string",
	.description = "Card to use first: MAC, vendor:device, bus:dev.fn or name",
};
TABLE_ENTRY(setting, setting_bind) = {
	.name = "bind",
	.type = "string",
	.description = "VENDOR:DEVICE:DRIVER, let a driver take a card that it does not know",
};
