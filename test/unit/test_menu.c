/* SPDX-License-Identifier: BSD-2-Clause */
/* Menus, forms, login and the settings editor, as a terminal shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/clock.h"
#include "bios/console.h"
#include "cmdline/interpreter.h"
#include "cmdline/menu.h"
#include "cmdline/tui.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "test/host/host.h"

/*
 * What the user does: each time nothing is left to read, look at the screen and
 * press the next keys. An entry with key 0 types its text.
 */
struct step {
	int key;
	const char *text;
	void (*look)(void);
};
static const struct step *steps;

static void next_step(void)
{
	if (!steps || (!steps->key && !steps->text && !steps->look))
		return;
	if (steps->look)
		steps->look();
	if (steps->key)
		host_key(steps->key);
	if (steps->text)
		host_keys(steps->text);
	steps++;
}

#define PRESS(key)                                                                                 \
	{                                                                                          \
		key, NULL, NULL                                                                    \
	}
#define TYPE(text)                                                                                 \
	{                                                                                          \
		0, text, NULL                                                                      \
	}
#define USER(...)                                                                                  \
	steps = (const struct step[])                                                              \
	{                                                                                          \
		__VA_ARGS__, PRESS(0)                                                              \
	}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	tui_colours_reset();
	current_frame = NULL; /* of a test that failed */
	tui_failure_seen();
	host_turn = next_step;
	steps = NULL;
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	host_card_reset();
	host_turn = NULL;
	return 0;
}

static void run(const char *text)
{
	host_output_clear();
	script_run("test", text, strlen(text));
}

/* Row of the line that is marked as selected, its text in @text. */
static const char *selected(void)
{
	static char text[81];

	for (unsigned row = 0; row < 24; row++) {
		memset(text, 0, sizeof(text));
		strcpy(text, host_screen_row(row));
		if (text[1] == '>')
			return text + 3;
	}
	return "none";
}

static const char *value(const char *name)
{
	static char text[80];

	setting_text("", name, text, sizeof(text));
	return text;
}

#define BASIC                                                                                      \
	"menu Boot\nitem --gap First part\nitem a Alpha\nitem b Beta\nitem --gap Second part\n"    \
	"item c Gamma\n"

/* ---- What is shown ---- */

static void look_basic(void)
{
	unsigned row, column;

	assert_string_equal(host_screen_row(1), "                                      Boot");
	assert_string_equal(host_screen_row(3), "   First part");
	assert_string_equal(host_screen_row(4), " > Alpha");
	assert_string_equal(host_screen_row(5), "   Beta");
	assert_string_equal(host_screen_row(7), "   Gamma");
	assert_string_equal(host_screen_row(8), "");
	assert_int_equal(host_screen_attribute(1, 38) & 0x08, 0x08); /* bold */
	assert_int_equal(host_screen_attribute(4, 3), 0x47);	     /* white on red */
	assert_int_equal(host_screen_attribute(4, 78), 0x47);
	assert_int_equal(host_screen_attribute(5, 3), 0x17); /* white on blue */
	assert_int_equal(host_screen_attribute(3, 3), 0x13); /* cyan on blue */
	assert_int_equal(host_screen_attribute(15, 40), 0x17);
	assert_false(host_screen_cursor(&row, &column));
}

static void test_screen(void **state)
{
	unsigned row, column;

	USER({KEY_ENTER, NULL, look_basic});
	run(BASIC "choose x\n");
	assert_string_equal(value("x"), "a");
	/* A clean screen is left. */
	for (unsigned i = 0; i < 24; i++)
		assert_string_equal(host_screen_row(i), "");
	assert_int_equal(host_screen_attribute(5, 5), 0x07);
	assert_true(host_screen_cursor(&row, &column));
	assert_int_equal(row, 0);
	assert_int_equal(column, 0);
}

/* ---- Moving ---- */

static void look_beta(void)
{
	assert_string_equal(selected(), "Beta");
}
static void look_gamma(void)
{
	assert_string_equal(selected(), "Gamma");
}
static void look_alpha(void)
{
	assert_string_equal(selected(), "Alpha");
}

