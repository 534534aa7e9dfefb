/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publishing the iBFT: "ACPI Specification" 5.2.5 to 5.2.8 and the iBFT
 * specification's two ways of being found.
 *
 * 1. The table lies in the resident low block, at or above 0x80000 on 16 bytes,
 *    where operating systems scan for it. This always works.
 * 2. It is listed in the RSDT and XSDT, in one of two ways. A longer copy of the
 *    root table in our own memory, to which the root pointer (RSDP) is turned:
 *    possible where the firmware left the RSDP writable. Else, the root table
 *    grows where it stands, by one entry: only when it lies in memory that the
 *    firmware reserved, the bytes behind it are zero, and no table that we know
 *    of lies there. What fits neither stays untouched.
 *
 * Every change is written as a patch that remembers what was there before, is
 * read back (ROM shadow may swallow writes), and is undone on withdrawal unless
 * somebody else changed the place in between.
 */
#include "acpi/ibft.h"
#include "acpi/tables.h"
#include "bios/gate.h"
#include "bios/heap.h"
#include "bios/memmap.h"
#include "bios/physical.h"
#include "lib/error.h"
#include "lib/log.h"

#define SCAN_START 0x80000u
#define SCAN_VIDEO 0xa0000u /* not memory: skipped */
#define SCAN_ROMS  0xc0000u
#define SCAN_END   0x100000u

/* Root System Description Pointer. */
enum {
	RSDP_CHECKSUM = 8,
	RSDP_REVISION = 15,
	RSDP_RSDT = 16,
	RSDP_LENGTH = 20,
	RSDP_XSDT = 24,
	RSDP_CHECKSUM2 = 32,
	RSDP_SIZE1 = 20, /* ACPI 1.0 */
	RSDP_SIZE2 = 36,
};
/* System description table header. */
enum { SDT_LENGTH = 4, SDT_CHECKSUM = 9, SDT_SIZE = 36 };
/* Fixed ACPI Description Table: tables that no root table lists. */
enum { FADT_FACS = 36, FADT_DSDT = 40 };

struct patch {
	uint8_t *at;
	uint8_t len;
	uint8_t before[RSDP_SIZE2], after[RSDP_SIZE2];
};

static uint8_t *home; /* the published table; NULL: none */
static size_t home_len;
static struct patch patches[8];
static unsigned patch_count;
static void *copies[2]; /* root tables of ours */

/* ---- Patches ---- */

static void write_bytes(uint8_t *at, const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		((volatile uint8_t *)at)[i] = bytes[i];
}

static bool holds(const uint8_t *at, const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		if (((const volatile uint8_t *)at)[i] != bytes[i])
			return false;
	}
	return true;
}

/* False when the memory did not take it (then nothing is changed). */
static bool patch(uint8_t *at, const void *bytes, unsigned len)
{
	struct patch *p = &patches[patch_count];

	if (patch_count == ARRAY_SIZE(patches) || len > sizeof(p->before))
		return false;
	p->at = at;
	p->len = (uint8_t)len;
	memcpy(p->before, at, len);
	memcpy(p->after, bytes, len);
	write_bytes(at, bytes, len);
	if (!holds(at, bytes, len)) {
		write_bytes(at, p->before, len);
		return false;
	}
	patch_count++;
	return true;
}

/* Undo the patches from the last down to number @from. */
static void unpatch(unsigned from)
{
	while (patch_count > from) {
		const struct patch *p = &patches[--patch_count];

		if (holds(p->at, p->after, p->len))
			write_bytes(p->at, p->before, p->len);
	}
}

/* ---- Finding ---- */

/* The sound table at @address, when its signature is @signature. */
static uint8_t *table_at(uint64_t address, const char *signature)
{
	const struct acpi_header *table = acpi_table_at(address);

	return table && !memcmp(table->signature, signature, 4) ? physical(address, table->length)
								: NULL;
}

static uint64_t root_entry(const uint8_t *root, unsigned entry_size, unsigned index)
{
	const uint8_t *p = root + SDT_SIZE + index * entry_size;

	return entry_size == 8 ? get_le64(p) : get_le32(p);
}

