/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings store; see lib/settings.h.
 *
 * Scopes are a flat list, in order of creation; "net0.dhcp" is a child of
 * "net0" by its name alone. Values of one scope are a list too: there are a few
 * dozen of them, and they are looked up by people and scripts, not by packets.
 *
 * A mask (`unset`) is a stored entry without a value: the search ends at it.
 */
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings_internal.h"
#include "lib/text.h"

#define SCOPES_MAX	128
#define ENTRIES_MAX	2048
#define STORE_BYTES_MAX (256 * 1024)

struct list setting_scopes = LIST_INIT(setting_scopes);
static unsigned scope_count, entry_count;
static size_t store_bytes;

struct scope *scope_find(const char *name)
{
	struct scope *s;

	list_for_each(s, &setting_scopes, link) {
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
	list_append(&setting_scopes, &s->link);
	scope_count++;
	return s;
}

struct entry *entry_find(const struct scope *s, const char *name)
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

static int fail_reference(int rc, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (rc == E_SETTING_TYPE)
		return fail(rc, "%.80s: there is no setting type \"%.20s\"", text, colon + 1);
	return fail(rc, "\"%.80s\" is not a setting's name ([SCOPE/]NAME[:TYPE])", text);
}

/* Scopes whose values are computed hold nothing of anybody's. */
static int check_scope(const char *scope, const char *name)
{
	if (!setting_provider_find(scope))
		return 0;
	return fail(E_SETTING_FIXED, "%s/%.60s is computed", scope, name);
}

/* A computed setting that can be set takes the value itself; else the store does. */
static int put_value(const struct reference *ref, const struct setting_type *type,
		     const uint8_t *raw, size_t len, enum setting_source source)
{
	const struct setting *p = ref->predefined;
	int rc;

	if (p && p->store && (!*ref->scope || setting_is_at_home(p, ref->scope)))
		return p->store(raw, len);
	rc = check_scope(ref->scope, ref->name);
	if (rc)
		return rc;
	if (len)
		return put_entry(ref->scope, ref->name, type, raw, len, source, false);
	remove_entry(ref->scope, ref->name);
	return 0;
}

static int store_text(const char *name, const struct reference *ref,
		      const struct setting_type *type, const char *text, enum setting_source source)
{
	uint8_t raw[SETTING_MAX];
	long len = 0;

	if (*text && !type->parse)
		return fail(E_SETTING_TYPE, "%s: settings of type %s cannot be set", name,
			    type->name);
	if (*text)
		len = type->parse(text, raw, sizeof(raw));
	if (len < 0)
		return fail(E_SETTING_VALUE, "%s: \"%.80s\" is not a value of type %s", name,
			    setting_is_secret(name) ? "***" : text, type->name);
	return put_value(ref, type, raw, (size_t)len, source);
}

int setting_store(const char *name, const char *text, enum setting_source source)
{
	struct reference ref;
	int rc = reference_parse(name, &ref);

	if (rc)
		return fail_reference(rc, name);
	return store_text(name, &ref, ref.type ? ref.type : setting_default_type(ref.predefined),
			  text, source);
}

/* Not inlined: a value takes much of a stack. */
__attribute__((noinline)) static const struct setting_type *
present_type(const char *name, const struct setting_type *otherwise)
{
	struct setting_value value;

	return setting_fetch(name, &value) ? otherwise : value.type;
}

int setting_store_edited(const char *name, const char *text, enum setting_source source)
{
	struct reference ref;
	int rc = reference_parse(name, &ref);

	if (rc)
		return fail_reference(rc, name);
	return store_text(name, &ref,
			  ref.type ? ref.type
				   : present_type(name, setting_default_type(ref.predefined)),
			  text, source);
}

int setting_check_name(const char *name)
{
	struct reference ref;
	int rc = reference_parse(name, &ref);

	return rc ? fail_reference(rc, name) : 0;
}

int setting_store_raw(const char *scope, const char *name, const char *type, const void *raw,
		      size_t len, enum setting_source source)
{
	char full[SETTING_SCOPE_SIZE + SETTING_NAME_SIZE];
	const struct setting_type *t;
	struct reference ref;
	int rc = E_SETTING_NAME;

	if (format(full, sizeof(full), "%s/%s", scope, name) < sizeof(full))
		rc = reference_parse(full, &ref);
	if (rc)
		return fail_reference(rc, full);
	t = type ? setting_type_find(type) : setting_default_type(ref.predefined);
	if (!t)
		return fail(E_SETTING_TYPE, "%s: there is no setting type \"%.20s\"", name, type);
	return put_value(&ref, t, raw, len, source);
}

int setting_unset(const char *name)
{
	struct reference ref;
	int rc = reference_parse(name, &ref);

	if (rc)
		return fail_reference(rc, name);
	rc = check_scope(ref.scope, ref.name);
	if (rc)
		return rc;
	return put_entry(ref.scope, ref.name, setting_default_type(ref.predefined), "", 0,
			 SOURCE_SCRIPT, true);
}

static bool clear_scopes(const char *name)
{
	struct scope *s, *next_scope;
	struct entry *e, *next_entry;
	bool changed = false;

	list_for_each_safe(s, next_scope, &setting_scopes, link) {
		if (name && strcmp(s->name, name) != 0 && !setting_scope_is_child(s->name, name))
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
	settings_set_netx(NULL);
}
