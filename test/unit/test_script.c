/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines, scripts, the shell and the base commands, by what they print and return. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#undef fail
#include "bios/clock.h"
#include "bios/console.h"
#include "bios/heap.h"
#include "cmdline/interpreter.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

/* ---- Commands for these tests ---- */

static int run_fail(struct call *call)
{
	return fail(E_TIMEOUT, "%s did not answer; retry", call->argc ? call->argv[0] : "nobody");
}
TABLE_ENTRY(command, cmd_fail) = {.name = "t-fail", .max_args = 1, .run = run_fail};

/* Runs the script that a setting holds, as chain does with an image. */
static int run_sub(struct call *call)
{
	char text[512];

	setting_text("", call->argv[0], text, sizeof(text));
	for (char *p = text; *p; p++)
		*p = *p == '|' && p[1] != '|' && p[-1] != '|' ? '\n' : *p;
	return script_run(call->argv[0], text, strlen(text));
}
TABLE_ENTRY(command, cmd_sub) = {.name = "t-sub", .min_args = 1, .max_args = 1, .run = run_sub};

static int run_args(struct call *call)
{
	host_output_clear();
	for (int i = 0; i < call->argc; i++) {
		console_write("[", 1);
		console_write(call->argv[i], strlen(call->argv[i]));
		console_write("]", 1);
	}
	return 0;
}
TABLE_ENTRY(command, cmd_args) = {.name = "t-args", .max_args = ARGS_ANY, .run = run_args};

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	error_clear();
	last_failure.rc = 0;
	return 0;
}

static int teardown(void **state)
{
	settings_reset();
	assert_null(current_frame);
	return 0;
}

/* What @line printed. */
static const char *output(const char *line)
{
	host_output_clear();
	command_line(line);
	return host_output();
}

static int script(const char *text)
{
	host_output_clear();
	return script_run("test", text, strlen(text));
}

#define PRINTS(line, expected) assert_string_equal(output(line), expected)
#define SCRIPT_PRINTS(text, expected)                                                              \
	do {                                                                                       \
		script(text);                                                                      \
		assert_string_equal(host_output(), expected);                                      \
	} while (0)

/* ---- Lines ---- */

static void test_operators(void **state)
{
	PRINTS("echo a  b   c", "a b c\n");
	PRINTS("echo a && echo b", "a\nb\n");
	PRINTS("echo a || echo b", "a\n");
	PRINTS("iseq a b && echo x || echo y", "y\n");
	PRINTS("iseq a b || echo x && echo y", "x\ny\n");
	PRINTS("iseq a a || echo x && echo y", "y\n");
	PRINTS("iseq a b ; echo x", "x\n");
	PRINTS("iseq a b && echo x ; echo y", "y\n");
	assert_int_equal(command_line("iseq a b"), E_FALSE);
	assert_int_equal(command_line("iseq a b ||"), 0);
	assert_int_equal(command_line("iseq a b || # why not"), 0);
	assert_int_equal(command_line("iseq a b &&"), E_FALSE);
	assert_int_equal(command_line("echo x && iseq a b || iseq c d"), E_FALSE);
	assert_int_equal(command_line(""), 0);
	assert_int_equal(command_line("  # iseq a b"), 0);
	PRINTS("echo -n a", "a");
}

static void test_values_are_not_syntax(void **state)
{
	command_line("set v a && iseq x y");
	setting_store("v", "a && echo  b # c", SOURCE_SCRIPT);
	PRINTS("t-args ${v} ${empty} z", "[a && echo  b # c][][z]");
	setting_store("cmd", "echo", SOURCE_SCRIPT);
	PRINTS("${cmd} hi", "hi\n");
	PRINTS("isset ${v} && echo set", "set\n");
	PRINTS("isset ${nothing} || echo empty", "empty\n");
	PRINTS("iseq ${nothing} ${nothing} && echo equal", "equal\n");
	/* Expanded just before the command runs. */
	PRINTS("set n 1 && echo ${n} && set n 2 && echo ${n}", "1\n2\n");
}