static unsigned root_entries(const uint8_t *root, unsigned entry_size)
{
	return (get_le32(root + SDT_LENGTH) - SDT_SIZE) / entry_size;
}

/* ---- Listing ---- */

static void put_entry(uint8_t *p, unsigned entry_size)
{
	memset(p, 0, entry_size);
	put_le32(p, physical_address(home));
}

/* A copy of @root with one more entry, in our memory. */
static uint8_t *copy_root(const uint8_t *root, unsigned entry_size)
{
	uint32_t len = get_le32(root + SDT_LENGTH);
	uint8_t *copy = heap_alloc_aligned(len + entry_size, 16);

	if (!copy)
		return NULL;
	memcpy(copy, root, len);
	put_entry(copy + len, entry_size);
	put_le32(copy + SDT_LENGTH, len + entry_size);
	copy[SDT_CHECKSUM] = (uint8_t)(copy[SDT_CHECKSUM] - acpi_sum(copy, len + entry_size));
	return copy;
}

/* Turn the root pointer to copies of ours. */
static bool list_in_copies(uint8_t *rsdp, const uint8_t *rsdt, const uint8_t *xsdt)
{
	uint8_t changed[RSDP_SIZE2];
	unsigned size = rsdp[RSDP_REVISION] >= 2 ? RSDP_SIZE2 : RSDP_SIZE1;

	memcpy(changed, rsdp, size);
	if (rsdt) {
		copies[0] = copy_root(rsdt, 4);
		if (!copies[0])
			return false;
		put_le32(changed + RSDP_RSDT, physical_address(copies[0]));
	}
	if (xsdt) {
		copies[1] = copy_root(xsdt, 8);
		if (!copies[1])
			return false;
		put_le64(changed + RSDP_XSDT, physical_address(copies[1]));
	}
	changed[RSDP_CHECKSUM] = (uint8_t)(changed[RSDP_CHECKSUM] - acpi_sum(changed, RSDP_SIZE1));
	if (size == RSDP_SIZE2)
		changed[RSDP_CHECKSUM2] =
			(uint8_t)(changed[RSDP_CHECKSUM2] - acpi_sum(changed, RSDP_SIZE2));
	return patch(rsdp, changed, size);
}

static bool in_firmware_memory(uint64_t start, uint64_t end)
{
	const struct memory_range *ranges;
	unsigned count = memmap_firmware(&ranges);

	for (unsigned i = 0; i < count; i++) {
		if (ranges[i].type != 1 && start >= ranges[i].base &&
		    end <= ranges[i].base + ranges[i].length)
			return true;
	}
	return false;
}

static bool touches(uint64_t address, uint64_t start, uint64_t end)
{
	const uint8_t *p = address ? physical(address, SDT_SIZE) : NULL;

	return p && address < end && start < address + get_le32(p + SDT_LENGTH);
}

/* Does a table that @root leads to lie in [start, end)? */
static bool known_table_in(const uint8_t *root, unsigned entry_size, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < root_entries(root, entry_size); i++) {
		uint64_t entry = root_entry(root, entry_size, i);
		const uint8_t *fadt = table_at(entry, "FACP");

		if (touches(entry, start, end))
			return true;
		if (fadt && get_le32(fadt + SDT_LENGTH) >= FADT_DSDT + 4 &&
		    (touches(get_le32(fadt + FADT_FACS), start, end) ||
		     touches(get_le32(fadt + FADT_DSDT), start, end)))
			return true;
	}
	return false;
}

