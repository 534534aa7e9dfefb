/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings store: a tree of scopes with typed values.
 *
 * A scope is a path: "" (global), "net0", "net0.dhcp", "proxydhcp", "pxelinux",
 * anything the user invents. A value is a byte string with a type; numbers are
 * kept big endian, as in a DHCP packet.
 *
 * Resolution, the same everywhere (the table stands in docs/settings.md):
 *   "net0/x"      net0's own value, then net0.dhcp, then the global value, except
 *                 that a global value of the user beats net0.dhcp.
 *   "net0.dhcp/x" exactly that scope (and its children); so for every scope that
 *                 is not a card's.
 *   "x"           global, then the most recently opened card (netX: its own,
 *                 then its .dhcp), then the other cards in order, then
 *                 proxydhcp, pxebs and other scopes in order of creation.
 * What the user set (command line, script) beats what a server sent: that is
 * why a card's own scope and the global one hold only user values, and servers'
 * values sit in ".dhcp" scopes.
 * A card's scope is "net" and a number, or that with "-" and a VLAN's number.
 * "netX" stands for the card opened last, for net0 while none was.
 * A name may be a DHCP tag ("67", "175.8", "43.9"): it means the predefined
 * setting of that tag, else the value stored under the decimal tag, else what
 * the stored outer option has inside.
 * Virtual scopes ("pci/…", "smbios/…") compute values from their names.
 */
#ifndef LIB_SETTINGS_H
#define LIB_SETTINGS_H

#include "lib/base.h"
#include "lib/table.h"

#define SETTING_MAX 4096 /* bytes of one value */

/** Who stored a value; shown by `show`. */
enum setting_source {
	SOURCE_SCRIPT,	 /* typed, or set by a script */
	SOURCE_CMDLINE,	 /* kernel command line */
	SOURCE_DHCP,	 /* a server */
	SOURCE_HARDWARE, /* a card, SMBIOS */
	SOURCE_LOADER,	 /* absorbed from the boot loader: BOOTIF=, ip= */
	SOURCE_BUILTIN,
};

/** A value type: "string", "ipv4", "int8", … one TABLE_ENTRY each in lib/setting_types.c. */
struct setting_type {
	const char *name;
	/** Text to bytes; returns the length or a negative error. NULL: cannot be set. */
	long (*parse)(const char *text, uint8_t *raw, size_t max);
	/** Bytes to text (NUL-terminated, cut at @max); returns the length of the whole text, or a
	 * negative error. */
	long (*show)(const uint8_t *raw, size_t len, char *text, size_t max);
};
TABLE(setting_type);

/** A predefined setting: one TABLE_ENTRY each. */
struct setting {
	const char *name;
	const char *type; /* a setting_type's name */
	uint32_t tag;	  /* DHCP option, or SETTING_TAG(175, 8) for 175.8; 0: none */
	bool secret;	  /* shown as ***; so is the option that encapsulates it */
	const char *description;
	/**
	 * Computed settings (mac, uuid, version, memsize…): write the raw value of
	 * @scope ("" or a card's name), return its length, or negative when absent.
	 * NULL for stored settings.
	 */
	long (*compute)(const char *scope, uint8_t *raw, size_t max);
	/** Scope that `show` names for a value computed with scope "": "smbios"; NULL: "builtin".
	 */
	const char *home;
	/** Computed by the provider of scope @home, which calls it so ("1.4.0"); NULL: by
	 * compute().
	 */
	const char *alias;
	/** Computed settings that can be set: take the value (no bytes: back to the computed one).
	 * NULL for all others. */
	int (*store)(const uint8_t *raw, size_t len);
};
TABLE(setting);

/**
 * A virtual scope: its values are computed from their names ("pci/0x18.0.2"),
 * and nothing can be stored there. One TABLE_ENTRY each.
 */
struct setting_provider {
	const char *scope;
	const char *description;
	/**
	 * Write the raw value of @name, return its length, or negative when there is
	 * none. @type: name of the type asked for, or NULL; then set it to the value's
	 * own. NULL: the scope has only the predefined settings that are at home in it.
	 */
	long (*read)(const char *name, const char **type, uint8_t *raw, size_t max);
};
TABLE(setting_provider);

