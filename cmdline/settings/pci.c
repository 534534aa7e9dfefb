/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scope pci/LOCATION.OFFSET.LENGTH: bytes of a PCI function's configuration space, little
 * endian there, as one number. LOCATION is a number (${net0/busloc}) or [0000:]BB:DD.F.
 */
#include "bios/pci.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"

#define CONFIG_SIZE 256u /* what mechanism 1 reaches */

/* The hexadecimal number before @end (':', '.' or the end of text); moves @p behind it. */
static bool take_hex(const char **p, char end, uint32_t max, uint32_t *value)
{
	*value = 0;
	if (hex_digit((uint8_t) * *p) < 0)
		return false;
	for (int digit; (digit = hex_digit((uint8_t) * *p)) >= 0; ++*p) {
		*value = *value << 4 | (uint32_t)digit;
		if (*value > max)
			return false;
	}
	if (**p != end)
		return false;
	*p += end ? 1 : 0;
	return true;
}

/* [0000:]BB:DD.F; mechanism 1 knows one segment. */
static bool parse_slot(const char *p, uint16_t *busdevfn)
{
	const char *second = strchr(p, ':');
	uint32_t segment, bus, device, function;

	if (second && strchr(second + 1, ':') && !take_hex(&p, ':', 0, &segment))
		return false;
	if (!take_hex(&p, ':', 255, &bus) || !take_hex(&p, '.', 31, &device) ||
	    !take_hex(&p, '\0', 7, &function))
		return false;
	*busdevfn = (uint16_t)(bus << 8 | device << 3 | function);
	return true;
}

static bool parse_location(const char *text, uint16_t *busdevfn)
{
	uint32_t number;

	if (strchr(text, ':'))
		return parse_slot(text, busdevfn);
	if (!text_to_u32(text, 0, UINT16_MAX, &number))
		return false;
	*busdevfn = (uint16_t)number;
	return true;
}

static long read_pci(const char *name, const char **type, uint8_t *raw, size_t max)
{
	struct pci_device dev = {0};
	uint32_t field[2]; /* offset, length */
	char location[64];
	char *length, *offset;

	if (!text_copy(location, sizeof(location), name))
		return E_NOT_FOUND;
	length = strrchr(location, '.');
	if (!length)
		return E_NOT_FOUND;
	*length = '\0';
	offset = strrchr(location, '.');
	if (!offset)
		return E_NOT_FOUND;
	*offset = '\0';
	if (!text_to_u32(offset + 1, 0, CONFIG_SIZE, &field[0]) ||
	    !text_to_u32(length + 1, 0, CONFIG_SIZE, &field[1]) ||
	    field[0] + field[1] > CONFIG_SIZE || field[1] > max ||
	    !parse_location(location, &dev.busdevfn))
		return E_NOT_FOUND;
	for (uint32_t i = 0; i < field[1]; i++)
		raw[i] = pci_read8(&dev, field[0] + field[1] - 1 - i);
	if (!*type)
		*type = "hexraw";
	return field[1] ? (long)field[1] : E_NOT_FOUND;
}
TABLE_ENTRY(setting_provider, provider_pci) = {
	.scope = "pci",
	.description = "LOCATION.OFFSET.LENGTH of PCI configuration space",
	.read = read_pci,
};
