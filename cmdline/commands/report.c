/* SPDX-License-Identifier: BSD-2-Clause */
/* report: one screen to send along with a question. */
#include "bios/heap.h"
#include "bios/memmap.h"
#include "boot/boot.h"
#include "cmdline/interpreter.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"
#include "netstack/net.h"
#include "san/san.h"

#define ERRORS_SHOWN 5
#define LINE_BYTES   1024

/* type_of_loader, Linux boot protocol: the high half is the loader, the low one its version. */
static const char *loader_name(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = {
		{0x31, "SYSLINUX"}, {0x32, "PXELINUX"}, {0x33, "ISOLINUX"}, {0x34, "EXTLINUX"}};
	static const char *const families[16] = {
		"LILO",	  "Loadlin", "bootsect", "SYSLINUX", "Etherboot", "ELILO", "", "GRUB",
		"U-Boot", "Xen",     "Gujin",	 "QEMU",     "Arcturus",  "kexec", "", ""};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return *families[type >> 4] ? families[type >> 4] : "unknown loader";
}

static void report_start(void)
{
	char text[2048];

	print("ipxe.lkrn %s, started by %s (type 0x%02x) through the %s-bit entry\n", version,
	      loader_name(loader.loader_type), loader.loader_type, loader.entry32 ? "32" : "16");
	cmdline_hide_secrets(loader.cmdline, text, sizeof(text));
	print("Command line: %s\n", *text ? text : "(empty)");
}

static void report_machine(void)
{
	static struct memory_range ranges[MEMMAP_MAX];
	const struct memory_range *firmware;
	unsigned count = memmap_firmware(&firmware);
	char maker[64], product[64];
	size_t largest, heap = heap_free_bytes(&largest);
	uint64_t ram = 0, usable = 0;

	for (unsigned i = 0; i < count; i++)
		ram += firmware[i].type == 1 ? firmware[i].length : 0;
	count = memmap_usable(ranges, MEMMAP_MAX);
	for (unsigned i = 0; i < count; i++)
		usable += ranges[i].type == 1 ? ranges[i].length : 0;
	setting_text("", "manufacturer", maker, sizeof(maker));
	setting_text("", "product", product, sizeof(product));
	print("Machine: %s %s, %llu MB of RAM, %llu MB for a kernel\n", maker, product,
	      (unsigned long long)(ram >> 20), (unsigned long long)(usable >> 20));
	print("Memory: %u MB free for images in one block, %u KB of heap free (largest %u KB)\n",
	      (unsigned)(image_memory_largest() >> 20), (unsigned)(heap >> 10),
	      (unsigned)(largest >> 10));
}

static void report_cards(void)
{
	struct nic *nic;

	if (list_empty(&nics))
		print("No network card\n");
	list_for_each(nic, &nics, link)
		nic_print(nic);
	nic_print_unknown();
	netif_print_routes();
}

/* The last failures that were shown: lines with a code in parentheses. */
static void report_errors(void)
{
	static char lines[ERRORS_SHOWN][LINE_BYTES];
	uint32_t position = 0;
	char line[LINE_BYTES];
	unsigned count = 0;

	while (log_line(&position, line, sizeof(line)))
		if (strstr(line, "(E-"))
			text_copy(lines[count++ % ERRORS_SHOWN], LINE_BYTES, line);
	print(count ? "Last failures:\n" : "No failure so far\n");
	for (unsigned i = count > ERRORS_SHOWN ? count - ERRORS_SHOWN : 0; i < count; i++) {
		/* Not print(): in the log they would be failures again. */
		const char *failure = lines[i % ERRORS_SHOWN];

		log_output("  ", 2);
		log_output(failure, strlen(failure));
		log_output("\n", 1);
	}
}

static int run_report(struct call *call)
{
	report_start();
	report_machine();
	report_cards();
	san_print();
	report_errors();
	return 0;
}
TABLE_ENTRY(command, cmd_report) = {
	.name = "report",
	.arguments = "",
	.summary = "One screen about this start: loader, machine, cards, leases, SAN, failures",
	.run = run_report,
};
