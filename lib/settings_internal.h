/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the settings store share: names taken apart, and the stored values. */
#ifndef LIB_SETTINGS_INTERNAL_H
#define LIB_SETTINGS_INTERNAL_H

#include "lib/list.h"
#include "lib/settings.h"

#define SETTING_SCOPE_SIZE sizeof(((struct setting_value *)0)->scope)
#define SETTING_NAME_SIZE  sizeof(((struct setting_value *)0)->name)

/** A stored value. */
struct entry {
	struct list link;
	const struct setting_type *type;
	enum setting_source source;
	bool masked; /* by `unset`: the search ends here, without a value */
	size_t len;
	char name[SETTING_NAME_SIZE];
	uint8_t raw[];
};

struct scope {
	struct list link;
	struct list entries;
	char name[SETTING_SCOPE_SIZE];
};

/** All scopes, in order of creation. */
extern struct list setting_scopes;
struct scope *scope_find(const char *name);
/** The entry of @s (NULL: none) called @name, or NULL. */
struct entry *entry_find(const struct scope *s, const char *name);

/** A setting's name taken apart. */
struct reference {
	char scope[SETTING_SCOPE_SIZE];
	char name[SETTING_NAME_SIZE];
	const struct setting_type *type;	 /* asked for with ":type", or NULL */
	const struct setting *predefined;	 /* or NULL */
	const struct setting_provider *provider; /* of the scope, or NULL */
};

/** Take "[scope/]name[:type]" apart: netX and tags are resolved. 0 or an error without a sentence.
 */
int reference_parse(const char *text, struct reference *ref);
/** The type of values stored without one. */
const struct setting_type *setting_default_type(const struct setting *predefined);
/** Does "net0.dhcp.x" lie below "net0"? */
bool setting_scope_is_child(const char *scope, const char *parent);
/** The card that netX stands for; "" while none was opened. */
const char *settings_netx(void);
/** Is @scope where the computed setting @s is at home ("builtin" unless it names one)? */
bool setting_is_at_home(const struct setting *s, const char *scope);

#endif
