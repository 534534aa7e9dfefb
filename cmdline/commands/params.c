/* SPDX-License-Identifier: BSD-2-Clause */
/* params param: form fields and header lines for the requests of an address that ends in ##params.
 */
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/text.h"
#include "netstack/params.h"

/* ---- params ---- */

enum { NAME, METHOD, DELETE };

static const struct option params_options[] = {
	[NAME] = {'n', "name", OPTION_TEXT, "name of the list, for ##params=NAME"},
	[METHOD] = {'m', "method", OPTION_TEXT, "GET, POST (the default) or PUT"},
	[DELETE] = {'d', "delete", OPTION_FLAG, "delete the list"},
};

static int run_params(struct call *call)
{
	static const char *const methods[] = {"GET", "POST", "PUT"};
	const char *name = call->option[NAME].given ? call->option[NAME].text : "";
	const char *method = NULL;

	if (call->option[DELETE].given) {
		if (!params_find(name))
			return fail(E_HTTP_PARAMS, "no parameters \"%s\"", name);
		params_free(params_find(name));
		return 0;
	}
	if (!call->option[METHOD].given)
		return params_create(name, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(methods); i++)
		if (text_equal_nocase(methods[i], call->option[METHOD].text))
			method = methods[i];
	if (!method)
		return fail(E_INVALID, "method %.40s: only GET, POST and PUT",
			    call->option[METHOD].text);
	return params_create(name, method);
}
TABLE_ENTRY(command, cmd_params) = {
	.name = "params",
	.arguments = "",
	.summary = "Begin a new list of request parameters",
	.options = params_options,
	.option_count = ARRAY_SIZE(params_options),
	.run = run_params,
};

/* ---- param ---- */

enum { PARAMS, HEADER };

static const struct option param_options[] = {
	[PARAMS] = {'p', "params", OPTION_TEXT, "name of the list"},
	[HEADER] = {'H', "header", OPTION_FLAG, "a header line, not a form field"},
};

static int run_param(struct call *call)
{
	const char *name = call->option[PARAMS].given ? call->option[PARAMS].text : "";
	struct params *params = params_find(name);
	char *value;
	int rc;

	if (!params)
		return fail(E_HTTP_PARAMS, "no parameters \"%s\" yet: params begins a list", name);
	value = join_args(call, 1);
	if (!value)
		return E_NO_MEMORY;
	rc = params_add(params, call->argv[0], value, call->option[HEADER].given);
	heap_free(value);
	return rc;
}
TABLE_ENTRY(command, cmd_param) = {
	.name = "param",
	.arguments = "<key> [<value>...]",
	.summary = "Add a form field or a header line: param mac ${net0/mac}",
	.options = param_options,
	.option_count = ARRAY_SIZE(param_options),
	.min_args = 1,
	.max_args = ARGS_ANY,
	.run = run_param,
};
