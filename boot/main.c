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
#include "boot/boot.h"
#include "boot/boot_timer.h"
#include "boot/exit_method.h"
#include "boot/image.h"
#include "boot/on_fail.h"
#include "boot/self.h"
#include "boot/startup.h"
#include "bzimage/handover.h"
#include "cmdline/command.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "lib/version.h"
#include "netstack/net.h"

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

/* Options with a value that means nothing are said at once, not when they are needed. */
static void check_options(void)
{
	exit_method_check();
	on_fail_check();
	nic_check_preference();
}

static bool ctrl_b(void)
{
	bool pressed = false;

	if (shell_locked())
		return false;
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
	self_start();
	seed_random();
	script_words = cmdline_seed(loader.cmdline);
	if (!setting_number("", "quiet", 0)) {
		print("\nipxe.lkrn %s -- network boot firmware, BSD-2-Clause\n", version);
		print("Features: DNS HTTP iSCSI TFTP bzImage Multiboot ELF PXE script\n");
	}
	nic_probe_all();
	check_options();
	script = startup_images(embedded_script, (size_t)(embedded_script_end - embedded_script),
				script_words);
	if (!script && ctrl_b()) {
		shell_run();
		exit_leave();
	}
	for (;;) {
		boot_timer_start();
		rc = startup_run(script);
		if (boot_timer_expired())
			rc = fail(E_BOOT_TIMEOUT, "nothing has booted in %u s",
				  boot_timer_seconds());
		boot_timer_stop();
		if (rc == 0)
			exit_leave();
		report_failure(rc);
		on_fail_act(script ? "exit" : "retry");
		line_failed(rc); /* a failure that comes back is said again */
	}
}
