// SPDX-License-Identifier: BSD-2-Clause
// What an NBP finds: PXENV+ and !PXE (PXE 2.1 sections 3.2 and 3.4), INT 1Ah AX=5650h, free base
// memory, and the hooked disk.
#include "nbp.h"

static uint8_t byte_sum(const void *data, size_t size)
{
	uint8_t total = 0;
	for (const uint8_t *in = data; size--; in++)
		total += *in;
	return total;
}

static void check_pxenv(void)
{
	finding("pxenv-signature", memcmp(env.signature, "PXENV+", 6) == 0, 0, 0);
	finding("pxenv-version", env.version == 0x0201, env.version, 0x0201);
	finding("pxenv-length", env.length == sizeof(env), env.length, sizeof(env));
	finding("pxenv-checksum", byte_sum(&env, env.length) == 0, byte_sum(&env, env.length), 0);
	finding("pxenv-pxe-pointer", linear(env.pxe) == linear(from_stack), env.pxe, from_stack);
}

static void check_pxe(uint32_t base_end)
{
	finding("pxe-signature", memcmp(pxe.signature, "!PXE", 4) == 0, 0, 0);
	finding("pxe-length", pxe.length == sizeof(pxe), pxe.length, sizeof(pxe));
	finding("pxe-checksum", byte_sum(&pxe, pxe.length) == 0, byte_sum(&pxe, pxe.length), 0);
	finding("pxe-segment-count", pxe.segment_count >= 4 && pxe.segment_count <= 7,
		pxe.segment_count, 7);
	finding("pxe-callout", pxe.callout == 0xffffffff || linear(pxe.callout) < 0x100000,
		pxe.callout, 0xffffffff);
	finding("entries-above-free-memory",
		linear(pxe.entry_sp) >= base_end && linear(env.entry) >= base_end,
		linear(pxe.entry_sp), base_end);
	for (unsigned i = 0; i < pxe.segment_count && i < 7; i++) {
		const struct segment *s = &pxe.segments[i];
		finding("pxe-segment-above-free-memory", s->size == 0 || s->base >= base_end,
			s->base, base_end);
	}
}

static void check_int1a(void)
{
	struct registers r = {
		.eax = 0x5650, .ebx = 0x1111, .ecx = 0x2222, .esi = 0x3333, .edi = 0x4444};
	bios_call(0x1a, &r);
	finding("int1a-ax", (r.eax & 0xffff) == 0x564e, r.eax, 0x564e);
	finding("int1a-carry", !(r.flags & 1), r.flags & 1, 0);
	uint32_t at = linear(FAR(r.es, r.ebx & 0xffff));
	finding("int1a-es-bx", at == linear(from_env), at, linear(from_env));
	finding("int1a-edx", r.edx == linear(from_env), r.edx, linear(from_env));
	finding("int1a-registers", r.ecx == 0x2222 && r.esi == 0x3333 && r.edi == 0x4444, r.ecx,
		0x2222);
	r = (struct registers){.eax = 0};
	bios_call(0x1a, &r);
	uint32_t clock = r.ecx << 16 | (r.edx & 0xffff);
	finding("int1a-clock", ticks() - clock < 40, clock, ticks());
}

bool e820_next(struct memory_range *entry, uint32_t *position)
{
	struct registers r = {.eax = 0xe820,
			      .ebx = *position,
			      .ecx = sizeof(*entry),
			      .edx = 0x534d4150,
			      .edi = (uint32_t)entry};
	bios_call(0x15, &r);
	*position = r.ebx;
	return !(r.flags & 1);
}

// The end of the RAM that begins at 0.
static uint32_t e820_base_end(void)
{
	struct memory_range entry;
	uint32_t position = 0;
	while (e820_next(&entry, &position) && position != 0) {
		if (entry.start == 0 && entry.kind == 1)
			return entry.size;
	}
	return 0;
}

void check_structures(void)
{
	struct registers r = {0};
	bios_call(0x12, &r);
	uint32_t base_end = (r.eax & 0xffff) * 1024;
	finding("base-memory-480-kb", base_end - 0x7c00 >= 480 * 1024, base_end, 480 * 1024);
	uint32_t mapped = e820_base_end();
	finding("base-memory-e820", mapped <= base_end + 1023 && mapped >= base_end, mapped,
		base_end);
	check_pxenv();
	check_pxe(base_end);
	check_int1a();
}

// Reads sectors that were not read before. Dword n of this region is n * 9e3779b1h.
void check_san(const char *when)
{
	static uint32_t lba = 10240;
	enum { COUNT = 8 };
	static struct {
		uint8_t size, reserved;
		uint16_t count;
		far_t buffer;
		uint64_t lba;
	} PACKED packet;
	packet = (typeof(packet)){16, 0, COUNT, FAR(0x2000, 0), lba};
	struct registers r = {.eax = 0x4200, .edx = 0x80, .esi = (uint32_t)&packet};
	bios_call(0x13, &r);
	bool good = !(r.flags & 1);
	uint32_t word = 0;
	for (uint32_t i = 0; good && i < COUNT * 128; i++) {
		far_copy((uint32_t)&word, 0x20000 + 4 * i, sizeof(word));
		good = word == (lba * 128 + i) * 0x9e3779b1;
	}
	finding(when, good, r.eax, 0);
	lba += 100;
}
