/* SPDX-License-Identifier: BSD-2-Clause */
/* Request parameters; the form's encoding is that of the URL standard, section 5.2. */
#include "netstack/params.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/text.h"

#define FORM_MAX    (1u << 20)
#define HEADERS_MAX 4096u

static struct list lists = LIST_INIT(lists);

struct params *params_find(const char *name)
{
	struct params *p;

	list_for_each(p, &lists, link) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static void param_free(struct param *param)
{
	list_remove(&param->link);
	heap_free(param->key);
	heap_free(param->value);
	heap_free(param);
}

void params_free(struct params *params)
{
	struct param *param, *next;

	list_for_each_safe(param, next, &params->list, link)
		param_free(param);
	list_remove(&params->link);
	heap_free(params->name);
	heap_free(params->method);
	heap_free(params);
}

int params_create(const char *name, const char *method)
{
	struct params *old = params_find(name), *p = heap_zalloc(sizeof(*p));

	if (!p)
		return fail(E_NO_MEMORY, "out of memory for request parameters");
	list_init(&p->list);
	list_append(&lists, &p->link);
	p->name = text_dup(name);
	p->method = text_dup(method ? method : "POST");
	if (!p->name || !p->method) {
		params_free(p);
		return fail(E_NO_MEMORY, "out of memory for request parameters");
	}
	if (old)
		params_free(old);
	return 0;
}

/* A field name of RFC 9110 section 5.1, and a value that stays on its line. */
static bool is_header(const char *key, const char *value)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (const char *p = key; *p; p++)
		if (!is_alpha(*p) && !is_digit(*p) && !strchr(others, *p))
			return false;
	for (; *value; value++)
		if ((uint8_t)*value < ' ' && *value != '\t')
			return false;
	return *key != '\0';
}

int params_add(struct params *params, const char *key, const char *value, bool header)
{
	struct param *param;

	if (header && !is_header(key, value))
		return fail(E_HTTP_ADDRESS, "\"%.60s\" cannot be a header line", key);
	param = heap_zalloc(sizeof(*param));
	if (!param)
		return fail(E_NO_MEMORY, "out of memory for request parameters");
	list_append(&params->list, &param->link);
	param->header = header;
	param->key = text_dup(key);
	param->value = text_dup(value);
	if (param->key && param->value)
		return 0;
	param_free(param);
	return fail(E_NO_MEMORY, "out of memory for request parameters");
}

const struct params *params_of(const struct uri *uri, int *rc)
{
	const char *name = uri->fragment;
	const struct params *params;

	*rc = 0;
	if (!name || !text_starts(name, "#params"))
		return NULL;
	name += strlen("#params");
	if (*name && *name != '=')
		return NULL;
	params = params_find(*name ? name + 1 : "");
	if (!params)
		*rc = fail(E_HTTP_PARAMS,
			   *name ? "no parameters called \"%s\"; make them with params --name"
				 : "no parameters%s; make them with params",
			   *name ? name + 1 : "");
	return params;
}

/* ---- Text ---- */

/* @text form-encoded to @out, which has room for three bytes each; returns the end. */
static char *encode(char *out, const char *text)
{
	for (; *text; text++) {
		if (is_alpha(*text) || is_digit(*text) || strchr("*-._", *text))
			*out++ = *text;
		else if (*text == ' ')
			*out++ = '+';
		else
			out += format(out, 4, "%%%02X", (uint8_t)*text);
	}
	*out = '\0';
	return out;
}

char *params_form(const struct params *params)
{
	const struct param *param;
	size_t size = 1;
	char *form, *end;

	list_for_each(param, &params->list, link)
		if (!param->header)
			size += 3 * (strlen(param->key) + strlen(param->value)) + 2;
	form = size <= FORM_MAX ? heap_alloc(size) : NULL;
	if (!form) {
		fail(E_NO_MEMORY, "out of memory for a form of %u bytes", (unsigned)size);
		return NULL;
	}
	end = form;
	*end = '\0';
	list_for_each(param, &params->list, link) {
		if (param->header)
			continue;
		if (end != form)
			*end++ = '&';
		end = encode(end, param->key);
		*end++ = '=';
		end = encode(end, param->value);
	}
	return form;
}

char *params_headers(const struct params *params)
{
	const struct param *param;
	size_t size = 1;
	char *text;

	list_for_each(param, &params->list, link)
		if (param->header)
			size += strlen(param->key) + strlen(param->value) + 4;
	text = size <= HEADERS_MAX ? heap_alloc(size) : NULL;
	if (!text) {
		fail(E_HTTP_PARAMS, "the header lines have %u bytes, %u are allowed",
		     (unsigned)size, HEADERS_MAX);
		return NULL;
	}
	*text = '\0';
	list_for_each(param, &params->list, link)
		if (param->header)
			format_append(text, size, "%s: %s\r\n", param->key, param->value);
	return text;
}
