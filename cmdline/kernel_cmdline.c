/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel command line. Two cultures meet on it: settings in front of
 * everything, and the one-line script that lkrn users have always written there.
 *
 *	[quiet] [SCOPE/]NAME[:TYPE]=VALUE … [--] [SCRIPT]
 *
 * Words are split at white space and quotes group. The first word that is
 * neither a setting nor a loader's noise decides: a command begins the script,
 * which is then taken exactly as it stands (but for quotes around all of it, which
 * GRUB needs and hands on); anything else is left over from
 * somebody's kernel entry, is skipped with one message, and settings behind it
 * still count. "--" begins the script in any case.
 */
#include "cmdline/interpreter.h"
#include "bios/heap.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/secrets.h"
#include "lib/settings.h"
#include "lib/text.h"

#define WORD_MAX 4096

/* ---- Words ---- */

struct words_reader {
	const char *next;    /* not yet read */
	const char *raw;     /* where the last word began */
	char word[WORD_MAX]; /* the last word without its quotes */
};

/* An apostrophe or quotation mark without its partner groups up to the end. */
static bool read_word(struct words_reader *r)
{
	const char *p = r->next;
	char quote = 0;
	size_t n = 0;

	while (is_space((uint8_t)*p))
		p++;
	r->raw = p;
	for (; *p && (quote || !is_space((uint8_t)*p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else if (n < sizeof(r->word) - 1)
			r->word[n++] = *p;
	}
	r->word[n] = 0;
	r->next = p;
	return p != r->raw;
}

/* ---- Settings ---- */

static bool is_name_character(char c)
{
	return is_alpha((uint8_t)c) || is_digit((uint8_t)c) || c == '-' || c == '_' || c == '.';
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (is_name_character(s[n]))
		n++;
	return n;
}

/* Offset of the '=' in "[scope/]name[:type]=value", 0 when @word is not of that form. */
static size_t setting_form(const char *word)
{
	size_t n = name_length(word);

	if (n && word[n] == '/') {
		size_t name = name_length(word + n + 1);

		n = name ? n + 1 + name : 0;
	}
	if (n && word[n] == ':') {
		size_t type = name_length(word + n + 1);

		n = type ? n + 1 + type : 0;
	}
	return n && word[n] == '=' ? n : 0;
}

/* console= (as Linux allows) and bind= may be given several times; theirs are lists. */
static bool is_list(const char *name)
{
	return !strcmp(name, "console") || !strcmp(name, "bind");
}

static void join_list(const char *name, const char *value, char *list, size_t size)
{
	setting_text("", name, list, size);
	format_append(list, size, "%s%s", *list ? "," : "", value);
}

static bool seed_setting(const char *word, size_t equals)
{
	char name[100];
	char list[256];
	const char *value = word + equals + 1;

	if (equals >= sizeof(name))
		return false;
	memcpy(name, word, equals);
	name[equals] = 0;
	if (is_list(name)) {
		join_list(name, value, list, sizeof(list));
		value = list;
	}
	if (setting_store(name, value, SOURCE_CMDLINE)) {
		print("Command line: %s (%s)\n", error_text(), error_entry(error_code())->code);
		return false;
	}
	return true;
}

/* ---- What boot loaders add ---- */

static void keep(const char *name, const char *value)
{
	if (setting_store(name, value, SOURCE_LOADER))
		log_debug("cmdline", 1, "%s", error_text());
}

/* BOOTIF=01-52-54-…: the card that the loader came through. */
static void keep_bootif(const char *value)
{
	keep("BOOTIF", value);
	if (!setting_exists("", "nic"))
		keep("nic", value);
}

/* ip=CLIENT:SERVER:GATEWAY:NETMASK, of PXELINUX (and of Linux, which adds more fields). */
static bool keep_ip(const char *value)
{
	static const char *const names[] = {"pxelinux/ip", "pxelinux/next-server",
					    "pxelinux/gateway", "pxelinux/netmask"};
	char field[ARRAY_SIZE(names)][16];
	uint32_t address;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const char *colon = strchr(value, ':');
		size_t len = colon ? (size_t)(colon - value) : strlen(value);

		if (len >= sizeof(field[i]) || (i < ARRAY_SIZE(names) - 1 && value[len] != ':'))
			return false;
		memcpy(field[i], value, len);
		field[i][len] = 0;
		if (len && !text_to_ipv4(field[i], &address))
			return false;
		value += len + (value[len] == ':');
	}
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		keep(names[i], field[i]);
	return true;
}

/* Absorb @word when a loader put it there. */
static bool absorb_noise(const char *word)
{
	static const char *const plain[] = {"BOOT_IMAGE", "initrd", "SYSUUID"};

	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++) {
		size_t len = strlen(plain[i]);

		if (text_starts(word, plain[i]) && word[len] == '=') {
			keep(plain[i], word + len + 1);
			return true;
		}
	}
	if (text_starts(word, "BOOTIF=")) {
		keep_bootif(word + 7);
		return true;
	}
	if (text_starts(word, "ip=") && keep_ip(word + 3))
		return true;
	return !strcmp(word, "auto");
}