static void test_moving(void **state)
{
	USER(PRESS(KEY_DOWN), {KEY_DOWN, NULL, look_beta}, {KEY_DOWN, NULL, look_gamma},
	     {KEY_UP, NULL, look_gamma}, {KEY_UP, NULL, look_beta}, {KEY_UP, NULL, look_alpha},
	     {KEY_END, NULL, look_alpha}, {KEY_TAB, NULL, look_gamma}, {KEY_TAB, NULL, look_alpha},
	     {KEY_HOME, NULL, look_beta}, {KEY_PAGE_DOWN, NULL, look_alpha},
	     {KEY_PAGE_UP, NULL, look_gamma}, {KEY_UNKNOWN, NULL, look_alpha},
	     {KEY_F1, NULL, look_alpha}, {KEY_DOWN, NULL, look_alpha},
	     {KEY_ENTER, NULL, look_beta});
	run(BASIC "choose x\n");
	assert_string_equal(value("x"), "b");
	assert_non_null(steps);
	assert_int_equal(steps->key, 0); /* all were needed */
}

/* ---- Many items ---- */

static char *many(void)
{
	static char text[4096];

	strcpy(text, "menu Many\nitem --gap Heading\n");
	for (int i = 1; i <= 40; i++)
		format_append(text, sizeof(text), "item n%d Entry number %d\n", i, i);
	format_append(text, sizeof(text), "choose x\n");
	return text;
}

static void look_top(void)
{
	assert_string_equal(host_screen_row(2), "");
	assert_string_equal(host_screen_row(3), "   Heading");
	assert_string_equal(host_screen_row(4), " > Entry number 1");
	assert_string_equal(host_screen_row(19), "   Entry number 16");
	assert_string_equal(host_screen_row(20), "   ...");
	assert_string_equal(host_screen_row(21), "");
}
static void look_page(void)
{
	assert_string_equal(host_screen_row(2), "   ...");
	assert_string_equal(selected(), "Entry number 18");
	assert_string_equal(host_screen_row(20), "   ...");
}
static void look_end(void)
{
	assert_string_equal(host_screen_row(2), "   ...");
	assert_string_equal(host_screen_row(19), " > Entry number 40");
	assert_string_equal(host_screen_row(20), "");
}
static void look_scrolled_up(void)
{
	assert_string_equal(selected(), "Entry number 23");
	assert_string_equal(host_screen_row(3), " > Entry number 23");
	assert_string_equal(host_screen_row(20), "   ...");
}

static void test_many(void **state)
{
	USER({KEY_PAGE_DOWN, NULL, look_top}, {KEY_END, NULL, look_page},
	     {KEY_PAGE_UP, NULL, look_end}, {KEY_HOME, NULL, look_scrolled_up},
	     {KEY_ENTER, NULL, look_top});
	run(many());
	assert_string_equal(value("x"), "n1");
}

/* ---- Which one at first ---- */

static void test_initial(void **state)
{
	USER({KEY_ENTER, NULL, look_gamma});
	run(BASIC "choose --default c x\n");
	assert_string_equal(value("x"), "c");
	USER({KEY_ENTER, NULL, look_gamma});
	run("menu\nitem a Alpha\nitem --default c Gamma\nitem d Delta\nchoose x\n");
	USER({KEY_ENTER, NULL, look_alpha});
	run("menu\nitem a Alpha\nitem --default c Gamma\nitem d Delta\nchoose --default a x\n");
	/* One that is not there. */
	USER({KEY_ENTER, NULL, look_alpha});
	run(BASIC "choose --default nosuch x\n");
}

/* ---- Keys that choose ---- */

static void look_hot(void)
{
	assert_string_equal(host_screen_row(3), " > Debian");
	assert_string_equal(host_screen_row(4), "   Install Windows");
	assert_string_equal(host_screen_row(5), "   Exit (^X)");
	assert_string_equal(host_screen_row(6), "   2^ and ^");
	assert_int_equal(host_screen_attribute(3, 3), 0x4e);  /* yellow */
	assert_int_equal(host_screen_attribute(3, 4), 0x47);  /* and the rest not */
	assert_int_equal(host_screen_attribute(4, 11), 0x1e); /* W */
	assert_int_equal(host_screen_attribute(5, 3), 0x1e);  /* where --key stands in the text */
}

#define HOT                                                                                        \
	"menu\nitem d ^Debian\nitem w Install ^Windows\nitem --key e x Exit (^X)\nitem p 2^ and "  \
	"^\n"

