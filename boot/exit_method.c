/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit-method=METHOD: what becomes of the machine when the last script ended.
 *
 * INT 18h, the default, goes on with the BIOS' own boot order. That is what iPXE
 * does, and what the installation flows need: after us comes the CD or the stick
 * that the user put into the machine, whether or not there is a disk that boots.
 */
#include "boot/exit_method.h"
#include "bios/gate.h"
#include "bios/power.h"
#include "boot/boot.h"
#include "boot/localboot.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"

void exit_to_disk(void)
{
	unsigned drive;

	leave_prepare();
	if (localboot_load_first(&drive)) {
		print("%s; going on with the BIOS' boot order\n", error_text());
		leave_to_bios();
	}
	print("Booting from drive 0x%02x\n", drive);
	leave_to_boot_sector(drive);
}

void exit_to_reset(void)
{
	leave_for_power();
	power_reboot(true);
}

static void stop(void) __attribute__((noreturn));
static void stop(void)
{
	leave_for_power();
	print("Stopped (exit-method); switch the machine off, or press Ctrl-Alt-Delete\n");
	for (;;)
		real_idle();
}

static void switch_off(void)
{
	leave_for_power();
	power_off();
	print("%s\n", error_text());
	stop();
}

static const struct method {
	const char *name;
	void (*leave)(void);
} methods[] = {
	{"int18", leave_to_bios}, {"int19", leave_to_bootstrap}, {"disk", exit_to_disk},
	{"reset", exit_to_reset}, {"reboot", exit_to_reset},	 {"poweroff", switch_off},
	{"halt", stop},
};

static const struct method *find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	return NULL;
}

void exit_method_check(void)
{
	char text[32];

	if (setting_text("", "exit-method", text, sizeof(text)) && !find(text))
		print("exit-method=%s is not known: use int18, int19, disk, reset, poweroff or "
		      "halt\n",
		      text);
}

void exit_leave(void)
{
	const struct method *method = NULL;
	char text[32];

	if (setting_text("", "exit-method", text, sizeof(text)))
		method = find(text);
	if (method)
		method->leave();
	exit_method_check(); /* a script may have set it meanwhile */
	leave_to_bios();
}

TABLE_ENTRY(setting, setting_exit_method) = {
	.name = "exit-method",
	.type = "string",
	.description = "where to go when the last script ended: int18, int19, disk, reset, "
		       "poweroff, halt",
};
