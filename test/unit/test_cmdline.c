/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel command line: a corpus of lines as boot loaders and users deliver
 * them, each with the script that must come out and the settings it must leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/heap.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/text.h"
#include "test/host/host.h"

#define NO_SCRIPT "(none)"

static const struct row {
	const char *line;
	const char *script;
	const char *settings; /* "name=value|…": what must be readable, "" for unset */
	const char *ignored;  /* words that the message names; NULL: no message */
} corpus[] = {
	{"", NO_SCRIPT, "cmdline=", NULL},
	{"   \t ", NO_SCRIPT, "cmdline=", NULL},

	/* Scripts, as iPXE users write them. */
	{"dhcp", "dhcp", "", NULL},
	{"dhcp && sanboot iscsi:192.0.2.1:::1:iqn.a:b",
	 "dhcp && sanboot iscsi:192.0.2.1:::1:iqn.a:b", "", NULL},
	{"dhcp && sanhook --drive 0x80 iscsi:a || shell",
	 "dhcp && sanhook --drive 0x80 iscsi:a || shell", "", NULL},
	{"echo a=b  c=d", "echo a=b  c=d", "a=|c=", NULL},
	{"echo \"two  words\" 'x'", "echo \"two  words\" 'x'", "", NULL},
	{"set a b ; exit", "set a b ; exit", "a=", NULL},
	{"shell", "shell", "", NULL},

	/* In quotes all of it, for GRUB's own language. */
	{"BOOT_IMAGE=/i \"dhcp && sanboot iscsi:a\"", "dhcp && sanboot iscsi:a",
	 "BOOT_IMAGE=/i|cmdline=", NULL},
	{"'dhcp || shell' BOOTIF=01-52-54-00-12-34-56", "dhcp || shell",
	 "BOOTIF=01-52-54-00-12-34-56", NULL},
	{"x=1 'echo a' b", "echo a b", "x=1", NULL},
	{"\"my words\" 'dhcp ; shell'", NO_SCRIPT, "cmdline=my words dhcp ; shell",
	 "my words dhcp ; shell"},
	{"dhcp\" && shell", NO_SCRIPT, "cmdline=dhcp && shell", "dhcp && shell"},

	/* Settings. */
	{"net0/keep-san=1", NO_SCRIPT, "net0/keep-san=1|keep-san=1|cmdline=", NULL},
	{"net0/keep-san=1 net0/skip-san-boot=1", NO_SCRIPT, "net0/keep-san=1|net0/skip-san-boot=1",
	 NULL},
	{"keep-san:int8=1 my.var=x other_var=y A-b=z", NO_SCRIPT,
	 "keep-san=1|my.var=x|other_var=y|A-b=z", NULL},
	{"root-path=iscsi:192.0.2.1:::1:iqn.a:b", NO_SCRIPT,
	 "root-path=iscsi:192.0.2.1:::1:iqn.a:b", NULL},
	{"user-class=\"two words\" x='a \"b\" c'", NO_SCRIPT, "user-class=two words|x=a \"b\" c",
	 NULL},
	{"\"y=a b\" z=a\"b c\"d", NO_SCRIPT, "y=a b|z=ab cd", NULL},
	{"x=\"unfinished business", NO_SCRIPT, "x=unfinished business", NULL},
	{"175.8=1 67:string=boot.ipxe", NO_SCRIPT, "keep-san=1|filename=boot.ipxe", NULL},
	{"x=1=2 y=", NO_SCRIPT, "x=1=2|y=", NULL},
	{"net0/gateway=192.0.2.254 dhcp && echo done", "dhcp && echo done",
	 "net0/gateway=192.0.2.254", NULL},
	{"x=a dhcp x=b", "dhcp x=b", "x=a", NULL},
	{"x=a x=b", NO_SCRIPT, "x=b", NULL},
	{"netX/filename=f", NO_SCRIPT, "net0/filename=f", NULL},

	/* "--" */
	{"x=1 -- echo hi", "echo hi", "x=1", NULL},
	{"-- nosuchcommand y=2", "nosuchcommand y=2", "y=", NULL},
	{"x=1 --", NO_SCRIPT, "x=1", NULL},
	{"x=1 --   ", NO_SCRIPT, "x=1", NULL},
	{"nosplash -- dhcp", "dhcp", "cmdline=nosplash", "nosplash"},
	{"-- x=1", "x=1", "x=", NULL},

	/* Left over from somebody's kernel entry. */
	{"nosplash quiet", NO_SCRIPT, "cmdline=nosplash quiet|quiet=1", "nosplash quiet"},
	{"quiet net0/keep-san=1", NO_SCRIPT, "net0/keep-san=1|quiet=1|cmdline=quiet", NULL},
	{"quiet", NO_SCRIPT, "quiet=1|cmdline=quiet", NULL},
	{"quiet dhcp", "dhcp", "quiet=1", NULL},
	{"ro nosplash net0/keep-san=1 vga=791", NO_SCRIPT,
	 "net0/keep-san=1|vga=791|cmdline=ro nosplash", "ro nosplash"},
	{"nosplash dhcp && shell", NO_SCRIPT, "cmdline=nosplash dhcp && shell",
	 "nosplash dhcp && shell"},
	{"http://192.0.2.1/x?a=b", NO_SCRIPT, "cmdline=http://192.0.2.1/x?a=b",
	 "http://192.0.2.1/x?a=b"},
	{"=x a/=y /b=z a/b/c=d", NO_SCRIPT, "cmdline==x a/=y /b=z a/b/c=d", "=x a/=y /b=z a/b/c=d"},
	{"keep-san=yes", NO_SCRIPT, "keep-san=|cmdline=keep-san=yes", "keep-san=yes"},
	{"x:float=1 y=2", NO_SCRIPT, "x=|y=2", "x:float=1"},
	{"root=/dev/sda1 ro", NO_SCRIPT, "root=/dev/sda1|cmdline=ro", "ro"},

	/* What loaders add in front … */
	{"BOOT_IMAGE=ipxe.lkrn dhcp", "dhcp", "BOOT_IMAGE=ipxe.lkrn|cmdline=", NULL},
	{"BOOT_IMAGE=/boot/ipxe.lkrn", NO_SCRIPT, "BOOT_IMAGE=/boot/ipxe.lkrn|cmdline=", NULL},
	{"initrd=a.ipxe,b.img keep-san=1", NO_SCRIPT, "initrd=a.ipxe,b.img|keep-san=1", NULL},
	{"BOOT_IMAGE=a initrd=b auto", NO_SCRIPT, "BOOT_IMAGE=a|initrd=b|cmdline=", NULL},
	{"auto dhcp", "dhcp", "", NULL},
	{"(hd0,1)/ipxe.lkrn", NO_SCRIPT, "cmdline=(hd0,1)/ipxe.lkrn", "(hd0,1)/ipxe.lkrn"},

	/* … and behind. */
	{"dhcp && shell initrd=x", "dhcp && shell", "initrd=x", NULL},
	{"dhcp && chain http://h/x BOOTIF=01-52-54-00-12-34-56", "dhcp && chain http://h/x",
	 "BOOTIF=01-52-54-00-12-34-56|nic=01-52-54-00-12-34-56", NULL},
	{"BOOT_IMAGE=i ip=192.0.2.5:192.0.2.1:192.0.2.254:255.255.255.0 "
	 "BOOTIF=01-52-54-00-12-34-56 SYSUUID=1-2",
	 NO_SCRIPT,
	 "pxelinux/ip=192.0.2.5|pxelinux/next-server=192.0.2.1|pxelinux/gateway=192.0.2.254|"
	 "pxelinux/netmask=255.255.255.0|net0/ip=|SYSUUID=1-2|cmdline=",
	 NULL},
	{"echo x BOOTIF=${net0/mac}", "echo x BOOTIF=${net0/mac}", "BOOTIF=", NULL},
	{"echo initrd=a b", "echo initrd=a b", "initrd=", NULL},
	{"-- BOOTIF=01-52-54-00-12-34-56", NO_SCRIPT, "BOOTIF=01-52-54-00-12-34-56", NULL},
	{"nic=net1 BOOTIF=01-52-54-00-12-34-56", NO_SCRIPT, "nic=net1", NULL},

	/* ip= of PXELINUX, of Linux, and as a setting. */
	{"use-ip=1 ip=192.0.2.5:192.0.2.1:192.0.2.254:255.255.255.0", NO_SCRIPT,
	 "net0/ip=192.0.2.5|net0/netmask=255.255.255.0|net0/gateway=192.0.2.254", NULL},
	{"ip=192.0.2.5::192.0.2.254:255.255.255.0:host:eth0:off", NO_SCRIPT,
	 "pxelinux/ip=192.0.2.5|pxelinux/next-server=|pxelinux/gateway=192.0.2.254", NULL},
	{"ip=192.0.2.7 netmask=255.255.255.0", NO_SCRIPT,
	 "ip=192.0.2.7|net0/ip=192.0.2.7|pxelinux/ip=", NULL},
	{"ip=dhcp", NO_SCRIPT, "ip=|cmdline=ip=dhcp", "ip=dhcp"},
	{"ip=1.2.3.4:x:y:z", NO_SCRIPT, "pxelinux/ip=", "ip=1.2.3.4:x:y:z"},

	/* Options. */
	{"console=ttyS1,9600 console=vga", NO_SCRIPT, "console=ttyS1,9600,vga", NULL},
	{"bind=8086:1:e1000 bind=8086:2:e1000", NO_SCRIPT, "bind=8086:1:e1000,8086:2:e1000", NULL},
	{"debug=t-area:2", NO_SCRIPT, "debug=t-area:2", NULL},
	{"lock=1 on-fail=reboot", NO_SCRIPT, "lock=1|on-fail=reboot", NULL},
};

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	return 0;
}