static void test_hot_keys(void **state)
{
	USER({'w', NULL, look_hot});
	run(HOT "choose x\n");
	assert_string_equal(value("x"), "w");
	USER(PRESS('D'));
	run(HOT "choose x\n");
	assert_string_equal(value("x"), "d");
	USER(PRESS('e'));
	run(HOT "choose x\n");
	assert_string_equal(value("x"), "x");
	/* --key is exact: this one searches. */
	USER(PRESS('E'), PRESS(KEY_ENTER));
	run("menu\nitem a Alpha\nitem --key e b Beta\nchoose x\n");
	assert_string_equal(value("x"), "b");
	/* Numbers and keys that are no characters. */
	USER(PRESS(KEY_F1 + 1));
	run("menu\nitem a Alpha\nitem --key 0x111 b Beta\nchoose x\n");
	assert_string_equal(value("x"), "b");
	/* On a heading: the item below it, not yet chosen. */
	USER(PRESS('s'), {KEY_ENTER, NULL, look_gamma});
	run("menu\nitem a Alpha\nitem --key s --gap More\nitem c Gamma\nchoose x\n");
	assert_string_equal(value("x"), "c");
}

/* ---- Search ---- */

static void look_searching(void)
{
	assert_string_equal(selected(), "Gamma ray");
	assert_string_equal(host_screen_row(23), " Search: ray");
}
static void look_searched(void)
{
	assert_string_equal(selected(), "Gamma ray");
	assert_string_equal(host_screen_row(23), "");
}

static void test_search(void **state)
{
	USER(TYPE("ray"), {KEY_ESC, NULL, look_searching}, {KEY_ENTER, NULL, look_searched});
	run("menu\nitem a Alpha\nitem b Beta\nitem c Gamma ray\nchoose x\n");
	assert_string_equal(value("x"), "c");
	/* What leads nowhere is dropped; a hot key after it counts. */
	USER(TYPE("q"), PRESS('b'));
	run("menu\nitem a Alpha\nitem b ^Beta\nitem c Gamma ray\nchoose x\n");
	assert_string_equal(value("x"), "b");
	/* Within a search letters are no hot keys. */
	USER(TYPE("rb"), TYPE("\b\r"));
	run("menu\nitem a ^Alpha\nitem c Gamma ^rabbit\nitem d Two crabs\nchoose x\n");
	assert_string_equal(value("x"), "c");
}

/* ---- Time ---- */

static void look_timer(void)
{
	assert_string_equal(host_screen_row(3) + 76, " (5)");
	assert_string_equal(host_screen_row(4), "   Beta");
}

#define LONG_ITEM "An-item-as-long-as-the-screen-is-wide-of-which-all-is-to-be-seen-also-its-end"

static void look_long_counted(void)
{
	char row[81] = " > " LONG_ITEM;

	memcpy(row + 75, " (15)", 6);
	assert_string_equal(host_screen_row(3), row);
}
static void look_long(void)
{
	assert_string_equal(host_screen_row(3), " > " LONG_ITEM);
}

static void test_timeout(void **state)
{
	uint64_t start;

	USER({0, NULL, look_timer});
	start = 1000;
	host_clock_set_ms(start);
	run("menu\nitem a Alpha\nitem b Beta\nchoose --timeout 5000 x\n");
	assert_string_equal(value("x"), "a");
	assert_in_range(clock_ms() - start, 5000, 5100);
	/* A long text is seen but for what the time needs, and whole when a key stopped it. */
	USER({KEY_HOME, NULL, look_long_counted}, {KEY_ENTER, NULL, look_long});
	run("menu\nitem a " LONG_ITEM "\nchoose --timeout 15000 x\n");
	assert_string_equal(value("x"), "a");
	/* What is selected counts. */
	run("menu\nitem a Alpha\nitem b Beta\nchoose --timeout 5000 --default b x\n");
	assert_string_equal(value("x"), "b");
}

static void test_timeout_resumes(void **state)
{
	USER(PRESS(KEY_DOWN));
	host_clock_set_ms(1000);
	run("menu\nitem a Alpha\nitem b Beta\nchoose --timeout 5000 x\n");
	assert_string_equal(value("x"), "b");
	assert_in_range(clock_ms() - 1000, 35000, 35200);
	USER(PRESS(KEY_DOWN));
	host_clock_set_ms(1000);
	run("menu\nitem a Alpha\nitem b Beta\nchoose --timeout 5000 --retimeout 2000 x\n");
	assert_string_equal(value("x"), "b");
	assert_in_range(clock_ms() - 1000, 2000, 2200);
}

