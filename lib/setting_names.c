/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of settings: the tables they are looked up in, "[scope/]name[:type]", tags, netX. */
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings_internal.h"
#include "lib/text.h"

static char netx[SETTING_SCOPE_SIZE];

/* ---- Tables ---- */

const struct setting *setting_find(const char *name)
{
	const struct setting *s;

	table_for_each(setting, s) {
		if (!strcmp(s->name, name))
			return s;
	}
	return NULL;
}

const struct setting *setting_by_tag(uint32_t tag)
{
	const struct setting *s;

	table_for_each(setting, s) {
		if (tag && s->tag == tag)
			return s;
	}
	return NULL;
}

const struct setting_type *setting_type_find(const char *name)
{
	const struct setting_type *t;

	table_for_each(setting_type, t) {
		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

const struct setting_type *setting_default_type(const struct setting *predefined)
{
	return setting_type_find(predefined ? predefined->type : "string");
}

const struct setting_provider *setting_provider_find(const char *scope)
{
	const struct setting_provider *p;

	table_for_each(setting_provider, p) {
		if (!strcmp(p->scope, scope))
			return p;
	}
	return NULL;
}

bool setting_is_at_home(const struct setting *s, const char *scope)
{
	return !strcmp(scope, s->home ? s->home : "builtin");
}

/* ---- Names ---- */

bool setting_scope_is_card(const char *scope)
{
	const char *p = scope + 3;

	if (!text_starts(scope, "net") || !is_digit((uint8_t)*p))
		return false;
	while (is_digit((uint8_t)*p))
		p++;
	if (*p == '-' && is_digit((uint8_t)p[1])) {
		p++;
		while (is_digit((uint8_t)*p))
			p++;
	}
	return !*p;
}

bool setting_scope_is_child(const char *scope, const char *parent)
{
	size_t len = strlen(parent);

	return *parent && text_starts(scope, parent) && scope[len] == '.';
}

unsigned setting_parts(const char *name, uint32_t *part, unsigned max)
{
	char copy[12];

	for (unsigned n = 0; n < max; n++) {
		size_t len = 0;

		while (name[len] && name[len] != '.')
			len++;
		if (len >= sizeof(copy))
			return 0;
		memcpy(copy, name, len);
		copy[len] = 0;
		if (!text_to_u32(copy, 0, UINT32_MAX, &part[n]))
			return 0;
		if (!name[len])
			return n + 1;
		name += len + 1;
	}
	return 0;
}

/*
 * A dotted tag of up to four numbers of eight bits, as a number and in its
 * canonical decimal form; false when @name is no tag.
 */
static bool parse_tag(const char *name, uint32_t *tag, char *canonical, size_t size)
{
	uint32_t part[4];
	unsigned count = setting_parts(name, part, ARRAY_SIZE(part));

	*tag = 0;
	canonical[0] = 0;
	for (unsigned i = 0; i < count; i++) {
		if (part[i] > 255)
			return false;
		*tag = *tag << 8 | part[i];
		format_append(canonical, size, "%s%u", i ? "." : "", (unsigned)part[i]);
	}
	return *tag != 0;
}

static bool valid_characters(const char *s)
{
	for (; *s; s++) {
		if ((uint8_t)*s <= ' ' || *s == 0x7f)
			return false;
	}
	return true;
}

/* netX and its children stand for the card opened last. */
static bool resolve_netx(char *scope, size_t size)
{
	char copy[SETTING_SCOPE_SIZE];

	if (!text_starts(scope, "netX") || (scope[4] && scope[4] != '.'))
		return true;
	memcpy(copy, scope, sizeof(copy));
	return format(scope, size, "%s%s", *netx ? netx : "net0", copy + 4) < size;
}

static void resolve_tag(struct reference *ref)
{
	char canonical[20];
	uint32_t tag;

	if (!parse_tag(ref->name, &tag, canonical, sizeof(canonical)))
		return;
	ref->predefined = setting_by_tag(tag);
	text_copy(ref->name, sizeof(ref->name),
		  ref->predefined ? ref->predefined->name : canonical);
}

/*
 * Where the name of a setting ends. Names of a provider may contain colons themselves
 * (pci/0000:00:03.0.0.2), and then only a known type counts as one.
 */
static int split_type(const char *name, struct reference *ref, size_t *name_len)
{
	const char *colon = ref->provider ? strrchr(name, ':') : strchr(name, ':');

	*name_len = colon ? (size_t)(colon - name) : strlen(name);
	if (!colon)
		return 0;
	ref->type = setting_type_find(colon + 1);
	if (!ref->type && ref->provider)
		*name_len = strlen(name);
	return ref->type || ref->provider ? 0 : E_SETTING_TYPE;
}

int reference_parse(const char *text, struct reference *ref)
{
	const char *slash = strchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	size_t scope_len = slash ? (size_t)(slash - text) : 0;
	size_t name_len;
	int type_rc;

	memset(ref, 0, sizeof(*ref));
	if (scope_len >= sizeof(ref->scope))
		return E_SETTING_NAME;
	memcpy(ref->scope, text, scope_len);
	if (!valid_characters(ref->scope) || !resolve_netx(ref->scope, sizeof(ref->scope)))
		return E_SETTING_NAME;
	ref->provider = setting_provider_find(ref->scope);
	type_rc = split_type(name, ref, &name_len);
	if (!name_len || name_len >= sizeof(ref->name))
		return E_SETTING_NAME;
	memcpy(ref->name, name, name_len);
	if (!valid_characters(ref->name))
		return E_SETTING_NAME;
	ref->predefined = setting_find(ref->name);
	if (!ref->predefined && !ref->provider)
		resolve_tag(ref);
	return type_rc;
}

/* Is what @name holds secret: by its definition, or because an option inside is? */
static bool is_secret(const struct setting *predefined, const char *name)
{
	const struct setting *s;
	uint32_t tag;

	if (predefined)
		return predefined->secret;
	if (!text_to_u32(name, 10, 255, &tag))
		return false;
	table_for_each(setting, s) {
		if (s->secret && s->tag >> 8 == tag)
			return true;
	}
	return false;
}

/* A type that there is not makes the name no less secret. */
bool setting_is_secret(const char *name)
{
	struct reference ref;
	int rc = reference_parse(name, &ref);

	return (!rc || rc == E_SETTING_TYPE) && is_secret(ref.predefined, ref.name);
}

bool setting_value_is_secret(const struct setting_value *value)
{
	return is_secret(value->predefined, value->name);
}

void settings_set_netx(const char *card)
{
	text_copy(netx, sizeof(netx), card ? card : "");
}

const char *settings_netx(void)
{
	return netx;
}
