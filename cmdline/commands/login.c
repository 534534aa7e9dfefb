/* SPDX-License-Identifier: BSD-2-Clause */
/* login */
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"

static int ask(const char *prompt, const char *setting, bool secret)
{
	char initial[256] = "";
	char *line;
	int rc;

	if (!secret)
		setting_text("", setting, initial, sizeof(initial));
	line = line_read(prompt, initial, secret);
	if (!line)
		return error_code();
	rc = setting_store(setting, line, SOURCE_SCRIPT);
	memset(line, 0, strlen(line));
	heap_free(line);
	return rc;
}

static int run_login(struct call *call)
{
	int rc = ask("Username: ", "username", false);

	return rc ? rc : ask("Password: ", "password", true);
}
TABLE_ENTRY(command, cmd_login) = {
	.name = "login",
	.arguments = "",
	.summary = "Ask for a user name and a password",
	.run = run_login,
	.details = "They go into the settings username and password.",
};
