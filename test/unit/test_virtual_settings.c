/* SPDX-License-Identifier: BSD-2-Clause */
/* Scopes and settings that are computed from the machine: smbios, acpi, pci, cpuid, memmap,
 * feature, a card's address as kernels take it, and the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail
#include "bios/clock.h"
#include "bios/physical.h"
#include "lib/cpu.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "nic/nic.h"
#include "test/host/host.h"

#define MEMORY	  0x110000u
#define SM_ENTRY  0xf0040u
#define SM_TABLE  0xf1000u
#define RSDP	  0xf2000u
#define RSDT	  0xf2100u
#define FADT	  0xf2200u
#define SSDT(n)	  (0xf2400u + 0x100u * (n))
#define SSDT_SIZE 40u

static uint8_t *memory;

static void set_sum(uint8_t *p, size_t len, size_t at)
{
	uint8_t sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)-sum;
}

/* ---- SMBIOS ---- */

static const uint8_t structures[] =
	/* BIOS */
	"\0\5\0\0\1Bios Maker\0\0"
	/* System: manufacturer 1, product 2, version 0, serial 3, UUID */
	"\1\x19\1\0\1\2\0\3\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff\6"
	"Acme\0Rocket\0S123\0\0"
	/* Two processors of which only the second has a string */
	"\4\6\2\0\0\x12\0\0"
	"\4\6\3\0\1\x34Second\0\0"
	/* End, with something behind it */
	"\177\4\4\0\0\0"
	"\3\5\5\0\1behind the end\0\0";

static void smbios_entry(const char *anchor, uint8_t major, uint8_t minor, uint32_t len)
{
	uint8_t *e = memory + SM_ENTRY;

	memset(e, 0, 64);
	memcpy(memory + SM_TABLE, structures, sizeof(structures));
	memcpy(e, anchor, strlen(anchor));
	if (!strcmp(anchor, "_SM3_")) {
		e[6] = 24;
		e[7] = major;
		e[8] = minor;
		put_le32(e + 12, len);
		put_le64(e + 16, SM_TABLE);
		set_sum(e, 24, 5);
		return;
	}
	e[5] = 31;
	e[6] = major;
	e[7] = minor;
	put_le16(e + 22, (uint16_t)len);
	put_le32(e + 24, SM_TABLE);
	set_sum(e, 31, 4);
}

/* ---- ACPI ---- */

static void acpi_table_at(uint32_t at, const char *signature, uint32_t len)
{
	memcpy(memory + at, signature, 4);
	put_le32(memory + at + 4, len);
	memcpy(memory + at + 10, "OEMID!", 6);
	set_sum(memory + at, len, 9);
}

static void acpi_tables(void)
{
	put_le32(memory + FADT + 36, 0x12345678);
	acpi_table_at(FADT, "FACP", 0x74);
	for (unsigned i = 0; i < 2; i++) {
		memory[SSDT(i) + 36] = (uint8_t)('a' + i);
		acpi_table_at(SSDT(i), "SSDT", SSDT_SIZE);
	}
	put_le32(memory + RSDT + 36, FADT);
	put_le32(memory + RSDT + 40, SSDT(0));
	put_le32(memory + RSDT + 44, SSDT(1));
	acpi_table_at(RSDT, "RSDT", 48);
	memcpy(memory + RSDP, "RSD PTR ", 8);
	put_le32(memory + RSDP + 16, RSDT);
	set_sum(memory + RSDP, 20, 8);
}

static int setup(void **state)
{
	host_reset();
	settings_reset();
	memory = calloc(1, MEMORY);
	physical_memory = memory;
	physical_memory_size = MEMORY;
	smbios_entry("_SM_", 2, 8, sizeof(structures));
	acpi_tables();
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	host_card_reset();
	physical_memory = NULL;
	physical_memory_size = 0;
	free(memory);
	assert_int_equal(host_heap_blocks(), 0);
	return 0;
}

/* "NAME:TYPE=VALUE" of what @name resolves to, "" when nothing. */
static const char *resolve(const char *name)
{
	static char out[512];
	struct setting_value value;
	char text[400];

	out[0] = 0;
	if (setting_fetch(name, &value) || setting_show(&value, text, sizeof(text)) < 0)
		return out;
	format(out, sizeof(out), "%s:%s=%s", value.name, value.type->name, text);
	return out;
}

