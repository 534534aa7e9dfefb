/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bios/pci.c and bios/pci_map.c over a model of configuration mechanism 1. The
 * host has stand-ins of the same names, so the real ones get others here.
 */
#define pci_read8	real_pci_read8
#define pci_read16	real_pci_read16
#define pci_read32	real_pci_read32
#define pci_write8	real_pci_write8
#define pci_write16	real_pci_write16
#define pci_write32	real_pci_write32
#define pci_next	real_pci_next
#define pci_capability	real_pci_capability
#define pci_enable	real_pci_enable
#define pci_enable_dma	real_pci_enable_dma
#define pci_disable_dma real_pci_disable_dma
#define pci_bar_size	real_pci_bar_size
#define pci_map		real_pci_map

#include "bios/pci.c"
#include "bios/pci_map.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "test/host/host.h"

#define FUNCTIONS 12

struct function {
	bool present;
	uint16_t busdevfn;
	uint8_t config[256];
	uint64_t bar_size[6]; /* of a 64-bit pair: at the lower index */
	bool fixed;	      /* BARs do not take an address */
	bool loses_header;    /* when it leaves D3 */
};

static struct function functions[FUNCTIONS];
static uint32_t address;
static unsigned last_bus;

static struct function *at(uint32_t busdevfn)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		if (functions[i].present && functions[i].busdevfn == busdevfn)
			return &functions[i];
	}
	return NULL;
}

static uint32_t port_in(uint16_t port, unsigned size)
{
	struct function *f = at(address >> 8 & 0xffff);
	uint32_t value = 0;

	if (port == 0xcf8)
		return address;
	assert_in_range(port, 0xcfc, 0xcff);
	if (!f || !(address & 0x80000000))
		return ~0u;
	memcpy(&value, f->config + (address & 0xfc) + (port & 3), size);
	return value;
}

/** What a write to BAR register @i leaves in it. */
static uint32_t bar_value(struct function *f, unsigned i, uint32_t value)
{
	uint32_t old = get_le32(f->config + 0x10 + 4 * i), flags = old & (old & 1 ? 3 : 15);
	bool upper = i && f->bar_size[i - 1] && (get_le32(f->config + 0xc + 4 * i) & 7) == 4;

	if (f->fixed && value != 0xffffffff)
		return old;
	if (upper)
		return value & (uint32_t)(~(f->bar_size[i - 1] - 1) >> 32);
	if (!f->bar_size[i])
		return 0;
	return (value & (uint32_t) ~(f->bar_size[i] - 1)) | flags;
}

static void port_out(uint16_t port, unsigned size, uint32_t value)
{
	struct function *f = at(address >> 8 & 0xffff);
	unsigned offset = (address & 0xfc) + (port & 3);

	if (port == 0xcf8) {
		address = value;
		return;
	}
	if (!f)
		return;
	if (offset >= 0x10 && offset < 0x28 && (f->config[0x0e] & 0x7f) == 0)
		value = bar_value(f, (offset - 0x10) / 4, value);
	if (offset == 0x44 && (f->config[0x44] & 3) && !(value & 3) && f->loses_header)
		memset(f->config + 0x10, 0, 0x18);
	memcpy(f->config + offset, &value, size);
}

static void bios(uint8_t number, struct real_regs *regs)
{
	assert_int_equal(number, 0x1a);
	assert_int_equal(regs->eax, 0xb101);
	regs->eax = 0;
	regs->edx = 0x20494350;
	regs->ecx = last_bus;
	regs->eflags = 0;
}

static struct function *plug(uint16_t busdevfn, uint32_t id)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		struct function *f = &functions[i];

		if (f->present)
			continue;
		memset(f, 0, sizeof(*f));
		f->present = true;
		f->busdevfn = busdevfn;
		put_le32(f->config, id);
		put_le16(f->config + 4, 7);
		return f;
	}
	fail_msg("too many functions");
	return NULL;
}

static void bar(struct function *f, unsigned i, uint64_t where, uint64_t size, uint32_t flags)
{
	put_le32(f->config + 0x10 + 4 * i, (uint32_t)where | flags);
	if ((flags & 7) == 4)
		put_le32(f->config + 0x14 + 4 * i, (uint32_t)(where >> 32));
	f->bar_size[i] = size;
}