static void check_setting(const char *text)
{
	const char *equals = strchr(text, '=');
	char name[64], value[256];

	assert_non_null(equals);
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = 0;
	/* "a/b" in a value: the first '=' ends the name, as on the command line. */
	setting_text("", name, value, sizeof(value));
	if (strcmp(value, equals + 1) != 0)
		print_message("setting %s\n", name);
	assert_string_equal(value, equals + 1);
}

static void check_settings(const char *list)
{
	char one[256];

	while (*list) {
		const char *end = strchr(list, '|');
		size_t len = end ? (size_t)(end - list) : strlen(list);

		memcpy(one, list, len);
		one[len] = 0;
		check_setting(one);
		list += len + (end ? 1 : 0);
	}
}

static void check_row(const struct row *row)
{
	char message[512];
	char *script;

	host_output_clear();
	settings_reset();
	print_message("%s\n", row->line);
	script = cmdline_seed(row->line);
	assert_string_equal(script ? script : NO_SCRIPT, row->script);
	heap_free(script);
	check_settings(row->settings);
	format(message, sizeof(message), "Command line: ignored \"%s\" ",
	       row->ignored ? row->ignored : "");
	if (row->ignored)
		assert_non_null(strstr(host_output(), message));
	else
		assert_null(strstr(host_output(), "ignored"));
}

