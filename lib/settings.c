/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings store and its resolution order; see lib/settings.h.
 *
 * Scopes are a flat list, in order of creation; "net0.dhcp" is a child of
 * "net0" by its name alone. Values of one scope are a list too: there are a few
 * dozen of them, and they are looked up by people and scripts, not by packets.
 *
 * A mask (`unset`) is a stored entry without a value: the search ends at it.
 */
#include "lib/settings.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/text.h"

#define CARDS_MAX	32
#define SCOPES_MAX	128
#define ENTRIES_MAX	2048
#define STORE_BYTES_MAX (256 * 1024)

struct entry {
	struct list link;
	const struct setting_type *type;
	enum setting_source source;
	bool masked;
	size_t len;
	char name[sizeof(((struct setting_value *)0)->name)];
	uint8_t raw[];
};

struct scope {
	struct list link;
	struct list entries;
	char name[sizeof(((struct setting_value *)0)->scope)];
};

/* A setting's name taken apart. */
struct reference {
	char scope[sizeof(((struct setting_value *)0)->scope)];
	char name[sizeof(((struct setting_value *)0)->name)];
	const struct setting_type *type;  /* asked for with ":type", or NULL */
	const struct setting *predefined; /* or NULL */
};

enum outcome { ABSENT, MASKED, FOUND };

static struct list scopes = LIST_INIT(scopes);
static unsigned scope_count, entry_count;
static size_t store_bytes;
static char netx[sizeof(((struct setting_value *)0)->scope)];

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

static const struct setting_type *default_type(const struct setting *predefined)
{
	return setting_type_find(predefined ? predefined->type : "string");
}

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

/* Does "net0.dhcp.x" lie below "net0"? */
static bool is_child(const char *scope, const char *parent)
{
	size_t len = strlen(parent);

	return *parent && text_starts(scope, parent) && scope[len] == '.';
}

/*
 * A dotted tag of up to four numbers of eight bits, as a number and in its
 * canonical decimal form; false when @name is no tag.
 */
