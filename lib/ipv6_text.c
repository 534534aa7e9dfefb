/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 addresses as text: read as RFC 4291 section 2.2, written as RFC 5952. */
#include "lib/format.h"
#include "lib/text.h"

#define GROUPS 8

/* One group of up to four hexadecimal digits at *@s, which moves behind it. */
static bool take_group(const char **s, uint16_t *group)
{
	unsigned digits = 0;

	*group = 0;
	for (int digit; digits < 5 && (digit = hex_digit((uint8_t) * *s)) >= 0; digits++, ++*s)
		*group = (uint16_t)(*group << 4 | digit);
	return digits >= 1 && digits <= 4;
}

/* The last 32 bits may be a dotted quad. */
static bool take_ipv4(const char *s, uint16_t *group)
{
	uint32_t address;

	if (!strchr(s, '.') || !text_to_ipv4(s, &address))
		return false;
	group[0] = (uint16_t)(address >> 16);
	group[1] = (uint16_t)address;
	return true;
}

/* Groups up to the end of text; *@gap: how many stood before "::", or -1. Returns their count, -1
 * when @s is no address. */
static int take_groups(const char *s, uint16_t *group, int *gap)
{
	int count = 0;

	*gap = -1;
	if (text_starts(s, "::")) {
		*gap = 0;
		s += 2;
	}
	while (*s) {
		if (count <= GROUPS - 2 && take_ipv4(s, group + count))
			return count + 2;
		if (count == GROUPS || !take_group(&s, group + count))
			return -1;
		count++;
		if (text_starts(s, "::")) {
			if (*gap >= 0)
				return -1;
			*gap = count;
			s += 2;
		} else if (*s && (*s++ != ':' || !*s)) {
			return -1;
		}
	}
	return count;
}

bool text_to_ipv6(const char *s, uint8_t address[16])
{
	uint16_t group[GROUPS] = {0};
	int gap, count = take_groups(s, group, &gap);

	if (count < 0 || (gap < 0 ? count != GROUPS : count == GROUPS))
		return false;
	memset(address, 0, 16);
	for (int i = 0; i < count; i++) {
		int at = gap >= 0 && i >= gap ? GROUPS - count + i : i;

		put_be16(address + 2 * at, group[i]);
	}
	return true;
}

/* The longest run of two or more zero groups, of equals the first: section 4.2. */
static void longest_zeroes(const uint8_t *address, int *first, int *len)
{
	*first = -1;
	*len = 1;
	for (int i = 0; i < GROUPS; i++) {
		int n = 0;

		while (i + n < GROUPS && !get_be16(address + 2 * (i + n)))
			n++;
		if (n > *len) {
			*first = i;
			*len = n;
		}
	}
}

size_t ipv6_to_text(const uint8_t address[16], char *text, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char whole[48] = "";
	int first, len;

	if (!memcmp(address, mapped, sizeof(mapped))) /* section 5 */
		return format(text, size, "::ffff:" IPV4_FMT, IPV4_ARG(get_be32(address + 12)));
	longest_zeroes(address, &first, &len);
	for (int i = 0; i < GROUPS; i++) {
		if (i == first) {
			format_append(whole, sizeof(whole), "::");
			i += len - 1;
			continue;
		}
		format_append(whole, sizeof(whole), "%s%x", i && i != first + len ? ":" : "",
			      (unsigned)get_be16(address + 2 * i));
	}
	return format(text, size, "%s", whole);
}
