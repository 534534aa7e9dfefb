/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading settings: which value counts (the table in lib/settings.h), and shorthands for consumers.
 */
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings_internal.h"
#include "lib/text.h"

#define CARDS_MAX 32

enum outcome { ABSENT, MASKED, FOUND };

const char *setting_source_name(enum setting_source source)
{
	static const char *const names[] = {
		[SOURCE_SCRIPT] = "script",	 [SOURCE_CMDLINE] = "command line",
		[SOURCE_DHCP] = "DHCP",		 [SOURCE_HARDWARE] = "hardware",
		[SOURCE_LOADER] = "boot loader", [SOURCE_BUILTIN] = "built in",
	};

	return names[source];
}

static bool is_user_source(enum setting_source source)
{
	return source == SOURCE_SCRIPT || source == SOURCE_CMDLINE;
}

/* ---- One scope ---- */

static void fill(struct setting_value *value, const struct reference *ref, const char *scope,
		 const struct setting_type *type, enum setting_source source, size_t len)
{
	value->len = len;
	value->type = ref->type ? ref->type : type;
	value->predefined = ref->predefined;
	value->source = source;
	text_copy(value->scope, sizeof(value->scope), scope);
	text_copy(value->name, sizeof(value->name), ref->name);
}

static enum outcome look_stored(const struct scope *s, const struct reference *ref,
				struct setting_value *value)
{
	const struct entry *e = entry_find(s, ref->name);

	if (!e)
		return ABSENT;
	if (e->masked)
		return MASKED;
	memcpy(value->raw, e->raw, e->len);
	fill(value, ref, s->name, e->type, e->source, e->len);
	return FOUND;
}

/* Option @tag among those that @c holds (RFC 2132 section 8.4); empty and bad when it is not. */
static struct cursor find_option(struct cursor c, uint8_t tag)
{
	while (cursor_left(&c)) {
		uint8_t found = cursor_u8(&c);
		struct cursor body;

		if (found == 255)
			break;
		if (!found)
			continue;
		body = cursor_sub(&c, cursor_u8(&c));
		if (found == tag)
			return body;
	}
	cursor_skip(&c, cursor_left(&c) + 1);
	return c;
}

/* "82.1": when it was not stored under its own name, it may lie in option 82. */
static enum outcome look_encapsulated(const struct scope *s, const struct reference *ref,
				      struct setting_value *value)
{
	uint32_t part[4];
	unsigned count = strchr(ref->name, '.') ? setting_parts(ref->name, part, 4) : 0;
	const struct entry *e;
	struct cursor c;
	char outer[4];

	if (!count || part[0] > 255)
		return ABSENT;
	format(outer, sizeof(outer), "%u", (unsigned)part[0]);
	e = entry_find(s, outer);
	if (!e || e->masked)
		return ABSENT;
	c = cursor(e->raw, e->len);
	for (unsigned i = 1; i < count; i++)
		c = find_option(c, (uint8_t)part[i]);
	if (c.bad)
		return ABSENT;
	memcpy(value->raw, c.p, cursor_left(&c));
	fill(value, ref, s->name, setting_default_type(NULL), e->source, cursor_left(&c));
	return FOUND;
}

static enum outcome look_entry(const struct scope *s, const struct reference *ref,
			       struct setting_value *value)
{
	enum outcome o = look_stored(s, ref, value);

	return o == ABSENT ? look_encapsulated(s, ref, value) : o;
}

/* ---- Computed values ---- */

static enum outcome look_provided(const struct setting_provider *provider, const char *name,
				  const struct reference *ref, struct setting_value *value)
{
	const char *type = ref->type ? ref->type->name : NULL;
	long len = provider->read ? provider->read(name, &type, value->raw, sizeof(value->raw))
				  : E_NOT_FOUND;

	if (len < 0 || len > SETTING_MAX || !type)
		return ABSENT;
	fill(value, ref, provider->scope, setting_type_find(type), SOURCE_HARDWARE, (size_t)len);
	return FOUND;
}

/* Predefined settings of a provider: "smbios/uuid" is "smbios/1.8.16". */
static enum outcome look_alias(const struct reference *ref, struct setting_value *value)
{
	const struct setting *p = ref->predefined;
	struct reference typed = *ref;

