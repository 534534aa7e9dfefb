/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt vector table around guests.
 *
 * A program may hook a vector (the timer, most often), give the machine back, and
 * never say so. Its handler lies in base memory that the next program is loaded
 * over. What stays resident by the rules lies above 40:13 and is left alone.
 */
#include "bios/vectors.h"
#include "bios/gate.h"
#include "bios/physical.h"

static struct vector_table outside; /* as no guest has changed it */
static unsigned guests;

static uint8_t *table(void)
{
	return physical(0, sizeof(struct vector_table));
}

static uint32_t get(unsigned number)
{
	return get_le32(table() + 4 * number);
}

static void set(unsigned number, uint32_t entry)
{
	put_le32(table() + 4 * number, entry);
}

static bool leads_to_guest(uint32_t entry)
{
	uint32_t address = (entry >> 16 << 4) + (entry & 0xffff);

	return address >= GUEST_BASE_START && address < guest_base_end();
}

void vectors_guest_begins(struct vector_table *before)
{
	for (unsigned i = 0; i < VECTORS; i++)
		before->entry[i] = get(i);
	if (!guests++)
		outside = *before;
	for (unsigned i = 0; i < VECTORS; i++) {
		if (leads_to_guest(before->entry[i]))
			set(i, outside.entry[i]);
	}
}

void vectors_guest_ended(const struct vector_table *before)
{
	guests--;
	for (unsigned i = 0; i < VECTORS; i++) {
		if (leads_to_guest(get(i)) || leads_to_guest(before->entry[i]))
			set(i, before->entry[i]);
	}
}
