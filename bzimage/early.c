/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first C code, running where the boot loader put the image: note what the
 * loader said, take stock of memory, and choose our home.
 *
 * The fields of boot_params are those of the Linux/x86 boot protocol; the
 * 16-bit path passes our own setup header, which lies at the same offsets.
 */
#include "bzimage/handover.h"
#include "bzimage/no_bios.h"
#include "bios/heap.h"
#include "bios/low.h"
#include "bios/memmap_internal.h"

#define BP_EFI_SIGNATURE  0x1c0 /* efi_info.efi_loader_signature */
#define BP_HEADER_MAGIC	  0x202
#define BP_TYPE_OF_LOADER 0x210
#define BP_RAMDISK_IMAGE  0x218
#define BP_RAMDISK_SIZE	  0x21c
#define BP_CMD_LINE_PTR	  0x228
#define MAGIC_HDRS	  0x53726448u
#define ENTRY_16BIT	  0x36317472u /* set by setup.asm */

#define BASE_MEMORY_MIN_KB 128 /* the low block must lie above what loaders and kernels use */
#define HEAP_MIN	   (1u << 20)
#define HEAP_MAX	   (16u << 20)

struct handover handover __attribute__((section(".data"))) = {0};

static void refuse_efi(const uint8_t *bp)
{
	if (get_le32(bp + BP_EFI_SIGNATURE) != 0x32334c45 && /* "EL32" */
	    get_le32(bp + BP_EFI_SIGNATURE) != 0x34364c45)   /* "EL64" */
		return;
	no_bios_stop(bp,
		     "ipxe.lkrn needs a BIOS, but EFI firmware started this machine: enable CSM "
		     "or legacy boot, or use an EFI network boot program");
}

static void note_loader(const uint8_t *bp, bool entry32)
{
	const char *cmdline = (const char *)get_le32(bp + BP_CMD_LINE_PTR);
	size_t len = 0;

	handover.entry32 = entry32;
	if (get_le32(bp + BP_HEADER_MAGIC) != MAGIC_HDRS)
		return;
	handover.loader_type = bp[BP_TYPE_OF_LOADER];
	handover.initrd = get_le32(bp + BP_RAMDISK_IMAGE);
	handover.initrd_len = get_le32(bp + BP_RAMDISK_SIZE);
	if (!handover.initrd || handover.initrd + handover.initrd_len < handover.initrd)
		handover.initrd_len = 0;
	if (!cmdline)
		return;
	while (len < sizeof(handover.cmdline) - 1 && cmdline[len])
		len++;
	memcpy(handover.cmdline, cmdline, len);
}

/* Carve [base, end) out of a candidate interval: the larger part stays. */
static void avoid(uint64_t *start, uint64_t *end, uint64_t base, uint64_t limit)
{
	if (base >= limit || limit <= *start || base >= *end)
		return;
	if (base - *start > *end - limit || limit >= *end)
		*end = base;
	else
		*start = limit;
}

/* The highest run of RAM below 4 GB that holds image and heap, clear of the initrd and of us. */
static uint32_t choose_home(uint32_t here, uint32_t size)
{
	uint64_t total = 0, wanted, home = 0;

	for (unsigned i = 0; i < handover.range_count; i++)
		if (handover.ranges[i].type == 1)
			total += handover.ranges[i].length;
	wanted = min(max(total / 8, (uint64_t)2 * HEAP_MIN), (uint64_t)HEAP_MAX);
	for (unsigned tries = 0; tries < 8 && !home; tries++, wanted /= 2) {
		for (unsigned i = 0; i < handover.range_count; i++) {
			uint64_t start = max(handover.ranges[i].base, (uint64_t)0x100000);
			uint64_t end = min(handover.ranges[i].base + handover.ranges[i].length,
					   (uint64_t)0xfffff000);

			if (handover.ranges[i].type != 1 || start >= end)
				continue;
			avoid(&start, &end, handover.initrd,
			      (uint64_t)handover.initrd + handover.initrd_len);
			avoid(&start, &end, here, (uint64_t)here + size);
			start = ALIGN_UP(start, 4096);
			end = ALIGN_DOWN(end, 4096);
			if (start < end && end - start >= size + wanted && end > home) {
				home = ALIGN_DOWN(end - size - wanted, 4096);
				handover.home_size = (uint32_t)(end - home);
			}
		}
	}
	return (uint32_t)home;
}

uint32_t early_main(const uint8_t *boot_params, uint32_t entry, uint32_t here, uint32_t size)
{
	bool entry32 = entry != ENTRY_16BIT;

	if (entry32)
		refuse_efi(boot_params);
	note_loader(boot_params, entry32);
	handover.base_memory_kb = *(volatile uint16_t *)0x413;
	if (handover.base_memory_kb < BASE_MEMORY_MIN_KB || handover.base_memory_kb > 640)
		no_bios_stop(NULL, "ipxe.lkrn: the BIOS reports no usable base memory (40:13)");
	handover.low_base = ALIGN_DOWN(handover.base_memory_kb * 1024 - low_size(), 1024u);
	low_install(handover.low_base);
	handover.range_count = memmap_read(handover.ranges, MEMMAP_MAX);
	handover.home = choose_home(here, size);
	handover.image_size = size;
	if (!handover.home)
		no_bios_stop(NULL, "ipxe.lkrn: not enough memory below 4 GB to run");
	return handover.home;
}