static void test_failures(void **state)
{
	PRINTS("nonsense", "nonsense: command not found; help lists the commands (E-CMD-01)\n");
	PRINTS("t-fail 192.0.2.1 || echo on",
	       "t-fail 192.0.2.1: 192.0.2.1 did not answer; retry (E-GEN-03)\non\n");
	assert_int_equal(command_line("echo ${errno}"), 0);
	/* An address that the command shows is not said again. */
	PRINTS("set v http://h/x: it && t-fail ${v} || set v http://h/y: it",
	       "t-fail http://h/x: it: it did not answer; retry (E-GEN-03)\n");
	PRINTS("t-fail 192.0.2.1 || clear v", "t-fail 192.0.2.1: 192.0.2.1 did not answer; retry "
					      "(E-GEN-03)\n");
	PRINTS("echo ${error} ${error-code}", "192.0.2.1 did not answer; retry E-GEN-03\n");
	assert_int_equal(error_errno(E_TIMEOUT), setting_number("", "errno", 0));
	PRINTS("iseq ${errno} 0x0 || echo kept", "kept\n");
	PRINTS("t-fail a b c", "t-fail a b c: too many arguments; usage: t-fail (E-CMD-02)\n");
	PRINTS("echo --help && echo on", "Usage:\n\n  echo [-n|--n] [<text>...]\n\nPrint text.\n"
					 "  -n, --n                      no end of line\non\n");
	PRINTS("iseq a", "iseq a: too few arguments; usage: iseq [-n|--number] <value1> <value2> "
			 "(E-CMD-02)\n");
	/* The same failure twice is two failures. */
	PRINTS("t-fail ; t-fail",
	       "t-fail: nobody did not answer; retry (E-GEN-03)\nt-fail: nobody did "
	       "not answer; retry (E-GEN-03)\n");
	setting_store("self", "${self}", SOURCE_SCRIPT);
	assert_int_equal(command_line("echo ${self}"), E_EXPAND);
}

/* The line of a failure is photographed and sent to strangers. */
static void test_secrets_are_hidden(void **state)
{
	static const char *const types[] = {"string", "uristring", "hex",
					    "hexhyp", "hexraw",	   "base64"};
	char long_word[300];

	setting_store("password", "geheim123", SOURCE_SCRIPT);
	setting_store("reverse-password", "ab", SOURCE_SCRIPT);
	PRINTS("t-fail x${password}y", "t-fail x***y: x***y did not answer; retry (E-GEN-03)\n");
	assert_null(strstr(last_failure.text, "geheim"));
	/* By whatever way the value came. */
	setting_store("copy", "${password}", SOURCE_SCRIPT);
	PRINTS("t-fail ${copy}", "t-fail ***: *** did not answer; retry (E-GEN-03)\n");
	PRINTS("t-fail http://u:pw@h/x",
	       "t-fail http://u:***@h/x: http://u:***@h/x did not answer; retry (E-GEN-03)\n");
	/* However its bytes were written. */
	setting_store("password", "geheim %ä\xff", SOURCE_SCRIPT);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char line[60];

		format(line, sizeof(line), "t-fail x/${password:%s}/y", types[i]);
		PRINTS(line, "t-fail x/***/y: x/***/y did not answer; retry (E-GEN-03)\n");
	}
	/* Two letters are no secret inside other words. */
	PRINTS("t-fail cable-ab", "t-fail cable-***: cable-*** did not answer; retry (E-GEN-03)\n");
	PRINTS("set net0/privkey typed wrong",
	       "set net0/privkey *** ***: net0/privkey: \"***\" is not a value of type hex; "
	       "see docs/settings.md for what each type accepts (E-SET-04)\n");
	setting_store("esc", "a\x1b[2Jb", SOURCE_SCRIPT);
	PRINTS("t-fail ${esc}", "t-fail a?[2Jb: a?[2Jb did not answer; retry (E-GEN-03)\n");
	memset(long_word, 'w', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = 0;
	setting_store("long", long_word, SOURCE_SCRIPT);
	output("t-fail ${long}");
	assert_ptr_equal(strstr(host_output(), "www...: "), host_output() + 113);
}

/* ---- Scripts ---- */

