/* SPDX-License-Identifier: BSD-2-Clause */
/* What the iBFT says, for people, and what is doubtful about it. */
#include "acpi/ibft.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/lun.h"
#include "lib/text.h"

#define SCAN_START 0x80000u
#define SCAN_END   0x100000u
#define SECRET_MIN 12 /* Windows refuses shorter ones */
#define SECRET_MAX 16 /* and longer ones */

static const char *origin_name(uint8_t origin)
{
	static const char *const names[] = {"unknown", "manual", "well-known", "dhcp", "ra"};

	return origin < ARRAY_SIZE(names) ? names[origin] : "unknown";
}

static void print_address(const char *label, uint32_t address)
{
	if (address)
		print("  %-10s " IPV4_FMT "\n", label, IPV4_ARG(address));
}

static void print_nic(const struct ibft_nic *nic)
{
	print("nic\n  mac        " MAC_FMT "\n  pci        %02x:%02x.%x\n", MAC_ARG(nic->mac),
	      nic->pci_busdevfn >> 8, nic->pci_busdevfn >> 3 & 31u, nic->pci_busdevfn & 7u);
	print("  address    " IPV4_FMT "/%u (%s)\n", IPV4_ARG(nic->address), nic->prefix,
	      origin_name(nic->origin));
	if (nic->gateway)
		print_address("gateway", nic->gateway);
	else
		print("  gateway    none\n");
	print_address("dns", nic->dns1);
	print_address("dns", nic->dns2);
	print_address("dhcp", nic->dhcp_server);
	if (nic->vlan)
		print("  vlan       %u\n", nic->vlan);
	if (nic->hostname[0])
		print("  hostname   %s\n", nic->hostname);
}

static void print_target(unsigned index, const struct ibft_target *target)
{
	static const char *const chap[] = {"none", "CHAP", "mutual CHAP"};
	char lun[24];

	print("target %u\n  name       %s\n  portal     " IPV4_FMT ":%u\n  lun        %s\n", index,
	      target->name, IPV4_ARG(target->address), target->port,
	      lun_text(target->lun, lun, sizeof(lun)));
	print("  login      %s\n", target->chap_type < 3 ? chap[target->chap_type] : "unknown");
	if (target->username[0])
		print("  user       %s, password ***\n", target->username);
	if (target->reverse_username[0] || target->reverse_password[0])
		print("  reverse    %s, password ***\n", target->reverse_username);
}

void ibft_print(const struct ibft_params *params)
{
	print("initiator\n  name       %s\n", params->initiator);
	print_nic(&params->nic);
	for (unsigned i = 0; i < params->target_count; i++)
		print_target(i, &params->target[i]);
}

/* ---- Doubts ---- */

static void lint_secret(const char *whose, const char *secret)
{
	size_t len = strlen(secret);

	if (len < SECRET_MIN || len > SECRET_MAX)
		print("Warning: the %s has %u characters; Windows accepts %u to %u\n", whose,
		      (unsigned)len, SECRET_MIN, SECRET_MAX);
}

static void lint_target(const struct ibft_params *params, const struct ibft_target *target)
{
	const struct ibft_nic *nic = &params->nic;
	uint32_t mask = ibft_netmask(nic->prefix);

	if (target->chap_type >= 1)
		lint_secret("CHAP password", target->password);
	if (target->chap_type >= 2)
		lint_secret("reverse CHAP password", target->reverse_password);
	if (target->chap_type >= 2 && !strcmp(target->password, target->reverse_password))
		print("Warning: both CHAP passwords are the same; open-iscsi refuses that\n");
	if (!target->address || !target->port)
		print("Warning: target %s has no address or no port\n", target->name);
	if (nic->gateway && nic->prefix && ((target->address ^ nic->address) & mask) == 0)
		print("Warning: a gateway is given though the target is on link; Windows will send "
		      "its traffic there (ibft-gateway=auto leaves it out)\n");
	if (!nic->gateway && ((target->address ^ nic->address) & mask) != 0)
		print("Warning: the target is not on link and no gateway is given\n");
}

void ibft_lint(const struct ibft_params *params, uint32_t table_address)
{
	static const uint8_t no_mac[6];
	const struct ibft_nic *nic = &params->nic;

	if (table_address < SCAN_START || table_address >= SCAN_END)
		print("Warning: the table lies at 0x%x; operating systems look from 0x%x to 0x%x\n",
		      table_address, SCAN_START, SCAN_END - 1);
	if (table_address & 15)
		print("Warning: the table does not lie on a 16-byte boundary\n");
	if (!text_starts_nocase(params->initiator, "iqn.") &&
	    !text_starts_nocase(params->initiator, "eui.") &&
	    !text_starts_nocase(params->initiator, "naa."))
		print("Warning: the initiator's name is neither iqn., eui. nor naa.\n");
	if (!memcmp(nic->mac, no_mac, sizeof(no_mac)))
		print("Warning: the NIC has no MAC address\n");
	if (!nic->address || !nic->prefix)
		print("Warning: the NIC has no address or no netmask\n");
	for (unsigned i = 0; i < params->target_count; i++)
		lint_target(params, &params->target[i]);
}