static void press_when_late(void)
{
	if (clock_ms() > 4000000)
		host_key(KEY_ENTER);
}

static void test_timeout_ends(void **state)
{
	host_turn_us = 1000000;
	host_clock_set_ms(1000);
	host_key(KEY_DOWN);
	host_turn = press_when_late;
	run("menu\nitem a Alpha\nitem b Beta\nchoose --timeout 5000 --retimeout 0 x\n");
	host_turn_us = 1000;
	assert_true(clock_ms() > 4000000);
}

/* The end may come at any moment, also between two looks at the clock. */
static void test_timeout_in_between(void **state)
{
	host_turn = press_when_late;
	for (uint32_t us = 999900; us < 1000010; us++) {
		host_turn_us = us;
		host_clock_set_ms(1000);
		run("menu\nitem a Alpha\nchoose --timeout 2000 x\n");
		assert_true(clock_ms() < 10000);
	}
	host_turn_us = 1000;
}

/* ---- Giving up ---- */

static void test_cancel(void **state)
{
	USER(PRESS(KEY_ESC));
	run(BASIC "choose x || echo gave up ${errno}\n");
	assert_non_null(strstr(host_output(), "gave up 0x"));
	assert_string_equal(value("x"), "");
	USER(PRESS(KEY_CTRL_C));
	run(BASIC "choose x && echo chosen || echo gave up\n");
	assert_null(strstr(host_output(), "\nchosen"));
	assert_non_null(strstr(host_output(), "gave up"));
}

static void test_names(void **state)
{
	USER({KEY_ENTER, NULL, look_beta}, {KEY_ENTER, NULL, look_alpha},
	     {KEY_ENTER, NULL, look_beta});
	run("menu one\nitem a Alpha\nmenu --name m two\nitem --menu m b Beta\n"
	    "choose --menu m --keep x && choose y && choose --menu m z\n");
	assert_string_equal(value("x"), "b");
	assert_string_equal(value("y"), "a");
	assert_string_equal(value("z"), "b");
	/* All are gone now. */
	run("choose x || choose --menu m x || item a b\n");
	assert_non_null(strstr(host_output(), "E-MENU-01"));
	run("menu --name m three\nmenu --name m --delete\nchoose --menu m x\n");
	assert_non_null(strstr(host_output(), "E-MENU-01"));
	run("menu\nitem --gap only text\nchoose x\n");
	assert_non_null(strstr(host_output(), "E-MENU-02"));
	run("menu --delete\n");
}

/* ---- The last failure ---- */

static void look_failure(void)
{
	const char wanted[] = "imgstat nosuch: nosuch: no such image";

	assert_memory_equal(host_screen_row(22), wanted, sizeof(wanted) - 1);
	assert_int_equal(host_screen_attribute(22, 0), 0x47);
}
static void look_no_failure(void)
{
	assert_string_equal(host_screen_row(22), "");
}

static void test_failure(void **state)
{
	USER({KEY_ENTER, NULL, look_failure}, {KEY_ENTER, NULL, look_no_failure});
	run(BASIC "imgstat nosuch || choose --keep x && choose x\n");
	assert_int_equal(steps->key, 0);
}

/* ---- Odd text ---- */

static void look_odd(void)
{
	assert_string_equal(host_screen_row(3), " > \x81"
						"ber alles");
	assert_int_equal(strlen(host_screen_row(4)), 80);
	assert_string_equal(host_screen_row(5), "   a [2Jb");
}

static void test_odd_text(void **state)
{
	char text[600] = "set e:hex 1b\nmenu\nitem a \xc3\xbc"
			 "ber alles\nitem b ";

	for (int i = 0; i < 30; i++)
		strcat(text, "0123456789");
	strcat(text, "\nitem c a${e:string}[2Jb\nchoose x\n");
	USER({KEY_ENTER, NULL, look_odd});
	run(text);
	assert_int_equal(steps->key, 0);
}

/* ---- Forms ---- */