#define RESOLVES(name, expected) assert_string_equal(resolve(name), expected)

static void test_smbios(void **state)
{
	RESOLVES("smbios/1.4.0", "manufacturer:string=Acme");
	RESOLVES("manufacturer", "manufacturer:string=Acme");
	RESOLVES("product:hex", "product:hex=52:6f:63:6b:65:74");
	RESOLVES("serial", "serial:string=S123");
	RESOLVES("smbios/serial", "serial:string=S123");
	RESOLVES("smbios/1.0.2", "1.0.2:string=Rocket");
	RESOLVES("smbios/1.4.1", "1.4.1:hex=01");
	RESOLVES("smbios/1.1.1:uint8", "1.1.1:uint8=0x19");
	RESOLVES("smbios/0x1.0x8.0x4", "0x1.0x8.0x4:hex=33:22:11:00");
	RESOLVES("smbios/0.0.0", "0.0.0:hex=00:05:00:00:01");
	RESOLVES("smbios/0.1.7.0", "0.1.7.0:string=S123");
	RESOLVES("smbios/4.5.1", "4.5.1:hex=12");
	RESOLVES("smbios/1.4.5.1", "1.4.5.1:hex=34");
	RESOLVES("smbios/1.4.4.0", "1.4.4.0:string=Second");
	RESOLVES("smbios/127.0.2", "");
	RESOLVES("smbios/127.0.4:hex", "");
	RESOLVES("smbios/127.1.1", "127.1.1:hex=04");
}

