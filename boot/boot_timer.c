/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot-timeout: an unattended machine must not hang for ever at a server that
 * is half dead, in a retry loop, or at a prompt that nobody reads. When the time
 * is over every wait is cancelled; the running script ends with that, and the
 * setting on-fail decides. A key that answers a prompt or goes into the shell
 * shows that somebody is there: the timer stops.
 */
#include "boot/boot_timer.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "netstack/net.h"

static uint32_t seconds;

static void arm(void)
{
	wait_cancelled_at = seconds ? clock_ms() + (uint64_t)seconds * 1000 : DEADLINE_NEVER;
}

void boot_timer_start(void)
{
	if (seconds)
		print("boot-timeout: this boot has %u s; a key in a prompt or the shell stops the "
		      "clock\n",
		      seconds);
	arm();
}

void boot_timer_stop(void)
{
	wait_cancelled_at = DEADLINE_NEVER;
}

bool boot_timer_expired(void)
{
	return clock_ms() >= wait_cancelled_at;
}

uint32_t boot_timer_seconds(void)
{
	return seconds;
}

/* A script that sets it gets the whole time from there on. */
static void apply_timeout(void)
{
	uint32_t value = (uint32_t)min(setting_number("", "boot-timeout", 0), UINT32_MAX);

	if (value == seconds)
		return;
	seconds = value;
	arm();
}
TABLE_ENTRY(setting_applicator, boot_timer_applicator) = {apply_timeout};

TABLE_ENTRY(setting, setting_boot_timeout) = {
	.name = "boot-timeout",
	.type = "uint32",
	.description = "seconds within which something must have booted; else on-fail",
};