static void look_form(void)
{
	unsigned row, column;

	assert_string_equal(host_screen_row(1), "                                      Who?");
	assert_string_equal(host_screen_row(3), "   Say");
	assert_string_equal(host_screen_row(4), " > Your name  old");
	assert_string_equal(host_screen_row(5), "   Password   ****");
	assert_int_equal(host_screen_attribute(4, 14), 0x30); /* black on cyan */
	assert_true(host_screen_cursor(&row, &column));
	assert_int_equal(row, 4);
	assert_int_equal(column, 17);
}
static void look_typed(void)
{
	assert_string_equal(host_screen_row(4), "   Your name  older");
	assert_string_equal(host_screen_row(5), " > Password   ******");
}

#define FORM                                                                                       \
	"set who old\nset pin 1234\nform Who?\nitem --gap Say\nitem who Your name\n"               \
	"item --secret pin Password\n"

static void test_form(void **state)
{
	USER({0, "er\r", look_form}, TYPE("56"), {KEY_ENTER, NULL, look_typed});
	run(FORM "present && echo saved\n");
	assert_string_equal(value("who"), "older");
	assert_string_equal(value("pin"), "123456");
	assert_null(strstr(host_output(), "1234"));
	USER(TYPE("\x15new\x18"));
	run(FORM "present\n");
	assert_string_equal(value("who"), "new");
	USER(TYPE("zzz"), PRESS(KEY_ESC));
	run(FORM "present || echo nothing\n");
	assert_string_equal(value("who"), "old");
	assert_non_null(strstr(host_output(), "nothing"));
	USER(TYPE("zzz"), PRESS(KEY_CTRL_C));
	run(FORM "present || echo nothing\n");
	assert_string_equal(value("who"), "old");
	/* Moving about. */
	USER(PRESS(KEY_DOWN), PRESS('5'), PRESS(KEY_UP), PRESS(KEY_HOME), PRESS('X'),
	     PRESS(KEY_TAB), PRESS('6'), PRESS(KEY_CTRL_X));
	run(FORM "present\n");
	assert_string_equal(value("who"), "Xold");
	assert_string_equal(value("pin"), "123456");
}

static void look_refused(void)
{
	assert_string_equal(selected(), "Address  999");
	assert_non_null(
		strstr(host_screen_row(22), "E-SET-04") ? "" : strstr(host_screen_row(22), "999"));
}

static void test_form_refuses(void **state)
{
	USER(TYPE("999\r"), {0,
			     "\x15"
			     "10.0.0.1\r",
			     look_refused});
	run("form --name f\nitem --form f ip Address\npresent --form f\n");
	assert_string_equal(value("ip"), "10.0.0.1");
	/* What nobody touched is not stored. */
	setting_store_raw("net0.dhcp", "hostname", NULL, "server", 6, SOURCE_DHCP);
	host_card_add(0, NULL);
	USER(TYPE("\r"));
	run("form\nitem net0/hostname Name\npresent\n");
	{
		struct setting_value stored;

		assert_int_equal(setting_fetch("net0/hostname", &stored), 0);
		assert_int_equal(stored.source, SOURCE_DHCP);
	}
	run("form\npresent\n");
	assert_non_null(strstr(host_output(), "E-MENU-02"));
	/* It keeps its type. */
	USER(TYPE("\b8\r"));
	run("set n:int8 7\nform\nitem n Number\npresent && inc n\n");
	assert_string_equal(value("n:int8"), "9");
}

static void test_form_carries_long_values(void **state)
{
	static char text[4000];
	struct setting_value stored;

	memset(text, 'x', sizeof(text));
	setting_store_raw("", "long", "hex", text, sizeof(text), SOURCE_SCRIPT);
	USER(TYPE(":01\r"));
	run("form\nitem long Value\npresent\n");
	assert_int_equal(setting_fetch("long", &stored), 0);
	assert_int_equal(stored.len, sizeof(text) + 1);
	assert_int_equal(stored.raw[sizeof(text)], 1);
}

static void test_login(void **state)
{
	USER(TYPE("me\r"), TYPE("geheim\r"));
	run("login\n");
	assert_string_equal(value("username"), "me");
	assert_string_equal(value("password"), "geheim");
	assert_null(strstr(host_output(), "geheim"));
	USER(TYPE("you\r"), PRESS(KEY_CTRL_C));
	run("login || echo no\n");
	assert_string_equal(value("username"), "me");
}

/* ---- The settings editor ---- */

