/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Describing SAN drives.
 *
 * The device knows its session: names, portal, LUN, secrets that were used, and
 * the card. What else the iBFT says of the card comes from the card's settings,
 * where the device left it out. Whether a gateway is given follows from
 * `ibft-gateway`: an initiator that finds one sends its traffic there even to a
 * target on its own network, so by default only a routed target gets one.
 */
#include "san/describe.h"
#include "bios/physical.h"
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"

enum { ORIGIN_MANUAL = 1, ORIGIN_DHCP = 3 };

/* Too large for the stack of an interrupt; nothing here waits. */
static struct setting_value value;

static struct nic *card_with_mac(const uint8_t *mac)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (!memcmp(nic->mac, mac, ETH_ALEN))
			return nic;
	}
	return NULL;
}

static bool fetch(const char *scope, const char *name)
{
	char full[48];

	format(full, sizeof(full), "%s%s%s", scope, *scope ? "/" : "", name);
	return setting_fetch(full, &value) == 0;
}

static uint8_t prefix_of(uint32_t netmask)
{
	return (uint8_t)__builtin_popcount(netmask);
}

/* ---- The card ---- */

enum policy { GATEWAY_AUTO, GATEWAY_ALWAYS, GATEWAY_NEVER, GATEWAY_POLICIES };

/* Setting ibft-gateway, and its text; GATEWAY_POLICIES when it is none of them. */
static enum policy gateway_policy(const char *card, char *text, size_t size)
{
	static const char *const names[] = {"auto", "always", "never"};
	unsigned i = 0;

	if (!setting_text(card, "ibft-gateway", text, size))
		return GATEWAY_AUTO;
	while (i < GATEWAY_POLICIES && !text_equal_nocase(text, names[i]))
		i++;
	return (enum policy)i;
}

static void check_policy(const char *card)
{
	char text[16];

	if (gateway_policy(card, text, sizeof(text)) == GATEWAY_POLICIES)
		print("Warning: ibft-gateway=%s: neither auto, always nor never; auto is used\n",
		      text);
}

static bool wants_gateway(const struct ibft_params *params, const char *card)
{
	const struct ibft_nic *nic = &params->nic;
	char text[16];
	enum policy policy = gateway_policy(card, text, sizeof(text));

	if (policy == GATEWAY_ALWAYS || policy == GATEWAY_NEVER)
		return policy == GATEWAY_ALWAYS;
	for (unsigned i = 0; i < params->target_count; i++) {
		if ((params->target[i].address ^ nic->address) & ibft_netmask(nic->prefix))
			return true;
	}
	return false;
}

static void complete_gateway(struct ibft_params *params, const char *card)
{
	params->nic.gateway = wants_gateway(params, card) ? setting_ipv4(card, "gateway") : 0;
}

static void complete_dns(struct ibft_nic *nic, const char *card)
{
	if (nic->dns1 || !fetch(card, "dns"))
		return;
	if (value.len >= 4)
		nic->dns1 = get_be32(value.raw);
	if (value.len >= 8)
		nic->dns2 = get_be32(value.raw + 4);
}

static void complete_nic(struct ibft_params *params, const struct nic *card)
{
	struct ibft_nic *nic = &params->nic;

	if (!nic->pci_busdevfn)
		nic->pci_busdevfn = card->pci.busdevfn;
	if (!nic->address && card->netif)
		nic->address = card->netif->address;
	if (!nic->prefix && card->netif)
		nic->prefix = prefix_of(card->netif->netmask);
	if (!nic->origin && fetch(card->name, "ip"))
		nic->origin = value.source == SOURCE_DHCP ? ORIGIN_DHCP : ORIGIN_MANUAL;
	if (!nic->dhcp_server && nic->origin == ORIGIN_DHCP)
		nic->dhcp_server = setting_ipv4(card->name, "dhcp-server");
	if (!nic->hostname[0])
		setting_text(card->name, "hostname", nic->hostname, sizeof(nic->hostname));
	complete_dns(nic, card->name);
	complete_gateway(params, card->name);
}

void describe_drive(struct san_drive *drive)
{
	struct ibft_params *params = &drive->ibft;
	struct nic *card;

	memset(params, 0, sizeof(*params));
	drive->card[0] = '\0';
	if (!drive->dev->ops->describe)
		return;
	drive->dev->ops->describe(drive->dev, params);
	card = card_with_mac(params->nic.mac);
	if (!card)
		return;
	text_copy(drive->card, sizeof(drive->card), card->name);
	check_policy(card->name);
	complete_nic(params, card);
}

void describe_other_path(struct san_drive *drive, struct block_device *dev)
{
	static struct ibft_params other;
	struct ibft_params *params = &drive->ibft;

	memset(&other, 0, sizeof(other));
	if (!dev->ops->describe || !params->target_count || params->target_count >= IBFT_TARGETS)
		return;
	dev->ops->describe(dev, &other);
	if (!other.target_count || memcmp(other.nic.mac, params->nic.mac, ETH_ALEN)) {
		print("%s: reached through another card than the first path; not in the iBFT\n",
		      dev->description);
		return;
	}
	params->target[params->target_count++] = other.target[0];
	if (drive->card[0])
		complete_gateway(params, drive->card);
}