static void test_probe(void **state)
{
	static const char *const yes[] = {
		"#!ipxe\n",	    "#!gpxe\r\necho", "\xef\xbb\xbf#!ipxe\n",
		"\r\n\n  #!ipxe x", "#!ipxe",	      "#!ipxe 2\n"};
	static const char *const no[] = {"",	  "#!ipxes\n", "#!/bin/sh\n", "echo",
					 "#!ipx", "x#!ipxe\n", "\xef\xbb"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(script_probe(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(script_probe(no[i], strlen(no[i])));
	assert_false(script_probe("#!ipxe", 5));
}

static void test_lines(void **state)
{
	SCRIPT_PRINTS("#!ipxe\necho a\n\n  echo b\n", "a\nb\n");
	SCRIPT_PRINTS("\xef\xbb\xbf#!ipxe\r\necho a\r\necho b", "a\nb\n");
	SCRIPT_PRINTS("echo a \\\n  b\\\r\nc\necho d\n", "a bc\nd\n");
	SCRIPT_PRINTS("echo a\\ \necho b\n", "a\\\nb\n");
	assert_int_equal(script("echo a\necho b\\"), E_SCRIPT_LINE);
	assert_non_null(
		strstr(host_output(), "test:2:1: warning: the script ends in a backslash\na\n"));
	assert_non_null(strstr(host_output(), "\ntest:2: the script ends in a backslash; check "));
	assert_int_equal(script(""), 0);
}

static void test_abort(void **state)
{
	assert_int_equal(script("echo a\nt-fail\necho b\n"), E_TIMEOUT);
	assert_string_equal(host_output(),
			    "a\ntest:2: t-fail: nobody did not answer; retry (E-GEN-03)\n");
	/* Nobody prints it a second time on its way up. */
	report_failure(E_TIMEOUT);
	assert_string_equal(host_output(),
			    "a\ntest:2: t-fail: nobody did not answer; retry (E-GEN-03)\n");
	assert_int_equal(script("\n\niseq a b\necho b\n"), E_FALSE);
	assert_string_equal(host_output(), "test:3: iseq a b: \"a\" and \"b\" are not equal; put "
					   "|| and a command behind it to go on (E-CMD-03)\n");
	SCRIPT_PRINTS("t-fail x ||\necho b\n",
		      "test:1: t-fail x: x did not answer; retry (E-GEN-03)\nb\n");
	/* The number is that of the first physical line. */
	script("echo \\\n a\nt-fail \\\n b\n");
	assert_non_null(strstr(host_output(), "test:3: t-fail b: b did"));
}

static void test_exit(void **state)
{
	assert_int_equal(script("echo a\nexit\necho b\n"), 0);
	assert_string_equal(host_output(), "a\n");
	assert_int_equal(script("exit 5 || echo x\necho b\n"), 5);
	assert_string_equal(host_output(), "test:1: exit 5: ended with status 5\n");
	assert_int_equal(script("exit 0x10 ; echo x\n"), 16);
	assert_int_equal(script("exit 0 && echo x\n"), 0);
	assert_string_equal(host_output(), "");
	assert_true(script("exit 4294967295\n") > 0);
	assert_int_equal(script("exit x\necho y\n"), E_INVALID);
}

static void test_goto(void **state)
{
	SCRIPT_PRINTS("goto end\necho a\n:end\necho b\n", "b\n");
	SCRIPT_PRINTS("goto end && echo no ; echo no\n:end echo same line\n", "same line\n");
	SCRIPT_PRINTS(
		"set i:int32 0\n:loop\necho ${i}\ninc i\niseq ${i} 3 || goto loop\necho end\n",
		"0\n1\n2\nend\n");
	SCRIPT_PRINTS("goto a\n:ab echo ab\n:a echo first\nexit\n:a echo second\n", "first\n");
	SCRIPT_PRINTS("set l end\ngoto ${l}\n:end  \necho x\n", "x\n");
	SCRIPT_PRINTS("goto a\\\nb\n:a\\\nb echo joined\n", "joined\n");
	assert_int_equal(script("goto nowhere\necho b\n"), E_SCRIPT_LABEL);
	/* A missing label leaves the script where it is. */
	script("goto nowhere ||\necho b\n");
	assert_non_null(strstr(host_output(), "b\n"));
	assert_int_equal(command_line("goto x"), E_SCRIPT_OUTSIDE);
	assert_non_null(strstr(host_output(), "Not in a script"));
	assert_int_equal(script("goto\n"), E_CMD_USAGE);
}

static void press_ctrl_c(void)
{
	static unsigned turns;

	if (++turns % 50 == 0)
		host_key(KEY_CTRL_C);
}

static void test_endless_loop_is_broken(void **state)
{
	host_turn = press_ctrl_c;
	assert_int_equal(script(":a\ngoto a\n"), E_CANCELLED);
	/* A goto that is stopped goes nowhere. */
	assert_int_equal(script(":a\ngoto a || echo went on\n"), 0);
	assert_non_null(strstr(host_output(), "\nwent on\n"));
	assert_int_equal(script("sleep 100000\n"), E_CANCELLED);
}

static void test_nested(void **state)
{
	setting_store("inner", "echo in|t-fail|echo never", SOURCE_SCRIPT);
	assert_int_equal(script("echo out\nt-sub inner\necho never\n"), E_TIMEOUT);
	assert_string_equal(host_output(),
			    "out\nin\ninner:2: t-fail: nobody did not answer; retry (E-GEN-03)\n");
	script("t-sub inner || echo handled ${error-code}\nnonsense ||\n");
	assert_non_null(
		strstr(host_output(), "handled E-GEN-03\ntest:2: nonsense: command not found"));
	setting_store("leave", "exit 0 ; echo no|echo never", SOURCE_SCRIPT);
	SCRIPT_PRINTS("t-sub leave && echo back\necho next\n", "back\nnext\n");
	setting_store("jump", "goto over|echo never|:over echo here", SOURCE_SCRIPT);
	SCRIPT_PRINTS("t-sub jump ; echo back\n", "here\nback\n");
	/* Labels of the caller are not the inner script's. */
	setting_store("stray", "goto outer", SOURCE_SCRIPT);
	assert_int_equal(script("t-sub stray\n:outer\n"), E_SCRIPT_LABEL);
	setting_store("deep", "t-sub deep", SOURCE_SCRIPT);
	assert_int_equal(script("t-sub deep\n"), E_SCRIPT_DEPTH);
}

static void test_check(void **state)
{
	SCRIPT_PRINTS(
		"#!ipxe\nexit\nfrobnicate && goto lost ; goto ${x}\n:here\ngoto here\n${cmd}\n",
		"test:3:1: warning: frobnicate: command not found\n"
		"test:3:20: warning: goto: there is no label \":lost\"\n");
	SCRIPT_PRINTS("#!ipxe 2\nexit\n", "");
	SCRIPT_PRINTS("#!ipxe 3\nexit\n",
		      "test:1:1: warning: #!ipxe 3 is read as #!ipxe: there is #!ipxe 2\n");
	script("exit\na1\na2\na3\na4\na5\na6\na7\na8\na9\na10\na11\na12\n");
	assert_non_null(strstr(host_output(), "test: 2 more warnings\n"));
}

/* ---- Commands ---- */

static void test_settings_commands(void **state)
{
	PRINTS("set net0/keep-san 1 && show net0/keep-san", "net0/keep-san:int8 = 1 (script)\n");
	PRINTS("show -q net0/keep-san", "1\n");
	PRINTS("set x a   b && show x", "x:string = a b (script)\n");
	PRINTS("set password geheim && show password", "password:string = *** (script)\n");
	PRINTS("show --quiet password", "***\n");
	PRINTS("clear x && isset ${x} || echo gone", "gone\n");
	assert_int_equal(command_line("clear x"), 0);
	PRINTS("show x", "show x: Could not find \"x\"; show lists what is set; see "
			 "docs/settings.md for the names (E-SET-01)\n");
	PRINTS("set x:int8 nonsense",
	       "set x:int8 nonsense: x:int8: \"nonsense\" is not a value of "
	       "type int8; see docs/settings.md for what each type accepts (E-SET-04)\n");
	setting_store_raw("net0.dhcp", "filename", NULL, "sent", 4, SOURCE_DHCP);
	PRINTS("show filename", "net0.dhcp/filename:string = sent (DHCP)\n");
	PRINTS("unset filename && echo <${filename}>", "<>\n");
	PRINTS("clear filename && echo ${filename}", "sent\n");
	PRINTS("set filename ${nothing} && echo ${filename}", "sent\n");
	PRINTS("set net0/ip=dhcp",
	       "set: warning: write \"set NAME VALUE\" with a blank, not \"net0/ip=dhcp\"\n");
	output("show");
	assert_non_null(strstr(host_output(), "net0/keep-san:int8 = 1 (script)\n"));
	assert_non_null(strstr(host_output(), "password:string = ***"));
	PRINTS("echo ${platform} ${buildarch} ${builtin/platform}", "pcbios i386 pcbios\n");
	PRINTS("show platform", "builtin/platform:string = pcbios (built in)\n");
	assert_true(setting_number("", "unixtime", 0) >= 1700000000);
	setting_store_raw("net0.dhcp", "175", NULL, "\277\1x", 3, SOURCE_DHCP);
	PRINTS("show net0.dhcp/175:hex", "net0.dhcp/175:hex = *** (DHCP)\n");
	setting_store_raw("net0.dhcp", "224", NULL, "a\033[2Jb\n", 7, SOURCE_DHCP);
	PRINTS("show 224", "net0.dhcp/224:hex = 61:1b:5b:32:4a:62:0a (DHCP)\n");
	setting_store_raw("net0.dhcp", "224", NULL, "a b\n", 4, SOURCE_DHCP);
	PRINTS("show -q 224", "a b\n\n");
	setting_store_raw("net0.dhcp", "root-path", NULL, "a\033[2Jb", 6, SOURCE_DHCP);
	PRINTS("show -q root-path", "a?[2Jb\n");
	output("show x:nosuch");
	assert_non_null(strstr(host_output(), ": x:nosuch: there is no setting type \"nosuch\"; "));
	PRINTS("set smbios/x y", "set smbios/x y: smbios/x is computed; set one of another name, "
				 "without this scope (E-SET-06)\n");
}

/* All of a scope: stored, inside it, computed. */
static void test_show_scope(void **state)
{
	host_card_add(0, NULL);
	setting_store("net0/first", "1", SOURCE_SCRIPT);
	setting_store("net01/not-this", "1", SOURCE_SCRIPT);
	setting_store("global", "1", SOURCE_SCRIPT);
	setting_store_raw("net0.dhcp", "filename", NULL, "sent", 4, SOURCE_DHCP);
	output("show net0/");
	assert_non_null(strstr(host_output(), "net0/first:string = 1 (script)\n"));
	assert_non_null(strstr(host_output(), "net0.dhcp/filename:string = sent (DHCP)\n"));
	assert_non_null(strstr(host_output(), "net0/ifname:string = net0 (hardware)\n"));
	assert_null(strstr(host_output(), "not-this"));
	assert_null(strstr(host_output(), "global"));
	output("show netX/");
	assert_non_null(strstr(host_output(), "net0/first:string = 1 (script)\n"));
	output("show builtin/");
	assert_non_null(strstr(host_output(), "builtin/platform:string = pcbios (built in)\n"));
	assert_null(strstr(host_output(), "builtin/ifname"));
	assert_int_equal(command_line("show nosuch/"), E_SETTING_NOT_FOUND);
	host_card_reset();
}

/* Who changes a number by hand gets a number. */
static void test_read_keeps_the_type(void **state)
{
	setting_store("n:int16", "41", SOURCE_SCRIPT);
	setting_store("u:uristring", "a b", SOURCE_SCRIPT);
	host_keys("\b2\r");
	PRINTS("read n && show n && inc n && show n",
	       "41\b \b2\nn:int16 = 42 (script)\nn:int16 = 43 (script)\n");
	host_keys("x\r");
	assert_int_equal(command_line("read n"), E_SETTING_VALUE);
	host_keys("%20c\r");
	assert_int_equal(command_line("read u"), 0);
	PRINTS("show -q u:string", "a b c\n");
	host_keys("7\r");
	assert_int_equal(command_line("read fresh"), 0);
	PRINTS("show fresh", "fresh:string = 7 (script)\n");
}

/* A wait longer than the clock has is one that ends when somebody ends it. */
static void test_long_timeouts(void **state)
{
	static const char *const times[] = {"=-1", " 18446744073709551615", " 0xffffffff"};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char line[60];

		host_clock_set_ms(1000);
		format(line, sizeof(line), "prompt --timeout%s press", times[i]);
		host_turn_us = 1 << 30;
		assert_int_equal(command_line(line), E_TIMEOUT);
		host_turn_us = 1000;
		assert_true(clock_ms() > INT32_MAX);
	}
}

static void test_inc(void **state)
{
	PRINTS("inc n && echo ${n}", "1\n");
	PRINTS("inc n 5 && echo ${n}", "6\n");
	PRINTS("inc n -10 && echo ${n}", "-4\n");
	PRINTS("set s 41 && inc s && echo ${s}", "42\n");
	PRINTS("dec s && dec s 40 && dec s -3 && echo ${s}", "4\n");
	PRINTS("dec fresh && show fresh", "fresh:int32 = -1 (script)\n");
	PRINTS("inc san-drive 0x80 && show san-drive", "san-drive:uint8 = 0x80 (script)\n");
	PRINTS("set u:uint8 0xff && inc u && echo ${u}", "0x0\n");
	PRINTS("inc net0/c:uint16 0x10 && echo ${net0/c}", "0x10\n");
	PRINTS("set w word && inc w", "inc w: w is of type string and not a number; see help "
				      "COMMAND for what is accepted (E-GEN-04)\n");
	PRINTS("inc n x", "inc n x: \"x\": invalid integer value; see help COMMAND for what is "
			  "accepted (E-GEN-04)\n");
}

static void test_prompt(void **state)
{
	host_keys("x");
	PRINTS("prompt Press a key && echo yes",
	       "Press a key"
	       "\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b"
	       "yes\n");
	PRINTS("prompt --timeout 2000 || echo ${error-code}", "E-GEN-03\n");
	host_keys("b");
	PRINTS("prompt --key b && echo b", "b\n");
	host_keys("a");
	PRINTS("prompt --key b || echo other", "other\n");
	host_key(KEY_F1);
	PRINTS("prompt --key 0x110 && echo f1", "f1\n");
	host_keys("\x03");
	assert_int_equal(command_line("prompt"), E_CANCELLED);
}

static void test_sleep(void **state)
{
	uint64_t before = host_unix_epoch;

	assert_int_equal(command_line("sleep 3"), 0);
	assert_true(setting_number("", "unixtime", 0) >= before + 4);
	assert_int_equal(command_line("sleep x"), E_INVALID);
	assert_int_equal(command_line("sleep"), E_CMD_USAGE);
}

static void test_command_table(void **state)
{
	struct call call;
	const struct command *a, *b;

	table_for_each(command, a) {
		assert_in_range(a->option_count, 0, ARRAY_SIZE(call.option));
		assert_true(a->min_args <= a->max_args);
		command_help(a);
		for (b = __start_tbl_command; b != a; b++)
			assert_string_not_equal(a->name, b->name);
	}
}

static void test_time(void **state)
{
	assert_int_equal(command_line("time sleep 2 && echo slept"), 0);
	assert_non_null(strstr(host_output(), "sleep: 2.0"));
	assert_non_null(strstr(host_output(), " s\nslept\n"));
	assert_int_equal(command_line("time iseq a b"), E_FALSE);
	assert_int_equal(command_line("time t-fail x"), E_TIMEOUT);
	assert_int_equal(command_line("time nonsense"), E_CMD_NOT_FOUND);
	assert_int_equal(command_line("time"), E_CMD_USAGE);
}

static void test_help_and_explain(void **state)
{
	output("help");
	assert_non_null(strstr(host_output(), "echo"));
	assert_non_null(strstr(host_output(), "unset"));
	output("help show");
	assert_non_null(strstr(host_output(), "show [-q|--quiet] [<setting>|<scope>/]"));
	PRINTS("help nonsense", "help nonsense: there is no command \"nonsense\"; help lists the "
				"commands (E-CMD-01)\n");
	PRINTS("explain e-gen-03", "E-GEN-03: timed out\nWhat to do: check that the other side is "
				   "running and reachable\n");
	PRINTS("explain E-XX-1", "explain E-XX-1: \"E-XX-1\" is no error code that this version "
				 "knows; check the spelling (E-GEN-05)\n");
	output("t-fail here");
	output("explain");
	assert_non_null(strstr(host_output(), "It said: here did not answer; retry\n"));
}

static const char *left_how;
static jmp_buf left;

static void note_left(const char *how)
{
	left_how = how;
	longjmp(left, 1);
}

static int refuse(void)
{
	return fail(E_NOT_SUPPORTED, "neither APM nor ACPI works");
}

static void test_power(void **state)
{
	struct call call = {0};

	host_left = note_left;
	if (!setjmp(left)) /* called directly: what a line has on the heap would be lost */
		command_find("reboot")->run(&call);
	host_left = NULL;
	assert_string_equal(left_how, "power_reboot");
	host_power_off = refuse;
	assert_int_equal(command_line("poweroff"), E_NOT_SUPPORTED);
}

/* ---- Keyboard ---- */

/* A value from a server is edited without its control characters reaching the screen. */
static void test_line_is_tame(void **state)
{
	setting_store_raw("", "wild", NULL, "a\033[2J\nb", 7, SOURCE_DHCP);
	host_keys("\r");
	assert_int_equal(command_line("read wild"), 0);
	assert_non_null(strstr(host_output(), "a?[2J?b"));
	assert_null(strchr(host_output(), '\033'));
}

static void test_goto_in_a_block_of_the_shell(void **state)
{
	host_keys("if isset x\rgoto nowhere\rendif\rexit\r");
	shell_run();
	assert_non_null(strstr(host_output(), "the block has no label \":nowhere\""));
}

static void test_shell(void **state)
{
	host_keys("echo one\rset x 2\recho ${x}\risset ${none}\rexit 7\recho never\r");
	assert_int_equal(shell_run(), 7);
	assert_non_null(strstr(host_output(), "iPXE> echo one\none\n"));
	assert_non_null(strstr(host_output(), "\n2\n"));
	assert_non_null(strstr(host_output(), "isset : the value is empty; put || and a command "
					      "behind it to go on (E-CMD-03)\n"));
	assert_null(strstr(host_output(), "never\nnever"));
	host_reset();
	host_clock_set_ms(1000);
	host_keys("half a line\x03"
		  "echo ok\rexit\r");
	assert_int_equal(shell_run(), 0);
	assert_non_null(strstr(host_output(), "ok\n"));
}

static void test_shell_history(void **state)
{
	host_keys("echo first\recho second\r");
	host_key(KEY_UP);
	host_key(KEY_UP);
	host_keys("!\r"); /* echo first! */
	host_keys("draft");
	host_key(KEY_UP);
	host_key(KEY_DOWN);
	host_keys("\x01"
		  "echo \r"); /* echo draft */
	host_keys("exit\r");
	assert_int_equal(shell_run(), 0);
	assert_non_null(strstr(host_output(), "\nfirst!\n"));
	assert_non_null(strstr(host_output(), "\ndraft\n"));
}

static void test_shell_blocks(void **state)
{
	host_keys("for n in 1 'b  c'\rif iseq ${n} 1\recho one\relse\recho "
		  "\"<${n}>\"\rendif\rendfor\r"
		  "exit\r");
	assert_int_equal(shell_run(), 0);
	assert_non_null(strstr(host_output(), "> endfor\none\n<b  c>\niPXE> "));
	/* Ctrl-C gives a block up, a failing line ends it, exit leaves the shell out of it. */
	host_output_clear();
	host_keys("if isset x\recho never\r\x03"
		  "if isset x\rt-fail\recho never\rendif\r"
		  "for n in 1 2\rexit 3\rendfor\r");
	assert_int_equal(shell_run(), 3);
	assert_null(strstr(host_output(), "\nnever\n"));
	assert_non_null(strstr(host_output(), "\nt-fail: nobody did not answer"));
	host_output_clear();
	host_keys("echo \"open\rgoto x\rexit\r");
	assert_int_equal(shell_run(), 0);
	assert_non_null(strstr(host_output(), "\nno closing quote for \"open; put"));
	assert_non_null(strstr(host_output(), "Not in a script"));
}

static void test_goto_out_of_the_shell(void **state)
{
	host_keys("goto nowhere\rgoto again\r");
	SCRIPT_PRINTS(
		"shell && echo never || echo never\necho never\n:again\necho on\n",
		"iPXE> goto nowhere\ngoto nowhere: test has no label \":nowhere\"; add a line "
		":LABEL, or check the spelling (E-SCRIPT-01)\n"
		"iPXE> goto again\non\n");
	/* Out of shells inside each other, and blocks. */
	host_keys("shell\rgoto again\r");
	assert_int_equal(
		script("#!ipxe 2\nfor n in 1 2\nif iseq ${n} 1\nshell ; echo never\nendif\n"
		       "echo never\nendfor\n:again\necho on\n"),
		0);
	assert_null(strstr(host_output(), "never"));
	assert_non_null(strstr(host_output(), "\non\n"));
}

/* Without memory for it a block is not dropped silently. */
static void test_shell_block_without_memory(void **state)
{
	for (unsigned n = 1; n < 40; n++) {
		host_output_clear();
		host_keys("if isset x\recho in-the-block\rendif\rexit\r");
		host_heap_fail(n, false);
		shell_run();
		host_heap_fail(0, false);
		if (strstr(host_output(), "nothing of it ran"))
			break;
	}
	assert_non_null(strstr(host_output(), "no memory for the block"));
}

/* What a line and a value may grow to, and Ctrl-C in a script that goes round in an if. */
static void test_limits(void **state)
{
	char *text = malloc(LINE_BYTES_MAX + 100);

	memset(text, 'a', LINE_BYTES_MAX + 50);
	memcpy(text, "#!ipxe\n", 7);
	strcpy(text + LINE_BYTES_MAX + 50, "\necho never\n");
	assert_int_equal(script(text), E_SCRIPT_LINE);
	assert_non_null(strstr(host_output(), "test:2: the line is longer than 64 KB; check"));
	memcpy(text, "#!ipxe 2\necho ''", 16);
	assert_int_equal(script(text), E_SCRIPT_LINE);
	free(text);
	host_turn = press_ctrl_c;
	assert_int_equal(script("#!ipxe 2\n:a\nif isset x\ngoto a\nendif\n"), E_CANCELLED);
}

static void test_shell_in_script(void **state)
{
	host_keys("exit\r");
	assert_int_equal(script("shell\necho after\n"), 0);
	assert_non_null(strstr(host_output(), "after\n"));
	command_line("set lock 1");
	assert_int_equal(script("shell || echo locked\n"), 0);
	assert_non_null(strstr(host_output(), "E-CMD-04"));
	assert_non_null(strstr(host_output(), "locked\n"));
}

static void test_login_and_read(void **state)
{
	host_keys("me\rgeheim\r");
	assert_int_equal(command_line("login"), 0);
	assert_null(strstr(host_output(), "geheim"));
	PRINTS("echo ${username} ${password}", "me geheim\n");
	host_keys("you\r\x03");
	assert_int_equal(command_line("login"), E_CANCELLED);
	PRINTS("echo ${password}", "geheim\n");
	setting_store("x", "ab", SOURCE_SCRIPT);
	host_keys("c\r");
	assert_int_equal(command_line("read x"), 0);
	PRINTS("echo ${x}", "abc\n");
	host_keys("\r");
	assert_int_equal(command_line("read password"), 0);
	assert_null(strstr(host_output(), "geheim\n"));
	assert_non_null(strstr(host_output(), "******\n"));
	assert_int_equal(command_line("read --timeout 500 x"), E_TIMEOUT);
	assert_non_null(
		strstr(host_output(), "read --timeout 500 x: Enter was not pressed in 500 ms; "));
	host_keys("\x15\r");
	PRINTS("read x && isset ${x} || echo empty", "abc\b\b\b   \b\b\b\nempty\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line_is_tame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goto_in_a_block_of_the_shell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_operators, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_are_not_syntax, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets_are_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_probe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goto, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless_loop_is_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_show_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_keeps_the_type, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_timeouts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goto_out_of_the_shell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shell_block_without_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help_and_explain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shell_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shell_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shell_in_script, setup, teardown),
		cmocka_unit_test_setup_teardown(test_login_and_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