static void look_scopes(void)
{
	assert_string_equal(host_screen_row(1), "                                    Settings");
	assert_string_equal(selected(), "net0/");
	assert_string_equal(host_screen_row(22), " Enter opens this scope");
}
static void look_net0(void)
{
	assert_string_equal(host_screen_row(1), "                                Settings of net0");
	assert_string_equal(selected(), "../");
}
static void look_gateway(void)
{
	assert_string_equal(selected(), "gateway                  10.0.0.1");
	assert_non_null(strstr(host_screen_row(22), "net0/gateway:ipv4 (script)"));
}
static void look_bad_value(void)
{
	assert_string_equal(selected(), "gateway                  10.0.0.1");
	assert_int_equal(host_screen_attribute(22, 1), 0x47);
}
static void look_deleted(void)
{
	assert_string_equal(selected(), "gateway");
}

static void test_config(void **state)
{
	host_card_add(0, NULL);
	setting_store("net0/gateway", "10.0.0.1", SOURCE_SCRIPT);
	USER({KEY_ENTER, NULL, look_scopes}, {0, "gatew", look_net0},
	     {0, "\r\x15nonsense\r", look_gateway}, {0, "\r\b\b\b2.9\r", look_bad_value},
	     PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config"), 0);
	assert_string_equal(value("net0/gateway"), "10.0.2.9");
	USER(TYPE("gatew"), PRESS(KEY_CTRL_D), {KEY_ESC, NULL, look_deleted}, PRESS(KEY_ESC));
	assert_int_equal(command_line("config net0/"), 0);
	assert_string_equal(value("net0/gateway"), "");
	/* Up again; an edit that is given up. */
	USER(PRESS(KEY_ENTER), TYPE("hostn\rxyz"), PRESS(KEY_ESC), PRESS(KEY_CTRL_C));
	assert_int_equal(command_line("config net0"), E_CANCELLED);
	assert_string_equal(value("hostname"), "");
	assert_int_equal(command_line("config 0123456789012345678901234567890123456789"),
			 E_SETTING_NAME);
}

static void look_secret(void)
{
	assert_string_equal(selected(), "password                 ***");
}

static void test_config_hides_secrets(void **state)
{
	setting_store("password", "geheim", SOURCE_SCRIPT);
	USER(TYPE("passw"), {0, "\r1\r", look_secret}, PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config"), 0);
	assert_null(strstr(host_output(), "geheim"));
	assert_string_equal(value("password"), "geheim1");
}

static void look_no_secret(void)
{
	assert_string_equal(selected(), "175                      ***");
}

static void test_config_hides_what_encapsulates_secrets(void **state)
{
	setting_store_raw("net0.dhcp", "175", "string", "\xbf\6geheim", 8, SOURCE_DHCP);
	host_card_add(0, NULL);
	USER(TYPE("175"), {0, "\r", look_no_secret}, PRESS(KEY_CTRL_C));
	assert_int_equal(command_line("config net0.dhcp"), E_CANCELLED);
	assert_null(strstr(host_output(), "geheim"));
}

static void look_option(void)
{
	assert_string_equal(selected(), "224                      01:ff:02");
}

/* A DHCP option that is no text is shown, edited and stored in hexadecimal, as by show. */
static void test_config_shows_options_in_hex(void **state)
{
	struct setting_value stored;

	setting_store_raw("net0.dhcp", "224", "string", "\1\xff\2", 3, SOURCE_DHCP);
	host_card_add(0, NULL);
	USER(PRESS(KEY_DOWN), {0, "\r\b3\r", look_option}, PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config net0.dhcp"), 0);
	assert_int_equal(setting_fetch("net0.dhcp/224", &stored), 0);
	assert_int_equal(stored.len, 3);
	assert_memory_equal(stored.raw, "\1\xff\3", 3);
}

static void look_description(void)
{
	assert_string_equal(host_screen_row(22), " gateway:ipv4 (script)  default gateway");
	assert_int_equal(host_screen_attribute(22, 0), 0x17);
}

/* One setting after another: a search ends where an edit begins, and an alert is painted over. */
static void test_config_goes_on_after_an_edit(void **state)
{
	USER(TYPE("gatew\rnonsense\r"), TYPE("\r10.0.0.9\r"), {0, "hostn\rpc\r", look_description},
	     TYPE("userqxn\ralice\r"), PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config"), 0);
	assert_string_equal(value("gateway"), "10.0.0.9");
	assert_string_equal(value("hostname"), "pc");
	assert_string_equal(value("username"), "alice");
}

static void look_long_failure(void)
{
	const char *row = host_screen_row(22);

	assert_memory_equal(row, "choose a b: too many arguments; usage: choose ", 46);
	assert_string_equal(row + 66, "... (E-CMD-02)");
}

static void test_long_failure_keeps_its_code(void **state)
{
	USER({KEY_ENTER, NULL, look_long_failure});
	run("menu M\nitem a Alpha\nchoose a b ||\nchoose x\n");
	assert_string_equal(value("x"), "a");
}

/* What is edited keeps its type, and nothing is cut. */
static void test_config_keeps_values(void **state)
{
	char text[2000];
	struct setting_value stored;

	memset(text, 'a', sizeof(text));
	setting_store("colour:hex", "aa:bb", SOURCE_SCRIPT);
	setting_store_raw("", "long", NULL, text, sizeof(text), SOURCE_SCRIPT);
	USER(TYPE("colo\r\bc\r"), PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config"), 0);
	assert_int_equal(setting_fetch("colour", &stored), 0);
	assert_int_equal(stored.len, 2);
	assert_memory_equal(stored.raw, "\xaa\xbc", 2);
	USER(TYPE("long\r\r"), PRESS(KEY_CTRL_X));
	assert_int_equal(command_line("config"), 0);
	assert_int_equal(setting_fetch("long", &stored), 0);
	assert_int_equal(stored.len, sizeof(text));
}

/* A field to the right of the screen, as margins of pixels can leave it. */
static void test_no_room(void **state)
{
	char text[] = "text";
	struct line_text line = {.text = text, .len = 4, .size = sizeof(text)};

	tui_open("title");
	host_output_clear();
	tui_edit(3, 85, (unsigned)-8, &line, false, true);
	assert_string_equal(host_output(), "");
	tui_edit(3, 78, 50, &line, false, false);
	assert_true(strlen(host_output()) < 40);
	tui_close();
}

/* ---- Colours ---- */

static void look_colours(void)
{
	assert_int_equal(host_screen_attribute(3, 3), 0x20); /* black on green */
	assert_int_equal(host_screen_attribute(4, 3), 0x03); /* cyan on the screen's own */
}

static void test_colours(void **state)
{
	USER({KEY_ENTER, NULL, look_colours});
	run("colour --basic 2 10\ncpair --foreground 0 --background 10 2\n"
	    "cpair --foreground 6 --background 9 1\nmenu\nitem a A\nitem b B\nchoose x\n");
	assert_int_equal(steps->key, 0);
	assert_int_equal(command_line("colour --basic 8 1"), E_INVALID);
	assert_int_equal(command_line("colour --rgb 0x123456 1"), 0);
	assert_int_equal(command_line("colour --basic 1 16"), E_INVALID);
	assert_int_equal(command_line("cpair --foreground 1 8"), E_INVALID);
	assert_int_equal(command_line("cpair --foreground 16 1"), E_INVALID);
	assert_int_equal(command_line("cpair x"), E_INVALID);
}

static void lean_on_ctrl_c(void)
{
	host_key(KEY_CTRL_C);
}

static void test_without_memory(void **state)
{
	size_t before;

	host_turn = lean_on_ctrl_c;
	settings_reset();
	run("menu --delete\n");
	before = host_heap_used();
	for (unsigned n = 1; n < 60; n++) {
		struct menu *menu;

		host_heap_fail(n, true);
		menu = menu_create("m", "title");
		if (menu && menu_add(menu, "a", "b")) {
			const struct menu_item *chosen;
			struct choose_options options = {.timeout_ms = 1};

			menu_choose(menu, &options, &chosen);
			form_run(menu);
			config_run("");
		}
		host_heap_fail(0, false);
		menu = menu_find("m");
		if (menu)
			menu_delete(menu);
		while (console_key() >= 0)
			;
	}
	settings_reset();
	assert_int_equal(host_heap_used(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moving, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_initial, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hot_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_resumes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout_in_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_form, setup, teardown),
		cmocka_unit_test_setup_teardown(test_form_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_form_carries_long_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_login, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_hides_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_hides_what_encapsulates_secrets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_long_failure_keeps_its_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_shows_options_in_hex, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_goes_on_after_an_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_keeps_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
