/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power-off: ACPI Specification 6.4, sections 4.8.3.2 (PM1 control) and 7.4.2
 * (\_S5). No AML interpreter: the \_S5 package holds two small constants, which
 * are found by their encoding.
 */
#include "acpi/power.h"
#include "acpi/tables.h"
#include "bios/clock.h"
#include "bios/io.h"
#include "bios/physical.h"
#include "lib/cursor.h"
#include "lib/error.h"

/* Offsets in the FADT. */
#define FADT_DSDT	 40
#define FADT_SMI_COMMAND 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CNT	 64
#define FADT_PM1B_CNT	 68
#define FADT_MIN	 116

#define DSDT_MAX (4u << 20)

#define PM1_SCI_EN 0x0001
#define PM1_SLP_EN 0x2000

/* One integer of a package: ByteConst, ZeroOp, OneOp. */
static uint8_t aml_small_integer(struct cursor *c)
{
	uint8_t op = cursor_u8(c);

	return op == 0x0a ? cursor_u8(c) : op;
}

/* SLP_TYPa and SLP_TYPb of \_S5 in the AML of @dsdt. */
static bool find_s5(const struct acpi_header *dsdt, uint8_t types[2])
{
	const uint8_t *aml = (const uint8_t *)dsdt;

	for (uint32_t at = sizeof(*dsdt); at + 8 < dsdt->length; at++) {
		struct cursor c = cursor(aml + at, dsdt->length - at);
		uint8_t lead;

		if (memcmp(cursor_take(&c, 4), "_S5_", 4) != 0 ||
		    cursor_u8(&c) != 0x12) /* PackageOp */
			continue;
		lead = cursor_u8(&c); /* PkgLength: bits 7-6 count the bytes that follow */
		cursor_skip(&c, lead >> 6);
		cursor_u8(&c); /* NumElements */
		types[0] = aml_small_integer(&c) & 7;
		types[1] = aml_small_integer(&c) & 7;
		return !c.bad;
	}
	return false;
}

/* Its checksum is not looked at: some firmware patches it at run time. */
static const struct acpi_header *find_dsdt(uint32_t address)
{
	const struct acpi_header *dsdt = address ? physical(address, sizeof(*dsdt)) : NULL;

	if (!dsdt || dsdt->length > DSDT_MAX || !physical(address, dsdt->length))
		return NULL;
	return dsdt;
}

int acpi_power_off(void)
{
	const struct acpi_header *fadt = acpi_table("FACP"), *dsdt;
	const uint8_t *f = (const uint8_t *)fadt;
	uint16_t pm1a, pm1b;
	uint8_t types[2];

	if (!fadt || fadt->length < FADT_MIN)
		return fail(E_POWER_OFF,
			    "the machine has neither APM nor ACPI power-off; use its switch");
	dsdt = find_dsdt(get_le32(f + FADT_DSDT));
	pm1a = (uint16_t)get_le32(f + FADT_PM1A_CNT);
	pm1b = (uint16_t)get_le32(f + FADT_PM1B_CNT);
	if (!pm1a || !dsdt || !find_s5(dsdt, types))
		return fail(E_POWER_OFF, "the firmware's ACPI tables name no power-off state; use "
					 "the machine's switch");
	if (!(in16(pm1a) & PM1_SCI_EN) && f[FADT_ACPI_ENABLE]) {
		out8((uint16_t)get_le32(f + FADT_SMI_COMMAND), f[FADT_ACPI_ENABLE]);
		for (uint64_t end = clock_ms() + 3000;
		     !(in16(pm1a) & PM1_SCI_EN) && clock_ms() < end;)
			;
	}
	out16(pm1a, (uint16_t)((in16(pm1a) & 0xc3ff) | types[0] << 10 | PM1_SLP_EN));
	if (pm1b)
		out16(pm1b, (uint16_t)((in16(pm1b) & 0xc3ff) | types[1] << 10 | PM1_SLP_EN));
	clock_delay_us(1000000);
	return fail(E_POWER_OFF, "the machine ignored the ACPI power-off; use its switch");
}
