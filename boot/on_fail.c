/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * on-fail=ACTION[,SECONDS]: what an unattended machine does when its boot
 * failed. An action with consequences counts down first, and any key opens the
 * shell instead; with lock=1 there is no shell, and a key only ends the wait.
 */
#include "boot/on_fail.h"
#include "bios/console.h"
#include "boot/exit_method.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "netstack/net.h"

#define DELAY_SECONDS 10
#define DELAY_MAX     86400

/* Count down on one line; true when a key was pressed (Ctrl-C cancels the wait). */
static bool countdown(const char *what, unsigned seconds)
{
	const char *offer = shell_locked() ? "a key ends the wait" : "any key opens the shell";
	int rc = E_TIMEOUT;

	for (unsigned left = seconds; left && rc == E_TIMEOUT; left--) {
		print("\r%s in %u s, %s \b", what, left, offer);
		rc = wait_until(console_key() >= 0, clock_ms() + 1000);
	}
	print("\n");
	return rc != E_TIMEOUT;
}

static void act_exit(unsigned delay)
{
	exit_leave();
}

static void act_local(unsigned delay)
{
	exit_to_disk();
}

static void act_shell(unsigned delay)
{
	shell_run();
	exit_leave();
}

static void act_retry(unsigned delay)
{
	if (countdown("Trying again", delay) && !shell_locked())
		shell_run();
}

static void act_reboot(unsigned delay)
{
	if (countdown("Rebooting", delay) && !shell_locked())
		act_shell(delay);
	exit_to_reset();
}

static void act_halt(unsigned delay)
{
	if (shell_locked()) {
		print("Stopped (on-fail=halt)\n");
		for (;;)
			wait_turn(DEADLINE_NEVER);
	}
	print("Stopped (on-fail=halt); any key opens the shell\n");
	wait_until(console_key() >= 0, DEADLINE_NEVER);
	act_shell(delay);
}

static const struct action {
	const char *name;
	void (*act)(unsigned delay);
} actions[] = {
	{"exit", act_exit},   {"local", act_local},   {"shell", act_shell},
	{"retry", act_retry}, {"reboot", act_reboot}, {"halt", act_halt},
};

/* Split "retry,30"; NULL when it means nothing. */
static const struct action *parse(char *text, uint32_t *delay)
{
	char *seconds = strchr(text, ',');

	*delay = DELAY_SECONDS;
	if (seconds) {
		*seconds++ = '\0';
		if (!text_to_u32(seconds, 10, DELAY_MAX, delay))
			return NULL;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, text))
			return &actions[i];
	return NULL;
}

void on_fail_check(void)
{
	char value[64], text[64];
	uint32_t delay;

	if (!setting_text("", "on-fail", value, sizeof(value)))
		return;
	text_copy(text, sizeof(text), value);
	if (!parse(text, &delay))
		print("on-fail=%s is not known: use exit, local, shell, retry, reboot or halt, "
		      "and a delay behind a comma: retry,30\n",
		      value);
}

void on_fail_act(const char *fallback)
{
	const struct action *action = NULL;
	uint32_t delay = DELAY_SECONDS;
	char text[64];

	if (setting_text("", "on-fail", text, sizeof(text)))
		action = parse(text, &delay);
	if (!action) {
		text_copy(text, sizeof(text), fallback);
		action = parse(text, &delay);
	}
	if (action)
		action->act(delay);
}

TABLE_ENTRY(setting, setting_on_fail) = {
	.name = "on-fail",
	.type = "string",
	.description = "what to do when the boot failed: exit, local, shell, retry, reboot, halt",
};
