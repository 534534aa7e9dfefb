/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iSCSI paths, in two forms:
 *
 *	iscsi:SERVER:PROTOCOL:PORT:LUN:TARGET		RFC 4173 section 5
 *	iscsi://SERVER[:PORT]/TARGET[/LUN]
 *
 * In the first form every field but SERVER and TARGET may be empty, the LUN is
 * hexadecimal (up to four groups of four digits joined by dashes, as the RFC
 * says), and TARGET may contain colons. In the second the LUN is decimal, 0x…
 * hexadecimal, or dashed groups.
 */
#include "iscsi/iscsi.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/lun.h"
#include "lib/text.h"
#include "lib/uri.h"

static int bad(const char *text, const char *why)
{
	return fail(E_ISCSI_PATH, "%s: %s", text, why);
}

/* Dashed groups of one to four hexadecimal digits, two bytes each. */
static bool parse_lun_groups(const char *s, size_t len, uint8_t lun[8])
{
	unsigned group = 0, digits = 0;
	uint32_t value = 0;

	for (size_t i = 0; i <= len; i++) {
		int digit = i < len ? hex_digit((uint8_t)s[i]) : -1;

		if (digit >= 0) {
			if (++digits > 4)
				return false;
			value = value << 4 | (uint32_t)digit;
			continue;
		}
		if ((i < len && s[i] != '-') || !digits || group == 4)
			return false;
		put_be16(lun + 2 * group++, (uint16_t)value);
		value = digits = 0;
	}
	return true;
}

void iscsi_lun_from_number(uint32_t number, uint8_t lun[8])
{
	memset(lun, 0, 8);
	put_be16(lun, (uint16_t)(number > LUN_PERIPHERAL_MAX ? LUN_FLAT | number : number));
}

bool iscsi_lun_parse(const char *s, size_t len, bool decimal, uint8_t lun[8])
{
	char number[20];
	uint32_t value;

	memset(lun, 0, 8);
	if (!len)
		return true;
	if (len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x') {
		s += 2;
		len -= 2;
		decimal = false;
	}
	if (!decimal || memchr(s, '-', len))
		return parse_lun_groups(s, len, lun);
	if (len >= sizeof(number))
		return false;
	memcpy(number, s, len);
	number[len] = '\0';
	if (!text_to_u32(number, 10, LUN_FLAT_MAX, &value))
		return false;
	iscsi_lun_from_number(value, lun);
	return true;
}

static int parse_port(const char *text, const char *s, size_t len, uint16_t *port)
{
	char number[8];
	uint32_t value;

	*port = ISCSI_PORT;
	if (!len)
		return 0;
	if (len >= sizeof(number))
		return bad(text, "the port is not a number from 1 to 65535");
	memcpy(number, s, len);
	number[len] = '\0';
	if (!text_to_u32(number, 10, 65535, &value) || !value)
		return bad(text, "the port is not a number from 1 to 65535");
	*port = (uint16_t)value;
	return 0;
}

static int parse_host(const char *text, const char *s, size_t len, char *host, size_t size)
{
	if (len && s[0] == '[')
		return bad(text,
			   "IPv6 addresses are not supported; give an IPv4 address or a name");
	if (!len)
		return bad(text, "the server is missing");
	if (len >= size)
		return bad(text, "the server's name is too long");
	for (size_t i = 0; i < len; i++)
		if (!is_alpha((uint8_t)s[i]) && !is_digit((uint8_t)s[i]) && !strchr("-._", s[i]))
			return bad(text,
				   "the server's name has a character that names do not have");
	memcpy(host, s, len);
	host[len] = '\0';
	return 0;
}

static int check_target(const char *text, const char *target)
{
	if (!*target)
		return bad(text, "the target's name (iqn....) is missing at the end");
	if (strlen(target) > ISCSI_NAME_MAX)
		return bad(text, "the target's name is longer than 223 characters");
	for (const char *p = target; *p; p++)
		if ((uint8_t)*p <= ' ' || *p == 0x7f)
			return bad(text, "the target's name contains blanks or control characters");
	return 0;
}