static void test_corpus(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(corpus); i++)
		check_row(&corpus[i]);
}

static void test_sources(void **state)
{
	struct setting_value value;

	cmdline_seed(
		"BOOTIF=01-52-54-00-12-34-56 keep-san=1 ip=192.0.2.5:192.0.2.1::255.255.255.0");
	assert_int_equal(setting_fetch("keep-san", &value), 0);
	assert_int_equal(value.source, SOURCE_CMDLINE);
	assert_int_equal(setting_fetch("nic", &value), 0);
	assert_int_equal(value.source, SOURCE_LOADER);
	assert_int_equal(setting_fetch("pxelinux/ip", &value), 0);
	assert_int_equal(value.source, SOURCE_LOADER);
}

/* What a loader said about addresses must not beat what a server sent; what a user typed must. */
static void test_use_ip_is_weak(void **state)
{
	char text[20];

	cmdline_seed("use-ip=1 ip=192.0.2.5:192.0.2.1::255.255.255.0");
	setting_store_raw("net0.dhcp", "ip", NULL, "\xc0\0\2\x63", 4, SOURCE_DHCP);
	setting_text("net0", "ip", text, sizeof(text));
	assert_string_equal(text, "192.0.2.99");
	cmdline_seed("ip=192.0.2.7");
	setting_text("net0", "ip", text, sizeof(text));
	assert_string_equal(text, "192.0.2.7");
}

static void test_debug(void **state)
{
	assert_false(log_enabled("t-fresh", 1));
	cmdline_seed("debug=t-fresh,t-other:2");
	assert_true(log_enabled("t-fresh", 1));
	assert_true(log_enabled("t-other", 2));
	setting_store("debug", "t-later", SOURCE_SCRIPT);
	assert_true(log_enabled("t-later", 1));
}

static void test_extremes(void **state)
{
	static char line[20000];
	char *script;

	/* One word longer than anything, many settings, and a long script. */
	memset(line, 'x', sizeof(line) - 1);
	assert_null(cmdline_seed(line));
	memcpy(line, "name=", 5);
	assert_null(cmdline_seed(line));
	memset(line, '"', sizeof(line) - 1);
	assert_null(cmdline_seed(line));
	settings_reset();
	line[0] = 0;
	for (unsigned i = 0; i < 1000; i++)
		format_append(line, sizeof(line), "n%u=%u ", i, i);
	assert_null(cmdline_seed(line));
	assert_int_equal(setting_number("", "n999", 0), 999);
	memset(line, 'y', sizeof(line) - 1);
	memcpy(line, "echo ", 5);
	script = cmdline_seed(line);
	assert_int_equal(strlen(script), sizeof(line) - 1);
	heap_free(script);
}

/* A word that is refused is quoted, without the secret in it. */
static void test_secrets(void **state)
{
	char text[64];

	host_output_clear();
	assert_null(cmdline_seed("net0/password:strin=geheim"));
	assert_null(strstr(host_output(), "geheim"));
	assert_non_null(strstr(host_output(), "net0/password:strin=***"));
	setting_text("", "cmdline", text, sizeof(text));
	assert_string_equal(text, "net0/password:strin=***");
}

static void test_no_memory(void **state)
{
	host_heap_fail(1, true);
	assert_null(cmdline_seed("a=1 dhcp"));
	host_heap_fail(2, true);
	assert_null(cmdline_seed("dhcp"));
	host_heap_fail(0, false);
	assert_non_null(strstr(host_output(), "no memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_corpus, setup),
		cmocka_unit_test_setup(test_sources, setup),
		cmocka_unit_test_setup(test_use_ip_is_weak, setup),
		cmocka_unit_test_setup(test_debug, setup),
		cmocka_unit_test_setup(test_extremes, setup),
		cmocka_unit_test_setup(test_secrets, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	settings_reset();
	return failed;
}
