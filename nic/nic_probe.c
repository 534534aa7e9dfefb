/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding cards: drivers claim PCI functions by id, in PCI order, which gives
 * the names net0, net1, … `bind` lets a driver take an id that it does not
 * know, with the quirks of the nearest one that it does. What no driver took can be listed with the
 * nearest driver.
 */
#include "nic/nic.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

#define CLASS_NETWORK  0x02
#define CLASS_ETHERNET 0x0200
#define BOUND_MAX      8

/** Ids given by `bind`. */
static struct {
	struct nic_id id;
	const struct nic_driver *driver;
} bound[BOUND_MAX];
static unsigned bound_count;

static const struct nic_driver *driver_named(const char *name)
{
	const struct nic_driver *driver;

	table_for_each(nic_driver, driver) {
		if (!strcmp(driver->name, name))
			return driver;
	}
	return NULL;
}

static bool is_bound(const struct nic_id *id)
{
	for (unsigned i = 0; i < bound_count; i++) {
		if (id == &bound[i].id)
			return true;
	}
	return false;
}

static const struct nic_driver *driver_for(const struct pci_device *pci, const struct nic_id **id)
{
	const struct nic_driver *driver;
	unsigned i;

	for (i = 0; i < bound_count; i++) {
		if (bound[i].id.vendor == pci->vendor && bound[i].id.device == pci->device) {
			*id = &bound[i].id;
			return bound[i].driver;
		}
	}
	table_for_each(nic_driver, driver) {
		for (i = 0; i < driver->id_count; i++) {
			if (driver->ids[i].vendor == pci->vendor &&
			    driver->ids[i].device == pci->device) {
				*id = &driver->ids[i];
				return driver;
			}
		}
	}
	return NULL;
}

/** The id of @driver that comes closest to @device of @vendor; NULL when it knows none of that
 * maker. Neighbours are usually of one generation. */
static const struct nic_id *nearest_id(const struct nic_driver *driver, uint16_t vendor,
				       uint16_t device, unsigned *distance)
{
	const struct nic_id *best = NULL;
	unsigned i;

	*distance = ~0u;
	for (i = 0; i < driver->id_count; i++) {
		unsigned a = driver->ids[i].device;
		unsigned away = a > device ? a - device : device - a;

		if (driver->ids[i].vendor != vendor || away >= *distance)
			continue;
		best = &driver->ids[i];
		*distance = away;
	}
	return best;
}

/** The driver whose ids come closest to @pci, of the same maker; NULL when there is none. */
static const struct nic_driver *nearest_driver(const struct pci_device *pci)
{
	const struct nic_driver *driver, *best = NULL;
	unsigned distance, best_distance = ~0u;

	table_for_each(nic_driver, driver) {
		if (!nearest_id(driver, pci->vendor, pci->device, &distance) ||
		    distance >= best_distance)
			continue;
		best_distance = distance;
		best = driver;
	}
	return best;
}

static bool is_taken(const struct pci_device *pci)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (nic->pci.busdevfn == pci->busdevfn)
			return true;
	}
	return false;
}

/** Let @driver have @pci; a failure leaves the machine as it was. */
static int probe(const struct pci_device *pci, const struct nic_driver *driver,
		 const struct nic_id *id)
{
	struct nic *nic = heap_zalloc(sizeof(*nic));
	int rc;

	if (!nic)
		return fail(E_NO_MEMORY, "no memory for another network card");
	nic->driver = driver;
	nic->pci = *pci;
	nic->chip = id->chip;
	nic->mtu = 1500;
	pci_enable(&nic->pci);
	rc = driver->probe(nic, id);
	pci_disable_dma(&nic->pci);
	if (rc) {
		heap_free(nic);
		return fail_context(rc, "%s at " PCI_LOC_FMT " (%04x:%04x)", id->chip, PCI_LOC(pci),
				    pci->vendor, pci->device);
	}
	if (!nic_mac_valid(nic->permanent_mac))
		memcpy(nic->permanent_mac, nic->mac, ETH_ALEN);
	rc = nic_register(nic);
	if (rc)
		heap_free(nic);
	return rc;
}

static bool is_network(const struct pci_device *pci)
{
	return pci->class >> 16 == CLASS_NETWORK;
}