static struct function *bridge(uint16_t busdevfn, uint8_t secondary, uint8_t subordinate,
			       uint32_t base, uint32_t limit)
{
	struct function *f = plug(busdevfn, 0x12348086);

	f->config[0x0e] = 1;
	f->config[0x19] = secondary;
	f->config[0x1a] = subordinate;
	put_le16(f->config + 0x20, (uint16_t)(base >> 16));
	put_le16(f->config + 0x22, (uint16_t)(limit >> 16));
	/* No prefetchable window: base above limit. */
	put_le16(f->config + 0x24, 0xfff1);
	put_le16(f->config + 0x26, 0x0001);
	return f;
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(0);
	memset(functions, 0, sizeof(functions));
	address = 0x1234;
	host_port_in = port_in;
	host_port_out = port_out;
	host_bios_call = bios;
	return 0;
}

static unsigned count_all(uint16_t *found)
{
	struct pci_device dev;
	unsigned count = 0;
	uint32_t next;

	for (next = 0; pci_next(&dev, next); next = dev.busdevfn + 1u)
		found[count++] = dev.busdevfn;
	return count;
}

/* First: the last bus is asked for once. */
static void test_scan(void **state)
{
	uint16_t found[FUNCTIONS];

	last_bus = 1;
	plug(0x0000, 0x12378086);
	plug(0x0008, 0x70008086)->config[0x0e] = 0x80; /* functions 0, 1 and 3 */
	plug(0x0009, 0x70108086);
	plug(0x000b, 0x71138086);
	plug(0x0018, 0x100e8086);
	plug(0x0019, 0xdeadbeef); /* a ghost: function 0 is not multi-function */
	plug(0x0100, 0x11111111);
	bridge(0x0020, 5, 5, 0, 0); /* further than the BIOS says */
	plug(0x0508, 0x22222222);
	assert_int_equal(count_all(found), 8);
	assert_int_equal(found[1], 0x0008);
	assert_int_equal(found[2], 0x0009);
	assert_int_equal(found[3], 0x000b);
	assert_int_equal(found[4], 0x0018);
	assert_int_equal(found[6], 0x0100);
	assert_int_equal(found[7], 0x0508);
	assert_int_equal(address, 0x1234); /* as whoever we interrupted left it */
}

static struct pci_device get(uint16_t busdevfn)
{
	struct pci_device dev;

	assert_true(pci_next(&dev, busdevfn));
	assert_int_equal(dev.busdevfn, busdevfn);
	return dev;
}

static void test_header(void **state)
{
	struct function *f = plug(0x0018, 0x10001af4);
	struct pci_device dev;

	put_le32(f->config + 8, 0x02000007);
	put_le32(f->config + 0x2c, 0x00011af4);
	f->config[0x3c] = 11;
	bar(f, 0, 0xc000, 32, 1);
	bar(f, 1, 0xfebd1000, 4096, 0);
	bar(f, 4, 0x2380000000ull, 16384, 0xc);
	dev = get(0x0018);
	assert_int_equal(dev.vendor, 0x1af4);
	assert_int_equal(dev.device, 0x1000);
	assert_int_equal(dev.class, 0x020000);
	assert_int_equal(dev.revision, 7);
	assert_int_equal(dev.subsystem_vendor, 0x1af4);
	assert_int_equal(dev.subsystem_device, 1);
	assert_int_equal(dev.irq, 11);
	assert_true(dev.bar[0].io);
	assert_int_equal(dev.bar[0].address, 0xc000);
	assert_int_equal(dev.bar[1].address, 0xfebd1000);
	assert_true(dev.bar[4].is64);
	assert_true(dev.bar[4].address == 0x2380000000ull);
	assert_int_equal(dev.bar[5].address, 0);
	assert_int_equal(pci_bar_size(&dev, 0), 32);
	assert_int_equal(pci_bar_size(&dev, 1), 4096);
	assert_int_equal(pci_bar_size(&dev, 4), 16384);
	assert_int_equal(pci_bar_size(&dev, 2), 0);
	assert_int_equal(get_le32(f->config + 0x20), 0x8000000c);
	assert_int_equal(get_le32(f->config + 0x24), 0x23);
	assert_int_equal(get_le16(f->config + 4), 7);
}