	if (!typed.type)
		typed.type = setting_type_find(p->type);
	return look_provided(setting_provider_find(p->home), p->alias, &typed, value);
}

static enum outcome look_computed(const char *scope, const struct reference *ref,
				  struct setting_value *value)
{
	const struct setting *p = ref->predefined;
	const char *home;
	long len;

	if (p && p->alias)
		return *scope ? ABSENT : look_alias(ref, value);
	if (!p || !p->compute)
		return ABSENT;
	len = p->compute(scope, value->raw, sizeof(value->raw));
	if (len < 0 || len > SETTING_MAX)
		return ABSENT;
	home = *scope ? scope : p->home ? p->home : "builtin";
	fill(value, ref, home, setting_type_find(p->type),
	     *scope || p->home ? SOURCE_HARDWARE : SOURCE_BUILTIN, (size_t)len);
	return FOUND;
}

/* "pci/0x18.0.2", and "smbios/1.8.16" as the setting that it is. */
static enum outcome look_provider(const struct reference *ref, struct setting_value *value)
{
	const struct setting *s;
	struct reference known = *ref;

	table_for_each(setting, s) {
		if (!s->alias || strcmp(s->home, ref->scope) != 0 ||
		    strcmp(s->alias, ref->name) != 0)
			continue;
		known.predefined = s;
		text_copy(known.name, sizeof(known.name), s->name);
		return look_alias(&known, value);
	}
	return look_provided(ref->provider, ref->name, ref, value);
}

/* ---- Scopes ---- */

static enum outcome look_children(const char *scope, const struct reference *ref,
				  struct setting_value *value)
{
	const struct scope *s;

	list_for_each(s, &setting_scopes, link) {
		enum outcome o =
			setting_scope_is_child(s->name, scope) ? look_entry(s, ref, value) : ABSENT;

		if (o != ABSENT)
			return o;
	}
	return ABSENT;
}

/* What a card says for itself: set by the user, computed, then sent by servers. */
static enum outcome look_card(const char *card, const struct reference *ref,
			      struct setting_value *value)
{
	enum outcome o = look_entry(scope_find(card), ref, value);

	if (o == ABSENT)
		o = look_computed(card, ref, value);
	if (o == ABSENT)
		o = look_children(card, ref, value);
	return o;
}

static enum outcome look_global(const struct reference *ref, struct setting_value *value)
{
	enum outcome o = look_entry(scope_find(""), ref, value);

	return o == ABSENT ? look_computed("", ref, value) : o;
}

/* "net0/x": the global value comes before the servers' when the user set (or masked) it. */
static enum outcome look_card_widening(const struct reference *ref, struct setting_value *value)
{
	const struct entry *global = entry_find(scope_find(""), ref->name);
	enum outcome o = look_entry(scope_find(ref->scope), ref, value);

	if (o == ABSENT)
		o = look_computed(ref->scope, ref, value);
	if (o == ABSENT && global && is_user_source(global->source))
		o = look_global(ref, value);
	if (o == ABSENT)
		o = look_children(ref->scope, ref, value);
	return o == ABSENT ? look_global(ref, value) : o;
}

/* "foo/x": that scope and its children; computed values also where they are at home. */
static enum outcome look_plain_scope(const struct reference *ref, struct setting_value *value)
{
	const struct setting *p = ref->predefined;
	enum outcome o = look_entry(scope_find(ref->scope), ref, value);

	if (o == ABSENT)
		o = look_children(ref->scope, ref, value);
	if (o == ABSENT && p && setting_is_at_home(p, ref->scope))
		o = look_computed("", ref, value);
	if (o == ABSENT && ref->provider)
		o = look_provider(ref, value);
	return o;
}

static enum outcome look_cards(const struct reference *ref, struct setting_value *value)
{
	const char *netx = settings_netx();
	enum outcome o = *netx ? look_card(netx, ref, value) : ABSENT;

	for (unsigned i = 0; o == ABSENT && i < CARDS_MAX; i++) {
		char card[12];

		format(card, sizeof(card), "net%u", i);
		if (strcmp(card, netx) != 0)
			o = look_card(card, ref, value);
	}
	return o;
}

