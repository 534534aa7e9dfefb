/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Request parameters: named lists of form fields and header lines, made by the
 * commands params and param, and attached to an address by its end:
 * http://host/path##params, or ##params=NAME.
 */
#ifndef NETSTACK_PARAMS_H
#define NETSTACK_PARAMS_H

#include "lib/base.h"
#include "lib/list.h"
#include "lib/uri.h"

struct param {
	struct list link;
	char *key, *value;
	bool header; /* a header line of the request, not a form field */
};

struct params {
	struct list link;
	char *name; /* "": the list that `params` makes without a name */
	char *method;
	struct list list; /* of struct param, in the order of adding */
};

/** A new, empty list called @name in place of an older one; @method NULL: POST. 0 or an error
 * after fail(). */
int params_create(const char *name, const char *method);
/** The list called @name, or NULL. */
struct params *params_find(const char *name);
void params_free(struct params *params);
/** Append a field, or a header line. 0 or an error after fail(). */
int params_add(struct params *params, const char *key, const char *value, bool header);

/** The list that @uri asks for; NULL without an error when it asks for none, and with one, in
 * *@rc, when there is no such list. */
const struct params *params_of(const struct uri *uri, int *rc);
/** The fields as application/x-www-form-urlencoded text; heap string, or NULL after fail(). */
char *params_form(const struct params *params);
/** The header lines, each with its CRLF; heap string, or NULL after fail(). */
char *params_headers(const struct params *params);

#endif