static int no_driver(const char *name)
{
	const struct nic_driver *driver;
	char known[128] = "";

	table_for_each(nic_driver, driver)
		format_append(known, sizeof(known), "%s%s", *known ? ", " : "", driver->name);
	return fail(E_NIC_NO_DRIVER, "no driver is called \"%.20s\"; there are %s", name, known);
}

static int add_binding(uint16_t vendor, uint16_t device, const char *driver_name)
{
	const struct nic_driver *driver = driver_named(driver_name);
	const struct nic_id *like;
	unsigned distance, i = 0;

	if (!driver)
		return no_driver(driver_name);
	while (i < bound_count && (bound[i].id.vendor != vendor || bound[i].id.device != device))
		i++;
	if (i == BOUND_MAX)
		return fail(E_NO_MEMORY, "at most %u ids can be bound", BOUND_MAX);
	like = nearest_id(driver, vendor, device, &distance);
	bound[i].id = (struct nic_id){vendor, device, driver->name, like ? like->flags : 0};
	bound[i].driver = driver;
	bound_count = max(bound_count, i + 1);
	return 0;
}

/** VENDOR:DEVICE:DRIVER; @text is cut up. */
static void bind_one(char *text)
{
	char whole[48];
	char *device_text = strchr(text, ':');
	char *name = device_text ? strchr(device_text + 1, ':') : NULL;
	uint32_t vendor, device;

	text_copy(whole, sizeof(whole), text);
	if (name) {
		*device_text++ = '\0';
		*name++ = '\0';
	}
	if (!name || !text_to_u32(text, 16, 0xffff, &vendor) ||
	    !text_to_u32(device_text, 16, 0xffff, &device))
		print("bind=%s is not VENDOR:DEVICE:DRIVER, as in bind=8086:1234:e1000\n", whole);
	else if (add_binding((uint16_t)vendor, (uint16_t)device, name))
		print("bind=%s: %s\n", whole, error_text());
}

/** bind=8086:1234:e1000,10ec:4321:r8169 */
static void bind_from_setting(void)
{
	char text[256], *next, *comma;

	if (!setting_text("", "bind", text, sizeof(text)))
		return;
	for (next = text; next; next = comma ? comma + 1 : NULL) {
		comma = strchr(next, ',');
		if (comma)
			*comma = '\0';
		bind_one(next);
	}
}

/** The driver for @pci, unless that is taken, or bound to a driver without being a network card. */
static const struct nic_driver *free_for(const struct pci_device *pci, const struct nic_id **id)
{
	const struct nic_driver *driver = is_taken(pci) ? NULL : driver_for(pci, id);

	return driver && (is_network(pci) || !is_bound(*id)) ? driver : NULL;
}

unsigned nic_probe_all(void)
{
	const struct nic_driver *driver;
	const struct nic_id *id;
	struct pci_device pci;
	uint32_t at;
	int rc;

	bind_from_setting();
	for (at = 0; pci_next(&pci, at); at = pci.busdevfn + 1u) {
		driver = free_for(&pci, &id);
		rc = driver ? probe(&pci, driver, id) : 0;
		if (rc)
			print("%s (%s)\n", error_text(), error_entry(rc)->code);
	}
	return list_empty(&nics) ? 0 : list_entry(nics.prev, struct nic, link)->index + 1;
}

/** Why there was nothing to bind. */
static int not_found(uint16_t vendor, uint16_t device)
{
	struct nic *nic;

	list_for_each(nic, &nics, link) {
		if (nic->pci.vendor == vendor && nic->pci.device == device)
			return fail(E_NIC_NOT_FOUND, "%04x:%04x is %s already, with the driver %s",
				    vendor, device, nic->name, nic->driver->name);
	}
	return fail(E_NIC_NOT_FOUND, "no PCI device %04x:%04x is there", vendor, device);
}

int nic_bind(uint16_t vendor, uint16_t device, const char *driver)
{
	const struct nic_driver *chosen;
	const struct nic_id *id;
	struct pci_device pci;
	unsigned found = 0;
	uint32_t at;
	int rc;

	rc = add_binding(vendor, device, driver);
	if (rc)
		return rc;
	for (at = 0; pci_next(&pci, at); at = pci.busdevfn + 1u) {
		if (pci.vendor != vendor || pci.device != device || is_taken(&pci))
			continue;
		chosen = free_for(&pci, &id);
		if (!chosen)
			return fail(E_NIC_CLASS, "%04x:%04x at " PCI_LOC_FMT " has class %06x",
				    vendor, device, PCI_LOC(&pci), pci.class);
		rc = probe(&pci, chosen, id);
		if (rc)
			return rc;
		found++;
	}
	return found ? 0 : not_found(vendor, device);
}