static bool grow_root(uint8_t *root, unsigned entry_size, const uint8_t *other,
		      unsigned other_entry_size)
{
	static const uint8_t zero[8];
	uint8_t header[SDT_CHECKSUM + 1], entry[8];
	uint32_t len = get_le32(root + SDT_LENGTH);
	uint64_t end = (uint64_t)physical_address(root) + len;
	unsigned before = patch_count;

	if (!physical(end, entry_size) || memcmp(root + len, zero, entry_size) ||
	    !in_firmware_memory(physical_address(root), end + entry_size) ||
	    known_table_in(root, entry_size, end, end + entry_size) ||
	    (other && (touches(physical_address(other), end, end + entry_size) ||
		       known_table_in(other, other_entry_size, end, end + entry_size))))
		return false;
	memcpy(header, root, sizeof(header));
	put_entry(entry, entry_size);
	put_le32(header + SDT_LENGTH, len + entry_size);
	header[SDT_CHECKSUM] =
		(uint8_t)(header[SDT_CHECKSUM] - acpi_sum(entry, entry_size) -
			  acpi_sum(header + SDT_LENGTH, 4) + acpi_sum(root + SDT_LENGTH, 4));
	if (patch(root + len, entry, entry_size) && patch(root, header, sizeof(header)))
		return true;
	unpatch(before);
	return false;
}

static void free_copies(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(copies); i++) {
		heap_free(copies[i]);
		copies[i] = NULL;
	}
}

static void list_table(void)
{
	uint8_t *rsdp = (uint8_t *)acpi_rsdp(), *rsdt, *xsdt = NULL;

	if (!rsdp) {
		log_debug("ibft", 1, "no ACPI root pointer: the iBFT is found by scan only");
		return;
	}
	rsdt = table_at(get_le32(rsdp + RSDP_RSDT), "RSDT");
	if (rsdp[RSDP_REVISION] >= 2)
		xsdt = table_at(get_le64(rsdp + RSDP_XSDT), "XSDT");
	if ((rsdt || xsdt) && list_in_copies(rsdp, rsdt, xsdt))
		return;
	free_copies();
	if (rsdt)
		grow_root(rsdt, 4, xsdt, 8);
	if (xsdt)
		grow_root(xsdt, 8, rsdt, 4);
	if (!patch_count)
		log_debug("ibft", 1,
			  "the firmware's ACPI root tables cannot be changed: the iBFT "
			  "is found by scan only");
}

/* ---- Publishing ---- */

uint32_t acpi_scan_ibft(uint32_t from)
{
	for (uint32_t at = max(ALIGN_UP(from, 16u), SCAN_START); at < SCAN_END; at += 16) {
		const uint8_t *p;
		uint32_t len;

		if (at == SCAN_VIDEO)
			at = SCAN_ROMS;
		p = physical(at, SDT_SIZE);
		if (!p || memcmp(p, "iBFT", 4))
			continue;
		len = get_le32(p + SDT_LENGTH);
		if (len >= SDT_SIZE && len <= SCAN_END - at)
			return at;
	}
	return 0;
}

const void *acpi_ibft(size_t *len)
{
	*len = home ? home_len : 0;
	return home;
}

bool acpi_ibft_listed(void)
{
	return patch_count != 0;
}

static void warn_of_others(void)
{
	uint32_t first = acpi_scan_ibft(SCAN_START);

	if (first && first < physical_address(home))
		print("Warning: another iBFT lies at 0x%x, before ours at 0x%x: an operating "
		      "system "
		      "may take that one. Disable iSCSI boot in the network card's option ROM.\n",
		      first, physical_address(home));
}

int acpi_publish_ibft(const struct ibft_params *params)
{
	uint32_t low_start, low_end;
	void *place = low_ibft();
	long len;

	if (!place) {
		low_block(&low_start, &low_end);
		return fail(E_IBFT_LOW_MEMORY,
			    "iBFT: base memory ends so low that the table would lie at 0x%x; "
			    "operating systems look for it from 0x80000 up. Hook with "
			    "--no-describe to go on without it",
			    low_start);
	}
	acpi_withdraw_ibft();
	len = ibft_build(params, place, IBFT_MAX);
	if (len < 0)
		return (int)len;
	home = place;
	home_len = (size_t)len;
	list_table();
	warn_of_others();
	return 0;
}

void acpi_withdraw_ibft(void)
{
	if (!home)
		return;
	unpatch(0);
	free_copies();
	memset(home, 0, IBFT_MAX);
	home = NULL;
}
