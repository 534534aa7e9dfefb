/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main(): the way through the house, from the moment the image is at home to
 * the moment the machine goes to somebody else.
 */
#include "bios/clock.h"
#include "bios/clock_internal.h"
#include "bios/console.h"
#include "bios/console_internal.h"
#include "bios/heap_internal.h"
#include "bios/low.h"
#include "bios/power.h"
#include "boot/boot.h"
#include "boot/image.h"
#include "boot/startup.h"
#include "bzimage/handover.h"
#include "cmdline/command.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"
#include "netstack/net.h"

#define RETRY_SECONDS 10

/* bzimage/embed.asm */
extern const char embedded_script[], embedded_script_end[];

struct loader_info loader;

int main(void) __attribute__((noreturn));

static void machine_init(void)
{
	low_install(handover.low_base);
	heap_init((void *)(handover.home + handover.image_size),
		  handover.home_size - handover.image_size);
	clock_init();
	console_init();
}

static void note_loader(void)
{
	memcpy(loader.cmdline, handover.cmdline, sizeof(loader.cmdline));
	loader.initrd = (uint8_t *)handover.initrd;
	loader.initrd_len = handover.initrd_len;
	loader.loader_type = handover.loader_type;
	loader.entry32 = handover.entry32;
	if (handover.initrd_len)
		image_memory_reserve(handover.initrd, handover.initrd_len);
}

static void seed_random(void)
{
	uint64_t now[2] = {clock_us(), clock_unix()};

	random_seed(now, sizeof(now));
	for (unsigned i = 0; i < 16; i++) { /* jitter of the machine against its clock */
		now[0] = clock_us();
		random_seed(now, sizeof(now));
	}
}

/* Count down on one line; true when a key was pressed. */
static bool countdown(const char *what, unsigned seconds)
{
	int key = -1;

	for (unsigned left = seconds; left && key < 0; left--) {
		print("\r%s in %u s, any key opens the shell \b", what, left);
		wait_until((key = console_key()) >= 0, clock_ms() + 1000);
	}
	print("\n");
	return key >= 0;
}

static void fail_shell(void)
{
	shell_run();
	leave_to_bios();
}

static void fail_retry(void)
{
	if (countdown("Trying again", RETRY_SECONDS))
		shell_run();
}

static void fail_reboot(void)
{
	if (!countdown("Rebooting", RETRY_SECONDS))
		power_reboot(true);
	fail_shell();
}

static void fail_halt(void)
{
	print("Stopped (on-fail=halt); any key opens the shell\n");
	wait_until(console_key() >= 0, DEADLINE_NEVER);
	fail_shell();
}

enum { ON_FAIL_EXIT, ON_FAIL_LOCAL, ON_FAIL_SHELL, ON_FAIL_RETRY, ON_FAIL_REBOOT, ON_FAIL_HALT };

/* What setting on-fail may ask for; an action that returns asks for another try. */
static const struct {
	const char *name;
	void (*act)(void);
} on_fail[] = {
	[ON_FAIL_EXIT] = {"exit", leave_to_bios},   [ON_FAIL_LOCAL] = {"local", leave_to_bios},
	[ON_FAIL_SHELL] = {"shell", fail_shell},    [ON_FAIL_RETRY] = {"retry", fail_retry},
	[ON_FAIL_REBOOT] = {"reboot", fail_reboot}, [ON_FAIL_HALT] = {"halt", fail_halt},
};

/* Index of the action; @fallback when the setting is unset or unknown. */
static unsigned on_fail_action(unsigned fallback)
{
	char name[16];

	if (setting_text("", "on-fail", name, sizeof(name)))
		for (unsigned i = 0; i < ARRAY_SIZE(on_fail); i++)
			if (!strcmp(on_fail[i].name, name))
				return i;
	return fallback;
}

/* Options with a value that means nothing are said at once, not when they are needed. */
static void check_options(void)
{
	char value[64];
	struct nic *nic;
	bool found = false;

	if (setting_text("", "on-fail", value, sizeof(value)) && on_fail_action(~0u) == ~0u)
		print("on-fail=%s is not known: use exit, local, shell, retry, reboot or halt\n",
		      value);
	if (!setting_text("", "nic", value, sizeof(value)))
		return;
	list_for_each(nic, &nics, link)
		found |= nic_preferred(nic);
	if (!found)
		print("nic=%s: no such card; see ifstat\n", value);
}

static bool ctrl_b(void)
{
	bool pressed = false;

	print("\nPress Ctrl-B for the command line...");
	wait_until((pressed = console_key() == KEY_CTRL_B), clock_ms() + 2000);
	print("\n");
	return pressed;
}

int main(void)
{
	char *script_words;
	struct image *script;
	int rc;

	machine_init();
	note_loader();
	seed_random();
	script_words = cmdline_seed(loader.cmdline);
	print("\nipxe.lkrn %s -- network boot firmware, BSD-2-Clause\n", version);
	print("Features: DNS HTTP iSCSI TFTP bzImage script\n");
	nic_probe_all();
	check_options();
	script = startup_images(embedded_script, (size_t)(embedded_script_end - embedded_script),
				script_words);
	if (!script && ctrl_b()) {
		shell_run();
		leave_to_bios();
	}
	for (;;) {
		rc = startup_run(script);
		if (rc == 0)
			leave_to_bios();
		report_failure(rc);
		on_fail[on_fail_action(script ? ON_FAIL_EXIT : ON_FAIL_RETRY)].act();
	}
}