static void test_capabilities(void **state)
{
	struct function *f = plug(0x0018, 0x10001af4);
	struct pci_device dev = get(0x0018);

	f->config[0x34] = 0x40;
	f->config[0x40] = 9;
	f->config[0x41] = 0x50;
	f->config[0x50] = 1;
	f->config[0x51] = 0x62; /* low bits are reserved */
	f->config[0x60] = 9;
	f->config[0x61] = 0x40;				 /* a loop */
	assert_int_equal(pci_capability(&dev, 9, 0), 0); /* the status bit says no list */
	put_le16(f->config + 6, 0x10);
	assert_int_equal(pci_capability(&dev, 9, 0), 0x40);
	assert_int_equal(pci_capability(&dev, 9, 0x40), 0x60);
	assert_int_equal(pci_capability(&dev, 1, 0), 0x50);
	assert_int_equal(pci_capability(&dev, 5, 0), 0);
}

static void test_wake(void **state)
{
	struct function *f = plug(0x0018, 0x100e8086);
	struct pci_device dev;

	bar(f, 0, 0xfeb00000, 0x20000, 0);
	put_le16(f->config + 4, 0);
	put_le16(f->config + 6, 0x10);
	f->config[0x34] = 0x40;
	f->config[0x40] = 1;
	f->config[0x41] = 0x50;
	put_le16(f->config + 0x44, 0x8103); /* D3, PME enabled and pending */
	f->config[0x50] = 5;
	f->config[0x51] = 0x60;
	f->config[0x52] = 1; /* MSI on */
	f->config[0x60] = 0x11;
	f->config[0x63] = 0x80; /* MSI-X on */
	f->loses_header = true;
	dev = get(0x0018);
	pci_enable(&dev);
	assert_int_equal(get_le16(f->config + 0x44) & 0x0103, 0);
	assert_int_equal(get_le32(f->config + 0x10), 0xfeb00000);
	assert_int_equal(get_le16(f->config + 4), 0x403);
	assert_int_equal(f->config[0x52] & 1, 0);
	assert_int_equal(f->config[0x63] & 0x80, 0);
	assert_int_equal(f->config[0x0d], 32);
	assert_true(clock_us() >= 10000);
	pci_enable_dma(&dev);
	assert_int_equal(get_le16(f->config + 4), 0x407);
	pci_disable_dma(&dev);
	assert_int_equal(get_le16(f->config + 4), 3);
}

static void test_map(void **state)
{
	static const struct memory_range map[] = {
		{0, 0x9fc00, 1, 1},
		{0x100000, 0x7ff00000, 1, 1},
		{0xfe000000, 0x100000, 2, 1}, /* reserved by the firmware */
	};
	struct function *high = plug(0x0018, 0x10411af4), *other = plug(0x0020, 0x11111234);
	struct pci_device dev;

	host_memmap_set(map, ARRAY_SIZE(map));
	bar(high, 4, 0x800000000ull, 0x100000, 0xc);
	bar(high, 1, 0xfebff000, 0x1000, 0);
	bar(other, 0, 0xfe800000, 0x200000, 0);
	bar(other, 1, 0, 0x1000, 0); /* unassigned: occupies nothing */
	bridge(0x0028, 3, 3, 0xfe200000, 0xfe7fffff);
	dev = get(0x0018);
	/* Below the I/O APIC: fea.. is free, feb.. holds the function's own BAR 1. */
	assert_ptr_equal(pci_map(&dev, 4), (void *)0xfea00000);
	assert_true(dev.bar[4].address == 0xfea00000);
	assert_int_equal(get_le32(high->config + 0x20), 0xfea0000c);
	assert_int_equal(get_le32(high->config + 0x24), 0);
	assert_ptr_equal(pci_map(&dev, 1), (void *)0xfebff000);
	assert_ptr_equal(pci_map(&dev, 4), (void *)0xfea00000);
	/* Unassigned BARs get a place too, past the reserved range. */
	dev = get(0x0020);
	bar(other, 2, 0, 0x200000, 0);
	assert_ptr_equal(pci_map(&dev, 2), (void *)0xfde00000);
	/* Not memory. */
	bar(other, 3, 0xc000, 32, 1);
	dev = get(0x0020);
	assert_null(pci_map(&dev, 3));
	assert_non_null(strstr(error_text(), "no memory BAR 3"));
	assert_null(pci_map(&dev, 5));
	assert_null(pci_map(&dev, 9));
}