/** The numbers (0x…, octal, decimal) between the dots of @name; their count, 0 when it is anything
 * else or more than @max. */
unsigned setting_parts(const char *name, uint32_t *part, unsigned max);

/** Tag of an encapsulated option, 8 bits a level. */
#define SETTING_TAG(a, b) ((uint32_t)(a) << 8 | (b))

/** Predefined setting called @name, or NULL. */
const struct setting *setting_find(const char *name);
/** Is "[scope/]name[:type]" one whose value is not to be shown? */
bool setting_is_secret(const char *name);
/** Predefined setting of DHCP tag @tag (option, or SETTING_TAG), or NULL. */
const struct setting *setting_by_tag(uint32_t tag);

/**
 * Store: @name is "[scope/]name[:type]". Text is parsed by its type (given,
 * else predefined, else string); an empty value removes the setting. Scopes
 * come into being by themselves.
 */
int setting_store(const char *name, const char *text, enum setting_source source);
/** Store @text, edited from what setting_text() gave: without ":type" it is of the type that the
 * value has. */
int setting_store_edited(const char *name, const char *text, enum setting_source source);
/** Store raw bytes as @scope/@name; @type NULL: the predefined one, else string. No bytes: remove.
 */
int setting_store_raw(const char *scope, const char *name, const char *type, const void *raw,
		      size_t len, enum setting_source source);
/** Mask: @name reads as unset although a wider scope has a value. */
int setting_unset(const char *name);
/** Remove every value of @scope and of its children (a new lease replaces the old). */
void settings_clear_scope(const char *scope);

struct setting_value {
	uint8_t raw[SETTING_MAX];
	size_t len;
	const struct setting_type *type;
	const struct setting *predefined; /* NULL: the user's own */
	enum setting_source source;
	char scope[32]; /* where it was found */
	char name[64];
};

/** Resolve @name ("[scope/]name[:type]"); 0, or E_SETTING_NOT_FOUND (no sentence recorded). */
int setting_fetch(const char *name, struct setting_value *value);
/** Is @name one that can be? 0 or an error after fail(). */
int setting_check_name(const char *name);
/** @value as text by its type, as setting_type.show(). */
long setting_show(const struct setting_value *value, char *text, size_t max);
/** The type to show @value to a person in: its own, but hex for a DHCP option without a name that
 * is no text. */
const struct setting_type *setting_readable_type(const struct setting_value *value);
/** "script", "command line", "DHCP"… */
const char *setting_source_name(enum setting_source source);
/** The virtual scope called @scope, or NULL. */
const struct setting_provider *setting_provider_find(const char *scope);
/** Is @value not to be shown? */
bool setting_value_is_secret(const struct setting_value *value);
/** Type called @name, or NULL. */
const struct setting_type *setting_type_find(const char *name);
/** Is @scope the name of a card ("net0", "net1-20")? */
bool setting_scope_is_card(const char *scope);

/* Shorthands for consumers; @scope is "" or a card's name ("net0"), widening as above. */
/** Value as text; "" when unset. Returns the length. */
size_t setting_text(const char *scope, const char *name, char *buf, size_t size);
/** Value as unsigned number (raw value of up to 8 bytes, or the text of a string), or @fallback. */
uint64_t setting_number(const char *scope, const char *name, uint64_t fallback);
/** IPv4 address in host order, 0 when unset. */
uint32_t setting_ipv4(const char *scope, const char *name);
bool setting_exists(const char *scope, const char *name);
/** Is there a value of @name, and from @source? */
bool setting_is_from(const char *name, enum setting_source source);

/** The card opened last becomes netX; NULL when it closed. Called by nic/. */
void settings_set_netx(const char *card);

/** Call @visit for every stored value, scope by scope; for `config` and tests. */
void settings_walk(void (*visit)(const char *scope, const struct setting_value *value, void *ctx),
		   void *ctx);

/** Called after any store that changes something: "applicators" (IP reconfiguration…). */
struct setting_applicator {
	void (*apply)(void);
};
TABLE(setting_applicator);

/** Forget everything; for tests. */
void settings_reset(void);

#endif