static void test_smbios_absent(void **state)
{
	static const char *const names[] = {
		"smbios/1.6.0",				 /* no string: number 0 */
		"smbios/4.4.0",		 "smbios/1.0.4", /* no fourth string */
		"smbios/1.24.2",	 "smbios/1.200.1", "smbios/1.8.4000000000",
		"smbios/2.4294967295.2", "smbios/2.4.1.1", "smbios/2.1.4.0", /* no such instance */
		"smbios/3.4.0",		 "asset",			     /* behind the end */
		"smbios/9.4.0",		 "smbios/1.4",	   "smbios/a.b.c",
		"smbios/1.4.0.0.0",	 "smbios/1..0",	   "smbios/-1.4.0",
		"smbios/1.8.15:uuid",	 "board-serial",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		RESOLVES(names[i], "");
	smbios_entry("_SM_", 2, 8, 30); /* the table cut in the middle of a structure */
	RESOLVES("smbios/1.4.0", "");
	memory[SM_ENTRY + 4] ^= 1;
	RESOLVES("smbios/0.0.0", "");
}

static void test_smbios_uuid(void **state)
{
	RESOLVES("uuid", "uuid:uuid=00112233-4455-6677-8899-aabbccddeeff");
	RESOLVES("smbios/1.8.16", "uuid:uuid=00112233-4455-6677-8899-aabbccddeeff");
	RESOLVES("smbios/1.8.16:guid", "uuid:guid=00112233-4455-6677-8899-aabbccddeeff");
	RESOLVES("uuid:hexraw", "uuid:hexraw=33221100554477668899aabbccddeeff");
	smbios_entry("_SM_", 2, 5, sizeof(structures));
	RESOLVES("uuid", "uuid:uuid=33221100-5544-7766-8899-aabbccddeeff");
	smbios_entry("_SM3_", 3, 0, 0xffffffff);
	RESOLVES("uuid", "");
	smbios_entry("_SM3_", 3, 0, sizeof(structures));
	RESOLVES("uuid", "uuid:uuid=00112233-4455-6677-8899-aabbccddeeff");
	memset(memory + SM_TABLE + 17 + 8, 0xff, 16);
	RESOLVES("uuid", "");
}

static void test_acpi(void **state)
{
	RESOLVES("acpi/FACP.0.4:string", "FACP.0.4:string=FACP");
	RESOLVES("acpi/FACP.36.4", "FACP.36.4:hexraw=12345678");
	RESOLVES("acpi/FACP.36.4:uint32", "FACP.36.4:uint32=0x12345678");
	RESOLVES("acpi/FACP.36.4:hex", "FACP.36.4:hex=78:56:34:12");
	RESOLVES("acpi/FACP.10.6", "FACP.10.6:hex=4f:45:4d:49:44:21");
	RESOLVES("acpi/FACP.0.0.36.4", "FACP.0.0.36.4:hexraw=12345678");
	RESOLVES("acpi/0x46414350.0.0.10.6:string", "0x46414350.0.0.10.6:string=OEMID!");
	RESOLVES("acpi/SSDT.36.1:string", "SSDT.36.1:string=a");
	RESOLVES("acpi/SSDT.1.0.36.1:string", "SSDT.1.0.36.1:string=b");
	RESOLVES("acpi/SSDT.36.0", "SSDT.36.0:hex=61:00:00:00");
	RESOLVES("acpi/SSDT.2.0.36.1", "");
	RESOLVES("acpi/SSDT.0.1.36.1", "");
	RESOLVES("acpi/SSDT.40.1", "");
	RESOLVES("acpi/SSDT.39.2", "");
	RESOLVES("acpi/SSDT.39.4294967295", "");
	RESOLVES("acpi/XXXX.0.4", "");
	RESOLVES("acpi/FACP", "");
	RESOLVES("acpi/FACP.", "");
	RESOLVES("acpi/FACP.0", "");
	RESOLVES("acpi/FACP.0.0.4", "");
	RESOLVES("acpi/.0.4", "");
	memory[FADT + 9] ^= 1;
	RESOLVES("acpi/FACP.0.4", "");
}

static void test_pci(void **state)
{
	host_pci_add(0x0118, 0x8086, 0x100e, 0x020000);
	RESOLVES("pci/0x118.0.2", "0x118.0.2:hexraw=8086");
	RESOLVES("pci/280.0x2.2:uint16", "280.0x2.2:uint16=0x100e");
	RESOLVES("pci/0x118.0.4:hex", "0x118.0.4:hex=10:0e:80:86");
	RESOLVES("pci/01:03.0.0.2", "01:03.0.0.2:hexraw=8086");
	RESOLVES("pci/0000:01:03.0.9.3", "0000:01:03.0.9.3:hexraw=020000");
	RESOLVES("pci/0000:01:03.0.0.2:uint16", "0000:01:03.0.0.2:uint16=0x8086");
	RESOLVES("pci/0x120.0.2", "0x120.0.2:hexraw=ffff");
	RESOLVES("pci/0x118.255.1", "0x118.255.1:hexraw=00");
	RESOLVES("pci/0x118.255.2", "");
	RESOLVES("pci/0x118.256.0", "");
	RESOLVES("pci/0x118.0.0", "");
	RESOLVES("pci/0x118.0", "");
	RESOLVES("pci/0x10118.0.2", "");
	RESOLVES("pci/0001:01:03.0.0.2", "");
	RESOLVES("pci/100:03.0.0.2", "");
	RESOLVES("pci/01:20.0.0.2", "");
	RESOLVES("pci/01:03.8.0.2", "");
	RESOLVES("pci/:03.0.0.2", "");
	RESOLVES("pci/x.0.2", "");
	RESOLVES("pci/0x118.0.4294967295", "");
}

static void test_cpuid(void **state)
{
	struct cpuid zero = cpuid(0, 0);
	char expected[64];

	format(expected, sizeof(expected), "ebx.0:uint32=0x%x", (unsigned)zero.ebx);
	RESOLVES("cpuid/ebx.0", expected);
	format(expected, sizeof(expected), "2.0.0:uint32=0x%x", (unsigned)zero.ecx);
	RESOLVES("cpuid/2.0.0", expected);
	format(expected, sizeof(expected), "3.0x80000001:uint32=0x%x",
	       (unsigned)cpuid(0x80000001u, 0).edx);
	RESOLVES("cpuid/3.0x80000001", expected);
	format(expected, sizeof(expected), "cpuvendor:string=%.4s%.4s%.4s", (char *)&zero.ebx,
	       (char *)&zero.edx, (char *)&zero.ecx);
	RESOLVES("cpuvendor", expected);
	RESOLVES("cpuid/cpuvendor", expected);
	assert_true(strlen(resolve("cpumodel")) > strlen("cpumodel:string="));
	RESOLVES("cpuid/4.0", "");
	RESOLVES("cpuid/exx.0", "");
	RESOLVES("cpuid/eax", "");
	RESOLVES("cpuid/eax.", "");
	RESOLVES("cpuid/eax.0.0.0", "");
}

static void test_memmap(void **state)
{
	static const struct memory_range map[] = {
		{0, 0x9fc00, 1, 1},
		{0x9fc00, 0x400, 2, 1},
		{0x100000, 0xfee0000, 1, 1},
		{0x100000000, 0x80000000, 1, 1},
	};

	host_memmap_set(map, ARRAY_SIZE(map));
	RESOLVES("memsize", "memsize:int32=2304");
	RESOLVES("memmap/0.1", "0.1:uint32=0x0");
	RESOLVES("memmap/0.2", "0.2:uint32=0x9fc00");
	RESOLVES("memmap/1.3", "1.3:uint32=0xffe0000");
	RESOLVES("memmap/2.1.20", "2.1.20:uint32=0x1000");
	RESOLVES("memmap/2.3", "2.3:uint32=0x180000000");
	RESOLVES("memmap/3.1", "");
	RESOLVES("memmap/0.0", "");
	RESOLVES("memmap/0.4", "");
	RESOLVES("memmap/0", "");
	RESOLVES("memmap/0.1.64", "");
}

static void test_feature(void **state)
{
	RESOLVES("feature/http", "http:string=1");
	RESOLVES("feature/iSCSI", "iSCSI:string=1");
	RESOLVES("feature/bzimage", "bzimage:string=1");
	RESOLVES("feature/virtio-net", "virtio-net:string=1");
	RESOLVES("feature/sanboot", "sanboot:string=1");
	RESOLVES("feature/gopher", "");
	RESOLVES("feature/htt", "");
}

static void drop(struct nic *nic, const struct tx_frame *frame)
{
}

static void test_kernel_forms(void **state)
{
	host_card_add(0, drop);
	host_card_add(0, drop);
	RESOLVES("net0/kernel-ip", "");
	RESOLVES("net0/bootif", "bootif:string=01-52-54-00-12-34-56");
	RESOLVES("net1/bootif", "bootif:string=01-52-54-00-12-34-57");
	RESOLVES("net2/bootif", "");
	setting_store("net0/ip", "192.0.2.7", SOURCE_SCRIPT);
	RESOLVES("net0/kernel-ip", "kernel-ip:string=ip=192.0.2.7::::::none:");
	setting_store("net0/gateway", "192.0.2.1", SOURCE_SCRIPT);
	setting_store("net0/netmask", "255.255.255.0", SOURCE_SCRIPT);
	setting_store("hostname", "pc-7.example", SOURCE_SCRIPT);
	setting_store_raw("net0.dhcp", "dns", NULL, "\1\2\3\4\5\6\7\10\11\12\13\14\15", 13,
			  SOURCE_DHCP);
	RESOLVES("net0/kernel-ip",
		 "kernel-ip:string=ip=192.0.2.7::192.0.2.1:255.255.255.0:pc-7.example::none:"
		 "1.2.3.4:5.6.7.8");
	RESOLVES("kernel-ip",
		 "kernel-ip:string=ip=192.0.2.7::192.0.2.1:255.255.255.0:pc-7.example::none:"
		 "1.2.3.4:5.6.7.8");
	setting_store("hostname", "x init=/bin/sh", SOURCE_SCRIPT);
	setting_store("net0/dns", "9.9.9.9", SOURCE_SCRIPT);
	RESOLVES("net0/kernel-ip",
		 "kernel-ip:string=ip=192.0.2.7::192.0.2.1:255.255.255.0:::none:9.9.9.9");
	RESOLVES("net1/kernel-ip", "");
}

static void test_unixtime(void **state)
{
	host_clock_set_ms(0);
	RESOLVES("unixtime", "unixtime:uint32=0x6553f100");
	assert_int_equal(setting_store("unixtime", "1000000000", SOURCE_SCRIPT), 0);
	host_clock_advance_ms(5000);
	RESOLVES("builtin/unixtime", "unixtime:uint32=0x3b9aca05");
	assert_int_equal(setting_store("builtin/unixtime", "", SOURCE_SCRIPT), 0);
	RESOLVES("unixtime", "unixtime:uint32=0x6553f105");
	assert_int_equal(setting_store("builtin/version", "9", SOURCE_SCRIPT), E_SETTING_FIXED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_smbios),   TEST(test_smbios_absent), TEST(test_smbios_uuid),
		TEST(test_acpi),     TEST(test_pci),	       TEST(test_cpuid),
		TEST(test_memmap),   TEST(test_feature),       TEST(test_kernel_forms),
		TEST(test_unixtime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