static void test_map_behind_bridge(void **state)
{
	struct function *f, *neighbour;
	struct pci_device dev;

	bridge(0x0010, 1, 2, 0xfd000000, 0xfd3fffff);
	bridge(0x0100, 2, 2, 0xfd000000, 0xfd1fffff);
	f = plug(0x0200, 0x10411af4);
	bar(f, 4, 0x800000000ull, 0x4000, 0xc);
	neighbour = plug(0x0208, 0x11111234);
	bar(neighbour, 0, 0xfd1f0000, 0x10000, 0);
	dev = get(0x0200);
	assert_ptr_equal(pci_map(&dev, 4), (void *)0xfd1ec000);
	/* No room in the window: a sentence, and the BAR stays. */
	setup(NULL);
	bridge(0x0010, 1, 1, 0xfd000000, 0xfd0fffff);
	f = plug(0x0100, 0x10411af4);
	bar(f, 4, 0x800000000ull, 0x200000, 0xc);
	dev = get(0x0100);
	assert_null(pci_map(&dev, 4));
	assert_non_null(strstr(error_text(), "above 4G decoding"));
	assert_int_equal(get_le32(f->config + 0x24), 8);
	/* A closed window. */
	setup(NULL);
	bridge(0x0010, 1, 1, 0xfff00000, 0);
	f = plug(0x0100, 0x10411af4);
	bar(f, 4, 0x800000000ull, 0x4000, 0xc);
	dev = get(0x0100);
	assert_null(pci_map(&dev, 4));
	/* A BAR that does not take what is written. */
	setup(NULL);
	f = plug(0x0018, 0x10411af4);
	bar(f, 4, 0x800000000ull, 0x4000, 0xc);
	f->fixed = true;
	dev = get(0x0018);
	assert_null(pci_map(&dev, 4));
	assert_non_null(strstr(error_text(), "did not take"));
	assert_true(dev.bar[4].address == 0x800000000ull);
}

static void test_holes(void **state)
{
	static struct ranges busy;

	busy.count = 0;
	assert_true(find_hole(&busy, 0x80000000, 0x90000000, 0x1000) == 0x8ffff000);
	assert_true(find_hole(&busy, 0x80000000, 0x80000800, 0x1000) == 0);
	range_add(&busy, 0x8ffff800, 0x1000);
	assert_true(find_hole(&busy, 0x80000000, 0x90000000, 0x1000) == 0x8fffe000);
	range_add(&busy, 0x80001000, 0x0ffff000);
	assert_true(find_hole(&busy, 0x80000000, 0x90000000, 0x1000) == 0x80000000);
	range_add(&busy, 0x80000fff, 1);
	assert_true(find_hole(&busy, 0x80000000, 0x90000000, 0x1000) == 0);
	range_add(&busy, 0, 0x80000000);
	assert_true(find_hole(&busy, 0, 0x90000000, 0x1000) == 0);
	for (unsigned i = 0; i < 300; i++)
		range_add(&busy, 0x1000, 1);
	assert_true(find_hole(&busy, 0x80000000, 0xa0000000, 0x1000) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_scan, setup),
		cmocka_unit_test_setup(test_header, setup),
		cmocka_unit_test_setup(test_capabilities, setup),
		cmocka_unit_test_setup(test_wake, setup),
		cmocka_unit_test_setup(test_map, setup),
		cmocka_unit_test_setup(test_map_behind_bridge, setup),
		cmocka_unit_test_setup(test_holes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