/* SERVER:PROTOCOL:PORT:LUN:TARGET */
static int parse_fields(const char *text, const char *s, struct iscsi_path *path)
{
	const char *field[4];
	size_t len[4];
	int rc;

	for (unsigned i = 0; i < 4; i++) {
		const char *end;

		if (!i && *s == '[')
			return parse_host(text, s, 1, path->host, sizeof(path->host));
		end = strchr(s, ':');
		if (!end)
			return bad(text, "fields are missing; write iscsi:SERVER::PORT:LUN:IQN");
		field[i] = s;
		len[i] = (size_t)(end - s);
		s = end + 1;
	}
	rc = parse_host(text, field[0], len[0], path->host, sizeof(path->host));
	if (rc)
		return rc;
	rc = parse_port(text, field[2], len[2], &path->port);
	if (rc)
		return rc;
	if (!iscsi_lun_parse(field[3], len[3], false, path->lun))
		return bad(text, "the LUN is not hexadecimal (one to four groups like 0001-0000)");
	if (!text_copy(path->target, sizeof(path->target), s))
		return bad(text, "the target's name is longer than 223 characters");
	return check_target(text, path->target);
}

/* SERVER[:PORT]/TARGET[/LUN] */
static int parse_authority(const char *text, const char *s, struct iscsi_path *path)
{
	const char *slash = strchr(s, '/');
	char target[3 * ISCSI_NAME_MAX + 1];
	const char *lun;
	size_t len;
	int rc;

	if (!slash)
		return bad(text,
			   "the target's name (iqn....) is missing; write iscsi://SERVER/IQN/LUN");
	rc = iscsi_portal_parse(s, (size_t)(slash - s), path->host, sizeof(path->host),
				&path->port);
	if (rc)
		return fail_context(rc, "%s", text);
	s = slash + 1;
	lun = strchr(s, '/');
	len = lun ? (size_t)(lun - s) : strlen(s);
	if (len >= sizeof(target))
		return bad(text, "the target's name is longer than 223 characters");
	memcpy(target, s, len);
	target[len] = '\0';
	len = uri_decode(target, target, sizeof(target)); /* never longer than it was */
	if (strlen(target) != len)
		return bad(text, "the target's name contains blanks or control characters");
	if (!text_copy(path->target, sizeof(path->target), target))
		return bad(text, "the target's name is longer than 223 characters");
	rc = check_target(text, path->target);
	if (rc)
		return rc;
	if (lun && !iscsi_lun_parse(lun + 1, strlen(lun + 1), true, path->lun))
		return bad(text, "the LUN is not a number from 0 to 16383, 0x... or XXXX-XXXX-...");
	return 0;
}

int iscsi_portal_parse(const char *s, size_t len, char *host, size_t size, uint16_t *port)
{
	const char *colon = memchr(s, ':', len);
	size_t host_len = colon ? (size_t)(colon - s) : len;
	char text[80];
	int rc;

	format(text, sizeof(text), "%.*s", (int)min(len, sizeof(text) - 1), s);
	rc = parse_host(text, s, host_len, host, size);
	if (rc)
		return rc;
	return parse_port(text, colon ? colon + 1 : s, colon ? len - host_len - 1 : 0, port);
}

int iscsi_path_parse(const char *text, struct iscsi_path *path)
{
	memset(path, 0, sizeof(*path));
	path->port = ISCSI_PORT;
	if (!text_starts_nocase(text, "iscsi:"))
		return bad(text, "an iSCSI path begins with iscsi:");
	path->decimal_lun = text[6] == '/' && text[7] == '/';
	return path->decimal_lun ? parse_authority(text, text + 8, path)
				 : parse_fields(text, text + 6, path);
}