/* use-ip=1: what PXELINUX told us counts as if it were a setting of every card. */
static void use_ip(void)
{
	static const char *const names[] = {"ip", "netmask", "gateway"};
	struct setting_value global;
	char value[20];

	if (!setting_number("", "use-ip", 0))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		bool typed = !setting_fetch(names[i], &global) && !*global.scope;

		if (!typed && setting_text("pxelinux", names[i], value, sizeof(value)))
			keep(names[i], value);
	}
}

/* ---- The script ---- */

/* Start of the last word of the first @len bytes of @text. */
static size_t last_word(const char *text, size_t len)
{
	while (len && !is_space((uint8_t)text[len - 1]))
		len--;
	return len;
}

/*
 * The script is taken as it stands, but loaders also add their words behind it
 * (IPAPPEND): those go. One with ${…} in it was written by a person.
 */
static char *take_script(const char *text)
{
	char *script;
	size_t len;

	while (is_space((uint8_t)*text))
		text++;
	script = text_dup(text);
	if (!script) {
		print("Command line: no memory for the script\n");
		return NULL;
	}
	for (len = strlen(script);; script[len] = 0) {
		size_t word;

		while (len && is_space((uint8_t)script[len - 1]))
			script[--len] = 0;
		word = last_word(script, len);
		if (!len || strstr(script + word, "${") || !absorb_noise(script + word))
			break;
		len = word;
	}
	if (*script)
		return script;
	heap_free(script);
	return NULL;
}

/* ---- All of it ---- */

struct leftovers {
	char text[1024];
	bool foreign; /* not only "quiet" */
};

/* Append @word to a line for the screen; what it sets stays hidden when that is a secret. */
static void append_word(char *text, size_t size, const char *word, const char *raw, size_t raw_len)
{
	size_t equals = setting_form(word);
	char name[100] = "";

	if (equals < sizeof(name))
		memcpy(name, word, equals);
	format_append(text, size, "%s", *text ? " " : "");
	if (setting_is_secret(name))
		format_append(text, size, "%s=***", name);
	else
		format_append(text, size, "%.*s", (int)raw_len, raw);
}

static void leave(struct leftovers *left, const char *word)
{
	append_word(left->text, sizeof(left->text), word, word, strlen(word));
	if (strcmp(word, "quiet") != 0)
		left->foreign = true;
}

/* 'dhcp && boot' in quotes: is it a script? */
static bool is_quoted_script(const struct words_reader *r)
{
	char command[32];
	size_t n = 0;

	while (r->word[n] && !is_space((uint8_t)r->word[n]))
		n++;
	if (!r->word[n] || n >= sizeof(command) || (*r->raw != '"' && *r->raw != '\''))
		return false;
	memcpy(command, r->word, n);
	command[n] = 0;
	return command_find(command);
}

/* Take in the word just read; true when the script begins with it. */
static bool seed_word(struct words_reader *r, struct leftovers *left)
{
	size_t equals = setting_form(r->word);

	if (absorb_noise(r->word))
		return false;
	if (equals && seed_setting(r->word, equals))
		return false;
	if (!strcmp(r->word, "quiet"))
		setting_store("quiet", "1", SOURCE_CMDLINE);
	else if (!left->foreign && command_find(r->word))
		return true;
	leave(left, r->word);
	return false;
}

static char *seed_words(struct words_reader *r, struct leftovers *left)
{
	while (read_word(r)) {
		if (!strcmp(r->word, "--"))
			return take_script(r->next);
		if (!left->foreign && is_quoted_script(r)) {
			format_append(r->word, sizeof(r->word), "%s", r->next);
			return take_script(r->word);
		}
		if (seed_word(r, left))
			return take_script(r->raw);
	}
	return NULL;
}

char *cmdline_seed(const char *cmdline)
{
	struct words_reader *reader = heap_alloc(sizeof(*reader));
	struct leftovers left = {0};
	char *script;

	if (!reader) {
		print("Command line: no memory to read it\n");
		return NULL;
	}
	reader->next = cmdline;
	script = seed_words(reader, &left);
	heap_free(reader);
	setting_store("cmdline", left.text, SOURCE_CMDLINE);
	if (left.foreign)
		print("Command line: ignored \"%s\" (no command; readable as ${cmdline})\n",
		      left.text);
	use_ip();
	return script;
}

void cmdline_hide_secrets(const char *cmdline, char *text, size_t size)
{
	struct words_reader *r = heap_alloc(sizeof(*r));

	*text = 0;
	if (!r)
		return;
	for (r->next = cmdline; read_word(r);)
		append_word(text, size, r->word, r->raw, (size_t)(r->next - r->raw));
	heap_free(r);
	secrets_hide(text, text, size);
}

/* `debug=tcp,dhcp:2`, from wherever it is set. */
static void apply_debug(void)
{
	static char applied[256]; /* what the command `debug` changed since then holds */
	char areas[sizeof(applied)];
	const char *wrong;
	size_t len;

	setting_text("", "debug", areas, sizeof(areas));
	if (!strcmp(areas, applied))
		return;
	text_copy(applied, sizeof(applied), areas);
	log_enable(areas);
	wrong = log_wrong_area(areas, &len);
	if (wrong)
		print("debug: \"%.*s\" is neither AREA nor AREA:LEVEL, level 0 to 2\n", (int)len,
		      wrong);
}
TABLE_ENTRY(setting_applicator, debug_applicator) = {apply_debug};
