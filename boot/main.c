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

/* What setting on-fail asks for after @rc; returns when the boot is to be tried again. */
static void on_fail(const char *policy, int rc)
{
	if (!strcmp(policy, "retry")) {
		if (countdown("Trying again", RETRY_SECONDS))
			shell_run();
		return;
	}
	if (!strcmp(policy, "shell")) {
		shell_run();
	} else if (!strcmp(policy, "reboot")) {
		if (!countdown("Rebooting", RETRY_SECONDS)) {
			leave_for_power();
			power_reboot(true);
		}
		shell_run();
	} else if (!strcmp(policy, "halt")) {
		print("Stopped (on-fail=halt); any key opens the shell\n");
		wait_until(console_key() >= 0, DEADLINE_NEVER);
		shell_run();
	} else if (strcmp(policy, "exit") != 0 && strcmp(policy, "local") != 0) {
		print("on-fail=%s is not known: use exit, local, shell, retry, reboot or halt\n",
		      policy);
	}
	leave_to_bios();
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
	char policy[16];
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
		if (!setting_text("", "on-fail", policy, sizeof(policy)))
			text_copy(policy, sizeof(policy), script ? "exit" : "retry");
		on_fail(policy, rc);
	}
}
