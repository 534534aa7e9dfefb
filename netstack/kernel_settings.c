/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card's address in the forms that kernels take on their command line: kernel-ip (Linux,
 * Documentation/admin-guide/nfs/nfsroot.rst, which initramfs-tools, dracut and casper read as
 * well) and bootif (what PXELINUX passes as BOOTIF=).
 */
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "nic/nic.h"

#define DNS_MAX 2 /* the form has room for two */

static void append_address(char *text, size_t size, const char *scope, const char *name)
{
	uint32_t address = setting_ipv4(scope, name);

	if (address)
		format_append(text, size, IPV4_FMT, IPV4_ARG(address));
}

/* A server's text goes on a command line here: a name that is none is left out. */
static void append_hostname(char *text, size_t size, const char *scope)
{
	char name[256];

	setting_text(scope, "hostname", name, sizeof(name));
	for (const char *p = name; *p; p++) {
		if (!is_alpha((uint8_t)*p) && !is_digit((uint8_t)*p) && !strchr("-_.", *p))
			return;
	}
	format_append(text, size, "%s", name);
}

static void append_dns(char *text, size_t size, const char *scope)
{
	struct setting_value value;
	char name[48];

	format(name, sizeof(name), "%s/dns", scope);
	if (setting_fetch(name, &value))
		return;
	for (size_t i = 0; i < DNS_MAX && 4 * i + 4 <= value.len; i++)
		format_append(text, size, "%s" IPV4_FMT, i ? ":" : "",
			      IPV4_ARG(get_be32(value.raw + 4 * i)));
}

/* ip=CLIENT:SERVER:GATEWAY:MASK:HOSTNAME:DEVICE:AUTOCONF:DNS; no server, and no device, since the
 * kernel's names are not ours. */
static long compute_kernel_ip(const char *scope, uint8_t *raw, size_t max)
{
	char *text = (char *)raw;

	if (!*scope || !nic_find(scope) || !setting_ipv4(scope, "ip"))
		return E_NOT_FOUND;
	format(text, max, "ip=");
	append_address(text, max, scope, "ip");
	format_append(text, max, "::");
	append_address(text, max, scope, "gateway");
	format_append(text, max, ":");
	append_address(text, max, scope, "netmask");
	format_append(text, max, ":");
	append_hostname(text, max, scope);
	format_append(text, max, "::none:");
	append_dns(text, max, scope);
	return (long)strlen(text);
}
TABLE_ENTRY(setting, setting_kernel_ip) = {
	.name = "kernel-ip",
	.type = "string",
	.description =
		"a card's address as Linux takes it: ip=ADDRESS::GATEWAY:MASK:HOST::none:DNS",
	.compute = compute_kernel_ip,
};

/* 01 is Ethernet. */
static long compute_bootif(const char *scope, uint8_t *raw, size_t max)
{
	const struct nic *nic = *scope ? nic_find(scope) : NULL;
	const uint8_t *mac;

	if (!nic)
		return E_NOT_FOUND;
	mac = nic->open ? nic->mac : nic->permanent_mac;
	return (long)format((char *)raw, max, "01-%02x-%02x-%02x-%02x-%02x-%02x", MAC_ARG(mac));
}
TABLE_ENTRY(setting, setting_bootif) = {
	.name = "bootif",
	.type = "string",
	.description = "a card's MAC address as PXELINUX passes it: 01-aa-bb-cc-dd-ee-ff",
	.compute = compute_bootif,
};
