/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that says on COM2 what its loader gave it, started in flat 32-bit mode: by Multiboot 1
 * or 2, as plain ELF, or by bz_setup.asm as a Linux kernel. With the word "return" on its command
 * line it returns to the loader, else it ends the machine.
 */
#include <stdint.h>

#define COM2 0x2f8
#define EXIT 0xf4

#define MB1    0x2badb002u
#define MB2    0x36d76289u
#define KERNEL 0x2e6b7a62u /* bz_setup.asm */

static uint32_t zeroes[3000]; /* .bss: must come as zeroes */
static uint32_t data = 0x12345678;

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void put(char c)
{
	while (!(in8(COM2 + 5) & 0x20))
		;
	out8(COM2, (uint8_t)c);
}

static void say(const char *text)
{
	while (*text)
		put(*text++);
}

static void hex(uint32_t value)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

static void number(const char *name, uint32_t value)
{
	say(" ");
	say(name);
	say("=");
	hex(value);
}

static void text(const char *name, const char *value)
{
	say(" ");
	say(name);
	say("=[");
	say(value);
	say("]");
}

/* Rotate left by one and add each byte. */
static uint32_t sum(uint32_t address, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)address;
	uint32_t total = 0;

	while (len--)
		total = (total << 1 | total >> 31) + *p++;
	return total;
}

static int has_word(const char *line, const char *word)
{
	const char *a, *b;

	for (; *line; line++) {
		for (a = line, b = word; *b && *a == *b; a++, b++)
			;
		if (!*b)
			return 1;
	}
	return 0;
}

static void module(uint32_t start, uint32_t end, const char *string)
{
	say("module");
	number("start", start);
	number("size", end - start);
	number("sum", sum(start, end - start));
	text("string", string);
	say("\n");
}

static uint32_t word_at(uint32_t address)
{
	return *(volatile uint32_t *)address;
}

static const char *report_mb1(uint32_t info)
{
	const char *cmdline = (const char *)word_at(info + 16);
	uint32_t flags = word_at(info), mods = word_at(info + 24), i, at, count = 0;

	say("multiboot");
	number("flags", flags);
	text("cmdline", cmdline);
	text("loader", (const char *)word_at(info + 64));
	number("lower", word_at(info + 4));
	number("upper", word_at(info + 8));
	if (flags & 0x20)
		number("sections", word_at(info + 28));
	for (at = 0; at < word_at(info + 44); count++)
		at += word_at(word_at(info + 48) + at) + 4;
	number("map", count);
	say("\n");
	for (i = 0; i < word_at(info + 20); i++)
		module(word_at(mods + 16 * i), word_at(mods + 16 * i + 4),
		       (const char *)word_at(mods + 16 * i + 8));
	return cmdline;
}

static const char *report_mb2(uint32_t info)
{
	uint32_t end = info + word_at(info), tag, size;
	const char *cmdline = "";

	say("multiboot2");
	number("aligned", !(info & 7));
	say("\n");
	for (tag = info + 8; tag < end && word_at(tag); tag += (size + 7) & ~7u) {
		size = word_at(tag + 4);
		switch (word_at(tag)) {
		case 1:
			cmdline = (const char *)(tag + 8);
			say("tag");
			text("cmdline", cmdline);
			break;
		case 2:
			say("tag");
			text("loader", (const char *)(tag + 8));
			break;
		case 3:
			module(word_at(tag + 8), word_at(tag + 12), (const char *)(tag + 16));
			continue;
		case 4:
			say("tag");
			number("lower", word_at(tag + 8));
			number("upper", word_at(tag + 12));
			break;
		case 6:
			say("tag");
			number("map", (size - 16) / word_at(tag + 8));
			break;
		case 14:
		case 15:
			say("tag");
			number("rsdp", word_at(tag + 8) == 0x20445352); /* "RSD " */
			break;
		default:
			say("tag");
			number("type", word_at(tag));
			number("value", word_at(tag + 8));
		}
		say("\n");
	}
	return cmdline;
}

static uint32_t from_hex(const char *digits)
{
	uint32_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value = value << 4 |
			(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 32) - 'a' + 10);
	return value;
}

/* What stands in the initrd: members of cpio archives, as a kernel of wimboot's kind takes them. */
static void members(uint32_t at, uint32_t end)
{
	while (at + 110 <= end && word_at(at) == 0x37303730 /* "0707" */) {
		const char *header = (const char *)at;
		uint32_t size = from_hex(header + 54), name = from_hex(header + 94);
		uint32_t content = (at + 110 + name + 3) & ~3u;

		say("member");
		text("name", header + 110);
		number("size", size);
		number("sum", sum(content, size));
		say("\n");
		at = (content + size + 3) & ~3u;
	}
	if (at < end) {
		say("rest");
		number("size", end - at);
		number("sum", sum(at, end - at));
		say("\n");
	}
}

static const char *report_kernel(uint32_t setup)
{
	uint32_t version = word_at(setup + 0x206) & 0xffff, magic = word_at(setup + 0x20);
	const char *cmdline = "";

	if (version >= 0x202)
		cmdline = (const char *)word_at(setup + 0x228);
	else if ((magic & 0xffff) == 0xa33f)
		cmdline = (const char *)(setup + (magic >> 16));
	say("linux");
	number("version", version);
	number("setup", setup);
	number("loader", *(uint8_t *)(setup + 0x210));
	number("video", word_at(setup + 0x1fa) & 0xffff);
	number("here", (uint32_t)report_kernel);
	text("cmdline", cmdline);
	say("\n");
	if (word_at(setup + 0x21c))
		members(word_at(setup + 0x218), word_at(setup + 0x218) + word_at(setup + 0x21c));
	return cmdline;
}

/* The whole of .bss is zero, and .data as it was linked. */
static int is_whole(void)
{
	unsigned i;

	for (i = 0; i < sizeof(zeroes) / sizeof(zeroes[0]); i++)
		if (((volatile uint32_t *)zeroes)[i])
			return 0;
	return *(volatile uint32_t *)&data == 0x12345678;
}

void program(uint32_t eax, uint32_t ebx);
void program(uint32_t eax, uint32_t ebx)
{
	const char *cmdline = "return";

	say("\nBEGIN");
	number("eax", eax);
	number("whole", is_whole());
	say("\n");
	zeroes[0] = data = 1; /* whoever starts us again must load us again */
	if (eax == MB1)
		cmdline = report_mb1(ebx);
	else if (eax == MB2)
		cmdline = report_mb2(ebx);
	else if (eax == KERNEL)
		cmdline = report_kernel(ebx);
	say("END\n");
	if (has_word(cmdline, "return"))
		return;
	out8(EXIT, 0);
}