/* ---- The table ---- */

/* Add the targets of @drive; false when it has none that this table can carry. */
static bool merge(struct ibft_params *all, const struct ibft_params *drive)
{
	if (!all->target_count) {
		*all = *drive;
		return true;
	}
	if (memcmp(all->nic.mac, drive->nic.mac, ETH_ALEN) ||
	    strcmp(all->initiator, drive->initiator) || all->target_count >= IBFT_TARGETS)
		return false;
	for (unsigned i = 0; i < drive->target_count && all->target_count < IBFT_TARGETS; i++)
		all->target[all->target_count++] = drive->target[i];
	/* Whoever of them is behind a router needs it. */
	if (!all->nic.gateway)
		all->nic.gateway = drive->nic.gateway;
	return true;
}

int describe_publish(void)
{
	static struct ibft_params all;
	struct san_drive *drive;

	memset(&all, 0, sizeof(all));
	list_for_each(drive, &san_drives, link) {
		if (drive->describe && drive->ibft.target_count && !merge(&all, &drive->ibft))
			print("0x%02x: not in the iBFT, which holds two targets of one card\n",
			      drive->number);
	}
	if (all.target_count)
		return acpi_publish_ibft(&all);
	acpi_withdraw_ibft();
	return 0;
}

/* ---- For people ---- */

static const char *size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned unit = 0;
	uint64_t tenths = bytes;

	while (tenths >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		unit++;
		if (tenths < 1024 * 1024 || unit + 1 == ARRAY_SIZE(units))
			break;
		tenths >>= 10;
	}
	if (!unit) {
		format(buf, size, "%u bytes", (unsigned)bytes);
		return buf;
	}
	tenths = (tenths * 10) >> 10;
	format(buf, size, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
	       units[unit]);
	return buf;
}

static void print_initiator(const struct san_drive *drive)
{
	struct iscsi_initiator initiator;

	if (!drive->ibft.initiator[0])
		return;
	print("   initiator %s", drive->ibft.initiator);
	if (!iscsi_initiator_name(drive->card, &initiator) &&
	    !strcmp(initiator.name, drive->ibft.initiator))
		print(" (from %s)", initiator.source);
}

static void print_table(const struct san_drive *drive)
{
	const struct ibft_nic *nic = &drive->ibft.nic;
	size_t len;
	const void *table = acpi_ibft(&len);

	if (!drive->describe) {
		print("      no iBFT (--no-describe)\n");
		return;
	}
	if (!drive->ibft.target_count || !table) {
		print("      no iBFT: this kind of disk has none\n");
		return;
	}
	print("      iBFT at 0x%x%s: %s " MAC_FMT " pci %02x:%02x.%x, " IPV4_FMT "/%u %s, ",
	      physical_address(table), acpi_ibft_listed() ? " (also listed in ACPI)" : "",
	      drive->card[0] ? drive->card : "nic", MAC_ARG(nic->mac), nic->pci_busdevfn >> 8,
	      nic->pci_busdevfn >> 3 & 31u, nic->pci_busdevfn & 7u, IPV4_ARG(nic->address),
	      nic->prefix, nic->origin == ORIGIN_DHCP ? "dhcp" : "static");
	if (nic->gateway)
		print("gateway " IPV4_FMT "\n", IPV4_ARG(nic->gateway));
	else
		print("no gateway%s\n", wants_gateway(&drive->ibft, drive->card)
						? " (none is known)"
						: " (target on link)");
}

bool describe_keep(const struct san_drive *drive, char *why, size_t size)
{
	bool keep;

	if (size)
		why[0] = '\0';
	if (!fetch(drive->card, "keep-san"))
		return drive->keep;
	keep = setting_number(drive->card, "keep-san", 0) != 0;
	if (size)
		format(why, size, "%s%skeep-san, %s", value.scope, value.scope[0] ? "/" : "",
		       setting_source_name(value.source));
	return keep || drive->keep;
}

void describe_print(const struct san_drive *drive)
{
	const struct block_device *dev = drive->dev;
	char text[64];
	bool keep;

	print("0x%02x: %s\n", drive->number, dev->description);
	print("      %s, %u-byte sectors%s%s",
	      size_text(dev->blocks * dev->block_size, text, sizeof(text)), dev->block_size,
	      dev->read_only ? ", read-only" : "", drive->cd.found ? ", a bootable CD" : "");
	print_initiator(drive);
	print("\n");
	print_table(drive);
	keep = describe_keep(drive, text, sizeof(text));
	if (drive->keep)
		text_copy(text, sizeof(text), "--keep");
	print("      kept when this script ends: %s%s%s%s\n", keep ? "yes" : "no",
	      text[0] ? " (" : "",
	      text[0] ? text
	      : keep  ? ""
		      : " (keep-san is not set)",
	      text[0] ? ")" : "");
}