/* Scopes that belong to no numbered card: the well-known ones, then in order of creation. */
static enum outcome look_others(const struct reference *ref, struct setting_value *value)
{
	enum outcome o = look_entry(scope_find("proxydhcp"), ref, value);
	const struct scope *s;

	if (o == ABSENT)
		o = look_entry(scope_find("pxebs"), ref, value);
	list_for_each(s, &setting_scopes, link) {
		if (o == ABSENT && *s->name)
			o = look_entry(s, ref, value);
	}
	return o;
}

static enum outcome look_everywhere(const struct reference *ref, struct setting_value *value)
{
	enum outcome o = look_global(ref, value);

	if (o == ABSENT)
		o = look_cards(ref, value);
	return o == ABSENT ? look_others(ref, value) : o;
}

int setting_fetch(const char *name, struct setting_value *value)
{
	struct reference ref;
	enum outcome o;

	if (reference_parse(name, &ref))
		return E_SETTING_NOT_FOUND;
	if (!*ref.scope)
		o = look_everywhere(&ref, value);
	else if (setting_scope_is_card(ref.scope))
		o = look_card_widening(&ref, value);
	else
		o = look_plain_scope(&ref, value);
	return o == FOUND ? 0 : E_SETTING_NOT_FOUND;
}

/* ---- For consumers ---- */

long setting_show(const struct setting_value *value, char *text, size_t max)
{
	return value->type->show(value->raw, value->len, text, max);
}

static int fetch_at(const char *scope, const char *name, struct setting_value *value)
{
	char full[100];

	if (format(full, sizeof(full), "%s%s%s", scope, *scope ? "/" : "", name) >= sizeof(full))
		return E_SETTING_NOT_FOUND;
	return setting_fetch(full, value);
}

size_t setting_text(const char *scope, const char *name, char *buf, size_t size)
{
	struct setting_value value;

	if (!size)
		return 0;
	if (fetch_at(scope, name, &value) || setting_show(&value, buf, size) < 0)
		buf[0] = 0;
	return strlen(buf);
}

/* A number may stand in a setting that has no type of its own: then its text is read. */
uint64_t setting_number(const char *scope, const char *name, uint64_t fallback)
{
	struct setting_value value;
	char text[24];
	uint64_t number = 0;

	if (fetch_at(scope, name, &value))
		return fallback;
	if (!strcmp(value.type->name, "string")) {
		if (setting_show(&value, text, sizeof(text)) >= (long)sizeof(text) ||
		    !text_to_u64(text, 0, &number))
			return fallback;
		return number;
	}
	if (!value.len || value.len > sizeof(number))
		return fallback;
	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | value.raw[i];
	return number;
}

uint32_t setting_ipv4(const char *scope, const char *name)
{
	struct setting_value value;
	char text[20];
	uint32_t address;

	if (fetch_at(scope, name, &value))
		return 0;
	if (!strcmp(value.type->name, "string")) {
		if (setting_show(&value, text, sizeof(text)) < (long)sizeof(text) &&
		    text_to_ipv4(text, &address))
			return address;
		return 0;
	}
	return value.len >= 4 ? get_be32(value.raw) : 0;
}

const struct setting_type *setting_readable_type(const struct setting_value *value)
{
	if (value->predefined || value->source != SOURCE_DHCP ||
	    strcmp(value->type->name, "string") != 0)
		return value->type;
	for (size_t i = 0; i < value->len; i++) {
		if (!is_print(value->raw[i]) && !is_space(value->raw[i]))
			return setting_type_find("hex");
	}
	return value->type;
}

bool setting_exists(const char *scope, const char *name)
{
	struct setting_value value;

	return !fetch_at(scope, name, &value);
}

bool setting_is_from(const char *name, enum setting_source source)
{
	struct setting_value value;

	return !setting_fetch(name, &value) && value.source == source;
}

void settings_walk(void (*visit)(const char *scope, const struct setting_value *value, void *ctx),
		   void *ctx)
{
	const struct scope *s;
	const struct entry *e;

	list_for_each(s, &setting_scopes, link) {
		list_for_each(e, &s->entries, link) {
			struct setting_value value;
			struct reference ref = {.predefined = setting_find(e->name)};

			text_copy(ref.name, sizeof(ref.name), e->name);
			if (look_stored(s, &ref, &value) == FOUND)
				visit(s->name, &value, ctx);
		}
	}
}