static bool parse_tag(const char *name, uint32_t *tag, char *canonical, size_t size)
{
	char part[12];
	uint32_t number;

	*tag = 0;
	canonical[0] = 0;
	for (unsigned level = 0; level < 4; level++) {
		size_t len = 0;

		while (name[len] && name[len] != '.')
			len++;
		if (len >= sizeof(part))
			return false;
		memcpy(part, name, len);
		part[len] = 0;
		if (!text_to_u32(part, 0, 255, &number))
			return false;
		*tag = *tag << 8 | number;
		format_append(canonical, size, "%s%u", level ? "." : "", number);
		if (!name[len])
			return *tag != 0;
		name += len + 1;
	}
	return false;
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
	char copy[sizeof(((struct reference *)0)->scope)];

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

static int parse_reference(const char *text, struct reference *ref)
{
	const char *slash = strchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	const char *colon = strchr(name, ':');
	size_t scope_len = slash ? (size_t)(slash - text) : 0;
	size_t name_len = colon ? (size_t)(colon - name) : strlen(name);

	memset(ref, 0, sizeof(*ref));
	if (!name_len || name_len >= sizeof(ref->name) || scope_len >= sizeof(ref->scope))
		return E_SETTING_NAME;
	memcpy(ref->scope, text, scope_len);
	memcpy(ref->name, name, name_len);
	if (!valid_characters(ref->name) || !valid_characters(ref->scope) ||
	    !resolve_netx(ref->scope, sizeof(ref->scope)))
		return E_SETTING_NAME;
	if (colon) {
		ref->type = setting_type_find(colon + 1);
		if (!ref->type)
			return E_SETTING_TYPE;
	}
	ref->predefined = setting_find(ref->name);
	if (!ref->predefined)
		resolve_tag(ref);
	return 0;
}

static int fail_reference(int rc, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (rc == E_SETTING_TYPE)
		return fail(rc, "%.80s: there is no setting type \"%.20s\"", text, colon + 1);
	return fail(rc, "\"%.80s\" is not a setting's name ([SCOPE/]NAME[:TYPE])", text);
}

bool setting_is_secret(const char *name)
{
	struct reference ref;

	return !parse_reference(name, &ref) && ref.predefined && ref.predefined->secret;
}

/* ---- The store ---- */

static struct scope *scope_find(const char *name)
{
	struct scope *s;

	list_for_each(s, &scopes, link) {
		if (!strcmp(s->name, name))
			return s;
	}
	return NULL;
}

static struct scope *scope_make(const char *name)
{
	struct scope *s = scope_find(name);

	if (s)
		return s;
	s = scope_count < SCOPES_MAX ? heap_zalloc(sizeof(*s)) : NULL;
	if (!s)
		return NULL;
	text_copy(s->name, sizeof(s->name), name);
	list_init(&s->entries);
	list_append(&scopes, &s->link);
	scope_count++;
	return s;
}

static struct entry *entry_find(const struct scope *s, const char *name)
{
	struct entry *e;

	if (!s)
		return NULL;
	list_for_each(e, &s->entries, link) {
		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static void entry_free(struct entry *e)
{
	list_remove(&e->link);
	entry_count--;
	store_bytes -= e->len;
	heap_free(e);
}

static void scope_free_if_empty(struct scope *s)
{
	if (!list_empty(&s->entries))
		return;
	list_remove(&s->link);
	scope_count--;
	heap_free(s);
}

/* Applicators store settings themselves at times; that must not start them again. */
static void apply(void)
{
	static bool applying;
	const struct setting_applicator *a;

	if (applying)
		return;
	applying = true;
	table_for_each(setting_applicator, a)
		a->apply();
	applying = false;
}

static bool entry_same(const struct entry *a, const struct entry *b)
{
	return a && a->type == b->type && a->source == b->source && a->masked == b->masked &&
	       a->len == b->len && !memcmp(a->raw, b->raw, a->len);
}

static void remove_entry(const char *scope, const char *name)
{
	struct scope *s = scope_find(scope);
	struct entry *e = entry_find(s, name);

	if (!e)
		return;
	entry_free(e);
	scope_free_if_empty(s);
	apply();
}

static int put_entry(const char *scope, const char *name, const struct setting_type *type,
		     const void *raw, size_t len, enum setting_source source, bool masked)
{
	struct entry *e, *old = entry_find(scope_find(scope), name);
	struct scope *s;

	if (len > SETTING_MAX)
		return fail(E_SETTING_VALUE,
			    "%s: %zu bytes are too long for a setting (%u at most)", name, len,
			    SETTING_MAX);
	if (entry_count >= ENTRIES_MAX || store_bytes + len > STORE_BYTES_MAX)
		return fail(E_SETTING_FULL, "%s: no room for more settings (%u hold %zu bytes)",
			    name, entry_count, store_bytes);
	e = heap_alloc(sizeof(*e) + len);
	if (!e)
		return fail(E_NO_MEMORY, "no memory for setting %s", name);
	*e = (struct entry){.type = type, .source = source, .masked = masked, .len = len};
	text_copy(e->name, sizeof(e->name), name);
	memcpy(e->raw, raw, len);
	if (entry_same(old, e)) {
		heap_free(e);
		return 0;
	}
	s = scope_make(scope);
	if (!s) {
		heap_free(e);
		return fail(E_SETTING_FULL, "%s/%s: no room for more scopes", scope, name);
	}
	list_insert_after(old ? &old->link : s->entries.prev, &e->link);
	entry_count++;
	store_bytes += len;
	if (old)
		entry_free(old);
	apply();
	return 0;
}

int setting_store(const char *name, const char *text, enum setting_source source)
{
	uint8_t raw[SETTING_MAX];
	struct reference ref;
	const struct setting_type *type;
	long len;
	int rc = parse_reference(name, &ref);

	if (rc)
		return fail_reference(rc, name);
	if (!*text) {
		remove_entry(ref.scope, ref.name);
		return 0;
	}
	type = ref.type ? ref.type : default_type(ref.predefined);
	if (!type->parse)
		return fail(E_SETTING_TYPE, "%s: settings of type %s cannot be set", name,
			    type->name);
	len = type->parse(text, raw, sizeof(raw));
	if (len < 0)
		return fail(E_SETTING_VALUE, "%s: \"%.80s\" is not a value of type %s", name,
			    ref.predefined && ref.predefined->secret ? "***" : text, type->name);
	return put_entry(ref.scope, ref.name, type, raw, (size_t)len, source, false);
}

int setting_store_raw(const char *scope, const char *name, const char *type, const void *raw,
		      size_t len, enum setting_source source)
{
	const struct setting_type *t =
		type ? setting_type_find(type) : default_type(setting_find(name));

	if (!*name || strlen(name) >= sizeof(((struct entry *)0)->name) ||
	    strlen(scope) >= sizeof(((struct scope *)0)->name))
		return fail(E_SETTING_NAME, "\"%.40s/%.80s\" is not a setting's name", scope, name);
	if (!t)
		return fail(E_SETTING_TYPE, "%s: there is no setting type \"%.20s\"", name, type);
	if (!len) {
		remove_entry(scope, name);
		return 0;
	}
	return put_entry(scope, name, t, raw, len, source, false);
}

int setting_unset(const char *name)
{
	struct reference ref;
	int rc = parse_reference(name, &ref);

	if (rc)
		return fail_reference(rc, name);
	return put_entry(ref.scope, ref.name, default_type(ref.predefined), "", 0, SOURCE_SCRIPT,
			 true);
}

static bool clear_scopes(const char *name)
{
	struct scope *s, *next_scope;
	struct entry *e, *next_entry;
	bool changed = false;

	list_for_each_safe(s, next_scope, &scopes, link) {
		if (name && strcmp(s->name, name) != 0 && !is_child(s->name, name))
			continue;
		list_for_each_safe(e, next_entry, &s->entries, link)
			entry_free(e);
		scope_free_if_empty(s);
		changed = true;
	}
	return changed;
}

void settings_clear_scope(const char *scope)
{
	if (clear_scopes(scope))
		apply();
}

void settings_reset(void)
{
	clear_scopes(NULL);
	netx[0] = 0;
}

void settings_set_netx(const char *card)
{
	text_copy(netx, sizeof(netx), card ? card : "");
}

/* ---- Resolution ---- */

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

static enum outcome look_entry(const struct scope *s, const struct reference *ref,
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

static enum outcome look_computed(const char *scope, const struct reference *ref,
				  struct setting_value *value)
{
	const struct setting *p = ref->predefined;
	const char *home;
	long len;

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

static enum outcome look_children(const char *scope, const struct reference *ref,
				  struct setting_value *value)
{
	const struct scope *s;

	list_for_each(s, &scopes, link) {
		enum outcome o = is_child(s->name, scope) ? look_entry(s, ref, value) : ABSENT;

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
	if (o == ABSENT && p && p->compute && !strcmp(ref->scope, p->home ? p->home : "builtin"))
		o = look_computed("", ref, value);
	return o;
}

static enum outcome look_cards(const struct reference *ref, struct setting_value *value)
{
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
	list_for_each(s, &scopes, link) {
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

	if (parse_reference(name, &ref))
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

bool setting_exists(const char *scope, const char *name)
{
	struct setting_value value;

	return !fetch_at(scope, name, &value);
}

void settings_walk(void (*visit)(const char *scope, const struct setting_value *value, void *ctx),
		   void *ctx)
{
	const struct scope *s;
	const struct entry *e;

	list_for_each(s, &scopes, link) {
		list_for_each(e, &s->entries, link) {
			struct setting_value value;
			struct reference ref = {.predefined = setting_find(e->name)};

			if (e->masked)
				continue;
			text_copy(ref.name, sizeof(ref.name), e->name);
			look_entry(s, &ref, &value);
			visit(s->name, &value, ctx);
		}
	}
}
