/* SPDX-License-Identifier: BSD-2-Clause */
/* login */
#include "cmdline/menu.h"
#include "cmdline/command.h"
#include "lib/error.h"

static int run_login(struct call *call)
{
	static const char hidden_name[] = "login form";
	struct menu *form = menu_create(hidden_name, "Login");
	int rc = E_NO_MEMORY;

	if (!form)
		return rc;
	if (menu_add(form, "username", "Username") && menu_add(form, "password", "Password"))
		rc = form_run(form);
	menu_delete(form);
	return rc;
}
TABLE_ENTRY(command, cmd_login) = {
	.name = "login",
	.arguments = "",
	.summary = "Ask for a user name and a password",
	.run = run_login,
	.details = "They go into the settings username and password.",
};
