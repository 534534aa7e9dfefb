/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that say something about the firmware itself: scope "builtin". */
#include "cmdline/interpreter.h"
#include "bios/clock.h"
#include "boot/image.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/version.h"

static long put(const char *scope, uint8_t *raw, size_t max, const void *data, size_t len)
{
	if (*scope)
		return -1;
	len = min(len, max);
	memcpy(raw, data, len);
	return (long)len;
}

static long put_text(const char *scope, uint8_t *raw, size_t max, const char *text)
{
	return put(scope, raw, max, text, strlen(text));
}

static long put_u32(const char *scope, uint8_t *raw, size_t max, uint32_t value)
{
	uint8_t number[4];

	put_be32(number, value);
	return put(scope, raw, max, number, sizeof(number));
}

TABLE_ENTRY(setting_provider, provider_builtin) = {
	.scope = "builtin",
	.description = "what the firmware says of itself",
};

static long compute_version(const char *scope, uint8_t *raw, size_t max)
{
	return put_text(scope, raw, max, version);
}
TABLE_ENTRY(setting, setting_version) = {
	.name = "version",
	.type = "string",
	.description = "version of this firmware",
	.compute = compute_version,
};

static long compute_platform(const char *scope, uint8_t *raw, size_t max)
{
	return put_text(scope, raw, max, "pcbios");
}
TABLE_ENTRY(setting, setting_platform) = {
	.name = "platform",
	.type = "string",
	.description = "kind of firmware below",
	.compute = compute_platform,
};

static long compute_buildarch(const char *scope, uint8_t *raw, size_t max)
{
	return put_text(scope, raw, max, "i386");
}
TABLE_ENTRY(setting, setting_buildarch) = {
	.name = "buildarch",
	.type = "string",
	.description = "processor architecture that this was built for",
	.compute = compute_buildarch,
};

static long compute_errno(const char *scope, uint8_t *raw, size_t max)
{
	return put_u32(scope, raw, max, error_errno(last_failure.rc));
}
TABLE_ENTRY(setting, setting_errno) = {
	.name = "errno",
	.type = "uint32",
	.description = "number of the last failure",
	.compute = compute_errno,
};

static long compute_error(const char *scope, uint8_t *raw, size_t max)
{
	return put_text(scope, raw, max, last_failure.text);
}
TABLE_ENTRY(setting, setting_error) = {
	.name = "error",
	.type = "string",
	.description = "the last failure as a sentence",
	.compute = compute_error,
};

static long compute_error_code(const char *scope, uint8_t *raw, size_t max)
{
	return put_text(scope, raw, max, last_failure.code);
}
TABLE_ENTRY(setting, setting_error_code) = {
	.name = "error-code",
	.type = "string",
	.description = "short code of the last failure, for explain",
	.compute = compute_error_code,
};

/* Nothing to set: the RTC counts again. */
static int store_unixtime(const uint8_t *raw, size_t len)
{
	uint64_t seconds = 0;

	if (!len) {
		clock_reset_unix();
		return 0;
	}
	if (len > sizeof(seconds))
		return fail(E_SETTING_VALUE, "unixtime: %zu bytes are no time", len);
	while (len--)
		seconds = seconds << 8 | *raw++;
	clock_set_unix(seconds);
	return 0;
}

static long compute_unixtime(const char *scope, uint8_t *raw, size_t max)
{
	return put_u32(scope, raw, max, (uint32_t)clock_unix());
}
TABLE_ENTRY(setting, setting_unixtime) = {
	.name = "unixtime",
	.type = "uint32",
	.description = "seconds since 1970; set it to shift the clock",
	.compute = compute_unixtime,
	.store = store_unixtime,
};

static long compute_cwuri(const char *scope, uint8_t *raw, size_t max)
{
	const struct uri *uri = image_current_uri();

	return uri ? put_text(scope, raw, max, uri->text) : -1;
}
TABLE_ENTRY(setting, setting_cwuri) = {
	.name = "cwuri",
	.type = "string",
	.description = "URI of the running script",
	.compute = compute_cwuri,
};

/* Up to and with the last slash of the path; queries and fragments may contain slashes too. */
static long compute_cwduri(const char *scope, uint8_t *raw, size_t max)
{
	const struct uri *uri = image_current_uri();
	size_t len = 0;

	if (!uri)
		return -1;
	for (size_t i = 0; uri->text[i] && uri->text[i] != '?' && uri->text[i] != '#'; i++) {
		if (uri->text[i] == '/')
			len = i + 1;
	}
	return put(scope, raw, max, uri->text, len);
}
TABLE_ENTRY(setting, setting_cwduri) = {
	.name = "cwduri",
	.type = "string",
	.description = "directory of the URI of the running script",
	.compute = compute_cwduri,
};

/* The end of the ring, as much as a setting holds. */
static long compute_dmesg(const char *scope, uint8_t *raw, size_t max)
{
	const char *first, *second;
	size_t first_len, second_len, from_first, total;

	if (*scope)
		return -1;
	log_ring(&first, &first_len, &second, &second_len);
	second += second_len - min(second_len, max);
	second_len = min(second_len, max);
	from_first = min(first_len, max - second_len);
	memcpy(raw, first + first_len - from_first, from_first);
	memcpy(raw + from_first, second, second_len);
	total = from_first + second_len;
	return (long)total;
}
TABLE_ENTRY(setting, setting_dmesg) = {
	.name = "dmesg",
	.type = "string",
	.description = "what was printed last",
	.compute = compute_dmesg,
};