static void print_unknown(const struct pci_device *pci)
{
	const struct nic_id *id;
	const struct nic_driver *driver = driver_for(pci, &id);

	print("  " PCI_LOC_FMT " %04x:%04x (class %06x): ", PCI_LOC(pci), pci->vendor, pci->device,
	      pci->class);
	if (driver) {
		print("driver %s failed\n", driver->name);
		return;
	}
	driver = pci->class >> 8 == CLASS_ETHERNET ? nearest_driver(pci) : NULL;
	print("no driver%s%s\n", driver ? "; nearest: " : "", driver ? driver->name : "");
}

unsigned nic_print_unknown(void)
{
	struct pci_device pci;
	unsigned count = 0;
	uint32_t at;

	for (at = 0; pci_next(&pci, at); at = pci.busdevfn + 1u) {
		if (!is_network(&pci) || is_taken(&pci))
			continue;
		print_unknown(&pci);
		count++;
	}
	return count;
}

int nic_none(void)
{
	print("No network card that this firmware can drive.\n");
	if (!nic_print_unknown()) {
		print("  There is no PCI network device at all.\n");
		return fail(E_NIC_NONE, "no network card: there is no PCI network device; look "
					"whether it is enabled in the BIOS setup");
	}
	print("  Try: bind VENDOR:DEVICE DRIVER\n");
	return fail(E_NIC_NONE, "no network card that a driver knows");
}

/* --------------------------------------------------------------------------
 * nic= and BOOTIF=
 */

/** Six octets in @text, separated by ':' or '-', to @mac. */
static bool parse_mac(const char *text, uint8_t *mac)
{
	unsigned i;

	for (i = 0; i < ETH_ALEN; i++) {
		if (hex_decode(text, strlen(text) < 2 ? 0 : 2, mac + i, 1) != 1)
			return false;
		text += 2;
		if (i + 1 < ETH_ALEN && *text != ':' && *text != '-')
			return false;
		text += i + 1 < ETH_ALEN;
	}
	return !*text;
}

/** @nic's vendor:device, bus:dev.fn and 0000:bus:dev.fn, as text to compare with. */
static bool matches_location(const struct nic *nic, const char *text)
{
	char own[24];

	format(own, sizeof(own), "%04x:%04x", nic->pci.vendor, nic->pci.device);
	if (text_equal_nocase(text, own))
		return true;
	format(own, sizeof(own), "0000:" PCI_LOC_FMT, PCI_LOC(&nic->pci));
	return text_equal_nocase(text, own) || text_equal_nocase(text, own + 5);
}

static bool matches(const struct nic *nic, const char *text)
{
	uint8_t mac[ETH_ALEN];

	if (!strcmp(text, nic->name) || matches_location(nic, text))
		return true;
	/* BOOTIF=01-…: the ARP hardware type comes first. */
	if (strlen(text) == 20 && (text_starts(text, "01-") || text_starts(text, "01:")))
		text += 3;
	return parse_mac(text, mac) &&
	       (!memcmp(mac, nic->permanent_mac, ETH_ALEN) || !memcmp(mac, nic->mac, ETH_ALEN));
}

bool nic_preferred(const struct nic *nic)
{
	char text[64];

	if (setting_text("", "nic", text, sizeof(text)))
		return matches(nic, text);
	return setting_text("", "BOOTIF", text, sizeof(text)) && matches(nic, text);
}

void nic_check_preference(void)
{
	static char said[64];
	char text[64];
	struct nic *nic;

	if (!setting_text("", "nic", text, sizeof(text)))
		setting_text("", "BOOTIF", text, sizeof(text));
	list_for_each(nic, &nics, link) {
		if (nic_preferred(nic))
			*text = '\0';
	}
	if (*text && strcmp(text, said) != 0)
		print("No card is %s, which nic= or BOOTIF= asks for (an address, a PCI id such as "
		      "8086:100e, a place such as 00:03.0, or net1); see ifstat\n",
		      text);
	text_copy(said, sizeof(said), text);
}
